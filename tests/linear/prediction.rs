//! Predictions with intervals, far out.

use crate::support::close;
use nalgebra::{DMatrix, DVector, dmatrix};
use residual::inference::Covariance;
use residual::{Dataset, Error, LinearRegression, LogisticRegression, Regressor};

fn line() -> (DMatrix<f64>, DVector<f64>) {
    let x = DMatrix::from_fn(9, 2, |i, j| ((i * (3 + 2 * j)) % 7) as f64 + j as f64);
    let y = DVector::from_fn(9, |i, _| 1.0 + 2.0 * x[(i, 0)] - x[(i, 1)] + ((i * i) % 3) as f64);
    (x, y)
}

/// A number as large as f64 has is a number: the prediction is right where it has one too, and else an error.
#[test]
fn far_predictions_are_right_or_an_error() {
    let (x, y) = line();
    let data = Dataset::new(&x, &y).unwrap();
    let found = LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
    // Far out everything grows in proportion.
    let at = |size: f64| found.predict(&dmatrix![size, -0.5 * size], 0.9).map(|p| p[0]);
    let near = at(1e30).unwrap();
    for size in [1e100, 1e160, 1e300] {
        let far = at(size).unwrap();
        close("fit", far.fit / size, near.fit / 1e30, 1e-12);
        close("standard error", far.standard_error / size, near.standard_error / 1e30, 1e-12);
        let (mean, new) = ((far.mean.1 - far.mean.0) / size, (far.new.1 - far.new.0) / size);
        close("mean", mean, (near.mean.1 - near.mean.0) / 1e30, 1e-12);
        close("new", new, mean, 1e-12);
    }
    for row in [dmatrix![1.7e308, -1.7e308], dmatrix![1.7e308, 0.0], dmatrix![-1e308, 1e308]] {
        let far = found.predict(&row, 0.9);
        assert!(matches!(far, Err(Error::NotFinite { what: "the prediction", row: 0, .. })), "{far:?}");
    }
    let rows = dmatrix![1.0, 2.0; 1.7e308, -1.7e308];
    assert!(matches!(found.predict(&rows, 0.9), Err(Error::NotFinite { row: 1, .. })));
    assert!(matches!(found.predict(&dmatrix![1.0, f64::NAN], 0.9), Err(Error::NotFinite { what: "x", column: 1, .. })));
    // Terms that overflow and cancel leave what is left of them.
    let (b, big) = (found.coefficients(), 1e308);
    let other = -b[1] / b[2] * big;
    if other.abs() < 1.7e308 {
        assert!(found.predict(&dmatrix![big, other], 0.9).is_ok_and(|p| p[0].fit.abs() < 1e294));
    }
}

#[test]
fn far_probabilities_are_sure() {
    let (x, _) = line();
    let y = DVector::from_fn(9, |i, _| f64::from(u8::from(i % 3 == 0 || i == 4)));
    let data = Dataset::new(&x, &y).unwrap();
    let found = LogisticRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
    for size in [1e5, 1e160, 1e300, 1.7e308] {
        for row in [dmatrix![size, 0.0], dmatrix![-size, 0.0], dmatrix![size, size]] {
            let p = found.predict(&row, 0.9).unwrap()[0];
            assert!((p.fit == 0.0 || p.fit == 1.0 || size < 1e6) && p.standard_error < 1e-3, "{size:e}: {p:?}");
            assert!([p.mean.0, p.mean.1].iter().all(|v| (0.0..=1.0).contains(v)) && p.mean.0 <= p.mean.1, "{p:?}");
        }
    }
}
