//! A run of features that belong together: the products of the columns of some factors.

use super::inputs::{Bound, Use};
use super::orthogonal::Orthogonal;
use super::spline::Spline;
use crate::table::formula::Expression;
use crate::{Error, Result};
use std::borrow::Cow;
use std::ops::Range;

/// The products of the columns of its parts, the columns of the first part varying fastest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    pub parts: Vec<Part>,
}

/// A factor with what was learned about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// The names of its columns.
    pub names: Vec<String>,
    pub basis: Basis,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Basis {
    /// The numbers of an input.
    Number(usize),
    Value(Expression),
    /// x, x², .., x^degree.
    Powers(Expression, usize),
    Orthogonal(Expression, Orthogonal),
    Spline(Expression, Spline),
    /// An input; the levels that have a column; the level that is −1 in all of them, if there is one.
    Category(usize, Vec<u32>, Option<u32>),
}

impl Block {
    /// Whether only numbers are in it.
    pub(super) fn is_numeric(&self) -> bool {
        !self.parts.iter().any(|part| matches!(part.basis, Basis::Category(..)))
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.parts.iter().map(|part| part.names.len()).product()
    }

    /// Whether it is a column as it is, numbers or categories.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.parts.as_slice(), [Part { basis: Basis::Number(_) | Basis::Category(..), .. }])
    }

    pub(super) fn names(&self) -> Vec<String> {
        let sizes: Vec<usize> = self.parts.iter().map(|part| part.names.len()).collect();
        let name = |places: Vec<usize>| {
            let names: Vec<&str> = self.parts.iter().zip(places).map(|(part, j)| part.names[j].as_str()).collect();
            names.join(":")
        };
        (0..self.width()).map(|column| name(places(column, &sizes))).collect()
    }

    /// Calls `put` with every column in turn.
    pub(super) fn columns(&self, chunk: &Chunk<'_>, put: &mut dyn FnMut(&[f64]) -> Result<()>) -> Result<()> {
        let parts = self.parts.iter().map(|part| part.columns(chunk)).collect::<Result<Vec<_>>>()?;
        if let [Columns::Numbers(columns)] = parts.as_slice() {
            return columns.iter().try_for_each(|column| put(column));
        }
        let sizes: Vec<usize> = self.parts.iter().map(|part| part.names.len()).collect();
        let mut product = Vec::new();
        for column in 0..self.width() {
            product.clear();
            product.resize(chunk.rows.len(), 1.0);
            for (part, j) in parts.iter().zip(places(column, &sizes)) {
                part.multiply(j, &mut product);
            }
            put(&product)?;
        }
        Ok(())
    }
}

/// Which column of each part makes up a column of the products; the first part varies fastest.
fn places(mut column: usize, sizes: &[usize]) -> Vec<usize> {
    let place = |&size: &usize| {
        let place = column % size;
        column /= size;
        place
    };
    sizes.iter().map(place).collect()
}

/// The columns of a part in a run of rows.
enum Columns<'c> {
    Numbers(Vec<Cow<'c, [f64]>>),
    /// The codes of the rows, the levels that have a column, the level that is −1 in all of them.
    Codes(&'c [u32], &'c [u32], Option<u32>),
}

impl Columns<'_> {
    /// Multiplies by column j.
    fn multiply(&self, j: usize, product: &mut [f64]) {
        match self {
            Self::Numbers(columns) => product.iter_mut().zip(columns[j].iter()).for_each(|(p, v)| *p *= v),
            Self::Codes(codes, shown, omitted) => {
                let level = shown[j];
                for (p, &code) in product.iter_mut().zip(codes.iter()).filter(|(_, code)| **code != level) {
                    // 0 and not −0 for the other levels of negative numbers.
                    *p = if Some(code) == *omitted { -*p } else { 0.0 };
                }
            }
        }
    }
}

impl Part {
    fn columns<'c>(&'c self, chunk: &'c Chunk<'_>) -> Result<Columns<'c>> {
        let owned = |columns: Vec<Vec<f64>>| columns.into_iter().map(Cow::Owned).collect();
        Ok(Columns::Numbers(match &self.basis {
            Basis::Number(input) => vec![Cow::Borrowed(chunk.numbers[*input].as_slice())],
            Basis::Value(of) => vec![Cow::Owned(chunk.values(of)?)],
            Basis::Powers(of, degree) => {
                let values = chunk.values(of)?;
                let power = |k: usize| values.iter().map(|v| v.powi(i32::try_from(k).unwrap_or(i32::MAX))).collect();
                owned((1..=*degree).map(power).collect())
            }
            Basis::Orthogonal(of, basis) => owned(basis.columns(&chunk.values(of)?)),
            Basis::Spline(of, basis) => owned(basis.columns(&chunk.values(of)?)),
            Basis::Category(input, shown, omitted) => {
                return Ok(Columns::Codes(&chunk.codes[*input], shown, *omitted));
            }
        }))
    }
}

/// A run of rows with the values of every input.
pub(super) struct Chunk<'t> {
    pub rows: Range<usize>,
    inputs: &'t [Bound<'t>],
    numbers: Vec<Vec<f64>>,
    codes: Vec<Vec<u32>>,
}

impl<'t> Chunk<'t> {
    pub(super) fn new(inputs: &'t [Bound<'t>]) -> Self {
        let many = inputs.len();
        Self { rows: 0..0, inputs, numbers: vec![Vec::new(); many], codes: vec![Vec::new(); many] }
    }

    /// Reads these rows of every input.
    pub(super) fn read(&mut self, rows: Range<usize>) -> Result<()> {
        self.rows = rows.clone();
        for (i, bound) in self.inputs.iter().enumerate() {
            match bound.input.used() {
                Use::Number => bound.numbers(rows.clone(), &mut self.numbers[i])?,
                Use::Category => bound.codes(rows.clone(), &mut self.codes[i])?,
            }
        }
        Ok(())
    }

    /// The values of an expression.
    pub(super) fn values(&self, of: &Expression) -> Result<Vec<f64>> {
        let column = |name: &str| {
            let own = |bound: &Bound<'_>| bound.input.column == name && bound.input.used() == Use::Number;
            match self.inputs.iter().position(own) {
                Some(i) => Ok(self.numbers[i].as_slice()),
                None => Err(Error::MissingColumn { name: name.to_string(), columns: Vec::new() }),
            }
        };
        of.values(self.rows.len(), self.rows.start, &column)
    }
}
