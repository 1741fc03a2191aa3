//! The state of a rule, into a checkpoint and back.

use super::checkpoint::Checkpoint;
use crate::optim::rule::Visitor;
use crate::{Error, Real, Result};

/// Writes a rule's state into a checkpoint.
pub(super) struct Save<'c, T>(pub(super) &'c mut Checkpoint<T>);

impl<T: Real> Visitor<T> for Save<'_, T> {
    fn numbers(&mut self, values: &mut [T]) {
        self.0.numbers.extend_from_slice(values);
    }

    fn number(&mut self, value: &mut f64) {
        self.0.scalars.push(*value);
    }

    fn count(&mut self, value: &mut u64) {
        self.0.counts.push(*value);
    }
}

/// Reads a rule's state back from a checkpoint.
pub(super) struct Restore<'c, T> {
    numbers: &'c [T],
    scalars: &'c [f64],
    counts: &'c [u64],
    short: bool,
}

impl<T: Real> Restore<'_, T> {
    /// Lets `visit` overwrite a fresh state.
    pub(super) fn into(saved: &Checkpoint<T>, visit: impl FnOnce(&mut dyn Visitor<T>) -> bool) -> Result<()> {
        let (numbers, scalars, counts) = (&saved.numbers[..], &saved.scalars[..], &saved.counts[..]);
        let mut restore = Restore { numbers, scalars, counts, short: false };
        let all = visit(&mut restore) && !restore.short;
        if all && restore.numbers.is_empty() && restore.scalars.is_empty() && restore.counts.is_empty() {
            return Ok(());
        }
        let saved = [saved.numbers.len(), saved.scalars.len(), saved.counts.len()];
        Err(Error::Resume {
            what: "the state of the rule",
            saved: format!("{saved:?} numbers of each kind"),
            found: "of another size".to_owned(),
        })
    }
}

fn take<'c, V>(from: &mut &'c [V], count: usize, short: &mut bool) -> Option<&'c [V]> {
    let (head, tail) = from.split_at_checked(count).or_else(|| {
        *short = true;
        None
    })?;
    *from = tail;
    Some(head)
}

impl<T: Real> Visitor<T> for Restore<'_, T> {
    fn numbers(&mut self, values: &mut [T]) {
        if let Some(saved) = take(&mut self.numbers, values.len(), &mut self.short) {
            values.copy_from_slice(saved);
        }
    }

    fn number(&mut self, value: &mut f64) {
        if let Some(saved) = take(&mut self.scalars, 1, &mut self.short) {
            *value = saved[0];
        }
    }

    fn count(&mut self, value: &mut u64) {
        if let Some(saved) = take(&mut self.counts, 1, &mut self.short) {
            *value = saved[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::tests::saved;
    use super::*;

    #[test]
    fn another_rules_state_is_refused() {
        let mut short = [0.0; 2];
        assert!(
            Restore::into(&saved(), |visitor| {
                visitor.numbers(&mut short);
                true
            })
            .is_err()
        );
        assert!(Restore::into(&saved(), |_| true).is_err());
    }
}
