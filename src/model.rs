//! Regressors, and the models that they fit.

mod fitted;
pub mod inference;
mod linear;
mod logistic;
mod mlp;
mod network;
mod standardized;
mod training;

pub use fitted::Fitted;
pub use linear::{LeastSquares, LinearRegression, Polynomial, RidgePath, RidgePoint, ridge_path};
pub use logistic::LogisticRegression;
pub use mlp::Mlp;
pub use network::Network;
pub use standardized::{FittedStandardized, Standardized};

use crate::data::Dataset;
use crate::layer::{Affine, Layer};
use crate::loss::Loss;
use crate::optim::{Observer, Solver};
use crate::risk::Risk;
use crate::{Real, Result};
use nalgebra::{DMatrix, DMatrixView};

/// A configuration that fits a data set into a model.
pub trait Regressor<T: Real> {
    /// The model that comes out.
    type Fitted: Predictor<T>;

    /// Fits the model.
    ///
    /// # Errors
    /// As [`fit_observed`](Regressor::fit_observed).
    fn fit(&self, data: &Dataset<'_, T>) -> Result<Self::Fitted> {
        self.fit_observed(data, &mut ())
    }

    /// Fits the model and shows every iterate to `observer`, which may stop the fit.
    ///
    /// # Errors
    /// Those of [`Risk::new`], and [`Error::Diverged`](crate::Error::Diverged). Not converging is no error: the model's
    /// report says so, and [`ensure_converged`](crate::Report::ensure_converged) makes it one.
    fn fit_observed(&self, data: &Dataset<'_, T>, observer: &mut dyn Observer<T>) -> Result<Self::Fitted>;
}

/// A fitted model.
pub trait Predictor<T: Real> {
    /// p, how many features it takes.
    fn features(&self) -> usize;

    /// k, how many numbers it predicts a sample.
    fn outputs(&self) -> usize;

    /// The predictions for the rows of x, n×k: the conditional mean, or class probabilities.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for the wrong number of columns, [`Error::NotFinite`](crate::Error::NotFinite)
    /// for NaN or infinity in x.
    fn predict<'a>(&self, x: impl Into<DMatrixView<'a, T>>) -> Result<DMatrix<T>>
    where
        Self: Sized,
    {
        let x = x.into();
        let mut out = DMatrix::zeros(x.nrows(), self.outputs());
        self.predict_into(x, &mut out)?;
        Ok(out)
    }

    /// [`predict`](Predictor::predict) into a matrix that is n×k already; allocates nothing once warm.
    ///
    /// # Errors
    /// As [`predict`](Predictor::predict), and [`Error::Shape`](crate::Error::Shape) for an `out` of another size.
    fn predict_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()>;
}

/// The layer of a linear model for these data.
fn affine<T: Real>(data: &Dataset<'_, T>, intercept: bool) -> Affine {
    let layer = Affine::new(data.features(), data.outputs());
    if intercept { layer } else { layer.without_bias() }
}

/// What every regressor does: the risk of its layer and loss on the data, minimized from `start`.
fn minimize<T, N, L, S>(
    data: &Dataset<'_, T>,
    (layer, loss, l2): (N, L, f64),
    solver: &S,
    seed: Option<u64>,
    observer: &mut dyn Observer<T>,
) -> Result<Fitted<T, N, L>>
where
    T: Real,
    N: Layer<T>,
    L: Loss<T>,
    S: for<'r> Solver<T, Risk<'r, T, N, L>>,
{
    let mut risk = Risk::new(data, &layer, &loss, l2)?;
    let start = match seed {
        Some(seed) => risk.start(seed),
        None => vec![T::zero(); crate::Objective::dim(&risk)],
    };
    if let Some(seed) = seed {
        risk = risk.randomized(seed);
    }
    let solution = solver.minimize(&mut risk, start, observer)?;
    drop(risk);
    Fitted::new(layer, loss, solution)
}
