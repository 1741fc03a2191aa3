//! Recurrent networks: nine speakers told apart by one vowel, and the next sunspot number. `cargo run --release --example
//! sequences [folder]`
//!
//! z = W h_T + b, h_t = cell(x_t, h_{t−1}).

#[path = "read/jobs.rs"]
mod jobs;
mod read;
mod support;

use plotters::prelude::{BLACK, BLUE, Color, RED, SeriesLabelPosition, WHITE};
use read::{accuracy, one_hot};
use residual::layer::Cell;
use residual::nalgebra::DMatrix;
use residual::{CrossEntropy, Dataset, Layout, LinearRegression, Network, Predictor, Regressor, SquaredError, data};
use std::process::ExitCode;
use std::time::Instant;
use support::{Outcome, picture};

fn main() -> ExitCode {
    support::run(|| {
        vowels()?;
        sunspots()
    })
}

/// Utterances of 7 to 29 steps: the same network with each of the three cells.
fn vowels() -> Outcome {
    let (train, test) = read::vowels()?;
    println!("== Japanese vowels: {} utterances to train, {} to test", train.x.len(), test.x.len());
    let (x, x_test) =
        (data::sequences_with_lengths(&train.x, jobs::STEPS)?, data::sequences_with_lengths(&test.x, jobs::STEPS)?);
    let y = one_hot(&train.labels, 9);
    let set = Dataset::new(&x, &y)?;
    println!("cell  parameters  seconds  test accuracy");
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let layer = jobs::vowels(cell);
        let start = Instant::now();
        let model = Network::new(layer, CrossEntropy).solver(jobs::vowels_trainer(0)).fit(&set)?;
        let seconds = start.elapsed().as_secs_f64();
        let score = accuracy(&model.predict(&x_test)?, &test.labels);
        println!("{:5} {:10}  {seconds:7.2}  {score:13.4}", format!("{cell:?}"), Layout::of::<f32, _>(&layer).len());
    }
    Ok(())
}

/// The next yearly number from the 24 before it: a GRU against linear autoregression on the same windows.
fn sunspots() -> Outcome {
    let series = read::sunspots()?;
    let windows = jobs::Windows::new(&series);
    let (train, test) = (&windows.train, &windows.test);
    println!("\n== Sunspots: the next year from the {} before it, {} years to test", jobs::WINDOW, test.1.len());
    let linear = LinearRegression::new().fit(&Dataset::new(&train.0, &train.1)?)?;
    let linear = linear.predict(&test.0)?;
    let network = Network::new(jobs::sunspots(), SquaredError).l2(jobs::SUNSPOTS_L2);
    let network =
        network.solver(jobs::sunspots_trainer(0)).fit(&Dataset::new(&train.0, &train.1)?)?.predict(&test.0)?;
    let error = |prediction: &DMatrix<f32>| jobs::SUNSPOTS * read::rmse(prediction, &test.1);
    println!("root mean squared error, in sunspots");
    println!("linear autoregression {:6.2}", error(&linear));
    println!("GRU                   {:6.2}", error(&network));
    let last = DMatrix::from_fn(test.1.len(), 1, |i, _| test.0[(i, jobs::WINDOW - 1)]);
    println!("last year's number    {:6.2}", error(&last));

    picture::save(&support::folder()?.join("sunspots.svg"), (1000, 420), |area| {
        let first = series.len() - test.1.len();
        let points = |values: &DMatrix<f32>| -> Vec<(f64, f64)> {
            let year = |i: usize| f64::from(series[first + i].0);
            values.iter().enumerate().map(|(i, &v)| (year(i), jobs::SUNSPOTS * f64::from(v))).collect()
        };
        let truth = points(&test.1);
        let years = truth[0].0..truth[truth.len() - 1].0;
        let heights = picture::range(truth.iter().map(|point| point.1).chain([0.0, 240.0]));
        let title = "Sunspots: one year ahead, years never seen in training";
        let mut chart = picture::axes(area, title, (years, "year"), (heights, "yearly mean number"))?;
        picture::line(&mut chart, truth, BLACK, "truth")?;
        picture::line(&mut chart, points(&linear), BLUE, "linear autoregression")?;
        picture::line(&mut chart, points(&network), RED, "GRU")?;
        // Where no peak is.
        let mut labels = chart.configure_series_labels();
        let labels = labels.position(SeriesLabelPosition::UpperRight);
        Ok(labels.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?)
    })
}
