//! Logarithms in double-double: what an exponent of size 700 has to be known to for a probability of 13 digits.

use crate::linalg::compensated::Dd;
use std::f64::consts::SQRT_2;

/// ln 2.
const LN_2: Dd = Dd { hi: std::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };

/// ln x, for finite x > 0.
pub fn ln(x: Dd) -> Dd {
    let (mantissa, exponent) = split(x.hi);
    // In [√½, √2], so that the power of two adds no cancellation near 1.
    let (mantissa, exponent) =
        if mantissa < 0.5 * SQRT_2 { (2.0 * mantissa, exponent - 1) } else { (mantissa, exponent) };
    let start = mantissa.ln();
    // ln m = start + ln(m e^−start), and the last argument is 1 but for 1e-16.
    let rest = Dd::from(mantissa) * exp(-start) - Dd::from(1.0);
    LN_2 * Dd::from(f64::from(exponent)) + Dd::from(start) + rest + Dd::from(x.lo / x.hi)
}

/// e^x, for |x| ≤ ½: Taylor's series of x/8, squared three times.
fn exp(x: f64) -> Dd {
    let x = Dd::from(0.125 * x);
    let one = Dd::from(1.0);
    let mut sum = one;
    for k in (1..=18).rev() {
        sum = one + sum * x / Dd::from(f64::from(k));
    }
    for _ in 0..3 {
        sum = sum * sum;
    }
    sum
}

/// (m, e) with x = m 2ᵉ and ½ ≤ |m| < 1; (0, 0) for 0. For finite x.
pub fn split(x: f64) -> (f64, i32) {
    const EXPONENT: u64 = 0x7ff << 52;
    if x == 0.0 {
        return (0.0, 0);
    }
    let (x, shift) = if x.abs() < f64::MIN_POSITIVE { (x * 2f64.powi(64), 64) } else { (x, 0) };
    let bits = x.to_bits();
    let exponent = ((bits & EXPONENT) >> 52) as i32 - 1022;
    (f64::from_bits((bits & !EXPONENT) | (1022 << 52)), exponent - shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ln_of_a_product_is_the_sum(a in -700.0..700.0f64, b in -300.0..300.0f64) {
            let (a, b) = (Dd::from(a.exp()), Dd::from(1.0 + b.exp()));
            prop_assume!((a.hi * b.hi).is_normal() && a.hi * b.hi > 1e-280);
            let off = ln(a * b) - ln(a) - ln(b);
            prop_assert!(off.value().abs() < 1e-28, "{off:?}");
        }

        #[test]
        fn split_multiplies_back(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite() && x != 0.0);
            let (mantissa, exponent) = split(x);
            prop_assert!((0.5..1.0).contains(&mantissa.abs()));
            // In two steps, since one power of two may lie outside of f64.
            let half = exponent / 2;
            prop_assert_eq!(mantissa * 2f64.powi(half) * 2f64.powi(exponent - half), x);
        }
    }

    /// Values by 50-digit arithmetic.
    #[test]
    fn ln_has_thirty_digits() {
        let cases = [
            (3.0, 1.0986122886681098, -9.071_297_235_001_53e-17),
            (1e-300, -690.7755278982137, -2.367_009_617_670_983_1e-14),
            (1e10, 23.025850929940457, -3.943_993_839_819_99e-16),
            (1.0000001, 9.999999505838704e-8, 1.524_970_952_844_149e-24),
        ];
        for (x, hi, lo) in cases {
            let off = ln(Dd::from(x)) - Dd { hi, lo };
            assert!(off.value().abs() < 1e-30 * hi.abs().max(0.1), "{x}: {off:?}");
        }
        assert_eq!(ln(Dd::from(1.0)).value(), 0.0);
    }
}
