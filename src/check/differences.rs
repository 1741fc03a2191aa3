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
    let mut quotients: Vec<Vec<f64>> = Vec::with_capacity(LEVELS);
    for level in 0..LEVELS {
        let h = T::of(first * 0.5f64.powi(level as i32));
        let (up, down) = (theta[j] + h, theta[j] - h);
        at[j] = up;
        let above = f(&at);
        at[j] = down;
        let below = f(&at);
        at[j] = theta[j];
        let width = (up - down).to_f64();
        quotients.push(above.iter().zip(&below).map(|(a, b)| (a - b) / width).collect());
    }
    let components = quotients[0].len();
    (0..components).map(|c| extrapolate(quotients.iter().map(|level| level[c]).collect())).collect()
}

/// Neville's scheme in h²: row by row, keeping the entry that differs least from its two neighbours.
fn extrapolate(quotients: Vec<f64>) -> Estimate {
    let mut best = Estimate { value: quotients[0], error: f64::INFINITY };
    let mut previous: Vec<f64> = Vec::new();
    for (level, &quotient) in quotients.iter().enumerate() {
        let mut row = vec![quotient];
        let mut factor = 1.0;
        for m in 0..level {
            factor *= 4.0;
            let value = row[m] + (row[m] - previous[m]) / (factor - 1.0);
            let error = (value - row[m]).abs().max((value - previous[m]).abs());
            if error <= best.error {
                best = Estimate { value, error };
            }
            row.push(value);
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

    #[test]
    fn the_error_estimate_covers_the_truth_where_the_function_wiggles() {
        for frequency in [3.0, 30.0, 100.0, 300.0f64] {
            let estimate = derivative(&[0.7f64], 0, |at| vec![(frequency * at[0]).sin()])[0];
            let truth = frequency * (frequency * 0.7).cos();
            assert!((estimate.value - truth).abs() <= 10.0 * estimate.error + 1e-11 * frequency, "{estimate:?}");
        }
    }
}
