//! What the regressors that are trained have in common.

use super::{Fitted, minimize};
use crate::data::Dataset;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::{EarlyStopping, Observer, Progress, Solver};
use crate::risk::Risk;
use crate::{Real, Result};
use std::ops::ControlFlow;

/// The settings of a training, besides layer, loss and solver.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Training {
    pub l2: f64,
    pub seed: u64,
    pub class_weights: Option<Vec<f64>>,
    /// The share of the samples that is kept apart.
    pub validation: Option<f64>,
    pub patience: usize,
}

impl Default for Training {
    fn default() -> Self {
        Self { l2: 0.0, seed: 0, class_weights: None, validation: None, patience: 10 }
    }
}

impl Training {
    pub fn fit<T, N, L, S>(
        &self,
        data: &Dataset<'_, T>,
        (layer, loss): (N, L),
        solver: &S,
        observer: &mut dyn Observer<T>,
    ) -> Result<Fitted<T, N, L>>
    where
        T: Real,
        N: Layer<T> + Clone,
        L: Loss<T> + Clone,
        S: for<'r> Solver<T, Risk<'r, T, N, L>>,
    {
        let parts = (layer, loss);
        self.fit_counting(data.without_zero_weights(), parts, solver, observer).map_err(|e| data.error_as_given(e))
    }

    /// [`fit`](Training::fit) to data without rows of weight 0.
    fn fit_counting<T, N, L, S>(
        &self,
        data: &Dataset<'_, T>,
        (layer, loss): (N, L),
        solver: &S,
        observer: &mut dyn Observer<T>,
    ) -> Result<Fitted<T, N, L>>
    where
        T: Real,
        N: Layer<T> + Clone,
        L: Loss<T> + Clone,
        S: for<'r> Solver<T, Risk<'r, T, N, L>>,
    {
        let weighted = match &self.class_weights {
            Some(weights) => Some(data.replaced(None, None)?.with_class_weights(weights)?),
            None => None,
        };
        let data = weighted.as_ref().unwrap_or(data);
        let Some(fraction) = self.validation else {
            return minimize(data, (layer, loss, self.l2), solver, Some(self.seed), observer);
        };
        // Errors of the parts would name rows of the parts.
        Risk::new(data, &layer, &loss, self.l2)?;
        let (train, valid) = data.split(fraction, self.seed)?;
        let risk = Risk::new(&valid, &layer, &loss, 0.0)?;
        let mut both = Both { user: observer, stop: EarlyStopping::on(self.patience, risk) };
        let parts = (layer.clone(), loss.clone(), self.l2);
        let fitted = minimize(&train, parts, solver, Some(self.seed), &mut both)?;
        Ok(fitted.with_validation(both.stop.values()))
    }
}

/// The user's observer, and the one that stops.
struct Both<'o, T, O> {
    user: &'o mut dyn Observer<T>,
    stop: O,
}

impl<T: Real, O: Observer<T>> Observer<T> for Both<'_, T, O> {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        let (first, second) = (self.user.observe(progress), self.stop.observe(progress));
        if first.is_break() { first } else { second }
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        let (first, second) = (self.user.choose(), self.stop.choose());
        first.or(second)
    }
}
