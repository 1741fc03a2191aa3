//! Early stopping on a validation split: `cargo run --release --example early_stopping [folder]`
//!
//! Next year's sunspots from the nine years before: a network that is too large for 240 years learns them by heart. The split
//! stops it and gives back the best parameters.

mod support;

use plotters::prelude::{BLUE, LineSeries, RED};
use plotters::style::full_palette::GREY;
use residual::nalgebra::{DMatrix, DVector};
use residual::optim::Trainer;
use residual::{Dataset, Mlp, Predictor, Regressor, Standardized, metrics};
use std::process::ExitCode;
use support::{Outcome, picture, read};

/// Epochs without a new best before the fit ends.
const PATIENCE: usize = 40;

fn main() -> ExitCode {
    support::run(early_stopping)
}

fn early_stopping() -> Outcome {
    let folder = support::folder()?;
    let table = read("sunspots.csv")?;
    let spots = table.numbers(1..2)?;
    const LAGS: usize = 9;
    let years = spots.len() - LAGS;
    let x = DMatrix::from_fn(years, LAGS, |i, j| spots[i + j]);
    let y = DVector::from_fn(years, |i, _| spots[i + LAGS]);
    let data = Dataset::new(&x, &y)?;
    let (train, test) = data.split(0.2, 1)?;

    let mlp = Mlp::regressor([64, 64]).seed(2).solver(Trainer::adam(1e-3).epochs(300));
    let stopped = Standardized::new(mlp.clone().validation_split(0.25).patience(PATIENCE)).targets().fit(&train)?;
    let report = stopped.report();
    let best = report.iterations() - PATIENCE;
    println!("stopped after {} epochs ({:?}), best epoch {best}", report.iterations(), report.reason());
    let whole = Standardized::new(mlp).targets().fit(&train)?;
    for (name, model) in [("stopped early", &stopped), ("300 epochs", &whole)] {
        let error = |data: &Dataset<'_, f64>| metrics::rmse(data.y(), &model.predict(data.x())?);
        println!("{name:15} error on the years seen {:5.2}, on the others {:5.2}", error(&train)?, error(&test)?);
    }

    let top = 4.0 * report.validation()[best - 1];
    let curve =
        |values: &[f64]| values.iter().enumerate().map(|(i, &v)| (i as f64 + 1.0, v.min(top))).collect::<Vec<_>>();
    let (training, validation) = (curve(report.history()), curve(report.validation()));
    picture::save(&folder.join("early_stopping.svg"), (700, 420), |area| {
        let epochs = 0.0..report.iterations() as f64 + 1.0;
        let mut chart = picture::axes(
            area,
            "Loss of training and validation",
            (epochs, "epoch"),
            (0.0..top, "½ mean square, standardized"),
        )?;
        picture::line(&mut chart, training.clone(), BLUE, "training")?;
        picture::line(&mut chart, validation.clone(), RED, "validation")?;
        chart.draw_series(LineSeries::new([(best as f64, 0.0), (best as f64, top)], GREY))?;
        picture::legend(&mut chart)
    })
}
