//! Expressions by hand.

use super::{Expression, Function, Node, Operator};

impl Expression {
    /// A column of numbers.
    #[must_use]
    pub fn column(name: impl Into<String>) -> Self {
        Self(Node::Column(name.into()))
    }

    /// The natural logarithm.
    #[must_use]
    pub fn log(self) -> Self {
        self.call(Function::Log)
    }

    /// The natural logarithm of 1 + x.
    #[must_use]
    pub fn log1p(self) -> Self {
        self.call(Function::Log1p)
    }

    /// The logarithm to base 2.
    #[must_use]
    pub fn log2(self) -> Self {
        self.call(Function::Log2)
    }

    /// The logarithm to base 10.
    #[must_use]
    pub fn log10(self) -> Self {
        self.call(Function::Log10)
    }

    /// The exponential.
    #[must_use]
    pub fn exp(self) -> Self {
        self.call(Function::Exp)
    }

    /// The square root.
    #[must_use]
    pub fn sqrt(self) -> Self {
        self.call(Function::Sqrt)
    }

    /// The absolute value.
    #[must_use]
    pub fn abs(self) -> Self {
        self.call(Function::Abs)
    }

    /// The power with this exponent.
    #[must_use]
    pub fn power(self, exponent: impl Into<Self>) -> Self {
        self.binary(Operator::Power, exponent.into())
    }

    fn call(self, function: Function) -> Self {
        Self(Node::Call(function, Box::new(self.0)))
    }

    fn binary(self, operator: Operator, right: Self) -> Self {
        Self(Node::Binary(operator, Box::new(self.0), Box::new(right.0)))
    }
}

/// A column of numbers of this name.
impl From<&str> for Expression {
    fn from(name: &str) -> Self {
        Self::column(name)
    }
}

impl From<f64> for Expression {
    fn from(value: f64) -> Self {
        let size = Node::Number(value.abs());
        Self(if value < 0.0 { Node::Negative(Box::new(size)) } else { size })
    }
}

impl<R: Into<Expression>> std::ops::Add<R> for Expression {
    type Output = Self;

    fn add(self, right: R) -> Self {
        self.binary(Operator::Plus, right.into())
    }
}

impl<R: Into<Expression>> std::ops::Sub<R> for Expression {
    type Output = Self;

    fn sub(self, right: R) -> Self {
        self.binary(Operator::Minus, right.into())
    }
}

impl<R: Into<Expression>> std::ops::Mul<R> for Expression {
    type Output = Self;

    fn mul(self, right: R) -> Self {
        self.binary(Operator::Times, right.into())
    }
}

impl<R: Into<Expression>> std::ops::Div<R> for Expression {
    type Output = Self;

    fn div(self, right: R) -> Self {
        self.binary(Operator::Over, right.into())
    }
}

impl std::ops::Neg for Expression {
    type Output = Self;

    fn neg(self) -> Self {
        Self(Node::Negative(Box::new(self.0)))
    }
}
