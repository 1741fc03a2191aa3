//! Arithmetic over columns of numbers.

mod build;

use super::lexer::is_plain;
use crate::table::column::number_text;
use crate::{Error, Result};
use std::fmt;

/// Arithmetic over columns of numbers, as it stands inside `I(...)` and functions: `hp / wt^2`, `log(hp + 1)`.
///
/// ```
/// use residual::table::{Expression, Factor};
/// let per_weight = Expression::column("hp") / Expression::column("wt").power(2.0);
/// assert_eq!(Factor::from(per_weight.log()).to_string(), "log(hp / wt^2)");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Expression(pub(crate) Node);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Column(String),
    /// Not negative.
    Number(f64),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(Function, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Log,
    Log1p,
    Log2,
    Log10,
    Exp,
    Sqrt,
    Abs,
}

impl Function {
    pub(super) const ALL: [Self; 7] =
        [Self::Log, Self::Log1p, Self::Log2, Self::Log10, Self::Exp, Self::Sqrt, Self::Abs];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Log1p => "log1p",
            Self::Log2 => "log2",
            Self::Log10 => "log10",
            Self::Exp => "exp",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
        }
    }

    /// The value, or what the argument needs to be.
    fn apply(self, x: f64) -> Result<f64, &'static str> {
        match self {
            Self::Log | Self::Log2 | Self::Log10 if x <= 0.0 => Err("a number above 0"),
            Self::Log1p if x <= -1.0 => Err("a number above -1"),
            Self::Sqrt if x < 0.0 => Err("a number of at least 0"),
            Self::Log => Ok(x.ln()),
            Self::Log1p => Ok(x.ln_1p()),
            Self::Log2 => Ok(x.log2()),
            Self::Log10 => Ok(x.log10()),
            Self::Exp => finite(x.exp()),
            Self::Sqrt => Ok(x.sqrt()),
            Self::Abs => Ok(x.abs()),
        }
    }
}

impl Operator {
    fn symbol(self) -> &'static str {
        match self {
            Self::Plus => " + ",
            Self::Minus => " - ",
            Self::Times => " * ",
            Self::Over => " / ",
            Self::Power => "^",
        }
    }

    /// The value, or what the right operand needs to be.
    fn apply(self, a: f64, b: f64) -> Result<f64, &'static str> {
        match self {
            Self::Plus => finite(a + b),
            Self::Minus => finite(a - b),
            Self::Times => finite(a * b),
            Self::Over if b == 0.0 => Err("a divisor other than 0"),
            Self::Over => finite(a / b),
            Self::Power if a < 0.0 && b != b.trunc() => Err("a whole number, since the base is negative"),
            Self::Power if a == 0.0 && b < 0.0 => Err("a number of at least 0, since the base is 0"),
            Self::Power => finite(a.powf(b)),
        }
    }
}

fn finite(value: f64) -> Result<f64, &'static str> {
    if value.is_finite() { Ok(value) } else { Err("a result within the range of f64") }
}

impl Expression {
    /// Calls `each` for every column, as often as it is named.
    pub(crate) fn columns<'e>(&'e self, each: &mut dyn FnMut(&'e str)) {
        self.0.columns(each);
    }

    /// Its value in `rows` rows, the first of which is row `first` of the table; `column` gives the numbers of a column.
    pub(crate) fn values<'c>(
        &self,
        rows: usize,
        first: usize,
        column: &dyn Fn(&str) -> Result<&'c [f64]>,
    ) -> Result<Vec<f64>> {
        self.0.values(rows, first, column)
    }
}

impl Node {
    fn columns<'e>(&'e self, each: &mut dyn FnMut(&'e str)) {
        match self {
            Self::Column(name) => each(name),
            Self::Number(_) => {}
            Self::Negative(a) | Self::Call(_, a) => a.columns(each),
            Self::Binary(_, a, b) => {
                a.columns(each);
                b.columns(each);
            }
        }
    }

    fn values<'c>(&self, rows: usize, first: usize, column: &dyn Fn(&str) -> Result<&'c [f64]>) -> Result<Vec<f64>> {
        let wrong = |i: usize, value, needs| {
            let column = Expression(self.clone()).to_string();
            Error::Value { column, row: first + i, value, needs }
        };
        match self {
            Self::Column(name) => Ok(column(name)?.to_vec()),
            Self::Number(value) => Ok(vec![*value; rows]),
            Self::Negative(a) => {
                let mut values = a.values(rows, first, column)?;
                values.iter_mut().for_each(|v| *v = -*v);
                Ok(values)
            }
            Self::Call(function, a) => {
                let mut values = a.values(rows, first, column)?;
                for (i, v) in values.iter_mut().enumerate() {
                    *v = function.apply(*v).map_err(|needs| wrong(i, *v, needs))?;
                }
                Ok(values)
            }
            Self::Binary(operator, a, b) => {
                let mut values = a.values(rows, first, column)?;
                let right = b.values(rows, first, column)?;
                for (i, (v, &b)) in values.iter_mut().zip(&right).enumerate() {
                    *v = operator.apply(*v, b).map_err(|needs| wrong(i, b, needs))?;
                }
                Ok(values)
            }
        }
    }

    /// How tightly its parts are bound: sum, product, sign, power, the rest.
    fn strength(&self) -> u8 {
        match self {
            Self::Binary(Operator::Plus | Operator::Minus, ..) => 1,
            Self::Binary(Operator::Times | Operator::Over, ..) => 2,
            Self::Negative(_) => 3,
            Self::Binary(Operator::Power, ..) => 4,
            _ => 5,
        }
    }

    /// In parentheses unless it binds at least as tightly as needed.
    fn write(&self, f: &mut fmt::Formatter<'_>, needed: u8) -> fmt::Result {
        if self.strength() < needed {
            write!(f, "(")?;
            self.write(f, 0)?;
            return write!(f, ")");
        }
        match self {
            Self::Column(name) => write_name(f, name),
            Self::Number(value) => write!(f, "{}", number_text(*value)),
            Self::Negative(a) => {
                write!(f, "-")?;
                a.write(f, 3)
            }
            Self::Call(function, a) => {
                write!(f, "{}(", function.name())?;
                a.write(f, 0)?;
                write!(f, ")")
            }
            Self::Binary(operator, a, b) => {
                let (left, right) = match operator {
                    Operator::Plus | Operator::Minus => (1, 2),
                    Operator::Times | Operator::Over => (2, 3),
                    Operator::Power => (5, 3),
                };
                a.write(f, left)?;
                write!(f, "{}", operator.symbol())?;
                b.write(f, right)
            }
        }
    }
}

/// A name as a formula writes it: between backquotes unless it is plain.
pub(super) fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    if is_plain(name) { write!(f, "{name}") } else { write!(f, "`{}`", name.replace('`', "``")) }
}

/// As a formula writes it, with the parentheses that are needed.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, 0)
    }
}
