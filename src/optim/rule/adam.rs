use super::{Rule, Visitor, fraction, positive, power, sweep};
use crate::{Real, Result};

/// Adam: running means of the gradient and of its square, both corrected for their start at 0.
///
/// m ← β₁ m + (1 − β₁) g,  s ← β₂ s + (1 − β₂) g²,
/// θ ← θ − η (m / (1 − β₁ᵗ)) / (√(s / (1 − β₂ᵗ)) + ε).
///
/// `(Adam::default(), Decay(0.01))` is AdamW, `(Decay(0.01), Adam::default())` is Adam with an L2 penalty in the gradient.
///
/// ```
/// use residual::optim::rule::{Adam, Rule};
/// let (rule, mut theta) = (Adam::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [123.0], 0.1); // the first step is the rate, whatever the gradient
/// assert!((theta[0] - 0.9f64).abs() < 1e-9);
/// ```
///
/// Source: Kingma and Ba (2015), ICLR, algorithm 1; ε as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// β₁, in [0, 1); 0.9 by default.
    pub beta1: f64,
    /// β₂, in [0, 1); 0.999 by default.
    pub beta2: f64,
    /// ε, positive; 1e-8 by default.
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// The running means m and s of [`Adam`] (of [`AdaMax`](super::AdaMax): m and u) and the number of steps t.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamState<T> {
    pub(super) m: Vec<T>,
    pub(super) s: Vec<T>,
    pub(super) t: u64,
}

impl<T: Real> AdamState<T> {
    pub(super) fn new(dim: usize) -> Self {
        Self { m: vec![T::zero(); dim], s: vec![T::zero(); dim], t: 0 }
    }

    pub(super) fn visit(&mut self, visitor: &mut dyn Visitor<T>) {
        visitor.numbers(&mut self.m);
        visitor.numbers(&mut self.s);
        visitor.count(&mut self.t);
    }

    /// Both means, for [`sweep`].
    pub(super) fn means(&mut self) -> (&mut [T], &mut [T]) {
        (&mut self.m, &mut self.s)
    }
}

impl Adam {
    fn direction<T: Real>(&self, t: u64) -> impl Fn(&mut T, &mut T, T) -> T + use<T> {
        let (b1, b2) = (T::of(self.beta1), T::of(self.beta2));
        let (c1, c2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        // m̂ / (√ŝ + ε) with the two corrections taken out of the loop.
        let correction = T::of(1.0 / (1.0 - power(self.beta1, t)));
        let root = T::of(1.0 / (1.0 - power(self.beta2, t)).sqrt());
        let epsilon = T::of(self.epsilon);
        move |m, s, g| {
            *m = b1 * *m + c1 * g;
            *s = b2 * *s + c2 * g * g;
            correction * *m / (s.sqrt() * root + epsilon)
        }
    }
}

impl<T: Real> Rule<T> for Adam {
    type State = AdamState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AdamState::new(dim)
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        state.t += 1;
        let direction = self.direction(state.t);
        sweep::turn_two(state.means(), grad, direction);
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        state.t += 1;
        let direction = self.direction(state.t);
        sweep::step_two(theta, state.means(), grad, rate, direction);
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        state.visit(visitor);
        true
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta1, self.beta2)?;
        positive("epsilon", self.epsilon)
    }
}

pub(super) fn check_betas(beta1: f64, beta2: f64) -> Result<()> {
    fraction("beta1", beta1)?;
    fraction("beta2", beta2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corrections_fade() {
        let rule = Adam::default();
        let mut state = Rule::<f64>::init(&rule, 1);
        state.t = u64::from(u32::MAX);
        let mut g = [1.0];
        rule.apply(&mut state, &[0.0], &mut g);
        // m = 0.1, s = 0.001, no correction.
        assert!((g[0] - 0.1 / (0.001f64.sqrt() + 1e-8)).abs() < 1e-12);
    }

    #[test]
    fn a_gradient_of_zero_moves_nothing() {
        let (rule, mut theta) = (Adam::default(), [3.0f32]);
        let mut state = rule.init(1);
        rule.step(&mut state, &mut theta, &mut [0.0], 0.1);
        assert_eq!(theta, [3.0]);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let rule = Adam::default();
        for wrong in [
            Adam { beta1: 1.0, ..rule },
            Adam { beta2: -0.1, ..rule },
            Adam { epsilon: 0.0, ..rule },
            Adam { beta1: f64::NAN, ..rule },
        ] {
            assert!(Rule::<f64>::check(&wrong).is_err(), "{wrong:?}");
        }
    }
}
