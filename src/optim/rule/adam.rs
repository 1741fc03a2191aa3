use super::squares::{Squares, are_rooted, leveled};
use super::sweep::{self, Coordinate};
use super::{Rule, Visitor, fraction, positive, power};
use crate::{Real, Result};

/// Adam: running means of the gradient and of its square, both corrected for their start at 0.
///
/// m ← β₁ m + (1 − β₁) g,  s ← β₂ s + (1 − β₂) g²,
/// θ ← θ − η (m / (1 − β₁ᵗ)) / (√(s / (1 − β₂ᵗ)) + ε).
///
/// `(Adam::default(), Decay(0.01))` is AdamW, `(Decay(0.01), Adam::default())` is Adam with an L2 penalty in the gradient.
///
/// ```
/// use residual::optim::rule::{Adam, Rule};
/// let (rule, mut theta) = (Adam::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [123.0], 0.1); // the first step is the rate, whatever the gradient
/// assert!((theta[0] - 0.9f64).abs() < 1e-9);
/// ```
///
/// Source: Kingma and Ba (2015), ICLR, algorithm 1; ε as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// β₁, in [0, 1); 0.9 by default.
    pub beta1: f64,
    /// β₂, in [0, 1); 0.999 by default.
    pub beta2: f64,
    /// ε, positive; 1e-8 by default.
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// The running means m and s of [`Adam`] (of [`AdaMax`](super::AdaMax): m and u) and the number of steps t.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamState<T> {
    pub(super) m: Vec<T>,
    pub(super) s: Vec<T>,
    /// Whether any s is kept as a root.
    pub(super) rooted: bool,
    pub(super) t: u64,
}

impl<T: Real> AdamState<T> {
    pub(super) fn new(dim: usize) -> Self {
        Self { m: vec![T::zero(); dim], s: vec![T::zero(); dim], rooted: false, t: 0 }
    }

    pub(super) fn visit(&mut self, visitor: &mut dyn Visitor<T>) {
        visitor.numbers(&mut self.m);
        visitor.numbers(&mut self.s);
        self.rooted = are_rooted(&self.s);
        visitor.count(&mut self.t);
    }

    /// Both means, for [`sweep`].
    pub(super) fn means(&mut self) -> (&mut [T], &mut [T]) {
        (&mut self.m, &mut self.s)
    }
}

/// m and s of the Adam family.
#[derive(Clone, Copy)]
pub(super) struct Moments<T> {
    b1: T,
    c1: T,
    pub(super) squares: Squares<T>,
    pub(super) epsilon: T,
}

impl<T: Real> Moments<T> {
    pub(super) fn new(beta1: f64, beta2: f64, epsilon: f64) -> Self {
        let squares = Squares::new(beta2, 1.0 - beta2, epsilon);
        Self { b1: T::of(beta1), c1: T::of(1.0 - beta1), squares, epsilon: T::of(epsilon) }
    }

    /// Takes g into both means; returns m and √s.
    #[inline(always)]
    pub(super) fn advance<const PLAIN: bool>(&self, m: &mut T, s: &mut T, g: T) -> (T, T) {
        *m = self.b1 * *m + self.c1 * g;
        (*m, self.squares.advance::<PLAIN>(s, g))
    }
}

/// One step: m̂ / (√ŝ + ε) with the two corrections taken out of the loop.
struct Step<T> {
    moments: Moments<T>,
    correction: T,
    root: T,
}

impl Adam {
    fn at<T: Real>(&self, t: u64) -> Step<T> {
        Step {
            moments: Moments::new(self.beta1, self.beta2, self.epsilon),
            correction: T::of(1.0 / (1.0 - power(self.beta1, t))),
            root: T::of(1.0 / (1.0 - power(self.beta2, t)).sqrt()),
        }
    }
}

impl<T: Real> Coordinate<T, 2> for Step<T> {
    const MEANS: [bool; 2] = [false, true];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.moments.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [m, s]: [&mut T; 2], g: T) -> T {
        let (m, root) = self.moments.advance::<PLAIN>(m, s, g);
        let ([m, epsilon], root) = leveled::<T, 2, PLAIN>([m, self.moments.epsilon], root);
        self.correction * m / (root * self.root + epsilon)
    }
}

impl<T: Real> Rule<T> for Adam {
    type State = AdamState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AdamState::new(dim)
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        state.t += 1;
        let memory = [&mut state.m[..], &mut state.s[..]];
        sweep::turn_adaptive(memory, &mut state.rooted, grad, self.at(state.t));
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        state.t += 1;
        let memory = [&mut state.m[..], &mut state.s[..]];
        sweep::step_adaptive(theta, memory, &mut state.rooted, (grad, rate), self.at(state.t));
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        state.visit(visitor);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        check_betas::<T>(self.beta1, self.beta2)?;
        positive::<T>("epsilon", self.epsilon)
    }
}

pub(super) fn check_betas<T: Real>(beta1: f64, beta2: f64) -> Result<()> {
    fraction::<T>("beta1", beta1)?;
    fraction::<T>("beta2", beta2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corrections_fade() {
        let rule = Adam::default();
        let mut state = Rule::<f64>::init(&rule, 1);
        state.t = u64::from(u32::MAX);
        let mut g = [1.0];
        rule.apply(&mut state, &[0.0], &mut g);
        // m = 0.1, s = 0.001, no correction.
        assert!((g[0] - 0.1 / (0.001f64.sqrt() + 1e-8)).abs() < 1e-12);
    }

    #[test]
    fn a_gradient_of_zero_moves_nothing() {
        let (rule, mut theta) = (Adam::default(), [3.0f32]);
        let mut state = rule.init(1);
        rule.step(&mut state, &mut theta, &mut [0.0], 0.1);
        assert_eq!(theta, [3.0]);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let rule = Adam::default();
        for wrong in [
            Adam { beta1: 1.0, ..rule },
            Adam { beta2: -0.1, ..rule },
            Adam { epsilon: 0.0, ..rule },
            Adam { beta1: f64::NAN, ..rule },
        ] {
            assert!(Rule::<f64>::check(&wrong).is_err(), "{wrong:?}");
        }
    }
}
