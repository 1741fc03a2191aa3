//! Schedules: the learning rate at a step.

/// The learning rate at step 0, 1, 2, ...: a number is a constant schedule, a closure any other.
pub trait Schedule {
    /// The rate of this step.
    fn rate(&self, step: usize) -> f64;
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
