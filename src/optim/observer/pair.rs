//! Two observers as one.

use super::progress::{Beside, Other, Place};
use super::{Observer, Progress, unknown_state};
use crate::{Real, Result};
use std::ops::ControlFlow;

/// Shows an iterate to both, and to each where it stands; stops when either does.
pub(crate) fn observe<T: Real>(
    first: &mut dyn Observer<T>,
    second: &mut dyn Observer<T>,
    progress: &Progress<'_, T>,
) -> ControlFlow<()> {
    let outer = progress.place().beside;
    let beside = Beside { other: Other::Second { stateless: second.is_stateless() }, outer };
    let place = Place { stateless: first.is_stateless(), beside: Some(&beside) };
    let one = first.observe(&progress.at(place));
    let save = || first.save();
    let joined = !first.is_stateless() && !second.is_stateless();
    let beside = Beside { other: Other::First { save: &save, joined }, outer };
    let place = Place { stateless: second.is_stateless(), beside: Some(&beside) };
    let two = second.observe(&progress.at(place));
    if one.is_break() { one } else { two }
}

/// The states of both; where one of them is stateless, that of the other.
pub(crate) fn save<T: Real>(first: &dyn Observer<T>, second: &dyn Observer<T>) -> Option<Vec<f64>> {
    match (first.is_stateless(), second.is_stateless()) {
        (_, true) => first.save(),
        (true, _) => second.save(),
        _ => Some(join(first.save()?, second.save()?)),
    }
}

/// The length of the first state, the first, the second.
pub(super) fn join(first: Vec<f64>, second: Vec<f64>) -> Vec<f64> {
    std::iter::once(first.len() as f64).chain(first.iter().copied()).chain(second).collect()
}

/// Gives each its part of what [`save`] returned.
pub(crate) fn restore<T: Real>(
    first: &mut dyn Observer<T>,
    second: &mut dyn Observer<T>,
    state: &[f64],
) -> Result<ControlFlow<()>> {
    if state.is_empty() || second.is_stateless() {
        return first.restore(state);
    }
    if first.is_stateless() {
        return second.restore(state);
    }
    let parts = state.split_first().and_then(|(&len, rest)| rest.split_at_checked(len as usize));
    let Some((one, two)) = parts else { return Err(unknown_state(state)) };
    let (one, two) = (first.restore(one)?, second.restore(two)?);
    Ok(if one.is_break() { one } else { two })
}

impl<T: Real, A: Observer<T>, B: Observer<T>> Observer<T> for (A, B) {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        observe(&mut self.0, &mut self.1, progress)
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        let (first, second) = (self.0.choose(), self.1.choose());
        first.or(second)
    }

    fn check(&self) -> Result<()> {
        self.0.check()?;
        self.1.check()
    }

    fn is_stateless(&self) -> bool {
        self.0.is_stateless() && self.1.is_stateless()
    }

    fn save(&self) -> Option<Vec<f64>> {
        save(&self.0, &self.1)
    }

    fn restore(&mut self, state: &[f64]) -> Result<ControlFlow<()>> {
        restore(&mut self.0, &mut self.1, state)
    }
}
