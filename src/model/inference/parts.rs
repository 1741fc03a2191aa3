//! What the models fill in.

use super::Covariance;
use super::distribution::Distribution;
use super::hypotheses::Diagnostics;
use super::influence::Influence;
use crate::linalg::power::{decimal_exponent, times_power};
use crate::{Error, Result};
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
    /// One per coefficient, the intercept first.
    pub names: Vec<String>,
    pub units: Units,
    /// In these units; NaN for an aliased one.
    pub coefficients: Vec<f64>,
    /// B with B Bᵀ the covariance of the coefficients in these units; rows of aliased ones are NaN.
    pub root: DMatrix<f64>,
    /// A number near the middle of each feature, and B for the model with features less that number: the same but for the
    /// intercept's row. Predictions use it, since they lose no digits then. In these units.
    pub centre: Vec<f64>,
    pub centred_root: DMatrix<f64>,
    /// The aliased features, in these units.
    pub aliased: Vec<Alias>,
    /// n, rows of positive weight.
    pub observations: usize,
    /// n less the number of coefficients.
    pub degrees_of_freedom: f64,
    /// How many numbers were estimated, as AIC and BIC count.
    pub parameters: usize,
    /// Residual standard error in units of the scores; with one, statistics are t, without they are z.
    pub sigma: Option<f64>,
    /// Σ w e² and Σ w (y − ȳ)² in the user's units, of a linear model, where f64 can hold them.
    pub squares: [Option<f64>; 2],
    pub r2: Option<f64>,
    pub adjusted_r2: Option<f64>,
    pub f_statistic: Option<(f64, f64)>,
    pub deviance: Option<f64>,
    pub null_deviance: Option<f64>,
    pub log_likelihood: f64,
    pub influence: Influence,
    /// None for a logistic model, and where residuals do not vary.
    pub diagnostics: Option<Diagnostics>,
    /// One per feature; NaN for an aliased one.
    pub vif: Vec<f64>,
    pub condition: f64,
    /// Whether the residuals are no more than rounding of the targets.
    pub perfect: bool,
}

/// Units in which every number is moderate, however far from 1 the user's numbers are: feature j is x 2^`features[j]`, and a
/// score that is s here is s 2^`score` for the user.
#[derive(Debug, Clone)]
pub(crate) struct Units {
    pub score: i32,
    pub features: Vec<i32>,
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
    /// Coefficient i in the user's units is the one here times 2 to this power.
    pub(super) fn power(&self, i: usize) -> i32 {
        let feature = i.checked_sub(usize::from(self.intercept)).map_or(0, |j| self.units.features[j]);
        self.units.score + feature
    }

    /// v 2ᵏ of coefficient i.
    ///
    /// # Errors
    /// [`Error::Range`] with the coefficient's name where that is too large.
    pub(super) fn outward(&self, what: &'static str, v: f64, k: i32, i: usize) -> Result<f64> {
        let scaled = times_power(v, k);
        if scaled.is_infinite() {
            return Err(Error::Range { what, of: self.names[i].clone(), exponent: decimal_exponent(v, k) });
        }
        Ok(scaled)
    }

    pub(super) fn distribution(&self) -> Distribution {
        match self.sigma {
            Some(_) => Distribution::Student(self.degrees_of_freedom),
            None => Distribution::Normal,
        }
    }
}
