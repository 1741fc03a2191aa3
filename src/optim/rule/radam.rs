use super::adam::{AdamState, Moments, check_betas};
use super::squares::{Squares, leveled};
use super::sweep::{self, Coordinate};
use super::{Rule, Visitor, positive, power};
use crate::{Real, Result};

/// RAdam: Adam that trusts its denominator only in so far as enough gradients stand behind it; a warm-up of its own.
///
/// m and s as in [`Adam`](super::Adam);  ρ∞ = 2 / (1 − β₂) − 1,  ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ).
/// While ρₜ ≤ 5:  θ ← θ − η m / (1 − β₁ᵗ).  After:  θ ← θ − η r (m / (1 − β₁ᵗ)) √(1 − β₂ᵗ) / (√s + ε) with
/// r = √((ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ)).
///
/// ```
/// use residual::optim::rule::{RAdam, Rule};
/// let (rule, mut theta) = (RAdam::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [2.0], 0.1); // no denominator yet
/// assert!((theta[0] - 0.8f64).abs() < 1e-15);
/// ```
///
/// Source: Liu et al. (2020), ICLR, algorithm 2; the bound on ρₜ is 5 as in the authors' code and PyTorch (4 in the paper),
/// and ε as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RAdam {
    /// β₁, in [0, 1); 0.9 by default.
    pub beta1: f64,
    /// β₂, in [0, 1); 0.999 by default. From 2/3 downwards ρₜ never passes 5, and no step has a denominator.
    pub beta2: f64,
    /// ε, positive; 1e-8 by default.
    pub epsilon: f64,
}

impl Default for RAdam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl RAdam {
    /// √(1 − β₂ᵗ) r where the variance is tractable.
    fn rectification(&self, t: u64) -> Option<f64> {
        let (limit, decayed) = (2.0 / (1.0 - self.beta2) - 1.0, power(self.beta2, t));
        let rho = limit - 2.0 * t as f64 * decayed / (1.0 - decayed);
        let r = (rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho);
        (rho > 5.0).then(|| ((1.0 - decayed) * r).sqrt())
    }

    /// The step without a denominator, and what it is multiplied by where there is one.
    fn at<T: Real>(&self, t: u64) -> (Step<T>, Option<T>) {
        let step = Step {
            moments: Moments::new(self.beta1, self.beta2, self.epsilon),
            correction: T::of(1.0 / (1.0 - power(self.beta1, t))),
        };
        (step, self.rectification(t).map(T::of))
    }
}

/// m / (1 − β₁ᵗ).
struct Step<T> {
    moments: Moments<T>,
    correction: T,
}

/// The same over √s + ε, times r √(1 − β₂ᵗ).
struct Rectified<T> {
    step: Step<T>,
    r: T,
}

impl<T: Real> Coordinate<T, 2> for Step<T> {
    const MEANS: [bool; 2] = [false, true];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.moments.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [m, s]: [&mut T; 2], g: T) -> T {
        self.correction * self.moments.advance::<PLAIN>(m, s, g).0
    }
}

impl<T: Real> Coordinate<T, 2> for Rectified<T> {
    const MEANS: [bool; 2] = [false, true];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.step.moments.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [m, s]: [&mut T; 2], g: T) -> T {
        let (m, root) = self.step.moments.advance::<PLAIN>(m, s, g);
        let ([m, epsilon], root) = leveled::<T, 2, PLAIN>([m, self.step.moments.epsilon], root);
        self.step.correction * m * self.r / (root + epsilon)
    }
}

impl<T: Real> Rule<T> for RAdam {
    type State = AdamState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AdamState::new(dim)
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        state.t += 1;
        let memory = [&mut state.m[..], &mut state.s[..]];
        match self.at(state.t) {
            (step, None) => sweep::turn_adaptive(memory, &mut state.rooted, grad, step),
            (step, Some(r)) => sweep::turn_adaptive(memory, &mut state.rooted, grad, Rectified { step, r }),
        }
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        state.t += 1;
        let memory = [&mut state.m[..], &mut state.s[..]];
        match self.at(state.t) {
            (step, None) => sweep::step_adaptive(theta, memory, &mut state.rooted, (grad, rate), step),
            (step, Some(r)) => {
                sweep::step_adaptive(theta, memory, &mut state.rooted, (grad, rate), Rectified { step, r });
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rectification_starts_at_the_sixth_step_and_tends_to_one() {
        let rule = RAdam::default();
        assert_eq!(rule.rectification(5), None);
        assert!(rule.rectification(6).is_some_and(|r| r < 0.01));
        assert!(rule.rectification(100_000).is_some_and(|r| (r - 1.0).abs() < 1e-9));
        // ρ∞ = 4.9 at most: never.
        assert_eq!(RAdam { beta2: 0.66, ..rule }.rectification(1000), None);
    }
}
