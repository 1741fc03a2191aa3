//! Sums over one or two vectors, compiled for the processor at hand.

use crate::real::vectorize;
use pulp::{Simd, WithSimd};

/// Σ aᵢ bᵢ over the shorter of the two.
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    vectorize(Dot { a: &a[..n], b: &b[..n] })
}

struct Dot<'a> {
    a: &'a [f64],
    b: &'a [f64],
}

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let ((a, a_rest), (b, b_rest)) = (S::as_simd_f64s(self.a), S::as_simd_f64s(self.b));
        let mut sums = [simd.splat_f64s(0.0); 4];
        let ((fours, ones), (b_fours, b_ones)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
        for (a, b) in fours.iter().zip(b_fours) {
            for k in 0..4 {
                sums[k] = simd.mul_add_e_f64s(a[k], b[k], sums[k]);
            }
        }
        for (&a, &b) in ones.iter().zip(b_ones) {
            sums[0] = simd.mul_add_e_f64s(a, b, sums[0]);
        }
        let [s, t, u, v] = sums;
        let total = simd.reduce_sum_f64s(simd.add_f64s(simd.add_f64s(s, t), simd.add_f64s(u, v)));
        a_rest.iter().zip(b_rest).fold(total, |total, (a, b)| total + a * b)
    }
}

/// y += a x over the shorter of the two.
pub fn add_multiple(a: f64, x: &[f64], y: &mut [f64]) {
    vectorize(AddMultiple { a, x, y });
}

struct AddMultiple<'a> {
    a: f64,
    x: &'a [f64],
    y: &'a mut [f64],
}

impl WithSimd for AddMultiple<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.y.iter_mut().zip(self.x).for_each(|(y, x)| *y += self.a * x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_the_loops(v in prop::collection::vec((-1e3f64..1e3, -1e3f64..1e3), 0..200), a in -10.0f64..10.0) {
            let (x, mut y): (Vec<f64>, Vec<f64>) = v.iter().copied().unzip();
            let (sum, size) = v.iter().fold((0.0, 0.0), |s, v| (s.0 + v.0 * v.1, s.1 + f64::abs(v.0 * v.1)));
            prop_assert!((dot(&x, &y) - sum).abs() <= 1e-14 * size);
            add_multiple(a, &x, &mut y);
            prop_assert!(v.iter().zip(&y).all(|(v, y)| (v.1 + a * v.0 - y).abs() <= 1e-11));
        }

        #[test]
        fn a_number_that_is_not_finite_is_seen(n in 1usize..100, at in 0usize..100, odd in 0usize..2) {
            let (mut x, y) = (vec![1.0; n], vec![1.0; n]);
            x[at % n] = [f64::NAN, f64::INFINITY][odd];
            prop_assert!(!dot(&x, &y).is_finite());
        }
    }
}
