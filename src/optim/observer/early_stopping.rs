use super::{Observer, Progress};
use crate::{Objective, Real};
use std::ops::ControlFlow;

/// Stops a fit when a validation value no longer falls, and ends it with the best parameters seen.
///
/// The value is any objective's, as the risk on samples kept apart ([`EarlyStopping::on`]), or any function of the
/// parameters, smaller being better ([`EarlyStopping::new`]). After `patience` iterates in a row without a new best the fit
/// is stopped; stopped or not, it returns the best.
///
/// ```
/// use residual::optim::{EarlyStopping, Observer, Progress};
/// let mut stop = EarlyStopping::new(2, |theta: &[f64]| (theta[0] - 3.0).abs());
/// let path = [1.0, 2.5, 4.0, 5.0, 6.0];
/// let last = path.iter().position(|&theta| stop.observe(&Progress::new(1, 0.0, None, &[theta])).is_break());
/// assert_eq!(last, Some(3));
/// assert_eq!(stop.best(), Some((2, 0.5)));
/// assert_eq!(stop.choose(), Some(vec![2.5]));
/// ```
///
/// Source: Prechelt (1998), Early Stopping — But When?, criterion UP with strips of one epoch.
pub struct EarlyStopping<T, F> {
    validate: F,
    patience: usize,
    threshold: f64,
    values: Vec<f64>,
    best: Option<Best<T>>,
}

#[derive(Debug, Clone)]
struct Best<T> {
    seen: usize,
    value: f64,
    params: Vec<T>,
}

impl<T, F> std::fmt::Debug for EarlyStopping<T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EarlyStopping")
            .field("patience", &self.patience)
            .field("threshold", &self.threshold)
            .field("seen", &self.values.len())
            .field("best", &self.best())
            .finish_non_exhaustive()
    }
}

impl<T: Real> EarlyStopping<T, ()> {
    /// Validates on `objective`, say a `Risk` over samples kept apart, without a penalty.
    #[must_use]
    pub fn on<O: Objective<T>>(patience: usize, mut objective: O) -> EarlyStopping<T, impl FnMut(&[T]) -> f64> {
        EarlyStopping::new(patience, move |theta: &[T]| objective.value(theta).to_f64())
    }
}

impl<T: Real, F: FnMut(&[T]) -> f64> EarlyStopping<T, F> {
    /// Validates by `validate`, a function of θ; a `patience` of 0 stops at the first iterate that is no new best.
    #[must_use]
    pub fn new(patience: usize, validate: F) -> Self {
        Self { validate, patience: patience.max(1), threshold: 0.0, values: Vec::new(), best: None }
    }
}

impl<T, F> EarlyStopping<T, F> {
    /// By how much a value must be below the best to be a new best; 0 unless set.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// The validation value of each iterate.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Which iterate was best (from 1), and its value.
    #[must_use]
    pub fn best(&self) -> Option<(usize, f64)> {
        self.best.as_ref().map(|best| (best.seen, best.value))
    }
}

impl<T: Real, F: FnMut(&[T]) -> f64> Observer<T> for EarlyStopping<T, F> {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        let value = (self.validate)(progress.params());
        self.values.push(value);
        let seen = self.values.len();
        match &mut self.best {
            // NaN is never better.
            Some(best) if value < best.value - self.threshold => {
                (best.seen, best.value) = (seen, value);
                best.params.copy_from_slice(progress.params());
            }
            Some(best) if seen - best.seen >= self.patience => return ControlFlow::Break(()),
            Some(_) => {}
            None if value.is_nan() => {}
            None => self.best = Some(Best { seen, value, params: progress.params().to_vec() }),
        }
        ControlFlow::Continue(())
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        self.best.as_ref().map(|best| best.params.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: &[f64], patience: usize, threshold: f64) -> (usize, Option<(usize, f64)>) {
        let mut stop = EarlyStopping::new(patience, |theta: &[f64]| theta[0]).threshold(threshold);
        for (i, &value) in values.iter().enumerate() {
            if stop.observe(&Progress::new(i + 1, 0.0, None, &[value])).is_break() {
                return (i + 1, stop.best());
            }
        }
        (values.len(), stop.best())
    }

    #[test]
    fn patience_counts_iterates_in_a_row_without_a_new_best() {
        assert_eq!(run(&[3.0, 2.0, 2.5, 1.0, 2.0, 2.0, 2.0, 0.0], 3, 0.0), (7, Some((4, 1.0))));
        assert_eq!(run(&[3.0, 3.0, 1.0], 0, 0.0), (2, Some((1, 3.0))));
        assert_eq!(run(&[3.0, 2.9, 2.8, 2.7], 2, 0.5), (3, Some((1, 3.0))));
        assert_eq!(run(&[3.0, 2.0, 1.0], 1, 0.0), (3, Some((3, 1.0))));
    }

    #[test]
    fn nan_is_never_the_best() {
        assert_eq!(run(&[f64::NAN, 2.0, f64::NAN, f64::NAN], 2, 0.0), (4, Some((2, 2.0))));
        assert_eq!(run(&[f64::NAN], 2, 0.0).1, None);
    }
}
