//! Convolution and recurrence as regressors: inside everything that takes a regressor, and refused where illegal.

use crate::jobs;
use crate::read;
use crate::support::Numbers;
use residual::classify::Classifier;
use residual::layer::{Cell, Image, Sequence};
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::select::cross_validate;
use residual::{
    Affine, AvgPool2d, Conv2d, CrossEntropy, Dataset, Error, Fitted, Layout, MaxPool2d, Network, Predictor, Recurrent,
    Regressor, Risk, SquaredError, Standardized, data, metrics,
};

fn small_convolution() -> ((Conv2d, MaxPool2d), Affine) {
    let conv =
        Conv2d::new(Image { channels: 1, height: 8, width: 8 }, 6, (3, 3)).activation(residual::Activation::Relu);
    let pool = MaxPool2d::new(conv.output(), (2, 2));
    ((conv, pool), Affine::new(pool.output().len(), 10))
}

#[test]
fn a_convolution_classifies_labels() {
    let (train, test) = read::digits().unwrap();
    let names: Vec<String> = train.labels.iter().map(|digit| format!("digit {digit}")).collect();
    let network = Network::new(small_convolution(), CrossEntropy).solver(Trainer::adam(5e-3).epochs(12));
    let model = Classifier::new(network).fit(&train.x, &names).unwrap();
    let read = model.predict(&test.x).unwrap();
    let right = read.iter().zip(&test.labels).filter(|(read, digit)| **read == format!("digit {digit}")).count();
    assert!(right as f64 > 0.93 * test.labels.len() as f64, "{right} of {}", test.labels.len());
    let p = model.probabilities(&test.x).unwrap();
    assert!(p.row_iter().all(|row| (row.sum() - 1.0).abs() < 1e-5));
}

#[test]
fn recurrence_is_standardized_and_cross_validated() {
    // The mean of the last three of six numbers, far from 0 and large.
    let mut numbers = Numbers::new(4);
    let x: DMatrix<f64> = numbers.matrix(120, 6) * 300.0;
    let x = x.add_scalar(1000.0);
    let y = DMatrix::from_fn(120, 1, |i, _| (x[(i, 3)] + x[(i, 4)] + x[(i, 5)] - 3000.0) / 300.0);
    let set = Dataset::new(&x, &y).unwrap();
    let layer = (Recurrent::new(Cell::Gru, Sequence { steps: 6, features: 1 }, 8), Affine::new(8, 1));
    let network = Standardized::new(Network::new(layer, SquaredError).solver(Trainer::adam(0.02).epochs(60)));
    let scores = cross_validate(&network, &set, 4, 0, |y, p| metrics::r2(y, p)).unwrap();
    println!("r2 {scores:.3?}");
    assert!(scores.iter().all(|&r2| r2 > 0.9), "{scores:?}");
}

#[test]
fn illegal_lengths_are_errors_at_fit_and_at_predict() {
    let sequences: Vec<DMatrix<f64>> = (1..5).map(|steps| Numbers::new(steps as u64).matrix(steps, 2)).collect();
    let good = data::sequences_with_lengths(&sequences, 4).unwrap();
    let y = DMatrix::from_fn(4, 3, |i, _| i as f64);
    let layer = Recurrent::new(Cell::Lstm, Sequence { steps: 4, features: 2 }, 3).with_lengths();
    let network = Network::new(layer, SquaredError).solver(Trainer::adam(0.01).epochs(2));
    let model = network.fit(&Dataset::new(&good, &y).unwrap()).unwrap();
    for wrong in [0.0, -2.0, 4.5, 5.0, 1e300] {
        let mut bad = good.clone();
        bad[(2, 0)] = wrong;
        let set = Dataset::new(&bad, &y).unwrap();
        assert!(matches!(Risk::new(&set, &layer, &SquaredError, 0.0).err(), Some(Error::Input { row: 2, .. })));
        let error = network.fit(&set).err().unwrap();
        assert!(matches!(error, Error::Input { row: 2, .. }), "{error}");
        assert!(error.to_string().starts_with("input at row 2"));
        assert!(matches!(model.predict(&bad), Err(Error::Input { row: 2, .. })));
    }
    // Scaled like any other feature, a length is none any more; that is said too.
    let scaled = Standardized::new(network).fit(&Dataset::new(&good, &y).unwrap());
    assert!(matches!(scaled.err(), Some(Error::Input { row: 0, .. })));
}

#[test]
fn impossible_shapes_do_not_reach_the_fit() {
    let x = DMatrix::<f64>::zeros(3, 64);
    let y = DMatrix::<f64>::zeros(3, 10);
    let set = Dataset::new(&x, &y).unwrap();
    let image = Image { channels: 1, height: 8, width: 8 };
    let large = Conv2d::new(image, 2, (9, 1));
    assert!(matches!(
        Risk::new(&set, &large, &SquaredError, 0.0).err(),
        Some(Error::Shape { expected: 9, found: 8, .. })
    ));
    let mean = AvgPool2d::new(Image { height: 4, ..image }, (2, 2));
    assert!(matches!(
        Risk::new(&set, &mean, &SquaredError, 0.0).err(),
        Some(Error::Shape { expected: 64, found: 32, .. })
    ));
    // As many parameters as no memory holds, in a shape that the data fit.
    let filters = 1 << (usize::BITS - 24);
    let absurd = (Conv2d::new(image, filters, (8, 8)), Affine::new(filters, 10));
    let found = Network::new(absurd, SquaredError).fit(&set).err();
    assert!(matches!(found, Some(Error::Config { .. })), "{found:?}");
}

#[test]
fn a_prediction_does_not_depend_on_its_batch() {
    let (train, test) = read::digits().unwrap();
    let layer = jobs::digits();
    let theta: Vec<f32> = Layout::of::<f32, _>(&layer).initialize(3);
    let model = Fitted::from_params(layer, CrossEntropy, theta).unwrap();
    drop(train);
    let all = model.predict(&test.x).unwrap();
    for many in [1, 2, 7, 64] {
        for first in (0..test.x.nrows() - many).step_by(53) {
            assert_eq!(model.predict(test.x.rows(first, many)).unwrap(), all.rows(first, many));
        }
    }
    let (_, test) = read::vowels().unwrap();
    let x = data::sequences_with_lengths(&test.x, jobs::STEPS).unwrap();
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let layer = jobs::vowels(cell);
        let theta: Vec<f32> = Layout::of::<f32, _>(&layer).initialize(3);
        let model = Fitted::from_params(layer, CrossEntropy, theta).unwrap();
        let all = model.predict(&x).unwrap();
        for many in [1, 2, 7, 64] {
            for first in (0..x.nrows() - many).step_by(71) {
                assert_eq!(model.predict(x.rows(first, many)).unwrap(), all.rows(first, many), "{cell:?}");
            }
        }
    }
}
