use super::{k_fold, score_on};
use crate::data::Dataset;
use crate::metrics::Score;
use crate::model::Regressor;
use crate::{Error, Real, Result};
use nalgebra::DMatrix;

/// The scores of fits on so many samples.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningPoint {
    /// How many samples each fit saw.
    pub samples: usize,
    /// The score of each fold's fit on the samples it saw.
    pub train: Vec<f64>,
    /// The score of each fold's fit on the fold's test set.
    pub test: Vec<f64>,
}

/// How the score grows with the number of samples: for each of `sizes`, one fit for each fold of [`k_fold`] on the first
/// `size` rows of its training set.
///
/// ```
/// use residual::nalgebra::DMatrix;
/// use residual::{Dataset, LinearRegression, metrics, select};
/// let x = DMatrix::from_fn(40, 1, |i, _| i as f64);
/// let y = x.map(|x: f64| x + (13.0 * x).sin());
/// let data = Dataset::new(&x, &y)?;
/// let curve = select::learning_curve(&LinearRegression::new(), &data, &[5, 30], 4, 0, |y, p| metrics::mse(y, p))?;
/// let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
/// assert!(mean(&curve[1].test) < mean(&curve[0].test));
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// [`Error::Config`] for a size of 0 or above the smallest training set, and those of
/// [`cross_validate`](super::cross_validate).
pub fn learning_curve<T: Real, R: Regressor<T>>(
    regressor: &R,
    data: &Dataset<'_, T>,
    sizes: &[usize],
    folds: usize,
    seed: u64,
    score: impl Fn(&DMatrix<T>, &DMatrix<T>) -> Result<f64>,
) -> Result<Vec<LearningPoint>> {
    learning_curve_with(regressor, data, sizes, folds, seed, &score)
}

/// [`learning_curve`] by any [`Score`], which sees the weights of the samples.
///
/// # Errors
/// Those of [`learning_curve`].
pub fn learning_curve_with<T: Real, R: Regressor<T>>(
    regressor: &R,
    data: &Dataset<'_, T>,
    sizes: &[usize],
    folds: usize,
    seed: u64,
    score: &impl Score<T>,
) -> Result<Vec<LearningPoint>> {
    let data = data.without_zero_weights();
    let folds = k_fold(data.samples(), folds, seed)?;
    let most = folds.iter().map(|(train, _)| train.len()).min().unwrap_or(0);
    let point = |&samples: &usize| {
        if samples == 0 || samples > most {
            return Err(Error::Config { name: "size of a learning curve", needs: "in 1 ..= rows of a training set" });
        }
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for (rows, rest) in &folds {
            let seen = data.select(&rows[..samples])?;
            let model = regressor.fit(&seen)?;
            train.push(score_on(&model, &seen, score)?);
            test.push(score_on(&model, &data.select(rest)?, score)?);
        }
        Ok(LearningPoint { samples, train, test })
    };
    sizes.iter().map(point).collect()
}
