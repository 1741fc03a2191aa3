//! Which covariance.

use crate::{Error, Result};

/// How the covariance of the estimates is computed: from the model, or robust to variances that differ (or a model that is
/// wrong) in the sandwich form B (X' D X) B, B = (X' W X)⁻¹.
///
/// With eᵢ the residual, wᵢ the weight, h the leverage, n rows and p coefficients, D is diagonal with
///
/// | | dᵢ |
/// |---|---|
/// | `Classical` | none: σ² B (logistic: B, the inverse information) |
/// | `Hc0` | (w e)² |
/// | `Hc1` | (w e)² n / (n − p) |
/// | `Hc2` | (w e)² / (1 − h) |
/// | `Hc3` | (w e)² / (1 − h)² |
///
/// Source: White (1980), Econometrica 48; MacKinnon and White (1985), Journal of Econometrics 29.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Covariance {
    /// As the model says.
    #[default]
    Classical,
    /// White's.
    Hc0,
    /// With n / (n − p).
    Hc1,
    /// Unbiased under equal variances.
    Hc2,
    /// Close to the jackknife; the safe choice in small samples.
    Hc3,
}

/// Above this leverage the row's own target decides its fitted value, and what divides by 1 − h has no value.
pub(super) const DECIDED: f64 = 1.0 - 1e-12;

impl Covariance {
    /// dᵢ / (w e)² of a robust form for a row of leverage h, with n rows and `df` = n − p.
    pub(crate) fn stretch(self, n: f64, df: f64, h: f64) -> f64 {
        match self {
            Self::Hc1 => n / df,
            Self::Hc2 => 1.0 / (1.0 - h),
            Self::Hc3 => 1.0 / ((1.0 - h) * (1.0 - h)),
            Self::Classical | Self::Hc0 => 1.0,
        }
    }

    /// Whether this form has a value for rows of these leverages and so many degrees of freedom.
    pub(crate) fn defined(self, leverage: &[f64], df: f64) -> Result<()> {
        let what = "this robust covariance";
        if matches!(self, Self::Hc2 | Self::Hc3) && leverage.iter().any(|&h| h > DECIDED) {
            let why = "a row has leverage 1, its residual is 0 whatever its target; use Hc0 or Hc1";
            return Err(Error::Undefined { what, why });
        }
        if self == Self::Hc1 && df <= 0.0 {
            let why = "there are as many coefficients as samples, and n / (n - p) has no value; use Hc0";
            return Err(Error::Undefined { what, why });
        }
        Ok(())
    }
}
