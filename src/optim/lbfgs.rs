mod pairs;

use super::run::{self, Plain, Run, dot, norm_max};
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
/// Hessian's blocks, one an output, for a sample of the rows, made again where iterations are many and R has changed; with
/// many samples (four times 20 a feature, at the least 4096) and from θ = 0 it starts at about the minimum for that sample.
///
/// Ends with [`Reason::Gradient`] when the largest |∂R/∂θⱼ| is at most `tolerance` (10⁻⁸), with [`Reason::Value`] when R
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
        let (mut smallest, mut idle) = (f64::INFINITY, 0);
        // Iteration and value where the preconditioner was made.
        let mut made = (0, here.value);
        loop {
            let norm = run.gradient_norm(&here);
            // In coordinates of tiny units ∂R/∂θ says nothing; ∂R/∂φ does.
            if norm.max(norm_max(&here.grad)) <= self.tolerance {
                return run.finish(Reason::Gradient, here);
            }
            if idle >= IDLE {
                return run.finish(Reason::Value, here);
            }
            if run.iterations() >= self.max_iterations {
                return run.finish(Reason::MaxIterations, here);
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
                let drowned = promised <= 100.0 * rounding * here.value.abs().max(f64::MIN_POSITIVE);
                return run.finish(if drowned { Reason::Value } else { Reason::LineSearch }, here);
            }
            let size = norm_max(&next.grad);
            let better = here.value - next.value > rounding * here.value.abs() || size < 0.9 * smallest;
            idle = if better { 0 } else { idle + 1 };
            smallest = smallest.min(size);
            pairs.push(&here, &next);
            std::mem::swap(&mut here, &mut next);
            if run.record(&here).is_break() {
                return run.finish(Reason::Stopped, here);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use std::ops::ControlFlow;

    /// ½ Σ cⱼ (θⱼ − 1)²
    struct Bowl(Vec<f64>);

    impl Objective<f64> for Bowl {
        fn dim(&self) -> usize {
            self.0.len()
        }
        fn value(&mut self, theta: &[f64]) -> f64 {
            self.0.iter().zip(theta).map(|(c, t)| 0.5 * c * (t - 1.0) * (t - 1.0)).sum()
        }
        fn gradient(&mut self, theta: &[f64], grad: &mut [f64]) -> f64 {
            grad.iter_mut().zip(&self.0).zip(theta).for_each(|((g, c), t)| *g = c * (t - 1.0));
            self.value(theta)
        }
    }

    /// Σ (1 − xᵢ)² + 100 (xᵢ₊₁ − xᵢ²)², in single precision too.
    struct Rosenbrock(usize);

    impl<T: Real> Objective<T> for Rosenbrock {
        fn dim(&self) -> usize {
            self.0
        }
        fn value(&mut self, x: &[T]) -> T {
            let mut grad = vec![T::zero(); x.len()];
            self.gradient(x, &mut grad)
        }
        fn gradient(&mut self, x: &[T], grad: &mut [T]) -> T {
            grad.fill(T::zero());
            let mut value = T::zero();
            for i in 0..x.len() - 1 {
                let (a, b) = (T::one() - x[i], x[i + 1] - x[i] * x[i]);
                value += a * a + T::of(100.0) * b * b;
                grad[i] += -T::of(2.0) * a - T::of(400.0) * x[i] * b;
                grad[i + 1] += T::of(200.0) * b;
            }
            value
        }
    }

    #[test]
    fn rosenbrock() {
        for dim in [2, 10, 100] {
            let start: Vec<f64> = (0..dim).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect();
            let found = Lbfgs::default().minimize(&mut Rosenbrock(dim), start, &mut ()).unwrap();
            assert!(found.report.converged(), "{dim}: {:?}", found.report.reason());
            // Dimension 10 and 100 have a second, local minimum near (−1, 1, ..., 1).
            assert!(found.params[1..].iter().all(|x| (x - 1.0).abs() < 1e-6), "{dim}: {:?}", found.params);
        }
    }

    #[test]
    fn rosenbrock_in_single_precision_ends_at_rounding() {
        let found = Lbfgs::default().minimize(&mut Rosenbrock(2), vec![-1.2f32, 1.0], &mut ()).unwrap();
        assert!(found.report.converged(), "{:?}", found.report);
        assert!((found.params[0] - 1.0).abs() < 2e-3, "{:?}", found.params);
    }

    #[test]
    fn quadratics_of_condition_1e8() {
        for dim in [2, 5, 10, 20, 200] {
            let c: Vec<f64> = (0..dim).map(|j| 10f64.powf(8.0 * j as f64 / (dim - 1) as f64 - 4.0)).collect();
            let found = Lbfgs::default().minimize(&mut Bowl(c), vec![0.0; dim], &mut ()).unwrap();
            assert_eq!(found.report.reason(), Reason::Gradient);
            assert!(found.params.iter().all(|x| (x - 1.0).abs() < 2e-4));
            // Without the learnt diagonal 20 parameters take 32,000 iterations.
            assert!(found.report.iterations() < 60 + 4 * dim, "{}", found.report.iterations());
        }
    }

    #[test]
    fn a_quadratic_far_from_zero_ends_although_its_values_drown() {
        /// 10⁹ + ½ ‖θ‖²: the value resolves nothing below 1e-7.
        struct High;
        impl Objective<f64> for High {
            fn dim(&self) -> usize {
                3
            }
            fn value(&mut self, t: &[f64]) -> f64 {
                1e9 + 0.5 * dot(t, t)
            }
            fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
                grad.copy_from_slice(t);
                grad[1] += 0.5 * t[1] * t[1] * t[1];
                self.value(t)
            }
        }
        let found = Lbfgs::default().minimize(&mut High, vec![3.0, -2.0, 1.0], &mut ()).unwrap();
        assert_eq!(found.report.reason(), Reason::Gradient);
        assert!(norm_max(&found.params) < 1e-7);
    }

    #[test]
    fn a_wrong_gradient_is_a_line_search_failure() {
        struct Uphill;
        impl Objective<f64> for Uphill {
            fn dim(&self) -> usize {
                1
            }
            fn value(&mut self, t: &[f64]) -> f64 {
                t[0] * t[0]
            }
            fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
                grad[0] = -2.0 * t[0];
                self.value(t)
            }
        }
        let found = Lbfgs::default().minimize(&mut Uphill, vec![1.0], &mut ()).unwrap();
        assert_eq!((found.report.reason(), found.report.converged()), (Reason::LineSearch, false));
    }

    #[test]
    fn steps_out_of_the_domain_are_shortened() {
        /// x − ln x, NaN for x < 0: the first step from 10 would leave the domain at length 1 and more.
        struct Barrier;
        impl Objective<f64> for Barrier {
            fn dim(&self) -> usize {
                1
            }
            fn value(&mut self, t: &[f64]) -> f64 {
                1e3 * t[0] - t[0].ln()
            }
            fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
                grad[0] = 1e3 - 1.0 / t[0];
                self.value(t)
            }
        }
        let found = Lbfgs::default().minimize(&mut Barrier, vec![0.5], &mut ()).unwrap();
        assert!(found.report.converged() && (found.params[0] - 1e-3).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn ends_are_told_apart() {
        let bowl = || Bowl(vec![1.0, 1e3]);
        let few = Lbfgs::default().max_iterations(1).minimize(&mut bowl(), vec![0.0; 2], &mut ()).unwrap();
        assert_eq!((few.report.reason(), few.report.history().len()), (Reason::MaxIterations, 1));
        let mut stop = |_: &super::super::Progress<'_, f64>| ControlFlow::Break(());
        let stopped = Lbfgs::default().minimize(&mut bowl(), vec![0.0; 2], &mut stop).unwrap();
        assert_eq!((stopped.report.reason(), stopped.report.iterations()), (Reason::Stopped, 1));
        let there = Lbfgs::default().minimize(&mut bowl(), vec![1.0; 2], &mut ()).unwrap();
        assert_eq!((there.report.reason(), there.report.iterations()), (Reason::Gradient, 0));
        assert!(Lbfgs::default().tolerance(f64::NAN).minimize(&mut bowl(), vec![0.0; 2], &mut ()).is_err());
        assert!(Lbfgs::default().memory(0).minimize(&mut bowl(), vec![0.0; 2], &mut ()).is_err());
        assert!(Lbfgs::default().max_iterations(0).minimize(&mut bowl(), vec![0.0; 2], &mut ()).is_err());
        let nan = Lbfgs::default().minimize(&mut bowl(), vec![f64::NAN; 2], &mut ());
        assert_eq!(nan.err(), Some(Error::Diverged { iteration: 1 }));
    }
}
