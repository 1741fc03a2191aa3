use super::block::Scores;
use super::{Curvature, Loss, block, constant};
use crate::linalg::Block;
use crate::{Describe, Description, Real, Result};

/// Squared error: ℓ(z, y) = ½ ‖z − y‖². Prediction is z itself; any finite y is legal.
///
/// The ½ makes the gradient z − y; twice the mean loss of one output is the mean squared error.
///
/// ```
/// use residual::{Loss, loss::SquaredError};
/// let mut dz = [0.0; 2];
/// assert_eq!(SquaredError.gradient(&[1.0, 5.0], &[0.0, 2.0], &mut dz), 5.0);
/// assert_eq!(dz, [1.0, 3.0]);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SquaredError;

impl<T: Real> Loss<T> for SquaredError {
    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        Some(self)
    }

    fn value(&self, z: &[T], y: &[T]) -> T {
        z.iter().zip(y).fold(T::zero(), |sum, (&z, &y)| sum + (z - y) * (z - y) * T::of(0.5))
    }

    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        let mut sum = T::zero();
        for ((dz, &z), &y) in dz.iter_mut().zip(z).zip(y) {
            *dz = z - y;
            sum += *dz * *dz * T::of(0.5);
        }
        sum
    }

    fn respond(&self, _: &mut [T]) {}

    fn accepts(&self, _: &[T]) -> Result<(), &'static str> {
        Ok(())
    }

    /// The means.
    fn best_constant(&self, y: &[T], weights: Option<&[T]>, z: &mut [T]) {
        constant::of_means(y, weights, z, |mean| mean);
    }

    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        let at = |z: T, y: T| ((z - y) * (z - y) * T::of(0.5), z - y);
        Scores { z, y, outputs, weights }.sum_each(T::one(), &mut [], at)
    }

    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        let at = |z: T, y: T| ((z - y) * (z - y) * T::of(0.5), z - y);
        Scores { z, y, outputs, weights }.sum_each(scale, dz, at)
    }

    fn block_columns(
        &self,
        z: &mut [T],
        stride: usize,
        y: &Block<'_, T>,
        weights: Option<&[T]>,
        scale: Option<T>,
    ) -> T {
        block::columns(self, z, stride, y, weights, scale)
    }

    fn block_respond(&self, _: &mut [T], _: usize) {}
}

impl<T: Real> Curvature<T> for SquaredError {
    fn curvature(&self, z: &[T], _: &[T], h: &mut [T]) {
        h.fill(T::zero());
        h.iter_mut().step_by(z.len() + 1).for_each(|h| *h = T::one());
    }

    fn curvature_product(&self, _: &[T], _: &[T], v: &[T], hv: &mut [T]) {
        hv.copy_from_slice(v);
    }
}

impl Describe for SquaredError {
    fn describe(&self) -> Description {
        Description::of_kind("SquaredError")
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("SquaredError").map(|()| Self)
    }
}
