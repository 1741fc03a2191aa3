//! Products with one vector, for models of one output: X w, and Xᵀ d.

use super::{Lanes, Real};
use pulp::{Simd, WithSimd};

/// How many terms are summed in one chain; z is the sum of the chains in order. Short chains hide latency where one sample is
/// alone, and are as fast as any where columns are added to scores; the bits are the same in both.
pub(crate) const CHAIN: usize = 8;

/// z = Σⱼ wⱼ xⱼ, or z += Σⱼ wⱼ xⱼ, for at most [`CHAIN`] columns of equal length.
#[derive(Debug)]
pub struct Combine<'a, T> {
    /// The columns xⱼ.
    pub columns: &'a [&'a [T]],
    /// One number a column.
    pub weights: &'a [T],
    /// z.
    pub out: &'a mut [T],
    /// z = instead of z +=.
    pub set: bool,
}

/// Σᵢ vᵢ xⱼᵢ added to `out[j]`, for at most [`CHAIN`] columns of equal length.
#[derive(Debug)]
pub struct Dots<'a, T> {
    /// The columns xⱼ.
    pub columns: &'a [&'a [T]],
    /// v.
    pub vector: &'a [T],
    /// One number a column.
    pub out: &'a mut [T],
}

/// zᵢ = Σⱼ wⱼ xⱼᵢ for samples that lie one after the other; the same bits as [`Combine`] on feature columns.
#[derive(Debug)]
pub struct Scores<'a, T> {
    /// w.
    pub weights: &'a [T],
    /// The samples.
    pub x: &'a [T],
    /// One number a sample.
    pub out: &'a mut [T],
}

impl<T: Real> Combine<'_, T> {
    pub(crate) fn plain(self) {
        for (i, out) in self.out.iter_mut().enumerate() {
            let terms = self.columns.iter().zip(self.weights).map(|(column, &w)| column[i] * w);
            let sum = terms.fold(T::zero(), |sum, term| sum + term);
            *out = if self.set { sum } else { *out + sum };
        }
    }
}

impl<T: Real> Dots<'_, T> {
    pub(crate) fn plain(self) {
        for (out, column) in self.out.iter_mut().zip(self.columns) {
            *out = column.iter().zip(self.vector).fold(*out, |sum, (&x, &v)| sum + x * v);
        }
    }
}

impl<T: Real> Scores<'_, T> {
    pub(crate) fn plain(self) {
        for (out, x) in self.out.iter_mut().zip(self.x.chunks_exact(self.weights.len())) {
            let chains = self.weights.chunks(CHAIN).zip(x.chunks(CHAIN));
            let sums = chains.map(|(w, x)| w.iter().zip(x).fold(T::zero(), |sum, (&w, &x)| sum + x * w));
            *out = sums.fold(T::zero(), |sum, chain| sum + chain);
        }
    }
}

impl<T: Lanes> WithSimd for Combine<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::IS_SCALAR {
            return self.plain();
        }
        match self.columns.len() {
            1 => combine::<S, T, 1>(simd, self),
            2 => combine::<S, T, 2>(simd, self),
            3 => combine::<S, T, 3>(simd, self),
            4 => combine::<S, T, 4>(simd, self),
            5 => combine::<S, T, 5>(simd, self),
            6 => combine::<S, T, 6>(simd, self),
            7 => combine::<S, T, 7>(simd, self),
            _ => combine::<S, T, 8>(simd, self),
        }
    }
}

#[inline(always)]
fn combine<S: Simd, T: Lanes, const J: usize>(simd: S, it: Combine<'_, T>) {
    let len = it.out.len();
    let (out, rest) = T::split_mut(simd, it.out);
    let whole = out.len();
    let mut columns = [T::split(simd, it.columns[0]).0; J];
    let mut weights = [T::all(simd, T::zero()); J];
    for j in 0..J {
        columns[j] = &T::split(simd, &it.columns[j][..len]).0[..whole];
        weights[j] = T::all(simd, it.weights[j]);
    }
    for (i, out) in out.iter_mut().enumerate() {
        let mut sum = T::times(simd, columns[0][i], weights[0]);
        for j in 1..J {
            sum = T::fma(simd, columns[j][i], weights[j], sum);
        }
        *out = if it.set { sum } else { T::plus(simd, *out, sum) };
    }
    let done = len - rest.len();
    for (i, out) in rest.iter_mut().enumerate() {
        let mut sum = it.columns[0][done + i] * it.weights[0];
        for j in 1..J {
            sum = T::fma1(simd, it.columns[j][done + i], it.weights[j], sum);
        }
        *out = if it.set { sum } else { *out + sum };
    }
}

impl<T: Lanes> WithSimd for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::IS_SCALAR {
            return self.plain();
        }
        match self.columns.len() {
            1 => dots::<S, T, 1>(simd, self),
            2 => dots::<S, T, 2>(simd, self),
            3 => dots::<S, T, 3>(simd, self),
            4 => dots::<S, T, 4>(simd, self),
            5 => dots::<S, T, 5>(simd, self),
            6 => dots::<S, T, 6>(simd, self),
            7 => dots::<S, T, 7>(simd, self),
            _ => dots::<S, T, 8>(simd, self),
        }
    }
}

#[inline(always)]
fn dots<S: Simd, T: Lanes, const J: usize>(simd: S, it: Dots<'_, T>) {
    let len = it.vector.len();
    let (vector, rest) = T::split(simd, it.vector);
    let whole = vector.len();
    let mut columns = [vector; J];
    for j in 0..J {
        columns[j] = &T::split(simd, &it.columns[j][..len]).0[..whole];
    }
    // Two sums a column where there are few columns, to hide the latency of one.
    let mut sums = [T::all(simd, T::zero()); J];
    let mut others = sums;
    let mut i = 0;
    if J <= 4 {
        while i + 1 < whole {
            for j in 0..J {
                sums[j] = T::fma(simd, columns[j][i], vector[i], sums[j]);
                others[j] = T::fma(simd, columns[j][i + 1], vector[i + 1], others[j]);
            }
            i += 2;
        }
    }
    while i < whole {
        for j in 0..J {
            sums[j] = T::fma(simd, columns[j][i], vector[i], sums[j]);
        }
        i += 1;
    }
    let done = len - rest.len();
    for j in 0..J {
        let mut sum = T::total(simd, T::plus(simd, sums[j], others[j]));
        for (i, &v) in rest.iter().enumerate() {
            sum = T::fma1(simd, it.columns[j][done + i], v, sum);
        }
        it.out[j] += sum;
    }
}

impl<T: Lanes> WithSimd for Scores<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::IS_SCALAR {
            return self.plain();
        }
        let (whole, rest) = self.weights.as_chunks::<CHAIN>();
        for (out, x) in self.out.iter_mut().zip(self.x.chunks_exact(self.weights.len())) {
            let (chains, tail) = x.as_chunks::<CHAIN>();
            let mut total = T::zero();
            for (i, (w, x)) in whole.iter().zip(chains).enumerate() {
                let mut sum = x[0] * w[0];
                for t in 1..CHAIN {
                    sum = T::fma1(simd, x[t], w[t], sum);
                }
                total = if i == 0 { sum } else { total + sum };
            }
            if let ([w0, w @ ..], [x0, x @ ..]) = (rest, tail) {
                let sum = w.iter().zip(x).fold(*x0 * *w0, |sum, (&w, &x)| T::fma1(simd, x, w, sum));
                total = if whole.is_empty() { sum } else { total + sum };
            }
            *out = total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number<T: Real>(i: usize) -> T {
        T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0)
    }

    fn check<T: Lanes>(n: usize, p: usize, eps: f64) {
        let x: Vec<T> = (0..n * p).map(number).collect();
        let (w, d): (Vec<T>, Vec<T>) =
            ((0..p).map(|j| number(j + 5)).collect(), (0..n).map(|i| number(i + 9)).collect());
        let columns: Vec<&[T]> = x.chunks_exact(n).collect();
        let (mut z, mut g) = (vec![T::one(); n], vec![T::zero(); p]);
        for (c, (columns, w)) in columns.chunks(CHAIN).zip(w.chunks(CHAIN)).enumerate() {
            T::combine(Combine { columns, weights: w, out: &mut z, set: c == 0 });
            T::dots(Dots { columns, vector: &d, out: &mut g[c * CHAIN..][..columns.len()] });
        }
        for i in 0..n {
            let sum: f64 = (0..p).map(|j| x[i + j * n].to_f64() * w[j].to_f64()).sum();
            assert!((z[i].to_f64() - sum).abs() <= eps * p as f64, "score {i} of {n}, {p}");
            let row: Vec<T> = (0..p).map(|j| x[i + j * n]).collect();
            let mut alone = [T::one()];
            T::scores(Scores { weights: &w, x: &row, out: &mut alone });
            assert!(alone[0] == z[i], "score {i} alone: {} and {}", alone[0], z[i]);
        }
        for j in 0..p {
            let sum: f64 = (0..n).map(|i| x[i + j * n].to_f64() * d[i].to_f64()).sum();
            assert!((g[j].to_f64() - sum).abs() <= eps * n as f64, "dot {j} of {n}, {p}");
        }
    }

    proptest! {
        #[test]
        fn equal_the_sums_and_each_other(n in 1usize..70, p in 1usize..40) {
            check::<f64>(n, p, 4e-16);
            check::<f32>(n, p, 2e-7);
        }
    }
}
