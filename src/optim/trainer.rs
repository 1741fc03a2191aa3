//! Gradient descent and its stochastic kin, by any rule and schedule.

mod checkpoint;
mod improvement;
mod resumed;
mod run;

pub use checkpoint::Checkpoint;
pub use resumed::Resumed;
pub(super) use run::Snapshot;

use super::range::{at_least_one, nonnegative};
use super::rule::{Adam, Momentum, Plain};
use super::{Observer, Reason, Report, Rule, Schedule, Solution, Solver};
use crate::objective::FiniteSum;
use crate::{Error, Real, Result};
use run::Run;

/// Trains by the textbook: gradient, rule, step, until the loss target, the tolerance or the number of epochs.
///
/// An epoch shuffles the terms and steps once a mini-batch; in full-batch mode an epoch is one step by the whole gradient.
///
/// | setting | default |
/// |---|---|
/// | `epochs` | 100 |
/// | `batch_size` | 32; a smaller last batch is kept |
/// | `seed`, `shuffle` | 0, on |
/// | `loss_target`, `tolerance` | off |
/// | `patience` | 5 epochs, where a tolerance is set |
/// | `accumulate` | 1 batch a step |
/// | `average_from` | off |
///
/// Epoch e = 1, 2, ... visits 0, 1, ..., n − 1 shuffled by Fisher and Yates' method from the last item to the second, with
/// stream 2³² + e of the ChaCha8 generator of `seed`; batches are cut from that order. So the order of an epoch depends on
/// the seed and on e alone, and [`resume`](Trainer::resume) continues a fit to the bit. The schedule is asked once a step,
/// with steps counted through all epochs from 0.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Dataset, LinearRegression, Regressor, nalgebra, optim::Trainer};
/// let (x, y) = (dmatrix![0.0f64; 1.0; 2.0], dvector![1.0, 3.0, 5.0]);
/// let model = LinearRegression::new()
///     .solver(Trainer::gd(0.5).epochs(10_000).tolerance(1e-12))
///     .fit(&Dataset::new(&x, &y)?)?;
/// assert!((model.coefficients()[(0, 0)] - 2.0).abs() < 1e-4);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trainer<R = Adam, S = f64> {
    rule: R,
    schedule: S,
    epochs: usize,
    /// `None`: the full batch.
    batch_size: Option<usize>,
    seed: u64,
    shuffle: bool,
    loss_target: Option<f64>,
    tolerance: Option<f64>,
    patience: usize,
    accumulate: usize,
    average_from: Option<usize>,
}

impl Trainer<Plain, f64> {
    /// Gradient descent on the full batch, θ ← θ − rate · ∇R.
    #[must_use]
    pub fn gd(rate: f64) -> Self {
        Self::new(Plain, rate).full_batch()
    }

    /// Stochastic gradient descent on mini-batches of 32.
    #[must_use]
    pub fn sgd(rate: f64) -> Self {
        Self::new(Plain, rate)
    }
}

impl Trainer<Momentum, f64> {
    /// Mini-batches of 32 with heavy-ball momentum `mu`.
    #[must_use]
    pub fn momentum(rate: f64, mu: f64) -> Self {
        Self::new(Momentum { mu, dampening: 0.0 }, rate)
    }
}

impl Trainer<Adam, f64> {
    /// Mini-batches of 32 with [`Adam`] at its default betas.
    #[must_use]
    pub fn adam(rate: f64) -> Self {
        Self::new(Adam::default(), rate)
    }
}

impl<R, S> Trainer<R, S> {
    /// Any rule with any schedule.
    #[must_use]
    pub fn new(rule: R, schedule: S) -> Self {
        Self {
            rule,
            schedule,
            epochs: 100,
            batch_size: Some(32),
            seed: 0,
            shuffle: true,
            loss_target: None,
            tolerance: None,
            patience: 5,
            accumulate: 1,
            average_from: None,
        }
    }

    /// At most this many epochs.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Mini-batches of this many samples.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = Some(batch_size);
        self
    }

    /// One step an epoch, by the gradient of the whole risk.
    #[must_use]
    pub fn full_batch(mut self) -> Self {
        self.batch_size = None;
        self
    }

    /// Seed of the shuffles.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether the samples are shuffled before every epoch.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Stops when the risk is at or below this.
    #[must_use]
    pub fn loss_target(mut self, target: f64) -> Self {
        self.loss_target = Some(target);
        self
    }

    /// Stops when for 5 epochs in a row (see [`patience`](Trainer::patience)) the risk is not below its best by more than
    /// this share of it.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// For how many epochs in a row the improvement has to be below the tolerance before the fit ends.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Steps once for every `batches` mini-batches, by the mean gradient over all their samples, as one batch that many times
    /// as large would; for batches that do not fit the memory. Ignored in full-batch mode.
    #[must_use]
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.accumulate = batches;
        self
    }

    /// Returns the mean of the parameters after each step from this epoch (1, 2, ...) on, not the last ones. Observers and
    /// values still see the iterates themselves.
    ///
    /// Source: Polyak and Juditsky (1992), SIAM Journal on Control and Optimization 30(4).
    #[must_use]
    pub fn average_from(mut self, epoch: usize) -> Self {
        self.average_from = Some(epoch);
        self
    }

    /// A solver that goes on where a fit with these settings stood when
    /// [`Progress::checkpoint`](super::Progress::checkpoint) was taken; `epochs` counts from the beginning. 10 epochs and
    /// 10 more equal 20 to the bit.
    #[must_use]
    pub fn resume<T>(self, checkpoint: Checkpoint<T>) -> Resumed<T, R, S> {
        Resumed::new(self, checkpoint)
    }

    fn check(&self) -> Result<()> {
        at_least_one("epochs", self.epochs)?;
        at_least_one("batch_size", self.batch_size.unwrap_or(1))?;
        at_least_one("accumulate", self.accumulate)?;
        at_least_one("patience", self.patience)?;
        at_least_one("average_from", self.average_from.unwrap_or(1))?;
        nonnegative("tolerance", self.tolerance.unwrap_or(0.0))?;
        if self.loss_target.is_some_and(f64::is_nan) {
            return Err(Error::Config { name: "loss_target", needs: "a number" });
        }
        Ok(())
    }

    /// Whether the value shown for an epoch has to be the full risk.
    fn needs_risk(&self) -> bool {
        self.loss_target.is_some() || self.tolerance.is_some()
    }

    /// Epochs until one of the reasons to stop, then the report.
    fn drive<T: Real, O: FiniteSum<T>>(
        &self,
        mut run: Run<'_, T, O, R, S>,
        observer: &mut dyn Observer<T>,
    ) -> Result<Solution<T>>
    where
        R: Rule<T>,
        S: Schedule,
    {
        let mut reason = run.verdict();
        while reason.is_none() && run.epochs() < self.epochs {
            let norm = run.epoch()?;
            let stop = observer.observe(&run.progress(norm)).is_break();
            reason = run.verdict().or(stop.then_some(Reason::Stopped));
        }
        let (params, value, norm, history) = run.finish(observer.choose())?;
        let report = Report::new(reason.unwrap_or(Reason::MaxIterations), history.len(), value, norm);
        Ok(Solution { params, report: report.with_history(history) })
    }
}

impl<T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Solver<T, O> for Trainer<R, S> {
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        self.check()?;
        self.rule.check()?;
        self.drive(Run::start(self, objective, start)?, observer)
    }
}

/// The largest absolute entry; NaN if any entry is.
pub(crate) fn largest<T: Real>(values: &[T]) -> f64 {
    values.iter().fold(0.0, |max, &v| {
        let size = v.to_f64().abs();
        if size > max || size.is_nan() { size } else { max }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_keeps_nan() {
        assert_eq!(largest(&[1.0, -3.0, 2.0]), 3.0);
        assert!(largest(&[1.0, f64::NAN, 2.0]).is_nan());
    }
}
