use super::{Observer, Progress};
use crate::optim::range;
use crate::{Real, Result};
use std::ops::ControlFlow;

/// Shows every n-th iterate to an observer: `Every(100, |progress| ...)`. An n of 0 is refused by the solver.
///
/// ```
/// use residual::optim::{Every, Observer, Progress};
/// use std::ops::ControlFlow;
/// let mut seen = Vec::new();
/// let mut observer = Every(2, |progress: &Progress<'_, f64>| {
///     seen.push(progress.iteration());
///     ControlFlow::Continue(())
/// });
/// for iteration in 1..=5 {
///     let _ = observer.observe(&Progress::new(iteration, 0.0, None, &[]));
/// }
/// assert_eq!(seen, [2, 4]);
/// ```
#[derive(Debug, Clone)]
pub struct Every<O>(
    /// n.
    pub usize,
    /// Who is shown them.
    pub O,
);

impl<T: Real, O: Observer<T>> Observer<T> for Every<O> {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        if progress.iteration().is_multiple_of(self.0) {
            return self.1.observe(progress);
        }
        ControlFlow::Continue(())
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        self.1.choose()
    }

    fn check(&self) -> Result<()> {
        range::at_least_one("n of Every", self.0)?;
        self.1.check()
    }

    fn is_stateless(&self) -> bool {
        self.1.is_stateless()
    }

    fn save(&self) -> Option<Vec<f64>> {
        self.1.save()
    }

    fn restore(&mut self, state: &[f64]) -> Result<ControlFlow<()>> {
        self.1.restore(state)
    }
}
