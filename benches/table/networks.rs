//! Networks in f32: the time of an epoch, and the time to a training loss from five seeds, both with what a fit does besides.
//!
//! The loss is measured on all rows after every epoch, which is part of the time; `benches/peers/networks.py` does the same.

use crate::support::{digits, time};
use crate::{jobs, made, read, wanted};
use residual::layer::Cell;
use residual::nalgebra::DMatrix;
use residual::optim::rule::Rule;
use residual::optim::{Reason, Trainer};
use residual::*;
use std::hint::black_box;
use std::time::Instant;

struct Job {
    name: String,
    threads: usize,
    /// Multiply-adds of an epoch, and how many the machine does in a second.
    work: f64,
    peak: f64,
    /// The training loss to reach.
    target: f64,
}

/// Multiply-adds of a sample: forward, weights' gradient and, but for the first layer, inputs' gradient.
fn passes(first: usize, others: usize) -> f64 {
    (2 * first + 3 * others) as f64
}

fn perceptron(widths: &[usize]) -> (Stack<Dense>, f64) {
    let last = widths.len() - 2;
    let of = |i: usize| if i == last { Activation::Identity } else { Activation::Relu };
    let layers = widths.windows(2).enumerate().map(|(i, width)| Dense::new(width[0], width[1], of(i)));
    let sizes: Vec<usize> = widths.windows(2).map(|width| width[0] * width[1]).collect();
    (Stack::new(layers.collect()).unwrap(), passes(sizes[0], sizes[1..].iter().sum()))
}

pub fn all(threads: usize, peak: f64) {
    // Operations in f64 a second are as many as multiply-adds in f32: two of those are one, and registers hold twice as many.
    let job = |name: &str, work, target| Job { name: name.to_string(), threads, work, peak, target };
    let adam = Trainer::adam(1e-3);
    let bent = made::regression(10_000, 20).parts()[0].clone();
    let (layer, work) = perceptron(&[20, 64, 64, 1]);
    for batch in [32, 200] {
        let name = format!("network 20-64-64-1 on 10000, batch {batch}");
        // The mean squared error is twice the loss.
        job(&name, work * 1e4, 0.025).run(&bent, &layer, SquaredError, adam.clone().batch_size(batch));
    }
    let (x, y) = digits();
    let (layer, work) = perceptron(&[64, 100, 10]);
    let data = ((x / 16.0).cast(), y.cast());
    job("digits 64-100-10 on 1797, batch 200", work * 1797.0, 0.1).run(
        &data,
        &layer,
        CrossEntropy,
        adam.clone().batch_size(200),
    );
    let images = made::images(6000, 784);
    let (layer, work) = perceptron(&[784, 128, 10]);
    let data = (images.x, images.y);
    job("images 784-128-10 on 6000, batch 128", work * 6e3, 0.01).run(
        &data,
        &layer,
        CrossEntropy,
        adam.batch_size(128),
    );
    let (train, _) = read::digits().unwrap();
    let work = passes(36 * 8 * 9, 16 * 16 * 72 + 64 * 32 + 32 * 10) * train.labels.len() as f64;
    let data = (train.x, read::one_hot(&train.labels, 10));
    job("digits, convolution, on 1437, batch 32", work, 0.1).run(
        &data,
        &jobs::digits(),
        CrossEntropy,
        jobs::digits_trainer(0),
    );
    let (train, _) = read::vowels().unwrap();
    let steps = train.x.iter().map(DMatrix::nrows).sum::<usize>() as f64;
    let x = residual::data::sequences_with_lengths(&train.x, jobs::STEPS).unwrap();
    let data = (x, read::one_hot(&train.labels, 9));
    for (cell, gates) in [(Cell::Tanh, 1), (Cell::Gru, 3), (Cell::Lstm, 4)] {
        let work = steps * gates as f64 * 32.0 * passes(12, 32) + passes(0, 32 * 9) * train.labels.len() as f64;
        let name = format!("vowels, {cell:?}, on 270, batch 16");
        job(&name, work, 0.1).run(&data, &jobs::vowels(cell), CrossEntropy, jobs::vowels_trainer(0));
    }
}

impl Job {
    fn run<N, L, R>(&self, (x, y): &(DMatrix<f32>, DMatrix<f32>), layer: &N, loss: L, trainer: Trainer<R, f64>)
    where
        N: Layer<f32> + Clone,
        L: Loss<f32> + Clone,
        R: Rule<f32> + Clone,
        Trainer<R, f64>: for<'r> Solver<f32, Risk<'r, f32, N, L>>,
    {
        if !wanted(&self.name) {
            return;
        }
        let data = Dataset::new(x, y).unwrap();
        let fit = |trainer: Trainer<R, f64>, seed| {
            let network = Network::new(layer.clone(), loss.clone()).seed(seed).solver(trainer.seed(seed));
            black_box(network.fit(&data).unwrap())
        };
        // An epoch is a tenth of the difference between twelve and two, so that what is done once does not count.
        let [long, least, most] = time(7, || drop(fit(trainer.clone().epochs(12), 0)));
        let [short, ..] = time(7, || drop(fit(trainer.clone().epochs(2), 0)));
        let [median, least, most] = [long, least, most].map(|seconds| (seconds - short) / 10.0);
        let ratio = median / (self.work / self.peak);
        self.row("one epoch", [median, least, most], &format!("{ratio:.2}"));
        let seeds = if std::env::args().any(|argument| argument == "--bench") { 5 } else { 0 };
        let mut runs: Vec<(f64, usize)> = (0..seeds)
            .map(|seed| {
                let start = Instant::now();
                let model = fit(trainer.clone().epochs(1000).loss_target(self.target), seed);
                assert_eq!(model.report().reason(), Reason::Target, "{}", self.name);
                (start.elapsed().as_secs_f64(), model.report().iterations())
            })
            .collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        if let [(least, _), .., (most, _)] = runs[..] {
            let mut epochs: Vec<usize> = runs.iter().map(|run| run.1).collect();
            epochs.sort_unstable();
            let times = [runs[seeds as usize / 2].0, least, most];
            self.row(&format!("to a loss of {}", self.target), times, &format!("{} epochs", epochs[epochs.len() / 2]));
        }
    }

    fn row(&self, what: &str, [median, least, most]: [f64; 3], last: &str) {
        let [median, least, most] = [median, least, most].map(|seconds| seconds * 1e3);
        println!("| {}, f32, {what} | {} | {median:.4} | {least:.4} to {most:.4} | {last} |", self.name, self.threads);
    }
}
