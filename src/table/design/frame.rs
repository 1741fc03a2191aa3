//! Features and targets of the rows of a table.

use super::plan::{ROWS, finite};
use super::resolve::{Targets, named};
use crate::table::Table;
use crate::table::column::{Column, number_text};
use crate::table::formula::Expression;
use crate::{Dataset, Error, Real, Result};
use nalgebra::DMatrix;
use std::borrow::Cow;
use std::collections::HashSet;

/// What a [`FittedDesign`](super::FittedDesign) makes of rows with targets: a matrix of features, targets as numbers or as
/// labels, an offset, and which rows are in it.
///
/// ```
/// use residual::{Design, Table};
/// let table = Table::new().number("y", [Some(1.0), None, Some(3.0)]).number("x", [1, 2, 3]);
/// let design = Design::new("y ~ x".parse()?).drop_gaps().fit(&table)?;
/// let frame = design.frame::<f64>(&table)?;
/// assert_eq!((frame.rows(), frame.dropped()), (vec![0, 2], 1));
/// let data = frame.dataset()?;
/// assert_eq!((data.samples(), data.names()), (2, Some(&["x".to_string()][..])));
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Frame<T: Real> {
    pub(crate) x: DMatrix<T>,
    pub(crate) y: Option<DMatrix<T>>,
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) offset: Option<DMatrix<T>>,
    names: Vec<String>,
    total: usize,
    /// All of them without a list.
    kept: Option<Vec<usize>>,
}

impl<T: Real> Frame<T> {
    pub(super) fn new(
        x: DMatrix<T>,
        targets: &Targets,
        offset: Option<DMatrix<T>>,
        table: &Table,
        names: Vec<String>,
    ) -> Result<Self> {
        let (y, labels) = match targets {
            Targets::Numbers(all) if all.is_empty() => (None, None),
            Targets::Numbers(all) => (Some(responses(all, table)?), None),
            Targets::Labels(column) => (None, Some(labels(table, column)?)),
        };
        Ok(Self { x, y, labels, offset, names, total: table.rows(), kept: None })
    }

    pub(super) fn with_rows(self, total: usize, kept: Option<Vec<usize>>) -> Self {
        Self { total, kept, ..self }
    }

    /// The features, n×p.
    #[must_use]
    pub fn x(&self) -> &DMatrix<T> {
        &self.x
    }

    /// The targets, n×k, if they are numbers.
    #[must_use]
    pub fn y(&self) -> Option<&DMatrix<T>> {
        self.y.as_ref()
    }

    /// The labels, one per row, if the target is a category.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// The offset, n×1, if the formula has one.
    #[must_use]
    pub fn offset(&self) -> Option<&DMatrix<T>> {
        self.offset.as_ref()
    }

    /// The names of the features.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows of the table that are in the frame, in order.
    #[must_use]
    pub fn rows(&self) -> Vec<usize> {
        self.kept.clone().unwrap_or_else(|| (0..self.total).collect())
    }

    /// How many rows were left out because of gaps.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.total - self.x.nrows()
    }

    /// Features and targets as a data set with names. Labels have to be encoded first, by [`Classes`](crate::classify::Classes).
    ///
    /// # Errors
    /// [`Error::Undefined`] without targets that are numbers, or with an offset, which a data set does not hold; those of
    /// [`Dataset::new`].
    pub fn dataset(&self) -> Result<Dataset<'_, T>> {
        let what = "a data set of this frame";
        let Some(y) = &self.y else {
            return Err(Error::Undefined { what, why: "the formula has no target that is a number" });
        };
        if self.offset.is_some() {
            return Err(Error::Undefined {
                what,
                why: "the formula has an offset; take x, y and the offset one by one",
            });
        }
        Dataset::new(&self.x, y)?.with_names(&self.names)
    }
}

/// Expressions of complete columns, one column of numbers for each.
pub(super) fn responses<T: Real>(expressions: &[Expression], table: &Table) -> Result<DMatrix<T>> {
    let index = table.index()?;
    for name in named(expressions) {
        if let Some(row) = index.numbers(name)?.iter().position(|v| v.is_nan()) {
            return Err(Error::Gap { column: name.to_string(), row });
        }
    }
    let n = table.rows();
    let mut entries = Vec::with_capacity(n * expressions.len());
    for of in expressions {
        for first in (0..n).step_by(ROWS) {
            let rows = first..(first + ROWS).min(n);
            let values = of.values(rows.len(), first, &|name| index.numbers(name).map(|all| &all[rows.clone()]))?;
            finite(&values, first, || of.to_string())?;
            for (row, value) in rows.zip(values) {
                let entry = T::of(value);
                if !entry.is_finite() {
                    let needs = "a number within the range of the matrix's type";
                    return Err(Error::Value { column: of.to_string(), row, value, needs });
                }
                entries.push(entry);
            }
        }
    }
    Ok(DMatrix::from_vec(n, expressions.len(), entries))
}

fn labels(table: &Table, name: &str) -> Result<Vec<String>> {
    let column = table.column(name)?;
    let label = |row| match column {
        _ if column.is_gap(row) => Err(Error::Gap { column: name.to_string(), row }),
        Column::Number(values) => Ok(number_text(values[row])),
        _ => Ok(column.text(row).unwrap_or_default().to_string()),
    };
    (0..table.rows()).map(label).collect()
}

/// The rows without a gap in any of these columns.
pub(super) fn complete_rows(table: &Table, names: &[&str]) -> Result<Vec<usize>> {
    let index = table.index()?;
    let columns = names.iter().map(|name| index.column(name)).collect::<Result<Vec<_>>>()?;
    Ok((0..table.rows()).filter(|&row| !columns.iter().any(|column| column.is_gap(row))).collect())
}

/// The listed rows of these columns; the table itself without a list.
pub(super) fn part_of<'t, 'n>(
    table: &'t Table,
    names: impl Iterator<Item = &'n str>,
    rows: Option<&[usize]>,
) -> Result<Cow<'t, Table>> {
    let Some(rows) = rows.filter(|rows| rows.len() < table.rows()) else { return Ok(Cow::Borrowed(table)) };
    let mut known = HashSet::new();
    let names: Vec<&str> = names.filter(|&name| known.insert(name)).collect();
    table.part(&names, rows).map(Cow::Owned)
}

/// The error with the row of the whole table and not of the part.
pub(super) fn in_rows(mut error: Error, rows: Option<&[usize]>) -> Error {
    if let Error::Gap { row, .. } | Error::Level { row, .. } | Error::Value { row, .. } = &mut error {
        *row = rows.and_then(|rows| rows.get(*row)).copied().unwrap_or(*row);
    }
    error
}
