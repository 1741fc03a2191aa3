mod factor;
mod system;

use super::run::{self, Plain, Point, Run, dot, norm_max};
use super::search::Search;
use super::{Observer, Reason, Solution, Solver};
use crate::objective::{Coordinates, Hessian};
use crate::{Error, Real, Result};
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
                return run.finish(Reason::Gradient, here);
            }
            if run.iterations() >= self.max_iterations {
                return run.finish(Reason::MaxIterations, here);
            }
            let scale = here.value.abs() + (first_value - here.value).abs();
            let old = kept.is_some();
            let decrement = match kept.take() {
                Some(decrement) => decrement,
                None if system.solve(run.objective, &here, self.precise(&run, &here)).is_some() => {
                    -dot(&here.grad, &system.direction)
                }
                None => return Err(Error::Diverged { iteration: run.iterations() + 1 }),
            };
            let last = run.gradient_norm(&here) <= self.tolerance && decrement <= DECREMENT * scale;
            let found = search.run(run.objective, &here, &system.direction, 1.0, &mut next);
            let drowned = decrement <= 100.0 * rounding * scale;
            if found.is_none() {
                let reason = match (last, drowned) {
                    (true, _) => Reason::Gradient,
                    _ if old => continue,
                    (false, true) => Reason::Value,
                    (false, false) => Reason::LineSearch,
                };
                return run.finish(reason, here);
            }
            std::mem::swap(&mut here, &mut next);
            if run.record(&here).is_break() {
                return run.finish(Reason::Stopped, here);
            }
            if last {
                return run.finish(Reason::Gradient, here);
            }
            let Some(remaining) = system.again(run.objective, &here) else { continue };
            let gain = remaining / decrement;
            let close = run.gradient_norm(&here) <= self.tolerance && remaining <= DECREMENT * scale;
            // Steps that no longer shrink, or are at the rounding of θ: λ² is of second order in them.
            let spent = drowned && ((gain > 0.25 && !old) || remaining <= FLOOR * scale);
            if close || spent {
                let stopped = self.polish(&mut run, &mut system, &mut here, remaining, gain);
                let reason = if close { Reason::Gradient } else { Reason::Value };
                return run.finish(if stopped { Reason::Stopped } else { reason }, here);
            }
            // So many steps with this factor would lead to the end; with a new one it takes two more.
            let steps = (f64::EPSILON.powi(2) * scale / remaining).ln() / gain.ln();
            kept = (gain < 1.0 && steps <= run.objective.hessian_cost() + 2.0).then_some(remaining);
        }
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

#[cfg(test)]
mod tests {
    use super::system::DENSE;
    use super::*;
    use crate::objective::Objective;
    use nalgebra::DMatrix;

    /// Σⱼ cosh(cⱼ θⱼ) + θⱼ: smooth, convex, its minimum at −asinh(1/cⱼ) / cⱼ.
    struct Cosh(Vec<f64>);

    impl<T: Real> Objective<T> for Cosh {
        fn dim(&self) -> usize {
            self.0.len()
        }
        fn value(&mut self, theta: &[T]) -> T {
            self.0.iter().zip(theta).fold(T::zero(), |sum, (&c, &t)| sum + (T::of(c) * t).cosh() + t)
        }
        fn gradient(&mut self, theta: &[T], grad: &mut [T]) -> T {
            for ((g, &c), &t) in grad.iter_mut().zip(&self.0).zip(theta) {
                *g = T::of(c) * (T::of(c) * t).sinh() + T::one();
            }
            self.value(theta)
        }
    }

    impl<T: Real> Hessian<T> for Cosh {
        fn hessian(&mut self, theta: &[T], h: &mut DMatrix<T>) {
            h.fill(T::zero());
            for (j, (&c, &t)) in self.0.iter().zip(theta).enumerate() {
                h[(j, j)] = T::of(c * c) * (T::of(c) * t).cosh();
            }
        }
        fn hessian_product(&mut self, theta: &[T], v: &[T], hv: &mut [T]) {
            for (((hv, &v), &c), &t) in hv.iter_mut().zip(v).zip(&self.0).zip(theta) {
                *hv = T::of(c * c) * (T::of(c) * t).cosh() * v;
            }
        }
    }

    fn error(c: &[f64], theta: &[f64]) -> f64 {
        c.iter().zip(theta).map(|(c, t)| (t / -((1.0 / c).asinh() / c) - 1.0).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn all_digits_in_wild_units_and_quadratic_convergence() {
        let c = [0.01, 1.0, 30.0];
        let found = Newton::default().minimize(&mut Cosh(c.to_vec()), vec![0.0; 3], &mut ()).unwrap();
        assert_eq!(found.report.reason(), Reason::Gradient);
        assert!(error(&c, &found.params) < 1e-15, "{:?}", found);
        let best = found.report.value();
        let gaps: Vec<f64> = found.report.history().iter().map(|v| (v - best) / best.abs()).collect();
        let first = gaps.iter().position(|&gap| gap < 1e-3).unwrap();
        assert!(gaps[first + 1] < 1e-5 && gaps[first + 2] < 1e-10, "{gaps:?}");
    }

    #[test]
    fn above_the_dense_limit_conjugate_gradients_agree() {
        let c: Vec<f64> = (0..DENSE + 1).map(|j| 0.5 + (j % 7) as f64).collect();
        let found = Newton::default().minimize(&mut Cosh(c.clone()), vec![0.0; c.len()], &mut ()).unwrap();
        assert_eq!(found.report.reason(), Reason::Gradient);
        assert!(error(&c, &found.params) < 1e-14, "{}", error(&c, &found.params));
    }

    #[test]
    fn single_precision_ends_at_its_rounding() {
        let c = [0.3, 1.0, 3.0];
        let found = Newton::default().minimize(&mut Cosh(c.to_vec()), vec![0f32; 3], &mut ()).unwrap();
        let theta: Vec<f64> = found.params.iter().map(|&t| f64::from(t)).collect();
        assert!(found.report.converged(), "{:?}", found.report);
        assert!(error(&c, &theta) < 1e-6, "{:?}", found);
    }

    /// (x² − 1)² + y⁴/4: indefinite between the minima, singular at y = 0.
    struct Wells;

    impl Objective<f64> for Wells {
        fn dim(&self) -> usize {
            2
        }
        fn value(&mut self, t: &[f64]) -> f64 {
            (t[0] * t[0] - 1.0).powi(2) + 0.25 * t[1].powi(4)
        }
        fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
            grad[0] = 4.0 * t[0] * (t[0] * t[0] - 1.0);
            grad[1] = t[1].powi(3);
            self.value(t)
        }
    }

    impl Hessian<f64> for Wells {
        fn hessian(&mut self, t: &[f64], h: &mut DMatrix<f64>) {
            h.fill(0.0);
            h[(0, 0)] = 12.0 * t[0] * t[0] - 4.0;
            h[(1, 1)] = 3.0 * t[1] * t[1];
        }
        fn hessian_product(&mut self, t: &[f64], v: &[f64], hv: &mut [f64]) {
            hv[0] = (12.0 * t[0] * t[0] - 4.0) * v[0];
            hv[1] = 3.0 * t[1] * t[1] * v[1];
        }
    }

    #[test]
    fn an_indefinite_hessian_leads_down_all_the_same() {
        let found = Newton::default().minimize(&mut Wells, vec![0.1, 0.0], &mut ()).unwrap();
        assert_eq!(found.report.reason(), Reason::Gradient);
        assert!((found.params[0] - 1.0).abs() < 1e-12 && found.params[1] == 0.0, "{found:?}");
    }

    #[test]
    fn ends_are_told_apart() {
        let c = || Cosh(vec![1.0, 2.0]);
        let few = Newton::default().max_iterations(1).minimize(&mut c(), vec![5.0; 2], &mut ()).unwrap();
        assert_eq!((few.report.reason(), few.report.iterations()), (Reason::MaxIterations, 1));
        let nan = Newton::default().minimize(&mut c(), vec![f64::INFINITY; 2], &mut ());
        assert_eq!(nan.err(), Some(Error::Diverged { iteration: 1 }));
        assert!(Newton::default().tolerance(-1.0).minimize(&mut c(), vec![0.0; 2], &mut ()).is_err());
        assert!(matches!(
            Newton::default().minimize(&mut c(), vec![0.0; 3], &mut ()),
            Err(Error::Shape { expected: 2, found: 3, .. })
        ));
    }
}
