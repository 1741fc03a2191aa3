//! Gradients against differences of the function itself: f64 to 1e-8, f32 against f64 to 1e-2.

use crate::support::{Numbers, both, count, forward, worst_gradient};
use residual::layer::{Cell, Image, RecurrentCell, Sequence};
use residual::nalgebra::DMatrix;
use residual::{Activation, AvgPool2d, Conv2d, Layer, LayerNorm, MaxPool2d, Recurrent};

fn run<L: Layer<f64> + Layer<f32>>(name: &str, layer: &L, batch: usize, prepare: impl Fn(&mut DMatrix<f64>)) {
    let mut numbers = Numbers::new(name.len() as u64);
    let theta: Vec<f64> = numbers.vector(count::<f64, L>(layer));
    let mut x: DMatrix<f64> = numbers.matrix(Layer::<f64>::inputs(layer), batch);
    prepare(&mut x);
    let upstream: DMatrix<f64> = numbers.matrix(Layer::<f64>::outputs(layer), batch);
    let worst = worst_gradient(layer, &theta, &x, &upstream);
    println!("{name}: worst gradient error {worst:.1e}");
    assert!(worst < 1e-8, "{name}: {worst}");

    let (_, dtheta, dx) = both(layer, &theta, &x, &upstream);
    let narrow: Vec<f32> = theta.iter().map(|&v| v as f32).collect();
    let (_, dtheta32, dx32) = both::<f32, L>(layer, &narrow, &x.cast(), &upstream.cast());
    let scale = dtheta.iter().chain(dx.iter()).fold(1e-3f64, |m, d| m.max(d.abs()));
    for (wide, narrow) in dtheta.iter().chain(dx.iter()).zip(dtheta32.iter().chain(dx32.iter())) {
        assert!((wide - f64::from(*narrow)).abs() < 1e-2 * scale, "{name}: {narrow} for {wide}");
    }
}

/// No two numbers of a column nearer than the steps of the differences, so that no maximum changes hands.
fn distinct(x: &mut DMatrix<f64>) {
    for s in 0..x.ncols() {
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        order.sort_by(|&a, &b| x[(a, s)].total_cmp(&x[(b, s)]));
        for (rank, &row) in order.iter().enumerate() {
            x[(row, s)] = 0.05 * rank as f64;
        }
    }
}

#[test]
fn convolution() {
    let image = Image { channels: 2, height: 5, width: 4 };
    for activation in [Activation::Identity, Activation::Tanh, Activation::Gelu, Activation::Silu, Activation::Sigmoid]
    {
        let layer = Conv2d::new(image, 3, (3, 2)).activation(activation);
        run(&format!("conv {activation:?}"), &layer, 3, |_| {});
    }
    let all = Conv2d::new(image, 5, (2, 3)).stride((2, 1)).padding((1, 2)).dilation((1, 2));
    run("conv with everything", &all, 9, |_| {});
    run("conv without bias", &all.without_bias(), 2, |_| {});
    run("conv of one dimension", &Conv2d::new_1d(2, 9, 4, 3).padding((0, 1)), 5, |_| {});
    let first = Conv2d::new(image, 3, (2, 2)).activation(Activation::Tanh);
    let second = Conv2d::new(first.output(), 2, (2, 2)).activation(Activation::Tanh);
    run("two convolutions and a mean", &((first, second), AvgPool2d::new(second.output(), (2, 2))), 3, |_| {});
}

#[test]
fn pooling() {
    let image = Image { channels: 2, height: 5, width: 6 };
    run("max pooling", &MaxPool2d::new(image, (2, 2)), 3, distinct);
    run("overlapping max pooling", &MaxPool2d::new(image, (3, 2)).stride((1, 1)), 3, distinct);
    run("mean pooling", &AvgPool2d::new(image, (2, 3)), 3, |_| {});
    run("overlapping mean pooling", &AvgPool2d::new(image, (2, 3)).stride((1, 2)), 3, |_| {});
}

#[test]
fn layer_norm() {
    run("layer norm", &LayerNorm::new(7), 4, |_| {});
}

#[test]
fn recurrence() {
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let layer = Recurrent::new(cell, Sequence { steps: 5, features: 3 }, 4);
        run(&format!("{cell:?}, last state"), &layer, 6, |_| {});
        run(&format!("{cell:?}, every step"), &layer.every_step(), 3, |_| {});
        run(&format!("{cell:?}, its step"), &RecurrentCell::new(cell, 3, 4), 5, |_| {});
        let second = Recurrent::new(cell, layer.every_step().output(), 3);
        run(&format!("{cell:?} on {cell:?}"), &(layer.every_step(), second), 3, |_| {});
        // The length has no derivative: its difference quotient is 0 as long as the rounded length stays.
        let lengths = |x: &mut DMatrix<f64>| (0..x.ncols()).for_each(|s| x[(0, s)] = (s * 2 % 5 + 1) as f64);
        run(&format!("{cell:?} with lengths"), &layer.with_lengths(), 6, lengths);
        run(&format!("{cell:?} with lengths, every step"), &layer.with_lengths().every_step(), 6, lengths);
    }
}

#[test]
fn a_relu_network_away_from_its_kinks() {
    let image = Image { channels: 1, height: 5, width: 5 };
    let conv = Conv2d::new(image, 2, (2, 2)).activation(Activation::Relu);
    let pool = MaxPool2d::new(conv.output(), (2, 2));
    let network = (conv, pool);
    let mut found = 0;
    for seed in 0..200 {
        let mut numbers = Numbers::new(seed);
        let theta: Vec<f64> = numbers.vector(count::<f64, _>(&network));
        let x: DMatrix<f64> = numbers.matrix(25, 2);
        // Before the activation, no number is near 0 and no two of a window are near each other.
        let a = forward(&conv.activation(Activation::Identity), &theta, &x);
        let near = |u: f64, v: f64| (u - v).abs() < 5e-3;
        let window = |s: usize, o: usize| {
            let corner = o / 4 * 16 + o % 4 / 2 * 8 + o % 2 * 2;
            [corner, corner + 1, corner + 4, corner + 5].map(|at| a[(at, s)])
        };
        let kinked = (0..16).map(|i| window(i / 8, i % 8)).any(|w| {
            let zero = w.iter().any(|&v| near(v, 0.0));
            zero || (0..4).any(|i| (0..i).any(|j| w[i] > 0.0 && near(w[i], w[j])))
        });
        if kinked {
            continue;
        }
        found += 1;
        let upstream: DMatrix<f64> = numbers.matrix(pool.output().len(), 2);
        assert!(worst_gradient(&network, &theta, &x, &upstream) < 1e-8);
    }
    println!("{found} draws away from the kinks");
    assert!(found > 0);
}

/// The checker itself: a wrong gradient must be seen.
#[test]
fn a_wrong_gradient_is_refused() {
    struct Wrong(Conv2d);
    impl Layer<f64> for Wrong {
        type Tape = <Conv2d as Layer<f64>>::Tape;
        fn inputs(&self) -> usize {
            Layer::<f64>::inputs(&self.0)
        }
        fn outputs(&self) -> usize {
            Layer::<f64>::outputs(&self.0)
        }
        fn layout(&self, layout: &mut residual::Layout) {
            Layer::<f64>::layout(&self.0, layout);
        }
        fn forward(&self, theta: &[f64], x: &DMatrix<f64>, z: &mut DMatrix<f64>, tape: &mut Self::Tape) {
            self.0.forward(theta, x, z, tape);
        }
        fn backward(
            &self,
            theta: &[f64],
            x: &DMatrix<f64>,
            dz: &mut DMatrix<f64>,
            tape: &mut Self::Tape,
            dtheta: &mut [f64],
            dx: Option<&mut DMatrix<f64>>,
        ) {
            self.0.backward(theta, x, dz, tape, dtheta, dx);
            dtheta[3] *= 1.0 + 1e-4;
        }
    }
    let layer = Wrong(Conv2d::new(Image { channels: 1, height: 3, width: 3 }, 1, (2, 2)));
    let mut numbers = Numbers::new(1);
    let (theta, x) = (numbers.vector(5), numbers.matrix(9, 2));
    let upstream = numbers.matrix(4, 2);
    assert!(worst_gradient(&layer, &theta, &x, &upstream) > 1e-6);
}
