//! G = Σᵢ dᵢ aᵢ aᵢᵀ over samples, in f64 whatever the data: normal equations and Hessians of linear models.

use super::{Block, threads};
use crate::Real;
use crate::real::Inner;
use nalgebra::DMatrix;

/// Samples taken at a time: a block of 100 columns stays in the second-level cache.
const ROWS: usize = 256;
/// From one packed column to the next: not a multiple of 4096 bytes, or all columns would share the same cache sets.
const STRIDE: usize = ROWS + 8;
/// Into how many runs the samples are cut for threads; never their number.
const RUNS: usize = 16;

/// The weighted sum of outer products of samples, G = Σᵢ dᵢ (aᵢ − s)(aᵢ − s)ᵀ.
///
/// The columns are whatever the caller lists in the block: features, then right-hand sides, a column of ones for the plain
/// sums. Only the upper triangle is computed. Each sum is made of partial sums over 256 samples, of several lanes each, so
/// its rounding error grows like the number of blocks, not of samples.
#[derive(Debug, Clone)]
pub struct Gram {
    columns: usize,
    /// columns × columns, column-major; garbage below the diagonal.
    sums: Vec<f64>,
    /// The samples at hand, one packed column after the other; the second half times the weights, if there are any.
    packed: Vec<f64>,
}

impl Gram {
    /// G = 0 for this many columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Self { columns, sums: vec![0.0; columns * columns], packed: Vec::new() }
    }

    /// G = 0 again.
    pub fn clear(&mut self) {
        self.sums.fill(0.0);
    }

    /// Adds the samples of a block, of any length. `shift` has one number a column or none (s = 0), `weights` one a sample
    /// of the block or none (d = 1); samples of weight 0 count for nothing.
    pub fn add<T: Real>(&mut self, block: &Block<'_, T>, shift: &[f64], weights: Option<&[f64]>) {
        debug_assert_eq!(block.features(), self.columns);
        let half = self.columns * STRIDE;
        self.packed.resize(if weights.is_some() { 2 * half } else { half }, 0.0);
        for start in (0..block.len()).step_by(ROWS) {
            let rows = (block.len() - start).min(ROWS);
            for (j, packed) in self.packed[..half].chunks_exact_mut(STRIDE).enumerate() {
                let shift = shift.get(j).copied().unwrap_or(0.0);
                let column = &block.column(j)[start..start + rows];
                packed.iter_mut().zip(column).for_each(|(packed, &x)| *packed = x.to_f64() - shift);
            }
            let (left, right) = self.packed.split_at_mut(half);
            if let Some(weights) = weights {
                let weights = &weights[start..start + rows];
                for (right, left) in right.chunks_exact_mut(STRIDE).zip(left.chunks_exact(STRIDE)) {
                    right.iter_mut().zip(left).zip(weights).for_each(|((right, &left), &d)| *right = d * left);
                }
            }
            let (m, b) = (self.columns, if weights.is_some() { &*right } else { &*left });
            f64::inner(Inner {
                rows,
                a: left,
                lda: STRIDE,
                m,
                b,
                ldb: STRIDE,
                n: m,
                c: &mut self.sums,
                ldc: m,
                upper: true,
            });
        }
    }

    /// Adds the sums of another.
    pub fn merge(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, &other)| *sum += other);
    }

    /// Entry (i, j) of the symmetric G.
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.sums[i.min(j) + i.max(j) * self.columns]
    }

    /// The symmetric G of the first `size` columns, both triangles.
    #[must_use]
    pub fn matrix(&self, size: usize) -> DMatrix<f64> {
        DMatrix::from_fn(size, size, |i, j| self.at(i, j))
    }
}

/// The [`Gram`] sums of all samples of these columns, on threads where it pays; the bits do not depend on their number.
///
/// `shift` has one number a column or none, `weights` one a sample or none.
pub fn gram<T: Real>(columns: &[&[T]], shift: &[f64], weights: Option<&[f64]>) -> Gram {
    let (n, m) = (columns.first().map_or(0, |column| column.len()), columns.len());
    let blocks = n.div_ceil(ROWS);
    let runs = blocks.clamp(1, RUNS);
    let mut parts = vec![Gram::new(m); runs];
    threads::for_each(&mut parts, n * m * (m + 1), |i, part| {
        let (from, to) = threads::run(blocks, runs, i);
        let (from, to) = (from * ROWS, (to * ROWS).min(n));
        part.add(&Block::new(columns, from, to - from), shift, weights.map(|d| &d[from..to]));
    });
    let mut total = Gram::new(m);
    parts.iter().for_each(|part| total.merge(part));
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_definition(n in 1usize..1200, m in 1usize..12, weighted: bool, shifted: bool, seed in 0usize..1000) {
            let x = DMatrix::from_fn(n, m, |i, j| (((i * 31 + j * 17 + seed) * 7919) % 1009) as f32 / 504.5 - 1.0);
            let d: Vec<f64> = (0..n).map(|i| ((i + seed) % 5) as f64 * 0.25).collect();
            let shift: Vec<f64> = (0..m).map(|j| j as f64 * 0.1).collect();
            let columns: Vec<&[f32]> = (0..m).map(|j| &x.as_slice()[j * n..(j + 1) * n]).collect();
            let g = gram(&columns, if shifted { &shift } else { &[] }, weighted.then_some(&d));
            for (i, j) in (0..m).flat_map(|i| (0..m).map(move |j| (i, j))) {
                let s = |j: usize| if shifted { shift[j] } else { 0.0 };
                let term = |t: usize| (f64::from(x[(t, i)]) - s(i)) * (f64::from(x[(t, j)]) - s(j));
                let terms = (0..n).map(|t| if weighted { d[t] } else { 1.0 } * term(t));
                let (expected, size) = terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + f64::abs(term)));
                // The rounding of this loop, far above that of the blocks.
                prop_assert!((g.at(i, j) - expected).abs() <= f64::EPSILON * n as f64 * size, "{i} {j}");
            }
        }
    }

    #[test]
    fn long_sums_keep_their_digits() {
        let x = vec![0.1f64; 1_000_000];
        let g = gram(&[&x], &[], None).at(0, 0);
        assert!((g / (0.1 * 0.1 * 1e6) - 1.0).abs() < 5e-15, "{g}");
    }
}
