//! A loss of one's own: quantile ("pinball") loss, fitted by stochastic subgradients.
//! `cargo run --release --example custom_loss`

use residual::nalgebra::{DMatrix, DVector};
use residual::optim::Trainer;
use residual::{Affine, Dataset, Loss, Network, Real, Regressor, check};
use std::error::Error;

/// ℓ(z, y) = τ (y − z) if y ≥ z, else (1 − τ)(z − y): its minimum is the τ-quantile of y given x.
#[derive(Clone, Copy)]
struct Pinball(f64);

impl<T: Real> Loss<T> for Pinball {
    fn value(&self, z: &[T], y: &[T]) -> T {
        let mut dz = vec![T::zero(); z.len()];
        self.gradient(z, y, &mut dz)
    }

    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        let mut sum = T::zero();
        for ((dz, &z), &y) in dz.iter_mut().zip(z).zip(y) {
            *dz = if y >= z { T::of(-self.0) } else { T::of(1.0 - self.0) };
            sum += *dz * (z - y);
        }
        sum
    }

    fn respond(&self, _: &mut [T]) {}

    fn accepts(&self, _: &[T]) -> Result<(), &'static str> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    check::loss(&Pinball(0.9), &[1.0, -2.0], &[0.5, 3.0]).assert_below(1e-9);

    // y spreads over 0 ..= x: its 90 % quantile is 0.9 x.
    let n = 1000;
    let x = DMatrix::from_fn(n, 1, |i, _| 1.0 + (i / 100) as f64 / 10.0);
    let y = DVector::from_fn(n, |i, _| x[i] * ((i % 100) as f64 + 0.5) / 100.0);
    let rate = |step: usize| 0.1 / (1.0 + step as f64 / 1000.0);
    let trainer = Trainer::new(residual::optim::rule::Plain, rate).epochs(300);
    let layer = Affine::new(1, 1).without_bias();
    let model = Network::new(layer, Pinball(0.9)).solver(trainer).fit(&Dataset::new(&x, &y)?)?;
    println!("90 % of y lies below {:.3} x (in truth: 0.9 x)", model.params()[0]);
    assert!((model.params()[0] - 0.9).abs() < 0.03);
    Ok(())
}
