//! Reading a formula.

use super::lexer::{Lexed, Token, lex};
use super::{Crossing, Factor, Formula, Part, Sign, Term, terms};
use crate::{Error, Result};

/// How deep parentheses may stand in each other, and how many operators one expression may have: the limits of recursion.
const DEPTH: usize = 64;
pub(super) const OPERATORS: usize = 256;

pub(super) struct Parser {
    words: Vec<Lexed>,
    at: usize,
    depth: usize,
    /// Operators in the expression being read.
    pub(super) operators: usize,
}

/// formula = [target { `+` target }] `~` sum
pub(super) fn parse(text: &str) -> Result<Formula> {
    let mut parser = Parser { words: lex(text)?, at: 0, depth: 0, operators: 0 };
    let mut targets = Vec::new();
    if !parser.next_is('~') {
        targets.push(parser.target()?);
        while parser.take('+') {
            targets.push(parser.target()?);
        }
    }
    if !parser.take('~') {
        return Err(parser.wrong("`~`, or `+` and another target"));
    }
    let features = parser.sum()?;
    if parser.peek().token != Token::End {
        return Err(parser.wrong("an operator or the end"));
    }
    let formula = Formula { targets, features };
    if terms::is_too_long(&formula) {
        let expected = format!("at most {} terms when multiplied out", terms::MOST);
        return Err(Error::Formula { position: 0, expected, found: "more".to_string() });
    }
    Ok(formula)
}

impl Parser {
    fn target(&mut self) -> Result<Factor> {
        let start = self.at;
        match self.atom()? {
            Term::Factor(factor) if !matches!(factor.0, Part::Polynomial { .. } | Part::Spline { .. }) => Ok(factor),
            _ => {
                self.at = start;
                Err(self.wrong("a column, `C(...)`, `I(...)` or a function of columns as the target"))
            }
        }
    }

    /// sum = { sign } product { sign { sign } product }; a product may also be 0 or 1.
    fn sum(&mut self) -> Result<Vec<(Sign, Term)>> {
        let mut terms = Vec::new();
        let mut sign = self.signs().unwrap_or(Sign::Plus);
        loop {
            let start = self.at;
            let term = self.summand()?;
            if sign == Sign::Minus && !matches!(term, Term::One | Term::Zero) {
                self.only_terms(&term, start)?;
            }
            terms.push((sign, term));
            match self.signs() {
                Some(next) => sign = next,
                None => return Ok(terms),
            }
        }
    }

    /// Signs in a row, of which each minus turns the others around; `None` if there is none.
    fn signs(&mut self) -> Option<Sign> {
        let mut sign = None;
        loop {
            let negative = match self.peek().token {
                Token::Symbol('+') if sign.is_none() => false,
                Token::Symbol('-') => true,
                _ => return sign,
            };
            self.at += 1;
            let minus = negative != (sign == Some(Sign::Minus));
            sign = Some(if minus { Sign::Minus } else { Sign::Plus });
        }
    }

    fn summand(&mut self) -> Result<Term> {
        let term = match self.peek().token {
            Token::Number(0.0) => Term::Zero,
            Token::Number(1.0) => Term::One,
            _ => return self.product(),
        };
        self.at += 1;
        match self.peek().token {
            Token::Symbol('*' | '/' | ':' | '^') => {
                Err(self.wrong("`+`, `-` or the end, since 0 and 1 only say whether there is an intercept"))
            }
            _ => Ok(term),
        }
    }

    /// product = interaction { (`*` | `/`) interaction }
    fn product(&mut self) -> Result<Term> {
        let start = self.at;
        let first = self.interaction()?;
        let mut others = Vec::new();
        loop {
            let crossing = match self.peek().token {
                Token::Symbol('*') => Crossing::Crossed,
                Token::Symbol('/') => Crossing::Nested,
                _ => break,
            };
            self.at += 1;
            let place = self.at;
            let other = self.interaction()?;
            self.only_terms(&other, place)?;
            others.push((crossing, other));
        }
        if others.is_empty() {
            return Ok(first);
        }
        self.only_terms(&first, start)?;
        Ok(Term::Product(Box::new(first), others))
    }

    /// interaction = power { `:` power }
    fn interaction(&mut self) -> Result<Term> {
        let start = self.at;
        let mut terms = vec![self.power()?];
        while self.take(':') {
            let place = self.at;
            terms.push(self.power()?);
            self.only_terms(&terms[terms.len() - 1], place)?;
        }
        self.only_terms(&terms[0], if terms.len() > 1 { start } else { usize::MAX })?;
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Interaction(terms) })
    }

    /// power = atom { `^` whole number }
    fn power(&mut self) -> Result<Term> {
        let start = self.at;
        let mut term = self.atom()?;
        let mut powers = 0;
        while self.take('^') {
            let exponent = self.whole("a whole number of at least 1 as the power")?;
            self.only_terms(&term, start)?;
            powers += 1;
            if powers > DEPTH {
                return Err(self.wrong("fewer powers of powers"));
            }
            term = Term::Power(Box::new(term), exponent);
        }
        Ok(term)
    }

    /// atom = name | `.` | `(` sum `)` | name `(` arguments `)`
    fn atom(&mut self) -> Result<Term> {
        match self.peek().token.clone() {
            Token::Symbol('.') => {
                self.at += 1;
                Ok(Term::Rest)
            }
            Token::Symbol('(') => {
                self.at += 1;
                self.deeper(|parser| {
                    let mut terms = parser.sum()?;
                    parser.close()?;
                    Ok(match terms.as_slice() {
                        [(Sign::Plus, _)] => terms.remove(0).1,
                        _ => Term::Sum(terms),
                    })
                })
            }
            Token::Name(name, quoted) => {
                self.at += 1;
                match !quoted && self.next_is('(') {
                    true => self.call(&name),
                    false => Ok(Term::Factor(Factor::column(name))),
                }
            }
            Token::Number(_) => Err(self.wrong("a term; numbers stand in I(...), 0 and 1 between `+` and `-`")),
            _ => Err(self.wrong("a term")),
        }
    }

    /// Refuses an intercept or an offset inside a term that is multiplied or taken out; `start` is where the term starts.
    fn only_terms(&mut self, term: &Term, start: usize) -> Result<()> {
        if start == usize::MAX || !terms::has_constants(term) {
            return Ok(());
        }
        self.at = start;
        Err(self.wrong("terms alone: an intercept or an offset can only be added"))
    }

    /// A number without a fraction, of at least 1.
    pub(super) fn whole(&mut self, expected: &str) -> Result<usize> {
        match self.peek().token {
            Token::Number(value) if value >= 1.0 && value == value.trunc() && value < 1e6 => {
                self.at += 1;
                Ok(value as usize)
            }
            _ => Err(self.wrong(expected)),
        }
    }

    /// Runs a part of the grammar that stands in parentheses.
    pub(super) fn deeper<V>(&mut self, part: impl FnOnce(&mut Self) -> Result<V>) -> Result<V> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong(&format!("at most {DEPTH} parentheses in each other")));
        }
        let result = part(self);
        self.depth -= 1;
        result
    }

    pub(super) fn peek(&self) -> &Lexed {
        // The last word is the end, which nobody steps over.
        &self.words[self.at.min(self.words.len() - 1)]
    }

    /// The word before this place.
    pub(super) fn last(&self) -> &Lexed {
        &self.words[self.at.saturating_sub(1).min(self.words.len() - 1)]
    }

    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    pub(super) fn next_is(&self, symbol: char) -> bool {
        self.peek().token == Token::Symbol(symbol)
    }

    pub(super) fn take(&mut self, symbol: char) -> bool {
        let found = self.next_is(symbol);
        self.at += usize::from(found);
        found
    }

    pub(super) fn close(&mut self) -> Result<()> {
        if self.take(')') { Ok(()) } else { Err(self.wrong("an operator or `)`")) }
    }

    /// The error that something else was expected here.
    pub(super) fn wrong(&self, expected: &str) -> Error {
        let word = self.peek();
        let found = match word.token {
            Token::End => "the end".to_string(),
            _ => format!("`{}`", word.text.trim_matches('`')),
        };
        Error::Formula { position: word.position, expected: expected.to_string(), found }
    }
}
