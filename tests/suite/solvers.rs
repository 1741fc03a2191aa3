//! SOLVERS, and what every iterative one must do on any objective. A new solver is one row of [`solvers`]: `solver(name, reach,
//! |limit| ...)` makes it with at most `limit` iterations; `reach` is how near the minimum it gets. A solver for one structure
//! alone, as `LeastSquares` is, stands in REGRESSORS instead, where it has to agree with the others.

use residual::nalgebra::DMatrix;
use residual::optim::rule::Adam;
use residual::optim::{Lbfgs, Newton, Progress, Trainer};
use residual::{Error, FiniteSum, Hessian, Objective, Observer, Real, Reason, Result, Solution, Solver, check};
use std::ops::ControlFlow;

/// R(θ) = mean over j of d · (½ aⱼ (θⱼ − cⱼ)² + ¼ b (θⱼ − cⱼ)⁴), every kind of objective at once; after `limit` evaluations it
/// turns to NaN.
struct Curve {
    dim: usize,
    evaluations: usize,
    limit: usize,
}

impl Curve {
    fn new(dim: usize) -> Self {
        Self { dim, evaluations: 0, limit: usize::MAX }
    }

    fn center(j: usize) -> f64 {
        (j as f64 * 0.7).sin()
    }

    /// Value, slope and curvature of one term, as numbers of T.
    fn term<T: Real>(&mut self, j: usize, t: T) -> (T, T, T) {
        let bad = self.evaluations > self.limit;
        let (a, b) = (T::of(0.4 + (j % 4) as f64), T::of(if bad { f64::NAN } else { 0.5 }));
        let r = t - T::of(Self::center(j));
        let value = T::of(0.5) * a * r * r + T::of(0.25) * b * r * r * r * r;
        (value, a * r + b * r * r * r, a + T::of(3.0) * b * r * r)
    }
}

impl<T: Real> Objective<T> for Curve {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&mut self, theta: &[T]) -> T {
        self.evaluations += 1;
        theta.iter().enumerate().fold(T::zero(), |sum, (j, &t)| sum + self.term(j, t).0)
    }

    fn gradient(&mut self, theta: &[T], grad: &mut [T]) -> T {
        grad.iter_mut().zip(theta).enumerate().for_each(|(j, (g, &t))| *g = self.term(j, t).1);
        self.value(theta)
    }
}

impl<T: Real> FiniteSum<T> for Curve {
    fn terms(&self) -> usize {
        self.dim
    }

    fn batch_gradient(&mut self, terms: &[usize], theta: &[T], grad: &mut [T]) -> T {
        self.evaluations += 1;
        grad.fill(T::zero());
        let share = T::of(self.dim as f64 / terms.len() as f64);
        terms.iter().fold(T::zero(), |sum, &j| {
            let (value, slope, _) = self.term(j, theta[j]);
            grad[j] += share * slope;
            sum + share * value
        })
    }
}

impl<T: Real> Hessian<T> for Curve {
    fn hessian(&mut self, theta: &[T], h: &mut DMatrix<T>) {
        h.fill(T::zero());
        theta.iter().enumerate().for_each(|(j, &t)| h[(j, j)] = self.term(j, t).2);
    }

    fn hessian_product(&mut self, theta: &[T], v: &[T], hv: &mut [T]) {
        hv.iter_mut().enumerate().for_each(|(j, hv)| *hv = self.term(j, theta[j]).2 * v[j]);
    }
}

type Minimize<T> = Box<dyn Fn(usize, &mut Curve, Vec<T>, &mut dyn Observer<T>) -> Result<Solution<T>>>;

pub struct SolverRow<T: Real> {
    name: &'static str,
    /// How near the minimum it gets in a thousand iterations.
    reach: f64,
    minimize: Minimize<T>,
}

impl<T: Real> SolverRow<T> {
    fn has_rate(&self) -> bool {
        !self.name.contains("newton") && !self.name.contains("lbfgs")
    }
}

fn solver<T: Real, S: Solver<T, Curve>>(
    name: &'static str,
    reach: f64,
    make: impl Fn(usize) -> S + 'static,
) -> SolverRow<T> {
    SolverRow {
        name,
        reach,
        minimize: Box::new(move |limit, o, start, observer| make(limit).minimize(o, start, observer)),
    }
}

/// SOLVERS.
fn solvers<T: Real>() -> Vec<SolverRow<T>> {
    let single = T::default_epsilon().to_f64() > 1e-10;
    let tolerance = if single { 1e-5 } else { 1e-10 };
    let fine = 10.0 * tolerance;
    vec![
        solver("newton", fine, move |limit| Newton::default().tolerance(tolerance).max_iterations(limit)),
        solver("lbfgs", fine, move |limit| Lbfgs::default().tolerance(tolerance).max_iterations(limit)),
        solver("lbfgs of memory 1", fine, move |limit| {
            Lbfgs::default().memory(1).tolerance(tolerance).max_iterations(limit)
        }),
        solver("gradient descent", 1e-4, |limit| Trainer::gd(0.2).epochs(limit)),
        solver("mini-batches", 1e-4, |limit| Trainer::sgd(0.05).batch_size(2).epochs(limit)),
        solver("adam", 2e-2, |limit| {
            Trainer::new(Adam::default(), |s: usize| 0.1 / (1.0 + s as f64 / 99.0)).epochs(limit)
        }),
    ]
}

fn start<T: Real>(dim: usize) -> Vec<T> {
    (0..dim).map(|j| T::of(1.0 - 0.3 * j as f64)).collect()
}

#[test]
fn the_objective_is_right() {
    let theta: Vec<f64> = start(6);
    check::gradient(&mut Curve::new(6), &theta).assert_below(1e-9);
    check::hessian(&mut Curve::new(6), &theta).assert_below(1e-9);
}

#[test]
fn every_solver_finds_the_minimum_and_says_so() {
    fn test<T: Real>(rounding: f64) {
        for row in solvers::<T>() {
            for dim in [1, 2, 7] {
                let solution = (row.minimize)(1000, &mut Curve::new(dim), start(dim), &mut ()).unwrap();
                for (j, t) in solution.params.iter().enumerate() {
                    let off = (t.to_f64() - Curve::center(j)).abs();
                    assert!(off < row.reach, "{}, {dim} parameters: {off:e}", row.name);
                }
                let mut grad = vec![T::zero(); dim];
                let value = Curve::new(dim).gradient(&solution.params, &mut grad).to_f64();
                let norm = grad.iter().fold(0.0, |m: f64, g| m.max(g.to_f64().abs()));
                let report = &solution.report;
                assert!((report.value() - value).abs() <= rounding, "{}: {value} {report:?}", row.name);
                assert!((report.gradient_norm() - norm).abs() <= rounding, "{}: {norm} {report:?}", row.name);
                assert!(report.iterations() <= 1000 && report.history().len() == report.iterations(), "{}", row.name);
                assert_eq!(report.converged(), !row.has_rate(), "{}: {:?}", row.name, report.reason());
            }
        }
    }
    test::<f64>(1e-15);
    test::<f32>(1e-6);
}

#[test]
fn two_runs_have_the_same_bits() {
    for row in solvers::<f64>() {
        let run = || (row.minimize)(30, &mut Curve::new(5), start(5), &mut ()).unwrap();
        let (a, b) = (run(), run());
        assert_eq!(
            a.params.iter().map(|t| t.to_bits()).collect::<Vec<_>>(),
            b.params.iter().map(|t| t.to_bits()).collect::<Vec<_>>(),
            "{}",
            row.name
        );
        assert_eq!(a.report, b.report, "{}", row.name);
    }
}

#[test]
fn observers_count_from_one_see_the_parameters_and_stop() {
    for row in solvers::<f64>() {
        let mut seen: Vec<(usize, f64, Vec<f64>)> = Vec::new();
        let mut watch = |progress: &Progress<'_, f64>| {
            seen.push((progress.iteration(), progress.value(), progress.params().to_vec()));
            if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let solution = (row.minimize)(50, &mut Curve::new(4), start(4), &mut watch).unwrap();
        assert_eq!(seen.iter().map(|s| s.0).collect::<Vec<_>>(), [1, 2], "{}", row.name);
        assert_eq!(solution.report.reason(), Reason::Stopped, "{}", row.name);
        assert_eq!(solution.report.iterations(), 2, "{}", row.name);
        assert_eq!(solution.params, seen[1].2, "{}", row.name);
        assert_eq!(solution.report.history(), seen.iter().map(|s| s.1).collect::<Vec<_>>(), "{}", row.name);
        if row.name != "mini-batches" && row.name != "adam" {
            assert_eq!(Curve::new(4).value(&seen[1].2), seen[1].1, "{}", row.name);
        }
    }
}

#[test]
fn iterations_are_limited() {
    for row in solvers::<f64>() {
        let solution = (row.minimize)(1, &mut Curve::new(4), start(4), &mut ()).unwrap();
        assert_eq!(solution.report.iterations(), 1, "{}", row.name);
        assert_eq!(solution.report.reason(), Reason::MaxIterations, "{}", row.name);
        assert!(!solution.report.converged());
        assert!(Curve::new(4).value(&solution.params) < Curve::new(4).value(&start::<f64>(4)), "{}", row.name);
    }
}

#[test]
fn a_start_at_the_minimum_stays() {
    for row in solvers::<f64>() {
        let center: Vec<f64> = (0..3).map(Curve::center).collect();
        let solution = (row.minimize)(20, &mut Curve::new(3), center.clone(), &mut ()).unwrap();
        let off = solution.params.iter().zip(&center).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(off < 1e-9, "{}: {off:e}", row.name);
        assert!(solution.report.gradient_norm() < 1e-8, "{}", row.name);
    }
}

/// An objective that turns to NaN at once, or on the way: an error, or the last good parameters.
#[test]
fn nan_on_the_way_is_no_answer() {
    for row in solvers::<f64>() {
        for limit in [0, 1, 2, 3, 5, 8] {
            let mut curve = Curve { limit, ..Curve::new(3) };
            match (row.minimize)(200, &mut curve, start(3), &mut ()) {
                // Only what has a learning rate speaks of it, and only where a step was made.
                Err(Error::Diverged { iteration }) => {
                    assert!(iteration > 0 && row.has_rate() && limit > 0, "{}", row.name)
                }
                Err(error) => {
                    assert!(matches!(error, Error::Undefined { .. }), "{}: {error}", row.name);
                    assert!(!error.to_string().contains("learning rate") && (!row.has_rate() || limit == 0), "{error}");
                }
                Ok(solution) => {
                    let report = &solution.report;
                    assert!(limit > 0, "{}: {report:?}", row.name);
                    assert!(report.value().is_finite() && report.gradient_norm().is_finite(), "{}", row.name);
                    assert!(solution.params.iter().all(|t| t.is_finite()), "{}", row.name);
                    assert!(!report.converged() || report.gradient_norm() < 1e-8, "{}: {report:?}", row.name);
                }
            }
        }
    }
}

/// A start of another length, or not finite, is an error everywhere, and so is such a choice of the observer's.
#[test]
fn starts_and_choices_are_checked_alike() {
    struct Choice<T>(Vec<T>);
    impl<T: Real> Observer<T> for Choice<T> {
        fn observe(&mut self, _: &Progress<'_, T>) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
        fn choose(&mut self) -> Option<Vec<T>> {
            Some(self.0.clone())
        }
    }
    fn test<T: Real>() {
        for row in solvers::<T>() {
            for length in [0, 1, 2, 4, 100] {
                let short = (row.minimize)(5, &mut Curve::new(3), vec![T::zero(); length], &mut ());
                let right = |found: &Result<Solution<T>>| matches!(found, Err(Error::Shape { expected: 3, found, .. }) if *found == length);
                assert!(right(&short), "{}, start of {length}: {short:?}", row.name);
                let choice = &mut Choice(vec![T::zero(); length]);
                let chosen = (row.minimize)(5, &mut Curve::new(3), start(3), choice);
                assert!(right(&chosen), "{}, choice of {length}: {chosen:?}", row.name);
            }
            for bad in [f64::NAN, f64::INFINITY] {
                let wrong = vec![T::zero(), T::of(bad), T::zero()];
                let found = (row.minimize)(5, &mut Curve::new(3), wrong.clone(), &mut ()).map(drop);
                let name = |error: &Result<()>| match error {
                    Err(Error::Config { name, .. }) => *name,
                    other => panic!("{}: {other:?}", row.name),
                };
                assert_eq!(name(&found), "the starting point");
                let found = (row.minimize)(5, &mut Curve::new(3), start(3), &mut Choice(wrong)).map(drop);
                assert!(name(&found).contains("observer"), "{found:?}");
            }
        }
    }
    test::<f64>();
    test::<f32>();
}

/// Whatever an observer chooses, reason, value and gradient are those of what is returned.
#[test]
fn the_report_is_of_what_the_observer_chose() {
    struct First<T>(Option<Vec<T>>, usize);
    impl<T: Real> Observer<T> for First<T> {
        fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
            self.0.get_or_insert_with(|| progress.params().to_vec());
            if progress.iteration() == self.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        fn choose(&mut self) -> Option<Vec<T>> {
            self.0.take()
        }
    }
    for row in solvers::<f64>() {
        for (limit, stop) in [(1000, 0), (3, 0), (1000, 2)] {
            let mut first = First(None, stop);
            let solution = (row.minimize)(limit, &mut Curve::new(4), start(4), &mut first).unwrap();
            let (report, mut grad) = (&solution.report, vec![0.0; 4]);
            let value = Curve::new(4).gradient(&solution.params, &mut grad);
            let norm = grad.iter().fold(0.0, |norm: f64, g| norm.max(g.abs()));
            assert_eq!((report.value(), report.gradient_norm()), (value, norm), "{}", row.name);
            assert!(norm > 1e-6 && !report.converged(), "{}: {report:?}", row.name);
            // The last iterate, chosen, is what it is without a choice.
            let mut last = |_: &Progress<'_, f64>| ControlFlow::Continue(());
            let plain = (row.minimize)(limit, &mut Curve::new(4), start(4), &mut last).unwrap();
            let mut same = (First(Some(plain.params.clone()), 0), ());
            let chosen = (row.minimize)(limit, &mut Curve::new(4), start(4), &mut same).unwrap();
            assert_eq!(chosen.report, plain.report, "{}", row.name);
        }
    }
}
