//! What an estimate is worth: standard errors, tests, intervals, influence.
//!
//! `inference` of a fitted linear or logistic model with one output gives an [`Inference`]; its `Display` is the table that
//! people know from R and statsmodels.

mod absent;
mod covariance;
mod distribution;
mod hypotheses;
mod influence;
mod parts;
mod prediction;
mod table;

pub(crate) use absent::counting;
pub use covariance::Covariance;
pub(crate) use hypotheses::Diagnostics;
pub use hypotheses::{ChiSquareTest, FTest, JarqueBera};
pub(crate) use influence::{Influence, Residuals};
pub(crate) use parts::{Alias, Link, Parts, Units};
pub use prediction::Prediction;

use crate::linalg::power::{decimal_exponent, norm, times_power};
use crate::{Error, Result};
use nalgebra::DMatrix;

/// Estimates with all that is known of their quality; the intercept comes first, then the features.
///
/// A feature that depends on earlier ones is *aliased*: as in R, its coefficient is left out, its entries in the slices
/// and in the covariance are NaN (nothing is made up), and [`aliased`](Inference::aliased) names it.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Dataset, LinearRegression, Regressor, inference::Covariance, nalgebra};
/// let (x, y) = (dmatrix![1.0; 2.0; 3.0; 4.0], dvector![3.0, 5.0, 7.0, 10.0]);
/// let data = Dataset::new(&x, &y)?.with_names(["dose"])?;
/// let inference = LinearRegression::new().fit(&data)?.inference(&data, Covariance::Classical)?;
/// // Slope 2.3 with Σe² = 0.3 over two degrees of freedom and Σ(x − x̄)² = 5: its variance is 0.15 / 5.
/// assert_eq!(inference.names(), ["(intercept)", "dose"]);
/// assert!((inference.coefficients()[1] - 2.3).abs() < 1e-14);
/// assert!((inference.standard_errors()[1] - 0.03f64.sqrt()).abs() < 1e-14);
/// println!("{inference}");
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Inference {
    parts: Parts,
    /// The standard errors in the units of the parts.
    own_errors: Vec<f64>,
    coefficients: Vec<f64>,
    standard_errors: Vec<f64>,
    statistics: Vec<f64>,
    p_values: Vec<f64>,
    log_p_values: Vec<f64>,
    covariance: DMatrix<f64>,
    sigma: Option<f64>,
}

impl Inference {
    /// # Errors
    /// [`Error::Range`] for an estimate, a standard error or σ that is too large for f64 in the user's units.
    pub(crate) fn new(parts: Parts) -> Result<Self> {
        let own_errors: Vec<f64> = parts.root.row_iter().map(|row| norm(row.iter().copied())).collect();
        let outward = |what, values: &[f64]| -> Result<Vec<f64>> {
            values.iter().enumerate().map(|(i, &v)| parts.outward(what, v, parts.power(i), i)).collect()
        };
        let (coefficients, standard_errors) =
            (outward("coefficient", &parts.coefficients)?, outward("standard error", &own_errors)?);
        let sigma = parts.sigma.map(|sigma| {
            let (scaled, k) = (times_power(sigma, parts.units.score), parts.units.score);
            let of = || Error::Range {
                what: "residual standard error",
                of: "y".to_string(),
                exponent: decimal_exponent(sigma, k),
            };
            if scaled.is_finite() { Ok(scaled) } else { Err(of()) }
        });
        let sigma = sigma.transpose()?;
        let product = &parts.root * parts.root.transpose();
        let covariance = DMatrix::from_fn(product.nrows(), product.ncols(), |i, j| {
            times_power(product[(i, j)], parts.power(i) + parts.power(j))
        });
        let distribution = parts.distribution();
        let ratio = |(&b, &se): (&f64, &f64)| if b == 0.0 && se == 0.0 { 0.0 } else { b / se };
        let statistics: Vec<f64> = parts.coefficients.iter().zip(&own_errors).map(ratio).collect();
        let tails = statistics.iter().map(|&t| distribution.two_sided(t));
        let (p_values, log_p_values) = tails.map(|tail| (tail.value, tail.ln)).unzip();
        Ok(Self {
            parts,
            own_errors,
            coefficients,
            standard_errors,
            statistics,
            p_values,
            log_p_values,
            covariance,
            sigma,
        })
    }

    /// `(intercept)` where there is one, then the features: their names, or `x0`, `x1`, ...
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.parts.names
    }

    /// The estimates.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The standard errors: square roots of the covariance's diagonal.
    #[must_use]
    pub fn standard_errors(&self) -> &[f64] {
        &self.standard_errors
    }

    /// Estimate over standard error: t for a linear model, z for a logistic one.
    #[must_use]
    pub fn statistics(&self) -> &[f64] {
        &self.statistics
    }

    /// Two-sided probabilities of a larger statistic if the coefficient were 0, by Student's t with
    /// [`degrees_of_freedom`](Inference::degrees_of_freedom), or by the normal distribution for z.
    #[must_use]
    pub fn p_values(&self) -> &[f64] {
        &self.p_values
    }

    /// Natural logarithms of the [`p_values`](Inference::p_values), also where those underflow to 0: for z = 60 the p-value
    /// is e^−1804.3, far below the smallest number.
    #[must_use]
    pub fn log_p_values(&self) -> &[f64] {
        &self.log_p_values
    }

    /// Positions (in the slices above) of coefficients that cannot be estimated beside the others.
    #[must_use]
    pub fn aliased(&self) -> Vec<usize> {
        self.parts.aliased.iter().map(|a| a.feature + usize::from(self.parts.intercept)).collect()
    }

    /// Confidence intervals of the coefficients: estimate ± quantile · standard error.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < level < 1, [`Error::Range`] for an end that is too large for f64.
    pub fn intervals(&self, level: f64) -> Result<Vec<(f64, f64)>> {
        let quantile = self.quantile(level)?;
        let end = |i: usize, sign: f64| {
            let own = self.parts.coefficients[i] + sign * quantile * self.own_errors[i];
            self.parts.outward("confidence interval", own, self.parts.power(i), i)
        };
        (0..self.coefficients.len()).map(|i| Ok((end(i, -1.0)?, end(i, 1.0)?))).collect()
    }

    /// Odds ratios of a logistic model, by how much the odds multiply when the feature grows by 1, with confidence intervals:
    /// (e^b, e^(b − quantile · standard error), e^(b + quantile · standard error)).
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < level < 1, [`Error::Undefined`] for a linear model, [`Error::Range`] for a number that is too
    /// large for f64: a step of 1 is then too long for that feature, and it should have a larger unit.
    pub fn odds_ratios(&self, level: f64) -> Result<Vec<(f64, f64, f64)>> {
        let intervals = self.intervals(level)?;
        if self.parts.link != Link::Logit {
            return Err(Error::Undefined { what: "an odds ratio", why: "the model is linear; it has no odds" });
        }
        let ratio = |i: usize, score: f64| match score.exp() {
            ratio if ratio.is_infinite() => {
                let exponent = (score * std::f64::consts::LOG10_E).min(f64::from(i32::MAX)) as i32;
                Err(Error::Range { what: "odds ratio", of: self.parts.names[i].clone(), exponent })
            }
            ratio => Ok(ratio),
        };
        let all = self.coefficients.iter().zip(intervals).enumerate();
        all.map(|(i, (&b, (low, high)))| Ok((ratio(i, b)?, ratio(i, low)?, ratio(i, high)?))).collect()
    }

    /// The covariance of the estimates, in the form that was asked for.
    ///
    /// Where standard errors are near the square root of the range of f64, products of them are not in it: such an entry is
    /// infinite or 0. [`standard_errors`](Inference::standard_errors) and [`correlation`](Inference::correlation) have all
    /// their digits then.
    #[must_use]
    pub fn covariance(&self) -> &DMatrix<f64> {
        &self.covariance
    }

    /// The correlation of the estimates: covariance over the product of the standard errors, whatever the units. NaN for
    /// aliased coefficients, and where a standard error is 0.
    #[must_use]
    pub fn correlation(&self) -> DMatrix<f64> {
        let mut root = self.parts.root.clone();
        for (i, mut row) in root.row_iter_mut().enumerate() {
            row /= self.own_errors[i];
        }
        let mut correlation = &root * root.transpose();
        for i in 0..root.nrows() {
            // Exactly, as it is by definition.
            correlation[(i, i)] /= correlation[(i, i)];
        }
        correlation
    }

    /// The log-likelihood at its maximum. For a linear model that is the Gaussian one with variance Σ w e² / n, weights as
    /// precisions: −n/2 (ln 2π + ln(Σ w e² / n) + 1) + ½ Σ ln w.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.parts.log_likelihood
    }

    /// Akaike's criterion, −2 log-likelihood + 2 m; m counts σ of a linear model among the parameters, as R does. statsmodels
    /// does not: its number is this less 2.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * self.parts.parameters as f64 - 2.0 * self.parts.log_likelihood
    }

    /// The Bayesian criterion, −2 log-likelihood + m ln n; m as in [`aic`](Inference::aic). That of statsmodels is this less
    /// ln n for a linear model.
    #[must_use]
    pub fn bic(&self) -> f64 {
        (self.parts.observations as f64).ln() * self.parts.parameters as f64 - 2.0 * self.parts.log_likelihood
    }

    /// n, the rows of positive weight.
    #[must_use]
    pub fn observations(&self) -> usize {
        self.parts.observations
    }

    /// n less the number of estimated coefficients; rows of weight 0 do not count.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        self.parts.degrees_of_freedom
    }

    /// The residual standard error √(Σ w e² / (n − p)); none for a logistic model.
    #[must_use]
    pub fn sigma(&self) -> Option<f64> {
        self.sigma
    }

    /// Σ w e²; none for a logistic model, whose [`deviance`](Inference::deviance) takes its place, and where f64 cannot hold it
    /// (squares of 1e160 or 1e-170).
    #[must_use]
    pub fn residual_sum_of_squares(&self) -> Option<f64> {
        self.parts.squares[0]
    }

    /// Σ w (y − ȳ)², without an intercept Σ w y²; none for a logistic model, and where f64 cannot hold it.
    #[must_use]
    pub fn total_sum_of_squares(&self) -> Option<f64> {
        self.parts.squares[1]
    }

    /// R² = 1 − Σ w e² / Σ w (y − ȳ)², without an intercept against Σ w y²; none where that is 0. For a logistic model
    /// McFadden's, 1 − log-likelihood / log-likelihood of the intercept alone.
    #[must_use]
    pub fn r2(&self) -> Option<f64> {
        self.parts.r2
    }

    /// R² with mean squares in place of sums: 1 − (1 − R²) (n − 1) / (n − p), with n for n − 1 without an intercept.
    #[must_use]
    pub fn adjusted_r2(&self) -> Option<f64> {
        self.parts.adjusted_r2
    }

    /// −2 (log-likelihood − that of the saturated model), of a logistic model.
    #[must_use]
    pub fn deviance(&self) -> Option<f64> {
        self.parts.deviance
    }

    /// The deviance of the intercept alone, of a logistic model.
    #[must_use]
    pub fn null_deviance(&self) -> Option<f64> {
        self.parts.null_deviance
    }

    /// Variance inflation of each feature: 1 / (1 − R²) of the feature on the others, weighted as in the covariance of the
    /// estimates (logistic: by w ŷ (1 − ŷ), as R's `car::vif`); NaN for an aliased one.
    #[must_use]
    pub fn vif(&self) -> &[f64] {
        &self.parts.vif
    }

    /// The estimated condition of the design with columns of norm 1 (centred, with an intercept).
    #[must_use]
    pub fn condition(&self) -> f64 {
        self.parts.condition
    }

    /// Whether the fit is perfect up to the rounding of the targets: then standard errors and tests measure that rounding
    /// and nothing else.
    #[must_use]
    pub fn perfect_fit(&self) -> bool {
        self.parts.perfect
    }

    fn quantile(&self, level: f64) -> Result<f64> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::Config { name: "level", needs: "above 0 and below 1" });
        }
        Ok(self.parts.distribution().quantile(level))
    }
}
