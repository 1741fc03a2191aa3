//! The block: a run of samples, the one unit of work.

use crate::Real;
use nalgebra::{DMatrix, DMatrixView, Dyn, VecStorage};
use std::ops::Range;

/// A run of samples read in place: one row of the view is one sample, and every feature column is a slice.
///
/// Holds no numbers of its own: they may lie in the data set, in a file's buffer or anywhere else.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a, T: Real> {
    x: DMatrixView<'a, T>,
}

/// From one packed column of b numbers to the next: room for whole tiles, and no multiple of 4096 bytes, or all columns would
/// share the same cache sets.
pub(crate) fn packed_stride(b: usize) -> usize {
    b.next_multiple_of(16) + 8
}

impl<'a, T: Real> Block<'a, T> {
    /// The rows of this view.
    #[must_use]
    pub fn new(x: DMatrixView<'a, T>) -> Self {
        Self { x }
    }

    /// How many samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x.nrows()
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.x.ncols()
    }

    /// Feature j of every sample.
    #[must_use]
    #[inline]
    pub fn column(&self, j: usize) -> &[T] {
        self.x.column(j).data.into_slice()
    }

    /// A run of the samples.
    pub(crate) fn run(&self, rows: Range<usize>) -> Block<'_, T> {
        Block::new(self.x.rows_range(rows))
    }

    /// Copies the feature columns into `x`, near to each other: kernels that go through all columns of a few samples at a time
    /// would wait for memory at every column of a data set. Leaves room for `more` columns behind them.
    pub(crate) fn pack(&self, more: usize, x: &mut DMatrix<T>) {
        let (b, stride) = (self.len(), packed_stride(self.len()));
        reshape(x, stride, self.features() + more);
        for (j, to) in x.as_mut_slice().chunks_exact_mut(stride).enumerate().take(self.features()) {
            to[..b].copy_from_slice(self.column(j));
        }
    }

    /// The b samples of p features that [`pack`](Block::pack) has left in `x`.
    pub(crate) fn packed(x: &'a DMatrix<T>, b: usize, p: usize) -> Self {
        Self::new(x.view((0, 0), (b, p)))
    }

    /// Copies the block into `x`, one sample a column, in tiles so that both sides stay in cache.
    pub fn gather(&self, x: &mut DMatrix<T>) {
        const TILE: usize = 16;
        let (p, b) = (self.features(), self.len());
        reshape(x, p, b);
        let out = x.as_mut_slice();
        for j0 in (0..p).step_by(TILE) {
            let j1 = (j0 + TILE).min(p);
            for i0 in (0..b).step_by(TILE) {
                let i1 = (i0 + TILE).min(b);
                for j in j0..j1 {
                    for (i, &value) in (i0..i1).zip(&self.column(j)[i0..i1]) {
                        out[i * p + j] = value;
                    }
                }
            }
        }
    }
}

/// How many samples a block has: a size that keeps it in the second-level cache, and that depends on the number of
/// features alone, so that sums over blocks have the same bits on every run.
#[must_use]
pub(crate) fn block_rows(features: usize) -> usize {
    rows_of(1 << 16, features)
}

/// The same for blocks that are [packed](Block::pack): the data and their copy share the cache.
#[must_use]
pub(crate) fn packed_rows(features: usize) -> usize {
    rows_of(1 << 14, features)
}

fn rows_of(numbers: usize, features: usize) -> usize {
    (numbers / features.max(1)).next_power_of_two().clamp(64, 512)
}

/// Gives `m` the size rows × cols without a new allocation where its buffer is large enough; the entries are arbitrary.
pub(crate) fn reshape<T: Real>(m: &mut DMatrix<T>, rows: usize, cols: usize) {
    if m.shape() == (rows, cols) {
        return;
    }
    let len = rows * cols;
    let mut buffer: Vec<T> = std::mem::replace(m, DMatrix::from_vec(0, 0, Vec::new())).data.into();
    if buffer.capacity() < len {
        buffer = Vec::with_capacity(len + STAGGER / size_of::<T>().max(1));
    }
    buffer.resize(len, T::zero());
    *m = DMatrix::from_vec_storage(VecStorage::new(Dyn(rows), Dyn(cols), buffer));
}

/// Bytes left free behind a buffer. Without them buffers of a few whole pages follow each other at a distance of some pages
/// and 16 bytes, and processors that compare the low 12 bits of addresses take the loads of one for the stores of the
/// other: a copy of 8 KiB then takes 4.1 µs and not 0.09.
const STAGGER: usize = 576;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_transposes_the_run() {
        let m = DMatrix::from_fn(40, 21, |i, j| (100 * i + j) as f64);
        let mut x = DMatrix::zeros(0, 0);
        Block::new(m.rows(3, 33)).gather(&mut x);
        assert_eq!(x, m.rows(3, 33).transpose());
    }

    #[test]
    fn pack_keeps_the_columns() {
        let m = DMatrix::from_fn(40, 21, |i, j| (100 * i + j) as f64);
        let mut x = DMatrix::zeros(0, 0);
        Block::new(m.rows(3, 33)).pack(2, &mut x);
        let packed = Block::packed(&x, 33, 21);
        assert_eq!(x.shape(), (packed_stride(33), 23));
        assert_eq!((packed.len(), packed.features()), (33, 21));
        (0..21).for_each(|j| assert_eq!(packed.column(j), &m.column(j).as_slice()[3..36]));
    }

    #[test]
    fn block_rows_is_512_for_few_features_and_64_for_many() {
        assert_eq!([1, 20, 100, 128, 784, 5000].map(block_rows), [512, 512, 512, 512, 128, 64]);
    }

    #[test]
    fn reshape_keeps_the_buffer() {
        let mut m = DMatrix::<f32>::zeros(8, 9);
        let before = m.as_ptr();
        reshape(&mut m, 5, 7);
        assert_eq!((m.shape(), m.as_ptr()), ((5, 7), before));
        reshape(&mut m, 8, 9);
        assert_eq!((m.shape(), m.as_ptr()), ((8, 9), before));
    }
}
