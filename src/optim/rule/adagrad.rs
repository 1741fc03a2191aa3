use super::squares::{Squares, leveled};
use super::sweep::{self, Coordinate};
use super::{Rule, Visitor, positive};
use crate::{Real, Result};

/// AdaGrad: each coordinate is divided by the root of the sum of its squared gradients, so rare features learn faster.
///
/// s ← s + g²;  θ ← θ − η g / (√s + ε).
///
/// ```
/// use residual::optim::rule::{AdaGrad, Rule};
/// let (rule, mut theta) = (AdaGrad::default(), [1.0]);
/// let mut s = rule.init(1);
/// rule.step(&mut s, &mut theta, &mut [3.0], 0.1); // s = 9
/// rule.step(&mut s, &mut theta, &mut [4.0], 0.1); // s = 25
/// assert!((theta[0] - (1.0 - 0.1 - 0.08f64)).abs() < 1e-10);
/// ```
///
/// Source: Duchi, Hazan and Singer (2011), Journal of Machine Learning Research 12, the diagonal form of figure 1; ε as in
/// PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaGrad {
    /// ε, positive; 1e-10 by default.
    pub epsilon: f64,
}

impl Default for AdaGrad {
    fn default() -> Self {
        Self { epsilon: 1e-10 }
    }
}

impl AdaGrad {
    fn coordinate<T: Real>(&self) -> OverRoot<T> {
        OverRoot { squares: Squares::new(1.0, 1.0, self.epsilon), epsilon: T::of(self.epsilon) }
    }
}

/// g / (√s + ε).
pub(super) struct OverRoot<T> {
    pub(super) squares: Squares<T>,
    pub(super) epsilon: T,
}

impl<T: Real> Coordinate<T, 1> for OverRoot<T> {
    #[inline(always)]
    fn is_plain(&self, [s]: [T; 1], g: T) -> bool {
        self.squares.are_plain(s, g)
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [s]: [&mut T; 1], g: T) -> T {
        let root = self.squares.advance::<PLAIN>(s, g);
        let ([g, epsilon], root) = leveled::<T, 2, PLAIN>([g, self.epsilon], root);
        g / (root + epsilon)
    }
}

impl<T: Real> Rule<T> for AdaGrad {
    type State = Vec<T>;

    fn init(&self, dim: usize) -> Self::State {
        vec![T::zero(); dim]
    }

    fn apply(&self, s: &mut Self::State, _: &[T], grad: &mut [T]) {
        sweep::turn_adaptive([s], grad, self.coordinate());
    }

    fn step(&self, s: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        sweep::step_adaptive(theta, [s], grad, rate, self.coordinate());
    }

    fn visit(&self, s: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(s);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        positive::<T>("epsilon", self.epsilon)
    }
}
