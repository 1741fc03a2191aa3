//! The Bernoulli loss of raw scores, but for its exponentials and logarithms; written out because plain loops over it become
//! branches.

use super::{Lanes, Real};
use pulp::{Simd, WithSimd};

/// From scores z, targets y and e = e^−|z|: `linear` = z⁺ − y z as (1 − y) z or −y z, and `dz` = scale · (σ(z) − y) as
/// (1 − y) σ(z) − y σ(−z), unless `dz` is empty.
#[derive(Debug)]
pub struct Logits<'a, T> {
    /// z.
    pub z: &'a [T],
    /// y.
    pub y: &'a [T],
    /// e^−|z|.
    pub e: &'a [T],
    /// Factor of the gradient.
    pub scale: T,
    /// The part of the loss without logarithms.
    pub linear: &'a mut [T],
    /// The gradient, or empty.
    pub dz: &'a mut [T],
}

impl<T: Real> Logits<'_, T> {
    pub(crate) fn plain(self) {
        let (zero, one) = (T::zero(), T::one());
        for ((linear, &z), &y) in self.linear.iter_mut().zip(self.z).zip(self.y) {
            *linear = if z > zero { (one - y) * z } else { -(y * z) };
        }
        for (((dz, &z), &y), &e) in self.dz.iter_mut().zip(self.z).zip(self.y).zip(self.e) {
            let large = one / (one + e);
            let small = e * large;
            let (p, q) = if z > zero { (large, small) } else { (small, large) };
            *dz = ((one - y) * p - y * q) * self.scale;
        }
    }
}

impl<T: Lanes> WithSimd for Logits<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (one, minus, scale) = (T::all(simd, T::one()), T::all(simd, -T::one()), T::all(simd, self.scale));
        let (z, z_rest) = T::split(simd, self.z);
        let (y, y_rest) = T::split(simd, self.y);
        let (e, e_rest) = T::split(simd, self.e);
        let (linear, linear_rest) = T::split_mut(simd, self.linear);
        let (dz, dz_rest) = T::split_mut(simd, self.dz);
        for ((linear, &z), &y) in linear.iter_mut().zip(z).zip(y) {
            let factor = T::where_positive(simd, z, T::minus(simd, one, y), T::times(simd, y, minus));
            *linear = T::times(simd, factor, z);
        }
        for (((dz, &z), &y), &e) in dz.iter_mut().zip(z).zip(y).zip(e) {
            let large = T::over(simd, one, T::plus(simd, one, e));
            let small = T::times(simd, e, large);
            let p = T::where_positive(simd, z, large, small);
            let q = T::where_positive(simd, z, small, large);
            let slope = T::minus(simd, T::times(simd, T::minus(simd, one, y), p), T::times(simd, y, q));
            *dz = T::times(simd, slope, scale);
        }
        Logits { z: z_rest, y: y_rest, e: e_rest, scale: self.scale, linear: linear_rest, dz: dz_rest }.plain();
    }
}
