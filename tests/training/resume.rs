//! A fit that is saved, written as text, read back and resumed ends with the bits of one that never stopped.

use crate::common::{EachRule, each_rule, samples};
use residual::optim::rule::{Adam, AmsGrad, Decay};
use residual::optim::{Checkpoint, Progress, Rule, Schedule, Trainer, schedule};
use residual::{Activation, Dataset, Error, Huber, Loss, Mlp, Real, Regressor};
use std::ops::ControlFlow;

/// Fits 10 epochs, goes on to 20 from the text of the checkpoint, and compares with 20 at once. The first 10 are all that was
/// asked for, or those before an interruption.
fn ten_and_ten<T: Real, R: Rule<T> + Clone, S: Schedule + Clone>(name: &str, trainer: Trainer<R, S>) {
    let (x, y) = samples::<T>(23, 3, 2, 5);
    let data = Dataset::new(&x, &y).expect("data");
    let mlp = Mlp::regressor([4]).seed(3);
    let whole = mlp.clone().solver(trainer.clone().epochs(20)).fit(&data).expect("a fit");
    for asked in [10, 20] {
        let mut text = String::new();
        let mut save = |progress: &Progress<'_, T>| {
            text = progress.checkpoint().expect("a rule that shows its state").to_string();
            if progress.iteration() == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let first = mlp.clone().solver(trainer.clone().epochs(asked)).fit_observed(&data, &mut save);
        if asked == 10 && (name == "average after the cut" || name == "average behind the cut") {
            // An average from a later epoch would never come.
            assert!(matches!(first, Err(Error::Config { name: "average_from", .. })));
            continue;
        }
        let first = first.expect("a fit");
        let saved: Checkpoint<T> = text.parse().expect("a checkpoint");
        assert_eq!(saved.epoch(), 10, "{name}");
        let rest = mlp.clone().solver(trainer.clone().epochs(20).resume(saved)).fit(&data).expect("a fit");
        assert_ne!(first.params(), whole.params(), "{name}: nothing happened");
        assert_eq!(rest.params(), whole.params(), "{name}");
        assert_eq!(rest.report(), whole.report(), "{name}");
    }
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
    ten_and_ten::<f64, _, _>(
        "accumulate with a rest of less than a batch",
        trainer.clone().batch_size(4).accumulate(2),
    );
    ten_and_ten::<f64, _, _>("average from the first", trainer.clone().accumulate(2).average_from(1));
    ten_and_ten::<f64, _, _>("average at the cut", trainer.clone().average_from(10));
    ten_and_ten::<f64, _, _>("average behind the cut", trainer.clone().average_from(11).loss_target(1e-9));
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
            saved = progress.checkpoint().ok();
        }
        ControlFlow::Continue(())
    };
    Mlp::regressor([4]).solver(trainer.clone()).fit_observed(&data, &mut save).expect("a fit");
    let rest = Mlp::regressor([4]).solver(trainer.resume(saved.expect("a checkpoint"))).fit(&data).expect("a fit");
    assert_eq!(rest.report(), whole.report());
}

/// The error of a fit that resumes from a checkpoint of two epochs of `trainer` on `mlp`.
fn refusal<R: Rule<f64> + Clone, R2: Rule<f64>, L: Loss<f64> + Clone>(
    (mlp, trainer): (Mlp, Trainer<R>),
    (other, resumed): (Mlp<L>, Trainer<R2>),
    (shift, rows): (f64, usize),
) -> Option<Error> {
    let (x, y) = samples::<f64>(20, 3, 1, 1);
    let data = Dataset::new(&x, &y).expect("data");
    let mut saved = None;
    let mut save = |progress: &Progress<'_, f64>| {
        saved = progress.checkpoint().ok();
        ControlFlow::Continue(())
    };
    mlp.solver(trainer.epochs(2)).fit_observed(&data, &mut save).expect("a fit");
    let (x, y) = (x.rows(0, rows).into_owned(), y.rows(0, rows).add_scalar(shift));
    let data = Dataset::new(&x, &y).expect("data");
    other.solver(resumed.epochs(3).resume(saved.expect("a checkpoint"))).fit(&data).err()
}

/// Every setting that makes the rest of the fit another one is refused, with what it was and what it is.
#[test]
fn what_changed_is_named_with_both_values() {
    let (mlp, trainer) = (|| Mlp::regressor([4]).l2(0.1), || Trainer::adam(0.05).batch_size(8).average_from(2));
    let same = |resumed: Trainer<Adam>| refusal((mlp(), trainer()), (mlp(), resumed), (0.0, 20));
    assert_eq!(same(trainer()), None);
    // On purpose: another rate, and where the fit ends.
    assert_eq!(same(Trainer::adam(0.01).batch_size(8).average_from(2)), None);
    let named = |error: Option<Error>, what: &str, was: &str, is: &str| {
        let text = error.as_ref().map(Error::to_string).unwrap_or_default();
        assert!(matches!(error, Some(Error::Resume { .. })), "{what}: {error:?}");
        assert!(text.contains(what) && text.contains(was) && text.contains(is), "{what}: {text}");
    };
    named(same(trainer().batch_size(5)), "batch_size", "8", "5");
    named(same(trainer().full_batch()), "batch_size", "8", "full");
    named(same(trainer().shuffle(false)), "shuffle", "true", "false");
    named(same(trainer().accumulate(2)), "accumulate", "1", "2");
    named(same(trainer().seed(7)), "seed", "0", "7");
    named(same(trainer().average_from(1)), "average_from", "2", "1");
    named(same(Trainer::adam(0.05).batch_size(8)), "average_from", "2", "off");
    named(same(trainer().tolerance(0.0)), "the value of an epoch", "mean", "risk");
    let rate = |rule: Adam| Trainer::new(rule, 0.05).batch_size(8).average_from(2);
    named(same(rate(Adam { beta1: 0.8, ..Adam::default() })), "rule", "beta1: 0.9", "beta1: 0.8");
    let amsgrad = Trainer::new(AmsGrad::default(), 0.05).batch_size(8).average_from(2);
    named(refusal((mlp(), trainer()), (mlp(), amsgrad), (0.0, 20)), "rule", "Adam", "AmsGrad");
    // The state of (Adam, Decay) is that of Adam: only the rule's words tell them apart.
    let adamw = Trainer::new((Adam::default(), Decay(0.1)), 0.05).batch_size(8).average_from(2);
    named(refusal((mlp(), trainer()), (mlp(), adamw), (0.0, 20)), "rule", "Adam", "Decay(0.1)");
    let decay = |decay: f64| Trainer::new((Adam::default(), Decay::weights_only(decay)), 0.05);
    named(refusal((mlp(), decay(0.1)), (mlp(), decay(0.2)), (0.0, 20)), "rule", "Decay(0.1)", "Decay(0.2)");
    let (full, rest) = (|| Trainer::gd(0.05), || Trainer::gd(0.05).seed(3).shuffle(false));
    assert_eq!(refusal((mlp(), full()), (mlp(), rest()), (0.0, 20)), None);
}

/// Layer, loss, penalty and data are known by the risk that they give.
#[test]
fn another_function_is_refused() {
    let mlp = || Mlp::regressor([4]).l2(0.1);
    for (name, full) in [("full", true), ("batches", false)] {
        let trainer = || if full { Trainer::adam(0.05).full_batch() } else { Trainer::adam(0.05).batch_size(8) };
        let tried = |other: Mlp, data: (f64, usize)| refusal((mlp(), trainer()), (other, trainer()), data);
        assert_eq!(tried(mlp(), (0.0, 20)), None);
        let risk = |error: Option<Error>| match error {
            Some(Error::Resume { what, saved, found }) => {
                assert!(what.contains("risk") && saved != found, "{name}: {what} {saved} {found}");
            }
            other => panic!("{name}: {other:?}"),
        };
        risk(tried(mlp().activation(Activation::Tanh), (0.0, 20)));
        risk(tried(mlp().l2(0.2), (0.0, 20)));
        risk(tried(mlp(), (1e-6, 20)));
        risk(refusal((mlp(), trainer()), (mlp().loss(Huber::new(0.1)), trainer()), (0.0, 20)));
        if !full {
            risk(tried(mlp().dropout(0.2), (0.0, 20)));
        }
        let rows = tried(mlp(), (0.0, 19));
        assert!(
            matches!(&rows, Some(Error::Resume { saved, found, .. }) if saved == "20" && found == "19"),
            "{rows:?}"
        );
        let width = refusal((mlp(), trainer()), (Mlp::regressor([5]), trainer()), (0.0, 20));
        assert!(matches!(width, Some(Error::Shape { expected: 26, found: 21, .. })), "{width:?}");
    }
    // The same number of parameters in other blocks: 3-1-4-1 has 4 + 8 + 5 = 17, 3-2-2-1 has 8 + 6 + 3.
    let trainer = || Trainer::adam(0.05);
    let layout = refusal((Mlp::regressor([1, 4]), trainer()), (Mlp::regressor([2, 2]), trainer()), (0.0, 20));
    let text = layout.expect("an error").to_string();
    assert!(text.contains("0.weight 1x3") && text.contains("0.weight 2x3"), "{text}");
}

#[test]
fn a_damaged_checkpoint_is_no_panic() {
    let (x, y) = samples::<f64>(20, 3, 1, 1);
    let data = Dataset::new(&x, &y).expect("data");
    let mut text = String::new();
    let mut save = |progress: &Progress<'_, f64>| {
        text = progress.checkpoint().expect("a checkpoint").to_string();
        ControlFlow::Continue(())
    };
    let trainer = Trainer::adam(0.05).epochs(3).average_from(2);
    let mlp = Mlp::regressor([4]).validation_split(0.3);
    mlp.clone().solver(trainer.clone()).fit_observed(&data, &mut save).expect("a fit");
    let resume = |text: &str| {
        let saved: Checkpoint<f64> = text.parse()?;
        mlp.clone().solver(trainer.clone().epochs(5).resume(saved)).fit(&data).map(drop)
    };
    assert_eq!(resume(&text), Ok(()));
    let lines: Vec<&str> = text.lines().collect();
    for (i, line) in lines.iter().enumerate() {
        for number in ["NaN", "inf", "-1", "1e300", "18446744073709551615", "9223372036854775807", "x", ""] {
            for one in [true, false] {
                let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
                let changed = match rest.split_once(' ') {
                    Some((_, rest)) if one => format!("{name} {number} {rest}"),
                    _ => format!("{name} {number}"),
                };
                let mut all: Vec<&str> = lines.clone();
                all[i] = &changed;
                // Some numbers of the rule's state are as good as others.
                if let Err(error) = resume(&all.join("\n")) {
                    assert!(error.to_string().len() > 10, "{changed}");
                }
            }
        }
    }
}
