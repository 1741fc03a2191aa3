use crate::Real;

/// What a rule remembers, open to be written down and read back: every number is shown in a fixed order.
///
/// One method serves both ways, because the visitor may overwrite what it is shown; so what is saved and what is read
/// cannot drift apart. All states of this module, `()`, `Vec<T>` and pairs have it; a rule of your own needs it only to be
/// saved to a file.
///
/// ```
/// use residual::optim::rule::{Adam, Memory, Rule, Visitor};
/// struct Count(usize);
/// impl Visitor<f64> for Count {
///     fn numbers(&mut self, values: &mut [f64]) { self.0 += values.len() }
///     fn number(&mut self, _: &mut f64) { self.0 += 1 }
///     fn count(&mut self, _: &mut u64) { self.0 += 1 }
/// }
/// let mut seen = Count(0);
/// Rule::<f64>::init(&Adam::default(), 5).visit(&mut seen);
/// assert_eq!(seen.0, 5 + 5 + 1); // m, s and t
/// ```
pub trait Memory<T: Real> {
    /// Shows every number to `visitor`, in the same order each time.
    fn visit(&mut self, visitor: &mut dyn Visitor<T>);
}

/// Reads or overwrites the numbers of a [`Memory`].
pub trait Visitor<T> {
    /// A vector, one number a parameter; its length is fixed.
    fn numbers(&mut self, values: &mut [T]);
    /// A number that is an `f64` whatever `T` is.
    fn number(&mut self, value: &mut f64);
    /// A count of steps.
    fn count(&mut self, value: &mut u64);
}

impl<T: Real> Memory<T> for () {
    fn visit(&mut self, _: &mut dyn Visitor<T>) {}
}

impl<T: Real> Memory<T> for Vec<T> {
    fn visit(&mut self, visitor: &mut dyn Visitor<T>) {
        visitor.numbers(self);
    }
}

impl<T: Real, A: Memory<T>, B: Memory<T>> Memory<T> for (A, B) {
    fn visit(&mut self, visitor: &mut dyn Visitor<T>) {
        self.0.visit(visitor);
        self.1.visit(visitor);
    }
}
