//! Sample weights: as given, and as sums over samples take them.

use super::Dataset;
use crate::linalg::carried::Sum;
use crate::{Error, Real, Result};
use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

/// One weight per sample. Only their ratios matter to a mean.
#[derive(Debug, Clone)]
pub(super) struct Weights<'a, T: Real> {
    given: Cow<'a, [T]>,
    relative: Relative<T>,
    /// How many are positive.
    positive: usize,
}

#[derive(Debug, Clone)]
enum Relative<T> {
    /// All the same, so that a mean needs none.
    Equal,
    /// Of moderate size.
    AsGiven,
    /// Divided by the largest: Σ w ℓ of the given ones could leave the range of T.
    Scaled(Vec<T>),
}

/// Largest weights from 1 over this to this are moderate.
const MODERATE: f64 = (1u64 << 20) as f64;

impl<'a, T: Real> Weights<'a, T> {
    /// Checks the weights.
    ///
    /// # Errors
    /// [`Error::Weight`], [`Error::NoWeight`], [`Error::Config`] for a sum that overflows.
    pub fn new(given: Cow<'a, [T]>) -> Result<Self> {
        if let Some(row) = given.iter().position(|&w| !(w >= T::zero() && w.is_finite())) {
            return Err(Error::Weight { row, value: given[row].to_f64() });
        }
        let mut total = Sum::default();
        given.iter().for_each(|w| total.add(w.to_f64()));
        if !T::of(total.value()).is_finite() {
            return Err(Error::Config { name: "the sum of the weights", needs: "finite" });
        }
        Self::trusted(given)
    }

    /// Weights that are known to be finite, at least 0, and of finite sum.
    ///
    /// # Errors
    /// [`Error::NoWeight`] if none is positive.
    pub fn trusted(given: Cow<'a, [T]>) -> Result<Self> {
        let positive = given.iter().filter(|&&w| w > T::zero()).count();
        let largest = given.iter().fold(T::zero(), |max, &w| if w > max { w } else { max });
        if positive == 0 {
            return Err(Error::NoWeight);
        }
        // A scalar of another type may carry more than its value, as a derivative.
        let plain = [TypeId::of::<f32>(), TypeId::of::<f64>()].contains(&TypeId::of::<T>());
        let relative = if plain && given.iter().all(|&w| w == largest) {
            Relative::Equal
        } else if (1.0 / MODERATE..=MODERATE).contains(&largest.to_f64()) {
            Relative::AsGiven
        } else {
            Relative::Scaled(given.iter().map(|&w| share(w, largest)).collect())
        };
        Ok(Self { given, relative, positive })
    }

    pub fn given(&self) -> &[T] {
        &self.given
    }

    /// The weights as a mean needs them; `None` where all are the same.
    pub fn relative(&self) -> Option<&[T]> {
        match &self.relative {
            Relative::Equal => None,
            Relative::AsGiven => Some(&self.given),
            Relative::Scaled(scaled) => Some(scaled),
        }
    }

    /// Whether all are positive.
    pub fn all_positive(&self) -> bool {
        self.positive == self.given.len()
    }

    /// The rows of positive weight.
    pub fn positive_rows(&self) -> impl Iterator<Item = usize> {
        self.given.iter().enumerate().filter(|&(_, &w)| w > T::zero()).map(|(row, _)| row)
    }

    /// The same weights, borrowed.
    pub fn borrowed(&self) -> Weights<'_, T> {
        Weights { given: Cow::Borrowed(&self.given), relative: self.relative.clone(), positive: self.positive }
    }
}

/// w / largest; the smallest normal number of f64 or f32 where that underflows, since the row still counts.
fn share<T: Real>(w: T, largest: T) -> T {
    if w <= T::zero() {
        return T::zero();
    }
    let shares = [w / largest, T::of(f64::MIN_POSITIVE), T::of(f64::from(f32::MIN_POSITIVE))];
    shares.into_iter().find(|&share| share > T::zero()).unwrap_or(w)
}

/// The rows of positive weight as a data set of their own, made once it is asked for; a clone makes its own.
pub(super) struct Positive<T: Real>(OnceLock<Option<Box<Dataset<'static, T>>>>);

impl<T: Real> Default for Positive<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T: Real> Clone for Positive<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T: Real> fmt::Debug for Positive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Positive").finish_non_exhaustive()
    }
}

impl<'a, T: Real> Dataset<'a, T> {
    /// The weights as means over the samples need them: in the same ratios as given, but so that sums stay in range; `None`
    /// where all are the same.
    pub(crate) fn relative_weights(&self) -> Option<&[T]> {
        self.weights.as_ref().and_then(Weights::relative)
    }

    /// The sum of the [relative weights](Dataset::relative_weights), the number of samples where there are none.
    pub(crate) fn total_weight(&self) -> f64 {
        let Some(weights) = self.relative_weights() else { return self.samples() as f64 };
        let mut total = Sum::default();
        weights.iter().for_each(|w| total.add(w.to_f64()));
        total.value()
    }

    /// The numbers of the rows of positive weight, where there are others.
    pub(crate) fn positive_rows(&self) -> Option<Vec<usize>> {
        let weights = self.weights.as_ref().filter(|weights| !weights.all_positive())?;
        Some(weights.positive_rows().collect())
    }

    /// The samples that count: this data set, or a copy of its rows of positive weight, made once. Every fit works on these, so
    /// that nothing anywhere depends on the other rows.
    pub(crate) fn without_zero_weights(&self) -> &Dataset<'a, T> {
        let copy = || self.positive_rows().and_then(|rows| self.select(&rows).ok()).map(Box::new);
        self.positive.0.get_or_init(copy).as_deref().unwrap_or(self)
    }

    /// The number that a row of [`without_zero_weights`](Dataset::without_zero_weights) has here.
    pub(crate) fn row_as_given(&self, row: usize) -> usize {
        self.weights.as_ref().and_then(|weights| weights.positive_rows().nth(row)).unwrap_or(row)
    }

    /// An error of [`without_zero_weights`](Dataset::without_zero_weights) with the number that its row has here.
    pub(crate) fn error_as_given(&self, error: Error) -> Error {
        match error {
            Error::Input { row, needs } => Error::Input { row: self.row_as_given(row), needs },
            Error::Target { row, needs } => Error::Target { row: self.row_as_given(row), needs },
            Error::Weight { row, value } => Error::Weight { row: self.row_as_given(row), value },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative<T: Real>(given: &[T]) -> Option<Vec<T>> {
        Weights::new(Cow::Borrowed(given)).ok()?.relative().map(<[T]>::to_vec)
    }

    #[test]
    fn only_ratios_are_kept_where_sums_could_leave_the_range() {
        assert_eq!(relative(&[3.0, 3.0]), None);
        assert_eq!(relative(&[3.0, 0.0, 3.0]), Some(vec![3.0, 0.0, 3.0]));
        assert_eq!(relative(&[1e300, 5e299]), Some(vec![1.0, 0.5]));
        assert_eq!(relative(&[1e-320, 0.0, 5e-321]).map(|w| (w[0], w[1])), Some((1.0, 0.0)));
        assert_eq!(relative(&[1e30f32, 1e-30]), Some(vec![1.0, f32::MIN_POSITIVE]));
        assert!(relative(&[1e200, 1e-200]).is_some_and(|w| w[1] > 0.0));
    }

    #[test]
    fn a_sum_in_single_precision_does_not_saturate() {
        // Added up in f32 it stays at 2²⁴ and is never out of range; in truth it is, or is not.
        let many = vec![1e32f32; 1 << 22];
        assert!(matches!(Weights::new(Cow::Borrowed(&many[..])), Err(Error::Config { .. })));
        assert!(Weights::new(Cow::Borrowed(&many[..1 << 21])).is_ok());
    }
}
