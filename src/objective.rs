//! What a solver may know of a function of θ. A solver demands in its `where` clause what it needs, and nothing else.

use crate::{Layout, Result};
use nalgebra::DMatrix;

/// A differentiable function R of θ ∈ ℝᵈ.
///
/// Methods take `&mut self` so that an objective may keep scratch memory; they must not change what it computes.
///
/// ```
/// use residual::{Objective, check};
/// /// R(θ) = ½ ‖θ‖²
/// struct Bowl;
/// impl Objective<f64> for Bowl {
///     fn dim(&self) -> usize { 2 }
///     fn value(&mut self, theta: &[f64]) -> f64 { 0.5 * (theta[0] * theta[0] + theta[1] * theta[1]) }
///     fn gradient(&mut self, theta: &[f64], grad: &mut [f64]) -> f64 { grad.copy_from_slice(theta); self.value(theta) }
/// }
/// check::gradient(&mut Bowl, &[0.3, -2.0]).assert_below(1e-9);
/// ```
pub trait Objective<T> {
    /// The length d of θ.
    fn dim(&self) -> usize;

    /// R(θ).
    fn value(&mut self, theta: &[T]) -> T;

    /// Writes ∇R(θ) into `grad` (overwriting it) and returns R(θ).
    fn gradient(&mut self, theta: &[T], grad: &mut [T]) -> T;

    /// The named blocks of θ, where it has some.
    fn layout(&self) -> Option<&Layout> {
        None
    }

    /// The same function in coordinates that suit a solver better, where it has some: see [`Conditioned`].
    fn conditioned(&mut self) -> Option<Box<dyn Conditioned<T> + '_>> {
        None
    }
}

/// A function that is a mean over terms, of which a solver may look at a few: R(θ) ≈ the mean over a batch.
pub trait FiniteSum<T>: Objective<T> {
    /// How many terms there are; they are numbered from 0.
    fn terms(&self) -> usize;

    /// Writes into `grad` an estimate of ∇R(θ) from these terms, unbiased under uniform choice, and returns that of R(θ).
    fn batch_gradient(&mut self, terms: &[usize], theta: &[T], grad: &mut [T]) -> T;

    /// Goes to where `batches` calls of `batch_gradient` lead, for a sum whose batches draw random numbers (dropout).
    fn seek(&mut self, _batches: u64) {}
}

/// A function with second derivatives.
pub trait Hessian<T>: Objective<T> {
    /// Writes the d×d matrix ∇²R(θ), both triangles, into `h`, overwriting it.
    fn hessian(&mut self, theta: &[T], h: &mut DMatrix<T>);

    /// Writes ∇²R(θ) v into `hv`, overwriting it, without forming the matrix.
    fn hessian_product(&mut self, theta: &[T], v: &[T], hv: &mut [T]);
}

/// Coordinates φ ∈ ℝᵈ, in f64, for the parameters θ of an objective: θ is an affine function of φ, one to one.
///
/// A solver that works on φ still speaks of θ outside: its observers see θ and its tolerance bounds ∂R/∂θ.
pub trait Coordinates<T> {
    /// φ of θ.
    fn inward(&self, theta: &[T], phi: &mut [f64]);

    /// θ of φ.
    fn outward(&self, phi: &[f64], theta: &mut [T]);

    /// Whether T can hold the θ of φ.
    ///
    /// # Errors
    /// [`Error::Range`](crate::Error::Range) where a number of `theta`, made by [`outward`](Coordinates::outward), is infinite
    /// though φ is finite.
    fn fits(&self, _phi: &[f64], _theta: &[T]) -> Result<()> {
        Ok(())
    }

    /// The largest |∂R/∂θⱼ|, from ∂R/∂φ.
    fn gradient_norm(&self, grad: &[f64]) -> f64;

    /// Corrects at the end, from the gradient at φ, what a solver need not have brought to its last digits because neither
    /// the value nor the rest of the gradient shows it; `grad` becomes the gradient there.
    fn settle(&self, _phi: &mut [f64], _grad: &mut [f64]) {}

    /// The relative rounding error of one evaluation, about: below it, changes of the value mean nothing.
    fn rounding(&self) -> f64;

    /// Moves φ nearer to the minimum by what is cheaply known of it, if anything, and returns whether
    /// [`precondition`](Coordinates::precondition) can serve as the inverse Hessian there.
    fn approach(&mut self, _phi: &mut [f64]) -> bool {
        false
    }

    /// What a Hessian costs, in gradients, beside the gradient at the same point.
    fn hessian_cost(&self) -> f64 {
        0.0
    }

    /// What it costs, in gradients, to [`renew`](Coordinates::renew) the preconditioner; infinite where it stays what it is.
    fn renewal_cost(&self) -> f64 {
        f64::INFINITY
    }

    /// Makes the preconditioner again, of the curvature at φ.
    fn renew(&mut self, _phi: &[f64]) {}

    /// Replaces r by about (∇²R)⁻¹ r with a positive definite matrix, and returns true; or returns false and leaves r.
    fn precondition(&mut self, _r: &mut [f64]) -> bool {
        false
    }
}

/// The same function R in coordinates φ in which its curvature is even, however uneven the units of θ are.
///
/// A risk over an affine layer has them: with feature j replaced by (xⱼ − mⱼ) / sⱼ and numbers held in f64. The penalty
/// stays what it is in θ. [`Newton`](crate::optim::Newton) and [`Lbfgs`](crate::optim::Lbfgs) ask for them.
pub trait Conditioned<T>: Hessian<f64> + Coordinates<T> {}

impl<T, O: Hessian<f64> + Coordinates<T>> Conditioned<T> for O {}
