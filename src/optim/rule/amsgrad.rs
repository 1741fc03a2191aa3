use super::adam::{AdamState, check_betas};
use super::{Rule, Visitor, positive, power};
use crate::real::vectorize;
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
    fn direction<T: Real>(&self, t: u64) -> impl Fn(&mut T, &mut T, &mut T, T) -> T + use<T> {
        let (b1, b2) = (T::of(self.beta1), T::of(self.beta2));
        let (c1, c2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        let correction = T::of(1.0 / (1.0 - power(self.beta1, t)));
        let root = T::of(1.0 / (1.0 - power(self.beta2, t)).sqrt());
        let epsilon = T::of(self.epsilon);
        move |m, s, largest, g| {
            *m = b1 * *m + c1 * g;
            *s = b2 * *s + c2 * g * g;
            // NaN in s must win, so that divergence shows.
            *largest = if *largest > *s { *largest } else { *s };
            correction * *m / (largest.sqrt() * root + epsilon)
        }
    }
}

impl<T: Real> Rule<T> for AmsGrad {
    type State = AmsGradState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AmsGradState { means: AdamState::new(dim), largest: vec![T::zero(); dim] }
    }

    fn apply(&self, AmsGradState { means, largest }: &mut Self::State, _: &[T], grad: &mut [T]) {
        means.t += 1;
        let direction = self.direction(means.t);
        let memory = means.m.iter_mut().zip(&mut means.s).zip(largest);
        vectorize(
            #[inline(always)]
            || memory.zip(grad).for_each(|(((m, s), largest), g)| *g = direction(m, s, largest, *g)),
        );
    }

    fn step(&self, AmsGradState { means, largest }: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        means.t += 1;
        let direction = self.direction(means.t);
        let memory = means.m.iter_mut().zip(&mut means.s).zip(largest);
        let all = theta.iter_mut().zip(memory).zip(grad);
        vectorize(
            #[inline(always)]
            || all.for_each(|((theta, ((m, s), largest)), g)| *theta -= rate * direction(m, s, largest, *g)),
        );
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        state.means.visit(visitor);
        visitor.numbers(&mut state.largest);
        true
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta1, self.beta2)?;
        positive("epsilon", self.epsilon)
    }
}
