use super::adam::{AdamState, check_betas};
use super::{Rule, Visitor, positive, power, sweep};
use crate::{Real, Result};

/// AdaMax: Adam with a decaying maximum in place of the root mean square.
///
/// m ← β₁ m + (1 − β₁) g,  u ← max(β₂ u, |g| + ε),  θ ← θ − η / (1 − β₁ᵗ) · m / u.
///
/// ```
/// use residual::optim::rule::{AdaMax, Rule};
/// let (rule, mut theta) = (AdaMax::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [-2.0], 0.1);
/// assert!((theta[0] - 1.1f64).abs() < 1e-9);
/// ```
///
/// Source: Kingma and Ba (2015), ICLR, algorithm 2; ε as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaMax {
    /// β₁, in [0, 1); 0.9 by default.
    pub beta1: f64,
    /// β₂, in [0, 1); 0.999 by default.
    pub beta2: f64,
    /// ε, positive; 1e-8 by default.
    pub epsilon: f64,
}

impl Default for AdaMax {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl AdaMax {
    fn direction<T: Real>(&self, t: u64) -> impl Fn(&mut T, &mut T, T) -> T + use<T> {
        let (b1, b2, c1) = (T::of(self.beta1), T::of(self.beta2), T::of(1.0 - self.beta1));
        let correction = T::of(1.0 / (1.0 - power(self.beta1, t)));
        let epsilon = T::of(self.epsilon);
        move |m, u, g| {
            *m = b1 * *m + c1 * g;
            let (old, new) = (b2 * *u, g.abs() + epsilon);
            *u = if old > new { old } else { new };
            correction * *m / *u
        }
    }
}

impl<T: Real> Rule<T> for AdaMax {
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

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        check_betas::<T>(self.beta1, self.beta2)?;
        positive::<T>("epsilon", self.epsilon)
    }
}
