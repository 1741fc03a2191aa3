//! Reading what stands between the parentheses of a function in a formula.

use super::expression::Function;
use super::lexer::Token;
use super::parser::Parser;
use super::{Coding, Expression, Factor, Part, Term};
use crate::table::column::number_text;
use crate::{Error, Result};

impl Parser {
    /// A function, whose name has been read.
    pub(super) fn call(&mut self, name: &str) -> Result<Term> {
        let unknown = self.unknown(name);
        self.take('(');
        self.operators = 0;
        let factor = match name {
            "C" => self.category()?,
            "I" => Factor::from(Expression(self.arithmetic()?)),
            "poly" => self.polynomial()?,
            "spline" => self.spline()?,
            "offset" => {
                let of = Expression(self.arithmetic()?);
                self.close()?;
                return Ok(Term::Offset(of));
            }
            _ => match Function::ALL.iter().find(|function| function.name() == name) {
                Some(&function) => Factor::from(Expression(self.arithmetic()?.called(function))),
                None => return Err(unknown),
            },
        };
        self.close()?;
        Ok(Term::Factor(factor))
    }

    /// The error of a function that is not known, whose name was the last word.
    pub(super) fn unknown(&self, name: &str) -> Error {
        let known: Vec<&str> = Function::ALL.iter().map(|function| function.name()).collect();
        Error::Formula {
            position: self.last().position,
            expected: format!("one of the functions C, I, poly, spline, offset, {}", known.join(", ")),
            found: format!("`{name}`"),
        }
    }

    /// `C(` column [`, base = "x"` | `, sum` | `, full` | `, treatment`] `)`
    fn category(&mut self) -> Result<Factor> {
        let Token::Name(column, _) = self.peek().token.clone() else { return Err(self.wrong("the name of a column")) };
        self.step();
        let mut coding = Coding::Treatment(None);
        if self.take(',') {
            let Token::Name(word, false) = self.peek().token.clone() else { return Err(self.wrong(CODINGS)) };
            coding = match word.as_str() {
                "sum" => Coding::Sum,
                "full" => Coding::Full,
                "treatment" => Coding::Treatment(None),
                "base" => {
                    self.step();
                    if !self.take('=') {
                        return Err(self.wrong("`=` and the base level"));
                    }
                    Coding::Treatment(Some(self.level()?))
                }
                _ => return Err(self.wrong(CODINGS)),
            };
            self.step();
        }
        Ok(Factor(Part::Category { column, coding }))
    }

    /// A level: a text between quotes, or a number.
    fn level(&self) -> Result<String> {
        match &self.peek().token {
            Token::Text(level) => Ok(level.clone()),
            Token::Number(value) => Ok(number_text(*value)),
            _ => Err(self.wrong("a level between quotes")),
        }
    }

    /// `poly(` expression `,` [`degree =`] whole number [`, raw =` `true` | `false`] `)`
    fn polynomial(&mut self) -> Result<Factor> {
        let of = Expression(self.arithmetic()?);
        let degree = self.size("degree", "`,` and the degree of the polynomial, at least 1")?;
        let mut raw = false;
        if self.take(',') {
            let expected = "`raw = true`";
            if !self.take_name("raw") || !self.take('=') {
                return Err(self.wrong(expected));
            }
            raw = match &self.peek().token {
                Token::Name(word, false) if ["true", "TRUE", "True"].contains(&word.as_str()) => true,
                Token::Name(word, false) if ["false", "FALSE", "False"].contains(&word.as_str()) => false,
                _ => return Err(self.wrong(expected)),
            };
            self.step();
        }
        Ok(Factor(Part::Polynomial { of, degree, raw }))
    }

    /// `spline(` expression `,` [`df =`] whole number `)`
    fn spline(&mut self) -> Result<Factor> {
        let of = Expression(self.arithmetic()?);
        let df = self.size("df", "`,` and the number of columns of the spline, as in `df = 4`")?;
        Ok(Factor(Part::Spline { of, df }))
    }

    /// A second argument that is a whole number, with its name or without.
    fn size(&mut self, name: &str, expected: &str) -> Result<usize> {
        if !self.take(',') {
            return Err(self.wrong(expected));
        }
        if self.take_name(name) && !self.take('=') {
            return Err(self.wrong("`=`"));
        }
        self.whole(expected)
    }

    fn take_name(&mut self, name: &str) -> bool {
        let found = matches!(&self.peek().token, Token::Name(word, false) if word == name);
        if found {
            self.step();
        }
        found
    }
}

const CODINGS: &str = "`base = \"...\"`, `sum`, `full` or `treatment`";
