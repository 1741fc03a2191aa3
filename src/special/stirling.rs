//! Stirling's formula and its error.

/// S(a) in Γ(a + 1) = √(2π a) (a/e)ᵃ e^S(a), for a > 0: about 1/(12 a).
///
/// Gamma functions of large arguments cancel in every probability; only their S remain.
///
/// Source: Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
pub fn stirling(mut a: f64) -> f64 {
    // S(a) − S(a + 1) = (a + ½) ln(1 + 1/a) − 1, up to where the series has all digits.
    let mut below = 0.0;
    while a < 10.0 {
        below += (a + 0.5) * (1.0 / a).ln_1p() - 1.0;
        a += 1.0;
    }
    /// B₂ₖ / (2k (2k − 1)), k = 1, 2, ...
    const SERIES: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    let square = 1.0 / (a * a);
    below + SERIES.iter().rev().fold(0.0, |sum, &c| sum * square + c) / a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_come_out() {
        let root = |a: f64| (std::f64::consts::TAU * a).sqrt() * (a / std::f64::consts::E).powf(a);
        let mut factorial = 1.0;
        for n in 1..=20 {
            let a = f64::from(n);
            factorial *= a;
            assert!((root(a) * stirling(a).exp() / factorial - 1.0).abs() < 1e-14, "{n}");
        }
        // Γ(1 + ½) = √π / 2.
        let half = std::f64::consts::PI.sqrt() / 2.0;
        assert!((root(0.5) * stirling(0.5).exp() / half - 1.0).abs() < 1e-14);
    }
}
