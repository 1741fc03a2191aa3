//! Nothing allocates per step or per prediction once warm.

use super::{labels, noise, one_hot};
use allocation_counter::measure;
use nalgebra::DMatrix;
use residual::layer::{Cell, Dropout, Image, Sequence};
use residual::optim::Trainer;
use residual::optim::rule::{Adam, ClipNorm};
use residual::{
    Activation, Affine, AvgPool2d, Conv2d, CrossEntropy, Dataset, FiniteSum, Fitted, Layer, LayerNorm, Layout,
    MaxPool2d, Mlp, Network, Objective, Predictor, Real, Recurrent, Regressor, Risk, SquaredError,
};

fn predictions<T: Real>(model: &impl Predictor<T>, what: &str) {
    predictions_from(model, what, |rows| noise::<T>(rows, model.features(), 4));
}

fn predictions_from<T: Real>(model: &impl Predictor<T>, what: &str, x: impl Fn(usize) -> DMatrix<T>) {
    for rows in [1, 3, 700] {
        let x = x(rows);
        let mut out = DMatrix::zeros(rows, model.outputs());
        model.predict_into(x.as_view(), &mut out).unwrap();
        let info = measure(|| model.predict_into(x.as_view(), &mut out).unwrap());
        assert_eq!(info.count_total, 0, "{what}: {rows} rows");
    }
}

#[test]
fn warm_predictions_allocate_nothing() {
    let x = noise::<f32>(50, 20, 1);
    let solver = Trainer::adam(1e-2).epochs(1);
    let data = Dataset::new(&x, &x).unwrap();
    predictions(&Mlp::regressor([64, 64]).solver(solver).fit(&data).unwrap(), "network");
    for k in [1, 5] {
        let theta = noise::<f64>(21 * k, 1, 2).as_slice().to_vec();
        predictions(&Fitted::from_params(Affine::new(20, k), SquaredError, theta.clone()).unwrap(), "linear");
        predictions(&Fitted::from_params(Affine::new(20, k), CrossEntropy, theta).unwrap(), "logistic");
    }
}

#[test]
fn warm_evaluations_allocate_nothing() {
    let x = noise::<f64>(600, 9, 1);
    let (y, classes) = (labels(&x, 2), one_hot::<f64>(600, 4));
    for (y, k) in [(&y, 1), (&classes, 4)] {
        let (data, layer) = (Dataset::new(&x, y).unwrap(), Affine::new(9, k));
        let mut risk = Risk::new(&data, &layer, &CrossEntropy, 0.1).unwrap();
        let (theta, mut gradient) = (vec![0.1; 10 * k], vec![0.0; 10 * k]);
        let terms: Vec<usize> = (0..32).collect();
        let mut step = || {
            risk.gradient(&theta, &mut gradient)
                + risk.value(&theta)
                + risk.batch_gradient(&terms, &theta, &mut gradient)
        };
        step();
        let info = measure(|| {
            std::hint::black_box(step());
        });
        assert_eq!(info.count_total, 0, "{k} outputs");
    }
}

/// Sixteen times as many steps allocate no more: `fit` trains on 640 samples for 4 epochs, in batches of this size.
fn steps_allocate_nothing(what: &str, fit: impl Fn(usize)) {
    // 4 epochs of 10 or of 160 steps.
    let (few, many) = (measure(|| fit(64)).count_total, measure(|| fit(4)).count_total);
    assert!(many <= few, "{what}: {few} allocations for 40 steps, {many} for 640");
}

#[test]
fn training_steps_allocate_nothing() {
    let x = noise::<f32>(640, 9, 1);
    let y = noise::<f32>(640, 1, 2);
    let data = Dataset::new(&x, &y).unwrap();
    for activation in [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::Gelu] {
        let network = Mlp::regressor([8, 8]).activation(activation).dropout(0.1);
        steps_allocate_nothing("perceptron", |batch| drop(network.clone().solver(trainer(batch)).fit(&data).unwrap()));
    }
}

fn trainer(batch: usize) -> Trainer<(ClipNorm, Adam), f64> {
    Trainer::new((ClipNorm(1.0), Adam::default()), 1e-3).epochs(4).batch_size(batch)
}

/// The layer inside a network with one output, predicting and training.
fn layer<N>(name: &str, first: N, x: impl Fn(usize) -> DMatrix<f32>)
where
    N: Layer<f32> + Clone,
{
    let network = (first.clone(), Affine::new(first.outputs(), 1));
    let theta = Layout::of::<f32, _>(&network).initialize(1);
    predictions_from(&Fitted::from_params(network.clone(), SquaredError, theta).unwrap(), name, &x);
    let (x, y) = (x(640), noise::<f32>(640, 1, 2));
    let data = Dataset::new(&x, &y).unwrap();
    steps_allocate_nothing(name, |batch| {
        drop(Network::new(network.clone(), SquaredError).solver(trainer(batch)).fit(&data).unwrap());
    });
}

#[test]
fn images_allocate_nothing() {
    let image = Image { channels: 2, height: 7, width: 6 };
    let x = |rows| noise::<f32>(rows, image.len(), 4);
    let same = Conv2d::new(image, 3, (3, 3)).padding((1, 1)).activation(Activation::Relu);
    layer("convolution", same, x);
    layer("largest", (same, MaxPool2d::new(same.output(), (2, 2))), x);
    layer("mean", (same, AvgPool2d::new(same.output(), (3, 2)).stride((2, 1))), x);
    layer("strided", Conv2d::new(image, 5, (2, 3)).stride((2, 1)).dilation((2, 2)).activation(Activation::Tanh), x);
    layer("norm", (LayerNorm::new(image.len()), Dropout::new(image.len(), 0.2)), x);
}

#[test]
fn sequences_allocate_nothing() {
    let sequence = Sequence { steps: 5, features: 3 };
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let recurrent = Recurrent::new(cell, sequence, 6);
        layer(&format!("{cell:?}"), recurrent, |rows| noise::<f32>(rows, 15, 4));
        layer(&format!("{cell:?}, every step"), recurrent.every_step(), |rows| noise::<f32>(rows, 15, 4));
        // Lengths of 1 to 5 steps.
        let lengths = |rows| noise::<f32>(rows, 15, 4).insert_column(0, 0.0);
        layer(&format!("{cell:?}, lengths"), recurrent.with_lengths(), |rows| {
            let mut x: DMatrix<f32> = lengths(rows);
            x.column_mut(0).iter_mut().enumerate().for_each(|(i, length)| *length = (1 + i * 7 % 5) as f32);
            x
        });
    }
}
