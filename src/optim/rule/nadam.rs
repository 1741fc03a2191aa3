use super::adam::{AdamState, Moments, check_betas};
use super::squares::{Squares, leveled};
use super::sweep::{self, Coordinate};
use super::{Rule, Visitor, nonnegative, positive, power};
use crate::{Real, Result};

/// NAdam: Adam with Nesterov's look ahead, its momentum warmed up by a schedule.
///
/// m and s as in [`Adam`](super::Adam);  μₜ = β₁ (1 − ½ 0.96^(t ψ)),  Mₜ = μ₁ ⋯ μₜ,
/// θ ← θ − η ((1 − μₜ) / (1 − Mₜ) g + μₜ₊₁ / (1 − Mₜ μₜ₊₁) m) / (√(s / (1 − β₂ᵗ)) + ε).
///
/// ```
/// use residual::optim::rule::{NAdam, Rule};
/// let (rule, mut theta) = (NAdam::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [2.0], 0.1);
/// assert!(theta[0] < 0.9f64); // a look ahead of Adam's first step
/// ```
///
/// Source: Dozat (2016), ICLR workshop, algorithm 2; the schedule of μ as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NAdam {
    /// β₁, in [0, 1); 0.9 by default.
    pub beta1: f64,
    /// β₂, in [0, 1); 0.999 by default.
    pub beta2: f64,
    /// ε, positive; 1e-8 by default.
    pub epsilon: f64,
    /// ψ, at least 0; 0.004 by default.
    pub momentum_decay: f64,
}

impl Default for NAdam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentum_decay: 0.004 }
    }
}

/// The running means of [`NAdam`], the number of steps, and the product Mₜ.
#[derive(Debug, Clone, PartialEq)]
pub struct NAdamState<T> {
    means: AdamState<T>,
    product: f64,
}

impl NAdam {
    fn mu(&self, t: u64) -> f64 {
        self.beta1 * (1.0 - 0.5 * 0.96f64.powf(t as f64 * self.momentum_decay))
    }

    fn advance<T: Real>(&self, state: &mut NAdamState<T>) -> Step<T> {
        state.means.t += 1;
        let t = state.means.t;
        let (now, next) = (self.mu(t), self.mu(t + 1));
        state.product *= now;
        Step {
            moments: Moments::new(self.beta1, self.beta2, self.epsilon),
            of_g: T::of((1.0 - now) / (1.0 - state.product)),
            of_m: T::of(next / (1.0 - state.product * next)),
            root: T::of(1.0 / (1.0 - power(self.beta2, t)).sqrt()),
        }
    }
}

/// One step, with what does not depend on the coordinate.
struct Step<T> {
    moments: Moments<T>,
    of_g: T,
    of_m: T,
    root: T,
}

impl<T: Real> Coordinate<T, 2> for Step<T> {
    const MEANS: [bool; 2] = [false, true];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.moments.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [m, s]: [&mut T; 2], g: T) -> T {
        let (m, root) = self.moments.advance::<PLAIN>(m, s, g);
        let ([m, g, epsilon], root) = leveled::<T, 3, PLAIN>([m, g, self.moments.epsilon], root);
        (self.of_g * g + self.of_m * m) / (root * self.root + epsilon)
    }
}

impl<T: Real> Rule<T> for NAdam {
    type State = NAdamState<T>;

    fn init(&self, dim: usize) -> Self::State {
        NAdamState { means: AdamState::new(dim), product: 1.0 }
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        let step = self.advance(state);
        let AdamState { m, s, rooted, .. } = &mut state.means;
        sweep::turn_adaptive([m, s], rooted, grad, step);
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        let step = self.advance(state);
        let AdamState { m, s, rooted, .. } = &mut state.means;
        sweep::step_adaptive(theta, [m, s], rooted, (grad, rate), step);
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        state.means.visit(visitor);
        visitor.number(&mut state.product);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        check_betas::<T>(self.beta1, self.beta2)?;
        positive::<T>("epsilon", self.epsilon)?;
        nonnegative::<T>("momentum_decay", self.momentum_decay)
    }
}
