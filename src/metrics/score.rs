//! Scores as values: for cross-validation and searches, with weights and a direction.

use super::probabilities::{brier_of, log_loss_of};
use super::samples::{Samples, Square, fitting};
use super::{mae, mse, r2, rmse, weighted_mae, weighted_mse, weighted_r2};
use crate::{Error, Real, Result};
use nalgebra::DMatrix;

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
/// assert!(Score::<f64>::greater_is_better(&R2) && !Score::<f64>::greater_is_better(&Rmse));
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
        weights.map_or_else(|| mse(y, prediction), |weights| weighted_mse(y, prediction, weights))
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for Rmse {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        let Some(weights) = weights else { return rmse(y, prediction) };
        let samples = Samples::weighted(y.as_view(), prediction.as_view(), weights)?;
        fitting(samples.mean(&Square).sqrt(), "the root mean squared error")
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for Mae {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        weights.map_or_else(|| mae(y, prediction), |weights| weighted_mae(y, prediction, weights))
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for LogLoss {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        log_loss_of(y.as_view(), prediction.as_view(), weights)
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

impl<T: Real> Score<T> for Brier {
    fn score(&self, y: &DMatrix<T>, prediction: &DMatrix<T>, weights: Option<&[T]>) -> Result<f64> {
        brier_of(y.as_view(), prediction.as_view(), weights)
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{brier, log_loss};
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

    /// Scored as one, not row by row: the row in an error is that of the matrices, and one tiny error is no reason for one.
    #[test]
    fn weights_do_not_change_what_is_legal() {
        let (y, p, w) = (dmatrix![1.0; 0.0; 1.0; 7.0], dmatrix![0.5; 0.5; 1.5; -3.0], [1.0, 2.0, 1.0, 0.0]);
        let scores: [AnyScore; 2] = [Box::new(LogLoss), Box::new(Brier)];
        for score in &scores {
            let error = Error::Probability { row: 2, column: 0, value: 1.5 };
            assert_eq!(score.score(&y, &p, Some(&w)), Err(error));
            assert!(matches!(score.score(&p, &y, Some(&w)), Err(Error::Target { row: 2, .. })));
            // What weighs nothing may be anything.
            assert!(score.score(&y, &p, Some(&[1.0, 2.0, 0.0, 0.0])).is_ok());
        }
        let (y, p) = (dmatrix![0.0; 1.0], dmatrix![1e-170; 3.0]);
        assert_eq!(Mse.score(&y, &p, Some(&[1.0, 3.0])), Ok(3.0));
        assert_eq!(Rmse.score(&y, &p, Some(&[1.0, 3.0])), Ok(3f64.sqrt()));
        let far = dmatrix![3e200; -5.0];
        assert_eq!(Rmse.score(&far, &dmatrix![0.0; -5.0], Some(&[1.0, 3.0])), Ok(1.5e200));
        assert!(Mse.score(&far, &dmatrix![0.0; -5.0], Some(&[1.0, 3.0])).is_err());
        // Next to no weight on what was said to be impossible.
        assert_eq!(LogLoss.score(&dmatrix![1.0; 1.0], &dmatrix![0.0; 0.5], Some(&[5e-324, 1e300])), Ok(f64::INFINITY));
    }

    #[test]
    fn an_impossible_event_costs_infinity_unless_it_weighs_nothing() {
        let (y, p) = (dmatrix![1.0; 1.0], dmatrix![0.0; 0.5]);
        assert_eq!(LogLoss.score(&y, &p, Some(&[1.0, 2.0])), Ok(f64::INFINITY));
        assert_eq!(LogLoss.score(&y, &p, Some(&[0.0, 2.0])), Ok(2f64.ln()));
    }
}
