//! A design after its fit.

use super::frame::{complete_rows, in_rows, part_of, responses};
use super::inputs::{Input, Values};
use super::plan::Plan;
use super::resolve::{Targets, named};
use super::scaling::Scaling;
use super::{Frame, Use};
use crate::table::formula::Expression;
use crate::table::{Formula, Table};
use crate::{Error, Real, Result};
use nalgebra::DMatrix;

/// A [`Design`](super::Design) with everything that was learned from training rows: levels, fills, scales and bases.
///
/// ```
/// use residual::{Design, Table};
/// let train = Table::new().number("y", [1, 2, 3]).number("x", [1, 10, 100]).category("g", ["b", "a", "c"]);
/// let design = Design::new("log(y) ~ log10(x)*C(g, sum)".parse()?).fit(&train)?;
/// let names = ["log10(x)", "g[S.a]", "g[S.b]", "log10(x):g[S.a]", "log10(x):g[S.b]"];
/// assert_eq!(design.names(), names);
/// assert_eq!((design.targets(), design.intercept()), (&["log(y)".to_string()][..], true));
/// let new = Table::new().number("x", [0.1]).category("g", ["c"]);
/// assert_eq!(design.transform(&new)?.as_slice(), [-1.0, -1.0, -1.0, 1.0, 1.0]);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedDesign {
    pub(crate) formula: Formula,
    pub(crate) plan: Plan,
    pub(crate) targets: Targets,
    pub(crate) target_names: Vec<String>,
    pub(crate) offsets: Vec<Expression>,
    pub(crate) intercept: bool,
    pub(crate) scaling: Option<Scaling>,
    pub(crate) drop: bool,
    pub(crate) dropped: usize,
}

impl FittedDesign {
    /// The names of the features, in the order of the columns of [`transform`](FittedDesign::transform).
    ///
    /// A column of numbers has its own name, a function of columns is named as the formula writes it, and a basis counts from 1:
    /// `hp`, `log(hp)`, `poly(hp, 2)[1]`. A level is `origin[usa]`, in sum coding `origin[S.usa]`. The factors of a product are
    /// joined by colons, and the levels of the first one vary fastest: `origin[japan]:sex[f]`, `origin[usa]:sex[f]`.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.plan.names
    }

    /// The targets: names of columns, or functions as the formula writes them; none if nothing stands to the left of `~`.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        &self.target_names
    }

    /// Whether the target is a category, so that there are labels to predict and not numbers.
    #[must_use]
    pub fn is_classification(&self) -> bool {
        matches!(self.targets, Targets::Labels(_))
    }

    /// The formula.
    #[must_use]
    pub fn formula(&self) -> &Formula {
        &self.formula
    }

    /// Whether the formula has an intercept. It is no feature: a model adds it, or does not.
    #[must_use]
    pub fn intercept(&self) -> bool {
        self.intercept
    }

    /// The levels of a column that is used as a category, in order; `None` for any other.
    #[must_use]
    pub fn levels(&self, column: &str) -> Option<&[String]> {
        self.plan.inputs.iter().find_map(|input| match &input.values {
            Values::Category { levels, .. } if input.column == column => Some(levels.as_slice()),
            _ => None,
        })
    }

    /// What was subtracted from each feature and what it was divided by, 0 and 1 for a feature that is not scaled; `None` unless
    /// [`standardize`](super::Design::standardize) was asked for.
    #[must_use]
    pub fn scaling(&self) -> Option<&[(f64, f64)]> {
        self.scaling.as_deref()
    }

    /// How many training rows were left out because of gaps.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The features of every row: n×p, without a column for the intercept. The table needs no targets.
    ///
    /// # Errors
    /// [`Error::MissingColumn`]; [`Error::Kind`]; [`Error::Gap`] for a gap that nothing fills; [`Error::Level`] for a category
    /// that no training row had; [`Error::Value`] for a number outside the domain of a function.
    pub fn transform(&self, table: &Table) -> Result<DMatrix<f64>> {
        self.features(table)
    }

    /// [`transform`](FittedDesign::transform) for any type of numbers.
    ///
    /// # Errors
    /// Those of [`transform`](FittedDesign::transform), and [`Error::Value`] for a number out of the range of `T`.
    pub fn features<T: Real>(&self, table: &Table) -> Result<DMatrix<T>> {
        table.check()?;
        let (n, p) = (table.rows(), self.names().len());
        let mut x = zeros(n, p)?;
        self.plan.walk(table, &mut |j, rows, column| {
            let (shift, scale) = self.scaling.as_ref().map_or((0.0, 1.0), |scaling| scaling[j]);
            let out = &mut x.as_mut_slice()[j * n..][rows.clone()];
            for ((row, out), &value) in rows.zip(out).zip(column) {
                *out = T::of((value - shift) / scale);
                if !out.is_finite() {
                    let needs = "a number within the range of the matrix's type";
                    return Err(Error::Value { column: self.names()[j].clone(), row, value, needs });
                }
            }
            Ok(())
        })?;
        Ok(x)
    }

    /// The sum of the offsets of every row; `None` if the formula has none.
    ///
    /// # Errors
    /// [`Error::MissingColumn`]; [`Error::Kind`]; [`Error::Gap`]; [`Error::Value`].
    pub fn offset<T: Real>(&self, table: &Table) -> Result<Option<DMatrix<T>>> {
        table.check()?;
        let Some((first, others)) = self.offsets.split_first() else { return Ok(None) };
        let sum = others.iter().fold(first.clone(), |sum, of| sum + of.clone());
        responses(&[sum], table).map(Some)
    }

    /// Features, targets and offset of the rows of a table, which needs the columns of all of them. With
    /// [`drop_gaps`](super::Design::drop_gaps), rows with gaps are left out.
    ///
    /// # Errors
    /// Those of [`transform`](FittedDesign::transform), for targets and offsets too; [`Error::Empty`] if no row is left.
    pub fn frame<T: Real>(&self, table: &Table) -> Result<Frame<T>> {
        table.check()?;
        let targets = self.targets.columns();
        let kept = match self.drop {
            true => Some(complete_rows(table, &[self.unfilled(), targets.clone()].concat())?),
            false => None,
        };
        if table.rows() > 0 && kept.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::Empty { what: "the table without the rows that have gaps" });
        }
        let inputs = self.plan.inputs.iter().map(|input| input.column.as_str());
        let part = part_of(table, inputs.chain(targets).chain(named(&self.offsets)), kept.as_deref())?;
        let names = self.names().to_vec();
        let frame = || Frame::new(self.features(&part)?, &self.targets, self.offset(&part)?, &part, names);
        let frame = frame().map_err(|error| in_rows(error, kept.as_deref()))?;
        Ok(frame.with_rows(table.rows(), kept))
    }

    /// The rows that [`transform`](FittedDesign::transform) can take: those without a gap in a column of features that is not
    /// filled, nor in an offset.
    ///
    /// # Errors
    /// [`Error::MissingColumn`].
    pub fn complete_rows(&self, table: &Table) -> Result<Vec<usize>> {
        complete_rows(table, &self.unfilled())
    }

    /// The columns of features and offsets in which a gap is not filled.
    fn unfilled(&self) -> Vec<&str> {
        let unfilled = |input: &&Input| !input.is_filled();
        let features = self.plan.inputs.iter().filter(unfilled).map(|input| input.column.as_str());
        features.chain(named(&self.offsets)).collect()
    }

    /// The columns that a table needs to be transformed, each with whether it is used as categories.
    #[must_use]
    pub fn inputs(&self) -> Vec<(&str, bool)> {
        self.plan.inputs.iter().map(|input| (input.column.as_str(), input.used() == Use::Category)).collect()
    }
}

/// A matrix of zeros, or the error that there is no room for it.
fn zeros<T: Real>(rows: usize, columns: usize) -> Result<DMatrix<T>> {
    let mut entries = Vec::new();
    let length = rows.checked_mul(columns).filter(|&length| entries.try_reserve_exact(length).is_ok());
    let why = "it does not fit into memory; leave out categories with many levels, or take fewer rows at a time";
    let length = length.ok_or(Error::Undefined { what: "the matrix of features", why })?;
    entries.resize(length, T::zero());
    Ok(DMatrix::from_vec(rows, columns, entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_that_no_machine_holds_is_an_error() {
        for (rows, columns) in [(usize::MAX, 2), (1 << 40, 1 << 15)] {
            assert!(matches!(zeros::<f64>(rows, columns), Err(Error::Undefined { .. })));
        }
        assert_eq!(zeros::<f32>(2, 3).unwrap(), DMatrix::zeros(2, 3));
    }
}
