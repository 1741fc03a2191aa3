use super::samples::{Samples, Size, Term, fitting, share};
use crate::special::{Number, Wide};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;
use std::cmp::Ordering;

/// The median of |y − ŷ| over samples and outputs; of an even number of errors, the mean of the middle two.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity, and an answer that no f64 holds.
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
    let samples = Samples::new(y.into(), prediction.into())?;
    let mut errors: Vec<Wide> = samples.entries().map(|(y, p)| Size.of(y, p)).collect();
    errors.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    let [low, high] = [errors[(errors.len() - 1) / 2], errors[errors.len() / 2]];
    fitting((low + high).scaled(-1), "the median absolute error")
}

/// The largest |y − ŷ| over samples and outputs.
///
/// # Errors
/// As [`median_absolute_error`].
pub fn max_error<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let samples = Samples::new(y.into(), prediction.into())?;
    let larger = |a: Wide, b: Wide| if b > a { b } else { a };
    fitting(samples.entries().map(|(y, p)| Size.of(y, p)).fold(Wide::ZERO, larger), "the largest error")
}

/// Mean absolute percentage error, as a share: the mean of |y − ŷ| / |y|.
///
/// # Errors
/// As [`median_absolute_error`], and [`Error::Undefined`] where a target is 0.
pub fn mape<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    const WHAT: &str = "the percentage error";
    let samples = Samples::new(y.into(), prediction.into())?;
    if samples.entries().any(|(y, _)| y == 0.0) {
        return Err(Error::Undefined { what: WHAT, why: "a target is 0" });
    }
    fitting(samples.mean(&Relative), WHAT)
}

/// |y − ŷ| / |y|.
struct Relative;

impl Term for Relative {
    #[inline(always)]
    fn of<N: Number>(&self, y: f64, prediction: f64) -> N {
        N::difference(y, prediction).abs() / N::new(y).abs()
    }
}

/// Mean squared logarithmic error: the mean of (ln(1 + y) − ln(1 + ŷ))².
///
/// # Errors
/// As [`median_absolute_error`], and [`Error::Undefined`] where a target or prediction is −1 or less.
pub fn msle<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    const WHAT: &str = "the logarithmic error";
    let samples = Samples::new(y.into(), prediction.into())?;
    if samples.entries().any(|(y, p)| y.min(p) <= -1.0) {
        return Err(Error::Undefined { what: WHAT, why: "a target or prediction is -1 or less" });
    }
    fitting(samples.mean(&Logarithmic), WHAT)
}

/// (ln(1 + y) − ln(1 + ŷ))².
struct Logarithmic;

impl Term for Logarithmic {
    #[inline(always)]
    fn of<N: Number>(&self, y: f64, prediction: f64) -> N {
        let error = N::new(log_ratio(y, prediction));
        error * error
    }
}

/// ln((1 + y) / (1 + p)), to the last digits also where y and p are close or tiny.
fn log_ratio(y: f64, p: f64) -> f64 {
    let ratio = (1.0 + y) / (1.0 + p);
    if (0.5..=2.0).contains(&ratio) {
        return ((y - p) / (1.0 + p)).ln_1p();
    }
    if ratio.is_normal() { ratio.ln() } else { y.ln_1p() - p.ln_1p() }
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
    fitting(Samples::new(y.into(), prediction.into())?.mean(&Tilted(quantile)), "the pinball loss")
}

/// q |y − ŷ| below y, (1 − q) |y − ŷ| above.
struct Tilted(f64);

impl Term for Tilted {
    #[inline(always)]
    fn of<N: Number>(&self, y: f64, prediction: f64) -> N {
        N::new(if y >= prediction { self.0 } else { 1.0 - self.0 }) * N::difference(y, prediction).abs()
    }
}

/// 1 − Var(y − ŷ) / Var(y), for one output: as [`r2`](super::r2), but a constant offset of the prediction costs nothing.
///
/// # Errors
/// As [`r2`](super::r2), for one column.
pub fn explained_variance<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let samples = Samples::new(y.into(), prediction.into())?.one_output()?;
    share(samples.spread_of_errors(0), samples.spread(0), "the explained variance")
}

/// 1 − Σ |y − ŷ| / Σ |y − median y|, for one output: R² of absolute errors.
///
/// # Errors
/// As [`r2`](super::r2), for one column.
pub fn d2_absolute_error<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let samples = Samples::new(y.into(), prediction.into())?.one_output()?;
    let mut targets: Vec<f64> = samples.entries().map(|(y, _)| y).collect();
    targets.sort_unstable_by(f64::total_cmp);
    // Any number between the middle two gives the same sum; with one of them no difference is rounded twice.
    let middle = targets[(targets.len() - 1) / 2];
    share(samples.sum(0, &Size), samples.sum(0, &From(middle)), "D²")
}

/// |y − c|.
struct From(f64);

impl Term for From {
    #[inline(always)]
    fn of<N: Number>(&self, y: f64, _: f64) -> N {
        N::difference(y, self.0).abs()
    }
}
