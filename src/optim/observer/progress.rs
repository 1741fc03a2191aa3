use super::pair;
use crate::optim::trainer::{Checkpoint, Snapshot};
use crate::{Error, Real, Result};
use std::fmt;

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
    place: Place<'a>,
}

/// Where the observer that sees this progress stands among the others; a checkpoint has to hold what they all remember.
#[derive(Clone, Copy, Default)]
pub(super) struct Place<'a> {
    /// Whether the observer itself remembers nothing: it is in use while it takes a checkpoint, and cannot be asked.
    pub stateless: bool,
    pub beside: Option<&'a Beside<'a>>,
}

/// The other half of a pair, and the pair that this one is in.
pub(super) struct Beside<'a> {
    pub other: Other<'a>,
    pub outer: Option<&'a Beside<'a>>,
}

/// An observer's state.
pub(super) type Save<'a> = &'a dyn Fn() -> Option<Vec<f64>>;

pub(super) enum Other<'a> {
    /// The first half, which has seen this iterate; whether both halves have a state.
    First { save: Save<'a>, joined: bool },
    /// The second half, which has not; whether it remembers nothing.
    Second { stateless: bool },
}

impl Place<'_> {
    /// The state of all observers together.
    fn state(&self) -> Result<Vec<f64>> {
        if !self.stateless {
            return Err(unsaved(
                "it is taken by an observer that remembers something; take it in a closure beside that one",
            ));
        }
        let (mut state, mut at) = (Vec::new(), self.beside);
        while let Some(beside) = at {
            state = match &beside.other {
                Other::First { save, joined } => match save().ok_or_else(forgetful)? {
                    first if *joined => pair::join(first, state),
                    first if state.is_empty() => first,
                    _ => state,
                },
                Other::Second { stateless: true } => state,
                Other::Second { stateless: false } => {
                    return Err(unsaved(
                        "an observer with a state has not seen this iterate; put it before the one that takes the checkpoint",
                    ));
                }
            };
            at = beside.outer;
        }
        Ok(state)
    }
}

fn unsaved(why: &'static str) -> Error {
    Error::Undefined { what: "a checkpoint", why }
}

fn forgetful() -> Error {
    unsaved("an observer has a state that it does not save; implement Observer::save and Observer::restore for it")
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
        let (rate, total, snapshot) = (None, None, None);
        Self { iteration, value, gradient_norm, params, rate, total, snapshot, place: Place::default() }
    }

    /// With the learning rate of the last step and the number of iterations allowed, from a solver that has them.
    #[must_use]
    pub fn with_rate(mut self, rate: f64, total: usize) -> Self {
        (self.rate, self.total) = (Some(rate), Some(total));
        self
    }

    /// For an observer that does or does not remember anything.
    pub(in crate::optim) fn with_snapshot(mut self, snapshot: &'a dyn Snapshot<T>, stateless: bool) -> Self {
        self.snapshot = Some(snapshot);
        self.place = Place { stateless, beside: None };
        self
    }

    pub(super) fn place(&self) -> Place<'a> {
        self.place
    }

    pub(super) fn at(mut self, place: Place<'a>) -> Self {
        self.place = place;
        self
    }

    /// Where a fit by a [`Trainer`](super::super::Trainer) stands, to go on from later, with what its observers remember.
    ///
    /// To be taken in a closure, or in another observer that [remembers nothing](super::Observer::is_stateless). An observer
    /// with a state stands before it in the pair: `(EarlyStopping::on(..), |progress| ...)`.
    ///
    /// # Errors
    /// [`Error::Undefined`], with the reason: from another solver, where the rule does not show its state to
    /// [`Rule::visit`](super::super::Rule::visit), and where an observer does not [save](super::Observer::save) its own.
    pub fn checkpoint(&self) -> Result<Checkpoint<T>> {
        let snapshot = self.snapshot.ok_or_else(|| unsaved("only a fit by a Trainer can be resumed"))?;
        snapshot.checkpoint(self.place.state()?)
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
