//! Cutting a data set in two.

use super::Dataset;
use crate::{Error, Real, Result, random};

impl<T: Real> Dataset<'_, T> {
    /// Shuffles the rows and cuts them into (train, test); both sides get at least one row.
    ///
    /// The test set has round(n · `test_fraction`) rows: the first ones of the shuffled order. Same seed, same split.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < `test_fraction` < 1 and there are at least two rows.
    pub fn split(&self, test_fraction: f64, seed: u64) -> Result<(Dataset<'static, T>, Dataset<'static, T>)> {
        if !(test_fraction > 0.0 && test_fraction < 1.0) {
            return Err(Error::Config { name: "test_fraction", needs: "above 0 and below 1" });
        }
        let n = self.samples();
        if n < 2 {
            return Err(Error::Config { name: "number of samples to split", needs: "at least 2" });
        }
        let mut rows: Vec<usize> = (0..n).collect();
        random::shuffle(&mut rows, &mut random::generator(seed, 0));
        let tests = ((n as f64 * test_fraction).round() as usize).clamp(1, n - 1);
        Ok((self.select(&rows[tests..])?, self.select(&rows[..tests])?))
    }
}
