//! One step of each rule over a million parameters, beside the plain update that moves the fewest bytes; and epochs of the
//! network jobs.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use residual::nalgebra::DMatrix;
use residual::optim::rule::{
    AdaDelta, AdaGrad, AdaMax, Adam, AmsGrad, ClipNorm, ClipValue, Decay, Lion, Momentum, NAdam, Nesterov, Plain,
    RAdam, RmsProp, Rule,
};
use residual::optim::{Solver, Trainer};
use residual::{CrossEntropy, Dataset, Layout, Loss, Mlp, Real, Risk, SquaredError};
use std::hint::black_box;

const DIM: usize = 1_000_000;

/// Numbers without a pattern that matters, the same on every run.
fn noise<T: Real>(count: usize) -> Vec<T> {
    let mut state = 1u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::of((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// A step reads the gradient, reads and writes θ, and reads and writes each of `memories` vectors.
fn step<T: Real, R: Rule<T>>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, memories: usize, rule: R) {
    let (mut theta, mut grad) = (noise::<T>(DIM), noise::<T>(DIM));
    let mut state = rule.init(DIM);
    group.throughput(Throughput::Bytes(((3 + 2 * memories) * DIM * size_of::<T>()) as u64));
    group.bench_function(format!("{name}/n={DIM}"), |b| {
        b.iter(|| rule.step(&mut state, black_box(&mut theta), black_box(&mut grad), T::of(1e-6)));
    });
}

fn rules<T: Real>(c: &mut Criterion, scalar: &str) {
    let mut group = c.benchmark_group(format!("rule_step_{scalar}"));
    let (mut theta, grad) = (noise::<T>(DIM), noise::<T>(DIM));
    group.throughput(Throughput::Bytes((3 * DIM * size_of::<T>()) as u64));
    group.bench_function(format!("floor: theta -= rate g/n={DIM}"), |b| {
        let rate = T::of(1e-6);
        b.iter(|| black_box(&mut theta).iter_mut().zip(black_box(&grad)).for_each(|(theta, &g)| *theta -= rate * g));
    });
    step::<T, _>(&mut group, "Plain", 0, Plain);
    step::<T, _>(&mut group, "Momentum", 1, Momentum::default());
    step::<T, _>(&mut group, "Nesterov", 1, Nesterov::default());
    step::<T, _>(&mut group, "AdaGrad", 1, AdaGrad::default());
    step::<T, _>(&mut group, "RmsProp", 1, RmsProp::default());
    step::<T, _>(&mut group, "Lion", 1, Lion::default());
    step::<T, _>(&mut group, "AdaDelta", 2, AdaDelta::default());
    step::<T, _>(&mut group, "Adam", 2, Adam::default());
    step::<T, _>(&mut group, "AdaMax", 2, AdaMax::default());
    step::<T, _>(&mut group, "NAdam", 2, NAdam::default());
    step::<T, _>(&mut group, "RAdam", 2, RAdam::default());
    step::<T, _>(&mut group, "AmsGrad", 3, AmsGrad::default());
    step::<T, _>(&mut group, "AdamW", 2, (Adam::default(), Decay(0.01)));
    step::<T, _>(&mut group, "ClipNorm, Adam", 2, (ClipNorm(1.0), Adam::default()));
    step::<T, _>(&mut group, "ClipValue, Plain", 0, (ClipValue(0.5), Plain));
    group.finish();
}

fn rule_steps(c: &mut Criterion) {
    rules::<f64>(c, "f64");
    rules::<f32>(c, "f32");
}

/// Widths from input to output, and the batch.
struct Job {
    name: &'static str,
    samples: usize,
    widths: &'static [usize],
    batch: usize,
}

/// One epoch by Adam, with the flops of its products as throughput: 6 a weight and sample, 4 for the first layer.
fn epoch<T: Real, L: Loss<T>>(c: &mut Criterion, job: &Job, loss: &L, scalar: &str) {
    let (first, last) = (job.widths[0], job.widths[job.widths.len() - 1]);
    let x = DMatrix::from_vec(job.samples, first, noise::<T>(job.samples * first));
    let y = DMatrix::from_fn(job.samples, last, |i, c| {
        if last == 1 { x[(i, 0)] } else { T::of(f64::from(u8::from(i % last == c))) }
    });
    let data = Dataset::new(&x, &y).expect("finite");
    let hidden = &job.widths[1..job.widths.len() - 1];
    let net = Mlp::regressor(hidden).layers(first, last).expect("widths");
    let mut risk = Risk::new(&data, &net, loss, 0.0).expect("legal");
    let theta: Vec<T> = Layout::of::<T, _>(&net).initialize(0);
    let weights: usize = job.widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let flops = job.samples * (6 * weights - 2 * job.widths[0] * job.widths[1]);
    let trainer = Trainer::adam(1e-3).epochs(1).batch_size(job.batch);
    let mut group = c.benchmark_group("network_epoch");
    group.sample_size(10).throughput(Throughput::Elements(flops as u64));
    group.bench_function(format!("{}/{scalar},n={},batch={}", job.name, job.samples, job.batch), |b| {
        // One epoch and the full risk of the report at its end.
        b.iter(|| black_box(trainer.minimize(&mut risk, theta.clone(), &mut ())));
    });
    group.finish();
}

fn network_epochs(c: &mut Criterion) {
    for batch in [32, 200] {
        let job = Job { name: "20-64-64-1", samples: 10_000, widths: &[20, 64, 64, 1], batch };
        epoch::<f32, _>(c, &job, &SquaredError, "f32");
        epoch::<f64, _>(c, &job, &SquaredError, "f64");
    }
    let digits = Job { name: "64-100-10", samples: 1797, widths: &[64, 100, 10], batch: 200 };
    epoch::<f32, _>(c, &digits, &CrossEntropy, "f32");
    epoch::<f64, _>(c, &digits, &CrossEntropy, "f64");
    let mnist = Job { name: "784-128-10", samples: 60_000, widths: &[784, 128, 10], batch: 128 };
    epoch::<f32, _>(c, &mnist, &CrossEntropy, "f32");
}

criterion_group!(benches, rule_steps, network_epochs);
criterion_main!(benches);
