//! The binomial likelihood, row by row.

use super::margins::{Direction, scores, target};
use crate::Real;
use crate::data::Dataset;
use crate::loss::{CrossEntropy, Loss};
use crate::special::binomial_excess;

/// One row of positive weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub index: usize,
    pub y: f64,
    pub w: f64,
    /// P(1) and P(0).
    pub p: f64,
    pub q: f64,
}

/// The rows of positive weight with their probabilities at θ.
pub(super) fn rows<T: Real>(data: &Dataset<'_, T>, theta: &Direction) -> Vec<Row> {
    let (z, _) = scores(data, theta);
    let mut y = [0.0];
    let mut rows = Vec::with_capacity(z.len());
    for (index, &z) in z.iter().enumerate() {
        if target(data, index, &mut y) {
            let (mut p, mut q) = ([z], [-z]);
            CrossEntropy.respond(&mut p);
            CrossEntropy.respond(&mut q);
            let w = data.weights().map_or(1.0, |w| w[index].to_f64());
            rows.push(Row { index, y: y[0], w, p: p[0], q: q[0] });
        }
    }
    rows
}

impl Row {
    /// y − p, without cancellation in the tails.
    pub fn residual(&self) -> f64 {
        self.y * self.q - (1.0 - self.y) * self.p
    }

    /// √w (y − p) / √(p (1 − p)).
    pub fn pearson(&self) -> f64 {
        self.residual() * (self.w / (self.p * self.q)).sqrt()
    }

    /// 2 w (y ln(y/p) + (1 − y) ln((1 − y)/q)).
    pub fn deviance(&self) -> f64 {
        let e = self.residual();
        2.0 * self.w * (binomial_excess(self.y, self.p, e) + binomial_excess(1.0 - self.y, self.q, -e))
    }
}

/// Of all rows.
pub(super) struct Likelihood {
    pub log_likelihood: f64,
    pub deviance: f64,
}

impl Likelihood {
    pub fn new(rows: &[Row]) -> Self {
        let whole = |v: f64| (v - v.round()).abs() <= 1e-6;
        let counts = rows.iter().all(|row| whole(row.w) && whole(row.w * row.y));
        let ln = |p: f64, q: f64| if p > 0.5 { (-q).ln_1p() } else { p.ln() };
        let part = |y: f64, p: f64, q: f64| if y > 0.0 { y * ln(p, q) } else { 0.0 };
        let term = |row: &Row| {
            let ways = if counts { ln_choose(row.w.round(), (row.w * row.y).round()) } else { 0.0 };
            row.w * (part(row.y, row.p, row.q) + part(1.0 - row.y, row.q, row.p)) + ways
        };
        Self { log_likelihood: rows.iter().map(term).sum(), deviance: rows.iter().map(Row::deviance).sum() }
    }
}

/// ln(n over k) of whole numbers: products for few, Stirling's series for many.
fn ln_choose(n: f64, k: f64) -> f64 {
    let k = k.min(n - k);
    if k <= 100.0 {
        return (1..=k as usize).map(|i| ((n - k + i as f64) / i as f64).ln()).sum();
    }
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// ln n! for n > 100, where the first terms of Stirling's series have all digits.
fn ln_factorial(n: f64) -> f64 {
    let square = n * n;
    (n + 0.5) * n.ln() - n
        + 0.5 * std::f64::consts::TAU.ln()
        + (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * square)) / square) / n
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against 40 digits: near, far, at the ends.
    #[test]
    fn deviance_keeps_its_digits() {
        let cases = [
            (0.3, 0.300000001, 0.699999999, 4.761905015183804e-18),
            (1.0, 1.0 - 3e-13, 3e-13, 6.000000000000899e-13),
            (0.0, 1e-200, 1.0, 2e-200),
            (0.5, 1e-3, 0.999, 5.52246141819583),
        ];
        for (y, p, q, truth) in cases {
            let row = Row { index: 0, y, w: 1.0, p, q };
            let found = row.deviance();
            assert!((found / truth - 1.0).abs() < 1e-6, "{y} {p}: {found:e} for {truth:e}");
        }
    }
}
