//! Bad input, one test for each kind, each with the exact error and its numbers.

use crate::models::{Model, Setup, regressors};
use crate::tables::{Target, losses};
use residual::loss::{BinaryCrossEntropy, CrossEntropy, Huber, SquaredError};
use residual::nalgebra::{DMatrix, DVector, dmatrix, dvector};
use residual::optim::rule::{Adam, Momentum, Nesterov, Plain};
use residual::optim::{Lbfgs, Newton, Trainer};
use residual::{
    Activation, Affine, Dataset, Dense, Error, Fitted, LinearRegression, LogisticRegression, Mlp, Network, Objective,
    Real, Reason, Regressor, Risk, Stack, Warning,
};

fn shape(what: &'static str, expected: usize, found: usize) -> Error {
    Error::Shape { what, expected, found }
}

fn config(error: Option<Error>) -> &'static str {
    match error {
        Some(Error::Config { name, .. }) => name,
        other => panic!("{other:?} is no Config"),
    }
}

fn line() -> (DMatrix<f64>, DVector<f64>) {
    (dmatrix![0.0; 1.0; 2.0; 3.0], dvector![1.0, 3.0, 5.0, 6.5])
}

// ── the border

#[test]
fn no_samples() {
    let error = Dataset::new(&DMatrix::<f64>::zeros(0, 3), &DMatrix::zeros(0, 1)).err();
    assert_eq!(error, Some(Error::Empty { what: "the data set" }));
}

#[test]
fn no_features() {
    let error = Dataset::new(&DMatrix::<f64>::zeros(3, 0), &DMatrix::zeros(3, 1)).err();
    assert_eq!(error, Some(Error::Empty { what: "the list of features" }));
}

#[test]
fn no_targets() {
    let error = Dataset::new(&DMatrix::<f64>::zeros(3, 2), &DMatrix::zeros(3, 0)).err();
    assert_eq!(error, Some(Error::Empty { what: "the list of targets" }));
}

#[test]
fn rows_that_differ_in_number() {
    for (n, m) in [(3, 2), (2, 3), (0, 1), (1, 0)] {
        let error = Dataset::new(&DMatrix::<f32>::zeros(n, 2), &DMatrix::zeros(m, 1)).err();
        assert_eq!(error, Some(shape("rows of y", n, m)));
    }
}

#[test]
fn nan_and_infinities_in_x_and_y() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (row, column) in [(0, 0), (20, 2), (39, 4), (17, 1)] {
            let (mut x, good) = (DMatrix::from_element(40, 5, f64::MAX), DMatrix::from_element(40, 5, -1.0));
            x[(row, column)] = bad;
            let error = Dataset::new(&x, &good).err();
            assert_eq!(error, Some(Error::NotFinite { what: "x", row, column }));
            assert_eq!(Dataset::new(&good, &x).err(), Some(Error::NotFinite { what: "y", row, column }));
        }
    }
}

#[test]
fn wrong_number_of_weights() {
    let (x, y) = line();
    for found in [0, 3, 5] {
        let error = Dataset::new(&x, &y).unwrap().with_weights(&vec![1.0; found]).err();
        assert_eq!(error, Some(shape("number of weights", 4, found)));
    }
}

#[test]
fn weights_that_are_negative_or_not_finite() {
    let (x, y) = line();
    for bad in [-1.0, -f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY] {
        let error = Dataset::new(&x, &y).unwrap().with_weights(&[1.0, 0.0, bad, 1.0]).err();
        assert_eq!(error, Some(Error::Weight { row: 2, value: bad }));
    }
    let error = Dataset::new(&x, &y).unwrap().with_weights(&[1.0, f64::NAN, 1.0, 1.0]).err();
    assert!(matches!(error, Some(Error::Weight { row: 1, value }) if value.is_nan()), "{error:?}");
}

#[test]
fn weights_that_are_all_zero() {
    let (x, y) = line();
    assert_eq!(Dataset::new(&x, &y).unwrap().with_weights(&[0.0; 4]).err(), Some(Error::NoWeight));
    assert_eq!(Dataset::new(&x, &y).unwrap().with_weights(&[-0.0; 4]).err(), Some(Error::NoWeight));
}

#[test]
fn weights_whose_sum_overflows() {
    let (x, y) = line();
    assert_eq!(config(Dataset::new(&x, &y).unwrap().with_weights(&[f64::MAX; 4]).err()), "the sum of the weights");
}

#[test]
fn wrong_number_of_names() {
    let (x, y) = line();
    assert_eq!(Dataset::new(&x, &y).unwrap().with_names(["a", "b"]).err(), Some(shape("number of names", 1, 2)));
}

#[test]
fn rows_selected_that_do_not_exist() {
    let (x, y) = line();
    let data = Dataset::new(&x, &y).unwrap();
    assert_eq!(data.select(&[]).err(), Some(Error::Empty { what: "the list of rows" }));
    assert_eq!(data.select(&[0, 4]).err(), Some(shape("number of rows for the row selected", 5, 4)));
    let weights = [1.0, 0.0, 0.0, 0.0];
    assert_eq!(data.with_weights(&weights).unwrap().select(&[1, 2]).err(), Some(Error::NoWeight));
    let data = Dataset::new(&x, &y).unwrap();
    assert!(data.select(&[usize::MAX]).is_err());
}

#[test]
fn splits_that_leave_one_side_empty() {
    let (x, y) = line();
    let data = Dataset::new(&x, &y).unwrap();
    for fraction in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
        assert_eq!(config(data.split(fraction, 0).err()), "test_fraction");
    }
    let one = data.select(&[0]).unwrap();
    assert_eq!(config(one.split(0.5, 0).err()), "number of samples to split");
    for fraction in [1e-9, 0.999_999] {
        let (train, test) = data.split(fraction, 1).unwrap();
        assert_eq!((train.samples() + test.samples(), train.samples().min(test.samples())), (4, 1));
    }
}

// ── targets outside the domain of the loss

#[test]
fn targets_that_are_no_probability() {
    let x = dmatrix![1.0; 2.0; 3.0];
    for bad in [-0.1, 1.1, 2.0, -1.0] {
        let y = dvector![0.0, 1.0, bad];
        let data = Dataset::new(&x, &y).unwrap();
        let error = Error::Target { row: 2, needs: "numbers in [0, 1]" };
        assert_eq!(LogisticRegression::new().fit(&data).err(), Some(error.clone()));
        assert_eq!(Mlp::classifier([2]).fit(&data).err(), Some(error.clone()));
        let network = Network::new(Affine::new(1, 1), BinaryCrossEntropy).fit(&data).err();
        assert_eq!(network, Some(error.clone()));
        assert_eq!(Risk::new(&data, &Affine::new(1, 1), &CrossEntropy, 0.0).err(), Some(error));
    }
}

#[test]
fn targets_that_are_no_distribution() {
    let x = dmatrix![1.0; 2.0; 3.0];
    for bad in [[0.5, 0.6], [0.0, 0.0], [1.0, 1.0], [-0.5, 1.5]] {
        let y = DMatrix::from_row_slice(3, 2, &[1.0, 0.0, bad[0], bad[1], 0.0, 1.0]);
        let error = LogisticRegression::new().fit(&Dataset::new(&x, &y).unwrap()).err();
        assert!(matches!(error, Some(Error::Target { row: 1, .. })), "{error:?}");
    }
}

#[test]
fn a_loss_accepts_what_its_table_row_draws() {
    for row in losses::<f32>() {
        for k in 1..6 {
            let mut numbers = crate::cases::Numbers::new(k as u64);
            for _ in 0..200 {
                let y: Vec<f32> = numbers.target(row.target, k).into_iter().map(|y| y as f32).collect();
                use residual::Loss;
                assert_eq!(row.loss.accepts(&y), Ok(()), "{} {y:?}", row.name);
            }
        }
    }
}

// ── settings

/// What every regressor says to a penalty.
#[test]
fn penalties_that_are_negative_or_not_finite() {
    fn test<T: Real>(extra: Option<f64>) {
        for row in regressors::<T>() {
            let x = DMatrix::from_fn(6, 2, |i, j| T::of((i * i + j) as f64));
            let y = DMatrix::from_fn(6, 1, |i, _| T::of((i % 2) as f64));
            let data = Dataset::new(&x, &y).unwrap();
            for l2 in [-1.0, -1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().chain(extra) {
                let setup = Setup { features: 2, outputs: 1, l2 };
                assert_eq!(config((row.fit)(setup, &data).err()), "l2", "{} with {l2}", row.name);
            }
        }
    }
    test::<f64>(None);
    // Not representable.
    test::<f32>(Some(1e200));
}

#[test]
fn a_batch_of_no_samples() {
    let (x, y) = line();
    let data = Dataset::new(&x, &y).unwrap();
    let trainer = Trainer::sgd(0.1).batch_size(0);
    assert_eq!(config(LinearRegression::new().solver(trainer.clone()).fit(&data).err()), "batch_size");
    assert_eq!(config(Mlp::regressor([2]).solver(trainer).fit(&data).err()), "batch_size");
}

#[test]
fn a_batch_larger_than_the_data_is_the_data() {
    let (x, y) = line();
    let data = Dataset::new(&x, &y).unwrap();
    let fit = |size| {
        let trainer = Trainer::sgd(0.05).batch_size(size).shuffle(false).epochs(5);
        LinearRegression::new().solver(trainer).fit(&data).unwrap().params().to_vec()
    };
    assert_eq!(fit(4), fit(1000));
    assert_eq!(fit(4), fit(usize::MAX));
}

#[test]
fn no_epochs() {
    let (x, y) = line();
    let data = Dataset::new(&x, &y).unwrap();
    assert_eq!(config(LinearRegression::new().solver(Trainer::gd(0.1).epochs(0)).fit(&data).err()), "epochs");
}

#[test]
fn rates_that_are_negative_or_not_finite() {
    let (x, y) = line();
    let data = Dataset::new(&x, &y).unwrap();
    for rate in [-0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(config(LinearRegression::new().solver(Trainer::gd(rate)).fit(&data).err()), "learning rate");
        assert_eq!(config(LogisticRegression::new().solver(Trainer::adam(rate)).fit(&unit()).err()), "learning rate");
        let schedule = move |step: usize| if step < 3 { 0.01 } else { rate };
        let trainer = Trainer::new(Plain, schedule);
        assert_eq!(config(LinearRegression::new().solver(trainer.batch_size(1)).fit(&data).err()), "learning rate");
    }
}

fn unit() -> Dataset<'static, f64> {
    let (x, y) = (dmatrix![0.0; 1.0; 2.0; 3.0], dvector![0.0, 1.0, 0.0, 1.0]);
    Dataset::new(&x, &y).unwrap().select(&[0, 1, 2, 3]).unwrap()
}

#[test]
fn targets_and_tolerances_that_are_no_number() {
    let data = unit();
    let fit = |trainer: Trainer<Plain, f64>| config(LinearRegression::new().solver(trainer).fit(&data).err());
    assert_eq!(fit(Trainer::gd(0.1).loss_target(f64::NAN)), "loss_target");
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(fit(Trainer::gd(0.1).tolerance(bad)), "tolerance");
        let newton = LogisticRegression::new().solver(Newton::default().tolerance(bad));
        assert_eq!(config(newton.fit(&data).err()), "tolerance", "Newton, {bad}");
        let lbfgs = LogisticRegression::new().solver(Lbfgs::default().tolerance(bad));
        assert_eq!(config(lbfgs.fit(&data).err()), "tolerance", "Lbfgs, {bad}");
    }
}

#[test]
fn rules_out_of_range() {
    let data = unit();
    let fit = |error: Option<Error>| config(error);
    for mu in [-0.1, 1.0, 2.0, f64::NAN, f64::INFINITY] {
        let momentum = Trainer::new(Momentum { mu, dampening: 0.0 }, 0.1);
        assert_eq!(fit(LinearRegression::new().solver(momentum).fit(&data).err()), "mu");
        let nesterov = Trainer::new(Nesterov { mu }, 0.1);
        assert_eq!(fit(LinearRegression::new().solver(nesterov).fit(&data).err()), "mu");
    }
    for beta in [-0.1, 1.0, f64::NAN] {
        let one = Trainer::new(Adam { beta1: beta, ..Adam::default() }, 0.1);
        assert_eq!(fit(LinearRegression::new().solver(one).fit(&data).err()), "beta1");
        let two = Trainer::new(Adam { beta2: beta, ..Adam::default() }, 0.1);
        assert_eq!(fit(LinearRegression::new().solver(two).fit(&data).err()), "beta2");
    }
    let pair = Trainer::new((Plain, Adam { epsilon: -1.0, ..Adam::default() }), 0.1);
    assert_eq!(fit(LinearRegression::new().solver(pair).fit(&data).err()), "epsilon");
}

#[test]
fn losses_out_of_range() {
    let data = unit();
    for delta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(config(Mlp::regressor([2]).loss(Huber { delta }).fit(&data).err()), "delta");
        let layer = Affine::new(1, 1);
        assert_eq!(config(Risk::new(&data, &layer, &Huber::new(delta), 0.0).err()), "delta");
        assert_eq!(config(Fitted::from_params(layer, Huber { delta }, vec![0.0, 0.0]).err()), "delta");
    }
}

// ── layers

#[test]
fn layers_of_no_width() {
    let data = unit();
    assert_eq!(config(Mlp::regressor([3, 0]).fit(&data).err()), "width of a hidden layer");
    assert_eq!(config(Mlp::classifier([0]).fit(&data).err()), "width of a hidden layer");
    let none = (Dense::new(1, 0, Activation::Tanh), Affine::new(0, 1));
    assert_eq!(config(Network::new(none, SquaredError).fit(&data).err()), "outputs of a layer");
    assert_eq!(config(Risk::new(&data, &Affine::new(0, 1), &SquaredError, 0.0).err()), "inputs of a layer");
    assert_eq!(config(Fitted::from_params(Affine::new(1, 0), SquaredError, vec![0.0f64]).err()), "outputs of a layer");
    assert_eq!(Stack::<Dense>::new(vec![]).err(), Some(Error::Empty { what: "the stack of layers" }));
}

#[test]
fn layers_that_do_not_meet() {
    let data = unit();
    let pair = (Dense::new(1, 4, Activation::Relu), Affine::new(3, 1));
    let error = Some(shape("inputs of the next layer", 4, 3));
    assert_eq!(Network::new(pair, SquaredError).fit(&data).err(), error);
    assert_eq!(Risk::new(&data, &pair, &SquaredError, 0.0).err(), error);
    let stack = vec![Dense::new(1, 4, Activation::Relu), Dense::new(3, 1, Activation::Identity)];
    // At the construction or at the latest where the stack meets data.
    let met = Stack::new(stack).and_then(|stack| Network::new(stack, SquaredError).fit(&data).map(|_| ()));
    assert_eq!(met.err(), error);
    assert_eq!(Fitted::from_params(pair, SquaredError, vec![0.0f64; 12]).err(), error);
}

#[test]
fn layers_that_do_not_fit_the_data() {
    let data = unit();
    let fit = |layer: Affine| Network::new(layer, SquaredError).fit(&data).err();
    assert_eq!(fit(Affine::new(2, 1)), Some(shape("inputs of the layer", 1, 2)));
    assert_eq!(fit(Affine::new(1, 2)), Some(shape("outputs of the layer", 1, 2)));
}

#[test]
fn layers_larger_than_the_memory() {
    let data = unit();
    let huge = (Dense::new(1, usize::MAX / 2, Activation::Relu), Affine::new(usize::MAX / 2, 1));
    assert_eq!(config(Risk::new(&data, &huge, &SquaredError, 0.0).err()), "number of parameters");
    assert!(Fitted::from_params(huge, SquaredError, vec![0.0f64; 3]).is_err());
}

#[test]
fn parameters_of_the_wrong_number_or_not_finite() {
    let layer = Affine::new(2, 1);
    let from = |params: Vec<f64>| Fitted::from_params(layer, SquaredError, params).err();
    assert_eq!(from(vec![]), Some(shape("number of parameters", 3, 0)));
    assert_eq!(from(vec![1.0; 4]), Some(shape("number of parameters", 3, 4)));
    for bad in [f64::NAN, f64::INFINITY] {
        let what = Some(Error::NotFinite { what: "the parameter vector", row: 1, column: 0 });
        assert_eq!(from(vec![1.0, bad, 2.0]), what);
    }
    let model = Fitted::from_params(layer, SquaredError, vec![1.0, 2.0, 3.0]).unwrap();
    assert_eq!(model.report().reason(), Reason::Given);
    assert!(!model.report().converged());
}

// ── data that are legal and hard

/// The shapes that are legal and few think of: one sample, one feature, more features than samples, constant columns.
#[test]
fn one_sample_one_feature_and_more_features_than_samples() {
    fn test<T: Real>() {
        for row in regressors::<T>() {
            for (n, p, k) in [(1, 1, 1), (1, 3, 1), (1, 1, 3), (2, 5, 2), (6, 1, 1), (3, 7, 1)] {
                for constant in [false, true] {
                    let mut sample = crate::models::Sample::<T>::new(row.target, (n, p, k), 17);
                    if constant {
                        sample.x.fill(T::of(0.5));
                    }
                    let setup = Setup { features: p, outputs: k, l2: 0.0 };
                    let model = (row.fit)(setup, &sample.data());
                    let model = model.unwrap_or_else(|e| panic!("{}, {n}×{p}: {e}", row.name));
                    assert!(model.params().iter().all(|v| v.is_finite()), "{}, {n}×{p}", row.name);
                    let prediction = model.predict(&sample.x).unwrap();
                    assert!(prediction.iter().all(|v| v.is_finite()), "{}, {n}×{p}", row.name);
                    if row.name == "linear" && n == 1 {
                        let off = (prediction - &sample.y).amax().to_f64();
                        assert!(off < 1e-5, "one sample is met: {off}");
                    }
                }
            }
        }
    }
    test::<f64>();
    test::<f32>();
}

/// A rate beyond 2 / (largest curvature) never ends as a converged report or as NaN inside `Ok`.
#[test]
fn rates_that_diverge() {
    fn test<T: Real>() {
        let x = DMatrix::from_fn(20, 2, |i, j| T::of((i as f64 * 0.7 + j as f64).sin() * 30.0));
        let y = DMatrix::from_fn(20, 1, |i, _| T::of(i as f64));
        let y01 = DMatrix::from_fn(20, 1, |i, _| T::of((i % 2) as f64));
        let (numbers, labels) = (Dataset::new(&x, &y).unwrap(), Dataset::new(&x, &y01).unwrap());
        fn sound<T: Real, M: Model<T>>(name: &str, outcome: residual::Result<M>, x: &DMatrix<T>) {
            match outcome {
                Err(Error::Diverged { iteration }) => assert!(iteration >= 1, "{name}"),
                Err(Error::Undefined { .. }) => {}
                Err(other) => panic!("{name}: {other}"),
                Ok(model) => {
                    assert!(!model.report().converged(), "{name}: {:?}", model.report());
                    assert!(model.params().iter().all(|v| v.is_finite()), "{name}");
                    assert!(model.report().value().is_finite(), "{name}");
                    if let Ok(prediction) = model.predict(x) {
                        assert!(prediction.iter().all(|v| v.is_finite()), "{name}");
                    }
                }
            }
        }
        for rate in [1.0, 1e3, 1e30] {
            let name = format!("rate {rate:e}");
            sound(&name, LinearRegression::new().solver(Trainer::gd(rate).epochs(1000)).fit(&numbers), &x);
            sound(&name, LinearRegression::new().solver(Trainer::sgd(rate).epochs(50)).fit(&numbers), &x);
            sound(&name, LinearRegression::new().solver(Trainer::momentum(rate, 0.9)).fit(&numbers), &x);
            sound(&name, LogisticRegression::new().l2(1.0).solver(Trainer::gd(rate)).fit(&labels), &x);
            sound(&name, Mlp::regressor([5]).solver(Trainer::gd(rate)).fit(&numbers), &x);
            sound(&name, Mlp::classifier([5]).solver(Trainer::sgd(rate)).fit(&labels), &x);
        }
        let diverged = LinearRegression::new().solver(Trainer::gd(1.0).epochs(1000)).fit(&numbers).err();
        assert!(matches!(diverged, Some(Error::Diverged { .. })), "{diverged:?}");
    }
    test::<f64>();
    test::<f32>();
}

/// Separated classes have no finite maximum of the likelihood: no converged report says otherwise, whoever stopped and why.
#[test]
fn separated_classes_end() {
    fn test<T: Real>() {
        // Apart, apart but for a tie, of one class, and apart once the row of weight 0 is left out; then three classes.
        let x = [-2.0, -1.0, 1.0, 2.0, 3.0, 4.0];
        let (apart, one, all) = ([0, 0, 1, 1, 1, 1], [1; 6], [1.0; 6]);
        for (name, y, k, x, weights) in [
            ("apart", apart, 1, x, all),
            ("a tie", apart, 1, [-2.0, 1.0, 1.0, 2.0, 3.0, 4.0], all),
            ("one class", one, 1, x, all),
            ("weight 0", [0, 0, 1, 1, 0, 1], 1, x, [1.0, 1.0, 1.0, 1.0, 0.0, 1.0]),
            ("three classes", [0, 0, 1, 1, 2, 2], 3, x, all),
            ("a class without a row", apart, 3, x, all),
        ] {
            let x = DMatrix::from_fn(6, 2, |i, j| T::of(if j == 0 { x[i] } else { x[i] * x[i] }));
            let hit = |i: usize, c: usize| if k == 1 { y[i] == 1 } else { y[i] == c };
            let y = DMatrix::from_fn(6, k, |i, c| if hit(i, c) { T::one() } else { T::zero() });
            let weights = weights.map(T::of);
            let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
            let plain = LogisticRegression::new();
            let fits = [
                plain.fit(&data),
                LogisticRegression::new().solver(Newton::default().tolerance(0.1)).fit(&data),
                LogisticRegression::new().solver(Lbfgs::default().tolerance(0.1)).fit(&data),
                LogisticRegression::new().solver(Trainer::gd(0.1).tolerance(0.1)).fit(&data),
                LogisticRegression::new().solver(Trainer::sgd(0.01).epochs(20)).fit(&data),
                LogisticRegression::new().solver(Trainer::adam(0.01).tolerance(0.1)).fit(&data),
            ];
            for (solver, fit) in ["default", "newton", "lbfgs", "gd", "sgd", "adam"].into_iter().zip(fits) {
                let model = fit.unwrap_or_else(|error| panic!("{name}, {solver}: {error}"));
                let report = model.report();
                assert!(!report.converged(), "{name}, {solver}: {report:?}");
                assert_eq!(report.reason(), Reason::Unbounded, "{name}, {solver}: {report:?}");
                assert!(report.warnings().iter().any(|w| matches!(w, Warning::Separated { .. })), "{name}, {solver}");
                assert!(matches!(report.ensure_converged(), Err(Error::NotConverged { .. })), "{name}, {solver}");
                assert!(model.params().iter().all(|v| v.is_finite()), "{name}, {solver}");
                let p = model.predict(&x).unwrap();
                assert!(p.iter().all(|&p| p >= T::zero() && p <= T::one()), "{name}, {solver}");
            }
            // With a penalty there is a minimum, and it is found; but where all are of one class the intercept, which is not
            // penalized, still grows without end.
            let penalized = LogisticRegression::new().l2(0.1).fit(&data).unwrap();
            assert_eq!(penalized.report().converged(), name != "one class", "{name}: {:?}", penalized.report());
        }
    }
    test::<f64>();
    test::<f32>();
}

/// An objective may be anything: NaN, infinite, without a minimum. Solvers end with an error or a report that says so.
#[test]
fn objectives_without_a_minimum_or_without_numbers() {
    use residual::Solver;
    /// Value and slope.
    type Function = fn(f64) -> (f64, f64);
    struct Bad(Function);
    impl Objective<f64> for Bad {
        fn dim(&self) -> usize {
            1
        }
        fn value(&mut self, t: &[f64]) -> f64 {
            self.0(t[0]).0
        }
        fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
            grad[0] = self.0(t[0]).1;
            self.0(t[0]).0
        }
    }
    impl residual::FiniteSum<f64> for Bad {
        fn terms(&self) -> usize {
            3
        }
        fn batch_gradient(&mut self, _: &[usize], t: &[f64], grad: &mut [f64]) -> f64 {
            self.gradient(t, grad)
        }
    }
    impl residual::Hessian<f64> for Bad {
        fn hessian(&mut self, t: &[f64], h: &mut DMatrix<f64>) {
            h[(0, 0)] = self.0(t[0] + 1e-4).1 - self.0(t[0]).1;
        }
        fn hessian_product(&mut self, t: &[f64], v: &[f64], hv: &mut [f64]) {
            hv[0] = v[0] * (self.0(t[0] + 1e-4).1 - self.0(t[0]).1);
        }
    }
    let cases: [(&str, Function); 6] = [
        ("a line", |t| (-t, -1.0)),
        ("a cubic", |t| (t.powi(3) + t, 3.0 * t * t + 1.0)),
        ("nan", |_| (f64::NAN, f64::NAN)),
        ("nan gradient", |t| (t * t, f64::NAN)),
        ("nan beyond 2", |t| if t > 2.0 { (f64::NAN, f64::NAN) } else { (-t, -1.0) }),
        ("infinite", |_| (f64::INFINITY, 0.0)),
    ];
    for (name, f) in cases {
        let solutions = [
            Newton::default().minimize(&mut Bad(f), vec![1.0], &mut ()),
            Lbfgs::default().minimize(&mut Bad(f), vec![1.0], &mut ()),
            Trainer::gd(0.1).minimize(&mut Bad(f), vec![1.0], &mut ()),
            Trainer::adam(1e3).batch_size(1).minimize(&mut Bad(f), vec![1.0], &mut ()),
        ];
        for (solver, solution) in ["newton", "lbfgs", "gd", "adam"].into_iter().zip(solutions) {
            let Ok(solution) = solution else { continue };
            assert!(!solution.report.converged(), "{solver} on {name}: {:?}", solution.report);
            assert!(solution.params[0].is_finite(), "{solver} on {name}: {:?}", solution.params);
            assert!(solution.report.value().is_finite(), "{solver} on {name}: {:?}", solution.report);
        }
    }
}

/// Every message is one line, starts in lower case and says something.
#[test]
fn messages_are_sentences() {
    let errors = [
        shape("columns of x", 3, 2),
        Error::Empty { what: "the data set" },
        Error::NotFinite { what: "x", row: 3, column: 4 },
        Error::Weight { row: 2, value: -1.0 },
        Error::NoWeight,
        Error::Target { row: 5, needs: "numbers in [0, 1]" },
        Error::Input { row: 5, needs: "a length" },
        Error::Config { name: "l2", needs: "finite and at least 0" },
        Error::Diverged { iteration: 7 },
        Error::Label { row: 8 },
        Error::Classes { found: 1 },
        Error::NotConverged { reason: Reason::MaxIterations, iterations: 9 },
        Error::NotConverged { reason: Reason::Value, iterations: 9 },
        Error::NotConverged { reason: Reason::LineSearch, iterations: 9 },
        Error::NotConverged { reason: Reason::Stopped, iterations: 9 },
        Error::Resume { what: "batch_size", saved: "32".to_owned(), found: "16".to_owned() },
        Error::Undefined { what: "r2", why: "the targets are constant" },
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.chars().next().is_some_and(|c| !c.is_uppercase()), "{text}");
        assert!(!text.contains('\n') && text.len() > 15 && !text.ends_with('.'), "{text}");
        for number in format!("{error:?}").split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()) {
            assert!(text.contains(number), "{text} leaves out {number}");
        }
        let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
        assert_eq!(boxed.to_string(), text);
    }
}

/// What the rows of REGRESSORS take is what their targets say.
#[test]
fn regressors_refuse_targets_outside_their_domain() {
    for row in regressors::<f64>() {
        let x = DMatrix::from_fn(5, 2, |i, j| (i + 2 * j) as f64);
        let y = DMatrix::from_fn(5, 2, |i, _| i as f64 * 3.0 - 4.0);
        let fit = (row.fit)(Setup { features: 2, outputs: 2, l2: 0.1 }, &Dataset::new(&x, &y).unwrap());
        match row.target {
            Target::Number => assert!(fit.is_ok(), "{}", row.name),
            _ => assert!(matches!(fit.err(), Some(Error::Target { row: 0, .. })), "{}", row.name),
        }
    }
}
