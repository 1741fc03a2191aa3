//! Logistic regression on the breast-cancer data, with labels: `cargo run --release --example logistic [folder]`
//!
//! The table of coefficients with standard errors and odds ratios; accuracy, log loss and the ROC curve on every fifth
//! sample, held out (`roc.svg`); what two features alone decide, as a picture (`boundary.svg`); and what happens when all
//! thirty features separate the classes, so that no maximum exists.
//!
//! Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository, doi 10.24432/C5DW2B, CC BY 4.0.

mod support;

use plotters::prelude::{BLACK, BLUE, RED, RGBColor};
use residual::classify::{Classes, Classifier};
use residual::inference::Covariance;
use residual::nalgebra::DMatrix;
use residual::{Dataset, LogisticRegression, Regressor, metrics};
use std::process::ExitCode;
use support::{Outcome, every_fifth, picture, read};

const FEATURES: [&str; 5] = ["mean_texture", "mean_smoothness", "mean_symmetry", "radius_error", "texture_error"];

fn main() -> ExitCode {
    support::run(logistic)
}

fn logistic() -> Outcome {
    let folder = support::folder()?;
    let table = read("breast_cancer.csv")?;
    let all = table.numbers(0..30)?;
    let labels = table.text(30);
    let columns = |names: &[&str]| -> Outcome<DMatrix<f64>> {
        let at = |name: &&str| table.names.iter().position(|n| n == name).ok_or(format!("no column {name}"));
        let at: Vec<usize> = names.iter().map(at).collect::<Result<_, _>>()?;
        Ok(all.select_columns(&at))
    };

    // All samples: the table.
    let x = columns(&FEATURES)?;
    let classes = Classes::new(&labels)?;
    let y = classes.encode::<f64>(&labels)?;
    let data = Dataset::new(&x, &y)?.with_names(FEATURES)?;
    let model = LogisticRegression::new().fit(&data)?;
    model.report().ensure_converged()?;
    println!("probability of {:?}\n", classes.labels()[1]);
    println!("{:#}\n", model.inference(&data, Covariance::Classical)?);

    // Four fifths to fit, one to test.
    let (train, test) = every_fifth(labels.len());
    let pick = |rows: &[usize]| -> Vec<String> { rows.iter().map(|&i| labels[i].clone()).collect() };
    let (fitted_labels, truth) = (pick(&train), pick(&test));
    let classifier = Classifier::new(LogisticRegression::new()).fit(&x.select_rows(&train), &fitted_labels)?;
    let held_out = x.select_rows(&test);
    let p = classifier.probabilities(&held_out)?;
    let (y_test, p_test) = (classes.encode::<f64>(&truth)?, p.columns(1, 1).into_owned());
    println!("on {} held-out samples:", test.len());
    println!("accuracy {:.4}", metrics::accuracy(&truth, &classifier.predict(&held_out)?)?);
    println!("log loss {:.4}", metrics::log_loss(&y_test, &p_test)?);
    let auc = metrics::roc_auc(&y_test, &p_test)?;
    println!("AUC      {auc:.4}");
    println!("{}\n", metrics::confusion_matrix(&truth, &classifier.predict(&held_out)?)?);
    roc(&folder, &metrics::roc_curve(&y_test, &p_test)?, auc)?;

    let two = ["mean_texture", "mean_concave_points"];
    boundary(&folder, &columns(&two)?, &labels, two)?;

    // Thirty features are too many for 569 samples without a penalty: the fit says so.
    let everything = Dataset::new(&all, &y)?;
    let separated = LogisticRegression::new().fit(&everything)?;
    for warning in separated.report().warnings() {
        println!("all 30 features: {warning}");
    }
    let penalized = LogisticRegression::new().l2(1e-4).fit(&everything)?;
    println!("with l2 = 1e-4: converged {}", penalized.report().converged());
    Ok(())
}

fn roc(folder: &std::path::Path, curve: &[(f64, f64, f64)], auc: f64) -> Outcome {
    picture::save(&folder.join("roc.svg"), (520, 480), |area| {
        let title = format!("ROC curve, AUC {auc:.4}");
        let axis = -0.02..1.02;
        let mut chart =
            picture::axes(area, &title, (axis.clone(), "false positive rate"), (axis, "true positive rate"))?;
        picture::line(&mut chart, vec![(0.0, 0.0), (1.0, 1.0)], RGBColor(180, 180, 180), "by chance")?;
        picture::line(&mut chart, curve.iter().map(|&(_, fpr, tpr)| (fpr, tpr)).collect(), BLUE, "five features")?;
        picture::legend(&mut chart)
    })
}

/// Samples by two features, and the lines on which the model gives 10, 50 and 90 %.
fn boundary(folder: &std::path::Path, x: &DMatrix<f64>, labels: &[String], names: [&str; 2]) -> Outcome {
    let model = Classifier::new(LogisticRegression::new()).fit(x, labels)?;
    let (w, b) = (model.model().coefficients(), model.model().intercept()[0]);
    picture::save(&folder.join("boundary.svg"), (640, 520), |area| {
        let (across, up) = (picture::range(x.column(0).iter().copied()), picture::range(x.column(1).iter().copied()));
        let title = format!("probability of {}", model.classes().labels()[1]);
        let mut chart = picture::axes(area, &title, (across.clone(), names[0]), (up.clone(), names[1]))?;
        for (label, color) in model.classes().labels().iter().zip([BLUE, RED]) {
            let own = (0..labels.len()).filter(|&i| labels[i] == *label).map(|i| (x[(i, 0)], x[(i, 1)]));
            picture::dots(&mut chart, own.collect(), color, label)?;
        }
        for (p, color) in [(0.1, RGBColor(150, 150, 220)), (0.5, BLACK), (0.9, RGBColor(220, 150, 150))] {
            // w₀ x₀ + w₁ x₁ + b = ln(p / (1 − p))
            let z = f64::ln(p / (1.0 - p));
            let at = |x0: f64| (x0, (z - b - w[0] * x0) / w[1]);
            let steps = (0..=200).map(|i| at(across.start + (across.end - across.start) * f64::from(i) / 200.0));
            let inside = steps.filter(|(_, x1)| up.contains(x1)).collect();
            picture::line(&mut chart, inside, color, &format!("p = {p}"))?;
        }
        picture::legend(&mut chart)
    })
}
