//! Solvers, rules and schedules: they know objectives and nothing else.

mod auto;
pub(crate) mod ends;
mod lbfgs;
mod newton;
pub(crate) mod observer;
mod range;
mod report;
pub mod rule;
mod run;
pub mod schedule;
mod search;
mod trainer;
mod warning;

pub use auto::Auto;
pub use lbfgs::Lbfgs;
pub use newton::Newton;
#[cfg(feature = "progress")]
pub use observer::Bar;
pub use observer::{EarlyStopping, Every, History, Observer, Progress};
pub use report::{Reason, Report, Solution};
pub use rule::Rule;
pub use schedule::Schedule;
pub use trainer::{Checkpoint, Resumed, Trainer};
pub use warning::Warning;

use crate::Result;

/// Finds a minimum of an objective of type `O`. What it needs to know of the objective stands in the `where` of its impl.
pub trait Solver<T: crate::Real, O> {
    /// Minimizes `objective` from `start`, showing every iterate to `observer`.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for a setting out of range, and a start or a choice of the observer's that is not
    /// finite, [`Error::Shape`](crate::Error::Shape) for one of another length than the objective's,
    /// [`Error::Undefined`](crate::Error::Undefined) where the objective is NaN or infinite at the start,
    /// [`Error::Diverged`](crate::Error::Diverged) from a [`Trainer`] whose iterates run away, [`Error::Resume`](crate::Error::Resume)
    /// from one that is resumed with a checkpoint of another fit. Not converging is no error: the report says so.
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>>;
}
