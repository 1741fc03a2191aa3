//! C += Aᵀ B where the columns of A and B are contiguous: the product for Gram matrices and for gradients of feature
//! columns. Works along the columns, three by four of them at once.

use super::{Lanes, Real};
use pulp::{Simd, WithSimd};

/// C += Aᵀ B, A rows×m, B rows×n, C m×n, column-major.
#[derive(Debug)]
pub struct Inner<'a, T> {
    /// The common length.
    pub rows: usize,
    /// A; column i starts at `i * lda`.
    pub a: &'a [T],
    /// From one column of A to the next.
    pub lda: usize,
    /// How many columns A has.
    pub m: usize,
    /// B; column j starts at `j * ldb`.
    pub b: &'a [T],
    /// From one column of B to the next.
    pub ldb: usize,
    /// How many columns B has.
    pub n: usize,
    /// C; entry (i, j) at `i + j * ldc`.
    pub c: &'a mut [T],
    /// From one column of C to the next.
    pub ldc: usize,
    /// Only the entries with i ≤ j are wanted; what happens to the others does not matter.
    pub upper: bool,
}

impl<T: Real> Inner<'_, T> {
    /// The definition, for scalars without vector registers.
    pub(crate) fn plain(self) {
        for j in 0..self.n {
            let b = &self.b[j * self.ldb..][..self.rows];
            for i in 0..if self.upper { (j + 1).min(self.m) } else { self.m } {
                let a = &self.a[i * self.lda..][..self.rows];
                let sum = a.iter().zip(b).fold(T::zero(), |sum, (&a, &b)| sum + a * b);
                self.c[i + j * self.ldc] += sum;
            }
        }
    }
}

const ROWS: usize = 4;
const COLS: usize = 3;

impl<T: Lanes> WithSimd for Inner<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for i in (0..self.m).step_by(ROWS) {
            let tall = (self.m - i).min(ROWS);
            let mut j = if self.upper { i } else { 0 };
            while j < self.n {
                // 4 = 2 + 2: a single column would wait for its own sums.
                let wide = if self.n - j == 4 { 2 } else { (self.n - j).min(COLS) };
                match (tall, wide) {
                    (4, 3) => self.tile::<S, 4, 3>(simd, i, j),
                    (4, 2) => self.tile::<S, 4, 2>(simd, i, j),
                    (4, _) => self.tile::<S, 4, 1>(simd, i, j),
                    (3, 3) => self.tile::<S, 3, 3>(simd, i, j),
                    (3, 2) => self.tile::<S, 3, 2>(simd, i, j),
                    (2, 3) => self.tile::<S, 2, 3>(simd, i, j),
                    (2, 2) => self.tile::<S, 2, 2>(simd, i, j),
                    (1, 3) => self.tile::<S, 1, 3>(simd, i, j),
                    _ => (0..tall).for_each(|p| (0..wide).for_each(|q| self.tile::<S, 1, 1>(simd, i + p, j + q))),
                }
                j += wide;
            }
        }
    }
}

impl<T: Lanes> Inner<'_, T> {
    #[inline(always)]
    fn tile<S: Simd, const I: usize, const J: usize>(&mut self, simd: S, i: usize, j: usize) {
        let rows = self.rows;
        let whole = rows / T::lanes(simd);
        let mut a = [T::split(simd, self.a).0; I];
        let mut b = [T::split(simd, self.b).0; J];
        for p in 0..I {
            a[p] = &T::split(simd, &self.a[(i + p) * self.lda..][..rows]).0[..whole];
        }
        for q in 0..J {
            b[q] = &T::split(simd, &self.b[(j + q) * self.ldb..][..rows]).0[..whole];
        }
        let zero = T::all(simd, T::zero());
        let mut sums = [[zero; I]; J];
        for t in 0..whole {
            // All of B's registers first, A's one by one: twelve sums, three and one fill the sixteen registers.
            let mut right = [zero; J];
            for q in 0..J {
                right[q] = b[q][t];
            }
            for p in 0..I {
                let left = a[p][t];
                for q in 0..J {
                    sums[q][p] = T::fma(simd, left, right[q], sums[q][p]);
                }
            }
        }
        let done = whole * T::lanes(simd);
        for q in 0..J {
            for p in 0..I {
                let mut sum = T::total(simd, sums[q][p]);
                for t in done..rows {
                    sum = T::fma1(simd, self.a[(i + p) * self.lda + t], self.b[(j + q) * self.ldb + t], sum);
                }
                self.c[i + p + (j + q) * self.ldc] += sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<T: Lanes>(rows: usize, m: usize, n: usize, upper: bool, eps: f64) {
        let number = |i: usize| T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0);
        let (lda, ldb, ldc) = (rows + 3, rows + 1, m + 2);
        let a: Vec<T> = (0..lda * m).map(number).collect();
        let b: Vec<T> = (0..ldb * n).map(|i| number(i + 77)).collect();
        let mut c = vec![T::one(); ldc * n];
        let mut expected = c.clone();
        T::inner(Inner { rows, a: &a, lda, m, b: &b, ldb, n, c: &mut c, ldc, upper });
        Inner { rows, a: &a, lda, m, b: &b, ldb, n, c: &mut expected, ldc, upper }.plain();
        for j in 0..n {
            for i in 0..if upper { (j + 1).min(m) } else { m } {
                let gap = (c[i + j * ldc] - expected[i + j * ldc]).to_f64().abs();
                assert!(gap <= eps * rows.max(1) as f64, "{rows} {m} {n} ({i}, {j}): {gap:e}");
            }
            assert!(c[m + j * ldc] == T::one(), "a row of padding was written");
        }
    }

    proptest! {
        #[test]
        fn equals_the_loop(rows in 0usize..70, m in 1usize..14, n in 1usize..14, upper: bool) {
            check::<f64>(rows, m, n, upper, 4e-16);
            check::<f32>(rows, m, n, upper, 2e-7);
        }
    }
}
