use super::regression::{explained, mean_size, mean_square};
use super::samples::Samples;
use crate::{Real, Result};
use nalgebra::DMatrixView;

/// [`mse`](super::mse) with one weight per sample: Σ wᵢ (y − ŷ)² / Σ w, averaged over the outputs. Only the ratios of the
/// weights count, and a sample of weight 0 counts for nothing.
///
/// # Errors
/// As [`mse`](super::mse), [`Error::Shape`](crate::Error::Shape) unless there is one weight per sample,
/// [`Error::Weight`](crate::Error::Weight) for a negative or non-finite one, [`Error::NoWeight`](crate::Error::NoWeight) if
/// all are 0.
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
    mean_square(&Samples::weighted(y.into(), prediction.into(), weights)?)
}

/// [`mae`](super::mae) with one weight per sample: Σ wᵢ |y − ŷ| / Σ w, averaged over the outputs.
///
/// # Errors
/// As [`mae`](super::mae), and of the weights as [`weighted_mse`].
pub fn weighted_mae<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    weights: &[T],
) -> Result<f64> {
    mean_size(&Samples::weighted(y.into(), prediction.into(), weights)?)
}

/// [`r2`](super::r2) with one weight per sample: 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², ȳ the weighted mean; with more outputs, the
/// mean of their R².
///
/// # Errors
/// As [`r2`](super::r2) for the samples of positive weight, and of the weights as [`weighted_mse`].
pub fn weighted_r2<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    weights: &[T],
) -> Result<f64> {
    explained(&Samples::weighted(y.into(), prediction.into(), weights)?)
}
