//! Losses: how bad the raw scores z of one sample are for its target y, and what prediction z stands for.

mod bernoulli;
mod cross_entropy;
mod huber;
mod squared_error;

pub use bernoulli::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use huber::Huber;
pub use squared_error::SquaredError;

use crate::{Real, Result};

/// A loss ℓ(z, y) on the raw scores of one sample; z and y have the same length k.
///
/// The first four methods are the whole definition; the ones over blocks are provided, and overridden where vector code
/// pays. In a block the samples lie one after the other, `outputs` numbers each.
pub trait Loss<T: Real>: Send + Sync {
    /// ℓ(z, y).
    fn value(&self, z: &[T], y: &[T]) -> T;

    /// Writes ∂ℓ/∂z into `dz` and returns ℓ(z, y).
    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T;

    /// Turns raw scores into the prediction they stand for, in place: identity, sigmoid, softmax.
    fn respond(&self, z: &mut [T]);

    /// Whether y is a legal target; if not, what is needed.
    ///
    /// # Errors
    /// The words that complete "it needs …".
    fn accepts(&self, y: &[T]) -> Result<(), &'static str>;

    /// Whether the parameters of the loss itself are in range; called before any data are met.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with the parameter's name.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The same loss on f64 numbers, where it has second derivatives: solvers of linear models then carry the digits that
    /// single precision would lose.
    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        None
    }

    /// Σᵢ wᵢ ℓ(zᵢ, yᵢ) over a block; all wᵢ are 1 where `weights` is `None`. A sample of weight 0 adds exactly 0.
    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        let samples = z.chunks_exact(outputs).zip(y.chunks_exact(outputs));
        let mut sum = T::zero();
        for (i, (z, y)) in samples.enumerate() {
            let w = weights.map_or(T::one(), |w| w[i]);
            if w > T::zero() {
                sum += w * self.value(z, y);
            }
        }
        sum
    }

    /// Writes scale · wᵢ ∂ℓ/∂zᵢ into `dz` and returns Σᵢ wᵢ ℓ(zᵢ, yᵢ), not scaled.
    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        let samples = z.chunks_exact(outputs).zip(y.chunks_exact(outputs)).zip(dz.chunks_exact_mut(outputs));
        let mut sum = T::zero();
        for (i, ((z, y), dz)) in samples.enumerate() {
            let w = weights.map_or(T::one(), |w| w[i]);
            if w > T::zero() {
                sum += w * self.gradient(z, y, dz);
                let factor = scale * w;
                dz.iter_mut().for_each(|d| *d *= factor);
            } else {
                dz.fill(T::zero());
            }
        }
        sum
    }

    /// [`respond`](Loss::respond) for every sample of a block.
    fn block_respond(&self, z: &mut [T], outputs: usize) {
        z.chunks_exact_mut(outputs).for_each(|z| self.respond(z));
    }
}

/// A loss with second derivatives in its scores.
pub trait Curvature<T: Real>: Loss<T> {
    /// Writes the symmetric k×k matrix ∂²ℓ/∂z² into `h`.
    fn curvature(&self, z: &[T], y: &[T], h: &mut [T]);

    /// Writes ∂²ℓ/∂z² v into `hv`.
    fn curvature_product(&self, z: &[T], y: &[T], v: &[T], hv: &mut [T]);

    /// Whether ℓ(z + c 1, y) = ℓ(z, y) for every c, as for a softmax of `outputs` scores.
    fn ignores_shift(&self, _outputs: usize) -> bool {
        false
    }
}
