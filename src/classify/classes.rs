use crate::{Error, Real, Result};
use nalgebra::DMatrix;

/// The distinct labels of a task, sorted: their order is the order of the columns of class probabilities.
///
/// Any `Ord + Clone` type is a label: text, numbers, a `bool`, an enum of your own.
///
/// ```
/// use residual::{Error, classify::Classes, nalgebra};
/// let classes = Classes::new(&["no", "yes", "no"])?;
/// assert_eq!(classes.labels(), ["no", "yes"]);
/// let y = classes.encode::<f64>(&["yes", "no"])?; // 2×1: 1 = the second label
/// assert_eq!(y.as_slice(), [1.0, 0.0]);
/// assert_eq!(classes.decode(&y), ["yes", "no"]);
/// assert_eq!(classes.encode::<f64>(&["perhaps"]), Err(Error::Label { row: 0 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes<L> {
    labels: Vec<L>,
}

impl<L: Ord + Clone> Classes<L> {
    /// The classes that occur among these labels.
    ///
    /// # Errors
    /// [`Error::Empty`] for no labels, [`Error::Classes`] if they are all the same.
    pub fn new(labels: &[L]) -> Result<Self> {
        if labels.is_empty() {
            return Err(Error::Empty { what: "the list of labels" });
        }
        let mut distinct: Vec<&L> = labels.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < 2 {
            return Err(Error::Classes { found: distinct.len() });
        }
        Ok(Self { labels: distinct.into_iter().cloned().collect() })
    }

    /// Targets for these labels: n×1 for two classes (1 = the second label), one-hot n×c for more.
    ///
    /// # Errors
    /// [`Error::Empty`] for no labels, [`Error::Label`] with the first one that is none of the classes.
    pub fn encode<T: Real>(&self, labels: &[L]) -> Result<DMatrix<T>> {
        let indices = self.indices(labels)?;
        let columns = if self.labels.len() == 2 { 1 } else { self.labels.len() };
        let mut y = DMatrix::zeros(labels.len(), columns);
        for (row, class) in indices.into_iter().enumerate() {
            match columns {
                1 if class == 1 => y[(row, 0)] = T::one(),
                1 => (),
                _ => y[(row, class)] = T::one(),
            }
        }
        Ok(y)
    }

    /// For each label, which class it is.
    pub(super) fn indices(&self, labels: &[L]) -> Result<Vec<usize>> {
        if labels.is_empty() {
            return Err(Error::Empty { what: "the list of labels" });
        }
        let index = |(row, label)| self.labels.binary_search(label).map_err(|_| Error::Label { row });
        labels.iter().enumerate().map(index).collect()
    }
}

impl<L> Classes<L> {
    /// The labels, sorted.
    #[must_use]
    pub fn labels(&self) -> &[L] {
        &self.labels
    }
}

impl<L: Clone> Classes<L> {
    /// The label of each row: of one column p, the second label where p ≥ ½; of more, that of the largest number, the first
    /// of equals.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for NaN and infinity, [`Error::Shape`] unless there is one column for two classes or one per
    /// class.
    ///
    /// ```
    /// use residual::{Error, classify::Classes, nalgebra::dmatrix};
    /// let classes = Classes::new(&["no", "yes"])?;
    /// assert_eq!(classes.try_decode(&dmatrix![0.2; 0.7])?, ["no", "yes"]);
    /// let bad = classes.try_decode(&dmatrix![0.2; f64::NAN]);
    /// assert_eq!(bad, Err(Error::NotFinite { what: "the prediction", row: 1, column: 0 }));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_decode<T: Real>(&self, prediction: &DMatrix<T>) -> Result<Vec<L>> {
        let (classes, found) = (self.labels.len(), prediction.ncols());
        if found != classes && !(found == 1 && classes == 2) {
            let expected = if classes == 2 { 1 } else { classes };
            return Err(Error::Shape { what: "columns of the prediction", expected, found });
        }
        for (column, values) in prediction.column_iter().enumerate() {
            if let Some(row) = values.iter().position(|p| !p.is_finite()) {
                return Err(Error::NotFinite { what: "the prediction", row, column });
            }
        }
        Ok(self.decode(prediction))
    }

    /// [`try_decode`](Self::try_decode) without its checks, for predictions of this crate's models, which are checked. NaN
    /// counts as smaller than every number, so that a row of nothing but NaN gets the first label; columns beyond the
    /// classes are not looked at.
    #[must_use]
    pub fn decode<T: Real>(&self, prediction: &DMatrix<T>) -> Vec<L> {
        let columns = prediction.ncols().min(self.labels.len());
        let class = |row: usize| {
            let p = |c: usize| prediction[(row, c)];
            match columns {
                0 => 0,
                1 => usize::from(p(0) >= T::of(0.5)),
                // A number compares with itself, NaN does not.
                _ => (1..columns)
                    .fold(0, |top, c| if p(c) > p(top) || (p(top) != p(top) && p(c) == p(c)) { c } else { top }),
            }
        };
        (0..prediction.nrows()).map(|row| self.labels[class(row)].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decode_undoes_encode(labels in prop::collection::vec(0u8..6, 1..40)) {
            match Classes::new(&labels) {
                Ok(classes) => {
                    let y = classes.encode::<f32>(&labels).unwrap();
                    prop_assert_eq!(y.ncols(), if classes.labels().len() == 2 { 1 } else { classes.labels().len() });
                    prop_assert!(classes.labels().is_sorted());
                    prop_assert_eq!(classes.decode(&y), labels);
                }
                Err(error) => {
                    prop_assert!(labels.iter().all(|l| *l == labels[0]));
                    prop_assert_eq!(error, Error::Classes { found: 1 });
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_gets_no_label() {
        let (two, three) = (Classes::new(&['a', 'b']).unwrap(), Classes::new(&['a', 'b', 'c']).unwrap());
        let row = |v: &[f32]| DMatrix::from_row_slice(1, v.len(), v);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = |column| Err(Error::NotFinite { what: "the prediction", row: 0, column });
            assert_eq!(two.try_decode(&row(&[bad])), error(0));
            assert_eq!(two.try_decode(&row(&[0.2, bad])), error(1));
            assert_eq!(three.try_decode(&row(&[bad, 0.1, 0.2])), error(0));
        }
        let shape = |expected, found| Err(Error::Shape { what: "columns of the prediction", expected, found });
        assert_eq!(two.try_decode(&row(&[0.1, 0.2, 0.3])), shape(1, 3));
        assert_eq!(three.try_decode(&row(&[0.9])), shape(3, 1));
        assert_eq!(three.try_decode(&DMatrix::<f32>::zeros(2, 0)), shape(3, 0));
        assert_eq!(two.try_decode(&row(&[0.2, 0.8])), Ok(vec!['b']));
        // Without the checks, NaN never wins over a number.
        assert_eq!(three.decode(&row(&[f32::NAN, 0.1, 0.2])), ['c']);
        assert_eq!(three.decode(&row(&[0.3, f32::NAN, 0.2])), ['a']);
        assert_eq!(three.decode(&row(&[f32::NAN, f32::NAN, f32::NEG_INFINITY])), ['c']);
    }

    #[test]
    fn odd_sizes_and_ties_do_no_harm() {
        let classes = Classes::new(&['a', 'b', 'c']).unwrap();
        assert_eq!(classes.decode(&DMatrix::from_row_slice(2, 3, &[0.4, 0.4, 0.2, 0.1, 0.2, 0.7])), ['a', 'c']);
        assert_eq!(classes.decode(&DMatrix::from_row_slice(1, 4, &[0.1, 0.1, 0.1, 0.7])), ['a']);
        assert_eq!(classes.decode(&DMatrix::<f64>::zeros(1, 0)), ['a']);
        assert_eq!(Classes::new(&[true, false]).unwrap().decode(&DMatrix::from_element(1, 1, 0.5)), [true]);
        assert!(Classes::<u8>::new(&[]).is_err());
        assert!(classes.encode::<f64>(&[]).is_err());
        assert_eq!(classes.encode::<f64>(&['b', 'x']), Err(Error::Label { row: 1 }));
    }
}
