use super::system::DENSE;
use super::*;
use crate::Error;
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

/// From e⁷⁰ down each step takes 1 off θ: a first value of 10³⁰ does not make what is left rounding.
#[test]
fn a_value_that_is_small_beside_the_first_is_not_the_end() {
    let c = [1.0, 0.1];
    for start in [30.0, 70.0, 300.0, 700.0] {
        let solver = Newton::default().max_iterations(2000);
        let found = solver.minimize(&mut Cosh(c.to_vec()), vec![start; 2], &mut ()).unwrap();
        assert!(found.report.converged() && error(&c, &found.params) < 1e-12, "{start}: {:?}", found.params);
    }
}

#[test]
fn ends_are_told_apart() {
    let c = || Cosh(vec![1.0, 2.0]);
    let few = Newton::default().max_iterations(1).minimize(&mut c(), vec![5.0; 2], &mut ()).unwrap();
    assert_eq!((few.report.reason(), few.report.iterations()), (Reason::MaxIterations, 1));
    let nan = Newton::default().minimize(&mut c(), vec![f64::INFINITY; 2], &mut ());
    assert!(matches!(nan.err(), Some(Error::Config { name: "the starting point", .. })));
    let far = Newton::default().minimize(&mut c(), vec![1e3; 2], &mut ());
    assert!(matches!(far.err(), Some(Error::Undefined { what: "the risk at the start", .. })));
    assert!(Newton::default().tolerance(-1.0).minimize(&mut c(), vec![0.0; 2], &mut ()).is_err());
    assert!(matches!(
        Newton::default().minimize(&mut c(), vec![0.0; 3], &mut ()),
        Err(Error::Shape { expected: 2, found: 3, .. })
    ));
}
