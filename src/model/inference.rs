//! What an estimate is worth: standard errors, tests, intervals, influence.
//!
//! `inference` of a fitted linear or logistic model with one output gives an [`Inference`]; its `Display` is the table that
//! people know from R and statsmodels.

mod distribution;
mod table;

use crate::{Error, Result};
use distribution::Distribution;
use nalgebra::{DMatrix, DMatrixView};

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

/// The test that all coefficients but the intercept are 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FTest {
    /// F.
    pub statistic: f64,
    /// Of the numerator: how many coefficients are tested.
    pub numerator: f64,
    /// Of the denominator: n − p.
    pub denominator: f64,
    /// The probability of a larger F.
    pub p_value: f64,
}

/// A prediction with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The estimated mean.
    pub fit: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Interval for the mean.
    pub mean: (f64, f64),
    /// Interval for one new observation (of weight 1).
    pub new: (f64, f64),
}

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
    standard_errors: Vec<f64>,
    statistics: Vec<f64>,
    p_values: Vec<f64>,
    covariance: DMatrix<f64>,
}

/// How a score becomes a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// As it is: linear regression.
    Identity,
    /// Through the logistic function.
    Logit,
}

/// What the models fill in.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    /// The model, as the head of the table says it.
    pub title: &'static str,
    pub link: Link,
    pub kind: Covariance,
    pub intercept: bool,
    /// One a coefficient, the intercept first.
    pub names: Vec<String>,
    /// NaN for an aliased one.
    pub coefficients: Vec<f64>,
    /// B with B Bᵀ the covariance of the coefficients; rows of aliased ones are NaN.
    pub root: DMatrix<f64>,
    /// A number near the middle of each feature, and B for the model with features less that number: the same but for the
    /// intercept's row. Predictions use it, since they lose no digits then. Zeros and `root` itself will do.
    pub centre: Vec<f64>,
    pub centred_root: DMatrix<f64>,
    /// Per aliased coefficient its position, a constant, and positions and shares of the ones that it is a combination of.
    pub aliased: Vec<Alias>,
    /// n, rows of positive weight.
    pub observations: usize,
    /// n less the number of coefficients.
    pub degrees_of_freedom: f64,
    /// How many numbers were estimated, as AIC and BIC count.
    pub parameters: usize,
    /// Residual standard error; with one, statistics are t, without they are z.
    pub sigma: Option<f64>,
    pub r2: Option<f64>,
    pub adjusted_r2: Option<f64>,
    pub f_statistic: Option<(f64, f64)>,
    pub deviance: Option<f64>,
    pub null_deviance: Option<f64>,
    pub log_likelihood: f64,
    pub leverage: Vec<f64>,
    pub cooks_distance: Vec<f64>,
    pub studentized_residuals: Vec<f64>,
    /// One a feature; NaN for an aliased one.
    pub vif: Vec<f64>,
    pub condition: f64,
    /// Whether the residuals are no more than rounding of the targets.
    pub perfect: bool,
}

/// A column that is a combination of others: x = constant + Σ share · x.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    /// Feature, from 0.
    pub feature: usize,
    pub constant: f64,
    pub shares: Vec<(usize, f64)>,
    /// Size of the rounding that is no contradiction.
    pub tolerance: f64,
}

impl Inference {
    pub(crate) fn new(parts: Parts) -> Self {
        let covariance = &parts.root * parts.root.transpose();
        let standard_errors: Vec<f64> = parts.root.row_iter().map(|row| row.norm()).collect();
        let distribution = parts.distribution();
        let ratio = |(&b, &se): (&f64, &f64)| if b == 0.0 && se == 0.0 { 0.0 } else { b / se };
        let statistics: Vec<f64> = parts.coefficients.iter().zip(&standard_errors).map(ratio).collect();
        let p_values = statistics.iter().map(|&t| distribution.two_sided(t)).collect();
        Self { parts, standard_errors, statistics, p_values, covariance }
    }

    /// `(intercept)` where there is one, then the features: their names, or `x0`, `x1`, ...
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.parts.names
    }

    /// The estimates.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.parts.coefficients
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

    /// Positions (in the slices above) of coefficients that cannot be estimated beside the others.
    #[must_use]
    pub fn aliased(&self) -> Vec<usize> {
        self.parts.aliased.iter().map(|a| a.feature + usize::from(self.parts.intercept)).collect()
    }

    /// Confidence intervals of the coefficients: estimate ± quantile · standard error.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < level < 1.
    pub fn intervals(&self, level: f64) -> Result<Vec<(f64, f64)>> {
        let quantile = self.quantile(level)?;
        let pairs = self.parts.coefficients.iter().zip(&self.standard_errors);
        Ok(pairs.map(|(b, se)| (b - quantile * se, b + quantile * se)).collect())
    }

    /// Odds ratios of a logistic model, by how much the odds multiply when the feature grows by 1, with confidence intervals:
    /// (e^b, e^(b − quantile · standard error), e^(b + quantile · standard error)).
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < level < 1, [`Error::Undefined`] for a linear model.
    pub fn odds_ratios(&self, level: f64) -> Result<Vec<(f64, f64, f64)>> {
        let intervals = self.intervals(level)?;
        if self.parts.link != Link::Logit {
            return Err(Error::Undefined { what: "an odds ratio", why: "the model is linear; it has no odds" });
        }
        let ratio = |(b, (low, high)): (&f64, (f64, f64))| (b.exp(), low.exp(), high.exp());
        Ok(self.parts.coefficients.iter().zip(intervals).map(ratio).collect())
    }

    /// The covariance of the estimates, in the form that was asked for.
    #[must_use]
    pub fn covariance(&self) -> &DMatrix<f64> {
        &self.covariance
    }

    /// The log-likelihood at its maximum. For a linear model that is the Gaussian one with variance Σ w e² / n, weights as
    /// precisions: −n/2 (ln 2π + ln(Σ w e² / n) + 1) + ½ Σ ln w.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.parts.log_likelihood
    }

    /// Akaike's criterion, −2 log-likelihood + 2 m; m counts σ among the parameters, as R does (statsmodels does not).
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * self.parts.parameters as f64 - 2.0 * self.parts.log_likelihood
    }

    /// The Bayesian criterion, −2 log-likelihood + m ln n; m as in [`aic`](Inference::aic).
    #[must_use]
    pub fn bic(&self) -> f64 {
        (self.parts.observations as f64).ln() * self.parts.parameters as f64 - 2.0 * self.parts.log_likelihood
    }

    /// n less the number of estimated coefficients; rows of weight 0 do not count.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        self.parts.degrees_of_freedom
    }

    /// The residual standard error √(Σ w e² / (n − p)); none for a logistic model.
    #[must_use]
    pub fn sigma(&self) -> Option<f64> {
        self.parts.sigma
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

    /// The test that all coefficients but the intercept are 0, with the covariance that was asked for (Wald's form,
    /// b' V⁻¹ b / q); none for a logistic model, or where nothing can be tested.
    #[must_use]
    pub fn f_test(&self) -> Option<FTest> {
        let (statistic, numerator) = self.parts.f_statistic?;
        let denominator = self.parts.degrees_of_freedom;
        let p_value = distribution::f_upper(statistic, numerator, denominator);
        Some(FTest { statistic, numerator, denominator, p_value })
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

    /// hᵢ, how far row i draws the fit to itself: the derivative of its fitted value in its target; 0 for weight 0.
    #[must_use]
    pub fn leverage(&self) -> &[f64] {
        &self.parts.leverage
    }

    /// Cook's distance r² h / ((1 − h) p), r the standardized residual √w e / (σ √(1 − h)); NaN where h = 1.
    #[must_use]
    pub fn cooks_distance(&self) -> &[f64] {
        &self.parts.cooks_distance
    }

    /// Residuals over their standard deviation, with σ from a fit without the row itself; NaN where h = 1.
    #[must_use]
    pub fn studentized_residuals(&self) -> &[f64] {
        &self.parts.studentized_residuals
    }

    /// Variance inflation of each feature: 1 / (1 − R²) of the feature on the others; NaN for an aliased one.
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

    /// Predictions for the rows of x (n × features), with intervals for the mean and for one new observation.
    ///
    /// For a logistic model the interval of the mean is that of the score, transformed, and the one of a new observation is
    /// the smallest of {0}, {1}, {0, 1} that holds with this probability.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < level < 1, [`Error::Shape`] for the wrong number of columns, [`Error::NotFinite`], and
    /// [`Error::Undefined`] for a row in which an aliased feature is not the combination that it was in the data: then
    /// the data say nothing about the prediction.
    pub fn predict<'a>(&self, x: impl Into<DMatrixView<'a, f64>>, level: f64) -> Result<Vec<Prediction>> {
        let x = x.into();
        let quantile = self.quantile(level)?;
        let features = self.parts.centre.len();
        if x.ncols() != features {
            return Err(Error::Shape { what: "columns of x", expected: features, found: x.ncols() });
        }
        (0..x.nrows())
            .map(|i| {
                let row: Vec<f64> = (0..features).map(|j| x[(i, j)]).collect();
                self.parts.predict(i, &row, quantile, level)
            })
            .collect()
    }

    fn quantile(&self, level: f64) -> Result<f64> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::Config { name: "level", needs: "above 0 and below 1" });
        }
        Ok(self.parts.distribution().quantile(level))
    }
}

impl Parts {
    fn distribution(&self) -> Distribution {
        match self.sigma {
            Some(_) => Distribution::Student(self.degrees_of_freedom),
            None => Distribution::Normal,
        }
    }

    fn predict(&self, i: usize, row: &[f64], quantile: f64, level: f64) -> Result<Prediction> {
        if let Some(column) = row.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { what: "x", row: i, column });
        }
        for alias in &self.aliased {
            let combined = alias.shares.iter().fold(alias.constant, |sum, &(j, c)| sum + c * row[j]);
            let size = alias.shares.iter().fold(alias.constant.abs(), |sum, &(j, c)| sum + (c * row[j]).abs());
            if (combined - row[alias.feature]).abs() > 1e-8 * (size + alias.tolerance) {
                return Err(Error::Undefined {
                    what: "a prediction",
                    why: "an aliased feature is not the combination of others that it was in the data; drop the feature",
                });
            }
        }
        let first = usize::from(self.intercept);
        let estimated = |&j: &usize| !self.coefficients[first + j].is_nan();
        let features: Vec<usize> = (0..row.len()).filter(estimated).collect();
        let level_of_fit = if self.intercept { self.coefficients[0] } else { 0.0 };
        let score = features.iter().fold(level_of_fit, |sum, &j| sum + self.coefficients[first + j] * row[j]);
        let spread = (0..self.centred_root.ncols()).map(|c| {
            let level = if self.intercept { self.centred_root[(0, c)] } else { 0.0 };
            features.iter().fold(level, |sum, &j| sum + self.centred_root[(first + j, c)] * (row[j] - self.centre[j]))
        });
        let se = spread.map(|s| s * s).sum::<f64>().sqrt();
        let around = |width: f64| (score - quantile * width, score + quantile * width);
        if self.link == Link::Identity {
            let new = self.sigma.map_or(se, |sigma| sigma.hypot(se));
            return Ok(Prediction { fit: score, standard_error: se, mean: around(se), new: around(new) });
        }
        let sigmoid = |z: f64| if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) };
        let fit = sigmoid(score);
        let (low, high) = around(se);
        let new = (if fit >= level { 1.0 } else { 0.0 }, if 1.0 - fit >= level { 0.0 } else { 1.0 });
        Ok(Prediction {
            fit,
            standard_error: sigmoid(score) * sigmoid(-score) * se,
            mean: (sigmoid(low), sigmoid(high)),
            new,
        })
    }
}
