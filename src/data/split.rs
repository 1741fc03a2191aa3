//! Cutting a data set in two.

use super::Dataset;
use crate::{Error, Real, Result, random};
use std::collections::HashMap;

/// How many of n rows are for the test; both sides get at least one.
pub(crate) fn test_rows(n: usize, test_fraction: f64) -> Result<usize> {
    if !(test_fraction > 0.0 && test_fraction < 1.0) {
        return Err(Error::Config { name: "test_fraction", needs: "above 0 and below 1" });
    }
    if n < 2 {
        return Err(Error::Config { name: "number of samples to split", needs: "at least 2" });
    }
    Ok(((n as f64 * test_fraction).round() as usize).clamp(1, n - 1))
}

impl<T: Real> Dataset<'_, T> {
    /// Shuffles the rows and cuts them into (train, test); both sides get at least one row.
    ///
    /// The test set has round(n · `test_fraction`) rows: the first ones of the shuffled order. Same seed, same split. Rows of
    /// weight 0 are left out: n counts the others, and the split is the one that they have alone.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < `test_fraction` < 1 and there are at least two rows (of positive weight).
    pub fn split(&self, test_fraction: f64, seed: u64) -> Result<(Dataset<'static, T>, Dataset<'static, T>)> {
        let tests = self.tests(test_fraction)?;
        let mut rows = self.rows_that_count();
        random::shuffle(&mut rows, &mut random::generator(seed, 0));
        Ok((self.select(&rows[tests..])?, self.select(&rows[..tests])?))
    }

    /// [`split`](Dataset::split) that keeps the share of every class: rows with equal targets are one class, and each side
    /// gets its share of each, off by less than one row.
    ///
    /// # Errors
    /// Those of [`split`](Dataset::split).
    pub fn split_stratified(
        &self,
        test_fraction: f64,
        seed: u64,
    ) -> Result<(Dataset<'static, T>, Dataset<'static, T>)> {
        let tests = self.tests(test_fraction)?;
        let rows = self.strata(seed);
        // Class after class, every (n / tests)-th row: each class gives its share, and the sum is exact.
        let side = |test: bool| {
            let marks = every(rows.len(), tests);
            rows.iter().zip(marks).filter(|&(_, mark)| mark == test).map(|(&row, _)| row).collect::<Vec<_>>()
        };
        Ok((self.select(&side(false))?, self.select(&side(true))?))
    }

    fn tests(&self, test_fraction: f64) -> Result<usize> {
        test_rows(self.rows_that_count().len(), test_fraction)
    }

    /// The rows of positive weight; all, where there are no weights.
    pub(crate) fn rows_that_count(&self) -> Vec<usize> {
        self.positive_rows().unwrap_or_else(|| (0..self.samples()).collect())
    }

    /// The rows of positive weight, shuffled, then ordered by class; classes in the order of their first row.
    pub(crate) fn strata(&self, seed: u64) -> Vec<usize> {
        // + 0.0 makes the two zeros one class.
        let bits = |c: usize, i: usize| (self.target(c)[i].to_f64() + 0.0).to_bits();
        let target = |i: usize| (0..self.outputs()).map(|c| bits(c, i)).collect::<Vec<_>>();
        let mut classes: HashMap<Vec<u64>, usize> = HashMap::new();
        let classed = self.rows_that_count().into_iter().map(|row| {
            let next = classes.len();
            (*classes.entry(target(row)).or_insert(next), row)
        });
        let mut rows: Vec<(usize, usize)> = classed.collect();
        random::shuffle(&mut rows, &mut random::generator(seed, 0));
        rows.sort_by_key(|&(class, _)| class);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// n marks, `count` of them true, evenly spread: mark i is true where (i + 1) count / n has a larger whole part than
/// i count / n. Without that product, which need not be a `usize`.
fn every(n: usize, count: usize) -> impl Iterator<Item = bool> {
    let mut missing = n;
    (0..n).map(move |_| {
        // What is missing for the next whole number, in parts of n.
        let whole = missing <= count;
        missing = if whole { missing + (n - count) } else { missing - count };
        whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    #[test]
    fn marks_are_the_whole_parts_of_products() {
        for n in 1..40 {
            for count in 0..=n {
                let whole = |i: usize| (i + 1) * count / n > i * count / n;
                assert!(every(n, count).eq((0..n).map(whole)), "{count} of {n}");
            }
        }
        // Sizes whose product is no usize.
        let (n, count) = (usize::MAX - 1, (usize::MAX - 1) / 2);
        assert!(every(n, count).take(6).eq([false, true, false, true, false, true]));
    }

    #[test]
    fn every_class_gives_its_share() -> Result<()> {
        let x = DMatrix::from_fn(101, 1, |i, _| i as f64);
        let y = DMatrix::from_fn(101, 1, |i, _| if i < 10 { 2.0 } else { (i % 2) as f64 });
        let data = Dataset::new(&x, &y)?;
        for (fraction, seed) in [(0.2, 1), (0.33, 2), (0.5, 3)] {
            let (train, test) = data.split_stratified(fraction, seed)?;
            assert_eq!(test.samples(), (101.0 * fraction).round() as usize);
            for class in [0.0, 1.0, 2.0] {
                let count = |data: &Dataset<'_, f64>| data.y().iter().filter(|&&y| y == class).count() as f64;
                assert!((count(&test) - fraction * (count(&test) + count(&train))).abs() < 1.5);
            }
            let mut all: Vec<f64> = train.x().iter().chain(test.x().iter()).copied().collect();
            all.sort_by(f64::total_cmp);
            assert_eq!(all, x.as_slice());
        }
        let again = |seed| data.split_stratified(0.3, seed).map(|(_, test)| test.x().clone_owned());
        assert_eq!(again(5)?, again(5)?);
        assert_ne!(again(5)?, again(6)?);
        Ok(())
    }

    #[test]
    fn rows_of_weight_zero_are_on_no_side() -> Result<()> {
        let x = DMatrix::from_fn(40, 1, |i, _| i as f64);
        let y = DMatrix::from_fn(40, 1, |i, _| (i % 2) as f64);
        let weights: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i % 4 != 1))).collect();
        let data = Dataset::new(&x, &y)?.with_weights(&weights)?;
        let alone = data.select(&data.rows_that_count())?;
        let sides =
            |(train, test): (Dataset<'_, f64>, Dataset<'_, f64>)| (train.x().into_owned(), test.x().into_owned());
        assert_eq!(sides(data.split(0.3, 4)?), sides(alone.split(0.3, 4)?));
        assert_eq!(sides(data.split_stratified(0.3, 4)?), sides(alone.split_stratified(0.3, 4)?));
        Ok(())
    }
}
