use super::{Observer, Progress, unknown_state};
use crate::optim::range;
use crate::{Objective, Real, Result};
use std::ops::ControlFlow;

/// Stops a fit when a validation value no longer falls, and ends it with the best parameters seen.
///
/// The value is any objective's, as the risk on samples kept apart ([`EarlyStopping::on`]), or any function of the
/// parameters, smaller being better ([`EarlyStopping::new`]). After `patience` iterates in a row without a new best the fit
/// is stopped; stopped or not, it returns the best. A patience of 0 and a threshold that is negative or not finite are refused
/// by the solver.
///
/// A checkpoint holds the values and the best parameters, so a resumed fit stops where the whole one does. What the validating
/// function itself remembers is not in it.
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
    /// Validates by `validate`, a function of θ; a `patience` of 1 stops at the first iterate that is no new best.
    #[must_use]
    pub fn new(patience: usize, validate: F) -> Self {
        Self { validate, patience, threshold: 0.0, values: Vec::new(), best: None }
    }
}

impl<T, F> EarlyStopping<T, F> {
    /// By how much a value must be below the best to be a new best, at least 0; 0 unless set.
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

    /// Whether the patience has run out.
    fn is_spent(&self) -> bool {
        let best = self.best.as_ref().map_or(0, |best| best.seen);
        best < self.values.len() && self.values.len() - best >= self.patience
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
                best.params.clear();
                best.params.extend_from_slice(progress.params());
            }
            Some(_) => {}
            None if value.is_nan() => {}
            None => self.best = Some(Best { seen, value, params: progress.params().to_vec() }),
        }
        if self.is_spent() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        self.best.as_ref().map(|best| best.params.clone())
    }

    fn check(&self) -> Result<()> {
        range::at_least_one("patience", self.patience)?;
        range::nonnegative("threshold", self.threshold)
    }

    fn is_stateless(&self) -> bool {
        false
    }

    /// The number of values and the values; then, if there is a best, which it is, its value and its parameters.
    fn save(&self) -> Option<Vec<f64>> {
        let mut state = vec![self.values.len() as f64];
        state.extend(&self.values);
        if let Some(best) = &self.best {
            state.extend([best.seen as f64, best.value]);
            state.extend(best.params.iter().map(|p| p.to_f64()));
        }
        Some(state)
    }

    fn restore(&mut self, state: &[f64]) -> Result<ControlFlow<()>> {
        (self.values, self.best) = (Vec::new(), None);
        let Some((&count, rest)) = state.split_first() else { return Ok(ControlFlow::Continue(())) };
        let Some((values, best)) = rest.split_at_checked(count as usize) else { return Err(unknown_state(state)) };
        self.values.extend(values);
        self.best = match best {
            [] => None,
            [seen, value, params @ ..] if (1.0..=count).contains(seen) => {
                let params = params.iter().map(|&p| T::of(p)).collect();
                Some(Best { seen: *seen as usize, value: *value, params })
            }
            _ => return Err(unknown_state(state)),
        };
        Ok(if self.is_spent() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
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
        assert_eq!(run(&[3.0, 3.0, 1.0], 1, 0.0), (2, Some((1, 3.0))));
        assert_eq!(run(&[3.0, 2.9, 2.8, 2.7], 2, 0.5), (3, Some((1, 3.0))));
        assert_eq!(run(&[3.0, 2.0, 1.0], 1, 0.0), (3, Some((3, 1.0))));
    }

    #[test]
    fn nan_is_never_the_best() {
        assert_eq!(run(&[f64::NAN, 2.0, f64::NAN, f64::NAN], 2, 0.0), (4, Some((2, 2.0))));
        assert_eq!(run(&[f64::NAN; 5], 2, 0.0), (2, None));
    }

    #[test]
    fn what_is_saved_goes_on_as_before() {
        let values = [3.0, f64::NAN, 2.0, 2.5, 1.0, 2.0, 2.0, 2.0, 0.0];
        for cut in 0..=7 {
            let stopping = || EarlyStopping::new(3, |theta: &[f64]| theta[0]);
            let (mut first, mut rest) = (stopping(), stopping());
            let show = |stop: &mut EarlyStopping<f64, _>, value| stop.observe(&Progress::new(1, 0.0, None, &[value]));
            values[..cut].iter().for_each(|&value| assert!(show(&mut first, value).is_continue()));
            let state = Observer::<f64>::save(&first).unwrap();
            assert!(rest.restore(&state).unwrap().is_continue());
            let (end, more) = (values[cut..].iter().position(|&value| show(&mut rest, value).is_break()), cut);
            assert_eq!((end.map(|end| end + more), rest.best()), (Some(7), Some((5, 1.0))), "{cut}");
            // Stopped already: says so.
            let state = Observer::<f64>::save(&rest).unwrap();
            assert!(first.restore(&state).unwrap().is_break() && first.best() == Some((5, 1.0)));
        }
        let mut stop = EarlyStopping::new(3, |theta: &[f64]| theta[0]);
        for wrong in [&[2.0, 1.0][..], &[1.0, 5.0, 2.0, 5.0], &[1.0, 5.0, 1.0], &[f64::NAN, 1.0], &[-1.0, 1.0]] {
            assert!(stop.restore(wrong).is_err(), "{wrong:?}");
        }
    }
}
