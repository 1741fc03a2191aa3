use super::adagrad::OverRoot;
use super::squares::{Squares, are_rooted, leveled};
use super::sweep::{self, Coordinate};
use super::{Rule, Visitor, fraction, positive};
use crate::{Real, Result};

/// RMSProp: the gradient over the root of a running mean of its square; centred, over its running standard deviation.
///
/// s ← α s + (1 − α) g²;  d = g / (√s + ε);  θ ← θ − η d.
/// Centred: m ← α m + (1 − α) g and d = g / (√(s − m²) + ε).  With momentum: v ← μ v + d and θ ← θ − η v.
///
/// Where rounding makes s − m² negative it counts as 0.
///
/// ```
/// use residual::optim::rule::{RmsProp, Rule};
/// let (rule, mut theta) = (RmsProp::default(), [1.0]);
/// let mut state = rule.init(1);
/// rule.step(&mut state, &mut theta, &mut [5.0], 0.01); // √s = 0.1 · 5
/// assert!((theta[0] - 0.9f64).abs() < 1e-8);
/// ```
///
/// Source: Tieleman and Hinton (2012), Neural Networks for Machine Learning, lecture 6.5; centred: Graves (2013),
/// arXiv:1308.0850, eq. 38 to 45; ε as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    /// α, in [0, 1); 0.99 by default.
    pub alpha: f64,
    /// ε, positive; 1e-8 by default.
    pub epsilon: f64,
    /// μ, in [0, 1); 0 by default: no momentum.
    pub momentum: f64,
    /// Whether to divide by the standard deviation instead of the root mean square; false by default.
    pub centered: bool,
}

impl Default for RmsProp {
    fn default() -> Self {
        Self { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, centered: false }
    }
}

/// The running means s and m and the velocity v of [`RmsProp`]; m and v are empty where they are not used.
#[derive(Debug, Clone, PartialEq)]
pub struct RmsPropState<T> {
    s: Vec<T>,
    /// Whether any s is kept as a root.
    rooted: bool,
    m: Vec<T>,
    v: Vec<T>,
}

impl RmsProp {
    fn over_root<T: Real>(&self) -> OverRoot<T> {
        let squares = Squares::new(self.alpha, 1.0 - self.alpha, self.epsilon);
        OverRoot { squares, epsilon: T::of(self.epsilon) }
    }

    /// Writes d into `grad`; the momentum is left to the caller.
    fn scale<T: Real>(&self, state: &mut RmsPropState<T>, grad: &mut [T]) {
        if !self.centered {
            return sweep::turn_adaptive([&mut state.s], &mut state.rooted, grad, self.over_root());
        }
        let (alpha, rest) = (T::of(self.alpha), T::of(1.0 - self.alpha));
        let centred = OverDeviation { alpha, rest, mean: self.over_root() };
        sweep::turn_adaptive([&mut state.s[..], &mut state.m[..]], &mut state.rooted, grad, centred);
    }
}

/// g / (√(s − m²) + ε).
struct OverDeviation<T> {
    alpha: T,
    rest: T,
    mean: OverRoot<T>,
}

impl<T: Real> Coordinate<T, 2> for OverDeviation<T> {
    const MEANS: [bool; 2] = [true, false];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.mean.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [s, m]: [&mut T; 2], g: T) -> T {
        let root = self.mean.squares.advance::<PLAIN>(s, g);
        *m = self.alpha * *m + self.rest * g;
        let ([m, g, epsilon], _) = leveled::<T, 3, PLAIN>([*m, g, self.mean.epsilon], root);
        let variance = if PLAIN { *s - m * m } else { (T::one() - m) * (T::one() + m) };
        // Not `max`, which would turn NaN into 0.
        let variance = if variance < T::zero() { T::zero() } else { variance };
        g / (variance.sqrt() + epsilon)
    }
}

impl<T: Real> Rule<T> for RmsProp {
    type State = RmsPropState<T>;

    fn init(&self, dim: usize) -> Self::State {
        let zeros = |used: bool| vec![T::zero(); if used { dim } else { 0 }];
        RmsPropState { s: zeros(true), rooted: false, m: zeros(self.centered), v: zeros(self.momentum > 0.0) }
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        self.scale(state, grad);
        let mu = T::of(self.momentum);
        if mu > T::zero() {
            sweep::turn(&mut state.v, grad, |v, d| {
                *v = mu * *v + d;
                *v
            });
        }
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        if self.centered || self.momentum > 0.0 {
            self.apply(state, theta, grad);
            return theta.iter_mut().zip(grad).for_each(|(theta, d)| *theta -= rate * *d);
        }
        sweep::step_adaptive(theta, [&mut state.s], &mut state.rooted, (grad, rate), self.over_root());
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(&mut state.s);
        state.rooted = are_rooted(&state.s);
        visitor.numbers(&mut state.m);
        visitor.numbers(&mut state.v);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        fraction::<T>("alpha", self.alpha)?;
        fraction::<T>("momentum", self.momentum)?;
        positive::<T>("epsilon", self.epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_gradient_has_no_variance_and_gives_no_nan() {
        let rule = RmsProp { alpha: 0.5, centered: true, ..RmsProp::default() };
        let mut state = rule.init(1);
        for _ in 0..200 {
            let mut g = [0.1f32];
            rule.apply(&mut state, &[0.0], &mut g);
            assert!(g[0].is_finite());
        }
    }

    #[test]
    fn memory_is_only_kept_where_it_is_used() {
        let state: RmsPropState<f64> = RmsProp::default().init(3);
        assert_eq!((state.s.len(), state.m.len(), state.v.len()), (3, 0, 0));
    }
}
