use super::{Observer, Progress};
use crate::Real;
use std::ops::ControlFlow;

/// Keeps what each iterate showed; inside [`Every`](super::Every), of each n-th.
///
/// ```
/// use residual::optim::{History, Observer, Progress};
/// let mut history = History::default();
/// let _ = history.observe(&Progress::<f64>::new(1, 0.5, Some(0.1), &[]));
/// assert_eq!((history.iterations(), history.values()), (&[1][..], &[0.5][..]));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    iterations: Vec<usize>,
    values: Vec<f64>,
    gradient_norms: Vec<Option<f64>>,
    rates: Vec<Option<f64>>,
}

impl History {
    /// Which iterations were seen.
    #[must_use]
    pub fn iterations(&self) -> &[usize] {
        &self.iterations
    }

    /// The value of each.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The gradient norm of each, where the solver knew it.
    #[must_use]
    pub fn gradient_norms(&self) -> &[Option<f64>] {
        &self.gradient_norms
    }

    /// The learning rate of each, where the solver has one.
    #[must_use]
    pub fn rates(&self) -> &[Option<f64>] {
        &self.rates
    }
}

impl<T: Real> Observer<T> for History {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        self.iterations.push(progress.iteration());
        self.values.push(progress.value());
        self.gradient_norms.push(progress.gradient_norm());
        self.rates.push(progress.rate());
        ControlFlow::Continue(())
    }
}
