use super::saved::{SETTINGS, Settings};
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
///     text = progress.checkpoint().map_or_else(|error| error.to_string(), |saved| saved.to_string());
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
    pub(super) settings: Settings,
    pub(super) initial: f64,
    /// At the parameters: of all terms in full-batch mode, else of the first batch.
    pub(super) risk: f64,
    pub(super) history: Vec<f64>,
    pub(super) params: Vec<T>,
    pub(super) average: Vec<T>,
    /// The rule's state, in the order of the visit.
    pub(super) numbers: Vec<T>,
    pub(super) scalars: Vec<f64>,
    pub(super) counts: Vec<u64>,
    /// What the observers remember.
    pub(super) observers: Vec<f64>,
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

/// What the first line says before the version.
const TITLE: &str = "residual checkpoint";

/// Version of the text form.
const VERSION: &str = "2";

fn line<V: fmt::Debug>(f: &mut fmt::Formatter<'_>, name: &str, values: impl IntoIterator<Item = V>) -> fmt::Result {
    f.write_str(name)?;
    // Debug prints the shortest digits that read back to the same number.
    values.into_iter().try_for_each(|value| write!(f, " {value:?}"))?;
    f.write_str("\n")
}

impl<T: Real> fmt::Display for Checkpoint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = |values: &[T]| -> Vec<f64> { values.iter().map(|v| v.to_f64()).collect() };
        writeln!(f, "{TITLE} {VERSION}")?;
        SETTINGS.iter().zip(&self.settings).try_for_each(|((name, _), value)| writeln!(f, "{name} {value}"))?;
        line(f, "initial", [self.initial])?;
        line(f, "risk", [self.risk])?;
        line(f, "history", &self.history)?;
        line(f, "params", wide(&self.params))?;
        line(f, "average", wide(&self.average))?;
        line(f, "numbers", wide(&self.numbers))?;
        line(f, "scalars", &self.scalars)?;
        line(f, "counts", &self.counts)?;
        line(f, "observers", &self.observers)
    }
}

/// Lines of the text form, each a name and its values.
struct Reader<'t> {
    lines: Lines<'t>,
    line: usize,
}

impl Reader<'_> {
    /// All that stands behind the name.
    fn text(&mut self, name: &'static str) -> Result<String> {
        self.line += 1;
        let text = self.lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
        // A carriage return would come back as the end of the line.
        let text = text.filter(|text| !text.contains(char::is_control));
        text.map(str::to_owned).ok_or(Error::Parse { what: "checkpoint", line: self.line, needs: name })
    }

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

    /// Parameters, which are never NaN or infinite.
    fn finite<T: Real>(&mut self, name: &'static str) -> Result<Vec<T>> {
        let reals = self.reals::<T>(name)?;
        let wrong = Error::Parse { what: "checkpoint", line: self.line, needs: name };
        if reals.iter().all(|v| v.is_finite()) { Ok(reals) } else { Err(wrong) }
    }

    /// Counts that can still be counted on from.
    fn counts(&mut self, name: &'static str) -> Result<Vec<u64>> {
        let counts: Vec<u64> = self.values(name)?;
        let wrong = Error::Parse { what: "checkpoint", line: self.line, needs: name };
        if counts.iter().all(|&count| count < u64::MAX / 2) { Ok(counts) } else { Err(wrong) }
    }
}

impl<T: Real> FromStr for Checkpoint<T> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut reader = Reader { lines: text.lines(), line: 1 };
        let title = reader.lines.next().and_then(|line| line.strip_prefix(TITLE));
        let Some(version) = title.map(str::trim) else {
            return Err(Error::Parse { what: "checkpoint", line: 1, needs: TITLE });
        };
        differ("the version of the checkpoint's format", version, VERSION)?;
        let mut settings = Settings::default();
        for (setting, (name, _)) in settings.iter_mut().zip(SETTINGS) {
            *setting = reader.text(name)?;
        }
        differ("the number type", &settings[0], std::any::type_name::<T>())?;
        Ok(Self {
            settings,
            initial: reader.value("initial")?,
            risk: reader.value("risk")?,
            history: reader.values("history")?,
            params: reader.finite("params")?,
            average: reader.finite("average")?,
            numbers: reader.reals("numbers")?,
            scalars: reader.values("scalars")?,
            counts: reader.counts("counts")?,
            observers: reader.values("observers")?,
        })
    }
}

fn differ(what: &'static str, saved: &str, found: &str) -> Result<()> {
    if saved == found {
        return Ok(());
    }
    Err(Error::Resume { what, saved: saved.to_owned(), found: found.to_owned() })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn saved() -> Checkpoint<f32> {
        Checkpoint {
            settings: SETTINGS.map(|(name, _)| if name == "numbers" { "f32".to_owned() } else { format!("a {name}") }),
            initial: f64::INFINITY,
            risk: 0.1,
            history: vec![0.1, 1e-300],
            params: vec![0.1, -1e-40, f32::MAX],
            average: vec![],
            numbers: vec![1.0 / 3.0],
            scalars: vec![1.0 / 3.0],
            counts: vec![3],
            observers: vec![-0.0, 1e300],
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
        let wrong = |line, needs| Err(Error::Parse { what: "checkpoint", line, needs });
        assert_eq!(parse("x"), wrong(1, TITLE));
        let first = SETTINGS.len() + 2;
        assert_eq!(parse(&text.replace("initial inf", "initial inf 4")), wrong(first, "initial"));
        assert_eq!(parse(&text.replace("history 0.1", "history o.1")), wrong(first + 2, "history"));
        assert_eq!(parse(&text.replace("params 0.1", "params NaN")), wrong(first + 3, "params"));
        assert_eq!(parse(&text.replace("shuffle a", "Shuffle a")), wrong(6, "shuffle"));
        assert_eq!(parse(&text.replace("counts 3", &format!("counts {}", u64::MAX))), wrong(first + 7, "counts"));
        for cut in 0..text.len() - 2 {
            assert!(parse(&text[..cut]) != Ok(saved()));
        }
    }

    #[test]
    fn another_version_or_number_type_is_named() {
        let text = saved().to_string();
        let refused = |error: Error, words: [&str; 2]| words.iter().all(|word| error.to_string().contains(word));
        assert!(refused(text.parse::<Checkpoint<f64>>().unwrap_err(), ["f32", "f64"]));
        let old = text.replace(&format!("{TITLE} 2"), &format!("{TITLE} 1"));
        assert!(refused(old.parse::<Checkpoint<f32>>().unwrap_err(), ["was 1", "is 2"]));
    }
}
