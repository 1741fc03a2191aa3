//! Tail probabilities and quantiles.

use crate::real::normal_cdf;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::checked_gamma_ur;

/// What a statistic is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Distribution {
    Normal,
    /// Student's t with this many degrees of freedom.
    Student(f64),
}

impl Distribution {
    /// P(|T| > |t|), accurate relatively in the far tail. NaN for NaN.
    pub fn two_sided(self, t: f64) -> f64 {
        let t = t.abs();
        match self {
            Self::Normal => 2.0 * normal_cdf(-t),
            Self::Student(df) => beta(df / 2.0, 0.5, 1.0 / (1.0 + t / df * t)),
        }
    }

    /// The t with P(|T| ≤ t) = level, for 0 < level < 1.
    pub fn quantile(self, level: f64) -> f64 {
        let upper = 0.5 + 0.5 * level;
        let start = match self {
            Self::Normal => Normal::standard().inverse_cdf(upper),
            Self::Student(df) => StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |t| t.inverse_cdf(upper)),
        };
        // Newton's steps on the tail itself, on a logarithmic scale: the start has some digits only.
        let tail = 1.0 - level;
        let mut t = start;
        for _ in 0..8 {
            let p = self.two_sided(t);
            let slope = -2.0 * self.density(t);
            let step = (p / tail).ln() * p / slope;
            if !step.is_finite() || step == 0.0 {
                break;
            }
            t -= step;
            if step.abs() <= 4.0 * f64::EPSILON * t.abs() {
                break;
            }
        }
        if t.is_finite() { t } else { start }
    }

    /// The density at t, by differences of nothing: from the logarithm of the normalizing constant.
    fn density(self, t: f64) -> f64 {
        match self {
            Self::Normal => (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Self::Student(df) => {
                let constant = statrs::function::gamma::ln_gamma(0.5 * (df + 1.0))
                    - statrs::function::gamma::ln_gamma(0.5 * df)
                    - 0.5 * (df * std::f64::consts::PI).ln();
                (constant - 0.5 * (df + 1.0) * (t * t / df).ln_1p()).exp()
            }
        }
    }
}

/// P(F > f) with these degrees of freedom.
pub(super) fn f_upper(f: f64, numerator: f64, denominator: f64) -> f64 {
    beta(denominator / 2.0, numerator / 2.0, 1.0 / (1.0 + numerator / denominator * f))
}

/// P(X > x) for χ² with these degrees of freedom; NaN for NaN.
pub(super) fn chi_square_upper(x: f64, df: f64) -> f64 {
    match x {
        x if x <= 0.0 => 1.0,
        x if df == 2.0 => (-0.5 * x).exp(),
        x => checked_gamma_ur(0.5 * df, 0.5 * x).unwrap_or(f64::NAN),
    }
}

/// The regularized incomplete beta function; NaN outside its domain.
fn beta(a: f64, b: f64, x: f64) -> f64 {
    checked_beta_reg(a, b, x).map_or(f64::NAN, |p| if x == 1.0 { 1.0 } else { p })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() < tolerance, "{found:e} for {expected:e}");
    }

    /// Values by 40-digit arithmetic.
    #[test]
    fn tails_are_relatively_accurate() {
        let cases = [
            (2.0, 5.0, 0.10193947882985836),
            (10.0, 3.0, 0.00212839905841415),
            (0.01, 29.0, 0.992089764803225),
            (23.284688697930875, 29.0, 2.565458511983698e-20),
            (1.96, 1000.0, 0.05027318495574872),
            (2.0, 1e5, 0.04550296345750646),
            (5.0, 1e6, 5.733997870890742e-7),
            (40.0, 200.0, 2.2487396535202507e-97),
            (1e-9, 7.0, 0.9999999992300171),
            (1.0, 1.0, 0.5),
        ];
        for (t, df, p) in cases {
            close(Distribution::Student(df).two_sided(-t), p, 1e-9);
        }
        close(Distribution::Normal.two_sided(1.959963984540054), 0.05, 1e-13);
        close(Distribution::Normal.two_sided(10.0), 1.523970604832105e-23, 1e-12);
        assert_eq!(Distribution::Student(3.0).two_sided(f64::INFINITY), 0.0);
        assert_eq!(Distribution::Student(3.0).two_sided(0.0), 1.0);
        assert!(Distribution::Student(3.0).two_sided(f64::NAN).is_nan());
        close(f_upper(69.21121339177773, 2.0, 29.0), 9.109054385221947e-12, 1e-12);
        close(f_upper(534.0242461101888, 4.0, 328.0), 3.367306962102948e-142, 1e-11);
        close(f_upper(1.5, 10.0, 1e5), 0.1320809960454286, 1e-9);
    }

    #[test]
    fn quantiles_invert_the_tails() {
        let cases = [
            (0.95, 29.0, 2.045229642132704),
            (0.95, 3.0, 3.182446305283708),
            (0.99, 1000.0, 2.580754698065951),
            (0.95, 1e6, 1.9599663568141067),
            (0.5, 2.0, 0.816496580927726),
        ];
        for (level, df, t) in cases {
            close(Distribution::Student(df).quantile(level), t, 1e-10);
        }
        close(Distribution::Normal.quantile(0.95), 1.959963984540054, 1e-13);
        close(Distribution::Student(1.0).quantile(0.9999999), 6366197.723675735, 1e-7);
    }
}
