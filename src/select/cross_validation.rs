use super::{k_fold, score_on};
use crate::data::Dataset;
use crate::metrics::Score;
use crate::model::Regressor;
use crate::{Real, Result};
use nalgebra::DMatrix;

/// Fits on each training set of [`k_fold`] and scores on its test set; one score per fold.
///
/// ```
/// use residual::nalgebra::DMatrix;
/// use residual::{Dataset, LinearRegression, metrics, select};
/// let x = DMatrix::from_fn(30, 1, |i, _| i as f64);
/// let y = x.map(|x: f64| 2.0 * x + 1.0 + 0.1 * (7.0 * x).sin());
/// let data = Dataset::new(&x, &y)?;
/// let scores = select::cross_validate(&LinearRegression::new(), &data, 5, 0, |y, p| metrics::r2(y, p))?;
/// assert!(scores.len() == 5 && scores.iter().all(|&r2| r2 > 0.999));
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// Those of [`cross_validate_with`].
pub fn cross_validate<T: Real, R: Regressor<T>>(
    regressor: &R,
    data: &Dataset<'_, T>,
    folds: usize,
    seed: u64,
    score: impl Fn(&DMatrix<T>, &DMatrix<T>) -> Result<f64>,
) -> Result<Vec<f64>> {
    cross_validate_with(regressor, data, folds, seed, &score)
}

/// [`cross_validate`] by any [`Score`], which sees the weights of the samples.
///
/// ```
/// use residual::nalgebra::DMatrix;
/// use residual::{Dataset, LinearRegression, metrics::Rmse, select};
/// let x = DMatrix::from_fn(30, 1, |i, _| i as f64);
/// let y = x.map(|x: f64| 2.0 * x + (7.0 * x).sin());
/// let weights: Vec<f64> = (0..30).map(|i| if i % 3 == 0 { 2.5 } else { 1.0 }).collect();
/// let data = Dataset::new(&x, &y)?.with_weights(&weights)?;
/// let scores = select::cross_validate_with(&LinearRegression::new(), &data, 5, 0, &Rmse)?;
/// assert!(scores.iter().all(|&rmse| rmse < 1.2));
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// Those of [`k_fold`] for the rows of positive weight, of the fits, and of `score`.
pub fn cross_validate_with<T: Real, R: Regressor<T>>(
    regressor: &R,
    data: &Dataset<'_, T>,
    folds: usize,
    seed: u64,
    score: &impl Score<T>,
) -> Result<Vec<f64>> {
    let data = data.without_zero_weights();
    let fold = |(train, test): (Vec<usize>, Vec<usize>)| {
        score_on(&regressor.fit(&data.select(&train)?)?, &data.select(&test)?, score)
    };
    k_fold(data.samples(), folds, seed)?.into_iter().map(fold).collect()
}
