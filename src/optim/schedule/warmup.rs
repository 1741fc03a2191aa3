use super::{Schedule, at_least_one};
use crate::Result;

/// A linear warm-up into any other schedule: (k + 1) / K of its first rate at step k < K, then it from its step 0.
///
/// ```
/// use residual::{Schedule, optim::schedule::{Exponential, Warmup}};
/// let rate = Warmup::new(4, Exponential::new(1.0, 0.5)?)?;
/// let rates: Vec<f64> = (0..6).map(|step| rate.rate(step)).collect();
/// assert_eq!(rates, [0.25, 0.5, 0.75, 1.0, 1.0, 0.5]);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Goyal et al. (2017), arXiv:1706.02677, section 2.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warmup<S> {
    steps: usize,
    then: S,
}

impl<S: Schedule> Warmup<S> {
    /// K = `steps` of warm-up, `then` the schedule.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for no steps.
    pub fn new(steps: usize, then: S) -> Result<Self> {
        at_least_one("steps", steps)?;
        Ok(Self { steps, then })
    }
}

impl<S: Schedule> Schedule for Warmup<S> {
    fn rate(&self, step: usize) -> f64 {
        if step >= self.steps {
            return self.then.rate(step - self.steps);
        }
        // The share first: the largest rates must not overflow.
        self.then.rate(0) * ((step as f64 + 1.0) / self.steps as f64)
    }

    fn factor(&self, values: &[f64]) -> f64 {
        self.then.factor(values)
    }
}
