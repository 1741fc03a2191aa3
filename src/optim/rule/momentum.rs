use super::{Rule, Visitor, fraction, sweep};
use crate::{Error, Real, Result};

/// Heavy-ball momentum: v ← μ v + (1 − τ) g, with v = g at the first step; θ ← θ − η v.
///
/// ```
/// use residual::optim::rule::{Momentum, Rule};
/// let (rule, mut theta) = (Momentum::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [1.0], 0.1);
/// rule.step(&mut state, &mut theta, &mut [1.0], 0.1); // v = 0.9 · 1 + 1
/// assert!((theta[0] - (1.0 - 0.1 - 0.19f64)).abs() < 1e-15);
/// ```
///
/// Source: Polyak (1964), USSR Computational Mathematics 4(5); the form is PyTorch's SGD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum {
    /// μ, in [0, 1); 0.9 by default.
    pub mu: f64,
    /// τ, in [0, 1]; 0 by default.
    pub dampening: f64,
}

impl Default for Momentum {
    fn default() -> Self {
        Self { mu: 0.9, dampening: 0.0 }
    }
}

/// The velocity v of [`Momentum`] and the number of steps.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentumState<T> {
    v: Vec<T>,
    t: u64,
}

impl Momentum {
    /// (v, g) ↦ direction of the step that `state` has come to.
    fn direction<T: Real>(&self, t: u64) -> impl Fn(&mut T, T) -> T + use<T> {
        let share = T::of(if t == 1 { 1.0 } else { 1.0 - self.dampening });
        let mu = T::of(self.mu);
        move |v, g| {
            *v = mu * *v + share * g;
            *v
        }
    }
}

impl<T: Real> Rule<T> for Momentum {
    type State = MomentumState<T>;

    fn init(&self, dim: usize) -> Self::State {
        MomentumState { v: vec![T::zero(); dim], t: 0 }
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        state.t += 1;
        sweep::turn(&mut state.v, grad, self.direction(state.t));
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        state.t += 1;
        sweep::step(theta, &mut state.v, grad, rate, self.direction(state.t));
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(&mut state.v);
        visitor.count(&mut state.t);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        fraction::<T>("mu", self.mu)?;
        if (0.0..=1.0).contains(&self.dampening) {
            return Ok(());
        }
        Err(Error::Config { name: "dampening", needs: "in [0, 1]" })
    }
}

/// Nesterov momentum: v ← μ v + g; θ ← θ − η (g + μ v).
///
/// ```
/// use residual::optim::rule::{Nesterov, Rule};
/// let (rule, mut theta) = (Nesterov::default(), [1.0]);
/// let mut v = rule.init(1);
/// rule.step(&mut v, &mut theta, &mut [1.0], 0.1);
/// assert!((theta[0] - (1.0 - 0.19f64)).abs() < 1e-15);
/// ```
///
/// Source: Nesterov (1983), Soviet Mathematics Doklady 27; the form is Sutskever et al. (2013), ICML, as in PyTorch's SGD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nesterov {
    /// μ, in [0, 1); 0.9 by default.
    pub mu: f64,
}

impl Default for Nesterov {
    fn default() -> Self {
        Self { mu: 0.9 }
    }
}

impl Nesterov {
    fn direction<T: Real>(&self) -> impl Fn(&mut T, T) -> T + use<T> {
        let mu = T::of(self.mu);
        move |v, g| {
            *v = mu * *v + g;
            g + mu * *v
        }
    }
}

impl<T: Real> Rule<T> for Nesterov {
    type State = Vec<T>;

    fn init(&self, dim: usize) -> Self::State {
        vec![T::zero(); dim]
    }

    fn apply(&self, v: &mut Self::State, _: &[T], grad: &mut [T]) {
        sweep::turn(v, grad, self.direction());
    }

    fn step(&self, v: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        sweep::step(theta, v, grad, rate, self.direction());
    }

    fn visit(&self, v: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(v);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        fraction::<T>("mu", self.mu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dampening_spares_the_first_step() {
        let rule = Momentum { mu: 0.5, dampening: 0.25 };
        let (mut state, mut g) = (rule.init(1), [2.0]);
        rule.apply(&mut state, &[0.0], &mut g);
        assert_eq!(g, [2.0]);
        rule.apply(&mut state, &[0.0], &mut g);
        assert_eq!(g, [0.5 * 2.0 + 0.75 * 2.0]);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for mu in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
            assert!(Rule::<f64>::check(&Nesterov { mu }).is_err());
            assert!(Rule::<f64>::check(&Momentum { mu, dampening: 0.0 }).is_err());
        }
        assert!(Rule::<f64>::check(&Momentum { mu: 0.9, dampening: 1.1 }).is_err());
        assert!(Rule::<f64>::check(&Momentum::default()).is_ok());
    }
}
