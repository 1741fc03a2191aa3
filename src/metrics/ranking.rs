use super::pair;
use super::probabilities::{class_probabilities, one_hot_targets};
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView};

/// Area under the ROC curve: the probability that a sample of class 1 scores above one of class 0, ties counting half.
///
/// Targets are 0 or 1, n×1; any scores will do, only their order counts. For n×c, the mean over the columns: each class
/// against the rest, or each of several labels that a sample may have at once.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity, [`Error::Undefined`] for other targets and where a column has one class only.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let y = dvector![1.0, 0.0, 1.0, 0.0];
/// assert_eq!(metrics::roc_auc(&y, &dvector![0.9, 0.1, 0.5, 0.5])?, 0.875);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn roc_auc<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    each_column(y.into(), prediction.into(), |groups| {
        let (ones, zeros) = totals(groups);
        if ones == 0.0 || zeros == 0.0 {
            return Err(Error::Undefined { what: "the AUC", why: "all samples are of one class; it needs both" });
        }
        // Counts are whole numbers, and so are their sums of products up to a half: exact.
        let (mut above, mut area) = (0.0, 0.0);
        for &Group { ones: tp, zeros: fp, .. } in groups {
            area += fp * (above + 0.5 * tp);
            above += tp;
        }
        Ok(area / (ones * zeros))
    })
}

/// Average precision, the area under the precision-recall curve as steps: Σᵢ (Rᵢ − Rᵢ₋₁) Pᵢ over the distinct scores.
///
/// Targets are 0 or 1, n×1; for n×c, the mean over the columns.
///
/// # Errors
/// As [`roc_auc`], where a column has no 1.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let y = dvector![1.0, 0.0, 1.0, 0.0];
/// let score = metrics::average_precision(&y, &dvector![0.9, 0.1, 0.4, 0.6])?;
/// assert!((score - (0.5 * 1.0 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn average_precision<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    each_column(y.into(), prediction.into(), |groups| {
        let (ones, _) = totals(groups);
        if ones == 0.0 {
            return Err(Error::Undefined { what: "average precision", why: "no sample is of class 1" });
        }
        let (mut hits, mut found, mut sum) = (0.0, 0.0, 0.0);
        for &Group { ones: tp, zeros: fp, .. } in groups {
            hits += tp;
            found += tp + fp;
            sum += tp * (hits / found);
        }
        Ok(sum / ones)
    })
}

/// Area under the precision-recall curve with its points joined by lines, from recall 0 and
/// precision 1. It tends to be kinder than [`average_precision`], which is the usual summary.
///
/// # Errors
/// As [`average_precision`].
pub fn pr_auc<'a, T: Real>(y: impl Into<DMatrixView<'a, T>>, prediction: impl Into<DMatrixView<'a, T>>) -> Result<f64> {
    each_column(y.into(), prediction.into(), |groups| {
        let (ones, _) = totals(groups);
        if ones == 0.0 {
            return Err(Error::Undefined { what: "the area", why: "no sample is of class 1" });
        }
        let (mut hits, mut found, mut sum, mut last) = (0.0, 0.0, 0.0, 1.0);
        for &Group { ones: tp, zeros: fp, .. } in groups {
            hits += tp;
            found += tp + fp;
            let precision = hits / found;
            sum += tp * 0.5 * (precision + last);
            last = precision;
        }
        Ok(sum / ones)
    })
}

/// Mean over all pairs of classes (a, b) of the AUC by the score of a among the samples of a and b, and of that by b's score.
/// y is one-hot, n×c, the prediction n×c.
///
/// # Errors
/// As [`roc_auc`], [`Error::Target`] for rows that are not one-hot, and [`Error::Undefined`] where a class has no sample.
///
/// Source: Hand and Till (2001), Machine Learning 45, eq. 7.
pub fn roc_auc_one_vs_one<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<f64> {
    let (y, prediction) = (y.into(), prediction.into());
    pair(y, prediction)?;
    let classes = y.ncols();
    if classes < 2 {
        return Err(Error::Shape { what: "columns of y", expected: 2, found: classes });
    }
    one_hot_targets(y)?;
    let mut sum = 0.0;
    for (a, b) in (0..classes).flat_map(|a| (0..classes).map(move |b| (a, b))).filter(|(a, b)| a != b) {
        let rows: Vec<usize> = (0..y.nrows()).filter(|&i| y[(i, a)] > T::zero() || y[(i, b)] > T::zero()).collect();
        let of = |m: DMatrixView<'_, T>| {
            DMatrix::from_fn(rows.len().max(1), 1, |i, _| rows.get(i).map_or(T::zero(), |&r| m[(r, a)]))
        };
        sum += roc_auc(&of(y), &of(prediction))?;
    }
    Ok(sum / (classes * (classes - 1)) as f64)
}

/// The share of samples whose class is among the `most` that got the largest predictions; y is one-hot, n×c. A class that ties
/// with others counts from the first column on. For n×1, y is 0 or 1 and the prediction the probability of class 1, which is
/// the larger one from ½ on.
///
/// # Errors
/// Unequal sizes, no samples, NaN or infinity, [`Error::Config`] for `most` of 0, [`Error::Target`] for rows that are not
/// one-hot, [`Error::Probability`] for one column of other numbers than probabilities.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{metrics, nalgebra};
/// let y = dmatrix![1.0, 0.0, 0.0; 0.0, 0.0, 1.0];
/// let p = dmatrix![0.3, 0.6, 0.1; 0.2, 0.7, 0.1];
/// assert_eq!(metrics::top_accuracy(&y, &p, 2)?, 0.5);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn top_accuracy<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
    most: usize,
) -> Result<f64> {
    let (y, prediction) = (y.into(), prediction.into());
    pair(y, prediction)?;
    if most == 0 {
        return Err(Error::Config { name: "most", needs: "at least 1" });
    }
    one_hot_targets(y)?;
    if y.ncols() == 1 {
        class_probabilities(prediction, None)?;
        let right = |&i: &usize| most > 1 || (prediction[(i, 0)] >= T::of(0.5)) == (y[(i, 0)] == T::one());
        return Ok((0..y.nrows()).filter(right).count() as f64 / y.nrows() as f64);
    }
    let hits = (0..y.nrows()).filter(|&i| {
        let class = (0..y.ncols()).fold(0, |class, c| if y[(i, c)] > y[(i, class)] { c } else { class });
        let score = prediction[(i, class)];
        let before = |c: usize| prediction[(i, c)] > score || (c < class && prediction[(i, c)] == score);
        (0..y.ncols()).filter(|&c| before(c)).count() < most
    });
    Ok(hits.count() as f64 / y.nrows() as f64)
}

/// The ROC curve: (threshold, false positive rate, true positive rate) for every distinct score from the highest down,
/// where class 1 is predicted at the threshold and above. It starts at (∞, 0, 0) and ends at (lowest score, 1, 1).
///
/// # Errors
/// As [`roc_auc`], for one column.
///
/// ```
/// use nalgebra::dvector;
/// use residual::{metrics, nalgebra};
/// let curve = metrics::roc_curve(&dvector![1.0, 0.0], &dvector![0.9, 0.2])?;
/// assert_eq!(curve, [(f64::INFINITY, 0.0, 0.0), (0.9, 0.0, 1.0), (0.2, 1.0, 1.0)]);
/// # Ok::<(), residual::Error>(())
/// ```
pub fn roc_curve<'a, T: Real>(
    y: impl Into<DMatrixView<'a, T>>,
    prediction: impl Into<DMatrixView<'a, T>>,
) -> Result<Vec<(f64, f64, f64)>> {
    let (y, prediction) = (y.into(), prediction.into());
    pair(y, prediction)?;
    if y.ncols() != 1 {
        return Err(Error::Shape { what: "columns of y", expected: 1, found: y.ncols() });
    }
    let groups = grouped(y, prediction, 0)?;
    let (ones, zeros) = totals(&groups);
    if ones == 0.0 || zeros == 0.0 {
        return Err(Error::Undefined { what: "the ROC curve", why: "all samples are of one class; it needs both" });
    }
    let (mut tp, mut fp, mut curve) = (0.0, 0.0, vec![(f64::INFINITY, 0.0, 0.0)]);
    for Group { score, ones: more, zeros: others } in groups {
        tp += more;
        fp += others;
        curve.push((score, fp / zeros, tp / ones));
    }
    Ok(curve)
}

/// The mean of a score over the columns.
fn each_column<T: Real>(
    y: DMatrixView<'_, T>,
    prediction: DMatrixView<'_, T>,
    score: impl Fn(&[Group]) -> Result<f64>,
) -> Result<f64> {
    pair(y, prediction)?;
    let scores = (0..y.ncols()).map(|c| score(&grouped(y, prediction, c)?));
    Ok(scores.sum::<Result<f64>>()? / y.ncols() as f64)
}

/// A score, and how many samples of either class have it.
struct Group {
    score: f64,
    ones: f64,
    zeros: f64,
}

/// The distinct scores of a column, from the highest down.
fn grouped<T: Real>(y: DMatrixView<'_, T>, prediction: DMatrixView<'_, T>, column: usize) -> Result<Vec<Group>> {
    let each = (0..y.nrows()).map(|i| (prediction[(i, column)].to_f64(), y[(i, column)]));
    let mut samples: Vec<(f64, T)> = each.collect();
    if samples.iter().any(|&(_, y)| y != T::zero() && y != T::one()) {
        return Err(Error::Undefined { what: "a score of rankings", why: "targets must be 0 or 1" });
    }
    samples.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut groups: Vec<Group> = Vec::new();
    for (score, y) in samples {
        // Not by bits: 0 and −0 are one score.
        if groups.last().is_none_or(|last| last.score != score) {
            groups.push(Group { score, ones: 0.0, zeros: 0.0 });
        }
        if let Some(group) = groups.last_mut() {
            if y == T::one() { group.ones += 1.0 } else { group.zeros += 1.0 }
        }
    }
    Ok(groups)
}

fn totals(groups: &[Group]) -> (f64, f64) {
    groups.iter().fold((0.0, 0.0), |sum, group| (sum.0 + group.ones, sum.1 + group.zeros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DVector;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn auc_is_the_probability_of_the_right_order(samples in prop::collection::vec((0u8..2, 0u8..6), 2..60)) {
            let y = DVector::from_iterator(samples.len(), samples.iter().map(|s| f64::from(s.0)));
            let score = DVector::from_iterator(samples.len(), samples.iter().map(|s| f64::from(s.1) - 3.0));
            let (mut right, mut pairs) = (0.0, 0.0);
            for a in samples.iter().filter(|s| s.0 == 1) {
                for b in samples.iter().filter(|s| s.0 == 0) {
                    pairs += 1.0;
                    right += if a.1 > b.1 { 1.0 } else if a.1 == b.1 { 0.5 } else { 0.0 };
                }
            }
            match roc_auc(&y, &score) {
                Ok(auc) => prop_assert_eq!(auc, right / pairs),
                Err(error) => {
                    let undefined = matches!(error, Error::Undefined { .. });
                    prop_assert!(pairs == 0.0 && undefined);
                }
            }
        }
    }

    #[test]
    fn signed_zeros_are_one_score() {
        let (y, score) = (DVector::from_vec(vec![1.0, 0.0]), DVector::from_vec(vec![-0.0, 0.0]));
        assert_eq!(roc_auc(&y, &score).unwrap(), 0.5);
    }
}
