//! Any floats in any shape: an error, or a model whose every number is finite. Never a panic.

use crate::cases::Numbers;
use crate::fuzz::fuzz;
use crate::models::{Setup, regressors};
use crate::tables::Target;
use proptest::prelude::*;
use residual::nalgebra::DMatrix;
use residual::{Dataset, Error, Real};

/// A float from anywhere in the range of T; NaN and infinities only if `wild`.
pub fn float<T: Real>(numbers: &mut Numbers, mode: usize, wild: bool) -> T {
    let single = T::default_epsilon().to_f64() > 1e-10;
    let (tiny, huge) =
        if single { (f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)) } else { (f64::MIN_POSITIVE, f64::MAX) };
    let sign = if numbers.below(2) == 0 { 1.0 } else { -1.0 };
    if wild && numbers.below(30) == 0 {
        return T::of([f64::NAN, f64::INFINITY, f64::NEG_INFINITY][numbers.below(3)]);
    }
    let u = numbers.unit();
    T::of(match mode {
        0 => numbers.within(3.0),
        1 => sign * huge.powf(u),
        2 => sign * tiny.powf(u),
        3 => sign * huge * u,
        4 => sign * tiny * u,
        5 => [0.0, 1.0, -1.0, huge, -huge, tiny, tiny / 4.0, 1e10][numbers.below(8)],
        6 => numbers.below(2) as f64,
        _ => 1e6 + numbers.within(1e-3),
    })
}

/// One mode for all, or one for each column, or one for each number; at times a column that depends on others.
pub fn matrix<T: Real>(numbers: &mut Numbers, rows: usize, cols: usize, wild: bool) -> DMatrix<T> {
    let grain = numbers.below(3);
    let mut mode = numbers.below(8);
    let mut x = DMatrix::zeros(rows, cols);
    for j in 0..cols {
        if grain == 1 {
            mode = numbers.below(8);
        }
        if j > 0 && numbers.below(8) == 0 {
            let (a, b) = (numbers.below(j), numbers.below(j));
            let factor = T::of([1.0, -2.0, 0.5][numbers.below(3)]);
            let depends: Vec<T> =
                (0..rows).map(|i| x[(i, a)] * factor + if a == b { T::zero() } else { x[(i, b)] }).collect();
            if depends.iter().all(|v| v.is_finite()) {
                x.column_mut(j).copy_from_slice(&depends);
                continue;
            }
        }
        for i in 0..rows {
            if grain == 2 {
                mode = numbers.below(8);
            }
            x[(i, j)] = float(numbers, mode, wild);
        }
    }
    x
}

fn any_floats_any_shape<T: Real>(cases: u32) {
    let epsilon = T::default_epsilon().to_f64();
    for row in regressors::<T>() {
        let affine = row.name.starts_with("linear") || row.name.starts_with("logistic");
        let (fits, errors) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let strategy = (any::<u64>(), 0usize..=7, 0usize..=4, 0usize..=3, any::<bool>());
        let test = |(seed, n, p, k, weighted): (u64, usize, usize, usize, bool)| {
            let mut numbers = Numbers::new(seed);
            let wild = numbers.below(8) == 0;
            let x = matrix::<T>(&mut numbers, n, p, wild);
            let rows = if wild && numbers.below(4) == 0 { n + 1 } else { n };
            let mut y = matrix::<T>(&mut numbers, rows, k, wild);
            if row.target != Target::Number && !wild {
                for i in 0..n {
                    let target = numbers.target(row.target, k);
                    y.row_mut(i).iter_mut().zip(target).for_each(|(y, t)| *y = T::of(t));
                }
            }
            let weights: Vec<T> = matrix::<T>(&mut numbers, n, 1, wild).iter().map(|w| w.abs()).collect();
            let l2 = [0.0, 1e-3, 1.0, 1e200, 1e-200][numbers.below(5)];
            let checked = Dataset::new(&x, &y).and_then(|d| if weighted { d.with_weights(&weights) } else { Ok(d) });
            let setup = Setup { features: p, outputs: k, l2 };
            let (data, model) = match checked.and_then(|data| Ok(((row.fit)(setup, &data)?, data))) {
                Ok((model, data)) => (data, model),
                Err(error) => {
                    let message = error.to_string();
                    prop_assert!(message.starts_with(|c: char| !c.is_uppercase()), "{}", message);
                    errors.set(errors.get() + 1);
                    return Ok(());
                }
            };
            fits.set(fits.get() + 1);
            let report = model.report();
            prop_assert!(model.params().iter().all(|v| v.is_finite()), "{}: parameters {:?}", row.name, model.params());
            prop_assert!(report.value().is_finite(), "{}: {:?}", row.name, report);
            prop_assert!(report.gradient_norm().is_finite(), "{}: {:?}", row.name, report);
            prop_assert!(report.history().iter().all(|v| v.is_finite()), "{}: {:?}", row.name, report);
            let again = (row.fit)(setup, &data).map(|model| model.params());
            prop_assert_eq!(again, Ok(model.params()), "{}: the same data, another answer", row.name);
            // The report's risk is that at the parameters, save the rounding of scores of size s: an affine model is simple
            // enough to say what that is.
            let largest = |values: &[T]| values.iter().fold(0.0, |most: f64, v| most.max(v.to_f64().abs()));
            let theta = largest(&model.params());
            let s = epsilon * (theta * (1.0 + p as f64 * largest(x.as_slice())) + largest(y.as_slice()));
            if let Some((value, _)) = model.risk(&data, l2).filter(|(value, _)| affine && value.is_finite()) {
                let rounding = 16.0 * (s * (1.0 + value.max(report.value()).sqrt()) + s * s);
                let bound = 1e3 * epsilon * value.max(report.value()) + rounding;
                let off = (report.value() - value).abs();
                prop_assert!(
                    off <= bound || !rounding.is_finite(),
                    "{}: the risk is {:e}: {:?}",
                    row.name,
                    value,
                    report
                );
            }
            match model.predict(&x) {
                Ok(prediction) => prop_assert!(prediction.iter().all(|v| v.is_finite()), "{}", row.name),
                Err(Error::NotFinite { what: "the prediction", .. }) => {}
                Err(other) => prop_assert!(false, "{}: {}", row.name, other),
            }
            Ok(())
        };
        fuzz(row.name, cases, &strategy, test);
        println!("{}: {} fits, {} errors", row.name, fits.get(), errors.get());
        assert!(fits.get() > 0 && errors.get() > 0, "{}: the generator has both", row.name);
    }
}

#[test]
fn any_floats_any_shape_f64() {
    any_floats_any_shape::<f64>(400);
}

#[test]
fn any_floats_any_shape_f32() {
    any_floats_any_shape::<f32>(400);
}

/// Any floats with any labels: an error, or probabilities and labels among the classes.
#[test]
fn any_floats_any_labels() {
    use residual::classify::Classifier;
    use residual::optim::Trainer;
    use residual::{LogisticRegression, Mlp, Regressor, Result, Standardized};
    fn test<T: Real, R: Regressor<T>>(
        classifier: &Classifier<R>,
        (n, p, wild): (usize, usize, bool),
        seed: u64,
    ) -> bool {
        let mut numbers = Numbers::new(seed);
        let x = matrix::<T>(&mut numbers, n, p, wild);
        let labels: Vec<u8> = (0..n).map(|_| numbers.below(3) as u8).collect();
        let answers = classifier.fit(&x, &labels).and_then(|fitted| -> Result<_> {
            let (labels, classes) = (fitted.predict(&x)?, fitted.classes().labels().to_vec());
            Ok((fitted.probabilities(&x)?, labels, classes))
        });
        let Ok((p, predicted, classes)) = answers else { return false };
        assert!(p.shape() == (n, classes.len()) && predicted.iter().all(|label| classes.contains(label)));
        for row in p.row_iter() {
            assert!(row.iter().all(|&p| p >= T::zero() && p <= T::one()), "{p}");
            assert!((row.iter().map(|p| p.to_f64()).sum::<f64>() - 1.0).abs() < 1e-5, "{p}");
        }
        true
    }
    let logistic = Classifier::new(LogisticRegression::new());
    let penalized = Classifier::new(Standardized::new(LogisticRegression::new().l2(1e-2)));
    let mlp = Classifier::new(Mlp::classifier([3]).solver(Trainer::adam(0.01).epochs(5)));
    let (fits, errors) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let strategy = (any::<u64>(), 0usize..=7, 0usize..=3, prop::bool::weighted(0.1));
    let all = |(seed, n, p, wild): (u64, usize, usize, bool)| {
        for fitted in [
            test::<f64, _>(&logistic, (n, p, wild), seed),
            test::<f32, _>(&logistic, (n, p, wild), seed),
            test::<f64, _>(&penalized, (n, p, wild), seed),
            test::<f32, _>(&penalized, (n, p, wild), seed),
            test::<f64, _>(&mlp, (n, p, wild), seed),
            test::<f32, _>(&mlp, (n, p, wild), seed),
        ] {
            if fitted { fits.set(fits.get() + 1) } else { errors.set(errors.get() + 1) }
        }
        Ok(())
    };
    fuzz("labels", 300, &strategy, all);
    assert!(fits.get() > 300 && errors.get() > 300, "{} fits, {} errors", fits.get(), errors.get());
}

/// Inference from a fit to any floats: an error, or numbers, save where the documentation leaves them out.
#[test]
fn any_floats_under_inference() {
    use residual::inference::Covariance;
    use residual::{LinearRegression, Regressor};
    fn test<T: Real>(seed: u64, n: usize, p: usize, intercept: bool) -> bool {
        let mut numbers = Numbers::new(seed);
        let (x, y) = (matrix::<T>(&mut numbers, n, p, false), matrix::<T>(&mut numbers, n, 1, false));
        let Ok(data) = Dataset::new(&x, &y) else { return false };
        let kinds = [Covariance::Classical, Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3];
        let kind = kinds[numbers.below(5)];
        let fitted = LinearRegression::new().intercept(intercept).fit(&data);
        let Ok(inference) = fitted.and_then(|model| model.inference(&data, kind)) else { return false };
        let aliased = inference.aliased();
        for j in 0..p + usize::from(intercept) {
            let known = !aliased.contains(&j);
            assert_eq!(inference.coefficients()[j].is_finite(), known, "coefficient {j}: {inference:?}");
            assert_eq!(!inference.standard_errors()[j].is_nan(), known, "standard error {j}: {inference:?}");
            assert_eq!(!inference.p_values()[j].is_nan(), known, "p value {j}: {inference:?}");
        }
        assert!(inference.degrees_of_freedom() > 0.0 && !inference.log_likelihood().is_nan());
        assert!(inference.leverage().iter().all(|h| (0.0..=1.0 + 1e-9).contains(h)), "{:?}", inference.leverage());
        assert!(inference.sigma().is_some_and(|s| s >= 0.0));
        let _ = inference.to_string();
        true
    }
    let (fits, errors) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let strategy = (any::<u64>(), 1usize..=9, 1usize..=3, any::<bool>());
    let both = |(seed, n, p, intercept)| {
        for fitted in [test::<f64>(seed, n, p, intercept), test::<f32>(seed, n, p, intercept)] {
            if fitted { fits.set(fits.get() + 1) } else { errors.set(errors.get() + 1) }
        }
        Ok(())
    };
    fuzz("inference", 1000, &strategy, both);
    assert!(fits.get() > 300 && errors.get() > 100, "{} fits, {} errors", fits.get(), errors.get());
}
