use super::{entries, pair};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// Mean negative log-likelihood, natural logarithm: of n×1 probabilities of class 1 for targets in [0, 1],
/// −mean(y ln p + (1 − y) ln(1 − p)); of n×c class probabilities for one-hot targets, −mean(Σ_c y_c ln p_c).
///
/// A probability of exactly 0 for what happened costs infinity, and infinity is what is returned.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity in the input, [`Error::Undefined`] for numbers outside [0, 1].
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let loss = metrics::log_loss(&dvector![1.0, 0.0], &dvector![0.5, 0.75])?;
/// assert!((loss - 1.5 * 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn log_loss<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let (y, p) = (y.into(), prediction.into());
    probabilities(y, p)?;
    // 0 · ln 0 is 0: what cannot happen and did not costs nothing.
    let cost = |y: f64, log: f64| if y > 0.0 { -y * log } else { 0.0 };
    let binary = y.ncols() == 1;
    let each = |(y, p): (f64, f64)| cost(y, p.ln()) + if binary { cost(1.0 - y, (-p).ln_1p()) } else { 0.0 };
    Ok(entries(y, p).map(each).sum::<f64>() / y.nrows() as f64)
}

/// Brier score, the mean squared error of probabilities: mean (y − p)² for n×1, mean Σ_c (y_c − p_c)² for n×c. 0 is perfect.
///
/// # Errors
/// As [`log_loss`].
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// assert_eq!(metrics::brier(&dvector![1.0, 0.0], &dvector![0.5, 0.75])?, 0.40625);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn brier<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    let (y, p) = (y.into(), prediction.into());
    probabilities(y, p)?;
    Ok(entries(y, p).map(|(y, p)| (y - p).powi(2)).sum::<f64>() / y.nrows() as f64)
}

fn probabilities<T: Real>(y: DMatrixView<'_, T>, p: DMatrixView<'_, T>) -> Result<()> {
    pair(y, p)?;
    // Single precision sums to 1 give or take a digit.
    let top = 1.0 + 8.0 * T::default_epsilon().to_f64();
    let legal = |v: f64| (0.0..=top).contains(&v);
    if entries(y, p).all(|(y, p)| legal(y) && legal(p)) {
        return Ok(());
    }
    Err(Error::Undefined { what: "a score of probabilities", why: "some number is outside [0, 1]" })
}
