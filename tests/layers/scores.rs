//! The scores that ordinary implementations reach, in f32, mean over five seeds. `cargo test --release --test layers scores`

use crate::jobs;
use crate::read::{self, Part, Split, accuracy, one_hot};
use residual::layer::Cell;
use residual::nalgebra::DMatrix;
use residual::{CrossEntropy, Dataset, Layer, Network, Predictor, Regressor, Risk, Solver, data};

/// Test accuracy of seeds 0 to 4; prints mean, standard deviation and the time of a fit.
fn mean_accuracy<N, S>(name: &str, split: &Split<DMatrix<f32>>, layer: N, solver: impl Fn(u64) -> S) -> f64
where
    N: Layer<f32> + Clone,
    S: for<'r> Solver<f32, Risk<'r, f32, N, CrossEntropy>>,
{
    let (train, test) = split;
    let y = one_hot(&train.labels, train.labels.iter().max().unwrap() + 1);
    let start = std::time::Instant::now();
    let scores: Vec<f64> = (0..5)
        .map(|seed| {
            let data = Dataset::new(&train.x, &y).unwrap();
            let network = Network::new(layer.clone(), CrossEntropy).seed(seed).solver(solver(seed));
            accuracy(&network.fit(&data).unwrap().predict(&test.x).unwrap(), &test.labels)
        })
        .collect();
    let mean = scores.iter().sum::<f64>() / 5.0;
    let sd = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
    let seconds = start.elapsed().as_secs_f64() / 5.0;
    println!("{name}: {mean:.4} ± {sd:.4} {scores:.4?}, {seconds:.2} s a fit");
    mean
}

#[test]
#[cfg_attr(debug_assertions, ignore = "needs --release")]
fn digits() {
    let split = read::digits().unwrap();
    assert!(mean_accuracy("digits, convolution", &split, jobs::digits(), jobs::digits_trainer) >= 0.967);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "needs --release")]
fn large_digits() {
    let split = read::large_digits().unwrap();
    assert!(mean_accuracy("digits of 28×28, convolution", &split, jobs::lenet(), jobs::lenet_trainer) >= 0.897);
}

fn vowels(cell: Cell, least: f64) {
    let (train, test) = read::vowels().unwrap();
    let x = |part: Part<Vec<DMatrix<f32>>>| Part {
        x: data::sequences_with_lengths(&part.x, jobs::STEPS).unwrap(),
        labels: part.labels,
    };
    let split = (x(train), x(test));
    assert!(mean_accuracy(&format!("vowels, {cell:?}"), &split, jobs::vowels(cell), jobs::vowels_trainer) >= least);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "needs --release")]
fn vowels_tanh() {
    vowels(Cell::Tanh, 0.957);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "needs --release")]
fn vowels_gru() {
    vowels(Cell::Gru, 0.962);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "needs --release")]
fn vowels_lstm() {
    vowels(Cell::Lstm, 0.957);
}
