//! Scores of predictions against what happened.
//!
//! Matrices are n×k with one sample per row, as targets and predictions are; anything that converts to a view is taken:
//! `&DMatrix`, `&DVector`, views. Every function returns an error for unequal sizes, for no samples and for NaN or infinity;
//! what is not defined for the data at hand (the AUC of one class, R² of a constant) is [`Error::Undefined`],
//! never a made-up number.
//!
//! Scores are right to the last digits for numbers of any size: sums carry their rounding errors along in a range wider
//! than that of f64, and nothing is lost to a constant offset. An answer that no f64 holds is an error too.
//!
//! | predictions | functions |
//! |---|---|
//! | numbers | [`mse`], [`rmse`], [`mae`], [`r2`], [`median_absolute_error`], [`max_error`], [`mape`], [`msle`], [`pinball`], [`poisson_deviance`], [`gamma_deviance`], [`tweedie_deviance`], [`explained_variance`], [`d2_absolute_error`] |
//! | numbers, weighted | [`weighted_mse`], [`weighted_mae`], [`weighted_r2`] |
//! | probabilities | [`log_loss`], [`brier`] |
//! | scores to rank by | [`roc_auc`], [`roc_auc_one_vs_one`], [`average_precision`], [`pr_auc`], [`roc_curve`], [`top_accuracy`] |
//! | labels | [`accuracy`], [`precision`], [`recall`], [`f1`], [`f_beta`], [`jaccard`], and of all classes [`confusion_matrix`] with the methods of [`Confusion`] |
//! | any, as a value for [`select`](crate::select) | [`R2`], [`Mse`], [`Rmse`], [`Mae`], [`LogLoss`], [`Brier`]: each is a [`Score`] |

mod agreement;
mod deviances;
mod deviations;
mod labels;
mod probabilities;
mod ranking;
mod regression;
mod samples;
mod score;
mod weighted;

pub use agreement::Average;
pub use deviances::{gamma_deviance, poisson_deviance, tweedie_deviance};
pub use deviations::{d2_absolute_error, explained_variance, mape, max_error, median_absolute_error, msle, pinball};
pub use labels::{Confusion, accuracy, confusion_matrix, f_beta, f1, jaccard, precision, recall};
pub use probabilities::{brier, log_loss};
pub(crate) use probabilities::{class_probabilities, class_targets};
pub use ranking::{average_precision, pr_auc, roc_auc, roc_auc_one_vs_one, roc_curve, top_accuracy};
pub use regression::{mae, mse, r2, rmse};
pub use score::{Brier, LogLoss, Mae, Mse, R2, Rmse, Score};
pub use weighted::{weighted_mae, weighted_mse, weighted_r2};

use crate::{Error, Real, Result};
use nalgebra::DMatrixView;

/// Targets and predictions of the same size, at least one row and column, all finite.
fn pair<T: Real>(y: DMatrixView<'_, T>, prediction: DMatrixView<'_, T>) -> Result<()> {
    if y.nrows() != prediction.nrows() {
        return Err(Error::Shape { what: "rows of the prediction", expected: y.nrows(), found: prediction.nrows() });
    }
    if y.ncols() != prediction.ncols() {
        return Err(Error::Shape { what: "columns of the prediction", expected: y.ncols(), found: prediction.ncols() });
    }
    if y.is_empty() {
        return Err(Error::Empty { what: "the list of samples to score" });
    }
    for (what, values) in [("y", y), ("the prediction", prediction)] {
        for (column, values) in values.column_iter().enumerate() {
            if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { what, row, column });
            }
        }
    }
    Ok(())
}
