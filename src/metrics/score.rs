//! Scores as values: for cross-validation and searches, with weights and a direction.

use super::samples::Samples;
use super::{brier, log_loss, mae, mse, r2, rmse, weighted_r2};
use crate::linalg::carried::Sum;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView};

/// How good predictions are, as one number, with weights and a direction.
///
/// A closure of (y, prediction) is a score for which greater is better. It does not see weights: where those of the samples
/// differ it is an error, and a type that takes them is needed, one of this module or one of your own. Rows of weight 0 count for
/// nothing in any score.
///
/// ```
/// use residual::metrics::{R2, Rmse, Score};
/// use residual::nalgebra::dmatrix;
/// let (y, prediction) = (dmatrix![1.0; 2.0; 9.0], dmatrix![1.0; 4.0; 0.0]);
/// assert_eq!(Rmse.score(&y, &prediction, Some(&[1.0, 1.0, 0.0]))?, 2f64.sqrt());
/// assert!(R2.greater_is_better() && !Score::<f64>::greater_is_better(&Rmse));
/// # Ok::<(), residual::Error>(())
/// ```
pub trait Score<T: Real> {
    /// The score of `prediction` for the targets `y`, both n×k; one weight per row, or none where all weigh the same.
    ///
    /// # Errors
    /// Whatever the score cannot take.
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64>;

    /// Whether a greater score is a better one.
    fn greater_is_better(&self) -> bool {
        true
    }
}

impl<T: Real, F: Fn(&DMatrix<T>, &DMatrix<T>) -> Result<f64>> Score<T> for F {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        let Some(weights) = weights else { return self(y, prediction) };
        Samples::weighted(y.as_view(), prediction.as_view(), weights)?;
        let rows: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] > T::zero()).collect();
        if rows.iter().any(|&row| weights[row] != weights[rows[0]]) {
            let needs =
                "one that takes weights, as metrics::R2 with select::cross_validate_with; a closure does not see them";
            return Err(Error::Config { name: "the score of samples whose weights differ", needs });
        }
        if rows.len() == weights.len() {
            return self(y, prediction);
        }
        self(&y.select_rows(&rows), &prediction.select_rows(&rows))
    }
}

/// [`r2`](super::r2), weighted as [`weighted_r2`](super::weighted_r2). Greater is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct R2;

/// [`mse`](super::mse), the weighted mean. Smaller is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mse;

/// [`rmse`](super::rmse), the root of the weighted mean. Smaller is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rmse;

/// [`mae`](super::mae), the weighted mean. Smaller is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mae;

/// [`log_loss`](super::log_loss), the weighted mean. Smaller is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogLoss;

/// [`brier`](super::brier), the weighted mean. Smaller is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brier;

impl<T: Real> Score<T> for R2 {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        weights.map_or_else(|| r2(y, prediction), |weights| weighted_r2(y, prediction, weights))
    }
}

impl<T: Real> Score<T> for Mse {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        mean(y, prediction, weights, |y, p| mse(y, p))
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for Rmse {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        let Some(weights) = weights else { return rmse(y, prediction) };
        let mut largest = 0.0f64;
        each(y, prediction, weights, |y, p| rmse(y, p), |_, error| largest = largest.max(error))?;
        if largest <= 0.0 {
            return Ok(0.0);
        }
        // Squares of shares of the largest error are in range.
        let square = mean(y, prediction, Some(weights), |y, p| Ok((rmse(y, p)? / largest).powi(2)))?;
        Ok(largest * square.sqrt())
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for Mae {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        mean(y, prediction, weights, |y, p| mae(y, p))
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for LogLoss {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        mean(y, prediction, weights, |y, p| log_loss(y, p))
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for Brier {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        mean(y, prediction, weights, |y, p| brier(y, p))
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

/// A metric that is a mean over the rows, weighted.
fn mean<T: Real>(
    y: &DMatrix<T>,
    prediction: &DMatrix<T>,
    weights: Option<&[T]>,
    metric: impl Fn(DMatrixView<'_, T>, DMatrixView<'_, T>) -> Result<f64>,
) -> Result<f64> {
    let Some(weights) = weights else { return metric(y.as_view(), prediction.as_view()) };
    let (mut sum, mut total) = (Sum::default(), Sum::default());
    each(y, prediction, weights, metric, |share, value| {
        sum.add(share * value);
        total.add(share);
    })?;
    Ok(sum.value() / total.value())
}

/// The metric of each row of positive weight, with the weight as a share of the largest.
fn each<T: Real>(
    y: &DMatrix<T>,
    prediction: &DMatrix<T>,
    weights: &[T],
    metric: impl Fn(DMatrixView<'_, T>, DMatrixView<'_, T>) -> Result<f64>,
    mut take: impl FnMut(f64, f64),
) -> Result<()> {
    Samples::weighted(y.as_view(), prediction.as_view(), weights)?;
    let largest = weights.iter().fold(0.0, |max: f64, w| max.max(w.to_f64()));
    for (row, w) in weights.iter().enumerate().filter(|&(_, &w)| w > T::zero()) {
        take(w.to_f64() / largest, metric(y.rows(row, 1), prediction.rows(row, 1))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    type AnyScore = Box<dyn Score<f64>>;
    type Metric = fn(&DMatrix<f64>, &DMatrix<f64>) -> Result<f64>;

    fn scores() -> Vec<(AnyScore, Metric)> {
        vec![
            (Box::new(R2), |y, p| r2(y, p)),
            (Box::new(Mse), |y, p| mse(y, p)),
            (Box::new(Rmse), |y, p| rmse(y, p)),
            (Box::new(Mae), |y, p| mae(y, p)),
            (Box::new(LogLoss), |y, p| log_loss(y, p)),
            (Box::new(Brier), |y, p| brier(y, p)),
        ]
    }

    #[test]
    fn a_weight_counts_as_so_many_rows_whatever_its_size() {
        let y = dmatrix![0.0; 1.0; 1.0; 0.0; 0.0];
        let p = dmatrix![0.25; 0.5; 0.875; 0.0; 0.75];
        let rows = [0, 1, 1, 2, 2, 2, 4];
        for (score, plain) in scores() {
            let truth = plain(&y.select_rows(&rows), &p.select_rows(&rows)).unwrap();
            assert_eq!(score.score(&y, &p, None), plain(&y, &p));
            for size in [1.0, 1e-300, 1e300] {
                let weights = [1.0, 2.0, 3.0, 0.0, 1.0].map(|w| w * size);
                // The metrics of this crate that add up the weights themselves may refuse the sum.
                let Ok(found) = score.score(&y, &p, Some(&weights)) else { panic!("weights of size {size:e}") };
                assert!((found - truth).abs() < 1e-14, "{found} {truth}");
            }
        }
    }

    #[test]
    fn a_closure_is_not_asked_for_what_it_cannot_know() {
        let (y, p) = (dmatrix![1.0; 2.0; 9.0], dmatrix![1.0; 4.0; 0.0]);
        let closure = |y: &DMatrix<f64>, p: &DMatrix<f64>| mse(y, p);
        assert_eq!(closure.score(&y, &p, Some(&[3.0, 3.0, 3.0])), mse(&y, &p));
        assert_eq!(closure.score(&y, &p, Some(&[3.0, 3.0, 0.0])), Ok(2.0));
        let refused = closure.score(&y, &p, Some(&[3.0, 1.0, 0.0])).unwrap_err();
        assert!(refused.to_string().contains("metrics::R2"), "{refused}");
        assert!(closure.score(&y, &p, Some(&[0.0; 3])).is_err() && closure.score(&y, &p, Some(&[1.0])).is_err());
    }

    #[test]
    fn an_impossible_event_costs_infinity_unless_it_weighs_nothing() {
        let (y, p) = (dmatrix![1.0; 1.0], dmatrix![0.0; 0.5]);
        assert_eq!(LogLoss.score(&y, &p, Some(&[1.0, 2.0])), Ok(f64::INFINITY));
        assert_eq!(LogLoss.score(&y, &p, Some(&[0.0, 2.0])), Ok(2f64.ln()));
    }
}
