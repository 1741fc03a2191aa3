use super::squares::{Squares, are_rooted, leveled};
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

/// The sums s of g² of [`AdaGrad`].
#[derive(Debug, Clone, PartialEq)]
pub struct AdaGradState<T> {
    s: Vec<T>,
    rooted: bool,
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
    const MEANS: [bool; 1] = [true];

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, [s]: [&mut T; 1], g: T) -> T {
        let root = self.squares.advance::<PLAIN>(s, g);
        let ([g, epsilon], root) = leveled::<T, 2, PLAIN>([g, self.epsilon], root);
        g / (root + epsilon)
    }
}

/// The same where s is a sum.
struct Sum<T>(OverRoot<T>);

impl<T: Real> Coordinate<T, 1> for Sum<T> {
    const MEANS: [bool; 1] = [true];
    const GROWS: bool = true;

    #[inline(always)]
    fn squares(&self) -> &Squares<T> {
        &self.0.squares
    }

    #[inline(always)]
    fn advance<const PLAIN: bool>(&self, memory: [&mut T; 1], g: T) -> T {
        self.0.advance::<PLAIN>(memory, g)
    }
}

impl<T: Real> Rule<T> for AdaGrad {
    type State = AdaGradState<T>;

    fn init(&self, dim: usize) -> Self::State {
        AdaGradState { s: vec![T::zero(); dim], rooted: false }
    }

    fn apply(&self, AdaGradState { s, rooted }: &mut Self::State, _: &[T], grad: &mut [T]) {
        sweep::turn_adaptive([s], rooted, grad, Sum(self.coordinate()));
    }

    fn step(&self, AdaGradState { s, rooted }: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        sweep::step_adaptive(theta, [s], rooted, (grad, rate), Sum(self.coordinate()));
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(&mut state.s);
        state.rooted = are_rooted(&state.s);
        true
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        positive::<T>("epsilon", self.epsilon)
    }
}
