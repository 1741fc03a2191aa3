//! Metrics against the reference answers.

use crate::support::{json, number, numbers};
use nalgebra::{DMatrix, DVector};
use residual::Error;
use residual::metrics::{
    accuracy, average_precision, brier, confusion_matrix, f1, log_loss, mae, mse, precision, r2, recall, rmse, roc_auc,
    roc_curve,
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
    let Some(reference) = json("metrics.json") else { return };
    let case = &reference["regression"];
    let (y, p) = (DVector::from_vec(numbers(&case["y_true"])), DVector::from_vec(numbers(&case["y_pred"])));
    let expected = &case["metrics"];
    close("mse", mse(&y, &p).unwrap(), &expected["mse"]);
    close("rmse", rmse(&y, &p).unwrap(), &expected["rmse"]);
    close("mae", mae(&y, &p).unwrap(), &expected["mae"]);
    close("r2", r2(&y, &p).unwrap(), &expected["r2"]);
    let mean = DVector::from_element(y.len(), y.mean());
    assert!(r2(&y, &mean).unwrap().abs() < 1e-14);
}

#[test]
fn binary() {
    let Some(reference) = json("metrics.json") else { return };
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
    let confusion = confusion_matrix(&truth, &found).unwrap();
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
    let Some(reference) = json("metrics.json") else { return };
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
    assert!(matches!(brier(&y, &DVector::from_vec(vec![0.5, 1.5])), Err(Error::Undefined { .. })));
    let one = DMatrix::from_element(1, 1, 2f32);
    assert_eq!(mse(&one, one.view((0, 0), (1, 1))), Ok(0.0));
}
