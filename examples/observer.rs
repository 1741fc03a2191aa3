//! Watching a fit and stopping it: `cargo run --release --example observer`

use residual::nalgebra::{dmatrix, dvector};
use residual::optim::{Observer, Trainer};
use residual::{Dataset, LinearRegression, Progress, Real, Reason, Regressor};
use std::error::Error;
use std::ops::ControlFlow;

/// Stops once the value has not fallen by a thousandth for `patience` iterations.
struct Impatient {
    patience: usize,
    best: f64,
    poor: usize,
}

impl<T: Real> Observer<T> for Impatient {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        self.poor = if progress.value() < 0.999 * self.best { 0 } else { self.poor + 1 };
        self.best = self.best.min(progress.value());
        if self.poor < self.patience { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (x, y) = (dmatrix![0.0; 1.0; 2.0; 3.0], dvector![1.1, 2.9, 5.2, 6.8]);
    // A closure is an observer; a pair shows each iterate to both.
    let print = |progress: &Progress<'_, f64>| {
        if progress.iteration() % 25 == 0 {
            println!("iteration {:4}   loss {:.6}", progress.iteration(), progress.value());
        }
        ControlFlow::Continue(())
    };
    let mut observer = (print, Impatient { patience: 10, best: f64::INFINITY, poor: 0 });
    let regressor = LinearRegression::new().solver(Trainer::gd(0.1).epochs(100_000));
    let model = regressor.fit_observed(&Dataset::new(&x, &y)?, &mut observer)?;
    let report = model.report();
    println!("{:?} after {} iterations, loss {:.6}", report.reason(), report.iterations(), report.value());
    assert_eq!(report.reason(), Reason::Stopped);
    Ok(())
}
