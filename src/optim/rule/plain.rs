use super::Rule;
use crate::Real;

/// Gradient descent: the direction is the gradient itself, θ ← θ − η g.
///
/// ```
/// use residual::optim::rule::{Plain, Rule};
/// let mut theta = [1.0];
/// Plain.step(&mut (), &mut theta, &mut [4.0], 0.125);
/// assert_eq!(theta, [0.5]);
/// ```
///
/// Source: Cauchy (1847); Robbins and Monro (1951) for stochastic gradients.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Plain;

impl<T: Real> Rule<T> for Plain {
    type State = ();

    fn init(&self, _: usize) {}

    fn apply(&self, (): &mut (), _: &[T], _: &mut [T]) {}

    fn describe(&self) -> String {
        format!("{self:?}")
    }
}
