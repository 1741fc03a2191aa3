//! Mini-batches: gathered blocks, one sample a column.

use super::Risk;
use crate::data::Dataset;
use crate::layer::Layer;
use crate::linalg::carried::Sum;
use crate::linalg::{Block, reshape};
use crate::loss::Loss;
use crate::objective::FiniteSum;
use crate::{Real, random};
use nalgebra::DMatrix;

/// Scratch of mini-batches. The one sample-major copy of X is made once: gathering samples from feature columns would
/// touch a cache line for every number.
pub(super) struct Batch<T: Real, A> {
    samples: DMatrix<T>,
    tape: A,
    x: DMatrix<T>,
    z: DMatrix<T>,
    dz: DMatrix<T>,
    y: Vec<T>,
    weights: Vec<T>,
}

impl<T: Real, A: Default> Batch<T, A> {
    fn new(data: &Dataset<'_, T>) -> Self {
        let none = || DMatrix::zeros(0, 0);
        let mut samples = none();
        Block::new(data.x()).gather(&mut samples);
        Self { samples, tape: A::default(), x: none(), z: none(), dz: none(), y: Vec::new(), weights: Vec::new() }
    }
}

/// Larger batches are taken in pieces of so many samples, whose gradients are added up with what rounding loses.
const PIECE: usize = 1024;

impl<T: Real, N: Layer<T>, L: Loss<T>> FiniteSum<T> for Risk<'_, T, N, L> {
    /// The rows of positive weight.
    fn terms(&self) -> usize {
        self.data.samples()
    }

    /// n / (b Σw) Σ wᵢ ℓᵢ over the b terms, plus the penalty; n = [`terms`](FiniteSum::terms).
    fn batch_gradient(&mut self, terms: &[usize], theta: &[T], grad: &mut [T]) -> T {
        debug_assert_eq!((theta.len(), grad.len()), (self.layout.len(), self.layout.len()));
        grad.fill(T::zero());
        if terms.is_empty() {
            self.add_penalty(theta, grad);
            return self.penalty(theta);
        }
        let scale = T::of(self.terms() as f64 / terms.len() as f64) / self.total;
        let mut batch = self.batch.take().unwrap_or_else(|| Batch::new(self.data));
        let seed = self.randomness.map(|seed| random::derive(seed, self.passes));
        self.passes += u64::from(seed.is_some());
        let mut sum = Sum::default();
        if terms.len() <= PIECE {
            sum.add(self.piece_gradient(terms, scale, theta, seed, &mut batch, grad));
        } else {
            self.sums.reset(grad.len());
            for (i, terms) in terms.chunks(PIECE).enumerate() {
                let seed = seed.map(|seed| random::derive(seed, i as u64));
                grad.fill(T::zero());
                sum.add(self.piece_gradient(terms, scale, theta, seed, &mut batch, grad));
                self.sums.add(grad);
            }
            self.sums.write(grad);
        }
        self.batch = Some(batch);
        self.add_penalty(theta, grad);
        sum.value() * scale + self.penalty(theta)
    }

    fn seek(&mut self, batches: u64) {
        self.passes = batches;
    }
}

impl<T: Real, N: Layer<T>, L: Loss<T>> Risk<'_, T, N, L> {
    /// Adds scale · Σ wᵢ ∂ℓᵢ/∂θ over these terms to `grad` and returns Σ wᵢ ℓᵢ.
    fn piece_gradient(
        &self,
        terms: &[usize],
        scale: T,
        theta: &[T],
        seed: Option<u64>,
        batch: &mut Batch<T, N::Tape>,
        grad: &mut [T],
    ) -> T {
        if let Some(seed) = seed {
            self.layer.randomize(&mut batch.tape, seed);
        }
        self.gather(terms, batch);
        let k = self.data.outputs();
        reshape(&mut batch.z, k, terms.len());
        reshape(&mut batch.dz, k, terms.len());
        self.layer.forward(theta, &batch.x, &mut batch.z, &mut batch.tape);
        let weights = self.data.relative_weights().map(|_| batch.weights.as_slice());
        let (z, dz) = (batch.z.as_slice(), batch.dz.as_mut_slice());
        let sum = self.loss.block_gradient(z, &batch.y, k, weights, scale, dz);
        self.layer.backward(theta, &batch.x, &mut batch.dz, &mut batch.tape, grad, None);
        sum
    }

    /// Copies samples, targets and weights of these terms side by side.
    fn gather(&self, terms: &[usize], batch: &mut Batch<T, N::Tape>) {
        let (p, k) = (self.data.features(), self.data.outputs());
        reshape(&mut batch.x, p, terms.len());
        batch.y.clear();
        batch.weights.clear();
        let samples = batch.samples.as_slice();
        // Both ends of every sample are looked at first: so many samples are fetched from memory at a time, where copies would
        // wait for one after the other.
        let ends = terms.iter().map(|&term| &samples[p * term..][..p]);
        std::hint::black_box(ends.fold(T::zero(), |sum, x| sum + x[0] + x[p - 1]));
        let weights = self.data.relative_weights();
        for (&row, x) in terms.iter().zip(batch.x.as_mut_slice().chunks_exact_mut(p)) {
            x.copy_from_slice(&samples[p * row..p * (row + 1)]);
            batch.y.extend_from_slice(&self.targets[k * row..k * (row + 1)]);
            if let Some(w) = weights {
                batch.weights.push(w[row]);
            }
        }
    }
}
