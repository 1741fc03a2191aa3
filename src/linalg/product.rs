//! The products of the layers, on the kernels of [`Real`].
//!
//! An entry of a forward product is the same sum in the same order whatever other rows and columns are computed with it, and
//! whether the samples lie gathered or as feature columns: a prediction does not depend on its batch. With several outputs
//! the sum is one chain over the inputs; with one output it is made of chains of eight, see `real::columns`.

use super::Block;
use super::block::packed_stride;
use crate::Real;
use crate::real::{Blend, CHAIN, Combine, DEPTH, Dots, Inner, Into, Outer, Scores, Strided};
use nalgebra::DMatrix;

/// z = W x + b 1ᵀ. W is k×p column-major, b has k numbers or none, x is p×b, z k×b.
pub fn forward<T: Real>(w: &[T], bias: &[T], outputs: usize, x: &DMatrix<T>, z: &mut [T]) {
    forward_samples(w, bias, outputs, x.as_slice(), z);
}

/// [`forward`] on samples in a slice, one after the other.
pub fn forward_samples<T: Real>(w: &[T], bias: &[T], outputs: usize, x: &[T], z: &mut [T]) {
    let (p, n) = (w.len() / outputs, z.len() / outputs);
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

/// z ← z + b 1ᵀ.
fn add_bias<T: Real>(bias: &[T], z: &mut [T]) {
    match bias {
        [] => {}
        [b] => z.iter_mut().for_each(|z| *z += *b),
        _ => z.chunks_exact_mut(bias.len()).for_each(|z| z.iter_mut().zip(bias).for_each(|(z, &b)| *z += b)),
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
        _ => dz.chunks_exact(outputs).for_each(|dz| db.iter_mut().zip(dz).for_each(|(db, &dz)| *db += dz)),
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

/// [`backward`] on `rows` samples as [packed](Block::pack) columns, x and dz alike.
pub fn backward_columns<T: Real>(dz: &[T], rows: usize, x: &[T], dw: &mut [T], db: &mut [T]) {
    let stride = packed_stride(rows);
    let (p, k) = (x.len() / stride, dz.len() / stride);
    let c = Strided { data: dw, down: k, right: 1 };
    T::inner(Inner { rows, a: x, lda: stride, m: p, b: dz, ldb: stride, n: k, c, upper: false });
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

    fn check<T: Real>(n: usize, p: usize, k: usize, biased: bool, eps: f64) {
        let (w, x, dz) = (matrix::<T>(k, p, 1), matrix::<T>(p, n, 2), matrix::<T>(k, n, 3));
        let bias: Vec<T> = (0..if biased { k } else { 0 }).map(number).collect();
        let rows = x.transpose();
        let block = Block::new(rows.as_view());
        let close = |a: &DMatrix<T>, b: &DMatrix<T>, terms: usize| (a - b).amax().to_f64() <= eps * (terms + 1) as f64;

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
        assert!(close(&z, &(&w * &x + b), p), "forward {n} {p} {k}");

        let (mut dw, mut db) = (matrix::<T>(k, p, 9), bias.iter().map(|_| T::one()).collect::<Vec<T>>());
        let (mut dwb, mut dbb) = (dw.clone(), db.clone());
        let expected = &dw + &dz * x.transpose();
        backward(dz.as_slice(), k, &x, dw.as_mut_slice(), &mut db);
        (0..n * k).for_each(|i| columns[i % k * stride + i / k] = dz.as_slice()[i]);
        backward_columns(&columns, n, packed.as_slice(), dwb.as_mut_slice(), &mut dbb);
        if k == 1 {
            let (mut dw1, mut db1) = (dw.clone(), db.clone());
            backward_block(dz.as_slice(), &block, dw1.as_mut_slice(), &mut db1);
            assert!(close(&dw1, &expected, n), "backward of one output {n} {p}");
        }
        assert!(close(&dw, &expected, n) && close(&dwb, &expected, n), "backward {n} {p} {k}");
        let sums = DMatrix::from_fn(db.len(), 1, |i, _| T::one() + dz.row(i).sum());
        let column = |v: &[T]| DMatrix::from_column_slice(v.len(), 1, v);
        assert!(close(&column(&db), &sums, n) && close(&column(&dbb), &sums, n), "bias {n} {p} {k}");

        let mut dx = DMatrix::zeros(p, n);
        backward_input(w.as_slice(), k, dz.as_slice(), dx.as_mut_slice());
        assert!(close(&dx, &(w.transpose() * &dz), k), "input {n} {p} {k}");

        for i in [0, n / 2, n - 1] {
            let mut alone = vec![T::zero(); k];
            forward(w.as_slice(), &bias, k, &x.columns(i, 1).into_owned(), &mut alone);
            assert_eq!(alone, z.column(i).as_slice(), "sample {i} alone, {n} {p} {k}");
        }
    }

    proptest! {
        #[test]
        fn equal_the_matrix_products(n in 1usize..80, p in 1usize..150, k in 1usize..40, biased: bool) {
            check::<f64>(n, p, k, biased, 4e-16);
            check::<f32>(n, p, k, biased, 2e-7);
        }
    }
}
