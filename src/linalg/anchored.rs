//! Sums of products in two parts, about 30 digits at five operations a term, where a bound of the sums is known.
//!
//! The high part starts at an anchor C = 1.5 · 2ᵏ with 2ᵏ⁻¹ above every partial sum, so it stays in [2ᵏ, 2ᵏ⁺¹] and moves in steps
//! of 2ᵏ⁻⁵². For t = fl(s + x b) the difference t − s is then exact (Sterbenz), and x b − (t − s), what fell through the grid,
//! is one more fused multiply-add. Double-double arithmetic needs twice the operations, and no bound.
//!
//! Source: Rump, Ogita, Oishi (2008), SIAM Journal on Scientific Computing 31 (extraction to a grid).

use super::compensated::{Dd, Run};
use crate::real::vectorize;
use pulp::{Simd, WithSimd};

/// C for sums that stay within `bound`. One that is not finite gives NaN, and so do the sums.
fn anchor(bound: f64) -> f64 {
    if !bound.is_finite() {
        return f64::NAN;
    }
    // bound < 2^(exponent − 1022), and 2ᵏ is twice that; the grid stays clear of the subnormal numbers.
    let exponent = (bound.to_bits() >> 52) as i32;
    1.5 * 2.0_f64.powi((exponent - 1021).clamp(-800, 1000))
}

/// (s, l) + x b: s on its grid, the rest in l.
#[inline(always)]
fn add_product((s, l): (f64, f64), x: f64, b: Dd) -> (f64, f64) {
    let t = x.mul_add(b.hi, s);
    (t, l + x.mul_add(b.lo, x.mul_add(b.hi, s - t)))
}

/// r −= Σⱼ (xⱼ − shiftⱼ) bⱼ, where |r| + Σⱼ |xⱼ − shiftⱼ| |bⱼ| ≤ `bound` and the differences are exact; all of one length, r in
/// any form before and in normal form afterwards.
pub fn subtract_product(columns: &[&[f64]], shifts: &[f64], b: &[Dd], bound: f64, r: &mut Run) {
    vectorize(Subtract { columns, shifts, b, anchor: anchor(bound), r });
}

/// The error of one number of [`subtract_product`] with `p` columns, eight times its usual size: the low part is a sum of p
/// numbers of up to half a grid step and any sign, each addition rounded.
pub fn subtract_error(p: usize, bound: f64) -> f64 {
    2.0_f64.powi(-101) * (p as f64 + 1.0) * bound
}

struct Subtract<'a> {
    columns: &'a [&'a [f64]],
    shifts: &'a [f64],
    b: &'a [Dd],
    anchor: f64,
    r: &'a mut Run,
}

impl WithSimd for Subtract<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { columns, shifts, b, anchor, r } = self;
        let n = r.hi.len();
        let (rh, rl) = (&mut r.hi[..n], &mut r.lo[..n]);
        for i in 0..n {
            let s = anchor + rh[i];
            rl[i] += rh[i] - (s - anchor);
            rh[i] = s;
        }
        let mut j = 0;
        // Four columns for one load and store of r.
        while j + 4 <= columns.len() {
            let [x0, x1, x2, x3]: [&[f64]; 4] = std::array::from_fn(|k| &columns[j + k][..n]);
            let c: [f64; 4] = std::array::from_fn(|k| shifts[j + k]);
            let b: [Dd; 4] = std::array::from_fn(|k| -b[j + k]);
            for i in 0..n {
                let r = add_product((rh[i], rl[i]), x0[i] - c[0], b[0]);
                let r = add_product(r, x1[i] - c[1], b[1]);
                let r = add_product(r, x2[i] - c[2], b[2]);
                (rh[i], rl[i]) = add_product(r, x3[i] - c[3], b[3]);
            }
            j += 4;
        }
        for j in j..columns.len() {
            let (x, c, b) = (&columns[j][..n], shifts[j], -b[j]);
            for i in 0..n {
                (rh[i], rl[i]) = add_product((rh[i], rl[i]), x[i] - c, b);
            }
        }
        for i in 0..n {
            let sum = Dd::sum(rh[i] - anchor, rl[i]);
            (rh[i], rl[i]) = (sum.hi, sum.lo);
        }
    }
}

/// out[j] += Σᵢ (xⱼᵢ − shiftⱼ) vᵢ, where |xⱼᵢ − shiftⱼ| ≤ `reach[j]` and |vᵢ| ≤ `largest` wherever vᵢ ≠ 0, and the differences are
/// exact.
pub fn dots(columns: &[&[f64]], shifts: &[f64], reach: &[f64], v: &Run, largest: f64, out: &mut [Dd]) {
    vectorize(Dots { columns, shifts, reach, v, largest, out });
}

/// The error of a number of [`dots`] over `n` rows in blocks of `rows`, eight times its usual size: that of the low parts of all
/// blocks and lanes, each as in [`subtract_error`].
pub fn dots_error(n: usize, rows: usize, reach: f64, largest: f64) -> f64 {
    2.0_f64.powi(-101) * (n as f64 * rows as f64).sqrt() * rows as f64 * reach * largest
}

struct Dots<'a> {
    columns: &'a [&'a [f64]],
    shifts: &'a [f64],
    reach: &'a [f64],
    v: &'a Run,
    largest: f64,
    out: &'a mut [Dd],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut j = 0;
        while j + 4 <= self.columns.len() {
            self.group::<S, 4>(simd, j);
            j += 4;
        }
        (j..self.columns.len()).for_each(|j| self.group::<S, 1>(simd, j));
    }
}

impl Dots<'_> {
    /// The columns j .. j + J.
    #[inline(always)]
    fn group<S: Simd, const J: usize>(&mut self, simd: S, j: usize) {
        let n = self.v.hi.len();
        let (vh, vl) = (S::as_simd_f64s(&self.v.hi[..n]).0, S::as_simd_f64s(&self.v.lo[..n]).0);
        let (whole, lanes) = (vh.len(), size_of::<S::f64s>() / size_of::<f64>());
        let vl = &vl[..whole];
        let mut x: [&[S::f64s]; J] = [vh; J];
        let mut anchors = [0.0; J];
        let mut shifts = [simd.splat_f64s(0.0); J];
        let mut high = shifts;
        let mut low = shifts;
        for k in 0..J {
            x[k] = &S::as_simd_f64s(&self.columns[j + k][..n]).0[..whole];
            anchors[k] = anchor(self.reach[j + k] * self.largest * ((whole + 1) * lanes) as f64);
            shifts[k] = simd.splat_f64s(self.shifts[j + k]);
            high[k] = simd.splat_f64s(anchors[k]);
        }
        for i in 0..whole {
            let (vh, vl) = (vh[i], vl[i]);
            for k in 0..J {
                let x = simd.sub_f64s(x[k][i], shifts[k]);
                let t = simd.mul_add_f64s(x, vh, high[k]);
                let rest = simd.mul_add_f64s(x, vh, simd.sub_f64s(high[k], t));
                low[k] = simd.add_f64s(low[k], simd.mul_add_f64s(x, vl, rest));
                high[k] = t;
            }
        }
        for k in 0..J {
            let (mut h, mut l) = ([0.0; 16], [0.0; 16]);
            S::as_mut_simd_f64s(&mut h).0[0] = high[k];
            S::as_mut_simd_f64s(&mut l).0[0] = low[k];
            let out = &mut self.out[j + k];
            // Numbers on one grid, the anchor above all lanes together: their sum is exact.
            let high = h[..lanes].iter().fold(0.0, |sum, h| sum + (h - anchors[k]));
            *out = *out + Dd::sum(high, l[..lanes].iter().sum());
            for i in whole * lanes..n {
                let x = self.columns[j + k][i] - self.shifts[j + k];
                *out = *out + Dd::product(x, self.v.hi[i]) + (x * self.v.lo[i]).into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same in double-double arithmetic, one term after the other.
    fn plain(terms: impl Iterator<Item = (f64, Dd)>) -> Dd {
        terms.fold(Dd::ZERO, |sum, (x, b)| sum + Dd::from(x) * b)
    }

    fn number(i: usize) -> f64 {
        // 53 random bits and a size from 1 to 2⁻¹².
        let mut state = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 32;
        ((state >> 11) as f64 / 2.0_f64.powi(52) - 1.0) * 0.5_f64.powi((state % 13) as i32)
    }

    #[test]
    fn the_anchor_is_above_the_bound() {
        for bound in [0.0, 1e-300, 0.75, 1.0, 1.0000001, 3.7e10] {
            let c = anchor(bound);
            assert!(c / 3.0 >= bound, "{bound} {c}");
            assert_eq!((c / 1.5).to_bits() << 12, 0, "a power of two");
            assert!(bound < 1e-200 || c <= 12.0 * bound, "{bound} {c}");
        }
        assert!(anchor(f64::INFINITY).is_nan() && anchor(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn equal_double_double(n in 1usize..70, p in 1usize..11, seed in 0usize..1_000_000, power in -40i32..40, shifted: bool) {
            let size = 2.0_f64.powi(power);
            // With a shift the columns lie within a factor of two of it.
            let c = if shifted { 3.0 * size } else { 0.0 };
            let data: Vec<f64> = (0..n * p).map(|i| c + size * number(seed + i)).collect();
            let columns: Vec<&[f64]> = data.chunks_exact(n).collect();
            let b: Vec<Dd> = (0..p).map(|j| Dd::sum(number(seed + 7 * j), 1e-17 * number(j))).collect();
            let mut r = Run { hi: (0..n).map(|i| number(i + 3)).collect(), lo: (0..n).map(|i| 1e-17 * number(i)).collect() };
            let before = r.clone();
            let bound = 1.0 + p as f64 * size;
            subtract_product(&columns, &vec![c; p], &b, bound, &mut r);
            for i in 0..n {
                let expected = before.get(i) - plain(columns.iter().zip(&b).map(|(x, &b)| (x[i] - c, b)));
                let gap = (r.get(i) - expected).value().abs();
                prop_assert!(gap <= subtract_error(p, bound), "row {}: {:e}", i, gap);
                prop_assert!(r.lo[i].abs() <= f64::EPSILON * r.hi[i].abs());
            }
            let mut out = vec![Dd::from(0.5); p];
            dots(&columns, &vec![c; p], &vec![size; p], &before, 1.0, &mut out);
            for (x, out) in columns.iter().zip(out) {
                let expected = plain(x.iter().enumerate().map(|(i, x)| (x - c, before.get(i))));
                let gap = (out - expected - Dd::from(0.5)).value().abs();
                // The last place of 1/2 itself beside the bound.
                prop_assert!(gap <= dots_error(n, n, size, 1.0) + 1e-31, "{:e}", gap);
            }
        }

        #[test]
        fn a_number_that_is_not_finite_is_seen(n in 1usize..20, at in 0usize..20, odd in 0usize..3) {
            let at = at % n;
            let mut x = vec![1.0; n];
            x[at] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][odd];
            let mut r = Run::zeros(n);
            subtract_product(&[&x], &[0.0], &[Dd::from(2.0)], 4.0, &mut r);
            prop_assert!((0..n).all(|i| r.get(i).value().is_finite() == (i != at)));
            let mut out = [Dd::ZERO];
            let v = Run { hi: vec![1.0; n], lo: vec![0.0; n] };
            dots(&[&x], &[0.0], &[1.0], &v, 1.0, &mut out);
            prop_assert!(!out[0].value().is_finite());
        }
    }
}
