//! How far networks have come after 1, 3, 10 and 30 epochs from different starts: the measurement behind the default.
//!
//! `cargo bench --bench start [-- job ...]` prints the test losses as a table, `-- --raw` every number, tab-separated: job,
//! start, seed, epoch, training loss, test loss. `benches/peers/start.py` prints the same for PyTorch and compares.

#[path = "../../examples/read/jobs.rs"]
mod jobs;
#[path = "../support/made.rs"]
mod made;
#[path = "../../examples/read/mod.rs"]
mod read;
mod runs;
mod starts;

use made::Made;
use residual::layer::{Cell, Sequence};
use residual::nalgebra::DMatrix;
use residual::{Activation, Affine, CrossEntropy, Dense, Loss, Recurrent, SquaredError, Stack, data};
use runs::{Job, Part, Recipe, run};

fn perceptron(widths: &[usize], activation: Activation) -> Stack<Dense> {
    let last = widths.len() - 2;
    let of = |i: usize| if i == last { Activation::Identity } else { activation };
    let layers = widths.windows(2).enumerate().map(|(i, width)| Dense::new(width[0], width[1], of(i)));
    Stack::new(layers.collect()).expect("layers")
}

fn dense(job: Job, made: &Made, widths: &[usize], activation: Activation, loss: impl Loss<f32>) {
    run(job, &perceptron(widths, activation), &loss, &made.parts());
}

fn numbers() {
    use Activation::{Relu, Sigmoid, Silu, Tanh};
    let (wide, deep) = ([20, 64, 64, 1], [20, 32, 32, 32, 32, 32, 32, 32, 32, 1]);
    let many = made::regression(10_000, 20);
    dense(Job::new("bent, 20-64-64-1, relu"), &many, &wide, Relu, SquaredError);
    dense(Job::new("bent, 20-64-64-1, relu, batch 200").batch(200), &many, &wide, Relu, SquaredError);
    dense(Job::new("bent, 20-64-64-1, relu, momentum").recipe(Recipe::Momentum), &many, &wide, Relu, SquaredError);
    dense(Job::new("bent, 20-64-64-1, tanh"), &many, &wide, Tanh, SquaredError);
    let some = made::regression(4000, 20);
    dense(Job::new("bent, 8 hidden layers, relu"), &some, &deep, Relu, SquaredError);
    dense(Job::new("bent, 8 hidden layers, tanh"), &some, &deep, Tanh, SquaredError);
    dense(Job::new("bent, 8-256-1, relu"), &made::regression(2000, 8), &[8, 256, 1], Relu, SquaredError);
    dense(Job::new("bent, 8-64-64-1, silu"), &made::regression(2000, 8), &[8, 64, 64, 1], Silu, SquaredError);
    dense(Job::new("wave, 1-64-64-1, relu"), &made::wave(1000), &[1, 64, 64, 1], Relu, SquaredError);
    dense(Job::new("wave, 1-64-64-1, tanh"), &made::wave(1000), &[1, 64, 64, 1], Tanh, SquaredError);
    dense(Job::new("wave, 1-64-64-1, sigmoid"), &made::wave(1000), &[1, 64, 64, 1], Sigmoid, SquaredError);
    let units = [8, 64, 64, 1];
    dense(Job::new("raw targets, 8-64-64-1, relu"), &made::raw(4000, 8, false), &units, Relu, SquaredError);
    dense(Job::new("raw, 8-64-64-1, relu"), &made::raw(4000, 8, true), &units, Relu, SquaredError);
    dense(Job::new("raw, 8-64-64-1, tanh"), &made::raw(4000, 8, true), &units, Tanh, SquaredError);
}

fn classes() {
    use Activation::{Relu, Tanh};
    dense(Job::new("rare class, 10-32-1, relu"), &made::rare(5000, 10), &[10, 32, 1], Relu, CrossEntropy);
    dense(Job::new("spirals, 2-32-32-1, tanh"), &made::spirals(2000), &[2, 32, 32, 1], Tanh, CrossEntropy);
    let (train, test) = read::digits().expect("the digits are in data/");
    let digits: [Part; 2] = [train, test].map(|part| (part.x, read::one_hot(&part.labels, 10)));
    let pixels = digits.clone().map(|(x, y)| (x * 16.0, y));
    run(Job::new("digits, 64-100-10, relu"), &perceptron(&[64, 100, 10], Relu), &CrossEntropy, &digits);
    let momentum = Job::new("digits, 64-100-10, relu, momentum").recipe(Recipe::Momentum);
    run(momentum, &perceptron(&[64, 100, 10], Relu), &CrossEntropy, &digits);
    let raw = Job::new("digits from 0 to 16, 64-64-64-64-10, relu");
    run(raw, &perceptron(&[64, 64, 64, 64, 10], Relu), &CrossEntropy, &pixels);
    run(Job::new("digits, convolution"), &jobs::digits(), &CrossEntropy, &digits);
}

fn sequences() {
    let (train, test) = read::vowels().expect("the vowels are in data/");
    let rows = |x: &[DMatrix<f32>]| data::sequences_with_lengths(x, jobs::STEPS).expect("no vowel is longer");
    let vowels = [train, test].map(|part| (rows(&part.x), read::one_hot(&part.labels, 9)));
    for (name, cell) in [("tanh", Cell::Tanh), ("gru", Cell::Gru), ("lstm", Cell::Lstm)] {
        run(Job::new(&format!("vowels, {name}")).batch(16), &jobs::vowels(cell), &CrossEntropy, &vowels);
    }
    let series = |name: &str, cell, mean| {
        let layer = (Recurrent::new(cell, Sequence { steps: 20, features: 2 }, 32), Affine::new(32, 1));
        run(Job::new(name), &layer, &SquaredError, &made::series(2000, 20, mean).parts());
    };
    series("series, tanh", Cell::Tanh, 0.0);
    series("series, gru", Cell::Gru, 0.0);
    series("series, lstm", Cell::Lstm, 0.0);
    series("series, raw targets, lstm", Cell::Lstm, 10.0);
}

fn main() {
    runs::header();
    numbers();
    classes();
    sequences();
}
