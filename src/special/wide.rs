//! Numbers whose exponent does not overflow.

use super::logarithm::split;
use std::cmp::Ordering;
use std::ops::{Add, Div, Mul};

/// m 2ᵉ with ½ ≤ |m| < 1, or 0: an f64 whose square, product or quotient always fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wide {
    mantissa: f64,
    exponent: i32,
}

impl Wide {
    pub const ZERO: Self = Self { mantissa: 0.0, exponent: 0 };

    /// x, which must be finite.
    #[inline]
    pub fn new(x: f64) -> Self {
        let (mantissa, exponent) = split(x);
        Self { mantissa, exponent }
    }

    /// a − b, rounded once; it may be beyond the largest f64.
    #[inline]
    pub fn difference(a: f64, b: f64) -> Self {
        let difference = a - b;
        if difference.is_finite() {
            return Self::new(difference);
        }
        // Both are large then, and halves of large numbers are exact.
        Self::new(0.5 * a - 0.5 * b).scaled(1)
    }

    /// e in m 2ᵉ.
    pub fn exponent(self) -> i32 {
        self.exponent
    }

    #[inline]
    pub fn abs(self) -> Self {
        Self { mantissa: self.mantissa.abs(), ..self }
    }

    /// self · 2ᵏ.
    #[inline]
    pub fn scaled(self, k: i32) -> Self {
        if self.mantissa == 0.0 { self } else { Self { exponent: self.exponent + k, ..self } }
    }

    /// The square root of a number that is not negative.
    pub fn sqrt(self) -> Self {
        let odd = self.exponent.rem_euclid(2);
        Self::new((self.mantissa * f64::from(1 + odd)).sqrt()).scaled((self.exponent - odd) / 2)
    }

    /// xᵖ for x > 0 and |p| up to 10000.
    pub fn power(x: f64, p: f64) -> Self {
        if p == 1.0 {
            return Self::new(x);
        }
        let plain = x.powf(p);
        if plain.is_normal() {
            return Self::new(plain);
        }
        // mᵖ 2^(e p), the power of two split into a whole number and the rest.
        let (mantissa, exponent) = split(x);
        let whole = (f64::from(exponent) * p).round();
        let rest = f64::from(exponent).mul_add(p, -whole);
        let log = mantissa.log2() * p;
        let more = log.round();
        Self::new((log - more + rest).exp2()).scaled((whole + more) as i32)
    }

    /// ln x, for x > 0.
    pub fn ln(self) -> f64 {
        let e = f64::from(self.exponent);
        if (-1021..=1024).contains(&self.exponent) {
            return self.value().ln();
        }
        e.mul_add(std::f64::consts::LN_2, self.mantissa.ln())
    }

    /// The nearest f64; ±∞ or 0 where it is beyond the range.
    pub fn value(self) -> f64 {
        // In two steps: one power of two may itself be out of range. Only the last one rounds.
        let first = self.exponent.clamp(-1000, 1000);
        let second = (self.exponent - first).clamp(-1000, 1000);
        self.mantissa * 2f64.powi(first) * 2f64.powi(second)
    }
}

impl Add for Wide {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        [self, other].into_iter().collect::<Total>().value()
    }
}

impl Mul for Wide {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self::new(self.mantissa * other.mantissa).scaled(self.exponent + other.exponent)
    }
}

impl Div for Wide {
    type Output = Self;
    /// By a number that is not 0.
    #[inline]
    fn div(self, other: Self) -> Self {
        Self::new(self.mantissa / other.mantissa).scaled(self.exponent - other.exponent)
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let sign = |x: &Self| if x.mantissa > 0.0 { 1 } else { -i32::from(x.mantissa < 0.0) };
        let (a, b) = (sign(self), sign(other));
        if a != b || a == 0 {
            return Some(a.cmp(&b));
        }
        let sizes = (self.exponent * a).cmp(&(other.exponent * a));
        Some(sizes.then(self.mantissa.total_cmp(&other.mantissa)))
    }
}

/// A sum that carries its rounding errors along, in units that follow the largest term.
///
/// Source: Neumaier (1974), ZAMM 54, algorithm KB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Total {
    sum: f64,
    lost: f64,
    /// The sum stands in units of 2 to this power.
    exponent: i32,
}

impl Total {
    #[inline]
    pub fn add(&mut self, term: Wide) {
        if term.mantissa == 0.0 {
            return;
        }
        if self.sum == 0.0 && self.lost == 0.0 {
            self.exponent = term.exponent;
        }
        let mut gap = term.exponent - self.exponent;
        if gap > 0 {
            let shrink = power(-gap);
            self.sum *= shrink;
            self.lost *= shrink;
            self.exponent = term.exponent;
            gap = 0;
        }
        let term = term.mantissa * power(gap);
        let total = self.sum + term;
        let part = total - self.sum;
        self.lost += (self.sum - (total - part)) + (term - part);
        self.sum = total;
    }

    pub fn value(self) -> Wide {
        Wide::new(self.sum + self.lost).scaled(self.exponent)
    }
}

impl FromIterator<Wide> for Total {
    fn from_iter<I: IntoIterator<Item = Wide>>(terms: I) -> Self {
        let mut total = Self::default();
        terms.into_iter().for_each(|term| total.add(term));
        total
    }
}

/// 2ᵏ for k ≤ 0; 0 where that is below the normal numbers.
#[inline]
fn power(k: i32) -> f64 {
    if k < -1022 { 0.0 } else { f64::from_bits(((k + 1023) as u64) << 52) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finite() -> impl Strategy<Value = f64> {
        any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite())
    }

    proptest! {
        #[test]
        fn as_f64_where_that_fits(a in finite(), b in finite()) {
            prop_assert_eq!(Wide::new(a).value(), a);
            prop_assert_eq!(Wide::new(a).partial_cmp(&Wide::new(b)), a.partial_cmp(&b));
            if (a * b).is_normal() {
                prop_assert_eq!((Wide::new(a) * Wide::new(b)).value(), a * b);
            }
            if (a / b).is_normal() {
                prop_assert_eq!((Wide::new(a) / Wide::new(b)).value(), a / b);
            }
            let root = Wide::new(a).abs().sqrt();
            prop_assert!((root.value() / a.abs().sqrt() - 1.0).abs() < 1e-15 || a == 0.0);
            prop_assert_eq!((Wide::new(a) * Wide::new(a)).sqrt().value(), a.abs());
            let difference = Wide::difference(a, b).value();
            prop_assert!(difference == a - b || !(a - b).is_finite());
        }

        #[test]
        fn powers_go_beyond_the_range(x in finite(), p in -50.0..50.0f64) {
            let x = x.abs();
            prop_assume!(x > 0.0);
            let (found, half) = (Wide::power(x, p), Wide::power(x, 0.5 * p));
            let ratio = (half * half / found).value();
            prop_assert!((ratio - 1.0).abs() < 1e-12, "{ratio}");
        }
    }

    #[test]
    fn sums_lose_nothing_in_any_unit() {
        let sum = |terms: &[Wide]| terms.iter().copied().collect::<Total>().value();
        let wide = |x: f64, k: i32| Wide::new(x).scaled(k);
        for k in [-5000, 0, 5000] {
            assert_eq!(sum(&[wide(1.0, k), wide(1e16, k), wide(1.0, k), wide(-1e16, k)]), wide(2.0, k));
        }
        assert_eq!(sum(&[wide(1.0, -4000), wide(3.0, 4000), wide(1.0, 0)]), wide(3.0, 4000));
        assert_eq!(sum(&[]), Wide::ZERO);
        assert_eq!(Wide::difference(1.5e308, -1.5e308), Wide::new(1.5e308).scaled(1));
        assert_eq!((wide(1.0, 3000).value(), wide(1.0, -3000).value()), (f64::INFINITY, 0.0));
    }
}
