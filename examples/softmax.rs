//! Softmax regression on 8×8 digits: `cargo run --release --example softmax [folder]`
//!
//! Every fifth image is held out. Prints the fit's report, accuracy and the confusion matrix, and draws that matrix and the
//! weights of each digit (`confusion.svg`, `weights.svg`).
//!
//! Optical recognition of handwritten digits, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0.

mod support;

use plotters::prelude::*;
use residual::classify::Classifier;
use residual::{LogisticRegression, metrics};
use std::process::ExitCode;
use std::time::Instant;
use support::{Outcome, every_fifth, picture, read};

fn main() -> ExitCode {
    support::run(softmax)
}

fn softmax() -> Outcome {
    let folder = support::folder()?;
    let table = read("digits.csv")?;
    let x = table.numbers(0..64)?.map(|pixel| pixel / 16.0);
    let labels: Vec<u8> = table.text(64).iter().map(|label| label.parse()).collect::<Result<_, _>>()?;
    let (train, test) = every_fifth(labels.len());
    let pick = |rows: &[usize]| -> Vec<u8> { rows.iter().map(|&i| labels[i]).collect() };

    // λ = 1/n is scikit-learn's C = 1.
    let start = Instant::now();
    let regressor = LogisticRegression::new().l2(1.0 / train.len() as f64);
    let model = Classifier::new(regressor).fit(&x.select_rows(&train), &pick(&train))?;
    let report = model.model().report();
    report.ensure_converged()?;
    println!("{} samples, {} parameters", train.len(), model.model().params().len());
    println!("{} iterations in {:.2?}, {:?}", report.iterations(), start.elapsed(), report.reason());
    println!("risk {:.10}, largest |gradient| {:.1e}", report.value(), report.gradient_norm());

    let (truth, held_out) = (pick(&test), x.select_rows(&test));
    let found = model.predict(&held_out)?;
    println!("held-out accuracy {:.4}", metrics::accuracy(&truth, &found)?);
    let confusion = metrics::confusion_matrix(&truth, &found)?;
    println!("{confusion}");
    draw_confusion(&folder, &confusion)?;

    let w = model.model().coefficients();
    picture::save(&folder.join("weights.svg"), (760, 360), |area| {
        area.draw(&Text::new("what each digit is recognised by: blue for, red against", (20, 14), ("sans-serif", 18)))?;
        for digit in 0..10 {
            let (left, top) = (20 + 148 * (digit % 5), 50 + 154 * (digit / 5));
            let column = w.column(digit as usize);
            let most = column.amax();
            for (i, &weight) in column.iter().enumerate() {
                let (x, y) = (left + 16 * (i % 8) as i32, top + 16 * (i / 8) as i32);
                area.draw(&Rectangle::new([(x, y), (x + 16, y + 16)], shade(weight / most).filled()))?;
            }
            area.draw(&Text::new(digit.to_string(), (left + 60, top + 130), ("sans-serif", 15)))?;
        }
        Ok(())
    })
}

/// White at 0, blue at 1, red at −1.
fn shade(v: f64) -> RGBColor {
    let rest = 255 - (255.0 * v.abs().min(1.0)) as u8;
    if v > 0.0 { RGBColor(rest, rest, 255) } else { RGBColor(255, rest, rest) }
}

fn draw_confusion(folder: &std::path::Path, confusion: &metrics::Confusion<u8>) -> Outcome {
    picture::save(&folder.join("confusion.svg"), (520, 540), |area| {
        let (counts, cell) = (confusion.counts(), 42);
        let text = |text: String, at: (i32, i32)| Text::new(text, at, ("sans-serif", 15));
        area.draw(&text("predicted".to_owned(), (230, 14)))?;
        area.draw(&text("true".to_owned(), (8, 270)))?;
        for (i, label) in confusion.labels().iter().enumerate() {
            area.draw(&text(label.to_string(), (60 + cell * i as i32 + 16, 40)))?;
            area.draw(&text(label.to_string(), (44, 60 + cell * i as i32 + 13)))?;
            let most = counts.row(i).sum().max(1) as f64;
            for j in 0..counts.ncols() {
                let (x, y, count) = (60 + cell * j as i32, 60 + cell * i as i32, counts[(i, j)]);
                let share = count as f64 / most;
                let color = shade(if i == j { share } else { -(4.0 * share).min(1.0) });
                area.draw(&Rectangle::new([(x, y), (x + cell - 2, y + cell - 2)], color.filled()))?;
                if count > 0 {
                    area.draw(&text(count.to_string(), (x + 12, y + 13)))?;
                }
            }
        }
        Ok(())
    })
}
