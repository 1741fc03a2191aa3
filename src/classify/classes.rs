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
    /// of equals. Columns beyond the classes are not looked at.
    #[must_use]
    pub fn decode<T: Real>(&self, prediction: &DMatrix<T>) -> Vec<L> {
        let columns = prediction.ncols().min(self.labels.len());
        let class = |row: usize| match columns {
            0 => 0,
            1 => usize::from(prediction[(row, 0)] >= T::of(0.5)),
            _ => (1..columns).fold(0, |top, c| if prediction[(row, c)] > prediction[(row, top)] { c } else { top }),
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
