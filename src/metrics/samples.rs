//! What is scored: targets, predictions and weights, and sums over them that neither overflow nor cancel.

use crate::special::{Number, Wide};
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;
use std::ops::Range;

/// What one entry adds to a score.
pub(super) trait Term {
    /// In f64 it may over- or underflow; then the sum is computed again in the wider arithmetic.
    fn of<N: Number>(&self, y: f64, prediction: f64) -> N;
}

/// (y − ŷ)².
pub(super) struct Square;

impl Term for Square {
    #[inline(always)]
    fn of<N: Number>(&self, y: f64, prediction: f64) -> N {
        let error = N::difference(y, prediction);
        error * error
    }
}

/// |y − ŷ|.
pub(super) struct Size;

impl Term for Size {
    #[inline(always)]
    fn of<N: Number>(&self, y: f64, prediction: f64) -> N {
        N::difference(y, prediction).abs()
    }
}

/// 1: the sum of these is the weight.
struct One;

impl Term for One {
    #[inline(always)]
    fn of<N: Number>(&self, _: f64, _: f64) -> N {
        N::new(1.0)
    }
}

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

    /// y and ŷ of all outputs, one after the other, of the samples of positive weight.
    pub fn entries(&self) -> impl Iterator<Item = (f64, f64)> {
        (0..self.outputs()).flat_map(move |c| {
            let weighs = move |&i: &usize| self.weights.is_none_or(|w| w[i] > T::zero());
            (0..self.y.nrows()).filter(weighs).map(move |i| (self.y[(i, c)].to_f64(), self.prediction[(i, c)].to_f64()))
        })
    }

    /// Calls `visit` with weight, y and ŷ of each sample of positive weight of an output.
    #[inline(always)]
    fn visit(&self, c: usize, mut visit: impl FnMut(f64, f64, f64)) {
        match self.weights {
            None => {
                (0..self.y.nrows()).for_each(|i| visit(1.0, self.y[(i, c)].to_f64(), self.prediction[(i, c)].to_f64()))
            }
            Some(weights) => {
                let weighing = weights.iter().enumerate().filter(|(_, w)| **w > T::zero());
                weighing
                    .for_each(|(i, w)| visit(w.to_f64(), self.y[(i, c)].to_f64(), self.prediction[(i, c)].to_f64()));
            }
        }
    }

    fn sum_in<N: Number>(&self, outputs: Range<usize>, term: &impl Term) -> Option<Wide> {
        let mut sum = N::Sum::default();
        for c in outputs {
            self.visit(c, |w, y, p| N::carry(&mut sum, N::new(w) * term.of(y, p)));
        }
        N::total(sum)
    }

    fn sum_over(&self, outputs: Range<usize>, term: &impl Term) -> Wide {
        let plain = self.sum_in::<f64>(outputs.clone(), term);
        plain.or_else(|| self.sum_in::<Wide>(outputs, term)).unwrap_or(Wide::ZERO)
    }

    /// Σ w term(y, ŷ) of one output.
    pub fn sum(&self, c: usize, term: &impl Term) -> Wide {
        self.sum_over(c..c + 1, term)
    }

    /// Σ w term(y, ŷ) / Σ w over all outputs.
    pub fn mean(&self, term: &impl Term) -> Wide {
        self.sum_over(0..self.outputs(), term) / self.sum_over(0..self.outputs(), &One)
    }

    /// Σ w (y − ȳ)² of one output, ȳ the weighted mean; 0 for equal targets only.
    pub fn spread(&self, c: usize) -> Wide {
        // Rounding of the mean leaves equal targets with a spread of their own.
        let weighs = |i: &usize| self.weights.is_none_or(|w| w[*i] > T::zero());
        let mut targets = (0..self.y.nrows()).filter(weighs).map(|i| self.y[(i, c)]);
        let first = targets.next();
        if targets.all(|y| Some(y) == first) {
            return Wide::ZERO;
        }
        self.spread_of(c, |y, _| y)
    }

    /// The same of the errors y − ŷ.
    pub fn spread_of_errors(&self, c: usize) -> Wide {
        self.spread_of(c, |y, p| y - p)
    }

    fn spread_of(&self, c: usize, value: impl Fn(f64, f64) -> f64) -> Wide {
        if let Some(spread) = self.spread_in::<f64>(c, 0, &value) {
            return spread;
        }
        let mut largest = 0f64;
        self.visit(c, |_, y, p| largest = largest.max(y.abs()).max(p.abs()));
        // In a unit of about the largest number.
        let unit = -Wide::new(largest).exponent();
        self.spread_in::<Wide>(c, unit, &value).unwrap_or(Wide::ZERO).scaled(-2 * unit)
    }

    /// Σ w (v − v̄)² in units of 2 to the power of −`unit`, v made of what y and ŷ are more than their means, so that a constant
    /// offset of any size takes no digits.
    fn spread_in<N: Number>(&self, c: usize, unit: i32, value: &impl Fn(f64, f64) -> f64) -> Option<Wide> {
        let (first, second) = (2f64.powi(unit / 2), 2f64.powi(unit - unit / 2));
        let scaled = |x: f64| x * first * second;
        let [mut y_sum, mut p_sum, mut whole] = [N::Sum::default(), N::Sum::default(), N::Sum::default()];
        self.visit(c, |w, y, p| {
            N::carry(&mut y_sum, N::new(w) * N::new(scaled(y)));
            N::carry(&mut p_sum, N::new(w) * N::new(scaled(p)));
            N::carry(&mut whole, N::new(w));
        });
        let whole = N::total(whole)?;
        let mean = |sum: N::Sum| N::balance(sum).map(|sum| (sum / whole).value());
        let (y_mean, p_mean) = (mean(y_sum)?, mean(p_sum)?);
        let value = |y: f64, p: f64| value(scaled(y) - y_mean, scaled(p) - p_mean);
        // What rounding of the means has left, of which a heavy weight would make much.
        let mut rest = N::Sum::default();
        self.visit(c, |w, y, p| N::carry(&mut rest, N::new(w) * N::new(value(y, p))));
        let rest = mean(rest)?;
        let mut squares = N::Sum::default();
        self.visit(c, |w, y, p| {
            let v = N::new(value(y, p) - rest);
            N::carry(&mut squares, N::new(w) * (v * v));
        });
        N::total(squares)
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
    Err(Error::Undefined { what, why: "the errors are too large beside the spread of y: no f64 holds the ratio" })
}
