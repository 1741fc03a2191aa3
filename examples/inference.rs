//! What an estimate is worth: Engel's households, `cargo run --release --example inference [folder]`.
//!
//! Prints the regression of food expenditure on income, with classical and with robust standard errors, the rows that pull
//! hardest, and predictions with intervals; draws the confidence band and the residuals.

mod support;

use plotters::prelude::{BLACK, BLUE, GREEN, RED, RGBColor};
use residual::inference::{Covariance, Inference, Prediction};
use residual::nalgebra::DMatrix;
use residual::{Dataset, LinearRegression, Predictor, Regressor};
use std::process::ExitCode;
use support::{Outcome, picture, read};

const GREY: RGBColor = RGBColor(110, 110, 110);

fn main() -> ExitCode {
    support::run(|| {
        let folder = support::folder()?;
        let table = read("engel.csv")?;
        let (income, food) = (table.numbers(0..1)?, table.numbers(1..2)?);
        let data = Dataset::new(&income, &food)?.with_names(["income"])?;
        let model = LinearRegression::new().fit(&data)?;
        let classical = model.inference(&data, Covariance::Classical)?;
        let robust = model.inference(&data, Covariance::Hc3)?;

        println!("Food expenditure of 235 Belgian households on their income (Engel 1857)\n");
        println!("{classical:#}\n");
        println!(
            "The spread grows with income (see residuals.svg), so standard errors that allow for it are the honest ones:\n"
        );
        println!("{robust:#}\n");
        pulls(&classical, &income);

        let grid = DMatrix::from_fn(60, 1, |i, _| 300.0 + i as f64 * 80.0);
        let band = robust.predict(&grid, 0.95)?;
        println!("\nincome   food   95 % for the mean   95 % for a household");
        for (x, p) in grid.iter().zip(&band).step_by(12) {
            let (mean, new) = (p.mean, p.new);
            println!("{x:6.0} {:6.0}   {:6.0} .. {:6.0}    {:6.0} .. {:6.0}", p.fit, mean.0, mean.1, new.0, new.1);
        }
        println!();

        let points: Vec<(f64, f64)> = income.iter().copied().zip(food.iter().copied()).collect();
        let line: Vec<f64> = grid.iter().copied().collect();
        draw_band(&folder.join("band.svg"), &points, &line, &band)?;
        let fitted = model.predict(&income)?;
        draw_residuals(&folder.join("residuals.svg"), &classical, fitted.as_slice())
    })
}

/// The rows with the largest Cook's distance.
fn pulls(inference: &Inference, income: &DMatrix<f64>) {
    let cook = inference.cooks_distance();
    let mut rows: Vec<usize> = (0..cook.len()).collect();
    rows.sort_by(|&a, &b| cook[b].total_cmp(&cook[a]));
    println!("The rows that pull hardest:");
    println!(" row  income  leverage  studentized residual  Cook's distance");
    for &i in &rows[..5] {
        let (h, t) = (inference.leverage()[i], inference.studentized_residuals()[i]);
        println!("{i:4}  {:6.0}  {h:8.3}  {t:20.2}  {:15.2}", income[i], cook[i]);
    }
}

fn draw_band(path: &std::path::Path, points: &[(f64, f64)], x: &[f64], band: &[Prediction]) -> Outcome {
    let along =
        |value: fn(&Prediction) -> f64| -> Vec<(f64, f64)> { x.iter().copied().zip(band.iter().map(value)).collect() };
    picture::save(path, (760, 520), |area| {
        let xs = points.iter().map(|p| p.0);
        let ys = points.iter().map(|p| p.1).chain(band.iter().flat_map(|p| [p.new.0, p.new.1]));
        let title = "Engel's law, with 95 % bands for the mean (red) and for a household (grey)";
        let mut chart =
            picture::axes(area, title, (picture::range(xs), "income"), (picture::range(ys), "food expenditure"))?;
        picture::dots(&mut chart, points.to_vec(), BLUE, "households")?;
        picture::line(&mut chart, along(|p| p.fit), BLACK, "fit")?;
        picture::line(&mut chart, along(|p| p.mean.0), RED, "mean, HC3")?;
        picture::line(&mut chart, along(|p| p.mean.1), RED, "")?;
        picture::line(&mut chart, along(|p| p.new.0), GREY, "one household")?;
        picture::line(&mut chart, along(|p| p.new.1), GREY, "")?;
        picture::legend(&mut chart)
    })
}

fn draw_residuals(path: &std::path::Path, inference: &Inference, fitted: &[f64]) -> Outcome {
    let points: Vec<(f64, f64)> =
        fitted.iter().copied().zip(inference.studentized_residuals().iter().copied()).collect();
    picture::save(path, (760, 420), |area| {
        let (xs, ys) = (points.iter().map(|p| p.0), points.iter().map(|p| p.1));
        let x_range = picture::range(xs);
        let ends = (x_range.start, x_range.end);
        let title = "Studentized residuals fan out: the spread grows with the fit";
        let mut chart = picture::axes(
            area,
            title,
            (x_range, "fitted food expenditure"),
            (picture::range(ys), "studentized residual"),
        )?;
        picture::dots(&mut chart, points.clone(), BLUE, "")?;
        for level in [-2.0, 0.0, 2.0] {
            let color = if level == 0.0 { BLACK } else { GREEN };
            picture::line(&mut chart, vec![(ends.0, level), (ends.1, level)], color, "")?;
        }
        Ok(())
    })
}
