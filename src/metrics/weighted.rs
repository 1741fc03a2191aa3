use super::{entries, pair};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// [`mse`](super::mse) with one weight a sample: Σ wᵢ (y − ŷ)² / Σ w, averaged over the outputs.
///
/// # Errors
/// As [`mse`](super::mse), [`Error::Shape`] unless there is one weight a sample, [`Error::Weight`] for a negative or
/// non-finite one, [`Error::NoWeight`] if all are 0.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let (y, prediction) = (dvector![1.0, 2.0], dvector![2.0, 5.0]);
/// assert_eq!(metrics::weighted_mse(&y, &prediction, &[3.0, 1.0])?, 3.0);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn weighted_mse<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    weights: &[T],
) -> Result<f64> {
    mean(y.into(), prediction.into(), weights, |error| error * error)
}

/// [`mae`](super::mae) with one weight a sample: Σ wᵢ |y − ŷ| / Σ w, averaged over the outputs.
///
/// # Errors
/// As [`weighted_mse`].
pub fn weighted_mae<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    weights: &[T],
) -> Result<f64> {
    mean(y.into(), prediction.into(), weights, f64::abs)
}

/// [`r2`](super::r2) with one weight a sample: 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², ȳ the weighted mean; with more outputs, the
/// mean of their R².
///
/// # Errors
/// As [`weighted_mse`], and [`Error::Undefined`] where an output is constant over the samples that weigh.
pub fn weighted_r2<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    weights: &[T],
) -> Result<f64> {
    let (y, prediction) = (y.into(), prediction.into());
    let (w, total) = checked(y, prediction, weights)?;
    let mut sum = 0.0;
    for c in 0..y.ncols() {
        let column: Vec<(f64, f64)> = entries(y.columns(c, 1), prediction.columns(c, 1)).collect();
        let weighing = || column.iter().zip(&w).filter(|&(_, &w)| w > 0.0);
        let centre = weighing().map(|((y, _), w)| w * y).sum::<f64>() / total;
        let spread: f64 = weighing().map(|((y, _), w)| w * (y - centre).powi(2)).sum();
        let first = weighing().next().map(|((y, _), _)| *y);
        if spread <= 0.0 || weighing().all(|((y, _), _)| Some(*y) == first) {
            return Err(Error::Undefined { what: "R²", why: "y is constant; it needs targets that differ" });
        }
        sum += 1.0 - weighing().map(|((y, p), w)| w * (y - p).powi(2)).sum::<f64>() / spread;
    }
    Ok(sum / y.ncols() as f64)
}

fn mean<T: Real>(
    y: DMatrixView<'_, T>,
    prediction: DMatrixView<'_, T>,
    weights: &[T],
    size: impl Fn(f64) -> f64,
) -> Result<f64> {
    let (w, total) = checked(y, prediction, weights)?;
    let terms = entries(y, prediction).zip(w.iter().cycle()).map(|((y, p), w)| w * size(y - p));
    Ok(terms.sum::<f64>() / (total * y.ncols() as f64))
}

/// The weights and their sum, after all checks.
pub(super) fn checked<T: Real>(
    y: DMatrixView<'_, T>,
    prediction: DMatrixView<'_, T>,
    weights: &[T],
) -> Result<(Vec<f64>, f64)> {
    pair(y, prediction)?;
    if weights.len() != y.nrows() {
        return Err(Error::Shape { what: "number of weights", expected: y.nrows(), found: weights.len() });
    }
    let w: Vec<f64> = weights.iter().map(|w| w.to_f64()).collect();
    if let Some(row) = w.iter().position(|w| !(*w >= 0.0 && w.is_finite())) {
        return Err(Error::Weight { row, value: w[row] });
    }
    let total: f64 = w.iter().sum();
    if total > 0.0 { Ok((w, total)) } else { Err(Error::NoWeight) }
}
