//! The products of the layers, on the kernels of [`Real`].
//!
//! An entry of a forward product is the same sum in the same order whatever other rows and columns are computed with it, and
//! whether the samples lie gathered or as feature columns: a prediction does not depend on its batch. With several outputs
//! the sum is one chain over the inputs; with one output it is made of chains of eight, see `real::columns`.

use super::Block;
use super::block::packed_stride;
use crate::Real;
use crate::real::simd::{Kernel, dispatch, mul_add};
use crate::real::{Ahead, Blend, CHAIN, Combine, Cross, DEPTH, Dots, Into, Loops, Outer, Scores, Strided, vectorize};
use nalgebra::{DMatrix, DMatrixView};

/// z = W x + b 1ᵀ. W is k×p column-major, b has k numbers or none, x is p×b, z k×b.
pub fn forward<T: Real>(w: &[T], bias: &[T], outputs: usize, x: &DMatrix<T>, z: &mut [T]) {
    let (p, n) = x.shape();
    let x = x.as_slice();
    if outputs == 1 {
        T::scores(Scores { weights: w, x, out: z });
    } else {
        T::outer(Outer {
            m: outputs,
            k: p,
            n,
            a: Strided { data: w, down: 1, right: outputs },
            b: Strided { data: x, down: 1, right: p },
            c: Strided { data: &mut *z, down: 1, right: outputs },
            into: Into::Set,
        });
    }
    add_bias(bias, z);
}

/// [`forward`] for one sample, the first row of `x`, read where it lies.
pub fn forward_row<T: Real>(w: &[T], bias: &[T], x: &DMatrixView<'_, T>, z: &mut [T]) {
    dispatch(Row { w, bias, x, z });
}

struct Row<'a, T: Real> {
    w: &'a [T],
    bias: &'a [T],
    x: &'a DMatrixView<'a, T>,
    z: &'a mut [T],
}

impl<T: Real> Kernel for Row<'_, T> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { w, bias, x, z } = self;
        if let [z] = z {
            // A sum that starts at −0 has the bits of one that starts with its first term.
            let none = -T::zero();
            let chain =
                |w: &[T], first| (0..w.len()).fold(none, |sum, t| mul_add::<T, FMA>(x[(0, first + t)], w[t], sum));
            let (chains, rest) = w.as_chunks::<CHAIN>();
            let total = chains.iter().enumerate().fold(none, |sum, (c, w)| sum + chain(w, c * CHAIN));
            *z = total + chain(rest, chains.len() * CHAIN);
        } else {
            z.fill(T::zero());
            for (j, w) in w.chunks_exact(z.len()).enumerate() {
                let x = x[(0, j)];
                z.iter_mut().zip(w).for_each(|(z, &w)| *z = mul_add::<T, FMA>(x, w, *z));
            }
        }
        z.iter_mut().zip(bias).for_each(|(z, &b)| *z += b);
    }
}

/// z ← z + b 1ᵀ.
fn add_bias<T: Real>(bias: &[T], z: &mut [T]) {
    match bias {
        [] => {}
        [b] => z.iter_mut().for_each(|z| *z += *b),
        _ => vectorize(Loops(
            #[inline(always)]
            || z.chunks_exact_mut(bias.len()).for_each(|z| z.iter_mut().zip(bias).for_each(|(z, &b)| *z += b)),
        )),
    }
}

/// dW += dz xᵀ, db += dz 1.
pub fn backward<T: Real>(dz: &[T], outputs: usize, x: &DMatrix<T>, dw: &mut [T], db: &mut [T]) {
    let (p, n) = x.shape();
    let gradient = Strided { data: dz, down: 1, right: outputs };
    let samples = Strided { data: x.as_slice(), down: 1, right: p };
    // The longer side of dW goes across the registers, or most lanes of a narrow layer would be idle.
    let (m, a, b, c) = if outputs < 16 && outputs < p {
        (p, samples, gradient.flipped(), Strided { data: dw, down: outputs, right: 1 })
    } else {
        (outputs, gradient, samples.flipped(), Strided { data: dw, down: 1, right: outputs })
    };
    T::outer(Outer { m, k: n, n: p * outputs / m, a, b, c, into: Into::Add });
    add_columns(dz, outputs, db);
}

/// db += dz 1, for a bias or none.
fn add_columns<T: Real>(dz: &[T], outputs: usize, db: &mut [T]) {
    match db {
        [] => {}
        [db] => *db += T::sum(dz),
        _ => vectorize(Loops(
            #[inline(always)]
            || dz.chunks_exact(outputs).for_each(|dz| db.iter_mut().zip(dz).for_each(|(db, &dz)| *db += dz)),
        )),
    }
}

/// dx = Wᵀ dz.
pub fn backward_input<T: Real>(w: &[T], outputs: usize, dz: &[T], dx: &mut [T]) {
    let inputs = w.len() / outputs;
    T::outer(Outer {
        m: inputs,
        k: outputs,
        n: dz.len() / outputs,
        a: Strided { data: w, down: outputs, right: 1 },
        b: Strided { data: dz, down: 1, right: outputs },
        c: Strided { data: dx, down: 1, right: inputs },
        into: Into::Set,
    });
}

/// The columns from `from` on of a block, at most N of them.
fn columns<'b, T: Real, const N: usize>(block: &'b Block<'_, T>, from: usize) -> ([&'b [T]; N], usize) {
    let count = (block.features() - from).min(N);
    let mut columns: [&[T]; N] = [&[]; N];
    (0..count).for_each(|j| columns[j] = block.column(from + j));
    (columns, count)
}

/// [`forward`] on feature columns.
pub fn forward_block<T: Real>(w: &[T], bias: &[T], outputs: usize, block: &Block<'_, T>, z: &mut [T]) {
    if outputs == 1 {
        for (c, weights) in w.chunks(CHAIN).enumerate() {
            let (columns, count) = columns::<T, CHAIN>(block, c * CHAIN);
            T::combine(Combine { columns: &columns[..count], weights, out: &mut *z, set: c == 0 });
        }
        add_bias(bias, z);
    } else {
        blend(w, bias, outputs, block, Strided { data: z, down: 1, right: outputs });
    }
}

/// [`forward`] on feature columns, the scores of output c together, from c · stride on.
pub fn forward_columns<T: Real>(w: &[T], bias: &[T], outputs: usize, block: &Block<'_, T>, z: &mut [T], stride: usize) {
    if outputs == 1 {
        forward_block(w, bias, 1, block, &mut z[..block.len()]);
    } else {
        blend(w, bias, outputs, block, Strided { data: z, down: stride, right: 1 });
    }
}

fn blend<T: Real>(w: &[T], bias: &[T], outputs: usize, block: &Block<'_, T>, z: Strided<&mut [T]>) {
    let chunks = w.len().div_ceil(DEPTH * outputs);
    for (c, weights) in w.chunks(DEPTH * outputs).enumerate() {
        let (columns, count) = columns::<T, DEPTH>(block, c * DEPTH);
        let bias = if c + 1 == chunks { bias } else { &[] };
        let out = Strided { data: &mut *z.data, ..z };
        T::blend(Blend { columns: &columns[..count], weights, bias, outputs, rows: block.len(), out, set: c == 0 });
    }
}

/// [`backward`] for one output on feature columns.
pub fn backward_block<T: Real>(dz: &[T], block: &Block<'_, T>, dw: &mut [T], db: &mut [T]) {
    for (c, dw) in dw.chunks_mut(CHAIN).enumerate() {
        let (columns, count) = columns::<T, CHAIN>(block, c * CHAIN);
        T::dots(Dots { columns: &columns[..count], vector: dz, out: dw });
    }
    add_columns(dz, 1, db);
}

/// [`backward`] on `rows` samples as [packed](Block::pack) columns, x and dz alike; `ahead` is asked for on the way.
pub fn backward_columns<T: Real>(dz: &[T], rows: usize, x: &[T], ahead: &[Ahead], dw: &mut [T], db: &mut [T]) {
    let stride = packed_stride(rows);
    T::cross(Cross { rows, stride, x, vectors: dz, out: dw, ahead });
    db.iter_mut().zip(dz.chunks_exact(stride)).for_each(|(db, dz)| *db += T::sum(&dz[..rows]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number<T: Real>(i: usize) -> T {
        T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0)
    }

    fn matrix<T: Real>(rows: usize, columns: usize, seed: usize) -> DMatrix<T> {
        DMatrix::from_fn(rows, columns, |i, j| number(i + j * rows + seed))
    }

    /// Whether C is A B + D but for the rounding of sums of so many terms. Source: Higham (2002), Accuracy and Stability, 3.1.
    fn close<T: Real>(c: &DMatrix<T>, [a, b, d]: [&DMatrix<T>; 3], eps: f64) -> bool {
        let [a, b, d] = [a, b, d].map(|m| m.map(|x| x.to_f64()));
        let (truth, size) = (&a * &b + &d, a.abs() * b.abs() + d.abs());
        let bound = eps * (a.ncols() + 2) as f64;
        c.iter().zip(&truth).zip(&size).all(|((c, truth), size)| (c.to_f64() - truth).abs() <= bound * size)
    }

    fn check<T: Real>(n: usize, p: usize, k: usize, biased: bool, eps: f64) {
        let (w, x, dz) = (matrix::<T>(k, p, 1), matrix::<T>(p, n, 2), matrix::<T>(k, n, 3));
        let bias: Vec<T> = (0..if biased { k } else { 0 }).map(number).collect();
        let rows = x.transpose();
        let block = Block::new(rows.as_view());

        let (mut z, mut zb) = (DMatrix::zeros(k, n), DMatrix::zeros(k, n));
        forward(w.as_slice(), &bias, k, &x, z.as_mut_slice());
        forward_block(w.as_slice(), &bias, k, &block, zb.as_mut_slice());
        assert_eq!(z, zb, "gathered and in place, {n} {p} {k}");
        let stride = packed_stride(n);
        let (mut packed, mut columns) = (DMatrix::zeros(0, 0), vec![T::zero(); k * stride]);
        block.pack(0, &mut packed);
        forward_columns(w.as_slice(), &bias, k, &Block::packed(&packed, n, p), &mut columns, stride);
        assert!((0..n * k).all(|i| columns[i % k * stride + i / k] == z.as_slice()[i]), "by columns, {n} {p} {k}");
        let b = DMatrix::from_fn(k, n, |i, _| bias.get(i).copied().unwrap_or_else(T::zero));
        assert!(close(&z, [&w, &x, &b], eps), "forward {n} {p} {k}");

        let (start, ones) = (matrix::<T>(k, p, 9), DMatrix::from_element(bias.len(), 1, T::one()));
        let (mut dw, mut db, mut dwb, mut dbb) = (start.clone(), ones.clone(), start.clone(), ones.clone());
        backward(dz.as_slice(), k, &x, dw.as_mut_slice(), db.as_mut_slice());
        (0..n * k).for_each(|i| columns[i % k * stride + i / k] = dz.as_slice()[i]);
        backward_columns(&columns, n, packed.as_slice(), &[], dwb.as_mut_slice(), dbb.as_mut_slice());
        assert!([dw, dwb].iter().all(|dw| close(dw, [&dz, &rows, &start], eps)), "backward {n} {p} {k}");
        if k == 1 {
            let (mut dw, mut db) = (start.clone(), ones.clone());
            backward_block(dz.as_slice(), &block, dw.as_mut_slice(), db.as_mut_slice());
            assert!(close(&dw, [&dz, &rows, &start], eps), "backward of one output {n} {p}");
        }
        let (columns, all) = (dz.rows(0, bias.len()).into_owned(), DMatrix::from_element(n, 1, T::one()));
        assert!([db, dbb].iter().all(|db| close(db, [&columns, &all, &ones], eps)), "bias {n} {p} {k}");

        let mut dx = DMatrix::zeros(p, n);
        backward_input(w.as_slice(), k, dz.as_slice(), dx.as_mut_slice());
        assert!(close(&dx, [&w.transpose(), &dz, &DMatrix::zeros(p, n)], eps), "input {n} {p} {k}");

        for i in [0, n / 2, n - 1] {
            let mut alone = vec![T::zero(); k];
            forward(w.as_slice(), &bias, k, &x.columns(i, 1).into_owned(), &mut alone);
            assert_eq!(alone, z.column(i).as_slice(), "sample {i} alone, {n} {p} {k}");
            forward_row(w.as_slice(), &bias, &rows.rows(i, 1), &mut alone);
            assert_eq!(alone, z.column(i).as_slice(), "sample {i} as a row, {n} {p} {k}");
        }
    }

    /// Sums of near 15: a bound on the number of terms alone is too narrow.
    #[test]
    fn equal_the_matrix_products_where_sums_are_large() {
        check::<f32>(45, 99, 33, true, f64::from(f32::EPSILON) / 2.0);
    }

    proptest! {
        #[test]
        fn equal_the_matrix_products(n in 1usize..80, p in 1usize..150, k in 1usize..40, biased: bool) {
            check::<f64>(n, p, k, biased, f64::EPSILON);
            check::<f32>(n, p, k, biased, f64::from(f32::EPSILON) / 2.0);
        }
    }
}
