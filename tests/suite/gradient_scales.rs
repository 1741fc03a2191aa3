//! The rules that divide by a mean of squares, for gradients of any size: g² may overflow or vanish, the direction may not.

use crate::cases::{Numbers, runner};
use crate::rules::{AnyRule, rules};
use proptest::prelude::*;
use residual::optim::rule::{AdaDelta, AdaGrad, Adam, AmsGrad, Lion, NAdam, RAdam, RmsProp, Visitor};
use residual::optim::{Rule, Solver, Trainer};
use residual::{Error, FiniteSum, Objective, Real};
use std::rc::Rc;

/// ε on the scale of the gradients, and as it is.
type Epsilons = (f64, f64);

/// The last direction for these gradients, by the formula of the rule's doc.
type Textbook = fn(&[f64], Epsilons) -> f64;

fn adam(g: &[f64], epsilon: Epsilons) -> f64 {
    moments(g, |_, s, _| s, |m, _, root, t| m / (1.0 - 0.9f64.powi(t)) / (root + epsilon.0))
}

fn amsgrad(g: &[f64], epsilon: Epsilons) -> f64 {
    moments(g, |_, s, largest| s.max(largest), |m, _, root, t| m / (1.0 - 0.9f64.powi(t)) / (root + epsilon.0))
}

fn nadam(g: &[f64], epsilon: Epsilons) -> f64 {
    let mu = |t: i32| 0.9 * (1.0 - 0.5 * 0.96f64.powf(f64::from(t) * 0.004));
    moments(
        g,
        |_, s, _| s,
        |m, g, root, t| {
            let product: f64 = (1..=t).map(mu).product();
            let ahead = (1.0 - mu(t)) / (1.0 - product) * g + mu(t + 1) / (1.0 - product * mu(t + 1)) * m;
            ahead / (root + epsilon.0)
        },
    )
}

/// Adam's loop: m, s, the largest s; √ŝ with the correction goes to `direction` with m, the last g, and t.
fn moments(g: &[f64], square: fn(f64, f64, f64) -> f64, direction: impl Fn(f64, f64, f64, i32) -> f64) -> f64 {
    let (mut m, mut s, mut largest) = (0.0, 0.0, 0.0f64);
    for g in g {
        m = 0.9 * m + (1.0 - 0.9) * g;
        s = 0.999 * s + (1.0 - 0.999) * g * g;
        largest = largest.max(s);
    }
    let t = g.len() as i32;
    direction(m, g[g.len() - 1], (square(m, s, largest) / (1.0 - 0.999f64.powi(t))).sqrt(), t)
}

/// From its sixth step on; before, the direction is on the scale of the gradients.
fn radam(g: &[f64], epsilon: Epsilons) -> f64 {
    let (limit, t) = (2.0 / (1.0 - 0.999) - 1.0, g.len() as f64);
    let decayed = 0.999f64.powf(t);
    let rho = limit - 2.0 * t * decayed / (1.0 - decayed);
    let r = ((rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho)).sqrt();
    // ε stands beside the uncorrected root.
    let correction = (1.0 - decayed).sqrt();
    moments(
        g,
        |_, s, _| s,
        |m, _, root, t| r * m / (1.0 - 0.9f64.powi(t)) * correction / (root * correction + epsilon.0),
    )
}

fn rmsprop(g: &[f64], epsilon: Epsilons) -> f64 {
    let s = g.iter().fold(0.0, |s, g| 0.99 * s + (1.0 - 0.99) * g * g);
    g[g.len() - 1] / (s.sqrt() + epsilon.0)
}

fn centred(g: &[f64], epsilon: Epsilons) -> f64 {
    let mean = |of: fn(f64) -> f64| g.iter().fold(0.0, |s, &g| 0.99 * s + (1.0 - 0.99) * of(g));
    g[g.len() - 1] / ((mean(|g| g * g) - mean(|g| g).powi(2)).max(0.0).sqrt() + epsilon.0)
}

fn adagrad(g: &[f64], epsilon: Epsilons) -> f64 {
    g[g.len() - 1] / (g.iter().map(|g| g * g).sum::<f64>().sqrt() + epsilon.0)
}

/// Gradients as they are: ε stands beside the squares of both gradients and steps. By roots instead, √(a + b) = hypot(√a, √b).
fn adadelta(g: &[f64], (_, epsilon): Epsilons) -> f64 {
    let (mut root, mut u, mut d) = (0.0, 0.0, 0.0f64);
    for g in g {
        root = f64::hypot(0.9f64.sqrt() * root, (1.0 - 0.9f64).sqrt() * g);
        d = g / root.hypot(epsilon.sqrt()) * f64::sqrt(u + epsilon);
        u = 0.9 * u + (1.0 - 0.9) * d * d;
    }
    d
}

struct Row<T: Real> {
    name: &'static str,
    rule: AnyRule<T>,
    /// What stands beside √s.
    epsilon: f64,
    textbook: Textbook,
    /// Up to this step the direction has the scale of the gradients.
    plain_steps: usize,
}

/// Every rule with a mean of squares. `epsilon` replaces the default where it is a number.
fn rows<T: Real>(epsilon: Option<f64>) -> Vec<Row<T>> {
    let (small, tiny, delta) = (epsilon.unwrap_or(1e-8), epsilon.unwrap_or(1e-10), epsilon.unwrap_or(1e-6));
    fn row<T: Real, R: Rule<T> + 'static>(name: &'static str, rule: R, epsilon: f64, textbook: Textbook) -> Row<T>
    where
        R::State: 'static,
    {
        Row { name, rule: AnyRule(Rc::new(rule)), epsilon, textbook, plain_steps: 0 }
    }
    vec![
        row("adam", Adam { epsilon: small, ..Adam::default() }, small, adam),
        row("amsgrad", AmsGrad { epsilon: small, ..AmsGrad::default() }, small, amsgrad),
        row("nadam", NAdam { epsilon: small, ..NAdam::default() }, small, nadam),
        Row { plain_steps: 5, ..row("radam", RAdam { epsilon: small, ..RAdam::default() }, small, radam) },
        row("rmsprop", RmsProp { epsilon: small, ..RmsProp::default() }, small, rmsprop),
        row("rmsprop, centred", RmsProp { epsilon: small, centered: true, ..RmsProp::default() }, small, centred),
        row("adagrad", AdaGrad { epsilon: tiny }, tiny, adagrad),
        row("adadelta", AdaDelta { epsilon: delta, ..AdaDelta::default() }, delta, adadelta),
    ]
}

impl<T: Real> Row<T> {
    /// The directions for the gradients of each coordinate, step by step.
    fn directions(&self, gradients: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut state = self.rule.init(gradients.len());
        let mut found = vec![Vec::new(); gradients.len()];
        for step in 0..gradients[0].len() {
            let mut g: Vec<T> = gradients.iter().map(|g| T::of(g[step])).collect();
            self.rule.apply(&mut state, &vec![T::zero(); g.len()], &mut g);
            found.iter_mut().zip(&g).for_each(|(found, d)| found.push(d.to_f64()));
        }
        found
    }

    /// The textbook's last direction, with gradients and ε divided by the largest gradient so far.
    fn truth(&self, gradients: &[f64]) -> f64 {
        if self.name == "adadelta" {
            return (self.textbook)(gradients, (0.0, self.epsilon));
        }
        let largest = gradients.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
        if largest == 0.0 {
            return 0.0;
        }
        // Half of the power of two at a time: all of it may be out of range.
        let half = 2f64.powi(-(largest.log2() / 2.0).floor() as i32);
        let g: Vec<f64> = gradients.iter().map(|g| g * half * half).collect();
        if g.len() <= self.plain_steps {
            return moments(&g, |_, s, _| s, |m, _, _, t| m / (1.0 - 0.9f64.powi(t))) / half / half;
        }
        (self.textbook)(&g, (self.epsilon * half * half, self.epsilon))
    }

    fn check(&self, gradients: &[Vec<f64>], tolerance: f64) {
        for (gradients, found) in gradients.iter().zip(self.directions(gradients)) {
            for (step, found) in found.into_iter().enumerate() {
                let truth = self.truth(&gradients[..=step]);
                // m may cancel: its terms without their signs tell how large its error may be. Below the smallest normal
                // number there are fewer digits.
                let sizes: Vec<f64> = gradients[..=step].iter().map(|g| g.abs()).collect();
                let normal = 4.0 / T::max_value().unwrap().to_f64();
                let off = (found - truth).abs() / self.truth(&sizes).abs().max(truth.abs()).max(normal);
                assert!(
                    found == truth
                        || off <= tolerance
                        || (found - truth).abs() <= normal * T::default_epsilon().to_f64(),
                    "{} at {:?}: {found:e}, by the textbook {truth:e}",
                    self.name,
                    &gradients[..=step]
                );
            }
        }
    }
}

/// The first step of every size, and more of the same.
fn directions_do_not_depend_on_the_size<T: Real>(sizes: &[f64], epsilon: Option<f64>, tolerance: f64) {
    for row in rows::<T>(epsilon) {
        for &size in sizes {
            for repeats in [1, 3, 65, 130] {
                let gradients =
                    [1.0, -0.25, 0.75].iter().cycle().map(|of| vec![size * of, size, -size * of, 0.0, size]);
                let gradients: Vec<Vec<f64>> = gradients.take(repeats).collect();
                row.check(&gradients, tolerance);
            }
        }
    }
}

#[test]
fn directions_do_not_depend_on_the_size_f64() {
    let sizes = [1e100, 1e150, 6e153, 7e153, 1.3e154, 1.4e154, 1e155, 1e160, 1e200, 1e300, 8e307];
    directions_do_not_depend_on_the_size::<f64>(&sizes, None, 1e-12);
    let sizes = [1e-140, 1e-153, 1e-154, 1e-155, 1e-160, 1e-170, 1e-200, 1e-290];
    directions_do_not_depend_on_the_size::<f64>(&sizes, None, 1e-12);
    directions_do_not_depend_on_the_size::<f64>(&sizes, Some(1e-300), 1e-12);
}

#[test]
fn directions_do_not_depend_on_the_size_f32() {
    let sizes = [1e15, 4e18, 5e18, 9e18, 1e19, 2e19, 1e20, 1e30, 1e38];
    directions_do_not_depend_on_the_size::<f32>(&sizes, None, 2e-5);
    let sizes = [1e-15, 1e-17, 1e-18, 1e-19, 1e-20, 1e-22, 1e-25, 1e-30];
    directions_do_not_depend_on_the_size::<f32>(&sizes, None, 2e-5);
    directions_do_not_depend_on_the_size::<f32>(&sizes, Some(1e-36), 2e-5);
}

/// In numbers: Adam and its kin step by the rate, RMSProp by rate / √(1 − α), AdaDelta by √(ε / (1 − ρ)).
#[test]
fn the_first_step_of_a_huge_gradient_is_that_of_any_other() {
    fn first<T: Real>(name: &str, size: f64) -> f64 {
        let row = rows::<T>(None).into_iter().find(|row| row.name == name).unwrap();
        row.directions(&[vec![size]])[0][0]
    }
    let expected = [
        ("adam", 1.0),
        ("amsgrad", 1.0),
        ("rmsprop", 10.0),
        ("rmsprop, centred", 1.0 / (0.01 - 0.0001f64).sqrt()),
        ("adagrad", 1.0),
        ("adadelta", 1e-5f64.sqrt()),
    ];
    for (name, direction) in expected {
        for sign in [1.0, -1.0] {
            for size in [1e160, 1e300, f64::MAX] {
                let found = sign * first::<f64>(name, sign * size);
                assert!((found / direction - 1.0).abs() < 1e-12, "{name} at {size:e}: {found}");
            }
            for size in [1e20, 1e38, f64::from(f32::MAX)] {
                let found = sign * first::<f32>(name, sign * size);
                assert!((found / direction - 1.0).abs() < 1e-4, "{name} at {size:e} in f32: {found}");
            }
        }
    }
}

/// Gradients of one coordinate: sizes within a range, which may jump, with zeros between.
fn drawn(numbers: &mut Numbers, [least, most]: [f64; 2], steps: usize) -> Vec<f64> {
    let any = |numbers: &mut Numbers| least + numbers.unit() * (most - least);
    let (mut power, jumps) = (any(numbers), numbers.below(3));
    (0..steps)
        .map(|_| {
            if numbers.below(6) < jumps {
                power = any(numbers);
            }
            let sign = [0.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0][numbers.below(7)];
            sign * 10f64.powf(power) * (0.3 + numbers.unit())
        })
        .collect()
}

fn any_sequence_follows_the_textbook<T: Real>(powers: [f64; 2], least_epsilon: f64, tolerance: f64) {
    let cases = (any::<u64>(), 1usize..150, prop::sample::select(vec![None, Some(1e-3), Some(least_epsilon)]));
    let test = |(seed, dim, epsilon): (u64, usize, Option<f64>)| {
        let mut numbers = Numbers::new(seed);
        // Numbers that T has, so that both see the same.
        let gradients: Vec<Vec<f64>> = (0..dim)
            .map(|_| drawn(&mut numbers, powers, 12).into_iter().map(|g| T::of(g).to_f64()).collect())
            .collect();
        for row in rows::<T>(epsilon) {
            row.check(&gradients, tolerance);
            // A coordinate does not know the others.
            let (all, alone) = (row.directions(&gradients), row.directions(&gradients[dim / 2..=dim / 2]));
            assert_eq!(all[dim / 2], alone[0], "{}", row.name);
        }
        Ok(())
    };
    runner(40).run(&cases, test).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_sequence_follows_the_textbook_f64() {
    any_sequence_follows_the_textbook::<f64>([-280.0, 307.0], 1e-290, 1e-9);
    any_sequence_follows_the_textbook::<f64>([145.0, 165.0], 1e-290, 1e-9);
    any_sequence_follows_the_textbook::<f64>([-170.0, -145.0], 1e-290, 1e-9);
}

#[test]
fn any_sequence_follows_the_textbook_f32() {
    any_sequence_follows_the_textbook::<f32>([-25.0, 38.0], 1e-36, 2e-3);
    any_sequence_follows_the_textbook::<f32>([15.0, 25.0], 1e-36, 2e-3);
    any_sequence_follows_the_textbook::<f32>([-25.0, -15.0], 1e-36, 2e-3);
}

/// Infinite gradients, and finite ones whose mean leaves the range: the parameters stop being numbers at once, so that the
/// fit cannot end as one that has found something.
#[test]
fn a_state_that_is_lost_shows() {
    for row in rules::<f64>() {
        if row.name.contains("value") {
            continue; // Brings every gradient into its bounds, by its definition.
        }
        for g in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let (mut theta, mut state) = (vec![1.0; 70], row.rule.init(70));
            row.rule.step(&mut state, &mut theta, &mut vec![1.0; 70], 1e-3);
            let mut gradient = vec![1.0; 70];
            gradient[66] = g;
            row.rule.step(&mut state, &mut theta, &mut gradient, 1e-3);
            assert!(!theta[66].is_finite(), "{}: {} after {g}", row.name, theta[66]);
            row.rule.step(&mut state, &mut theta, &mut vec![1.0; 70], 1e-3);
            assert!(!theta[66].is_finite(), "{}: {} after {g}", row.name, theta[66]);
        }
    }
    let (rule, mut theta) = (AdaGrad::default(), vec![0.0f64]);
    let mut s = rule.init(1);
    let mut lost = None;
    for step in 0..10 {
        let before = theta[0];
        rule.step(&mut s, &mut theta, &mut [1e308], 0.1);
        assert!(theta[0] != before, "frozen at step {step}");
        lost = lost.or(theta[0].is_nan().then_some(step));
    }
    assert_eq!(lost, Some(3), "the root of the sum is 2e308");
}

/// a · θ, whose gradient is a everywhere.
struct Slope<T>(T);

impl<T: Real> Objective<T> for Slope<T> {
    fn dim(&self) -> usize {
        2
    }

    fn value(&mut self, theta: &[T]) -> T {
        self.0 * (theta[0] - theta[1])
    }

    fn gradient(&mut self, theta: &[T], grad: &mut [T]) -> T {
        grad.copy_from_slice(&[self.0, -self.0]);
        self.value(theta)
    }
}

impl<T: Real> FiniteSum<T> for Slope<T> {
    fn terms(&self) -> usize {
        4
    }

    fn batch_gradient(&mut self, _: &[usize], theta: &[T], grad: &mut [T]) -> T {
        self.gradient(theta, grad)
    }
}

fn trainers_step_by_the_rate<T: Real>(sizes: &[f64]) {
    for &size in sizes {
        for trainer in [Trainer::adam(0.125).full_batch().epochs(8), Trainer::adam(0.125).batch_size(1).epochs(2)] {
            let found = trainer.minimize(&mut Slope(T::of(size)), vec![T::zero(); 2], &mut ()).unwrap();
            assert!((found.params[0].to_f64() + 1.0).abs() < 1e-4, "{size:e}: {}", found.params[0]);
            assert!(!found.report.converged(), "{size:e}");
        }
    }
}

#[test]
fn trainers_step_by_the_rate_whatever_the_gradient() {
    trainers_step_by_the_rate::<f64>(&[1.0, 1e150, 1e160, 1e300]);
    trainers_step_by_the_rate::<f32>(&[1.0, 1e18, 1e20, 1e37]);
}

/// The norm of the gradient overflows, or the factor that brings it into bounds vanishes, but the clipped gradient is a number.
#[test]
fn clipping_by_norm_keeps_the_direction() {
    use residual::optim::rule::ClipNorm;
    fn clipped<T: Real>(c: f64, g: &[f64]) -> Vec<f64> {
        let mut found: Vec<T> = g.iter().map(|&g| T::of(g)).collect();
        ClipNorm(c).apply(&mut (), &vec![T::zero(); g.len()], &mut found);
        found.iter().map(|g| g.to_f64()).collect()
    }
    let near = |found: Vec<f64>, expected: f64, tolerance: f64| {
        assert!(found.iter().all(|g| (g / expected - 1.0).abs() < tolerance), "{found:?}, not {expected}");
    };
    near(clipped::<f64>(1.0, &[1.7e308; 4]), 0.5, 1e-12);
    near(clipped::<f64>(1e-200, &[1e200; 4]), 0.5e-200, 1e-12);
    near(clipped::<f64>(1e-10, &[1.7e308; 4]), 0.5e-10, 1e-12);
    near(clipped::<f64>(1e300, &[1.7e308; 4]), 0.5e300, 1e-12);
    near(clipped::<f32>(1.0, &[3e38; 4]), 0.5, 1e-5);
    near(clipped::<f32>(1e-3, &[3e38; 4]), 0.5e-3, 1e-5);
    near(clipped::<f32>(1e-30, &[1e20; 4]), 0.5e-30, 1e-5);
}

/// 1 everywhere, with an infinite gradient.
struct Cliff;

impl Objective<f64> for Cliff {
    fn dim(&self) -> usize {
        2
    }

    fn value(&mut self, _: &[f64]) -> f64 {
        1.0
    }

    fn gradient(&mut self, _: &[f64], grad: &mut [f64]) -> f64 {
        grad.fill(f64::INFINITY);
        1.0
    }
}

impl FiniteSum<f64> for Cliff {
    fn terms(&self) -> usize {
        4
    }

    fn batch_gradient(&mut self, _: &[usize], theta: &[f64], grad: &mut [f64]) -> f64 {
        self.gradient(theta, grad)
    }
}

/// An error, not a converged report, where a rule meets an infinite gradient: at the start or on the way.
#[test]
fn a_fit_with_an_infinite_gradient_diverges() {
    let mut objective = Cliff;
    for trainer in [Trainer::new(Lion::default(), 0.1), Trainer::new(Lion::default(), 0.1).full_batch()] {
        let found = trainer.epochs(5).minimize(&mut objective, vec![1.0, 0.0], &mut ());
        assert!(matches!(found, Err(Error::Diverged { .. } | Error::Undefined { .. })), "{found:?}");
    }
}

/// The state of every rule is saved and read back where its squares are no numbers, too.
#[test]
fn a_state_beyond_the_squares_is_visited() {
    struct Tape(Vec<f64>);
    impl Visitor<f64> for Tape {
        fn numbers(&mut self, values: &mut [f64]) {
            self.0.extend_from_slice(values);
        }
        fn number(&mut self, value: &mut f64) {
            self.0.push(*value);
        }
        fn count(&mut self, _: &mut u64) {}
    }
    let rule = Adam::default();
    let mut state = Rule::<f64>::init(&rule, 3);
    rule.apply(&mut state, &[0.0; 3], &mut [1e160, 1.0, 1e-170]);
    let mut tape = Tape(Vec::new());
    assert!(rule.visit(&mut state, &mut tape) && tape.0.len() == 6 && tape.0.iter().all(|x| x.is_finite()));
}
