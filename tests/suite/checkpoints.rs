//! Any text as a checkpoint: an error, or a checkpoint that reads back as it is. To go on from it is an error or a fit whose
//! every number is finite.

use crate::cases::Numbers;
use crate::fuzz::fuzz;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use residual::nalgebra::DMatrix;
use residual::optim::rule::{Adam, ClipNorm, Decay, Momentum, NAdam, Plain, RAdam, RmsProp, Rule};
use residual::optim::{Checkpoint, Progress, Trainer};
use residual::{Dataset, LinearRegression, Mlp, Real, Regressor};
use std::ops::ControlFlow;

fn data<T: Real>() -> (DMatrix<T>, DMatrix<T>) {
    let x = DMatrix::from_fn(9, 2, |i, j| T::of(((i * (3 + j) + j) % 7) as f64 / 3.0 - 1.0));
    let y = DMatrix::from_fn(9, 1, |i, _| T::of((i as f64 * 0.7).sin()));
    (x, y)
}

/// A trainer, the texts of its checkpoints, and what to do with another text.
struct Target<T> {
    name: &'static str,
    texts: Vec<String>,
    go_on: Box<dyn Fn(Checkpoint<T>) -> TestCaseResult>,
}

const EPOCHS: usize = 6;

fn target<T: Real, R: Rule<T> + Clone + 'static>(name: &'static str, trainer: Trainer<R, f64>) -> Target<T> {
    let (x, y) = data::<T>();
    let mut texts = Vec::new();
    let mut save = |progress: &Progress<'_, T>| {
        texts.extend(progress.checkpoint().into_iter().map(|saved| saved.to_string()));
        ControlFlow::Continue(())
    };
    let data = Dataset::new(&x, &y).unwrap();
    let whole = LinearRegression::new().solver(trainer.clone().epochs(EPOCHS)).fit_observed(&data, &mut save).unwrap();
    assert_eq!(texts.len(), EPOCHS, "{name}");
    let end = trainer.clone().epochs(EPOCHS);
    // The unharmed text goes on to the bit.
    let saved: Checkpoint<T> = texts[2].parse().unwrap();
    let rest = LinearRegression::new().solver(end.clone().resume(saved)).fit(&data).unwrap();
    assert_eq!(rest.params(), whole.params(), "{name}");
    drop(data);
    let go_on = move |saved: Checkpoint<T>| {
        let data = Dataset::new(&x, &y).unwrap();
        let resumed = end.clone().resume(saved);
        // Of another model the checkpoint is refused, or it is as good as any start.
        let other = Mlp::regressor([1]).solver(resumed.clone()).fit(&data);
        for (params, report) in [
            LinearRegression::new().solver(resumed).fit(&data).map(|m| (m.params().to_vec(), m.report().clone())),
            other.map(|m| (m.params().to_vec(), m.report().clone())),
        ]
        .into_iter()
        .flatten()
        {
            prop_assert!(params.iter().all(|p| p.is_finite()), "{params:?}");
            prop_assert!(report.value().is_finite() && report.gradient_norm().is_finite(), "{report:?}");
            prop_assert!(report.history().iter().all(|v| v.is_finite()), "{report:?}");
        }
        Ok(())
    };
    Target { name, texts, go_on: Box::new(go_on) }
}

fn targets<T: Real>() -> Vec<Target<T>> {
    vec![
        target("plain, full batch", Trainer::gd(0.1)),
        target("plain, averaged", Trainer::sgd(0.05).batch_size(4).average_from(2)),
        target("momentum, with a tolerance", Trainer::momentum(0.01, 0.9).batch_size(2).tolerance(1e-9)),
        target("adam", Trainer::adam(0.01).batch_size(4)),
        target("nadam, full batch", Trainer::new(NAdam::default(), 0.01).full_batch()),
        target("radam, in order", Trainer::new(RAdam::default(), 0.01).batch_size(5).shuffle(false)),
        target(
            "rmsprop, accumulated",
            Trainer::new(RmsProp { momentum: 0.5, centered: true, ..RmsProp::default() }, 0.01)
                .batch_size(2)
                .accumulate(2),
        ),
        target(
            "a chain",
            Trainer::new((ClipNorm(1.0), (Decay(0.1), (Momentum::default(), Adam::default()))), 0.01).batch_size(3),
        ),
        target("plain, to a loss target", Trainer::new(Plain, 0.1).batch_size(9).loss_target(1e-9)),
    ]
}

const WORDS: [&str; 22] = [
    "NaN",
    "inf",
    "-inf",
    "-0",
    "1e400",
    "-1e308",
    "1e-400",
    "3.5e38",
    "-1",
    "0",
    "1",
    "2",
    "6",
    "7",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "",
    "٣",
    "1_000",
    "0x10",
    "+5",
];

/// A text with one to four faults.
fn harmed(numbers: &mut Numbers, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let to = (at + numbers.below(12)).min(bytes.len());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let line = numbers.below(lines.len().max(1));
        bytes = match numbers.below(10) {
            0 => [&bytes[..at], &bytes[to..]].concat(),
            1 => bytes[..at].to_vec(),
            2 => {
                let noise: Vec<u8> = (0..1 + numbers.below(5)).map(|_| numbers.below(256) as u8).collect();
                [&bytes[..at], &noise, &bytes[at..]].concat()
            }
            3 if !lines.is_empty() => {
                lines.remove(line);
                lines.join("\n").into_bytes()
            }
            4 if !lines.is_empty() => {
                let other = numbers.below(lines.len());
                lines.swap(line, other);
                lines.join("\n").into_bytes()
            }
            5 => lines.join("\r\n").into_bytes(),
            6 if !lines.is_empty() => {
                let copy = lines[line].clone();
                lines.insert(line, copy);
                lines.join("\n").into_bytes()
            }
            // Most often a number becomes another one: that is what still parses.
            _ if !lines.is_empty() => {
                let mut words: Vec<&str> = lines[line].split(' ').collect();
                let place = numbers.below(words.len());
                match numbers.below(6) {
                    0 => words.insert(place, WORDS[numbers.below(WORDS.len())]),
                    1 => drop(words.remove(place)),
                    _ => words[place] = WORDS[numbers.below(WORDS.len())],
                }
                lines[line] = words.join(" ");
                lines.join("\n").into_bytes()
            }
            _ => bytes,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn any_text<T: Real>(cases: u32) {
    let targets = targets::<T>();
    let read = std::cell::Cell::new(0);
    let parsed = |text: &str, target: Option<&Target<T>>| match text.parse::<Checkpoint<T>>() {
        Ok(saved) => {
            read.set(read.get() + 1);
            let written = saved.to_string();
            let again: Result<Checkpoint<T>, _> = written.parse();
            prop_assert_eq!(again.map(|again| again.to_string()), Ok(written), "{}", text);
            target.map_or(Ok(()), |target| {
                (target.go_on)(saved).map_err(|e| TestCaseError::fail(format!("{}: {e}: {text}", target.name)))
            })
        }
        Err(error) => {
            let message = error.to_string();
            prop_assert!(message.starts_with(|c: char| !c.is_uppercase()) && !message.contains('\n'), "{}", message);
            Ok(())
        }
    };
    fuzz("texts", cases, &any::<String>(), |text| parsed(&text, None));
    fuzz("harmed checkpoints", cases, &any::<u64>(), |seed| {
        let mut numbers = Numbers::new(seed);
        let target = &targets[numbers.below(targets.len())];
        let text = &target.texts[numbers.below(target.texts.len())];
        // Another trainer than the one that saved it, at times.
        let other = &targets[numbers.below(targets.len())];
        let text = harmed(&mut numbers, text);
        parsed(&text, Some(if numbers.below(4) == 0 { other } else { target }))
    });
    println!("{} texts were checkpoints", read.get());
    assert!(read.get() > cases / 20, "{} of {cases} read", read.get());
}

#[test]
fn any_text_as_a_checkpoint_f64() {
    any_text::<f64>(3000);
}

#[test]
fn any_text_as_a_checkpoint_f32() {
    any_text::<f32>(3000);
}
