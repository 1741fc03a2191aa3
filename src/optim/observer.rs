//! Observers watch a fit and may stop it.

#[cfg(feature = "progress")]
mod bar;
mod early_stopping;
mod every;
mod history;
pub(crate) mod pair;
mod progress;

#[cfg(feature = "progress")]
pub use bar::Bar;
pub use early_stopping::EarlyStopping;
pub use every::Every;
pub use history::History;
pub use progress::Progress;

use crate::{Error, Real, Result};
use std::ops::ControlFlow;

/// Watches a fit and may stop it.
///
/// A closure `FnMut(&Progress<T>) -> ControlFlow<()>` is an observer, `()` watches nothing, a pair shows each iterate to
/// the first and then to the second, and stops when either does.
///
/// # An observer in a checkpoint
/// Where a fit goes on from a [`Checkpoint`](super::Checkpoint), its observers should go on too. One that remembers something
/// from iterate to iterate has [`save`](Observer::save) and [`restore`](Observer::restore); one whose memory means nothing to
/// the fit (a writer of files, a plot) says so by [`is_stateless`](Observer::is_stateless). What a closure captures cannot be
/// seen: closures count as remembering nothing, so a closure that stops the fit should decide by the
/// [`Progress`] alone.
pub trait Observer<T: Real> {
    /// Sees one iterate; `ControlFlow::Break(())` ends the fit with [`Reason::Stopped`](crate::optim::Reason::Stopped).
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()>;

    /// Parameters that the fit should end with instead of the last ones; asked for once, after the last `observe`.
    fn choose(&mut self) -> Option<Vec<T>> {
        None
    }

    /// Whether the observer's settings are in range; asked before the first step.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting's name.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Whether a fit that is resumed needs nothing of what this observer remembers. By default only a type without fields,
    /// and any closure.
    fn is_stateless(&self) -> bool {
        size_of_val(self) == 0
    }

    /// What the observer remembers, as numbers for a checkpoint; `None` if it cannot be saved.
    fn save(&self) -> Option<Vec<f64>> {
        self.is_stateless().then(Vec::new)
    }

    /// Remembers again what [`save`](Observer::save) returned; from nothing, starts anew. Returns `Break` if the fit had been
    /// stopped by then.
    ///
    /// # Errors
    /// [`Error::Resume`] if the numbers are of another observer.
    fn restore(&mut self, state: &[f64]) -> Result<ControlFlow<()>> {
        if state.is_empty() { Ok(ControlFlow::Continue(())) } else { Err(unknown_state(state)) }
    }
}

/// A checkpoint holds a state that the observer here does not know.
fn unknown_state(state: &[f64]) -> Error {
    let saved = format!("with {} numbers of state", state.len());
    Error::Resume { what: "the observer", saved, found: "one that does not know them".to_owned() }
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

    fn is_stateless(&self) -> bool {
        true
    }
}
