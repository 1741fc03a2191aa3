use super::Rule;
use crate::{Error, Real, Result};

/// Heavy-ball momentum: v ← μ v + (1 − τ) g, with v = g at the first step; θ ← θ − η v.
///
/// Source: Polyak (1964), USSR Computational Mathematics 4(5); the form is PyTorch's SGD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum {
    /// μ, in [0, 1).
    pub mu: f64,
    /// τ, in [0, 1].
    pub dampening: f64,
}

impl Default for Momentum {
    fn default() -> Self {
        Self { mu: 0.9, dampening: 0.0 }
    }
}

/// Nesterov momentum: v ← μ v + g; θ ← θ − η (g + μ v).
///
/// Source: Nesterov (1983); the form is Sutskever et al. (2013), ICML, as in PyTorch's SGD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nesterov {
    /// μ, in [0, 1).
    pub mu: f64,
}

impl Default for Nesterov {
    fn default() -> Self {
        Self { mu: 0.9 }
    }
}

fn check_mu(mu: f64) -> Result<()> {
    if (0.0..1.0).contains(&mu) { Ok(()) } else { Err(Error::Config { name: "mu", needs: "in [0, 1)" }) }
}

impl<T: Real> Rule<T> for Momentum {
    type State = MomentumState<T>;

    fn init(&self, dim: usize) -> Self::State {
        MomentumState { v: vec![T::zero(); dim], started: false }
    }

    fn apply(&self, state: &mut Self::State, _: &[T], grad: &mut [T]) {
        let share = if state.started { T::of(1.0 - self.dampening) } else { T::one() };
        let mu = T::of(self.mu);
        state.started = true;
        for (v, g) in state.v.iter_mut().zip(grad) {
            *v = mu * *v + share * *g;
            *g = *v;
        }
    }

    fn check(&self) -> Result<()> {
        check_mu(self.mu)?;
        if (0.0..=1.0).contains(&self.dampening) {
            return Ok(());
        }
        Err(Error::Config { name: "dampening", needs: "in [0, 1]" })
    }
}

/// The velocity v of [`Momentum`], and whether a step has been made.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentumState<T> {
    v: Vec<T>,
    started: bool,
}

impl<T: Real> Rule<T> for Nesterov {
    type State = Vec<T>;

    fn init(&self, dim: usize) -> Self::State {
        vec![T::zero(); dim]
    }

    fn apply(&self, v: &mut Self::State, _: &[T], grad: &mut [T]) {
        let mu = T::of(self.mu);
        for (v, g) in v.iter_mut().zip(grad) {
            *v = mu * *v + *g;
            *g += mu * *v;
        }
    }

    fn check(&self) -> Result<()> {
        check_mu(self.mu)
    }
}
