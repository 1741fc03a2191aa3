use super::samples::{Samples, Term, fitting};
use crate::special::{Deviance, Number};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// Mean Poisson deviance: the mean of 2 (y ln(y/ŷ) − y + ŷ), with 0 ln 0 = 0.
///
/// Never below 0, and 0 only for a perfect prediction: it keeps its digits where y and ŷ are close.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity, and [`Error::Undefined`] for a target below 0 or a prediction that is not above.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let deviance = metrics::poisson_deviance(&dvector![1e8], &dvector![1e8 + 1.0])?;
/// assert!((deviance / 9.999999933333334e-9 - 1.0).abs() < 1e-14);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 2.3.
pub fn poisson_deviance<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    mean(y.into(), prediction.into(), 1.0, "the Poisson deviance")
}

/// Mean gamma deviance: the mean of 2 (ln(ŷ/y) + y/ŷ − 1). It does not depend on the unit of y and ŷ.
///
/// # Errors
/// As [`poisson_deviance`], and [`Error::Undefined`] for a target or prediction that is not above 0.
///
/// Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 2.3.
pub fn gamma_deviance<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    mean(y.into(), prediction.into(), 2.0, "the gamma deviance")
}

/// Mean deviance of Tweedie's family, whose variance grows as the mean to this power p: the mean of 2 ∫ (y − t) t⁻ᵖ dt
/// from ŷ to y, which is 2 (y²⁻ᵖ / ((1 − p)(2 − p)) − y ŷ¹⁻ᵖ / (1 − p) + ŷ²⁻ᵖ / (2 − p)) where p is neither 1 nor 2.
///
/// 0 is the squared error, 1 the [`poisson_deviance`], 2 the [`gamma_deviance`], 3 the inverse Gaussian's; p near 1 and 2 is
/// as accurate as any other. For p < 0 targets may be below 0, where the first term is left out.
///
/// # Errors
/// [`Error::Config`] for a power between 0 and 1, where no such family exists, or beyond ± 1000. As [`poisson_deviance`] for
/// p < 2, with targets of any sign for p ≤ 0 and predictions too for p = 0; as [`gamma_deviance`] from 2 on.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let (y, prediction) = (dvector![0.0, 3.0], dvector![1.0, 2.0]);
/// let found = metrics::tweedie_deviance(&y, &prediction, 1.5)?;
/// // 4 √ŷ for a target of 0, 4 (√ŷ + y/√ŷ − 2 √y) for one above.
/// let each = [4.0, 4.0 * (2f64.sqrt() + 3.0 / 2f64.sqrt() - 2.0 * 3f64.sqrt())];
/// assert!((found - 0.5 * (each[0] + each[1])).abs() < 1e-14);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Jørgensen (1987), Journal of the Royal Statistical Society B 49.
pub fn tweedie_deviance<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    power: f64,
) -> Result<f64> {
    if !((-1000.0..=0.0).contains(&power) || (1.0..=1000.0).contains(&power)) {
        return Err(Error::Config { name: "power", needs: "from -1000 to 0 or from 1 to 1000" });
    }
    mean(y.into(), prediction.into(), power, "the Tweedie deviance")
}

impl Term for Deviance {
    #[inline(always)]
    fn of<N: Number>(&self, y: f64, prediction: f64) -> N {
        self.unit(y, prediction)
    }
}

fn mean<T: Real>(y: DMatrixView<'_, T>, prediction: DMatrixView<'_, T>, power: f64, what: &'static str) -> Result<f64> {
    let samples = Samples::new(y, prediction)?;
    let deviance = Deviance { power };
    for (y, p) in samples.entries() {
        deviance.allows(y, p).map_err(|why| Error::Undefined { what, why })?;
    }
    fitting(samples.mean(&deviance), what)
}
