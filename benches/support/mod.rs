//! What the benches share: the limits of this machine, measured in the same run, and data with fixed seeds.
#![allow(dead_code)] // each bench uses its part

use nalgebra::DMatrix;
use pulp::{Arch, Simd, WithSimd};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use std::hint::black_box;
use std::time::Instant;

/// Seconds of one call of `f`: median, least and greatest of `runs` samples, each of at least 2 ms. Under `cargo test`, which
/// does not pass `--bench`, one call and no more.
pub fn time(runs: usize, mut f: impl FnMut()) -> [f64; 3] {
    let start = Instant::now();
    f();
    if !std::env::args().any(|argument| argument == "--bench") {
        return [start.elapsed().as_secs_f64(); 3];
    }
    let calls = (2e-3 / start.elapsed().as_secs_f64().max(1e-9)).ceil().max(1.0) as usize;
    let mut samples: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| f());
            start.elapsed().as_secs_f64() / calls as f64
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    [samples[runs / 2], samples[0], samples[runs - 1]]
}

/// Fused multiply-adds of ten registers, independent of each other.
struct Chains;

impl WithSimd for Chains {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (a, b) = (simd.splat_f64s(black_box(0.999_999)), simd.splat_f64s(black_box(1e-6)));
        let mut sums = [simd.splat_f64s(1.0); 10];
        for _ in 0..LOOPS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f64s(a, *sum, b);
            }
        }
        let total = sums.into_iter().fold(simd.splat_f64s(0.0), |total, sum| simd.add_f64s(total, sum));
        black_box(simd.reduce_sum_f64s(total));
        (size_of::<S::f64s>() / 8 * 2 * 10 * LOOPS) as f64
    }
}

const LOOPS: usize = 100_000;

/// Floating-point operations a second of one thread in f64; f32 has twice as many.
pub fn peak() -> f64 {
    let mut operations = 0.0;
    let [_, least, _] = time(15, || operations = Arch::new().dispatch(Chains));
    operations / least
}

struct Read<'a>(&'a [f64]);

impl WithSimd for Read<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (registers, _) = S::as_simd_f64s(self.0);
        let mut sums = [simd.splat_f64s(0.0); 8];
        for eight in registers.chunks_exact(8) {
            for (sum, &x) in sums.iter_mut().zip(eight) {
                *sum = simd.add_f64s(*sum, x);
            }
        }
        simd.reduce_sum_f64s(sums.into_iter().fold(simd.splat_f64s(0.0), |total, sum| simd.add_f64s(total, sum)))
    }
}

/// Seconds to read 80 MB once, on as many threads as the current pool has.
pub fn read_80_mb() -> f64 {
    let x = vec![1.0f64; 10_000_000];
    let threads = rayon::current_num_threads();
    let [_, least, _] = time(15, || {
        rayon::scope(|scope| {
            for part in x.chunks(x.len().div_ceil(threads)) {
                scope.spawn(|_| {
                    black_box(Arch::new().dispatch(Read(part)));
                });
            }
        });
    });
    least
}

pub fn normal(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    DMatrix::from_fn(rows, columns, |_, _| StandardNormal.sample(&mut rng))
}

/// X ~ N(0, 1), y = X w + 0.7 + noise of 0.5.
pub fn linear(n: usize, p: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let (x, w) = (normal(n, p, 1), normal(p, 1, 2));
    let y = (&x * w).add_scalar(0.7) + normal(n, 1, 3) * 0.5;
    (x, y)
}

/// X ~ N(0, 1), y from the logistic model with coefficients of size 2/√p.
pub fn binary(n: usize, p: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let (x, w) = (normal(n, p, 4), normal(p, 1, 5) * (2.0 / (p as f64).sqrt()));
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let y = (&x * w).map(|z| f64::from(rng.random::<f64>() < 1.0 / (1.0 + (-z - 0.3).exp())));
    (x, y)
}

/// X ~ N(0, 1), one-hot y from the softmax model.
pub fn classes(n: usize, p: usize, k: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let (x, w) = (normal(n, p, 7), normal(p, k, 8) * (2.0 / (p as f64).sqrt()));
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut scores = &x * w;
    scores.apply(|z| *z -= (-rng.random::<f64>().ln()).ln());
    let y = DMatrix::from_fn(n, k, |i, c| f64::from(scores.row(i).transpose().argmax().0 == c));
    (x, y)
}

/// The digits of `data/`: 1797 images of 64 pixels, 0 to 16, and one-hot y.
pub fn digits() -> (DMatrix<f64>, DMatrix<f64>) {
    let mut reader = csv::Reader::from_path(concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv")).unwrap();
    let rows: Vec<Vec<f64>> =
        reader.records().map(|row| row.unwrap().iter().map(|number| number.parse().unwrap()).collect()).collect();
    let x = DMatrix::from_fn(rows.len(), 64, |i, j| rows[i][j]);
    (x, DMatrix::from_fn(rows.len(), 10, |i, c| f64::from(rows[i][64] == c as f64)))
}

/// The networks' regression: y = sin(2 a·x) + (b·x)², scaled.
pub fn curved(n: usize, p: usize) -> (DMatrix<f32>, DMatrix<f32>) {
    let (x, w) = (normal(n, p, 10), normal(p, 2, 11) / (p as f64).sqrt());
    let z = &x * w;
    let y = DMatrix::from_fn(n, 1, |i, _| (2.0 * z[(i, 0)]).sin() + z[(i, 1)].powi(2));
    let (mean, deviation) = (y.mean(), y.variance().sqrt());
    (x.cast(), y.map(|y| ((y - mean) / deviation) as f32))
}
