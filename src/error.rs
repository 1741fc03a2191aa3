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
    /// The fit ran away: the loss or the parameters became infinite or NaN.
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
            Self::NotConverged { reason: Reason::Unbounded, .. } => {
                write!(f, "no finite maximum exists, since some direction separates the classes; add a penalty with l2")
            }
            Self::NotConverged { reason, iterations } => {
                write!(f, "not converged after {iterations} iterations ({reason:?}); allow more, or look at the report")
            }
            Self::Range { what, of, exponent } => {
                write!(f, "the {what} of `{of}` is about 1e{exponent}, outside the range of the number type; ")?;
                write!(f, "change the unit of that feature or of the target")
            }
            Self::Undefined { what, why } => write!(f, "{what} is not defined here: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// Why a solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A direct solver: the answer needs no iterations.
    Direct,
    /// The gradient is as small as asked for.
    Gradient,
    /// The value no longer improves.
    Value,
    /// The value reached the target.
    Target,
    /// The allowed iterations ran out.
    MaxIterations,
    /// No step along the search direction improves the value.
    LineSearch,
    /// An observer stopped the fit.
    Stopped,
    /// The parameters were given, not fitted: value and gradient norm are NaN, since no data were seen.
    Given,
    /// No minimum exists, or none that these data determine: see the warnings.
    Unbounded,
}
