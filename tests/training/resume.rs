//! A fit that is saved, written as text, read back and resumed ends with the bits of one that never stopped.

use crate::common::{EachRule, each_rule, samples};
use residual::optim::{Checkpoint, Progress, Rule, Schedule, Trainer, rule::Adam, schedule};
use residual::{Dataset, Error, Mlp, Real, Regressor};
use std::ops::ControlFlow;

/// Fits 10 epochs, goes on to 20 from the text of the checkpoint, and compares with 20 at once.
fn ten_and_ten<T: Real, R: Rule<T> + Clone, S: Schedule + Clone>(name: &str, trainer: Trainer<R, S>) {
    let (x, y) = samples::<T>(23, 3, 2, 5);
    let data = Dataset::new(&x, &y).expect("data");
    let mlp = Mlp::regressor([4]).seed(3);
    let whole = mlp.clone().solver(trainer.clone().epochs(20)).fit(&data).expect("a fit");
    let mut text = String::new();
    let mut save = |progress: &Progress<'_, T>| {
        text = progress.checkpoint().expect("a rule that shows its state").to_string();
        ControlFlow::Continue(())
    };
    let first = mlp.clone().solver(trainer.clone().epochs(10)).fit_observed(&data, &mut save).expect("a fit");
    let saved: Checkpoint<T> = text.parse().expect("a checkpoint");
    assert_eq!(saved.epoch(), 10, "{name}");
    let rest = mlp.solver(trainer.epochs(20).resume(saved)).fit(&data).expect("a fit");
    assert_ne!(first.params(), whole.params(), "{name}: nothing happened");
    assert_eq!(rest.params(), whole.params(), "{name}");
    assert_eq!(rest.report(), whole.report(), "{name}");
}

struct Resume {
    batch_size: Option<usize>,
}

impl<T: Real> EachRule<T> for Resume {
    fn rule<R: Rule<T> + Clone + 'static>(&mut self, name: &'static str, rate: f64, rule: R)
    where
        R::State: Clone,
    {
        let trainer = Trainer::new(rule, 0.1 * rate).seed(9);
        let trainer = match self.batch_size {
            Some(size) => trainer.batch_size(size),
            None => trainer.full_batch(),
        };
        ten_and_ten::<T, _, _>(name, trainer);
    }
}

#[test]
fn ten_epochs_and_ten_more_are_twenty_for_every_rule() {
    for batch_size in [Some(4), Some(7), Some(100), None] {
        each_rule::<f64>(&mut Resume { batch_size });
        each_rule::<f32>(&mut Resume { batch_size });
    }
}

#[test]
fn ten_epochs_and_ten_more_are_twenty_for_every_option() {
    let trainer = Trainer::adam(0.01).batch_size(5);
    ten_and_ten::<f64, _, _>("accumulate", trainer.clone().accumulate(3));
    ten_and_ten::<f64, _, _>("average over the cut", trainer.clone().average_from(8));
    ten_and_ten::<f32, _, _>("average after the cut", trainer.clone().average_from(13));
    ten_and_ten::<f64, _, _>("in order", trainer.clone().shuffle(false));
    ten_and_ten::<f64, _, _>("tolerance", trainer.clone().tolerance(1e-12).patience(3));
    let noisy = schedule::Plateau::new(0.3, 0.5, 1).expect("a schedule");
    ten_and_ten::<f64, _, _>("plateau", Trainer::new(Adam::default(), noisy).batch_size(4));
    let warm = schedule::Warmup::new(70, schedule::Exponential::new(0.05, 0.99).expect("a schedule"));
    ten_and_ten::<f64, _, _>("warm-up over the cut", Trainer::new(Adam::default(), warm.expect("one")).batch_size(4));
}

/// A tolerance that ends the fit after the cut ends the resumed fit in the same epoch.
#[test]
fn patience_is_remembered() {
    let (x, y) = samples::<f64>(20, 3, 1, 1);
    let data = Dataset::new(&x, &y).expect("data");
    let trainer = Trainer::adam(0.05).full_batch().epochs(5000).tolerance(1e-3).patience(6);
    let whole = Mlp::regressor([4]).solver(trainer.clone()).fit(&data).expect("a fit");
    let end = whole.report().iterations();
    let mut saved = None;
    let mut save = |progress: &Progress<'_, f64>| {
        if progress.iteration() == end - 3 {
            saved = progress.checkpoint();
        }
        ControlFlow::Continue(())
    };
    Mlp::regressor([4]).solver(trainer.clone()).fit_observed(&data, &mut save).expect("a fit");
    let rest = Mlp::regressor([4]).solver(trainer.resume(saved.expect("a checkpoint"))).fit(&data).expect("a fit");
    assert_eq!(rest.report(), whole.report());
}

#[test]
fn a_checkpoint_of_another_fit_is_refused() {
    let (x, y) = samples::<f64>(20, 3, 1, 1);
    let data = Dataset::new(&x, &y).expect("data");
    let mut saved = None;
    let mut save = |progress: &Progress<'_, f64>| {
        saved = progress.checkpoint();
        ControlFlow::Continue(())
    };
    let trainer = Trainer::adam(0.05).epochs(2);
    Mlp::regressor([4]).solver(trainer.clone()).fit_observed(&data, &mut save).expect("a fit");
    let saved = saved.expect("a checkpoint");
    let resumed = |trainer: Trainer| Mlp::regressor([4]).solver(trainer.resume(saved.clone())).fit(&data);
    assert!(resumed(trainer.clone().epochs(3)).is_ok());
    assert!(matches!(resumed(trainer.clone().seed(1)), Err(Error::Config { .. })));
    assert!(matches!(resumed(trainer.clone().full_batch()), Err(Error::Config { .. })));
    assert!(matches!(resumed(trainer.clone().average_from(1)), Err(Error::Config { .. })));
    let other_rule = Mlp::regressor([4]).solver(Trainer::momentum(0.1, 0.9).epochs(3).resume(saved.clone()));
    assert!(matches!(other_rule.fit(&data), Err(Error::Config { .. })));
    let other_shape = Mlp::regressor([5]).solver(trainer.resume(saved.clone()));
    assert!(matches!(other_shape.fit(&data), Err(Error::Shape { expected: 26, found: 21, .. })));
}
