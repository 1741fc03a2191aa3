//! Double-double arithmetic: a number is an unevaluated sum of two f64, about 32 digits.
//!
//! Sources: Dekker (1971), Numerische Mathematik 18; Knuth, TAOCP 2, section 4.2.2; Ogita, Rump, Oishi (2005), SIAM
//! Journal on Scientific Computing 26 (sums and dot products that carry their rounding errors along).

use crate::Real;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// hi + lo, with |lo| at most half a unit in the last place of hi.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Dd {
    pub hi: f64,
    pub lo: f64,
}

/// a + b = sum + error, exactly.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let z = sum - a;
    (sum, (a - (sum - z)) + (b - z))
}

/// [`two_sum`] where |a| ≥ |b| or a = 0.
#[inline(always)]
fn quick_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// a · b = product + error, exactly unless the error underflows.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

impl Dd {
    pub const ZERO: Self = Self { hi: 0.0, lo: 0.0 };

    /// hi + lo, brought into normal form.
    #[inline(always)]
    pub fn sum(a: f64, b: f64) -> Self {
        let (hi, lo) = two_sum(a, b);
        Self { hi, lo }
    }

    /// a · b, exactly.
    #[inline(always)]
    pub fn product(a: f64, b: f64) -> Self {
        let (hi, lo) = two_product(a, b);
        Self { hi, lo }
    }

    /// The nearest f64.
    #[inline(always)]
    pub fn value(self) -> f64 {
        self.hi + self.lo
    }

    /// The square root; 0 for a number that is not positive.
    pub fn sqrt(self) -> Self {
        if self.hi <= 0.0 {
            return Self::ZERO;
        }
        // One step of Newton's iteration doubles the digits of the f64 root.
        let root = self.hi.sqrt();
        let rest = self - Self::product(root, root);
        Self::sum(root, rest.hi / (2.0 * root))
    }

    /// self · 2ᵏ given as the power itself: exact.
    #[inline(always)]
    pub fn scaled(self, power: f64) -> Self {
        Self { hi: self.hi * power, lo: self.lo * power }
    }
}

impl From<f64> for Dd {
    #[inline(always)]
    fn from(hi: f64) -> Self {
        Self { hi, lo: 0.0 }
    }
}

impl Add for Dd {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (s, e) = two_sum(self.hi, other.hi);
        let (t, f) = two_sum(self.lo, other.lo);
        let (s, e) = quick_two_sum(s, e + t);
        let (hi, lo) = quick_two_sum(s, e + f);
        Self { hi, lo }
    }
}

impl Neg for Dd {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }
}

impl Sub for Dd {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Dd {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (p, e) = two_product(self.hi, other.hi);
        let (hi, lo) = quick_two_sum(p, e + self.hi.mul_add(other.lo, self.lo * other.hi));
        Self { hi, lo }
    }
}

impl Div for Dd {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        let rest = self - other * first.into();
        let second = rest.hi / other.hi;
        let rest = rest - other * second.into();
        Self::sum(first, second) + (rest.hi / other.hi).into()
    }
}

/// Runs `work` compiled for the processor at hand: fused multiply-adds and vectors where it has them.
fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// x · scale − shift, exact: the scale is a power of two, and the shift is 0 or within a factor of 2 of every x · scale.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    pub scale: f64,
    pub shift: f64,
}

impl Unit {
    /// x itself.
    pub const ONE: Self = Self { scale: 1.0, shift: 0.0 };

    /// x in this unit.
    #[inline(always)]
    pub fn of<T: Real>(self, x: T) -> f64 {
        x.to_f64() * self.scale - self.shift
    }
}

/// A run of double-doubles, highs and lows apart so that loops over them are vector code.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub hi: Vec<f64>,
    pub lo: Vec<f64>,
}

impl Run {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { hi: vec![0.0; len], lo: vec![0.0; len] }
    }

    /// Number i.
    pub fn get(&self, i: usize) -> Dd {
        Dd { hi: self.hi[i], lo: self.lo[i] }
    }

    /// Sets number i.
    pub fn set(&mut self, i: usize, value: Dd) {
        (self.hi[i], self.lo[i]) = (value.hi, value.lo);
    }

    /// Becomes as long as `values`; the numbers are those in these units, with no low part.
    pub fn load<T: Real>(&mut self, values: &[T], unit: Unit) {
        self.hi.clear();
        self.hi.extend(values.iter().map(|&v| unit.of(v)));
        self.lo.clear();
        self.lo.resize(values.len(), 0.0);
    }

    /// Adds the same number to all.
    pub fn add_scalar(&mut self, value: Dd) {
        dispatch(
            #[inline(always)]
            || {
                for (hi, lo) in self.hi.iter_mut().zip(&mut self.lo) {
                    let (s, e) = two_sum(*hi, value.hi);
                    *hi = s;
                    *lo += e + value.lo;
                }
            },
        );
    }

    /// Multiplies number i by `factors[i]` into `out`, in normal form.
    pub fn times(&self, factors: &[f64], out: &mut Self) {
        let n = self.hi.len();
        out.hi.resize(n, 0.0);
        out.lo.resize(n, 0.0);
        let (h, l, f) = (&self.hi[..n], &self.lo[..n], &factors[..n]);
        let (oh, ol) = (&mut out.hi[..n], &mut out.lo[..n]);
        dispatch(
            #[inline(always)]
            || {
                for i in 0..n {
                    let (p, e) = two_product(h[i], f[i]);
                    let (hi, lo) = two_sum(p, f[i].mul_add(l[i], e));
                    (oh[i], ol[i]) = (hi, lo);
                }
            },
        );
    }

    /// The sum of all.
    pub fn total(&self) -> Dd {
        let mut lanes = [Dd::ZERO; 4];
        for (i, (&hi, &lo)) in self.hi.iter().zip(&self.lo).enumerate() {
            let lane = &mut lanes[i % 4];
            let (s, e) = two_sum(lane.hi, hi);
            *lane = Dd { hi: s, lo: lane.lo + (e + lo) };
        }
        lanes.iter().fold(Dd::ZERO, |sum, lane| sum + Dd::sum(lane.hi, lane.lo))
    }

    /// Σᵢ fᵢ (hiᵢ + loᵢ)², in f64; without factors fᵢ = 1.
    pub fn square_norm(&self, factors: Option<&[f64]>) -> f64 {
        let value = |i: usize| self.hi[i] + self.lo[i];
        let n = self.hi.len();
        match factors {
            Some(f) => (0..n).fold(0.0, |sum, i| sum + f[i] * value(i) * value(i)),
            None => (0..n).fold(0.0, |sum, i| sum + value(i) * value(i)),
        }
    }
}

/// r −= Σⱼ xⱼ bⱼ over `columns` in their units, all as long as r; r ends in normal form.
pub fn subtract_product<T: Real>(columns: &[&[T]], units: &[Unit], b: &[Dd], r: &mut Run) {
    let n = r.hi.len();
    let (rh, rl) = (&mut r.hi[..n], &mut r.lo[..n]);
    dispatch(
        #[inline(always)]
        || {
            let mut j = 0;
            // Four columns for one load and store of r.
            while j + 4 <= columns.len() {
                let x: [&[T]; 4] = [&columns[j][..n], &columns[j + 1][..n], &columns[j + 2][..n], &columns[j + 3][..n]];
                let u = [units[j], units[j + 1], units[j + 2], units[j + 3]];
                let b = [b[j], b[j + 1], b[j + 2], b[j + 3]];
                for i in 0..n {
                    let r = (rh[i], rl[i]);
                    let r = subtract(r, u[0].of(x[0][i]), b[0]);
                    let r = subtract(r, u[1].of(x[1][i]), b[1]);
                    let r = subtract(r, u[2].of(x[2][i]), b[2]);
                    (rh[i], rl[i]) = subtract(r, u[3].of(x[3][i]), b[3]);
                }
                j += 4;
            }
            for j in j..columns.len() {
                let (x, u, b) = (&columns[j][..n], units[j], b[j]);
                for i in 0..n {
                    (rh[i], rl[i]) = subtract((rh[i], rl[i]), u.of(x[i]), b);
                }
            }
            // After cancellation the low part can be far above the last place of the high one; a product with it would then
            // lose what it holds.
            for i in 0..n {
                (rh[i], rl[i]) = two_sum(rh[i], rl[i]);
            }
        },
    );
}

/// r − x b with the rounding error of the high part kept in the low part (not in normal form).
#[inline(always)]
fn subtract((h, l): (f64, f64), x: f64, b: Dd) -> (f64, f64) {
    let (p, e) = two_product(x, b.hi);
    let (s, f) = two_sum(h, -p);
    (s, (-x).mul_add(b.lo, l + (f - e)))
}

const LANES: usize = 8;

/// out[j] += Σᵢ xⱼᵢ vᵢ for every column in its unit.
pub fn dots<T: Real>(columns: &[&[T]], units: &[Unit], v: &Run, out: &mut [Dd]) {
    dispatch(
        #[inline(always)]
        || {
            for ((x, &unit), out) in columns.iter().zip(units).zip(out) {
                *out = *out + dot_lanes(x, unit, &v.hi, &v.lo);
            }
        },
    );
}

#[inline(always)]
fn dot_lanes<T: Real>(x: &[T], unit: Unit, vh: &[f64], vl: &[f64]) -> Dd {
    let (mut h, mut l) = ([0.0; LANES], [0.0; LANES]);
    let whole = x.len() / LANES * LANES;
    let (vh, vl) = (&vh[..x.len()], &vl[..x.len()]);
    let chunks = x[..whole].chunks_exact(LANES);
    for ((x, vh), vl) in chunks.zip(vh[..whole].chunks_exact(LANES)).zip(vl[..whole].chunks_exact(LANES)) {
        for i in 0..LANES {
            let x = unit.of(x[i]);
            let (p, e) = two_product(x, vh[i]);
            let (s, f) = two_sum(h[i], p);
            h[i] = s;
            l[i] = x.mul_add(vl[i], l[i] + (f + e));
        }
    }
    let mut sum = Dd::ZERO;
    for i in 0..LANES {
        sum = sum + Dd::sum(h[i], l[i]);
    }
    for i in whole..x.len() {
        let x = unit.of(x[i]);
        let (p, e) = two_product(x, vh[i]);
        sum = sum + Dd::sum(p, x.mul_add(vl[i], e));
    }
    sum
}

/// One more number of one lane of [`survey`].
#[inline(always)]
fn take(lane: &mut (f64, f64, f64), x: f64, w: f64) {
    let inside = w > 0.0;
    lane.0 = if inside && x < lane.0 { x } else { lane.0 };
    lane.1 = if inside && x > lane.1 { x } else { lane.1 };
    lane.2 += w * x;
}

/// Least x, largest x and Σ w x over the rows of positive weight, in eight partial sums.
pub fn survey<T: Real>(x: &[T], weights: Option<&[f64]>) -> (f64, f64, f64) {
    let mut lanes = [(f64::INFINITY, f64::NEG_INFINITY, 0.0); LANES];
    dispatch(
        #[inline(always)]
        || match weights {
            None => x.chunks(LANES).for_each(|c| c.iter().zip(&mut lanes).for_each(|(x, l)| take(l, x.to_f64(), 1.0))),
            Some(w) => x.chunks(LANES).zip(w.chunks(LANES)).for_each(|(x, w)| {
                x.iter().zip(w).zip(&mut lanes).for_each(|((x, &w), l)| take(l, x.to_f64(), w));
            }),
        },
    );
    lanes.iter().fold((f64::INFINITY, f64::NEG_INFINITY, 0.0), |a, b| (a.0.min(b.0), a.1.max(b.1), a.2 + b.2))
}

/// out = x in this unit, rounded where it is not exact.
pub fn shift<T: Real>(x: &[T], unit: Unit, out: &mut [f64]) {
    x.iter().zip(out).for_each(|(x, out)| *out = unit.of(*x));
}

/// y −= a x over runs of equal length.
pub fn subtract_multiple(a: Dd, x_hi: &[f64], x_lo: &[f64], y_hi: &mut [f64], y_lo: &mut [f64]) {
    let n = y_hi.len();
    let (x_hi, x_lo, y_lo) = (&x_hi[..n], &x_lo[..n], &mut y_lo[..n]);
    dispatch(
        #[inline(always)]
        || {
            for i in 0..n {
                let y = Dd { hi: y_hi[i], lo: y_lo[i] } - a * Dd { hi: x_hi[i], lo: x_lo[i] };
                (y_hi[i], y_lo[i]) = (y.hi, y.lo);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(x: &[f64], unit: Unit, v: &Run) -> Dd {
        let mut out = [Dd::ZERO];
        dots(&[x], &[unit], v, &mut out);
        out[0]
    }

    use proptest::prelude::*;

    #[test]
    fn square_root_and_quotient_have_thirty_digits() {
        let two = Dd::from(2.0);
        let root = two.sqrt();
        assert!((root * root - two).value().abs() < 1e-31);
        assert!((two / root - root).value().abs() < 1e-31);
        let third = Dd::from(1.0) / Dd::from(3.0);
        assert!((third * Dd::from(3.0) - Dd::from(1.0)).value().abs() < 1e-31);
    }

    #[test]
    fn what_f64_loses_is_kept() {
        let x = [1.0, 1e16, 1.0, -1e16, 1e-20];
        let mut v = Run::default();
        v.load(&[1.0; 5], Unit::ONE);
        let sum = dot(&x, Unit::ONE, &v);
        assert_eq!((sum.hi, sum.lo), (2.0, 1e-20));
    }

    proptest! {
        /// Integers below 2²⁶: every product and sum is exact in i128, so the comparison is too.
        #[test]
        fn products_and_dots_equal_integers(
            rows in prop::collection::vec((-(1i64 << 50)..(1i64 << 50), -(1i64 << 26)..(1i64 << 26)), 1..70),
            b in -(1i64 << 40)..(1i64 << 40),
        ) {
            let x: Vec<f64> = rows.iter().map(|r| r.0 as f64).collect();
            let y: Vec<f64> = rows.iter().map(|r| r.1 as f64).collect();
            let mut v = Run::default();
            v.load(&y, Unit { scale: 0.5, shift: 0.0 });
            let exact: i128 = rows.iter().map(|r| i128::from(r.0) * i128::from(r.1)).sum();
            let found = dot(&x, Unit { scale: 2.0, shift: 0.0 }, &v);
            prop_assert_eq!(found.hi as i128 + found.lo as i128, exact);

            v.load(&y, Unit::ONE);
            subtract_product(&[&x[..]; 5], &[Unit::ONE; 5], &[Dd::from(b as f64); 5], &mut v);
            for (i, r) in rows.iter().enumerate() {
                let exact = i128::from(r.1) - 5 * i128::from(r.0) * i128::from(b);
                let found = v.get(i);
                prop_assert_eq!(found.hi as i128 + found.lo as i128, exact);
            }
        }
    }
}
