use super::adam::check_betas;
use super::{Rule, Visitor, sweep};
use crate::real::zero_or_nan;
use crate::{Real, Result};

/// Lion: the sign of an interpolated momentum; every coordinate moves by exactly the rate.
///
/// d = sign(β₁ m + (1 − β₁) g);  m ← β₂ m + (1 − β₂) g;  θ ← θ − η d.
///
/// The sign of 0 is 0. Use a rate 3 to 10 times smaller than Adam's; the paper's decoupled decay is `(Lion, Decay)`.
///
/// ```
/// use residual::optim::rule::{Lion, Rule};
/// let (rule, mut theta) = (Lion::default(), [1.0, 1.0, 1.0]);
/// let mut m = rule.init(3);
/// rule.step(&mut m, &mut theta, &mut [1e-9, -7.0, 0.0], 0.25);
/// assert_eq!(theta, [0.75, 1.25, 1.0]);
/// ```
///
/// Source: Chen et al. (2023), Symbolic Discovery of Optimization Algorithms, arXiv:2302.06675, algorithm 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    /// β₁, in [0, 1); 0.9 by default.
    pub beta1: f64,
    /// β₂, in [0, 1); 0.99 by default.
    pub beta2: f64,
}

impl Default for Lion {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.99 }
    }
}

impl Lion {
    fn direction<T: Real>(&self) -> impl Fn(&mut T, T) -> T + use<T> {
        let (b1, b2) = (T::of(self.beta1), T::of(self.beta2));
        let (c1, c2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        move |m, g| {
            let mixed = b1 * *m + c1 * g;
            *m = b2 * *m + c2 * g;
            let sign = if mixed > T::zero() {
                T::one()
            } else if mixed < T::zero() {
                -T::one()
            } else {
                mixed // 0, or NaN, which must not be hidden
            };
            // Nor infinity: the memory would never leave it.
            sign + zero_or_nan(mixed)
        }
    }
}

impl<T: Real> Rule<T> for Lion {
    type State = Vec<T>;

    fn init(&self, dim: usize) -> Self::State {
        vec![T::zero(); dim]
    }

    fn apply(&self, m: &mut Self::State, _: &[T], grad: &mut [T]) {
        sweep::turn(m, grad, self.direction());
    }

    fn step(&self, m: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        sweep::step(theta, m, grad, rate, self.direction());
    }

    fn visit(&self, m: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(m);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        check_betas::<T>(self.beta1, self.beta2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_looks_ahead_of_the_memory() {
        let rule = Lion { beta1: 0.5, beta2: 0.75 };
        let (mut m, mut g) = (vec![0.0], [4.0]);
        rule.apply(&mut m, &[0.0], &mut g);
        assert_eq!((g[0], m[0]), (1.0, 1.0));
        let mut g = [-0.5];
        rule.apply(&mut m, &[0.0], &mut g); // ½ · 1 − ½ · ½ > 0
        assert_eq!((g[0], m[0]), (1.0, 0.625));
    }

    #[test]
    fn nan_shows() {
        let (mut m, mut g) = (vec![0.0], [f64::NAN]);
        Lion::default().apply(&mut m, &[0.0], &mut g);
        assert!(g[0].is_nan());
    }
}
