//! Extrapolated central differences.

use crate::Real;

/// A difference quotient in the limit h → 0, and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub value: f64,
    pub error: f64,
}

const LEVELS: usize = 9;

/// ∂f/∂θⱼ for every component of f: each takes the entry of its own extrapolation table that has the smallest error.
pub(super) fn derivative<T: Real>(theta: &[T], j: usize, mut f: impl FnMut(&[T]) -> Vec<f64>) -> Vec<Estimate> {
    // Large enough that f64 loses few digits to cancellation, small enough for the series to converge; then halved.
    let first = T::default_epsilon().to_f64().powf(1.0 / 9.0) * theta[j].to_f64().abs().max(1.0);
    let mut at = theta.to_vec();
    let mut quotients: Vec<Vec<Estimate>> = Vec::with_capacity(LEVELS);
    let epsilon = T::default_epsilon().to_f64();
    for level in 0..LEVELS {
        let h = T::of(first * 0.5f64.powi(level as i32));
        let (up, down) = (theta[j] + h, theta[j] - h);
        at[j] = up;
        let above = f(&at);
        at[j] = down;
        let below = f(&at);
        at[j] = theta[j];
        let width = (up - down).to_f64();
        let quotient =
            |(a, b): (&f64, &f64)| Estimate { value: (a - b) / width, error: epsilon * a.abs().max(b.abs()) / width };
        quotients.push(above.iter().zip(&below).map(quotient).collect());
    }
    let components = quotients[0].len();
    (0..components).map(|c| extrapolate(quotients.iter().map(|level| level[c]).collect())).collect()
}

/// Neville's scheme in h²: row by row, keeping the entry with the smallest error, which is how much it differs from its two
/// neighbours, plus what rounding of f puts into it. Without the latter, two quotients that agree by chance would win: in
/// f32, where differences over small steps take few values, they often do.
fn extrapolate(quotients: Vec<Estimate>) -> Estimate {
    let mut best = Estimate { value: quotients[0].value, error: f64::INFINITY };
    let mut previous: Vec<Estimate> = Vec::new();
    for (level, &quotient) in quotients.iter().enumerate() {
        // The `error` of an entry of the table is its share of rounding alone.
        let mut row = vec![quotient];
        let mut factor = 1.0;
        for m in 0..level {
            factor *= 4.0;
            let (fine, coarse) = (row[m], previous[m]);
            let value = fine.value + (fine.value - coarse.value) / (factor - 1.0);
            let rounding = (factor * fine.error + coarse.error) / (factor - 1.0);
            let error = (value - fine.value).abs().max((value - coarse.value).abs()) + rounding;
            if error <= best.error {
                best = Estimate { value, error };
            }
            row.push(Estimate { value, error: rounding });
        }
        previous = row;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_functions_to_eleven_digits() {
        for x in [-3.0, 0.1, 1.0, 20.0f64] {
            let estimate = derivative(&[x], 0, |at| vec![at[0].sin(), (0.1 * at[0]).exp()]);
            assert!((estimate[0].value - x.cos()).abs() < 1e-11, "{estimate:?}");
            assert!((estimate[1].value / (0.1 * (0.1 * x).exp()) - 1.0).abs() < 1e-11, "{estimate:?}");
        }
    }

    /// In f32 quotients over small steps take few values, and two of them often agree by chance.
    #[test]
    fn single_precision_is_not_fooled_by_coincidence() {
        for i in 0..2000 {
            let x = 0.5 + 1e-3 * i as f32;
            let estimate = derivative(&[x], 0, |at| vec![f64::from(1.0 + 1e-3 * at[0].sin())])[0];
            let error = (estimate.value - 1e-3 * f64::from(x).cos()).abs();
            assert!(error < 4e-6 && error <= estimate.error, "{error:e} at {x}: {estimate:?}");
        }
    }

    #[test]
    fn the_error_estimate_covers_the_truth_where_the_function_wiggles() {
        for frequency in [3.0, 30.0, 100.0, 300.0f64] {
            let estimate = derivative(&[0.7f64], 0, |at| vec![(frequency * at[0]).sin()])[0];
            let truth = frequency * (frequency * 0.7).cos();
            assert!((estimate.value - truth).abs() <= 10.0 * estimate.error + 1e-11 * frequency, "{estimate:?}");
        }
    }
}
