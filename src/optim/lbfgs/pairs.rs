//! What L-BFGS remembers: pairs of steps and changes of the gradient, and the inverse Hessian that they stand for.

use crate::Real;
use crate::objective::Coordinates;
use crate::optim::run::{Point, dot};
use std::collections::VecDeque;

/// The last pairs s, y with 1 / sᵀy, oldest first, and scratch for the two loops.
pub(super) struct Pairs {
    kept: VecDeque<(Vec<f64>, Vec<f64>, f64)>,
    memory: usize,
    alpha: Vec<f64>,
    scratch: Vec<f64>,
    diagonal: Vec<f64>,
}

impl Pairs {
    pub fn new(memory: usize) -> Self {
        Self { kept: VecDeque::new(), memory, alpha: Vec::new(), scratch: Vec::new(), diagonal: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub fn clear(&mut self) {
        self.kept.clear();
    }

    /// The first step to try: 1, but at most a length of 1 while nothing is known of the scale.
    pub fn first_step(&self, direction: &[f64]) -> f64 {
        if self.is_empty() { 1.0f64.min(1.0 / dot(direction, direction).sqrt()) } else { 1.0 }
    }

    /// d = −H g by the two-loop recursion; H₀ is the learnt diagonal, or the objective's preconditioner times
    /// sᵀy / yᵀH₀y of the last pair. Returns whether H knows the scale of R: without pairs and preconditioner it is 1.
    pub fn direction<T: Real, O: Coordinates<T> + ?Sized>(
        &mut self,
        objective: &mut O,
        g: &[f64],
        d: &mut [f64],
    ) -> bool {
        d.iter_mut().zip(g).for_each(|(d, g)| *d = -g);
        self.alpha.clear();
        for (s, y, rho) in self.kept.iter().rev() {
            let alpha = rho * dot(s, d);
            d.iter_mut().zip(y).for_each(|(d, y)| *d -= alpha * y);
            self.alpha.push(alpha);
        }
        let preconditioned = objective.precondition(d);
        if !preconditioned {
            d.iter_mut().zip(&self.diagonal).for_each(|(d, scale)| *d *= scale);
        } else if let Some((_, y, rho)) = self.kept.back() {
            self.scratch.clear();
            self.scratch.extend_from_slice(y);
            objective.precondition(&mut self.scratch);
            let scale = 1.0 / (rho * dot(y, &self.scratch));
            d.iter_mut().for_each(|d| *d *= scale);
        }
        for ((s, y, rho), alpha) in self.kept.iter().zip(self.alpha.iter().rev()) {
            let beta = rho * dot(y, d);
            d.iter_mut().zip(s).for_each(|(d, s)| *d += (alpha - beta) * s);
        }
        preconditioned || !self.is_empty()
    }

    /// The BFGS update of a diagonal matrix, from `diagonal` times the scalar that fits the new pair best.
    fn scale(&mut self, s: &[f64], y: &[f64], sy: f64) {
        if self.diagonal.len() != s.len() || self.kept.is_empty() {
            self.diagonal.clear();
            self.diagonal.resize(s.len(), sy / dot(y, y));
        }
        let (mut ydy, mut sds) = (0.0, 0.0);
        for ((s, y), d) in s.iter().zip(y).zip(&self.diagonal) {
            ydy += y * y * d;
            sds += s * s / d;
        }
        for ((s, y), d) in s.iter().zip(y).zip(&mut self.diagonal) {
            let inverse = ydy / (sy * *d) + y * y / sy - ydy * (s / *d) * (s / *d) / (sy * sds);
            let next = 1.0 / inverse;
            if next > 0.0 && next.is_finite() {
                *d = next;
            }
        }
    }

    pub fn push(&mut self, from: &Point, to: &Point) {
        // The oldest pair's memory is used again.
        let recycled = if self.kept.len() == self.memory { self.kept.pop_front() } else { None };
        let (mut s, mut y, _) = recycled.unwrap_or_default();
        s.clear();
        y.clear();
        s.extend(to.phi.iter().zip(&from.phi).map(|(to, from)| to - from));
        y.extend(to.grad.iter().zip(&from.grad).map(|(to, from)| to - from));
        let curvature = dot(&s, &y);
        if curvature > 1e-14 * (dot(&s, &s) * dot(&y, &y)).sqrt() {
            self.scale(&s, &y, curvature);
            self.kept.push_back((s, y, 1.0 / curvature));
        }
    }
}
