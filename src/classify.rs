//! Labels around any regressor that predicts probabilities.
//!
//! [`Classes`] turns labels into targets and predictions into labels; [`Classifier`] does both around a fit.

mod classes;
mod classifier;

pub use classes::Classes;
pub use classifier::{Classifier, FittedClassifier};
