//! Units do not matter: a power of two in a column or in the target changes no digit of what has no unit, and all else by that
//! power.

use crate::support::close;
use nalgebra::{DMatrix, DVector};
use residual::inference::{Covariance, Inference};
use residual::{Dataset, Error, LinearRegression, Predictor, Real, Regressor, ridge_path};

const KINDS: [Covariance; 5] =
    [Covariance::Classical, Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3];

/// 2ᵏ.
fn power(k: i32) -> f64 {
    assert!(k.abs() <= 1022);
    2f64.powi(k)
}

/// v 2ᵏ, also where one factor would overflow.
fn times(v: f64, k: i32) -> f64 {
    v * power(k / 2) * power(k - k / 2)
}

/// Columns that are correlated, one far from the origin, and a target with noise; exact in single precision.
fn problem() -> (DMatrix<f64>, DVector<f64>, Vec<f64>) {
    let whole = |i: usize, j: usize| ((i * i * 613 + j * j * 211 + i * j * (i + 2 * j + 57)) % 101) as f64 / 64.0;
    let x = DMatrix::from_fn(23, 3, |i, j| match j {
        0 => whole(i, 0),
        1 => 0.5 * whole(i, 0) + whole(i, 1),
        _ => 64.0 + whole(i, 2),
    });
    let y = DVector::from_fn(23, |i, _| 1.0 + 0.5 * x[(i, 0)] - 0.25 * x[(i, 1)] + whole(i, 40));
    let weights = (0..23).map(|i| [0.5, 1.0, 0.0, 3.0][i % 4]).collect();
    (x, y, weights)
}

/// How one fit is set up.
#[derive(Debug, Clone, Copy)]
struct Setup {
    intercept: bool,
    weighted: bool,
    kind: Covariance,
}

fn setups() -> impl Iterator<Item = Setup> {
    let flags = [(true, false), (true, true), (false, false), (false, true)];
    flags.into_iter().flat_map(|(intercept, weighted)| KINDS.map(|kind| Setup { intercept, weighted, kind }))
}

/// The problem with columns times 2^`scales[j]` and the target times 2^`scales[3]`.
fn scaled<T: Real>(scales: [i32; 4]) -> (DMatrix<T>, DMatrix<T>) {
    let (x, y, _) = problem();
    let x = DMatrix::from_fn(23, 3, |i, j| T::of(times(x[(i, j)], scales[j])));
    (x, DMatrix::from_fn(23, 1, |i, _| T::of(times(y[i], scales[3]))))
}

fn infer<T: Real>(setup: Setup, scales: [i32; 4]) -> Result<Inference, Error> {
    let (x, y) = scaled::<T>(scales);
    let weights: Vec<T> = problem().2.iter().map(|&w| T::of(w)).collect();
    let mut data = Dataset::new(&x, &y)?;
    if setup.weighted {
        data = data.with_weights(&weights)?;
    }
    LinearRegression::new().intercept(setup.intercept).fit(&data)?.inference(&data, setup.kind)
}

/// Everything without a unit, with its name.
fn pure(i: &Inference) -> Vec<(&'static str, Vec<f64>)> {
    let (f, bp, jb) = (i.f_test().unwrap(), i.breusch_pagan().unwrap(), i.jarque_bera().unwrap());
    vec![
        ("t", i.statistics().to_vec()),
        ("p", i.p_values().to_vec()),
        ("R²", vec![i.r2().unwrap(), i.adjusted_r2().unwrap()]),
        ("F", vec![f.statistic, f.numerator, f.denominator, f.p_value]),
        ("leverage", i.leverage().to_vec()),
        ("Cook", i.cooks_distance().to_vec()),
        ("standardized", i.standardized_residuals().to_vec()),
        ("studentized", i.studentized_residuals().to_vec()),
        ("DFFITS", i.dffits()),
        ("inflation", i.vif().to_vec()),
        ("condition", vec![i.condition()]),
        ("Durbin-Watson", vec![i.durbin_watson().unwrap()]),
        ("Breusch-Pagan", vec![bp.statistic, bp.degrees_of_freedom, bp.p_value]),
        ("Jarque-Bera", vec![jb.statistic, jb.p_value, jb.skewness, jb.kurtosis]),
        ("correlation", i.correlation().as_slice().to_vec()),
        ("degrees", vec![i.degrees_of_freedom(), i.observations() as f64]),
    ]
}

/// The same bits.
#[track_caller]
fn same(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(f.to_bits() == e.to_bits() || (f.is_nan() && e.is_nan()), "{what} {i}: {f:e} for {e:e}");
    }
}

/// What the scalings leave of `plain`: everything, or an error that names a feature.
fn check<T: Real>(setup: Setup, plain: &Inference, scales: [i32; 4], range: i32) {
    let what = |name: &str| format!("{name} of {setup:?} {scales:?}");
    let first = usize::from(setup.intercept);
    // Of coefficient i.
    let unit = |i: usize| if i < first { scales[3] } else { scales[3] - scales[i - first] };
    let found = match infer::<T>(setup, scales) {
        Ok(found) => found,
        Err(Error::Range { of, .. }) => {
            let out = (0..3).filter(|j| unit(first + j).abs() > range);
            assert!(out.map(|j| format!("x{j}")).any(|name| name == of), "{}: {of}", what("range"));
            return;
        }
        Err(other) => panic!("{}: {other}", what("error")),
    };
    for ((name, found), (_, expected)) in pure(&found).iter().zip(&pure(plain)) {
        same(&what(name), found, expected);
    }
    let coefficients = found.coefficients().len();
    let outward = |values: &[f64]| -> Vec<f64> { (0..coefficients).map(|i| times(values[i], unit(i))).collect() };
    same(&what("coefficients"), found.coefficients(), &outward(plain.coefficients()));
    same(&what("standard errors"), found.standard_errors(), &outward(plain.standard_errors()));
    let (ends, plain_ends) = (found.intervals(0.9).unwrap(), plain.intervals(0.9).unwrap());
    let side = |ends: &[(f64, f64)], low: bool| ends.iter().map(|e| if low { e.0 } else { e.1 }).collect::<Vec<_>>();
    for low in [true, false] {
        same(&what("intervals"), &side(&ends, low), &outward(&side(&plain_ends, low)));
    }
    let of_target = |values: &[f64]| -> Vec<f64> { values.iter().map(|&v| times(v, scales[3])).collect() };
    same(&what("sigma"), &[found.sigma().unwrap()], &of_target(&[plain.sigma().unwrap()]));
    same(&what("residuals"), found.residuals(), &of_target(plain.residuals()));
    same(&what("fitted"), found.fitted_values(), &of_target(plain.fitted_values()));
    for i in 0..coefficients {
        for j in 0..coefficients {
            let (k, covariance) = (unit(i) + unit(j), plain.covariance()[(i, j)]);
            let expected = match k {
                1100.. => f64::INFINITY.copysign(covariance),
                ..=-1100 => 0.0_f64.copysign(covariance),
                k => times(covariance, k),
            };
            same(&what("covariance"), &[found.covariance()[(i, j)]], &[expected]);
        }
    }
    let square = plain.residual_sum_of_squares().unwrap();
    match scales[3] {
        520.. | ..=-560 => assert_eq!((found.residual_sum_of_squares(), found.total_sum_of_squares()), (None, None)),
        k => same(&what("squares"), &[found.residual_sum_of_squares().unwrap()], &[times(square, 2 * k)]),
    }
    let shift = f64::from(scales[3]) * std::f64::consts::LN_2 * found.observations() as f64;
    close(&what("log-likelihood"), found.log_likelihood() + shift, plain.log_likelihood(), 1e-12 * (1.0 + shift.abs()));
    assert!(found.to_string().contains("log-likelihood") && !found.to_string().contains("NaN"), "{found}");
    let row = |scales: [i32; 4]| DMatrix::from_fn(1, 3, |_, j| times([0.5, 2.0, 65.0][j], scales[j]));
    let (p, q) = (found.predict(&row(scales), 0.9).unwrap()[0], plain.predict(&row([0; 4]), 0.9).unwrap()[0]);
    let numbers = |p: residual::inference::Prediction| [p.fit, p.standard_error, p.mean.0, p.mean.1, p.new.0, p.new.1];
    same(&what("prediction"), &numbers(p), &of_target(&numbers(q)));
}

/// Exponents of the columns and of the target: each alone, together, and against each other.
fn table(sizes: &[i32]) -> Vec<[i32; 4]> {
    let mut table = Vec::new();
    for &k in sizes {
        (0..4).for_each(|at| table.push(std::array::from_fn(|j| if j == at { k } else { 0 })));
        table.extend([[k; 4], [k, 0, -k, 0], [k, -k, 0, k], [0, k / 2, k, -k / 3], [k, k, k, 0], [-k, k, k, -k / 2]]);
        table.extend([[k, 0, 0, -k], [0, -k, 0, k]]);
    }
    table
}

#[test]
fn powers_of_two_change_no_digit_of_a_statistic() {
    for setup in setups() {
        let plain = infer::<f64>(setup, [0; 4]).unwrap();
        for scales in table(&[-560, -400, -300, -61, 60, 300, 401, 560]) {
            check::<f64>(setup, &plain, scales, 1000);
        }
        let single = infer::<f32>(setup, [0; 4]).unwrap();
        for scales in table(&[-60, -31, 30, 60]) {
            check::<f32>(setup, &single, scales, 110);
        }
    }
}

/// The difference of two criteria has no unit.
#[test]
fn information_criteria_differ_by_the_same() {
    let criterion = |k: i32, columns: usize| {
        let (x, y) = scaled::<f64>([k / 2, -k, k, k]);
        let x = x.columns(0, columns).into_owned();
        let data = Dataset::new(&x, &y).unwrap();
        let found = LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
        [found.aic(), found.bic()]
    };
    let plain = [criterion(0, 3), criterion(0, 2)];
    for k in [-500, -60, 60, 500] {
        let far = [criterion(k, 3), criterion(k, 2)];
        for c in 0..2 {
            let (found, expected) = (far[0][c] - far[1][c], plain[0][c] - plain[1][c]);
            assert!((found - expected).abs() < 1e-9, "2^{k}: {found} for {expected}");
        }
    }
}

/// The numbers that were reported: units that are no powers of two, of the features and of the target.
#[test]
fn p_values_in_any_unit() {
    let (x, y, _) = problem();
    let infer = |a: f64, b: f64| {
        let (x, y) = (&x * a, &y * b);
        let data = Dataset::new(&x, &y).unwrap();
        LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Hc3).unwrap()
    };
    let plain = infer(1.0, 1.0);
    for (a, b) in [
        (1e-160, 1.0),
        (1e170, 1.0),
        (1.0, 1e-170),
        (1.0, 1e160),
        (1e-170, 1e-170),
        (1e150, 1e-150),
        (1e-300, 1e-10),
        (1e300, 1e300),
    ] {
        let found = infer(a, b);
        for i in 0..4 {
            let what = format!("{i} of {a:e} {b:e}");
            close(&what, found.statistics()[i], plain.statistics()[i], 1e-9);
            close(&what, found.p_values()[i], plain.p_values()[i], 1e-9);
            let unit = if i == 0 { b } else { b / a };
            close(&what, found.standard_errors()[i] / unit, plain.standard_errors()[i], 1e-9);
            close(&what, found.coefficients()[i] / unit, plain.coefficients()[i], 1e-9);
        }
        close("R²", found.r2().unwrap(), plain.r2().unwrap(), 1e-9);
        close("sigma", found.sigma().unwrap() / b, plain.sigma().unwrap(), 1e-9);
    }
}

/// A coefficient that the number type cannot hold is an error with the feature's name, too large or too small.
#[test]
fn coefficients_out_of_range_are_named() {
    let (x, y, _) = problem();
    for (k, l, size) in [(-560, 560, "1e33"), (560, -560, "1e-33")] {
        let x = DMatrix::from_fn(23, 3, |i, j| if j == 1 { times(x[(i, j)], k) } else { x[(i, j)] });
        let y = y.map(|y| times(y, l));
        let data = Dataset::new(&x, &y).unwrap().with_names(["age", "dose", "height"]).unwrap();
        // The least penalty is already a heavy one for a column whose squares f64 cannot hold.
        for l2 in if k > 0 { vec![0.0, 1e-300, 1.0] } else { vec![0.0] } {
            let error = LinearRegression::new().l2(l2).fit(&data).err().unwrap();
            assert!(matches!(&error, Error::Range { what: "coefficient", of, .. } if of == "dose"), "{error:?}");
            let text = error.to_string();
            assert!(text.contains("`dose`") && text.contains(size), "{text}");
        }
        let error = ridge_path(&data, &[0.0]).err();
        assert!(matches!(&error, Some(Error::Range { of, .. }) if of == "dose"), "{error:?}");
    }
    // Subnormal targets have few digits themselves; coefficients as good as they are right.
    let (x, y) = (x.columns(0, 2).into_owned(), y.map(|y| y * 1e-322));
    let model = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    assert!((model.predict(&x).unwrap() - y).amax() < 4e-322);
}

/// A standard error may be too large where the coefficient is not.
#[test]
fn standard_errors_out_of_range_are_named() {
    let x = DMatrix::from_column_slice(4, 1, &[1.0, 2.0, 3.0, 4.0]) * 1e-300;
    let y = DVector::from_column_slice(&[1.0, -1.0, -1.0, 1.0]) * 1e9;
    let data = Dataset::new(&x, &y).unwrap().with_names(["dose"]).unwrap();
    let model = LinearRegression::new().fit(&data).unwrap();
    let error = model.inference(&data, Covariance::Classical).err();
    assert!(
        matches!(&error, Some(Error::Range { what: "standard error", of, exponent: 308 }) if of == "dose"),
        "{error:?}"
    );
    let y = y * 1e-9;
    let data = Dataset::new(&x, &y).unwrap();
    let found = LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
    assert!(found.standard_errors()[1].is_finite() && found.p_values()[1] > 0.99);
}

/// Weights of any size are those of size 1, in σ but for their root; and so are targets of different sizes side by side.
#[test]
fn weights_and_targets_of_any_size() {
    let (x, y, weights) = problem();
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    for kind in KINDS {
        let infer = |data: &Dataset<'_, f64>| LinearRegression::new().fit(data).unwrap().inference(data, kind).unwrap();
        let plain = infer(&data);
        for k in [-650, -500, -99, 99, 500, 650] {
            let scaled: Vec<f64> = weights.iter().map(|&w| times(w, k)).collect();
            let found = infer(&Dataset::new(&x, &y).unwrap().with_weights(&scaled).unwrap());
            for ((name, found), (_, expected)) in pure(&found).iter().zip(&pure(&plain)) {
                same(&format!("{name} {kind:?} 2^{k}"), found, expected);
            }
            same("b", found.coefficients(), plain.coefficients());
            same("SE", found.standard_errors(), plain.standard_errors());
            let root = times(1.0, k.div_euclid(2)) * if k % 2 == 0 { 1.0 } else { 2f64.sqrt() };
            close("sigma", found.sigma().unwrap(), plain.sigma().unwrap() * root, 1e-14);
            (0..23).for_each(|i| close("u", found.pearson_residuals()[i], plain.pearson_residuals()[i] * root, 1e-14));
            // ½ Σ ln w cancels against n/2 ln Σ w e².
            assert!((found.log_likelihood() - plain.log_likelihood()).abs() < 1e-8);
        }
    }
    let both = DMatrix::from_fn(23, 2, |i, c| y[i] * [1e-170, 1e160][c]);
    for l2 in [0.0, 0.1] {
        let plain = LinearRegression::new().l2(l2).fit(&Dataset::new(&x, &y).unwrap()).unwrap();
        let data = Dataset::new(&x, &both).unwrap();
        let fit = LinearRegression::new().l2(l2).fit(&data).unwrap();
        let path = ridge_path(&data, &[l2]).unwrap();
        for found in [fit.coefficients(), path.points()[0].coefficients.clone()] {
            for (j, c) in (0..3).flat_map(|j| [(j, 0), (j, 1)]) {
                close("W", found[(j, c)] / [1e-170, 1e160][c], plain.coefficients()[j], 1e-9);
            }
        }
    }
}
