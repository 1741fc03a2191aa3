//! REGRESSORS, and what every one of them must do with good data. `hostile.rs` and `arbitrary.rs` try it with bad data.
//!
//! A new model is one row of [`regressors`]: `regressor(name, targets, |s| ...)` makes it for the sizes and the penalty in
//! `s`. `.in_order()` says that it sees the rows in an order of its own (mini-batches), so that a repeated row is not quite
//! a row of weight 2. A fitted model that is no [`Fitted`] needs an `impl Model` besides.

use crate::cases::{Numbers, relative};
use crate::tables::Target;
use residual::nalgebra::{DMatrix, DMatrixView};
use residual::optim::{Lbfgs, Newton, Trainer};
use residual::{
    Activation, Affine, BinaryCrossEntropy, Dataset, Dense, Error, Fitted, FittedStandardized, Huber, Layer,
    LinearRegression, LogisticRegression, Loss, Mlp, Network, Objective, Predictor, Real, Regressor, Report, Result,
    Risk, Standardized,
};

/// What a regressor is made for.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub features: usize,
    pub outputs: usize,
    pub l2: f64,
}

/// What the suites ask of any fitted model.
pub trait Model<T: Real> {
    fn predict(&self, x: &DMatrix<T>) -> Result<DMatrix<T>>;
    fn predict_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()>;
    fn params(&self) -> Vec<T>;
    fn report(&self) -> &Report;
    /// The risk and its largest |gradient| at the parameters, evaluated anew; `None` if the model is no plain [`Fitted`].
    fn risk(&self, data: &Dataset<'_, T>, l2: f64) -> Option<(f64, f64)>;
}

impl<T: Real, N: Layer<T>, L: Loss<T>> Model<T> for Fitted<T, N, L> {
    fn predict(&self, x: &DMatrix<T>) -> Result<DMatrix<T>> {
        Predictor::predict(self, x)
    }

    fn predict_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()> {
        Predictor::predict_into(self, x, out)
    }

    fn params(&self) -> Vec<T> {
        self.params().to_vec()
    }

    fn report(&self) -> &Report {
        self.report()
    }

    fn risk(&self, data: &Dataset<'_, T>, l2: f64) -> Option<(f64, f64)> {
        let mut risk = Risk::new(data, self.layer(), self.loss(), l2).unwrap();
        let mut grad = vec![T::zero(); self.params().len()];
        let value = risk.gradient(self.params(), &mut grad).to_f64();
        Some((value, grad.iter().fold(0.0, |m, g| g.to_f64().abs().max(m))))
    }
}

impl<T: Real, N: Layer<T>, L: Loss<T>> Model<T> for FittedStandardized<T, Fitted<T, N, L>> {
    fn predict(&self, x: &DMatrix<T>) -> Result<DMatrix<T>> {
        Predictor::predict(self, x)
    }

    fn predict_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()> {
        Predictor::predict_into(self, x, out)
    }

    fn params(&self) -> Vec<T> {
        self.model().params().to_vec()
    }

    fn report(&self) -> &Report {
        self.report()
    }

    fn risk(&self, _: &Dataset<'_, T>, _: f64) -> Option<(f64, f64)> {
        None
    }
}

type Fit<T> = Box<dyn Fn(Setup, &Dataset<'_, T>) -> Result<Box<dyn Model<T>>> + Sync>;

pub struct RegressorRow<T: Real> {
    pub name: &'static str,
    pub target: Target,
    pub fit: Fit<T>,
    /// Whether a row of weight 2 is the row twice, to rounding.
    pub repetition: bool,
    /// Whether the problem has one minimum that the solver is asked to find.
    pub exact: bool,
}

pub fn regressor<T: Real, R>(
    name: &'static str,
    target: Target,
    make: impl Fn(Setup) -> R + Sync + 'static,
) -> RegressorRow<T>
where
    R: Regressor<T>,
    R::Fitted: Model<T> + 'static,
{
    let fit = move |setup, data: &Dataset<'_, T>| -> Result<Box<dyn Model<T>>> { Ok(Box::new(make(setup).fit(data)?)) };
    RegressorRow { name, target, fit: Box::new(fit), repetition: true, exact: false }
}

impl<T: Real> RegressorRow<T> {
    fn in_order(mut self) -> Self {
        self.repetition = false;
        self
    }

    fn exact(mut self) -> Self {
        self.exact = true;
        self
    }
}

/// REGRESSORS.
pub fn regressors<T: Real>() -> Vec<RegressorRow<T>> {
    use Target::{Distribution, Number, Share};
    // What the type allows: f32 gradients of size 1 do not get below about 1e-6.
    let tolerance = if T::default_epsilon().to_f64() > 1e-10 { 1e-5 } else { 1e-9 };
    let short = |rate| Trainer::adam(rate).epochs(8).batch_size(4);
    vec![
        regressor("linear", Number, |s| LinearRegression::new().l2(s.l2)).exact(),
        regressor("linear without intercept", Number, |s| LinearRegression::new().l2(s.l2).intercept(false)).exact(),
        regressor("linear by newton", Number, move |s| {
            LinearRegression::new().l2(s.l2).solver(Newton::default().tolerance(tolerance))
        })
        .exact(),
        regressor("linear by lbfgs", Number, move |s| {
            LinearRegression::new().l2(s.l2).solver(Lbfgs::default().tolerance(tolerance))
        })
        .exact(),
        regressor("linear by gradient descent", Number, |s| {
            LinearRegression::new().l2(s.l2).solver(Trainer::gd(0.1).epochs(40))
        }),
        regressor("linear by mini-batches", Number, move |s| LinearRegression::new().l2(s.l2).solver(short(0.01)))
            .in_order(),
        regressor("logistic", Distribution, move |s| LogisticRegression::new().l2(s.l2)).exact(),
        regressor("logistic without intercept", Distribution, move |s| {
            LogisticRegression::new().l2(s.l2).intercept(false).solver(Newton::default().tolerance(tolerance))
        })
        .exact(),
        regressor("logistic by lbfgs", Distribution, move |s| {
            LogisticRegression::new().l2(s.l2).solver(Lbfgs::default().tolerance(tolerance))
        })
        .exact(),
        regressor("logistic by momentum", Distribution, |s| {
            LogisticRegression::new().l2(s.l2).solver(Trainer::momentum(0.05, 0.8).epochs(8).batch_size(3))
        })
        .in_order(),
        regressor("mlp regressor", Number, move |s| Mlp::regressor([4, 3]).l2(s.l2).seed(1).solver(short(0.01)))
            .in_order(),
        regressor("mlp regressor, huber, by lbfgs", Number, |s| {
            let mlp = Mlp::regressor([3]).loss(Huber::default()).activation(Activation::Tanh);
            mlp.l2(s.l2).seed(2).solver(Lbfgs::default().max_iterations(12))
        }),
        regressor("mlp classifier", Distribution, move |s| {
            let mlp = Mlp::classifier([4]).activation(Activation::Gelu).l2(s.l2);
            mlp.solver(Trainer::gd(0.2).epochs(10))
        }),
        regressor("mlp without hidden layer", Number, move |s| Mlp::regressor([]).l2(s.l2).solver(short(0.02)))
            .in_order(),
        regressor("network", Share, move |s| {
            let layer = (Dense::new(s.features, 3, Activation::Silu), Affine::new(3, s.outputs));
            Network::new(layer, BinaryCrossEntropy).l2(s.l2).seed(3).solver(short(0.01))
        })
        .in_order(),
        regressor("standardized linear", Number, |s| Standardized::new(LinearRegression::new().l2(s.l2))),
        regressor("standardized linear, targets too", Number, |s| {
            Standardized::new(LinearRegression::new().l2(s.l2)).targets()
        }),
        regressor("standardized logistic", Distribution, move |s| {
            let newton = Newton::default().tolerance(tolerance);
            Standardized::new(LogisticRegression::new().l2(s.l2).solver(newton))
        }),
        regressor("standardized mlp", Number, move |s| {
            Standardized::new(Mlp::regressor([3]).activation(Activation::Tanh).l2(s.l2).solver(short(0.01)))
        })
        .in_order(),
    ]
}

/// Well-behaved data for a row: n×p features of size 1, targets that depend on them.
pub struct Sample<T: Real> {
    pub x: DMatrix<T>,
    pub y: DMatrix<T>,
    pub weights: Vec<T>,
}

impl<T: Real> Sample<T> {
    pub fn new(target: Target, (n, p, k): (usize, usize, usize), seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let x = DMatrix::from_fn(n, p, |_, _| T::of(numbers.within(1.5)));
        let mut y = DMatrix::zeros(n, k);
        for i in 0..n {
            let drawn = numbers.target(target, k);
            for c in 0..k {
                let trend = if target == Target::Number { x[(i, c % p)].to_f64() } else { 0.0 };
                y[(i, c)] = T::of(drawn[c] + trend);
            }
        }
        let weights = (0..n).map(|i| T::of([1.0, 2.0, 0.0, 1.0, 3.0][i % 5])).collect();
        Self { x, y, weights }
    }

    pub fn data(&self) -> Dataset<'_, T> {
        Dataset::new(&self.x, &self.y).unwrap()
    }
}

pub fn bits<T: Real>(values: &[T]) -> Vec<u64> {
    values.iter().map(|v| v.to_f64().to_bits()).collect()
}

/// A fit of `shape` = (n, p, k) with a small penalty.
fn fitted<T: Real>(row: &RegressorRow<T>, data: &Dataset<'_, T>) -> Box<dyn Model<T>> {
    let setup = Setup { features: data.features(), outputs: data.outputs(), l2: 0.05 };
    (row.fit)(setup, data).unwrap_or_else(|error| panic!("{}: {error}", row.name))
}

fn every_model_is_what_its_report_says<T: Real>(tolerance: f64) {
    for row in regressors::<T>() {
        for (k, seed) in [(1, 1), (3, 2)] {
            let sample = Sample::new(row.target, (40, 3, k), seed);
            for weighted in [false, true] {
                let data = sample.data();
                let data = if weighted { data.with_weights(&sample.weights).unwrap() } else { data };
                let model = fitted(&row, &data);
                let report = model.report();
                assert!(model.params().iter().all(|p| p.is_finite()), "{}", row.name);
                let Some((value, norm)) = model.risk(&data, 0.05) else { continue };
                assert!(relative(report.value(), value, 1e-3) < tolerance, "{}: {value} {report:?}", row.name);
                let floor = if row.exact { 1e-2 } else { 1e-3 };
                let off = relative(report.gradient_norm(), norm, floor);
                assert!(off < 100.0 * tolerance, "{}: {norm} {report:?}", row.name);
                assert!(!row.exact || report.converged(), "{}: {report:?}", row.name);
                assert!(!row.exact || norm < 1e3 * tolerance, "{}: {norm} {report:?}", row.name);
                if let Some(&last) = report.history().last() {
                    assert!(last.is_finite() && report.history().len() == report.iterations(), "{}", row.name);
                }
            }
        }
    }
}

#[test]
fn every_model_is_what_its_report_says_f64() {
    every_model_is_what_its_report_says::<f64>(1e-11);
}

#[test]
fn every_model_is_what_its_report_says_f32() {
    every_model_is_what_its_report_says::<f32>(1e-5);
}

/// The same data twice: the same bits.
#[test]
fn two_fits_have_the_same_bits() {
    fn test<T: Real>() {
        for row in regressors::<T>() {
            let sample = Sample::<T>::new(row.target, (70, 4, 2), 5);
            let data = sample.data().with_weights(&sample.weights).unwrap();
            let (a, b) = (fitted(&row, &data), fitted(&row, &data));
            assert_eq!(bits(&a.params()), bits(&b.params()), "{}", row.name);
            let (p, q) = (a.predict(&sample.x).unwrap(), b.predict(&sample.x).unwrap());
            assert_eq!(bits(p.as_slice()), bits(q.as_slice()), "{}", row.name);
            assert_eq!(format!("{:?}", a.report()), format!("{:?}", b.report()), "{}", row.name);
        }
    }
    test::<f64>();
    test::<f32>();
}

/// Enough work that it is given to threads: the bits do not depend on how many there are.
#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    fn test<T: Real + Send>() {
        for row in regressors::<T>() {
            let sample = Sample::<T>::new(row.target, (12_000, 24, 2), 6);
            let mut seen: Option<(Vec<u64>, Vec<u64>)> = None;
            for threads in [1, 2, 3, 8] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let work = || {
                    let data = sample.data();
                    let model = fitted(&row, &data);
                    let prediction = model.predict(&sample.x).unwrap();
                    (bits(&model.params()), bits(prediction.as_slice()))
                };
                let found = pool.install(work);
                let first = seen.get_or_insert_with(|| found.clone());
                assert_eq!(*first, found, "{} on {threads} threads", row.name);
            }
        }
    }
    test::<f64>();
    test::<f32>();
}

/// One row alone, a few, or all of them: the same bits of prediction.
#[test]
fn prediction_of_a_row_does_not_depend_on_the_others() {
    fn test<T: Real>() {
        for row in regressors::<T>() {
            for (n, p, k) in [(600, 5, 2), (37, 17, 3), (9, 2, 1)] {
                let sample = Sample::<T>::new(row.target, (n, p, k), 7);
                let model = fitted(&row, &sample.data());
                let all = model.predict(&sample.x).unwrap();
                let runs = [(0, 1), (n - 1, 1), (n / 2, 1), (1, 2), (2, 3), (1, 7), (3, 5), (0, n - 1), (1, n - 1)];
                for (first, len) in runs {
                    let mut some = DMatrix::zeros(len, k);
                    model.predict_into(sample.x.rows(first, len), &mut some).unwrap();
                    let expected = all.rows(first, len).into_owned();
                    assert_eq!(
                        bits(some.as_slice()),
                        bits(expected.as_slice()),
                        "{}: rows {first}..{} of {n}×{p}",
                        row.name,
                        first + len
                    );
                }
            }
        }
    }
    test::<f64>();
    test::<f32>();
}

/// Weight 2 is the sample twice, weight 0 its absence.
#[test]
fn weights_are_repetition_and_zero_is_absence() {
    for row in regressors::<f64>() {
        for k in [1, 3] {
            let sample = Sample::<f64>::new(row.target, (35, 3, k), 8);
            let weighted = sample.data().with_weights(&sample.weights).unwrap();
            let model = fitted(&row, &weighted);
            let compare = |other: &dyn Model<f64>, what: &str| {
                let (a, b) = (model.params(), other.params());
                let largest = a.iter().fold(1e-3, |m: f64, v| m.max(v.abs()));
                let off = a.iter().zip(&b).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs())) / largest;
                assert!(off < if row.exact { 1e-7 } else { 1e-9 }, "{}, {what}: {off:e}", row.name);
            };
            if row.repetition {
                let rows: Vec<usize> =
                    (0..35).flat_map(|i| std::iter::repeat_n(i, sample.weights[i] as usize)).collect();
                compare(&*fitted(&row, &sample.data().select(&rows).unwrap()), "repetition");
            }
            // Zero weight: what stands in such a row does not matter. Not in the order of mini-batches either.
            let rows: Vec<usize> = (0..35).filter(|&i| sample.weights[i] > 0.0).collect();
            let weights: Vec<f64> = rows.iter().map(|&i| sample.weights[i]).collect();
            let kept = sample.data().select(&rows).unwrap();
            let (x, y) = (kept.x().into_owned(), kept.y().into_owned());
            let kept = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
            compare(&*fitted(&row, &kept), "absence");
        }
    }
}

/// A row of weight 0 may hold anything finite.
#[test]
fn what_stands_in_a_row_of_weight_zero_does_not_matter() {
    for row in regressors::<f64>() {
        let mut sample = Sample::<f64>::new(row.target, (35, 3, 2), 9);
        let before = {
            let data = sample.data().with_weights(&sample.weights).unwrap();
            bits(&fitted(&row, &data).params())
        };
        for i in (0..35).filter(|i| i % 5 == 2) {
            sample.x.row_mut(i).fill(1e3 * i as f64 - 7e3);
        }
        let data = sample.data().with_weights(&sample.weights).unwrap();
        assert_eq!(before, bits(&fitted(&row, &data).params()), "{}", row.name);
    }
}

/// The scale of the weights does not matter: they are relative.
#[test]
fn weights_are_relative() {
    for row in regressors::<f64>() {
        let sample = Sample::<f64>::new(row.target, (30, 3, 2), 10);
        let data = sample.data().with_weights(&sample.weights).unwrap();
        let scaled: Vec<f64> = sample.weights.iter().map(|w| w * 1024.0).collect();
        let other = sample.data().with_weights(&scaled).unwrap();
        let (a, b) = (fitted(&row, &data).params(), fitted(&row, &other).params());
        let off = a.iter().zip(&b).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(off < 1e-9, "{}: {off:e}", row.name);
    }
}

/// Where the minimum is one, every way to it ends there.
#[test]
fn solvers_agree() {
    for target in [Target::Number, Target::Distribution] {
        for k in [1, 3] {
            let sample = Sample::<f64>::new(target, (60, 4, k), 11);
            let data = sample.data().with_weights(&sample.weights).unwrap();
            let rows = regressors::<f64>();
            let exact = rows.iter().filter(|row| row.target == target && row.exact);
            let (without, with): (Vec<_>, Vec<_>) = exact.partition(|row| row.name.contains("without intercept"));
            for group in [with, without] {
                let predictions: Vec<_> =
                    group.iter().map(|row| (row.name, fitted(row, &data).predict(&sample.x).unwrap())).collect();
                for (name, prediction) in &predictions {
                    let off = (prediction - &predictions[0].1).amax();
                    assert!(off < 1e-7, "{name} and {}: {off:e}", predictions[0].0);
                }
            }
        }
    }
}

/// Single precision finds the same model, to single precision.
#[test]
fn f32_agrees_with_f64() {
    for (narrow, wide) in regressors::<f32>().iter().zip(&regressors::<f64>()) {
        let sample = Sample::<f32>::new(narrow.target, (50, 3, 2), 12);
        let (x, y): (DMatrix<f64>, DMatrix<f64>) = (sample.x.clone().cast(), sample.y.clone().cast());
        let one = fitted(narrow, &sample.data()).predict(&sample.x).unwrap();
        let two = fitted(wide, &Dataset::new(&x, &y).unwrap()).predict(&x).unwrap();
        let off = (one.cast::<f64>() - two).amax();
        assert!(off < 2e-4, "{}: {off:e}", narrow.name);
    }
}

/// An observer sees iterations 1, 2, ... with the parameters after each, and may stop.
#[test]
fn prediction_into_a_buffer_equals_prediction() {
    for row in regressors::<f64>() {
        let sample = Sample::<f64>::new(row.target, (20, 3, 2), 13);
        let model = fitted(&row, &sample.data());
        let fresh = model.predict(&sample.x).unwrap();
        let mut out = DMatrix::from_element(20, 2, f64::NAN);
        model.predict_into(sample.x.as_view(), &mut out).unwrap();
        assert_eq!(fresh, out, "{}", row.name);
        assert_eq!(model.predict(&DMatrix::zeros(0, 3)).unwrap().shape(), (0, 2), "{}", row.name);
        let wrong = |found: DMatrix<f64>| model.predict(&found).err();
        let shape = |what, expected, found| Some(Error::Shape { what, expected, found });
        assert_eq!(wrong(DMatrix::zeros(4, 2)), shape("columns of x", 3, 2), "{}", row.name);
        assert_eq!(wrong(DMatrix::zeros(4, 0)), shape("columns of x", 3, 0), "{}", row.name);
        let into = |rows, cols| model.predict_into(sample.x.as_view(), &mut DMatrix::zeros(rows, cols)).err();
        assert_eq!(into(19, 2), shape("rows of the output", 20, 19), "{}", row.name);
        assert_eq!(into(20, 1), shape("columns of the output", 2, 1), "{}", row.name);
        let mut bad = sample.x.clone();
        bad[(7, 1)] = f64::NEG_INFINITY;
        let what = Some(Error::NotFinite { what: "x", row: 7, column: 1 });
        assert_eq!(wrong(bad), what, "{}", row.name);
    }
}
