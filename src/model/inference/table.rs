//! The table.

use super::{Covariance, Inference, Link};
use crate::linalg::power::times_power;
use std::fmt;

/// The table of coefficients, then the numbers of the whole fit. `{:#}` marks p-values with stars: `***` below 0.001, `**`
/// below 0.01, `*` below 0.05, `.` below 0.1.
impl fmt::Display for Inference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stars = f.alternate();
        let parts = &self.parts;
        write!(f, "{}, {} samples", parts.title, parts.observations)?;
        writeln!(f, ", {} degrees of freedom, {} standard errors", parts.degrees_of_freedom, kind(parts.kind))?;
        let mut lines = vec![self.header()];
        let quantile = parts.distribution().quantile(0.95);
        lines.extend((0..parts.names.len()).map(|i| self.line(i, quantile, stars)));
        let widths: Vec<usize> =
            (0..lines[0].len()).map(|c| lines.iter().map(|line| line[c].chars().count()).max().unwrap_or(0)).collect();
        for line in &lines {
            let mut text = format!("{:<width$}", line[0], width = widths[0]);
            for (cell, &width) in line.iter().zip(&widths).skip(1) {
                text.push_str(&format!("  {cell:>width$}"));
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        if stars {
            writeln!(f, "stars: *** p < 0.001, ** p < 0.01, * p < 0.05, . p < 0.1")?;
        }
        self.foot(f)
    }
}

impl Inference {
    fn header(&self) -> Vec<String> {
        let letter = if self.parts.sigma.is_some() { "t" } else { "z" };
        let mut columns = vec!["", "estimate", "std. error", letter, "p-value", "95 % from", "to"];
        if self.parts.link == Link::Logit {
            columns.extend(["odds ratio", "95 % from", "to"]);
        }
        columns.push("");
        columns.into_iter().map(String::from).collect()
    }

    fn line(&self, i: usize, quantile: f64, stars: bool) -> Vec<String> {
        let name = self.parts.names[i].clone();
        let estimate = self.coefficients[i];
        if estimate.is_nan() {
            let mut line = vec![name, "aliased".to_string()];
            line.resize(self.header().len(), String::new());
            return line;
        }
        let (b, width, k) = (self.parts.coefficients[i], quantile * self.own_errors[i], self.parts.power(i));
        let (low, high) = (times_power(b - width, k), times_power(b + width, k));
        let p = self.p_values[i];
        let mut line = vec![
            name,
            number(estimate),
            number(self.standard_errors[i]),
            format!("{:.3}", self.statistics[i]),
            probability(p, self.log_p_values[i]),
            number(low),
            number(high),
        ];
        if self.parts.link == Link::Logit {
            line.extend([estimate, low, high].map(|score| number(score.exp())));
        }
        line.push(if stars { star(p).to_string() } else { String::new() });
        line
    }

    fn foot(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.parts;
        if let Some(sigma) = self.sigma {
            writeln!(f, "sigma {}", number(sigma))?;
        }
        if let (Some(deviance), Some(null)) = (parts.deviance, parts.null_deviance) {
            writeln!(f, "deviance {}, null deviance {}", number(deviance), number(null))?;
        }
        if let Some(r2) = parts.r2 {
            write!(f, "R2 {r2:.4}")?;
            if let Some(adjusted) = parts.adjusted_r2 {
                write!(f, ", adjusted {adjusted:.4}")?;
            }
            if let Some(test) = self.f_test() {
                write!(f, ", F({}, {}) = {}", test.numerator, test.denominator, number(test.statistic))?;
                write!(f, ", p-value {}", probability(test.p_value, test.log_p_value()))?;
            }
            writeln!(f)?;
        }
        write!(f, "log-likelihood {}, ", number(parts.log_likelihood))?;
        write!(f, "AIC {}, BIC {}, condition {:.1e}", number(self.aic()), number(self.bic()), parts.condition)?;
        if parts.perfect {
            write!(f, "\nthe fit is perfect: errors and tests measure the rounding of the targets")?;
        }
        Ok(())
    }
}

fn kind(kind: Covariance) -> &'static str {
    match kind {
        Covariance::Classical => "classical",
        Covariance::Hc0 => "HC0",
        Covariance::Hc1 => "HC1",
        Covariance::Hc2 => "HC2",
        Covariance::Hc3 => "HC3",
    }
}

/// Six significant digits, plain where that is short.
pub(super) fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let exponent = x.abs().log10().floor();
    if !(-4.0..7.0).contains(&exponent) {
        return format!("{x:.4e}");
    }
    format!("{x:.*}", (5.0 - exponent).clamp(0.0, 8.0) as usize)
}

/// p, from its logarithm where it underflows.
fn probability(p: f64, ln: f64) -> String {
    if p >= 1e-4 {
        return format!("{p:.4}");
    }
    if p.is_normal() || !ln.is_finite() {
        return format!("{p:.1e}");
    }
    let log = ln / std::f64::consts::LN_10;
    if log < -1e6 {
        return "<1e-1000000".to_string();
    }
    let (exponent, mantissa) = (log.floor(), 10f64.powf(log - log.floor()));
    // 9.96 would be shown as 10.0.
    if mantissa < 9.95 { format!("{mantissa:.1}e{exponent}") } else { format!("1.0e{}", exponent + 1.0) }
}

fn star(p: f64) -> &'static str {
    match p {
        p if p < 0.001 => "***",
        p if p < 0.01 => "**",
        p if p < 0.05 => "*",
        p if p < 0.1 => ".",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_below_the_range_are_shown_by_their_logarithm() {
        let ln = |exponent: f64, mantissa: f64| exponent * std::f64::consts::LN_10 + f64::ln(mantissa);
        for (p, ln, text) in [
            (0.0123, 0.0, "0.0123"),
            (1.26e-7, 0.0, "1.3e-7"),
            (0.0, ln(-400.0, 2.34), "2.3e-400"),
            (0.0, ln(-400.0, 9.97), "1.0e-399"),
            (5e-324, ln(-324.0, 4.9), "4.9e-324"),
            (0.0, -1e8, "<1e-1000000"),
            (0.0, f64::NEG_INFINITY, "0.0e0"),
            (f64::NAN, f64::NAN, "NaN"),
        ] {
            assert_eq!(probability(p, ln), text);
        }
    }
}
