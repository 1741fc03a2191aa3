//! Powers of two: exact changes of unit, over more than the range of one f64.

/// v · 2ᵏ, rounded once: 0 or infinite where it is out of range.
#[must_use]
pub fn times_power(v: f64, k: i32) -> f64 {
    // 2⁻⁹⁶⁹ and not the smallest normal power: what is still to come then rounds a normal number, once.
    let (mut v, mut k) = (v, k);
    for _ in 0..2 {
        if k > 1023 {
            (v, k) = (v * power(1023), k.saturating_sub(1023));
        } else if k < -1022 {
            (v, k) = (v * power(-969), k.saturating_add(969));
        }
    }
    v * power(k.clamp(-1022, 1023))
}

/// 2ᵏ for −1022 ≤ k ≤ 1023.
#[must_use]
pub fn power(k: i32) -> f64 {
    debug_assert!((-1022..=1023).contains(&k));
    f64::from_bits(((k + 1023) as u64) << 52)
}

/// k with |v| 2⁻ᵏ in [½, 1); 0 for 0 and for what is not finite.
#[must_use]
pub fn exponent(v: f64) -> i32 {
    if v == 0.0 || !v.is_finite() {
        return 0;
    }
    let biased = |v: f64| ((v.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    // Subnormal numbers first become normal.
    if v.abs() < f64::MIN_POSITIVE { biased(v * power(100)) - 100 } else { biased(v) }
}

/// The same for the product of v and 2ᵏ, as a power of ten: about the size of a number that f64 may not hold.
#[must_use]
pub fn decimal_exponent(v: f64, k: i32) -> i32 {
    let size = exponent(v);
    let rest = times_power(v.abs(), -size).log10();
    (rest + f64::from(k.saturating_add(size)) * std::f64::consts::LOG10_2).floor() as i32
}

/// √(v 2ᵏ) as (root, power): the root of v or of 2 v, times 2 to the power.
#[must_use]
pub fn root(v: f64, k: i32) -> (f64, i32) {
    let odd = k.rem_euclid(2);
    ((v * power(odd)).sqrt(), (k - odd) / 2)
}

/// ‖v‖, whatever the size of the numbers.
#[must_use]
pub fn norm(v: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = v.clone().fold(0.0_f64, |m, v| if v.abs() > m || v.is_nan() { v.abs() } else { m });
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let size = exponent(largest);
    let square: f64 = v.map(|v| times_power(v, -size).powi(2)).sum();
    times_power(square.sqrt(), size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// In steps that are exact as long as the number stays normal, and one that is not at the end.
        #[test]
        fn one_rounding(bits: u64, k in -2300i32..2300) {
            let v = f64::from_bits(bits);
            prop_assume!(v.is_finite());
            let found = times_power(v, k);
            if v == 0.0 {
                prop_assert_eq!(found.to_bits(), v.to_bits());
                return Ok(());
            }
            let size = exponent(v);
            let fraction = times_power(v, -size);
            prop_assert!((0.5..1.0).contains(&fraction.abs()));
            let end = size + k;
            let expected = if end > 1024 {
                f64::INFINITY.copysign(v)
            } else if end >= -1021 {
                fraction * 2.0 * power(end - 1)
            } else {
                // Below the normal numbers: whole numbers of the smallest one.
                let steps = (end + 1074).clamp(-2, 60);
                let units = (fraction.abs() * 2f64.powi(steps)).round_ties_even();
                (units * f64::from_bits(1)).copysign(v)
            };
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_size_in_tens(v in 0.1f64..10.0, k in -1000i32..1000) {
            let (found, true_size) = (decimal_exponent(v, k), (v * 2f64.powi(k)).log10());
            prop_assert!((f64::from(found) - true_size.floor()).abs() <= 1.0);
            prop_assert!(f64::from(found) <= true_size + 1e-9 && f64::from(found) > true_size - 1.0 - 1e-9);
        }
    }

    #[test]
    fn roots_and_norms_at_the_ends() {
        assert_eq!(root(9.0, 4), (3.0, 2));
        assert_eq!(root(8.0, -3), (4.0, -2));
        assert_eq!(norm([3.0, -4.0].into_iter()), 5.0);
        assert_eq!(norm([3.0 * power(1000), 4.0 * power(1000)].into_iter()), 5.0 * power(1000));
        assert_eq!(norm([3.0 * power(-1000), 4.0 * power(-1000)].into_iter()), 5.0 * power(-1000));
        assert!(norm([f64::NAN, 1.0].into_iter()).is_nan() && norm([].into_iter()) == 0.0);
    }
}
