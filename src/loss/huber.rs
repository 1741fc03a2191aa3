use super::block::Scores;
use super::{Curvature, Loss, block, constant};
use crate::linalg::Block;
use crate::{Describe, Description, Error, Real, Result};

/// Huber loss: quadratic near zero, linear far out, so that one outlier cannot dominate.
///
/// ℓ(z, y) = Σⱼ h(zⱼ − yⱼ),  h(r) = ½ r² if |r| ≤ δ, else δ (|r| − ½ δ).
///
/// `delta` is in units of the target; 1 by default. Prediction is z itself.
///
/// ```
/// use residual::{Loss, loss::Huber};
/// assert_eq!(Huber { delta: 2.0 }.value(&[10.0], &[0.0]), 18.0);
/// ```
///
/// Source: Huber (1964), Annals of Mathematical Statistics 35, eq. 1.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    /// δ, positive: where the quadratic ends.
    pub delta: f64,
}

impl Default for Huber {
    fn default() -> Self {
        Self { delta: 1.0 }
    }
}

impl Huber {
    /// A Huber loss that turns linear at |z − y| = `delta`.
    #[must_use]
    pub fn new(delta: f64) -> Self {
        Self { delta }
    }

    /// (h(r), h′(r)).
    #[inline(always)]
    fn at<T: Real>(&self, r: T) -> (T, T) {
        let delta = T::of(self.delta);
        // NaN is not above δ, and so stays NaN.
        if r.abs() > delta {
            (delta * (r.abs() - delta * T::of(0.5)), if r > T::zero() { delta } else { -delta })
        } else {
            (r * r * T::of(0.5), r)
        }
    }
}

impl<T: Real> Loss<T> for Huber {
    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        Some(self)
    }

    fn value(&self, z: &[T], y: &[T]) -> T {
        z.iter().zip(y).fold(T::zero(), |sum, (&z, &y)| sum + self.at(z - y).0)
    }

    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        let mut sum = T::zero();
        for ((dz, &z), &y) in dz.iter_mut().zip(z).zip(y) {
            let (h, slope) = self.at(z - y);
            *dz = slope;
            sum += h;
        }
        sum
    }

    fn respond(&self, _: &mut [T]) {}

    fn accepts(&self, _: &[T]) -> Result<(), &'static str> {
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let delta = T::of(self.delta);
        if delta > T::zero() && delta.is_finite() {
            return Ok(());
        }
        Err(Error::Config { name: "delta", needs: "positive and finite, in the number type of the data too" })
    }

    /// The medians, which are within δ of the best: an outlier among the targets does not move them.
    fn best_constant(&self, y: &[T], weights: Option<&[T]>, z: &mut [T]) {
        constant::medians(y, weights, z);
    }

    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        Scores { z, y, outputs, weights }.sum_each(T::one(), &mut [], |z, y| self.at(z - y))
    }

    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        Scores { z, y, outputs, weights }.sum_each(scale, dz, |z, y| self.at(z - y))
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

impl<T: Real> Curvature<T> for Huber {
    /// 1 where the loss is quadratic, 0 where it is linear.
    fn curvature(&self, z: &[T], y: &[T], h: &mut [T]) {
        h.fill(T::zero());
        let delta = T::of(self.delta);
        for ((h, &z), &y) in h.iter_mut().step_by(z.len() + 1).zip(z).zip(y) {
            *h = if (z - y).abs() <= delta { T::one() } else { T::zero() };
        }
    }

    fn curvature_product(&self, z: &[T], y: &[T], v: &[T], hv: &mut [T]) {
        let delta = T::of(self.delta);
        for (((hv, &v), &z), &y) in hv.iter_mut().zip(v).zip(z).zip(y) {
            *hv = if (z - y).abs() <= delta { v } else { T::zero() };
        }
    }
}

impl Describe for Huber {
    fn describe(&self) -> Description {
        Description::of_kind("Huber").with("delta", self.delta)
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("Huber")?;
        Ok(Self::new(description.number("delta")?))
    }
}
