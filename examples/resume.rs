//! Saving a fit and going on later: `cargo run --release --example resume [folder]`
//!
//! 10 epochs, a checkpoint on disk, 10 more: the bits are those of 20 epochs at once.

mod support;

use residual::optim::{Checkpoint, Progress, Trainer};
use residual::{Dataset, Mlp, Regressor};
use std::ops::ControlFlow;
use std::process::ExitCode;
use support::{Outcome, read};

fn main() -> ExitCode {
    support::run(resume)
}

fn resume() -> Outcome {
    let path = support::folder()?.join("resume.checkpoint");
    let table = read("digits.csv")?;
    let x = table.numbers(0..64)? / 16.0;
    let labels: Vec<usize> = table.text(64).iter().map(|label| label.parse()).collect::<Result<_, _>>()?;
    let y = residual::nalgebra::DMatrix::from_fn(labels.len(), 10, |i, c| f64::from(u8::from(labels[i] == c)));
    let data = Dataset::new(&x, &y)?;
    let trainer = Trainer::adam(1e-3).seed(1);
    let mlp = Mlp::classifier([32]).dropout(0.1);

    // The first ten epochs; after each, everything that is needed to go on is written down.
    let mut written = Ok(());
    let mut save = |progress: &Progress<'_, f64>| {
        println!("epoch {:2}   loss {:.6}", progress.iteration(), progress.value());
        match progress.checkpoint() {
            Ok(checkpoint) => written = std::fs::write(&path, checkpoint.to_string()).map_err(|e| e.to_string()),
            Err(error) => written = Err(error.to_string()),
        }
        ControlFlow::Continue(())
    };
    mlp.clone().solver(trainer.clone().epochs(10)).fit_observed(&data, &mut save)?;
    written.map_err(|error: String| format!("cannot write {}: {error}", path.display()))?;

    // Another day: the same configuration, told to resume.
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let checkpoint: Checkpoint<f64> = text.parse()?;
    println!("resumed from {} at epoch {}", path.display(), checkpoint.epoch());
    let resumed = mlp.clone().solver(trainer.clone().epochs(20).resume(checkpoint)).fit(&data)?;

    let whole = mlp.solver(trainer.epochs(20)).fit(&data)?;
    println!("10 + 10 epochs: loss {:?}", resumed.report().value());
    println!("20 epochs:      loss {:?}", whole.report().value());
    assert_eq!(resumed.params(), whole.params());
    println!("all {} parameters are equal to the bit", whole.params().len());
    Ok(())
}
