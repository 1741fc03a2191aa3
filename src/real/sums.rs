//! Sums over a slice, in lanes.

use super::Lanes;
use pulp::{Simd, WithSimd};

/// Σ xᵢ.
#[derive(Debug)]
pub(crate) struct Sum<'a, T>(pub &'a [T]);

impl<T: Lanes> WithSimd for Sum<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T {
        let (registers, rest) = T::split(simd, self.0);
        let (quads, single) = registers.as_chunks::<4>();
        let mut sums = [T::all(simd, T::zero()); 4];
        for quad in quads {
            for (sum, &x) in sums.iter_mut().zip(quad) {
                *sum = T::plus(simd, *sum, x);
            }
        }
        for &x in single {
            sums[0] = T::plus(simd, sums[0], x);
        }
        let total = T::plus(simd, T::plus(simd, sums[0], sums[1]), T::plus(simd, sums[2], sums[3]));
        rest.iter().fold(T::total(simd, total), |sum, &x| sum + x)
    }
}

/// Σ ln(1 + xᵢ) for 0 ≤ xᵢ ≤ 1, as ln(1 + P) with P from (1 + P)(1 + x) = 1 + (P + x + P x): no digit of small x is lost. At
/// most 64 factors make a product, which is at most 2⁶⁴.
#[derive(Debug)]
pub(crate) struct Ln1pSum<'a, T>(pub &'a [T]);

impl<T: Lanes> WithSimd for Ln1pSum<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T {
        let mut sum = T::zero();
        for x in self.0.chunks(64) {
            let (registers, rest) = T::split(simd, x);
            let (pairs, single) = registers.as_chunks::<2>();
            let mut products = [T::all(simd, T::zero()); 2];
            for pair in pairs {
                for (product, &x) in products.iter_mut().zip(pair) {
                    *product = T::plus(simd, *product, T::fma(simd, *product, x, x));
                }
            }
            for &x in single {
                products[0] = T::plus(simd, products[0], T::fma(simd, products[0], x, x));
            }
            let [a, b] = products;
            let mut lanes = [T::zero(); 16];
            T::split_mut(simd, &mut lanes).0[0] = T::plus(simd, a, T::fma(simd, a, b, b));
            let factors = rest.iter().chain(&lanes[..T::lanes(simd)]);
            sum += factors.fold(T::zero(), |product, &x| product + T::fma1(simd, product, x, x)).ln_1p();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use crate::Real;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_the_loop(x in proptest::collection::vec(0.0..1.0f64, 0..200), power in 0i32..300) {
            let scale = 10f64.powi(-power);
            let x: Vec<f64> = x.iter().map(|x| x * scale).collect();
            let total: f64 = x.iter().sum();
            prop_assert!((f64::sum(&x) - total).abs() <= 1e-14 * total);
            let total: f64 = x.iter().map(|x| x.ln_1p()).sum();
            prop_assert!((f64::ln_1p_sum(&x) - total).abs() <= 1e-14 * total);
            let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
            let total: f64 = single.iter().map(|&x| f64::from(x).ln_1p()).sum();
            prop_assert!((f64::from(f32::ln_1p_sum(&single)) - total).abs() <= 2e-6 * total + 1e-43);
        }

        #[test]
        fn ones_do_not_overflow(n in 0usize..300) {
            let sum = f64::from(f32::ln_1p_sum(&vec![1.0; n]));
            prop_assert!((sum - n as f64 * std::f64::consts::LN_2).abs() <= 1e-5 * n as f64);
        }
    }
}
