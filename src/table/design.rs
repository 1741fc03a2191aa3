//! What a formula becomes on a table.

mod block;
mod coding;
mod fit;
mod fitted;
mod frame;
mod impute;
mod inputs;
mod orthogonal;
mod plan;
mod resolve;
mod scaling;
mod spline;

pub use fitted::FittedDesign;
pub use frame::Frame;
pub use impute::Impute;

use super::{Formula, Table};
use crate::{Error, Result};
use inputs::Use;

/// How a table becomes features: a [`Formula`], and what is done about gaps and scales.
///
/// [`fit`](Design::fit) learns everything that depends on data from training rows: the levels of each category, what fills
/// gaps, scales, polynomial and spline bases. The [`FittedDesign`] applies exactly that to any rows.
///
/// A gap in a column that no rule of [`impute`](Design::impute) fits is an error, unless [`drop_gaps`](Design::drop_gaps) is
/// asked for. Targets and offsets are never filled.
///
/// ```
/// use residual::table::Impute;
/// use residual::{Design, Table, nalgebra::dmatrix};
/// let train = Table::new()
///     .number("hp", [Some(100.0), None, Some(50.0), Some(60.0)])
///     .category("origin", [Some("usa"), Some("japan"), Some("japan"), None]);
/// let design = Design::new("~ hp + origin".parse()?)
///     .impute(Impute::MostFrequent)
///     .impute(Impute::Median)
///     .indicate_gaps()
///     .fit(&train)?;
/// assert_eq!(design.names(), ["hp", "origin[usa]", "missing(hp)", "missing(origin)"]);
/// let new = Table::new().number("hp", [None, Some(90.0)]).category("origin", ["usa", "japan"]);
/// assert_eq!(design.transform(&new)?, dmatrix![60.0, 1.0, 1.0, 0.0; 90.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    formula: Formula,
    /// For which column, all without a name; later rules win.
    rules: Vec<(Option<String>, Impute)>,
    indicate: bool,
    standardize: bool,
    drop: bool,
}

impl Design {
    /// The features of this formula, without anything done about gaps or scales.
    #[must_use]
    pub fn new(formula: Formula) -> Self {
        Self { formula, rules: Vec::new(), indicate: false, standardize: false, drop: false }
    }

    /// Fills the gaps of every column of features that the rule fits: numbers, categories or both. The last rule that fits a
    /// column counts, so a general one comes first: `.impute(MostFrequent).impute(Median)`.
    #[must_use]
    pub fn impute(mut self, rule: Impute) -> Self {
        self.rules.push((None, rule));
        self
    }

    /// Fills the gaps of this column.
    #[must_use]
    pub fn impute_column(mut self, name: impl Into<String>, rule: Impute) -> Self {
        self.rules.push((Some(name.into()), rule));
        self
    }

    /// Adds a feature `missing(x)` for each column x of features that has gaps in the training rows and is filled: 1 where the
    /// gap was, 0 elsewhere.
    #[must_use]
    pub fn indicate_gaps(self) -> Self {
        Self { indicate: true, ..self }
    }

    /// Subtracts the mean of the training rows from every feature made of numbers alone and divides by the standard deviation
    /// (divisor n), so that features with any category, and indicators, stay as they are. Names stay too. Without an intercept
    /// or a category that stands for it, nothing is subtracted.
    #[must_use]
    pub fn standardize(self) -> Self {
        Self { standardize: true, ..self }
    }

    /// Leaves out rows with a gap in a column that is not filled, as R's `na.omit` does: in the fit and in
    /// [`frame`](FittedDesign::frame), both of which say how many. [`transform`](FittedDesign::transform) still refuses gaps,
    /// since a row that is left out has no prediction.
    #[must_use]
    pub fn drop_gaps(self) -> Self {
        Self { drop: true, ..self }
    }

    /// The formula.
    #[must_use]
    pub fn formula(&self) -> &Formula {
        &self.formula
    }

    /// The rule that fills the gaps of a column.
    fn rule(&self, column: &str, used: Use) -> Result<Option<&Impute>> {
        let mut found = None;
        for (name, rule) in &self.rules {
            match name {
                Some(name) if name != column => {}
                Some(_) if !rule.fits(used) => {
                    let (found, needs) = match used {
                        Use::Number => ("numbers", "categories"),
                        Use::Category => ("categories", "numbers"),
                    };
                    return Err(Error::Kind { column: column.to_string(), found, needs });
                }
                _ if rule.fits(used) => found = Some(rule),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Learns from training rows what the formula leaves open.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows; [`Error::MissingColumn`]; [`Error::Kind`] for categories where numbers are needed;
    /// [`Error::Gap`] for a gap that nothing handles; [`Error::Value`] for a number outside the domain of a function;
    /// [`Error::Term`] for a part of the formula that does not fit these rows; [`Error::DuplicateName`] for two features of one
    /// name; [`Error::Config`].
    pub fn fit(&self, table: &Table) -> Result<FittedDesign> {
        fit::fit(self, table)
    }
}
