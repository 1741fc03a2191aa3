//! What the fits of a path have in common, by features or by samples, and one fit from it.

use super::super::design::Design;
use super::super::factor::Factor;
use super::super::pivoted::RANK_TOLERANCE;
use super::super::refine::intercept;
use super::super::rows::{Basis, weight};
use super::super::solve::basic;
use super::RidgePoint;
use super::spectrum::Spectrum;
use crate::Real;
use crate::linalg::compensated::{Dd, Run, Unit};
use crate::linalg::threads;
use crate::linalg::vectors::dot;
use nalgebra::{DMatrix, DVector};

/// In units of the design for targets and weights, of the user for features.
#[derive(Debug)]
pub struct Shared {
    /// Of the centred design √W Xc, or of its R factor.
    spectrum: Spectrum,
    q: Rows,
    /// Uᵀ √W yc, by output.
    coordinates: Vec<Vec<f64>>,
    /// Fitted value at the means, by output.
    levels: Vec<f64>,
}

/// The rows of the orthonormal basis U, over √w.
#[derive(Debug)]
enum Rows {
    /// Of the features in this order: (x − mean) times these rows.
    Features(Vec<usize>, Vec<Vec<f64>>),
    /// One a sample.
    Samples(Vec<Vec<f64>>),
}

impl Shared {
    /// From R of the centred design and its least-squares solution.
    pub fn by_features<T: Real>(design: &mut Design<'_, T>) -> Self {
        let (factor, inverse) = Factor::with_inverse(design);
        let solved = basic(design, factor, 0.0);
        let factor = &solved.factor;
        let spectrum = Spectrum::new(in_user_units(design, factor));
        let row = |run: &Run| spectrum.rotate(&(0..run.hi.len()).map(|j| run.get(j).value()).collect::<Vec<_>>());
        let q = Rows::Features(factor.order.clone(), inverse.iter().map(row).collect());
        let mut coordinates = Vec::new();
        let mut levels = Vec::new();
        for (k, target) in solved.targets.iter().enumerate() {
            let c = &target.coefficients;
            let scaled = |(&j, n): (&usize, &f64)| c.beta[j].value() * n;
            let gamma: Vec<f64> = factor.order.iter().zip(&factor.norm).map(scaled).collect();
            coordinates.push(spectrum.rotate(&factor.times(&gamma)));
            let at_means = |j: usize| c.beta[j].value() * design.x[j].centre();
            levels.push(intercept(design, c, k).value() + (0..design.features()).map(at_means).sum::<f64>());
        }
        Self { spectrum, q, coordinates, levels }
    }

    /// From the centred design itself: nothing of size p×p.
    pub fn by_samples<T: Real>(design: &mut Design<'_, T>) -> Self {
        let rows: Vec<usize> = (0..design.rows()).filter(|&i| weight(design, i) > 0.0).collect();
        let (basis, a) = independent(design, &rows);
        let spectrum = Spectrum::new(a);
        let mut u = vec![vec![0.0; spectrum.values.len()]; rows.len()];
        for (l, column) in spectrum.u.iter().enumerate() {
            let column = &basis * DVector::from_column_slice(column);
            u.iter_mut().zip(column.iter()).for_each(|(u, &value)| u[l] = value);
        }
        let mut coordinates = vec![vec![0.0; spectrum.values.len()]; design.outputs()];
        let mut levels = Vec::new();
        for (k, coordinates) in coordinates.iter_mut().enumerate() {
            let (centred, mean) = centred(design, design.targets[k], design.y[k].unit, &rows);
            levels.push(mean.value() + design.y[k].unit.shift);
            for (u, y) in u.iter().zip(&centred) {
                coordinates.iter_mut().zip(u).for_each(|(c, u)| *c += u * y);
            }
        }
        let mut q = vec![Vec::new(); design.rows()];
        for (&i, mut u) in rows.iter().zip(u) {
            let root = weight(design, i).sqrt();
            u.iter_mut().for_each(|u| *u /= root);
            q[i] = u;
        }
        Self { spectrum, q: Rows::Samples(q), coordinates, levels }
    }

    /// Σ w ‖e‖² and Σ w ‖e‖² / (1 − h)² for every penalty, in the user's units of the targets, in one pass.
    pub fn errors<T: Real>(&self, design: &Design<'_, T>, l2: &[f64]) -> Vec<(f64, f64)> {
        let lanes = design.lanes(16);
        let mut states = vec![vec![(0.0, 0.0); l2.len()]; lanes];
        let rank = self.spectrum.values.len();
        let shrinks: Vec<Vec<f64>> = l2.iter().map(|&l2| self.spectrum.shrink(l2 * design.total.value())).collect();
        let cost = threads::cost(&[design.rows(), rank, rank + 2 * l2.len()]);
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
                        let (square, loo) = self.error(design, start + i, &q, shrink);
                        *sums = (sums.0 + square, sums.1 + loo);
                    }
                }
            });
        });
        let mut total = vec![(0.0, 0.0); l2.len()];
        for state in states {
            total.iter_mut().zip(state).for_each(|(a, b)| *a = (a.0 + b.0, a.1 + b.1));
        }
        total
    }

    /// w ‖e‖² and w ‖e‖² / (1 − h)² of one row.
    fn error<T: Real>(&self, design: &Design<'_, T>, i: usize, q: &[f64], shrink: &[f64]) -> (f64, f64) {
        let w = weight(design, i);
        let h: f64 = q.iter().zip(shrink).map(|(q, s)| q * q * s).sum();
        let left = 1.0 - w * (h + 1.0 / design.total.value());
        let mut sums = (0.0, 0.0);
        for (k, (coordinates, level)) in self.coordinates.iter().zip(&self.levels).enumerate() {
            let unit = design.y[k].unit;
            let fitted: f64 = q.iter().zip(shrink).zip(coordinates).map(|((q, s), c)| q * s * c).sum();
            // y less its shift first: exact.
            let off = unit.of(design.targets[k][i]) - (level - unit.shift);
            let e = (off - fitted) / unit.scale;
            sums.0 += w * e * e;
            sums.1 += if left > 1e-12 { w * (e / left).powi(2) } else { f64::INFINITY };
        }
        sums
    }

    /// The fit for one penalty, with its entry of [`errors`](Shared::errors).
    pub fn point<T: Real>(&self, design: &Design<'_, T>, l2: f64, (square, loo): (f64, f64)) -> RidgePoint {
        let (total, n) = (design.total.value(), design.positive as f64);
        let Spectrum { values, directions, unit, .. } = &self.spectrum;
        let shrink = self.spectrum.shrink(l2 * total);
        let (p, k) = (design.features(), self.levels.len());
        let mut coefficients = DMatrix::zeros(p, k);
        let mut intercept = DVector::zeros(k);
        for (c, (coordinates, level)) in self.coordinates.iter().zip(&self.levels).enumerate() {
            let t = design.y[c].unit.scale;
            for (((direction, s), shrink), coordinate) in directions.iter().zip(values).zip(&shrink).zip(coordinates) {
                let factor = if *s > 0.0 { shrink * coordinate / (s * s) * unit / t } else { 0.0 };
                (0..p).for_each(|j| coefficients[(j, c)] += direction[j] * factor);
            }
            let at_means = (0..p).map(|j| coefficients[(j, c)] * design.x[j].centre() / design.scale(j)).sum::<f64>();
            intercept[c] = level / t - at_means;
        }
        let mean_square = square / total;
        let effective_df = 1.0 + shrink.iter().sum::<f64>();
        let left = 1.0 - effective_df / n;
        let gcv = if left > 1e-12 { mean_square / (left * left) } else { f64::INFINITY };
        RidgePoint { l2, coefficients, intercept, mean_square, effective_df, gcv, loo: loo / total }
    }
}

/// R over all columns of the design, in the user's units; the dependent ones are combinations.
fn in_user_units<T: Real>(design: &Design<'_, T>, factor: &Factor) -> DMatrix<f64> {
    let r = factor.rank();
    let mut rows = DMatrix::zeros(r, design.features());
    for (position, (&j, n)) in factor.order.iter().zip(&factor.norm).enumerate() {
        (0..=position).for_each(|l| rows[(l, j)] = factor.r[position][l] * n / design.scale(j));
    }
    for dependent in &factor.dependent {
        for l in 0..r {
            let parts = (l..r).map(|i| factor.r[i][l] * factor.norm[i] * dependent.combination[i]);
            rows[(l, dependent.column)] = parts.sum::<f64>() / design.scale(dependent.column);
        }
    }
    rows
}

/// √w (v − mean) over these rows, in this unit, and the mean in it.
fn centred<T: Real>(design: &Design<'_, T>, values: &[T], unit: Unit, rows: &[usize]) -> (Vec<f64>, Dd) {
    let mut run = Run::default();
    run.load(values, unit);
    let sum = match &design.weights {
        None => run.total(),
        Some(w) => {
            let mut weighted = Run::default();
            run.times(w, &mut weighted);
            weighted.total()
        }
    };
    let mean = sum / design.total;
    run.add_scalar(-mean);
    (rows.iter().map(|&i| weight(design, i).sqrt() * run.get(i).value()).collect(), mean)
}

/// √W Xc = Q A over rows of positive weight, A of full row rank in the user's units. A direction counts if rounding the
/// numbers of the design cannot make it, as in a fit. The means of the design become double-doubles.
fn independent<T: Real>(design: &mut Design<'_, T>, rows: &[usize]) -> (DMatrix<f64>, DMatrix<f64>) {
    let (n, p) = (rows.len(), design.features());
    let tolerance = RANK_TOLERANCE * (p as f64).sqrt();
    let mut x = DMatrix::zeros(n, p);
    let (mut norm, mut limit) = (vec![0.0; p], vec![0.0; p]);
    for j in 0..p {
        let (mut column, mean) = centred(design, design.columns[j], design.units[j], rows);
        let size = dot(&column, &column).sqrt();
        design.x[j].mean = mean;
        let raw = size.hypot(design.x[j].centre() * design.total.value().sqrt());
        if size > tolerance * raw {
            column.iter_mut().for_each(|v| *v /= size);
            x.column_mut(j).copy_from_slice(&column);
            (norm[j], limit[j]) = (size, tolerance * raw / size);
        }
    }
    let (q, mut r, permutation) = x.col_piv_qr().unpack();
    let mut positions = DMatrix::from_fn(1, p, |_, j| limit[j]);
    permutation.permute_columns(&mut positions);
    // The centred rows add up to 0: there is one direction less than rows.
    let rank = (0..r.nrows().min(n - 1)).take_while(|&l| r[(l, l)].abs() > positions[l]).count();
    permutation.inv_permute_columns(&mut r);
    let a = DMatrix::from_fn(rank, p, |l, j| r[(l, j)] * norm[j] / design.scale(j));
    (q.columns(0, rank).into_owned(), a)
}
