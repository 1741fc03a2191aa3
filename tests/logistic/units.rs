//! Units do not matter: features of 1e-300 or 1e300, weights of 1e-190 or 1e190.

use nalgebra::{DMatrix, DVector};
use residual::inference::{Covariance, Inference};
use residual::optim::Auto;
use residual::{
    Affine, CrossEntropy, Dataset, Error, Fitted, Lbfgs, LinearRegression, LogisticRegression, Newton, Predictor, Real,
    Regressor, Risk, Solver, Warning,
};

type Model<T> = Fitted<T, Affine, CrossEntropy>;

const KINDS: [Covariance; 5] =
    [Covariance::Classical, Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3];

/// v 2ᵏ, also where one factor would overflow.
fn times(v: f64, k: i32) -> f64 {
    v * 2f64.powi(k / 2) * 2f64.powi(k - k / 2)
}

fn whole(i: usize, j: usize) -> f64 {
    ((i * i * 613 + j * j * 211 + i * j * (i + 2 * j + 57)) % 101) as f64 / 64.0 - 0.75
}

/// Three features, one far from the origin and one correlated, with k classes that overlap; exact in single precision.
fn problem(k: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let x = DMatrix::from_fn(40, 3, |i, j| match j {
        0 => whole(i, 0),
        1 => 0.5 * whole(i, 0) + whole(i, 1),
        _ => 8.0 + whole(i, 2),
    });
    let class = |i: usize| match x[(i, 0)] - 0.5 * x[(i, 1)] + 2.0 * whole(i, 30) {
        z if z > 0.5 => 1,
        z if z < -0.7 => k.max(2) - 1,
        _ => 0,
    };
    let y = DMatrix::from_fn(40, k, |i, c| f64::from(u8::from(if k == 1 { class(i) > 0 } else { class(i) == c })));
    (x, y)
}

fn scaled<T: Real>(x: &DMatrix<f64>, scales: &[i32]) -> DMatrix<T> {
    DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| T::of(times(x[(i, j)], scales[j])))
}

/// The same bits.
#[track_caller]
fn same(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(f.to_bits() == e.to_bits() || (f.is_nan() && e.is_nan()), "{what} {i}: {f:e} for {e:e}");
    }
}

/// Inference at parameters that differ by the units alone: no digit of anything else may.
fn inference_in_units<T: Real>(sizes: &[i32]) {
    let (x, y) = problem(1);
    let weights: Vec<T> = (0..40).map(|i| T::of([2.0, 1.0, 0.0, 0.5][i % 4])).collect();
    for intercept in [true, false] {
        for weighted in [true, false] {
            let infer = |scales: [i32; 3], kind: Covariance, params: Option<&[T]>| -> (Inference, Vec<T>) {
                let (x, y) = (scaled::<T>(&x, &scales), y.map(T::of));
                let mut data = Dataset::new(&x, &y).unwrap();
                if weighted {
                    data = data.with_weights(&weights).unwrap();
                }
                let layer = if intercept { Affine::new(3, 1) } else { Affine::new(3, 1).without_bias() };
                let model = match params {
                    Some(params) => Model::from_params(layer, CrossEntropy, params.to_vec()).unwrap(),
                    None => LogisticRegression::new().intercept(intercept).fit(&data).unwrap(),
                };
                (model.inference(&data, kind).unwrap(), model.params().to_vec())
            };
            for kind in KINDS {
                let (plain, params) = infer([0; 3], kind, None);
                for &k in sizes {
                    for scales in [[k, 0, 0], [0, k, 0], [0, 0, k], [k; 3], [k, -k, k / 2]] {
                        let unit = |j: usize| -scales.get(j).copied().unwrap_or(0);
                        let theta: Vec<T> =
                            params.iter().enumerate().map(|(j, b)| T::of(times(b.to_f64(), unit(j)))).collect();
                        let (found, _) = infer(scales, kind, Some(&theta));
                        let what = |name: &str| format!("{name} {kind:?} {scales:?} {intercept} {weighted}");
                        same(&what("z"), found.statistics(), plain.statistics());
                        same(&what("p"), found.p_values(), plain.p_values());
                        same(&what("leverage"), found.leverage(), plain.leverage());
                        same(&what("Cook"), found.cooks_distance(), plain.cooks_distance());
                        same(&what("studentized"), found.studentized_residuals(), plain.studentized_residuals());
                        same(&what("DFFITS"), &found.dffits(), &plain.dffits());
                        same(&what("deviances"), found.deviance_residuals(), plain.deviance_residuals());
                        same(&what("inflation"), found.vif(), plain.vif());
                        same(&what("fitted"), found.fitted_values(), plain.fitted_values());
                        same(&what("correlation"), found.correlation().as_slice(), plain.correlation().as_slice());
                        let whole = |i: &Inference| {
                            let ratio = i.likelihood_ratio_test().unwrap();
                            [
                                i.log_likelihood(),
                                i.aic(),
                                i.bic(),
                                i.deviance().unwrap(),
                                i.r2().unwrap(),
                                i.condition(),
                                ratio.statistic,
                                ratio.p_value,
                            ]
                        };
                        same(&what("whole"), &whole(&found), &whole(&plain));
                        let first = usize::from(intercept);
                        for i in 0..first + 3 {
                            let k = i.checked_sub(first).map_or(0, unit);
                            same(&what("SE"), &[found.standard_errors()[i]], &[times(plain.standard_errors()[i], k)]);
                            same(&what("b"), &[found.coefficients()[i]], &[times(plain.coefficients()[i], k)]);
                        }
                        let row = |scales: [i32; 3]| scaled(&DMatrix::from_row_slice(1, 3, &[0.5, -1.0, 8.5]), &scales);
                        let (p, q) =
                            (found.predict(&row(scales), 0.9).unwrap(), plain.predict(&row([0; 3]), 0.9).unwrap());
                        assert_eq!(p, q, "{}", what("prediction"));
                    }
                }
            }
        }
    }
}

#[test]
fn powers_of_two_change_no_digit_of_inference() {
    inference_in_units::<f64>(&[-560, -400, -129, -60, 60, 127, 300, 560]);
    inference_in_units::<f32>(&[-60, -31, 30, 60]);
}

/// How far a penalized fit is from stationary: the largest |∂R/∂w| over the size of its terms, in the user's units.
fn stationary(model: &Model<f64>, data: &Dataset<'_, f64>, l2: f64) -> f64 {
    let (x, y, k) = (data.x(), data.y(), data.outputs());
    let p = model.predict(x).unwrap();
    let w = model.coefficients();
    let n = data.samples() as f64;
    let mut worst = 0.0f64;
    for (j, c) in (0..data.features()).flat_map(|j| (0..k).map(move |c| (j, c))) {
        // Centred: the intercept is stationary itself, and constants cancel.
        let mean = x.column(j).iter().map(|x| x / n).sum::<f64>();
        let terms = (0..x.nrows()).map(|i| (p[(i, c)] - y[(i, c)]) * ((x[(i, j)] - mean) / n));
        let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), t| (sum + t, size + f64::abs(t)));
        worst = worst.max((sum + l2 * w[(j, c)]).abs() / (size + l2 * w[(j, c)].abs()));
    }
    worst
}

fn fit(solver: &str, data: &Dataset<'_, f64>, l2: f64) -> Result<Model<f64>, Error> {
    let model = LogisticRegression::new().l2(l2);
    match solver {
        "newton" => model.solver(Newton::default()).fit(data),
        "lbfgs" => model.solver(Lbfgs::default().tolerance(1e-11)).fit(data),
        _ => model.solver(Auto).fit(data),
    }
}

/// Every solver, penalized and not, two classes and three: where least squares manages, so do these.
#[test]
fn fits_in_any_unit() {
    for k in [1, 3] {
        let (x, y) = problem(k);
        let plain = fit("newton", &Dataset::new(&x, &y).unwrap(), 0.0).unwrap();
        for solver in ["newton", "lbfgs", "auto"] {
            for units in [
                [1e-160, 1.0, 1.0],
                [1e155, 1.0, 1.0],
                [1e-300; 3],
                [1e300; 3],
                [1e170, 1e-170, 1.0],
                [1.0, 1.0, 1e-200],
            ] {
                let wide = DMatrix::from_fn(40, 3, |i, j| x[(i, j)] * units[j]);
                let data = Dataset::new(&wide, &y).unwrap();
                for l2 in [0.0, 1e-3, 1.0, 1e6] {
                    let what = format!("{solver} {k} {units:?} {l2}");
                    let model = fit(solver, &data, l2).unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert!(model.report().converged(), "{what}: {:?}", model.report());
                    let off = stationary(&model, &data, l2);
                    assert!(off < 1e-6, "{what}: {off:e} {:?}", model.report());
                    if l2 == 0.0 {
                        for (j, c) in (0..3).flat_map(|j| (0..k).map(move |c| (j, c))) {
                            let (found, expected) =
                                (model.coefficients()[(j, c)] * units[j], plain.coefficients()[(j, c)]);
                            assert!(
                                (found - expected).abs() < 1e-8 * (1.0 + expected.abs()),
                                "{what}: {found} {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// The other losses over an affine layer, by the same solvers.
#[test]
fn least_squares_by_descent_in_any_unit() {
    let (x, _) = problem(1);
    let y = DVector::from_fn(40, |i, _| 1.0 + x[(i, 0)] - x[(i, 1)] + whole(i, 50));
    let plain = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    for units in [[1e-160, 1.0, 1.0], [1e155, 1.0, 1.0], [1e-300; 3], [1e300, 1e-300, 1.0]] {
        let wide = DMatrix::from_fn(40, 3, |i, j| x[(i, j)] * units[j]);
        let data = Dataset::new(&wide, &y).unwrap();
        let newton = LinearRegression::new().solver(Newton::default()).fit(&data).unwrap();
        let lbfgs = LinearRegression::new().solver(Lbfgs::default().tolerance(1e-11)).fit(&data).unwrap();
        for (model, j) in [&newton, &lbfgs].into_iter().flat_map(|model| (0..3).map(move |j| (model, j))) {
            let (found, expected) = (model.coefficients()[j] * units[j], plain.coefficients()[j]);
            assert!((found - expected).abs() < 1e-8, "{units:?}: {found} {expected}");
        }
    }
}

/// A coefficient that f64 cannot hold is an error with the feature's name, and not a rate to be lowered.
#[test]
fn coefficients_out_of_range_are_named() {
    let (x, y) = problem(1);
    let mut wide = x.clone();
    wide.column_mut(1).iter_mut().for_each(|x| *x *= 1e-310);
    let data = Dataset::new(&wide, &y).unwrap().with_names(["age", "dose", "height"]).unwrap();
    for solver in ["newton", "lbfgs", "auto"] {
        let error = fit(solver, &data, 0.0).err();
        assert!(matches!(&error, Some(Error::Range { what: "coefficient", of, .. }) if of == "dose"), "{error:?}");
    }
    let (layer, mut start) = (Affine::new(3, 1), vec![0.0; 4]);
    start[3] = 0.5;
    let mut risk = Risk::new(&data, &layer, &CrossEntropy, 0.0).unwrap();
    let error = Newton::default().minimize(&mut risk, start, &mut ()).err();
    assert!(matches!(error, Some(Error::Range { .. })), "{error:?}");
}

/// Separation and dependence are found in any units, and told in the user's.
#[test]
fn warnings_in_any_unit() {
    let x = DMatrix::from_fn(12, 2, |i, j| if j == 0 { i as f64 } else { ((i * 7) % 5) as f64 });
    let y = DMatrix::from_fn(12, 1, |i, _| f64::from(u8::from(i > 5)));
    for units in [[1e-160, 1.0], [1e155, 1e-155], [1e-300, 1e-300], [1e300, 1.0]] {
        let wide = DMatrix::from_fn(12, 2, |i, j| x[(i, j)] * units[j]);
        let model = LogisticRegression::new().fit(&Dataset::new(&wide, &y).unwrap()).unwrap();
        let [Warning::Separated { direction, intercept, complete: true }] = model.report().warnings() else {
            panic!("{units:?}: {:?}", model.report())
        };
        for i in 0..12 {
            let z = wide[(i, 0)] * direction[0] + wide[(i, 1)] * direction[1] + intercept[0];
            assert!(if y[i] > 0.5 { z > 0.0 } else { z < 0.0 }, "{units:?}: {z:e}");
        }
        let y = DMatrix::from_fn(12, 1, |i, _| f64::from(u8::from(i * i % 3 == 1)));
        let twice = DMatrix::from_fn(12, 3, |i, j| match j {
            2 => (7.0 - 2.0 * x[(i, 0)]) * 1e200,
            j => wide[(i, j)],
        });
        let data = Dataset::new(&twice, &y).unwrap().with_names(["a", "b", "c"]).unwrap();
        let model = LogisticRegression::new().fit(&data).unwrap();
        let [Warning::RankDeficient { column: 2, depends_on, constant, names }] = model.report().warnings() else {
            panic!("{units:?}: {:?}", model.report())
        };
        let [(0, share)] = depends_on[..] else { panic!("{depends_on:?}") };
        let expected = (-2e200 / units[0]).max(-f64::MAX);
        assert!((share / expected - 1.0).abs() < 1e-12 && (constant / 7e200 - 1.0).abs() < 1e-12, "{share} {constant}");
        assert_eq!(names, &["c", "a"]);
        let alone = LogisticRegression::new().fit(&Dataset::new(&wide, &y).unwrap()).unwrap();
        let (found, expected) = (model.predict(&twice).unwrap(), alone.predict(&wide).unwrap());
        assert!((found - expected).amax() < 1e-10, "{units:?}");
    }
}

/// Weights of any size: z grows with their root, the estimates stay; nothing is refused for another reason.
#[test]
fn weights_of_any_size() {
    let (x, y) = problem(1);
    let plain = Dataset::new(&x, &y).unwrap();
    let expected = LogisticRegression::new().fit(&plain).unwrap().inference(&plain, Covariance::Classical).unwrap();
    let robust = LogisticRegression::new().fit(&plain).unwrap().inference(&plain, Covariance::Hc1).unwrap();
    for size in [1e-190, 1e-30, 1e10, 1e30, 1e190] {
        let weights = vec![size; 40];
        let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        for solver in ["newton", "lbfgs", "auto"] {
            let model = fit(solver, &data, 0.0).unwrap_or_else(|error| panic!("{size:e} {solver}: {error}"));
            let found =
                model.inference(&data, Covariance::Classical).unwrap_or_else(|error| panic!("{size:e}: {error}"));
            let close = |what: &str, found: f64, expected: f64| {
                assert!((found / expected - 1.0).abs() < 1e-9, "{what} {size:e} {solver}: {found:e} {expected:e}");
            };
            for i in 0..4 {
                close("b", found.coefficients()[i], expected.coefficients()[i]);
                close("SE", found.standard_errors()[i], expected.standard_errors()[i] / size.sqrt());
                close("z", found.statistics()[i], expected.statistics()[i] * size.sqrt());
            }
            close("deviance", found.deviance().unwrap(), expected.deviance().unwrap() * size);
            for i in 0..40 {
                close("h", found.leverage()[i], expected.leverage()[i]);
                close("residual", found.pearson_residuals()[i], expected.pearson_residuals()[i] * size.sqrt());
            }
            let found = model.inference(&data, Covariance::Hc1).unwrap();
            (0..4).for_each(|i| close("robust SE", found.standard_errors()[i], robust.standard_errors()[i]));
        }
    }
}

/// What was fitted to other data, or not to the end, is still refused, with weights of any size and in single precision.
#[test]
fn other_parameters_are_refused() {
    let (x, y) = problem(1);
    for size in [1e-190, 1.0, 1e30] {
        let weights = vec![size; 40];
        let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        let early = LogisticRegression::new().solver(Newton::default().max_iterations(2)).fit(&data).unwrap();
        let error = early.inference(&data, Covariance::Classical).err();
        assert!(matches!(error, Some(Error::Undefined { what: "inference", .. })), "{size:e}: {error:?}");
    }
    // 100,000 rows in single precision: the parameters are as good as their type.
    let many = DMatrix::from_fn(100_000, 1, |i, _| whole(i % 9973, i / 9973) as f32);
    let classes =
        DMatrix::from_fn(100_000, 1, |i, _| f32::from(u8::from(2.0 * whole(i % 9973, 77) + f64::from(many[i]) > 0.0)));
    let data = Dataset::new(&many, &classes).unwrap();
    let model = LogisticRegression::new().fit(&data).unwrap();
    assert!(model.inference(&data, Covariance::Classical).is_ok());
}

/// Counts so large that powers and numbers of ways cancel: the log-likelihood keeps its digits.
#[test]
fn the_likelihood_of_large_counts() {
    let x = DMatrix::from_column_slice(3, 1, &[0.0, 1.0, 2.0]);
    let y = DMatrix::from_column_slice(3, 1, &[0.25, 0.5, 0.75]);
    for n in [1000.0, 1e9, 1e15, 1e30] {
        let weights = vec![4.0 * n; 3];
        let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        let model = LogisticRegression::new().fit(&data).unwrap();
        let found = model.inference(&data, Covariance::Classical).unwrap();
        // The fit is perfect, so each row adds ln of the binomial's largest probability: −½ ln(2π n p q), to first order in 1/n.
        let top = |n: f64, p: f64| {
            -0.5 * (std::f64::consts::TAU * n * p * (1.0 - p)).ln() - (1.0 - p * (1.0 - p)) / (12.0 * n * p * (1.0 - p))
        };
        let expected: f64 = [0.25, 0.5, 0.75].map(|p| top(4.0 * n, p)).iter().sum();
        let off = (found.log_likelihood() - expected).abs();
        assert!(off < 1e-9 + 1e-2 / n, "{n:e}: {} {expected}", found.log_likelihood());
    }
}
