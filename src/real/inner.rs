//! C += Aᵀ B where the columns of A and B are contiguous: the product for Gram matrices and for gradients of feature
//! columns. Works along the columns, three by four of them at once.

use super::{Lanes, Real, Strided};
use pulp::{Simd, WithSimd};

/// C += Aᵀ B, A rows×m, B rows×n, column-major, C m×n.
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
    /// C.
    pub c: Strided<&'a mut [T]>,
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
                self.c.data[i * self.c.down + j * self.c.right] += sum;
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
        let mut sums = [[T::all(simd, T::zero()); I]; J];
        // Two registers of rows at a time: the pointers of seven columns do not all stay in registers.
        let (twice, last) = (a.map(|a| a.as_chunks::<2>()), b.map(|b| b.as_chunks::<2>()));
        let (a, a_last) = (twice.map(|a| a.0), twice.map(|a| a.1));
        let (b, b_last) = (last.map(|b| b.0), last.map(|b| b.1));
        for t in 0..whole / 2 {
            for h in 0..2 {
                add_products::<S, T, I, J>(
                    simd,
                    std::array::from_fn(|p| a[p][t][h]),
                    std::array::from_fn(|q| b[q][t][h]),
                    &mut sums,
                );
            }
        }
        if whole % 2 == 1 {
            add_products::<S, T, I, J>(simd, a_last.map(|a| a[0]), b_last.map(|b| b[0]), &mut sums);
        }
        let done = whole * T::lanes(simd);
        for q in 0..J {
            for p in 0..I {
                let mut sum = T::total(simd, sums[q][p]);
                for t in done..rows {
                    sum = T::fma1(simd, self.a[(i + p) * self.lda + t], self.b[(j + q) * self.ldb + t], sum);
                }
                self.c.data[(i + p) * self.c.down + (j + q) * self.c.right] += sum;
            }
        }
    }
}

/// sums[q][p] += aₚ b_q: all of B's registers first, A's one by one, so that twelve sums, three and one fill the sixteen registers.
#[inline(always)]
fn add_products<S: Simd, T: Lanes, const I: usize, const J: usize>(
    simd: S,
    a: [T::V<S>; I],
    b: [T::V<S>; J],
    sums: &mut [[T::V<S>; I]; J],
) {
    for p in 0..I {
        for q in 0..J {
            sums[q][p] = T::fma(simd, a[p], b[q], sums[q][p]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<T: Lanes>(rows: usize, m: usize, n: usize, upper: bool, flipped: bool, eps: f64) {
        let number = |i: usize| T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0);
        let (lda, ldb) = (rows + 3, rows + 1);
        let (down, right) = if flipped { (n + 2, 1) } else { (1, m + 2) };
        let a: Vec<T> = (0..lda * m).map(number).collect();
        let b: Vec<T> = (0..ldb * n).map(|i| number(i + 77)).collect();
        let mut c = vec![T::one(); (m + 2) * (n + 2)];
        let mut expected = c.clone();
        T::inner(Inner { rows, a: &a, lda, m, b: &b, ldb, n, c: Strided { data: &mut c, down, right }, upper });
        Inner { rows, a: &a, lda, m, b: &b, ldb, n, c: Strided { data: &mut expected, down, right }, upper }.plain();
        for (i, j) in (0..m + 2).flat_map(|i| (0..n + 2).map(move |j| (i, j))) {
            let Some(&found) = c.get(i * down + j * right) else { continue };
            if i >= m || j >= n {
                let inside = if flipped { j >= n } else { i >= m };
                assert!(!inside || found == T::one(), "padding was written");
            } else if !upper || i <= j {
                let gap = (found - expected[i * down + j * right]).to_f64().abs();
                assert!(gap <= eps * rows.max(1) as f64, "{rows} {m} {n} ({i}, {j}): {gap:e}");
            }
        }
    }

    proptest! {
        #[test]
        fn equals_the_loop(rows in 0usize..70, m in 1usize..14, n in 1usize..14, ways: [bool; 2]) {
            check::<f64>(rows, m, n, ways[0], ways[1], 4e-16);
            check::<f32>(rows, m, n, ways[0], ways[1], 2e-7);
        }

        /// NaN and infinities go where the loop puts them, and nowhere else.
        #[test]
        fn what_is_not_finite_stays_in_its_row(rows in 1usize..40, m in 1usize..9, n in 1usize..9, at in 0usize..300, odd in 0usize..2) {
            let (mut a, b) = (vec![1.0; rows * m], vec![1.0; rows * n]);
            let at = at % a.len();
            a[at] = [f64::NAN, f64::INFINITY][odd];
            let mut c = vec![0.0; m * n];
            let strided = Strided { data: &mut c[..], down: 1, right: m };
            f64::inner(Inner { rows, a: &a, lda: rows, m, b: &b, ldb: rows, n, c: strided, upper: false });
            for (i, c) in c.iter().enumerate() {
                prop_assert_eq!(c.is_finite(), i % m != at / rows);
            }
        }
    }
}
