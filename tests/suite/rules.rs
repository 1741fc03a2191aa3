//! RULES, and what every one of them must do. A new rule is one row of [`rules`]: `rule(name, value)`; `.rate(r)` if 0.01 is
//! not the size of a step for it, `.pulls()` if it moves parameters without a gradient. Reference iterates are the business
//! of `tests/training`.

use crate::cases::{Numbers, relative};
use residual::nalgebra::DMatrix;
use residual::optim::rule::{
    AdaDelta, AdaGrad, AdaMax, Adam, AmsGrad, ClipNorm, ClipValue, Decay, Lion, Momentum, NAdam, Nesterov, Plain,
    RAdam, RmsProp, WeightsOnly,
};
use residual::optim::{Rule, Trainer};
use residual::{Dataset, LinearRegression, Real, Regressor, Result};
use std::any::Any;
use std::rc::Rc;

/// The gradient at θ.
type Gradient<'g, T> = &'g dyn Fn(&[T]) -> Vec<T>;

/// A rule without its type, so that everything that takes a rule is compiled once for all rows. What is left out is what
/// `tests/training` is about: layouts and saved states.
pub trait Untyped<T> {
    fn any_init(&self, dim: usize) -> Box<dyn Any>;
    fn any_apply(&self, state: &mut dyn Any, theta: &[T], grad: &mut [T]);
    fn any_step(&self, state: &mut dyn Any, theta: &mut [T], grad: &mut [T], rate: T);
    fn any_check(&self) -> Result<()>;
}

impl<T: Real, R: Rule<T>> Untyped<T> for R
where
    R::State: 'static,
{
    fn any_init(&self, dim: usize) -> Box<dyn Any> {
        Box::new(Rule::init(self, dim))
    }

    fn any_apply(&self, state: &mut dyn Any, theta: &[T], grad: &mut [T]) {
        Rule::apply(self, state.downcast_mut().expect("its own state"), theta, grad);
    }

    fn any_step(&self, state: &mut dyn Any, theta: &mut [T], grad: &mut [T], rate: T) {
        Rule::step(self, state.downcast_mut().expect("its own state"), theta, grad, rate);
    }

    fn any_check(&self) -> Result<()> {
        Rule::check(self)
    }
}

/// Any rule.
#[derive(Clone)]
pub struct AnyRule<T>(pub Rc<dyn Untyped<T>>);

impl<T: Real> Rule<T> for AnyRule<T> {
    type State = Box<dyn Any>;

    fn init(&self, dim: usize) -> Self::State {
        self.0.any_init(dim)
    }

    fn apply(&self, state: &mut Self::State, theta: &[T], grad: &mut [T]) {
        self.0.any_apply(&mut **state, theta, grad);
    }

    fn step(&self, state: &mut Self::State, theta: &mut [T], grad: &mut [T], rate: T) {
        self.0.any_step(&mut **state, theta, grad, rate);
    }

    fn check(&self) -> Result<()> {
        self.0.any_check()
    }
}

impl<T: Real> AnyRule<T> {
    /// θ after `steps` steps; fused if by `step`, else by `apply` and a subtraction.
    fn run(&self, theta: &[T], gradient: Gradient<'_, T>, rate: T, steps: usize, fused: bool) -> Vec<T> {
        let (mut theta, mut state) = (theta.to_vec(), self.init(theta.len()));
        for _ in 0..steps {
            let mut g = gradient(&theta);
            if fused {
                self.step(&mut state, &mut theta, &mut g, rate);
            } else {
                self.apply(&mut state, &theta, &mut g);
                theta.iter_mut().zip(&g).for_each(|(theta, &g)| *theta -= rate * g);
            }
        }
        theta
    }
}

pub struct RuleRow<T: Real> {
    pub name: &'static str,
    pub rule: AnyRule<T>,
    /// A rate that makes good steps on a problem of size 1.
    pub rate: f64,
    /// Whether θ moves where the gradient is 0.
    pub pulls: bool,
}

fn rule<T: Real, R: Rule<T> + 'static>(name: &'static str, rule: R) -> RuleRow<T>
where
    R::State: 'static,
{
    RuleRow { name, rule: AnyRule(Rc::new(rule)), rate: 0.05, pulls: false }
}

impl<T: Real> RuleRow<T> {
    fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    fn pulls(mut self) -> Self {
        self.pulls = true;
        self
    }
}

/// RULES.
pub fn rules<T: Real>() -> Vec<RuleRow<T>> {
    vec![
        rule("plain", Plain),
        rule("momentum", Momentum::default()).rate(0.02),
        rule("momentum, dampened", Momentum { mu: 0.7, dampening: 0.3 }),
        rule("nesterov", Nesterov::default()).rate(0.02),
        rule("adagrad", AdaGrad::default()).rate(0.3),
        rule("rmsprop", RmsProp::default()),
        rule("rmsprop, centred, with momentum", RmsProp { momentum: 0.5, centered: true, ..RmsProp::default() })
            .rate(0.02),
        rule("adadelta", AdaDelta::default()).rate(10.0),
        rule("adam", Adam::default()),
        rule("amsgrad", AmsGrad::default()),
        rule("nadam", NAdam::default()),
        rule("radam", RAdam::default()),
        rule("adamax", AdaMax::default()),
        rule("lion", Lion::default()),
        rule("adamw", (Adam::default(), Decay(1e-4))).pulls(),
        rule("l2 in the gradient", (Decay(1e-4), Adam::default())).pulls(),
        rule("decay of the weights", (Momentum::default(), WeightsOnly(Decay(1e-4)))).rate(0.02).pulls(),
        rule("clipped by norm", (ClipNorm(1.0), Plain)),
        rule("clipped by value", (ClipValue(0.5), Nesterov::default())).rate(0.02),
    ]
}

/// ∇ of ½ Σ aⱼ (θⱼ − cⱼ)².
fn bowl<T: Real>(theta: &[T]) -> Vec<T> {
    let at = |j: usize| (T::of(1.0 + 0.5 * j as f64), T::of((j as f64).cos()));
    theta.iter().enumerate().map(|(j, &t)| at(j).0 * (t - at(j).1)).collect()
}

fn start<T: Real>(dim: usize) -> Vec<T> {
    let mut numbers = Numbers::new(dim as u64);
    (0..dim).map(|_| T::of(numbers.within(2.0))).collect()
}

fn fused_and_unfused_steps_agree<T: Real>(tolerance: f64) {
    for row in rules::<T>() {
        for dim in [0, 1, 3, 8, 17, 100] {
            let run = |fused| row.rule.run(&start(dim), &bowl, T::of(row.rate), 12, fused);
            for (a, b) in run(true).into_iter().zip(run(false)) {
                let off = relative(a.to_f64(), b.to_f64(), 1.0);
                assert!(off < tolerance, "{}, {dim} parameters: {off:e}", row.name);
            }
        }
    }
}

#[test]
fn fused_and_unfused_steps_agree_f64() {
    fused_and_unfused_steps_agree::<f64>(1e-13);
}

#[test]
fn fused_and_unfused_steps_agree_f32() {
    fused_and_unfused_steps_agree::<f32>(1e-5);
}

/// Two runs, and a run among other coordinates: a rule that clips by the norm apart, coordinates do not know each other.
#[test]
fn runs_repeat_and_coordinates_are_independent() {
    for row in rules::<f64>() {
        let run = |theta: &[f64]| row.rule.run(theta, &bowl, row.rate, 20, true);
        let all = start::<f64>(13);
        assert_eq!(run(&all), run(&all), "{}", row.name);
        if !row.name.contains("norm") {
            assert_eq!(run(&all)[..5], run(&all[..5]), "{}", row.name);
        }
    }
}

/// The mirrored problem has the mirrored answer.
#[test]
fn rules_are_odd() {
    for row in rules::<f64>() {
        let (theta, rate) = (start::<f64>(6), row.rate);
        let mirrored: Vec<f64> = theta.iter().map(|t| -t).collect();
        let one = row.rule.run(&theta, &bowl, rate, 15, true);
        let turned = |t: &[f64]| -> Vec<f64> {
            let back: Vec<f64> = t.iter().map(|t| -t).collect();
            bowl(&back).iter().map(|g| -g).collect()
        };
        let two = row.rule.run(&mirrored, &turned, rate, 15, true);
        assert!(one.iter().zip(&two).all(|(a, b)| *a == -*b), "{}", row.name);
    }
}

#[test]
fn without_a_gradient_nothing_moves() {
    for row in rules::<f64>() {
        let theta = start::<f64>(5);
        let after = row.rule.run(&theta, &|t| vec![0.0; t.len()], row.rate, 10, true);
        assert!(after.iter().all(|t| t.is_finite()), "{}: {after:?}", row.name);
        assert_eq!(after != theta, row.pulls, "{}: {after:?}", row.name);
    }
}

/// Gradients from 1e-44 to 1e38 in f32: no direction is NaN, because no rule divides 0 by 0 or ∞ by ∞.
#[test]
fn gradients_of_any_size_give_numbers() {
    for row in rules::<f32>() {
        for size in [1e-44, 1e-40, 1e-30, 1e-20, 1e-3, 1e3, 1e10, 1e15, 1e20, 1e30] {
            let after = row.rule.run(&[0.5, -0.5, 0.0], &|t| vec![size, -size * 0.3, t[2] * size], 1e-3, 30, true);
            assert!(after.iter().all(|t| !t.is_nan()), "{} at {size:e}: {after:?}", row.name);
        }
    }
}

#[test]
fn every_rule_goes_down_the_bowl() {
    fn distance<T: Real>(theta: &[T]) -> f64 {
        theta.iter().enumerate().map(|(j, t)| (t.to_f64() - (j as f64).cos()).powi(2)).sum::<f64>().sqrt()
    }
    fn test<T: Real>() {
        for row in rules::<T>() {
            let theta = start::<T>(7);
            let after = row.rule.run(&theta, &bowl, T::of(row.rate), 300, true);
            let (before, after) = (distance(&theta), distance(&after));
            assert!(after < 0.2 * before, "{}: {before} to {after}", row.name);
        }
    }
    test::<f64>();
    test::<f32>();
}

#[test]
fn every_rule_fits_a_line() {
    let x = DMatrix::from_fn(64, 2, |i, j| ((i * (j + 2)) as f64).sin());
    let y = DMatrix::from_fn(64, 1, |i, _| 1.0 * x[(i, 0)] - 0.5 * x[(i, 1)] + 0.3);
    let data = Dataset::new(&x, &y).unwrap();
    for row in rules::<f64>() {
        let decaying = move |step: usize| row.rate / (1.0 + step as f64 / 200.0);
        let trainer = Trainer::new(row.rule, decaying).epochs(60).batch_size(8);
        let model = LinearRegression::new().solver(trainer).fit(&data).unwrap();
        let params = model.params();
        let off = params.iter().zip([1.0, -0.5, 0.3]).fold(0.0, |m: f64, (p, t)| m.max((p - t).abs()));
        assert!(off < 0.05, "{}: {params:?}", row.name);
    }
}
