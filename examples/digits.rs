//! The documented recipe for the 8×8 digits, over five seeds: `cargo run --release --example digits [folder]`
//!
//! One hidden layer of 64 ReLU units, softmax, Adam at rate 1e-3, batches of 32, 60 epochs, λ = 1e-4, pixels over 16. Test set:
//! every fifth image. Ordinary implementations reach 0.973 ± 0.005 with it.

mod support;

use plotters::prelude::{BLACK, BLUE, CYAN, MAGENTA, RED};
use residual::optim::{Observer, Progress, Trainer};
use residual::{Dataset, Fitted, Mlp, Predictor, Regressor, metrics};
use std::ops::ControlFlow;
use std::process::ExitCode;
use support::{Outcome, every_fifth, largest, picture, read};

fn main() -> ExitCode {
    support::run(digits)
}

fn digits() -> Outcome {
    let folder = support::folder()?;
    let table = read("digits.csv")?;
    let x = table.numbers(0..64)?.map(|pixel| (pixel / 16.0) as f32);
    let labels: Vec<usize> = table.text(64).iter().map(|label| label.parse()).collect::<Result<_, _>>()?;
    let y = residual::nalgebra::DMatrix::from_fn(labels.len(), 10, |i, c| f32::from(u8::from(labels[i] == c)));
    let (train_rows, test_rows) = every_fifth(labels.len());
    let data = Dataset::new(&x, &y)?;
    let (train, test) = (data.select(&train_rows)?, data.select(&test_rows)?);
    let truth: Vec<usize> = test_rows.iter().map(|&i| labels[i]).collect();

    let mut curves = Vec::new();
    let mut scores = Vec::new();
    for seed in 0..5 {
        let trainer = Trainer::adam(1e-3).epochs(60).batch_size(32).seed(seed);
        let recipe = Mlp::classifier([64]).l2(1e-4).seed(seed).solver(trainer);
        let layers = recipe.layers(64, 10)?;
        // Test accuracy after every epoch.
        let mut watch = Watch {
            curve: Vec::new(),
            accuracy: |params: &[f32]| {
                let model = Fitted::from_params(layers.clone(), residual::CrossEntropy, params.to_vec())?;
                metrics::accuracy(&truth, &largest(&model.predict(test.x())?.map(f64::from)))
            },
        };
        recipe.fit_observed(&train, &mut watch)?;
        let score = watch.curve.last().copied().unwrap_or(f64::NAN);
        println!("seed {seed}: test accuracy {score:.4}");
        scores.push(score);
        curves.push(watch.curve);
    }
    let mean = scores.iter().sum::<f64>() / 5.0;
    let sd = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
    println!("mean {mean:.4}, standard deviation {sd:.4}");

    picture::save(&folder.join("digits_seeds.svg"), (700, 420), |area| {
        let mut chart =
            picture::axes(area, "Test accuracy, five seeds", (0.0..60.0, "epoch"), (0.85..1.0, "accuracy"))?;
        for (seed, (curve, color)) in curves.iter().zip([BLACK, BLUE, RED, MAGENTA, CYAN]).enumerate() {
            let points = curve.iter().enumerate().map(|(i, &a)| (i as f64 + 1.0, a.max(0.85))).collect();
            picture::line(&mut chart, points, color, &format!("seed {seed}"))?;
        }
        picture::legend(&mut chart)
    })
}

/// Keeps what a function of the parameters says after each epoch.
struct Watch<F> {
    curve: Vec<f64>,
    accuracy: F,
}

impl<F: FnMut(&[f32]) -> residual::Result<f64>> Observer<f32> for Watch<F> {
    fn observe(&mut self, progress: &Progress<'_, f32>) -> ControlFlow<()> {
        self.curve.push((self.accuracy)(progress.params()).unwrap_or(f64::NAN));
        ControlFlow::Continue(())
    }
}
