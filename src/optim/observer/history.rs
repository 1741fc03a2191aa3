use super::{Observer, Progress, unknown_state};
use crate::{Real, Result};
use std::ops::ControlFlow;

/// Keeps what each iterate showed; inside [`Every`](super::Every), of each n-th.
///
/// ```
/// use residual::optim::{History, Observer, Progress};
/// let mut history = History::default();
/// let _ = history.observe(&Progress::<f64>::new(1, 0.5, Some(0.1), &[]));
/// assert_eq!((history.iterations(), history.values()), (&[1][..], &[0.5][..]));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    iterations: Vec<usize>,
    values: Vec<f64>,
    gradient_norms: Vec<Option<f64>>,
    rates: Vec<Option<f64>>,
}

impl History {
    /// Which iterations were seen.
    #[must_use]
    pub fn iterations(&self) -> &[usize] {
        &self.iterations
    }

    /// The value of each.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The gradient norm of each, where the solver knew it.
    #[must_use]
    pub fn gradient_norms(&self) -> &[Option<f64>] {
        &self.gradient_norms
    }

    /// The learning rate of each, where the solver has one.
    #[must_use]
    pub fn rates(&self) -> &[Option<f64>] {
        &self.rates
    }
}

impl<T: Real> Observer<T> for History {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        self.iterations.push(progress.iteration());
        self.values.push(progress.value());
        self.gradient_norms.push(progress.gradient_norm());
        self.rates.push(progress.rate());
        ControlFlow::Continue(())
    }

    /// Four numbers per iterate; NaN stands for what was not known.
    fn save(&self) -> Option<Vec<f64>> {
        let known = |number: &Option<f64>| number.unwrap_or(f64::NAN);
        let rows = self.iterations.iter().zip(&self.values).zip(&self.gradient_norms).zip(&self.rates);
        let row = |(((&i, &value), norm), rate)| [i as f64, value, known(norm), known(rate)];
        Some(rows.flat_map(row).collect())
    }

    fn restore(&mut self, state: &[f64]) -> Result<ControlFlow<()>> {
        let (rows, []) = state.as_chunks::<4>() else { return Err(unknown_state(state)) };
        let known = |number: f64| Some(number).filter(|number| !number.is_nan());
        *self = Self::default();
        for &[iteration, value, norm, rate] in rows {
            self.iterations.push(iteration as usize);
            self.values.push(value);
            self.gradient_norms.push(known(norm));
            self.rates.push(known(rate));
        }
        Ok(ControlFlow::Continue(()))
    }
}
