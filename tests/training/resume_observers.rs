//! Observers in checkpoints: what they remember goes on with the fit, and what cannot be saved is an error that says so.

use crate::common::samples;
use residual::nalgebra::DMatrix;
use residual::optim::rule::Adam;
use residual::optim::{
    Checkpoint, EarlyStopping, Every, History, Lbfgs, Newton, Observer, Progress, Reason, Schedule, Trainer, schedule,
};
use residual::{Affine, Dataset, Error, LinearRegression, Mlp, Real, Regressor, Risk, SquaredError, Standardized};
use std::ops::ControlFlow;

/// Samples with noise to overfit.
fn noisy<T: Real>() -> (DMatrix<T>, DMatrix<T>) {
    let (x, y) = samples::<T>(40, 5, 1, 2);
    let y = y.map(|v| v + T::of(0.5 * (v.to_f64() * 1e4).sin()));
    (x, y)
}

/// Saves the text of every epoch's checkpoint.
fn keep<T: Real>(texts: &mut Vec<String>) -> impl FnMut(&Progress<'_, T>) -> ControlFlow<()> {
    |progress| {
        texts.push(progress.checkpoint().expect("a checkpoint").to_string());
        ControlFlow::Continue(())
    }
}

/// A fit with a validation split, cut after each of its epochs and resumed: the whole report is the same, and every bit.
fn every_cut<T: Real, S: Schedule + Clone>(name: &str, mlp: Mlp, trainer: Trainer<Adam, S>) {
    let (x, y) = noisy::<T>();
    let data = Dataset::new(&x, &y).expect("data");
    let (mlp, mut texts) = (mlp.seed(4).validation_split(0.3).patience(6), Vec::new());
    let whole = mlp.clone().solver(trainer.clone()).fit_observed(&data, &mut keep::<T>(&mut texts)).expect("a fit");
    let report = whole.report();
    assert!(report.reason() == Reason::Stopped && report.iterations() > 7, "{name}: {report:?}");
    assert_eq!((report.history().len(), report.validation().len()), (texts.len(), texts.len()), "{name}");
    for (cut, text) in texts.iter().enumerate() {
        let saved: Checkpoint<T> = text.parse().expect("a checkpoint");
        let rest = mlp.clone().solver(trainer.clone().resume(saved)).fit(&data).expect("a fit");
        assert_eq!(rest.report(), report, "{name}, cut after {}", cut + 1);
        assert_eq!(rest.params(), whole.params(), "{name}, cut after {}", cut + 1);
    }
}

#[test]
fn early_stopping_goes_on_wherever_the_fit_is_cut() {
    let (mlp, trainer) = (|| Mlp::regressor([24]), || Trainer::adam(0.03).batch_size(8).epochs(400));
    every_cut::<f64, _>("plain", mlp(), trainer());
    every_cut::<f32, _>("single", mlp(), trainer());
    every_cut::<f64, _>("full batch", mlp(), Trainer::adam(0.05).full_batch().epochs(400));
    every_cut::<f64, _>("average", mlp(), trainer().average_from(3));
    every_cut::<f64, _>("dropout", mlp().dropout(0.1), trainer());
    every_cut::<f64, _>("tolerance too", mlp(), trainer().tolerance(1e-9).patience(50));
    let plateau = schedule::Plateau::new(0.03, 0.5, 1).expect("rates");
    every_cut::<f64, _>("plateau", mlp(), Trainer::new(Adam::default(), plateau).batch_size(8).epochs(400));
}

/// Outside of a split: a pair of observers with a state, of which one returns the best parameters, and one that is shown a part.
#[test]
fn observers_of_the_user_go_on() {
    let (x, y) = noisy::<f64>();
    let data = Dataset::new(&x, &y).expect("data");
    let (train, valid) = data.split(0.4, 1).expect("a split");
    let trainer = || Trainer::adam(0.03).batch_size(8).epochs(300);
    let mlp = || Mlp::regressor([24]).seed(1);
    let layer = mlp().layers(5, 1).expect("layers");
    let watch = || {
        let risk = Risk::new(&valid, &layer, &SquaredError, 0.0).expect("a risk");
        (EarlyStopping::on(5, risk), (History::default(), Every(3, History::default())))
    };
    let mut texts = Vec::new();
    let quiet = |_: &Progress<'_, f64>| ControlFlow::Continue(());
    let fit = |texts: &mut Vec<String>| {
        let mut observers = (watch(), (quiet, keep(texts)));
        let model = mlp().solver(trainer()).fit_observed(&train, &mut observers).expect("a fit");
        (model, observers.0)
    };
    let (model, (stop, (all, third))) = fit(&mut texts);
    assert!(texts.len() > 5 && model.report().reason() == Reason::Stopped, "{:?}", model.report());
    for text in &texts {
        let saved: Checkpoint<f64> = text.parse().expect("a checkpoint");
        let mut again = watch();
        let rest = mlp().solver(trainer().resume(saved)).fit_observed(&train, &mut again).expect("a fit");
        assert_eq!((rest.params(), rest.report()), (model.params(), model.report()));
        assert_eq!((again.0.values(), again.0.best()), (stop.values(), stop.best()));
        assert_eq!((&again.1.0, &again.1.1.1), (&all, &third.1));
    }
    // Without the observers that were saved, or with fewer, the rest would be another fit.
    let saved = || texts[3].parse::<Checkpoint<f64>>().expect("a checkpoint");
    for error in [
        mlp().solver(trainer().resume(saved())).fit(&train).err(),
        mlp().solver(trainer().resume(saved())).fit_observed(&train, &mut History::default()).err(),
    ] {
        assert!(matches!(error, Some(Error::Resume { what: "the observer", .. })), "{error:?}");
    }
}

/// Counts, and says nothing of it.
struct Counter(usize);

impl<T: Real> Observer<T> for Counter {
    fn observe(&mut self, _: &Progress<'_, T>) -> ControlFlow<()> {
        self.0 += 1;
        if self.0 > 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Takes checkpoints itself; what it remembers means nothing to the fit.
struct Writer {
    last: Option<residual::Result<String>>,
    stateless: bool,
}

impl Observer<f64> for Writer {
    fn observe(&mut self, progress: &Progress<'_, f64>) -> ControlFlow<()> {
        self.last = Some(progress.checkpoint().map(|saved| saved.to_string()));
        ControlFlow::Continue(())
    }

    fn is_stateless(&self) -> bool {
        self.stateless
    }
}

#[test]
fn what_cannot_be_saved_is_an_error_that_says_so() {
    let (x, y) = samples::<f64>(20, 3, 1, 1);
    let data = Dataset::new(&x, &y).expect("data");
    let fit = |observer: &mut dyn Observer<f64>| {
        let trainer = Trainer::adam(0.01).epochs(2);
        LinearRegression::new().solver(trainer).fit_observed(&data, observer).expect("a fit");
    };
    fn word(found: Option<residual::Result<String>>) -> String {
        found.expect("an observer was shown something").expect_err("no checkpoint").to_string()
    }
    let writer = |stateless| Writer { last: None, stateless };
    let mut pair = (Counter(0), writer(true));
    fit(&mut pair);
    assert!(word(pair.1.last).contains("Observer::save"));
    let mut own = writer(false);
    fit(&mut own);
    assert!(word(own.last).contains("remembers something"));
    let mut late = (writer(true), Counter(0));
    fit(&mut late);
    assert!(word(late.0.last).contains("before the one"));
    let mut deep = ((writer(true), History::default()), ());
    fit(&mut deep);
    assert!(word(deep.0.0.last).contains("before the one"));
    let mut good = ((History::default(), Every(1, writer(true))), |_: &Progress<'_, f64>| ControlFlow::Continue(()));
    fit(&mut good);
    assert!(good.0.1.1.last.expect("shown").is_ok());
    // Solvers that cannot be resumed.
    for newton in [true, false] {
        let mut alone = writer(true);
        let model = LinearRegression::new();
        let done = if newton {
            model.solver(Newton::default()).fit_observed(&data, &mut alone).map(drop)
        } else {
            model.solver(Lbfgs::default()).fit_observed(&data, &mut alone).map(drop)
        };
        assert!(done.is_ok() && word(alone.last).contains("Trainer"));
    }
    let mut alone = writer(true);
    LinearRegression::new().fit_observed(&data, &mut alone).expect("a fit");
    assert!(word(alone.last).contains("Trainer"));
}

/// Observers pass through what stands around a model.
#[test]
fn standardized_and_logistic_fits_are_resumed_too() {
    let (x, y) = noisy::<f64>();
    let data = Dataset::new(&x, &y).expect("data");
    let model = |trainer: Trainer<Adam>| Standardized::new(Mlp::regressor([6]).validation_split(0.3).solver(trainer));
    let (mut texts, trainer) = (Vec::new(), || Trainer::adam(0.02).epochs(12));
    let whole = model(trainer()).targets().fit_observed(&data, &mut keep::<f64>(&mut texts)).expect("a fit");
    let resumed = Mlp::regressor([6]).validation_split(0.3).solver(trainer().resume(texts[5].parse().expect("one")));
    let rest = Standardized::new(resumed).targets().fit(&data).expect("a fit");
    assert_eq!((rest.model().params(), rest.report()), (whole.model().params(), whole.report()));

    let labels = y.map(|v| f64::from(u8::from(v > 0.0)));
    let data = Dataset::new(&x, &labels).expect("data");
    let logistic = residual::LogisticRegression::new();
    let (mut texts, trainer) = (Vec::new(), || Trainer::adam(0.02).epochs(20));
    let whole = logistic.clone().solver(trainer()).fit_observed(&data, &mut keep::<f64>(&mut texts)).expect("a fit");
    let rest = logistic.solver(trainer().resume(texts[9].parse().expect("one"))).fit(&data).expect("a fit");
    assert_eq!((rest.params(), rest.report()), (whole.params(), whole.report()));
    let _: Affine = *rest.layer();
}
