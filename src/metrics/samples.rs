//! What is scored: targets, predictions and weights, and sums over them that neither overflow nor cancel.

use crate::linalg::compensated::Dd;
use crate::special::{Total, Wide};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// Targets and predictions of the same size, at least one row and column, all finite; weights that are not all 0.
pub(super) struct Samples<'v, T: Real> {
    y: DMatrixView<'v, T>,
    prediction: DMatrixView<'v, T>,
    weights: Option<&'v [T]>,
}

impl<'v, T: Real> Samples<'v, T> {
    pub fn new(y: DMatrixView<'v, T>, prediction: DMatrixView<'v, T>) -> Result<Self> {
        super::pair(y, prediction)?;
        Ok(Self { y, prediction, weights: None })
    }

    pub fn weighted(y: DMatrixView<'v, T>, prediction: DMatrixView<'v, T>, weights: &'v [T]) -> Result<Self> {
        super::pair(y, prediction)?;
        if weights.len() != y.nrows() {
            return Err(Error::Shape { what: "number of weights", expected: y.nrows(), found: weights.len() });
        }
        if let Some(row) = weights.iter().position(|w| !(*w >= T::zero() && w.is_finite())) {
            return Err(Error::Weight { row, value: weights[row].to_f64() });
        }
        if weights.iter().all(|w| *w == T::zero()) {
            return Err(Error::NoWeight);
        }
        Ok(Self { y, prediction, weights: Some(weights) })
    }

    pub fn outputs(&self) -> usize {
        self.y.ncols()
    }

    /// An error unless there is one column.
    pub fn one_output(self) -> Result<Self> {
        if self.outputs() == 1 {
            return Ok(self);
        }
        Err(Error::Shape { what: "columns of y", expected: 1, found: self.outputs() })
    }

    /// Weight, y and ŷ of one output, of the samples of positive weight.
    pub fn output(&self, c: usize) -> impl Iterator<Item = (Wide, f64, f64)> {
        let weight = |i: usize| self.weights.map_or(Wide::ONE, |w| Wide::new(w[i].to_f64()));
        let weighs = move |&i: &usize| self.weights.is_none_or(|w| w[i] > T::zero());
        let sample = move |i| (weight(i), self.y[(i, c)].to_f64(), self.prediction[(i, c)].to_f64());
        (0..self.y.nrows()).filter(weighs).map(sample)
    }

    /// Of all outputs, one after the other.
    pub fn all(&self) -> impl Iterator<Item = (Wide, f64, f64)> {
        (0..self.outputs()).flat_map(|c| self.output(c))
    }

    /// Σ w term(y, ŷ) of one output.
    pub fn sum(&self, c: usize, term: impl Fn(f64, f64) -> Wide) -> Wide {
        self.output(c).map(|(w, y, p)| w * term(y, p)).collect::<Total>().value()
    }

    /// Σ w term(y, ŷ) / Σ w over all outputs.
    pub fn mean(&self, term: impl Fn(f64, f64) -> Wide) -> Wide {
        let sum: Total = self.all().map(|(w, y, p)| w * term(y, p)).collect();
        let whole: Total = self.all().map(|(w, _, _)| w).collect();
        sum.value() / whole.value()
    }

    /// Σ w (y − ȳ)² of one output, ȳ the weighted mean.
    pub fn spread(&self, c: usize) -> Wide {
        self.spread_of(c, |y, _| y)
    }

    /// The same of the errors y − ŷ.
    pub fn spread_of_errors(&self, c: usize) -> Wide {
        self.spread_of(c, |y, p| y - p)
    }

    /// Σ w (v − v̄)², v made of what y and ŷ are more than those of the first sample. These differences are exact as pairs of
    /// f64, so that a constant offset of any size takes no digits; what is left to cancel has 32 of them.
    fn spread_of(&self, c: usize, value: impl Fn(Dd, Dd) -> Dd) -> Wide {
        let (mut largest, mut weightiest, mut first) = (0f64, 0, None);
        for (w, y, p) in self.output(c) {
            largest = largest.max(y.abs()).max(p.abs());
            weightiest = if first.is_none() { w.exponent() } else { weightiest.max(w.exponent()) };
            first = first.or(Some((y, p)));
        }
        let Some((first_y, first_p)) = first else { return Wide::ZERO };
        // Differences of the largest numbers would overflow, and means of the smallest ones would lose digits.
        let unit = match largest {
            large if large > 1e290 => -100,
            small if small < 1e-200 => 300,
            _ => 0,
        };
        let scale = 2f64.powi(unit);
        let from_first = |y: f64, first: f64| Dd::sum(y * scale, -first * scale);
        let value = |y: f64, p: f64| value(from_first(y, first_y), from_first(p, first_p));
        let (mut sum, mut whole) = (Dd::ZERO, Dd::ZERO);
        for (w, y, p) in self.output(c) {
            let w = Dd::from(w.scaled(-weightiest).value());
            sum = sum + w * value(y, p);
            whole = whole + w;
        }
        let mean = sum / whole;
        let square = |(w, y, p)| w * Wide::new((value(y, p) - mean).value()).squared();
        self.output(c).map(square).collect::<Total>().value().scaled(-2 * unit)
    }
}

/// A score as f64.
pub(super) fn fitting(score: Wide, what: &'static str) -> Result<f64> {
    let value = score.value();
    let why = if value.is_infinite() {
        "it is beyond the largest f64; score y and the prediction in a larger unit"
    } else if value == 0.0 && score != Wide::ZERO {
        "it is below the smallest f64 but not 0; score y and the prediction in a smaller unit"
    } else {
        return Ok(value);
    };
    Err(Error::Undefined { what, why })
}

/// 1 − part / whole, where the targets vary.
pub(super) fn share(part: Wide, whole: Wide, what: &'static str) -> Result<f64> {
    if whole == Wide::ZERO {
        return Err(Error::Undefined { what, why: "y is constant; it needs targets that differ" });
    }
    let share = 1.0 - (part / whole).value();
    if share.is_finite() {
        return Ok(share);
    }
    Err(Error::Undefined { what, why: "the errors are so much larger than y varies that no f64 holds it" })
}
