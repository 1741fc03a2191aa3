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
    assert!(matches!(nan.err(), Some(Error::Config { name: "the starting point", .. })));
}

/// A gradient of 1e-9 is the start's, where R is 1e-18.
#[test]
fn tiny_units_are_no_minimum() {
    for unit in [1e-4, 1e-9, 1e-30] {
        let found = Lbfgs::default().minimize(&mut Bowl(vec![unit, 3.0 * unit]), vec![0.0; 2], &mut ()).unwrap();
        assert_eq!(found.report.reason(), Reason::Gradient);
        assert!(found.params.iter().all(|t| (t - 1.0).abs() < 1e-3), "{unit}: {found:?}");
    }
}
