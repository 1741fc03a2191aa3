//! A = L Lᵀ in place and triangular solves, on column-major slices, blocked so that large systems run at the speed of
//! products.

use crate::Real;
use crate::real::{Into, Outer, Strided};

/// Columns factored at a time.
const BLOCK: usize = 48;

/// Replaces the lower triangle of the symmetric n×n `a` (column-major) by L with A = L Lᵀ; reads only the lower triangle and
/// leaves the strict upper one alone.
///
/// # Errors
/// The first column whose pivot is not positive and finite; `a` is then half done.
///
/// Source: Golub and Van Loan, Matrix Computations (4th ed.), 4.2.9.
pub fn factor<T: Real>(a: &mut [T], n: usize) -> Result<(), usize> {
    debug_assert_eq!(a.len(), n * n);
    let mut scratch = Vec::new();
    for start in (0..n).step_by(BLOCK) {
        let width = (n - start).min(BLOCK);
        factor_panel(a, n, start, width)?;
        update(a, n, start, width, &mut scratch);
    }
    Ok(())
}

/// Factors columns start .. start + width, all rows below included, once everything left of them is subtracted.
fn factor_panel<T: Real>(a: &mut [T], n: usize, start: usize, width: usize) -> Result<(), usize> {
    for j in start..start + width {
        let (left, right) = a.split_at_mut(j * n);
        let column = &mut right[j..n];
        for t in start..j {
            let source = &left[t * n + j..(t + 1) * n];
            let factor = source[0];
            column.iter_mut().zip(source).for_each(|(a, &l)| *a -= l * factor);
        }
        let pivot = column[0];
        if !(pivot > T::zero() && pivot.is_finite()) {
            return Err(j);
        }
        let root = pivot.sqrt();
        column[0] = root;
        column[1..].iter_mut().for_each(|a| *a /= root);
    }
    Ok(())
}

/// A₂₂ −= L₂₁ L₂₁ᵀ for everything right of the panel, its lower triangle (and a little more, block by block).
fn update<T: Real>(a: &mut [T], n: usize, start: usize, width: usize, scratch: &mut Vec<T>) {
    let end = start + width;
    let below = n - end;
    if below == 0 {
        return;
    }
    scratch.clear();
    for t in start..end {
        scratch.extend_from_slice(&a[t * n + end..(t + 1) * n]);
    }
    for j in (0..below).step_by(BLOCK) {
        let wide = (below - j).min(BLOCK);
        let c = &mut a[(end + j) * n + end + j..];
        let product = Outer {
            m: below - j,
            k: width,
            n: wide,
            a: Strided { data: &scratch[j..], down: 1, right: below },
            b: Strided { data: &scratch[j..], down: below, right: 1 },
            c: Strided { data: c, down: 1, right: n },
            into: Into::Sub,
        };
        T::outer(product);
    }
}

/// B ← L⁻¹ B for the columns of `b`, n numbers each.
pub fn solve_lower<T: Real>(l: &[T], n: usize, b: &mut [T]) {
    for b in b.chunks_exact_mut(n) {
        for j in 0..n {
            let (head, tail) = b.split_at_mut(j + 1);
            let column = &l[j * n + j..(j + 1) * n];
            head[j] /= column[0];
            let x = head[j];
            tail.iter_mut().zip(&column[1..]).for_each(|(b, &l)| *b -= l * x);
        }
    }
}

/// B ← L⁻ᵀ B for the columns of `b`, n numbers each.
pub fn solve_upper<T: Real>(l: &[T], n: usize, b: &mut [T]) {
    for b in b.chunks_exact_mut(n) {
        for j in (0..n).rev() {
            let (head, tail) = b.split_at_mut(j + 1);
            let column = &l[j * n + j..(j + 1) * n];
            let sum = tail.iter().zip(&column[1..]).fold(T::zero(), |sum, (&b, &l)| sum + l * b);
            head[j] = (head[j] - sum) / column[0];
        }
    }
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
