//! Tests of residuals against plain loops, where the reference answers have none: weights, aliased features, perfect fits.

use crate::support::{all_close, close};
use nalgebra::{DMatrix, DVector};
use residual::inference::{Covariance, Inference};
use residual::{Dataset, LinearRegression, Regressor};

fn problem() -> (DMatrix<f64>, DVector<f64>, Vec<f64>) {
    let x = DMatrix::from_fn(30, 2, |i, j| ((i * (7 + 4 * j) + 3 * j) % 19) as f64 / 4.0);
    let noise = |i: usize| ((i * i * 31 + 7 * i) % 23) as f64 / 10.0 * (0.5 + x[(i, 0)]);
    let y = DVector::from_fn(30, |i, _| 2.0 + 0.5 * x[(i, 0)] - x[(i, 1)] + noise(i));
    let weights = (0..30).map(|i| [0.5, 1.0, 0.0, 3.0][i % 4]).collect();
    (x, y, weights)
}

fn infer(data: &Dataset<'_, f64>, intercept: bool) -> Inference {
    LinearRegression::new().intercept(intercept).fit(data).unwrap().inference(data, Covariance::Classical).unwrap()
}

/// n Σ ĝ² / Σ g² by the normal equations, g = u² less its mean.
fn koenker(x: &DMatrix<f64>, u: &[f64]) -> f64 {
    let mean = u.iter().map(|u| u * u).sum::<f64>() / u.len() as f64;
    let g = DVector::from_iterator(u.len(), u.iter().map(|u| u * u - mean));
    let fit = x * x.tr_mul(x).cholesky().unwrap().solve(&x.tr_mul(&g));
    u.len() as f64 * fit.norm_squared() / g.norm_squared()
}

#[test]
fn weighted_residuals_are_tested_as_defined() {
    let (x, y, weights) = problem();
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    for intercept in [true, false] {
        let found = infer(&data, intercept);
        let kept: Vec<usize> = (0..30).filter(|&i| weights[i] > 0.0).collect();
        let u: Vec<f64> = kept.iter().map(|&i| weights[i].sqrt() * found.residuals()[i]).collect();
        let all: Vec<f64> = kept.iter().map(|&i| found.pearson_residuals()[i]).collect();
        all_close("u", &all, &u, 1e-13);
        let n = u.len() as f64;
        assert_eq!(found.observations(), u.len());
        let steps: f64 = (1..u.len()).map(|t| (u[t] - u[t - 1]).powi(2)).sum();
        let square: f64 = u.iter().map(|u| u * u).sum();
        close("Durbin-Watson", found.durbin_watson().unwrap(), steps / square, 1e-12);
        close("squares", found.residual_sum_of_squares().unwrap(), square, 1e-12);
        let mut design = x.select_rows(&kept);
        if intercept {
            design = design.insert_column(0, 1.0);
        }
        let test = found.breusch_pagan().unwrap();
        close("Breusch-Pagan", test.statistic, koenker(&design, &u), 1e-10);
        close("its degrees", test.degrees_of_freedom, design.ncols() as f64 - 1.0, 0.0);
        let mean = u.iter().sum::<f64>() / n;
        let moment = |power: i32| u.iter().map(|u| (u - mean).powi(power)).sum::<f64>() / n;
        let (s, k) = (moment(3) / moment(2).powf(1.5), moment(4) / moment(2).powi(2));
        let test = found.jarque_bera().unwrap();
        close("Jarque-Bera", test.statistic, n / 6.0 * (s * s + (k - 3.0).powi(2) / 4.0), 1e-10);
        close("its p", test.p_value, (-test.statistic / 2.0).exp(), 1e-13);
        // Rows of weight 0 have a fitted value and a residual, and nothing else.
        for i in (0..30).filter(|i| !kept.contains(i)) {
            close("y", found.fitted_values()[i] + found.residuals()[i], y[i], 1e-14);
            assert_eq!([found.pearson_residuals()[i], found.standardized_residuals()[i], found.dffits()[i]], [0.0; 3]);
        }
        assert!(found.likelihood_ratio_test().is_none());
    }
}

/// Where the units of the target and of the weights are far from 1, and in single precision.
#[test]
fn units_do_not_matter() {
    let (x, y, weights) = problem();
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let plain = infer(&data, true);
    let (far, heavy): (DVector<f64>, Vec<f64>) = (&y * 2f64.powi(500), weights.iter().map(|w| w * 1e-200).collect());
    let scaled = infer(&Dataset::new(&x, &far).unwrap().with_weights(&heavy).unwrap(), true);
    let statistics = |i: &Inference| {
        let (bp, jb) = (i.breusch_pagan().unwrap(), i.jarque_bera().unwrap());
        [i.durbin_watson().unwrap(), bp.statistic, bp.p_value, jb.statistic, jb.skewness, jb.kurtosis]
    };
    all_close("units", &statistics(&scaled), &statistics(&plain), 1e-11);
    all_close("studentized", scaled.studentized_residuals(), plain.studentized_residuals(), 1e-11);
    all_close("cooks", scaled.cooks_distance(), plain.cooks_distance(), 1e-11);
    let (x, y) = (x.map(|v| v as f32), y.map(|v| v as f32));
    let weights: Vec<f32> = weights.iter().map(|&w| w as f32).collect();
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let single = LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
    all_close("single precision", &statistics(&single), &statistics(&plain), 1e-4);
}

/// A feature that is aliased adds no degree of freedom.
#[test]
fn aliased_features_do_not_count() {
    let (x, y, _) = problem();
    let twice = DMatrix::from_fn(30, 3, |i, j| if j == 2 { 1.0 - 2.0 * x[(i, 0)] } else { x[(i, j)] });
    let (plain, doubled) =
        (infer(&Dataset::new(&x, &y).unwrap(), true), infer(&Dataset::new(&twice, &y).unwrap(), true));
    let (expected, found) = (plain.breusch_pagan().unwrap(), doubled.breusch_pagan().unwrap());
    close("statistic", found.statistic, expected.statistic, 1e-10);
    close("degrees", found.degrees_of_freedom, expected.degrees_of_freedom, 0.0);
}

/// No test of residuals that do not vary, and none of a variance against one coefficient.
#[test]
fn nothing_is_made_up() {
    let x = DMatrix::from_fn(6, 1, |i, _| i as f64);
    let line = DVector::from_fn(6, |i, _| 1.0 + 2.0 * i as f64);
    let exact = infer(&Dataset::new(&x, &line).unwrap(), true);
    assert!(exact.perfect_fit() && exact.residuals().iter().all(|&e| e == 0.0));
    assert!(exact.durbin_watson().is_none() && exact.breusch_pagan().is_none() && exact.jarque_bera().is_none());
    assert_eq!(exact.residual_sum_of_squares(), Some(0.0));
    let noisy = DVector::from_column_slice(&[1.0, 0.0, 4.0, 2.0, 5.0, 3.0]);
    let through_origin = infer(&Dataset::new(&x, &noisy).unwrap(), false);
    assert!(through_origin.breusch_pagan().is_none() && through_origin.jarque_bera().is_some());
    let constant = DMatrix::from_element(6, 1, 3.0);
    let level = infer(&Dataset::new(&constant, &noisy).unwrap(), true);
    assert!(level.breusch_pagan().is_none() && level.f_test().is_none());
    // All residuals ±½: their squares do not vary, but they do.
    let steps = DVector::from_column_slice(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    let even = infer(&Dataset::new(&constant, &steps).unwrap(), true);
    close("Durbin-Watson", even.durbin_watson().unwrap(), 5.0 / 1.5, 1e-14);
    close("kurtosis", even.jarque_bera().unwrap().kurtosis, 1.0, 1e-14);
}

/// With one degree of freedom no σ is left without a row: what needs one is undefined, and not 0. Nor is it where all other
/// rows lie on the fit, or where all do.
#[test]
fn what_needs_another_sigma_is_undefined_without_one() {
    struct Case<'c>(&'c [f64], bool, &'c [f64], &'c [usize]);
    let cases = [
        Case(&[1.0, 2.0, 3.0], true, &[1.0, 2.0, 4.0], &[0, 1, 2]),
        Case(&[1.0, 2.0], false, &[1.0, 3.0], &[0, 1]),
        // One row off a line through the others.
        Case(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], true, &[0.0, 1.0, 2.0, 8.0, 4.0, 5.0], &[3]),
        Case(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], true, &[1.0, 3.0, 5.0, 7.0, 9.0, 11.0], &[0, 1, 2, 3, 4, 5]),
    ];
    for Case(x, intercept, y, undefined) in cases {
        let (x, y) = (DMatrix::from_column_slice(x.len(), 1, x), DVector::from_column_slice(y));
        let found = infer(&Dataset::new(&x, &y).unwrap(), intercept);
        let (t, dffits) = (found.studentized_residuals(), found.dffits());
        for i in 0..x.nrows() {
            let expected = undefined.contains(&i);
            assert!(t[i].is_nan() == expected && dffits[i].is_nan() == expected, "{i}: {t:?} {dffits:?}");
        }
        let perfect = found.sigma() == Some(0.0);
        for r in found.standardized_residuals().iter().chain(found.cooks_distance()) {
            assert_eq!(r.is_nan(), perfect);
        }
        assert!(found.leverage().iter().all(|h| h.is_finite()));
        assert!(!found.to_string().contains("NaN"));
    }
    // The same with a row of weight 0, which has no part in it.
    let x = DMatrix::from_column_slice(4, 1, &[1.0, 2.0, 9.0, 3.0]);
    let y = DVector::from_column_slice(&[1.0, 2.0, -5.0, 4.0]);
    let weights = [1.0, 2.0, 0.0, 1.0];
    let found = infer(&Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap(), true);
    let t = found.studentized_residuals();
    assert!(t[0].is_nan() && t[1].is_nan() && t[2] == 0.0 && t[3].is_nan(), "{t:?}");
    assert_eq!(found.dffits()[2], 0.0);
    // Two degrees of freedom are enough: by leaving each row out.
    let x = DMatrix::from_column_slice(4, 1, &[1.0, 2.0, 3.0, 5.0]);
    let y = DVector::from_column_slice(&[1.0, 2.0, 4.0, 4.0]);
    let found = infer(&Dataset::new(&x, &y).unwrap(), true);
    for i in 0..4 {
        let rest = |m: &DMatrix<f64>| m.clone().remove_row(i);
        let (xi, yi) = (rest(&x), rest(&DMatrix::from_column_slice(4, 1, y.as_slice())));
        let without = infer(&Dataset::new(&xi, &yi).unwrap(), true);
        let t = found.residuals()[i] / without.sigma().unwrap() / (1.0 - found.leverage()[i]).sqrt();
        close("studentized", found.studentized_residuals()[i], t, 1e-12);
    }
}
