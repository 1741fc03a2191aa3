//! Mean and standard deviation of a column, to the last digit.

use super::columns::{Column, unit_for};
use crate::Real;
use crate::linalg::carried::Sum;

/// Numbers taken at a time.
const CHUNK: usize = 1024;

/// The smallest and the largest value among the rows of positive weight.
pub(super) fn range<T: Real>(values: &[T], weights: Option<&[T]>) -> (T, T) {
    let counts = |i: usize| weights.is_none_or(|w| w[i] > T::zero());
    let mut counted = (0..values.len()).filter(|&i| counts(i)).map(|i| values[i]);
    let first = counted.next().unwrap_or_else(T::zero);
    counted.fold((first, first), |(low, high), v| (if v < low { v } else { low }, if v > high { v } else { high }))
}

/// A column as (x − mean) / standard deviation; the value and 1 for a constant one.
///
/// In two passes, in a unit in which every square is in range: the mean, then the mean of what is left, which corrects it, and
/// the mean square of that.
pub(super) fn moments<T: Real>(values: &[T], weights: Option<&[T]>) -> Column<T> {
    let (low, high) = range(values, weights);
    if low == high {
        return Column::constant(low);
    }
    let (low, high) = (low.to_f64(), high.to_f64());
    let unit = unit_for::<T>(low.abs().max(high.abs()));
    let column = Weighing { values, weights, unit };
    let ([rough, _], total) = column.sums(0.0, 1.0);
    let rough = (rough / total).clamp(low * unit, high * unit);
    // In units of the largest deviation no square is out of range.
    let reach = (high * unit - rough).max(rough - low * unit);
    let ([rest, square], total) = column.sums(rough, reach);
    let (rest, square) = (rest / total, square / total);
    let deviation = (square - rest * rest).max(0.0).sqrt() * reach;
    let mean = rough + rest * reach;
    Column::new(unit, (mean, (rough - mean) + rest * reach), if deviation > 0.0 { deviation } else { 1.0 })
}

struct Weighing<'a, T> {
    values: &'a [T],
    weights: Option<&'a [T]>,
    unit: f64,
}

impl<T: Real> Weighing<'_, T> {
    /// Σ w d and Σ w d² for d = (x unit − from) / reach, and Σ w.
    fn sums(&self, from: f64, reach: f64) -> ([f64; 2], f64) {
        let mut sums = [Sum::default(); 3];
        let mut terms = [[0.0; CHUNK]; 3];
        for start in (0..self.values.len()).step_by(CHUNK) {
            let run = start..(start + CHUNK).min(self.values.len());
            for (t, i) in run.clone().enumerate() {
                let w = self.weights.map_or(1.0, |w| w[i].to_f64());
                // What has no weight may be out of range in this unit.
                let d = if w > 0.0 { (self.values[i].to_f64() * self.unit - from) / reach } else { 0.0 };
                [terms[0][t], terms[1][t], terms[2][t]] = [w * d, w * d * d, w];
            }
            for (sum, terms) in sums.iter_mut().zip(&terms) {
                sum.add(f64::sum(&terms[..run.len()]));
            }
        }
        let [first, second, total] = sums.map(Sum::value);
        ([first, second], total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::columns::Columns;

    /// As the user sees them.
    fn moments<T: Real>(values: &[T], weights: Option<&[T]>) -> (T, T) {
        let columns = Columns::new(std::iter::once(super::moments(values, weights)));
        (columns.shift()[0], columns.scale()[0])
    }

    #[test]
    fn moments_keep_their_digits_far_from_zero_and_at_the_extremes() {
        let near = |(mean, sd): (f64, f64), (m, s): (f64, f64)| {
            assert!((mean / m - 1.0).abs() < 1e-15 && (sd / s - 1.0).abs() < 1e-12, "{mean} {sd} for {m} {s}");
        };
        near(moments(&[1e9, 1e9 + 1.0, 1e9 + 2.0], None), (1e9 + 1.0, (2f64 / 3.0).sqrt()));
        near(moments(&[1e300, 3e300], None), (2e300, 1e300));
        near(moments(&[1e-300, 3e-300], None), (2e-300, 1e-300));
        near(moments(&[1.0, 3.0, 100.0], Some(&[1.0, 3.0, 0.0])), (2.5, 0.75f64.sqrt()));
        // The other row is 0 only as far as rounding goes.
        near(moments(&[0.0, 1.0], Some(&[1e-200, 1.0])), (1.0, 1e-100));
    }

    #[test]
    fn constant_columns_and_single_samples_become_zero() {
        assert_eq!(moments(&[0.1; 7], None), (0.1, 1.0));
        assert_eq!(moments(&[5.0f32], None), (5.0, 1.0));
        // Constant among the rows that count.
        assert_eq!(moments(&[2.0, 9.0, 2.0], Some(&[1.0, 0.0, 4.0])), (2.0, 1.0));
    }
}
