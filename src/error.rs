//! The one error type, and the reasons for which a fit may end that one of its variants carries.

use std::fmt;

/// What can go wrong, with the numbers that say where. Displayed as one lower-case sentence that says what to do.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A matrix, vector or list has the wrong size.
    Shape {
        /// What was measured, as in "rows of y".
        what: &'static str,
        /// The size that fits.
        expected: usize,
        /// The size that came.
        found: usize,
    },
    /// There is nothing to work on.
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// An input is NaN or infinite.
    NotFinite {
        /// Which input, as in "x".
        what: &'static str,
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
    },
    /// A sample weight is negative or not finite.
    Weight {
        /// The row, from 0.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// Every weight is 0.
    NoWeight,
    /// A target is outside the domain of the loss or score.
    Target {
        /// The row, from 0.
        row: usize,
        /// What is needed.
        needs: &'static str,
    },
    /// A number that should be a probability lies outside of [0, 1].
    Probability {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The number.
        value: f64,
    },
    /// The probabilities of the classes do not sum to 1.
    ProbabilitySum {
        /// The row, from 0.
        row: usize,
        /// What they sum to.
        sum: f64,
    },
    /// An input is outside the domain of the layer.
    Input {
        /// The row, from 0.
        row: usize,
        /// What the layer needs.
        needs: &'static str,
    },
    /// A sequence in a list has the wrong shape.
    Sequence {
        /// Its position in the list, from 0.
        index: usize,
        /// What was measured, as in "number of steps".
        what: &'static str,
        /// The size that fits.
        expected: usize,
        /// The size that came.
        found: usize,
    },
    /// A setting is out of range.
    Config {
        /// The setting.
        name: &'static str,
        /// What it needs to be.
        needs: &'static str,
    },
    /// A fit with a learning rate ran away: the risk or the parameters became infinite or NaN, or the risk grew where it should
    /// have fallen.
    Diverged {
        /// The iteration at which it was noticed, from 1.
        iteration: usize,
    },
    /// A label that was not among the classes, by its position.
    Label {
        /// The position in the list, from 0.
        row: usize,
    },
    /// Fewer classes than the task needs.
    Classes {
        /// How many were found.
        found: usize,
    },
    /// A text that should read back is damaged.
    Parse {
        /// What was read.
        what: &'static str,
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        needs: &'static str,
    },
    /// A description, as a model file holds it, lacks something or says something else.
    Description {
        /// The field, as in "inputs of Dense".
        field: String,
        /// What it should be.
        needs: &'static str,
        /// What stands there.
        found: String,
    },
    /// A checkpoint is of another fit.
    Resume {
        /// What differs.
        what: &'static str,
        /// What it was in the fit that was saved.
        saved: String,
        /// What it is in the fit that should continue it.
        found: String,
    },
    /// A fit ended before it converged; returned by [`Report::ensure_converged`](crate::Report::ensure_converged) only.
    NotConverged {
        /// How it ended.
        reason: Reason,
        /// After how many iterations.
        iterations: usize,
    },
    /// A number of the answer is outside the range of its type, though the data are not.
    Range {
        /// Which number, as in "coefficient".
        what: &'static str,
        /// Whose number: the name of the feature or of the target.
        of: String,
        /// About its size, as a power of ten.
        exponent: i32,
    },
    /// The quantity does not exist for these data.
    Undefined {
        /// Which quantity.
        what: &'static str,
        /// Why, and what would make it exist.
        why: &'static str,
    },
    /// A table has no column of this name.
    MissingColumn {
        /// The name that was asked for.
        name: String,
        /// The names that the table has.
        columns: Vec<String>,
    },
    /// Two columns, features or targets share a name.
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A column of a table has another length than those before it.
    Rows {
        /// The column.
        column: String,
        /// The number of rows of the table.
        expected: usize,
        /// The number of rows of the column.
        found: usize,
    },
    /// A column holds something else than what is needed.
    Kind {
        /// The column.
        column: String,
        /// What it holds, as in "categories".
        found: &'static str,
        /// What is needed, as in "numbers".
        needs: &'static str,
    },
    /// A column has a gap that nothing handles.
    Gap {
        /// The column.
        column: String,
        /// The row, from 0.
        row: usize,
    },
    /// A category that no training row had.
    Level {
        /// The column.
        column: String,
        /// The row, from 0.
        row: usize,
        /// The category.
        level: String,
    },
    /// A number in a column, or an expression of columns, is out of range.
    Value {
        /// The column, or the expression in the user's own names, as in "log(hp)".
        column: String,
        /// The row, from 0.
        row: usize,
        /// The number.
        value: f64,
        /// What it needs to be.
        needs: &'static str,
    },
    /// A part of a formula does not fit the table or the other parts.
    Term {
        /// The part, as the formula writes it.
        term: String,
        /// What is needed.
        needs: &'static str,
    },
    /// A formula cannot be read.
    Formula {
        /// The character at which reading failed, from 0; the length of the text if it ended too early.
        position: usize,
        /// What could stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A line of a CSV file has another number of fields than the first.
    Fields {
        /// The line, from 1.
        line: usize,
        /// The number of columns.
        expected: usize,
        /// The number of fields of the line.
        found: usize,
    },
    /// A field of a CSV file cannot be read.
    Field {
        /// The line, from 1.
        line: usize,
        /// The name of the column.
        column: String,
        /// What stands there.
        found: String,
        /// What should stand there.
        needs: &'static str,
    },
    /// A file cannot be read or written.
    Io {
        /// The file.
        path: String,
        /// Why.
        kind: std::io::ErrorKind,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { what, expected, found } => write!(f, "{what} should be {expected}, found {found}"),
            Self::Empty { what } => write!(f, "{what} is empty; at least one is needed"),
            Self::NotFinite { what, row, column } => {
                write!(f, "{what} is NaN or infinite at row {row}, column {column}; drop or impute it first")
            }
            Self::Weight { row, value } => {
                write!(f, "weight {value} at row {row}; weights must be finite and at least 0")
            }
            Self::NoWeight => write!(f, "all weights are 0; at least one must be positive"),
            Self::Target { row, needs } => {
                write!(f, "target at row {row} is not legal here; it needs {needs}")
            }
            Self::Probability { row, column, value } => {
                write!(f, "the prediction at row {row}, column {column} is {value}; pass probabilities, from 0 to 1")
            }
            Self::ProbabilitySum { row, sum } => {
                write!(f, "the class probabilities of row {row} sum to {sum}; pass probabilities whose rows sum to 1")
            }
            Self::Input { row, needs } => write!(f, "input at row {row} is not legal for this layer; it needs {needs}"),
            Self::Sequence { index, what, expected, found } => {
                write!(f, "sequence {index}: {what} should be {expected}, found {found}")
            }
            Self::Config { name, needs } => write!(f, "{name} must be {needs}"),
            Self::Diverged { iteration } => {
                write!(f, "the fit diverged at iteration {iteration}; lower the learning rate or scale the features")
            }
            Self::Label { row } => write!(f, "label at position {row} is none of the classes"),
            Self::Classes { found } => write!(f, "at least 2 classes are needed, found {found}"),
            Self::Parse { what, line, needs } => write!(f, "line {line} of the {what} should hold: {needs}"),
            Self::Description { field, needs, found } => write!(f, "{field} should be {needs}, found {found}"),
            Self::NotConverged { reason: Reason::Unbounded, .. } => {
                write!(f, "no finite maximum exists, since some direction separates the classes; add a penalty with l2")
            }
            Self::Resume { what, saved, found } => {
                write!(f, "{what} was {saved} in the saved fit and is {found} here; resume with what was saved")
            }
            Self::NotConverged { reason, iterations } => {
                write!(f, "not converged after {iterations} iterations: {}", advice(*reason))
            }
            Self::Range { what, of, exponent } => {
                write!(f, "the {what} of `{of}` is about 1e{exponent}, outside the range of the number type; ")?;
                write!(f, "change the unit of that feature or of the target")
            }
            Self::Undefined { what, why } => write!(f, "{what} is not defined here: {why}"),
            Self::MissingColumn { name, columns } => missing_column(f, name, columns),
            Self::DuplicateName { name } => write!(f, "the name `{name}` stands for two things; rename one of them"),
            Self::Rows { column, expected, found } => {
                write!(f, "column `{column}` has {found} rows where the table has {expected}")
            }
            Self::Kind { column, found, needs } => {
                write!(f, "column `{column}` holds {found} where {needs} are needed")
            }
            Self::Gap { column, row } => {
                write!(f, "column `{column}` has a gap at row {row}; impute it or drop the rows with gaps")
            }
            Self::Level { column, row, level } => {
                write!(f, "column `{column}` holds `{level}` at row {row}, which no training row has; ")?;
                write!(f, "add such rows to the training data or drop this one")
            }
            Self::Value { column, row, value, needs } => {
                write!(f, "`{column}` meets {value} at row {row}; it needs {needs}")
            }
            Self::Term { term, needs } => write!(f, "`{term}` does not fit into the formula; it needs {needs}"),
            Self::Formula { position, expected, found } => {
                write!(f, "expected {expected} at character {position} of the formula, found {found}")
            }
            Self::Fields { line, expected, found } => {
                write!(
                    f,
                    "line {line} has {found} fields where the header has {expected}; quote fields with separators"
                )
            }
            Self::Field { line, column, found, needs } => {
                write!(f, "line {line}, column `{column}`: found `{found}`, needs {needs}")
            }
            Self::Io { path, kind } => write!(f, "the file {path} cannot be used: {kind}"),
        }
    }
}

/// The first names of a long list are enough to see a misspelling.
fn missing_column(f: &mut fmt::Formatter<'_>, name: &str, columns: &[String]) -> fmt::Result {
    const SHOWN: usize = 12;
    write!(f, "there is no column `{name}` in the table; it has {}", columns[..columns.len().min(SHOWN)].join(", "))?;
    match columns.len() {
        0 => write!(f, "none"),
        many if many > SHOWN => write!(f, " and {} more", many - SHOWN),
        _ => Ok(()),
    }
}

impl std::error::Error for Error {}

/// Why a fit did not converge, and what to do.
fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::MaxIterations => "they ran out; allow more",
        Reason::Value => {
            "the value no longer improves, but this is no minimum; change the learning rate or lower the tolerance"
        }
        Reason::LineSearch => "no step along the search direction lowers the value; check the gradient",
        Reason::Stopped => "an observer stopped the fit or chose other parameters",
        Reason::Given => "the parameters were given, not fitted",
        _ => "look at the report",
    }
}

/// Why a solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A direct solver: the answer needs no iterations.
    Direct,
    /// The gradient is as small as asked for.
    Gradient,
    /// The value no longer improves. That alone is no convergence: see [`Report::converged`](crate::Report::converged).
    Value,
    /// The value reached the target.
    Target,
    /// The allowed iterations ran out.
    MaxIterations,
    /// No step along the search direction improves the value.
    LineSearch,
    /// An observer stopped the fit, or chose parameters for which no other reason holds.
    Stopped,
    /// The parameters were given, not fitted: value and gradient norm are NaN, since no data were seen.
    Given,
    /// No minimum exists, or none that these data determine: see the warnings.
    Unbounded,
}
