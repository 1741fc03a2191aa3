//! The block: a run of samples, the one unit of work.

use crate::Real;
use nalgebra::{DMatrix, Dyn, VecStorage};

/// A run of samples read in place as slices of feature columns.
///
/// Holds no numbers of its own: `columns` may lie in the data set, in a file's buffer or anywhere else.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a, T> {
    columns: &'a [&'a [T]],
    start: usize,
    len: usize,
}

impl<'a, T: Real> Block<'a, T> {
    /// Samples `start .. start + len` of these feature columns, which must be that long.
    #[must_use]
    pub fn new(columns: &'a [&'a [T]], start: usize, len: usize) -> Self {
        debug_assert!(columns.iter().all(|column| column.len() >= start + len));
        Self { columns, start, len }
    }

    /// How many samples.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a block of no samples is never made
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// Feature j of every sample.
    #[must_use]
    #[inline]
    pub fn column(&self, j: usize) -> &'a [T] {
        &self.columns[j][self.start..self.start + self.len]
    }

    /// Copies the block into `x`, one sample a column, in tiles so that both sides stay in cache.
    pub fn gather(&self, x: &mut DMatrix<T>) {
        const TILE: usize = 16;
        let (p, b) = (self.features(), self.len);
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

/// Gives `m` the size rows × cols without a new allocation where its buffer is large enough; the entries are arbitrary.
pub fn reshape<T: Real>(m: &mut DMatrix<T>, rows: usize, cols: usize) {
    if m.shape() == (rows, cols) {
        return;
    }
    let mut buffer: Vec<T> = std::mem::replace(m, DMatrix::from_vec(0, 0, Vec::new())).data.into();
    buffer.resize(rows * cols, T::zero());
    *m = DMatrix::from_vec_storage(VecStorage::new(Dyn(rows), Dyn(cols), buffer));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_transposes_the_run() {
        let m = DMatrix::from_fn(40, 21, |i, j| (100 * i + j) as f64);
        let columns: Vec<&[f64]> = (0..21).map(|j| &m.as_slice()[40 * j..40 * j + 40]).collect();
        let mut x = DMatrix::zeros(0, 0);
        Block::new(&columns, 3, 33).gather(&mut x);
        assert_eq!(x, m.rows(3, 33).transpose());
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
