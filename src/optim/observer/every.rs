use super::{Observer, Progress};
use crate::Real;
use std::ops::ControlFlow;

/// Shows every n-th iterate to an observer: `Every(100, |progress| ...)`. With n = 0 it shows none.
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
}
