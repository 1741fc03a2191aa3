//! Predictions with their uncertainty.

use super::{Inference, Link, Parts};
use crate::linalg::power::{exponent, norm, times_power};
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
    /// [`Error::Config`] unless 0 < level < 1, [`Error::Shape`] for the wrong number of columns, [`Error::NotFinite`] for NaN or
    /// infinity in x and for a prediction whose numbers are too large for f64, and [`Error::Undefined`] for a row in which an aliased feature is not the combination that it was in the data: then
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

/// A row in units of its own: 2^`power` times those of the parts, where numbers are so large that squares would overflow.
pub(super) struct Point {
    /// In those units.
    pub x: Vec<f64>,
    pub power: i32,
}

/// Numbers below 2 to this power have squares, and sums of many of them, in range.
const LARGE: i32 = 450;

impl Parts {
    fn predict(&self, i: usize, row: &[f64], quantile: f64, level: f64) -> Result<Prediction> {
        if let Some(column) = row.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { what: "x", row: i, column });
        }
        let point = self.point(row);
        self.check_aliases(&point)?;
        let (score, se) = self.score(&point);
        // In the user's units.
        let user = |score: f64| times_power(score, self.units.score + point.power);
        let around = |width: f64| (user(score - quantile * width), user(score + quantile * width));
        if self.link == Link::Identity {
            let sigma = self.sigma.map_or(0.0, |sigma| times_power(sigma, -point.power));
            let (mean, new) = (around(se), around(sigma.hypot(se)));
            return Prediction { fit: user(score), standard_error: user(se), mean, new }.finite(i);
        }
        let sigmoid = |z: f64| if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) };
        let (fit, slope) = (sigmoid(user(score)), sigmoid(user(score)) * sigmoid(-user(score)));
        let (low, high) = around(se);
        // The likelier of the two outcomes, or both where it is not likely enough.
        let likelier = if fit >= 0.5 { 1.0 } else { 0.0 };
        let new = if fit.max(1.0 - fit) >= level { (likelier, likelier) } else { (0.0, 1.0) };
        // The slope falls faster than any score grows.
        let standard_error = if slope == 0.0 { 0.0 } else { slope * user(se) };
        Prediction { fit, standard_error, mean: (sigmoid(low), sigmoid(high)), new }.finite(i)
    }

    pub(super) fn point(&self, row: &[f64]) -> Point {
        let sizes = row.iter().zip(&self.units.features).filter(|(x, _)| **x != 0.0);
        let power = sizes.map(|(&x, k)| exponent(x) + k - LARGE).fold(0, i32::max);
        let x = row.iter().zip(&self.units.features).map(|(&x, k)| times_power(x, k - power)).collect();
        Point { x, power }
    }

    fn check_aliases(&self, point: &Point) -> Result<()> {
        for alias in &self.aliased {
            let constant = times_power(alias.constant, -point.power);
            let terms = || alias.shares.iter().map(|&(j, c)| c * point.x[j]);
            let combined = terms().fold(constant, |sum, term| sum + term);
            let size = terms().fold(constant.abs(), |sum, term| sum + term.abs());
            let tolerance = times_power(alias.tolerance, -point.power);
            if (combined - point.x[alias.feature]).abs() > 1e-8 * (size + tolerance) {
                return Err(Error::Undefined {
                    what: "a prediction",
                    why: "an aliased feature is not the combination of others that it was in the data; drop the feature",
                });
            }
        }
        Ok(())
    }

    /// The score and its standard error, in the units of the point.
    fn score(&self, Point { x, power }: &Point) -> (f64, f64) {
        let first = usize::from(self.intercept);
        let estimated = |&j: &usize| !self.coefficients[first + j].is_nan();
        let features: Vec<usize> = (0..x.len()).filter(estimated).collect();
        let level = if self.intercept { times_power(self.coefficients[0], -power) } else { 0.0 };
        let score = features.iter().fold(level, |sum, &j| sum + self.coefficients[first + j] * x[j]);
        let off: Vec<f64> = (0..x.len()).map(|j| x[j] - times_power(self.centre[j], -power)).collect();
        let spread = (0..self.centred_root.ncols()).map(|c| {
            let level = if self.intercept { times_power(self.centred_root[(0, c)], -power) } else { 0.0 };
            features.iter().fold(level, |sum, &j| sum + self.centred_root[(first + j, c)] * off[j])
        });
        (score, norm(spread.collect::<Vec<_>>().iter().copied()))
    }
}

impl Prediction {
    /// Itself, unless one of its numbers is out of range.
    fn finite(self, row: usize) -> Result<Self> {
        let Self { fit, standard_error, mean, new } = self;
        match [fit, standard_error, mean.0, mean.1, new.0, new.1].iter().all(|v| v.is_finite()) {
            true => Ok(self),
            false => Err(Error::NotFinite { what: "the prediction", row, column: 0 }),
        }
    }
}
