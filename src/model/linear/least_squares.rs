//! Least squares by a direct method.

use crate::layer::Affine;
use crate::loss::SquaredError;
use crate::optim::{Observer, Reason, Report, Solution, Solver, largest};
use crate::risk::Risk;
use crate::{Objective, Real, Result};
use nalgebra::DMatrix;

/// Least squares by Householder QR with column pivoting of the weighted, centred, scaled design.
///
/// Source: Golub and Van Loan (2013), Matrix Computations, 4th ed., section 5.4.2.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LeastSquares {
    _private: (),
}

impl<'r, T: Real> Solver<T, Risk<'r, T, Affine, SquaredError>> for LeastSquares {
    fn minimize(
        &self,
        risk: &mut Risk<'r, T, Affine, SquaredError>,
        _: Vec<T>,
        _: &mut dyn Observer<T>,
    ) -> Result<Solution<T>> {
        let (data, bias) = (risk.data(), risk.layer().has_bias());
        let (n, p, k) = (data.samples(), data.features(), data.outputs());
        let weights: Vec<f64> = data.weights().map_or(vec![1.0; n], |w| w.iter().map(|w| w.to_f64()).collect());
        let total: f64 = weights.iter().sum();
        let mean = |column: &[T]| match bias {
            true => column.iter().zip(&weights).map(|(x, w)| x.to_f64() * w).sum::<f64>() / total,
            false => 0.0,
        };
        let (mx, my): (Vec<f64>, Vec<f64>) =
            ((0..p).map(|j| mean(data.feature(j))).collect(), (0..k).map(|c| mean(data.target(c))).collect());
        let rows = n + if risk.l2() > 0.0 { p } else { 0 };
        let entry = |column: &[T], mean: f64, i: usize| (column[i].to_f64() - mean) * (weights[i] / total).sqrt();
        let mut a = DMatrix::from_fn(rows, p, |i, j| match i < n {
            true => entry(data.feature(j), mx[j], i),
            false => f64::from(u8::from(i - n == j)) * risk.l2().sqrt(),
        });
        let mut y = DMatrix::from_fn(rows, k, |i, c| if i < n { entry(data.target(c), my[c], i) } else { 0.0 });
        let (w, rank) = solve(&mut a, &mut y);
        let b = (0..k).map(|c| my[c] - (0..p).map(|j| mx[j] * w[(j, c)]).sum::<f64>());
        let mut params: Vec<T> = w.transpose().iter().map(|&w| T::of(w)).collect();
        if bias {
            params.extend(b.map(T::of));
        }
        let mut grad = vec![T::zero(); params.len()];
        let value = risk.gradient(&params, &mut grad).to_f64();
        Ok(Solution { params, report: Report::new(Reason::Direct, 1, value, largest(&grad)).with_rank(rank) })
    }
}

/// Householder QR with column pivoting of a, the reflections applied to y; the basic solution and the rank.
fn solve(a: &mut DMatrix<f64>, y: &mut DMatrix<f64>) -> (DMatrix<f64>, usize) {
    let (rows, p) = a.shape();
    let mut order: Vec<usize> = (0..p).collect();
    let scale: Vec<f64> = (0..p).map(|j| a.column(j).norm()).map(|s| if s > 0.0 { s } else { 1.0 }).collect();
    (0..p).for_each(|j| a.column_mut(j).unscale_mut(scale[j]));
    let mut rank = 0;
    for step in 0..p.min(rows) {
        let norm = |j: usize| a.view((step, j), (rows - step, 1)).norm();
        let pivot = (step..p).max_by(|&i, &j| norm(i).total_cmp(&norm(j))).unwrap_or(step);
        if norm(pivot) <= 1e-11 {
            break;
        }
        a.swap_columns(step, pivot);
        order.swap(step, pivot);
        let mut v = a.view((step, step), (rows - step, 1)).into_owned();
        let alpha = if v[0] > 0.0 { -v.norm() } else { v.norm() };
        v[0] -= alpha;
        let square = v.norm_squared();
        for matrix in [&mut *a, &mut *y] {
            for mut column in matrix.column_iter_mut() {
                let mut part = column.rows_mut(step, rows - step);
                let s = 2.0 * v.column(0).dot(&part) / square;
                part.axpy(-s, &v.column(0), 1.0);
            }
        }
        rank += 1;
    }
    let mut w = DMatrix::zeros(p, y.ncols());
    for c in 0..y.ncols() {
        for i in (0..rank).rev() {
            let known: f64 = (i + 1..rank).map(|l| a[(i, l)] * w[(order[l], c)]).sum();
            w[(order[i], c)] = (y[(i, c)] - known) / a[(i, i)];
        }
    }
    (0..p).for_each(|j| w.row_mut(j).unscale_mut(scale[j]));
    (w, rank)
}
