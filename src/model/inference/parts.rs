//! What the models fill in.

use super::Covariance;
use super::distribution::Distribution;
use super::hypotheses::Diagnostics;
use super::influence::Influence;
use nalgebra::DMatrix;

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
    /// Σ w e² and Σ w (y − ȳ)², of a linear model.
    pub squares: Option<(f64, f64)>,
    pub r2: Option<f64>,
    pub adjusted_r2: Option<f64>,
    pub f_statistic: Option<(f64, f64)>,
    pub deviance: Option<f64>,
    pub null_deviance: Option<f64>,
    pub log_likelihood: f64,
    pub influence: Influence,
    /// None for a logistic model, and where residuals do not vary.
    pub diagnostics: Option<Diagnostics>,
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

impl Parts {
    pub(super) fn distribution(&self) -> Distribution {
        match self.sigma {
            Some(_) => Distribution::Student(self.degrees_of_freedom),
            None => Distribution::Normal,
        }
    }
}
