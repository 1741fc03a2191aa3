//! The regularized incomplete gamma function.

use super::fraction::fraction;
use super::logarithm::ln;
use super::stirling::stirling;
use super::tails::{Probability, Sides};
use crate::linalg::compensated::Dd;
use std::f64::consts::TAU;

/// P(a, x) and Q(a, x) = 1 − P(a, x), for a > 0 and x given with its logarithm (x itself may have underflowed).
///
/// The series P = w Σₙ xⁿ / (a (a + 1) ··· (a + n)) below the mean, Legendre's continued fraction for Q above, w = xᵃ e⁻ˣ / Γ(a):
/// w = √(a/2π) e^(−S(a) − D), D = a ln(a/x) + x − a, so that nothing cancels after it was rounded.
///
/// Source: NIST Digital Library of Mathematical Functions, 8.7.1, 8.9.2 and 5.11.1.
pub fn gamma_sides(a: f64, x: Dd, ln_x: Dd) -> Sides {
    let wide = Dd::from(a);
    let deviance = wide * (ln(wide) - ln_x) + (x - wide);
    let front = 0.5 * (a / TAU).ln() - stirling(a);
    let weight = Dd::from(front) - deviance;
    let (x, above) = (x.value(), (x - wide).value());
    if above < 1.0 {
        let lower = Probability::from_ln(weight + Dd::from((series(a, x) / a).ln()));
        return Sides { lower, upper: lower.complement(), ln_slope: weight.value() };
    }
    let value = fraction(|m| (-m * (m - a), above + 1.0 + 2.0 * m));
    let upper = Probability::from_ln(weight - Dd::from(value.ln()));
    Sides { lower: upper.complement(), upper, ln_slope: weight.value() }
}

/// Σₙ xⁿ / ((a + 1) ··· (a + n)), added from the small end.
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut terms) = (1.0, 0);
    while term > 1e-18 {
        terms += 1;
        term *= x / (a + f64::from(terms));
    }
    (1..=terms).rev().fold(1.0, |sum, n| 1.0 + sum * x / (a + f64::from(n)))
}
