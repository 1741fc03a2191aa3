//! The columns of a table as a design reads them: checked, filled, with the levels of the training rows.

use super::impute::{Impute, categories};
use crate::table::build::Index;
use crate::table::column::{Column, GAP, number_text};
use crate::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;

/// What a formula makes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Number,
    Category,
}

/// A column that features are made from, and what was learned about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Input {
    pub column: String,
    pub values: Values,
    /// Whether a feature says where the gaps were.
    pub indicator: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Number { fill: Option<f64> },
    Category { levels: Vec<String>, fill: Option<u32> },
}

impl Input {
    /// Learns from training rows.
    pub(super) fn fit(index: &Index<'_>, name: &str, used: Use, rule: Option<&Impute>, indicate: bool) -> Result<Self> {
        let column = index.column(name)?;
        let values = match used {
            Use::Number => {
                let values = index.numbers(name)?;
                Values::Number { fill: rule.map(|rule| rule.number(values, name)).transpose()? }
            }
            Use::Category => categories(column, name, rule)?,
        };
        Ok(Self { column: name.to_string(), values, indicator: indicate && column.gaps() > 0 })
    }

    pub(super) fn used(&self) -> Use {
        match self.values {
            Values::Number { .. } => Use::Number,
            Values::Category { .. } => Use::Category,
        }
    }

    /// Whether gaps are filled.
    pub(super) fn is_filled(&self) -> bool {
        matches!(self.values, Values::Number { fill: Some(_) } | Values::Category { fill: Some(_), .. })
    }

    /// Finds the column in a table.
    pub(super) fn bind<'t>(&'t self, index: &Index<'t>) -> Result<Bound<'t>> {
        let column = index.column(&self.column)?;
        let source = match &self.values {
            Values::Number { .. } => Source::Numbers(index.numbers(&self.column)?),
            Values::Category { levels, .. } => {
                let own: HashMap<&str, u32> = (0..).zip(levels).map(|(code, level)| (level.as_str(), code)).collect();
                match column {
                    Column::Category { codes, levels } => {
                        let map = levels.iter().map(|level| own.get(level.as_str()).copied()).collect();
                        Source::Codes(codes, map)
                    }
                    _ => Source::Other(own),
                }
            }
        };
        Ok(Bound { input: self, column, source })
    }
}

/// An input with the column of one table.
pub(super) struct Bound<'t> {
    pub input: &'t Input,
    column: &'t Column,
    source: Source<'t>,
}

enum Source<'t> {
    Numbers(&'t [f64]),
    /// The codes of the table, and for each of its levels the code of the design, if it has one.
    Codes(&'t [u32], Vec<Option<u32>>),
    /// Text, or numbers used as categories, by their text.
    Other(HashMap<&'t str, u32>),
}

impl Bound<'_> {
    /// The numbers of these rows, complete.
    pub(super) fn numbers(&self, rows: Range<usize>, out: &mut Vec<f64>) -> Result<()> {
        out.clear();
        let (Source::Numbers(values), Values::Number { fill }) = (&self.source, &self.input.values) else {
            return Ok(());
        };
        out.extend_from_slice(&values[rows.clone()]);
        for (row, value) in rows.zip(out).filter(|(_, value)| value.is_nan()) {
            *value = fill.ok_or_else(|| self.gap(row))?;
        }
        Ok(())
    }

    /// The codes of these rows, complete.
    pub(super) fn codes(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<()> {
        out.clear();
        let Values::Category { fill, .. } = &self.input.values else { return Ok(()) };
        for row in rows {
            let code = match &self.source {
                _ if self.column.is_gap(row) => fill.ok_or_else(|| self.gap(row))?,
                Source::Codes(codes, map) => map[codes[row] as usize].ok_or_else(|| self.unseen(row))?,
                Source::Other(own) => self.code(own, row).ok_or_else(|| self.unseen(row))?,
                Source::Numbers(_) => GAP,
            };
            out.push(code);
        }
        Ok(())
    }

    fn code(&self, own: &HashMap<&str, u32>, row: usize) -> Option<u32> {
        match self.column {
            Column::Number(values) => own.get(number_text(values[row]).as_str()).copied(),
            _ => self.column.text(row).and_then(|text| own.get(text).copied()),
        }
    }

    /// 1 where there is a gap.
    pub(super) fn gaps(&self, rows: Range<usize>, out: &mut Vec<f64>) {
        out.clear();
        out.extend(rows.map(|row| if self.column.is_gap(row) { 1.0 } else { 0.0 }));
    }

    fn gap(&self, row: usize) -> Error {
        Error::Gap { column: self.input.column.clone(), row }
    }

    fn unseen(&self, row: usize) -> Error {
        let level = match self.column {
            Column::Number(values) => number_text(values[row]),
            column => column.text(row).unwrap_or_default().to_string(),
        };
        Error::Level { column: self.input.column.clone(), row, level }
    }
}
