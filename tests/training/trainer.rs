//! The trainer against loops written out by hand.

use crate::common::samples;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use residual::nalgebra::dmatrix;
use residual::optim::{EarlyStopping, Every, History, Progress, Reason, Solver, Trainer, rule::Plain, schedule};
use residual::{
    Affine, Dataset, Error, FiniteSum, LinearRegression, Mlp, Objective, Observer, Regressor, Risk, SquaredError,
};
use std::ops::ControlFlow;

/// R(θ) = mean of ½ (θ − aᵢ)², which remembers the batches it was asked for.
struct Recorder {
    targets: Vec<f64>,
    batches: Vec<Vec<usize>>,
}

impl Recorder {
    fn new(n: usize) -> Self {
        Self { targets: (0..n).map(|i| (i as f64 * 1.3).sin()).collect(), batches: Vec::new() }
    }

    fn mean(&self, terms: &[usize], theta: f64) -> (f64, f64) {
        let n = terms.len() as f64;
        let value = terms.iter().map(|&i| 0.5 * (theta - self.targets[i]).powi(2)).sum::<f64>() / n;
        (value, terms.iter().map(|&i| theta - self.targets[i]).sum::<f64>() / n)
    }

    fn all(&self) -> Vec<usize> {
        (0..self.targets.len()).collect()
    }
}

impl Objective<f64> for Recorder {
    fn dim(&self) -> usize {
        1
    }

    fn value(&mut self, theta: &[f64]) -> f64 {
        self.mean(&self.all(), theta[0]).0
    }

    fn gradient(&mut self, theta: &[f64], grad: &mut [f64]) -> f64 {
        let (value, slope) = self.mean(&self.all(), theta[0]);
        grad[0] = slope;
        value
    }
}

impl FiniteSum<f64> for Recorder {
    fn terms(&self) -> usize {
        self.targets.len()
    }

    fn batch_gradient(&mut self, terms: &[usize], theta: &[f64], grad: &mut [f64]) -> f64 {
        self.batches.push(terms.to_vec());
        let (value, slope) = self.mean(terms, theta[0]);
        grad[0] = slope;
        value
    }
}

/// The order that the documentation promises, from the generator itself.
fn documented_order(n: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((1 << 32) + epoch);
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        let draw = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
        order.swap(last, draw as usize);
    }
    order
}

#[test]
fn epochs_visit_the_documented_order_and_keep_the_last_batch() {
    let mut objective = Recorder::new(11);
    let trainer = Trainer::sgd(0.1).batch_size(4).epochs(3).seed(77);
    trainer.minimize(&mut objective, vec![0.0], &mut ()).expect("a fit");
    let expected: Vec<Vec<usize>> = (1..=3)
        .flat_map(|epoch| documented_order(11, 77, epoch).chunks(4).map(<[usize]>::to_vec).collect::<Vec<_>>())
        .collect();
    assert_eq!(objective.batches, expected);
    let mut objective = Recorder::new(5);
    trainer.shuffle(false).epochs(1).minimize(&mut objective, vec![0.0], &mut ()).expect("a fit");
    assert_eq!(objective.batches, [vec![0, 1, 2, 3], vec![4]]);
}

/// Steps and epoch values written out: each step by its batch's mean, the epoch's value the mean over samples.
#[test]
fn a_small_last_batch_counts_by_its_size_in_the_value() {
    let mut objective = Recorder::new(5);
    let solution = Trainer::sgd(0.25)
        .batch_size(4)
        .epochs(1)
        .shuffle(false)
        .minimize(&mut objective, vec![1.0], &mut ())
        .expect("a fit");
    let (v1, g1) = objective.mean(&[0, 1, 2, 3], 1.0);
    let theta = 1.0 - 0.25 * g1;
    let (v2, g2) = objective.mean(&[4], theta);
    assert_eq!(solution.params, [theta - 0.25 * g2]);
    assert!((solution.report.history()[0] - (4.0 * v1 + v2) / 5.0).abs() < 1e-15);
    let (value, slope) = objective.mean(&[0, 1, 2, 3, 4], solution.params[0]);
    assert_eq!((solution.report.value(), solution.report.gradient_norm()), (value, slope.abs()));
}

#[test]
fn accumulated_batches_equal_one_large_batch() {
    for n in [24, 26, 29, 36] {
        let fit = |trainer: Trainer<Plain>| {
            let solution = trainer.epochs(3).seed(4).minimize(&mut Recorder::new(n), vec![2.0], &mut ());
            solution.expect("a fit")
        };
        let (small, large) =
            (fit(Trainer::sgd(0.3).batch_size(4).accumulate(3)), fit(Trainer::sgd(0.3).batch_size(12)));
        assert!((small.params[0] - large.params[0]).abs() < 1e-14, "{n}");
        assert!((small.report.history()[2] - large.report.history()[2]).abs() < 1e-14, "{n}");
    }
}

#[test]
fn the_average_is_the_mean_of_the_iterates() {
    let mut sum = 0.0;
    let mut watch = |progress: &Progress<'_, f64>| {
        if progress.iteration() >= 4 {
            sum += progress.params()[0];
        }
        ControlFlow::Continue(())
    };
    let trainer = Trainer::gd(0.3).epochs(10).average_from(4);
    let solution = trainer.minimize(&mut Recorder::new(9), vec![5.0], &mut watch).expect("a fit");
    assert!((solution.params[0] - sum / 7.0).abs() < 1e-14);
    // On noisy gradients the average is nearer to the minimum than the last iterate, here by far.
    let minimum = Recorder::new(50).targets.iter().sum::<f64>() / 50.0;
    let sgd = Trainer::sgd(0.5).batch_size(1).epochs(200);
    let error = |trainer: Trainer<Plain>| {
        let errors = (0..8).map(|seed| {
            let trainer = trainer.clone().seed(seed);
            let solution = trainer.minimize(&mut Recorder::new(50), vec![0.0], &mut ()).expect("a fit");
            (solution.params[0] - minimum).powi(2)
        });
        errors.sum::<f64>()
    };
    assert!(error(sgd.clone().average_from(20)) < 0.01 * error(sgd));
}

#[test]
fn each_way_to_end_is_a_reason() {
    let end = |trainer: Trainer<Plain>, start: f64| {
        let report = trainer.minimize(&mut Recorder::new(9), vec![start], &mut ()).expect("a fit").report;
        (report.reason(), report.iterations(), report.history().len())
    };
    assert_eq!(end(Trainer::gd(0.1).epochs(3), 5.0), (Reason::MaxIterations, 3, 3));
    assert_eq!(end(Trainer::gd(0.1).loss_target(100.0), 5.0), (Reason::Target, 0, 0));
    let (reason, iterations, _) = end(Trainer::gd(0.1).loss_target(1.0), 5.0);
    assert!(reason == Reason::Target && iterations > 1 && iterations < 100);
    // At the minimum nothing improves: exactly as many epochs as the patience.
    let minimum = Recorder::new(9).targets.iter().sum::<f64>() / 9.0;
    assert_eq!(end(Trainer::gd(0.1).tolerance(1e-3), minimum), (Reason::Value, 5, 5));
    assert_eq!(end(Trainer::gd(0.1).tolerance(1e-3).patience(2), minimum), (Reason::Value, 2, 2));
    let report = |trainer: Trainer<Plain>| trainer.minimize(&mut Recorder::new(9), vec![minimum], &mut ());
    assert!(report(Trainer::gd(0.1).tolerance(1e-3)).expect("a fit").report.converged());
    let stop = &mut |progress: &Progress<'_, f64>| {
        if progress.iteration() == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let report = Trainer::gd(0.1).minimize(&mut Recorder::new(9), vec![5.0], stop).expect("a fit").report;
    assert_eq!((report.reason(), report.iterations()), (Reason::Stopped, 4));
}

/// Reason and value are those of what is returned, be it the average or an observer's choice.
#[test]
fn a_target_is_met_by_what_is_returned() {
    let (x, y) = (dmatrix![0.0; 1.0; 2.0; 3.0], dmatrix![1.0; 3.0; 5.0; 7.0]);
    let data = Dataset::new(&x, &y).expect("data");
    let layer = Affine::new(1, 1);
    for target in [1e-1, 1e-3, 1e-6] {
        for from in [1, 2, 40] {
            for trainer in [Trainer::gd(0.1), Trainer::sgd(0.05).batch_size(2), Trainer::sgd(0.05).batch_size(1)] {
                for epochs in [40, 300, 20_000] {
                    let trainer = trainer.clone().loss_target(target).average_from(from).epochs(epochs);
                    let model = LinearRegression::new().solver(trainer).fit(&data).expect("a fit");
                    let report = model.report();
                    let value = Risk::new(&data, &layer, &SquaredError, 0.0).expect("a risk").value(model.params());
                    assert_eq!(report.value(), value);
                    let met = value <= target;
                    assert_eq!((report.reason() == Reason::Target, report.converged()), (met, met), "{report:?}");
                    assert!(met || report.iterations() == epochs, "{report:?}");
                }
            }
        }
    }
    // An observer that prefers the first iterate.
    struct First(Option<Vec<f64>>);
    impl Observer<f64> for First {
        fn observe(&mut self, progress: &Progress<'_, f64>) -> ControlFlow<()> {
            self.0.get_or_insert_with(|| progress.params().to_vec());
            ControlFlow::Continue(())
        }
        fn choose(&mut self) -> Option<Vec<f64>> {
            self.0.take()
        }
    }
    let fit = |trainer: Trainer<Plain>| {
        let model = LinearRegression::new().solver(trainer).fit_observed(&data, &mut First(None)).expect("a fit");
        (model.report().reason(), model.report().converged())
    };
    assert_eq!(fit(Trainer::gd(0.1).loss_target(1e-3).epochs(5000)), (Reason::Stopped, false));
    assert_eq!(fit(Trainer::gd(0.1).loss_target(1e3)), (Reason::Target, true));
    assert_eq!(fit(Trainer::gd(0.1).tolerance(1e-6).epochs(9999)), (Reason::Stopped, false));
    assert_eq!(fit(Trainer::gd(0.1).average_from(3)), (Reason::MaxIterations, false));
}

#[test]
fn settings_out_of_range_are_errors() {
    let fit = |trainer: Trainer<Plain>| trainer.minimize(&mut Recorder::new(9), vec![5.0], &mut ()).map(drop);
    let wrong = [
        (Trainer::gd(0.1).epochs(0), "epochs"),
        (Trainer::sgd(0.1).batch_size(0), "batch_size"),
        (Trainer::sgd(0.1).accumulate(0), "accumulate"),
        (Trainer::sgd(0.1).patience(0), "patience"),
        (Trainer::sgd(0.1).average_from(0), "average_from"),
        (Trainer::sgd(0.1).tolerance(f64::NAN), "tolerance"),
        (Trainer::sgd(0.1).tolerance(-1.0), "tolerance"),
        (Trainer::sgd(0.1).loss_target(f64::NAN), "loss_target"),
        (Trainer::sgd(0.1).loss_target(f64::INFINITY), "loss_target"),
        // Settings that would do nothing.
        (Trainer::sgd(0.1).patience(3), "patience"),
        (Trainer::sgd(0.1).patience(3).loss_target(1.0), "patience"),
        (Trainer::gd(0.1).accumulate(2), "accumulate"),
        (Trainer::sgd(0.1).epochs(5).average_from(6), "average_from"),
        (Trainer::sgd(0.1).epochs(5).average_from(100), "average_from"),
        (Trainer::sgd(f64::NAN), "learning rate"),
        (Trainer::sgd(-0.1), "learning rate"),
        (Trainer::gd(f64::INFINITY), "learning rate"),
    ];
    for (trainer, setting) in wrong {
        assert!(matches!(fit(trainer), Err(Error::Config { name, .. }) if name == setting), "{setting}");
    }
    for trainer in [Trainer::gd(1e200), Trainer::sgd(1e200)] {
        assert!(matches!(fit(trainer), Err(Error::Diverged { .. })));
    }
}

#[test]
fn a_plateau_lowers_the_rate_during_the_fit() {
    let plateau = schedule::Plateau::new(0.5, 0.1, 2).expect("a schedule");
    let mut history = History::default();
    // From the minimum: the first epoch is the first best, the third after it brings the factor.
    let minimum = Recorder::new(9).targets.iter().sum::<f64>() / 9.0;
    let trainer = Trainer::new(Plain, plateau).full_batch().epochs(9);
    trainer.minimize(&mut Recorder::new(9), vec![minimum], &mut history).expect("a fit");
    let rates: Vec<f64> = history.rates().iter().flatten().copied().collect();
    let lower = 0.5 * 0.1;
    let lowest = 0.5 * (0.1 * 0.1);
    assert_eq!(rates, [0.5, 0.5, 0.5, 0.5, lower, lower, lower, lowest, lowest]);
}

#[test]
fn every_shows_each_nth_epoch_and_pairs_show_both() {
    let mut observers = (Every(3, History::default()), History::default());
    Trainer::gd(0.1).epochs(10).minimize(&mut Recorder::new(4), vec![1.0], &mut observers).expect("a fit");
    assert_eq!(observers.0.1.iterations(), [3, 6, 9]);
    assert_eq!(observers.1.iterations().len(), 10);
    assert!(observers.1.gradient_norms()[9].is_some());
}

/// Early stopping on a validation set: the fit returns exactly the parameters of the best epoch, and says that it stopped.
#[test]
fn early_stopping_returns_the_best_parameters() {
    let (x, y) = samples::<f64>(40, 6, 1, 2);
    let y = y.map(|v| v + 0.5 * (v * 1e4).sin()); // noise to overfit
    let data = Dataset::new(&x, &y).expect("data");
    let (train, valid) = data.split(0.5, 1).expect("a split");
    let mlp = Mlp::regressor([32]).solver(Trainer::adam(0.02).epochs(500).batch_size(5));
    let probe = mlp.clone().solver(Trainer::adam(0.02).epochs(1)).fit(&train).expect("a fit");
    let layer = probe.layer().clone();
    let mut stop = EarlyStopping::on(10, Risk::new(&valid, &layer, &SquaredError, 0.0).expect("a risk"));
    let model = mlp.fit_observed(&train, &mut stop).expect("a fit");
    let (epoch, value) = stop.best().expect("a best");
    assert_eq!(model.report().reason(), Reason::Stopped);
    assert_eq!(model.report().iterations(), epoch + 10);
    assert!(stop.values().iter().all(|&v| v >= value));
    let mut risk = Risk::new(&valid, &layer, &SquaredError, 0.0).expect("a risk");
    assert_eq!(risk.value(model.params()), value);
    // The report is of the parameters returned.
    let mut risk = Risk::new(&train, &layer, &SquaredError, 0.0).expect("a risk");
    assert_eq!(risk.value(model.params()), model.report().value());
}

/// The trainer works on anything that is a finite sum; an affine risk by hand.
#[test]
fn weights_count_as_repetitions_in_every_batch_of_one_epoch() {
    let (x, y) = samples::<f64>(6, 2, 1, 3);
    let weights = [1.0, 2.0, 0.0, 1.0, 3.0, 1.0];
    let rows = [0, 1, 1, 3, 4, 4, 4, 5];
    let layer = Affine::new(2, 1);
    let plain = Dataset::new(&x, &y).expect("data");
    let repeated = plain.select(&rows).expect("rows");
    let weighted = plain.with_weights(&weights).expect("weights");
    let fit = |data: &Dataset<'_, f64>| {
        let mut risk = Risk::new(data, &layer, &SquaredError, 0.1).expect("a risk");
        Trainer::gd(0.1).epochs(30).minimize(&mut risk, vec![0.0; 3], &mut ()).expect("a fit").params
    };
    for (a, b) in fit(&weighted).iter().zip(fit(&repeated)) {
        assert!((a - b).abs() < 1e-13);
    }
}
