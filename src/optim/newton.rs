//! Newton's method.

use super::{Observer, Progress, Reason, Report, Solution, Solver, largest};
use crate::objective::Hessian;
use crate::{Error, Real, Result};
use nalgebra::{Cholesky, DMatrix, DVector};

/// Newton's method: the step solves ∇²R d = −∇R by Cholesky, with halving until the value falls.
///
/// A Hessian that is not positive definite gets a growing multiple of its diagonal.
///
/// Source: Nocedal and Wright (2006), Numerical Optimization, algorithm 3.2.
#[derive(Debug, Clone, PartialEq)]
pub struct Newton {
    tolerance: f64,
    max_iterations: usize,
}

impl Default for Newton {
    /// Tolerance 1e-10 on the largest |gradient|, 100 iterations.
    fn default() -> Self {
        Self { tolerance: 1e-10, max_iterations: 100 }
    }
}

impl Newton {
    /// Stops when the largest |gradient| of the risk is at most this.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// At most this many iterations.
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }
}

impl<T: Real, O: Hessian<T>> Solver<T, O> for Newton {
    fn minimize(&self, objective: &mut O, mut theta: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            return Err(Error::Config { name: "tolerance", needs: "finite and at least 0" });
        }
        let dim = theta.len();
        let (mut grad, mut h, mut history) = (vec![T::zero(); dim], DMatrix::zeros(dim, dim), Vec::new());
        let mut value = objective.gradient(&theta, &mut grad);
        let mut reason = Reason::MaxIterations;
        for iteration in 1..=self.max_iterations {
            if !(value.is_finite() && largest(&grad).is_finite()) {
                return Err(Error::Diverged { iteration });
            }
            if largest(&grad) <= self.tolerance {
                reason = Reason::Gradient;
                break;
            }
            objective.hessian(&theta, &mut h);
            let Some(step) = direction(&h, &grad) else {
                reason = Reason::LineSearch;
                break;
            };
            let (mut t, mut next, mut moved) = (T::one(), theta.clone(), false);
            for _ in 0..50 {
                next.iter_mut().zip(&theta).zip(step.iter()).for_each(|((n, &a), &d)| *n = a - t * d);
                let trial = objective.value(&next);
                // At the bottom the value cannot tell steps apart: equal within rounding is good enough.
                if trial <= value + value.abs() * T::default_epsilon() * T::of(8.0) {
                    moved = true;
                    break;
                }
                t *= T::of(0.5);
            }
            if !moved {
                reason = Reason::LineSearch;
                break;
            }
            theta.copy_from_slice(&next);
            value = objective.gradient(&theta, &mut grad);
            history.push(value.to_f64());
            let norm = largest(&grad);
            if observer.observe(&Progress::new(iteration, value.to_f64(), Some(norm), &theta)).is_break() {
                reason = if norm <= self.tolerance { Reason::Gradient } else { Reason::Stopped };
                break;
            }
        }
        let norm = largest(&grad);
        if !(value.is_finite() && norm.is_finite()) {
            return Err(Error::Diverged { iteration: history.len() });
        }
        let reason = if norm <= self.tolerance { Reason::Gradient } else { reason };
        let report = Report::new(reason, history.len(), value.to_f64(), norm).with_history(history);
        Ok(Solution { params: theta, report })
    }
}

fn direction<T: Real>(h: &DMatrix<T>, grad: &[T]) -> Option<DVector<T>> {
    let top = (0..h.nrows()).fold(T::zero(), |max, i| max.max(h[(i, i)].abs())).max(T::default_epsilon());
    let mut shift = T::zero();
    for _ in 0..40 {
        let mut shifted = h.clone();
        (0..h.nrows()).for_each(|i| shifted[(i, i)] += shift);
        if let Some(factor) = Cholesky::new(shifted) {
            let step = factor.solve(&DVector::from_column_slice(grad));
            if step.iter().all(|s| s.is_finite()) {
                return Some(step);
            }
        }
        shift = if shift > T::zero() { shift * T::of(10.0) } else { top * T::default_epsilon() * T::of(16.0) };
    }
    None
}
