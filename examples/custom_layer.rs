//! A layer of one's own: a network of sines, checked and then trained like any other. `cargo run --release --example
//! custom_layer`

mod support;

use residual::nalgebra::{DMatrix, DVector};
use residual::optim::Trainer;
use residual::{
    Affine, Dataset, Init, Layer, Layout, Network, Predictor, Real, Regressor, Spread, SquaredError, check,
};
use std::process::ExitCode;

/// z = sin(W x + b). θ is W column-major (outputs × inputs), then b.
#[derive(Debug, Clone)]
struct Sine {
    affine: Affine,
}

impl<T: Real> Layer<T> for Sine {
    /// W x + b, for the way back.
    type Tape = Vec<T>;

    fn inputs(&self) -> usize {
        Layer::<T>::inputs(&self.affine)
    }

    fn outputs(&self) -> usize {
        Layer::<T>::outputs(&self.affine)
    }

    fn layout(&self, layout: &mut Layout) {
        let (inputs, outputs) = (Layer::<T>::inputs(self), Layer::<T>::outputs(self));
        // Frequencies of several radians, or every sine starts as nearly the same line.
        layout.weights(outputs, inputs).named("frequency").init(Init::He(Spread::Normal));
        layout.bias(outputs).named("phase");
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Vec<T>) {
        self.affine.forward(theta, x, z, &mut ());
        tape.clear();
        tape.extend_from_slice(z.as_slice());
        z.iter_mut().for_each(|z| *z = z.sin());
    }

    /// dz ← dz ⊙ cos(W x + b), and then as the affine map.
    fn backward(
        &self,
        theta: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Vec<T>,
        dtheta: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        dz.iter_mut().zip(tape).for_each(|(dz, a)| *dz *= a.cos());
        self.affine.backward(theta, x, dz, &mut (), dtheta, dx);
    }
}

fn main() -> ExitCode {
    support::run(|| {
        let layer = Sine { affine: Affine::new(1, 24) };
        // First the derivatives, against differences.
        let theta: Vec<f64> = Layout::of::<f64, _>(&layer).initialize(1);
        let outcome = check::layer(&layer, &theta, &DMatrix::from_row_slice(1, 3, &[-1.0, 0.2, 2.0]));
        println!("worst error of the layer's gradient: {:.1e}", outcome.worst());
        outcome.assert_below(1e-8);

        // Then as a part of a network: two tones.
        let x = DVector::from_fn(120, |i, _| -3.0 + 0.05 * i as f64);
        let y = x.map(|x| (2.0 * x).sin() + 0.5 * (3.0 * x).cos());
        let data = Dataset::new(&x, &y)?;
        let network = Network::new((layer, Affine::new(24, 1)), SquaredError);
        let model = network.seed(3).solver(Trainer::adam(0.01).epochs(1000)).fit(&data)?;
        let error = (model.predict(&x)? - &y).norm() / (x.len() as f64).sqrt();
        println!("after {} epochs: root mean squared error {error:.4}", model.report().iterations());
        Ok(())
    })
}
