//! Logistic regression.

mod columns;
mod cone;
mod inference;
mod likelihood;
mod margins;
mod separation;
mod verdict;

use super::{Fitted, Regressor, affine};
use crate::data::Dataset;
use crate::layer::Affine;
use crate::loss::CrossEntropy;
use crate::objective::Objective;
use crate::optim::{Auto, Observer, Solution, Solver};
use crate::risk::Risk;
use crate::{Real, Result};
use verdict::Judge;

/// Logistic regression: P(y = 1 | x) = σ(w·x + b), or softmax(W x + b) for more than two classes.
///
/// Minimizes the mean [`CrossEntropy`] + ½ λ ‖W‖² over an [`Affine`] layer. Targets are n×1 numbers in [0, 1], or n×c
/// distributions (one-hot rows, as a rule). Defaults: no penalty, an intercept, solver [`Auto`](struct@Auto).
///
/// Softmax keeps all c columns of W. Without a penalty only their differences are determined; the solution returned is
/// the one whose columns sum to zero.
///
/// The solver: [`Auto`](struct@Auto) takes [`Newton`](crate::Newton), which gives all digits, unless the features and classes are so many
/// that its Hessians cost more than [`Lbfgs`](crate::Lbfgs) as a whole, which then goes on to a gradient of 10⁻¹². Both
/// start, where there are many samples, from about the minimum for a part of them. On many samples `Lbfgs` with a
/// tolerance of 10⁻⁹ takes two thirds of Newton's time; `BENCHMARKS.md` has the figures.
///
/// Without a penalty there may be no answer, or many, and the [report](crate::Report) says so:
/// * Where some direction separates the classes, completely or but for samples on the boundary, the likelihood has no
///   maximum. The direction is found and checked on the data ([`Warning::Separated`](crate::Warning)); the fit ends with
///   [`Reason::Unbounded`](crate::Reason) and finite parameters. The same holds when all samples are of one class, and as a rule
///   with more features than samples. A penalty, however small, makes the answer unique, unless all samples are of one class:
///   the intercept, which is not penalized, then grows without end.
/// * Features that are constant or combinations of others are named ([`Warning::RankDeficient`](crate::Warning)), and of
///   all coefficients that predict the same the shortest are returned, the limit of the penalized ones as λ → 0.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Dataset, LogisticRegression, Predictor, Regressor, nalgebra};
/// // One of four at x = 0, three of four at x = 1: the probabilities are those shares.
/// let x = dmatrix![0.0; 0.0; 0.0; 0.0; 1.0; 1.0; 1.0; 1.0];
/// let y = dvector![1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
/// let model = LogisticRegression::new().fit(&Dataset::new(&x, &y)?)?;
/// model.report().ensure_converged()?;
/// assert!((model.coefficients()[0] - 2.0 * 3f64.ln()).abs() < 1e-12);
/// assert!((model.predict(&dmatrix![1.0])?[0] - 0.75).abs() < 1e-12);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression<S = Auto> {
    l2: f64,
    intercept: bool,
    solver: S,
}

impl LogisticRegression<Auto> {
    /// No penalty, an intercept, and the solver that suits the sizes.
    #[must_use]
    pub fn new() -> Self {
        Self { l2: 0.0, intercept: true, solver: Auto }
    }
}

impl Default for LogisticRegression<Auto> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> LogisticRegression<S> {
    /// The penalty λ of ½ λ ‖W‖² on the mean loss; scikit-learn's C is 1 / (λ n).
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
    pub fn solver<S2>(self, solver: S2) -> LogisticRegression<S2> {
        LogisticRegression { l2: self.l2, intercept: self.intercept, solver }
    }
}

impl<T: Real, S> Regressor<T> for LogisticRegression<S>
where
    S: for<'r> Solver<T, Risk<'r, T, Affine, CrossEntropy>>,
{
    type Fitted = Fitted<T, Affine, CrossEntropy>;

    fn fit_observed(&self, data: &Dataset<'_, T>, observer: &mut dyn Observer<T>) -> Result<Self::Fitted> {
        let layer = affine(data, self.intercept);
        let mut risk = Risk::new(data, &layer, &CrossEntropy, self.l2)?;
        let start = vec![T::zero(); risk.dim()];
        let solution = if self.l2 > 0.0 {
            let Solution { params, report } = self.solver.minimize(&mut risk, start, observer)?;
            Solution { params, report: report.penalized() }
        } else {
            let mut judge = Judge::new(risk.data(), self.intercept, observer);
            let solution = self.solver.minimize(&mut risk, start, &mut judge)?;
            judge.conclude(solution)?
        };
        drop(risk);
        Fitted::new(layer, CrossEntropy, solution)
    }
}
