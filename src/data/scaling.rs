//! Columns shifted and scaled.

use super::Dataset;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView};

/// Each column minus its mean, over its standard deviation.
///
/// z = (x − μ) / σ, μ = Σ w̄ᵢ xᵢ, σ² = Σ w̄ᵢ (xᵢ − μ)², w̄ the weights over their sum: rows of weight 0 count for nothing.
/// A constant column becomes 0 (σ counts as 1). Sums are carried in f64.
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
        let moments = (0..count).map(|j| moments(column(j), data.weights()));
        Self { columns: Columns::new(moments) }
    }

    /// μ of each column.
    #[must_use]
    pub fn mean(&self) -> &[T] {
        &self.columns.shift
    }

    /// σ of each column, 1 for a constant one.
    #[must_use]
    pub fn scale(&self) -> &[T] {
        &self.columns.scale
    }

    /// (x − μ) / σ, column by column.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns.
    pub fn transform<'a>(&self, x: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>> {
        self.columns.transform(x.into())
    }

    /// μ + σ z, column by column.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns.
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
        let ranges = (0..data.features()).map(|j| {
            let (low, high) = range(data.feature(j), data.weights());
            (low, if high > low { high - low } else { T::one() })
        });
        Self { columns: Columns::new(ranges) }
    }

    /// The smallest value of each column.
    #[must_use]
    pub fn min(&self) -> &[T] {
        &self.columns.shift
    }

    /// max − min of each column, 1 for a constant one.
    #[must_use]
    pub fn scale(&self) -> &[T] {
        &self.columns.scale
    }

    /// (x − min) / (max − min), column by column.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns.
    pub fn transform<'a>(&self, x: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>> {
        self.columns.transform(x.into())
    }

    /// min + (max − min) z, column by column.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns.
    pub fn inverse<'a>(&self, z: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>> {
        self.columns.inverse(z.into())
    }
}

/// z = (x − shift) / scale for each column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Columns<T> {
    shift: Vec<T>,
    scale: Vec<T>,
}

impl<T: Real> Columns<T> {
    fn new(columns: impl Iterator<Item = (T, T)>) -> Self {
        let (shift, scale) = columns.unzip();
        Self { shift, scale }
    }

    fn check(&self, x: DMatrixView<'_, T>) -> Result<()> {
        let (expected, found) = (self.shift.len(), x.ncols());
        if expected == found { Ok(()) } else { Err(Error::Shape { what: "columns of x", expected, found }) }
    }

    fn transform(&self, x: DMatrixView<'_, T>) -> Result<DMatrix<T>> {
        let mut out = DMatrix::zeros(x.nrows(), x.ncols());
        self.transform_into(x, &mut out)?;
        Ok(out)
    }

    /// (x − shift) / scale into `out`, which has the size of x.
    pub(crate) fn transform_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()> {
        self.check(x)?;
        for (j, (&shift, &scale)) in self.shift.iter().zip(&self.scale).enumerate() {
            let (column, mut out) = (x.column(j), out.column_mut(j));
            out.iter_mut().zip(column.iter()).for_each(|(out, &x)| *out = (x - shift) / scale);
        }
        Ok(())
    }

    fn inverse(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>> {
        self.check(z)?;
        let mut out = z.clone_owned();
        self.inverse_in_place(&mut out);
        Ok(out)
    }

    /// shift + scale · z in place.
    pub(crate) fn inverse_in_place(&self, z: &mut DMatrix<T>) {
        for (j, (&shift, &scale)) in self.shift.iter().zip(&self.scale).enumerate() {
            z.column_mut(j).iter_mut().for_each(|z| *z = shift + scale * *z);
        }
    }
}

/// The smallest and the largest value among the rows of positive weight.
fn range<T: Real>(values: &[T], weights: Option<&[T]>) -> (T, T) {
    let counted = |i: usize| weights.is_none_or(|w| w[i] > T::zero());
    let mut counted = (0..values.len()).filter(|&i| counted(i)).map(|i| values[i]);
    let first = counted.next().unwrap_or_else(T::zero);
    counted.fold((first, first), |(low, high), v| (if v < low { v } else { low }, if v > high { v } else { high }))
}

/// Mean and standard deviation; the value and 1 for a constant column.
///
/// In two passes, the mean corrected by the mean of what is left, after scaling by a power of two that keeps every square
/// in range.
fn moments<T: Real>(values: &[T], weights: Option<&[T]>) -> (T, T) {
    let (low, high) = range(values, weights);
    if low == high {
        return (low, T::one());
    }
    let largest = low.to_f64().abs().max(high.to_f64().abs());
    let unit = 2f64.powi(largest.log2().floor().clamp(-1022.0, 1022.0) as i32);
    let weight = |i: usize| weights.map_or(1.0, |w| w[i].to_f64());
    let total: f64 = (0..values.len()).map(weight).sum();
    let mean_of = |f: &dyn Fn(f64) -> f64| -> f64 {
        (0..values.len()).map(|i| weight(i) / total * f(values[i].to_f64() / unit)).sum()
    };
    let rough = mean_of(&|v| v);
    let mean = rough + mean_of(&|v| v - rough);
    let deviation = T::of(mean_of(&|v| (v - mean).powi(2)).sqrt() * unit);
    let usable = deviation > T::zero() && deviation.is_finite();
    (T::of(mean * unit), if usable { deviation } else { T::one() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_digits_far_from_zero_and_at_the_extremes() {
        let near = |(mean, sd): (f64, f64), (m, s): (f64, f64)| {
            assert!((mean / m - 1.0).abs() < 1e-15 && (sd / s - 1.0).abs() < 1e-12, "{mean} {sd} for {m} {s}");
        };
        near(moments(&[1e9, 1e9 + 1.0, 1e9 + 2.0], None), (1e9 + 1.0, (2f64 / 3.0).sqrt()));
        near(moments(&[1e300, 3e300], None), (2e300, 1e300));
        near(moments(&[1e-300, 3e-300], None), (2e-300, 1e-300));
        near(moments(&[1.0, 3.0, 100.0], Some(&[1.0, 3.0, 0.0])), (2.5, 0.75f64.sqrt()));
    }

    #[test]
    fn constant_columns_and_single_samples_become_zero() {
        assert_eq!(moments(&[0.1; 7], None), (0.1, 1.0));
        assert_eq!(moments(&[5.0f32], None), (5.0, 1.0));
        // Constant among the rows that count.
        assert_eq!(moments(&[2.0, 9.0, 2.0], Some(&[1.0, 0.0, 4.0])), (2.0, 1.0));
    }
}
