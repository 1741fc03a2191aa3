//! Reading arithmetic over columns, as it stands inside `I(...)`, functions and offsets.

use super::expression::{Function, Node, Operator};
use super::lexer::Token;
use super::parser::{OPERATORS, Parser};
use crate::Result;

impl Parser {
    /// arithmetic = product { (`+` | `-`) product }
    pub(super) fn arithmetic(&mut self) -> Result<Node> {
        let mut left = self.factors()?;
        loop {
            let operator = match self.peek().token {
                Token::Symbol('+') => Operator::Plus,
                Token::Symbol('-') => Operator::Minus,
                _ => return Ok(left),
            };
            self.operator()?;
            left = Node::Binary(operator, Box::new(left), Box::new(self.factors()?));
        }
    }

    /// product = signed { (`*` | `/`) signed }
    fn factors(&mut self) -> Result<Node> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.peek().token {
                Token::Symbol('*') => Operator::Times,
                Token::Symbol('/') => Operator::Over,
                _ => return Ok(left),
            };
            self.operator()?;
            left = Node::Binary(operator, Box::new(left), Box::new(self.signed()?));
        }
    }

    /// signed = (`-` | `+`) signed | operand [`^` signed]: −a² is −(a²), and a^b^c is a^(b^c).
    fn signed(&mut self) -> Result<Node> {
        match self.peek().token {
            Token::Symbol('-') => {
                self.operator()?;
                Ok(Node::Negative(Box::new(self.signed()?)))
            }
            Token::Symbol('+') => {
                self.operator()?;
                self.signed()
            }
            _ => {
                let base = self.operand()?;
                if !self.next_is('^') {
                    return Ok(base);
                }
                self.operator()?;
                Ok(Node::Binary(Operator::Power, Box::new(base), Box::new(self.signed()?)))
            }
        }
    }

    /// operand = number | name | function `(` arithmetic `)` | `(` arithmetic `)`
    fn operand(&mut self) -> Result<Node> {
        match self.peek().token.clone() {
            Token::Number(value) => {
                self.step();
                Ok(Node::Number(value))
            }
            Token::Name(name, quoted) => {
                self.step();
                if quoted || !self.next_is('(') {
                    return Ok(Node::Column(name));
                }
                let function = match Function::ALL.iter().find(|function| function.name() == name) {
                    Some(&function) => Some(function),
                    // I(...) inside arithmetic changes nothing.
                    None if name == "I" => None,
                    None => return Err(self.unknown(&name)),
                };
                let inside = self.group()?;
                Ok(match function {
                    Some(function) => inside.called(function),
                    None => inside,
                })
            }
            Token::Symbol('(') => self.group(),
            _ => Err(self.wrong("a column, a number, a function or `(`")),
        }
    }

    fn group(&mut self) -> Result<Node> {
        self.step();
        self.deeper(|parser| {
            let inside = parser.arithmetic()?;
            parser.close()?;
            Ok(inside)
        })
    }

    /// Steps over an operator, and counts it.
    fn operator(&mut self) -> Result<()> {
        self.operators += 1;
        if self.operators > OPERATORS {
            return Err(self.wrong(&format!("at most {OPERATORS} operators in one expression")));
        }
        self.step();
        Ok(())
    }
}

impl Node {
    pub(super) fn called(self, function: Function) -> Self {
        Self::Call(function, Box::new(self))
    }
}
