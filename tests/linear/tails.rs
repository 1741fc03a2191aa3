//! Tests and intervals far out in the tails, and close to the middle.

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use residual::inference::{Covariance, Inference};
use residual::{Dataset, LinearRegression, LogisticRegression, Regressor};
use std::f64::consts::FRAC_PI_2;

fn inference(x: &DMatrix<f64>, y: &DVector<f64>) -> Inference {
    let data = Dataset::new(x, y).unwrap();
    LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap()
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() < tolerance, "{found:e} for {expected:e}");
}

/// One degree of freedom is Cauchy's distribution, whose quantiles are tangents.
#[test]
fn intervals_with_one_degree_of_freedom_at_every_level() {
    let inference = inference(&dmatrix![1.0; 2.0; 3.0], &dvector![1.0, 2.0, 4.0]);
    let (b, se) = (inference.coefficients()[1], inference.standard_errors()[1]);
    for level in [1e-300, 1e-15, 1e-8, 0.3, 0.5, 0.9, 0.999999, 1.0 - 1e-10, 1.0 - 1e-15, 1.0 - f64::EPSILON / 2.0] {
        let tangent = if level > 0.5 { 1.0 / (FRAC_PI_2 * (1.0 - level)).tan() } else { (FRAC_PI_2 * level).tan() };
        let (low, high) = inference.intervals(level).unwrap()[1];
        // The estimate takes digits from a narrow interval.
        let room = 1e-15 * (b.abs() + se * tangent);
        assert!((high - b - se * tangent).abs() <= room && (b - low - se * tangent).abs() <= room, "{level}");
        let prediction = inference.predict(&dmatrix![7.0], level).unwrap()[0];
        let width = prediction.standard_error * tangent;
        assert!((prediction.mean.1 - prediction.fit - width).abs() <= 1e-15 * (prediction.fit.abs() + width));
    }
    let (_, high) = inference.intervals(1.0 - 1e-15).unwrap()[1];
    near((high - b) / se, 6.371_290_154_691_843e14, 1e-14);
}

/// P(|T| > t) = 2 / (√(2 + t²) (√(2 + t²) + t)) with two degrees of freedom.
#[test]
fn small_p_values_keep_their_digits() {
    for noise in [1.0, 1e-3, 1e-7] {
        let y = dvector![1.0, 2.0 + noise, 3.0, 4.0 - 0.5 * noise];
        let inference = inference(&dmatrix![1.0; 2.0; 3.0; 4.0], &y);
        let t = inference.statistics()[1].abs();
        let root = 2f64.sqrt().hypot(t);
        let p = 2.0 / (root * (root + t));
        near(inference.p_values()[1], p, 1e-14);
        near(inference.log_p_values()[1], p.ln(), 1e-14);
    }
}

/// P(F > f) = (1 + 2 f / d)^(−d/2) with two degrees of freedom above d.
#[test]
fn logarithms_tell_p_values_apart_where_those_are_0() {
    let n = 2003;
    let x = DMatrix::from_fn(n, 2, |i, j| ((i * (7 + 4 * j)) % 31) as f64);
    let signal = |i: usize| x[(i, 0)] - 0.5 * x[(i, 1)];
    let mut last = 0.0;
    for noise in [0.1, 0.01, 1e-4] {
        let y = DVector::from_fn(n, |i, _| signal(i) + noise * ((i * 13) % 17) as f64);
        let inference = inference(&x, &y);
        let test = inference.f_test().unwrap();
        assert_eq!((test.p_value, test.numerator, test.denominator), (0.0, 2.0, 2000.0));
        near(test.log_p_value(), -1000.0 * (test.statistic / 1000.0).ln_1p(), 1e-14);
        assert!(test.log_p_value() < last);
        last = test.log_p_value();
        for (p, ln) in inference.p_values().iter().zip(inference.log_p_values()).skip(1) {
            assert!(*p == 0.0 && ln.is_finite() && *ln < -745.0);
        }
        assert!(!inference.to_string().contains("0.0e0"), "{inference}");
    }
    let bell = inference(&x, &DVector::from_fn(n, |i, _| ((i * 13) % 17) as f64)).jarque_bera().unwrap();
    near(bell.log_p_value(), -0.5 * bell.statistic, 1e-14);
}

/// At levels below ½ both outcomes are likely enough, and an interval still is one.
#[test]
fn a_new_observation_at_a_low_level_is_the_likelier_outcome() {
    let (x, y) = (dmatrix![0.0; 1.0; 2.0; 3.0; 4.0; 5.0], dvector![0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    let data = Dataset::new(&x, &y).unwrap();
    let model = LogisticRegression::new().fit(&data).unwrap();
    let inference = model.inference(&data, Covariance::Classical).unwrap();
    for level in [1e-300, 0.3, 0.5, 0.55, 0.95] {
        for prediction in inference.predict(&dmatrix![-3.0; 2.4; 2.6; 40.0], level).unwrap() {
            let (low, high) = prediction.new;
            let covered =
                if low == 0.0 { 1.0 - prediction.fit } else { 0.0 } + if high == 1.0 { prediction.fit } else { 0.0 };
            assert!(low <= high && covered >= level, "{level}: {prediction:?}");
            assert!((low, high) != (0.0, 1.0) || prediction.fit.max(1.0 - prediction.fit) < level);
        }
    }
    for ((z, p), ln) in inference.statistics().iter().zip(inference.p_values()).zip(inference.log_p_values()) {
        assert!((p.ln() - ln).abs() < 1e-15 && *p > 0.5 * (-0.5 * z * z).exp());
    }
}
