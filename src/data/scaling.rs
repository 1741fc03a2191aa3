//! Columns shifted and scaled.

use super::Dataset;
use super::columns::{Column, Columns};
use super::moments::{moments, range};
use crate::{Real, Result};
use nalgebra::{DMatrix, DMatrixView};

/// Each column minus its mean, over its standard deviation.
///
/// z = (x − μ) / σ, μ = Σ w̄ᵢ xᵢ, σ² = Σ w̄ᵢ (xᵢ − μ)², w̄ the weights over their sum: rows of weight 0 count for nothing.
/// A constant column becomes 0 (σ counts as 1). Sums are carried in f64, and μ is kept beyond the rounding of T, so that
/// columns of any size and offset are scaled to the last digit.
///
/// ```
/// use residual::{Dataset, Standardizer, nalgebra::dmatrix};
/// let x = dmatrix![1.0, 7.0; 3.0, 7.0];
/// let scaler = Standardizer::fit(&Dataset::new(&x, &x)?);
/// let z = scaler.transform(&x)?;
/// assert_eq!(z, dmatrix![-1.0, 0.0; 1.0, 0.0]);
/// assert_eq!(scaler.inverse(&z)?, x);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Standardizer<T> {
    columns: Columns<T>,
}

impl<T: Real> Standardizer<T> {
    /// Learns mean and standard deviation of the features.
    #[must_use]
    pub fn fit(data: &Dataset<'_, T>) -> Self {
        Self::of_columns(data, data.features(), |j| data.feature(j))
    }

    /// Learns mean and standard deviation of the targets.
    #[must_use]
    pub fn fit_targets(data: &Dataset<'_, T>) -> Self {
        Self::of_columns(data, data.outputs(), |c| data.target(c))
    }

    fn of_columns<'d>(data: &Dataset<'_, T>, count: usize, column: impl Fn(usize) -> &'d [T]) -> Self {
        Self { columns: Columns::new((0..count).map(|j| moments(column(j), data.relative_weights()))) }
    }

    /// μ of each column, rounded to T.
    #[must_use]
    pub fn mean(&self) -> &[T] {
        self.columns.shift()
    }

    /// σ of each column, rounded to T; 1 for a constant one.
    #[must_use]
    pub fn scale(&self) -> &[T] {
        self.columns.scale()
    }

    /// (x − μ) / σ, column by column.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number of columns, [`Error::NotFinite`](crate::Error::NotFinite) for
    /// NaN or infinity in x, or where the result is out of range.
    pub fn transform<'a>(&self, x: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>> {
        self.columns.transform(x.into())
    }

    /// μ + σ z, column by column.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn inverse<'a>(&self, z: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>> {
        self.columns.inverse(z.into())
    }

    pub(crate) fn columns(&self) -> &Columns<T> {
        &self.columns
    }
}

/// Each column mapped to [0, 1]: z = (x − min) / (max − min); a constant column becomes 0. Rows of weight 0 count for nothing.
///
/// ```
/// use residual::{Dataset, MinMax, nalgebra::dmatrix};
/// let x = dmatrix![2.0; 4.0; 3.0];
/// let scaler = MinMax::fit(&Dataset::new(&x, &x)?);
/// assert_eq!(scaler.transform(&x)?, dmatrix![0.0; 1.0; 0.5]);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MinMax<T> {
    columns: Columns<T>,
}

impl<T: Real> MinMax<T> {
    /// Learns the range of the features.
    #[must_use]
    pub fn fit(data: &Dataset<'_, T>) -> Self {
        let column = |j| {
            let (low, high) = range(data.feature(j), data.relative_weights());
            Column::of_range(low, high)
        };
        Self { columns: Columns::new((0..data.features()).map(column)) }
    }

    /// The smallest value of each column.
    #[must_use]
    pub fn min(&self) -> &[T] {
        self.columns.shift()
    }

    /// max − min of each column, 1 for a constant one; the largest number of T where it is more.
    #[must_use]
    pub fn scale(&self) -> &[T] {
        self.columns.scale()
    }

    /// (x − min) / (max − min), column by column.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number of columns, [`Error::NotFinite`](crate::Error::NotFinite) for
    /// NaN or infinity in x, or where the result is out of range.
    pub fn transform<'a>(&self, x: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>> {
        self.columns.transform(x.into())
    }

    /// min + (max − min) z, column by column.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn inverse<'a>(&self, z: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>> {
        self.columns.inverse(z.into())
    }
}
