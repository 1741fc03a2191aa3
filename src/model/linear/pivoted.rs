//! Pivoted Cholesky factorization in double-double, and which columns depend on others.

use super::design::Design;
use super::factor::{Dependent, Factor};
use crate::Real;
use crate::linalg::compensated::{self, Dd, Run};

/// A column counts as dependent if a relative change of this size, times √p, in the numbers of the design could make it so.
pub(super) const RANK_TOLERANCE: f64 = 8.0 * f64::EPSILON;

/// Pivoted Cholesky of a symmetric double-double matrix. Row m of R is kept over all columns, in the order of the design.
pub(super) struct Pivoted {
    rows: Vec<Run>,
    order: Vec<usize>,
    dependent: Vec<(usize, usize)>,
    square: Vec<f64>,
}

impl Pivoted {
    pub fn new<T: Real>(design: &Design<'_, T>, products: &[Run], l2: f64) -> Self {
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
    pub fn inverse(&self) -> Vec<Run> {
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

    pub fn finish(self) -> Factor {
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
