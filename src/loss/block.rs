//! Whole blocks of samples for the losses of independent outputs, some numbers at a time, in loops that become vector code.

use super::Loss;
use crate::Real;
use crate::linalg::{Block, carried::Sum};
use crate::real::{Loops, vectorize};

/// Numbers taken at a time.
pub(super) const CHUNK: usize = 128;

/// A block of raw scores with its targets.
#[derive(Clone, Copy)]
pub(super) struct Scores<'a, T> {
    pub z: &'a [T],
    pub y: &'a [T],
    pub outputs: usize,
    /// One number a sample, or `None` for weights of 1.
    pub weights: Option<&'a [T]>,
}

impl<T: Real> Scores<'_, T> {
    /// Calls `work` for every chunk with (z, y, the weight of each number or `None`, dz), and adds what it returns. `dz` is as
    /// long as z, or empty where no gradient is wanted.
    pub fn sum_chunks(self, dz: &mut [T], mut work: impl FnMut(&[T], &[T], Option<&[T]>, &mut [T]) -> T) -> T {
        let mut sum = Sum::default();
        let mut spread = [T::zero(); CHUNK];
        for from in (0..self.z.len()).step_by(CHUNK) {
            let run = from..(from + CHUNK).min(self.z.len());
            let weights = self.weights.map(|weights| {
                if self.outputs == 1 {
                    return &weights[run.clone()];
                }
                for (spread, i) in spread.iter_mut().zip(run.clone()) {
                    *spread = weights[i / self.outputs];
                }
                &spread[..run.len()]
            });
            let dz = if dz.is_empty() { &mut *dz } else { &mut dz[run.clone()] };
            sum.add(work(&self.z[run.clone()], &self.y[run], weights, dz));
        }
        sum.value()
    }

    /// The same for a loss of one number, ℓ(z, y) and its slope from `at`; gradients times `scale`.
    #[inline(always)]
    pub fn sum_each(self, scale: T, dz: &mut [T], at: impl Fn(T, T) -> (T, T) + Copy) -> T {
        self.sum_chunks(dz, |z, y, weights, dz| {
            let mut values = [T::zero(); CHUNK];
            let values = &mut values[..z.len()];
            vectorize(Loops(
                #[inline(always)]
                || {
                    values.iter_mut().zip(z).zip(y).for_each(|((value, &z), &y)| *value = at(z, y).0);
                    dz.iter_mut().zip(z).zip(y).for_each(|((dz, &z), &y)| *dz = at(z, y).1 * scale);
                    if let Some(weights) = weights {
                        weigh(weights, values);
                        weigh(weights, dz);
                    }
                },
            ));
            T::sum(values)
        })
    }
}

/// x ← w x, and exactly 0 where w is 0, even if x is not finite.
#[inline(always)]
pub(super) fn weigh<T: Real>(weights: &[T], x: &mut [T]) {
    for (x, &w) in x.iter_mut().zip(weights) {
        *x = if w > T::zero() { *x * w } else { T::zero() };
    }
}

/// [`Loss::block_columns`] for a loss whose outputs do not see each other.
pub(super) fn columns<T: Real>(
    loss: &impl Loss<T>,
    z: &mut [T],
    stride: usize,
    y: &Block<'_, T>,
    weights: Option<&[T]>,
    scale: Option<T>,
) -> T {
    let mut sum = Sum::default();
    for (c, z) in z.chunks_mut(stride).enumerate().take(y.features()) {
        for from in (0..y.len()).step_by(CHUNK) {
            let run = from..(from + CHUNK).min(y.len());
            let mut scores = [T::zero(); CHUNK];
            let (scores, z) = (&mut scores[..run.len()], &mut z[run.clone()]);
            scores.copy_from_slice(z);
            let (y, weights) = (&y.column(c)[run.clone()], weights.map(|w| &w[run]));
            sum.add(match scale {
                Some(scale) => loss.block_gradient(scores, y, 1, weights, scale, z),
                None => loss.block_value(scores, y, 1, weights),
            });
        }
    }
    sum.value()
}
