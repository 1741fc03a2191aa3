//! How near numbers are to others.

/// Correct digits of the worst number: −log₁₀ of the relative error, at most 17.
pub fn digits(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let error = found.iter().zip(expected).map(|(f, e)| if e == &0.0 { f.abs() } else { (f / e - 1.0).abs() });
    -error.fold(1e-17, f64::max).log10()
}
