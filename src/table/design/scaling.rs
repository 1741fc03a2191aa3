//! Mean and standard deviation of features, learned in two passes over chunks of rows.

use super::plan::Plan;
use crate::linalg::survey::Survey;
use crate::table::Table;
use crate::{Error, Result};

/// (shift, scale) of each feature: z = (x − shift) / scale.
pub(crate) type Scaling = Vec<(f64, f64)>;

/// What the first pass learns about a feature.
#[derive(Clone)]
struct Range {
    low: f64,
    high: f64,
    /// Σ x / n, to rounding.
    mean: f64,
}

/// Mean and standard deviation (divisor n) of the features that are made of numbers alone; 0 and 1 for the others. Without a
/// constant among what the features span, the shift is 0: a shift would be a constant, and the formula has none.
pub(super) fn scaling(plan: &Plan, table: &Table, constant: bool) -> Result<Scaling> {
    let numeric = plan.numeric();
    let n = table.rows() as f64;
    let start = Range { low: f64::INFINITY, high: f64::NEG_INFINITY, mean: 0.0 };
    let mut ranges = vec![start; numeric.len()];
    plan.walk(table, &mut |j, _, column| {
        if numeric[j] {
            let (range, part) = (&mut ranges[j], Survey::of(column, None));
            let sum = if part.sum.is_finite() { part.sum / n } else { column.iter().map(|x| x / n).sum() };
            *range = Range { low: range.low.min(part.low), high: range.high.max(part.high), mean: range.mean + sum };
        }
        Ok(())
    })?;
    let width = |range: &Range| (range.high - range.mean).max(range.mean - range.low);
    // Σ (x − mean) / (n width) and Σ ((x − mean) / width)² / n: no square overflows.
    let mut sums = vec![(0.0, 0.0); numeric.len()];
    plan.walk(table, &mut |j, _, column| {
        let (range, width) = (&ranges[j], width(&ranges[j]));
        if numeric[j] && width > 0.0 {
            let (rest, squares) = deviations(column, range.mean, width);
            sums[j] = (sums[j].0 + rest / n, sums[j].1 + squares / n);
        }
        Ok(())
    })?;
    let learned = |(j, range): (usize, &Range)| {
        let ((rest, squares), width) = (sums[j], width(range));
        let shift = |mean: f64| if constant { mean } else { 0.0 };
        match () {
            () if !numeric[j] => Ok((0.0, 1.0)),
            () if range.low == range.high => Ok((shift(range.low), 1.0)),
            () if width.is_finite() => {
                Ok((shift(range.mean + width * rest), width * (squares - rest * rest).max(0.0).sqrt()))
            }
            () => Err(Error::Term {
                term: plan.names[j].clone(),
                needs: "values whose range is within that of f64 to be standardized",
            }),
        }
    };
    let scaling: Scaling = ranges.iter().enumerate().map(learned).collect::<Result<_>>()?;
    // Where the deviation is lost in rounding, the column counts as constant.
    Ok(scaling.into_iter().map(|(shift, scale)| (shift, if scale > 0.0 { scale } else { 1.0 })).collect())
}

/// Σ z and Σ z² of z = (x − mean) / width, in lanes.
fn deviations(column: &[f64], mean: f64, width: f64) -> (f64, f64) {
    let (mut sums, mut squares) = ([0.0; 8], [0.0; 8]);
    let (chunks, rest) = column.as_chunks::<8>();
    for chunk in chunks {
        for (lane, x) in chunk.iter().enumerate() {
            let z = (x - mean) / width;
            sums[lane] += z;
            squares[lane] += z * z;
        }
    }
    let rest = rest.iter().map(|x| (x - mean) / width);
    (
        sums.iter().sum::<f64>() + rest.clone().sum::<f64>(),
        squares.iter().sum::<f64>() + rest.map(|z| z * z).sum::<f64>(),
    )
}
