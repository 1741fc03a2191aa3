//! Rows chosen, cut and put together.

use super::Table;
use super::column::{Column, Levels};
use crate::data::test_rows;
use crate::{Error, Result, random};

impl Table {
    /// A table of its own with these rows, in this order; a row may come more than once.
    ///
    /// # Errors
    /// [`Error::Shape`] for a row that does not exist.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        self.check()?;
        if let Some(&row) = rows.iter().find(|&&row| row >= self.rows()) {
            let what = "number of rows for the row selected";
            return Err(Error::Shape { what, expected: row.saturating_add(1), found: self.rows() });
        }
        let columns = self.columns.iter().map(|column| column.gather(rows)).collect();
        Ok(Self::assembled(self.names().to_vec(), columns, rows.len()))
    }

    /// The listed rows, which exist, of these columns.
    pub(super) fn part(&self, names: &[&str], rows: &[usize]) -> Result<Self> {
        let index = self.index()?;
        let columns = names.iter().map(|name| Ok(index.column(name)?.gather(rows))).collect::<Result<_>>()?;
        Ok(Self::assembled(names.iter().map(ToString::to_string).collect(), columns, rows.len()))
    }

    /// Shuffles the rows and cuts them into (train, test), the same rows as [`Dataset::split`](crate::Dataset::split)
    /// with this seed; both sides get at least one row.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 < `test_fraction` < 1 and there are at least two rows.
    pub fn split(&self, test_fraction: f64, seed: u64) -> Result<(Self, Self)> {
        let tests = test_rows(self.rows(), test_fraction)?;
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        random::shuffle(&mut rows, &mut random::generator(seed, 0));
        Ok((self.select(&rows[tests..])?, self.select(&rows[..tests])?))
    }

    /// The rows of the tables one under the other. Columns are matched by name and stand in the order of the first table.
    ///
    /// ```
    /// use residual::Table;
    /// let a = Table::new().number("x", [1.0]).category("g", ["u"]);
    /// let b = Table::new().category("g", ["v"]).number("x", [2.0]);
    /// let both = Table::concat(&[&a, &b])?;
    /// assert_eq!(both, Table::new().number("x", [1, 2]).category("g", ["u", "v"]));
    /// # Ok::<(), residual::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without tables, [`Error::MissingColumn`] for a column that not all of them have,
    /// [`Error::Kind`] if a column holds different things.
    pub fn concat(tables: &[&Self]) -> Result<Self> {
        let Some((&first, others)) = tables.split_first() else {
            return Err(Error::Empty { what: "the list of tables" });
        };
        first.check()?;
        for other in others {
            if let Some(name) = other.names().iter().find(|&name| !first.names().contains(name)) {
                first.column(name)?;
            }
        }
        let column = |name: &String| {
            let parts = tables.iter().map(|table| table.column(name)).collect::<Result<Vec<_>>>()?;
            let (kind, needs) = (parts[0].kind(), parts[0].kind().name());
            match parts.iter().find(|part| part.kind() != kind) {
                Some(part) => Err(Error::Kind { column: name.clone(), found: part.kind().name(), needs }),
                None => Ok(joined(&parts)),
            }
        };
        let columns = first.names().iter().map(column).collect::<Result<Vec<_>>>()?;
        let rows = tables.iter().map(|table| table.rows()).sum();
        Ok(Self::assembled(first.names().to_vec(), columns, rows))
    }
}

/// Columns of one kind, one under the other.
fn joined(parts: &[&Column]) -> Column {
    let mut numbers = Vec::new();
    let mut texts = Vec::new();
    let mut levels = Levels::default();
    for part in parts {
        match part {
            Column::Number(values) => numbers.extend_from_slice(values),
            Column::Text(values) => texts.extend_from_slice(values),
            Column::Category { codes, .. } => (0..codes.len()).for_each(|row| levels.push(part.text(row))),
        }
    }
    match parts.first() {
        Some(Column::Category { .. }) => levels.finish(),
        Some(Column::Text(_)) => Column::Text(texts),
        _ => Column::Number(numbers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        let a = Table::new().number("x", [1.0]);
        let more = Table::new().number("x", [1.0]).number("y", [2.0]);
        let other = Table::new().category("x", ["u"]);
        assert!(matches!(Table::concat(&[&a, &more]), Err(Error::MissingColumn { name, .. }) if name == "y"));
        assert!(matches!(Table::concat(&[&more, &a]), Err(Error::MissingColumn { name, .. }) if name == "y"));
        assert!(matches!(Table::concat(&[&a, &other]), Err(Error::Kind { found: "categories", needs: "numbers", .. })));
        assert_eq!(Table::concat(&[]), Err(Error::Empty { what: "the list of tables" }));
    }

    #[test]
    fn a_split_shares_out_every_row() -> Result<()> {
        let table = Table::new().number("row", 0..10);
        let (train, test) = table.split(0.3, 7)?;
        assert_eq!((train.rows(), test.rows()), (7, 3));
        let mut rows: Vec<_> = Table::concat(&[&train, &test])?.numbers("row")?;
        rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(rows, table.numbers("row")?);
        assert!(table.split(0.0, 1).is_err() && table.select(&[10]).is_err());
        assert_eq!(table.select(&[])?.rows(), 0);
        Ok(())
    }
}
