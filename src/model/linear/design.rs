//! The least-squares problem in units of its own: columns and targets scaled by powers of two, weights by one, and the
//! weighted means. Nothing is copied; the data set's columns are read in place and widened to f64 as they are read.

use crate::data::Dataset;
use crate::linalg::compensated::{Dd, Unit};
use crate::linalg::power::{exponent, power, times_power};
use crate::linalg::survey::Survey;
use crate::linalg::threads;
use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// How many rows are worked on while they are in cache.
pub(super) const BLOCK: usize = 256;

/// What is known of one column (or target) after a first look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// The column in the problem's units: x scale − shift, exactly.
    pub unit: Unit,
    /// The scale is 2 to this power.
    pub power: i32,
    /// The weighted mean in those units, 0 without an intercept.
    pub mean: Dd,
    /// The largest absolute value in those units, over the rows of positive weight.
    pub reach: f64,
}

impl Column {
    /// The mean of x · scale.
    pub fn centre(&self) -> f64 {
        self.unit.shift + self.mean.hi
    }

    /// The same to 32 digits.
    pub fn exact_centre(&self) -> Dd {
        self.mean + self.unit.shift.into()
    }

    /// A bound of |x · scale|.
    pub fn size(&self) -> f64 {
        self.reach + self.unit.shift.abs()
    }
}

/// The problem: minimize Σᵢ wᵢ ‖yᵢ − B xᵢ − b‖² + Σⱼ Λⱼ ‖Bⱼ‖² in scaled units.
#[derive(Debug)]
pub(super) struct Design<'d, T: Real> {
    pub x_view: DMatrixView<'d, T>,
    pub columns: Vec<&'d [T]>,
    pub targets: Vec<&'d [T]>,
    /// Weights times a power of two; none if there are none.
    pub weights: Option<Vec<f64>>,
    /// The exponent of that power.
    pub weight_power: i32,
    pub intercept: bool,
    /// How many rows have positive weight.
    pub positive: usize,
    pub x: Vec<Column>,
    pub y: Vec<Column>,
    /// Σ w of the scaled weights.
    pub total: Dd,
    /// The units of `x` alone, for the kernels.
    pub units: Vec<Unit>,
    /// λ Σw in the user's units of features, as a number and a power of two.
    ridge: (Dd, i32),
}

/// The exponent of the largest penalty on a scaled coefficient.
const HEAVIEST: i32 = 400;

impl<'d, T: Real> Design<'d, T> {
    /// The problem with the penalty λ = `l2`.
    pub fn new(data: &'d Dataset<'_, T>, intercept: bool, l2: f64) -> Result<Self> {
        let columns: Vec<&[T]> = (0..data.features()).map(|j| data.feature(j)).collect();
        let targets: Vec<&[T]> = (0..data.outputs()).map(|j| data.target(j)).collect();
        // Weights of 1 are none.
        let given = data.weights().filter(|w| w.iter().any(|&w| w != T::one()));
        let heaviest = given.map(|w| w.iter().fold(0.0_f64, |m, w| m.max(w.to_f64())));
        let weight_power = heaviest.map_or(0, |w| (-exponent(w)).clamp(-1022, 1022));
        let weight_scale = power(weight_power);
        let weights = given.map(|w| w.iter().map(|w| w.to_f64() * weight_scale).collect::<Vec<f64>>());
        let total = match &weights {
            None => Dd::from(data.samples() as f64),
            Some(w) => w.iter().fold(Dd::ZERO, |sum, &w| sum + w.into()),
        };
        let positive = weights.as_ref().map_or(data.samples(), |w| w.iter().filter(|&&w| w > 0.0).count());
        if positive == 0 {
            return Err(Error::NoWeight);
        }
        let all: Vec<&[T]> = columns.iter().chain(&targets).copied().collect();
        // The data set has looked at its columns already; weights need another look.
        let mut surveys = data.surveys().to_vec();
        if weights.is_some() {
            let cost = threads::cost(&[data.samples(), surveys.len()]);
            threads::for_each(&mut surveys, cost, |j, survey| *survey = Survey::of(all[j], weights.as_deref()));
        }
        let size = exponent(l2);
        let ridge = (total * times_power(l2, -size).into(), size);
        let heavy = (l2 > 0.0).then(|| size + exponent(total.hi));
        let look = |x, survey, heavy| look(x, survey, (weights.as_deref(), total.value()), intercept, heavy);
        let (features, outputs) = surveys.split_at(columns.len());
        let x: Vec<Column> = columns.iter().zip(features).map(|(x, survey)| look(x, survey, heavy)).collect();
        let y = targets.iter().zip(outputs).map(|(y, survey)| look(y, survey, None)).collect();
        let units = x.iter().map(|c| c.unit).collect();
        let x_view = data.x();
        Ok(Self { x_view, columns, targets, weights, weight_power, intercept, positive, x, y, total, units, ridge })
    }

    pub fn rows(&self) -> usize {
        self.targets[0].len()
    }

    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// Whether squares of all numbers are far from the ends of the range of f64, also without scaling.
    pub fn moderate(&self) -> bool {
        let inside = |c: &Column| c.power.abs() <= 400 && (c.reach == 0.0 || c.reach >= power(-400));
        self.x.iter().chain(&self.y).all(inside)
    }

    pub fn outputs(&self) -> usize {
        self.targets.len()
    }

    /// The blocks of rows, in `lanes` runs that depend on the number of rows alone.
    pub fn lanes(&self, most: usize) -> usize {
        self.rows().div_ceil(BLOCK).clamp(1, most.max(1))
    }

    /// Calls `work(start, len)` for the blocks of lane `i` of `lanes`, in order.
    pub fn blocks(&self, lanes: usize, i: usize, work: impl FnMut(usize, usize)) {
        self.blocks_of(BLOCK, lanes, i, work);
    }

    /// [`blocks`](Design::blocks) of so many times `rows` rows as one lane has.
    pub fn blocks_of(&self, rows: usize, lanes: usize, i: usize, mut work: impl FnMut(usize, usize)) {
        let (first, last) = threads::run(self.rows().div_ceil(rows), lanes, i);
        for block in first..last {
            let start = block * rows;
            work(start, rows.min(self.rows() - start));
        }
    }

    /// λ Σw s²: the penalty on a scaled coefficient.
    pub fn penalty(&self, j: usize) -> Dd {
        let (number, size) = self.ridge;
        let power = size + 2 * self.power(j);
        Dd { hi: times_power(number.hi, power), lo: times_power(number.lo, power) }
    }

    /// The exponent of the unit of column j: a coefficient in the user's units is the scaled one times 2 to this power, less
    /// that of the target.
    pub fn power(&self, j: usize) -> i32 {
        self.x[j].power
    }
}

/// The exponent of the power of two that brings `size` into [½, 1); 0 for 0. Clamped so that power and inverse are finite.
pub(super) fn power_for(size: f64) -> i32 {
    if size.is_finite() { (-exponent(size)).clamp(-1000, 1000) } else { -1000 }
}

/// Unit and mean of a column from its survey, with weights and their sum; a second sweep only where the sum overflows.
///
/// A column that is very small beside the penalty, λ Σw of exponent `heavy`, gets a unit in which that is about 1: the penalty on
/// the coefficient would overflow in a unit of its own.
fn look<T: Real>(
    x: &[T],
    survey: &Survey,
    (weights, total): (Option<&[f64]>, f64),
    intercept: bool,
    heavy: Option<i32>,
) -> Column {
    let &Survey { low, high, sum } = survey;
    let size = low.abs().max(high.abs());
    let mean = match (intercept, low == high) {
        (false, _) => 0.0,
        (true, true) => low,
        (true, false) if sum.is_finite() => (sum / total).clamp(low, high),
        (true, false) => {
            let near = power(power_for(size));
            let mean = |i: usize| x[i].to_f64() * near * weights.map_or(1.0, |w| w[i]);
            ((0..x.len()).map(mean).sum::<f64>() / total / near).clamp(low, high)
        }
    };
    let spread = if intercept && low < high { (low - mean).abs().max((high - mean).abs()) } else { size };
    let own = power_for(spread);
    let own = heavy.filter(|heavy| heavy + 2 * own > HEAVIEST).map_or(own, |heavy| (-heavy).div_euclid(2));
    let scale = power(own);
    // By Sterbenz, a − b is exact for b/2 ≤ a ≤ 2b: so is x − mean for every x if all lie within a factor of 2.
    let within = low.signum() == high.signum() && size <= 2.0 * low.abs().min(high.abs());
    let (shift, mean) = if intercept && within { (mean * scale, 0.0) } else { (0.0, mean * scale) };
    let unit = Unit { scale, shift };
    Column { unit, power: own, mean: Dd::from(mean), reach: unit.of(low).abs().max(unit.of(high).abs()) }
}
