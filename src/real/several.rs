//! Products of feature columns with several outputs: Z = W X and dW = dZ Xᵀ, where Z holds one sample after the other.

use super::{Lanes, Real};
use pulp::{Simd, WithSimd};

/// How many columns one call takes at most.
pub(crate) const DEPTH: usize = 64;

/// zᵢ = Σⱼ wⱼ xⱼᵢ, or zᵢ += Σⱼ wⱼ xⱼᵢ, for at most [`DEPTH`] columns xⱼ of equal length and vectors zᵢ, wⱼ of `outputs` numbers.
/// Every entry is one chain of additions in the order of the columns, from its former value if there is one.
#[derive(Debug)]
pub struct Blend<'a, T> {
    /// The columns xⱼ.
    pub columns: &'a [&'a [T]],
    /// wⱼ, one after the other.
    pub weights: &'a [T],
    /// k.
    pub outputs: usize,
    /// zᵢ, one after the other.
    pub out: &'a mut [T],
    /// z = instead of z +=.
    pub set: bool,
}

/// Σᵢ xⱼᵢ vᵢ added to vector j of `out`, for columns xⱼ of equal length and vectors of `outputs` numbers.
#[derive(Debug)]
pub struct Cross<'a, T> {
    /// The columns xⱼ.
    pub columns: &'a [&'a [T]],
    /// vᵢ, one after the other.
    pub vectors: &'a [T],
    /// k.
    pub outputs: usize,
    /// One vector a column.
    pub out: &'a mut [T],
}

impl<T: Real> Blend<'_, T> {
    pub(crate) fn plain(self) {
        for (i, z) in self.out.chunks_exact_mut(self.outputs).enumerate() {
            for (c, z) in z.iter_mut().enumerate() {
                let terms = self.columns.iter().zip(self.weights[c..].iter().step_by(self.outputs));
                let start = if self.set { T::zero() } else { *z };
                *z = terms.fold(start, |sum, (column, &w)| sum + column[i] * w);
            }
        }
    }
}

impl<T: Real> Cross<'_, T> {
    pub(crate) fn plain(self) {
        for (out, column) in self.out.chunks_exact_mut(self.outputs).zip(self.columns) {
            for (&x, v) in column.iter().zip(self.vectors.chunks_exact(self.outputs)) {
                out.iter_mut().zip(v).for_each(|(out, &v)| *out += x * v);
            }
        }
    }
}

/// The most samples of two registers (f32 with 512 bits).
const STEP: usize = 32;

impl<T: Lanes> WithSimd for Blend<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if S::IS_SCALAR {
            return self.plain();
        }
        let (step, rows) = (2 * T::lanes(simd), self.out.len() / self.outputs);
        let whole = rows - rows % step;
        for i in (0..whole).step_by(step) {
            self.row_of_tiles(simd, self.columns, i, i, step);
        }
        if whole < rows {
            // The last samples, filled up to two registers.
            let (mut tile, mut columns) = ([T::zero(); DEPTH * STEP], [&[][..]; DEPTH]);
            for (column, tile) in self.columns.iter().zip(tile.chunks_exact_mut(step)) {
                tile[..rows - whole].copy_from_slice(&column[whole..rows]);
            }
            columns.iter_mut().zip(tile.chunks_exact(step)).for_each(|(column, tile)| *column = tile);
            self.row_of_tiles(simd, &columns[..self.columns.len()], 0, whole, rows - whole);
        }
    }
}

impl<T: Lanes> Blend<'_, T> {
    /// All outputs of `tall` samples: numbers `from ..` of the columns, samples `to ..` of the scores.
    #[inline(always)]
    fn row_of_tiles<S: Simd>(&mut self, simd: S, columns: &[&[T]], from: usize, to: usize, tall: usize) {
        // Of nearly equal width: a narrow tile would wait for its own sums.
        let tiles = self.outputs.div_ceil(6);
        for t in 0..tiles {
            let (c, end) = (t * self.outputs / tiles, (t + 1) * self.outputs / tiles);
            match end - c {
                1 => self.tile::<S, 1>(simd, columns, from, to, tall, c),
                2 => self.tile::<S, 2>(simd, columns, from, to, tall, c),
                3 => self.tile::<S, 3>(simd, columns, from, to, tall, c),
                4 => self.tile::<S, 4>(simd, columns, from, to, tall, c),
                5 => self.tile::<S, 5>(simd, columns, from, to, tall, c),
                _ => self.tile::<S, 6>(simd, columns, from, to, tall, c),
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        columns: &[&[T]],
        from: usize,
        to: usize,
        tall: usize,
        c: usize,
    ) {
        let (step, k) = (2 * T::lanes(simd), self.outputs);
        let mut spread = [[T::zero(); STEP]; N];
        if !self.set {
            for (i, z) in self.out[to * k..].chunks_exact(k).take(tall).enumerate() {
                (0..N).for_each(|q| spread[q][i] = z[c + q]);
            }
        }
        let mut sums = [[T::all(simd, T::zero()); 2]; N];
        for (sums, spread) in sums.iter_mut().zip(&spread) {
            let registers = T::split(simd, &spread[..step]).0;
            *sums = [registers[0], registers[1]];
        }
        for (column, w) in columns.iter().zip(self.weights.chunks_exact(k)) {
            let x = T::split(simd, &column[from..from + step]).0;
            let (low, high) = (x[0], x[1]);
            let Some(w) = w[c..].first_chunk::<N>() else { return };
            for q in 0..N {
                let w = T::all(simd, w[q]);
                sums[q][0] = T::fma(simd, low, w, sums[q][0]);
                sums[q][1] = T::fma(simd, high, w, sums[q][1]);
            }
        }
        for (sums, spread) in sums.iter().zip(&mut spread) {
            T::split_mut(simd, &mut spread[..step]).0.copy_from_slice(sums);
        }
        for (i, z) in self.out[to * k..].chunks_exact_mut(k).take(tall).enumerate() {
            (0..N).for_each(|q| z[c + q] = spread[q][i]);
        }
    }
}

impl<T: Lanes> WithSimd for Cross<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if S::IS_SCALAR {
            return self.plain();
        }
        let lanes = T::lanes(simd);
        for c in (0..self.outputs).step_by(3 * lanes) {
            // Registers of outputs times columns: about twelve sums under way.
            match (self.outputs - c).div_ceil(lanes) {
                1 => self.group::<S, 1, 8>(simd, c),
                2 => self.group::<S, 2, 6>(simd, c),
                _ => self.group::<S, 3, 4>(simd, c),
            }
        }
    }
}

impl<T: Lanes> Cross<'_, T> {
    /// R registers of outputs from output c, all columns, J at a time.
    #[inline(always)]
    fn group<S: Simd, const R: usize, const J: usize>(&mut self, simd: S, c: usize) {
        let whole = self.columns.len() - self.columns.len() % J;
        for j in (0..whole).step_by(J) {
            self.tile::<S, R, J>(simd, c, j);
        }
        for j in whole..self.columns.len() {
            self.tile::<S, R, 1>(simd, c, j);
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize, const J: usize>(&mut self, simd: S, c: usize, j: usize) {
        let (k, width) = (self.outputs, R * T::lanes(simd));
        let wanted = (k - c).min(width);
        let rows = self.vectors.len() / k;
        // Registers reach beyond a sample's outputs into the next sample's; the last samples have none behind them.
        let safe = if rows * k < c + width { 0 } else { ((rows * k - c - width) / k + 1).min(rows) };
        let mut columns = [self.columns[j]; J];
        for q in 0..J {
            columns[q] = &self.columns[j + q][..rows];
        }
        let mut sums = [[T::all(simd, T::zero()); R]; J];
        for i in 0..safe {
            let v = &T::split(simd, &self.vectors[i * k + c..][..width]).0[..R];
            for q in 0..J {
                let x = T::all(simd, columns[q][i]);
                for r in 0..R {
                    sums[q][r] = T::fma(simd, x, v[r], sums[q][r]);
                }
            }
        }
        let mut padded = [T::zero(); 3 * STEP / 2];
        for i in safe..rows {
            padded[..wanted].copy_from_slice(&self.vectors[i * k + c..][..wanted]);
            let v = &T::split(simd, &padded[..width]).0[..R];
            for q in 0..J {
                let x = T::all(simd, columns[q][i]);
                for r in 0..R {
                    sums[q][r] = T::fma(simd, x, v[r], sums[q][r]);
                }
            }
        }
        for (q, sums) in sums.iter().enumerate() {
            T::split_mut(simd, &mut padded[..width]).0.copy_from_slice(sums);
            let out = &mut self.out[(j + q) * k + c..][..wanted];
            out.iter_mut().zip(&padded).for_each(|(out, &sum)| *out += sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::{Into, Outer, Strided};
    use proptest::prelude::*;

    fn number<T: Real>(i: usize) -> T {
        T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0)
    }

    fn check<T: Lanes>(n: usize, p: usize, k: usize, set: bool, eps: f64) {
        let x: Vec<T> = (0..n * p).map(number).collect();
        let w: Vec<T> = (0..k * p).map(|i| number(i + 5)).collect();
        let columns: Vec<&[T]> = x.chunks_exact(n).collect();
        let start: Vec<T> = (0..k * n).map(|i| number(i + 9)).collect();
        let (mut z, mut plain, mut product) = (start.clone(), start.clone(), start.clone());
        T::blend(Blend { columns: &columns, weights: &w, outputs: k, out: &mut z, set });
        Blend { columns: &columns, weights: &w, outputs: k, out: &mut plain, set }.plain();
        T::outer(Outer {
            m: k,
            k: p,
            n,
            a: Strided { data: &w, down: 1, right: k },
            b: Strided { data: &x, down: n, right: 1 },
            c: Strided { data: &mut product, down: 1, right: k },
            into: if set { Into::Set } else { Into::Add },
        });
        assert!(z == product, "the product of gathered samples has other bits, {n} {p} {k}");
        let (mut g, mut expected) = (w.clone(), w.clone());
        T::cross(Cross { columns: &columns, vectors: &z, outputs: k, out: &mut g });
        Cross { columns: &columns, vectors: &z, outputs: k, out: &mut expected }.plain();
        let close = |a: &[T], b: &[T], terms: usize| {
            a.iter().zip(b).all(|(a, b)| (*a - *b).to_f64().abs() <= eps * (terms * (p + 1)) as f64)
        };
        assert!(close(&z, &plain, 1), "scores {n} {p} {k}");
        assert!(close(&g, &expected, n), "gradient {n} {p} {k}");
    }

    proptest! {
        #[test]
        fn equal_the_loops(n in 1usize..70, p in 1usize..=DEPTH, k in 2usize..30, set: bool) {
            check::<f64>(n, p, k, set, 4e-16);
            check::<f32>(n, p, k, set, 2e-7);
        }
    }

    #[test]
    fn what_is_not_finite_stays_in_its_own_sample_and_column() {
        let (mut x, mut v) = (vec![1.0f64; 40 * 3], vec![1.0; 40 * 5]);
        (x[17], v[23 * 5 + 4]) = (f64::NAN, f64::INFINITY);
        let columns: Vec<&[f64]> = x.chunks_exact(40).collect();
        let mut z = vec![0.0; 40 * 5];
        f64::blend(Blend { columns: &columns, weights: &[1.0; 15], outputs: 5, out: &mut z, set: true });
        let touched: Vec<usize> = (0..40).filter(|i| z[i * 5..][..5].iter().any(|z| z.is_nan())).collect();
        assert_eq!(touched, [17]);
        let mut g = vec![0.0; 15];
        f64::cross(Cross { columns: &columns, vectors: &v, outputs: 5, out: &mut g });
        let finite: Vec<bool> = g.iter().map(|g| g.is_finite()).collect();
        let expected: Vec<bool> = (0..15).map(|i| i / 5 > 0 && i % 5 < 4).collect();
        assert_eq!(finite, expected);
    }
}
