use super::adam::{AdamState, Moments, check_betas};
use super::squares::{Squares, are_rooted, leveled};
use super::sweep::{self, Coordinate};
use super::{Rule, Visitor, positive, power};
use crate::{Real, Result};

/// AMSGrad: Adam whose denominator never shrinks.
///
/// m and s as in [`Adam`](super::Adam);  ŝ ← max(ŝ, s);  θ ← θ − η (m / (1 − β₁ᵗ)) / (√(ŝ / (1 − β₂ᵗ)) + ε).
///
/// ```
/// use residual::optim::rule::{AmsGrad, Rule};
/// let (rule, mut theta) = (AmsGrad::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [2.0], 0.1);
/// assert!((theta[0] - 0.9f64).abs() < 1e-9);
/// ```
///
/// Source: Reddi, Kale and Kumar (2018), ICLR, algorithm 2; the maximum is taken before the correction, as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AmsGrad {
    /// β₁, in [0, 1); 0.9 by default.
    pub beta1: f64,
    /// β₂, in [0, 1); 0.999 by default.
    pub beta2: f64,
    /// ε, positive; 1e-8 by default.
    pub epsilon: f64,
}

impl Default for AmsGrad {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// The running means of [`AmsGrad`], the number of steps, and the largest s so far.
#[derive(Debug, Clone, PartialEq)]
pub struct AmsGradState<T> {
    means: AdamState<T>,
    largest: Vec<T>,
}

impl AmsGrad {
    fn at<T: Real>(&self, t: u64) -> Step<T> {
        Step {
            moments: Moments::new(self.beta1, self.beta2, self.epsilon),
            correction: T::of(1.0 / (1.0 - power(self.beta1, t))),
            root: T::of(1.0 / (1.0 - power(self.beta2, t)).sqrt()),
        }
    }
}

/// One step, with what does not depend on the coordinate.
struct Step<T> {
    moments: Moments<T>,
    correction: T,
    root: T,
}

impl<T: Real> Coordinate<T, 3> for Step<T> {
    const MEANS: [bool; 3] = [false, true, true];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.moments.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [m, s, largest]: [&mut T; 3], g: T) -> T {
        let (m, root) = self.moments.advance::<PLAIN>(m, s, g);
        // NaN in s must win, so that divergence shows.
        let root = if PLAIN {
            *largest = if *largest > *s { *largest } else { *s };
            largest.sqrt()
        } else {
            let before = self.moments.squares.root(*largest);
            *largest = if before > root { *largest } else { *s };
            if before > root { before } else { root }
        };
        let ([m, epsilon], root) = leveled::<T, 2, PLAIN>([m, self.moments.epsilon], root);
        self.correction * m / (root * self.root + epsilon)
    }
}

impl<T: Real> Rule<T> for AmsGrad {
    type State = AmsGradState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AmsGradState { means: AdamState::new(dim), largest: vec![T::zero(); dim] }
    }

    fn apply(&self, AmsGradState { means, largest }: &mut Self::State, _: &[T], grad: &mut [T]) {
        means.t += 1;
        sweep::turn_adaptive([&mut means.m, &mut means.s, largest], &mut means.rooted, grad, self.at(means.t));
    }

    fn step(&self, AmsGradState { means, largest }: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        means.t += 1;
        let memory = [&mut means.m[..], &mut means.s[..], &mut largest[..]];
        sweep::step_adaptive(theta, memory, &mut means.rooted, (grad, rate), self.at(means.t));
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        state.means.visit(visitor);
        visitor.numbers(&mut state.largest);
        state.means.rooted |= are_rooted(&state.largest);
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
