//! Metrics against the reference answers.

use crate::files::{json, number, numbers};
use nalgebra::{DMatrix, DVector};
use residual::Error;
use residual::metrics::{
    Average, accuracy, average_precision, brier, confusion_matrix, d2_absolute_error, explained_variance, f_beta, f1,
    gamma_deviance, jaccard, log_loss, mae, mape, max_error, median_absolute_error, mse, msle, pinball,
    poisson_deviance, pr_auc, precision, r2, recall, rmse, roc_auc, roc_auc_one_vs_one, roc_curve, top_accuracy,
    weighted_mae, weighted_mse, weighted_r2,
};
use serde_json::Value;

fn close(name: &str, found: f64, expected: &Value) {
    let expected = number(expected);
    assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{name}: {found} {expected}");
}

fn matrix(rows: &Value) -> DMatrix<f64> {
    let rows: Vec<Vec<f64>> = rows.as_array().unwrap().iter().map(numbers).collect();
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

fn labels(values: &Value) -> Vec<usize> {
    numbers(values).into_iter().map(|v| v as usize).collect()
}

#[test]
fn regression() {
    let reference = json("metrics.json");
    let case = &reference["regression"];
    let (y, p) = (DVector::from_vec(numbers(&case["y_true"])), DVector::from_vec(numbers(&case["y_pred"])));
    let expected = &case["metrics"];
    close("mse", mse(&y, &p).unwrap(), &expected["mse"]);
    close("rmse", rmse(&y, &p).unwrap(), &expected["rmse"]);
    close("mae", mae(&y, &p).unwrap(), &expected["mae"]);
    close("r2", r2(&y, &p).unwrap(), &expected["r2"]);
    close("median", median_absolute_error(&y, &p).unwrap(), &expected["median_absolute_error"]);
    close("max", max_error(&y, &p).unwrap(), &expected["max_error"]);
    close("mape", mape(&y, &p).unwrap(), &expected["mape"]);
    close("msle", msle(&y, &p).unwrap(), &expected["msle"]);
    close("explained variance", explained_variance(&y, &p).unwrap(), &expected["explained_variance"]);
    close("pinball", pinball(&y, &p, 0.9).unwrap(), &expected["pinball_0_9"]);
    close("poisson", poisson_deviance(&y, &p).unwrap(), &expected["mean_poisson_deviance"]);
    close("gamma", gamma_deviance(&y, &p).unwrap(), &expected["mean_gamma_deviance"]);
    close("d2", d2_absolute_error(&y, &p).unwrap(), &expected["d2_absolute_error"]);
    let weights = numbers(&case["weights"]);
    close("weighted r2", weighted_r2(&y, &p, &weights).unwrap(), &expected["weighted_r2"]);
    close("weighted mse", weighted_mse(&y, &p, &weights).unwrap(), &expected["weighted_mse"]);
    close("weighted mae", weighted_mae(&y, &p, &weights).unwrap(), &expected["weighted_mae"]);
    let mean = DVector::from_element(y.len(), y.mean());
    assert!(r2(&y, &mean).unwrap().abs() < 1e-14);
}

#[test]
fn binary() {
    let reference = json("metrics.json");
    let case = &reference["binary"];
    let (y, score) = (DVector::from_vec(numbers(&case["y_true"])), DVector::from_vec(numbers(&case["score"])));
    let expected = &case["metrics"];
    close("log_loss", log_loss(&y, &score).unwrap(), &expected["log_loss"]);
    close("brier", brier(&y, &score).unwrap(), &expected["brier"]);
    close("roc_auc", roc_auc(&y, &score).unwrap(), &expected["roc_auc"]);
    close("ap", average_precision(&y, &score).unwrap(), &expected["average_precision_step"]);
    let truth = labels(&case["y_true"]);
    let found: Vec<usize> = score.iter().map(|&s| usize::from(s >= number(&case["threshold"]))).collect();
    close("accuracy", accuracy(&truth, &found).unwrap(), &expected["accuracy"]);
    close("precision", precision(&truth, &found, &1).unwrap(), &expected["precision"]);
    close("recall", recall(&truth, &found, &1).unwrap(), &expected["recall"]);
    close("f1", f1(&truth, &found, &1).unwrap(), &expected["f1"]);
    close("f2", f_beta(&truth, &found, &1, 2.0).unwrap(), &expected["f2"]);
    close("jaccard", jaccard(&truth, &found, &1).unwrap(), &expected["jaccard"]);
    close("pr auc", pr_auc(&y, &score).unwrap(), &expected["pr_auc_trapezoid"]);
    let confusion = confusion_matrix(&truth, &found).unwrap();
    close("balanced", confusion.balanced_accuracy().unwrap(), &expected["balanced_accuracy"]);
    close("matthews", confusion.matthews().unwrap(), &expected["matthews"]);
    close("kappa", confusion.cohen_kappa().unwrap(), &expected["cohen_kappa"]);
    assert_eq!(confusion.counts().map(|c| c as f64), matrix(&expected["confusion_rows_true_cols_pred"]));
    let curve = roc_curve(&y, &score).unwrap();
    let (fpr, tpr) = (numbers(&case["roc"]["fpr"]), numbers(&case["roc"]["tpr"]));
    assert_eq!(curve.len(), fpr.len());
    for ((point, fpr), tpr) in curve.iter().zip(fpr).zip(tpr) {
        assert!((point.1 - fpr).abs() < 1e-12 && (point.2 - tpr).abs() < 1e-12);
    }
}

#[test]
fn multiclass() {
    let reference = json("metrics.json");
    let case = &reference["multiclass"];
    let (truth, found, p) = (labels(&case["y_true"]), labels(&case["y_pred"]), matrix(&case["prob"]));
    let y = DMatrix::from_fn(truth.len(), p.ncols(), |i, c| f64::from(u8::from(truth[i] == c)));
    let expected = &case["metrics"];
    close("log_loss", log_loss(&y, &p).unwrap(), &expected["log_loss"]);
    close("roc_auc", roc_auc(&y, &p).unwrap(), &expected["roc_auc_ovr_macro"]);
    close("accuracy", accuracy(&truth, &found).unwrap(), &expected["accuracy"]);
    let mean = |score: fn(&[usize], &[usize], &usize) -> residual::Result<f64>| {
        (0..4).map(|c| score(&truth, &found, &c).unwrap()).sum::<f64>() / 4.0
    };
    close("precision", mean(precision), &expected["precision_macro"]);
    close("recall", mean(recall), &expected["recall_macro"]);
    close("f1", mean(f1), &expected["f1_macro"]);
    for (c, expected) in expected["f1_per_class"].as_array().unwrap().iter().enumerate() {
        close("f1", f1(&truth, &found, &c).unwrap(), expected);
    }
    let confusion = confusion_matrix(&truth, &found).unwrap();
    assert_eq!(confusion.counts().map(|c| c as f64), matrix(&expected["confusion_rows_true_cols_pred"]));
    close("balanced", confusion.balanced_accuracy().unwrap(), &expected["balanced_accuracy"]);
    close("matthews", confusion.matthews().unwrap(), &expected["matthews"]);
    close("kappa", confusion.cohen_kappa().unwrap(), &expected["cohen_kappa"]);
    for (average, name) in [(Average::Macro, "macro"), (Average::Micro, "micro"), (Average::Weighted, "weighted")] {
        close(name, confusion.precision(average).unwrap(), &expected[format!("precision_{name}")]);
        close(name, confusion.recall(average).unwrap(), &expected[format!("recall_{name}")]);
        close(name, confusion.f1(average).unwrap(), &expected[format!("f1_{name}")]);
    }
    close("top 2", top_accuracy(&y, &p, 2).unwrap(), &expected["top2_accuracy"]);
    close("one against one", roc_auc_one_vs_one(&y, &p).unwrap(), &expected["roc_auc_ovo_macro"]);
}

#[test]
fn scores_that_are_not_defined_are_errors() {
    let undefined = |score: residual::Result<f64>| matches!(score, Err(Error::Undefined { .. }));
    let (y, p) = (DVector::from_vec(vec![0.0, 2.0]), DVector::from_vec(vec![-2.0, 1.0]));
    for score in [mape(&y, &p), msle(&y, &p), poisson_deviance(&y, &p), gamma_deviance(&y, &p)] {
        assert!(undefined(score));
    }
    let flat = DVector::from_vec(vec![0.1; 3]);
    let any = DVector::from_vec(vec![0.1, 0.2, 0.3]);
    for score in [explained_variance, d2_absolute_error] {
        assert!(undefined(score(&flat, &any)));
    }
    assert!(undefined(weighted_r2(&any, &flat, &[0.0, 1.0, 0.0])));
    assert_eq!(weighted_mse(&any, &flat, &[0.0; 3]), Err(Error::NoWeight));
    assert!(matches!(weighted_mae(&any, &flat, &[1.0, -1.0, 1.0]), Err(Error::Weight { row: 1, .. })));
    assert!(matches!(weighted_mae(&any, &flat, &[1.0]), Err(Error::Shape { expected: 3, found: 1, .. })));
    assert!(matches!(pinball(&any, &flat, 1.5), Err(Error::Config { .. })));
    assert!(matches!(top_accuracy(&any, &flat, 0), Err(Error::Config { .. })));
    let one = confusion_matrix(&[1, 1], &[1, 1]).unwrap();
    assert!(undefined(one.matthews()) && undefined(one.cohen_kappa()));
    let stray = confusion_matrix(&[1, 1], &[1, 2]).unwrap();
    assert!(undefined(stray.balanced_accuracy()) && stray.recall(Average::Weighted).is_ok());
    // A class without a sample.
    let (y, p) = (DMatrix::from_row_slice(2, 3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), DMatrix::from_element(2, 3, 0.3));
    assert!(undefined(roc_auc_one_vs_one(&y, &p)));
    let bad = DVector::from_vec(vec![0.5, f64::NAN, 0.5]);
    for score in [mape, msle, max_error, median_absolute_error, explained_variance, pr_auc] {
        assert_eq!(score(&any, &bad), Err(Error::NotFinite { what: "the prediction", row: 1, column: 0 }));
    }
}

#[test]
fn edges() {
    let (y, p) = (DVector::from_vec(vec![1.0, 1.0]), DVector::from_vec(vec![0.5, 1.0]));
    assert!(matches!(roc_auc(&y, &p), Err(Error::Undefined { .. })));
    assert!(matches!(r2(&y, &p), Err(Error::Undefined { .. })));
    assert_eq!(average_precision(&y, &p), Ok(1.0));
    assert_eq!(log_loss(&DVector::from_vec(vec![0.0]), &DVector::from_vec(vec![1.0])), Ok(f64::INFINITY));
    assert_eq!(log_loss(&DVector::from_vec(vec![1.0]), &DVector::from_vec(vec![1.0])), Ok(0.0));
    let (three, none) = (DVector::zeros(3), DVector::zeros(0));
    let bad = DVector::from_vec(vec![0.5, f64::NAN]);
    for score in [mse, rmse, mae, r2, log_loss, brier, roc_auc, average_precision] {
        assert_eq!(score(&y, &bad), Err(Error::NotFinite { what: "the prediction", row: 1, column: 0 }));
        assert!(matches!(score(&y, &three), Err(Error::Shape { expected: 2, found: 3, .. })));
        assert!(matches!(score(&none, &none), Err(Error::Empty { .. })));
    }
    assert!(matches!(
        brier(&y, &DVector::from_vec(vec![0.5, 1.5])),
        Err(Error::Probability { row: 1, column: 0, value: 1.5 })
    ));
    let one = DMatrix::from_element(1, 1, 2f32);
    assert_eq!(mse(&one, one.view((0, 0), (1, 1))), Ok(0.0));
}
