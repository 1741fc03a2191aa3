//! The rectifier and its slope. In plain loops the compiler makes branches of them, and masked stores of a choice between a
//! number and what replaces it in place (20 times slower on some processors): here there is no such choice.

use super::{Lanes, Real};
use pulp::{Simd, WithSimd};

/// a ← a where a > 0, else `leak` a.
#[derive(Debug)]
pub struct Rectify<'a, T> {
    /// The numbers.
    pub a: &'a mut [T],
    /// What is left of a negative number.
    pub leak: T,
}

/// d ← d where a > 0, else `leak` d.
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
fn rectified<T: Real>(a: T, leak: T) -> T {
    if a > T::zero() {
        a
    } else if leak == T::zero() {
        T::zero()
    } else {
        a * leak
    }
}

impl<T: Real> Rectify<'_, T> {
    pub(crate) fn plain(self) {
        self.a.iter_mut().for_each(|a| *a = rectified(*a, self.leak));
    }
}

impl<T: Real> Gate<'_, T> {
    pub(crate) fn plain(self) {
        self.d.iter_mut().zip(self.a).for_each(|(d, &a)| *d = if a > T::zero() { *d } else { *d * self.leak });
    }
}

impl<T: Lanes> WithSimd for Rectify<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (one, leak) = (T::all(simd, T::one()), T::all(simd, self.leak));
        let (registers, rest) = T::split_mut(simd, self.a);
        if self.leak == T::zero() {
            registers.iter_mut().for_each(|a| *a = T::larger(simd, *a, leak));
        } else {
            registers.iter_mut().for_each(|a| *a = T::times(simd, *a, T::where_positive(simd, *a, one, leak)));
        }
        rest.iter_mut().for_each(|a| *a = rectified(*a, self.leak));
    }
}

impl<T: Lanes> WithSimd for Gate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (one, leak) = (T::all(simd, T::one()), T::all(simd, self.leak));
        let (registers, rest) = T::split_mut(simd, self.d);
        let (values, others) = T::split(simd, self.a);
        for (d, &a) in registers.iter_mut().zip(values) {
            *d = T::times(simd, *d, T::where_positive(simd, a, one, leak));
        }
        Gate { a: others, d: rest, leak: self.leak }.plain();
    }
}
