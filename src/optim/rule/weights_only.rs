use super::{Rule, Visitor};
use crate::layout::Role;
use crate::{Layout, Real, Result};
use std::ops::Range;

/// A rule that sees the weights alone: what the layout calls biases keeps its gradient as it is.
///
/// Made for [`Decay`](super::Decay) and the clips, whose `weights_only` builds it; it works around any rule. An objective
/// without a layout has no biases.
///
/// ```
/// use residual::optim::rule::{Decay, Rule};
/// use residual::Layout;
/// let mut layout = Layout::new();
/// layout.weights(1, 1);
/// layout.bias(1);
/// let rule = Decay::weights_only(0.5);
/// let (mut state, mut g) = (rule.init_with(&layout), [1.0, 1.0]);
/// rule.apply(&mut state, &[4.0, 4.0], &mut g);
/// assert_eq!(g, [3.0, 1.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightsOnly<R>(
    /// The rule for the weights.
    pub R,
);

/// The state of the inner rule of [`WeightsOnly`], where the weights lie, and scratch to bring them together.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightsOnlyState<T, S> {
    inner: S,
    runs: Vec<Range<usize>>,
    theta: Vec<T>,
    grad: Vec<T>,
}

fn gather<T: Real>(runs: &[Range<usize>], from: &[T], to: &mut Vec<T>) {
    to.clear();
    runs.iter().for_each(|run| to.extend_from_slice(&from[run.clone()]));
}

impl<T: Real, R: Rule<T>> Rule<T> for WeightsOnly<R> {
    type State = WeightsOnlyState<T, R::State>;

    fn init(&self, dim: usize) -> Self::State {
        WeightsOnlyState {
            inner: self.0.init(dim),
            runs: std::iter::once(0..dim).collect(),
            theta: vec![],
            grad: vec![],
        }
    }

    fn init_with(&self, layout: &Layout) -> Self::State {
        let weights = layout.blocks().iter().filter(|block| block.role() == Role::Weights);
        let runs: Vec<_> = weights.map(|block| block.range()).collect();
        let dim = runs.iter().map(ExactSizeIterator::len).sum();
        WeightsOnlyState { inner: self.0.init(dim), runs, theta: vec![], grad: vec![] }
    }

    fn apply(&self, state: &mut Self::State, theta: &[T], grad: &mut [T]) {
        if let [run] = &state.runs[..] {
            return self.0.apply(&mut state.inner, &theta[run.clone()], &mut grad[run.clone()]);
        }
        // The inner rule may need all weights at once (a norm does), so they are brought together.
        gather(&state.runs, theta, &mut state.theta);
        gather(&state.runs, grad, &mut state.grad);
        self.0.apply(&mut state.inner, &state.theta, &mut state.grad);
        let mut from = &state.grad[..];
        for run in &state.runs {
            let (head, tail) = from.split_at(run.len());
            grad[run.clone()].copy_from_slice(head);
            from = tail;
        }
    }

    fn visit(&self, state: &mut Self::State, visitor: &mut dyn Visitor<T>) -> bool {
        self.0.visit(&mut state.inner, visitor)
    }

    fn describe(&self) -> String {
        format!("WeightsOnly({})", self.0.describe())
    }

    fn check(&self) -> Result<()> {
        self.0.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::rule::{ClipNorm, Decay};

    fn two_layers() -> Layout {
        let mut layout = Layout::new();
        layout.weights(1, 1);
        layout.bias(1);
        layout.weights(1, 1);
        layout.bias(1);
        layout
    }

    #[test]
    fn a_norm_is_taken_over_all_weights_together() {
        let rule = ClipNorm::weights_only(1.0);
        let mut g = [3.0, 100.0, 4.0, 200.0];
        rule.apply(&mut rule.init_with(&two_layers()), &[0.0; 4], &mut g);
        assert!((g[0] - 0.6f64).abs() < 1e-15 && (g[2] - 0.8).abs() < 1e-15);
        assert_eq!((g[1], g[3]), (100.0, 200.0));
    }

    #[test]
    fn without_a_layout_everything_is_a_weight() {
        let rule = Decay::weights_only(0.5);
        let mut g = [0.0; 2];
        rule.apply(&mut rule.init(2), &[2.0, 4.0], &mut g);
        assert_eq!(g, [1.0, 2.0]);
    }
}
