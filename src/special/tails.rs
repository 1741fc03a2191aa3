//! Tails of the normal, Student's, the χ² and the F distribution.

use super::beta::{Odds, beta_sides};
use super::gamma::gamma_sides;
use super::logarithm::ln;
use crate::linalg::compensated::Dd;

/// A probability, and its logarithm for where it underflows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Probability {
    pub value: f64,
    pub ln: f64,
}

impl Probability {
    const ZERO: Self = Self { value: 0.0, ln: f64::NEG_INFINITY };
    const ONE: Self = Self { value: 1.0, ln: 0.0 };
    const NAN: Self = Self { value: f64::NAN, ln: f64::NAN };

    pub(super) fn from_ln(ln: Dd) -> Self {
        // Rounding may end a digit above 1.
        let value = ln.hi.exp();
        Self { value: ln.lo.mul_add(value, value).min(1.0), ln: ln.value().min(0.0) }
    }

    /// 1 − p; right to the last digits where p is at most about ½.
    pub(super) fn complement(self) -> Self {
        Self { value: 1.0 - self.value, ln: (-self.value).ln_1p() }
    }
}

/// A point of a distribution of positive numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    /// P(X ≤ x).
    pub lower: Probability,
    /// P(X > x).
    pub upper: Probability,
    /// ln(x · density at x), of the number whose incomplete beta or gamma function it is: t² and z² for t and z.
    pub ln_slope: f64,
}

impl Sides {
    const NAN: Self = Self { lower: Probability::NAN, upper: Probability::NAN, ln_slope: f64::NAN };
    const START: Self = Self { lower: Probability::ZERO, upper: Probability::ONE, ln_slope: f64::NEG_INFINITY };
    const END: Self = Self { lower: Probability::ONE, upper: Probability::ZERO, ln_slope: f64::NEG_INFINITY };

    /// What needs no computing: NaN, below or at 0, infinity.
    fn trivial(x: f64) -> Option<Self> {
        match x {
            x if x.is_nan() => Some(Self::NAN),
            x if x <= 0.0 => Some(Self::START),
            x if x == f64::INFINITY => Some(Self::END),
            _ => None,
        }
    }
}

/// x², and 2 ln x, for x > 0.
fn square(x: f64) -> (Dd, Dd) {
    let ln_x = ln(Dd::from(x));
    (Dd::product(x, x), ln_x + ln_x)
}

/// |Z| at |z|, Z standard normal: Z² has the distribution of χ² with one degree of freedom.
pub(crate) fn normal(z: f64) -> Sides {
    let z = z.abs();
    if let Some(sides) = Sides::trivial(z) {
        return sides;
    }
    // Its square would overflow.
    if z > 1e150 {
        let ln = -0.5 * z * z;
        return Sides { upper: Probability { value: 0.0, ln: ln.max(f64::MIN) }, ..Sides::END };
    }
    let (x, ln_x) = square(z);
    gamma_sides(0.5, x.scaled(0.5), ln_x - ln(Dd::from(2.0)))
}

/// |T| at |t|, T of Student's distribution. NaN unless there are degrees of freedom.
pub(crate) fn student(t: f64, degrees: f64) -> Sides {
    if degrees == f64::INFINITY {
        return normal(t);
    }
    let t = t.abs();
    if degrees.is_nan() || degrees <= 0.0 {
        return Sides::NAN;
    }
    if let Some(sides) = Sides::trivial(t) {
        return sides;
    }
    let (square, ln_square) = square(t);
    let odds = Odds::new(square / Dd::from(degrees), ln_square - ln(Dd::from(degrees)));
    beta_sides(0.5 * degrees, 0.5, odds)
}

/// F with these degrees of freedom, at f.
pub(crate) fn f_ratio(f: f64, numerator: f64, denominator: f64) -> Sides {
    if denominator == f64::INFINITY {
        return chi_square(f * numerator, numerator);
    }
    if !(numerator > 0.0 && denominator > 0.0 && numerator.is_finite()) {
        return Sides::NAN;
    }
    if let Some(sides) = Sides::trivial(f) {
        return sides;
    }
    let [f, top, bottom] = [f, numerator, denominator].map(Dd::from);
    let ln_ratio = ln(f) + ln(top) - ln(bottom);
    beta_sides(0.5 * denominator, 0.5 * numerator, Odds::new(f * top / bottom, ln_ratio))
}

/// χ² with these degrees of freedom, at x.
pub(crate) fn chi_square(x: f64, degrees: f64) -> Sides {
    if !(degrees > 0.0 && degrees.is_finite()) {
        return Sides::NAN;
    }
    if let Some(sides) = Sides::trivial(x) {
        return sides;
    }
    let wide = Dd::from(x);
    gamma_sides(0.5 * degrees, wide.scaled(0.5), ln(wide) - ln(Dd::from(2.0)))
}
