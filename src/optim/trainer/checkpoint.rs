use crate::optim::rule::Visitor;
use crate::{Error, Real, Result};
use std::fmt;
use std::str::{FromStr, Lines};

/// Where a fit by a [`Trainer`](super::Trainer) stands after an epoch: all that is needed to go on to the bit.
///
/// [`Progress::checkpoint`](crate::optim::Progress::checkpoint) takes one. Its text form reads back exactly:
/// `std::fs::write(path, checkpoint.to_string())`, later `std::fs::read_to_string(path)?.parse()`.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::optim::{Checkpoint, Progress, Trainer};
/// use residual::{Dataset, LinearRegression, Regressor, nalgebra};
/// use std::ops::ControlFlow;
/// let (x, y) = (dmatrix![0.0; 1.0; 2.0], dmatrix![1.0; 2.9; 5.0]);
/// let data = Dataset::new(&x, &y)?;
/// let trainer = Trainer::adam(0.1).batch_size(2);
/// let whole = LinearRegression::new().solver(trainer.clone().epochs(20)).fit(&data)?;
///
/// let mut text = String::new();
/// let mut save = |progress: &Progress<'_, f64>| {
///     text = progress.checkpoint().map(|saved| saved.to_string()).unwrap_or_default();
///     ControlFlow::Continue(())
/// };
/// LinearRegression::new().solver(trainer.clone().epochs(10)).fit_observed(&data, &mut save)?;
/// let saved: Checkpoint<f64> = text.parse()?;
/// let rest = LinearRegression::new().solver(trainer.epochs(20).resume(saved)).fit(&data)?;
/// assert_eq!(whole.params(), rest.params());
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint<T> {
    pub(super) seed: u64,
    /// Terms of the sum in mini-batch training, 0 in full-batch mode.
    pub(super) terms: usize,
    pub(super) step: usize,
    pub(super) batches: u64,
    pub(super) averaged: u64,
    pub(super) initial: f64,
    pub(super) history: Vec<f64>,
    pub(super) params: Vec<T>,
    pub(super) average: Vec<T>,
    /// The rule's state, in the order of the visit.
    pub(super) numbers: Vec<T>,
    pub(super) scalars: Vec<f64>,
    pub(super) counts: Vec<u64>,
}

impl<T> Checkpoint<T> {
    /// How many epochs are done.
    #[must_use]
    pub fn epoch(&self) -> usize {
        self.history.len()
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &[T] {
        &self.params
    }

    /// The value after each epoch.
    #[must_use]
    pub fn history(&self) -> &[f64] {
        &self.history
    }
}

const HEADER: &str = "residual checkpoint 1";

fn line<V: fmt::Debug>(f: &mut fmt::Formatter<'_>, name: &str, values: impl IntoIterator<Item = V>) -> fmt::Result {
    f.write_str(name)?;
    // Debug prints the shortest digits that read back to the same number.
    values.into_iter().try_for_each(|value| write!(f, " {value:?}"))?;
    f.write_str("\n")
}

impl<T: Real> fmt::Display for Checkpoint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = |values: &[T]| -> Vec<f64> { values.iter().map(|v| v.to_f64()).collect() };
        writeln!(f, "{HEADER}")?;
        line(f, "seed", [self.seed])?;
        line(f, "terms", [self.terms])?;
        line(f, "step", [self.step])?;
        line(f, "batches", [self.batches])?;
        line(f, "averaged", [self.averaged])?;
        line(f, "initial", [self.initial])?;
        line(f, "history", &self.history)?;
        line(f, "params", wide(&self.params))?;
        line(f, "average", wide(&self.average))?;
        line(f, "numbers", wide(&self.numbers))?;
        line(f, "scalars", &self.scalars)?;
        line(f, "counts", &self.counts)
    }
}

/// Lines of the text form, each a name and its values.
struct Reader<'t> {
    lines: Lines<'t>,
    line: usize,
}

impl Reader<'_> {
    fn values<V: FromStr>(&mut self, name: &'static str) -> Result<Vec<V>> {
        self.line += 1;
        let wrong = Error::Parse { what: "checkpoint", line: self.line, needs: name };
        let mut words = self.lines.next().unwrap_or_default().split_ascii_whitespace();
        if words.next() != Some(name) {
            return Err(wrong);
        }
        words.map(|word| word.parse().map_err(|_| wrong.clone())).collect()
    }

    fn value<V: FromStr>(&mut self, name: &'static str) -> Result<V> {
        let mut values = self.values(name)?;
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(Error::Parse { what: "checkpoint", line: self.line, needs: name }),
        }
    }

    fn reals<T: Real>(&mut self, name: &'static str) -> Result<Vec<T>> {
        Ok(self.values(name)?.into_iter().map(T::of).collect())
    }
}

impl<T: Real> FromStr for Checkpoint<T> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut reader = Reader { lines: text.lines(), line: 1 };
        if reader.lines.next() != Some(HEADER) {
            return Err(Error::Parse { what: "checkpoint", line: 1, needs: HEADER });
        }
        Ok(Self {
            seed: reader.value("seed")?,
            terms: reader.value("terms")?,
            step: reader.value("step")?,
            batches: reader.value("batches")?,
            averaged: reader.value("averaged")?,
            initial: reader.value("initial")?,
            history: reader.values("history")?,
            params: reader.reals("params")?,
            average: reader.reals("average")?,
            numbers: reader.reals("numbers")?,
            scalars: reader.values("scalars")?,
            counts: reader.values("counts")?,
        })
    }
}

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
        Err(Error::Config { name: "a resumed trainer", needs: "the rule of the fit that was saved" })
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
    use super::*;

    fn saved() -> Checkpoint<f32> {
        Checkpoint {
            seed: u64::MAX,
            terms: 7,
            step: 3,
            batches: 4,
            averaged: 0,
            initial: f64::INFINITY,
            history: vec![0.1, 1e-300],
            params: vec![0.1, -1e-40, f32::MAX],
            average: vec![],
            numbers: vec![1.0 / 3.0],
            scalars: vec![1.0 / 3.0],
            counts: vec![3],
        }
    }

    #[test]
    fn the_text_reads_back_exactly() {
        assert_eq!(saved().to_string().parse(), Ok(saved()));
    }

    #[test]
    fn a_damaged_text_names_its_line() {
        let text = saved().to_string();
        let parse = |text: &str| text.parse::<Checkpoint<f32>>();
        assert_eq!(parse("x"), Err(Error::Parse { what: "checkpoint", line: 1, needs: HEADER }));
        assert_eq!(
            parse(&text.replace("step 3", "step 3 4")),
            Err(Error::Parse { what: "checkpoint", line: 4, needs: "step" })
        );
        assert_eq!(
            parse(&text.replace("history 0.1", "history o.1")),
            Err(Error::Parse { what: "checkpoint", line: 8, needs: "history" })
        );
        for cut in 0..text.len() - 2 {
            assert!(parse(&text[..cut]) != Ok(saved()));
        }
    }

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
