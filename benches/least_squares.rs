//! The whole default fit of a linear regression, beside its floors and a product from outside.
//!
//! The floors are printed first: n p (p + 1) operations at the measured rate of fused multiply-adds, and n p 8 bytes at
//! the measured rate of reading. `gram by nalgebra` is XᵀX alone by nalgebra's fastest product.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use residual::nalgebra::{DMatrix, DVector};
use residual::{Dataset, LinearRegression, Regressor};
use std::hint::black_box;
use support::{peak, read_80_mb};

fn noise(rows: usize, cols: usize) -> DMatrix<f64> {
    let mut state = 1u64;
    DMatrix::from_fn(rows, cols, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    })
}

fn least_squares(c: &mut Criterion) {
    let (fma, read) = (peak(), 80e6 / read_80_mb());
    println!("{:.1} GFLOP/s of fused multiply-adds on one thread, {:.1} GB/s of reading", fma / 1e9, read / 1e9);
    let mut group = c.benchmark_group("least_squares");
    group.sample_size(10);
    for (n, p) in [(100_000, 100), (1_000_000, 20), (2000, 1000)] {
        let floor = (n * p * (p + 1)) as f64 / fma + (8 * n * p) as f64 / read;
        println!("n={n},p={p}: floor {:.1} ms, flops and one read", 1e3 * floor);
        let x = noise(n, p);
        let y = DVector::from_fn(n, |i, _| x[(i, 0)] - x[(i, p - 1)] + ((i * 7919) % 1000) as f64 / 1000.0);
        let data = Dataset::new(&x, &y).expect("finite");
        group.bench_function(BenchmarkId::from_parameter(format!("n={n},p={p}")), |b| {
            b.iter(|| LinearRegression::new().fit(black_box(&data)).expect("a fit"));
        });
        group.bench_function(format!("gram by nalgebra/n={n},p={p}"), |b| {
            b.iter(|| black_box(x.transpose() * &x));
        });
    }
    group.finish();
}

criterion_group!(benches, least_squares);
criterion_main!(benches);
