use super::{entries, pair};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// The median of |y − ŷ| over samples and outputs; of an even number of errors, the mean of the middle two.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let (y, prediction) = (dvector![1.0, 2.0, 4.0], dvector![1.5, 2.0, 9.0]);
/// assert_eq!(metrics::median_absolute_error(&y, &prediction)?, 0.5);
/// assert_eq!(metrics::max_error(&y, &prediction)?, 5.0);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn median_absolute_error<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let mut errors = terms(y.into(), prediction.into(), |y, p| (y - p).abs())?;
    errors.sort_by(f64::total_cmp);
    Ok(median(&errors))
}

/// The largest |y − ŷ| over samples and outputs.
///
/// # Errors
/// As [`median_absolute_error`].
pub fn max_error<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    Ok(terms(y.into(), prediction.into(), |y, p| (y - p).abs())?.into_iter().fold(0.0, f64::max))
}

/// Mean absolute percentage error, as a share: the mean of |y − ŷ| / |y|.
///
/// # Errors
/// As [`median_absolute_error`], and [`Error::Undefined`] where a target is 0.
pub fn mape<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    let (y, prediction) = (y.into(), prediction.into());
    let errors = terms(y, prediction, |y, p| (y - p).abs() / y.abs())?;
    needs(y, |y| y != 0.0, "the percentage error", "a target is 0")?;
    Ok(mean(&errors))
}

/// Mean squared logarithmic error: the mean of (ln(1 + y) − ln(1 + ŷ))².
///
/// # Errors
/// As [`median_absolute_error`], and [`Error::Undefined`] where a target or prediction is −1 or less.
pub fn msle<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    let (y, prediction) = (y.into(), prediction.into());
    let errors = terms(y, prediction, |y, p| (y.ln_1p() - p.ln_1p()).powi(2))?;
    for values in [y, prediction] {
        needs(values, |v| v > -1.0, "the logarithmic error", "a target or prediction is -1 or less")?;
    }
    Ok(mean(&errors))
}

/// Mean pinball loss, which the quantile q of y minimizes: q (y − ŷ) where y ≥ ŷ, (1 − q) (ŷ − y) elsewhere.
///
/// # Errors
/// As [`median_absolute_error`], and [`Error::Config`] for q outside of 0..=1.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// // Too low by 1 costs nine times as much as too high by 1 for the quantile 0.9.
/// assert_eq!(metrics::pinball(&dvector![1.0], &dvector![0.0], 0.9)?, 0.9);
/// assert!((metrics::pinball(&dvector![0.0], &dvector![1.0], 0.9)? - 0.1).abs() < 1e-15);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn pinball<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    quantile: f64,
) -> Result<f64> {
    if !(0.0..=1.0).contains(&quantile) {
        return Err(Error::Config { name: "quantile", needs: "a number from 0 to 1" });
    }
    let loss = |y: f64, p: f64| if y >= p { quantile * (y - p) } else { (1.0 - quantile) * (p - y) };
    Ok(mean(&terms(y.into(), prediction.into(), loss)?))
}

/// Mean Poisson deviance: the mean of 2 (y ln(y/ŷ) − y + ŷ), with 0 ln 0 = 0.
///
/// # Errors
/// As [`median_absolute_error`], and [`Error::Undefined`] for a target below 0 or a prediction that is not above.
///
/// Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 2.3.
pub fn poisson_deviance<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let (y, prediction) = (y.into(), prediction.into());
    let term = |y: f64, p: f64| 2.0 * (if y > 0.0 { y * (y / p).ln() } else { 0.0 } - y + p);
    let terms = terms(y, prediction, term)?;
    needs(y, |y| y >= 0.0, "the Poisson deviance", "a target is below 0")?;
    needs(prediction, |p| p > 0.0, "the Poisson deviance", "a prediction is not above 0")?;
    Ok(mean(&terms))
}

/// Mean gamma deviance: the mean of 2 (ln(ŷ/y) + y/ŷ − 1).
///
/// # Errors
/// As [`median_absolute_error`], and [`Error::Undefined`] for a target or prediction that is not above 0.
///
/// Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 2.3.
pub fn gamma_deviance<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let (y, prediction) = (y.into(), prediction.into());
    let terms = terms(y, prediction, |y, p| 2.0 * ((p / y).ln() + y / p - 1.0))?;
    for values in [y, prediction] {
        needs(values, |v| v > 0.0, "the gamma deviance", "a target or prediction is not above 0")?;
    }
    Ok(mean(&terms))
}

/// 1 − Var(y − ŷ) / Var(y), for one output: as [`r2`](super::r2), but a constant offset of the prediction costs nothing.
///
/// # Errors
/// As [`r2`](super::r2), for one column.
pub fn explained_variance<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let y = y.into();
    let errors = one_output(y, prediction.into())?;
    let targets: Vec<f64> = y.iter().map(|y| y.to_f64()).collect();
    let spread = |v: &[f64]| {
        let centre = mean(v);
        v.iter().map(|v| (v - centre).powi(2)).sum::<f64>()
    };
    share(spread(&errors), spread(&targets), &targets, "the explained variance")
}

/// 1 − Σ |y − ŷ| / Σ |y − median y|, for one output: R² of absolute errors.
///
/// # Errors
/// As [`r2`](super::r2), for one column.
pub fn d2_absolute_error<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let y = y.into();
    let errors = one_output(y, prediction.into())?;
    let mut targets: Vec<f64> = y.iter().map(|y| y.to_f64()).collect();
    targets.sort_by(f64::total_cmp);
    let middle = median(&targets);
    let spread = targets.iter().map(|y| (y - middle).abs()).sum();
    share(errors.iter().map(|e| e.abs()).sum(), spread, &targets, "D²")
}

/// One number an entry, after the checks of sizes and numbers.
fn terms<T: Real>(
    y: DMatrixView<'_, T>,
    prediction: DMatrixView<'_, T>,
    term: impl Fn(f64, f64) -> f64,
) -> Result<Vec<f64>> {
    pair(y, prediction)?;
    Ok(entries(y, prediction).map(|(y, p)| term(y, p)).collect())
}

/// y − ŷ of one column.
fn one_output<T: Real>(y: DMatrixView<'_, T>, prediction: DMatrixView<'_, T>) -> Result<Vec<f64>> {
    let errors = terms(y, prediction, |y, p| y - p)?;
    if y.ncols() != 1 {
        return Err(Error::Shape { what: "columns of y", expected: 1, found: y.ncols() });
    }
    Ok(errors)
}

fn needs<T: Real>(
    values: DMatrixView<'_, T>,
    legal: impl Fn(f64) -> bool,
    what: &'static str,
    why: &'static str,
) -> Result<()> {
    if values.iter().all(|v| legal(v.to_f64())) { Ok(()) } else { Err(Error::Undefined { what, why }) }
}

/// 1 − part / whole, unless all targets are equal.
fn share(part: f64, whole: f64, targets: &[f64], what: &'static str) -> Result<f64> {
    if whole <= 0.0 || targets.iter().all(|y| *y == targets[0]) {
        return Err(Error::Undefined { what, why: "y is constant; it needs targets that differ" });
    }
    Ok(1.0 - part / whole)
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

/// Of sorted numbers.
fn median(v: &[f64]) -> f64 {
    0.5 * (v[(v.len() - 1) / 2] + v[v.len() / 2])
}
