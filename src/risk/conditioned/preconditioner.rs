//! An approximate inverse Hessian.

use super::Conditioned;
use crate::Real;
use crate::linalg::cholesky;
use crate::objective::Objective;

/// The inverse of the Hessian's diagonal blocks, one per output: ∂²R/∂wᶜ∂wᶜ over features and intercept.
pub(super) struct Preconditioner {
    /// L of every block's Cholesky factor, or nothing where there is none.
    factors: Vec<Vec<f64>>,
    columns: usize,
    scratch: Vec<f64>,
    /// Where the loss ignores a common shift of all scores, R along the shift of a column's weights is its penalty alone: the
    /// inverse of that curvature, 0 without one.
    along_shift: Vec<f64>,
    shifts: Vec<f64>,
}

impl Preconditioner {
    /// Of no use.
    pub fn none() -> Self {
        Self { factors: Vec::new(), columns: 0, scratch: Vec::new(), along_shift: Vec::new(), shifts: Vec::new() }
    }

    pub fn is_none(&self) -> bool {
        self.factors.is_empty()
    }

    /// The blocks of `risk` at `phi`.
    pub fn new<T: Real>(risk: &mut Conditioned<'_, T>, phi: &[f64]) -> Self {
        Self::of_outputs(risk, phi, risk.outputs())
    }

    /// The block of `risk` for its first output at φ = 0, taken for all: where all scores are 0 the outputs differ by their
    /// targets alone.
    pub fn at_zero<T: Real>(risk: &mut Conditioned<'_, T>) -> Self {
        let (k, zero) = (risk.outputs(), vec![0.0; risk.dim()]);
        let mut alike = Self::of_outputs(risk, &zero, 1);
        if let Some(first) = alike.factors.first().cloned() {
            alike.factors.resize(k, first);
        }
        alike
    }

    fn of_outputs<T: Real>(risk: &mut Conditioned<'_, T>, phi: &[f64], outputs: usize) -> Self {
        let k = risk.outputs();
        let pairs: Vec<(usize, usize)> = (0..outputs).map(|c| (c, c)).collect();
        let (columns, features) = (risk.columns(), risk.data.features());
        let mut factors = Vec::new();
        risk.each_gram(phi, &pairs, |risk, _, gram| {
            let mut lower = vec![0.0; columns * columns];
            for (i, l) in lower.iter_mut().enumerate() {
                let (row, column) = (i % columns, i / columns);
                *l = gram.at(row, column) * risk.inverse(row) * risk.inverse(column);
                if row == column {
                    *l += if row < features { risk.ridge(row) } else { 0.0 };
                    // A little of the diagonal makes collinear features definite.
                    *l += 1e-6 * *l + if *l > 0.0 { 0.0 } else { 1.0 };
                }
            }
            factors.extend(cholesky::factor(&mut lower, columns).is_ok().then_some(lower));
        });
        if factors.len() < outputs {
            return Self::none();
        }
        let mut along_shift = Vec::new();
        if risk.loss.ignores_shift(k) {
            let ridge = |j: usize| if j < features { risk.ridge(j) } else { 0.0 };
            // Below the rounding of the gradient the inverse would blow that up.
            let seen = |ridge: f64| if ridge > f64::EPSILON { 1.0 / ridge } else { 0.0 };
            along_shift.extend((0..columns).map(ridge).map(seen));
        }
        Self { factors, columns, scratch: vec![0.0; columns], along_shift, shifts: Vec::new() }
    }

    /// r ← H⁻¹ r, if there are factors.
    pub fn apply(&mut self, r: &mut [f64]) -> bool {
        let k = self.factors.len();
        if k == 0 {
            return false;
        }
        // Blocks would mix the shift into what the loss sees, so it is taken out, and dealt with by itself.
        let shifts = !self.along_shift.is_empty();
        self.shifts.clear();
        if shifts {
            self.shifts.extend(r.chunks_exact(k).zip(&self.along_shift).map(|(r, s)| mean(r) * s));
            take_out_shift(r, k);
        }
        for (c, lower) in self.factors.iter().enumerate() {
            let of_output = || r[c..].iter().step_by(k);
            self.scratch.iter_mut().zip(of_output()).for_each(|(s, r)| *s = *r);
            cholesky::solve(lower, self.columns, &mut self.scratch);
            r[c..].iter_mut().step_by(k).zip(&self.scratch).for_each(|(r, s)| *r = *s);
        }
        if shifts {
            take_out_shift(r, k);
            r.chunks_exact_mut(k).zip(&self.shifts).for_each(|(r, shift)| r.iter_mut().for_each(|r| *r += shift));
        }
        true
    }
}

/// Less the mean over the k outputs, column by column.
pub(super) fn take_out_shift(r: &mut [f64], k: usize) {
    for r in r.chunks_exact_mut(k) {
        let mean = mean(r);
        r.iter_mut().for_each(|r| *r -= mean);
    }
}

fn mean(r: &[f64]) -> f64 {
    r.iter().sum::<f64>() / r.len() as f64
}
