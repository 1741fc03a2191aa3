//! The regularized incomplete beta function.

use super::fraction::fraction;
use super::logarithm::ln;
use super::stirling::stirling;
use super::tails::{Probability, Sides};
use crate::linalg::compensated::Dd;
use std::f64::consts::TAU;

/// A point of [0, 1] by its odds y : x, with x + y = 1, each of them accurate however small.
#[derive(Debug, Clone, Copy)]
pub struct Odds {
    x: Dd,
    y: Dd,
    ln_x: Dd,
    ln_y: Dd,
}

impl Odds {
    /// From r = y/x and ln r; r itself may have over- or underflowed.
    pub fn new(r: Dd, ln_r: Dd) -> Self {
        let one = Dd::from(1.0);
        // Beyond this the smaller of the two is r or 1/r to more than 32 digits.
        const FAR: f64 = 200.0;
        if ln_r.hi > FAR {
            let x = (-ln_r.hi).exp();
            return Self { x: Dd::from(x), y: one, ln_x: -ln_r, ln_y: Dd::from(-x) };
        }
        if ln_r.hi < -FAR {
            let y = ln_r.hi.exp();
            return Self { x: one, y: Dd::from(y), ln_x: Dd::from(-y), ln_y: ln_r };
        }
        let sum = one + r;
        let ln_x = -ln(sum);
        Self { x: one / sum, y: r / sum, ln_x, ln_y: ln_r + ln_x }
    }

    /// The same point seen from the other end.
    fn swapped(self) -> Self {
        Self { x: self.y, y: self.x, ln_x: self.ln_y, ln_y: self.ln_x }
    }
}

/// Of the distribution with upper tail Iₓ(a, b), for a, b > 0: both sides.
///
/// Iₓ(a, b) = w / (β₀ + α₁/(β₁ + ···)) where x is below its mean a/(a + b), else 1 − I_y(b, a);
/// w = xᵃ yᵇ / B(a, b) = √(ab / 2πn) e^(S(n) − S(a) − S(b) − D), n = a + b, D = a ln(a / nx) + b ln(b / ny).
///
/// Source: DiDonato and Morris (1992), ACM Transactions on Mathematical Software 18, eq. 9; Loader (2000).
pub fn beta_sides(a: f64, b: f64, at: Odds) -> Sides {
    let distance = Dd::from(a) * at.y - Dd::from(b) * at.x;
    if distance.hi >= 0.0 {
        let (upper, ln_slope) = small_side(a, b, at, distance.value());
        return Sides { lower: upper.complement(), upper, ln_slope };
    }
    let (lower, ln_slope) = small_side(b, a, at.swapped(), -distance.value());
    Sides { lower, upper: lower.complement(), ln_slope }
}

/// Iₓ(a, b) for λ = a y − b x ≥ 0, and ln w.
fn small_side(a: f64, b: f64, at: Odds, lambda: f64) -> (Probability, f64) {
    let n = Dd::sum(a, b);
    let ln_n = ln(n);
    let part = |a: f64, ln_x: Dd| Dd::from(a) * (ln(Dd::from(a)) - ln_n - ln_x);
    let deviance = part(a, at.ln_x) + part(b, at.ln_y);
    let front = 0.5 * (a / n.hi * (b / TAU)).ln() + (stirling(n.hi) - stirling(a) - stirling(b));
    let weight = Dd::from(front) - deviance;
    let (x, y) = (at.x.value(), at.y.value());
    let value = fraction(|m| {
        let odd = a + 2.0 * m - 1.0;
        let alpha = (a + m - 1.0) / odd * ((n.hi + m - 1.0) / odd) * (m * (b - m) * x * x);
        let beta = m + m * (b - m) * x / odd + (a + m) / (odd + 2.0) * (lambda + 1.0 + m * (1.0 + y));
        // At m = 0 the second term of beta is 0 · b / (a − 1), which is no number where a = 1.
        (alpha, if m == 0.0 { a / (a + 1.0) * (lambda + 1.0) } else { beta })
    });
    (Probability::from_ln(weight - Dd::from(value.ln())), weight.value())
}
