//! Double-double arithmetic: a number is an unevaluated sum of two f64, about 32 digits.
//!
//! Sources: Dekker (1971), Numerische Mathematik 18; Knuth, TAOCP 2, section 4.2.2; Ogita, Rump, Oishi (2005), SIAM
//! Journal on Scientific Computing 26 (sums and dot products that carry their rounding errors along).

mod number;
mod run;

pub use number::Dd;
pub use run::Run;

use crate::Real;
use number::{two_product, two_sum};

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

/// out = x in this unit, rounded where it is not exact.
pub fn shift<T: Real>(x: &[T], unit: Unit, out: &mut [f64]) {
    dispatch(
        #[inline(always)]
        || x.iter().zip(&mut *out).for_each(|(x, out)| *out = unit.of(*x)),
    );
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
