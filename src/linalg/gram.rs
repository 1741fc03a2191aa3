//! G = Σᵢ dᵢ aᵢ aᵢᵀ over samples, in f64 whatever the data: normal equations and Hessians of linear models.

mod packing;

use super::{Block, threads};
use crate::Real;
use crate::real::{Ahead, Inner, Strided, vectorize};
use nalgebra::DMatrixView;
pub use packing::Packing;
use packing::Samples;
use std::slice::from_mut;

/// Samples multiplied at a time: seven columns of them stay in the first-level cache.
const DEPTH: usize = 512;
/// Columns that stay in the second-level cache while the others pass by.
const CHUNK: usize = 48;
/// From this many columns on threads share the sums, column by column; below, each has sums of its own for a run of samples.
const WIDE: usize = 256;
/// Into how many runs the samples are cut for threads; never their number.
const RUNS: usize = 16;

/// The weighted sum of outer products of samples, G = Σᵢ dᵢ aᵢ aᵢᵀ, where aᵢ is [features of sample i, extras] less a shift.
///
/// Extras are what the caller wants products with: right-hand sides, a column of ones. Only the lower triangle is computed. Each
/// sum is made of partial sums over 512 samples, of several lanes each, so its rounding error grows like the number of blocks,
/// not of samples.
#[derive(Debug, Clone)]
pub struct Gram {
    features: usize,
    extras: usize,
    /// Column-major, garbage above the diagonal.
    sums: Vec<f64>,
    /// Σ dᵢ aᵢ.
    totals: Vec<f64>,
}

impl Gram {
    /// G = 0 for this many features and extra columns.
    #[must_use]
    pub fn new(features: usize, extras: usize) -> Self {
        let m = features + extras;
        Self { features, extras, sums: vec![0.0; m * m], totals: vec![0.0; m] }
    }

    /// G = 0 again.
    pub fn clear(&mut self) {
        self.sums.fill(0.0);
        self.totals.fill(0.0);
    }

    /// Adds the samples of a block, of any length, to all of `sums`, which differ by their weights. `extras` are as many slices
    /// as promised, of one number per sample; `shift` has one number per column, those missing are 0; `weights` has one per sample for
    /// one sum after the other, or is `None` for d = 1.
    pub fn add<T: Real>(
        sums: &mut [Self],
        packing: &mut Packing,
        block: &Block<'_, T>,
        extras: &[&[f64]],
        shift: &[f64],
        weights: Option<&[f64]>,
    ) {
        Self::add_samples(sums, packing, &Samples { block: *block, extras, shift, weights }, false);
    }

    fn add_samples<T: Real>(sums: &mut [Self], packing: &mut Packing, samples: &Samples<'_, T>, spread: bool) {
        let (n, Some(first)) = (samples.block.len(), sums.first()) else { return };
        debug_assert_eq!((samples.block.features(), samples.extras.len()), (first.features, first.extras));
        debug_assert!(samples.weights.map_or(sums.len() == 1, |d| d.len() == n * sums.len()));
        let (m, features) = (first.totals.len(), first.features);
        let rows = rows(m);
        for start in (0..n).step_by(rows) {
            let len = rows.min(n - start);
            for (g, gram) in sums.iter_mut().enumerate() {
                let weights = samples.weights.map(|d| &d[g * n + start..][..len]);
                if g == 0 {
                    packing.load(samples, start, len, weights, &mut gram.totals, spread);
                } else if let Some(d) = weights {
                    packing.weigh(d, &mut gram.totals);
                }
                for from in (0..len).step_by(DEPTH) {
                    // Memory brings the next samples while these are multiplied, where both fit into the second-level cache.
                    let (wanted, next) = (if g > 0 || m > CHUNK { 0 } else { features }, (start + rows + from).min(n));
                    let ahead: Vec<_> = (0..wanted).map(|j| Ahead::of(&samples.block.column(j)[next..])).collect();
                    gram.multiply(packing, from, DEPTH.min(len - from), weights.is_some(), spread, &ahead);
                }
            }
        }
    }

    /// Adds the products of some of the packed samples, chunks of columns by themselves; `ahead` is asked for on the way.
    fn multiply(&mut self, packing: &Packing, from: usize, rows: usize, weighted: bool, spread: bool, ahead: &[Ahead]) {
        let m = self.totals.len();
        let (a, lda) = packing.left.from(from);
        let (b, ldb) = if weighted { packing.right.from(from) } else { (a, lda) };
        let mut chunks: Vec<&mut [f64]> = self.sums.chunks_mut(CHUNK * m).collect();
        threads::for_each(&mut chunks, if spread { threads::cost(&[m, m, rows]) } else { 0 }, |k, sums| {
            let (first, n) = (k * CHUNK, sums.len() / m);
            let below = first + n;
            let (own, b) = (&a[first * lda..], &b[first * ldb..]);
            // Transposed, for the entries below the diagonal: the rows of the product are the columns of the sums.
            let c = Strided { data: &mut sums[first..], down: m, right: 1 };
            vectorize(Inner { rows, a: own, lda, m: n, b, ldb, n, c, upper: true, ahead: ahead.iter() });
            if below < m {
                let (a, c) = (&a[below * lda..], Strided { data: &mut sums[below..], down: 1, right: m });
                vectorize(Inner { rows, a, lda, m: m - below, b, ldb, n, c, upper: false, ahead: [].iter() });
            }
        });
    }

    /// Adds the sums of another.
    pub fn merge(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, &other)| *sum += other);
        self.totals.iter_mut().zip(&other.totals).for_each(|(total, &other)| *total += other);
    }

    /// Entry (i, j) of the symmetric G; extras follow the features.
    #[must_use]
    #[inline]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.sums[i.max(j) + i.min(j) * self.totals.len()]
    }

    /// G itself, column-major, its lower triangle; what is above the diagonal does not matter.
    #[must_use]
    pub fn into_lower(self) -> Vec<f64> {
        self.sums
    }

    /// Number i of Σ dᵢ aᵢ.
    #[must_use]
    pub fn total(&self, i: usize) -> f64 {
        self.totals[i]
    }
}

/// Samples packed at a time: a multiple of [`DEPTH`], more where there are few columns, so that memory is read in long runs.
fn rows(columns: usize) -> usize {
    DEPTH * (32 / columns.max(1)).clamp(1, 4)
}

/// The [`Gram`] sums of all samples, the rows of `x`, on threads where it pays; the bits do not depend on their number.
///
/// The arguments are those of [`Gram::add`].
pub fn gram<T: Real>(x: DMatrixView<'_, T>, extras: &[&[f64]], shift: &[f64], weights: Option<&[f64]>) -> Gram {
    let (n, p) = x.shape();
    let size = p + extras.len();
    let mut total = Gram::new(p, extras.len());
    if size > WIDE {
        let samples = Samples { block: Block::new(x), extras, shift, weights };
        Gram::add_samples(from_mut(&mut total), &mut Packing::default(), &samples, true);
        return total;
    }
    let rows = rows(size);
    let blocks = n.div_ceil(rows);
    let runs = blocks.clamp(1, RUNS);
    let mut parts = vec![total.clone(); runs];
    threads::for_each(&mut parts, threads::cost(&[n, size, size + 1]), |i, part| {
        let (from, to) = threads::run(blocks, runs, i);
        let (from, to) = (from * rows, (to * rows).min(n));
        let extras: Vec<&[f64]> = extras.iter().map(|extra| &extra[from..to]).collect();
        let (block, weights) = (Block::new(x.rows(from, to - from)), weights.map(|d| &d[from..to]));
        Gram::add(from_mut(part), &mut Packing::default(), &block, &extras, shift, weights);
    });
    parts.iter().for_each(|part| total.merge(part));
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
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
            (0..p + 2).for_each(|j| assert!((g.total(j) - g.at(j.min(p), j.max(p))).abs() <= 1e-12 * n as f64, "total {j}"));
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

    /// Where threads share the sums: as one thread with sums of its own, to the bit.
    #[test]
    fn wide_ones_are_the_same() {
        for (n, p) in [(700, 255), (700, 256), (40, 300)] {
            let x = DMatrix::from_fn(n, p, |i, j| (((i * 31 + j * 17) * 7919) % 1009) as f64 / 504.5 - 1.0);
            let (y, d) = (vec![0.5; n], (0..n).map(|i| (i % 3) as f64).collect::<Vec<_>>());
            for weights in [None, Some(&d[..])] {
                let (shared, mut own) = (gram(x.as_view(), &[&y], &[0.25; 4], weights), Gram::new(p, 1));
                Gram::add(
                    from_mut(&mut own),
                    &mut Packing::default(),
                    &Block::new(x.as_view()),
                    &[&y],
                    &[0.25; 4],
                    weights,
                );
                for j in 0..=p {
                    for i in 0..=j {
                        let (a, b) = (shared.at(i, j), own.at(i, j));
                        assert!((a - b).abs() <= 1e-11 && (p < WIDE || a == b), "{n} {p} {i} {j}");
                    }
                }
            }
        }
    }

    /// Over one copy of the samples, as each sum by itself, to the bit: more samples than are packed at a time, and of fewer the second time.
    #[test]
    fn several_sums_are_what_each_is_alone() {
        let (p, lengths) = (9, [1700, 300]);
        let x = DMatrix::from_fn(1700, p, |i, j| (((i * 31 + j * 17) * 7919) % 1009) as f64 / 504.5 - 1.0);
        let (mut together, mut alone) = (vec![Gram::new(p, 1); 3], vec![Gram::new(p, 1); 3]);
        let mut packing = Packing::default();
        for n in lengths {
            let d: Vec<f64> = (0..3 * n).map(|i| ((i * 7) % 11) as f64 / 10.0).collect();
            let (block, ones) = (Block::new(x.rows(0, n)), vec![1.0; n]);
            Gram::add(&mut together, &mut packing, &block, &[&ones], &[0.25; 9], Some(&d));
            for (gram, d) in alone.iter_mut().zip(d.chunks_exact(n)) {
                Gram::add(from_mut(gram), &mut Packing::default(), &block, &[&ones], &[0.25; 9], Some(d));
            }
        }
        for (a, b) in together.iter().zip(&alone) {
            assert!((0..=p).all(|j| a.total(j) == b.total(j) && (0..=j).all(|i| a.at(i, j) == b.at(i, j))));
            assert!((0..=p).all(|j| (a.total(j) - a.at(j, p)).abs() <= 1e-9));
        }
    }

    #[test]
    fn long_sums_keep_their_digits() {
        let x = DMatrix::from_element(1_000_000, 1, 0.1);
        let g = gram(x.as_view(), &[], &[], None).at(0, 0);
        assert!((g / (0.1 * 0.1 * 1e6) - 1.0).abs() < 5e-15, "{g}");
    }
}
