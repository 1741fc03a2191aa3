//! Tables from and to matrices.

use super::Table;
use super::build::numbers;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView};

impl Table {
    /// Columns of numbers from the columns of a matrix.
    ///
    /// ```
    /// use residual::{Table, nalgebra::dmatrix};
    /// let x = dmatrix![1.0, 10.0; 2.0, 20.0];
    /// let table = Table::from_matrix(["a", "b"], &x)?;
    /// assert_eq!(table.numbers("b")?, [Some(10.0), Some(20.0)]);
    /// assert_eq!(table.to_matrix::<f64>(&["a", "b"])?, x);
    /// # Ok::<(), residual::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one name per column, [`Error::DuplicateName`], and [`Error::Value`] for NaN or
    /// infinity.
    pub fn from_matrix<'a, T: Real>(
        names: impl IntoIterator<Item = impl Into<String>>,
        x: impl Into<DMatrixView<'a, T>>,
    ) -> Result<Self> {
        let x = x.into();
        let names = one_name_each(names, x.ncols())?;
        let add = |table: Self, (j, name): (usize, String)| table.number(name, x.column(j).iter().map(|v| v.to_f64()));
        names.into_iter().enumerate().fold(Self::new(), add).checked()
    }

    /// The columns of numbers of these names, as the columns of a matrix.
    ///
    /// # Errors
    /// [`Error::MissingColumn`], [`Error::Kind`] unless each holds numbers, [`Error::Gap`] for a gap, and [`Error::Value`]
    /// for a number out of the range of `T`.
    pub fn to_matrix<T: Real>(&self, names: &[impl AsRef<str>]) -> Result<DMatrix<T>> {
        let mut entries = Vec::with_capacity(self.rows() * names.len());
        for name in names {
            let name = name.as_ref();
            for (row, &value) in numbers(self.column(name)?, name)?.iter().enumerate() {
                let entry = T::of(value);
                match () {
                    () if value.is_nan() => return Err(Error::Gap { column: name.to_string(), row }),
                    () if !entry.is_finite() => {
                        let needs = "a number within the range of the matrix's type";
                        return Err(Error::Value { column: name.to_string(), row, value, needs });
                    }
                    () => entries.push(entry),
                }
            }
        }
        Ok(DMatrix::from_vec(self.rows(), names.len(), entries))
    }
}

pub(super) fn one_name_each(names: impl IntoIterator<Item = impl Into<String>>, columns: usize) -> Result<Vec<String>> {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    match names.len() == columns {
        true => Ok(names),
        false => Err(Error::Shape { what: "number of names", expected: columns, found: names.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    #[test]
    fn what_a_matrix_cannot_hold_is_an_error() {
        let table = Table::new().number("x", [Some(1e300), None]).category("g", ["a", "b"]);
        assert!(matches!(table.to_matrix::<f64>(&["x"]), Err(Error::Gap { row: 1, .. })));
        assert!(matches!(table.to_matrix::<f32>(&["x"]), Err(Error::Value { row: 0, .. })));
        assert!(matches!(table.to_matrix::<f64>(&["g"]), Err(Error::Kind { found: "categories", .. })));
        let x = dmatrix![1.0; f64::NAN];
        assert!(matches!(Table::from_matrix(["x"], &x), Err(Error::Value { row: 1, .. })));
        assert!(matches!(Table::from_matrix(["x", "y"], &x), Err(Error::Shape { .. })));
        assert_eq!(Table::from_matrix(["a"], x.rows(0, 1)).unwrap().rows(), 1);
    }
}
