//! Rules turn a gradient into a step direction; the rate comes from a schedule. Defaults and equations are PyTorch's.
//!
//! | | rules |
//! |---|---|
//! | one memory or none | [`Plain`], [`Momentum`], [`Nesterov`], [`Lion`] |
//! | a size for each coordinate | [`AdaGrad`], [`RmsProp`], [`AdaDelta`] |
//! | both | [`Adam`], [`AmsGrad`], [`NAdam`], [`AdaMax`], [`RAdam`] |
//! | transforms, to stand before or after another | [`Decay`], [`ClipNorm`], [`ClipValue`], [`WeightsOnly`] |
//!
//! Gradients may have any size: where their squares would overflow or vanish, the mean of squares is taken of the roots. What
//! makes a state infinite makes the parameters NaN, so that the fit ends as [`Error::Diverged`](crate::Error::Diverged).

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod amsgrad;
mod bounds;
mod clip;
mod decay;
mod lion;
mod momentum;
mod nadam;
mod plain;
mod radam;
mod rmsprop;
mod squares;
mod sweep;
mod visitor;
mod weights_only;

pub use adadelta::{AdaDelta, AdaDeltaState};
pub use adagrad::{AdaGrad, AdaGradState};
pub use adam::{Adam, AdamState};
pub use adamax::AdaMax;
pub use amsgrad::{AmsGrad, AmsGradState};
pub use clip::{ClipNorm, ClipValue};
pub use decay::Decay;
pub use lion::Lion;
pub use momentum::{Momentum, MomentumState, Nesterov};
pub use nadam::{NAdam, NAdamState};
pub use plain::Plain;
pub use radam::RAdam;
pub use rmsprop::{RmsProp, RmsPropState};
pub use visitor::Visitor;
pub use weights_only::{WeightsOnly, WeightsOnlyState};

use crate::{Layout, Real, Result};
use bounds::{fraction, nonnegative, positive};

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

    /// Shows every number of the state to `visitor`, in the same order each time, and returns whether that was all of it.
    ///
    /// One method serves saving and reading back, because the visitor may overwrite what it is shown. A rule that does not
    /// have it, unless its state has no size, trains as any other but cannot be resumed.
    fn visit(&self, _state: &mut Self::State, _visitor: &mut dyn Visitor<T>) -> bool {
        size_of::<Self::State>() == 0
    }

    /// Name and settings. A checkpoint holds them, and a fit is resumed with the same rule only. The default is the name of the
    /// type; a rule with settings should add them.
    fn describe(&self) -> String {
        std::any::type_name::<Self>().to_owned()
    }

    /// Whether the rule's own numbers are in range, and stay what they are as numbers of `T`.
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

    /// The last rule steps, so a fused step of its own is used: (Adam, Decay) goes over θ once.
    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        self.0.apply(&mut state.0, theta, grad);
        self.1.step(&mut state.1, theta, grad, rate);
    }

    fn init_with(&self, layout: &Layout) -> Self::State {
        (self.0.init_with(layout), self.1.init_with(layout))
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        self.0.visit(&mut state.0, visitor) && self.1.visit(&mut state.1, visitor)
    }

    fn describe(&self) -> String {
        format!("({}, {})", self.0.describe(), self.1.describe())
    }

    fn check(&self) -> Result<()> {
        self.0.check()?;
        self.1.check()
    }
}

/// βᵗ; t beyond what an exponent can hold counts as that.
fn power(beta: f64, t: u64) -> f64 {
    beta.powi(i32::try_from(t).unwrap_or(i32::MAX))
}
