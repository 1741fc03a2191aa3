//! An approximate inverse Hessian from a subsample.

use super::scaling::Scaling;
use crate::Real;
use crate::data::Dataset;
use crate::linalg::{Block, cholesky, gram::Gram};
use crate::loss::Curvature;

/// The Hessian of the same kind for every output, (h G + Λ)⁻¹, with G the Gram matrix of the scaled features (and of 1) over
/// a subsample, Λ the penalty and h a typical curvature of the loss: its largest one per output at score 0.
pub(super) struct Preconditioner {
    /// L of the Cholesky factor, or nothing where it would cost more than it saves.
    lower: Vec<f64>,
    columns: usize,
}

/// The most features; the factor takes their cube.
const FEATURES: usize = 1000;
/// Rows a feature, so that the subsample's spectrum is that of the whole within a factor of about 2.
const ROWS: usize = 20;

impl Preconditioner {
    pub fn new<T: Real>(
        data: &Dataset<'_, T>,
        loss: &dyn Curvature<f64>,
        targets: &[f64],
        scaling: &Scaling,
        ridge: &[f64],
        bias: bool,
    ) -> Self {
        let (n, p, k) = (data.samples(), data.features(), data.outputs());
        let columns = p + usize::from(bias);
        let none = Self { lower: Vec::new(), columns };
        if p > FEATURES {
            return none;
        }
        let rows = sample(n, (ROWS * columns).max(512));
        let ones = vec![1.0; rows.iter().map(|&(_, len)| len).max().unwrap_or(0)];
        let (mut gram, mut count) = (Gram::new(p, usize::from(bias)), 0.0);
        for &(start, len) in &rows {
            let weights: Option<Vec<f64>> =
                data.weights().map(|w| w[start..start + len].iter().map(|w| w.to_f64()).collect());
            count += weights.as_ref().map_or(len as f64, |w| w.iter().sum());
            let block = Block::new(data.rows(start..start + len));
            gram.add(&block, &[&ones[..len]][..usize::from(bias)], &scaling.shift, weights.as_deref());
        }
        let mut curvature = vec![0.0; k * k];
        loss.curvature(&vec![0.0; k], &targets[..k], &mut curvature);
        // One output more than its own curvature 1/k (1 − 1/k): along differences of scores a softmax has 1/k.
        let typical = curvature[0] + curvature.get(1).map_or(0.0, |c| c.abs());
        let inverse = |j: usize| scaling.inverse.get(j).copied().unwrap_or(1.0);
        let mut lower = vec![0.0; columns * columns];
        for (i, l) in lower.iter_mut().enumerate() {
            let (row, column) = (i % columns, i / columns);
            *l = typical * gram.at(row, column) * inverse(row) * inverse(column) / count;
            if row == column {
                *l += ridge.get(row).copied().unwrap_or(0.0);
                // A little of the diagonal makes collinear features definite.
                *l += 1e-6 * *l + if *l > 0.0 { 0.0 } else { 1.0 };
            }
        }
        let usable = typical > 0.0 && count > 0.0 && cholesky::factor(&mut lower, columns).is_ok();
        if usable { Self { lower, columns } } else { none }
    }

    /// r ← (h G + Λ)⁻¹ r for every output, if there is a factor.
    pub fn apply(&self, r: &mut [f64], outputs: usize, scratch: &mut Vec<f64>) -> bool {
        if self.lower.is_empty() {
            return false;
        }
        scratch.resize(self.columns, 0.0);
        for c in 0..outputs {
            scratch.iter_mut().zip(r[c..].iter().step_by(outputs)).for_each(|(s, r)| *s = *r);
            cholesky::solve(&self.lower, self.columns, scratch);
            r[c..].iter_mut().step_by(outputs).zip(scratch.iter()).for_each(|(r, s)| *r = *s);
        }
        true
    }
}

/// About `most` rows of n as runs (start, length) of up to 64 neighbours, evenly spread.
fn sample(n: usize, most: usize) -> Vec<(usize, usize)> {
    const RUN: usize = 64;
    if n <= most {
        return vec![(0, n)];
    }
    let runs = most.div_ceil(RUN);
    (0..runs).map(|i| i * (n - RUN) / runs).map(|start| (start, RUN.min(n - start))).collect()
}
