//! Standardized regressors against the same regressor on the columns as they are.

use crate::common::samples;
use proptest::prelude::*;
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{
    Affine, CrossEntropy, Dataset, Error, Fitted, FittedStandardized, LinearRegression, LogisticRegression, Mlp,
    Predictor, Real, Regressor, Standardized, Standardizer,
};

/// Columns of very different units and offsets.
fn columns(n: usize, p: usize, seed: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let (x, y) = samples::<f64>(n, p, 2, seed);
    let units = [1.0, 1e4, 1e-3, 50.0];
    let offsets = [0.0, 3e4, 5e-3, -70.0];
    (DMatrix::from_fn(n, p, |i, j| offsets[(j + seed) % 4] + units[(j + seed) % 4] * x[(i, j)]), y)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Without a penalty scaling changes nothing: coefficients, intercepts and predictions in the user's units.
    #[test]
    fn linear_fits_are_equal(n in 8usize..40, p in 1usize..5, seed in 0usize..1000, weighted: bool, targets: bool) {
        let (x, y) = columns(n, p, seed);
        let weights: Vec<f64> = (0..n).map(|i| [1.0, 2.5, 0.0, 0.5, 1.0][(i + seed) % 5]).collect();
        let data = Dataset::new(&x, &y).expect("data");
        let data = if weighted { data.with_weights(&weights).expect("weights") } else { data };
        let plain = LinearRegression::new().fit(&data).expect("a fit");
        let scaled = Standardized::new(LinearRegression::new());
        let scaled = if targets { scaled.targets() } else { scaled };
        let scaled = scaled.fit(&data).expect("a fit");
        // In units of what one standard deviation of the feature does.
        let sd = Standardizer::fit(&data).scale().to_vec();
        let (a, b) = (plain.coefficients(), scaled.coefficients());
        for j in 0..p {
            for c in 0..2 {
                prop_assert!(((a[(j, c)] - b[(j, c)]) * sd[j]).abs() < 1e-9, "{} {}", a[(j, c)], b[(j, c)]);
            }
        }
        let (p, q) = (plain.predict(&x).expect("a prediction"), scaled.predict(&x).expect("a prediction"));
        prop_assert!((&p - &q).amax() < 1e-9);
        let by_hand = DMatrix::from_fn(n, 2, |i, c| x.row(i).transpose().dot(&b.column(c)) + scaled.intercept()[c]);
        prop_assert!((by_hand - q).amax() < 1e-9);
    }

    #[test]
    fn logistic_fits_are_equal(n in 30usize..80, p in 1usize..4, seed in 0usize..1000) {
        let (x, y) = columns(n, p, seed);
        // Labels with noise of their own, so that the classes overlap.
        let labels = DMatrix::from_fn(n, 1, |i, _| f64::from(u8::from((y[(i, 0)] + 2.0 * ((i * i + seed) as f64).sin()) > 0.0)));
        let data = Dataset::new(&x, &labels).expect("data");
        let plain = LogisticRegression::new().fit(&data).expect("a fit");
        let scaled = Standardized::new(LogisticRegression::new()).fit(&data).expect("a fit");
        if plain.report().converged() && scaled.report().converged() {
            let difference = plain.predict(&x).expect("a prediction") - scaled.predict(&x).expect("a prediction");
            prop_assert!(difference.amax() < 1e-8, "{}", difference.amax());
        }
    }
}

#[test]
fn constant_columns_and_one_sample_are_no_trouble() {
    let x = DMatrix::from_fn(6, 3, |i, j| if j == 1 { 0.1 } else { (i * (j + 1)) as f64 * 1e6 });
    let y = DMatrix::from_fn(6, 1, |i, _| i as f64);
    let data = Dataset::new(&x, &y).expect("data");
    let model = Standardized::new(LinearRegression::new().l2(1e-3)).fit(&data).expect("a fit");
    assert_eq!(model.coefficients()[1], 0.0);
    assert!((model.predict(&x).expect("a prediction") - &y).amax() < 0.1);
    let one = data.select(&[3]).expect("a row");
    for scaled in [Standardized::new(LinearRegression::new()), Standardized::new(LinearRegression::new()).targets()] {
        let model = scaled.fit(&one).expect("a fit");
        assert_eq!(model.predict(x.rows(3, 1)).expect("a prediction")[0], 3.0);
    }
}

#[test]
fn networks_are_scaled_the_same_way() {
    fn check<T: Real>() {
        let (x, y) = columns(40, 4, 1);
        let (x, y) = (x.map(T::of), y.map(|v| T::of(1000.0 + 300.0 * v)));
        let data = Dataset::new(&x, &y).expect("data");
        let mlp = Mlp::regressor([16]).solver(Trainer::adam(0.01).epochs(200));
        let model = Standardized::new(mlp.clone()).targets().fit(&data).expect("a fit");
        let error = (model.predict(&x).expect("a prediction") - &y).map(|e| e.to_f64()).norm() / (80f64).sqrt();
        assert!(error < 60.0, "{error}");
        // By hand: the same network on columns scaled outside.
        let scaler = Standardizer::fit(&data);
        let z = scaler.transform(&x).expect("columns");
        let t = Standardizer::fit_targets(&data).transform(&y).expect("columns");
        let inner = mlp.fit(&Dataset::new(&z, &t).expect("data")).expect("a fit");
        assert_eq!(inner.params(), model.model().params());
    }
    check::<f64>();
    check::<f32>();
}

#[test]
fn wrong_columns_are_errors() {
    let (x, y) = columns(10, 3, 0);
    let data = Dataset::new(&x, &y).expect("data");
    let model = Standardized::new(LinearRegression::new()).fit(&data).expect("a fit");
    assert!(matches!(model.predict(x.columns(0, 2)), Err(Error::Shape { expected: 3, found: 2, .. })));
    let mut broken = x.clone();
    broken[(4, 1)] = f64::NAN;
    assert!(matches!(model.predict(&broken), Err(Error::NotFinite { row: 4, column: 1, .. })));
    assert!(Standardizer::fit(&data).inverse(x.columns(0, 1)).is_err());
    let mut out = DMatrix::zeros(9, 2);
    assert!(model.predict_into(x.as_view(), &mut out).is_err());
}

/// A type alias that users will write: the fit of a standardized logistic model.
type Scaled = FittedStandardized<f64, Fitted<f64, Affine, CrossEntropy>>;

#[test]
fn the_inner_model_and_report_are_open() {
    let (x, y) = columns(30, 2, 3);
    let labels = DMatrix::from_fn(30, 1, |i, _| f64::from(u8::from(y[(i, 0)] > 0.0)));
    let data = Dataset::new(&x, &labels).expect("data");
    let model: Scaled = Standardized::new(LogisticRegression::new().l2(0.1)).fit(&data).expect("a fit");
    assert!(model.report().converged());
    assert_eq!(model.report(), model.clone().model().report());
    assert_eq!(model.standardizer().mean().len(), 2);
    assert!(format!("{model:?}").starts_with("FittedStandardized"));
}
