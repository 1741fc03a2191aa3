//! A = L Lᵀ in place and triangular solves, on column-major slices, blocked so that large systems run at the speed of
//! products.

use super::threads;
use crate::Real;
use crate::real::simd::{Kernel, add_product, dispatch, mul_add};
use crate::real::{Into, Outer, Strided, vectorize};
use pulp::{Simd, WithSimd};

/// Columns subtracted from all others at a time.
const BLOCK: usize = 96;
/// Columns of a block factored at a time.
const SLICE: usize = 8;

/// Replaces the lower triangle of the symmetric n×n `a` (column-major) by L with A = L Lᵀ; reads only the lower triangle. What
/// is above the diagonal afterwards does not matter. The bits do not depend on the number of threads.
///
/// # Errors
/// The first column whose pivot is not positive and finite; `a` is then half done.
///
/// Source: Golub and Van Loan, Matrix Computations (4th ed.), 4.2.9.
pub fn factor<T: Real>(a: &mut [T], n: usize) -> Result<(), usize> {
    debug_assert_eq!(a.len(), n * n);
    let mut scratch = Vec::new();
    for start in (0..n).step_by(BLOCK) {
        let end = (start + BLOCK).min(n);
        for first in (start..end).step_by(SLICE) {
            let last = (first + SLICE).min(end);
            let (left, right) = a.split_at_mut(first * n);
            subtract(&left[start * n..], n, first, &mut right[..(last - first) * n], &mut scratch, 0);
            vectorize(Slice { a: &mut right[..(last - first) * n], n, first })?;
        }
        let (left, right) = a.split_at_mut(end * n);
        let cost = threads::cost(&[n - end, n - end, end - start]);
        subtract(&left[start * n..], n, end, right, &mut scratch, cost);
    }
    Ok(())
}

/// The columns `first` .. of A less L₂₁ L₂₁ᵀ, `left` the columns before them that are factored and not yet subtracted.
fn subtract<T: Real>(left: &[T], n: usize, first: usize, right: &mut [T], scratch: &mut Vec<T>, cost: usize) {
    let depth = left.len() / n;
    if depth == 0 || right.is_empty() {
        return;
    }
    // The rows of L₂₁ one after the other, tile by tile: of the two orders that the product reads fast.
    let columns = right.len() / n;
    scratch.clear();
    scratch.resize(columns * depth, T::zero());
    for (t, column) in left.chunks_exact(n).enumerate() {
        scratch[t..].iter_mut().step_by(depth).zip(&column[first..]).for_each(|(to, &l)| *to = l);
    }
    let scratch = &scratch[..];
    let mut chunks: Vec<&mut [T]> = right.chunks_mut(BLOCK * n).collect();
    threads::for_each(&mut chunks, cost, |k, c| {
        let row = first + k * BLOCK;
        T::outer(Outer {
            m: n - row,
            k: depth,
            n: c.len() / n,
            a: Strided { data: &left[row..], down: 1, right: n },
            b: Strided { data: &scratch[k * BLOCK * depth..], down: 1, right: depth },
            c: Strided { data: &mut c[row..], down: 1, right: n },
            into: Into::Sub,
        });
    });
}

/// Factors a few columns, `first` .., all rows below included, once everything left of them is subtracted.
struct Slice<'a, T> {
    a: &'a mut [T],
    n: usize,
    first: usize,
}

impl<T: Real> WithSimd for Slice<'_, T> {
    type Output = Result<(), usize>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Self { a, n, first } = self;
        for j in 0..a.len() / n {
            let (left, right) = a.split_at_mut(j * n);
            let column = &mut right[first + j..n];
            for source in left.chunks_exact(n) {
                let source = &source[first + j..];
                let factor = source[0];
                column.iter_mut().zip(source).for_each(|(a, &l)| *a -= l * factor);
            }
            let pivot = column[0];
            if !(pivot > T::zero() && pivot.is_finite()) {
                return Err(first + j);
            }
            let root = pivot.sqrt();
            column[0] = root;
            column[1..].iter_mut().for_each(|a| *a /= root);
        }
        Ok(())
    }
}

/// B ← L⁻¹ B for the columns of `b`, n numbers each.
pub fn solve_lower<T: Real>(l: &[T], n: usize, b: &mut [T]) {
    dispatch(Triangle { l, n, b, transposed: false });
}

/// B ← L⁻ᵀ B for the columns of `b`, n numbers each.
pub fn solve_upper<T: Real>(l: &[T], n: usize, b: &mut [T]) {
    dispatch(Triangle { l, n, b, transposed: true });
}

struct Triangle<'a, T> {
    l: &'a [T],
    n: usize,
    b: &'a mut [T],
    transposed: bool,
}

impl<T: Real> Kernel for Triangle<'_, T> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { l, n, b, transposed } = self;
        for b in b.chunks_exact_mut(n) {
            for step in 0..n {
                let j = if transposed { n - 1 - step } else { step };
                let (head, tail) = b.split_at_mut(j + 1);
                let (pivot, below) = (l[j * n + j], &l[j * n + j + 1..(j + 1) * n]);
                if transposed {
                    head[j] = (head[j] - inner::<T, FMA>(below, tail)) / pivot;
                } else {
                    head[j] /= pivot;
                    let x = -head[j];
                    tail.iter_mut().zip(below).for_each(|(b, &l)| *b = mul_add::<T, FMA>(l, x, *b));
                }
            }
        }
    }
}

/// Σ aᵢ bᵢ.
#[inline(always)]
fn inner<T: Real, const FMA: bool>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::zero(); 8];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
    a.iter().zip(b).for_each(|(a, b)| add_product::<T, 8, FMA>(&mut sums, a, b));
    let rest = a_rest.iter().zip(b_rest).fold(T::zero(), |sum, (&a, &b)| mul_add::<T, FMA>(a, b, sum));
    // In a tree: in a row the additions would wait for each other.
    for width in [4, 2, 1] {
        (0..width).for_each(|i| sums[i] += sums[i + width]);
    }
    rest + sums[0]
}

/// B ← A⁻¹ B for the columns of `b`, n numbers each, `l` from [`factor`].
pub fn solve<T: Real>(l: &[T], n: usize, b: &mut [T]) {
    solve_lower(l, n, b);
    solve_upper(l, n, b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn factor_and_solve(n in 1usize..130, seed in 0usize..1000) {
            let m = DMatrix::from_fn(n + 5, n, |i, j| (((i * 31 + j * 17 + seed) * 7919) % 1009) as f64 / 504.5 - 1.0);
            let a = m.tr_mul(&m) + DMatrix::identity(n, n) * 0.1;
            let mut l = a.as_slice().to_vec();
            prop_assert!(factor(&mut l, n).is_ok());
            let lower = DMatrix::from_column_slice(n, n, &l).lower_triangle();
            prop_assert!((&lower * lower.transpose() - &a).amax() < 1e-13 * a.amax() * n as f64);
            let x = DMatrix::from_fn(n, 3, |i, j| (i + j) as f64 / n as f64);
            let mut b = &a * &x;
            solve(&l, n, b.as_mut_slice());
            prop_assert!((&a * (b - x)).amax() < 1e-12 * a.amax() * n as f64);
        }

        #[test]
        fn names_the_pivot_that_fails(n in 1usize..130, at in 0usize..130) {
            let at = at % n;
            let mut a = DMatrix::<f64>::identity(n, n);
            a[(at, at)] = -1.0;
            prop_assert_eq!(factor(a.as_mut_slice(), n), Err(at));
            a[(at, at)] = f64::NAN;
            prop_assert_eq!(factor(a.as_mut_slice(), n), Err(at));
        }
    }
}
