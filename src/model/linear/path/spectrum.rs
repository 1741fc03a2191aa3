//! Singular values and vectors, small ones as exact as large ones.

use super::super::design::power_for;
use crate::linalg::power::power;
use crate::linalg::vectors::dot;
use nalgebra::DMatrix;

/// A = U S Vᵀ of a matrix of full row rank whose columns may be in any units.
#[derive(Debug)]
pub struct Spectrum {
    /// sᵢ, times `unit`.
    pub values: Vec<f64>,
    /// sᵢ vᵢ, times `unit`.
    pub directions: Vec<Vec<f64>>,
    /// uᵢ.
    pub u: Vec<Vec<f64>>,
    /// A power of two that keeps squares in range.
    pub unit: f64,
}

/// Rows that differ less than this in size are turned all at once first.
const GRADED: f64 = 1e3;

impl Spectrum {
    /// A P = Q R brings the rows into falling order of size, where turning them two by two leaves each singular value its own
    /// relative precision. Where the sizes differ little, eigenvectors of R Rᵀ turn all rows at once, nearly to the end.
    ///
    /// Source: Drmač and Veselić (2008), SIAM Journal on Matrix Analysis 29.
    pub fn new(mut a: DMatrix<f64>) -> Self {
        let unit = power(power_for(a.amax()).clamp(-511, 511));
        a *= unit;
        if a.nrows() == 0 {
            return Self { values: Vec::new(), directions: Vec::new(), u: Vec::new(), unit };
        }
        let (mut q, mut r, p) = a.col_piv_qr().unpack();
        let sizes: Vec<f64> = r.row_iter().map(|row| row.norm()).collect();
        let (least, most) = sizes.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &s| (a.min(s), b.max(s)));
        p.inv_permute_columns(&mut r);
        let graded = most >= GRADED * least;
        if !graded && let Some(eigen) = (&r * r.transpose()).try_symmetric_eigen(f64::EPSILON, 0) {
            r = eigen.eigenvectors.tr_mul(&r);
            q *= eigen.eigenvectors;
        }
        let mut directions: Vec<Vec<f64>> = r.row_iter().map(|row| row.iter().copied().collect()).collect();
        let mut u: Vec<Vec<f64>> = q.column_iter().map(|column| column.iter().copied().collect()).collect();
        jacobi(&mut directions, &mut u, graded);
        Self { values: directions.iter().map(|v| dot(v, v).sqrt()).collect(), directions, u, unit }
    }

    /// Uᵀ v.
    pub fn rotate(&self, v: &[f64]) -> Vec<f64> {
        self.u.iter().map(|u| dot(u, v)).collect()
    }

    /// s² / (s² + penalty), one per direction; 1 without a penalty.
    pub fn shrink(&self, penalty: f64) -> Vec<f64> {
        let penalty = penalty * self.unit * self.unit;
        self.values.iter().map(|s| if penalty == 0.0 { 1.0 } else { s * s / (s * s + penalty) }).collect()
    }
}

/// One-sided Jacobi: turns the rows of `a` until they are orthogonal, and the columns `u` along, so that Σ uᵢ aᵢᵀ stays.
///
/// Source: Golub and Van Loan (2013), section 8.6.3; Demmel and Veselić (1992), SIAM Journal on Matrix Analysis 13.
fn jacobi(a: &mut [Vec<f64>], u: &mut [Vec<f64>], graded: bool) {
    // The rounding of a product of r terms.
    let tolerance = f64::EPSILON * (a.len() as f64).sqrt().max(4.0);
    for _ in 0..60 {
        if !sweep(a, u, tolerance) {
            break;
        }
    }
    // Of rows with columns in very different units the small components, which their norms do not show.
    if graded {
        sweep(a, u, 0.0);
    }
}

/// Turns every pair of rows that is not orthogonal to `tolerance`; whether there was one.
fn sweep(a: &mut [Vec<f64>], u: &mut [Vec<f64>], tolerance: f64) -> bool {
    let mut turned = false;
    let mut squares: Vec<f64> = a.iter().map(|row| dot(row, row)).collect();
    for i in 0..a.len() {
        for j in i + 1..a.len() {
            let (x, y, xy) = (squares[i], squares[j], dot(&a[i], &a[j]));
            if xy.abs() <= tolerance * x.sqrt() * y.sqrt() || xy == 0.0 {
                continue;
            }
            turned = true;
            let zeta = (y - x) / (2.0 * xy);
            let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
            let c = t.hypot(1.0).recip();
            for m in [&mut *a, &mut *u] {
                let (head, tail) = m.split_at_mut(j);
                for (x, y) in head[i].iter_mut().zip(&mut tail[0]) {
                    (*x, *y) = (c * (*x - t * *y), c * (t * *x + *y));
                }
            }
            (squares[i], squares[j]) = (dot(&a[i], &a[i]), dot(&a[j], &a[j]));
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a matrix with rows and columns of very different size, and of a plain one.
    #[test]
    fn orthogonal_directions_that_make_the_matrix_again() {
        for unit in [1.0, 1e-6] {
            let size = |j: usize| if j.is_multiple_of(2) { unit } else { 1.0 / unit };
            let a = DMatrix::from_fn(4, 6, |i, j| ((i * 31 + j * 17 + i * i * j) % 13) as f64 - 5.0) * 1.0;
            let a = DMatrix::from_fn(4, 6, |i, j| a[(i, j)] * size(j));
            let found = Spectrum::new(a.clone());
            assert_eq!(found.values.len(), 4);
            for i in 0..4 {
                for j in 0..i {
                    let (v, w) = (&found.directions[i], &found.directions[j]);
                    assert!(dot(v, w).abs() < 1e-14 * (dot(v, v) * dot(w, w)).sqrt());
                    assert!(dot(&found.u[i], &found.u[j]).abs() < 1e-14);
                }
                for j in 0..6 {
                    let again: f64 = (0..4).map(|l| found.u[l][i] * found.directions[l][j]).sum::<f64>() / found.unit;
                    assert!((again - a[(i, j)]).abs() < 1e-13 * size(j), "{unit} {i} {j}");
                }
            }
        }
    }
}
