use super::samples::{Samples, Size, Square, fitting, share};
use crate::{Real, Result};
use nalgebra::DMatrixView;

/// Mean squared error: the mean of (y − ŷ)² over samples and outputs.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity; [`Error::Undefined`](crate::Error::Undefined) for errors so large or so small
/// that their squares are out of the range of f64 (about 1e154 and 1e-162), where [`rmse`] still works.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let (y, prediction) = (dvector![1.0, 2.0, 4.0], dvector![1.0, 3.0, 2.0]);
/// assert_eq!(metrics::mse(&y, &prediction)?, 5.0 / 3.0);
/// assert_eq!(metrics::mae(&y, &prediction)?, 1.0);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn mse<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    mean_square(&Samples::new(y.into(), prediction.into())?)
}

/// Root mean squared error: √[`mse`], for errors of any size.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity, and an answer that no f64 holds.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// assert_eq!(metrics::rmse(&dvector![3e200, 4e200], &dvector![0.0, 0.0])?, 12.5f64.sqrt() * 1e200);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn rmse<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    let samples = Samples::new(y.into(), prediction.into())?;
    fitting(samples.mean(&Square).sqrt(), "the root mean squared error")
}

/// Mean absolute error: the mean of |y − ŷ| over samples and outputs.
///
/// # Errors
/// As [`rmse`].
pub fn mae<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    mean_size(&Samples::new(y.into(), prediction.into())?)
}

/// R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)², the share of the variance that the prediction explains: 1 is perfect, 0 as good as the
/// mean, below 0 worse. With more outputs, the mean of their R².
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity, and [`Error::Undefined`](crate::Error::Undefined) where an output is constant
/// (as with one sample).
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let y = dvector![1.0, 2.0, 3.0];
/// assert_eq!(metrics::r2(&y, &dvector![1.0, 2.0, 2.0])?, 0.5);
/// assert!(metrics::r2(&dvector![7.0, 7.0], &dvector![7.0, 6.0]).is_err());
/// # Ok::<(), residual::Error>(())
/// ```
pub fn r2<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    explained(&Samples::new(y.into(), prediction.into())?)
}

pub(super) fn mean_square<T: Real>(samples: &Samples<'_, T>) -> Result<f64> {
    fitting(samples.mean(&Square), "the mean squared error")
}

pub(super) fn mean_size<T: Real>(samples: &Samples<'_, T>) -> Result<f64> {
    fitting(samples.mean(&Size), "the mean absolute error")
}

/// R².
pub(super) fn explained<T: Real>(samples: &Samples<'_, T>) -> Result<f64> {
    let each = (0..samples.outputs()).map(|c| share(samples.sum(c, &Square), samples.spread(c), "R²"));
    Ok(each.sum::<Result<f64>>()? / samples.outputs() as f64)
}
