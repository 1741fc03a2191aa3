mod pairs;
#[cfg(test)]
mod tests;

use super::run::{self, Plain, Run, dot, drowned, norm_max};
use super::search::Search;
use super::{Observer, Reason, Solution, Solver, range};
use crate::objective::{Coordinates, Objective};
use crate::{Real, Result};
use pairs::Pairs;

/// L-BFGS: the quasi-Newton method for any smooth [`Objective`] of many parameters; it needs gradients only.
///
/// θ ← θ + t d, d = −H ∇R(θ), with H built from the last `memory` pairs s = Δθ, y = Δ∇R, and t from a strong Wolfe line
/// search that also works where R is flat to rounding. H starts from a diagonal that is learnt along the way, so that
/// parameters in different units do not need to be scaled first. A pair with sᵀy ≤ 10⁻¹⁴ ‖s‖ ‖y‖ is left out, so H stays
/// positive definite; a direction that fails is replaced once by steepest descent before the search is given up.
///
/// Over an affine layer it works as [`Newton`](super::Newton) does, in centred, scaled features and in f64, and H starts from the
/// Hessian's blocks, one per output, for a sample of the rows, made again where iterations are many and R has changed; with
/// many samples (four times 20 a feature, at the least 4096) and from θ = 0 it starts at about the minimum for that sample.
///
/// Ends with [`Reason::Gradient`] when the largest |∂R/∂θⱼ| is at most `tolerance` (10⁻⁸) *and* the next step promises to lower
/// R by no more than this part of it, or no step lowers it, with [`Reason::Value`] when R
/// and its gradient have stopped improving because of rounding, with [`Reason::LineSearch`] when no step improves R
/// although the slope says it should (a wrong gradient, or a kink). Default: memory 10, at most 2000 iterations.
///
/// ```
/// use residual::{Objective, Reason, Solver, optim::Lbfgs};
/// /// (1 − x)² + 100 (y − x²)²
/// struct Rosenbrock;
/// impl Objective<f64> for Rosenbrock {
///     fn dim(&self) -> usize { 2 }
///     fn value(&mut self, t: &[f64]) -> f64 { (1.0 - t[0]).powi(2) + 100.0 * (t[1] - t[0] * t[0]).powi(2) }
///     fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
///         grad[1] = 200.0 * (t[1] - t[0] * t[0]);
///         grad[0] = -2.0 * (1.0 - t[0]) - 2.0 * t[0] * grad[1];
///         self.value(t)
///     }
/// }
/// let found = Lbfgs::default().minimize(&mut Rosenbrock, vec![-1.2, 1.0], &mut ())?;
/// assert_eq!(found.report.reason(), Reason::Gradient);
/// assert!((found.params[0] - 1.0).abs() < 1e-8 && found.report.iterations() < 50);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5; the diagonal: Gilbert and
/// Lemaréchal (1989), Mathematical Programming 45, section 4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    tolerance: f64,
    max_iterations: usize,
    memory: usize,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self { tolerance: 1e-8, max_iterations: 2000, memory: 10 }
    }
}

impl Lbfgs {
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

    /// How many pairs (s, y) to keep.
    #[must_use]
    pub fn memory(mut self, memory: usize) -> Self {
        self.memory = memory;
        self
    }

    pub(super) fn descend<T: Real, O: Objective<f64> + Coordinates<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut dyn Observer<T>,
    ) -> Result<Solution<T>> {
        run::check(self.tolerance, self.max_iterations)?;
        range::at_least_one("memory", self.memory)?;
        let (mut run, mut here) = Run::start(objective, start, observer)?;
        let mut next = here.clone();
        let mut pairs = Pairs::new(self.memory);
        let mut direction = vec![0.0; here.phi.len()];
        let rounding = run.objective.rounding();
        let search = Search { decrease: 1e-4, curvature: 0.9, rounding };
        let (first, mut smallest, mut idle) = (here.value, f64::INFINITY, 0);
        // Iteration and value where the preconditioner was made.
        let mut made = (0, here.value);
        loop {
            // In coordinates of tiny units ∂R/∂θ says nothing; ∂R/∂φ does.
            let norm = run.gradient_norm(&here).max(norm_max(&here.grad));
            let (met, over) = (norm <= self.tolerance, run.iterations() >= self.max_iterations);
            if met || over || idle >= IDLE {
                let scaled = pairs.direction(run.objective, &here.grad, &mut direction);
                let promised = -dot(&here.grad, &direction);
                // Where R itself is tiny, so is its gradient, everywhere: what the step promises has to be small beside R.
                let scale = run::scale(&direction, &here, first, rounding);
                let small = norm == 0.0 || (scaled && promised <= self.tolerance * scale);
                let drowned = scaled && drowned(promised, scale, &here, rounding);
                if over || idle >= IDLE || (met && small) {
                    let reason = match (met, over, drowned) {
                        (true, _, _) => Reason::Gradient,
                        (_, true, _) => Reason::MaxIterations,
                        (_, _, true) => Reason::Value,
                        _ => Reason::LineSearch,
                    };
                    return run.finish(reason, here, self.tolerance);
                }
            }
            // Curvature has changed where the value has; and iterations that have cost as much as a renewal say that there are many.
            let changed = made.1 - here.value > 0.1 * made.1.abs();
            if changed && (run.iterations() - made.0) as f64 >= run.objective.renewal_cost() {
                run.objective.renew(&here.phi);
                made = (run.iterations(), here.value);
            }
            pairs.direction(run.objective, &here.grad, &mut direction);
            let mut step = pairs.first_step(&direction);
            let mut found = search.run(run.objective, &here, &direction, step, &mut next);
            if found.is_none() && !pairs.is_empty() {
                pairs.clear();
                pairs.direction(run.objective, &here.grad, &mut direction);
                step = pairs.first_step(&direction);
                found = search.run(run.objective, &here, &direction, step, &mut next);
            }
            if found.is_none() {
                // A slope that could not change R by more than its rounding is no evidence against the answer.
                let promised = -dot(&here.grad, &direction) * step;
                let scale = run::scale(&direction, &here, first, rounding);
                let drowned = drowned(promised, scale, &here, rounding);
                let reason = match (met, drowned) {
                    (true, _) => Reason::Gradient,
                    (_, true) => Reason::Value,
                    _ => Reason::LineSearch,
                };
                return run.finish(reason, here, self.tolerance);
            }
            let size = norm_max(&next.grad);
            let better = here.value - next.value > rounding * here.value.abs() || size < 0.9 * smallest;
            idle = if better { 0 } else { idle + 1 };
            smallest = smallest.min(size);
            pairs.push(&here, &next);
            std::mem::swap(&mut here, &mut next);
            if run.record(&here).is_break() {
                return run.finish(Reason::Stopped, here, self.tolerance);
            }
        }
    }
}

/// This many steps in a row that improve neither the value nor the gradient: rounding has the word.
const IDLE: usize = 10;

impl<T: Real, O: Objective<T>> Solver<T, O> for Lbfgs {
    fn minimize(&self, objective: &mut O, start: Vec<T>, observer: &mut dyn Observer<T>) -> Result<Solution<T>> {
        if let Some(mut conditioned) = objective.conditioned() {
            return self.descend(conditioned.as_mut(), start, observer);
        }
        self.descend(&mut Plain::new(objective), start, observer)
    }
}
