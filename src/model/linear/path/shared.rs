//! What the fits of a path have in common, by features or by samples.

use super::super::design::Design;
use super::super::factor::Factor;
use super::super::pivoted::RANK_TOLERANCE;
use super::super::refine::intercept;
use super::super::rows::weight;
use super::super::solve::basic;
use crate::Real;
use crate::linalg::compensated::{Dd, Run, Unit};
use crate::linalg::power::{exponent, norm};
use crate::linalg::vectors::dot;
use nalgebra::DMatrix;

/// √W Xc = Q A, all in the units of the design.
#[derive(Debug)]
pub struct Shared {
    /// A, over all columns of the design.
    pub root: DMatrix<f64>,
    pub q: Rows,
    /// Qᵀ √W yc, by output.
    pub coordinates: Vec<Vec<f64>>,
    /// Fitted value at the means, by output.
    pub levels: Vec<f64>,
    /// The exponent of the length of each column of √W Xc in the user's units; none for a column of zeros.
    pub sizes: Vec<Option<i32>>,
}

/// The rows of Q, over √w.
#[derive(Debug)]
pub enum Rows {
    /// Of the features in this order: (x − mean) times these rows.
    Features(Vec<usize>, Vec<Vec<f64>>),
    /// One per sample.
    Samples(Vec<Vec<f64>>),
}

impl Shared {
    /// From R of the centred design and its least-squares solution.
    pub fn by_features<T: Real>(design: &mut Design<'_, T>) -> Self {
        let (factor, inverse) = Factor::with_inverse(design);
        let solved = basic(design, factor, 0.0);
        let factor = &solved.factor;
        let row = |run: &Run| (0..run.hi.len()).map(|j| run.get(j).value()).collect();
        let q = Rows::Features(factor.order.clone(), inverse.iter().map(row).collect());
        let mut coordinates = Vec::new();
        let mut levels = Vec::new();
        for (k, target) in solved.targets.iter().enumerate() {
            let c = &target.coefficients;
            let scaled = |(&j, n): (&usize, &f64)| c.beta[j].value() * n;
            let gamma: Vec<f64> = factor.order.iter().zip(&factor.norm).map(scaled).collect();
            coordinates.push(factor.times(&gamma));
            let at_means = |j: usize| c.beta[j].value() * design.x[j].centre();
            levels.push(intercept(design, c, k).value() + (0..design.features()).map(at_means).sum::<f64>());
        }
        Self::new(design, all_columns(design, factor), q, coordinates, levels)
    }

    /// From the centred design itself: nothing of size p×p.
    pub fn by_samples<T: Real>(design: &mut Design<'_, T>) -> Self {
        let rows: Vec<usize> = (0..design.rows()).filter(|&i| weight(design, i) > 0.0).collect();
        let (basis, root) = independent(design, &rows);
        let mut coordinates = Vec::new();
        let mut levels = Vec::new();
        for k in 0..design.outputs() {
            let (centred, mean) = centred(design, design.targets[k], design.y[k].unit, &rows);
            levels.push(mean.value() + design.y[k].unit.shift);
            coordinates.push(basis.column_iter().map(|column| dot(column.as_slice(), &centred)).collect());
        }
        let mut q = vec![Vec::new(); design.rows()];
        for (row, &i) in basis.row_iter().zip(&rows) {
            let root = weight(design, i).sqrt();
            q[i] = row.iter().map(|q| q / root).collect();
        }
        Self::new(design, root, Rows::Samples(q), coordinates, levels)
    }

    fn new<T: Real>(
        design: &Design<'_, T>,
        root: DMatrix<f64>,
        q: Rows,
        coordinates: Vec<Vec<f64>>,
        levels: Vec<f64>,
    ) -> Self {
        let size = |j: usize| match norm(root.column(j).iter().copied()) {
            0.0 => None,
            length => Some(exponent(length) - design.power(j)),
        };
        let sizes = (0..design.features()).map(size).collect();
        Self { root, q, coordinates, levels, sizes }
    }
}

/// R over all columns of the design; the dependent ones are combinations.
fn all_columns<T: Real>(design: &Design<'_, T>, factor: &Factor) -> DMatrix<f64> {
    let r = factor.rank();
    let mut rows = DMatrix::zeros(r, design.features());
    for (position, (&j, n)) in factor.order.iter().zip(&factor.norm).enumerate() {
        (0..=position).for_each(|l| rows[(l, j)] = factor.r[position][l] * n);
    }
    for dependent in &factor.dependent {
        for l in 0..r {
            let parts = (l..r).map(|i| factor.r[i][l] * factor.norm[i] * dependent.combination[i]);
            rows[(l, dependent.column)] = parts.sum::<f64>();
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

/// √W Xc = Q A over rows of positive weight, A of full row rank. A direction counts if rounding the numbers of the design
/// cannot make it, as in a fit. The means of the design become double-doubles.
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
    let a = DMatrix::from_fn(rank, p, |l, j| r[(l, j)] * norm[j]);
    (q.columns(0, rank).into_owned(), a)
}
