use super::{Rule, WeightsOnly, nonnegative};
use crate::real::{Loops, vectorize};
use crate::{Real, Result};

/// Weight decay: adds λ θ to the direction.
///
/// After a rule it is decoupled, `(Adam, Decay)` being AdamW: θ ← θ − η (d + λ θ). Before a rule it is the gradient of
/// ½ λ ‖θ‖². It falls on every parameter; [`Decay::weights_only`] spares the biases.
///
/// ```
/// use residual::optim::rule::{Decay, Rule};
/// let mut theta = [2.0];
/// Decay(0.5).step(&mut (), &mut theta, &mut [1.0], 0.125); // 2 − ⅛ (1 + ½ · 2)
/// assert_eq!(theta, [1.75]);
/// ```
///
/// Source: Loshchilov and Hutter (2019), ICLR, algorithm 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay(
    /// λ, at least 0.
    pub f64,
);

impl Decay {
    /// The decay of weights alone: blocks that the layout calls biases are left as they are.
    #[must_use]
    pub fn weights_only(lambda: f64) -> WeightsOnly<Self> {
        WeightsOnly(Self(lambda))
    }
}

impl<T: Real> Rule<T> for Decay {
    type State = ();

    fn init(&self, _: usize) {}

    fn apply(&self, (): &mut (), theta: &[T], grad: &mut [T]) {
        let lambda = T::of(self.0);
        vectorize(Loops(
            #[inline(always)]
            || grad.iter_mut().zip(theta).for_each(|(d, &theta)| *d += lambda * theta),
        ));
    }

    fn step(&self, (): &mut (), theta: &mut [T], grad: &mut [T], rate: T) {
        let lambda = T::of(self.0);
        vectorize(
            #[inline(always)]
            || theta.iter_mut().zip(grad).for_each(|(theta, d)| *theta -= rate * (*d + lambda * *theta)),
        );
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        nonnegative::<T>("decay", self.0)
    }
}
