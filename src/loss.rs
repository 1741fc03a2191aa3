//! Losses: how bad the raw scores z of one sample are for its target y, and what prediction z stands for.

mod bernoulli;
mod block;
mod constant;
mod cross_entropy;
mod huber;
mod softmax;
mod squared_error;

pub use bernoulli::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use huber::Huber;
pub use squared_error::SquaredError;

use crate::linalg::{Block, carried::Sum};
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

    /// Writes the scores of the constant model that fits these targets best into `z`, one per output: where a network's output
    /// starts. The targets lie sample by sample; all weights are 1 where `weights` is `None`, at least one is positive.
    ///
    /// Close is enough. A loss that does not say leaves `z` at the zeros that it arrives with.
    fn best_constant(&self, _y: &[T], _weights: Option<&[T]>, _z: &mut [T]) {}

    /// The same loss on f64 numbers, where it has second derivatives: solvers of linear models then carry the digits that
    /// single precision would lose.
    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        None
    }

    /// Σᵢ wᵢ ℓ(zᵢ, yᵢ) over a block; all wᵢ are 1 where `weights` is `None`. A sample of weight 0 adds exactly 0.
    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        let samples = z.chunks_exact(outputs).zip(y.chunks_exact(outputs));
        let mut sum = Sum::default();
        for (i, (z, y)) in samples.enumerate() {
            let w = weights.map_or(T::one(), |w| w[i]);
            if w > T::zero() {
                sum.add(w * self.value(z, y));
            }
        }
        sum.value()
    }

    /// Writes scale · wᵢ ∂ℓ/∂zᵢ into `dz` and returns Σᵢ wᵢ ℓ(zᵢ, yᵢ), not scaled.
    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        let samples = z.chunks_exact(outputs).zip(y.chunks_exact(outputs)).zip(dz.chunks_exact_mut(outputs));
        let mut sum = Sum::default();
        for (i, ((z, y), dz)) in samples.enumerate() {
            let w = weights.map_or(T::one(), |w| w[i]);
            if w > T::zero() {
                sum.add(w * self.gradient(z, y, dz));
                let factor = scale * w;
                dz.iter_mut().for_each(|d| *d *= factor);
            } else {
                dz.fill(T::zero());
            }
        }
        sum.value()
    }

    /// Σᵢ wᵢ ℓ(zᵢ, yᵢ) over a block whose scores lie output by output, those of output c from c · `stride` on, as the targets do
    /// in `y`; with a `scale` they become scale · wᵢ ∂ℓ/∂zᵢ. The bits of the sum do not depend on that. From the end of a column
    /// to the next there is room for a multiple of 16 samples.
    fn block_columns(
        &self,
        z: &mut [T],
        stride: usize,
        y: &Block<'_, T>,
        weights: Option<&[T]>,
        scale: Option<T>,
    ) -> T {
        let k = y.features();
        let (mut sample, mut target, mut dz) = (vec![T::zero(); k], vec![T::zero(); k], vec![T::zero(); k]);
        let mut sum = Sum::default();
        for i in 0..y.len() {
            let w = weights.map_or(T::one(), |w| w[i]);
            sample.iter_mut().zip(z[i..].iter().step_by(stride)).for_each(|(to, &z)| *to = z);
            target.iter_mut().enumerate().for_each(|(c, to)| *to = y.column(c)[i]);
            if w > T::zero() {
                sum.add(w * self.gradient(&sample, &target, &mut dz));
            } else {
                dz.fill(T::zero());
            }
            if let Some(scale) = scale {
                z[i..].iter_mut().step_by(stride).zip(&dz).for_each(|(z, &dz)| *z = dz * (scale * w));
            }
        }
        sum.value()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A loss without its own code for blocks.
    struct OneByOne<L>(L);

    impl<T: Real, L: Loss<T>> Loss<T> for OneByOne<L> {
        fn value(&self, z: &[T], y: &[T]) -> T {
            self.0.value(z, y)
        }
        fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
            self.0.gradient(z, y, dz)
        }
        fn respond(&self, z: &mut [T]) {
            self.0.respond(z);
        }
        fn accepts(&self, y: &[T]) -> Result<(), &'static str> {
            self.0.accepts(y)
        }
    }

    fn check<T: Real>(loss: impl Loss<T>, z: &[T], y: &[T], k: usize, weights: Option<&[T]>, eps: f64) {
        let mut slow = (vec![T::one(); z.len()], z.to_vec());
        let mut fast = slow.clone();
        let scale = T::of(0.125);
        let close = |a: T, b: T, eps: f64| (a - b).to_f64().abs() <= eps * b.to_f64().abs() + 1e-300;
        let value = loss.block_value(z, y, k, weights);
        let with_gradient = loss.block_gradient(z, y, k, weights, scale, &mut fast.0);
        loss.block_respond(&mut fast.1, k);
        // The same output by output, with room behind each.
        let (n, stride) = (z.len() / k, (z.len() / k).next_multiple_of(16) + 1);
        let mut columns = vec![T::one(); stride * k];
        (0..n * k).for_each(|i| columns[i % k * stride + i / k] = z[i]);
        let targets = nalgebra::DMatrix::from_row_slice(n, k, y);
        let targets = Block::new(targets.as_view());
        let by_columns = loss.block_columns(&mut columns, stride, &targets, weights, None);
        let and_slopes = loss.block_columns(&mut columns, stride, &targets, weights, Some(scale));
        assert!(by_columns == and_slopes && close(by_columns, value, eps * z.len() as f64));
        assert!((0..n * k).all(|i| close(columns[i % k * stride + i / k], fast.0[i], 8.0 * eps)));
        assert!((0..k).all(|c| columns[c * stride + stride - 1] == T::one()), "the room behind was written");
        let loss = OneByOne(loss);
        let truth = loss.block_gradient(z, y, k, weights, scale, &mut slow.0);
        (0..n * k).for_each(|i| columns[i % k * stride + i / k] = z[i]);
        assert!(close(loss.block_columns(&mut columns, stride, &targets, weights, Some(scale)), truth, eps));
        assert!((0..n * k).all(|i| close(columns[i % k * stride + i / k], slow.0[i], 8.0 * eps)));
        loss.block_respond(&mut slow.1, k);
        assert!(close(value, truth, eps * z.len() as f64) && close(with_gradient, truth, eps * z.len() as f64));
        assert!(value == with_gradient);
        for (fast, slow) in fast.0.iter().zip(&slow.0).chain(fast.1.iter().zip(&slow.1)) {
            assert!(close(*fast, *slow, 8.0 * eps), "{fast} {slow}");
        }
    }

    fn all<T: Real>(n: usize, k: usize, weighted: bool, reach: f64, seed: usize, eps: f64) {
        let number = |i: usize| ((i * 7919 + seed * 104_729 + 13) % 1009) as f64 / 504.5 - 1.0;
        let z: Vec<T> = (0..n * k).map(|i| T::of(reach * number(i).powi(3))).collect();
        let y: Vec<T> = (0..n * k).map(|i| T::of(((i + seed) % 2) as f64)).collect();
        let hot: Vec<T> = (0..n * k).map(|i| T::of(f64::from(i % k == (i / k + seed) % k))).collect();
        let w: Vec<T> = (0..n).map(|i| T::of(((i + seed) % 4) as f64 * 0.7)).collect();
        let weights = weighted.then_some(&w[..]);
        check(SquaredError, &z, &y, k, weights, eps);
        check(Huber::default(), &z, &y, k, weights, eps);
        check(BinaryCrossEntropy, &z, &y, k, weights, eps);
        check(CrossEntropy, &z, if k == 1 { &y } else { &hot }, k, weights, eps);
    }

    proptest! {
        #[test]
        fn blocks_equal_the_samples_one_by_one(
            n in 1usize..300,
            k in prop_oneof![1usize..12, 60usize..70, 125usize..135],
            weighted: bool,
            reach in prop_oneof![Just(3.0), Just(60.0), Just(700.0)],
            seed in 0usize..1000,
        ) {
            let n = n.min(3000 / k);
            all::<f64>(n, k, weighted, reach, seed, 2.3e-16);
            all::<f32>(n, k, weighted, reach.min(40.0), seed, 1.2e-7);
        }
    }

    /// A score so large that the loss overflows counts for nothing where its weight is 0.
    #[test]
    fn weight_zero_adds_exactly_zero() {
        let (z, y, w) = ([1e300, 0.5, -1e300], [0.0, 1.0, 1.0], [0.0, 1.0, 0.0]);
        for loss in [&SquaredError as &dyn Loss<f64>, &Huber::new(1e200), &BinaryCrossEntropy, &CrossEntropy] {
            let mut dz = [f64::NAN; 3];
            let value = loss.block_gradient(&z, &y, 1, Some(&w), 1.0, &mut dz);
            let mut one = [0.0];
            assert!((value - loss.gradient(&z[1..2], &y[1..2], &mut one)).abs() < 1e-15);
            assert!(dz[0] == 0.0 && (dz[1] - one[0]).abs() < 1e-15 && dz[2] == 0.0);
        }
    }
}
