//! Schedules: the learning rate at a step.
//!
//! A step is one update of the parameters, counted from 0; with mini-batches an epoch has n / batch size of them, rounded
//! up. Constructors refuse numbers that make no schedule.

mod decay;
mod one_cycle;
mod plateau;
mod warmup;

pub use decay::{Cosine, Exponential, InverseTime, Polynomial, Staircase};
pub use one_cycle::OneCycle;
pub use plateau::Plateau;
pub use warmup::Warmup;

use super::range::{at_least_one, fraction, nonnegative, positive, share};

/// The learning rate at step 0, 1, 2, ...: a number is a constant schedule, a closure any other.
///
/// ```
/// use residual::Schedule;
/// assert_eq!(0.5.rate(1000), 0.5);
/// assert_eq!((|step: usize| 1.0 / (1.0 + step as f64)).rate(3), 0.25);
/// ```
pub trait Schedule {
    /// The rate of this step.
    fn rate(&self, step: usize) -> f64;

    /// What the rate of every step of an epoch is multiplied by, given the value of each epoch before it.
    ///
    /// 1 for all but [`Plateau`] and what stands around one. It depends on nothing but the values, so that a resumed fit
    /// goes on as if it had never stopped.
    fn factor(&self, _values: &[f64]) -> f64 {
        1.0
    }
}

impl Schedule for f64 {
    fn rate(&self, _: usize) -> f64 {
        *self
    }
}

impl<F: Fn(usize) -> f64> Schedule for F {
    fn rate(&self, step: usize) -> f64 {
        self(step)
    }
}

/// From `start` at 0 (exactly) to `end` at 1 along half a cosine wave.
fn half_wave(start: f64, end: f64, share: f64) -> f64 {
    start + (end - start) * 0.5 * (1.0 - (std::f64::consts::PI * share).cos())
}
