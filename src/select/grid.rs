use super::cross_validate_with;
use crate::data::Dataset;
use crate::metrics::Score;
use crate::model::Regressor;
use crate::{Error, Real, Result};
use nalgebra::DMatrix;

/// What [`grid_search`] found: every candidate with its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Search<P> {
    candidates: Vec<(P, Vec<f64>)>,
    best: usize,
}

impl<P> Search<P> {
    /// The candidate with the best mean score; the first of equals.
    #[must_use]
    pub fn best(&self) -> &P {
        &self.candidates[self.best].0
    }

    /// The mean score of the best candidate.
    #[must_use]
    pub fn best_score(&self) -> f64 {
        mean(&self.candidates[self.best].1)
    }

    /// Every candidate in order, with its score for each fold.
    #[must_use]
    pub fn candidates(&self) -> &[(P, Vec<f64>)] {
        &self.candidates
    }
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}

/// Cross-validates the regressor that `build` makes of each candidate, all on the same folds; the largest mean score wins,
/// so an error is handed in with its sign turned.
///
/// A candidate may be anything: a number, a tuple from nested loops, a struct.
///
/// ```
/// use residual::nalgebra::DMatrix;
/// use residual::{Dataset, LinearRegression, metrics, select};
/// let x = DMatrix::from_fn(24, 2, |i, j| ((i * 31 + j * 17) as f64).sin());
/// let y = DMatrix::from_fn(24, 1, |i, _| 5.0 + x[(i, 0)] - x[(i, 1)]);
/// let data = Dataset::new(&x, &y)?;
/// let settings = [(1.0, true), (0.0, false), (0.0, true)];
/// let build = |&(l2, intercept): &(f64, bool)| LinearRegression::new().l2(l2).intercept(intercept);
/// let search = select::grid_search(settings, build, &data, 4, 0, |y, p| metrics::r2(y, p))?;
/// assert_eq!(search.best(), &(0.0, true));
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for no candidate, [`Error::Undefined`] for a score that is NaN, and those of
/// [`cross_validate_with`].
pub fn grid_search<T: Real, P, R: Regressor<T>>(
    candidates: impl IntoIterator<Item = P>,
    build: impl Fn(&P) -> R,
    data: &Dataset<'_, T>,
    folds: usize,
    seed: u64,
    score: impl Fn(&DMatrix<T>, &DMatrix<T>) -> Result<f64>,
) -> Result<Search<P>> {
    grid_search_with(candidates, build, data, folds, seed, &score)
}

/// [`grid_search`] by any [`Score`], which sees the weights of the samples; the best mean score wins, be that the largest
/// or the smallest.
///
/// ```
/// use residual::nalgebra::DMatrix;
/// use residual::{Dataset, LinearRegression, metrics::Rmse, select};
/// let x = DMatrix::from_fn(24, 2, |i, j| ((i * 31 + j * 17) as f64).sin());
/// let y = DMatrix::from_fn(24, 1, |i, _| 5.0 + x[(i, 0)] - x[(i, 1)]);
/// let data = Dataset::new(&x, &y)?;
/// let build = |&l2: &f64| LinearRegression::new().l2(l2);
/// let search = select::grid_search_with([1.0, 0.1, 0.0], build, &data, 4, 0, &Rmse)?;
/// assert_eq!(search.best(), &0.0);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// Those of [`grid_search`].
pub fn grid_search_with<T: Real, P, R: Regressor<T>>(
    candidates: impl IntoIterator<Item = P>,
    build: impl Fn(&P) -> R,
    data: &Dataset<'_, T>,
    folds: usize,
    seed: u64,
    score: &impl Score<T>,
) -> Result<Search<P>> {
    let better = |a: f64, b: f64| if score.greater_is_better() { a > b } else { a < b };
    let mut scored: Vec<(P, Vec<f64>)> = Vec::new();
    let mut best = 0;
    for candidate in candidates {
        let scores = cross_validate_with(&build(&candidate), data, folds, seed, score)?;
        if mean(&scores).is_nan() {
            return Err(Error::Undefined { what: "the score of a candidate", why: "it is NaN" });
        }
        if scored.get(best).is_some_and(|(_, before)| better(mean(&scores), mean(before))) {
            best = scored.len();
        }
        scored.push((candidate, scores));
    }
    if scored.is_empty() {
        return Err(Error::Empty { what: "the list of candidates" });
    }
    Ok(Search { candidates: scored, best })
}
