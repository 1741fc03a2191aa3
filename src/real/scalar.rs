//! What is finite; σ, and the density and distribution function of the standard normal, of one number.

use super::Real;

/// x, or NaN where x is not finite: an infinity is a sum that overflowed, perhaps with the wrong sign, and a function that
/// makes a finite number of it would hide that.
#[inline(always)]
pub(crate) fn finite_or_nan<T: Real>(x: T) -> T {
    // Minus, so that −0 stays what it is.
    x - zero_or_nan(x)
}

/// x − x: 0 for a number, NaN for NaN and infinity.
#[inline(always)]
#[expect(clippy::eq_op, reason = "of what is not finite the difference is NaN")]
pub(crate) fn zero_or_nan<T: Real>(x: T) -> T {
    x - x
}

/// 1 / (1 + e^−x), the small side as e/(1 + e), which keeps its relative accuracy.
pub(crate) fn sigmoid<T: Real>(x: T) -> T {
    let e = (-x.abs()).exp();
    if x > T::zero() { T::one() / (T::one() + e) } else { e / (T::one() + e) }
}

/// 1/√(2π), the height of the standard normal density.
pub(crate) const NORMAL_PEAK: f64 = 0.398_942_280_401_432_7;

/// φ(x) = e^(−x²/2) / √(2π), the density of the standard normal distribution.
pub(crate) fn normal_density<T: Real>(x: T) -> T {
    (-(x * x) * T::of(0.5)).exp() * T::of(NORMAL_PEAK)
}

/// Φ(x), the standard normal distribution function, with relative accuracy in the lower tail too.
///
/// Near 0 the series Φ(x) − ½ = φ(x) Σₙ x²ⁿ⁺¹ / (1·3·5···(2n+1)), farther out Laplace's continued fraction.
/// Source: Abramowitz and Stegun (1964), 26.2.11 and 26.2.14.
pub(crate) fn normal_cdf<T: Real>(x: T) -> T {
    let size = x.abs();
    if size < T::of(1.5) {
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while odd < 61.0 {
            odd += 2.0;
            term *= x * x / T::of(odd);
            sum += term;
        }
        return T::of(0.5) + normal_density(x) * sum;
    }
    // Large arguments: φ(x) is 0 long before the fraction matters.
    if size > T::of(40.0) {
        return if x > T::zero() { T::one() } else { T::zero() };
    }
    let mut fraction = size;
    let mut k = 150.0;
    while k > 0.5 {
        fraction = size + T::of(k) / fraction;
        k -= 1.0;
    }
    let tail = normal_density(x) / fraction;
    if x > T::zero() { T::one() - tail } else { tail }
}
