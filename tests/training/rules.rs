//! Every rule against reference iterates, against its own unfused form, and through a saved state.

use crate::common::rules;
use crate::files::{Table, json, numbers};
use residual::Real;
use residual::optim::rule::{Lion, Nesterov, Plain, RAdam, Rule, Visitor};

/// A gradient to follow.
type Gradient = Box<dyn Fn(&[f64]) -> Vec<f64>>;

fn quadratic(problem: &serde_json::Value) -> Gradient {
    let a: Vec<Vec<f64>> = problem["A"].as_array().expect("rows").iter().map(numbers).collect();
    let b = numbers(&problem["b"]);
    Box::new(move |w| a.iter().zip(&b).map(|(row, b)| row.iter().zip(w).map(|(a, w)| a * w).sum::<f64>() - b).collect())
}

/// The mean log loss of iris, rows 50 to 149: virginica on [1, petal_length − 4.9, (petal_width − 1.7) / 0.4].
fn logistic() -> Gradient {
    let mut table = Table::read("iris.csv");
    table.rows.drain(..50);
    let (length, width) = (table.column("petal_length"), table.column("petal_width"));
    let features = length.iter().zip(&width).map(|(length, width)| [1.0, length - 4.9, (width - 1.7) / 0.4]);
    let rows: Vec<([f64; 3], f64)> = features.zip(table.column("species=virginica")).collect();
    Box::new(move |w| {
        let mut g = vec![0.0; 3];
        for (x, y) in &rows {
            let z: f64 = x.iter().zip(w).map(|(x, w)| x * w).sum();
            let r = 1.0 / (1.0 + (-z).exp()) - y;
            g.iter_mut().zip(x).for_each(|(g, x)| *g += r * x / rows.len() as f64);
        }
        g
    })
}

/// The worst relative difference to the reference iterates over both problems, of each rule that has them.
fn worst_differences<T: Real>() -> Vec<(&'static str, f64)> {
    let reference = json("optimizers.json");
    let problems = reference["problems"].as_array().expect("problems");
    let mut worst: Vec<(&'static str, f64)> = Vec::new();
    for problem in problems {
        let gradient = if problem["id"] == "quadratic" { quadratic(problem) } else { logistic() };
        for run in problem["runs"].as_array().expect("runs") {
            let name = run["optimizer"].as_str().expect("a name");
            let (name, rate, start) =
                rules::<T>().into_iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no row for {name}"));
            assert_eq!(run["hyperparameters"]["lr"], rate, "{name}");
            let mut theta: Vec<T> = numbers(&problem["w0"]).into_iter().map(T::of).collect();
            let mut rule = start(3);
            let mut difference: f64 = 0.0;
            for iterate in run["iterates_1_to_20"].as_array().expect("iterates") {
                let at: Vec<f64> = theta.iter().map(|w| w.to_f64()).collect();
                let mut g: Vec<T> = gradient(&at).into_iter().map(T::of).collect();
                rule.step(&mut theta, &mut g, T::of(rate));
                for (w, r) in theta.iter().zip(numbers(iterate)) {
                    // A coordinate that passes through 0 has no relative error; from 0.01 downwards it is absolute.
                    difference = difference.max((w.to_f64() - r).abs() / r.abs().max(1e-2));
                }
            }
            match worst.iter_mut().find(|(other, _)| *other == name) {
                Some((_, d)) => *d = d.max(difference),
                None => worst.push((name, difference)),
            }
        }
    }
    worst
}

#[test]
fn all_iterates_equal_the_reference() {
    let worst = worst_differences::<f64>();
    assert_eq!(worst.len(), 14);
    for (name, difference) in worst {
        println!("{name:<28} {difference:.1e}");
        assert!(difference < 1e-12, "{name}: {difference:e}");
    }
}

#[test]
fn single_precision_follows_the_reference() {
    for (name, difference) in worst_differences::<f32>() {
        println!("{name:<28} {difference:.1e}");
        assert!(difference < 2e-4, "{name}: {difference:e}");
    }
}

/// Gradients without pattern, some coordinates large, some small.
fn noise(step: usize, dim: usize) -> Vec<f64> {
    (0..dim).map(|j| ((step * 31 + j * 17 + 1) as f64).sin() * 10f64.powi(j as i32 % 5 - 2)).collect()
}

fn fused_equals_unfused<T: Real>() {
    for (name, rate, start) in rules::<T>() {
        let dim = 23;
        let (mut fused, mut unfused) = (start(dim), start(dim));
        let mut theta: Vec<T> = noise(1000, dim).into_iter().map(T::of).collect();
        let mut other = theta.clone();
        for step in 0..40 {
            let mut g: Vec<T> = noise(step, dim).into_iter().map(T::of).collect();
            let mut direction = g.clone();
            fused.step(&mut theta, &mut g, T::of(rate));
            unfused.apply(&other, &mut direction);
            other.iter_mut().zip(&direction).for_each(|(w, &d)| *w -= T::of(rate) * d);
            assert_eq!(theta, other, "{name}, step {step}");
        }
    }
}

#[test]
fn a_fused_step_has_the_bits_of_apply_and_subtract() {
    fused_equals_unfused::<f64>();
    fused_equals_unfused::<f32>();
}

/// Copies what it is shown, or writes it back.
#[derive(Default)]
struct Tape {
    values: Vec<f64>,
    write: bool,
    at: usize,
}

impl Tape {
    fn next(&mut self, value: &mut f64) {
        if self.write {
            *value = self.values[self.at];
            self.at += 1;
        } else {
            self.values.push(*value);
        }
    }
}

impl Visitor<f64> for Tape {
    fn numbers(&mut self, values: &mut [f64]) {
        values.iter_mut().for_each(|value| self.next(value));
    }

    fn number(&mut self, value: &mut f64) {
        self.next(value);
    }

    fn count(&mut self, value: &mut u64) {
        let mut number = *value as f64;
        self.next(&mut number);
        *value = number as u64;
    }
}

#[test]
fn a_state_is_a_clone_and_all_of_it_is_visited() {
    [1.0, 1e160, 1e-160].into_iter().for_each(states_are_clones_and_visited);
}

/// For gradients of this size.
fn states_are_clones_and_visited(size: f64) {
    let noise = |step, dim| -> Vec<f64> { noise(step, dim).into_iter().map(|g| g * size).collect() };
    for (name, rate, start) in rules::<f64>() {
        let dim = 11;
        let mut rule = start(dim);
        let mut theta = noise(77, dim);
        (0..7).for_each(|step| rule.step(&mut theta, &mut noise(step, dim), rate));
        let mut tape = Tape::default();
        rule.visit(&mut tape);
        let (mut copy, mut restored) = (rule.duplicate(), start(dim));
        tape.write = true;
        restored.visit(&mut tape);
        assert_eq!(tape.at, tape.values.len(), "{name}");
        let (mut theta_copy, mut theta_restored) = (theta.clone(), theta.clone());
        for step in 7..14 {
            rule.step(&mut theta, &mut noise(step, dim), rate);
            copy.step(&mut theta_copy, &mut noise(step, dim), rate);
            restored.step(&mut theta_restored, &mut noise(step, dim), rate);
        }
        assert_eq!(theta, theta_copy, "{name}");
        assert_eq!(theta, theta_restored, "{name}");
    }
}

#[test]
fn nan_in_a_gradient_is_never_hidden() {
    for (name, rate, start) in rules::<f64>() {
        let (mut rule, mut theta) = (start(2), [1.0, 1.0]);
        rule.step(&mut theta, &mut [f64::NAN, 1.0], rate);
        assert!(theta[0].is_nan(), "{name}");
    }
}

#[test]
fn every_rule_descends() {
    // ½ ‖w‖² from (1, −1): twenty hundred steps end nearer than they began.
    for (name, rate, start) in rules::<f64>() {
        let (mut rule, mut w) = (start(2), [1.0, -1.0]);
        for _ in 0..2000 {
            let mut g = w;
            rule.step(&mut w, &mut g, 0.1 * rate);
        }
        let size = w[0].abs().max(w[1].abs());
        let enough = if name == "adadelta" { 0.98 } else { 0.05 };
        assert!(size < enough, "{name}: {size}");
    }
}

/// RAdam as the paper's algorithm 2 writes it, line by line, with the authors' bound of 5 on ρₜ.
#[test]
fn radam_is_the_papers_algorithm() {
    let (beta1, beta2, epsilon, rate) = (0.9f64, 0.98f64, 1e-8, 0.03);
    let rule = RAdam { beta1, beta2, epsilon };
    let (mut state, mut w) = (rule.init(1), [2.0f64]);
    let (mut m, mut v, mut x) = (0.0, 0.0, 2.0f64);
    let rho_inf = 2.0 / (1.0 - beta2) - 1.0;
    let mut rectified = 0;
    for t in 1..=60 {
        let g = x.powi(3) - 0.3;
        m = beta1 * m + (1.0 - beta1) * g;
        v = beta2 * v + (1.0 - beta2) * g * g;
        let m_hat = m / (1.0 - beta1.powi(t));
        let rho = rho_inf - 2.0 * f64::from(t) * beta2.powi(t) / (1.0 - beta2.powi(t));
        if rho > 5.0 {
            rectified += 1;
            let l = (1.0 - beta2.powi(t)).sqrt() / (v.sqrt() + epsilon);
            let r = ((rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho)).sqrt();
            x -= rate * r * m_hat * l;
        } else {
            x -= rate * m_hat;
        }
        let mut grad = [w[0].powi(3) - 0.3];
        rule.step(&mut state, &mut w, &mut grad, rate);
        assert!((w[0] - x).abs() < 1e-12 * x.abs(), "step {t}: {} {x}", w[0]);
    }
    assert_eq!(rectified, 55);
}

/// Lion as the paper's algorithm 2 writes it: the update is made of the old m, then m moves.
#[test]
fn lion_is_the_papers_algorithm() {
    let (beta1, beta2, rate) = (0.9, 0.99, 0.01);
    let rule = Lion { beta1, beta2 };
    let (mut state, mut w) = (rule.init(1), [1.5]);
    let (mut m, mut x): (f64, f64) = (0.0, 1.5);
    for step in 0..300 {
        let g = x - 0.2 + (step as f64).sin();
        let c = beta1 * m + (1.0 - beta1) * g;
        x -= rate * c.signum();
        m = beta2 * m + (1.0 - beta2) * g;
        let mut grad = [w[0] - 0.2 + (step as f64).sin()];
        rule.step(&mut state, &mut w, &mut grad, rate);
        assert!((w[0] - x).abs() < 1e-12, "step {step}");
    }
}

#[test]
fn a_pair_is_visited_in_order() {
    let mut tape = Tape::default();
    let rule = (Nesterov::default(), (Plain, Nesterov::default()));
    assert!(rule.visit(&mut (vec![1.0, 2.0], ((), vec![3.0, 4.0])), &mut tape));
    assert_eq!(tape.values, [1.0, 2.0, 3.0, 4.0]);
}

/// A user's rule that says nothing of its state is not mistaken for one without.
#[test]
fn a_state_that_is_not_shown_is_reported() {
    struct Counting;
    impl Rule<f64> for Counting {
        type State = usize;
        fn init(&self, _: usize) -> usize {
            0
        }
        fn apply(&self, count: &mut usize, _: &[f64], _: &mut [f64]) {
            *count += 1;
        }
    }
    assert!(!Counting.visit(&mut 0, &mut Tape::default()));
    assert!(!(Plain, Counting).visit(&mut ((), 0), &mut Tape::default()));
}
