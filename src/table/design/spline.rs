//! Natural cubic splines on the training rows.

use crate::table::summary::quantile;

/// A natural cubic spline of one variable: cubic between its knots with two continuous derivatives, straight beyond the first
/// and the last.
///
/// With knots at the minimum, the maximum and `df` − 1 quantiles between them, cubic B-splines B₀, B₁, .. of
/// t = (x − low) / width; without B₀, since the intercept stands for the constant. The columns are (B₁, B₂, ..) M, where the
/// columns of M are orthonormal and have no second derivative at either end: M is the last part of the Q of a QR of these two
/// conditions by Householder reflections. These are the numbers of R's `ns(x, df)`.
///
/// Source: de Boor (2001), A Practical Guide to Splines, chapters IX and X.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spline {
    pub low: f64,
    pub width: f64,
    /// On the scale of t, with 0 and 1 four times each.
    pub knots: Vec<f64>,
    /// M, row by row: one row per B-spline but the first, one column per column of the spline.
    pub map: Vec<Vec<f64>>,
}

/// Degree of the pieces.
const CUBIC: usize = 3;

impl Spline {
    /// The spline on these finite numbers, or what is needed for it to exist.
    pub(super) fn fit(x: &[f64], df: usize) -> Result<Self, &'static str> {
        const NEEDS: &str = "a df of at least 1 and at most the number of different values in the training rows";
        let mut sorted = x.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return Err(NEEDS) };
        let width = high - low;
        if !width.is_finite() {
            return Err("values whose range is within that of f64");
        }
        if width == 0.0 || df == 0 || df > sorted.len() {
            return Err(NEEDS);
        }
        let mut knots = vec![0.0; CUBIC + 1];
        knots.extend((1..df).map(|j| (quantile(&sorted, j as f64 / df as f64) - low) / width));
        knots.extend([1.0; CUBIC + 1]);
        if !knots[CUBIC..CUBIC + df + 1].is_sorted_by(|a, b| a < b) {
            return Err(NEEDS);
        }
        let conditions = [0.0, 1.0].map(|t| bends(&knots, t)[1..].to_vec());
        Ok(Self { low, width, map: complement(conditions), knots })
    }

    /// The columns of the spline at these numbers.
    pub(super) fn columns(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let df = self.map.first().map_or(0, Vec::len);
        let mut columns = vec![vec![0.0; x.len()]; df];
        let ends = [0.0, 1.0].map(|t| (values(&self.knots, CUBIC, t), slopes(&self.knots, CUBIC, t)));
        for (i, x) in x.iter().enumerate() {
            let t = (x - self.low) / self.width;
            let basis = match t {
                _ if t < 0.0 => line(&ends[0], t),
                _ if t > 1.0 => line(&ends[1], t - 1.0),
                _ => values(&self.knots, CUBIC, t),
            };
            for (b, row) in basis[1..].iter().zip(&self.map) {
                if *b != 0.0 {
                    columns.iter_mut().zip(row).for_each(|(column, m)| column[i] += b * m);
                }
            }
        }
        columns
    }
}

/// value + slope · t.
fn line((value, slope): &(Vec<f64>, Vec<f64>), t: f64) -> Vec<f64> {
    value.iter().zip(slope).map(|(value, slope)| value + slope * t).collect()
}

/// All B-splines of a degree at t in [0, 1], by de Boor's recurrence:
/// B_{j,d}(t) = (t − tⱼ) / (tⱼ₊d − tⱼ) B_{j,d−1}(t) + (tⱼ₊d₊₁ − t) / (tⱼ₊d₊₁ − tⱼ₊₁) B_{j+1,d−1}(t).
fn values(knots: &[f64], degree: usize, t: f64) -> Vec<f64> {
    let intervals = knots.len() - 1;
    // The interval that contains t, the last one of positive width for the end.
    let at = (0..intervals).rev().find(|&j| knots[j] <= t && knots[j] < knots[j + 1]).unwrap_or(CUBIC);
    let mut basis = vec![0.0; intervals];
    basis[at] = 1.0;
    for d in 1..=degree {
        for j in at.saturating_sub(d)..(at + 1).min(intervals - d) {
            let (left, right) = (knots[j + d] - knots[j], knots[j + d + 1] - knots[j + 1]);
            let rising = if left > 0.0 { (t - knots[j]) / left * basis[j] } else { 0.0 };
            let falling = if right > 0.0 { (knots[j + d + 1] - t) / right * basis[j + 1] } else { 0.0 };
            basis[j] = rising + falling;
        }
    }
    basis.truncate(intervals - degree);
    basis
}

/// First derivatives: B'_{j,d} = d / (tⱼ₊d − tⱼ) B_{j,d−1} − d / (tⱼ₊d₊₁ − tⱼ₊₁) B_{j+1,d−1}.
fn slopes(knots: &[f64], degree: usize, t: f64) -> Vec<f64> {
    differences(knots, degree, &values(knots, degree - 1, t))
}

/// Second derivatives of the cubic B-splines.
fn bends(knots: &[f64], t: f64) -> Vec<f64> {
    differences(knots, CUBIC, &slopes(knots, CUBIC - 1, t))
}

/// One derivative more of the B-splines of a degree, from those of the degree below.
fn differences(knots: &[f64], degree: usize, lower: &[f64]) -> Vec<f64> {
    let part = |j: usize| {
        let width = knots[j + degree] - knots[j];
        if width > 0.0 { degree as f64 / width * lower[j] } else { 0.0 }
    };
    (0..knots.len() - degree - 1).map(|j| part(j) - part(j + 1)).collect()
}

/// The columns of Q from the third on, where Q R is the QR of the matrix with these two columns; row by row.
fn complement(mut columns: [Vec<f64>; 2]) -> Vec<Vec<f64>> {
    let rows = columns[0].len();
    let mut reflections: Vec<Vec<f64>> = Vec::new();
    for k in 0..2 {
        for done in &reflections {
            reflect(done, &mut columns[k]);
        }
        let mut v = vec![0.0; rows];
        v[k..].copy_from_slice(&columns[k][k..]);
        let length = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        v[k] += if v[k] < 0.0 { -length } else { length };
        reflections.push(v);
    }
    let mut map = vec![vec![0.0; rows - 2]; rows];
    for j in 2..rows {
        let mut column = vec![0.0; rows];
        column[j] = 1.0;
        reflections.iter().rev().for_each(|v| reflect(v, &mut column));
        map.iter_mut().zip(column).for_each(|(row, entry)| row[j - 2] = entry);
    }
    map
}

/// a − 2 v (vᵀa) / (vᵀv).
fn reflect(v: &[f64], a: &mut [f64]) {
    let length: f64 = v.iter().map(|v| v * v).sum();
    if length > 0.0 {
        let factor = 2.0 * v.iter().zip(a.iter()).map(|(v, a)| v * a).sum::<f64>() / length;
        a.iter_mut().zip(v).for_each(|(a, v)| *a -= factor * v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_splines_add_up_to_one_and_their_derivatives_to_nothing() {
        let knots = [0.0, 0.0, 0.0, 0.0, 0.2, 0.7, 1.0, 1.0, 1.0, 1.0];
        for t in [0.0, 0.1, 0.2, 0.5, 0.7, 0.99, 1.0] {
            assert!((values(&knots, 3, t).iter().sum::<f64>() - 1.0).abs() < 1e-15);
            assert!(slopes(&knots, 3, t).iter().sum::<f64>().abs() < 1e-13);
            assert!(bends(&knots, t).iter().sum::<f64>().abs() < 1e-12);
        }
    }

    /// Continuous with slope and bend at a knot and at the ends, without bend beyond them.
    #[test]
    fn the_spline_is_smooth_and_straight_outside() {
        let x: Vec<f64> = (0..30).map(|i| f64::from(i * i) / 50.0).collect();
        let spline = Spline::fit(&x, 4).unwrap();
        let h = 1e-3;
        let bend = |x: f64| -> Vec<f64> {
            let columns = spline.columns(&[x - h, x, x + h]);
            columns.iter().map(|c| (c[0] - 2.0 * c[1] + c[2]) / (h * h)).collect()
        };
        let high = 29.0 * 29.0 / 50.0;
        for outside in [-5.0, -0.01, high + 0.01, high + 7.0] {
            assert!(bend(outside).iter().all(|b| b.abs() < 1e-8), "{:?}", bend(outside));
        }
        for knot in [0.0, spline.low + spline.width * spline.knots[4], high] {
            bend(knot - 2.0 * h).iter().zip(bend(knot + 2.0 * h)).for_each(|(a, b)| assert!((a - b).abs() < 0.01));
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        assert!(Spline::fit(&[1.0; 9], 1).is_err() && Spline::fit(&[], 2).is_err());
        assert!(Spline::fit(&[0.0, 0.0, 0.0, 0.0, 1.0], 3).is_err());
        assert!(Spline::fit(&[0.0, 1.0, 2.0], 1_000_000).is_err());
        assert!(Spline::fit(&[-f64::MAX, f64::MAX], 1).is_err());
        // One column: a straight line.
        let columns = Spline::fit(&[0.0, 1.0, 4.0], 1).unwrap().columns(&[0.0, 1.0, 2.0, 8.0]);
        assert!((columns[0][3] / columns[0][1] - 8.0).abs() < 1e-12 && columns[0][0].abs() < 1e-15);
    }
}
