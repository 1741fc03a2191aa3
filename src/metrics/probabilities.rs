use super::pair;
use super::samples::Samples;
use crate::linalg::carried::Sum;
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// Mean negative log-likelihood, natural logarithm: of n×1 probabilities of class 1 for targets in [0, 1],
/// −mean(y ln p + (1 − y) ln(1 − p)); of n×c class probabilities for one-hot targets (or rows with sum 1),
/// −mean(Σ_c y_c ln p_c).
///
/// A probability of exactly 0 for what happened costs infinity, and infinity is what is returned. Probabilities that rounding
/// has left outside of [0, 1] by at most 8 units in the last place of `T` at 1 are taken as 0 and 1.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity in the input. [`Error::Target`] for targets that
/// [`CrossEntropy`](crate::CrossEntropy) does not accept, [`Error::Probability`] for a prediction outside of [0, 1],
/// [`Error::ProbabilitySum`] for class probabilities whose sum is off 1 by more than 1e-5 and 4 c units in the last place.
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
    log_loss_of(y.into(), prediction.into(), None)
}

pub(super) fn log_loss_of<T: Real>(y: DMatrixView<'_, T>, p: DMatrixView<'_, T>, weights: Option<&[T]>) -> Result<f64> {
    // 0 · ln 0 is 0: what cannot happen and did not costs nothing.
    let cost = |y: f64, log: f64| if y > 0.0 { -y * log } else { 0.0 };
    let binary = y.ncols() == 1;
    mean(y, p, weights, |y, p| cost(y, p.ln()) + if binary { cost(1.0 - y, (-p).ln_1p()) } else { 0.0 })
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
    brier_of(y.into(), prediction.into(), None)
}

pub(super) fn brier_of<T: Real>(y: DMatrixView<'_, T>, p: DMatrixView<'_, T>, weights: Option<&[T]>) -> Result<f64> {
    mean(y, p, weights, |y, p| (y - p) * (y - p))
}

/// Σ w cost / Σ w over all entries, after the checks of the rows of positive weight.
fn mean<T: Real>(
    y: DMatrixView<'_, T>,
    p: DMatrixView<'_, T>,
    weights: Option<&[T]>,
    cost: impl Fn(f64, f64) -> f64,
) -> Result<f64> {
    pair(y, p)?;
    if let Some(weights) = weights {
        Samples::weighted(y, p, weights)?;
    }
    class_targets(y, weights)?;
    class_probabilities(p, weights)?;
    // Only ratios count, and costs have a natural scale: shares of the largest weight are neither too large nor too small.
    let largest = weights.map_or(1.0, |w| w.iter().fold(0.0, |max: f64, w| max.max(w.to_f64())));
    let share = |i: usize| weights.map_or(1.0, |w| w[i].to_f64() / largest);
    let mut sum = Sum::default();
    for c in 0..y.ncols() {
        for i in (0..y.nrows()).filter(|&i| weighs(weights, i)) {
            let cost = cost(y[(i, c)].to_f64(), p[(i, c)].to_f64().clamp(0.0, 1.0));
            // A share may have underflowed to 0, and 0 · ∞ is no number.
            if cost.is_infinite() {
                return Ok(cost);
            }
            sum.add(share(i) * cost);
        }
    }
    let mut whole = Sum::default();
    (0..y.nrows()).for_each(|i| whole.add(share(i)));
    Ok(sum.value() / whole.value())
}

fn weighs<T: Real>(weights: Option<&[T]>, row: usize) -> bool {
    weights.is_none_or(|w| w[row] > T::zero())
}

/// Targets as [`CrossEntropy`](crate::CrossEntropy) accepts them, in the rows of positive weight: one column of numbers in
/// [0, 1], or rows with sum 1.
pub(crate) fn class_targets<T: Real>(y: DMatrixView<'_, T>, weights: Option<&[T]>) -> Result<()> {
    let legal = |row: usize| {
        if y.ncols() == 1 {
            return y[(row, 0)] >= T::zero() && y[(row, 0)] <= T::one();
        }
        let entries = || (0..y.ncols()).map(|c| y[(row, c)].to_f64());
        entries().all(|y| y >= 0.0) && (entries().sum::<f64>() - 1.0).abs() <= 1e-5
    };
    let needs =
        if y.ncols() == 1 { "numbers in [0, 1]" } else { "numbers of at least 0 with sum 1, as one-hot rows are" };
    let bad = (0..y.nrows()).find(|&row| weighs(weights, row) && !legal(row));
    bad.map_or(Ok(()), |row| Err(Error::Target { row, needs }))
}

/// Targets that say one class: 0 or 1 in one column, or one-hot rows.
pub(super) fn one_hot_targets<T: Real>(y: DMatrixView<'_, T>) -> Result<()> {
    class_targets(y, None)?;
    let sure = |row: usize| (0..y.ncols()).all(|c| y[(row, c)] == T::zero() || y[(row, c)] == T::one());
    let needs = if y.ncols() == 1 { "0 or 1" } else { "a 1 for one class and 0 for the others" };
    (0..y.nrows()).find(|&row| !sure(row)).map_or(Ok(()), |row| Err(Error::Target { row, needs }))
}

/// One column of probabilities, or rows of class probabilities with sum 1, up to rounding, in the rows of positive weight.
pub(crate) fn class_probabilities<T: Real>(p: DMatrixView<'_, T>, weights: Option<&[T]>) -> Result<()> {
    let ulp = T::default_epsilon().to_f64();
    let legal = -8.0 * ulp..=1.0 + 8.0 * ulp;
    for column in 0..p.ncols() {
        for row in (0..p.nrows()).filter(|&row| weighs(weights, row)) {
            let value = p[(row, column)].to_f64();
            if !legal.contains(&value) {
                return Err(Error::Probability { row, column, value });
            }
        }
    }
    if p.ncols() == 1 {
        return Ok(());
    }
    let tolerance = 1e-5 + 4.0 * p.ncols() as f64 * ulp;
    for row in (0..p.nrows()).filter(|&row| weighs(weights, row)) {
        let sum: f64 = (0..p.ncols()).map(|c| p[(row, c)].to_f64()).sum();
        if (sum - 1.0).abs() > tolerance {
            return Err(Error::ProbabilitySum { row, sum });
        }
    }
    Ok(())
}
