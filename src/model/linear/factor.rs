//! A triangular factor of the centred design: R with Rᵀ R = Xᵀ W X + Λ, the rank, and how good the factor is.
//!
//! Well-conditioned designs take Cholesky of the f64 Gram matrix. All others take a pivoted Cholesky factorization of the
//! Gram matrix in double-double: squaring the condition of the design then costs no digits that an f64 factor has, so
//! its R is as good as that of a Householder QR, for one more pass over X and no memory beyond p².

use super::design::Design;
use super::gram::{self, Centred};
use super::pivoted::Pivoted;
use crate::Real;
use crate::linalg::cholesky;
use crate::linalg::compensated::Run;
use crate::linalg::vectors::add_multiple;
pub(super) use crate::linalg::vectors::dot;

/// A column that the independent ones determine.
#[derive(Debug, Clone)]
pub(super) struct Dependent {
    pub column: usize,
    /// x_column = constant + Σ cₗ x_{order[l]}, in scaled units.
    pub combination: Vec<f64>,
}

/// R and what is known of it. Positions 0 .. r stand for the columns `order`, each divided by its `norm`.
#[derive(Debug)]
pub(super) struct Factor {
    pub order: Vec<usize>,
    pub dependent: Vec<Dependent>,
    /// Norm of each centred column (with its penalty), one a position.
    pub norm: Vec<f64>,
    /// R by columns: column j is `r[j]`, of length j + 1, of unit norm.
    pub r: Vec<Vec<f64>>,
    /// 2-norm condition of R, estimated.
    pub condition: f64,
    /// Smallest singular value of R, estimated from above.
    pub smallest: f64,
    /// ‖eⱼᵀ R⁻¹‖, one a position: how much an error of length 1 in the fitted values can do to the coefficient of a column
    /// of norm 1. For many columns a bound of all.
    pub growth: Vec<f64>,
    /// A bound of what one correction leaves of the error.
    pub contraction: f64,
    /// First coefficients from the Gram matrix, by output and position in units of 1 / norm; none where they are worthless.
    pub first: Option<Vec<Vec<f64>>>,
}

/// Up to this condition the f64 Gram matrix serves: one correction gains four digits or more.
const GRAM_CONDITION: f64 = 3e5;

/// Most rounds of the condition estimate.
const ROUNDS: usize = 12;

/// Up to this many columns [`Factor::growth`] is computed, at p³ / 3 operations.
const MOST_GROWTH: usize = 256;

impl Factor {
    pub fn new<T: Real>(design: &mut Design<'_, T>, l2: f64) -> Self {
        let fits = (design.positive > design.features() || l2 > 0.0) && design.moderate();
        if fits && let Some(factor) = Self::from_gram(design) {
            return factor;
        }
        Self::compensated(design, l2)
    }

    /// The fast route; `None` where the condition is too high for it.
    fn from_gram<T: Real>(design: &mut Design<'_, T>) -> Option<Self> {
        let gram = gram::centred(design);
        Self::of_gram(design, gram)
    }

    fn of_gram<T: Real>(design: &Design<'_, T>, gram: Centred) -> Option<Self> {
        let square = |j: usize| gram.at(j, j) + design.penalty(j).value();
        let (order, constant): (Vec<usize>, Vec<usize>) = (0..design.features()).partition(|&j| square(j) > 0.0);
        let norm: Vec<f64> = order.iter().map(|&j| square(j).sqrt()).collect();
        let p = order.len();
        let side = design.features();
        let right = |k: usize| order.iter().zip(&norm).map(|(&j, n)| gram.at(j, side + k) / n).collect();
        let right: Vec<Vec<f64>> = (0..design.outputs()).map(right).collect();
        let mut l = gram.lower(&order, &norm);
        cholesky::factor(&mut l, p).ok()?;
        let r = transposed(&l, p);
        let mut factor = Self::of_parts(order, norm, r);
        let p = factor.order.len() as f64;
        let rows = (design.rows() as f64).sqrt().min(64.0);
        factor.contraction = f64::EPSILON * (rows + 4.0 * p.sqrt()) * factor.condition * factor.condition;
        if factor.condition.is_nan() || factor.condition >= GRAM_CONDITION {
            return None;
        }
        factor.dependent = constant
            .into_iter()
            .map(|column| Dependent { column, combination: vec![0.0; factor.order.len()] })
            .collect();
        let first = right.into_iter().map(|mut c| {
            factor.solve(&mut c);
            c
        });
        factor.first = Some(first.collect());
        Some(factor)
    }

    /// The careful route: pivoted Cholesky in double-double, with the decision on the rank.
    pub fn compensated<T: Real>(design: &mut Design<'_, T>, l2: f64) -> Self {
        let mut products = gram::compensated_centred(design);
        for (j, run) in products.iter_mut().enumerate() {
            run.set(j, run.get(j) + design.penalty(j));
        }
        Pivoted::new(design, &products, l2).finish()
    }

    /// The careful route, and R⁻¹ beside R: row i is that of position i, columns of the design in units of the design.
    pub fn with_inverse<T: Real>(design: &mut Design<'_, T>) -> (Self, Vec<Run>) {
        let products = gram::compensated_centred(design);
        let pivoted = Pivoted::new(design, &products, 0.0);
        let inverse = pivoted.inverse();
        (pivoted.finish(), inverse)
    }

    pub(super) fn of_parts(order: Vec<usize>, norm: Vec<f64>, r: Vec<Vec<f64>>) -> Self {
        let mut factor = Self {
            order,
            dependent: Vec::new(),
            norm,
            r,
            condition: 1.0,
            smallest: 1.0,
            growth: Vec::new(),
            contraction: 0.0,
            first: None,
        };
        (factor.condition, factor.smallest) = factor.estimate_condition();
        factor.growth = factor.row_norms();
        factor
    }

    pub fn rank(&self) -> usize {
        self.order.len()
    }

    /// v ← R⁻¹ R⁻ᵀ v.
    pub fn solve(&self, v: &mut [f64]) {
        self.solve_transposed(v);
        self.solve_upper(v);
    }

    /// v ← R⁻¹ v.
    pub fn solve_upper(&self, v: &mut [f64]) {
        for j in (0..v.len()).rev() {
            v[j] /= self.r[j][j];
            let (above, rest) = v.split_at_mut(j);
            add_multiple(-rest[0], &self.r[j][..j], above);
        }
    }

    /// v ← R⁻ᵀ v.
    pub fn solve_transposed(&self, v: &mut [f64]) {
        for j in 0..v.len() {
            v[j] = (v[j] - dot(&self.r[j][..j], &v[..j])) / self.r[j][j];
        }
    }

    /// R v.
    pub fn times(&self, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        for (r, &v) in self.r.iter().zip(v) {
            add_multiple(v, r, &mut out[..r.len()]);
        }
        out
    }

    /// ‖eⱼᵀ R⁻¹‖ for every j, column after column of the inverse.
    fn row_norms(&self) -> Vec<f64> {
        let p = self.rank();
        if p > MOST_GROWTH {
            return vec![1.0 / self.smallest; p];
        }
        let mut squares = vec![0.0; p];
        let mut x = Vec::with_capacity(p);
        for last in 0..p {
            x.clear();
            x.resize(last + 1, 0.0);
            x[last] = 1.0;
            for j in (0..=last).rev() {
                x[j] /= self.r[j][j];
                let (above, rest) = x.split_at_mut(j);
                above.iter_mut().zip(&self.r[j]).for_each(|(x, r)| *x -= r * rest[0]);
            }
            squares.iter_mut().zip(&x).for_each(|(s, x)| *s += x * x);
        }
        squares.into_iter().map(f64::sqrt).collect()
    }

    /// Condition and smallest singular value of R by power and inverse iteration from a fixed start.
    fn estimate_condition(&self) -> (f64, f64) {
        let p = self.rank();
        if p == 0 {
            return (1.0, 1.0);
        }
        let start = |i: usize| 1.0 + 0.25 * ((i * 7 + 3) % 11) as f64 * if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let start: Vec<f64> = (0..p).map(start).collect();
        let largest = self.iterate(start.clone(), |v| {
            let rv = self.times(v);
            v.iter_mut().zip(&self.r).for_each(|(v, r)| *v = dot(r, &rv[..r.len()]));
            norm(&rv)
        });
        let inverse = self.iterate(start, |u| {
            self.solve(u);
            norm(u).sqrt()
        });
        let smallest = 1.0 / inverse;
        (largest.max(1.0) / smallest, smallest)
    }

    /// The largest of the sizes that `step` finds of unit vectors, each what it made of the one before.
    fn iterate(&self, mut v: Vec<f64>, mut step: impl FnMut(&mut [f64]) -> f64) -> f64 {
        let mut largest = 0.0_f64;
        for round in 0..ROUNDS {
            normalize(&mut v);
            let size = step(&mut v);
            // Where a round costs much, as long as they tell something new.
            if v.len() > MOST_GROWTH && round > 2 && size <= 1.02 * largest {
                return largest.max(size);
            }
            // A size that is NaN stays.
            largest = if size > largest || size.is_nan() { size } else { largest };
        }
        largest
    }
}

/// Columns transposed at a time: one line of cache each.
const TILE: usize = 8;

/// Lᵀ by columns.
fn transposed(l: &[f64], p: usize) -> Vec<Vec<f64>> {
    let mut r: Vec<Vec<f64>> = (1..=p).map(Vec::with_capacity).collect();
    for first in (0..p).step_by(TILE) {
        for (j, r) in r.iter_mut().enumerate().skip(first) {
            r.extend((first..(first + TILE).min(j + 1)).map(|i| l[i * p + j]));
        }
    }
    r
}

pub(super) fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

fn normalize(v: &mut [f64]) {
    let size = norm(v);
    v.iter_mut().for_each(|v| *v /= size);
}
