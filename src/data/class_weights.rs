//! Weights by class.

use super::Dataset;
use crate::linalg::carried::Sum;
use crate::metrics::class_targets;
use crate::{Error, Real, Result};
use std::borrow::Cow;

impl<'a, T: Real> Dataset<'a, T> {
    /// Weighs the samples by their class, times the weights they have already: one weight per class, `[w₀, w₁]` for targets
    /// n×1 in [0, 1], k weights for one-hot targets n×k. The weight of a sample is Σ_c w_c y_c, so soft targets get a mixture.
    /// A sample of weight 0 keeps it, whatever its target is.
    ///
    /// ```
    /// use residual::{Dataset, nalgebra::dmatrix};
    /// let (x, y) = (dmatrix![1.0; 2.0; 3.0], dmatrix![0.0; 1.0; 1.0]);
    /// let data = Dataset::new(&x, &y)?.with_class_weights(&[2.0, 0.5])?;
    /// assert_eq!(data.weights(), Some(&[2.0, 0.5, 0.5][..]));
    /// # Ok::<(), residual::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of weights, [`Error::Target`] for targets of positive weight that are no classes, and
    /// those of [`with_weights`](Dataset::with_weights).
    pub fn with_class_weights(self, class_weights: &[f64]) -> Result<Self> {
        let expected = self.outputs().max(2);
        if class_weights.len() != expected {
            return Err(Error::Shape { what: "number of class weights", expected, found: class_weights.len() });
        }
        class_targets(self.y(), self.weights())?;
        let weights = (0..self.samples()).map(|i| match self.weights().map_or(1.0, |w| w[i].to_f64()) {
            own if own > 0.0 => T::of(own * self.shares(i).zip(class_weights).map(|(share, w)| share * w).sum::<f64>()),
            _ => T::zero(),
        });
        let weights = Cow::Owned(weights.collect());
        self.weighted(weights)
    }

    /// Class weights that give every class the same total: w_c = Σᵢ wᵢ / (C Σ_{i in c} wᵢ) for C classes. A class without
    /// samples stays without.
    ///
    /// # Errors
    /// Those of [`with_class_weights`](Dataset::with_class_weights).
    pub fn balanced(self) -> Result<Self> {
        class_targets(self.y(), self.weights())?;
        let classes = self.outputs().max(2);
        let mut totals = vec![Sum::default(); classes];
        // Only ratios matter, and the given weights may add up to more than a number can be.
        let largest = self.weights().map_or(1.0, |w| w.iter().fold(0.0, |max: f64, w| max.max(w.to_f64())));
        for i in 0..self.samples() {
            let own = self.weights().map_or(1.0, |w| w[i].to_f64()) / largest;
            if own > 0.0 {
                totals.iter_mut().zip(self.shares(i)).for_each(|(total, share)| total.add(own * share));
            }
        }
        let totals: Vec<f64> = totals.into_iter().map(Sum::value).collect();
        let whole: f64 = totals.iter().sum();
        let weight = |&total: &f64| if total > 0.0 { whole / (classes as f64 * total) } else { 0.0 };
        let weights: Vec<f64> = totals.iter().map(weight).collect();
        self.with_class_weights(&weights)
    }

    /// How much of sample i belongs to each class.
    fn shares(&self, i: usize) -> impl Iterator<Item = f64> {
        let one = self.outputs() == 1;
        let complement = one.then(|| 1.0 - self.target(0)[i].to_f64());
        complement.into_iter().chain((0..self.outputs()).map(move |c| self.target(c)[i].to_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    #[test]
    fn balanced_classes_have_equal_totals() -> Result<()> {
        let x = dmatrix![1.0; 2.0; 3.0; 4.0; 5.0];
        let y = dmatrix![1.0, 0.0, 0.0; 1.0, 0.0, 0.0; 1.0, 0.0, 0.0; 0.0, 1.0, 0.0; 0.0, 0.0, 1.0];
        let given = [1.0f64, 1.0, 2.0, 3.0, 1.0];
        let data = Dataset::new(&x, &y)?.with_weights(&given)?.balanced()?;
        let w = data.weights().unwrap_or_default();
        let thirds = [w[0] + w[1] + w[2], w[3], w[4]];
        assert!(thirds.iter().all(|third| (third - 8.0 / 3.0).abs() < 1e-15), "{thirds:?}");
        assert_eq!(w[2], 2.0 * w[0]);
        Ok(())
    }

    #[test]
    fn a_sample_of_weight_zero_is_of_no_class() -> Result<()> {
        let (x, y) = (dmatrix![1.0; 2.0; 3.0], dmatrix![0.0; -1e308; 1.0]);
        for size in [5e-324, 1.0, 1e300] {
            let given = [size, 0.0, size];
            let data = || Dataset::new(&x, &y)?.with_weights(&given);
            assert_eq!(data()?.with_class_weights(&[1.0, 2.0])?.weights(), Some(&[size, 0.0, 2.0 * size][..]));
            assert_eq!(data()?.balanced()?.weights(), Some(&given[..]));
        }
        Ok(())
    }

    #[test]
    fn targets_that_are_no_classes_are_refused() -> Result<()> {
        let (x, y) = (dmatrix![1.0; 2.0], dmatrix![0.0; 7.0]);
        let data = Dataset::new(&x, &y)?;
        assert!(matches!(data.clone().with_class_weights(&[1.0, 0.5]), Err(Error::Target { row: 1, .. })));
        assert!(matches!(data.clone().balanced(), Err(Error::Target { row: 1, .. })));
        for bad in [[1.0, 1.0], [0.0, 0.0], [0.9, 0.9], [2.0, -1.0]] {
            let y = dmatrix![1.0, 0.0; bad[0], bad[1]];
            let data = Dataset::new(&x, &y)?;
            assert!(matches!(data.clone().with_class_weights(&[1.0, 0.5]), Err(Error::Target { row: 1, .. })));
            assert!(matches!(data.balanced(), Err(Error::Target { row: 1, .. })));
        }
        // A row of weight 0 counts for nothing, whatever its target is.
        assert!(data.clone().with_weights(&[1.0, 0.0])?.with_class_weights(&[1.0, 0.5]).is_ok());
        assert!(matches!(data.with_class_weights(&[1.0]), Err(Error::Shape { expected: 2, found: 1, .. })));
        Ok(())
    }
}
