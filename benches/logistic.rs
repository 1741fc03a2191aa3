//! Logistic fits by Newton and by L-BFGS, beside one read of the features, which no fit can beat.
//!
//! Each prints the risk that it reached, and its time in gradients of the risk and in reads of X: a time says nothing without.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use residual::nalgebra::DMatrix;
use residual::{
    Affine, CrossEntropy, Dataset, Fitted, Lbfgs, LogisticRegression, Newton, Objective, Regressor, Risk, Solver,
};
use std::hint::black_box;
use support::time;

/// Standard normal numbers, the same on every run.
struct Draws(u64);

impl Draws {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// Features and targets by a logistic model with scores of standard deviation 2; k = 1 or one-hot.
fn problem(n: usize, p: usize, k: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut draws = Draws(3);
    let x = DMatrix::from_fn(n, p, |_, _| draws.normal());
    let w = DMatrix::from_fn(p, k, |_, _| 2.0 * draws.normal() / (p as f64).sqrt());
    let mut y = &x * w;
    if k == 1 {
        y.iter_mut().for_each(|z| *z = f64::from(u8::from(draws.unit() < 1.0 / (1.0 + (-*z - 0.3).exp()))));
        return (x, y);
    }
    for mut row in y.row_iter_mut() {
        row.iter_mut().for_each(|z| *z -= (-draws.unit().ln()).ln());
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|z| *z = f64::from(u8::from(*z == top)));
    }
    (x, y)
}

fn fit<S>(data: &Dataset<'_, f64>, solver: S) -> Fitted<f64, Affine, CrossEntropy>
where
    S: for<'r> Solver<f64, Risk<'r, f64, Affine, CrossEntropy>>,
{
    LogisticRegression::new().l2(1.0 / data.samples() as f64).solver(solver).fit(data).expect("a fit")
}

fn fits(c: &mut Criterion) {
    let quick = std::env::args().any(|arg| arg == "--test");
    let sizes = if quick {
        [(1000, 10, 1), (1000, 5, 1), (500, 6, 3)]
    } else {
        [(100_000, 100, 1), (1_000_000, 20, 1), (20_000, 64, 10)]
    };
    for (n, p, k) in sizes {
        let (x, y) = problem(n, p, k);
        let data = Dataset::new(&x, &y).expect("finite");
        let size = format!("n={n},p={p},k={k}");
        let layer = Affine::new(p, k);
        let mut risk = Risk::new(&data, &layer, &CrossEntropy, 0.0).expect("legal");
        let (theta, mut grad) = (vec![0.01; (p + 1) * k], vec![0.0; (p + 1) * k]);
        let [gradient, ..] = time(7, || {
            black_box(risk.gradient(&theta, &mut grad));
        });
        let [one_read, ..] = time(7, || {
            black_box(read(&x));
        });
        let tell = |name: &str, [seconds, least, most]: [f64; 3], model: &Fitted<f64, Affine, CrossEntropy>| {
            let report = model.report();
            println!(
                "{name} {size}: {:.2} ms ({:.2} to {:.2}) = {:.1} gradients = {:.1} reads; risk {:.12} after {} iterations, \
                 gradient {:.1e}, {:?}",
                seconds * 1e3,
                least * 1e3,
                most * 1e3,
                seconds / gradient,
                seconds / one_read,
                report.value(),
                report.iterations(),
                report.gradient_norm(),
                report.reason()
            );
        };
        let newton = || fit(&data, Newton::default());
        tell("newton", time(7, || drop(newton())), &newton());
        let lbfgs = || fit(&data, Lbfgs::default().tolerance(1e-9));
        tell("lbfgs to 1e-9", time(7, || drop(lbfgs())), &lbfgs());
        let mut group = c.benchmark_group("newton");
        group.sample_size(10);
        group.bench_function(BenchmarkId::from_parameter(&size), |b| b.iter(|| fit(&data, Newton::default())));
        group.finish();
        let mut group = c.benchmark_group("lbfgs");
        group.sample_size(10);
        group.bench_function(BenchmarkId::from_parameter(&size), |b| b.iter(|| fit(&data, Lbfgs::default())));
        group.finish();
        let mut group = c.benchmark_group("floor");
        group.sample_size(10);
        group.bench_function(format!("one read/{size}"), |b| b.iter(|| black_box(read(&x))));
        group
            .bench_function(format!("one gradient/{size}"), |b| b.iter(|| black_box(risk.gradient(&theta, &mut grad))));
        group.finish();
    }
}

/// A sum over all numbers, in enough lanes to wait for memory only.
fn read(x: &DMatrix<f64>) -> f64 {
    let mut lanes = [0.0; 16];
    for chunk in x.as_slice().chunks_exact(16) {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += x);
    }
    lanes.iter().sum()
}

criterion_group!(benches, fits);
criterion_main!(benches);
