//! What a term is made of: one column, or a function of columns.

use super::expression::{Expression, Node, write_name};
use std::fmt;

/// One part of a term: a column as it is, a column as categories, a number computed from columns, or a basis of one.
///
/// ```
/// use residual::table::{Expression, Factor};
/// assert_eq!(Factor::from("wt").to_string(), "wt");
/// assert_eq!(Factor::category("origin").base("usa").to_string(), "C(origin, base = \"usa\")");
/// assert_eq!(Factor::from(Expression::column("wt").power(2.0)).to_string(), "I(wt^2)");
/// assert_eq!(Factor::spline("hp", 4).to_string(), "spline(hp, df = 4)");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Factor(pub(crate) Part);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// Numbers or categories, as the table has it.
    Column(String),
    Category {
        column: String,
        coding: Coding,
    },
    /// Not a column alone.
    Number(Expression),
    Polynomial {
        of: Expression,
        degree: usize,
        raw: bool,
    },
    Spline {
        of: Expression,
        df: usize,
    },
}

/// How levels become numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Coding {
    /// One column for each level but the base, 1 at the level; the base is the first level unless it is named.
    Treatment(Option<String>),
    /// One column for each level but the last, 1 at the level and −1 at the last.
    Sum,
    /// One column for each level, whatever else is in the formula.
    Full,
}

impl Factor {
    /// A column as it stands in the table, numbers or categories.
    #[must_use]
    pub fn column(name: impl Into<String>) -> Self {
        Self(Part::Column(name.into()))
    }

    /// A column as categories, also if it holds numbers.
    #[must_use]
    pub fn category(name: impl Into<String>) -> Self {
        Self(Part::Category { column: name.into(), coding: Coding::Treatment(None) })
    }

    /// Compares the levels with this one, and not with the first. Does nothing unless it is a
    /// [`category`](Factor::category).
    #[must_use]
    pub fn base(self, level: impl Into<String>) -> Self {
        self.coded(Coding::Treatment(Some(level.into())))
    }

    /// Compares the levels with their mean: the coefficients of all levels add up to 0, and the last is not shown. Does
    /// nothing unless it is a [`category`](Factor::category).
    #[must_use]
    pub fn sum(self) -> Self {
        self.coded(Coding::Sum)
    }

    /// Gives every level a column, which the intercept makes redundant: for penalties. Does nothing unless it is a
    /// [`category`](Factor::category).
    #[must_use]
    pub fn full(self) -> Self {
        self.coded(Coding::Full)
    }

    fn coded(self, coding: Coding) -> Self {
        match self.0 {
            Part::Category { column, .. } => Self(Part::Category { column, coding }),
            _ => self,
        }
    }

    /// Polynomials p₁ .. p_degree, orthonormal to each other and to 1 on the training rows, as R's `poly`.
    #[must_use]
    pub fn poly(of: impl Into<Expression>, degree: usize) -> Self {
        Self(Part::Polynomial { of: of.into(), degree, raw: false })
    }

    /// The powers x, x², .. x^degree.
    #[must_use]
    pub fn powers(of: impl Into<Expression>, degree: usize) -> Self {
        Self(Part::Polynomial { of: of.into(), degree, raw: true })
    }

    /// A natural cubic spline with `df` columns, as R's `ns`: cubic between knots, straight beyond the training rows.
    #[must_use]
    pub fn spline(of: impl Into<Expression>, df: usize) -> Self {
        Self(Part::Spline { of: of.into(), df })
    }

    /// Calls `each` for every column, as often as it is named.
    pub(crate) fn columns<'f>(&'f self, each: &mut dyn FnMut(&'f str)) {
        match &self.0 {
            Part::Column(name) | Part::Category { column: name, .. } => each(name),
            Part::Number(of) | Part::Polynomial { of, .. } | Part::Spline { of, .. } => of.columns(each),
        }
    }
}

/// A column as it stands in the table.
impl From<&str> for Factor {
    fn from(name: &str) -> Self {
        Self::column(name)
    }
}

/// The value of the expression.
impl From<Expression> for Factor {
    fn from(expression: Expression) -> Self {
        match expression.0 {
            Node::Column(name) => Self(Part::Column(name)),
            node => Self(Part::Number(Expression(node))),
        }
    }
}

/// As a formula writes it.
impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Part::Column(name) => write_name(f, name),
            Part::Number(of) if matches!(of.0, Node::Call(..)) => write!(f, "{of}"),
            Part::Number(of) => write!(f, "I({of})"),
            Part::Polynomial { of, degree, raw } => {
                write!(f, "poly({of}, {degree}{})", if *raw { ", raw = true" } else { "" })
            }
            Part::Spline { of, df } => write!(f, "spline({of}, df = {df})"),
            Part::Category { column, coding } => {
                write!(f, "C(")?;
                write_name(f, column)?;
                match coding {
                    Coding::Treatment(None) => write!(f, ")"),
                    Coding::Treatment(Some(base)) => {
                        write!(f, ", base = \"{}\")", base.replace('\\', "\\\\").replace('"', "\\\""))
                    }
                    Coding::Sum => write!(f, ", sum)"),
                    Coding::Full => write!(f, ", full)"),
                }
            }
        }
    }
}
