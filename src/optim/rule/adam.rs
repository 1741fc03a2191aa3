use super::Rule;
use crate::{Error, Real, Result};

/// Adam: running means of the gradient and of its square, both corrected for their start at 0.
///
/// m ← β₁ m + (1 − β₁) g,  s ← β₂ s + (1 − β₂) g²,
/// θ ← θ − η (m / (1 − β₁ᵗ)) / (√(s / (1 − β₂ᵗ)) + ε).
///
/// Source: Kingma and Ba (2015), ICLR, algorithm 1; ε as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// β₁, in [0, 1).
    pub beta1: f64,
    /// β₂, in [0, 1).
    pub beta2: f64,
    /// ε, positive.
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// The running means m and s of [`Adam`] and the number of steps t.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamState<T> {
    m: Vec<T>,
    s: Vec<T>,
    t: i32,
}

impl<T: Real> Rule<T> for Adam {
    type State = AdamState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AdamState { m: vec![T::zero(); dim], s: vec![T::zero(); dim], t: 0 }
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        state.t = state.t.saturating_add(1);
        let (b1, b2) = (T::of(self.beta1), T::of(self.beta2));
        let (c1, c2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        // m̂ / (√ŝ + ε) with the two corrections taken out of the loop.
        let correction = T::of(1.0 / (1.0 - self.beta1.powi(state.t)));
        let root = T::of(1.0 / (1.0 - self.beta2.powi(state.t)).sqrt());
        let epsilon = T::of(self.epsilon);
        for ((m, s), g) in state.m.iter_mut().zip(&mut state.s).zip(grad) {
            *m = b1 * *m + c1 * *g;
            *s = b2 * *s + c2 * *g * *g;
            *g = correction * *m / (s.sqrt() * root + epsilon);
        }
    }

    fn check(&self) -> Result<()> {
        if !(0.0..1.0).contains(&self.beta1) {
            return Err(Error::Config { name: "beta1", needs: "in [0, 1)" });
        }
        if !(0.0..1.0).contains(&self.beta2) {
            return Err(Error::Config { name: "beta2", needs: "in [0, 1)" });
        }
        if self.epsilon > 0.0 && self.epsilon.is_finite() {
            return Ok(());
        }
        Err(Error::Config { name: "epsilon", needs: "positive and finite" })
    }
}
