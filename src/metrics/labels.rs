use crate::{Error, Result};
use nalgebra::DMatrix;
use std::fmt;

/// The share of labels that are right.
///
/// # Errors
/// [`Error::Shape`] for lists of unequal length, [`Error::Empty`] for empty ones.
///
/// ```
/// use residual::metrics::accuracy;
/// assert_eq!(accuracy(&["a", "b", "b"], &["a", "b", "a"])?, 2.0 / 3.0);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn accuracy<L: PartialEq>(y: &[L], prediction: &[L]) -> Result<f64> {
    check(y, prediction)?;
    Ok(y.iter().zip(prediction).filter(|(y, p)| y == p).count() as f64 / y.len() as f64)
}

/// Of the samples predicted `positive`, the share that are: tp / (tp + fp).
///
/// # Errors
/// As [`accuracy`], and [`Error::Undefined`] where none is predicted positive.
///
/// ```
/// use residual::metrics::{f1, precision, recall};
/// let (y, prediction) = ([1, 1, 1, 0], [1, 0, 1, 1]);
/// assert_eq!(precision(&y, &prediction, &1)?, 2.0 / 3.0);
/// assert_eq!(recall(&y, &prediction, &1)?, 2.0 / 3.0);
/// assert!((f1(&y, &prediction, &1)? - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn precision<L: PartialEq>(y: &[L], prediction: &[L], positive: &L) -> Result<f64> {
    let (tp, fp, _) = counts(y, prediction, positive)?;
    ratio(tp, tp + fp, "precision", "no sample is predicted positive")
}

/// Of the samples that are `positive`, the share predicted so: tp / (tp + fn).
///
/// # Errors
/// As [`accuracy`], and [`Error::Undefined`] where none is positive.
pub fn recall<L: PartialEq>(y: &[L], prediction: &[L], positive: &L) -> Result<f64> {
    let (tp, _, missed) = counts(y, prediction, positive)?;
    ratio(tp, tp + missed, "recall", "no sample is positive")
}

/// The harmonic mean of [`precision`] and [`recall`]: 2 tp / (2 tp + fp + fn).
///
/// # Errors
/// As [`accuracy`], and [`Error::Undefined`] where no sample is positive or predicted so.
pub fn f1<L: PartialEq>(y: &[L], prediction: &[L], positive: &L) -> Result<f64> {
    let (tp, fp, missed) = counts(y, prediction, positive)?;
    ratio(2 * tp, 2 * tp + fp + missed, "f1", "no sample is positive or predicted so")
}

/// The weighted harmonic mean of [`precision`] and [`recall`], recall counting β times as much:
/// (1 + β²) tp / ((1 + β²) tp + β² fn + fp).
///
/// # Errors
/// As [`f1`], and [`Error::Config`] unless β is finite and at least 0.
///
/// ```
/// use residual::metrics::{f_beta, recall};
/// let (y, prediction) = ([1, 1, 1, 0], [1, 0, 0, 1]);
/// assert!((f_beta(&y, &prediction, &1, 1e6)? - recall(&y, &prediction, &1)?).abs() < 1e-9);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn f_beta<L: PartialEq>(y: &[L], prediction: &[L], positive: &L, beta: f64) -> Result<f64> {
    if !(beta >= 0.0 && beta.is_finite()) {
        return Err(Error::Config { name: "beta", needs: "a finite number of at least 0" });
    }
    let (tp, fp, missed) = counts(y, prediction, positive)?;
    if tp + fp + missed == 0 {
        return Err(Error::Undefined { what: "f_beta", why: "no sample is positive or predicted so" });
    }
    // Divided by 1 + β², so that no square overflows.
    let recall = if beta > 1.0 { 1.0 / (1.0 + (1.0 / beta).powi(2)) } else { beta * beta / (1.0 + beta * beta) };
    let (hits, whole) = (tp as f64, tp as f64 + recall * missed as f64 + (1.0 - recall) * fp as f64);
    Ok(if whole > 0.0 { hits / whole } else { 0.0 })
}

/// Jaccard's index of the samples that are `positive` and those predicted so, common ones over all: tp / (tp + fp + fn).
///
/// # Errors
/// As [`f1`].
pub fn jaccard<L: PartialEq>(y: &[L], prediction: &[L], positive: &L) -> Result<f64> {
    let (tp, fp, missed) = counts(y, prediction, positive)?;
    ratio(tp, tp + fp + missed, "Jaccard's index", "no sample is positive or predicted so")
}

/// How often each true label was predicted as which: row = true label, column = predicted.
///
/// # Errors
/// As [`accuracy`].
///
/// ```
/// use residual::metrics::confusion_matrix;
/// let confusion = confusion_matrix(&["cat", "dog", "dog"], &["cat", "cat", "dog"])?;
/// assert_eq!(confusion.labels(), ["cat", "dog"]);
/// assert_eq!(confusion.counts()[(1, 0)], 1);
/// println!("{confusion}");
/// # Ok::<(), residual::Error>(())
/// ```
pub fn confusion_matrix<L: Ord + Clone>(y: &[L], prediction: &[L]) -> Result<Confusion<L>> {
    check(y, prediction)?;
    let mut labels: Vec<L> = y.iter().chain(prediction).cloned().collect();
    labels.sort();
    labels.dedup();
    let mut counts = DMatrix::zeros(labels.len(), labels.len());
    for (y, p) in y.iter().zip(prediction) {
        if let (Ok(row), Ok(column)) = (labels.binary_search(y), labels.binary_search(p)) {
            counts[(row, column)] += 1;
        }
    }
    Ok(Confusion { labels, counts })
}

/// A confusion matrix with its labels; see [`confusion_matrix`]. Displayed as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion<L> {
    labels: Vec<L>,
    counts: DMatrix<usize>,
}

impl<L> Confusion<L> {
    #[cfg(test)]
    pub(super) fn from_counts(labels: Vec<L>, counts: DMatrix<usize>) -> Self {
        Self { labels, counts }
    }

    /// Every label that occurs, true or predicted, sorted.
    #[must_use]
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// The counts: row = true label, column = predicted.
    #[must_use]
    pub fn counts(&self) -> &DMatrix<usize> {
        &self.counts
    }
}

impl<L: fmt::Display> fmt::Display for Confusion<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.labels.iter().map(ToString::to_string).collect();
        let counts = self.counts.iter().map(|count| count.to_string().len());
        let wide = names.iter().map(|name| name.chars().count()).chain(counts).max().unwrap_or(0).max(4);
        write!(f, "{:>wide$}", "true")?;
        names.iter().try_for_each(|name| write!(f, "  {name:>wide$}"))?;
        for (i, name) in names.iter().enumerate() {
            write!(f, "\n{name:>wide$}")?;
            self.counts.row(i).iter().try_for_each(|count| write!(f, "  {count:>wide$}"))?;
        }
        Ok(())
    }
}

fn check<L>(y: &[L], prediction: &[L]) -> Result<()> {
    if y.len() != prediction.len() {
        return Err(Error::Shape { what: "number of predicted labels", expected: y.len(), found: prediction.len() });
    }
    if y.is_empty() {
        return Err(Error::Empty { what: "the list of labels" });
    }
    Ok(())
}

/// True positives, false positives, false negatives.
fn counts<L: PartialEq>(y: &[L], prediction: &[L], positive: &L) -> Result<(usize, usize, usize)> {
    check(y, prediction)?;
    let mut counts = (0, 0, 0);
    for (y, p) in y.iter().zip(prediction) {
        match (y == positive, p == positive) {
            (true, true) => counts.0 += 1,
            (false, true) => counts.1 += 1,
            (true, false) => counts.2 += 1,
            (false, false) => (),
        }
    }
    Ok(counts)
}

fn ratio(part: usize, whole: usize, what: &'static str, why: &'static str) -> Result<f64> {
    if whole == 0 { Err(Error::Undefined { what, why }) } else { Ok(part as f64 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_defined_is_an_error() {
        let undefined = |result: Result<f64>| matches!(result, Err(Error::Undefined { .. }));
        assert!(undefined(precision(&[1, 0], &[0, 0], &1)));
        assert!(undefined(recall(&[0, 0], &[1, 0], &1)));
        assert!(undefined(f1(&[0, 0], &[0, 0], &1)));
        assert_eq!(f1(&[1, 0], &[0, 0], &1), Ok(0.0));
        assert!(undefined(f_beta(&[0, 0], &[0, 0], &1, 2.0)) && undefined(jaccard(&[0, 0], &[0, 0], &1)));
        assert!(matches!(f_beta(&[1, 0], &[1, 0], &1, f64::NAN), Err(Error::Config { .. })));
        assert_eq!(f_beta(&[1, 0, 1], &[1, 1, 0], &1, 0.0), precision(&[1, 0, 1], &[1, 1, 0], &1));
        assert!(matches!(accuracy::<u8>(&[], &[]), Err(Error::Empty { .. })));
        assert!(matches!(accuracy(&[1], &[1, 2]), Err(Error::Shape { expected: 1, found: 2, .. })));
        assert!(confusion_matrix::<u8>(&[], &[]).is_err());
    }

    #[test]
    fn a_label_that_is_only_predicted_has_its_row() {
        let confusion = confusion_matrix(&[2, 2], &[1, 2]).unwrap();
        assert_eq!(confusion.labels(), [1, 2]);
        assert_eq!(confusion.counts(), &DMatrix::from_row_slice(2, 2, &[0, 0, 1, 1]));
        assert_eq!(confusion.to_string(), "true     1     2\n   1     0     0\n   2     1     1");
    }
}
