//! A run as a checkpoint and back, and what both must have in common.

use super::Trainer;
use super::checkpoint::Checkpoint;
use super::run::Run;
use super::state::{Restore, Save};
use crate::objective::FiniteSum;
use crate::optim::ends::largest;
use crate::optim::{Rule, Schedule};
use crate::{Error, Real, Result};

/// Where a fit stands, to be saved.
pub(in crate::optim) trait Snapshot<T> {
    /// With the state of the observers.
    fn checkpoint(&self, observers: Vec<f64>) -> Result<Checkpoint<T>>;
}

/// What a resumed fit must have as the one that was saved: the name in the text form, and for the user.
pub(super) const SETTINGS: [(&str, &str); 10] = [
    ("numbers", "the number type"),
    ("layout", "the layout of the parameters"),
    ("terms", "the number of samples of positive weight"),
    ("batch_size", "batch_size"),
    ("shuffle", "shuffle"),
    ("accumulate", "accumulate"),
    ("seed", "the seed"),
    ("average_from", "average_from"),
    ("values", "the value of an epoch (with a loss target or a tolerance the risk, else a mean over batches)"),
    ("rule", "the rule"),
];

/// The values of [`SETTINGS`].
pub(super) type Settings = [String; SETTINGS.len()];

fn settings<T: Real, O: FiniteSum<T>, R: Rule<T>, S>(trainer: &Trainer<R, S>, objective: &O) -> Settings {
    let layout = objective.layout().map(|layout| {
        let block = |block: &crate::layout::Block| format!("{} {}x{}", block.name(), block.shape().0, block.shape().1);
        layout.blocks().iter().map(block).collect::<Vec<_>>().join(", ")
    });
    // What full batches do not use may differ.
    let batch = |setting: String| trainer.batch_size.map_or_else(|| "unused".to_owned(), |_| setting);
    let values = if trainer.batch_size.is_none() || trainer.needs_risk() { "risk" } else { "mean" };
    let number = |number: Option<usize>, none: &str| number.map_or_else(|| none.to_owned(), |n| n.to_string());
    let settings = [
        std::any::type_name::<T>().to_owned(),
        layout.unwrap_or_else(|| format!("{} parameters", objective.dim())),
        objective.terms().to_string(),
        number(trainer.batch_size, "full"),
        batch(trainer.shuffle.to_string()),
        batch(trainer.accumulate.to_string()),
        batch(trainer.seed.to_string()),
        number(trainer.average_from, "off"),
        values.to_owned(),
        trainer.rule.describe(),
    ];
    // One line each in the text form.
    settings.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The first difference.
pub(super) fn compare(saved: &Settings, found: &Settings) -> Result<()> {
    for (((name, what), saved), found) in SETTINGS.iter().zip(saved).zip(found) {
        if saved != found {
            // Of the blocks the first that differ; one list may only be longer.
            let mut items = saved.split(", ").zip(found.split(", ")).filter(|_| *name == "layout");
            let (saved, found) = items.find(|(saved, found)| saved != found).unwrap_or((saved, found));
            return Err(differs(what, saved, found));
        }
    }
    Ok(())
}

/// Steps and batches of one epoch over so many terms.
fn per_epoch<R, S>(trainer: &Trainer<R, S>, terms: usize) -> (usize, usize) {
    let Some(size) = trainer.batch_size else { return (1, 0) };
    let group = size.saturating_mul(trainer.accumulate);
    let batches = (terms / group).saturating_mul(trainer.accumulate) + (terms % group).div_ceil(size);
    (terms.div_ceil(group), batches)
}

fn differs(what: &'static str, saved: impl ToString, found: impl ToString) -> Error {
    Error::Resume { what, saved: saved.to_string(), found: found.to_string() }
}

impl<'r, T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Run<'r, T, O, R, S> {
    /// From a checkpoint; what was not saved follows from what was.
    pub fn restore(trainer: &'r Trainer<R, S>, objective: &'r mut O, saved: &Checkpoint<T>) -> Result<Self> {
        compare(&saved.settings, &settings(trainer, objective))?;
        let (steps, batches) = per_epoch(trainer, objective.terms());
        let mut run = Self::new(trainer, objective, saved.params.clone())?;
        let epochs = saved.history.len();
        if saved.average.len() != run.average.len() {
            return Err(differs("the length of the average", saved.average.len(), run.average.len()));
        }
        Restore::into(saved, |visitor| trainer.rule.visit(run.state.get_mut(), visitor))?;
        run.step = epochs.saturating_mul(steps);
        run.batches = epochs.saturating_mul(batches) as u64;
        run.objective.get_mut().seek(run.batches);
        run.average.copy_from_slice(&saved.average);
        let averaging = trainer.average_from.map_or(0, |from| (epochs + 1).saturating_sub(from));
        run.averaged = averaging.saturating_mul(steps) as u64;
        run.initial = saved.initial;
        run.history.clone_from(&saved.history);
        run.improvement = trainer.improvement::<T>(saved.initial);
        saved.history.iter().for_each(|&value| run.improvement.record(value));
        run.look_at_average()?;
        let found = match trainer.batch_size {
            // Leaves the gradient for the next step.
            None => run.full()?.0,
            Some(size) => run.first_batch(size)?,
        };
        // The bits on the machine that saved it; other machines round otherwise.
        let rounding = T::default_epsilon().to_f64();
        let first = saved.history.first().map_or(0.0, |first| first.abs());
        if (found - saved.risk).abs() <= rounding * (1e4 * found.abs().max(saved.risk.abs()) + first) {
            return Ok(run);
        }
        Err(differs("the risk at the parameters (by data, layer, loss and penalty)", saved.risk, found))
    }

    /// The value of the first batch in order at θ. It tells whether data, layer, loss and penalty are those of the fit that
    /// was saved.
    fn first_batch(&self, size: usize) -> Result<f64> {
        let mut objective = self.objective.try_borrow_mut().map_err(|_| busy())?;
        let terms: Vec<usize> = (0..objective.terms().min(size)).collect();
        let mut grad = vec![T::zero(); self.theta.len()];
        let value = objective.batch_gradient(&terms, &self.theta, &mut grad).to_f64();
        // That batch does not count.
        objective.seek(self.batches);
        if value.is_finite() && largest(&self.theta).is_finite() {
            return Ok(value);
        }
        Err(unsaved("the risk or the parameters are NaN or infinite"))
    }
}

fn busy() -> Error {
    unsaved("the fit is in the midst of a step")
}

fn unsaved(why: &'static str) -> Error {
    Error::Undefined { what: "a checkpoint", why }
}

impl<T: Real, O: FiniteSum<T>, R: Rule<T>, S: Schedule> Snapshot<T> for Run<'_, T, O, R, S> {
    fn checkpoint(&self, observers: Vec<f64>) -> Result<Checkpoint<T>> {
        let risk = match self.trainer.batch_size {
            None => self.last_value(),
            Some(size) => self.first_batch(size)?,
        };
        let settings = settings(self.trainer, &**self.objective.try_borrow().map_err(|_| busy())?);
        let mut saved = Checkpoint {
            settings,
            initial: self.initial,
            risk,
            history: self.history.clone(),
            params: self.theta.clone(),
            average: self.average.clone(),
            numbers: Vec::new(),
            scalars: Vec::new(),
            counts: Vec::new(),
            observers,
        };
        let mut state = self.state.try_borrow_mut().map_err(|_| busy())?;
        if self.trainer.rule.visit(&mut state, &mut Save(&mut saved)) {
            return Ok(saved);
        }
        Err(unsaved("the rule does not show its state; implement Rule::visit for it"))
    }
}
