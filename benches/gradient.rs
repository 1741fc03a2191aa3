//! A full gradient of a linear and a logistic risk and an epoch of a network, beside plain nalgebra.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use residual::nalgebra::{DMatrix, DVector};
use residual::{
    Activation, Affine, CrossEntropy, Dataset, Dense, FiniteSum, Loss, Objective, Risk, Rule, SquaredError, Stack,
    optim::rule::Adam,
};
use std::hint::black_box;

/// Numbers without a pattern that matters, the same on every run.
fn noise(rows: usize, cols: usize) -> DMatrix<f64> {
    let mut state = 1u64;
    DMatrix::from_fn(rows, cols, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    })
}

fn risk_gradient<L: Loss<f64>>(c: &mut Criterion, name: &str, loss: &L, y: impl Fn(f64) -> f64) {
    let mut group = c.benchmark_group(name);
    for (n, p) in [(100_000, 20), (100_000, 100)] {
        let x = noise(n, p);
        let y = DVector::from_fn(n, |i, _| y(x[(i, 0)]));
        let data = Dataset::new(&x, &y).expect("finite");
        let layer = Affine::new(p, 1);
        let mut risk = Risk::new(&data, &layer, loss, 0.0).expect("legal");
        let (theta, mut grad) = (vec![0.1; p + 1], vec![0.0; p + 1]);
        group.throughput(Throughput::Bytes(8 * (n * p) as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("n={n},p={p}")), |b| {
            b.iter(|| black_box(risk.gradient(black_box(&theta), &mut grad)));
        });
        let (w, mut z, mut g) = (DVector::from_element(p, 0.1), DVector::zeros(n), DVector::zeros(p));
        group.bench_function(format!("two nalgebra products/n={n},p={p}"), |b| {
            b.iter(|| {
                z.gemv(1.0, &x, black_box(&w), 0.0);
                g.gemv_tr(1.0, &x, &z, 0.0);
                black_box(g[0])
            });
        });
    }
    group.finish();
}

fn gradients(c: &mut Criterion) {
    risk_gradient(c, "linear_gradient", &SquaredError, |x| x);
    risk_gradient(c, "logistic_gradient", &CrossEntropy, |x| f64::from(u8::from(x > 0.0)));
}

fn network_epoch(c: &mut Criterion) {
    let (n, p) = (10_000, 20);
    let x = noise(n, p).cast::<f32>();
    let y = x.column(0) * 2.0;
    let y = DMatrix::from_column_slice(n, 1, y.as_slice());
    let data = Dataset::new(&x, &y).expect("finite");
    let dense = |inputs, outputs| Dense::new(inputs, outputs, Activation::Relu);
    let layer = Stack::new(vec![dense(p, 64), dense(64, 64), Dense::new(64, 1, Activation::Identity)]).expect("layers");
    let mut risk = Risk::new(&data, &layer, &SquaredError, 0.0).expect("legal");
    let mut theta = residual::Layout::of::<f32, _>(&layer).initialize(0);
    let (mut grad, rule) = (vec![0.0; theta.len()], Adam::default());
    let mut state = Rule::<f32>::init(&rule, theta.len());
    let order: Vec<usize> = (0..n).collect();
    c.bench_function("network_epoch/20-64-64-1,n=10000,batch=32", |b| {
        b.iter(|| {
            for batch in order.chunks(32) {
                risk.batch_gradient(batch, &theta, &mut grad);
                rule.step(&mut state, &mut theta, &mut grad, 1e-3);
            }
        });
    });
}

criterion_group!(benches, gradients, network_epoch);
criterion_main!(benches);
