//! Checked numbers.

use super::weights::{Positive, Weights};
use crate::linalg::survey::Survey;
use crate::linalg::threads;
use crate::real::Ahead;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView};
use std::borrow::Cow;
use std::ops::Range;

/// n samples of p features with k targets: a value of this type is proof of equal lengths, at least one sample, feature
/// and target, and finite numbers.
///
/// Borrows the user's matrices, or owns gathered rows. One sample is one row.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Dataset, Error, nalgebra};
/// let (x, y) = (dmatrix![1.0; 2.0; 4.0], dmatrix![3.0; 5.0; f64::NAN]);
/// assert_eq!(Dataset::new(&x, &y).err(), Some(Error::NotFinite { what: "y", row: 2, column: 0 }));
/// let data = Dataset::new(x.rows(0, 2), y.rows(0, 2))?;
/// assert_eq!((data.samples(), data.features(), data.outputs()), (2, 1, 1));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset<'a, T: Real> {
    x: Matrix<'a, T>,
    y: Matrix<'a, T>,
    pub(super) weights: Option<Weights<'a, T>>,
    names: Option<Vec<String>>,
    /// One per feature, then one per target, all rows counted once.
    surveys: Vec<Survey>,
    pub(super) positive: Positive<T>,
}

#[derive(Debug, Clone)]
enum Matrix<'a, T: Real> {
    View(DMatrixView<'a, T>),
    Owned(DMatrix<T>),
}

impl<T: Real> Matrix<'_, T> {
    fn view(&self) -> DMatrixView<'_, T> {
        match self {
            Self::View(view) => *view,
            Self::Owned(matrix) => matrix.into(),
        }
    }

    fn column(&self, j: usize) -> &[T] {
        match self {
            Self::View(view) => view.column(j).data.into_slice(),
            Self::Owned(matrix) => matrix.column(j).data.into_slice(),
        }
    }

    fn gather(&self, rows: &[usize]) -> DMatrix<T> {
        let cols = self.view().ncols();
        let mut values = Vec::with_capacity(rows.len() * cols);
        for j in 0..cols {
            let column = self.column(j);
            values.extend(rows.iter().map(|&i| column[i]));
        }
        DMatrix::from_vec(rows.len(), cols, values)
    }
}

impl<'a, T: Real> Dataset<'a, T> {
    /// Samples x (n×p) with targets y (n×k): anything that converts to a view, as `&DMatrix`, `&DVector` and views do.
    /// A part of a vector is a view of one column by `y.view((first, 0), (len, 1))`; nalgebra's `y.rows(first, len)` is of
    /// another type.
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows differ in number, [`Error::Empty`] if there is no row or column,
    /// [`Error::NotFinite`] for NaN or infinity.
    pub fn new(x: impl Into<DMatrixView<'a, T>>, y: impl Into<DMatrixView<'a, T>>) -> Result<Self> {
        let (x, y) = (x.into(), y.into());
        if x.nrows() != y.nrows() {
            return Err(Error::Shape { what: "rows of y", expected: x.nrows(), found: y.nrows() });
        }
        if x.nrows() == 0 {
            return Err(Error::Empty { what: "the data set" });
        }
        if x.ncols() == 0 {
            return Err(Error::Empty { what: "the list of features" });
        }
        if y.ncols() == 0 {
            return Err(Error::Empty { what: "the list of targets" });
        }
        let mut surveys = survey("x", x)?;
        surveys.extend(survey("y", y)?);
        let positive = Positive::default();
        Ok(Self { x: Matrix::View(x), y: Matrix::View(y), weights: None, names: None, surveys, positive })
    }

    /// Weighs the samples: the risk becomes Σ wᵢ ℓᵢ / Σ wᵢ. A sample of weight 2 equals the sample twice, one of weight
    /// 0 its absence: it may hold any finite numbers, legal for the loss and the layer or not. Only ratios of weights matter.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one per sample, [`Error::Weight`] for a negative or non-finite one,
    /// [`Error::NoWeight`] if all are 0, [`Error::Config`] if their sum overflows.
    pub fn with_weights(self, weights: &'a [T]) -> Result<Self> {
        self.weighted(Cow::Borrowed(weights))
    }

    /// [`with_weights`](Dataset::with_weights), the weights borrowed or owned.
    pub(super) fn weighted(self, weights: Cow<'a, [T]>) -> Result<Self> {
        if weights.len() != self.samples() {
            return Err(Error::Shape { what: "number of weights", expected: self.samples(), found: weights.len() });
        }
        Ok(Self { weights: Some(Weights::new(weights)?), positive: Positive::default(), ..self })
    }

    /// Names the features, for tables and warnings.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one per feature.
    pub fn with_names(self, names: impl IntoIterator<Item = impl ToString>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
        if names.len() != self.features() {
            return Err(Error::Shape { what: "number of names", expected: self.features(), found: names.len() });
        }
        Ok(Self { names: Some(names), positive: Positive::default(), ..self })
    }

    /// n, the number of rows.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.x().nrows()
    }

    /// p, the number of columns of x.
    #[must_use]
    pub fn features(&self) -> usize {
        self.x().ncols()
    }

    /// k, the number of columns of y.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.y().ncols()
    }

    /// The features, n×p.
    #[must_use]
    pub fn x(&self) -> DMatrixView<'_, T> {
        self.x.view()
    }

    /// A run of the rows of x.
    pub(crate) fn rows(&self, rows: Range<usize>) -> DMatrixView<'_, T> {
        match &self.x {
            Matrix::View(view) => view.rows_range(rows),
            Matrix::Owned(matrix) => matrix.rows_range(rows),
        }
    }

    /// The targets, n×k.
    #[must_use]
    pub fn y(&self) -> DMatrixView<'_, T> {
        self.y.view()
    }

    /// The weights as given, one per sample.
    #[must_use]
    pub fn weights(&self) -> Option<&[T]> {
        self.weights.as_ref().map(Weights::given)
    }

    /// The names of the features, where they were given.
    #[must_use]
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// Feature j of every sample, as a slice.
    #[must_use]
    pub fn feature(&self, j: usize) -> &[T] {
        self.x.column(j)
    }

    /// Where the features go on from a sample, for passes that ask for them in time.
    pub(crate) fn ahead(&self, sample: usize, runs: &mut Vec<Ahead>) {
        runs.clear();
        runs.extend((0..self.features()).map(|j| Ahead::of(&self.feature(j)[sample..])));
    }

    /// Target j of every sample, as a slice.
    #[must_use]
    pub fn target(&self, j: usize) -> &[T] {
        self.y.column(j)
    }

    /// Range and sum of each feature, then of each target, as if there were no weights.
    pub(crate) fn surveys(&self) -> &[Survey] {
        &self.surveys
    }

    /// The same samples with other features or targets of the same number of rows; what is `None` is borrowed.
    pub(crate) fn replaced(&self, x: Option<DMatrix<T>>, y: Option<DMatrix<T>>) -> Result<Dataset<'_, T>> {
        debug_assert!(x.iter().chain(&y).all(|matrix| matrix.nrows() == self.samples()));
        let (features, targets) = self.surveys.split_at(self.features());
        let mut surveys = x.as_ref().map_or_else(|| Ok(features.to_vec()), |x| survey("x", x.into()))?;
        surveys.extend(y.as_ref().map_or_else(|| Ok(targets.to_vec()), |y| survey("y", y.into()))?);
        Ok(Dataset {
            x: x.map_or_else(|| Matrix::View(self.x()), Matrix::Owned),
            y: y.map_or_else(|| Matrix::View(self.y()), Matrix::Owned),
            weights: self.weights.as_ref().map(Weights::borrowed),
            names: self.names.clone(),
            surveys,
            positive: Positive::default(),
        })
    }

    /// A data set of its own with these rows, in this order; a row may come more than once.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows, [`Error::Shape`] for a row that does not exist, [`Error::NoWeight`] if all rows
    /// chosen have weight 0.
    pub fn select(&self, rows: &[usize]) -> Result<Dataset<'static, T>> {
        let samples = self.samples();
        if rows.is_empty() {
            return Err(Error::Empty { what: "the list of rows" });
        }
        if let Some(&row) = rows.iter().find(|&&row| row >= samples) {
            return Err(Error::Shape {
                what: "number of rows for the row selected",
                expected: row.saturating_add(1),
                found: samples,
            });
        }
        let chosen = |w: &[T]| Weights::trusted(Cow::Owned(rows.iter().map(|&i| w[i]).collect()));
        let weights = self.weights().map(chosen).transpose()?;
        let (x, y) = (self.x.gather(rows), self.y.gather(rows));
        let mut surveys = survey("x", x.as_view())?;
        surveys.extend(survey("y", y.as_view())?);
        let names = self.names.clone();
        let positive = Positive::default();
        Ok(Dataset { x: Matrix::Owned(x), y: Matrix::Owned(y), weights, names, surveys, positive })
    }
}

/// Looks at every column once and checks every entry on the way.
fn survey<T: Real>(what: &'static str, x: DMatrixView<'_, T>) -> Result<Vec<Survey>> {
    let mut found: Vec<Option<Survey>> = vec![None; x.ncols()];
    threads::for_each(&mut found, x.len(), |j, found| {
        *found = Some(Survey::of(x.column(j).as_slice(), None));
    });
    let found: Vec<Survey> = found.into_iter().flatten().collect();
    if !found.iter().all(|survey| survey.sum.is_finite()) {
        all_finite(what, x)?;
    }
    Ok(found)
}

/// Checks every entry: v · 0 is 0 for finite v and NaN otherwise, so a sum of them tells in one vectorisable pass.
pub(crate) fn all_finite<T: Real>(what: &'static str, x: DMatrixView<'_, T>) -> Result<()> {
    for column in 0..x.ncols() {
        let view = x.column(column);
        let values = view.as_slice();
        let mut lanes = [T::zero(); 16];
        let chunks = values.chunks_exact(16);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (lane, &value) in lanes.iter_mut().zip(chunk) {
                *lane += value * T::zero();
            }
        }
        let sum = lanes.iter().chain(rest).fold(T::zero(), |sum, &v| sum + v * T::zero());
        if sum.is_finite() {
            continue;
        }
        if let Some(row) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { what, row, column });
        }
    }
    Ok(())
}
