use super::block::{CHUNK, Scores, weigh};
use super::{Curvature, Loss, block as blocks, constant};
use crate::linalg::Block;
use crate::real::Logits;
use crate::{Describe, Description, Real, Result};

/// Binary cross-entropy: each output is a Bernoulli of its own with logit zⱼ, targets yⱼ in [0, 1].
///
/// ℓ(z, y) = Σⱼ ln(1 + e^zⱼ) − yⱼ zⱼ. Prediction is the probability σ(zⱼ) = 1 / (1 + e^−zⱼ) of class 1.
///
/// Computed as (z⁺ − y z) + ln(1 + e^−|z|), which neither overflows nor loses the tails; the gradient σ(z) − y as
/// (1 − y) σ(z) − y σ(−z), which keeps its relative accuracy where σ(z) rounds to 1.
///
/// ```
/// use residual::{Loss, loss::BinaryCrossEntropy};
/// let mut dz = [0.0];
/// let value = BinaryCrossEntropy.gradient(&[100.0], &[1.0], &mut dz);
/// assert!((value / (-100f64).exp() - 1.0).abs() < 1e-15);
/// assert!((dz[0] / -(-100f64).exp() - 1.0).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BinaryCrossEntropy;

/// (σ(z), σ(−z)), each with its own relative accuracy.
pub(super) fn sigmoids<T: Real>(z: T) -> (T, T) {
    let e = (-z.abs()).exp();
    let (small, large) = (e / (T::one() + e), T::one() / (T::one() + e));
    if z > T::zero() { (large, small) } else { (small, large) }
}

/// ln(1 + e^z) − y z.
pub(super) fn value<T: Real>(z: T, y: T) -> T {
    let linear = if z > T::zero() { (T::one() - y) * z } else { -(y * z) };
    linear + (-z.abs()).exp().ln_1p()
}

/// σ(z) − y.
pub(super) fn slope<T: Real>(z: T, y: T) -> T {
    let (p, q) = sigmoids(z);
    (T::one() - y) * p - y * q
}

/// σ′(z).
pub(super) fn curvature<T: Real>(z: T) -> T {
    let (p, q) = sigmoids(z);
    p * q
}

/// Σ w ℓ over a block; scale · w ∂ℓ/∂z into `dz` unless that is empty.
///
/// One e^−|z| serves value and gradient. The logarithms are taken of products: Σ ln(1 + eᵢ) = ln(1 + P), P from
/// (1 + P)(1 + e) = 1 + (P + e + P e), where nothing cancels, so that tiny losses keep their digits.
pub(super) fn block<T: Real>(scores: Scores<'_, T>, scale: T, dz: &mut [T]) -> T {
    scores.sum_chunks(dz, |z, y, weights, dz| {
        let (mut e, mut linear) = ([T::zero(); CHUNK], [T::zero(); CHUNK]);
        let (e, linear) = (&mut e[..z.len()], &mut linear[..z.len()]);
        e.iter_mut().zip(z).for_each(|(e, &z)| *e = -z.abs());
        T::exp_each(e);
        T::logits(Logits { z, y, e, scale, linear, dz });
        if let Some(weights) = weights {
            weigh(weights, dz);
        }
        match weights {
            None => T::sum(linear) + T::ln_1p_sum(e),
            Some(weights) => {
                T::ln_1p_each(e);
                linear.iter_mut().zip(&*e).for_each(|(linear, &e)| *linear += e);
                weigh(weights, linear);
                T::sum(linear)
            }
        }
    })
}

impl<T: Real> Loss<T> for BinaryCrossEntropy {
    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        Some(self)
    }

    fn value(&self, z: &[T], y: &[T]) -> T {
        z.iter().zip(y).fold(T::zero(), |sum, (&z, &y)| sum + value(z, y))
    }

    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        let mut sum = T::zero();
        for ((dz, &z), &y) in dz.iter_mut().zip(z).zip(y) {
            *dz = slope(z, y);
            sum += value(z, y);
        }
        sum
    }

    fn respond(&self, z: &mut [T]) {
        z.iter_mut().for_each(|z| *z = sigmoids(*z).0);
    }

    fn accepts(&self, y: &[T]) -> Result<(), &'static str> {
        if y.iter().all(|&y| y >= T::zero() && y <= T::one()) { Ok(()) } else { Err("numbers in [0, 1]") }
    }

    /// The log-odds of the means, those of probabilities from 10⁻⁴ to 1 − 10⁻⁴.
    fn best_constant(&self, y: &[T], weights: Option<&[T]>, z: &mut [T]) {
        constant::of_means(y, weights, z, constant::logit);
    }

    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        block(Scores { z, y, outputs, weights }, T::one(), &mut [])
    }

    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        block(Scores { z, y, outputs, weights }, scale, dz)
    }

    fn block_columns(
        &self,
        z: &mut [T],
        stride: usize,
        y: &Block<'_, T>,
        weights: Option<&[T]>,
        scale: Option<T>,
    ) -> T {
        blocks::columns(self, z, stride, y, weights, scale)
    }

    fn block_respond(&self, z: &mut [T], _: usize) {
        T::sigmoid_each(z);
    }
}

impl<T: Real> Curvature<T> for BinaryCrossEntropy {
    fn curvature(&self, z: &[T], _: &[T], h: &mut [T]) {
        h.fill(T::zero());
        h.iter_mut().step_by(z.len() + 1).zip(z).for_each(|(h, &z)| *h = curvature(z));
    }

    fn curvature_product(&self, z: &[T], _: &[T], v: &[T], hv: &mut [T]) {
        hv.iter_mut().zip(z).zip(v).for_each(|((hv, &z), &v)| *hv = curvature(z) * v);
    }
}

impl Describe for BinaryCrossEntropy {
    fn describe(&self) -> Description {
        Description::of_kind("BinaryCrossEntropy")
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("BinaryCrossEntropy").map(|()| Self)
    }
}
