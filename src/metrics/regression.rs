use super::{entries, pair};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// Mean squared error: the mean of (y − ŷ)² over samples and outputs.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity.
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
    mean(y.into(), prediction.into(), |error| error * error)
}

/// Root mean squared error: √[`mse`].
///
/// # Errors
/// As [`mse`].
pub fn rmse<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    mse(y, prediction).map(f64::sqrt)
}

/// Mean absolute error: the mean of |y − ŷ| over samples and outputs.
///
/// # Errors
/// As [`mse`].
pub fn mae<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    mean(y.into(), prediction.into(), f64::abs)
}

fn mean<T: Real>(y: DMatrixView<'_, T>, prediction: DMatrixView<'_, T>, size: impl Fn(f64) -> f64) -> Result<f64> {
    pair(y, prediction)?;
    Ok(entries(y, prediction).map(|(y, p)| size(y - p)).sum::<f64>() / y.len() as f64)
}

/// R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)², the share of the variance that the prediction explains: 1 is perfect, 0 as good as the
/// mean, below 0 worse. With more outputs, the mean of their R².
///
/// # Errors
/// As [`mse`], and [`Error::Undefined`] where an output is constant (as with one sample).
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
    let (y, prediction) = (y.into(), prediction.into());
    pair(y, prediction)?;
    let mut total = 0.0;
    for c in 0..y.ncols() {
        let (y, prediction) = (y.columns(c, 1), prediction.columns(c, 1));
        let mean = y.iter().map(|y| y.to_f64()).sum::<f64>() / y.len() as f64;
        let spread: f64 = y.iter().map(|y| (y.to_f64() - mean).powi(2)).sum();
        // Rounding of the mean leaves a constant y with a spread of its own.
        let first = y[(0, 0)];
        if spread <= 0.0 || y.iter().all(|&y| y == first) {
            return Err(Error::Undefined { what: "R²", why: "y is constant; it needs targets that differ" });
        }
        total += 1.0 - entries(y, prediction).map(|(y, p)| (y - p).powi(2)).sum::<f64>() / spread;
    }
    Ok(total / y.ncols() as f64)
}
