//! The binomial likelihood, row by row.

use super::margins::{Direction, scores, target};
use crate::Real;
use crate::data::Dataset;
use crate::linalg::power::{exponent, times_power};
use crate::loss::{CrossEntropy, Loss};
use crate::special::binomial_excess;

/// One row of positive weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub index: usize,
    pub y: f64,
    /// The weight in the unit of all: the user's times a power of two.
    pub w: f64,
    /// P(1) and P(0).
    pub p: f64,
    pub q: f64,
}

/// The exponent, even, of a power of two that brings the weights to about 1.
pub(super) fn weight_power<T: Real>(data: &Dataset<'_, T>) -> i32 {
    let largest = data.weights().map_or(1.0, |w| w.iter().fold(0.0_f64, |max, w| max.max(w.to_f64())));
    -exponent(largest).div_euclid(2) * 2
}

/// The rows of positive weight, in this unit, with their probabilities at θ.
pub(super) fn rows<T: Real>(data: &Dataset<'_, T>, theta: &Direction, power: i32) -> Vec<Row> {
    let (z, _) = scores(data, theta);
    let mut y = [0.0];
    let mut rows = Vec::with_capacity(z.len());
    for (index, &z) in z.iter().enumerate() {
        if target(data, index, &mut y) {
            let (mut p, mut q) = ([z], [-z]);
            CrossEntropy.respond(&mut p);
            CrossEntropy.respond(&mut q);
            let w = data.weights().map_or(1.0, |w| times_power(w[index].to_f64(), power));
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

    /// √w (y − p) / √(p (1 − p)), in the unit of √w.
    pub fn pearson(&self) -> f64 {
        self.residual() * (self.w / (self.p * self.q)).sqrt()
    }

    /// 2 w (y ln(y/p) + (1 − y) ln((1 − y)/q)), in the unit of w.
    pub fn deviance(&self) -> f64 {
        let e = self.residual();
        2.0 * self.w * (binomial_excess(self.y, self.p, e) + binomial_excess(1.0 - self.y, self.q, -e))
    }
}

/// Of all rows, in the user's units.
pub(super) struct Likelihood {
    pub log_likelihood: f64,
    pub deviance: f64,
}

impl Likelihood {
    /// From rows with weights in units of 2^−`power`.
    pub fn new(rows: &[Row], power: i32) -> Self {
        let counted = |row: &Row| Counts::new(times_power(row.w, -power), row.y);
        let counts: Option<Vec<Counts>> = rows.iter().map(counted).collect();
        let ln = |p: f64, q: f64| if p > 0.5 { (-q).ln_1p() } else { p.ln() };
        let part = |y: f64, p: f64, q: f64| if y > 0.0 { y * ln(p, q) } else { 0.0 };
        let plain = |row: &Row| row.w * (part(row.y, row.p, row.q) + part(1.0 - row.y, row.q, row.p));
        let log_likelihood = match counts {
            None => times_power(rows.iter().map(plain).sum(), -power),
            Some(counts) => {
                let term = |(row, counts): (&Row, &Counts)| match counts.saturated() {
                    Some(saturated) => saturated - 0.5 * times_power(row.deviance(), -power),
                    None => times_power(plain(row), -power) + counts.ways(),
                };
                rows.iter().zip(&counts).map(term).sum()
            }
        };
        Self { log_likelihood, deviance: times_power(rows.iter().map(Row::deviance).sum(), -power) }
    }
}

/// A number of trials and the smaller one of those of successes and failures, whole.
struct Counts {
    n: f64,
    k: f64,
}

impl Counts {
    /// `None` where they are not whole.
    fn new(w: f64, y: f64) -> Option<Self> {
        let whole = |v: f64| (v - v.round()).abs() <= 1e-6;
        let (n, k) = (w.round(), (w * y).round());
        (whole(w) && whole(w * y)).then_some(Self { n, k: k.min(n - k) })
    }

    /// ln of the number of ways in which they come about, n over k.
    fn ways(&self) -> f64 {
        (1..=self.k as usize).map(|i| ((self.n - self.k + i as f64) / i as f64).ln()).sum()
    }

    /// The log-likelihood if p is the share of successes, where the counts are so large that what the ways and the powers of p
    /// contribute would cancel: by Stirling's series ½ ln(n / (2π k (n − k))) + δ(n) − δ(k) − δ(n − k).
    ///
    /// Source: Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
    fn saturated(&self) -> Option<f64> {
        let Self { n, k } = *self;
        let rest = (n - k) / n;
        (k > 100.0).then(|| stirling(n) - stirling(k) - stirling(n - k) - 0.5 * (std::f64::consts::TAU * k * rest).ln())
    }
}

/// δ(n) = ln n! − ((n + ½) ln n − n + ½ ln 2π) for n > 100, where the first terms of the series have all digits.
fn stirling(n: f64) -> f64 {
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * square)) / square) / n
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
