//! Columns, and how near a number is to another.

use nalgebra::{DMatrix, DVector};

pub fn matrix(columns: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_columns(&columns.iter().map(|c| DVector::from_column_slice(c)).collect::<Vec<_>>())
}

/// −log₁₀ of the relative error, capped at 15 as NIST's own tables are; of the absolute one where the answer is 0.
pub fn digits(found: f64, certified: f64) -> f64 {
    let error = if certified == 0.0 { found.abs() } else { ((found - certified) / certified).abs() };
    if error == 0.0 { 15.0 } else { (-error.log10()).clamp(0.0, 15.0) }
}

pub fn worst_digits(found: &[f64], certified: &[f64]) -> f64 {
    assert_eq!(found.len(), certified.len());
    found.iter().zip(certified).map(|(f, c)| digits(*f, *c)).fold(15.0, f64::min)
}

/// |found − expected| ≤ tolerance · max(1, |expected|), or both NaN.
#[track_caller]
pub fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let fine = (found.is_nan() && expected.is_nan()) || (found - expected).abs() <= tolerance * expected.abs();
    assert!(fine, "{what}: found {found:e}, expected {expected:e}, relative {:e}", (found / expected - 1.0).abs());
}

#[track_caller]
pub fn all_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        close(&format!("{what}[{i}]"), *f, *e, tolerance);
    }
}
