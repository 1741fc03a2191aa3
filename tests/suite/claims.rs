//! What a report says is true: in every unit, for every solver, of the parameters that are returned.

use crate::cases::Numbers;
use residual::nalgebra::DMatrix;
use residual::optim::{Auto, History, Lbfgs, Newton, Progress, Trainer};
use residual::{
    Affine, Dataset, Error, LinearRegression, LogisticRegression, Objective, Observer, Real, Reason, Regressor, Report,
    Risk, Solver, SquaredError,
};
use std::ops::ControlFlow;

fn sample(seed: u64, (n, p, k): (usize, usize, usize), noise: f64) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut numbers = Numbers::new(seed);
    let x = DMatrix::from_fn(n, p, |_, _| numbers.within(1.5));
    let y =
        DMatrix::from_fn(n, k, |i, c| x[(i, c % p)] - 0.5 * x[(i, (c + 1) % p)] + 1.0 + noise * numbers.within(1.0));
    (x, y)
}

/// A converged report of a solver without a rate is at the least squares, in any unit of x and y, whether or not the data lie
/// on a plane.
#[test]
fn no_unit_makes_a_start_a_minimum() {
    for (seed, noise) in [(1, 0.5), (2, 0.0)] {
        let (x, y) = sample(seed, (30, 3, 2), noise);
        for (x_unit, y_unit) in
            [(1.0, 1e-100), (1.0, 1e-20), (1.0, 1e-9), (1e-6, 1e-6), (1.0, 1.0), (1e6, 1e-6), (1e-6, 1e9), (1.0, 1e60)]
        {
            let (x, y) = (&x * x_unit, &y * y_unit);
            let data = Dataset::new(&x, &y).unwrap();
            let exact = LinearRegression::new().fit(&data).unwrap();
            let model = LinearRegression::new();
            for (name, fit) in [
                ("newton", model.clone().solver(Newton::default()).fit(&data)),
                ("lbfgs", model.clone().solver(Lbfgs::default()).fit(&data)),
                ("auto", model.clone().solver(Auto).fit(&data)),
                ("loose newton", model.clone().solver(Newton::default().tolerance(1e-3)).fit(&data)),
                ("loose lbfgs", model.clone().solver(Lbfgs::default().tolerance(1e-3)).fit(&data)),
            ] {
                let name = format!("{name}, noise {noise}, units {x_unit:e} {y_unit:e}");
                let fit = fit.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(fit.report().converged(), "{name}: {:?}", fit.report());
                // In units of y the coefficients are about 1.
                let off = (fit.predict_all(&x) - exact.predict_all(&x)).amax() / y_unit;
                let bound = if name.contains("loose") { 0.1 } else { 1e-3 };
                assert!(off < bound, "{name}: off by {off:e}, {:?}", fit.report());
            }
        }
    }
}

trait PredictAll {
    fn predict_all(&self, x: &DMatrix<f64>) -> DMatrix<f64>;
}

impl<M: residual::Predictor<f64>> PredictAll for M {
    fn predict_all(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        self.predict(x).unwrap()
    }
}

/// A first value that dwarfs the rest makes no later point a minimum.
#[test]
fn a_far_start_claims_nothing_early() {
    let (x, y) = sample(3, (40, 2, 1), 0.5);
    let labels = y.map(|y| f64::from(u8::from(y > 1.0)));
    let data = Dataset::new(&x, &labels).unwrap();
    let layer = Affine::new(2, 1);
    let reached = |start: f64, newton: bool| {
        let mut risk = Risk::new(&data, &layer, &residual::CrossEntropy, 0.01).unwrap();
        let found = if newton {
            Newton::default().minimize(&mut risk, vec![start; 3], &mut ())
        } else {
            Lbfgs::default().minimize(&mut risk, vec![start; 3], &mut ())
        };
        let report = found.unwrap().report;
        (report.converged(), report.value())
    };
    let (_, near) = reached(0.0, true);
    let mut count = 0;
    for start in [0.0, 1e1, -1e2, 1e4, -1e4, 1e8, 1e15, -1e30] {
        for newton in [true, false] {
            let (converged, value) = reached(start, newton);
            assert!(!converged || (value - near).abs() < 1e-9, "{start} {newton}: {value:e}, not {near:e}");
            count += usize::from(converged);
        }
    }
    assert!(count >= 8, "{count} of 16 converged");
}

/// A report has one value per iteration, and so has an observer.
fn tells(report: &Report, seen: &History, name: &str) {
    assert_eq!(report.history().len(), report.iterations(), "{name}");
    assert_eq!(report.history(), seen.values(), "{name}");
    assert_eq!(seen.iterations(), (1..=report.iterations()).collect::<Vec<_>>(), "{name}");
}

#[test]
fn history_has_a_value_per_iteration() {
    fn test<T: Real>() {
        for (seed, shape) in [(1, (1, 1, 1)), (2, (4, 1, 1)), (3, (9, 3, 2)), (4, (3, 5, 1))] {
            let (x, y) = sample(seed, shape, 0.3);
            let (x, y) = (x.map(T::of), y.map(T::of));
            let data = Dataset::new(&x, &y).unwrap();
            for l2 in [0.0, 0.1] {
                let model = LinearRegression::new().l2(l2);
                let name = format!("{shape:?} {l2}");
                let mut seen = History::default();
                let direct = model.fit_observed(&data, &mut seen).unwrap();
                assert_eq!((direct.report().reason(), direct.report().iterations()), (Reason::Direct, 1));
                tells(direct.report(), &seen, &name);
                let mut seen = History::default();
                let newton = model.clone().solver(Newton::default()).fit_observed(&data, &mut seen).unwrap();
                tells(newton.report(), &seen, &name);
                let mut seen = History::default();
                let lbfgs = model.clone().solver(Lbfgs::default()).fit_observed(&data, &mut seen).unwrap();
                tells(lbfgs.report(), &seen, &name);
                let mut seen = History::default();
                let trainer = Trainer::gd(0.05).epochs(7).average_from(3);
                let trained = model.clone().solver(trainer).fit_observed(&data, &mut seen).unwrap();
                tells(trained.report(), &seen, &name);
            }
        }
    }
    test::<f64>();
    test::<f32>();
}

/// Ends every fit with the same parameters.
struct Choose(Vec<f64>);

impl Observer<f64> for Choose {
    fn observe(&mut self, _: &Progress<'_, f64>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn choose(&mut self) -> Option<Vec<f64>> {
        Some(self.0.clone())
    }
}

#[test]
fn least_squares_listen_to_the_observer_too() {
    let (x, y) = sample(5, (12, 2, 1), 0.3);
    let data = Dataset::new(&x, &y).unwrap();
    let model = LinearRegression::new().l2(0.1);
    let exact = model.fit(&data).unwrap();
    let same = model.fit_observed(&data, &mut Choose(exact.params().to_vec())).unwrap();
    assert_eq!(same.report(), exact.report());
    let other = model.fit_observed(&data, &mut Choose(vec![1.0, -1.0, 0.5])).unwrap();
    let layer = Affine::new(2, 1);
    let mut risk = Risk::new(&data, &layer, &SquaredError, 0.1).unwrap();
    assert_eq!((other.params(), other.report().reason()), (&[1.0, -1.0, 0.5][..], Reason::Stopped));
    assert_eq!(other.report().value(), risk.value(&[1.0, -1.0, 0.5]));
    assert!(!other.report().converged() && other.report().gradient_norm() > 0.1);
    for wrong in [vec![], vec![0.0; 2], vec![0.0; 4]] {
        let found = wrong.len();
        let error = model.fit_observed(&data, &mut Choose(wrong)).err();
        assert!(matches!(error, Some(Error::Shape { expected: 3, found: f, .. }) if f == found), "{error:?}");
    }
    assert!(model.fit_observed(&data, &mut Choose(vec![f64::NAN; 3])).is_err());
}

/// The same through what stands around a solver.
#[test]
fn a_choice_passes_through_logistic_regression() {
    let (x, y) = sample(6, (30, 2, 1), 0.8);
    let labels = y.map(|y| f64::from(u8::from(y > 1.0)));
    let data = Dataset::new(&x, &labels).unwrap();
    for l2 in [0.0, 0.1] {
        let model = LogisticRegression::new().l2(l2);
        let chosen = model.fit_observed(&data, &mut Choose(vec![0.1, 0.2, 0.3])).unwrap();
        assert_eq!(chosen.params(), [0.1, 0.2, 0.3]);
        assert!(!chosen.report().converged() && chosen.report().gradient_norm() > 1e-3, "{:?}", chosen.report());
        assert!(model.fit_observed(&data, &mut Choose(vec![0.1; 2])).is_err());
    }
}

/// A report that a solver of one's own writes: no improvement alone proves nothing.
#[test]
fn value_needs_proof() {
    assert!(!Report::new(Reason::Value, 9, 1.0, 0.1).converged());
    assert!(Report::new(Reason::Value, 9, 1.0, 0.0).converged());
    assert!(Report::new(Reason::Value, 9, 1.0, 0.1).confirmed().converged());
    assert!(!Report::new(Reason::Stopped, 9, 1.0, 0.0).confirmed().converged());
    assert!(!Report::new(Reason::MaxIterations, 9, 1.0, 0.0).confirmed().converged());
    let error = Report::new(Reason::Value, 9, 1.0, 0.1).ensure_converged().unwrap_err();
    assert!(error.to_string().contains("no longer improves"), "{error}");
}
