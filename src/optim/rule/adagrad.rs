use super::{Rule, Visitor, positive, sweep};
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
    fn direction<T: Real>(&self) -> impl Fn(&mut T, T) -> T + use<T> {
        let epsilon = T::of(self.epsilon);
        move |s, g| {
            *s += g * g;
            g / (s.sqrt() + epsilon)
        }
    }
}

impl<T: Real> Rule<T> for AdaGrad {
    type State = Vec<T>;

    fn init(&self, dim: usize) -> Self::State {
        vec![T::zero(); dim]
    }

    fn apply(&self, s: &mut Self::State, _: &[T], grad: &mut [T]) {
        sweep::turn(s, grad, self.direction());
    }

    fn step(&self, s: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        sweep::step(theta, s, grad, rate, self.direction());
    }

    fn visit(&self, s: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        visitor.numbers(s);
        true
    }

    fn check(&self) -> Result<()> {
        positive("epsilon", self.epsilon)
    }
}
