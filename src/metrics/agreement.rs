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

    fn total(&self) -> f64 {
        self.counts().sum() as f64
    }

    fn right(&self) -> f64 {
        (0..self.classes()).map(|c| self.at(c, c)).sum()
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
        let (n, right) = (self.total(), self.right());
        let over = |f: &dyn Fn(usize) -> f64| (0..self.classes()).map(f).sum::<f64>();
        let cross = over(&|c| self.actual(c) * self.predicted(c));
        let (actual, predicted) = (over(&|c| self.actual(c).powi(2)), over(&|c| self.predicted(c).powi(2)));
        let spread = (n * n - actual) * (n * n - predicted);
        if spread <= 0.0 {
            return Err(Error::Undefined {
                what: "the correlation",
                why: "all labels or predictions are of one class",
            });
        }
        Ok((right * n - cross) / spread.sqrt())
    }

    /// Cohen's κ: the agreement beyond what the shares of the classes give by chance, (pₒ − pₑ) / (1 − pₑ).
    ///
    /// # Errors
    /// [`Error::Undefined`] where all labels and predictions are of one class.
    ///
    /// Source: Cohen (1960), Educational and Psychological Measurement 20, p. 40.
    pub fn cohen_kappa(&self) -> Result<f64> {
        let n = self.total();
        let chance = (0..self.classes()).map(|c| self.actual(c) * self.predicted(c)).sum::<f64>() / n;
        if n - chance <= 0.0 {
            return Err(Error::Undefined { what: "kappa", why: "all labels and predictions are of one class" });
        }
        Ok((self.right() - chance) / (n - chance))
    }
}
