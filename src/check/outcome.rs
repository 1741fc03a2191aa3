//! What a check found.

use super::differences::Estimate;
use crate::Layout;
use std::fmt;

/// The worst disagreement between an analytic derivative and the differences.
///
/// The error of a coordinate is |analytic − numeric| relative to the largest of |analytic|, |numeric|, a hundredth of the
/// largest derivative and a thousandth of the value: entries that small cannot be told from rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    worst: f64,
    coordinate: usize,
    block: Option<String>,
    analytic: f64,
    numeric: f64,
    estimate: f64,
    value: f64,
    epsilon: f64,
    pairs: Vec<(usize, f64, Estimate)>,
}

impl Outcome {
    pub(super) fn new(value: f64, epsilon: f64) -> Self {
        Self {
            worst: 0.0,
            coordinate: 0,
            block: None,
            analytic: 0.0,
            numeric: 0.0,
            estimate: 0.0,
            value,
            epsilon,
            pairs: Vec::new(),
        }
    }

    /// `gradient` and `value` must return the same number, up to the rounding of another order of summation.
    pub(super) fn same_value(&mut self, returned: f64, value: f64) {
        let difference = (returned - value).abs();
        if difference.is_nan() || difference > 1e3 * self.epsilon * value.abs() {
            self.worst = if difference.is_nan() { f64::INFINITY } else { difference / value.abs() };
            (self.analytic, self.numeric) = (returned, value);
            self.block = Some("the value returned by gradient".to_owned());
        }
    }

    pub(super) fn compare(&mut self, coordinate: usize, analytic: f64, numeric: Estimate) {
        self.pairs.push((coordinate, analytic, numeric));
    }

    pub(super) fn finish(mut self, layout: Option<&Layout>) -> Self {
        let largest = self.pairs.iter().fold(0.0, |max: f64, (_, a, n)| max.max(a.abs()).max(n.value.abs()));
        let floor = (largest * 1e-2).max(self.value.abs() * 1e-3).max(f64::MIN_POSITIVE);
        for (coordinate, analytic, numeric) in std::mem::take(&mut self.pairs) {
            let error = (analytic - numeric.value).abs() / analytic.abs().max(numeric.value.abs()).max(floor);
            let error = if error.is_nan() { f64::INFINITY } else { error };
            if error > self.worst {
                self.worst = error;
                self.coordinate = coordinate;
                self.block = layout.and_then(|layout| layout.block_of(coordinate)).map(|block| block.name().to_owned());
                (self.analytic, self.numeric, self.estimate) = (analytic, numeric.value, numeric.error);
            }
        }
        self
    }

    /// The largest relative error; infinite if anything was not finite.
    #[must_use]
    pub fn worst(&self) -> f64 {
        self.worst
    }

    /// Where it is, from 0.
    #[must_use]
    pub fn coordinate(&self) -> usize {
        self.coordinate
    }

    /// The name of the layout block it lies in, where the objective has a layout.
    #[must_use]
    pub fn block(&self) -> Option<&str> {
        self.block.as_deref()
    }

    /// The analytic derivative there.
    #[must_use]
    pub fn analytic(&self) -> f64 {
        self.analytic
    }

    /// The difference quotient there.
    #[must_use]
    pub fn numeric(&self) -> f64 {
        self.numeric
    }

    /// How far the difference quotient itself may be off there, in the units of the derivative.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// Panics unless [`worst`](Outcome::worst) is below `tolerance`, naming coordinate, block and both numbers.
    #[track_caller]
    pub fn assert_below(&self, tolerance: f64) {
        assert!(self.worst < tolerance, "{self}, not below {tolerance:e}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worst, coordinate, analytic, numeric, estimate, .. } = self;
        write!(f, "relative error {worst:e} at coordinate {coordinate}")?;
        if let Some(block) = &self.block {
            write!(f, " ({block})")?;
        }
        write!(f, ": analytic {analytic:e}, differences {numeric:e} ± {estimate:e}")
    }
}
