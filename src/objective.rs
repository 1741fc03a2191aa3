//! What a solver may know of a function of θ. A solver demands in its `where` clause what it needs, and nothing else.

use crate::Layout;
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
