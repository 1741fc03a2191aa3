//! Scores of a whole confusion matrix.

use super::Confusion;
use crate::{Error, Result};

/// How the scores of the classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// Their mean: every class counts the same.
    Macro,
    /// From the counts of all classes together: every sample counts the same.
    Micro,
    /// Their mean, each weighted by how many samples are of its class.
    Weighted,
}

impl<L> Confusion<L> {
    fn at(&self, i: usize, j: usize) -> f64 {
        self.counts()[(i, j)] as f64
    }

    fn classes(&self) -> usize {
        self.labels().len()
    }

    /// How many samples are of class c.
    fn actual(&self, c: usize) -> f64 {
        (0..self.classes()).map(|j| self.at(c, j)).sum()
    }

    /// How many are predicted to be.
    fn predicted(&self, c: usize) -> f64 {
        (0..self.classes()).map(|i| self.at(i, c)).sum()
    }

    /// The mean over classes of the share of theirs that is right: recall, [`Average::Macro`].
    ///
    /// # Errors
    /// [`Error::Undefined`] where a class is only predicted.
    ///
    /// ```
    /// use residual::metrics::confusion_matrix;
    /// // Nine of ten right, but none of the rare class.
    /// let y = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    /// assert_eq!(confusion_matrix(&y, &[0; 10])?.balanced_accuracy()?, 0.5);
    /// # Ok::<(), residual::Error>(())
    /// ```
    pub fn balanced_accuracy(&self) -> Result<f64> {
        self.recall(Average::Macro)
    }

    /// tp / (tp + fp) over the classes.
    ///
    /// # Errors
    /// [`Error::Undefined`] where a class is never predicted.
    pub fn precision(&self, average: Average) -> Result<f64> {
        self.averaged(average, "precision", |c| (self.at(c, c), self.predicted(c)))
    }

    /// tp / (tp + fn) over the classes.
    ///
    /// # Errors
    /// [`Error::Undefined`] where a class is only predicted.
    pub fn recall(&self, average: Average) -> Result<f64> {
        self.averaged(average, "recall", |c| (self.at(c, c), self.actual(c)))
    }

    /// 2 tp / (2 tp + fp + fn) over the classes.
    ///
    /// # Errors
    /// None for a matrix of [`confusion_matrix`](super::confusion_matrix), where every class occurs.
    pub fn f1(&self, average: Average) -> Result<f64> {
        self.averaged(average, "f1", |c| (2.0 * self.at(c, c), self.actual(c) + self.predicted(c)))
    }

    fn averaged(&self, average: Average, what: &'static str, parts: impl Fn(usize) -> (f64, f64)) -> Result<f64> {
        let mut sums = (0.0, 0.0);
        for c in 0..self.classes() {
            let (part, whole) = parts(c);
            if average == Average::Micro {
                sums = (sums.0 + part, sums.1 + whole);
                continue;
            }
            let weight = if average == Average::Macro { 1.0 } else { self.actual(c) };
            if weight > 0.0 && whole <= 0.0 {
                return Err(Error::Undefined { what, why: "a class has no sample to divide by" });
            }
            let score = if weight > 0.0 { part / whole } else { 0.0 };
            sums = (sums.0 + weight * score, sums.1 + weight);
        }
        Ok(sums.0 / sums.1)
    }

    /// Matthews' correlation coefficient of labels and predictions, for any number of classes: 1 perfect, 0 as good as chance.
    ///
    /// # Errors
    /// [`Error::Undefined`] where all labels, or all predictions, are of one class.
    ///
    /// Source: Gorodkin (2004), Computational Biology and Chemistry 28, eq. 8.
    pub fn matthews(&self) -> Result<f64> {
        let (right, chance) = self.squares();
        // Whole numbers: the squares of large counts cancel.
        let n = self.counts().sum() as u128;
        let spread = |side: fn(&Self, usize) -> f64| {
            n * n - (0..self.classes()).map(|c| (side(self, c) as u128).pow(2)).sum::<u128>()
        };
        let (actual, predicted) = (spread(Self::actual), spread(Self::predicted));
        if actual == 0 || predicted == 0 {
            return Err(Error::Undefined {
                what: "the correlation",
                why: "all labels or predictions are of one class",
            });
        }
        Ok(((right - chance) as f64 / (actual as f64 * predicted as f64).sqrt()).clamp(-1.0, 1.0))
    }

    /// Cohen's κ: the agreement beyond what the shares of the classes give by chance, (pₒ − pₑ) / (1 − pₑ).
    ///
    /// # Errors
    /// [`Error::Undefined`] where all labels and predictions are of one class.
    ///
    /// Source: Cohen (1960), Educational and Psychological Measurement 20, p. 40.
    pub fn cohen_kappa(&self) -> Result<f64> {
        let (right, chance) = self.squares();
        let whole = (self.counts().sum() as i128).pow(2) - chance;
        if whole == 0 {
            return Err(Error::Undefined { what: "kappa", why: "all labels and predictions are of one class" });
        }
        Ok((right - chance) as f64 / whole as f64)
    }

    /// n times how many are right, and how many times n are right by chance: Σ actual · predicted.
    fn squares(&self) -> (i128, i128) {
        let n = self.counts().sum() as i128;
        let right: i128 = (0..self.classes()).map(|c| self.counts()[(c, c)] as i128).sum();
        let chance = (0..self.classes()).map(|c| self.actual(c) as i128 * self.predicted(c) as i128).sum();
        (n * right, chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    #[test]
    fn squares_of_large_counts_do_not_cancel() {
        let of = |counts: [usize; 4]| Confusion::from_counts(vec![0, 1], DMatrix::from_row_slice(2, 2, &counts));
        // One sample of class 1, missed, and one false alarm among n: -1/(n - 1) by hand.
        for n in [10, 1_000_000_007, 3_000_000_000] {
            let expected = -1.0 / (n as f64 - 1.0);
            let confusion = of([n - 2, 1, 1, 0]);
            for found in [confusion.matthews(), confusion.cohen_kappa()].map(Result::unwrap) {
                assert!((found / expected - 1.0).abs() < 1e-15, "{n}: {found} {expected}");
            }
            let found = of([n - 1, 0, 0, 1]);
            assert_eq!((found.matthews(), found.cohen_kappa()), (Ok(1.0), Ok(1.0)));
        }
    }
}
