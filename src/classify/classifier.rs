use super::Classes;
use crate::data::Dataset;
use crate::metrics::class_probabilities;
use crate::model::{Predictor, Regressor};
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView};

/// A regressor that predicts probabilities, for users who think in labels.
///
/// [`fit`](Classifier::fit) encodes the labels as [`Classes`] says and fits the regressor on them. What comes out predicts
/// labels and probabilities whose columns are in the order of the labels.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{LogisticRegression, classify::Classifier, nalgebra};
/// let x = dmatrix![1.0f64; 2.0; 3.0; 4.0; 5.0; 6.0];
/// let labels = ["ripe", "unripe", "unripe", "ripe", "ripe", "ripe"];
/// let model = Classifier::new(LogisticRegression::new()).fit(&x, &labels)?;
/// assert_eq!(model.classes().labels(), ["ripe", "unripe"]);
/// assert_eq!(model.predict(&dmatrix![9.0])?, ["ripe"]);
/// let p = model.probabilities(&x)?;
/// assert!((p[(0, 0)] + p[(0, 1)] - 1.0).abs() < 1e-15);
/// assert!(model.model().coefficients()[0] < 0.0); // more x, less of the second label
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier<R> {
    regressor: R,
    weights: Weights,
}

/// What a sample of each class weighs.
#[derive(Debug, Clone, PartialEq)]
enum Weights {
    Equal,
    Balanced,
    Given(Vec<f64>),
}

impl<R> Classifier<R> {
    /// A classifier around this regressor; all samples weigh the same.
    #[must_use]
    pub fn new(regressor: R) -> Self {
        Self { regressor, weights: Weights::Equal }
    }

    /// Weighs the classes so that all count the same, however many samples they have: n / (c · samples of the class).
    #[must_use]
    pub fn balanced(mut self) -> Self {
        self.weights = Weights::Balanced;
        self
    }

    /// Weighs the samples of each class: one weight a class, in the order of the sorted labels.
    #[must_use]
    pub fn class_weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        self.weights = Weights::Given(weights.into());
        self
    }

    /// Fits the regressor on x (n×p) and these labels.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one label a row and one class weight a class, [`Error::Classes`] for labels that are
    /// all the same, [`Error::Config`] for a class weight that is not positive and finite, and those of the fit.
    pub fn fit<'a, T, L>(
        &self,
        x: impl Into<DMatrixView<'a, T>>,
        labels: &[L],
    ) -> Result<FittedClassifier<R::Fitted, L>>
    where
        T: Real,
        L: Ord + Clone,
        R: Regressor<T>,
    {
        let x = x.into();
        if labels.len() != x.nrows() {
            return Err(Error::Shape { what: "number of labels", expected: x.nrows(), found: labels.len() });
        }
        let classes = Classes::new(labels)?;
        let y = classes.encode::<T>(labels)?;
        let weights = self.sample_weights::<T>(&classes.indices(labels)?, classes.labels().len())?;
        let data = Dataset::new(x, &y)?;
        let data = if let Some(weights) = &weights { data.with_weights(weights)? } else { data };
        Ok(FittedClassifier { model: self.regressor.fit(&data)?, classes })
    }

    fn sample_weights<T: Real>(&self, indices: &[usize], classes: usize) -> Result<Option<Vec<T>>> {
        let each = match &self.weights {
            Weights::Equal => return Ok(None),
            Weights::Balanced => {
                let mut counts = vec![0.0; classes];
                indices.iter().for_each(|&class| counts[class] += 1.0);
                counts.iter().map(|count| indices.len() as f64 / (classes as f64 * count)).collect()
            }
            Weights::Given(weights) if weights.len() != classes => {
                return Err(Error::Shape { what: "number of class weights", expected: classes, found: weights.len() });
            }
            Weights::Given(weights) => weights.clone(),
        };
        if each.iter().any(|&w| !(w > 0.0 && T::of(w).is_finite())) {
            return Err(Error::Config { name: "every class weight", needs: "positive and finite" });
        }
        Ok(Some(indices.iter().map(|&class| T::of(each[class])).collect()))
    }
}

/// A fitted model that speaks in labels; see [`Classifier`].
#[derive(Debug, Clone)]
pub struct FittedClassifier<F, L> {
    model: F,
    classes: Classes<L>,
}

impl<F, L> FittedClassifier<F, L> {
    /// The classes, in the order of the columns of [`probabilities`](Self::probabilities).
    #[must_use]
    pub fn classes(&self) -> &Classes<L> {
        &self.classes
    }

    /// The fitted regressor: its report, coefficients, and so on.
    #[must_use]
    pub fn model(&self) -> &F {
        &self.model
    }

    /// The most probable label of each row of x.
    ///
    /// # Errors
    /// As [`Predictor::predict`].
    pub fn predict<'a, T: Real>(&self, x: impl Into<DMatrixView<'a, T>>) -> Result<Vec<L>>
    where
        F: Predictor<T>,
        L: Clone,
    {
        self.classes.try_decode(&self.model.predict(x)?)
    }

    /// The probability of each class for the rows of x, n×c.
    ///
    /// # Errors
    /// As [`Predictor::predict`]; [`Error::Probability`] and [`Error::ProbabilitySum`] where the regressor predicts other
    /// numbers than probabilities, as a [`LinearRegression`](crate::LinearRegression) does.
    pub fn probabilities<'a, T: Real>(&self, x: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>>
    where
        F: Predictor<T>,
    {
        let p = self.model.predict(x)?;
        class_probabilities(p.as_view(), None)?;
        if p.ncols() > 1 {
            return Ok(p);
        }
        Ok(DMatrix::from_fn(p.nrows(), 2, |i, c| if c == 1 { p[(i, 0)] } else { T::one() - p[(i, 0)] }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogisticRegression;

    fn data() -> (DMatrix<f64>, Vec<char>) {
        let x = DMatrix::from_fn(40, 2, |i, j| (((i * 31 + j * 17) * 7919) % 101) as f64);
        let labels = (0..40).map(|i| ['c', 'a', 'b', 'b'][(i * i + i / 3) % 4]).collect();
        (x, labels)
    }

    #[test]
    fn columns_follow_the_sorted_labels() {
        let (x, labels) = data();
        let model = Classifier::new(LogisticRegression::new().l2(0.1)).fit(&x, &labels).unwrap();
        assert_eq!(model.classes().labels(), ['a', 'b', 'c']);
        let p = model.probabilities(&x).unwrap();
        for (i, label) in model.predict(&x).unwrap().iter().enumerate() {
            let class = model.classes().labels().iter().position(|l| l == label).unwrap();
            assert_eq!(p[(i, class)], p.row(i).max());
        }
    }

    #[test]
    fn balanced_means_the_same_as_the_weights_given() {
        let (x, labels) = data();
        let count = |label| labels.iter().filter(|&&l| l == label).count() as f64;
        let given = ['a', 'b', 'c'].map(|label| 40.0 / (3.0 * count(label)));
        let regressor = LogisticRegression::new().l2(0.01);
        let a = Classifier::new(regressor.clone()).balanced().fit(&x, &labels).unwrap();
        let b = Classifier::new(regressor.clone()).class_weights(given).fit(&x, &labels).unwrap();
        let plain = Classifier::new(regressor).fit(&x, &labels).unwrap();
        assert_eq!(a.model().params(), b.model().params());
        assert!(a.model().params() != plain.model().params());
    }

    #[test]
    fn bad_input_is_told_apart() {
        let (x, labels) = data();
        let classifier = Classifier::new(LogisticRegression::new());
        assert!(matches!(classifier.fit(&x, &labels[1..]), Err(Error::Shape { expected: 40, found: 39, .. })));
        assert!(matches!(classifier.fit(&x, &['a'; 40]), Err(Error::Classes { found: 1 })));
        assert!(matches!(classifier.fit(&DMatrix::<f64>::zeros(0, 2), &[] as &[char]), Err(Error::Empty { .. })));
        let given = |weights: &[f64]| classifier.clone().class_weights(weights).fit(&x, &labels).err();
        assert!(matches!(given(&[1.0, 2.0]), Some(Error::Shape { expected: 3, found: 2, .. })));
        assert!(matches!(given(&[1.0, 2.0, -1.0]), Some(Error::Config { .. })));
        assert!(matches!(given(&[1.0, 2.0, f64::NAN]), Some(Error::Config { .. })));
    }
}
