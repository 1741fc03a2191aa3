//! The arithmetic of a score: f64 where that is enough, else numbers whose exponent does not overflow.

use super::wide::{Total, Wide};
use crate::linalg::carried;
use std::ops::{Add, Div, Mul};

/// What sums of products, quotients and powers need; written once, computed in either arithmetic.
pub(crate) trait Number: Copy + Add<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// A sum that carries its rounding errors along.
    type Sum: Default;

    fn new(x: f64) -> Self;

    /// a − b.
    fn difference(a: f64, b: f64) -> Self;

    fn abs(self) -> Self;

    /// xᵖ for x > 0. NaN where it is no normal number.
    fn power(x: f64, p: f64) -> Self;

    fn carry(sum: &mut Self::Sum, term: Self);

    /// A sum of terms of one sign, or none where they may have been out of range.
    fn total(sum: Self::Sum) -> Option<Wide>;

    /// A sum of terms of both signs, right beside the largest of them; none where they were too large.
    fn balance(sum: Self::Sum) -> Option<Wide>;
}

impl Number for f64 {
    type Sum = carried::Sum<f64>;

    #[inline(always)]
    fn new(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn difference(a: f64, b: f64) -> Self {
        a - b
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    fn power(x: f64, p: f64) -> Self {
        let power = x.powf(p);
        if power.is_normal() { power } else { f64::NAN }
    }

    #[inline(always)]
    fn carry(sum: &mut Self::Sum, term: Self) {
        sum.add(term);
    }

    /// What underflowed is less than 1e-300 a term, and what overflowed is no number.
    fn total(sum: Self::Sum) -> Option<Wide> {
        let sum = sum.value();
        (1e-200..1e200).contains(&sum.abs()).then(|| Wide::new(sum))
    }

    fn balance(sum: Self::Sum) -> Option<Wide> {
        let sum = sum.value();
        sum.is_finite().then(|| Wide::new(sum))
    }
}

impl Number for Wide {
    type Sum = Total;

    #[inline]
    fn new(x: f64) -> Self {
        Wide::new(x)
    }

    #[inline]
    fn difference(a: f64, b: f64) -> Self {
        Wide::difference(a, b)
    }

    #[inline]
    fn abs(self) -> Self {
        Wide::abs(self)
    }

    fn power(x: f64, p: f64) -> Self {
        Wide::power(x, p)
    }

    #[inline]
    fn carry(sum: &mut Self::Sum, term: Self) {
        sum.add(term);
    }

    fn total(sum: Self::Sum) -> Option<Wide> {
        Some(sum.value())
    }

    fn balance(sum: Self::Sum) -> Option<Wide> {
        Some(sum.value())
    }
}
