//! What inference takes from each row: residual and leverage, in one pass of O(n p²) with O(n) memory.

use super::design::{BLOCK, Design};
use super::factor::Factor;
use super::refine::Coefficients;
use crate::linalg::compensated::{self, Run};
use crate::linalg::threads;
use crate::model::inference::Covariance;
use crate::{Real, Result};
use nalgebra::DMatrix;

/// Per row and in sum, in the units of the design.
#[derive(Debug)]
pub(super) struct Rows {
    /// e.
    pub residuals: Vec<f64>,
    pub leverage: Vec<f64>,
    /// What the rows of the orthonormal basis are made of, which a sandwich needs again.
    pub v: Vec<Vec<f64>>,
    pub order: Vec<usize>,
    /// Σ w e².
    pub square: f64,
    /// Σ w (y − ȳ)², without an intercept Σ w y².
    pub total: f64,
    /// Σ w y².
    pub raw: f64,
}

struct Lane {
    start: usize,
    residuals: Vec<f64>,
    leverage: Vec<f64>,
    sums: [f64; 3],
}

/// One pass over the data.
pub(super) fn rows<T: Real>(design: &Design<'_, T>, factor: &Factor, at: &Coefficients, v: &[Vec<f64>]) -> Rows {
    let lanes = design.lanes(16);
    let new = |_| Lane { start: 0, residuals: Vec::new(), leverage: Vec::new(), sums: [0.0; 3] };
    let mut states: Vec<Lane> = (0..lanes).map(new).collect();
    let cost = threads::cost(&[design.rows(), factor.rank(), factor.rank() + 20]);
    threads::for_each(&mut states, cost, |i, lane| {
        let mut r = Run::default();
        let mut basis = Basis::new(factor.rank());
        let y = design.y[0];
        design.blocks(lanes, i, |start, len| {
            let columns: Vec<&[T]> = design.columns.iter().map(|c| &c[start..start + len]).collect();
            r.load(&design.targets[0][start..start + len], y.unit);
            for (i, &y0) in r.hi.iter().enumerate() {
                let w = weight(design, start + i);
                let (centred, raw) = (y0 - y.mean.hi, y0 + y.unit.shift);
                lane.sums[1] += w * centred * centred;
                lane.sums[2] += w * raw * raw;
            }
            r.add_scalar(-at.intercept);
            compensated::subtract_product(&columns, &design.units, &at.beta, &mut r);
            basis.fill(design, &factor.order, v, start, len);
            for i in 0..len {
                let (w, e) = (weight(design, start + i), r.get(i).value());
                lane.sums[0] += w * e * e;
                lane.residuals.push(e);
                let level = if design.intercept { 1.0 / design.total.value() } else { 0.0 };
                lane.leverage.push((w * (level + basis.square(i))).min(1.0));
            }
        });
        lane.start = lane.residuals.len();
    });
    let mut rows = Rows {
        residuals: Vec::with_capacity(design.rows()),
        leverage: Vec::with_capacity(design.rows()),
        v: v.to_vec(),
        order: factor.order.clone(),
        square: 0.0,
        total: 0.0,
        raw: 0.0,
    };
    for lane in states {
        rows.residuals.extend(lane.residuals);
        rows.leverage.extend(lane.leverage);
        rows.square += lane.sums[0];
        rows.total += lane.sums[1];
        rows.raw += lane.sums[2];
    }
    rows
}

pub(super) fn weight<T: Real>(design: &Design<'_, T>, i: usize) -> f64 {
    design.weights.as_ref().map_or(1.0, |w| w[i])
}

/// A block of rows in the orthonormal basis: q = Vᵀ (x − mean), one basis vector a column.
pub(super) struct Basis {
    x: Vec<f64>,
    q: Vec<f64>,
    rank: usize,
}

impl Basis {
    pub fn new(rank: usize) -> Self {
        Self { x: vec![0.0; BLOCK], q: vec![0.0; rank * BLOCK], rank }
    }

    pub fn fill<T: Real>(&mut self, design: &Design<'_, T>, order: &[usize], v: &[Vec<f64>], start: usize, len: usize) {
        self.q.fill(0.0);
        for (&j, v) in order.iter().zip(v) {
            compensated::shift(&design.columns[j][start..start + len], design.units[j], &mut self.x[..len]);
            let mean = design.x[j].mean.hi;
            self.x[..len].iter_mut().for_each(|x| *x -= mean);
            for (q, &v) in self.q.chunks_exact_mut(BLOCK).zip(v) {
                if v != 0.0 {
                    q.iter_mut().zip(&self.x[..len]).for_each(|(q, x)| *q += v * x);
                }
            }
        }
    }

    /// q of row i of the block.
    pub fn row(&self, i: usize) -> impl Iterator<Item = f64> {
        (0..self.rank).map(move |l| self.q[l * BLOCK + i])
    }

    /// ‖q‖² of row i of the block.
    fn square(&self, i: usize) -> f64 {
        self.row(i).map(|q| q * q).sum()
    }
}

impl Rows {
    /// Σ dᵢ qᵢ qᵢᵀ with the level as first basis vector.
    pub fn meat<T: Real>(&self, design: &Design<'_, T>, kind: Covariance, n: f64, df: f64) -> Result<DMatrix<f64>> {
        kind.defined(&self.leverage, df)?;
        let first = usize::from(design.intercept);
        let side = first + self.order.len();
        let mut meat = DMatrix::zeros(side, side);
        let mut basis = Basis::new(self.order.len());
        let level = 1.0 / design.total.value().sqrt();
        let mut q = vec![0.0; side];
        design.blocks(1, 0, |start, len| {
            basis.fill(design, &self.order, &self.v, start, len);
            for i in 0..len {
                let (e, h) = (self.residuals[start + i], self.leverage[start + i]);
                let w = weight(design, start + i);
                let d = (w * e).powi(2) * kind.stretch(n, df, h);
                if first == 1 {
                    q[0] = level;
                }
                (0..self.order.len()).for_each(|l| q[first + l] = basis.q[l * BLOCK + i]);
                for c in 0..side {
                    let dq = d * q[c];
                    (c..side).for_each(|r| meat[(r, c)] += dq * q[r]);
                }
            }
        });
        meat.fill_upper_triangle_with_lower_triangle();
        Ok(meat)
    }
}
