//! Shifts and scales of features.

use crate::Real;
use crate::data::Dataset;

/// Feature j as (xⱼ − mⱼ) / sⱼ. Neither need be exact, they only need to be about the mean and the spread: a sample of the
/// rows will do, unless a feature is constant in it.
#[derive(Debug, Clone)]
pub(crate) struct Scaling {
    /// mⱼ; 0 without an intercept.
    pub shift: Vec<f64>,
    /// sⱼ, or 0 for a feature that is constant (without an intercept: zero).
    pub scale: Vec<f64>,
    /// 1 / sⱼ, or 0.
    pub inverse: Vec<f64>,
}

/// Rows looked at.
const SAMPLE: usize = 1024;

impl Scaling {
    pub fn new<T: Real>(data: &Dataset<'_, T>, centre: bool) -> Self {
        let p = data.features();
        let mut scaling = Self { shift: vec![0.0; p], scale: vec![0.0; p], inverse: vec![0.0; p] };
        let stride = data.samples().div_ceil(SAMPLE);
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
        }
        scaling
    }

    /// Whether every mean is so small beside the spread that sums over x lose next to nothing beside sums over x − m.
    pub fn is_mild(&self) -> bool {
        self.shift.iter().zip(&self.scale).all(|(m, s)| m.abs() <= 4.0 * s || (*s == 0.0 && m.abs() <= 1.0))
    }
}

/// Mean and mean absolute deviation of feature j over every `stride`-th row of positive weight. Deviations are taken from
/// the first of them, which is exact where the feature is constant.
fn moments<T: Real>(data: &Dataset<'_, T>, j: usize, stride: usize, centre: bool) -> (f64, f64) {
    let column = data.feature(j);
    let rows = || {
        (0..column.len())
            .step_by(stride)
            .filter(|&i| data.weights().is_none_or(|w| w[i] > T::zero()))
            .map(|i| column[i].to_f64())
    };
    let Some(first) = rows().next() else { return (0.0, 0.0) };
    let share = 1.0 / rows().count() as f64;
    let shift = if centre { first + rows().map(|x| (x - first) * share).sum::<f64>() } else { 0.0 };
    (shift, rows().map(|x| (x - shift).abs() * share).sum())
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
}
