//! Tables from and to `ndarray`'s arrays.

use super::Table;
use super::matrix::one_name_each;
use crate::{Real, Result};
use ndarray::{Array2, ArrayView2, ShapeBuilder};

impl Table {
    /// Columns of numbers from the columns of an array of two dimensions. One of one dimension is a column by
    /// [`number`](Table::number): `table.number("x", &array)`.
    ///
    /// ```
    /// use ndarray::{array, s};
    /// use residual::Table;
    /// let x = array![[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]];
    /// let table = Table::from_array(["a", "b"], x.slice(s![..2, ..]))?;
    /// assert_eq!(table.to_array::<f64>(&["b"])?, array![[10.0], [20.0]]);
    /// # Ok::<(), residual::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_matrix`](Table::from_matrix).
    pub fn from_array<'a, T: Real>(
        names: impl IntoIterator<Item = impl Into<String>>,
        x: impl Into<ArrayView2<'a, T>>,
    ) -> Result<Self> {
        let x = x.into();
        let names = one_name_each(names, x.ncols())?;
        let add = |table: Self, (j, name): (usize, String)| table.number(name, x.column(j).iter().map(|v| v.to_f64()));
        names.into_iter().enumerate().fold(Self::new(), add).checked()
    }

    /// The columns of numbers of these names, as the columns of an array (in column-major order).
    ///
    /// # Errors
    /// As [`to_matrix`](Table::to_matrix).
    pub fn to_array<T: Real>(&self, names: &[impl AsRef<str>]) -> Result<Array2<T>> {
        let x = self.to_matrix(names)?;
        let (shape, entries) = (x.shape(), x.data.into());
        // The length is right by construction.
        Ok(Array2::from_shape_vec(shape.f(), entries).unwrap_or_default())
    }
}
