//! C += Aᵀ B where the columns of A and B are contiguous: the product for Gram matrices, which are in f64 whatever the data
//! are. Works along the columns, three by four of them at once.

use super::{Ahead, Lanes, Strided};
use pulp::{Simd, WithSimd};

/// C += Aᵀ B, A rows×m, B rows×n, column-major, C m×n.
#[derive(Debug)]
pub struct Inner<'a> {
    /// The common length.
    pub rows: usize,
    /// A; column i starts at `i * lda`.
    pub a: &'a [f64],
    /// From one column of A to the next.
    pub lda: usize,
    /// How many columns A has.
    pub m: usize,
    /// B; column j starts at `j * ldb`.
    pub b: &'a [f64],
    /// From one column of B to the next.
    pub ldb: usize,
    /// How many columns B has.
    pub n: usize,
    /// C.
    pub c: Strided<&'a mut [f64]>,
    /// Only the entries with i ≤ j are wanted; what happens to the others does not matter.
    pub upper: bool,
    /// What will be read next: while there are any, a whole tile asks for one of these runs.
    pub ahead: std::slice::Iter<'a, Ahead>,
}

/// Twelve sums fill the registers: a tile is four rows of C by three columns. One that would reach beyond C starts earlier, and
/// leaves out what is done.
const ROWS: usize = 4;
const COLS: usize = 3;

/// The first row or column of a tile, and how many of the following ones are done already.
#[derive(Clone, Copy)]
struct Edge {
    start: usize,
    done: usize,
}

impl Edge {
    /// From `start` on, or earlier, so that `len` of `all` are there.
    #[inline(always)]
    fn new(start: usize, len: usize, all: usize) -> Self {
        let first = start.min(all - len);
        Self { start: first, done: start - first }
    }
}

impl WithSimd for Inner<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let tall = if self.m < ROWS { 1 } else { ROWS };
        for i in (0..self.m).step_by(tall) {
            let rows = Edge::new(i, tall, self.m);
            let mut j = if self.upper { i } else { 0 };
            while j < self.n {
                // 4 = 2 + 2: a single column would wait for its own sums.
                let wide = if tall == ROWS && matches!(self.n - j, 1 | 2 | 4) { 2 } else { COLS };
                let wide = if self.n < wide { 1 } else { wide };
                let columns = Edge::new(j, wide, self.n);
                match (tall, wide) {
                    (ROWS, COLS) => match self.ahead.next() {
                        Some(&ahead) => self.tile::<S, ROWS, COLS, true>(simd, rows, columns, ahead),
                        None => self.tile::<S, ROWS, COLS, false>(simd, rows, columns, Ahead::default()),
                    },
                    (ROWS, 2) => match self.ahead.next() {
                        Some(&ahead) => self.tile::<S, ROWS, 2, true>(simd, rows, columns, ahead),
                        None => self.tile::<S, ROWS, 2, false>(simd, rows, columns, Ahead::default()),
                    },
                    (1, COLS) => self.tile::<S, 1, COLS, false>(simd, rows, columns, Ahead::default()),
                    _ => (rows.done..tall).for_each(|p| {
                        let row = Edge { start: rows.start + p, done: 0 };
                        self.tile::<S, 1, 1, false>(simd, row, columns, Ahead::default());
                    }),
                }
                j = columns.start + wide;
            }
        }
    }
}

impl Inner<'_> {
    #[inline(always)]
    fn tile<S: Simd, const I: usize, const J: usize, const AHEAD: bool>(
        &mut self,
        simd: S,
        rows: Edge,
        columns: Edge,
        ahead: Ahead,
    ) {
        let (mut a, mut b) = ([self.a; I], [self.b; J]);
        for p in 0..I {
            a[p] = &self.a[(rows.start + p) * self.lda..][..self.rows];
        }
        for q in 0..J {
            b[q] = &self.b[(columns.start + q) * self.ldb..][..self.rows];
        }
        let mut sums = [[simd.splat_f64s(0.0); I]; J];
        // Two registers of rows at a time: the pointers of seven columns do not all stay in registers.
        let pairs = S::as_simd_f64s(a[0]).0.len() / 2;
        let (mut left, mut right) = ([pairs_of(simd, a[0], pairs); I], [pairs_of(simd, b[0], pairs); J]);
        for p in 0..I {
            left[p] = pairs_of(simd, a[p], pairs);
        }
        for q in 0..J {
            right[q] = pairs_of(simd, b[q], pairs);
        }
        for t in 0..pairs {
            if AHEAD {
                ahead.line(t);
            }
            for h in 0..2 {
                // All of B's registers first, A's one by one, so that twelve sums, three and one fill the sixteen registers.
                let mut b = [right[0][t][h]; J];
                for q in 0..J {
                    b[q] = right[q][t][h];
                }
                for p in 0..I {
                    for q in 0..J {
                        sums[q][p] = simd.mul_add_e_f64s(left[p][t][h], b[q], sums[q][p]);
                    }
                }
            }
        }
        // What is left of the registers, and of the numbers. The loops over `sums` are short, or they would stay rolled and the
        // sums in memory.
        let registers = S::as_simd_f64s(a[0]).0.len();
        if registers > 2 * pairs {
            for p in 0..I {
                for q in 0..J {
                    let (a, b) = (S::as_simd_f64s(a[p]).0[2 * pairs], S::as_simd_f64s(b[q]).0[2 * pairs]);
                    sums[q][p] = simd.mul_add_e_f64s(a, b, sums[q][p]);
                }
            }
        }
        let mut totals = [[0.0; I]; J];
        for q in 0..J {
            for p in 0..I {
                totals[q][p] = simd.reduce_sum_f64s(sums[q][p]);
            }
        }
        for t in registers * f64::lanes(simd)..self.rows {
            for q in 0..J {
                for p in 0..I {
                    totals[q][p] = f64::fma1(simd, a[p][t], b[q][t], totals[q][p]);
                }
            }
        }
        for q in 0..J {
            let at = rows.start * self.c.down + (columns.start + q) * self.c.right;
            for p in 0..I {
                if q >= columns.done && p >= rows.done {
                    self.c.data[at + p * self.c.down] += totals[q][p];
                }
            }
        }
    }
}

/// The first numbers of a column, two registers at a time.
#[inline(always)]
fn pairs_of<S: Simd>(_: S, column: &[f64], pairs: usize) -> &[[S::f64s; 2]] {
    &S::as_simd_f64s(column).0.as_chunks::<2>().0[..pairs]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::vectorize;
    use proptest::prelude::*;

    fn check(rows: usize, m: usize, n: usize, upper: bool, flipped: bool) {
        let number = |i: usize| ((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0;
        let (lda, ldb) = (rows + 3, rows + 1);
        let (down, right) = if flipped { (n + 2, 1) } else { (1, m + 2) };
        let a: Vec<f64> = (0..lda * m).map(number).collect();
        let b: Vec<f64> = (0..ldb * n).map(|i| number(i + 77)).collect();
        let mut c = vec![1.0; (m + 2) * (n + 2)];
        let mut expected = c.clone();
        vectorize(Inner {
            rows,
            a: &a,
            lda,
            m,
            b: &b,
            ldb,
            n,
            c: Strided { data: &mut c, down, right },
            upper,
            ahead: [].iter(),
        });
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).filter(|(i, j)| !upper || i <= j) {
            expected[i * down + j * right] += (0..rows).map(|t| a[i * lda + t] * b[j * ldb + t]).sum::<f64>();
        }
        for (i, j) in (0..m + 2).flat_map(|i| (0..n + 2).map(move |j| (i, j))) {
            let Some(&found) = c.get(i * down + j * right) else { continue };
            if i >= m || j >= n {
                let inside = if flipped { j >= n } else { i >= m };
                assert!(!inside || found == 1.0, "padding was written");
            } else if !upper || i <= j {
                let gap = (found - expected[i * down + j * right]).abs();
                assert!(gap <= 4e-16 * rows.max(1) as f64, "{rows} {m} {n} ({i}, {j}): {gap:e}");
            }
        }
    }

    proptest! {
        #[test]
        fn equals_the_loop(rows in 0usize..70, m in 1usize..14, n in 1usize..14, ways: [bool; 2]) {
            check(rows, m, n, ways[0], ways[1]);
        }

        /// NaN and infinities go where the loop puts them, and nowhere else.
        #[test]
        fn what_is_not_finite_stays_in_its_row(rows in 1usize..40, m in 1usize..9, n in 1usize..9, at in 0usize..300, odd in 0usize..2) {
            let (mut a, b) = (vec![1.0; rows * m], vec![1.0; rows * n]);
            let at = at % a.len();
            a[at] = [f64::NAN, f64::INFINITY][odd];
            let mut c = vec![0.0; m * n];
            let strided = Strided { data: &mut c[..], down: 1, right: m };
            vectorize(Inner { rows, a: &a, lda: rows, m, b: &b, ldb: rows, n, c: strided, upper: false, ahead: [].iter() });
            for (i, c) in c.iter().enumerate() {
                prop_assert_eq!(c.is_finite(), i % m != at / rows);
            }
        }
    }
}
