//! The fits for penalties that see the columns in the same sizes.

use super::super::design::Design;
use super::super::rows::{Basis, weight};
use super::RidgePoint;
use super::shared::{Rows, Shared};
use super::spectrum::Spectrum;
use crate::data::{Dataset, feature_name, target_name};
use crate::linalg::power::{decimal_exponent, exponent, times_power};
use crate::linalg::threads;
use crate::model::linear::least_squares::vanishes;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DVector};

/// How the columns compare with a penalty.
///
/// A column a little larger or smaller than √(λ Σw), a factor of 2²⁰⁰ or less, is what it is for the user. A larger one may
/// count as of that size and a smaller one as well: to the last digit of f64 no penalty is seen in the first, nor the second
/// in the fitted values. So squares of all sizes stay in range, in any units.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The exponent of the unit of each column.
    powers: Vec<i32>,
    /// Of the coefficient for this unit, that of the coefficient for the design's.
    back: Vec<i32>,
}

/// See [`Metric`].
const FAR: i32 = 200;

impl Metric {
    /// The metric of a penalty, and the exponent of √(λ Σw), of which all exponents are relative.
    pub fn new<T: Real>(design: &Design<'_, T>, shared: &Shared, l2: f64) -> (Self, i32) {
        let largest = shared.sizes.iter().flatten().copied().max().unwrap_or(0);
        // Without a penalty columns are compared with each other, and nothing is small beside it.
        let (own, above, below) = match l2 > 0.0 {
            true => ((exponent(l2) + exponent(design.total.hi)).div_euclid(2), FAR, FAR),
            false => (largest, 0, 2 * FAR),
        };
        let mut metric = Self { powers: Vec::new(), back: Vec::new() };
        for (j, size) in shared.sizes.iter().enumerate() {
            let power = design.power(j);
            let size = size.unwrap_or(own);
            let seen = size.clamp(own - below, own + above);
            let (unit, faint) = (power + size - seen, l2 > 0.0 && seen > size);
            metric.powers.push(unit);
            // W = xᵀr / (λ Σw) of what is small beside the penalty is of the unit of x, all else of its inverse.
            metric.back.push(if faint { unit - 2 * power } else { -unit });
        }
        (metric, own)
    }
}

/// The singular value decomposition in one metric: √W Xc = (Q U) S Vᵀ.
#[derive(Debug)]
pub struct Turned<'s> {
    shared: &'s Shared,
    metric: Metric,
    /// The exponent of the unit of all sizes.
    own: i32,
    spectrum: Spectrum,
    /// The rows of Q U over √w.
    q: Rows,
    /// Uᵀ Qᵀ √W yc, by output.
    coordinates: Vec<Vec<f64>>,
}

/// Weighted means of squared errors, summed over outputs, in a unit of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Errors {
    /// ‖e‖².
    square: f64,
    /// ‖e‖² / (1 − h)².
    loo: f64,
    /// The squared error of the fit without the row with the same λ.
    refit: f64,
}

impl<'s> Turned<'s> {
    pub fn new(shared: &'s Shared, (metric, own): (Metric, i32)) -> Self {
        let root = &shared.root;
        let a = DMatrix::from_fn(root.nrows(), root.ncols(), |l, j| {
            times_power(root[(l, j)], -metric.powers[j].saturating_add(own))
        });
        let spectrum = Spectrum::new(a);
        let turn = |rows: &[Vec<f64>]| rows.iter().map(|row| spectrum.rotate(row)).collect();
        let q = match &shared.q {
            Rows::Features(order, rows) => Rows::Features(order.clone(), turn(rows)),
            Rows::Samples(rows) => Rows::Samples(turn(rows)),
        };
        let coordinates = turn(&shared.coordinates);
        Self { shared, metric, own, spectrum, q, coordinates }
    }

    /// s² / (s² + λ w), one per direction.
    fn shrink(&self, l2: f64, w: f64) -> Vec<f64> {
        let size = exponent(l2);
        self.spectrum.shrink(times_power(times_power(l2, -size) * w, size - 2 * self.own))
    }

    /// The errors for every penalty, in one pass.
    pub fn errors<T: Real>(&self, design: &Design<'_, T>, l2: &[f64]) -> Vec<Errors> {
        let lanes = design.lanes(16);
        let mut states = vec![vec![Errors::default(); l2.len()]; lanes];
        let rank = self.spectrum.values.len();
        let total = design.total.value();
        let shrinks: Vec<Shrinks> = l2
            .iter()
            .map(|&l2| Shrinks { l2, all: self.shrink(l2, total), rest: self.shrink(l2, total - 1.0) })
            .collect();
        let cost = threads::cost(&[design.rows(), rank, rank + 4 * l2.len()]);
        threads::for_each(&mut states, cost, |lane, sums| {
            let mut basis = Basis::new(rank);
            let mut q = vec![0.0; rank];
            design.blocks(lanes, lane, |start, len| {
                if let Rows::Features(order, rows) = &self.q {
                    basis.fill(design, order, rows, start, len);
                }
                for i in 0..len {
                    if weight(design, start + i) == 0.0 {
                        continue;
                    }
                    match &self.q {
                        Rows::Features(..) => q.iter_mut().zip(basis.row(i)).for_each(|(q, value)| *q = value),
                        Rows::Samples(rows) => q.copy_from_slice(&rows[start + i]),
                    }
                    for (shrink, sums) in shrinks.iter().zip(sums.iter_mut()) {
                        sums.add(self.error(design, start + i, &q, shrink));
                    }
                }
            });
        });
        let mut sums = vec![Errors::default(); l2.len()];
        for state in states {
            sums.iter_mut().zip(state).for_each(|(sum, more)| sum.add(more));
        }
        let mean = |e: Errors| Errors { square: e.square / total, loo: e.loo / total, refit: e.refit / total };
        sums.into_iter().map(mean).collect()
    }

    /// w times the squared errors of one row.
    fn error<T: Real>(&self, design: &Design<'_, T>, i: usize, q: &[f64], shrinks: &Shrinks) -> Errors {
        let (w, total) = (weight(design, i), design.total.value());
        let own;
        // λ (Σw − w), what the same λ is without the row.
        let rest = match w == 1.0 {
            true => &shrinks.rest,
            false => {
                own = self.shrink(shrinks.l2, total - w);
                &own
            }
        };
        let leverage = |shrink: &[f64]| q.iter().zip(shrink).map(|(q, s)| q * q * s).sum::<f64>();
        let left = 1.0 - w * (leverage(&shrinks.all) + 1.0 / total);
        let left_by_refit = 1.0 - w * (leverage(rest) + 1.0 / total);
        let unit = error_power(design);
        let mut sums = Errors::default();
        for (k, (coordinates, level)) in self.coordinates.iter().zip(&self.shared.levels).enumerate() {
            let column = &design.y[k];
            let fitted =
                |shrink: &[f64]| -> f64 { q.iter().zip(shrink).zip(coordinates).map(|((q, s), c)| q * s * c).sum() };
            // y less its shift first: exact.
            let off = column.unit.of(design.targets[k][i]) - (level - column.unit.shift);
            let error = |shrink: &[f64]| times_power(off - fitted(shrink), unit - column.power);
            let (e, again) = (error(&shrinks.all), error(rest));
            sums.add(Errors { square: w * e * e, loo: deleted(w, e, left), refit: deleted(w, again, left_by_refit) });
        }
        sums
    }

    /// The fit for one penalty, with its errors.
    pub fn point<T: Real>(
        &self,
        design: &Design<'_, T>,
        data: &Dataset<'_, T>,
        l2: f64,
        errors: Errors,
    ) -> Result<RidgePoint> {
        let Spectrum { values, directions, unit, .. } = &self.spectrum;
        let shrink = self.shrink(l2, design.total.value());
        let (p, k) = (design.features(), self.shared.levels.len());
        let mut coefficients = DMatrix::zeros(p, k);
        let mut intercept = DVector::zeros(k);
        for (c, (coordinates, level)) in self.coordinates.iter().zip(&self.shared.levels).enumerate() {
            let y = &design.y[c];
            let factor = |l: usize| match values[l] {
                s if s > 0.0 => shrink[l] * coordinates[l] / (s * s) * unit,
                _ => 0.0,
            };
            let factors: Vec<f64> = (0..values.len()).map(factor).collect();
            let mut at_means = 0.0;
            for j in 0..p {
                let own: f64 = directions.iter().zip(&factors).map(|(v, factor)| v[j] * factor).sum();
                let back = self.metric.back[j].saturating_sub(self.own);
                let beta = times_power(own, back);
                at_means += beta * design.x[j].centre();
                let power = back.saturating_add(design.power(j) - y.power);
                let b = times_power(own, power);
                if !b.is_finite() || vanishes(b, beta, (&design.x[j], y)) {
                    let exponent = decimal_exponent(own, power);
                    return Err(Error::Range { what: "coefficient", of: feature_name(data, j), exponent });
                }
                coefficients[(j, c)] = b;
            }
            intercept[c] = times_power(level - at_means, -y.power);
            if !intercept[c].is_finite() {
                let exponent = decimal_exponent(level - at_means, -y.power);
                return Err(Error::Range { what: "intercept", of: target_name(c, k), exponent });
            }
        }
        let effective_df = 1.0 + shrink.iter().sum::<f64>();
        let left = 1.0 - effective_df / design.positive as f64;
        let gcv = if left > 1e-12 { errors.square / (left * left) } else { f64::INFINITY };
        let power = -2 * error_power(design);
        let user = |v: f64| if v.is_finite() { times_power(v, power).min(f64::MAX) } else { v };
        Ok(RidgePoint {
            l2,
            coefficients,
            intercept,
            mean_square: user(errors.square),
            effective_df,
            gcv: user(gcv),
            loo: user(errors.loo),
            loo_refit: user(errors.refit),
            relative: [gcv, errors.loo, errors.refit],
        })
    }
}

/// The shrinking of one penalty with all rows, and without one of weight 1.
struct Shrinks {
    l2: f64,
    all: Vec<f64>,
    rest: Vec<f64>,
}

impl Errors {
    fn add(&mut self, more: Self) {
        self.square += more.square;
        self.loo += more.loo;
        self.refit += more.refit;
    }
}

/// w (e / left)², infinite where nothing is left.
fn deleted(w: f64, e: f64, left: f64) -> f64 {
    if left > 1e-12 { w * (e / left).powi(2) } else { f64::INFINITY }
}

/// The exponent of the unit of errors: that of the largest target.
fn error_power<T: Real>(design: &Design<'_, T>) -> i32 {
    design.y.iter().map(|y| y.power).min().unwrap_or(0)
}
