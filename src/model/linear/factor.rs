//! A triangular factor of the centred design: R with Rᵀ R = Xᵀ W X + Λ, the rank, and how good the factor is.
//!
//! Well-conditioned designs take Cholesky of the f64 Gram matrix. All others take a pivoted Cholesky factorization of the
//! Gram matrix in double-double: squaring the condition of the design then costs no digits that an f64 factor has, so
//! its R is as good as that of a Householder QR, for one more pass over X and no memory beyond p².

use super::design::Design;
use super::gram::{self, Centred};
use crate::Real;
use crate::linalg::cholesky;
use crate::linalg::compensated::{self, Dd, Run};
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

/// A column counts as dependent if a relative change of this size, times √p, in the numbers of the design could make it so.
pub(super) const RANK_TOLERANCE: f64 = 8.0 * f64::EPSILON;

/// Most rounds of the condition estimate.
const ROUNDS: usize = 12;

/// Up to this many columns [`Factor::growth`] is computed, at p³ / 3 operations.
const MOST_GROWTH: usize = 256;

impl Factor {
    pub fn new<T: Real>(design: &mut Design<'_, T>, l2: f64) -> Self {
        let fits = (design.positive > design.features() || l2 > 0.0) && design.moderate();
        if fits && let Some(factor) = Self::from_gram(design, l2) {
            return factor;
        }
        Self::compensated(design, l2)
    }

    /// The fast route; `None` where the condition is too high for it.
    fn from_gram<T: Real>(design: &mut Design<'_, T>, l2: f64) -> Option<Self> {
        let gram = gram::centred(design);
        Self::of_gram(design, &gram, l2)
    }

    /// The factor for one penalty from a Gram matrix that is there already.
    pub fn of_gram<T: Real>(design: &Design<'_, T>, gram: &Centred, l2: f64) -> Option<Self> {
        let square = |j: usize| gram.at(j, j) + design.penalty(l2, j).value();
        let (order, constant): (Vec<usize>, Vec<usize>) = (0..design.features()).partition(|&j| square(j) > 0.0);
        let norm: Vec<f64> = order.iter().map(|&j| square(j).sqrt()).collect();
        let p = order.len();
        let mut l = lower(gram, &order, &norm);
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
        let side = design.features();
        let first = (0..design.outputs()).map(|k| {
            let mut c: Vec<f64> =
                factor.order.iter().zip(&factor.norm).map(|(&j, n)| gram.at(j, side + k) / n).collect();
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
            run.set(j, run.get(j) + design.penalty(l2, j));
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

    fn of_parts(order: Vec<usize>, norm: Vec<f64>, r: Vec<Vec<f64>>) -> Self {
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

/// Pivoted Cholesky of a symmetric double-double matrix. Row m of R is kept over all columns, in the order of the design.
struct Pivoted {
    rows: Vec<Run>,
    order: Vec<usize>,
    dependent: Vec<(usize, usize)>,
    square: Vec<f64>,
}

impl Pivoted {
    fn new<T: Real>(design: &Design<'_, T>, products: &[Run], l2: f64) -> Self {
        let p = products.len();
        let entry = |i: usize, j: usize| products[i.max(j)].get(i.min(j));
        let square: Vec<f64> = (0..p).map(|j| entry(j, j).value()).collect();
        let raw: Vec<f64> =
            (0..p).map(|j| (square[j].max(0.0) + design.total.hi * design.x[j].centre().powi(2)).sqrt()).collect();
        let tolerance = if l2 > 0.0 { 1e-14 } else { RANK_TOLERANCE * (p as f64).sqrt() };
        let most = design.positive - usize::from(design.intercept && design.positive > 0);
        let mut found = Self { rows: Vec::new(), order: Vec::new(), dependent: Vec::new(), square };
        let mut rest: Vec<Dd> = (0..p).map(|j| entry(j, j)).collect();
        let mut open: Vec<usize> = (0..p).collect();
        while let Some(pivot) = found.choose(&open, &rest) {
            open.retain(|&j| j != pivot);
            let limited = l2 == 0.0 && found.order.len() == most;
            if limited || found.depends(pivot, rest[pivot], &raw, tolerance) {
                found.dependent.push((pivot, found.order.len()));
                continue;
            }
            let row = found.row(pivot, rest[pivot].sqrt(), &entry);
            for &j in &open {
                rest[j] = rest[j] - row.get(j) * row.get(j);
            }
            found.rows.push(row);
            found.order.push(pivot);
        }
        found
    }

    /// The first column with a share that the chosen ones do not explain of at least a hundredth of the largest such share:
    /// pivoting that is safe and still takes columns in the order in which they come, so that of two equal ones the
    /// second is called dependent.
    fn choose(&self, open: &[usize], rest: &[Dd]) -> Option<usize> {
        let share = |j: usize| if self.square[j] > 0.0 { rest[j].hi.max(0.0) / self.square[j] } else { 0.0 };
        let largest = open.iter().fold(0.0_f64, |m, &j| m.max(share(j)));
        open.iter().copied().find(|&j| share(j) >= 1e-4 * largest)
    }

    /// ‖what is left of the column‖ ≤ tolerance · (‖xⱼ‖ + Σ |cₗ| ‖xₗ‖), norms not centred: rounding the numbers of the
    /// design relatively by `tolerance` explains the rest.
    fn depends(&self, column: usize, rest: Dd, raw: &[f64], tolerance: f64) -> bool {
        if rest.hi <= 0.0 || self.square[column] <= 0.0 {
            return true;
        }
        let share = (rest.hi / self.square[column]).sqrt();
        if share > 1e-4 {
            return rest.hi.sqrt() <= tolerance * raw[column];
        }
        let combination = self.combination(column, self.order.len());
        let sizes = combination.iter().zip(&self.order).map(|(c, &l)| c.abs() * raw[l]);
        rest.hi.sqrt() <= tolerance * (raw[column] + sizes.sum::<f64>())
    }

    /// Coefficients of a column in the first m chosen ones: R₁₁ c = r.
    fn combination(&self, column: usize, m: usize) -> Vec<f64> {
        let mut c: Vec<Dd> = (0..m).map(|i| self.rows[i].get(column)).collect();
        for l in (0..m).rev() {
            c[l] = c[l] / self.rows[l].get(self.order[l]);
            for i in 0..l {
                c[i] = c[i] - self.rows[i].get(self.order[l]) * c[l];
            }
        }
        c.into_iter().map(Dd::value).collect()
    }

    /// The next row of R, over all columns.
    fn row(&self, pivot: usize, diagonal: Dd, entry: &impl Fn(usize, usize) -> Dd) -> Run {
        let p = self.square.len();
        let mut row = Run::zeros(p);
        (0..p).for_each(|j| row.set(j, entry(pivot, j)));
        for above in &self.rows {
            compensated::subtract_multiple(above.get(pivot), &above.hi, &above.lo, &mut row.hi, &mut row.lo);
        }
        (0..p).for_each(|j| row.set(j, row.get(j) / diagonal));
        row.set(pivot, diagonal);
        row
    }

    /// R⁻¹ in double-double, row after row from the last: Vᵢ = (eᵢ − Σ_{l > i} Rᵢₗ Vₗ) / Rᵢᵢ.
    fn inverse(&self) -> Vec<Run> {
        let r = self.order.len();
        let mut rows = vec![Run::zeros(r); r];
        for i in (0..r).rev() {
            let (head, tail) = rows.split_at_mut(i + 1);
            let row = &mut head[i];
            row.hi[i] = 1.0;
            for (l, below) in tail.iter().enumerate() {
                let factor = self.rows[i].get(self.order[i + 1 + l]);
                compensated::subtract_multiple(factor, &below.hi, &below.lo, &mut row.hi, &mut row.lo);
            }
            let diagonal = self.rows[i].get(self.order[i]);
            (i..r).for_each(|j| row.set(j, row.get(j) / diagonal));
        }
        rows
    }

    fn finish(self) -> Factor {
        let norm: Vec<f64> = self.order.iter().map(|&j| self.square[j].sqrt()).collect();
        let column =
            |(j, &c): (usize, &usize)| self.rows[..=j].iter().map(|row| row.get(c).value() / norm[j]).collect();
        let r: Vec<Vec<f64>> = self.order.iter().enumerate().map(column).collect();
        let mut dependent: Vec<Dependent> = self
            .dependent
            .iter()
            .map(|&(column, m)| {
                let mut combination = self.combination(column, m);
                combination.resize(self.order.len(), 0.0);
                Dependent { column, combination }
            })
            .collect();
        dependent.sort_by_key(|d| d.column);
        let mut factor = Factor::of_parts(self.order.clone(), norm, r);
        factor.dependent = dependent;
        let p = factor.rank() as f64;
        factor.contraction = f64::EPSILON * (8.0 + 4.0 * p.sqrt()) * factor.condition;
        factor
    }
}

/// Columns transposed at a time: one line of cache each.
const TILE: usize = 8;

/// The lower triangle of the Gram matrix, column-major, of columns divided by their norms.
fn lower(gram: &Centred, order: &[usize], norm: &[f64]) -> Vec<f64> {
    let p = order.len();
    let mut l = vec![0.0; p * p];
    let inverse: Vec<f64> = norm.iter().map(|n| 1.0 / n).collect();
    for first in (0..p).step_by(TILE) {
        for i in first..p {
            for j in first..(first + TILE).min(i) {
                l[j * p + i] = gram.at(order[j], order[i]) * inverse[i] * inverse[j];
            }
        }
    }
    // With its penalty every column has norm 1.
    (0..p).for_each(|j| l[j * (p + 1)] = 1.0);
    l
}

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
