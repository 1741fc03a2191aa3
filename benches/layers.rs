//! One epoch of each network of images and sequences in f32, beside its floor: a product by nalgebra with as many
//! multiply-adds as forward and backward need. One thread: `RAYON_NUM_THREADS=1 cargo bench --bench layers`.

#[path = "../examples/read/jobs.rs"]
mod jobs;
#[path = "../examples/read/mod.rs"]
mod read;

use criterion::{Criterion, criterion_group, criterion_main};
use residual::layer::Cell;
use residual::nalgebra::DMatrix;
use residual::optim::Progress;
use residual::{CrossEntropy, Dataset, Layer, Layout, Risk, Solver, data};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;

/// An epoch by `trainer(epochs)`, and a product of as many multiply-adds.
fn job<N, S>(
    c: &mut Criterion,
    name: &str,
    x: &DMatrix<f32>,
    labels: &[usize],
    layer: &N,
    trainer: impl Fn(usize) -> S,
    work: usize,
) where
    N: Layer<f32>,
    S: for<'r> Solver<f32, Risk<'r, f32, N, CrossEntropy>>,
{
    let y = read::one_hot(labels, labels.iter().max().map_or(1, |most| most + 1));
    let data = Dataset::new(x, &y).expect("the data are fit");
    let mut risk = Risk::new(&data, layer, &CrossEntropy, 0.0).expect("the layer fits");
    let start: Vec<f32> = Layout::of(layer).initialize(0);
    let mut group = c.benchmark_group("layers");
    group.sample_size(10).measurement_time(std::time::Duration::from_secs(2));
    let id = format!("{name}/n={},parameters={}", x.nrows(), start.len());
    group.bench_function(format!("{id}/epoch"), |b| {
        // From the end of the first epoch on: the report at the end of a fit takes as long as one more.
        b.iter_custom(|epochs| {
            let (mut begin, mut end) = (None, Instant::now());
            let mut watch = |_: &Progress<'_, f32>| {
                end = Instant::now();
                begin.get_or_insert(end);
                ControlFlow::Continue(())
            };
            trainer(epochs as usize + 1).minimize(&mut risk, start.clone(), &mut watch).expect("epochs");
            end - begin.unwrap_or(end)
        });
    });
    const SIDE: usize = 256;
    let (left, right) = (DMatrix::from_element(SIDE, SIDE, 0.5f32), DMatrix::from_element(SIDE, SIDE, 0.25f32));
    let mut product = left.clone();
    let columns = (work / (SIDE * SIDE)).max(1);
    group.bench_function(format!("{id}/floor, {work} multiply-adds"), |b| {
        b.iter(|| {
            for first in (0..columns).step_by(SIDE) {
                let many = SIDE.min(columns - first);
                product.columns_mut(0, many).gemm(1.0, &left, &black_box(&right).columns(0, many), 0.0);
            }
        });
    });
    group.finish();
}

/// Forward, weights' gradient and inputs' gradient, the last one but for the first layer.
fn passes(first: usize, others: usize) -> usize {
    2 * first + 3 * others
}

fn images(c: &mut Criterion) {
    let (train, _) = read::digits().expect("the digits are in data/");
    let work = train.labels.len() * passes(36 * 8 * 9, 16 * 16 * 72 + 64 * 32 + 32 * 10);
    let trainer = |epochs| jobs::digits_trainer(0).epochs(epochs);
    job(c, "digits", &train.x, &train.labels, &jobs::digits(), trainer, work);
    let (train, _) = read::large_digits().expect("the digits are in data/");
    let work = train.labels.len() * passes(576 * 6 * 25, 64 * 16 * 150 + 256 * 120 + 120 * 84 + 84 * 10);
    let trainer = |epochs| jobs::lenet_trainer(0).epochs(epochs);
    job(c, "lenet", &train.x, &train.labels, &jobs::lenet(), trainer, work);
}

fn sequences(c: &mut Criterion) {
    let (train, _) = read::vowels().expect("the vowels are in data/");
    let steps: usize = train.x.iter().map(DMatrix::nrows).sum();
    let x = data::sequences_with_lengths(&train.x, jobs::STEPS).expect("no vowel is longer");
    for (cell, gates) in [(Cell::Tanh, 1), (Cell::Gru, 3), (Cell::Lstm, 4)] {
        let work = steps * gates * 32 * passes(12, 32) + train.labels.len() * passes(0, 32 * 9);
        let (name, trainer) = (format!("vowels, {cell:?}"), |epochs| jobs::vowels_trainer(0).epochs(epochs));
        job(c, &name, &x, &train.labels, &jobs::vowels(cell), trainer, work);
    }
}

/// One image and one sequence at a time.
fn predictions(c: &mut Criterion) {
    use residual::{Fitted, Predictor};
    let mut group = c.benchmark_group("layers");
    group.sample_size(20).measurement_time(std::time::Duration::from_secs(1));
    let (layer, x) = (jobs::digits(), DMatrix::from_element(1, 64, 0.5f32));
    let theta = Layout::of::<f32, _>(&layer).initialize(0);
    let model = Fitted::from_params(layer, CrossEntropy, theta).expect("finite parameters");
    let mut out = DMatrix::zeros(1, 10);
    group.bench_function("digits/n=1/predict", |b| b.iter(|| model.predict_into(x.as_view(), &mut out)));
    let mut x = DMatrix::from_element(1, 1 + 12 * jobs::STEPS, 0.5f32);
    x[0] = 16.0;
    let mut out = DMatrix::zeros(1, 9);
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let layer = jobs::vowels(cell);
        let theta = Layout::of::<f32, _>(&layer).initialize(0);
        let model = Fitted::from_params(layer, CrossEntropy, theta).expect("finite parameters");
        let id = format!("vowels, {cell:?}/n=1,steps=16/predict");
        group.bench_function(id, |b| b.iter(|| model.predict_into(x.as_view(), &mut out)));
    }
    group.finish();
}

criterion_group!(benches, images, sequences, predictions);
criterion_main!(benches);
