//! A prediction does not depend on which other rows are predicted with it.

use super::{noise, one_hot};
use nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{
    Activation, Affine, BinaryCrossEntropy, CrossEntropy, Dataset, Fitted, Mlp, Predictor, Real, Regressor,
    SquaredError,
};

/// Each row alone and in batches of 2, 7, 64 and 1000 of a matrix of 1000 rows, at two offsets in it.
fn check<T: Real>(model: &impl Predictor<T>, what: &str) {
    let x = noise::<T>(1000, model.features(), 5);
    let whole = model.predict(&x).unwrap();
    for size in [1, 2, 7, 64, 999] {
        for start in (0..1000 - size).step_by(if size < 8 { 41 } else { 333 }).chain([1000 - size]) {
            let rows = x.rows(start, size);
            let mut part = DMatrix::zeros(size, model.outputs());
            model.predict_into(rows, &mut part).unwrap();
            assert!(part == whole.rows(start, size), "{what}: {size} rows from {start}");
            // The same numbers in memory of their own.
            assert!(model.predict(&rows.into_owned()).unwrap() == part, "{what}: {size} rows from {start}, copied");
        }
    }
}

fn all<T: Real>() {
    for p in [1, 2, 7, 20, 64, 65, 100] {
        for (k, bias) in [(1, true), (1, false), (2, true), (3, true), (10, false), (33, true)] {
            let layer = if bias { Affine::new(p, k) } else { Affine::new(p, k).without_bias() };
            let theta = noise::<T>(p * k + if bias { k } else { 0 }, 1, 3).as_slice().to_vec();
            check(&Fitted::from_params(layer, SquaredError, theta.clone()).unwrap(), "linear");
            check(&Fitted::from_params(layer, CrossEntropy, theta.clone()).unwrap(), "logistic");
            check(&Fitted::from_params(layer, BinaryCrossEntropy, theta).unwrap(), "independent");
        }
    }
    let x = noise::<T>(64, 20, 1);
    for activation in [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::Gelu, Activation::Silu] {
        let solver = Trainer::adam(1e-2).epochs(1);
        let (y, classes) = (noise::<T>(64, 1, 2), one_hot::<T>(64, 10));
        let network = Mlp::regressor([64, 64]).activation(activation).solver(solver.clone());
        check(&network.fit(&Dataset::new(&x, &y).unwrap()).unwrap(), "network");
        let network = Mlp::classifier([13]).activation(activation).solver(solver);
        check(&network.fit(&Dataset::new(&x, &classes).unwrap()).unwrap(), "classifier");
    }
}

#[test]
fn predictions_in_f64_do_not_depend_on_the_batch() {
    all::<f64>();
}

#[test]
fn predictions_in_f32_do_not_depend_on_the_batch() {
    all::<f32>();
}
