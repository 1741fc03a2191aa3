//! The table: named columns of one length.

use super::cell::{NumberCell, TextCell};
use super::column::{Column, Kind, Levels};
use crate::{Error, Result};
use std::collections::HashMap;

/// Named columns of numbers, categories and text, with gaps.
///
/// Columns are added one after the other; the first one says how many rows there are. A column that cannot be added (another
/// length, a name that is there already, NaN) is kept as an error: [`checked`](Table::checked), and everything else here
/// that returns a `Result`, returns it.
///
/// ```
/// use residual::Table;
/// let table = Table::new()
///     .number("hp", [Some(110.0), None, Some(93.0)])
///     .category("origin", ["usa", "japan", "usa"])
///     .checked()?;
/// assert_eq!((table.rows(), table.names()), (3, &["hp".to_string(), "origin".to_string()][..]));
/// assert_eq!(table.numbers("hp")?, [Some(110.0), None, Some(93.0)]);
/// assert_eq!(table.levels("origin")?, ["japan", "usa"]);
/// let shorter = table.select(&[0, 2])?;
/// assert_eq!(shorter.texts("origin")?, [Some("usa"), Some("usa")]);
/// println!("{table}");
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Table {
    names: Vec<String>,
    pub(super) columns: Vec<Column>,
    rows: usize,
    refused: Option<Box<Error>>,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column of numbers. `None` is a gap; NaN and infinity are refused.
    #[must_use]
    pub fn number<N: NumberCell>(self, name: impl Into<String>, values: impl IntoIterator<Item = N>) -> Self {
        let name = name.into();
        let mut numbers = Vec::new();
        for (row, value) in values.into_iter().enumerate() {
            match value.number() {
                Some(value) if !value.is_finite() => {
                    let needs = "a finite number; give a gap as None";
                    return self.refuse(Error::Value { column: name, row, value, needs });
                }
                value => numbers.push(value.unwrap_or(f64::NAN)),
            }
        }
        self.with(name, Column::Number(numbers))
    }

    /// Adds a column of categories, whose levels are the texts that occur. `None` is a gap; an empty text is a level.
    #[must_use]
    pub fn category<S: TextCell>(self, name: impl Into<String>, values: impl IntoIterator<Item = S>) -> Self {
        let mut levels = Levels::default();
        values.into_iter().for_each(|value| levels.push(value.text()));
        self.with(name.into(), levels.finish())
    }

    /// Adds a column of text: names, remarks, whatever is not meant to be a feature. `None` is a gap. A formula may name
    /// the column all the same, and then reads categories; its `.` passes over text.
    #[must_use]
    pub fn text<S: TextCell>(self, name: impl Into<String>, values: impl IntoIterator<Item = S>) -> Self {
        let texts = values.into_iter().map(|value| value.text().map(Into::into)).collect();
        self.with(name.into(), Column::Text(texts))
    }

    /// The table, if every column could be added.
    ///
    /// # Errors
    /// The reason why the first refused column could not be added: [`Error::Value`] for NaN or infinity,
    /// [`Error::Rows`] for another number of rows, [`Error::DuplicateName`].
    pub fn checked(self) -> Result<Self> {
        self.check()?;
        Ok(self)
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.refused.as_deref().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Adds a column that is sound in itself.
    pub(super) fn with(mut self, name: String, column: Column) -> Self {
        if self.names.contains(&name) {
            return self.refuse(Error::DuplicateName { name });
        }
        if self.columns.is_empty() {
            self.rows = column.len();
        } else if column.len() != self.rows {
            let (expected, found) = (self.rows, column.len());
            return self.refuse(Error::Rows { column: name, expected, found });
        }
        self.names.push(name);
        self.columns.push(column);
        self
    }

    fn refuse(mut self, error: Error) -> Self {
        self.refused.get_or_insert_with(|| Box::new(error));
        self
    }

    /// Columns of one length under names that differ.
    pub(super) fn assembled(names: Vec<String>, columns: Vec<Column>, rows: usize) -> Self {
        debug_assert!(names.len() == columns.len() && columns.iter().all(|column| column.len() == rows));
        Self { names, columns, rows, refused: None }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of the columns, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What a column holds.
    ///
    /// # Errors
    /// [`Error::MissingColumn`].
    pub fn kind(&self, name: &str) -> Result<Kind> {
        self.column(name).map(Column::kind)
    }

    pub(crate) fn column(&self, name: &str) -> Result<&Column> {
        self.check()?;
        match self.names.iter().position(|own| own == name) {
            Some(j) => Ok(&self.columns[j]),
            None => Err(Error::MissingColumn { name: name.to_string(), columns: self.names.clone() }),
        }
    }

    /// The columns by name, for many look-ups.
    pub(super) fn index(&self) -> Result<Index<'_>> {
        self.check()?;
        Ok(Index { table: self, columns: self.names.iter().map(String::as_str).zip(&self.columns).collect() })
    }

    /// The numbers of a column, `None` for a gap.
    ///
    /// # Errors
    /// [`Error::MissingColumn`], and [`Error::Kind`] unless it holds numbers.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let values = numbers(self.column(name)?, name)?;
        Ok(values.iter().map(|&v| (!v.is_nan()).then_some(v)).collect())
    }

    /// The texts of a column of categories or text, `None` for a gap.
    ///
    /// # Errors
    /// [`Error::MissingColumn`], and [`Error::Kind`] if it holds numbers.
    pub fn texts(&self, name: &str) -> Result<Vec<Option<&str>>> {
        match self.column(name)? {
            Column::Number(_) => {
                Err(Error::Kind { column: name.to_string(), found: "numbers", needs: "categories or text" })
            }
            column => Ok((0..self.rows).map(|row| column.text(row)).collect()),
        }
    }

    /// The levels of a column of categories, sorted. Rows that were selected keep the levels of the whole table.
    ///
    /// # Errors
    /// [`Error::MissingColumn`], and [`Error::Kind`] unless it holds categories.
    pub fn levels(&self, name: &str) -> Result<&[String]> {
        match self.column(name)? {
            Column::Category { levels, .. } => Ok(levels),
            column => Err(Error::Kind { column: name.to_string(), found: column.kind().name(), needs: "categories" }),
        }
    }
}

/// The columns of a table by name.
pub(super) struct Index<'t> {
    table: &'t Table,
    columns: HashMap<&'t str, &'t Column>,
}

impl<'t> Index<'t> {
    pub(super) fn column(&self, name: &str) -> Result<&'t Column> {
        let missing = || Error::MissingColumn { name: name.to_string(), columns: self.table.names.clone() };
        self.columns.get(name).copied().ok_or_else(missing)
    }

    /// The numbers of a column, gaps as NaN.
    pub(super) fn numbers(&self, name: &str) -> Result<&'t [f64]> {
        numbers(self.column(name)?, name)
    }
}

/// The numbers of a column, gaps as NaN.
pub(super) fn numbers<'t>(column: &'t Column, name: &str) -> Result<&'t [f64]> {
    match column {
        Column::Number(values) => Ok(values),
        _ => Err(Error::Kind { column: name.to_string(), found: column.kind().name(), needs: "numbers" }),
    }
}

/// Equal names, kinds and entries in the same order; a gap equals a gap.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names && self.columns == other.columns && self.rows == other.rows
    }
}
