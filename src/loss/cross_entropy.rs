use super::block::{CHUNK, Scores};
use super::softmax::{below, exponentials, normalizer, top, value};
use super::{BinaryCrossEntropy, Curvature, Loss, bernoulli, block, constant, softmax};
use crate::linalg::Block;
use crate::{Describe, Description, Real, Result};

/// Cross-entropy of a distribution over classes: Bernoulli for one output, softmax for more.
///
/// One output: y in [0, 1] is the probability of class 1, see [`BinaryCrossEntropy`].
/// k ≥ 2 outputs: y ≥ 0 with Σ y = 1 (one-hot, as a rule), p = softmax(z), pⱼ = e^zⱼ / Σᵢ e^zᵢ,
/// ℓ(z, y) = −Σⱼ yⱼ ln pⱼ. Prediction is p.
///
/// The largest score is taken out first, so nothing overflows; the rest of the sum goes through ln(1 + ·), and 1 − p of
/// the largest class is summed from the other classes, so that the tails keep their relative accuracy.
///
/// ```
/// use residual::{Loss, loss::CrossEntropy};
/// let mut p = [0.0, 3f64.ln()];
/// CrossEntropy.respond(&mut p);
/// assert!((p[0] - 0.25).abs() < 1e-15 && (p[1] - 0.75).abs() < 1e-15);
/// assert!((CrossEntropy.value(&[0.0, 3f64.ln()], &[0.0, 1.0]) - (4.0f64 / 3.0).ln()).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CrossEntropy;

impl<T: Real> Loss<T> for CrossEntropy {
    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        Some(self)
    }

    fn value(&self, z: &[T], y: &[T]) -> T {
        if z.len() == 1 {
            return bernoulli::value(z[0], y[0]);
        }
        let (top, rest) = normalizer(z);
        value(z, y, top, rest)
    }

    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        if z.len() == 1 {
            dz[0] = bernoulli::slope(z[0], y[0]);
            return bernoulli::value(z[0], y[0]);
        }
        let (top, rest) = normalizer(z);
        let one = T::one();
        let total = one + rest;
        for (j, dz) in dz.iter_mut().enumerate() {
            let p = below(z[j], z[top]) / total;
            let q = if j == top { rest / total } else { one - p };
            *dz = (one - y[j]) * p - y[j] * q;
        }
        value(z, y, top, rest)
    }

    fn respond(&self, z: &mut [T]) {
        if z.len() == 1 {
            return BinaryCrossEntropy.respond(z);
        }
        let (top, rest) = normalizer(z);
        let max = z[top];
        z.iter_mut().for_each(|z| *z = below(*z, max) / (T::one() + rest));
    }

    fn accepts(&self, y: &[T]) -> Result<(), &'static str> {
        if y.len() == 1 {
            return BinaryCrossEntropy.accepts(y);
        }
        let sum = y.iter().fold(T::zero(), |sum, &y| sum + y);
        let legal = y.iter().all(|&y| y >= T::zero()) && (sum - T::one()).abs() <= T::of(1e-5);
        if legal { Ok(()) } else { Err("numbers of at least 0 with sum 1, as one-hot rows are") }
    }

    /// The log-odds of the mean, or the logarithms of the means less their average; no probability below 10⁻⁴.
    fn best_constant(&self, y: &[T], weights: Option<&[T]>, z: &mut [T]) {
        if z.len() == 1 {
            return BinaryCrossEntropy.best_constant(y, weights, z);
        }
        constant::of_means(y, weights, z, constant::log);
        let average = z.iter().fold(T::zero(), |sum, &z| sum + z) / T::of(z.len() as f64);
        z.iter_mut().for_each(|z| *z -= average);
    }

    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        if outputs == 1 {
            return bernoulli::block(Scores { z, y, outputs, weights }, T::one(), &mut []);
        }
        softmax::block(Scores { z, y, outputs, weights }, T::one(), &mut [])
    }

    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        if outputs == 1 {
            return bernoulli::block(Scores { z, y, outputs, weights }, scale, dz);
        }
        softmax::block(Scores { z, y, outputs, weights }, scale, dz)
    }

    fn block_columns(
        &self,
        z: &mut [T],
        stride: usize,
        y: &Block<'_, T>,
        weights: Option<&[T]>,
        scale: Option<T>,
    ) -> T {
        if y.features() == 1 {
            return block::columns(self, z, stride, y, weights, scale);
        }
        softmax::columns(z, stride, y, weights, scale)
    }

    fn block_respond(&self, z: &mut [T], outputs: usize) {
        if outputs == 1 {
            return T::sigmoid_each(z);
        }
        let mut e = [T::zero(); CHUNK];
        for z in z.chunks_mut(CHUNK.max(outputs) / outputs * outputs) {
            // Some samples together, or one that is longer than a chunk in parts.
            if outputs > CHUNK {
                let max = z[top(z)];
                for z in z.chunks_mut(CHUNK) {
                    exponentials(z, z.len(), |_| max, &mut e);
                }
            } else {
                exponentials(z, outputs, |z| z[top(z)], &mut e);
            }
            for e in z.chunks_exact_mut(outputs) {
                // The largest, 1, comes last: the others would lose their digits to it one by one.
                let top = top(e);
                e[top] = T::zero();
                let total = T::one() + e.iter().fold(T::zero(), |sum, &e| sum + e);
                e[top] = T::one();
                e.iter_mut().for_each(|e| *e /= total);
            }
        }
    }
}

impl<T: Real> Curvature<T> for CrossEntropy {
    fn ignores_shift(&self, outputs: usize) -> bool {
        outputs > 1
    }

    /// diag(p) − p pᵀ.
    fn curvature(&self, z: &[T], _: &[T], h: &mut [T]) {
        let k = z.len();
        if k == 1 {
            h[0] = bernoulli::curvature(z[0]);
            return;
        }
        let (top, rest) = normalizer(z);
        let total = T::one() + rest;
        // p stands in the first row until the others are made of it.
        h.iter_mut().zip(z).for_each(|(p, &score)| *p = below(score, z[top]) / total);
        for i in (0..k).rev() {
            let (p, at) = (h[i], i * k);
            (0..k).for_each(|j| h[at + j] = -(p * h[j]));
            h[at + i] = p * if i == top { rest / total } else { T::one() - p };
        }
    }

    /// p ∘ (v − pᵀv).
    fn curvature_product(&self, z: &[T], _: &[T], v: &[T], hv: &mut [T]) {
        if z.len() == 1 {
            hv[0] = bernoulli::curvature(z[0]) * v[0];
            return;
        }
        hv.copy_from_slice(z);
        self.respond(hv);
        let mean = hv.iter().zip(v).fold(T::zero(), |sum, (&p, &v)| sum + p * v);
        hv.iter_mut().zip(v).for_each(|(p, &v)| *p *= v - mean);
    }
}

impl Describe for CrossEntropy {
    fn describe(&self) -> Description {
        Description::of_kind("CrossEntropy")
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("CrossEntropy").map(|()| Self)
    }
}
