//! Answers that other libraries get wrong, by name.

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use residual::{Dataset, Error, LinearRegression, Predictor, Regressor};

#[test]
fn a_line_far_from_the_origin_has_its_intercept() {
    let x = DMatrix::from_fn(50, 1, |i, _| 100.0 + i as f64);
    let y = x.column(0).map(|x| 3.0 * x + 10.0);
    let data = Dataset::new(&x, &y).unwrap();
    let exact = LinearRegression::new().fit(&data).unwrap();
    assert_eq!(exact.params(), [3.0, 10.0]);
    assert!(exact.report().value() < 1e-25);
    // slope = 3 / (1 + λ / Var(x)), Var(x) = (50² − 1) / 12.
    let ridge = LinearRegression::new().l2(1e-8).fit(&data).unwrap();
    let slope = 3.0 / (1.0 + 1e-8 * 12.0 / 2499.0);
    assert!((ridge.params()[0] / slope - 1.0).abs() < 1e-15);
    assert!((ridge.params()[1] - (10.0 + (3.0 - slope) * 124.5)).abs() < 1e-12);
}

#[test]
fn a_line_a_quadrillion_from_the_origin_has_its_slope() {
    let x = DMatrix::from_fn(50, 1, |i, _| 1e15 + i as f64);
    let y = DVector::from_fn(50, |i, _| 7.0 - 2.0 * i as f64);
    let model = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    assert_eq!(model.params(), [-2.0, 2e15 + 7.0]);
}

#[test]
fn weights_weigh() {
    let (x, y) = (dmatrix![0.0; 0.0], dvector![1.0f64, 0.0]);
    let weights = [1000.0, 0.001];
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let model = LinearRegression::new().fit(&data).unwrap();
    assert!((model.intercept()[0] - 1000.0 / 1000.001).abs() < 1e-15);
    // Two clusters on one line each: the slope of the heavy one wins.
    let x = dmatrix![0.0; 1.0; 2.0; 0.0; 1.0; 2.0];
    let y = dvector![0.0f64, 1.0, 2.0, 0.0, -1.0, -2.0];
    let weights = [1000.0, 1000.0, 1000.0, 0.001, 0.001, 0.001];
    let model = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap()).unwrap();
    assert!((model.coefficients()[0] - 999.999 / 1000.001).abs() < 1e-15);
}

#[test]
fn weight_zero_is_absence_and_weight_two_is_twice() {
    let x = dmatrix![1.0, 2.0; 2.0, 1.0; 3.0, 5.0; 4.0, 0.0; 1e9, -1e9; 5.0, 2.5];
    let y = dvector![1.0f64, 0.0, 2.0, 5.0, 1e12, 3.0];
    let weights = [1.0, 2.0, 1.0, 1.0, 0.0, 1.0];
    let weighted = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let repeated = Dataset::new(&x, &y).unwrap().select(&[0, 1, 1, 2, 3, 5]).unwrap();
    for l2 in [0.0, 0.5] {
        let (a, b) = (LinearRegression::new().l2(l2), LinearRegression::new().l2(l2));
        let (a, b) = (a.fit(&weighted).unwrap(), b.fit(&repeated).unwrap());
        for (a, b) in a.params().iter().zip(b.params()) {
            assert!((a - b).abs() <= 2.0 * f64::EPSILON * b.abs(), "{a} and {b}");
        }
        assert!((a.report().value() / b.report().value() - 1.0).abs() < 1e-13);
    }
}

#[test]
fn a_duplicated_column_does_not_explode() {
    let x = dmatrix![1.0, 1.0; 2.0, 2.0; 3.0, 3.0; 4.0, 4.0];
    let y = dvector![2.0f64, 4.0, 6.0, 8.0];
    let model = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    for (found, expected) in model.params().iter().zip([1.0, 1.0, 0.0]) {
        assert!((found - expected).abs() < 1e-15);
    }
    assert_eq!(model.report().warnings()[0].to_string(), "feature 1 is a combination of others: +1.0000·x0");
}

#[test]
fn nan_is_refused() {
    let x = dmatrix![1.0; f64::NAN; 3.0];
    let y = dvector![1.0, 2.0, 3.0];
    let error = Error::NotFinite { what: "x", row: 1, column: 0 };
    assert_eq!(Dataset::new(&x, &y).err(), Some(error));
}

#[test]
fn fewer_samples_than_columns() {
    let x = dmatrix![3.0, 4.0];
    let y = dvector![10.0f64];
    let through = LinearRegression::new().intercept(false).fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    // The shortest w with 3 w₀ + 4 w₁ = 10.
    assert!((through.params()[0] - 1.2).abs() < 1e-15 && (through.params()[1] - 1.6).abs() < 1e-15);
    let level = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    assert_eq!((level.params(), level.report().rank()), (&[0.0, 0.0, 10.0][..], Some(0)));
}

#[test]
fn ridge_with_as_many_columns_as_samples() {
    // W = Xᵀ (X Xᵀ + n λ)⁻¹ y without an intercept.
    let x = dmatrix![1.0, 2.0, 3.0; 0.0, 1.0, -1.0];
    let y = dvector![1.0f64, 2.0];
    let model = LinearRegression::new().intercept(false).l2(0.1).fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    let dual = (&x * x.transpose() + DMatrix::identity(2, 2) * 0.2).try_inverse().unwrap();
    let expected = x.transpose() * dual * y;
    for (found, expected) in model.params().iter().zip(expected.iter()) {
        assert!((found - expected).abs() < 1e-14);
    }
}

#[test]
fn a_constant_column_takes_nothing_from_the_intercept() {
    let x = dmatrix![1.0, 0.1; 2.0, 0.1; 4.0, 0.1];
    let y = dvector![5.0, 7.0, 11.0];
    let model = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    assert_eq!(model.params(), [2.0, 0.0, 3.0]);
    assert_eq!(model.report().rank(), Some(1));
}

#[test]
fn numbers_at_the_ends_of_the_range() {
    for size in [1e-290, 1e-160, 1e150, 1e300] {
        let x = DMatrix::from_fn(6, 1, |i, _| (1.0 + i as f64) * size);
        let y = DVector::from_fn(6, |i, _| 3.0 + 2.0 * i as f64);
        let model = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
        assert!((model.params()[0] * size / 2.0 - 1.0).abs() < 1e-14, "{size}: {:?}", model.params());
        assert!((model.params()[1] - 1.0).abs() < 1e-13, "{size}: {:?}", model.params());
        let fitted = model.predict(&x).unwrap();
        assert!((fitted - y).amax() < 1e-13);
    }
    let (x, y) = (dmatrix![1e-200; 2e-200; 4e-200], dvector![1e200, 2e200, 5e200]);
    let error = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).err();
    assert!(matches!(&error, Some(Error::Range { what: "coefficient", of, exponent: 400 }) if of == "x0"), "{error:?}");
}

#[test]
fn f32_data_give_the_f64_answer_rounded_once() {
    let x = DMatrix::<f32>::from_fn(200, 3, |i, j| ((i * (j + 3) * 7919) % 1009) as f32 / 100.0 + 500.0);
    let y = DVector::<f32>::from_fn(200, |i, _| ((i * 104_729) % 997) as f32 / 3.0);
    let narrow = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    let (x, y) = (x.map(f64::from), y.map(f64::from));
    let wide = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    let rounded: Vec<f32> = wide.params().iter().map(|&v| v as f32).collect();
    assert_eq!(narrow.params(), rounded);
    assert!((7.0..7.3).contains(&narrow.report().correct_digits().unwrap()));
}
