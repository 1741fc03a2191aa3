//! The auxiliary regression of squared residuals on the design.

use super::design::Design;
use super::rows::{Basis, Rows, weight};
use crate::Real;
use crate::linalg::threads;
use nalgebra::{DMatrix, DVector};

/// Koenker's n Σ ĝ² / Σ g² and its degrees of freedom: g = u² less its mean, ĝ its unweighted fit on the rows of positive
/// weight, of which `u` holds the residuals √w e of all rows. None where there is one coefficient or nothing varies.
///
/// One pass, in the orthonormal basis of the weighted design: without weights the Gram matrix is the identity.
pub(super) fn koenker<T: Real>(design: &Design<'_, T>, rows: &Rows, u: &[f64]) -> Option<(f64, f64)> {
    let first = usize::from(design.intercept);
    let side = first + rows.order.len();
    let n = design.positive as f64;
    let counts = |i: usize| weight(design, i) > 0.0;
    let mean = u.iter().map(|u| u * u).sum::<f64>() / n;
    let variation: f64 = (0..u.len()).filter(|&i| counts(i)).map(|i| (u[i] * u[i] - mean).powi(2)).sum();
    if side < 2 || variation <= 0.0 {
        return None;
    }
    let level = 1.0 / design.total.value().sqrt();
    let lanes = design.lanes(16);
    let gram = if design.weights.is_some() { side } else { 0 };
    let mut states = vec![(DVector::zeros(side), DMatrix::zeros(gram, gram)); lanes];
    let cost = threads::cost(&[design.rows(), side, side]);
    threads::for_each(&mut states, cost, |lane, (products, gram)| {
        let mut basis = Basis::new(rows.order.len());
        let mut q = DVector::from_element(side, level);
        design.blocks(lanes, lane, |start, len| {
            basis.fill(design, &rows.order, &rows.v, start, len);
            for i in (0..len).filter(|&i| counts(start + i)) {
                q.iter_mut().skip(first).zip(basis.row(i)).for_each(|(q, value)| *q = value);
                products.axpy(u[start + i] * u[start + i] - mean, &q, 1.0);
                if gram.ncols() > 0 {
                    gram.ger(1.0, &q, &q, 1.0);
                }
            }
        });
    });
    let sum = states.into_iter().reduce(|(a, b), (c, d)| (a + c, b + d));
    let (products, gram) = sum?;
    let explained =
        if gram.ncols() == 0 { products.norm_squared() } else { gram.cholesky()?.solve(&products).dot(&products) };
    Some((n * explained / variation, side as f64 - 1.0))
}
