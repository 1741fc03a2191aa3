//! What is predicted from what: `mpg ~ wt + hp + C(origin)`.

mod arguments;
mod arithmetic;
mod expression;
mod factor;
mod lexer;
mod parser;
mod terms;

pub use expression::Expression;
pub(crate) use expression::Node as ExpressionNode;
pub use factor::Factor;
pub(crate) use factor::{Coding, Part};
pub(crate) use terms::Columns;

use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Targets and features in terms of the columns of a table, in the notation of R: `mpg ~ wt + hp + C(origin)`.
///
/// Targets stand to the left of `~`, with `+` between several of them; nothing stands there where nothing is predicted.
/// Terms stand to the right:
///
/// | written | means |
/// |---|---|
/// | `a` | a column: its numbers, or one column for each level but the first |
/// | `` `net worth` `` | a column whose name is not a plain word |
/// | `.` | every column of numbers or categories that is neither on the left nor in an offset |
/// | `a + b`, `a - b` | these terms; all terms but these |
/// | `a:b` | the products of the columns of a and b |
/// | `a*b` | `a + b + a:b` |
/// | `a/b` | `a + a:b` |
/// | `(a + b + c)^2` | all of them and the products of any two |
/// | `1`, `0`, `- 1` | with an intercept (it is there unless taken out); without one |
/// | `C(a)` | categories, also of numbers; `C(a, base = "x")`, `C(a, sum)` and `C(a, full)` choose the coding |
/// | `I(a^2 + 2*b)` | arithmetic: `+ - * / ^` and functions |
/// | `log(a)` | `log`, `log1p`, `log2`, `log10`, `exp`, `sqrt`, `abs` of arithmetic |
/// | `poly(a, 3)` | orthogonal polynomials, as R's `poly`; `poly(a, 3, raw = true)` gives powers |
/// | `spline(a, df = 4)` | a natural cubic spline, as R's `ns` |
/// | `offset(a)` | added to the scores with coefficient 1 |
///
/// Terms come in order of their number of factors, as in R. A term that comes twice counts once.
///
/// Categories are coded so that no column is redundant: a factor gets one column per level where its span is not there
/// already (the first one without an intercept, one of an interaction whose main effect is missing), and one column less
/// everywhere else. These are the columns of R wherever those are independent, and the columns of Python's formulaic.
///
/// ```
/// use residual::Formula;
/// use residual::table::{Expression, Factor};
/// let formula: Formula = "mpg ~ wt*hp + C(origin, base = \"usa\") + log(disp) - 1".parse()?;
/// let built = Formula::new(["mpg"])
///     .crossed(["wt", "hp"])
///     .term(Factor::category("origin").base("usa"))
///     .term(Expression::column("disp").log())
///     .without_intercept();
/// assert_eq!(formula, built);
///
/// let error = "mpg ~ wt + + hp".parse::<Formula>().unwrap_err();
/// assert_eq!(error.to_string(), "expected a term at character 11 of the formula, found `+`");
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    pub(crate) targets: Vec<Factor>,
    pub(crate) features: Vec<(Sign, Term)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Plus,
    Minus,
}

/// The right side before it is multiplied out. Chains are lists, so only parentheses make it deep.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    One,
    Zero,
    /// `.`
    Rest,
    Factor(Factor),
    Offset(Expression),
    Sum(Vec<(Sign, Term)>),
    /// A first term, then what it is crossed with (`*`) or what is nested in it (`/`).
    Product(Box<Term>, Vec<(Crossing, Term)>),
    Interaction(Vec<Term>),
    Power(Box<Term>, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crossing {
    Crossed,
    Nested,
}

impl Formula {
    /// A formula with these targets and an intercept, to which terms are added.
    #[must_use]
    pub fn new(targets: impl IntoIterator<Item = impl Into<Factor>>) -> Self {
        Self { targets: targets.into_iter().map(Into::into).collect(), features: Vec::new() }
    }

    /// Adds a term of one factor: a column by its name, or anything that becomes a [`Factor`].
    #[must_use]
    pub fn term(self, factor: impl Into<Factor>) -> Self {
        self.with(Sign::Plus, Term::Factor(factor.into()))
    }

    /// Adds the products of these factors, `a:b`.
    #[must_use]
    pub fn interaction(self, factors: impl IntoIterator<Item = impl Into<Factor>>) -> Self {
        let mut factors: Vec<Term> = factors.into_iter().map(|factor| Term::Factor(factor.into())).collect();
        match factors.len() {
            0 => self,
            1 => self.with(Sign::Plus, factors.remove(0)),
            _ => self.with(Sign::Plus, Term::Interaction(factors)),
        }
    }

    /// Adds these factors and all products of them, `a*b`.
    #[must_use]
    pub fn crossed(self, factors: impl IntoIterator<Item = impl Into<Factor>>) -> Self {
        let mut factors = factors.into_iter().map(|factor| Term::Factor(factor.into()));
        let Some(first) = factors.next() else { return self };
        let others: Vec<_> = factors.map(|factor| (Crossing::Crossed, factor)).collect();
        let term = if others.is_empty() { first } else { Term::Product(Box::new(first), others) };
        self.with(Sign::Plus, term)
    }

    /// Adds every column of numbers or categories that is neither a target nor in an offset, `.`.
    #[must_use]
    pub fn rest(self) -> Self {
        self.with(Sign::Plus, Term::Rest)
    }

    /// Takes a term of one factor out of those so far.
    #[must_use]
    pub fn without(self, factor: impl Into<Factor>) -> Self {
        self.with(Sign::Minus, Term::Factor(factor.into()))
    }

    /// Takes the intercept out.
    #[must_use]
    pub fn without_intercept(self) -> Self {
        self.with(Sign::Minus, Term::One)
    }

    /// Adds a column or an expression to the scores, with coefficient 1.
    #[must_use]
    pub fn offset(self, of: impl Into<Expression>) -> Self {
        self.with(Sign::Plus, Term::Offset(of.into()))
    }

    fn with(mut self, sign: Sign, term: Term) -> Self {
        self.features.push((sign, term));
        self
    }
}

impl FromStr for Formula {
    type Err = Error;

    /// Reads a formula.
    ///
    /// # Errors
    /// [`Error::Formula`] with the character at which it cannot be read on.
    fn from_str(text: &str) -> Result<Self> {
        parser::parse(text)
    }
}

/// In one normal form, which reads back as the same formula.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, target) in self.targets.iter().enumerate() {
            write!(f, "{}{target}", if i == 0 { "" } else { " + " })?;
        }
        write!(f, "{}~ ", if self.targets.is_empty() { "" } else { " " })?;
        match self.features.is_empty() {
            true => write!(f, "1"),
            false => write_sum(f, &self.features),
        }
    }
}

fn write_sum(f: &mut fmt::Formatter<'_>, terms: &[(Sign, Term)]) -> fmt::Result {
    for (i, (sign, term)) in terms.iter().enumerate() {
        match (i, sign) {
            (0, Sign::Plus) => {}
            (0, Sign::Minus) => write!(f, "-")?,
            (_, Sign::Plus) => write!(f, " + ")?,
            (_, Sign::Minus) => write!(f, " - ")?,
        }
        term.write(f, 1)?;
    }
    Ok(())
}

impl Term {
    /// Sum, product, interaction, power, the rest.
    fn strength(&self) -> u8 {
        match self {
            Self::Sum(_) => 0,
            Self::Product(..) => 1,
            Self::Interaction(_) => 2,
            Self::Power(..) => 3,
            _ => 4,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, needed: u8) -> fmt::Result {
        if self.strength() < needed {
            write!(f, "(")?;
            self.write(f, 0)?;
            return write!(f, ")");
        }
        match self {
            Self::One => write!(f, "1"),
            Self::Zero => write!(f, "0"),
            Self::Rest => write!(f, "."),
            Self::Factor(factor) => write!(f, "{factor}"),
            Self::Offset(of) => write!(f, "offset({of})"),
            Self::Sum(terms) => write_sum(f, terms),
            Self::Product(first, others) => {
                first.write(f, 2)?;
                for (crossing, other) in others {
                    write!(f, "{}", if *crossing == Crossing::Crossed { "*" } else { "/" })?;
                    other.write(f, 2)?;
                }
                Ok(())
            }
            Self::Interaction(terms) => {
                for (i, term) in terms.iter().enumerate() {
                    write!(f, "{}", if i == 0 { "" } else { ":" })?;
                    term.write(f, 3)?;
                }
                Ok(())
            }
            Self::Power(base, exponent) => {
                base.write(f, 4)?;
                write!(f, "^{exponent}")
            }
        }
    }
}
