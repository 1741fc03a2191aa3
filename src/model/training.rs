//! What the regressors that are trained have in common.

use super::{Fitted, minimize};
use crate::data::Dataset;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::observer::pair;
use crate::optim::{EarlyStopping, Observer, Progress, Solver};
use crate::risk::Risk;
use crate::{Error, Real, Result};
use std::ops::ControlFlow;

/// The settings of a training, besides layer, loss and solver.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Training {
    pub l2: f64,
    pub seed: u64,
    pub class_weights: Option<Vec<f64>>,
    /// The share of the samples that is kept apart.
    pub validation: Option<f64>,
    pub patience: Option<usize>,
}

/// Iterations without a new best on the validation samples, unless set.
const PATIENCE: usize = 10;

impl Default for Training {
    fn default() -> Self {
        Self { l2: 0.0, seed: 0, class_weights: None, validation: None, patience: None }
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
        self.check(data.samples())?;
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
        let stop = EarlyStopping::on(self.patience.unwrap_or(PATIENCE), risk);
        let mut both = Both { stop, user: observer };
        let parts = (layer.clone(), loss.clone(), self.l2);
        let fitted = minimize(&train, parts, solver, Some(self.seed), &mut both)?;
        Ok(fitted.with_validation(both.stop.values()))
    }

    /// The settings of early stopping, by the names that the user knows.
    fn check(&self, samples: usize) -> Result<()> {
        if self.patience == Some(0) {
            return Err(Error::Config { name: "patience", needs: "at least 1" });
        }
        let Some(fraction) = self.validation else {
            let needs = "set together with validation_split (that of a tolerance is set on the solver)";
            return self.patience.map_or(Ok(()), |_| Err(Error::Config { name: "patience", needs }));
        };
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(Error::Config { name: "validation_split", needs: "above 0 and below 1" });
        }
        if samples < 2 {
            return Err(Error::Config {
                name: "validation_split",
                needs: "unset for one sample: there is nothing to keep apart",
            });
        }
        Ok(())
    }
}

/// The observer that stops, and the user's: a pair in which the user's choice of parameters goes first.
struct Both<'o, T, O> {
    stop: O,
    user: &'o mut dyn Observer<T>,
}

impl<T: Real, O: Observer<T>> Observer<T> for Both<'_, T, O> {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        pair::observe(&mut self.stop, self.user, progress)
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        let (first, second) = (self.user.choose(), self.stop.choose());
        first.or(second)
    }

    fn check(&self) -> Result<()> {
        self.user.check()?;
        self.stop.check()
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn save(&self) -> Option<Vec<f64>> {
        pair::save(&self.stop, self.user)
    }

    fn restore(&mut self, state: &[f64]) -> Result<ControlFlow<()>> {
        pair::restore(&mut self.stop, self.user, state)
    }
}
