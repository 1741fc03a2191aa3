//! Derivative checks: every analytic gradient against differences of the function itself.
//!
//! The difference quotients are central, over steps h, h/2, h/4, ... for each coordinate, and extrapolated to h = 0 by
//! Richardson's method; the entry of the extrapolation table with the smallest estimated error is used, as Ridders does.
//! A user's own objective, loss or layer is checked by the same functions.
//!
//! Source: Ridders (1982), Advances in Engineering Software 4(2); Press et al., Numerical Recipes, section 5.7.

mod adapters;
mod differences;
mod outcome;

pub use outcome::Outcome;

use crate::layer::Layer;
use crate::loss::Loss;
use crate::objective::{Hessian, Objective};
use crate::{Layout, Real};
use adapters::{LayerSum, LossOf};
use differences::{Estimate, derivative};
use nalgebra::DMatrix;

/// Compares `objective.gradient` with differences of `objective.value` at `theta`, coordinate by coordinate; also whether
/// the two methods return the same value.
///
/// ```
/// use residual::{Objective, check};
/// /// R(θ) = θ³, with a gradient that is wrong by one part in ten thousand.
/// struct Wrong;
/// impl Objective<f64> for Wrong {
///     fn dim(&self) -> usize { 1 }
///     fn value(&mut self, theta: &[f64]) -> f64 { theta[0].powi(3) }
///     fn gradient(&mut self, theta: &[f64], grad: &mut [f64]) -> f64 {
///         grad[0] = 3.0003 * theta[0] * theta[0];
///         self.value(theta)
///     }
/// }
/// let outcome = check::gradient(&mut Wrong, &[2.0]);
/// assert!((outcome.worst() - 1e-4).abs() < 1e-6);
/// ```
pub fn gradient<T: Real, O: Objective<T> + ?Sized>(objective: &mut O, theta: &[T]) -> Outcome {
    let mut grad = vec![T::zero(); theta.len()];
    let returned = objective.gradient(theta, &mut grad).to_f64();
    let value = objective.value(theta).to_f64();
    let mut outcome = Outcome::new(value, T::default_epsilon().to_f64());
    outcome.same_value(returned, value);
    for (j, g) in grad.iter().enumerate() {
        let numeric = derivative(theta, j, |at| vec![objective.value(at).to_f64()]);
        outcome.compare(j, g.to_f64(), numeric[0]);
    }
    outcome.finish(objective.layout())
}

/// Compares `loss.gradient` with differences of `loss.value` in the scores z, for the target y.
///
/// ```
/// use residual::{CrossEntropy, check};
/// check::loss(&CrossEntropy, &[0.3, -1.0, 2.0], &[0.0, 1.0, 0.0]).assert_below(1e-9);
/// ```
pub fn loss<T: Real, L: Loss<T> + ?Sized>(loss: &L, z: &[T], y: &[T]) -> Outcome {
    gradient(&mut LossOf { loss, y }, z)
}

/// Compares `layer.backward` with differences of `layer.forward`, in the parameters and then the inputs, through the
/// scalar Σ u ∘ z with fixed numbers u. `x` is inputs×b. Also refuses a `backward` that overwrites `dtheta` instead of
/// adding to it.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Activation, Dense, check, nalgebra};
/// let layer = Dense::new(2, 1, Activation::Gelu);
/// check::layer(&layer, &[0.4, -0.7, 0.1], &dmatrix![1.0, 2.0; -1.0, 0.5]).assert_below(1e-9);
/// ```
pub fn layer<T: Real, N: Layer<T>>(layer: &N, theta: &[T], x: &DMatrix<T>) -> Outcome {
    layer_on(layer, theta, x, N::Tape::default())
}

/// [`layer()`] on a tape that was prepared, as [`Layer::randomize`] does: the randomness is the same in every pass.
pub fn layer_on<T: Real, N: Layer<T>>(layer: &N, theta: &[T], x: &DMatrix<T>, tape: N::Tape) -> Outcome {
    let mut layout = Layout::new();
    layer.layout(&mut layout);
    layout.bias(x.len()).named("input");
    let point: Vec<T> = theta.iter().chain(x.iter()).copied().collect();
    gradient(&mut LayerSum::new(layer, x.shape(), theta.len(), layout, tape), &point)
}

/// Compares `objective.hessian` and `objective.hessian_product` with differences of `objective.gradient` at `theta`.
/// [`Outcome::coordinate`] counts through the matrix column by column.
pub fn hessian<T: Real, O: Hessian<T> + ?Sized>(objective: &mut O, theta: &[T]) -> Outcome {
    let dim = theta.len();
    let (mut h, mut grad) = (DMatrix::zeros(dim, dim), vec![T::zero(); dim]);
    objective.hessian(theta, &mut h);
    let value = objective.gradient(theta, &mut grad).to_f64();
    let mut outcome = Outcome::new(value, T::default_epsilon().to_f64());
    let mut product = vec![T::zero(); dim];
    let mut unit = vec![T::zero(); dim];
    for j in 0..dim {
        let numeric: Vec<Estimate> = derivative(theta, j, |at| {
            objective.gradient(at, &mut grad);
            grad.iter().map(|g| g.to_f64()).collect()
        });
        unit[j] = T::one();
        objective.hessian_product(theta, &unit, &mut product);
        unit[j] = T::zero();
        for (i, &numeric) in numeric.iter().enumerate() {
            outcome.compare(j * dim + i, h[(i, j)].to_f64(), numeric);
            outcome.compare(j * dim + i, product[i].to_f64(), numeric);
        }
    }
    outcome.finish(None)
}
