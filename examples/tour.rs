//! Five models trained on real data, with pictures: `cargo run --release --example tour [folder]`.

#[path = "read/jobs.rs"]
mod jobs;
mod read;
mod support;

use plotters::prelude::{BLACK, BLUE, GREEN, IntoFont, RED, Text};
use residual::layer::Cell;
use residual::nalgebra::{DMatrix, DVector};
use residual::optim::Trainer;
use residual::{
    Activation, CrossEntropy, Dataset, Dense, Fitted, LinearRegression, LogisticRegression, Mlp, Network, Predictor,
    Progress, Regressor, Stack, data,
};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use support::{Outcome, every_fifth, largest, picture};

/// A line of the table at the end.
struct Row {
    model: &'static str,
    data: &'static str,
    parameters: usize,
    seconds: f64,
    score: String,
}

fn main() -> ExitCode {
    support::run(|| {
        let folder = support::folder()?;
        let rows = [straight_line(&folder)?, breast_cancer()?, digits(&folder)?, images()?, sequences()?];
        println!("\n== Five models, one risk");
        println!("{:22} {:34} {:>10} {:>8}  score", "model", "data", "parameters", "seconds");
        for Row { model, data, parameters, seconds, score } in rows {
            println!("{model:22} {data:34} {parameters:10} {seconds:8.3}  {score}");
        }
        Ok(())
    })
}

/// y = 3 x + 2 + u, u ~ U(0, 1): the mean of the noise makes the true intercept 2.5.
fn straight_line(folder: &Path) -> Outcome<Row> {
    println!("== A line by gradient descent: y = 3 x + 2 + U(0, 1) noise, 100 points");
    let (x, noise) = (support::uniform(100, 1), support::uniform(100, 2));
    let x = DVector::from_vec(x);
    let y = DVector::from_fn(100, |i, _| 3.0 * x[i] + 2.0 + noise[i]);
    let data = Dataset::new(&x, &y)?;

    let mut every_hundred = |progress: &Progress<'_, f64>| {
        if progress.iteration() % 100 == 0 {
            println!("iteration {:5}   loss {:.9}", progress.iteration(), progress.value());
        }
        ControlFlow::Continue(())
    };
    let descent = Trainer::gd(0.1).epochs(10_000).tolerance(1e-9);
    let start = Instant::now();
    let model = LinearRegression::new().solver(descent).fit_observed(&data, &mut every_hundred)?;
    let seconds = start.elapsed().as_secs_f64();
    let report = model.report();
    println!("ended after {} iterations: {:?}", report.iterations(), report.reason());
    let stochastic = LinearRegression::new().solver(Trainer::sgd(0.02).batch_size(10).epochs(300)).fit(&data)?;
    let exact = LinearRegression::new().fit(&data)?;
    println!("                         slope  intercept");
    for (name, model) in [
        ("full-batch descent", model.params()),
        ("stochastic descent", stochastic.params()),
        ("exact least squares", exact.params()),
        ("truth", &[3.0, 2.5]),
    ] {
        println!("{name:20} {:9.5}  {:9.5}", model[0], model[1]);
    }

    picture::save(&folder.join("line.svg"), (1000, 420), |area| {
        let (left, right) = area.split_horizontally(500);
        let points: Vec<_> = x.iter().copied().zip(y.iter().copied()).collect();
        let mut chart =
            picture::axes(&left, "The fitted line", (0.0..1.0, "x"), (picture::range(y.iter().copied()), "y"))?;
        picture::dots(&mut chart, points, BLUE, "data")?;
        let at = |x: f64| (x, model.params()[0] * x + model.params()[1]);
        picture::line(&mut chart, vec![at(0.0), at(1.0)], RED, "gradient descent")?;
        picture::legend(&mut chart)?;
        let curve: Vec<_> = (1..).map(f64::from).zip(report.history().iter().map(|v| v.log10())).collect();
        let (epochs, losses) = (0.0..curve.len() as f64, picture::range(curve.iter().map(|c| c.1)));
        let mut chart = picture::axes(&right, "The loss", (epochs, "iteration"), (losses, "log10 of the loss"))?;
        picture::line(&mut chart, curve, BLACK, "")
    })?;
    let score = format!("y = {:.3} x + {:.3}", model.params()[0], model.params()[1]);
    Ok(Row { model: "linear regression", data: "a noisy line, 100 points", parameters: 2, seconds, score })
}

/// Logistic regression with the penalty of scikit-learn's C = 1, on a fixed 80/20 split.
fn breast_cancer() -> Outcome<Row> {
    println!("\n== Logistic regression: breast cancer, 455 to train, 114 to test, 30 features");
    let table = support::read("breast_cancer.csv")?;
    let x = table.numbers(0..30)?;
    let malignant: Vec<f64> = table.text(30).iter().map(|d| f64::from(u8::from(d == "malignant"))).collect();
    let (train, test) = every_fifth(table.len());
    let (mut x_train, mut x_test) = (x.select_rows(&train), x.select_rows(&test));
    support::standardize(&mut x_train, &mut x_test);
    let y_train = DVector::from_iterator(train.len(), train.iter().map(|&i| malignant[i]));
    let y_test: Vec<f64> = test.iter().map(|&i| malignant[i]).collect();

    let data = Dataset::new(&x_train, &y_train)?;
    let start = Instant::now();
    let model = LogisticRegression::new().l2(1.0 / train.len() as f64).fit(&data)?;
    let seconds = start.elapsed().as_secs_f64();
    model.report().ensure_converged()?;
    let p = model.predict(&x_test)?;
    let right = p.iter().zip(&y_test).filter(|(p, y)| (**p > 0.5) == (**y > 0.5)).count();
    let log_loss: f64 =
        p.iter().zip(&y_test).map(|(p, y)| -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())).sum::<f64>() / test.len() as f64;
    println!("{:?} after {} Newton steps", model.report().reason(), model.report().iterations());
    println!("                     accuracy  log loss");
    println!("residual             {:8.4}  {log_loss:8.6}", right as f64 / test.len() as f64);
    println!("scikit-learn 1.9.1     0.9649  0.094168");
    let score = format!("test accuracy {:.4}", right as f64 / test.len() as f64);
    let parameters = model.params().len();
    Ok(Row { model: "logistic regression", data: "breast cancer, 455 + 114", parameters, seconds, score })
}

/// A 64-100-10 network by mini-batch Adam.
fn digits(folder: &Path) -> Outcome<Row> {
    println!("\n== A 64-100-10 network: handwritten digits, 1437 to train, 360 to test");
    let table = support::read("digits.csv")?;
    let pixels = table.numbers(0..64)? / 16.0;
    let digit: Vec<usize> = table.numbers(64..65)?.iter().map(|&d| d as usize).collect();
    let (train, test) = every_fifth(table.len());
    let (x_train, x_test) = (pixels.select_rows(&train), pixels.select_rows(&test));
    let y_train = DMatrix::from_fn(train.len(), 10, |i, c| f64::from(u8::from(digit[train[i]] == c)));
    let truth: Vec<usize> = test.iter().map(|&i| digit[i]).collect();
    let accuracy = |model: &Fitted<f64, _, CrossEntropy>| -> residual::Result<f64> {
        let read = largest(&model.predict(&x_test)?);
        Ok(read.iter().zip(&truth).filter(|(a, b)| a == b).count() as f64 / truth.len() as f64)
    };

    let data = Dataset::new(&x_train, &y_train)?;
    let mut curve = Vec::new();
    let layer = Stack::new(vec![Dense::new(64, 100, Activation::Relu), Dense::new(100, 10, Activation::Identity)])?;
    let mut watch = |progress: &Progress<'_, f64>| {
        let model = Fitted::from_params(layer.clone(), CrossEntropy, progress.params().to_vec());
        let score = model.and_then(|model| accuracy(&model)).unwrap_or(f64::NAN);
        if progress.iteration() % 5 == 0 || progress.iteration() == 1 {
            println!("epoch {:3}   loss {:.5}   test accuracy {score:.4}", progress.iteration(), progress.value());
        }
        curve.push((progress.iteration() as f64, progress.value()));
        ControlFlow::Continue(())
    };
    let network = Mlp::classifier([100]).l2(1e-4).seed(3);
    let start = Instant::now();
    let model = network.solver(Trainer::adam(1e-3).epochs(40)).fit_observed(&data, &mut watch)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("residual, this network  {:.4}", accuracy(&model)?);
    println!("PyTorch, 64-64-10       0.9733 ± 0.0054 over 5 seeds");

    let read = largest(&model.predict(&x_test)?);
    let misread: Vec<usize> = (0..truth.len()).filter(|&i| read[i] != truth[i]).take(8).collect();
    picture::save(&folder.join("digits.svg"), (1000, 420), |area| {
        let (left, right) = area.split_horizontally(500);
        let losses = picture::range(curve.iter().map(|c| c.1).chain([0.0]));
        let mut chart =
            picture::axes(&left, "The loss", (0.0..curve.len() as f64, "epoch"), (losses, "cross-entropy"))?;
        picture::line(&mut chart, curve.clone(), GREEN, "")?;
        right.draw(&Text::new("The first misread digits", (20, 14), ("sans-serif", 18).into_font()))?;
        for (place, &i) in misread.iter().enumerate() {
            let corner = (20 + 118 * (place as i32 % 4), 60 + 170 * (place as i32 / 4));
            let image: Vec<f64> = x_test.row(i).iter().copied().collect();
            picture::image(&right, &image, 8, corner, 96, &format!("{} read as {}", truth[i], read[i]))?;
        }
        Ok(())
    })?;
    let (parameters, score) = (model.params().len(), format!("test accuracy {:.4}", accuracy(&model)?));
    Ok(Row { model: "multilayer perceptron", data: "digits 8×8, 1437 + 360", parameters, seconds, score })
}

/// Two convolutions and a pooling before the perceptron: the same digits, f32.
fn images() -> Outcome<Row> {
    println!("\n== A convolutional network: conv 3×3 (8), conv 3×3 (16), pool 2×2, 32, 10 on the digits");
    let (train, test) = read::digits()?;
    let y = read::one_hot(&train.labels, 10);
    let network = Network::new(jobs::digits(), CrossEntropy).solver(jobs::digits_trainer(0));
    let start = Instant::now();
    let model = network.fit(&Dataset::new(&train.x, &y)?)?;
    let seconds = start.elapsed().as_secs_f64();
    let score = read::accuracy(&model.predict(&test.x)?, &test.labels);
    println!("{} epochs, loss {:.5}", model.report().iterations(), model.report().value());
    println!("residual             {score:8.4}");
    println!("PyTorch                0.9728 ± 0.0041 over 5 seeds");
    let (parameters, score) = (model.params().len(), format!("test accuracy {score:.4}"));
    Ok(Row { model: "convolutional network", data: "digits 8×8, 1437 + 360", parameters, seconds, score })
}

/// A GRU over utterances of 7 to 29 steps, f32.
fn sequences() -> Outcome<Row> {
    println!("\n== A recurrent network: GRU of 32 units, nine speakers by one vowel");
    let (train, test) = read::vowels()?;
    let x = data::sequences_with_lengths(&train.x, jobs::STEPS)?;
    let x_test = data::sequences_with_lengths(&test.x, jobs::STEPS)?;
    let y = read::one_hot(&train.labels, 9);
    let network = Network::new(jobs::vowels(Cell::Gru), CrossEntropy).solver(jobs::vowels_trainer(0));
    let start = Instant::now();
    let model = network.fit(&Dataset::new(&x, &y)?)?;
    let seconds = start.elapsed().as_secs_f64();
    let score = read::accuracy(&model.predict(&x_test)?, &test.labels);
    println!("{} epochs, loss {:.5}", model.report().iterations(), model.report().value());
    println!("residual             {score:8.4}");
    println!("PyTorch                0.9708 ± 0.0065 over 5 seeds");
    let (parameters, score) = (model.params().len(), format!("test accuracy {score:.4}"));
    Ok(Row { model: "recurrent network", data: "Japanese vowels, 270 + 370", parameters, seconds, score })
}
