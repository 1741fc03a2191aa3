//! A rule of one's own, composed with one of the crate's: `cargo run --release --example custom_rule`

use residual::nalgebra::{dmatrix, dvector};
use residual::optim::{Rule, Trainer, rule::Momentum};
use residual::{Dataset, LinearRegression, Real, Regressor};
use std::error::Error;

/// Divides the gradient by its length, so that every step is as long as the rate says.
struct UnitLength;

impl<T: Real> Rule<T> for UnitLength {
    type State = ();

    fn init(&self, _: usize) {}

    fn apply(&self, (): &mut (), _: &[T], grad: &mut [T]) {
        let length = grad.iter().fold(T::zero(), |sum, &g| sum + g * g).sqrt();
        if length > T::zero() {
            grad.iter_mut().for_each(|g| *g /= length);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (x, y) = (dmatrix![0.0f64; 1.0; 2.0; 3.0], dvector![1.0, 3.0, 5.0, 7.0]);
    let data = Dataset::new(&x, &y)?;
    // A pair is a rule: first the user's, then momentum. A closure is a schedule: the step shrinks as 1 / t.
    let rule = (UnitLength, Momentum { mu: 0.5, dampening: 0.0 });
    let trainer = Trainer::new(rule, |step: usize| 1.0 / (step + 1) as f64).full_batch().epochs(2000);
    let model = LinearRegression::new().solver(trainer).fit(&data)?;
    let (slope, intercept) = (model.params()[0], model.params()[1]);
    println!("y = {slope:.4} x + {intercept:.4} after {} steps (in truth: y = 2 x + 1)", model.report().iterations());
    assert!((slope - 2.0).abs() < 0.01 && (intercept - 1.0).abs() < 0.01);
    Ok(())
}
