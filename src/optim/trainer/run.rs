//! One run of a trainer: where θ stands, and everything that is reused from step to step.

use super::Trainer;
use super::improvement::Improvement;
use super::proof::{is_minimum, share};
use crate::objective::FiniteSum;
use crate::optim::ends::{check_start, largest, out_of_range};
use crate::optim::{Observer, Progress, Reason, Report, Rule, Schedule, Solution};
use crate::{Error, Real, Result, random};
use std::cell::RefCell;

pub(super) struct Run<'r, T: Real, O, R: Rule<T>, S> {
    pub(super) trainer: &'r Trainer<R, S>,
    /// In a cell, as the rule's state is, because taking a checkpoint evaluates the objective and shows the state as open to
    /// change.
    pub(super) objective: RefCell<&'r mut O>,
    pub(super) state: RefCell<R::State>,
    pub(super) theta: Vec<T>,
    grad: Vec<T>,
    /// The sum of the batches' gradients, where a step takes more than one.
    sum: Vec<T>,
    order: Vec<usize>,
    /// Steps and batches done.
    pub(super) step: usize,
    pub(super) batches: u64,
    rate: f64,
    /// What the schedule's rates are multiplied by in this epoch.
    factor: f64,
    pub(super) average: Vec<T>,
    pub(super) averaged: u64,
    /// The risk at the average, where a target asks for it.
    at_average: Option<f64>,
    /// The value before the first epoch, where somebody asks, and after each.
    pub(super) initial: f64,
    pub(super) history: Vec<f64>,
    pub(super) improvement: Improvement,
}

impl<'r, T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Run<'r, T, O, R, S> {
    pub(super) fn new(trainer: &'r Trainer<R, S>, objective: &'r mut O, theta: Vec<T>) -> Result<Self> {
        if objective.terms() == 0 {
            return Err(Error::Empty { what: "the sum to minimize" });
        }
        let state = objective.layout().map_or_else(|| trainer.rule.init(theta.len()), |l| trainer.rule.init_with(l));
        let zeros = |used: bool| vec![T::zero(); if used { theta.len() } else { 0 }];
        Ok(Self {
            trainer,
            grad: zeros(true),
            sum: zeros(trainer.accumulate > 1),
            average: zeros(trainer.average_from.is_some()),
            averaged: 0,
            at_average: None,
            state: RefCell::new(state),
            order: if trainer.batch_size.is_some() { (0..objective.terms()).collect() } else { Vec::new() },
            objective: RefCell::new(objective),
            theta,
            step: 0,
            batches: 0,
            rate: f64::NAN,
            factor: 1.0,
            initial: f64::INFINITY,
            history: Vec::new(),
            improvement: trainer.improvement::<T>(f64::INFINITY),
        })
    }

    /// From the beginning.
    pub fn start(
        trainer: &'r Trainer<R, S>,
        objective: &'r mut O,
        theta: Vec<T>,
        observer: &dyn Observer<T>,
    ) -> Result<Self> {
        check_start(objective.dim(), &theta, observer)?;
        let mut run = Self::new(trainer, objective, theta)?;
        if trainer.batch_size.is_none() || trainer.needs_risk() {
            run.initial = run.full()?.0;
        }
        run.improvement = trainer.improvement::<T>(run.initial);
        Ok(run)
    }

    /// How many epochs are done.
    pub fn epochs(&self) -> usize {
        self.history.len()
    }

    /// A reason to stop that lies in the values.
    pub fn verdict(&self) -> Option<Reason> {
        let value = self.at_average.unwrap_or_else(|| self.last_value());
        if self.trainer.loss_target.is_some_and(|target| value <= target) {
            return Some(Reason::Target);
        }
        self.improvement.stalled().then_some(Reason::Value)
    }

    pub(super) fn last_value(&self) -> f64 {
        self.history.last().copied().unwrap_or(self.initial)
    }

    /// What observers are shown.
    pub fn progress(&self, norm: Option<f64>, stateless: bool) -> Progress<'_, T> {
        Progress::new(self.epochs(), self.last_value(), norm, &self.theta)
            .with_rate(self.rate, self.trainer.epochs)
            .with_snapshot(self, stateless)
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
        self.look_at_average()?;
        Ok(norm)
    }

    /// A target is to be met by what is returned, and that is the average once there is one.
    pub(super) fn look_at_average(&mut self) -> Result<()> {
        if self.averaged == 0 || self.trainer.loss_target.is_none() {
            return Ok(());
        }
        let value = self.objective.get_mut().value(&self.average).to_f64();
        self.at_average = Some(value);
        if value.is_finite() { Ok(()) } else { self.diverged() }
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
            // Shares, not sizes: a sum of finite values times their sizes may overflow, their mean does not.
            sum += self.group(group, batch_size)? * (group.len() as f64 / order.len() as f64);
            self.advance()?;
        }
        self.order = order;
        if !self.trainer.needs_risk() {
            return Ok(sum);
        }
        let value = self.objective.get_mut().value(&self.theta).to_f64();
        if value.is_finite() { Ok(value) } else { self.diverged() }
    }

    /// The mean value and gradient over the terms of one step, batch by batch.
    fn group(&mut self, terms: &[usize], batch_size: usize) -> Result<f64> {
        let mut sum = 0.0;
        for batch in terms.chunks(batch_size) {
            let value = self.objective.get_mut().batch_gradient(batch, &self.theta, &mut self.grad).to_f64();
            if !value.is_finite() {
                return self.diverged();
            }
            self.batches += 1;
            if batch.len() == terms.len() {
                return Ok(value);
            }
            // Each batch counts by its size, so that a smaller last one weighs less.
            let share = batch.len() as f64 / terms.len() as f64;
            sum += value * share;
            let share = T::of(share);
            self.sum.iter_mut().zip(&self.grad).for_each(|(sum, &g)| *sum += share * g);
        }
        std::mem::swap(&mut self.sum, &mut self.grad);
        self.sum.fill(T::zero());
        Ok(sum)
    }

    /// The full risk and the largest entry of its gradient (left in `grad`) at θ.
    pub(super) fn full(&mut self) -> Result<(f64, f64)> {
        let value = self.objective.get_mut().gradient(&self.theta, &mut self.grad).to_f64();
        let norm = largest(&self.grad);
        if value.is_finite() && norm.is_finite() { Ok((value, norm)) } else { self.diverged() }
    }

    /// No rate has had a part in it before the first step.
    fn diverged<V>(&self) -> Result<V> {
        if self.step == 0 {
            return Err(out_of_range("the risk at the start"));
        }
        Err(Error::Diverged { iteration: self.epochs() + 1 })
    }

    /// One step by the gradient in `grad`.
    fn advance(&mut self) -> Result<()> {
        self.rate = self.trainer.schedule.rate(self.step) * self.factor;
        let rate = T::of(self.rate);
        if !(self.rate >= 0.0 && rate.is_finite()) {
            return Err(Error::Config { name: "learning rate", needs: "finite and at least 0" });
        }
        if self.step == 0 && self.rate > 0.0 && rate == T::zero() {
            let needs = "larger: in the number type of the data it becomes 0";
            return Err(Error::Config { name: "learning rate", needs });
        }
        self.trainer.rule.step(self.state.get_mut(), &mut self.theta, &mut self.grad, rate);
        self.step += 1;
        if self.trainer.average_from.is_some_and(|from| self.epochs() + 1 >= from) {
            self.averaged += 1;
            let share = T::of(1.0 / self.averaged as f64);
            self.average.iter_mut().zip(&self.theta).for_each(|(mean, &theta)| *mean += share * (theta - *mean));
        }
        Ok(())
    }

    /// Whether the risk ended far above its start and still grows, at least twofold in each of the last epochs: a rule with
    /// steps of one length, which started at the minimum, soon grows by less.
    fn ran_away(&self, value: f64) -> bool {
        let last = self.history.len().saturating_sub(3);
        let before = std::iter::once(&self.initial).chain(&self.history);
        let grows = before.zip(&self.history).skip(last).all(|(before, after)| *after > 2.0 * before.abs());
        value > 1e3 * self.initial.abs() && grows
    }

    /// The parameters to return (chosen by an observer, or the average, or the last), and the report on them.
    pub fn finish(mut self, reason: Option<Reason>, chosen: Option<Vec<T>>) -> Result<Solution<T>> {
        let by_observer = chosen.as_ref().is_some_and(|chosen| *chosen != self.theta);
        if let Some(chosen) = chosen {
            self.theta = chosen;
        } else if self.averaged > 0 {
            std::mem::swap(&mut self.theta, &mut self.average);
        }
        let (value, norm) = self.full()?;
        let mut reason = reason.unwrap_or(Reason::MaxIterations);
        if reason == Reason::Value && self.ran_away(value) {
            return Err(Error::Diverged { iteration: self.epochs() });
        }
        let confirmed = reason == Reason::Value && self.is_done(value, norm);
        let holds = match reason {
            Reason::Target => self.trainer.loss_target.is_some_and(|target| value <= target),
            Reason::Value => confirmed,
            _ => true,
        };
        if by_observer && !holds {
            reason = Reason::Stopped;
        }
        let report = Report::new(reason, self.history.len(), value, norm).with_history(self.history);
        Ok(Solution { params: self.theta, report: if confirmed { report.confirmed() } else { report } })
    }

    /// Whether nothing noticeable is left to gain at θ.
    fn is_done(&mut self, value: f64, norm: f64) -> bool {
        let share = share(self.trainer.tolerance.unwrap_or(0.0), T::default_epsilon().to_f64());
        let bound = share * self.improvement.scale(value);
        norm == 0.0 || is_minimum(*self.objective.get_mut(), &self.theta, value, bound)
    }
}
