//! The innermost loop of a product: some registers of rows times some columns of C, the sums in registers.

use super::Strided;
use crate::real::Lanes;
use pulp::Simd;

/// Where a tile lies in C, how many of its rows count, how long its sums are, and whether they start at 0.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub offset: usize,
    pub tall: usize,
    pub depth: usize,
    pub set: bool,
}

/// Inner indices taken at a time from columns of B: one check of bounds serves them all.
const RUN: usize = 4;

/// I registers of rows times J columns.
#[inline(always)]
pub(super) fn tile<S: Simd, T: Lanes, const I: usize, const J: usize>(
    simd: S,
    a: Strided<&[T]>,
    b: Strided<&[T]>,
    c: &mut Strided<&mut [T]>,
    at: Place,
) {
    let (lanes, depth) = (T::lanes(simd), at.depth);
    let mut sums = [[T::all(simd, T::zero()); I]; J];
    if !at.set {
        load(simd, c, at, &mut sums);
    }
    if b.down == 1 {
        let mut columns = [b.data; J];
        for q in 0..J {
            columns[q] = &b.data[q * b.right..][..depth];
        }
        let whole = depth - depth % RUN;
        for t in (0..whole).step_by(RUN) {
            steps::<S, T, I, J, RUN>(simd, a, &columns, t, &mut sums);
        }
        for t in whole..depth {
            steps::<S, T, I, J, 1>(simd, a, &columns, t, &mut sums);
        }
    } else {
        for t in 0..depth {
            let left = T::split(simd, &a.data[t * a.right..][..I * lanes]).0;
            let row = &b.data[t * b.down..][..J];
            for q in 0..J {
                let right = T::all(simd, row[q]);
                for p in 0..I {
                    sums[q][p] = T::fma(simd, left[p], right, sums[q][p]);
                }
            }
        }
    }
    store(simd, c, at, &sums);
}

/// U inner indices of columns of B.
#[inline(always)]
fn steps<S: Simd, T: Lanes, const I: usize, const J: usize, const U: usize>(
    simd: S,
    a: Strided<&[T]>,
    columns: &[&[T]; J],
    first: usize,
    sums: &mut [[T::V<S>; I]; J],
) {
    let lanes = T::lanes(simd);
    let mut rows = [&columns[0][..U]; J];
    for q in 0..J {
        rows[q] = &columns[q][first..first + U];
    }
    for t in 0..U {
        let left = T::split(simd, &a.data[(first + t) * a.right..][..I * lanes]).0;
        for q in 0..J {
            let right = T::all(simd, rows[q][t]);
            for p in 0..I {
                sums[q][p] = T::fma(simd, left[p], right, sums[q][p]);
            }
        }
    }
}

/// Room for the tallest and the widest tile.
type Buffer<T> = [T; 192];

impl Place {
    /// Whether the tile's columns are whole registers in C.
    #[inline(always)]
    fn whole<S>(&self, c: &Strided<S>, rows: usize) -> bool {
        c.down == 1 && self.tall == rows
    }
}

// The loops over a tile's registers have short bodies, or the compiler would leave them rolled and the sums in memory.

/// The tile's former values.
#[inline(always)]
fn load<S: Simd, T: Lanes, const I: usize, const J: usize>(
    simd: S,
    c: &Strided<&mut [T]>,
    at: Place,
    sums: &mut [[T::V<S>; I]; J],
) {
    let rows = I * T::lanes(simd);
    if at.whole(c, rows) {
        for q in 0..J {
            let column = T::split(simd, &c.data[at.offset + q * c.right..][..rows]).0;
            sums[q].copy_from_slice(&column[..I]);
        }
    } else {
        let mut buffer: Buffer<T> = [T::zero(); 192];
        gather(c, at, rows, &mut buffer[..rows * J]);
        let registers = &T::split(simd, &buffer).0[..I * J];
        for q in 0..J {
            for p in 0..I {
                sums[q][p] = registers[q * I + p];
            }
        }
    }
}

/// The tile's values back into C.
#[inline(always)]
fn store<S: Simd, T: Lanes, const I: usize, const J: usize>(
    simd: S,
    c: &mut Strided<&mut [T]>,
    at: Place,
    sums: &[[T::V<S>; I]; J],
) {
    let rows = I * T::lanes(simd);
    if at.whole(c, rows) {
        for q in 0..J {
            let column = T::split_mut(simd, &mut c.data[at.offset + q * c.right..][..rows]).0;
            column[..I].copy_from_slice(&sums[q]);
        }
        return;
    }
    let mut buffer: Buffer<T> = [T::zero(); 192];
    let registers = &mut T::split_mut(simd, &mut buffer).0[..I * J];
    for q in 0..J {
        for p in 0..I {
            registers[q * I + p] = sums[q][p];
        }
    }
    scatter(&buffer[..rows * J], rows, c, at);
}

/// Entries of C into columns of `rows`.
fn gather<T: Copy>(c: &Strided<&mut [T]>, at: Place, rows: usize, buffer: &mut [T]) {
    for (q, column) in buffer.chunks_exact_mut(rows).enumerate() {
        let from = &c.data[at.offset + q * c.right..];
        column[..at.tall].iter_mut().enumerate().for_each(|(r, to)| *to = from[r * c.down]);
    }
}

/// Columns of `rows` into entries of C.
fn scatter<T: Copy>(buffer: &[T], rows: usize, c: &mut Strided<&mut [T]>, at: Place) {
    for (q, column) in buffer.chunks_exact(rows).enumerate() {
        let to = &mut c.data[at.offset + q * c.right..];
        column[..at.tall].iter().enumerate().for_each(|(r, &value)| to[r * c.down] = value);
    }
}
