//! Gradient descent and its stochastic kin, by any rule and schedule.

mod checkpoint;
mod improvement;
mod proof;
mod resumed;
mod run;
mod saved;
mod state;

pub use checkpoint::Checkpoint;
pub use resumed::Resumed;
pub(super) use saved::Snapshot;

use super::ends::chosen;
use super::range::{at_least_one, nonnegative};
use super::rule::{Adam, Momentum, Plain};
use super::{Observer, Reason, Rule, Schedule, Solution, Solver};
use crate::objective::FiniteSum;
use crate::{Error, Real, Result};
use improvement::Improvement;
use run::Run;

/// Trains by the textbook: gradient, rule, step, until the loss target, the tolerance or the number of epochs.
///
/// An epoch shuffles the terms and steps once for each mini-batch; in full-batch mode an epoch is one step by the whole
/// gradient.
///
/// | setting | default |
/// |---|---|
/// | `epochs` | 100 |
/// | `batch_size` | 32; a smaller last batch is kept |
/// | `seed`, `shuffle` | 0, on |
/// | `loss_target`, `tolerance` | off |
/// | `patience` | 5 epochs, where a tolerance is set |
/// | `accumulate` | 1 batch per step |
/// | `average_from` | off |
///
/// A setting that would do nothing is refused: `patience` without a tolerance, `accumulate` in full-batch mode, `average_from`
/// an epoch that does not come. So is a learning rate that is 0 in the number type of the data.
///
/// **Ends.** [`Reason::Target`] when the risk of what is returned is at the loss target or below. [`Reason::Value`] when the
/// risk has not improved by the tolerance for `patience` epochs. That is no convergence yet, since a rate near 0 does the same:
/// [`converged`](super::Report::converged) only where ten iterations of [`Lbfgs`](super::Lbfgs) from there cannot lower the risk
/// by more than the share √tolerance of it, or 1 %. [`Error::Diverged`] when the risk or the parameters become infinite, and
/// when the patience runs out while the risk, a thousand times its start by now, doubles from epoch to epoch.
///
/// Epoch e = 1, 2, ... visits 0, 1, ..., n − 1 shuffled by Fisher and Yates' method from the last item to the second, with
/// stream 2³² + e of the ChaCha8 generator of `seed`; batches are cut from that order. So the order of an epoch depends on
/// the seed and on e alone, and [`resume`](Trainer::resume) continues a fit to the bit. The schedule is asked once per step,
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
    patience: Option<usize>,
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
            patience: None,
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

    /// One step per epoch, by the gradient of the whole risk.
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

    /// Stops when the risk of the parameters that would be returned (see [`average_from`](Trainer::average_from)) is at or
    /// below this.
    #[must_use]
    pub fn loss_target(mut self, target: f64) -> Self {
        self.loss_target = Some(target);
        self
    }

    /// Stops when for 5 epochs in a row (see [`patience`](Trainer::patience)) the risk is not below its best by more than
    /// this share of it. A risk that falls towards 0 is measured against the rounding of its start instead, ε R(θ₀) with ε of
    /// the number type, as soon as that is more.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// After how many epochs in a row without improvement the fit ends, at least 1; 5 unless set. It needs a tolerance, which
    /// says what an improvement of the training risk is. The patience of a model with a
    /// [`validation_split`](crate::Mlp::validation_split) counts in the same way, but watches the validation risk; the fit ends
    /// when either has run out.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = Some(epochs);
        self
    }

    /// Steps once for every `batches` mini-batches, by the mean gradient over all their samples, as one batch that many times
    /// as large would; for batches that do not fit the memory.
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
    /// 10 more equal 20 to the bit, and so do the observers' memories: give the same ones again.
    ///
    /// Refused with [`Error::Resume`] where the number type, the layout of the parameters, the number of samples, the rule, the
    /// batch size, `shuffle`, `accumulate`, `seed` or `average_from` differ, or where data, layer, loss or penalty give another
    /// risk. The schedule, `epochs`, the loss target and the tolerance may be changed on purpose.
    #[must_use]
    pub fn resume<T>(self, checkpoint: Checkpoint<T>) -> Resumed<T, R, S> {
        Resumed::new(self, checkpoint)
    }

    fn check(&self) -> Result<()> {
        at_least_one("epochs", self.epochs)?;
        at_least_one("batch_size", self.batch_size.unwrap_or(1))?;
        at_least_one("accumulate", self.accumulate)?;
        at_least_one("patience", self.patience.unwrap_or(1))?;
        at_least_one("average_from", self.average_from.unwrap_or(1))?;
        nonnegative("tolerance", self.tolerance.unwrap_or(0.0))?;
        let refuse = |wrong: bool, name, needs| if wrong { Err(Error::Config { name, needs }) } else { Ok(()) };
        refuse(self.loss_target.is_some_and(|target| !target.is_finite()), "loss_target", "a finite number")?;
        let needs = "set together with a tolerance (that of a validation split is set on the model)";
        refuse(self.patience.is_some() && self.tolerance.is_none(), "patience", needs)?;
        let needs = "1 in full-batch mode, which has no batches to accumulate";
        refuse(self.accumulate > 1 && self.batch_size.is_none(), "accumulate", needs)?;
        let late = self.average_from.is_some_and(|from| from > self.epochs);
        refuse(late, "average_from", "at most the number of epochs")
    }

    /// The watch over the values, from a first one.
    fn improvement<T: Real>(&self, value: f64) -> Improvement {
        Improvement::new(self.tolerance, self.patience.unwrap_or(5), value, T::default_epsilon().to_f64())
    }

    /// Whether the value shown for an epoch has to be the full risk.
    fn needs_risk(&self) -> bool {
        self.loss_target.is_some() || self.tolerance.is_some()
    }

    /// Epochs until one of the reasons to stop, then the report; none where an observer has `stopped` the fit already.
    fn drive<T: Real, O: FiniteSum<T>>(
        &self,
        mut run: Run<'_, T, O, R, S>,
        observer: &mut dyn Observer<T>,
        stopped: bool,
    ) -> Result<Solution<T>>
    where
        R: Rule<T>,
        S: Schedule,
    {
        let stateless = observer.is_stateless();
        let mut reason = run.verdict().or(stopped.then_some(Reason::Stopped));
        while reason.is_none() && run.epochs() < self.epochs {
            let norm = run.epoch()?;
            let stop = observer.observe(&run.progress(norm, stateless)).is_break();
            reason = run.verdict().or(stop.then_some(Reason::Stopped));
        }
        let chosen = chosen(run.theta.len(), observer)?;
        run.finish(reason, chosen)
    }
}

impl<T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Solver<T, O> for Trainer<R, S> {
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        self.check()?;
        self.rule.check()?;
        self.drive(Run::start(self, objective, start, observer)?, observer, false)
    }
}
