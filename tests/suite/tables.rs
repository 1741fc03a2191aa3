//! One table a kind. A new loss, layer, rule, solver or model is one row here, and the row buys the generic suite:
//!
//! * [`losses`]: `loss(name, value, target, kink, naive)`: gradient and curvature against differences, alone and over every
//!   layer, with and without weights and penalty; value against the naive formula; extremes. `kink` is how far (z, y) is
//!   from a point without derivative ([`SMOOTH`] if there is none), `naive` the textbook formula for one output pair or
//!   row.
//! * [`layers`]: `layer(name, |s| ...)` makes the layer for drawn sizes `s`; use as many of them as the layer has. If it has
//!   points without derivative, `.kink(|s, θ, x| ...)` says how far one sample is from the nearest, by naive means; if it
//!   does not take arbitrary numbers, `.input(|s, x| ...)` makes a drawn sample legal.

use crate::erased::{AnyCurvature, AnyLayer, AnyLoss, Erased, Own};
use crate::naive;
use residual::layer::{Cell, Image, RecurrentCell, Sequence};
use residual::{
    Activation, Affine, AvgPool2d, BinaryCrossEntropy, Conv2d, CrossEntropy, Curvature, Dense, Describe, Huber, Layer,
    LayerNorm, Loss, MaxPool2d, Real, Recurrent, SquaredError, Stack,
};
use std::fmt::Debug;
use std::sync::Arc;

/// Which targets a loss or a model takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// Any number.
    Number,
    /// Each in [0, 1].
    Share,
    /// One in [0, 1], or more of sum 1.
    Distribution,
}

/// How far scores and targets are from a point where the loss has no derivative.
pub type LossKink = fn(&[f64], &[f64]) -> f64;

/// Smooth everywhere.
pub const SMOOTH: LossKink = |_, _| f64::INFINITY;

pub struct LossRow<T: Real> {
    pub name: &'static str,
    pub loss: AnyLoss<T>,
    pub curvature: AnyCurvature<T>,
    pub target: Target,
    pub kink: LossKink,
    /// The textbook formula, good for scores of moderate size.
    pub naive: fn(&[f64], &[f64]) -> f64,
    /// How fast the loss grows: |z| to this power.
    pub degree: i32,
}

fn loss<T: Real>(
    name: &'static str,
    loss: impl Curvature<T> + Describe + PartialEq + Debug + 'static,
    target: Target,
    kink: LossKink,
    naive: fn(&[f64], &[f64]) -> f64,
) -> LossRow<T> {
    assert_eq!(Describe::from_description(&loss.describe()).as_ref(), Ok(&loss), "a description comes back");
    let curvature: Arc<dyn Curvature<T>> = Arc::new(loss);
    let value: Arc<dyn Loss<T>> = curvature.clone();
    LossRow { name, loss: Erased(value), curvature: Erased(curvature), target, kink, naive, degree: 1 }
}

fn huber<T: Real>(name: &'static str, kink: LossKink, naive: fn(&[f64], &[f64]) -> f64, delta: f64) -> LossRow<T> {
    loss(name, Huber { delta }, Target::Number, kink, naive)
}

/// LOSSES.
pub fn losses<T: Real>() -> Vec<LossRow<T>> {
    use Target::{Distribution, Number, Share};
    vec![
        LossRow { degree: 2, ..loss("squared error", SquaredError, Number, SMOOTH, naive::squared_error) },
        huber("huber", |z, y| naive::huber_kink(z, y, 1.0), |z, y| naive::huber(z, y, 1.0), 1.0),
        huber("huber 0.3", |z, y| naive::huber_kink(z, y, 0.3), |z, y| naive::huber(z, y, 0.3), 0.3),
        loss("binary cross-entropy", BinaryCrossEntropy, Share, SMOOTH, naive::bernoulli),
        loss("cross-entropy", CrossEntropy, Distribution, SMOOTH, naive::cross_entropy),
    ]
}

/// Small sizes that a layer's shape is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub inputs: usize,
    pub outputs: usize,
    pub hidden: usize,
    pub height: usize,
    pub width: usize,
}

type LayerKink = Box<dyn Fn(Sizes, &[f64], &[f64]) -> f64>;
type Legalize = Box<dyn Fn(Sizes, &mut [f64])>;

pub struct LayerRow<T: Real> {
    pub name: &'static str,
    pub make: Box<dyn Fn(Sizes) -> Box<dyn AnyLayer<T>>>,
    /// How far one sample x is from a point where the layer has no derivative.
    pub kink: LayerKink,
    /// Makes one drawn sample legal.
    pub legalize: Legalize,
}

fn layer<T: Real, N: Layer<T> + Describe + PartialEq + Debug + 'static>(
    name: &'static str,
    make: impl Fn(Sizes) -> N + 'static,
) -> LayerRow<T> {
    LayerRow {
        name,
        make: Box::new(move |s| {
            let layer = make(s);
            layer.check().expect("the row makes a layer that fits together");
            assert_eq!(N::from_description(&layer.describe()).as_ref(), Ok(&layer), "a description comes back");
            Box::new(Own(layer))
        }),
        kink: Box::new(|_, _, _| f64::INFINITY),
        legalize: Box::new(|_, _| ()),
    }
}

impl<T: Real> LayerRow<T> {
    fn kink(mut self, kink: impl Fn(Sizes, &[f64], &[f64]) -> f64 + 'static) -> Self {
        self.kink = Box::new(kink);
        self
    }

    fn input(mut self, legalize: impl Fn(Sizes, &mut [f64]) + 'static) -> Self {
        self.legalize = Box::new(legalize);
        self
    }
}

fn dense<T: Real>(name: &'static str, activation: Activation) -> LayerRow<T> {
    layer(name, move |s| Dense::new(s.inputs, s.outputs, activation))
}

fn stack(s: Sizes, activation: Activation) -> Stack<Dense> {
    let inner = Dense::new(s.inputs, s.hidden, activation);
    let middle = Dense::new(s.hidden, s.hidden + 1, activation);
    Stack::new(vec![inner, middle, Dense::new(s.hidden + 1, s.outputs, Activation::Identity)]).unwrap()
}

fn image(s: Sizes) -> Image {
    Image { channels: s.hidden, height: s.height + 3, width: s.width + 3 }
}

fn sequence(s: Sizes) -> Sequence {
    Sequence { steps: s.height + 1, features: s.inputs }
}

/// LAYERS.
pub fn layers<T: Real>() -> Vec<LayerRow<T>> {
    let near_zero = |a: Vec<f64>| a.iter().fold(f64::INFINITY, |m, a| m.min(a.abs()));
    let first_dense = move |s: Sizes, theta: &[f64], x: &[f64]| near_zero(naive::affine(theta, x, s.outputs));
    vec![
        layer("affine", |s| Affine::new(s.inputs, s.outputs)),
        layer("affine without bias", |s| Affine::new(s.inputs, s.outputs).without_bias()),
        dense("dense identity", Activation::Identity),
        dense("dense relu", Activation::Relu).kink(first_dense),
        dense("dense leaky relu", Activation::LeakyRelu).kink(first_dense),
        dense("dense tanh", Activation::Tanh),
        dense("dense sigmoid", Activation::Sigmoid),
        dense("dense gelu", Activation::Gelu),
        dense("dense silu", Activation::Silu),
        layer("dense without bias", |s| Dense::new(s.inputs, s.outputs, Activation::Tanh).without_bias()),
        layer("pair", |s| (Dense::new(s.inputs, s.hidden, Activation::Tanh), Affine::new(s.hidden, s.outputs))),
        layer("pair in a pair", |s| {
            let inner = Dense::new(s.inputs, s.hidden, Activation::Silu);
            (inner, (Affine::new(s.hidden, s.hidden + 1), Dense::new(s.hidden + 1, s.outputs, Activation::Gelu)))
        }),
        layer("stack of one", |s| Stack::new(vec![Dense::new(s.inputs, s.outputs, Activation::Sigmoid)]).unwrap()),
        layer("stack of three, tanh", |s| stack(s, Activation::Tanh)),
        layer("stack of three, relu", |s| stack(s, Activation::Relu)).kink(move |s, theta, x| {
            let first = naive::affine(theta, x, s.hidden);
            let active: Vec<f64> = first.iter().map(|a| a.max(0.0)).collect();
            let second = naive::affine(&theta[s.hidden * (s.inputs + 1)..], &active, s.hidden + 1);
            near_zero(first).min(near_zero(second))
        }),
        layer("layer norm", |s| (LayerNorm::new(s.inputs), Affine::new(s.inputs, s.outputs)))
            // Where all numbers are equal the division by their spread is as good as a kink.
            .kink(|_, _, x| if x.len() == 1 { f64::INFINITY } else { naive::spread(x) / 4.0 }),
        layer("convolution", |s| Conv2d::new(image(s), s.outputs, (2, 2)).activation(Activation::Tanh)),
        layer("convolution, strided, padded, dilated", |s| {
            Conv2d::new(image(s), s.outputs, (2, 2)).stride((2, 1)).padding((1, 2)).dilation((2, 1)).without_bias()
        }),
        layer("convolution of one dimension", |s| {
            Conv2d::new_1d(s.inputs, s.width + 2, s.outputs, 2).padding((0, 1)).activation(Activation::Gelu)
        }),
        layer("mean pooling", |s| {
            let first = Conv2d::new(image(s), s.outputs, (1, 2)).activation(Activation::Sigmoid);
            (first, AvgPool2d::new(first.output(), (2, 2)).stride((1, 1)))
        }),
        layer("max pooling", |s| {
            let pool = MaxPool2d::new(image(s), (2, 2)).stride((1, 1));
            (pool, Affine::new(pool.output().len(), s.outputs))
        })
        // Drawn at random two numbers of a window are soon too near: their ranks, evenly spaced, are not.
        .input(|s, x| x.chunks_exact_mut(image(s).height * image(s).width).for_each(naive::space_out))
        .kink(|s, _, x| naive::gap_in_windows(x, image(s), (2, 2))),
        layer("recurrent tanh", |s| Recurrent::new(Cell::Tanh, sequence(s), s.hidden)),
        layer("recurrent gru", |s| Recurrent::new(Cell::Gru, sequence(s), s.hidden)),
        layer("recurrent lstm, every step", |s| Recurrent::new(Cell::Lstm, sequence(s), s.hidden).every_step()),
        layer("one step of an lstm", |s| RecurrentCell::new(Cell::Lstm, s.inputs, s.hidden)),
        layer("recurrent with lengths", |s| Recurrent::new(Cell::Gru, sequence(s), s.hidden).with_lengths())
            // The steps of the differences must not round to another length.
            .input(|s, x| x[0] = (1.0 + (x[0].abs() * 7.0).floor() % (s.height + 1) as f64).floor()),
    ]
}
