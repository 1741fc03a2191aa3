//! Observers watch a fit and may stop it.

#[cfg(feature = "progress")]
mod bar;
mod early_stopping;
mod every;
mod history;

#[cfg(feature = "progress")]
pub use bar::Bar;
pub use early_stopping::EarlyStopping;
pub use every::Every;
pub use history::History;

use super::trainer::{Checkpoint, Snapshot};
use crate::Real;
use std::fmt;
use std::ops::ControlFlow;

/// One look at a fit under way.
#[derive(Clone, Copy)]
pub struct Progress<'a, T> {
    iteration: usize,
    value: f64,
    gradient_norm: Option<f64>,
    params: &'a [T],
    rate: Option<f64>,
    total: Option<usize>,
    snapshot: Option<&'a dyn Snapshot<T>>,
}

impl<T: fmt::Debug> fmt::Debug for Progress<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("iteration", &self.iteration)
            .field("value", &self.value)
            .field("gradient_norm", &self.gradient_norm)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl<'a, T: Real> Progress<'a, T> {
    /// What a solver shows after `iteration` iterations.
    #[must_use]
    pub fn new(iteration: usize, value: f64, gradient_norm: Option<f64>, params: &'a [T]) -> Self {
        Self { iteration, value, gradient_norm, params, rate: None, total: None, snapshot: None }
    }

    /// With the learning rate of the last step and the number of iterations allowed, from a solver that has them.
    #[must_use]
    pub fn with_rate(mut self, rate: f64, total: usize) -> Self {
        (self.rate, self.total) = (Some(rate), Some(total));
        self
    }

    pub(super) fn with_snapshot(mut self, snapshot: &'a dyn Snapshot<T>) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// Where a fit by a [`Trainer`](super::Trainer) stands, to go on from later. `None` from other solvers, and where the
    /// rule does not show its state to [`Rule::visit`](super::Rule::visit).
    #[must_use]
    pub fn checkpoint(&self) -> Option<Checkpoint<T>> {
        self.snapshot.and_then(Snapshot::checkpoint)
    }

    /// 1, 2, ...: how many iterations are done; an epoch is the iteration of a `Trainer`.
    #[must_use]
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// The risk: at [`params`](Progress::params), or, in mini-batch training without a loss target or tolerance, the mean
    /// over the epoch's batches.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The largest absolute entry of the gradient, where the solver knows it.
    #[must_use]
    pub fn gradient_norm(&self) -> Option<f64> {
        self.gradient_norm
    }

    /// The learning rate of the last step, where there is one.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// After how many iterations the fit ends at the latest, where the solver says so.
    #[must_use]
    pub fn total(&self) -> Option<usize> {
        self.total
    }

    /// The parameters after this iteration.
    #[must_use]
    pub fn params(&self) -> &'a [T] {
        self.params
    }
}

/// Watches a fit and may stop it.
///
/// A closure `FnMut(&Progress<T>) -> ControlFlow<()>` is an observer, `()` watches nothing, a pair shows each iterate to
/// both and stops when either does.
pub trait Observer<T: Real> {
    /// Sees one iterate; `ControlFlow::Break(())` ends the fit with [`Reason::Stopped`](crate::optim::Reason::Stopped).
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()>;

    /// Parameters that the fit should end with instead of the last ones; asked for once, after the last `observe`.
    fn choose(&mut self) -> Option<Vec<T>> {
        None
    }
}

impl<T: Real> Observer<T> for () {
    fn observe(&mut self, _: &Progress<'_, T>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<T: Real, F: FnMut(&Progress<'_, T>) -> ControlFlow<()>> Observer<T> for F {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        self(progress)
    }
}

impl<T: Real, A: Observer<T>, B: Observer<T>> Observer<T> for (A, B) {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        let (first, second) = (self.0.observe(progress), self.1.observe(progress));
        if first.is_break() { first } else { second }
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        let (first, second) = (self.0.choose(), self.1.choose());
        first.or(second)
    }
}
