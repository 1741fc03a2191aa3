//! A convolutional network reads digits: loss, accuracy, and a picture of what it learnt. `cargo run --release --example
//! images [folder]`
//!
//! z = W₅ φ(W₄ φ(W₃ pool(φ(W₂ ∗ pool(φ(W₁ ∗ x + b₁)) + b₂)) + b₃) + b₄) + b₅, φ = max(·, 0), ∗ the convolution.

#[path = "read/jobs.rs"]
mod jobs;
mod read;
mod support;

use plotters::prelude::{BLUE, IntoFont, Text};
use read::{Part, Split, accuracy, one_hot};
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::optim::rule::Adam;
use residual::{CrossEntropy, Dataset, Fitted, Layer, Layout, Network, Predictor, Progress, Regressor};
use std::ops::ControlFlow;
use std::process::ExitCode;
use support::{Outcome, picture};

fn main() -> ExitCode {
    support::run(|| {
        let split = read::large_digits()?;
        show("digits, enlarged to 28×28 pixels", 28, 5, &split, jobs::lenet(), jobs::lenet_trainer(1))
    })
}

/// Trains, prints and draws. The images are `width` wide, the first kernels `kernel`.
fn show<N>(
    name: &str,
    width: usize,
    kernel: usize,
    split: &Split<DMatrix<f32>>,
    layer: N,
    trainer: Trainer<Adam, f64>,
) -> Outcome
where
    N: Layer<f32> + Clone,
{
    let (train, test) = split;
    println!("{name}: {} to train, {} to test", train.labels.len(), test.labels.len());
    let layout = Layout::of::<f32, N>(&layer);
    for block in layout.blocks() {
        println!("{:16} {:?}", block.name(), block.shape());
    }
    println!("{} parameters", layout.len());

    let y = one_hot(&train.labels, 10);
    let mut curve = Vec::new();
    let mut watch = |progress: &Progress<'_, f32>| {
        let model = Fitted::from_params(layer.clone(), CrossEntropy, progress.params().to_vec());
        let read = model.and_then(|model| model.predict(&test.x));
        let score = read.map_or(f64::NAN, |read| accuracy(&read, &test.labels));
        println!("epoch {:2}   loss {:.4}   test accuracy {score:.4}", progress.iteration(), progress.value());
        curve.push((progress.iteration() as f64, progress.value()));
        ControlFlow::Continue(())
    };
    let data = Dataset::new(&train.x, &y)?;
    let network = Network::new(layer.clone(), CrossEntropy).seed(1).solver(trainer);
    let model = network.fit_observed(&data, &mut watch)?;

    let filters = filters(&layout, model.params(), kernel);
    let misread = misread(test, &model.predict(&test.x)?);
    picture::save(&support::folder()?.join("images.svg"), (1000, 440), |area| {
        let (left, right) = area.split_horizontally(480);
        let (top, bottom) = left.split_vertically(290);
        let losses = picture::range(curve.iter().map(|point| point.1).chain([0.0]));
        let mut chart = picture::axes(&top, "The loss", (0.0..curve.len() as f64, "epoch"), (losses, "cross-entropy"))?;
        picture::line(&mut chart, curve.clone(), BLUE, "")?;
        let title = |text: &str| Text::new(text.to_owned(), (20, 14), ("sans-serif", 18).into_font());
        bottom.draw(&title(&format!("The first layer's filters, {kernel}×{kernel}")))?;
        let side = (400 / filters.len() as i32 - 10).min(70);
        for (place, filter) in filters.iter().enumerate() {
            picture::image(&bottom, filter, kernel, (20 + (side + 10) * place as i32, 46), side, "")?;
        }
        right.draw(&title(&format!("Misread: {} of {}", misread.len(), test.labels.len())))?;
        for (place, (pixels, caption)) in misread.iter().take(12).enumerate() {
            let corner = (20 + 124 * (place as i32 % 4), 46 + 130 * (place as i32 / 4));
            picture::image(&right, pixels, width, corner, 28 * 3 + 8, caption)?;
        }
        Ok(())
    })
}

/// The kernels of the first layer, each from 0 (its smallest weight) to 1. θ starts with them, filters × numbers of a
/// kernel, column-major.
fn filters(layout: &Layout, params: &[f32], kernel: usize) -> Vec<Vec<f64>> {
    let filters = layout.blocks()[0].shape().0;
    let one = |f: usize| {
        let weights: Vec<f64> = (0..kernel * kernel).map(|k| f64::from(params[f + filters * k])).collect();
        let (low, high) = weights.iter().fold((f64::MAX, f64::MIN), |(low, high), &w| (low.min(w), high.max(w)));
        weights.iter().map(|w| (w - low) / (high - low).max(f64::MIN_POSITIVE)).collect()
    };
    (0..filters).map(one).collect()
}

/// The pixels of the misread images, and what was read for what.
fn misread(test: &Part<DMatrix<f32>>, read: &DMatrix<f32>) -> Vec<(Vec<f64>, String)> {
    let read = |i: usize| read.row(i).transpose().imax();
    let wrong = (0..test.labels.len()).filter(|&i| read(i) != test.labels[i]);
    let pixels = |i: usize| test.x.row(i).iter().map(|&pixel| f64::from(pixel)).collect();
    wrong.map(|i| (pixels(i), format!("{} read as {}", test.labels[i], read(i)))).collect()
}
