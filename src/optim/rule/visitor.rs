/// Reads or overwrites the numbers that a rule remembers; see [`Rule::visit`](super::Rule::visit).
///
/// ```
/// use residual::optim::rule::{Adam, Rule, Visitor};
/// struct Count(usize);
/// impl Visitor<f64> for Count {
///     fn numbers(&mut self, values: &mut [f64]) { self.0 += values.len() }
///     fn number(&mut self, _: &mut f64) { self.0 += 1 }
///     fn count(&mut self, _: &mut u64) { self.0 += 1 }
/// }
/// let (rule, mut seen) = (Adam::default(), Count(0));
/// assert!(rule.visit(&mut rule.init(5), &mut seen));
/// assert_eq!(seen.0, 5 + 5 + 1); // m, s and t
/// ```
pub trait Visitor<T> {
    /// A vector, one number a parameter; its length is fixed.
    fn numbers(&mut self, values: &mut [T]);
    /// A number that is an `f64` whatever `T` is.
    fn number(&mut self, value: &mut f64);
    /// A count of steps.
    fn count(&mut self, value: &mut u64);
}
