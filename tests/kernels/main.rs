//! What speed must not cost: the same bits on any number of threads and in any batch, and no allocation once warm.

mod allocation;
mod batches;
mod threads;

use nalgebra::DMatrix;
use residual::Real;

/// Numbers between −1 and 1 that look random and are the same everywhere.
fn noise<T: Real>(rows: usize, columns: usize, seed: u64) -> DMatrix<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    DMatrix::from_fn(rows, columns, |_, _| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        T::of((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    })
}

/// 0 or 1 by a noisy score of the first features.
fn labels<T: Real>(x: &DMatrix<T>, seed: u64) -> DMatrix<T> {
    let e = noise::<T>(x.nrows(), 1, seed);
    DMatrix::from_fn(x.nrows(), 1, |i, _| if x[(i, 0)] + e[i] > T::zero() { T::one() } else { T::zero() })
}

/// One-hot rows of `k` classes.
fn one_hot<T: Real>(n: usize, k: usize) -> DMatrix<T> {
    DMatrix::from_fn(n, k, |i, c| if (i * 7 + i / 5) % k == c { T::one() } else { T::zero() })
}
