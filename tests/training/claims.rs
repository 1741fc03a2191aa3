//! A report claims no more than is true: whatever rule, schedule, rate and unit, a fit that counts as converged is at the
//! minimum, by sums written out here.

use crate::common::{EachRule, each_rule};
use residual::nalgebra::DMatrix;
use residual::optim::rule::{Adam, Lion, Plain, Rule};
use residual::optim::{Schedule, Trainer, schedule};
use residual::{Dataset, Error, LinearRegression, Mlp, Real, Reason, Regressor, Standardized};

/// x = 0, 1, ..., n − 1 and y = 2 x + 1 + `noise` · ±1, in these units.
fn line<T: Real>(n: usize, noise: f64, (x_unit, y_unit): (f64, f64)) -> (DMatrix<T>, DMatrix<T>) {
    let x = DMatrix::from_fn(n, 1, |i, _| T::of(x_unit * i as f64));
    let sign = |i: usize| if i % 3 == 1 { -1.0 } else { 1.0 };
    let y = DMatrix::from_fn(n, 1, |i, _| T::of(y_unit * (2.0 * i as f64 + 1.0 + noise * sign(i))));
    (x, y)
}

/// The risk at w, b, and the most that a step along one coordinate could take from it: g² / 2 h.
fn risk_and_gain<T: Real>(x: &DMatrix<T>, y: &DMatrix<T>, params: &[T]) -> (f64, f64) {
    let (w, b, n) = (params[0].to_f64(), params[1].to_f64(), x.nrows() as f64);
    let (mut value, mut g, mut h) = (0.0, [0.0; 2], [0.0; 2]);
    for (x, y) in x.iter().zip(y.iter()) {
        let (x, r) = (x.to_f64(), w * x.to_f64() + b - y.to_f64());
        value += 0.5 * r * r / n;
        g = [g[0] + r * x / n, g[1] + r / n];
        h = [h[0] + x * x / n, h[1] + 1.0 / n];
    }
    (value, (g[0] * g[0] / h[0] / 2.0).max(g[1] * g[1] / h[1] / 2.0))
}

#[derive(Default)]
struct Count {
    converged: usize,
    stalled: usize,
    diverged: usize,
}

impl Count {
    /// Fits and checks what the report claims.
    fn fit<T: Real, R: Rule<T>, S: Schedule>(&mut self, name: &str, trainer: Trainer<R, S>, units: (f64, f64)) {
        let (x, y) = line::<T>(7, if name.contains("exact") { 0.0 } else { 0.3 }, units);
        let data = Dataset::new(&x, &y).expect("data");
        match LinearRegression::new().solver(trainer).fit(&data) {
            Err(Error::Diverged { .. } | Error::Undefined { .. }) => self.diverged += 1,
            Err(other) => panic!("{name}: {other}"),
            Ok(model) => {
                let (report, start) = (model.report(), risk_and_gain(&x, &y, &[T::zero(); 2]).0);
                let (value, gain) = risk_and_gain(&x, &y, model.params());
                let least = LinearRegression::new().fit(&data).expect("a fit");
                let least = risk_and_gain(&x, &y, least.params()).0;
                if report.converged() {
                    self.converged += 1;
                    let rounding = 1e3 * T::default_epsilon().to_f64().powi(2) * start;
                    assert!(gain <= 0.011 * value + rounding, "{name}: {gain:e} to gain of {value:e}, {report:?}");
                    assert!(value <= 1.03 * least + 1e-9 * start, "{name}: {value:e}, not {least:e}, {report:?}");
                } else if report.reason() == Reason::Value {
                    self.stalled += 1;
                    let error = report.ensure_converged().expect_err("not converged");
                    assert!(error.to_string().len() > 20);
                }
            }
        }
    }

    fn schedules<T: Real, R: Rule<T> + Clone>(&mut self, name: &str, rule: R, rate: f64) {
        use schedule::{Cosine, Exponential, InverseTime, OneCycle, Plateau, Polynomial, Staircase, Warmup};
        let mut each = |kind: &str, rates: &dyn Fn(usize) -> f64| {
            for (full, tolerance, units) in [
                (true, 1e-6, (1.0, 1.0)),
                (true, 1e-3, (1.0, 1e-5)),
                (true, 1e-9, (1.0, 1e5)),
                (false, 1e-3, (1.0, 1.0)),
                (false, 1e-6, (1e-2, 1.0)),
            ] {
                let trainer = Trainer::new(rule.clone(), |step: usize| rates(step)).tolerance(tolerance).epochs(300);
                let trainer = if full { trainer.full_batch() } else { trainer.batch_size(3) };
                self.fit(&format!("{name}, {kind}, {full}, {tolerance:e}, {units:?}"), trainer, units);
            }
        };
        each("constant", &|_| rate);
        each("zero", &|_| 0.0);
        let (staircase, exponential) = (Staircase::new(rate, 10, 0.3), Exponential::new(rate, 0.8));
        let (staircase, exponential) = (staircase.expect("rates"), exponential.expect("rates"));
        each("staircase", &|step| staircase.rate(step));
        each("exponential", &|step| exponential.rate(step));
        let (short, long) = (Cosine::new(rate, 3, 0.0).expect("rates"), Cosine::new(rate, 150, 0.0).expect("rates"));
        each("short cosine", &|step| short.rate(step));
        each("cosine", &|step| long.rate(step));
        let (line, inverse) = (Polynomial::new(rate, 20, 0.0, 1.0), InverseTime::new(rate, 0.5));
        let (line, inverse) = (line.expect("rates"), inverse.expect("rates"));
        each("polynomial", &|step| line.rate(step));
        each("inverse time", &|step| inverse.rate(step));
        let (slow, warm) = (Warmup::new(10_000_000, rate).expect("rates"), Warmup::new(10, rate).expect("rates"));
        each("endless warm-up", &|step| slow.rate(step));
        each("warm-up", &|step| warm.rate(step));
        let cycle = OneCycle::new(rate, 60).expect("rates");
        each("one cycle", &|step| cycle.rate(step));
        let plateau = Plateau::new(rate, 0.1, 1).expect("rates");
        let trainer = Trainer::new(rule, plateau).tolerance(1e-7).epochs(300).full_batch();
        self.fit(&format!("{name}, plateau"), trainer, (1.0, 1.0));
    }
}

impl<T: Real> EachRule<T> for Count {
    fn rule<R: Rule<T> + Clone + 'static>(&mut self, name: &'static str, rate: f64, rule: R)
    where
        R::State: Clone,
    {
        for factor in [1e-6, 1.0, 30.0] {
            self.schedules(&format!("{name} at {factor}"), rule.clone(), factor * rate);
        }
    }
}

#[test]
fn a_converged_report_is_at_the_minimum_whatever_the_rule_and_the_schedule() {
    fn test<T: Real>() {
        let mut count = Count::default();
        each_rule::<T>(&mut count);
        let Count { converged, stalled, diverged } = count;
        // All three ends are met, so that none of the claims is empty.
        assert!(converged > 30 && stalled > 500 && diverged > 30, "{converged} {stalled} {diverged}");
    }
    test::<f64>();
    test::<f32>();
}

/// One fit on x = 0..3, y = 2 x + 1.
fn fit<R: Rule<f64>, S: Schedule>(trainer: Trainer<R, S>) -> residual::Result<(Reason, bool)> {
    let (x, y) = line::<f64>(4, 0.0, (1.0, 1.0));
    let model = LinearRegression::new().solver(trainer).fit(&Dataset::new(&x, &y)?)?;
    Ok((model.report().reason(), model.report().converged()))
}

#[test]
fn not_moving_is_no_convergence() {
    let stalled = Ok((Reason::Value, false));
    assert_eq!(fit(Trainer::gd(0.0).tolerance(1e-6)), stalled);
    assert_eq!(fit(Trainer::sgd(0.0).tolerance(1e-6)), stalled);
    assert_eq!(fit(Trainer::gd(1e-9).tolerance(1e-3)), stalled);
    let slow = schedule::Warmup::new(10_000_000, 0.1).expect("rates");
    assert_eq!(fit(Trainer::new(Plain, slow).full_batch().tolerance(1e-6)), stalled);
    let ends = schedule::Cosine::new(0.1, 3, 0.0).expect("rates");
    assert_eq!(fit(Trainer::new(Plain, ends).full_batch().tolerance(1e-6)), stalled);
    assert_eq!(fit(Trainer::new(Adam::default(), ends).full_batch().tolerance(1e-6)), stalled);
    assert_eq!(fit(Trainer::new(Lion::default(), 3.0).full_batch().tolerance(1e-6)), stalled);
}

#[test]
fn a_growing_loss_is_divergence() {
    for tolerance in [1e-1, 1e-6, 0.0] {
        for rate in [1.0, 10.0, 1e3] {
            for patience in [1, 3, 5, 50] {
                let name = format!("rate {rate}, tolerance {tolerance}, patience {patience}");
                for trainer in [Trainer::gd(rate), Trainer::sgd(rate), Trainer::sgd(rate).batch_size(3)] {
                    let found = fit(trainer.tolerance(tolerance).patience(patience));
                    let grown = rate > 1.0 || patience > 1;
                    let diverged = matches!(found, Err(Error::Diverged { iteration }) if iteration > 0);
                    assert!(diverged || (!grown && matches!(found, Ok((_, false)))), "{name}: {found:?}");
                }
            }
        }
    }
    let error = fit(Trainer::gd(10.0).tolerance(1e-6)).expect_err("divergence").to_string();
    assert!(error.contains("learning rate"), "{error}");
}

/// What truly ends at the minimum says so, in any unit, with data that a line meets and with data that it does not.
#[test]
fn a_fit_that_is_done_says_so() {
    fn test<T: Real>(tolerances: &[f64]) {
        for (noise, y_unit) in [(0.0, 1.0), (0.3, 1.0), (0.3, 1e-6), (0.0, 1e6), (0.3, 1e6)] {
            let (x, y) = line::<T>(4, noise, (1.0, y_unit));
            let data = Dataset::new(&x, &y).expect("data");
            for &tolerance in tolerances {
                let descent = Trainer::gd(0.4).epochs(20_000).tolerance(tolerance);
                let model = LinearRegression::new().solver(descent).fit(&data).expect("a fit");
                let report = model.report();
                let found = (report.reason(), report.converged());
                assert_eq!(found, (Reason::Value, true), "{noise} {y_unit} {tolerance}: {report:?}");
                assert!(report.iterations() < 20_000 && report.ensure_converged().is_ok());
            }
        }
    }
    test::<f64>(&[1e-4, 1e-6, 1e-9, 1e-12, 0.0]);
    test::<f32>(&[1e-4, 1e-6, 0.0]);
    // A start at the minimum, and a network.
    let (x, y) = line::<f64>(6, 0.3, (1.0, 1.0));
    let data = Dataset::new(&x, &y).expect("data");
    let descent = Trainer::gd(0.1).epochs(50_000).tolerance(1e-10);
    let network = Standardized::new(Mlp::regressor([]).solver(descent)).targets().fit(&data).expect("a fit");
    assert!(network.report().converged(), "{:?}", network.report());
}
