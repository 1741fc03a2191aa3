//! The rectifier and its slope. In plain loops the compiler makes branches of them, and masked stores of a choice between a
//! number and what replaces it in place (20 times slower on some processors): here there is no such choice.
//!
//! NaN stays NaN, by arithmetic: what the maximum of NaN and 0 is depends on the processor. An infinity is a sum that
//! overflowed, perhaps with the wrong sign, so where it would become a finite number it becomes NaN.

use super::{Lanes, Real};
use pulp::{Simd, WithSimd};

/// a ← a where a > 0, else `leak` a. What is not finite stays so.
#[derive(Debug)]
pub struct Rectify<'a, T> {
    /// The numbers.
    pub a: &'a mut [T],
    /// What is left of a negative number.
    pub leak: T,
}

/// d ← d where a > 0, else `leak` d; NaN where a is NaN or infinite.
#[derive(Debug)]
pub struct Gate<'a, T> {
    /// The numbers before the rectifier.
    pub a: &'a [T],
    /// The gradient after it.
    pub d: &'a mut [T],
    /// Slope for negative numbers.
    pub leak: T,
}

#[inline(always)]
fn slope<T: Real>(a: T, leak: T) -> T {
    if a > T::zero() { T::one() } else { leak }
}

impl<T: Real> Rectify<'_, T> {
    pub(crate) fn plain(self) {
        // + 0 because −0 is no output that anybody expects.
        self.a.iter_mut().for_each(|a| *a = *a * slope(*a, self.leak) + T::zero());
    }
}

impl<T: Real> Gate<'_, T> {
    pub(crate) fn plain(self) {
        self.d.iter_mut().zip(self.a).for_each(|(d, &a)| *d = *d * slope(a, self.leak) + a * T::zero());
    }
}

impl<T: Lanes> WithSimd for Rectify<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (zero, one, leak) = (T::all(simd, T::zero()), T::all(simd, T::one()), T::all(simd, self.leak));
        let (registers, rest) = T::split_mut(simd, self.a);
        if self.leak == T::zero() {
            for a in registers {
                let lost = T::minus(simd, *a, *a);
                *a = T::plus(simd, T::larger(simd, *a, zero), lost);
            }
        } else {
            for a in registers {
                let slope = T::where_positive(simd, *a, one, leak);
                *a = T::fma(simd, *a, slope, zero);
            }
        }
        rest.iter_mut().for_each(|a| *a = T::fma1(simd, *a, slope(*a, self.leak), T::zero()));
    }
}

impl<T: Lanes> WithSimd for Gate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (zero, one, leak) = (T::all(simd, T::zero()), T::all(simd, T::one()), T::all(simd, self.leak));
        let (registers, rest) = T::split_mut(simd, self.d);
        let (values, others) = T::split(simd, self.a);
        for (d, &a) in registers.iter_mut().zip(values) {
            let slope = T::where_positive(simd, a, one, leak);
            *d = T::fma(simd, a, zero, T::times(simd, *d, slope));
        }
        Gate { a: others, d: rest, leak: self.leak }.plain();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers of every kind, NaN and the infinities among them.
    fn any_number() -> impl Strategy<Value = f64> {
        let odd = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX, f64::MIN, 5e-324, -5e-324];
        prop_oneof![3 => -2.0..2.0f64, 1 => prop::sample::select(odd)]
    }

    fn rectified<T: Lanes>(a: &[f64], leak: f64) -> [Vec<T>; 3] {
        let run = |work: &dyn Fn(Rectify<'_, T>)| {
            let mut a: Vec<T> = a.iter().map(|&a| T::of(a)).collect();
            work(Rectify { a: &mut a, leak: T::of(leak) });
            a
        };
        [run(&|it| it.plain()), run(&T::rectify), run(&|it| it.with_simd(pulp::Scalar))]
    }

    fn gated<T: Lanes>(a: &[f64], d: &[f64], leak: f64) -> [Vec<T>; 3] {
        let a: Vec<T> = a.iter().map(|&a| T::of(a)).collect();
        let run = |work: &dyn Fn(Gate<'_, T>)| {
            let mut d: Vec<T> = d.iter().map(|&d| T::of(d)).collect();
            work(Gate { a: &a, d: &mut d, leak: T::of(leak) });
            d
        };
        [run(&|it| it.plain()), run(&T::gate), run(&|it| it.with_simd(pulp::Scalar))]
    }

    fn same<T: Real>(found: T, expected: f64) -> bool {
        found == T::of(expected) || found.to_f64().is_nan() && expected.is_nan()
    }

    fn check<T: Lanes>(numbers: &[(f64, f64)], leak: f64) {
        let (a, d): (Vec<f64>, Vec<f64>) = numbers.iter().copied().unzip();
        for (z, dz) in rectified::<T>(&a, leak).iter().zip(gated::<T>(&a, &d, leak)) {
            for (i, (&a, &d)) in a.iter().zip(&d).enumerate() {
                let (a, d, leak) = (T::of(a).to_f64(), T::of(d).to_f64(), T::of(leak).to_f64());
                let right =
                    if a.is_finite() { same(z[i], if a > 0.0 { a } else { a * leak }) } else { !z[i].is_finite() };
                assert!(right, "{a} becomes {}", z[i]);
                let gated = if a.is_finite() { d * if a > 0.0 { 1.0 } else { leak } } else { f64::NAN };
                assert!(same(dz[i], gated), "the slope at {a} turns {d} to {}", dz[i]);
            }
        }
    }

    proptest! {
        /// By the processor's registers, by a register of one number, and by the loop: the definition, and NaN for NaN.
        #[test]
        fn equal_the_definition(
            numbers in prop::collection::vec((any_number(), any_number()), 1..70),
            leak in prop::sample::select(vec![0.0, 0.01]),
        ) {
            check::<f64>(&numbers, leak);
            check::<f32>(&numbers, leak);
        }
    }
}
