//! Which model: folds, cross-validation, learning curves and a search over settings.
//!
//! A score is a [`Score`]: one of the types of [`metrics`](crate::metrics), as
//! [`R2`](crate::metrics::R2), or a closure of the true targets and the predictions, n×k both. The functions that end in
//! `_with` take any score and hand it the weights of the samples; those without it take a closure.
//!
//! Rows of weight 0 are left out before folds are drawn, so that they change nothing. A closure does not see weights: where
//! those of the samples to score differ, it is refused, and a score that takes weights is asked for.

mod cross_validation;
mod folds;
mod grid;
mod learning_curve;

pub use cross_validation::{cross_validate, cross_validate_with};
pub use folds::{Fold, k_fold, stratified_k_fold};
pub use grid::{Search, grid_search, grid_search_with};
pub use learning_curve::{LearningPoint, learning_curve, learning_curve_with};

use crate::data::Dataset;
use crate::metrics::Score;
use crate::model::Predictor;
use crate::{Real, Result};

/// The score of a fitted model on samples kept apart.
fn score_on<T: Real, F: Predictor<T>>(model: &F, data: &Dataset<'_, T>, score: &impl Score<T>) -> Result<f64> {
    score.score(&data.y().clone_owned(), &model.predict(data.x())?, data.relative_weights())
}
