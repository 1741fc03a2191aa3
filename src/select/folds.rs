use crate::data::Dataset;
use crate::linalg::threads;
use crate::{Error, Real, Result, random};

/// The rows to train on and the rows to test on.
pub type Fold = (Vec<usize>, Vec<usize>);

/// Cuts 0, 1, ..., `samples` − 1, shuffled by `seed`, into `folds` parts of nearly equal size; each part is the test set of
/// one fold and all others are its training set.
///
/// ```
/// use residual::select::k_fold;
/// let folds = k_fold(10, 3, 0)?;
/// assert_eq!(folds.iter().map(|(_, test)| test.len()).collect::<Vec<_>>(), [3, 3, 4]);
/// let mut tested: Vec<usize> = folds.into_iter().flat_map(|(_, test)| test).collect();
/// tested.sort();
/// assert_eq!(tested, (0..10).collect::<Vec<_>>());
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// [`Error::Config`] for fewer than 2 folds or more folds than samples.
pub fn k_fold(samples: usize, folds: usize, seed: u64) -> Result<Vec<Fold>> {
    check(samples, folds)?;
    let mut rows: Vec<usize> = (0..samples).collect();
    random::shuffle(&mut rows, &mut random::generator(seed, 0));
    let bound = |fold: usize| threads::start(samples, folds, fold);
    let part = |fold: usize| rows[bound(fold)..bound(fold + 1)].to_vec();
    let rest = |fold: usize| [&rows[..bound(fold)], &rows[bound(fold + 1)..]].concat();
    Ok((0..folds).map(|fold| (rest(fold), part(fold))).collect())
}

/// [`k_fold`] in which every fold has its share of every class: rows with equal targets are one class. Rows of weight 0 are in
/// no fold.
///
/// # Errors
/// Those of [`k_fold`] for the rows of positive weight.
pub fn stratified_k_fold<T: Real>(data: &Dataset<'_, T>, folds: usize, seed: u64) -> Result<Vec<Fold>> {
    // Dealt out like cards, class after class.
    let rows = data.strata(seed);
    check(rows.len(), folds)?;
    let side = |fold: usize, test: bool| {
        let dealt = rows.iter().enumerate().filter(move |(i, _)| (i % folds == fold) == test);
        dealt.map(|(_, &row)| row).collect::<Vec<_>>()
    };
    Ok((0..folds).map(|fold| (side(fold, false), side(fold, true))).collect())
}

fn check(samples: usize, folds: usize) -> Result<()> {
    if folds < 2 {
        return Err(Error::Config { name: "number of folds", needs: "at least 2" });
    }
    if folds > samples {
        return Err(Error::Config { name: "number of folds", needs: "at most the number of samples" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    #[test]
    fn each_row_is_tested_once_and_trained_on_otherwise() -> Result<()> {
        for (n, folds) in [(2, 2), (7, 3), (50, 7), (9, 9)] {
            let mut tested = vec![0; n];
            for (train, test) in k_fold(n, folds, 5)? {
                let mut all = [train, test.clone()].concat();
                all.sort_unstable();
                assert_eq!(all, (0..n).collect::<Vec<_>>());
                test.into_iter().for_each(|row| tested[row] += 1);
            }
            assert_eq!(tested, vec![1; n]);
        }
        assert_ne!(k_fold(50, 5, 1)?, k_fold(50, 5, 2)?);
        assert!(k_fold(5, 1, 0).is_err() && k_fold(5, 6, 0).is_err() && k_fold(0, 2, 0).is_err());
        Ok(())
    }

    #[test]
    fn strata_are_dealt_evenly() -> Result<()> {
        let y = DMatrix::from_fn(60, 1, |i, _| f64::from(u8::from(i % 6 == 0)));
        let data = Dataset::new(&y, &y)?;
        for (train, test) in stratified_k_fold(&data, 5, 3)? {
            assert_eq!((train.len(), test.len()), (48, 12));
            assert_eq!(test.iter().filter(|&&row| row % 6 == 0).count(), 2);
        }
        Ok(())
    }
}
