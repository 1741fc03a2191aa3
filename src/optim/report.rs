//! How a fit ended.

use super::Warning;
pub use crate::error::Reason;
use crate::{Error, Result};

/// How a fit ended: the reason, the steps, the value and gradient there, and what the solver has to say besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    reason: Reason,
    iterations: usize,
    value: f64,
    gradient_norm: f64,
    history: Vec<f64>,
    validation: Vec<f64>,
    rank: Option<usize>,
    condition: Option<f64>,
    last_correction: Option<f64>,
    correct_digits: Option<f64>,
    penalized: bool,
    confirmed: bool,
    warnings: Vec<Warning>,
}

impl Report {
    /// A report with no history, rank or warnings. With [`Reason::Value`] it counts as converged where the gradient is 0; see
    /// [`confirmed`](Report::confirmed).
    #[must_use]
    pub fn new(reason: Reason, iterations: usize, value: f64, gradient_norm: f64) -> Self {
        Self {
            reason,
            iterations,
            value,
            gradient_norm,
            history: Vec::new(),
            validation: Vec::new(),
            rank: None,
            condition: None,
            last_correction: None,
            correct_digits: None,
            penalized: false,
            confirmed: gradient_norm == 0.0,
            warnings: Vec::new(),
        }
    }

    /// With the solver's proof that no further step would lower the value noticeably: then [`Reason::Value`] counts as
    /// converged.
    #[must_use]
    pub fn confirmed(mut self) -> Self {
        self.confirmed = true;
        self
    }

    /// With the value after each iteration.
    #[must_use]
    pub fn with_history(mut self, history: Vec<f64>) -> Self {
        self.history = history;
        self
    }

    /// With the value on validation samples after each iteration.
    #[must_use]
    pub fn with_validation(mut self, values: Vec<f64>) -> Self {
        self.validation = values;
        self
    }

    /// With the number of independent feature columns.
    #[must_use]
    pub fn with_rank(mut self, rank: usize) -> Self {
        self.rank = Some(rank);
        self
    }

    /// With the estimated condition of the scaled design.
    #[must_use]
    pub fn with_condition(mut self, condition: f64) -> Self {
        self.condition = Some(condition);
        self
    }

    /// With the relative size of the last correction.
    #[must_use]
    pub fn with_last_correction(mut self, size: f64) -> Self {
        self.last_correction = Some(size);
        self
    }

    /// With an estimate of the correct digits of the worst parameter.
    #[must_use]
    pub fn with_correct_digits(mut self, digits: f64) -> Self {
        self.correct_digits = Some(digits);
        self
    }

    /// With one more warning.
    #[must_use]
    pub fn with_warning(mut self, warning: Warning) -> Self {
        self.warnings.push(warning);
        self
    }

    /// Marked as the report of a penalized fit.
    pub(crate) fn penalized(mut self) -> Self {
        self.penalized = true;
        self
    }

    /// Whether the fit is known to be penalized.
    pub(crate) fn is_penalized(&self) -> bool {
        self.penalized
    }

    /// Replaces the stop reason.
    pub(crate) fn with_reason(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }

    /// Why the solver stopped.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Whether the answer is proven to be what was asked for: `Direct`, `Gradient` or `Target`; `Value` only where the solver
    /// has also seen that no further step would lower the value noticeably, or the gradient is 0.
    #[must_use]
    pub fn converged(&self) -> bool {
        match self.reason {
            Reason::Direct | Reason::Gradient | Reason::Target => true,
            Reason::Value => self.confirmed,
            _ => false,
        }
    }

    /// How many iterations (epochs) were made.
    #[must_use]
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// The risk at the parameters returned.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The largest absolute entry of the gradient there.
    #[must_use]
    pub fn gradient_norm(&self) -> f64 {
        self.gradient_norm
    }

    /// The value after each iteration.
    #[must_use]
    pub fn history(&self) -> &[f64] {
        &self.history
    }

    /// The risk without penalty on the validation samples after each iteration; empty without a validation split.
    #[must_use]
    pub fn validation(&self) -> &[f64] {
        &self.validation
    }

    /// The number of independent feature columns (after centring, with an intercept), where the solver determines it.
    #[must_use]
    pub fn rank(&self) -> Option<usize> {
        self.rank
    }

    /// The estimated 2-norm condition of the problem with columns of norm 1 (centred, with an intercept): relative changes of
    /// the data can come out larger by this factor in the parameters. From a direct solver.
    #[must_use]
    pub fn condition(&self) -> Option<f64> {
        self.condition
    }

    /// The norm of the last correction over that of the parameters, columns of norm 1. From a direct solver.
    #[must_use]
    pub fn last_correction(&self) -> Option<f64> {
        self.last_correction
    }

    /// An estimate, on the safe side, of the correct decimal digits of the worst parameter, for the data as given; about 15.9
    /// where each is the nearest `f64`. From a direct solver.
    #[must_use]
    pub fn correct_digits(&self) -> Option<f64> {
        self.correct_digits
    }

    /// What a user should know besides.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Makes not converging an error.
    ///
    /// # Errors
    /// [`Error::NotConverged`] unless [`converged`](Report::converged).
    pub fn ensure_converged(&self) -> Result<()> {
        if self.converged() {
            return Ok(());
        }
        Err(Error::NotConverged { reason: self.reason, iterations: self.iterations })
    }
}

/// What a solver found: parameters and how it got there.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution<T> {
    /// The parameters θ.
    pub params: Vec<T>,
    /// How the fit ended.
    pub report: Report,
}
