//! Standardized regressors against the same regressor on the columns as they are.

use crate::common::samples;
use proptest::prelude::*;
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{
    Affine, CrossEntropy, Dataset, Error, Fitted, FittedStandardized, LinearRegression, LogisticRegression, MinMax,
    Mlp, Polynomial, Predictor, Real, Regressor, Standardized, Standardizer,
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

/// Mean and standard deviation of any size keep their digits: sums that leave the range, numbers below the normal ones, means
/// that the type has no number for.
#[test]
fn scalers_take_columns_of_any_size() {
    fn check<T: Real>(column: &[f64], weights: Option<&[f64]>, expected: &[f64]) {
        let x = DMatrix::from_iterator(column.len(), 1, column.iter().map(|&x| T::of(x)));
        let weights: Option<Vec<T>> = weights.map(|w| w.iter().map(|&w| T::of(w)).collect());
        let data = Dataset::new(&x, &x).expect("data");
        let data = if let Some(w) = &weights { data.with_weights(w).expect("weights") } else { data };
        let eps = T::default_epsilon().to_f64();
        let scaler = Standardizer::fit(&data);
        let z = scaler.transform(&x).unwrap_or_else(|error| panic!("{column:?}: {error}"));
        for (z, expected) in z.iter().zip(expected) {
            assert!((z.to_f64() - expected).abs() <= 4.0 * eps * expected.abs(), "{column:?}: {z} for {expected}");
        }
        let back = scaler.inverse(&z).expect("numbers");
        for (back, x) in back.iter().zip(x.iter()) {
            assert!(
                (*back - *x).abs() <= T::of(4.0) * T::default_epsilon() * x.abs() || *back == *x,
                "{column:?}: {back} for {x}"
            );
        }
        assert!(scaler.scale().iter().chain(scaler.mean()).all(|v| v.is_finite()) && scaler.scale()[0] > T::zero());
        let range = MinMax::fit(&data);
        let share = range.transform(&x).expect("shares");
        assert!(range.scale()[0].is_finite() && range.scale()[0] > T::zero());
        let counts = |i: usize| weights.as_ref().is_none_or(|w| w[i] > T::zero());
        let shares: Vec<T> = (0..column.len()).filter(|&i| counts(i)).map(|i| share[i]).collect();
        assert!(shares.iter().all(|&s| s >= T::zero() && s <= T::one()), "{column:?}: {shares:?}");
        assert!(shares.contains(&T::zero()) && shares.contains(&T::one()), "{column:?}: {shares:?}");
    }
    let (two, three) = (&[-1.0, 1.0][..], &[-(1.5f64.sqrt()), 0.0, 1.5f64.sqrt()][..]);
    check::<f64>(&[-1.5e308, 1.5e308], None, two);
    check::<f64>(&[-1.7e308, 0.0, 1.7e308], None, three);
    check::<f64>(&[1.5e308, 1.7e308], None, two);
    check::<f64>(&[9007199254740992.0, 9007199254740994.0], None, two);
    check::<f64>(&[5e-324, 1e-323], None, two);
    check::<f64>(&[-5e-324, 5e-324], None, two);
    check::<f64>(&[1e-310, 3e-310], None, two);
    check::<f64>(&[1e300, 3e300], Some(&[1e-310, 1e-310]), two);
    check::<f32>(&[16777216.0, 16777218.0], None, two);
    check::<f32>(&[-3e38, 3e38], None, two);
    check::<f32>(&[-3.4e38, 0.0, 3.4e38], None, three);
    check::<f32>(&[1e-45, 3e-45], None, two);
    check::<f32>(&[16777216.0, 16777218.0], Some(&[1e30, 1e30]), two);
    // Weights 3 and 1: mean ¼ of the way, standard deviation √3/4 of it.
    let (low, high) = (-(1.0 / 3f64.sqrt()), 3f64.sqrt());
    for size in [1e-300, 1.0, 1e300] {
        check::<f64>(&[-1.5e308, 1.5e308], Some(&[3.0 * size, size]), &[low, high]);
    }
    check::<f32>(&[16777216.0, 16777224.0], Some(&[3.0, 1.0]), &[low, high]);
}

/// What is not finite, or does not stay so, is an error with its place.
#[test]
fn numbers_that_are_not_finite_are_errors() {
    let x = DMatrix::from_column_slice(3, 1, &[1e-3, 2e-3, 3e-3]);
    let data = Dataset::new(&x, &x).expect("data");
    let (scaler, range) = (Standardizer::fit(&data), MinMax::fit(&data));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let z = DMatrix::from_column_slice(2, 1, &[1.0, bad]);
        let error = |what| Some(Error::NotFinite { what, row: 1, column: 0 });
        assert_eq!([scaler.transform(&z).err(), range.transform(&z).err()], [error("x"), error("x")]);
        assert_eq!([scaler.inverse(&z).err(), range.inverse(&z).err()], [error("z"), error("z")]);
    }
    let far = DMatrix::from_column_slice(2, 1, &[1.0, 1e308]);
    for result in [scaler.transform(&far), range.transform(&far), {
        let wide = DMatrix::from_column_slice(2, 1, &[-1e300, 1e300]);
        Standardizer::fit(&Dataset::new(&wide, &wide).expect("data")).inverse(&far)
    }] {
        assert!(matches!(result, Err(Error::NotFinite { row: 1, column: 0, .. })), "{result:?}");
    }
    let model = Standardized::new(LinearRegression::new()).fit(&data).expect("a fit");
    let prediction = model.predict(&far);
    assert!(matches!(prediction, Err(Error::NotFinite { what: "the prediction", row: 1, .. })), "{prediction:?}");
    let polynomial = Polynomial::over(&[-1.0, 1.0], 2).expect("a polynomial");
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(matches!(polynomial.to_powers(bad, &[1.0, 2.0]), Err(Error::NotFinite { .. })));
        assert!(matches!(polynomial.to_powers(0.0, &[1.0, bad]), Err(Error::NotFinite { row: 1, .. })));
    }
    assert!(matches!(polynomial.to_powers(f64::MAX, &[1.0, -f64::MAX]), Err(Error::Undefined { .. })));
    assert!(matches!(polynomial.to_powers(0.0, &[1.0, f64::MAX]), Err(Error::Undefined { .. })));
}

/// Coefficients in the user's units, whatever those are.
#[test]
fn standardized_models_speak_any_unit() {
    for (a, b) in [(1e-300, 1e-300), (1e300, 1e300), (1e-310, 1e-300), (1e300, 1e-3), (1e-200, 1e100), (1.0, 1.0)] {
        let x = DMatrix::from_column_slice(4, 1, &[-1.0, 0.0, 1.0, 1.5]) * a;
        let y = DMatrix::from_column_slice(4, 1, &[-1.0, 1.0, 3.0, 4.0]) * (0.25 * b);
        let data = Dataset::new(&x, &y).expect("data");
        let plain = Standardized::new(LinearRegression::new());
        // Squares of errors have to be in range, where targets are left as they are.
        let models = if b == 1e-3 || b == 1.0 { vec![plain.clone(), plain.targets()] } else { vec![plain.targets()] };
        for model in models {
            let model = model.fit(&data).expect("a fit");
            let near = |found: f64, truth: f64| (found / truth - 1.0).abs() < 1e-12;
            let (w, level) = (model.coefficients()[0], model.intercept()[0]);
            assert!(near(w / b * a, 0.5) || near(w / (b / a), 0.5), "{a:e} {b:e}: {w:e}");
            assert!(near(level, 0.25 * b), "{a:e} {b:e}: {level:e}");
            let p = model.predict(&x).expect("a prediction");
            assert!(p.iter().zip(&y).all(|(p, y)| near(*p, *y)), "{a:e} {b:e}: {p} {y}");
        }
    }
}
