//! Weights, for every regressor: a row of weight 0 is absent whatever it holds, a row of weight 2 is the row twice, and
//! only ratios of weights matter.

use crate::models::{Model, RegressorRow, Sample, Setup, bits, regressor, regressors};
use crate::tables::Target;
use residual::loss::Huber;
use residual::nalgebra::DMatrix;
use residual::optim::Lbfgs;
use residual::optim::Trainer;
use residual::{
    Activation, Affine, CrossEntropy, Dataset, FiniteSum, LinearRegression, LogisticRegression, Loss, Mlp, Network,
    Objective, Predictor, Real, Regressor, Risk, SquaredError, Standardized, Standardizer,
};

/// The table of regressors, and more that a weight could reach on another way.
fn all<T: Real>() -> Vec<RegressorRow<T>> {
    use Target::{Distribution, Number};
    let huber = |s: Setup| Network::new(Affine::new(s.features, s.outputs), Huber::default()).l2(s.l2);
    let tanh = |s: Setup| Mlp::regressor([3]).activation(Activation::Tanh).l2(s.l2);
    let mut rows = regressors();
    rows.extend([
        regressor("linear by lbfgs, loose", Number, |s| {
            LinearRegression::new().l2(s.l2).solver(Lbfgs::default().tolerance(1e-4))
        }),
        regressor("logistic by lbfgs, loose", Distribution, |s| {
            LogisticRegression::new().l2(s.l2).solver(Lbfgs::default().tolerance(1e-4))
        }),
        regressor("huber by lbfgs", Number, move |s| huber(s).solver(Lbfgs::default().tolerance(1e-4))),
        regressor("standardized huber by lbfgs", Number, move |s| {
            Standardized::new(huber(s).solver(Lbfgs::default().tolerance(1e-4)))
        }),
        regressor("mlp by full batches", Number, move |s| tanh(s).solver(Trainer::adam(0.01).epochs(8).full_batch())),
        regressor("standardized mlp by lbfgs", Number, move |s| {
            Standardized::new(tanh(s).solver(Lbfgs::default().max_iterations(8)))
        }),
    ]);
    rows
}

fn fitted<T: Real>(row: &RegressorRow<T>, data: &Dataset<'_, T>, l2: f64) -> Box<dyn Model<T>> {
    let setup = Setup { features: data.features(), outputs: data.outputs(), l2 };
    (row.fit)(setup, data).unwrap_or_else(|error| panic!("{}: {error}", row.name))
}

/// Parameters, report and predictions for `x`, to the bit.
fn all_bits<T: Real>(model: &dyn Model<T>, x: &DMatrix<T>) -> (Vec<u64>, String, Vec<u64>) {
    (bits(&model.params()), format!("{:?}", model.report()), bits(model.predict(x).unwrap().as_slice()))
}

/// Finite numbers that no sum would survive.
fn wild<T: Real>() -> Vec<T> {
    let single = T::default_epsilon().to_f64() > 1e-10;
    let sizes = if single { [3.4e38, 1e20, 1e-45, 7.0] } else { [1.7e308, 1e200, 5e-324, 7.0] };
    sizes.iter().flat_map(|&size| [T::of(size), T::of(-size)]).collect()
}

/// `x` and `y` with rows of weight 0 at the places in `at`, wild and with targets that no loss takes; `weights` likewise.
fn with_absent_rows<T: Real>(
    (x, y, weights): (&DMatrix<T>, &DMatrix<T>, &[T]),
    at: &[usize],
) -> (DMatrix<T>, DMatrix<T>, Vec<T>) {
    let (wild, mut next) = (wild::<T>(), 0);
    let (mut x, mut y, mut weights) = (x.clone(), y.clone(), weights.to_vec());
    let mut draw = || {
        next += 3;
        wild[(next + next / 7) % wild.len()]
    };
    for &at in at {
        (x, y) = (x.insert_row(at, T::zero()), y.insert_row(at, T::zero()));
        x.row_mut(at).iter_mut().for_each(|x| *x = draw());
        y.row_mut(at).iter_mut().for_each(|y| *y = draw());
        weights.insert(at, T::zero());
    }
    (x, y, weights)
}

#[test]
fn rows_of_weight_zero_are_absent_whatever_they_hold() {
    fn test<T: Real>() {
        for row in all::<T>() {
            for (k, equal) in [(1, true), (2, false)] {
                let sample = Sample::<T>::new(row.target, (35, 3, k), 21);
                let weight = |i: usize| T::of(if equal { 1.0 } else { [1.0, 2.0, 0.5][i % 3] });
                let weights: Vec<T> = (0..35).map(weight).collect();
                let expected = {
                    let data = sample.data();
                    // Weights that are all 1 are none.
                    let data = if equal { data } else { data.with_weights(&weights).unwrap() };
                    all_bits(&*fitted(&row, &data, 0.05), &sample.x)
                };
                for at in [vec![35], vec![0, 0, 1], vec![3, 9, 20, 21, 22, 30, 41]] {
                    let (x, y, weights) = with_absent_rows((&sample.x, &sample.y, &weights), &at);
                    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
                    let found = all_bits(&*fitted(&row, &data, 0.05), &sample.x);
                    assert_eq!(found, expected, "{}, k = {k}, rows {at:?}", row.name);
                }
            }
        }
    }
    test::<f64>();
    test::<f32>();
}

fn apart<T: Real>(a: &[T], b: &[T]) -> f64 {
    let largest = a.iter().fold(1e-3, |m: f64, v| m.max(v.to_f64().abs()));
    a.iter().zip(b).fold(0.0, |m: f64, (a, b)| m.max((a.to_f64() - b.to_f64()).abs())) / largest
}

/// Weights of any size give the answer of weights of size 1.
#[test]
fn only_ratios_of_weights_matter() {
    fn test<T: Real>(sizes: &[f64], tolerance: f64) {
        for row in all::<T>() {
            let sample = Sample::<T>::new(row.target, (30, 3, 2), 22);
            let fit = |weight: &dyn Fn(usize) -> f64| {
                let weights: Vec<T> = (0..30).map(|i| T::of(weight(i))).collect();
                let data = sample.data().with_weights(&weights).unwrap();
                let model = fitted(&row, &data, 0.05);
                assert_eq!(data.weights(), Some(&weights[..]));
                (model.params(), model.report().value())
            };
            let ratio = |i: usize| [1.0, 2.0, 0.0, 1.0, 3.0][i % 5];
            let (equal, mixed) = (fit(&|_| 1.0), fit(&ratio));
            for &size in sizes {
                // A number below the normal ones has fewer digits.
                let few =
                    if size < 1e-300 { 1e-9 } else { 0.0 } + if tolerance > 1e-6 && size < 1e-37 { 1e-2 } else { 0.0 };
                for (found, truth) in [(fit(&|_| size), &equal), (fit(&|i| size * ratio(i)), &mixed)] {
                    let off = apart(&truth.0, &found.0).max((found.1 / truth.1 - 1.0).abs());
                    assert!(off < tolerance.max(few), "{}, weights of size {size:e}: {off:e}", row.name);
                }
            }
        }
    }
    test::<f64>(&[5e-324, 1e-310, 1e-200, 1e-30, 1e30, 1e155, 1e300], 1e-7);
    test::<f32>(&[1e-40, 1e-37, 1e-20, 1e20, 1e30, 1e36], 2e-3);
}

/// A loose tolerance ends where it ends with the row twice: what a solver knows of the features counts weights, not rows.
#[test]
fn a_weight_of_two_is_the_row_twice_for_every_solver() {
    for row in all::<f64>().into_iter().filter(|row| row.repetition) {
        for (n, k) in [(35, 1), (35, 3), (700, 1)] {
            let mut sample = Sample::<f64>::new(row.target, (n, 3, k), 23);
            // Far from centred, so that coordinates matter; the heavy rows are those far out.
            // Networks would make too much of a rounding there.
            if !row.name.contains("mlp") {
                let moved = |i: usize, x: f64| 10.0 + if i.is_multiple_of(9) { 40.0 } else { x };
                sample.x.column_mut(1).iter_mut().enumerate().for_each(|(i, x)| *x = moved(i, *x));
            }
            let weights: Vec<f64> = (0..n).map(|i| if i % 9 == 0 { 5.0 } else { 1.0 }).collect();
            let rows: Vec<usize> = (0..n).flat_map(|i| std::iter::repeat_n(i, weights[i] as usize)).collect();
            let weighted = fitted(&row, &sample.data().with_weights(&weights).unwrap(), 0.05);
            let repeated = fitted(&row, &sample.data().select(&rows).unwrap(), 0.05);
            let off = apart(&weighted.params(), &repeated.params());
            assert!(off < 1e-7, "{}, {n} rows: {off:e}", row.name);
        }
    }
}

/// Sums over a million rows in single precision keep its digits: the risk, its gradient, one large batch.
#[test]
fn long_sums_of_single_precision_keep_their_digits() {
    fn risks<L: Loss<f32> + Loss<f64>>(loss: &L, y: impl Fn(usize) -> f64, outputs: usize, weight: Option<f64>) {
        let n = 1_000_000;
        let x = DMatrix::from_fn(n, 1, |i, _| ((i * 37) % 101) as f64 / 128.0);
        let y = DMatrix::from_fn(n, outputs, |i, c| if c == 0 { y(i) } else { (1.0 - y(i)) / (outputs - 1) as f64 });
        let (narrow, targets) = (x.map(|x| x as f32), y.map(|y| y as f32));
        let (x, y) = (narrow.map(f64::from), targets.map(f64::from));
        let (single, double) = (Dataset::new(&narrow, &targets).unwrap(), Dataset::new(&x, &y).unwrap());
        let w: Vec<f32> = vec![weight.unwrap_or(1.0) as f32; n];
        // Two kinds, so that they are not all alike.
        let w: Vec<f32> = w.iter().enumerate().map(|(i, w)| if i % 2 == 0 { *w } else { 1.25 * w }).collect();
        let wide: Vec<f64> = w.iter().map(|&w| f64::from(w)).collect();
        let (single, double) = match weight {
            Some(_) => (single.with_weights(&w).unwrap(), double.with_weights(&wide).unwrap()),
            None => (single, double),
        };
        let layer = Affine::new(1, outputs);
        let theta: Vec<f64> = (0..2 * outputs).map(|i| [0.5, 0.125, -0.25][i % 3]).collect();
        let small: Vec<f32> = theta.iter().map(|&t| t as f32).collect();
        let (mut a, mut b) =
            (Risk::new(&single, &layer, loss, 0.0).unwrap(), Risk::new(&double, &layer, loss, 0.0).unwrap());
        let (mut found, mut truth) = (vec![0f32; theta.len()], vec![0f64; theta.len()]);
        let value = b.gradient(&theta, &mut truth);
        let near = |what: &str, found: f32, truth: f64, bound: f64| {
            let off = (f64::from(found) / truth - 1.0).abs();
            assert!(off < bound, "{what}, weight {weight:?}, {outputs} outputs: {found} for {truth}, {off:e}");
        };
        near("value", a.value(&small), value, 1e-6);
        near("value with the gradient", a.gradient(&small, &mut found), value, 1e-6);
        found.iter().zip(&truth).for_each(|(&found, &truth)| near("gradient", found, truth, 1e-5));
        let terms: Vec<usize> = (0..n).collect();
        near("value of a batch", a.batch_gradient(&terms, &small, &mut found), value, 1e-6);
        found.iter().zip(&truth).for_each(|(&found, &truth)| near("gradient of a batch", found, truth, 1e-5));
    }
    for weight in [None, Some(0.1), Some(1e30)] {
        risks(&SquaredError, |i| 1.5 + (i % 3) as f64 / 64.0, 1, weight);
        risks(&Huber::new(0.25), |i| 1.5 + (i % 3) as f64 / 64.0, 1, weight);
        risks(&CrossEntropy, |i| f64::from(u8::from(i % 4 == 0)), 1, weight);
        risks(&CrossEntropy, |i| f64::from(u8::from(i % 4 == 0)), 3, weight);
        risks(&OneByOne, |i| 1.5 + (i % 3) as f64 / 64.0, 1, weight);
    }
}

/// A loss of a user's, without code of its own for blocks.
struct OneByOne;

impl<T: Real> Loss<T> for OneByOne {
    fn value(&self, z: &[T], y: &[T]) -> T {
        (z[0] - y[0]).abs()
    }
    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        dz[0] = if z[0] > y[0] { T::one() } else { -T::one() };
        (z[0] - y[0]).abs()
    }
    fn respond(&self, _: &mut [T]) {}
    fn accepts(&self, _: &[T]) -> Result<(), &'static str> {
        Ok(())
    }
}

/// So many rows that ones no longer add up in single precision: λ keeps its meaning.
#[test]
fn the_total_of_many_weights_does_not_saturate() {
    let n = (1 << 24) + (1 << 21);
    let (x, y) = (DMatrix::from_element(n, 1, 1f32), DMatrix::from_element(n, 1, 1f32));
    let mut weights = vec![1f32; n];
    weights[0] = 2.0;
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let layer = Affine::new(1, 1).without_bias();
    let mut risk = Risk::new(&data, &layer, &SquaredError, 1.0).unwrap();
    // ½ (1 − w)² + ½ w² at w = ½.
    let value = risk.value(&[0.5]);
    assert!((value - 0.25).abs() < 1e-6, "{value}");
    let scaler = Standardizer::fit(&data);
    assert_eq!((scaler.mean(), scaler.scale()), (&[1f32][..], &[1f32][..]));
}

/// The inputs of a layer may be illegal where they count for nothing; errors name the row that the user sees.
#[test]
fn what_a_loss_or_layer_refuses_is_named_by_the_users_row() {
    use residual::Error;
    use residual::layer::{Cell, Recurrent, Sequence};
    let layer = (Recurrent::new(Cell::Tanh, Sequence { steps: 2, features: 1 }, 2).with_lengths(), Affine::new(2, 1));
    let x = DMatrix::from_row_slice(4, 3, &[9.0, 1.0, 2.0, 1.0, 3.0, 4.0, 2.0, 5.0, 6.0, 7.5, 1.0, 1.0]);
    let y = DMatrix::from_column_slice(4, 1, &[1.0, 2.0, 3.0, 4.0]);
    let network = Network::new(layer, SquaredError).solver(Trainer::adam(0.01).epochs(2));
    for network in [network.clone(), network.validation_split(0.4)] {
        let fit = |weights: [f64; 4]| network.fit(&Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap());
        assert!(fit([0.0, 1.0, 1.0, 0.0]).is_ok());
        assert!(matches!(fit([0.0, 1.0, 1.0, 1.0]).err(), Some(Error::Input { row: 3, .. })));
        assert!(matches!(fit([1.0, 1.0, 0.0, 0.0]).err(), Some(Error::Input { row: 0, .. })));
    }
    let labels = DMatrix::from_column_slice(4, 1, &[-1.0, 0.0, 1.0, 7.0]);
    for row in all::<f64>().iter().filter(|row| row.target != Target::Number) {
        let fit = |weights: [f64; 4]| {
            let data = Dataset::new(&x, &labels).unwrap().with_weights(&weights).unwrap();
            (row.fit)(Setup { features: 3, outputs: 1, l2: 1.0 }, &data).map(|_| ())
        };
        assert_eq!(fit([0.0, 1.0, 1.0, 0.0]), Ok(()), "{}", row.name);
        assert!(matches!(fit([0.0, 1.0, 1.0, 1.0]), Err(Error::Target { row: 3, .. })), "{}", row.name);
        assert!(matches!(fit([1.0, 1.0, 1.0, 0.0]), Err(Error::Target { row: 0, .. })), "{}", row.name);
    }
    let class_weights = |weights: [f64; 4]| {
        let data = Dataset::new(&x, &labels).unwrap();
        Mlp::classifier([2]).class_weights([1.0, 2.0]).fit(&data.with_weights(&weights).unwrap())
    };
    assert!(class_weights([0.0, 1.0, 1.0, 0.0]).is_ok());
}

/// Standardized data of every kind: rows that weigh nothing do not move mean and scale, and are never scaled themselves.
#[test]
fn scalers_do_not_see_rows_of_weight_zero() {
    let x = DMatrix::from_column_slice(4, 1, &[1e-300, 3e-300, 4e-300, 1e10]);
    let y = DMatrix::from_column_slice(4, 1, &[1.0, 2.0, 3.0, 9.0]);
    let data = Dataset::new(&x, &y).unwrap().with_weights(&[1.0, 1.0, 1.0, 0.0]).unwrap();
    let alone = data.select(&[0, 1, 2]).unwrap();
    assert_eq!(Standardizer::fit(&data), Standardizer::fit(&alone));
    let (a, b) = (Standardized::new(LinearRegression::new()), Standardized::new(LinearRegression::new()));
    let (a, b) = (a.fit(&data).unwrap(), b.fit(&alone).unwrap());
    let prediction: residual::Result<DMatrix<f64>> = Predictor::predict(&a, alone.x());
    assert_eq!(prediction, Predictor::predict(&b, alone.x()));
    assert!(prediction.unwrap().iter().all(|v| v.is_finite()));
    assert_eq!(a.coefficients(), b.coefficients());
}

/// Inference does not see rows of weight 0 either, to the bit; they have a fitted value and count for nothing else.
#[test]
fn inference_does_not_see_rows_of_weight_zero() {
    use residual::inference::{Covariance, Inference};
    fn test<T: Real>(target: Target, infer: impl Fn(&Dataset<'_, T>, Covariance) -> Inference) {
        let sample = Sample::<T>::new(target, (40, 2, 1), 24);
        let weights: Vec<T> = (0..40).map(|i| T::of([1.0, 2.0, 3.0][i % 3])).collect();
        for equal in [true, false] {
            let weights = if equal { vec![T::one(); 40] } else { weights.clone() };
            let at = [0, 7, 20, 43];
            let (x, y, with) = with_absent_rows((&sample.x, &sample.y, &weights), &at);
            let data = Dataset::new(&x, &y).unwrap().with_weights(&with).unwrap();
            let alone = sample.data();
            let alone = if equal { alone } else { alone.with_weights(&weights).unwrap() };
            let kept: Vec<usize> = (0..44).filter(|&i| with[i] > T::zero()).collect();
            for kind in [Covariance::Classical, Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3] {
                let (a, b) = (infer(&data, kind), infer(&alone, kind));
                assert_eq!(a.to_string(), b.to_string());
                assert_eq!((a.coefficients(), a.standard_errors()), (b.coefficients(), b.standard_errors()));
                assert_eq!((a.log_likelihood(), a.aic(), a.bic()), (b.log_likelihood(), b.aic(), b.bic()));
                let rows = [
                    (a.fitted_values(), b.fitted_values()),
                    (a.residuals(), b.residuals()),
                    (a.pearson_residuals(), b.pearson_residuals()),
                    (a.leverage(), b.leverage()),
                    (a.standardized_residuals(), b.standardized_residuals()),
                    (a.studentized_residuals(), b.studentized_residuals()),
                    (a.cooks_distance(), b.cooks_distance()),
                ];
                for (all, some) in rows {
                    assert_eq!(kept.iter().map(|&i| all[i]).collect::<Vec<_>>(), some);
                }
                for i in at {
                    assert!(a.fitted_values()[i].is_finite() && a.residuals()[i].is_finite());
                    assert_eq!([a.leverage()[i], a.pearson_residuals()[i], a.cooks_distance()[i]], [0.0; 3]);
                }
            }
        }
    }
    fn both<T: Real>() {
        test::<T>(Target::Number, |data, kind| {
            LinearRegression::new().fit(data).unwrap().inference(data, kind).unwrap()
        });
        test::<T>(Target::Share, |data, kind| {
            LogisticRegression::new().fit(data).unwrap().inference(data, kind).unwrap()
        });
    }
    both::<f64>();
    both::<f32>();
}

/// Weights are precisions of a linear model and trials of a logistic one: standard errors of the latter shrink with their
/// root, those of the former do not change while σ grows with it. Sizes without room for the sums are named.
#[test]
fn inference_with_weights_of_any_size() {
    use residual::Error;
    use residual::inference::Covariance::Classical;
    let numbers = Sample::<f64>::new(Target::Number, (40, 2, 1), 25);
    let labels = Sample::<f64>::new(Target::Share, (40, 2, 1), 26);
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a:e} for {b:e}");
    let ratio = |i: usize| [1.0, 2.0, 0.0, 3.0][i % 4];
    let infer = |size: f64| {
        let weights: Vec<f64> = (0..40).map(|i| size * ratio(i)).collect();
        let linear = numbers.data().with_weights(&weights).unwrap();
        let logistic = labels.data().with_weights(&weights).unwrap();
        (
            LinearRegression::new().fit(&linear).unwrap().inference(&linear, Classical),
            LogisticRegression::new().fit(&logistic).unwrap().inference(&logistic, Classical),
        )
    };
    let (a, b) = infer(1.0);
    let (a, b) = (a.unwrap(), b.unwrap());
    for size in [1e-150, 1e-30, 1e6, 1e12, 1e30, 1e36, 1e150] {
        let (c, d) = infer(size);
        let (c, d) = (c.unwrap(), d.unwrap_or_else(|error| panic!("weights of {size:e}: {error}")));
        near(c.sigma().unwrap(), a.sigma().unwrap() * size.sqrt());
        near(c.r2().unwrap(), a.r2().unwrap());
        for j in 0..3 {
            near(c.standard_errors()[j], a.standard_errors()[j]);
            near(c.coefficients()[j], a.coefficients()[j]);
            near(d.standard_errors()[j], b.standard_errors()[j] / size.sqrt());
            near(d.coefficients()[j], b.coefficients()[j]);
        }
        assert_eq!((c.degrees_of_freedom(), d.degrees_of_freedom()), (27.0, 27.0));
    }
    for size in [1e-310, 1e250] {
        for result in [infer(size).0, infer(size).1] {
            let error = result.err();
            assert!(matches!(error, Some(Error::Config { name: "the sum of the weights", .. })), "{error:?}");
        }
    }
}
