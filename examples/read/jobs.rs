//! The five networks of the reference scores and one for sunspots, with their recipes: one place for tests, benches and
//! examples.
#![allow(dead_code)] // each user needs a part of it

use residual::layer::{Cell, Image, Sequence};
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::optim::rule::{Adam, ClipNorm};
use residual::{Activation::Relu, Affine, Conv2d, Dense, MaxPool2d, Recurrent};

/// The steps of the longest vowel.
pub const STEPS: usize = 29;

pub type Digits = ((Conv2d, Conv2d), (MaxPool2d, (Dense, Affine)));

/// 3×3 (8), 3×3 (16), largest of 2×2, 32, 10.
pub fn digits() -> Digits {
    let first = Conv2d::new(Image { channels: 1, height: 8, width: 8 }, 8, (3, 3)).activation(Relu);
    let second = Conv2d::new(first.output(), 16, (3, 3)).activation(Relu);
    let pool = MaxPool2d::new(second.output(), (2, 2));
    ((first, second), (pool, (Dense::new(pool.output().len(), 32, Relu), Affine::new(32, 10))))
}

pub fn digits_trainer(seed: u64) -> Trainer<Adam, f64> {
    Trainer::adam(2e-3).batch_size(32).epochs(20).seed(seed)
}

pub type LeNet = ((Conv2d, MaxPool2d), ((Conv2d, MaxPool2d), (Dense, (Dense, Affine))));

/// LeNet-5 on 28×28 pixels: 5×5 (6), largest of 2×2, 5×5 (16), largest of 2×2, 120, 84, 10.
pub fn lenet() -> LeNet {
    let first = Conv2d::new(Image { channels: 1, height: 28, width: 28 }, 6, (5, 5)).activation(Relu);
    let half = MaxPool2d::new(first.output(), (2, 2));
    let second = Conv2d::new(half.output(), 16, (5, 5)).activation(Relu);
    let quarter = MaxPool2d::new(second.output(), (2, 2));
    let top = (Dense::new(quarter.output().len(), 120, Relu), (Dense::new(120, 84, Relu), Affine::new(84, 10)));
    ((first, half), ((second, quarter), top))
}

pub fn lenet_trainer(seed: u64) -> Trainer<Adam, f64> {
    Trainer::adam(2e-3).batch_size(32).epochs(15).seed(seed)
}

pub type Vowels = (Recurrent, Affine);

/// 32 cells, the last state, 9.
pub fn vowels(cell: Cell) -> Vowels {
    let sequence = Sequence { steps: STEPS, features: 12 };
    (Recurrent::new(cell, sequence, 32).with_lengths(), Affine::new(32, 9))
}

pub fn vowels_trainer(seed: u64) -> Trainer<(ClipNorm, Adam), f64> {
    Trainer::new((ClipNorm(1.0), Adam::default()), 5e-3).batch_size(16).epochs(40).seed(seed)
}

/// How many years a prediction looks back.
pub const WINDOW: usize = 24;
/// The unit of the sunspot numbers in the windows.
pub const SUNSPOTS: f64 = 100.0;

/// The first four fifths of the windows to train, the last years to test: (x, y).
pub struct Windows {
    pub train: (DMatrix<f32>, DMatrix<f32>),
    pub test: (DMatrix<f32>, DMatrix<f32>),
}

impl Windows {
    pub fn new(series: &[(f32, f32)]) -> Self {
        let many = series.len() - WINDOW;
        let first_test = many * 4 / 5;
        let part = |from: usize, to: usize| {
            let value = |i: usize| series[from + i].1 / SUNSPOTS as f32;
            let x = DMatrix::from_fn(to - from, WINDOW, |i, t| value(i + t));
            (x, DMatrix::from_fn(to - from, 1, |i, _| value(i + WINDOW)))
        };
        Self { train: part(0, first_test), test: part(first_test, many) }
    }
}

pub type Sunspots = (Recurrent, Affine);

/// A GRU of 16 units over the window, then one number.
pub fn sunspots() -> Sunspots {
    (Recurrent::new(Cell::Gru, Sequence { steps: WINDOW, features: 1 }, 16), Affine::new(16, 1))
}

pub const SUNSPOTS_L2: f64 = 1e-4;

pub fn sunspots_trainer(seed: u64) -> Trainer<(ClipNorm, Adam), f64> {
    Trainer::new((ClipNorm(1.0), Adam::default()), 5e-3).batch_size(32).epochs(150).seed(seed)
}
