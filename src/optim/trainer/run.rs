//! One run of a trainer: where θ stands, and everything that is reused from step to step.

use super::checkpoint::{Checkpoint, Restore, Save};
use super::improvement::Improvement;
use super::{Trainer, largest};
use crate::objective::FiniteSum;
use crate::optim::{Progress, Reason, Rule, Schedule};
use crate::{Error, Real, Result, random};
use std::cell::RefCell;

/// Where a fit stands, to be saved.
pub(in crate::optim) trait Snapshot<T> {
    /// `None` where the rule does not show its state.
    fn checkpoint(&self) -> Option<Checkpoint<T>>;
}

pub(super) struct Run<'r, T: Real, O, R: Rule<T>, S> {
    trainer: &'r Trainer<R, S>,
    objective: &'r mut O,
    theta: Vec<T>,
    grad: Vec<T>,
    /// The sum of the batches' gradients, where a step takes more than one.
    sum: Vec<T>,
    /// In a cell, because taking a checkpoint shows the state as open to change.
    state: RefCell<R::State>,
    order: Vec<usize>,
    /// Steps and batches done.
    step: usize,
    batches: u64,
    rate: f64,
    /// What the schedule's rates are multiplied by in this epoch.
    factor: f64,
    average: Vec<T>,
    averaged: u64,
    /// The value before the first epoch, where somebody asks, and after each.
    initial: f64,
    history: Vec<f64>,
    improvement: Improvement,
}

impl<'r, T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Run<'r, T, O, R, S> {
    fn new(trainer: &'r Trainer<R, S>, objective: &'r mut O, theta: Vec<T>) -> Self {
        let state = objective.layout().map_or_else(|| trainer.rule.init(theta.len()), |l| trainer.rule.init_with(l));
        let zeros = |used: bool| vec![T::zero(); if used { theta.len() } else { 0 }];
        Self {
            trainer,
            grad: zeros(true),
            sum: zeros(trainer.accumulate > 1),
            average: zeros(trainer.average_from.is_some()),
            averaged: 0,
            state: RefCell::new(state),
            order: if trainer.batch_size.is_some() { (0..objective.terms()).collect() } else { Vec::new() },
            objective,
            theta,
            step: 0,
            batches: 0,
            rate: f64::NAN,
            factor: 1.0,
            initial: f64::INFINITY,
            history: Vec::new(),
            improvement: Improvement::new(trainer.tolerance, trainer.patience, f64::INFINITY),
        }
    }

    /// From the beginning.
    pub fn start(trainer: &'r Trainer<R, S>, objective: &'r mut O, theta: Vec<T>) -> Result<Self> {
        let mut run = Self::new(trainer, objective, theta);
        if trainer.batch_size.is_none() || trainer.needs_risk() {
            run.initial = run.full()?.0;
        }
        run.improvement = Improvement::new(trainer.tolerance, trainer.patience, run.initial);
        Ok(run)
    }

    /// From a checkpoint; what was not saved follows from what was.
    pub fn restore(trainer: &'r Trainer<R, S>, objective: &'r mut O, saved: &Checkpoint<T>) -> Result<Self> {
        let mut run = Self::new(trainer, objective, saved.params.clone());
        if (saved.seed, saved.terms) != (trainer.seed, run.order.len()) {
            let needs = "the seed, batch mode and number of samples of the fit that was saved";
            return Err(Error::Config { name: "a resumed trainer", needs });
        }
        if saved.average.len() != run.average.len() {
            return Err(Error::Config { name: "average_from", needs: "set or not as in the fit that was saved" });
        }
        Restore::into(saved, |visitor| trainer.rule.visit(run.state.get_mut(), visitor))?;
        (run.step, run.batches) = (saved.step, saved.batches);
        run.objective.seek(saved.batches);
        run.average.copy_from_slice(&saved.average);
        run.averaged = saved.averaged;
        run.initial = saved.initial;
        run.history.clone_from(&saved.history);
        run.improvement = Improvement::new(trainer.tolerance, trainer.patience, saved.initial);
        saved.history.iter().for_each(|&value| run.improvement.record(value));
        if trainer.batch_size.is_none() {
            run.full()?;
        }
        Ok(run)
    }

    /// How many epochs are done.
    pub fn epochs(&self) -> usize {
        self.history.len()
    }

    /// A reason to stop that lies in the values.
    pub fn verdict(&self) -> Option<Reason> {
        let value = self.history.last().copied().unwrap_or(self.initial);
        if self.trainer.loss_target.is_some_and(|target| value <= target) {
            return Some(Reason::Target);
        }
        self.improvement.stalled().then_some(Reason::Value)
    }

    /// What observers are shown.
    pub fn progress(&self, norm: Option<f64>) -> Progress<'_, T> {
        let value = self.history.last().copied().unwrap_or(self.initial);
        Progress::new(self.epochs(), value, norm, &self.theta)
            .with_rate(self.rate, self.trainer.epochs)
            .with_snapshot(self)
    }

    /// θ after one more epoch; the largest |gradient| there, where it is known.
    pub fn epoch(&mut self) -> Result<Option<f64>> {
        self.factor = self.trainer.schedule.factor(&self.history);
        let (value, norm) = match self.trainer.batch_size {
            Some(batch_size) => (self.mini_batches(batch_size)?, None),
            None => {
                // `grad` holds the gradient at θ, from the last evaluation.
                self.advance()?;
                let (value, norm) = self.full()?;
                (value, Some(norm))
            }
        };
        self.improvement.record(value);
        self.history.push(value);
        Ok(norm)
    }

    fn mini_batches(&mut self, batch_size: usize) -> Result<f64> {
        let epoch = self.epochs() as u64 + 1;
        let mut order = std::mem::take(&mut self.order);
        if self.trainer.shuffle {
            order.iter_mut().enumerate().for_each(|(i, term)| *term = i);
            random::shuffle(&mut order, &mut random::generator(self.trainer.seed, (1 << 32) + epoch));
        }
        let mut sum = 0.0;
        for group in order.chunks(batch_size.saturating_mul(self.trainer.accumulate)) {
            sum += self.group(group, batch_size)? * group.len() as f64;
            self.advance()?;
        }
        let mean = sum / order.len() as f64;
        self.order = order;
        if !self.trainer.needs_risk() {
            return Ok(mean);
        }
        let value = self.objective.value(&self.theta).to_f64();
        if value.is_finite() { Ok(value) } else { self.diverged() }
    }

    /// The mean value and gradient over the terms of one step, batch by batch.
    fn group(&mut self, terms: &[usize], batch_size: usize) -> Result<f64> {
        let mut sum = 0.0;
        for batch in terms.chunks(batch_size) {
            let value = self.objective.batch_gradient(batch, &self.theta, &mut self.grad).to_f64();
            if !value.is_finite() {
                return self.diverged();
            }
            self.batches += 1;
            if batch.len() == terms.len() {
                return Ok(value);
            }
            // Each batch counts by its size, so that a smaller last one weighs less.
            sum += value * batch.len() as f64;
            let share = T::of(batch.len() as f64 / terms.len() as f64);
            self.sum.iter_mut().zip(&self.grad).for_each(|(sum, &g)| *sum += share * g);
        }
        std::mem::swap(&mut self.sum, &mut self.grad);
        self.sum.fill(T::zero());
        Ok(sum / terms.len() as f64)
    }

    /// The full risk and the largest entry of its gradient (left in `grad`) at θ.
    fn full(&mut self) -> Result<(f64, f64)> {
        let value = self.objective.gradient(&self.theta, &mut self.grad).to_f64();
        let norm = largest(&self.grad);
        if value.is_finite() && norm.is_finite() { Ok((value, norm)) } else { self.diverged() }
    }

    fn diverged<V>(&self) -> Result<V> {
        Err(Error::Diverged { iteration: self.epochs() + 1 })
    }

    /// One step by the gradient in `grad`.
    fn advance(&mut self) -> Result<()> {
        self.rate = self.trainer.schedule.rate(self.step) * self.factor;
        if !(self.rate >= 0.0 && T::of(self.rate).is_finite()) {
            return Err(Error::Config { name: "learning rate", needs: "finite and at least 0" });
        }
        self.trainer.rule.step(self.state.get_mut(), &mut self.theta, &mut self.grad, T::of(self.rate));
        self.step += 1;
        if self.trainer.average_from.is_some_and(|from| self.epochs() + 1 >= from) {
            self.averaged += 1;
            let share = T::of(1.0 / self.averaged as f64);
            self.average.iter_mut().zip(&self.theta).for_each(|(mean, &theta)| *mean += share * (theta - *mean));
        }
        Ok(())
    }

    /// The parameters to return (chosen by an observer, or the average, or the last), their risk and its largest
    /// |gradient|, and the history.
    pub fn finish(mut self, chosen: Option<Vec<T>>) -> Result<(Vec<T>, f64, f64, Vec<f64>)> {
        if let Some(chosen) = chosen.filter(|chosen| chosen.len() == self.theta.len()) {
            self.theta = chosen;
        } else if self.averaged > 0 {
            std::mem::swap(&mut self.theta, &mut self.average);
        }
        let (value, norm) = self.full()?;
        Ok((self.theta, value, norm, self.history))
    }
}

impl<T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Snapshot<T> for Run<'_, T, O, R, S> {
    fn checkpoint(&self) -> Option<Checkpoint<T>> {
        let mut saved = Checkpoint {
            seed: self.trainer.seed,
            terms: self.order.len(),
            step: self.step,
            batches: self.batches,
            averaged: self.averaged,
            initial: self.initial,
            history: self.history.clone(),
            params: self.theta.clone(),
            average: self.average.clone(),
            numbers: Vec::new(),
            scalars: Vec::new(),
            counts: Vec::new(),
        };
        let mut state = self.state.try_borrow_mut().ok()?;
        self.trainer.rule.visit(&mut state, &mut Save(&mut saved)).then_some(saved)
    }
}
