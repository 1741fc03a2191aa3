//! G = Σᵢ dᵢ aᵢ aᵢᵀ over samples, in f64 whatever the data: normal equations and Hessians of linear models.

use super::{Block, threads};
use crate::Real;
use crate::real::Inner;
use nalgebra::{DMatrix, DMatrixView};

/// Samples taken at a time: a block of 100 columns stays in the second-level cache.
const ROWS: usize = 256;
/// From one packed column to the next: not a multiple of 4096 bytes, or all columns would share the same cache sets.
const STRIDE: usize = ROWS + 8;
/// Into how many runs the samples are cut for threads; never their number.
const RUNS: usize = 16;

/// The weighted sum of outer products of samples, G = Σᵢ dᵢ aᵢ aᵢᵀ, where aᵢ is [features of sample i less a shift, extras].
///
/// Extras are what the caller wants products with: right-hand sides, a column of ones for the plain sums. Only the upper
/// triangle is computed. Each sum is made of partial sums over 256 samples, of several lanes each, so its rounding error
/// grows like the number of blocks, not of samples.
#[derive(Debug, Clone)]
pub struct Gram {
    features: usize,
    extras: usize,
    /// Column-major, garbage below the diagonal.
    sums: Vec<f64>,
    /// The samples at hand, one packed column after the other; the second half times the weights, if there are any.
    packed: Vec<f64>,
}

impl Gram {
    /// G = 0 for this many features and extra columns.
    #[must_use]
    pub fn new(features: usize, extras: usize) -> Self {
        let m = features + extras;
        Self { features, extras, sums: vec![0.0; m * m], packed: Vec::new() }
    }

    /// G = 0 again.
    pub fn clear(&mut self) {
        self.sums.fill(0.0);
    }

    /// Adds the samples of a block, of any length. `extras` are as many slices as promised, of one number a sample; `shift`
    /// has one number a feature, or none for no shift; `weights` has one a sample, or is `None` for d = 1.
    pub fn add<T: Real>(&mut self, block: &Block<'_, T>, extras: &[&[f64]], shift: &[f64], weights: Option<&[f64]>) {
        debug_assert_eq!((block.features(), extras.len()), (self.features, self.extras));
        let m = self.features + self.extras;
        self.packed.resize(if weights.is_some() { 2 } else { 1 } * m * STRIDE, 0.0);
        for start in (0..block.len()).step_by(ROWS) {
            let run = start..(start + ROWS).min(block.len());
            let rows = run.len();
            let (left, right) = self.packed.split_at_mut(m * STRIDE);
            for (j, packed) in left.chunks_exact_mut(STRIDE).enumerate() {
                if let Some(extra) = j.checked_sub(self.features) {
                    packed[..rows].copy_from_slice(&extras[extra][run.clone()]);
                    continue;
                }
                let shift = shift.get(j).copied().unwrap_or(0.0);
                let column = &block.column(j)[run.clone()];
                packed.iter_mut().zip(column).for_each(|(packed, &x)| *packed = x.to_f64() - shift);
            }
            if let Some(weights) = weights {
                for (right, left) in right.chunks_exact_mut(STRIDE).zip(left.chunks_exact(STRIDE)) {
                    right.iter_mut().zip(left).zip(&weights[run.clone()]).for_each(|((r, &l), &d)| *r = d * l);
                }
            }
            let b = if weights.is_some() { &*right } else { &*left };
            let (c, lda, ldb, ldc) = (&mut self.sums[..], STRIDE, STRIDE, m);
            f64::inner(Inner { rows, a: left, lda, m, b, ldb, n: m, c, ldc, upper: true });
        }
    }

    /// Adds the sums of another.
    pub fn merge(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, &other)| *sum += other);
    }

    /// Entry (i, j) of the symmetric G; extras follow the features.
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.sums[i.min(j) + i.max(j) * (self.features + self.extras)]
    }

    /// The symmetric G of the features alone, both triangles.
    #[must_use]
    pub fn matrix(&self) -> DMatrix<f64> {
        DMatrix::from_fn(self.features, self.features, |i, j| self.at(i, j))
    }
}

/// The [`Gram`] sums of all samples, the rows of `x`, on threads where it pays; the bits do not depend on their number.
///
/// `extras` are slices of one number a sample, `shift` has one number a feature or none, `weights` one a sample.
pub fn gram<T: Real>(x: DMatrixView<'_, T>, extras: &[&[f64]], shift: &[f64], weights: Option<&[f64]>) -> Gram {
    let (n, p) = x.shape();
    let blocks = n.div_ceil(ROWS);
    let runs = blocks.clamp(1, RUNS);
    let mut parts = vec![Gram::new(p, extras.len()); runs];
    let size = p + extras.len();
    threads::for_each(&mut parts, n.saturating_mul(size * (size + 1)), |i, part| {
        let (from, to) = threads::run(blocks, runs, i);
        let (from, to) = (from * ROWS, (to * ROWS).min(n));
        let extras: Vec<&[f64]> = extras.iter().map(|extra| &extra[from..to]).collect();
        part.add(&Block::new(x.rows(from, to - from)), &extras, shift, weights.map(|d| &d[from..to]));
    });
    let mut total = Gram::new(p, extras.len());
    parts.iter().for_each(|part| total.merge(part));
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_definition(n in 1usize..1200, p in 1usize..12, weighted: bool, shifted: bool, seed in 0usize..1000) {
            let x = DMatrix::from_fn(n, p, |i, j| (((i * 31 + j * 17 + seed) * 7919) % 1009) as f32 / 504.5 - 1.0);
            let d: Vec<f64> = (0..n).map(|i| ((i + seed) % 5) as f64 * 0.25).collect();
            let shift: Vec<f64> = (0..p).map(|j| if shifted { j as f64 * 0.1 } else { 0.0 }).collect();
            let (ones, y) = (vec![1.0; n], (0..n).map(|i| (i % 7) as f64).collect::<Vec<_>>());
            let shifts = if shifted { &shift[..] } else { &[] };
            let g = gram(x.as_view(), &[&ones, &y], shifts, weighted.then_some(&d));
            let entry = |t: usize, j: usize| match j.checked_sub(p) {
                None => f64::from(x[(t, j)]) - shift[j],
                Some(0) => 1.0,
                Some(_) => y[t],
            };
            for (i, j) in (0..p + 2).flat_map(|i| (0..p + 2).map(move |j| (i, j))) {
                let terms = (0..n).map(|t| if weighted { d[t] } else { 1.0 } * entry(t, i) * entry(t, j));
                let (expected, size) = terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + f64::abs(term)));
                // The rounding of this loop, far above that of the blocks.
                prop_assert!((g.at(i, j) - expected).abs() <= f64::EPSILON * n as f64 * size, "{i} {j}");
            }
        }
    }

    #[test]
    fn long_sums_keep_their_digits() {
        let x = DMatrix::from_element(1_000_000, 1, 0.1);
        let g = gram(x.as_view(), &[], &[], None).at(0, 0);
        assert!((g / (0.1 * 0.1 * 1e6) - 1.0).abs() < 5e-15, "{g}");
    }
}
