//! Products of feature columns with several outputs: Z = W X and dW = dZ Xᵀ.

use super::{Ahead, CHAIN, Dots, Inner, Lanes, Real, Strided};
use pulp::{Simd, WithSimd};

/// How many columns one call takes at most.
pub(crate) const DEPTH: usize = 64;

/// zᵢ = Σⱼ wⱼ xⱼᵢ + b, or zᵢ += Σⱼ wⱼ xⱼᵢ + b, for at most [`DEPTH`] columns xⱼ of equal length and vectors zᵢ, wⱼ of k numbers.
/// Every entry is one chain of additions in the order of the columns, from its former value if there is one; b comes last.
#[derive(Debug)]
pub struct Blend<'a, T> {
    /// The columns xⱼ.
    pub columns: &'a [&'a [T]],
    /// wⱼ, one after the other.
    pub weights: &'a [T],
    /// b, or nothing.
    pub bias: &'a [T],
    /// k.
    pub outputs: usize,
    /// How many numbers of each column.
    pub rows: usize,
    /// Z, k×rows; one of its strides is 1.
    pub out: Strided<&'a mut [T]>,
    /// z = instead of z +=.
    pub set: bool,
}

impl<T: Real> Blend<'_, T> {
    pub(crate) fn plain(self) {
        for (i, c) in (0..self.rows).flat_map(|i| (0..self.outputs).map(move |c| (i, c))) {
            let z = &mut self.out.data[c * self.out.down + i * self.out.right];
            let terms = self.columns.iter().zip(self.weights[c..].iter().step_by(self.outputs));
            let start = if self.set { T::zero() } else { *z };
            let sum = terms.fold(start, |sum, (column, &w)| sum + column[i] * w);
            *z = self.bias.get(c).map_or(sum, |&b| sum + b);
        }
    }
}

/// Σᵢ xⱼᵢ v_cᵢ added to number j k + c of `out`, for packed columns xⱼ and v_c.
#[derive(Debug)]
pub struct Cross<'a, T> {
    /// The length of the columns.
    pub rows: usize,
    /// From one column to the next.
    pub stride: usize,
    /// The columns xⱼ.
    pub x: &'a [T],
    /// The columns v_c.
    pub vectors: &'a [T],
    /// k vectors a column.
    pub out: &'a mut [T],
    /// What will be read next.
    pub ahead: &'a [Ahead],
}

impl<T: Real> Cross<'_, T> {
    /// One vector after the other.
    pub(crate) fn one_by_one(self) {
        let k = self.vectors.len() / self.stride;
        for (c, vector) in self.vectors.chunks_exact(self.stride).enumerate() {
            let vector = &vector[..self.rows];
            for (g, x) in self.x.chunks(CHAIN * self.stride).enumerate() {
                let (mut columns, mut sums) = ([vector; CHAIN], [T::zero(); CHAIN]);
                let many = x.len() / self.stride;
                columns.iter_mut().zip(x.chunks_exact(self.stride)).for_each(|(to, x)| *to = &x[..self.rows]);
                T::dots(Dots { columns: &columns[..many], vector, out: &mut sums[..many] });
                let out = self.out[g * CHAIN * k + c..].iter_mut().step_by(k);
                out.zip(&sums[..many]).for_each(|(out, &sum)| *out += sum);
            }
        }
    }
}

impl<'a> Cross<'a, f64> {
    /// The same as one product.
    pub(crate) fn product(self) -> Inner<'a> {
        let Self { rows, stride, x, vectors, out, ahead } = self;
        let (m, n) = (x.len() / stride, vectors.len() / stride);
        let c = Strided { data: out, down: n, right: 1 };
        Inner { rows, a: x, lda: stride, m, b: vectors, ldb: stride, n, c, upper: false, ahead: ahead.iter() }
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
        let step = 2 * T::lanes(simd);
        let whole = self.rows - self.rows % step;
        for i in (0..whole).step_by(step) {
            self.row_of_tiles(simd, self.columns, i, i, step);
        }
        if whole < self.rows {
            // The last samples, filled up to two registers.
            let (mut tile, mut columns) = ([T::zero(); DEPTH * STEP], [&[][..]; DEPTH]);
            for (column, tile) in self.columns.iter().zip(tile.chunks_exact_mut(step)) {
                tile[..self.rows - whole].copy_from_slice(&column[whole..self.rows]);
            }
            columns.iter_mut().zip(tile.chunks_exact(step)).for_each(|(column, tile)| *column = tile);
            self.row_of_tiles(simd, &columns[..self.columns.len()], 0, whole, self.rows - whole);
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
        let Strided { down, right, .. } = self.out;
        let at = |q: usize| (c + q) * down + to * right;
        let mut sums = [[T::all(simd, T::zero()); 2]; N];
        if !self.set {
            for q in 0..N {
                let mut former = [T::zero(); STEP];
                (0..tall).for_each(|i| former[i] = self.out.data[at(q) + i * right]);
                sums[q].copy_from_slice(T::split(simd, &former[..step]).0);
            }
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
        if let Some(bias) = self.bias.get(c..c + N) {
            for (sums, &b) in sums.iter_mut().zip(bias) {
                let b = T::all(simd, b);
                *sums = [T::plus(simd, sums[0], b), T::plus(simd, sums[1], b)];
            }
        }
        if right == 1 && tall == step {
            for (q, sums) in sums.iter().enumerate() {
                T::split_mut(simd, &mut self.out.data[at(q)..][..step]).0.copy_from_slice(sums);
            }
            return;
        }
        let mut spread = [[T::zero(); STEP]; N];
        for (sums, spread) in sums.iter().zip(&mut spread) {
            T::split_mut(simd, &mut spread[..step]).0.copy_from_slice(sums);
        }
        for i in 0..tall {
            (0..N).for_each(|q| self.out.data[at(q) + i * right] = spread[q][i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::{Into, Outer};
    use proptest::prelude::*;

    fn number<T: Real>(i: usize) -> T {
        T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0)
    }

    fn check<T: Lanes>(n: usize, p: usize, k: usize, set: bool, planes: bool, eps: f64) {
        let x: Vec<T> = (0..n * p).map(number).collect();
        let w: Vec<T> = (0..k * p).map(|i| number(i + 5)).collect();
        let columns: Vec<&[T]> = x.chunks_exact(n).collect();
        let (down, right) = if planes { (n + 3, 1) } else { (1, k) };
        let start: Vec<T> = (0..k * (n + 3)).map(|i| number(i + 9)).collect();
        let (mut z, mut plain, mut product) = (start.clone(), start.clone(), start);
        let bias = if set { &w[..k] } else { &[] };
        let blend = |data| Blend {
            columns: &columns,
            weights: &w,
            bias,
            outputs: k,
            rows: n,
            out: Strided { data, down, right },
            set,
        };
        T::blend(blend(&mut z));
        blend(&mut plain).plain();
        T::outer(Outer {
            m: k,
            k: p,
            n,
            a: Strided { data: &w, down: 1, right: k },
            b: Strided { data: &x, down: n, right: 1 },
            c: Strided { data: &mut product, down, right },
            into: if set { Into::Set } else { Into::Add },
        });
        for (i, c) in (0..n).flat_map(|i| (0..k).map(move |c| (i, c))) {
            product[c * down + i * right] += bias.get(c).copied().unwrap_or_else(T::zero);
        }
        assert!(z == product, "the product of gathered samples has other bits, {n} {p} {k}");
        let close = z.iter().zip(&plain).all(|(a, b)| (*a - *b).to_f64().abs() <= eps * (p + 2) as f64);
        assert!(close, "scores {n} {p} {k}");
    }

    proptest! {
        #[test]
        fn equal_the_loops(n in 1usize..70, p in 1usize..=DEPTH, k in 2usize..30, set: bool, planes: bool) {
            check::<f64>(n, p, k, set, planes, 4e-16);
            check::<f32>(n, p, k, set, planes, 2e-7);
        }
    }

    #[test]
    fn what_is_not_finite_stays_in_its_own_sample() {
        let mut x = vec![1.0f64; 40 * 3];
        x[17] = f64::NAN;
        let columns: Vec<&[f64]> = x.chunks_exact(40).collect();
        let mut z = vec![0.0; 40 * 5];
        let out = Strided { data: &mut z[..], down: 1, right: 5 };
        f64::blend(Blend { columns: &columns, weights: &[1.0; 15], bias: &[], outputs: 5, rows: 40, out, set: true });
        let touched: Vec<usize> = (0..40).filter(|i| z[i * 5..][..5].iter().any(|z| z.is_nan())).collect();
        assert_eq!(touched, [17]);
    }
}
