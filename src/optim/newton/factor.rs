//! The linear systems of Newton's method: a Cholesky factor of a Hessian that may be singular or indefinite, and conjugate
//! gradients where it is too large to form.

use crate::linalg::cholesky;
use crate::optim::run::dot;
use nalgebra::DMatrix;

/// Cholesky of C + μ 1, where C = S H S has unit diagonal and μ is 0 unless C is singular to rounding or indefinite.
pub(super) struct Factor {
    scale: Vec<f64>,
    /// L, column-major.
    lower: Vec<f64>,
    /// Whether μ > 0.
    pub shifted: bool,
}

impl Factor {
    /// `None` if H is not finite.
    ///
    /// μ starts at 0 and, as long as a pivot is below 8 d ε, grows from 16 d ε by factors of 16. So a direction along which H
    /// is flat gets a step of gradient descent, long but finite, which is 0 where the gradient is; and an indefinite H gives
    /// a direction of descent.
    pub fn new(h: &DMatrix<f64>) -> Option<Self> {
        let d = h.nrows();
        if h.iter().any(|h| !h.is_finite()) {
            return None;
        }
        let scale: Vec<f64> = (0..d).map(|j| if h[(j, j)] > 0.0 { 1.0 / h[(j, j)].sqrt() } else { 1.0 }).collect();
        let scaled = DMatrix::from_fn(d, d, |i, j| scale[i] * h[(i, j)] * scale[j]);
        let smallest = 8.0 * d as f64 * f64::EPSILON;
        let mut shift = 0.0;
        loop {
            let mut lower = scaled.as_slice().to_vec();
            lower.iter_mut().step_by(d + 1).for_each(|pivot| *pivot += shift);
            // Of a pivot the root is stored, on the diagonal.
            if cholesky::factor(&mut lower, d).is_ok() && lower.iter().step_by(d + 1).all(|l| l * l > smallest) {
                return Some(Self { scale, lower, shifted: shift > 0.0 });
            }
            shift = if shift > 0.0 { 16.0 * shift } else { 2.0 * smallest };
            if !shift.is_finite() {
                return None;
            }
        }
    }

    /// Overwrites r with (H + μ S⁻²)⁻¹ r.
    pub fn solve(&self, r: &mut [f64]) {
        r.iter_mut().zip(&self.scale).for_each(|(r, s)| *r *= s);
        cholesky::solve(&self.lower, r.len(), r);
        r.iter_mut().zip(&self.scale).for_each(|(r, s)| *r *= s);
    }
}

/// Solves H x = −g approximately: ‖H x + g‖ ≤ `forcing` ‖g‖ in the norm of the preconditioner, or until a direction of
/// negative curvature turns up, or `most` products. x is a direction of descent in every case.
///
/// Source: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithm 7.1.
pub(super) fn conjugate_gradient(
    g: &[f64],
    forcing: f64,
    most: usize,
    mut product: impl FnMut(&[f64], &mut [f64]),
    mut precondition: impl FnMut(&mut [f64]),
    x: &mut [f64],
) -> usize {
    x.fill(0.0);
    let mut r: Vec<f64> = g.iter().map(|g| -g).collect();
    let mut z = r.clone();
    precondition(&mut z);
    let mut p = z.clone();
    let mut hp = vec![0.0; g.len()];
    let mut rz = dot(&r, &z);
    let target = forcing * forcing * rz;
    for count in 0..most {
        if rz <= target || rz <= 0.0 {
            return count;
        }
        product(&p, &mut hp);
        let curvature = dot(&p, &hp);
        // Also flat to rounding, as along the common shift of a softmax: no step is to be had from there.
        if curvature <= 1e-15 * dot(&p, &p).sqrt() * dot(&hp, &hp).sqrt() {
            if count == 0 {
                x.copy_from_slice(&p);
            }
            return count + 1;
        }
        let alpha = rz / curvature;
        x.iter_mut().zip(&p).for_each(|(x, p)| *x += alpha * p);
        r.iter_mut().zip(&hp).for_each(|(r, hp)| *r -= alpha * hp);
        z.copy_from_slice(&r);
        precondition(&mut z);
        let next = dot(&r, &z);
        let beta = next / rz;
        rz = next;
        p.iter_mut().zip(&z).for_each(|(p, z)| *p = z + beta * *p);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(h: &DMatrix<f64>) -> impl FnMut(&[f64], &mut [f64]) + '_ {
        move |v, hv| {
            hv.copy_from_slice((h * nalgebra::DVector::from_column_slice(v)).as_slice());
        }
    }

    #[test]
    fn solves_in_wild_units() {
        // S A S with S from 1e-9 to 1e9: only the scaled matrix is fit to be factored.
        let a = DMatrix::from_fn(4, 4, |i, j| if i == j { 2.0 } else { 1.0 / (1.0 + i as f64 + j as f64) });
        let s = [1e-9, 1.0, 1e3, 1e9];
        let h = DMatrix::from_fn(4, 4, |i, j| s[i] * a[(i, j)] * s[j]);
        let x: Vec<f64> = s.iter().map(|s| 1.0 / s).collect();
        let mut r: Vec<f64> = (0..4).map(|i| (0..4).map(|j| h[(i, j)] * x[j]).sum()).collect();
        let factor = Factor::new(&h).unwrap();
        factor.solve(&mut r);
        assert!(r.iter().zip(&x).all(|(r, x)| (r / x - 1.0).abs() < 1e-14), "{r:?}");
    }

    #[test]
    fn singular_takes_a_step_in_the_range() {
        let h = DMatrix::from_element(2, 2, 1.0);
        let factor = Factor::new(&h).unwrap();
        let mut r = [2.0, 2.0];
        factor.solve(&mut r);
        assert!((r[0] + r[1] - 2.0).abs() < 1e-10 && (r[0] - r[1]).abs() < 1e-6, "{r:?}");
    }

    #[test]
    fn indefinite_gives_descent() {
        let h = DMatrix::from_row_slice(2, 2, &[1.0, 3.0, 3.0, 1.0]);
        let factor = Factor::new(&h).unwrap();
        let mut r = [1.0, -1.0];
        factor.solve(&mut r);
        assert!(r[0] - r[1] > 0.0);
        let zero = Factor::new(&DMatrix::zeros(3, 3)).unwrap();
        let mut r = [1.0, 0.0, -1.0];
        zero.solve(&mut r);
        assert!(r[0] > 0.0 && r[1] == 0.0 && r[2] < 0.0);
        assert!(Factor::new(&DMatrix::from_element(2, 2, f64::NAN)).is_none());
    }

    #[test]
    fn conjugate_gradients_agree_with_the_factor() {
        let a = DMatrix::from_fn(20, 20, |i, j| ((3 * i + 7 * j + i * j) % 11) as f64);
        let h = &a * a.transpose() + DMatrix::identity(20, 20);
        let g: Vec<f64> = (0..20).map(|i| (i as f64).sin()).collect();
        let mut direct: Vec<f64> = g.iter().map(|g| -g).collect();
        Factor::new(&h).unwrap().solve(&mut direct);
        let mut x = vec![0.0; 20];
        let diagonal: Vec<f64> = h.diagonal().iter().copied().collect();
        let precondition = |r: &mut [f64]| r.iter_mut().zip(&diagonal).for_each(|(r, d)| *r /= d);
        conjugate_gradient(&g, 1e-12, 200, product(&h), precondition, &mut x);
        assert!(x.iter().zip(&direct).all(|(x, d)| (x - d).abs() < 1e-9), "{x:?} {direct:?}");
    }

    #[test]
    fn negative_curvature_ends_in_a_direction_of_descent() {
        let h = DMatrix::from_diagonal(&nalgebra::DVector::from_vec(vec![-1.0, 2.0]));
        let mut x = vec![0.0; 2];
        conjugate_gradient(&[1.0, 0.1], 1e-12, 10, product(&h), |_| (), &mut x);
        assert!(x[0] + 0.1 * x[1] < 0.0);
    }
}
