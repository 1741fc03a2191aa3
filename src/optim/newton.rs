mod factor;
mod system;
#[cfg(test)]
mod tests;

use super::ends::out_of_range;
use super::run::{self, Plain, Point, Run, dot, drowned, norm_max};
use super::search::Search;
use super::{Observer, Reason, Solution, Solver};
use crate::objective::{Coordinates, Hessian};
use crate::{Real, Result};
use system::System;

/// Newton's method for any objective with a [`Hessian`]: few iterations, all digits.
///
/// θ ← θ + t d, ∇²R(θ) d = −∇R(θ), with t = 1 unless R does not decrease; λ² = dᵀ∇²R d is twice what the step promises.
///
/// * Up to 1000 parameters the system is solved by Cholesky, after the Hessian is scaled to unit diagonal. If it is singular
///   to rounding or indefinite, the smallest μ that mends it is added to that diagonal: along a direction in which R is flat
///   nothing moves, from a saddle R decreases. Above 1000 parameters, by conjugate gradients with Hessian products, ever
///   more exactly as the gradient falls.
/// * Over an affine layer it works in centred, scaled features and in f64 ([`Conditioned`](crate::Conditioned)), so units
///   do not matter and f32 data give an f64 answer.
/// * With one output and many samples (four times 20 a feature, at the least 4096) it starts, from θ = 0, at about the minimum
///   for a part of them, with the Hessian of that part; and where a step with the factor at hand gains so much that a new
///   one would not pay, there is no new one.
/// * The line search compares slopes where values drown in rounding.
/// * Ends with [`Reason::Gradient`] when the largest |∂R/∂θⱼ| is at most `tolerance` (10⁻¹⁰) *and* λ² ≤ 10⁻¹² |R|, after
///   one step more, which costs a gradient and doubles the digits; with [`Reason::Value`] when rounding leaves nothing to
///   gain although the tolerance is not met. Default: at most 100 iterations.
///
/// ```
/// use nalgebra::DMatrix;
/// use residual::{Hessian, Objective, Solver, nalgebra, optim::Newton};
/// /// eˣ − 2 x, with its minimum at ln 2
/// struct Curve;
/// impl Objective<f64> for Curve {
///     fn dim(&self) -> usize { 1 }
///     fn value(&mut self, t: &[f64]) -> f64 { t[0].exp() - 2.0 * t[0] }
///     fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 { grad[0] = t[0].exp() - 2.0; self.value(t) }
/// }
/// impl Hessian<f64> for Curve {
///     fn hessian(&mut self, t: &[f64], h: &mut DMatrix<f64>) { h[(0, 0)] = t[0].exp(); }
///     fn hessian_product(&mut self, t: &[f64], v: &[f64], hv: &mut [f64]) { hv[0] = t[0].exp() * v[0]; }
/// }
/// let found = Newton::default().minimize(&mut Curve, vec![0.0], &mut ())?;
/// assert!((found.params[0] - 2f64.ln()).abs() < 1e-15 && found.report.iterations() < 8);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Boyd and Vandenberghe, Convex Optimization, section 9.5; Nocedal and Wright, Numerical Optimization, 2nd ed.,
/// sections 3.4 and 7.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    tolerance: f64,
    max_iterations: usize,
}

impl Default for Newton {
    fn default() -> Self {
        Self { tolerance: 1e-10, max_iterations: 100 }
    }
}

/// λ² relative to R at which the tolerance on the gradient is believed.
const DECREMENT: f64 = 1e-12;

/// λ² relative to R below which a step is rounding: (64 ε)².
const FLOOR: f64 = 2e-28;

impl Newton {
    /// The bound on the largest |∂R/∂θⱼ|.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The most iterations to make.
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    pub(super) fn descend<T: Real, O: Hessian<f64> + Coordinates<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut dyn Observer<T>,
    ) -> Result<Solution<T>> {
        run::check(self.tolerance, self.max_iterations)?;
        let (mut run, mut here) = Run::start(objective, start, observer)?;
        let mut next = here.clone();
        let mut system = System::new(here.phi.len());
        let rounding = run.objective.rounding();
        let search = Search { decrease: 1e-4, curvature: f64::INFINITY, rounding };
        let first_value = here.value;
        // λ² at hand by a factor from an earlier point, where that is the better bargain.
        let mut kept = if run.primed { system.again(run.objective, &here) } else { None };
        loop {
            if norm_max(&here.grad) == 0.0 {
                return run.finish(Reason::Gradient, here, self.tolerance);
            }
            if run.iterations() >= self.max_iterations {
                return run.finish(Reason::MaxIterations, here, self.tolerance);
            }
            let old = kept.is_some();
            let decrement = match kept.take() {
                Some(decrement) => decrement,
                None if system.solve(run.objective, &here, self.precise(&run, &here)).is_some() => {
                    -dot(&here.grad, &system.direction)
                }
                None => return Err(out_of_range("the Hessian")),
            };
            let scale = run::scale(&system.direction, &here, first_value, rounding);
            let met = run.gradient_norm(&here) <= self.tolerance;
            let last = met && decrement <= DECREMENT * scale;
            let found = search.run(run.objective, &here, &system.direction, 1.0, &mut next);
            let drowned = drowned(decrement, scale, &here, rounding);
            if found.is_none() {
                let reason = match (met, drowned) {
                    _ if old && !last => continue,
                    (true, _) => Reason::Gradient,
                    (false, true) if self.leap(&mut run, &system, &mut here, &mut next) => {
                        if run.record(&here).is_break() {
                            return run.finish(Reason::Stopped, here, self.tolerance);
                        }
                        continue;
                    }
                    (false, true) => Reason::Value,
                    (false, false) => Reason::LineSearch,
                };
                return run.finish(reason, here, self.tolerance);
            }
            std::mem::swap(&mut here, &mut next);
            if run.record(&here).is_break() {
                return run.finish(Reason::Stopped, here, self.tolerance);
            }
            if last {
                return run.finish(Reason::Gradient, here, self.tolerance);
            }
            let Some(remaining) = system.again(run.objective, &here) else { continue };
            let scale = run::scale(&system.direction, &here, first_value, rounding);
            let gain = remaining / decrement;
            let close = run.gradient_norm(&here) <= self.tolerance && remaining <= DECREMENT * scale;
            // Steps that no longer shrink, or are at the rounding of θ: λ² is of second order in them.
            let spent = drowned && ((gain > 0.25 && !old) || remaining <= FLOOR * scale);
            if spent && !close && self.leap(&mut run, &system, &mut here, &mut next) {
                if run.record(&here).is_break() {
                    return run.finish(Reason::Stopped, here, self.tolerance);
                }
                continue;
            }
            if close || spent {
                let stopped = self.polish(&mut run, &mut system, &mut here, remaining, gain);
                let reason = if close { Reason::Gradient } else { Reason::Value };
                let reason = if stopped { Reason::Stopped } else { reason };
                return run.finish(reason, here, self.tolerance);
            }
            // So many steps with this factor would lead to the end; with a new one it takes two more.
            let steps = (f64::EPSILON.powi(2) * scale / remaining).ln() / gain.ln();
            kept = (gain < 1.0 && steps <= run.objective.hessian_cost() + 2.0).then_some(remaining);
        }
    }

    /// Where the Hessian was singular, how far to go along its null space is not known, and what the step promises neither: moves
    /// `here` to where R is noticeably lower, if it is so farther along.
    fn leap<T: Real, O: Hessian<f64> + Coordinates<T> + ?Sized>(
        &self,
        run: &mut Run<'_, T, O>,
        system: &System,
        here: &mut Point,
        next: &mut Point,
    ) -> bool {
        if !system.is_arbitrary() {
            return false;
        }
        let noise = 1000.0 * run.objective.rounding() * here.value.abs();
        for t in (1..=9).map(|k| 100f64.powi(k)) {
            next.phi
                .iter_mut()
                .zip(&here.phi)
                .zip(&system.direction)
                .for_each(|((next, here), d)| *next = here + t * d);
            next.value = run.objective.gradient(&next.phi, &mut next.grad);
            if next.is_finite() && next.value < here.value - noise {
                std::mem::swap(here, next);
                return true;
            }
        }
        false
    }

    /// Steps with the factor at hand, at the price of a gradient each, as long as they gain a digit or what the last one
    /// gained: near the end the factor differs little from that of the Hessian there. Returns whether the observer stopped
    /// the fit.
    fn polish<T: Real, O: Hessian<f64> + Coordinates<T> + ?Sized>(
        &self,
        run: &mut Run<'_, T, O>,
        system: &mut System,
        here: &mut Point,
        mut remaining: f64,
        gain: f64,
    ) -> bool {
        let least = (4.0 * gain).clamp(0.01, 0.5);
        let mut next = here.clone();
        while remaining > 0.0 && run.iterations() < self.max_iterations {
            next.phi.iter_mut().zip(&here.phi).zip(&system.direction).for_each(|((next, here), d)| *next = here + d);
            next.value = run.objective.gradient(&next.phi, &mut next.grad);
            match system.again(run.objective, &next) {
                Some(after) if after < remaining => {
                    std::mem::swap(here, &mut next);
                    if run.record(here).is_break() {
                        return true;
                    }
                    if after > least * remaining {
                        return false;
                    }
                    remaining = after;
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether the next step may be the last, so that conjugate gradients must not save on it.
    fn precise<T: Real, O: Hessian<f64> + Coordinates<T> + ?Sized>(&self, run: &Run<'_, T, O>, here: &Point) -> bool {
        run.gradient_norm(here).max(norm_max(&here.grad)) <= self.tolerance.sqrt()
    }
}

impl<T: Real, O: Hessian<T>> Solver<T, O> for Newton {
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        if let Some(mut conditioned) = objective.conditioned() {
            return self.descend(conditioned.as_mut(), start, observer);
        }
        self.descend(&mut Plain::new(objective), start, observer)
    }
}
