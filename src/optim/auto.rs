use super::run::Plain;
use super::{Lbfgs, Newton, Observer, Solution, Solver};
use crate::objective::Hessian;
use crate::{Real, Result};

/// [`Newton`] where a Hessian is cheap beside a gradient, [`Lbfgs`] elsewhere: the default of
/// [`LogisticRegression`](crate::LogisticRegression).
///
/// Over an affine layer a Hessian costs about 2 + p (k + 1) / 50 gradients, for p features and k outputs. Up to 12 (250
/// features with one output, 45 with ten) it is Newton's method with its defaults; above, L-BFGS with tolerance 10⁻¹².
/// `tolerance` and `max_iterations`, where set, go to whichever is chosen.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Affine, CrossEntropy, Dataset, Objective, Risk, Solver, nalgebra, optim::Auto};
/// let (x, y) = (dmatrix![0.0; 1.0; 2.0; 3.0], dvector![0.0, 1.0, 0.0, 1.0]);
/// let (data, layer) = (Dataset::new(&x, &y)?, Affine::new(1, 1));
/// let mut risk = Risk::new(&data, &layer, &CrossEntropy, 0.1)?;
/// let found = Auto.minimize(&mut risk, vec![0.0; 2], &mut ())?;
/// assert!(found.report.converged() && found.report.gradient_norm() < 1e-15);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Auto {
    tolerance: Option<f64>,
    max_iterations: Option<usize>,
}

/// [`Auto`](struct@Auto) with the defaults of what it chooses, so that it can be written without `default()`.
#[allow(non_upper_case_globals)]
pub const Auto: Auto = Auto { tolerance: None, max_iterations: None };

/// The most gradients that a Hessian may cost.
const COST: f64 = 12.0;

impl Auto {
    /// The bound on the largest |∂R/∂θⱼ|.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The most iterations to make.
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = Some(max_iterations);
        self
    }

    fn solvers(&self) -> (Newton, Lbfgs) {
        let (mut newton, mut lbfgs) = (Newton::default(), Lbfgs::default().tolerance(1e-12));
        if let Some(tolerance) = self.tolerance {
            (newton, lbfgs) = (newton.tolerance(tolerance), lbfgs.tolerance(tolerance));
        }
        if let Some(most) = self.max_iterations {
            (newton, lbfgs) = (newton.max_iterations(most), lbfgs.max_iterations(most));
        }
        (newton, lbfgs)
    }
}

impl<T: Real, O: Hessian<T>> Solver<T, O> for Auto {
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        let (newton, lbfgs) = self.solvers();
        if let Some(mut conditioned) = objective.conditioned() {
            return if conditioned.hessian_cost() > COST {
                lbfgs.descend(conditioned.as_mut(), start, observer)
            } else {
                newton.descend(conditioned.as_mut(), start, observer)
            };
        }
        newton.descend(&mut Plain::new(objective), start, observer)
    }
}
