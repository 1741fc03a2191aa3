//! Predictions with their uncertainty.

use super::{Inference, Link, Parts};
use crate::{Error, Result};
use nalgebra::DMatrixView;

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

impl Inference {
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
}

impl Parts {
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
        // The likelier of the two outcomes, or both where it is not likely enough.
        let likelier = if fit >= 0.5 { 1.0 } else { 0.0 };
        let new = if fit.max(1.0 - fit) >= level { (likelier, likelier) } else { (0.0, 1.0) };
        Ok(Prediction {
            fit,
            standard_error: sigmoid(score) * sigmoid(-score) * se,
            mean: (sigmoid(low), sigmoid(high)),
            new,
        })
    }
}
