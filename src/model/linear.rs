//! Linear regression, and the direct solver that uses its structure.

mod design;
mod diagnostics;
mod factor;
mod gram;
pub(crate) mod inference;
mod least_squares;
mod path;
mod pivoted;
mod polynomial;
mod refine;
mod residual;
mod rows;
mod solve;

pub use least_squares::LeastSquares;
pub use path::{RidgePath, RidgePoint, ridge_path};
pub use polynomial::Polynomial;

use super::{Fitted, Regressor, affine, minimize};
use crate::data::Dataset;
use crate::layer::Affine;
use crate::loss::SquaredError;
use crate::optim::{Observer, Solver};
use crate::risk::Risk;
use crate::{Real, Result};

/// Linear regression: E(y | x) = W x + b.
///
/// Minimizes the mean of ½ ‖W x + b − y‖² plus ½ λ ‖W‖² over an [`Affine`] layer. Defaults: no penalty, an intercept,
/// solver [`LeastSquares`].
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Dataset, LinearRegression, Regressor, nalgebra};
/// let (x, y) = (dmatrix![100.0f64; 101.0; 102.0], dvector![310.0, 313.0, 316.0]);
/// let model = LinearRegression::new().fit(&Dataset::new(&x, &y)?)?;
/// assert!((model.coefficients()[0] - 3.0).abs() < 1e-12);
/// assert!((model.intercept()[0] - 10.0).abs() < 1e-10);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., sections 3.2 and 3.4.1.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearRegression<S = LeastSquares> {
    l2: f64,
    intercept: bool,
    solver: S,
}

impl LinearRegression<LeastSquares> {
    /// No penalty, an intercept, least squares.
    #[must_use]
    pub fn new() -> Self {
        Self { l2: 0.0, intercept: true, solver: LeastSquares::default() }
    }
}

impl Default for LinearRegression<LeastSquares> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> LinearRegression<S> {
    /// The penalty λ of ½ λ ‖W‖² on the mean loss; ridge with RSS + α ‖W‖² has λ = α / n.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// Whether there is an intercept.
    #[must_use]
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Another solver.
    #[must_use]
    pub fn solver<S2>(self, solver: S2) -> LinearRegression<S2> {
        LinearRegression { l2: self.l2, intercept: self.intercept, solver }
    }
}

impl<T: Real, S> Regressor<T> for LinearRegression<S>
where
    S: for<'r> Solver<T, Risk<'r, T, Affine, SquaredError>>,
{
    type Fitted = Fitted<T, Affine, SquaredError>;

    fn fit_observed(&self, data: &Dataset<'_, T>, observer: &mut dyn Observer<T>) -> Result<Self::Fitted> {
        let layer = affine(data, self.intercept);
        minimize(data, (layer, SquaredError, self.l2), &self.solver, None, observer)
    }
}
