//! Continued fractions.

/// Beyond this many terms the arguments are outside of what any statistic has.
const TERMS: usize = 10_000_000;

/// b₀ + a₁/(b₁ + a₂/(b₂ + ...)) with (aₘ, bₘ) = term(m); a₀ is not looked at. NaN if it does not converge.
///
/// Run forward to see how many terms are needed, then evaluated from the end, where rounding errors fade.
///
/// Source: Thompson and Barnett (1986), Journal of Computational Physics 64 (Lentz's method, modified).
pub fn fraction(term: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut c, mut d) = (term(0.0).1, 0.0);
    let mut terms = 0;
    loop {
        terms += 1;
        let (a, b) = term(terms as f64);
        c = b + a / c;
        d = 1.0 / (b + a * d);
        if (c * d - 1.0).abs() <= 4.0 * f64::EPSILON {
            break;
        }
        if terms == TERMS || !(c * d).is_finite() {
            return f64::NAN;
        }
    }
    // The last step says what one more term changes; half as many again take care of their sum.
    terms += terms / 2 + 8;
    let mut next = term(terms as f64);
    let mut value = next.1;
    for m in (0..terms).rev() {
        let here = term(m as f64);
        value = here.1 + next.0 / value;
        next = here;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_fractions() {
        let golden = fraction(|_| (1.0, 1.0));
        assert!((golden - 0.5 * (1.0 + 5f64.sqrt())).abs() < 1e-15);
        // tan 1 = 1/(1 − 1/(3 − 1/(5 − ...))).
        let tangent = 1.0 / fraction(|m| (-1.0, 2.0 * m + 1.0));
        assert!((tangent - 1f64.tan()).abs() < 1e-15);
        assert!(fraction(|_| (f64::NAN, 1.0)).is_nan());
    }
}
