//! Shifts and scales of features.

use crate::Real;
use crate::data::Dataset;
use crate::linalg::power::{exponent, power as power_of_two};

/// Feature j as (xⱼ − mⱼ) / sⱼ. Neither need be exact, they only need to be about the mean and the spread, both weighted: of
/// many rows a sample will do, unless a feature is constant in it.
#[derive(Debug, Clone)]
pub(crate) struct Scaling {
    /// mⱼ; 0 without an intercept.
    pub shift: Vec<f64>,
    /// sⱼ, or 0 for a feature that is constant (without an intercept: zero).
    pub scale: Vec<f64>,
    /// 1 / sⱼ, or 0.
    pub inverse: Vec<f64>,
    /// Whether feature j is so small beside the penalty that no score shows it.
    pub faint: Vec<bool>,
    mild: bool,
}

/// Above this exponent of λ / sⱼ² scores change by less than their rounding.
const FAINT: i32 = 60;
/// The largest exponent of λ / sⱼ².
const HEAVIEST: i32 = 200;

/// Rows looked at, at least, where there are more than `FEW`.
const SAMPLE: usize = 1024;
/// Up to so many rows all are looked at, so that a row of weight 2 gives what the row twice gives.
const FEW: usize = 4 * SAMPLE;

impl Scaling {
    pub fn new<T: Real>(data: &Dataset<'_, T>, centre: bool) -> Self {
        let p = data.features();
        let mut scaling =
            Self { shift: vec![0.0; p], scale: vec![0.0; p], inverse: vec![0.0; p], faint: vec![false; p], mild: true };
        let stride = if data.samples() > FEW { data.samples().div_ceil(SAMPLE) } else { 1 };
        for j in 0..p {
            let (mut shift, mut scale) = moments(data, j, stride, centre);
            if scale == 0.0 && stride > 1 {
                (shift, scale) = moments(data, j, 1, centre);
            }
            scaling.shift[j] = shift;
            if scale >= f64::MIN_POSITIVE {
                scaling.scale[j] = scale;
                scaling.inverse[j] = 1.0 / scale;
            }
            scaling.mild &= shift.abs() <= 4.0 * scale || scale == 0.0;
        }
        scaling
    }

    /// Compares the features with the penalty λ = `l2` on the user's coefficient, which is 2 to the power `power(j)` times that
    /// for xⱼ. Where its curvature λ / sⱼ² would be out of range sⱼ becomes larger, so that it is about 1.
    pub fn penalize(&mut self, l2: f64, power: impl Fn(usize) -> i32) {
        for (j, (scale, inverse)) in self.scale.iter_mut().zip(&mut self.inverse).enumerate() {
            if l2 == 0.0 || *inverse == 0.0 {
                continue;
            }
            let heavy = exponent(l2) + 2 * power(j);
            let curvature = heavy + 2 * exponent(*inverse);
            self.faint[j] = curvature > FAINT;
            if curvature > HEAVIEST {
                // What is out of range here has no weight, and as a coefficient no number.
                let unit = (-heavy).div_euclid(2);
                let inside = unit.abs() <= 1022;
                (*scale, *inverse) = if inside { (power_of_two(-unit), power_of_two(unit)) } else { (0.0, 0.0) };
            }
        }
    }

    /// Whether every mean is so small beside the spread that sums over x lose next to nothing beside sums over x − m.
    pub fn is_mild(&self) -> bool {
        self.mild
    }
}

/// Mean and mean absolute deviation of feature j over every `stride`-th row, weighted. Deviations are taken from the first row
/// that counts, which is exact where the feature is constant.
fn moments<T: Real>(data: &Dataset<'_, T>, j: usize, stride: usize, centre: bool) -> (f64, f64) {
    let (column, weights) = (data.feature(j), data.relative_weights());
    let weight = |i: usize| weights.map_or(1.0, |w| w[i].to_f64());
    let rows = || (0..column.len()).step_by(stride).filter(|&i| weight(i) > 0.0);
    let Some(first) = rows().next().map(|i| column[i].to_f64()) else { return (0.0, 0.0) };
    let share = 1.0 / rows().map(weight).sum::<f64>();
    // A difference of two large numbers can be out of range, that of their halves is not.
    let survey = data.surveys()[j];
    let unit = if survey.low.abs().max(survey.high.abs()) > 1e300 { 0.5 } else { 1.0 };
    let off = |from: f64, i: usize| unit * column[i].to_f64() - unit * from;
    let mean = |term: &dyn Fn(usize) -> f64| rows().map(|i| term(i) * (weight(i) * share)).sum::<f64>() / unit;
    let shift = if centre { first + mean(&|i| off(first, i)) } else { 0.0 };
    (shift, mean(&|i| off(shift, i).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    #[test]
    fn constant_rare_and_huge_columns() {
        let n = 5000;
        let x = DMatrix::from_fn(n, 4, |i, j| match j {
            0 => 0.1,
            1 => f64::from(u8::from(i == 4321)),
            2 => 1e308 * (i as f64 / n as f64),
            _ => 1e6 + (i % 2) as f64,
        });
        let y = DVector::zeros(n);
        let data = Dataset::new(&x, &y).unwrap();
        let scaling = Scaling::new(&data, true);
        assert_eq!((scaling.shift[0], scaling.scale[0], scaling.inverse[0]), (0.1, 0.0, 0.0));
        assert!(scaling.scale[1] > 0.0 && scaling.scale[2] > 1e307 && scaling.scale[2] < 1e308);
        assert!((scaling.shift[3] - 1e6 - 0.5).abs() < 0.1 && (scaling.scale[3] - 0.5).abs() < 0.1);
        assert!(!scaling.is_mild());
        let raw = Scaling::new(&data, false);
        assert!(raw.is_mild());
        assert_eq!(raw.shift, [0.0; 4]);
        assert!((raw.scale[0] - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_weight_counts_as_so_many_rows() {
        let x = DMatrix::from_column_slice(4, 1, &[-1.5e308, 1.5e308, 0.0, 3e307]);
        let y = DVector::zeros(4);
        let data = Dataset::new(&x, &y).unwrap();
        let repeated = data.select(&[0, 0, 0, 1, 3]).unwrap();
        let weighted = data.with_weights(&[3.0, 1.0, 0.0, 1.0]).unwrap();
        for centre in [false, true] {
            let (a, b) = (Scaling::new(&weighted, centre), Scaling::new(&repeated, centre));
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-15 * b.abs();
            assert!(near(a.shift[0], b.shift[0]) && near(a.scale[0], b.scale[0]), "{a:?} {b:?}");
            assert!(a.scale[0].is_finite() && a.scale[0] > 1e307);
        }
    }
}
