//! Copies of samples for [`Gram`](super::Gram), side by side, shifted and weighed.

use super::super::{Block, threads};
use crate::Real;
use crate::real::vectorize;
use pulp::{Simd, WithSimd};

/// Copies of the samples at hand, a scratch for any number of sums.
#[derive(Debug, Clone, Default)]
pub struct Packing {
    pub(super) left: Packed,
    /// The same times the weights, if there are any.
    pub(super) right: Packed,
}

/// What a block of samples is multiplied with.
pub(super) struct Samples<'a, T: Real> {
    pub block: Block<'a, T>,
    pub extras: &'a [&'a [f64]],
    pub shift: &'a [f64],
    /// For one sum after the other, or `None`.
    pub weights: Option<&'a [f64]>,
}

impl Packing {
    /// Copies samples side by side, less the shift, and times the weights if there are any; adds to the totals.
    pub(super) fn load<T: Real>(
        &mut self,
        samples: &Samples<'_, T>,
        start: usize,
        len: usize,
        weights: Option<&[f64]>,
        totals: &mut [f64],
        spread: bool,
    ) {
        let (m, features) = (totals.len(), samples.block.features());
        self.left.reserve(m, len);
        self.right.reserve(if weights.is_some() { m } else { 0 }, len);
        let mut right = self.right.columns();
        let columns = self.left.columns().zip(totals).map(|(left, total)| (left, right.next(), total));
        let mut columns: Vec<_> = columns.collect();
        threads::for_each(
            &mut columns,
            if spread { threads::cost(&[2, m, len]) } else { 0 },
            |j, (left, right, total)| {
                let shift = samples.shift.get(j).copied().unwrap_or(0.0);
                let mut room = Vec::new();
                let column = match j.checked_sub(features) {
                    Some(extra) => &samples.extras[extra][start..start + len],
                    None => T::widened(&samples.block.column(j)[start..start + len], &mut room),
                };
                let sum = vectorize(Shift { x: column, shift, out: &mut left[..len] });
                **total += match (weights, right) {
                    (Some(d), Some(right)) => weigh(d, &left[..len], &mut right[..len]),
                    _ => sum,
                };
            },
        );
    }

    /// Other weights for what is loaded; adds to the totals.
    pub(super) fn weigh(&mut self, d: &[f64], totals: &mut [f64]) {
        for ((left, right), total) in self.left.columns().zip(self.right.columns()).zip(totals) {
            *total += weigh(d, &left[..d.len()], &mut right[..d.len()]);
        }
    }
}

/// out = d ∘ x; returns the sum of it.
fn weigh(d: &[f64], x: &[f64], out: &mut [f64]) -> f64 {
    out.iter_mut().zip(x).zip(d).for_each(|((out, &x), &d)| *out = d * x);
    f64::sum(out)
}

/// Columns of a block side by side, each from the start of a cache line.
#[derive(Debug, Clone, Default)]
pub(super) struct Packed {
    numbers: Vec<f64>,
    first: usize,
    stride: usize,
}

impl Packed {
    fn reserve(&mut self, columns: usize, rows: usize) {
        // Not a multiple of 4096 bytes, or all columns would share the same cache sets.
        self.stride = rows.next_multiple_of(8) + 8;
        self.numbers.resize(columns * self.stride + 8, 0.0);
        self.first = self.numbers.as_ptr().align_offset(64) % 8;
    }

    fn columns(&mut self) -> impl Iterator<Item = &mut [f64]> {
        self.numbers[self.first..].chunks_exact_mut(self.stride)
    }

    /// The samples from one on, and the distance of the columns.
    pub fn from(&self, sample: usize) -> (&[f64], usize) {
        (&self.numbers[self.first + sample..], self.stride)
    }
}

/// out = x − shift; returns the sum of it.
struct Shift<'a> {
    x: &'a [f64],
    shift: f64,
    out: &'a mut [f64],
}

impl WithSimd for Shift<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (x, rest) = S::as_simd_f64s(self.x);
        let (out, last) = S::as_mut_simd_f64s(self.out);
        let shift = simd.splat_f64s(self.shift);
        let mut sums = [simd.splat_f64s(0.0); 4];
        let ((fours, ones), (out_fours, out_ones)) = (x.as_chunks::<4>(), out.as_chunks_mut::<4>());
        for (x, out) in fours.iter().zip(out_fours) {
            for k in 0..4 {
                out[k] = simd.sub_f64s(x[k], shift);
                sums[k] = simd.add_f64s(sums[k], out[k]);
            }
        }
        for (&x, out) in ones.iter().zip(out_ones) {
            *out = simd.sub_f64s(x, shift);
            sums[0] = simd.add_f64s(sums[0], *out);
        }
        let mut total = sums.into_iter().fold(0.0, |total, sum| total + simd.reduce_sum_f64s(sum));
        for (x, out) in rest.iter().zip(last) {
            *out = x - self.shift;
            total += *out;
        }
        total
    }
}
