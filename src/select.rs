//! Which model: folds, cross-validation, learning curves and a search over settings.
//!
//! A score is a function of the true targets and the predictions, n×k both, as in [`metrics`](crate::metrics); the search
//! takes larger to be better, so an error is handed in with its sign turned.

mod cross_validation;
mod folds;
mod grid;
mod learning_curve;

pub use cross_validation::cross_validate;
pub use folds::{Fold, k_fold, stratified_k_fold};
pub use grid::{Search, grid_search};
pub use learning_curve::{LearningPoint, learning_curve};

use crate::data::Dataset;
use crate::model::Predictor;
use crate::{Real, Result};
use nalgebra::DMatrix;

/// The score of a fitted model on samples kept apart.
fn score_on<T: Real, F: Predictor<T>>(
    model: &F,
    data: &Dataset<'_, T>,
    score: &impl Fn(&DMatrix<T>, &DMatrix<T>) -> Result<f64>,
) -> Result<f64> {
    score(&data.y().clone_owned(), &model.predict(data.x())?)
}
