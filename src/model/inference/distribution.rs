//! Tail probabilities and quantiles of what statistics are compared with.

use crate::special::{Probability, Sides, chi_square, f_ratio, normal, student};

/// What a statistic is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Distribution {
    Normal,
    /// Student's t with this many degrees of freedom.
    Student(f64),
}

impl Distribution {
    /// P(|T| > |t|). NaN for NaN.
    pub fn two_sided(self, t: f64) -> Probability {
        self.sides(t).upper
    }

    fn sides(self, t: f64) -> Sides {
        match self {
            Self::Normal => normal(t),
            Self::Student(df) => student(t, df),
        }
    }

    /// The t with P(|T| ≤ t) = level, for 0 < level < 1.
    ///
    /// Newton's method on ln t and the logarithm of the smaller side. That is concave, so that the steps come from one side
    /// after the first, and it is straight in far tails, which one step then reaches.
    pub fn quantile(self, level: f64) -> f64 {
        // 1 − level is exact from ½ on.
        let upper = level > 0.5;
        let target: f64 = if upper { 1.0 - level } else { level };
        // P(|Z| > t) < e^(−t²/2), and P(|T| ≤ t) ≤ P(|Z| ≤ t) < t √(2/π).
        let mut t = if upper { (-2.0 * target.ln()).sqrt() } else { target * std::f64::consts::FRAC_PI_2.sqrt() };
        for _ in 0..60 {
            let sides = self.sides(t);
            let (side, sign) = if upper { (sides.upper, -1.0) } else { (sides.lower, 1.0) };
            let ratio = side.value / target;
            let off = if ratio.is_normal() { ratio.ln() } else { side.ln - target.ln() };
            let slope = sign * 2.0 * (sides.ln_slope - side.ln).exp();
            let next = t * (-off / slope).exp();
            if !(next.is_finite() && next > 0.0) {
                break;
            }
            let step = next - t;
            t = next;
            if step.abs() <= 2.0 * f64::EPSILON * t {
                break;
            }
        }
        t
    }
}

/// P(F > f) with these degrees of freedom. NaN for NaN.
pub(super) fn f_upper(f: f64, numerator: f64, denominator: f64) -> Probability {
    f_ratio(f, numerator, denominator).upper
}

/// P(X > x) for χ² with these degrees of freedom; NaN for NaN.
pub(super) fn chi_square_upper(x: f64, df: f64) -> Probability {
    chi_square(x, df).upper
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn table() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/reference/tails.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The numbers stand as text, since the reader of JSON does not round them right.
    fn number(value: &Value) -> f64 {
        value.as_str().unwrap().parse().unwrap()
    }

    /// Relatively, to 1e-14.
    fn close(found: f64, expected: f64, case: &Value, what: &str) {
        let off = if expected == 0.0 { found } else { found / expected - 1.0 };
        assert!(off.abs() <= 1e-14, "{what} of {case}: {found:e}, off by {off:.1e}");
    }

    /// Against 50-digit arithmetic: data/reference/make_tails.py.
    #[test]
    fn both_sides_and_their_logarithms_have_fourteen_digits() {
        let table = table();
        let cases = table["tails"].as_array().unwrap();
        assert!(cases.len() > 350);
        for case in cases {
            let at: Vec<f64> = case["at"].as_array().unwrap().iter().map(number).collect();
            let sides = match case["distribution"].as_str().unwrap() {
                "student" => student(-at[0], at[1]),
                "f_ratio" => f_ratio(at[0], at[1], at[2]),
                "chi_square" => chi_square(at[0], at[1]),
                _ => normal(at[0]),
            };
            let expected = |name: &str| number(&case[name]);
            for (side, name, ln) in [(sides.upper, "upper", "ln_upper"), (sides.lower, "lower", "ln_lower")] {
                if expected(name) > 0.0 {
                    close(side.value, expected(name), case, name);
                } else {
                    assert!(side.value < f64::MIN_POSITIVE, "{case}");
                }
                close(side.ln, expected(ln), case, ln);
            }
        }
    }

    /// Against 50-digit arithmetic.
    #[test]
    fn quantiles_have_fourteen_digits_from_the_middle_to_the_last_level() {
        let table = table();
        for case in table["quantiles"].as_array().unwrap() {
            let found = Distribution::Student(number(&case["df"])).quantile(number(&case["level"]));
            close(found, number(&case["quantile"]), case, "t");
        }
        // Exactly: one degree of freedom is Cauchy's distribution, two have a root in place of the integral.
        for level in [1e-300, 1e-8, 0.3, 0.5, 0.7, 0.999, 1.0 - 1e-15] {
            let cauchy = if level > 0.5 {
                1.0 / (std::f64::consts::FRAC_PI_2 * (1.0 - level)).tan()
            } else {
                (std::f64::consts::FRAC_PI_2 * level).tan()
            };
            close(Distribution::Student(1.0).quantile(level), cauchy, &level.into(), "Cauchy's t");
            let two = level * (2.0 / ((1.0 - level) * (1.0 + level))).sqrt();
            close(Distribution::Student(2.0).quantile(level), two, &level.into(), "t");
        }
    }

    #[test]
    fn ends_and_what_is_no_number() {
        for distribution in [Distribution::Normal, Distribution::Student(1.0), Distribution::Student(1e9)] {
            assert_eq!(distribution.two_sided(0.0).value, 1.0);
            let end = distribution.two_sided(f64::INFINITY);
            assert_eq!((end.value, end.ln), (0.0, f64::NEG_INFINITY));
            assert!(distribution.two_sided(f64::NAN).value.is_nan());
            // The largest finite statistic: no logarithm is infinite.
            assert!(distribution.two_sided(f64::MAX).ln.is_finite());
        }
        assert!(Distribution::Student(0.0).two_sided(1.0).value.is_nan());
        assert_eq!((f_upper(0.0, 2.0, 3.0).value, f_upper(f64::INFINITY, 2.0, 3.0).value), (1.0, 0.0));
        assert!(f_upper(f64::NAN, 2.0, 3.0).value.is_nan() && chi_square_upper(f64::NAN, 2.0).value.is_nan());
        assert_eq!((chi_square_upper(0.0, 2.0).value, chi_square_upper(f64::INFINITY, 2.0).value), (1.0, 0.0));
        assert!(f_upper(f64::MAX, 3.0, 7.0).ln.is_finite() && chi_square_upper(f64::MAX, 3.0).ln.is_finite());
    }
}
