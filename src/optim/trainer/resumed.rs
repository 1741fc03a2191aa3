use super::run::Run;
use super::{Checkpoint, Trainer};
use crate::objective::FiniteSum;
use crate::optim::ends::check_start;
use crate::optim::{Observer, Rule, Schedule, Solution, Solver};
use crate::{Error, Real, Result};

/// A [`Trainer`] that goes on from a [`Checkpoint`]; made by [`Trainer::resume`]. It takes the place of the start that a
/// regressor would draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed<T, R, S> {
    trainer: Trainer<R, S>,
    checkpoint: Checkpoint<T>,
}

impl<T, R, S> Resumed<T, R, S> {
    pub(super) fn new(trainer: Trainer<R, S>, checkpoint: Checkpoint<T>) -> Self {
        Self { trainer, checkpoint }
    }
}

impl<T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Solver<T, O> for Resumed<T, R, S> {
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        self.trainer.check()?;
        Rule::<T>::check(&self.trainer.rule)?;
        check_start(objective.dim(), &start, observer)?;
        let (expected, found) = (start.len(), self.checkpoint.params().len());
        if expected != found {
            return Err(Error::Shape { what: "number of parameters in the checkpoint", expected, found });
        }
        let run = Run::restore(&self.trainer, objective, &self.checkpoint)?;
        let stopped = observer.restore(&self.checkpoint.observers)?.is_break();
        self.trainer.drive(run, observer, stopped)
    }
}
