//! Rules turn a gradient into a step direction; the rate comes from a schedule. Defaults and equations are PyTorch's.

mod adam;
mod momentum;
mod plain;

pub use adam::{Adam, AdamState};
pub use momentum::{Momentum, Nesterov};
pub use plain::Plain;

use crate::{Layout, Real, Result};

/// A rule: how the state starts, and how a gradient becomes a direction.
///
/// A pair `(A, B)` is a rule that is first A, then B: `(Adam::default(), Decay(0.01))` is AdamW.
pub trait Rule<T: Real> {
    /// What the rule remembers from step to step.
    type State;

    /// The state before the first step, for `dim` parameters.
    fn init(&self, dim: usize) -> Self::State;

    /// Turns `grad` into the direction to step against, in place.
    fn apply(&self, state: &mut Self::State, theta: &[T], grad: &mut [T]);

    /// One step: `apply`, then θ −= rate · direction. Overridden where one fused loop pays.
    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        self.apply(state, theta, grad);
        theta.iter_mut().zip(grad.iter()).for_each(|(theta, &d)| *theta -= rate * d);
    }

    /// The state before the first step, for a rule that treats weights and biases differently.
    fn init_with(&self, layout: &Layout) -> Self::State {
        self.init(layout.len())
    }

    /// Whether the rule's own numbers are in range.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with the field's name.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl<T: Real, A: Rule<T>, B: Rule<T>> Rule<T> for (A, B) {
    type State = (A::State, B::State);

    fn init(&self, dim: usize) -> Self::State {
        (self.0.init(dim), self.1.init(dim))
    }

    fn apply(&self, state: &mut Self::State, theta: &[T], grad: &mut [T]) {
        self.0.apply(&mut state.0, theta, grad);
        self.1.apply(&mut state.1, theta, grad);
    }

    fn init_with(&self, layout: &Layout) -> Self::State {
        (self.0.init_with(layout), self.1.init_with(layout))
    }

    fn check(&self) -> Result<()> {
        self.0.check()?;
        self.1.check()
    }
}
