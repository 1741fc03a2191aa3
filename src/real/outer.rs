//! C = A B, where the columns of A and C are contiguous: the product of the layers and of the factorizations. Works across
//! the columns; every entry of C is one chain of additions in the order of the inner index, whatever else is computed
//! with it, so that a sample's scores do not depend on its batch.

use super::{Lanes, Real};
use pulp::{Simd, WithSimd};

/// What becomes of C's former values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// C = A B.
    Set,
    /// C += A B.
    Add,
    /// C −= A B.
    Sub,
}

/// C = A B, or C ± A B, A m×k column-major, B k×n with free strides, C m×n column-major.
#[derive(Debug)]
pub struct Outer<'a, T> {
    /// A; column t starts at `t * lda`.
    pub a: &'a [T],
    /// From one column of A to the next.
    pub lda: usize,
    /// Rows of A and C.
    pub m: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// B; entry (t, j) at `t * down + j * right`.
    pub b: &'a [T],
    /// From one row of B to the next.
    pub down: usize,
    /// From one column of B to the next.
    pub right: usize,
    /// Columns of B and C.
    pub n: usize,
    /// C; column j starts at `j * ldc`.
    pub c: &'a mut [T],
    /// From one column of C to the next.
    pub ldc: usize,
    /// What becomes of C's former values.
    pub into: Into,
}

impl<T: Real> Outer<'_, T> {
    /// The definition, for scalars without vector registers.
    pub(crate) fn plain(self) {
        for j in 0..self.n {
            for i in 0..self.m {
                let term = |t: usize| self.a[t * self.lda + i] * self.b[t * self.down + j * self.right];
                let sum = (0..self.k).fold(T::zero(), |sum, t| sum + term(t));
                let c = &mut self.c[j * self.ldc + i];
                match self.into {
                    Into::Set => *c = sum,
                    Into::Add => *c += sum,
                    Into::Sub => *c -= sum,
                }
            }
        }
    }
}

impl<T: Lanes> WithSimd for Outer<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let step = 2 * T::lanes(simd);
        for i in (0..self.m).step_by(step) {
            let tall = (self.m - i).min(step);
            let mut j = 0;
            while j < self.n {
                let wide = (self.n - j).min(6);
                if tall == step {
                    match wide {
                        6 => self.tile::<S, 6>(simd, i, j),
                        4 | 5 => self.tile::<S, 4>(simd, i, j),
                        2 | 3 => self.tile::<S, 2>(simd, i, j),
                        _ => self.tile::<S, 1>(simd, i, j),
                    }
                } else {
                    match wide {
                        6 => self.edge::<S, 6>(simd, i, j, tall),
                        4 | 5 => self.edge::<S, 4>(simd, i, j, tall),
                        2 | 3 => self.edge::<S, 2>(simd, i, j, tall),
                        _ => self.edge::<S, 1>(simd, i, j, tall),
                    }
                }
                j += if wide < 6 && wide > 1 { wide & !1 } else { wide };
            }
        }
    }
}

impl<T: Lanes> Outer<'_, T> {
    /// Two registers of rows times J columns.
    #[inline(always)]
    fn tile<S: Simd, const J: usize>(&mut self, simd: S, i: usize, j: usize) {
        let step = 2 * T::lanes(simd);
        let zero = T::all(simd, T::zero());
        let mut sums = [[zero; 2]; J];
        if self.down == 1 {
            let mut columns = [self.b; J];
            for q in 0..J {
                columns[q] = &self.b[(j + q) * self.right..][..self.k];
            }
            for t in 0..self.k {
                let a = T::split(simd, &self.a[t * self.lda + i..][..step]).0;
                for q in 0..J {
                    let b = T::all(simd, columns[q][t]);
                    sums[q][0] = T::fma(simd, a[0], b, sums[q][0]);
                    sums[q][1] = T::fma(simd, a[1], b, sums[q][1]);
                }
            }
        } else {
            for t in 0..self.k {
                let a = T::split(simd, &self.a[t * self.lda + i..][..step]).0;
                let row = &self.b[t * self.down + j * self.right..][..(J - 1) * self.right + 1];
                for q in 0..J {
                    let b = T::all(simd, row[q * self.right]);
                    sums[q][0] = T::fma(simd, a[0], b, sums[q][0]);
                    sums[q][1] = T::fma(simd, a[1], b, sums[q][1]);
                }
            }
        }
        for q in 0..J {
            let c = T::split_mut(simd, &mut self.c[(j + q) * self.ldc + i..][..step]).0;
            c[0] = keep::<S, T>(simd, self.into, c[0], sums[q][0]);
            c[1] = keep::<S, T>(simd, self.into, c[1], sums[q][1]);
        }
    }

    /// The rows that do not fill two registers.
    #[inline(always)]
    fn edge<S: Simd, const J: usize>(&mut self, simd: S, i: usize, j: usize, tall: usize) {
        let lanes = T::lanes(simd);
        let zero = T::all(simd, T::zero());
        let mut i = i;
        let mut tall = tall;
        while tall > 0 {
            let here = tall.min(lanes);
            let mut sums = [zero; J];
            for t in 0..self.k {
                let a = T::load(simd, &self.a[t * self.lda + i..][..here]);
                for q in 0..J {
                    let b = T::all(simd, self.b[t * self.down + (j + q) * self.right]);
                    sums[q] = T::fma(simd, a, b, sums[q]);
                }
            }
            for q in 0..J {
                let c = &mut self.c[(j + q) * self.ldc + i..][..here];
                let former = T::load(simd, c);
                T::store(simd, c, keep::<S, T>(simd, self.into, former, sums[q]));
            }
            i += here;
            tall -= here;
        }
    }
}

#[inline(always)]
fn keep<S: Simd, T: Lanes>(simd: S, into: Into, former: T::V<S>, sum: T::V<S>) -> T::V<S> {
    match into {
        Into::Set => sum,
        Into::Add => T::plus(simd, former, sum),
        Into::Sub => T::minus(simd, former, sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<T: Lanes>(m: usize, k: usize, n: usize, across: bool, into: Into, eps: f64) {
        let number = |i: usize| T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0);
        let (lda, ldc) = (m + 1, m + 3);
        let (down, right) = if across { (n + 2, 1) } else { (1, k + 2) };
        let a: Vec<T> = (0..lda * k).map(number).collect();
        let b: Vec<T> = (0..(k + 2) * (n + 2)).map(|i| number(i + 77)).collect();
        let mut c = vec![T::one(); ldc * n];
        let mut expected = c.clone();
        T::outer(Outer { a: &a, lda, m, k, b: &b, down, right, n, c: &mut c, ldc, into });
        Outer { a: &a, lda, m, k, b: &b, down, right, n, c: &mut expected, ldc, into }.plain();
        for (i, (c, expected)) in c.iter().zip(&expected).enumerate() {
            let gap = (*c - *expected).to_f64().abs();
            assert!(gap <= eps * k.max(1) as f64, "{m} {k} {n} entry {i}: {gap:e}");
        }
    }

    proptest! {
        #[test]
        fn equals_the_loop(m in 1usize..40, k in 0usize..40, n in 1usize..16, across: bool, into in 0usize..3) {
            let into = [Into::Set, Into::Add, Into::Sub][into];
            check::<f64>(m, k, n, across, into, 4e-16);
            check::<f32>(m, k, n, across, into, 2e-7);
        }
    }
}
