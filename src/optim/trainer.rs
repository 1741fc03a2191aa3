//! Gradient descent and its stochastic kin, by any rule and schedule.

use super::rule::{Adam, Momentum, Plain};
use super::{Observer, Progress, Reason, Report, Rule, Schedule, Solution, Solver};
use crate::objective::FiniteSum;
use crate::{Error, Real, Result, random};

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
///
/// Epoch e visits the order left by epoch e − 1, shuffled by Fisher and Yates' method with one ChaCha8 stream; epoch 1
/// starts from 0, 1, 2, ....
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
}

/// For how many epochs in a row the improvement has to be below the tolerance.
const PATIENCE: usize = 5;

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

    /// Stops when for 5 epochs in a row the risk is not below its best by more than this share of it.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    fn check(&self) -> Result<()> {
        if self.epochs == 0 {
            return Err(Error::Config { name: "epochs", needs: "at least 1" });
        }
        if self.batch_size == Some(0) {
            return Err(Error::Config { name: "batch_size", needs: "at least 1" });
        }
        if self.loss_target.is_some_and(f64::is_nan) {
            return Err(Error::Config { name: "loss_target", needs: "a number" });
        }
        if self.tolerance.is_some_and(|t| !(t >= 0.0 && t.is_finite())) {
            return Err(Error::Config { name: "tolerance", needs: "finite and at least 0" });
        }
        Ok(())
    }
}

impl<T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Solver<T, O> for Trainer<R, S> {
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        self.check()?;
        self.rule.check()?;
        let mut run = Run::new(self, objective, start);
        let (mut value, _) = run.full(0)?;
        let mut progress = Improvement::new(self.tolerance, value);
        let mut history = Vec::new();
        let mut reason = Reason::MaxIterations;
        if self.loss_target.is_some_and(|target| value <= target) {
            reason = Reason::Target;
        } else {
            for epoch in 1..=self.epochs {
                let norm;
                (value, norm) = run.epoch(epoch)?;
                history.push(value);
                let verdict = observer.observe(&Progress::new(epoch, value, norm, &run.theta));
                if self.loss_target.is_some_and(|target| value <= target) {
                    reason = Reason::Target;
                } else if progress.stalled(value) {
                    reason = Reason::Value;
                } else if verdict.is_break() {
                    reason = Reason::Stopped;
                } else {
                    continue;
                }
                break;
            }
        }
        if let Some(chosen) = observer.choose().filter(|chosen| chosen.len() == run.theta.len()) {
            run.theta = chosen;
        }
        let (value, norm) = run.full(history.len())?;
        let report = Report::new(reason, history.len(), value, norm).with_history(history);
        Ok(Solution { params: run.theta, report })
    }
}

/// One run: the objective, where θ stands, and everything that is reused from step to step.
struct Run<'r, T: Real, O, R: Rule<T>, S> {
    trainer: &'r Trainer<R, S>,
    objective: &'r mut O,
    theta: Vec<T>,
    grad: Vec<T>,
    state: R::State,
    order: Vec<usize>,
    rng: rand_chacha::ChaCha8Rng,
    step: usize,
}

impl<'r, T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Run<'r, T, O, R, S> {
    fn new(trainer: &'r Trainer<R, S>, objective: &'r mut O, theta: Vec<T>) -> Self {
        let state = objective.layout().map_or_else(|| trainer.rule.init(theta.len()), |l| trainer.rule.init_with(l));
        let order = if trainer.batch_size.is_some() { (0..objective.terms()).collect() } else { Vec::new() };
        let grad = vec![T::zero(); theta.len()];
        Self { trainer, objective, theta, grad, state, order, rng: random::generator(trainer.seed, 1), step: 0 }
    }

    /// The full risk and its gradient (left in `grad`) at θ.
    fn full(&mut self, iteration: usize) -> Result<(f64, f64)> {
        let value = self.objective.gradient(&self.theta, &mut self.grad).to_f64();
        let norm = largest(&self.grad);
        if value.is_finite() && norm.is_finite() { Ok((value, norm)) } else { Err(Error::Diverged { iteration }) }
    }

    /// θ after one more epoch, and the value to show for it.
    fn epoch(&mut self, epoch: usize) -> Result<(f64, Option<f64>)> {
        let Some(batch_size) = self.trainer.batch_size else {
            // `grad` holds the gradient at θ, from the last evaluation.
            self.advance()?;
            let (value, norm) = self.full(epoch)?;
            return Ok((value, Some(norm)));
        };
        if self.trainer.shuffle {
            random::shuffle(&mut self.order, &mut self.rng);
        }
        let mut sum = 0.0;
        for first in (0..self.order.len()).step_by(batch_size) {
            let batch = &self.order[first..self.order.len().min(first.saturating_add(batch_size))];
            let value = self.objective.batch_gradient(batch, &self.theta, &mut self.grad).to_f64();
            sum += value * batch.len() as f64;
            if !value.is_finite() {
                return Err(Error::Diverged { iteration: epoch });
            }
            self.advance()?;
        }
        if self.trainer.loss_target.is_none() && self.trainer.tolerance.is_none() {
            return Ok((sum / self.order.len() as f64, None));
        }
        let value = self.objective.value(&self.theta).to_f64();
        if value.is_finite() { Ok((value, None)) } else { Err(Error::Diverged { iteration: epoch }) }
    }

    /// One step by the gradient in `grad`.
    fn advance(&mut self) -> Result<()> {
        let rate = self.trainer.schedule.rate(self.step);
        if !(rate >= 0.0 && T::of(rate).is_finite()) {
            return Err(Error::Config { name: "learning rate", needs: "finite and at least 0" });
        }
        self.trainer.rule.step(&mut self.state, &mut self.theta, &mut self.grad, T::of(rate));
        self.step += 1;
        Ok(())
    }
}

/// The largest absolute entry; NaN if any entry is.
pub(crate) fn largest<T: Real>(values: &[T]) -> f64 {
    values.iter().fold(0.0, |max, &v| {
        let size = v.to_f64().abs();
        if size > max || size.is_nan() { size } else { max }
    })
}

/// Counts the epochs in a row that did not improve on the best value.
struct Improvement {
    tolerance: Option<f64>,
    best: f64,
    poor: usize,
}

impl Improvement {
    fn new(tolerance: Option<f64>, value: f64) -> Self {
        Self { tolerance, best: value, poor: 0 }
    }

    fn stalled(&mut self, value: f64) -> bool {
        let Some(tolerance) = self.tolerance else { return false };
        self.poor = if self.best - value > tolerance * self.best.abs() { 0 } else { self.poor + 1 };
        self.best = self.best.min(value);
        self.poor >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_keeps_nan() {
        assert_eq!(largest(&[1.0, -3.0, 2.0]), 3.0);
        assert!(largest(&[1.0, f64::NAN, 2.0]).is_nan());
    }

    #[test]
    fn improvement_needs_five_poor_epochs_in_a_row() {
        let mut progress = Improvement::new(Some(0.1), 100.0);
        assert!((0..4).all(|_| !progress.stalled(99.0)));
        assert!(!progress.stalled(50.0));
        assert!((0..4).all(|_| !progress.stalled(49.0)));
        assert!(progress.stalled(49.0));
    }
}
