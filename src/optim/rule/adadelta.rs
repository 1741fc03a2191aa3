use super::squares::{Squares, are_rooted, range};
use super::sweep::{self, Coordinate};
use super::{Rule, Visitor, fraction, positive};
use crate::{Real, Result};

/// AdaDelta: the gradient over its own running size, times the running size of the steps; needs no rate (use 1).
///
/// s ← ρ s + (1 − ρ) g²;  d = g √(u + ε) / √(s + ε);  u ← ρ u + (1 − ρ) d²;  θ ← θ − η d.
///
/// ```
/// use residual::optim::rule::{AdaDelta, Rule};
/// let (rule, mut theta) = (AdaDelta::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [2.0], 1.0); // d = 2 √1e-6 / √(0.4 + 1e-6)
/// assert!((theta[0] - (1.0 - 0.002 / 0.4f64.sqrt())).abs() < 1e-8);
/// ```
///
/// Source: Zeiler (2012), arXiv:1212.5701, algorithm 1; the rate η as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaDelta {
    /// ρ, in [0, 1); 0.9 by default.
    pub rho: f64,
    /// ε, positive; 1e-6 by default.
    pub epsilon: f64,
}

impl Default for AdaDelta {
    fn default() -> Self {
        Self { rho: 0.9, epsilon: 1e-6 }
    }
}

/// The running means s of g² and u of d² of [`AdaDelta`].
#[derive(Debug, Clone, PartialEq)]
pub struct AdaDeltaState<T> {
    s: Vec<T>,
    /// Whether any s is kept as a root.
    rooted: bool,
    u: Vec<T>,
}

impl AdaDelta {
    fn coordinate<T: Real>(&self) -> OverSizes<T> {
        let (root, normal) = (self.epsilon.sqrt(), range::<T>()[0]);
        // Beside a tiny ε, the numerator g √(u + ε) may vanish where d does not.
        let least = if self.epsilon < normal.sqrt() { 4.0 * normal / root } else { 0.0 };
        let squares = Squares::new(self.rho, 1.0 - self.rho, root).from(least);
        OverSizes { rho: T::of(self.rho), rest: T::of(1.0 - self.rho), epsilon: T::of(self.epsilon), squares }
    }
}

/// g √(u + ε) / √(s + ε).
struct OverSizes<T> {
    rho: T,
    rest: T,
    epsilon: T,
    squares: Squares<T>,
}

impl<T: Real> Coordinate<T, 2> for OverSizes<T> {
    const MEANS: [bool; 2] = [true, false];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [s, u]: [&mut T; 2], g: T) -> T {
        let root = self.squares.advance::<PLAIN>(s, g);
        let d = if PLAIN {
            g * (*u + self.epsilon).sqrt() / (*s + self.epsilon).sqrt()
        } else {
            g / root.hypot(self.epsilon.sqrt()) * (*u + self.epsilon).sqrt()
        };
        // Steps are of no unusual size, whatever the gradients are.
        *u = self.rho * *u + self.rest * d * d;
        d
    }
}

impl<T: Real> Rule<T> for AdaDelta {
    type State = AdaDeltaState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AdaDeltaState { s: vec![T::zero(); dim], rooted: false, u: vec![T::zero(); dim] }
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        sweep::turn_adaptive([&mut state.s[..], &mut state.u[..]], &mut state.rooted, grad, self.coordinate());
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        let memory = [&mut state.s[..], &mut state.u[..]];
        sweep::step_adaptive(theta, memory, &mut state.rooted, (grad, rate), self.coordinate());
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(&mut state.s);
        state.rooted = are_rooted(&state.s);
        visitor.numbers(&mut state.u);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        fraction::<T>("rho", self.rho)?;
        positive::<T>("epsilon", self.epsilon)
    }
}
