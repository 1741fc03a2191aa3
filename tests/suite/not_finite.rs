//! NaN and overflow on the way through a layer: what is no number stays none until somebody looks. A rectifier, a maximum, a
//! saturated activation or a probability must not make a number of it.

use crate::cases::Numbers;
use crate::erased::AnyLayer;
use crate::tables::{LayerRow, Sizes, layers};
use residual::layer::{Cell, Image, Sequence};
use residual::nalgebra::{DMatrix, dmatrix};
use residual::{
    Activation, Affine, BinaryCrossEntropy, Conv2d, CrossEntropy, Dense, Fitted, Layer, Loss, MaxPool2d, Predictor,
    Real, Recurrent, Result, SquaredError, Stack,
};

const ODD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// A layer with θ and a block x.
struct Drawn<T: Real> {
    layer: Box<dyn AnyLayer<T>>,
    theta: Vec<T>,
    x: DMatrix<T>,
}

fn draw<T: Real>(row: &LayerRow<T>, samples: usize, seed: u64) -> Drawn<T> {
    let mut numbers = Numbers::new(seed);
    let mut size = |least: usize, most: usize| least + numbers.below(most - least + 1);
    let sizes =
        Sizes { inputs: size(1, 4), outputs: size(1, 3), hidden: size(1, 3), height: size(0, 2), width: size(0, 2) };
    let layer = (row.make)(sizes);
    let theta = (0..layer.layout().len()).map(|_| T::of(numbers.within(1.0))).collect();
    let mut x = DMatrix::zeros(layer.widths().0, samples);
    for mut column in x.column_iter_mut() {
        let mut sample: Vec<f64> = (0..column.len()).map(|_| numbers.within(1.0)).collect();
        (row.legalize)(sizes, &mut sample);
        column.iter_mut().zip(sample).for_each(|(x, drawn)| *x = T::of(drawn));
    }
    Drawn { layer, theta, x }
}

/// Every output that a number can change, by growing or by falling, is not finite where the number is not; the others keep
/// their bits.
fn follows<T: Real>(name: &str, at: &str, z: impl Fn(Option<T>) -> DMatrix<T>) {
    let (start, high, low) = (z(None), z(Some(T::of(1e3))), z(Some(T::of(-1e3))));
    for odd in ODD {
        let found = z(Some(T::of(odd)));
        for (i, &found) in found.iter().enumerate() {
            if high[i] != start[i] || low[i] != start[i] {
                assert!(!found.is_finite(), "{name}: {odd} {at} gives output {i} = {found}");
            } else if found.is_finite() {
                assert!(found == start[i], "{name}: {odd} {at} changes output {i}");
            }
        }
    }
}

fn no_layer_hides_what_is_not_finite<T: Real>() {
    for row in layers::<T>() {
        for (seed, samples) in [1, 2, 3, 5, 8, 9, 17, 33].into_iter().enumerate() {
            let Drawn { layer, theta, x } = draw(&row, samples, seed as u64);
            let mut numbers = Numbers::new(seed as u64 + 100);
            for _ in 0..12 {
                let (j, i) = (numbers.below(x.nrows()), numbers.below(samples));
                follows(row.name, &format!("at ({j}, {i}) of {samples} columns"), |odd| {
                    let mut x = x.clone();
                    x[(j, i)] = odd.unwrap_or(x[(j, i)]);
                    layer.predict(&theta, &x)
                });
                let j = numbers.below(theta.len());
                follows(row.name, &format!("as parameter {j} of {}", theta.len()), |odd| {
                    let mut theta = theta.clone();
                    theta[j] = odd.unwrap_or(theta[j]);
                    layer.predict(&theta, &x)
                });
            }
        }
    }
}

#[test]
fn no_layer_hides_what_is_not_finite_f64() {
    no_layer_hides_what_is_not_finite::<f64>();
}

#[test]
fn no_layer_hides_what_is_not_finite_f32() {
    no_layer_hides_what_is_not_finite::<f32>();
}

const ACTIVATIONS: [Activation; 7] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Gelu,
    Activation::Silu,
];

/// In whole registers of the processor and in what is left over.
fn no_activation_hides_it_in_a_block_of_any_length<T: Real>() {
    for activation in ACTIVATIONS {
        for len in 1..70 {
            let layer = Dense::new(1, len, activation).without_bias();
            for (at, odd) in (0..len).zip(ODD.into_iter().cycle()) {
                let theta: Vec<T> =
                    (0..len).map(|j| if j == at { T::of(odd) } else { T::of(j as f64 - 3.5) }).collect();
                let (mut z, mut tape) = (DMatrix::zeros(len, 1), Default::default());
                layer.forward(&theta, &DMatrix::from_element(1, 1, T::one()), &mut z, &mut tape);
                for j in 0..len {
                    assert_eq!(z[j].is_finite(), j != at, "{activation:?} of {odd}: {j} of {len} is {}", z[j]);
                }
                let mut dz = DMatrix::from_element(len, 1, T::one());
                let x = DMatrix::from_element(1, 1, T::one());
                layer.backward(&theta, &x, &mut dz, &mut tape, &mut vec![T::zero(); len], None);
                if odd.is_nan() && activation != Activation::Identity {
                    assert!(!dz[at].is_finite(), "{activation:?}′ of NaN: {at} of {len} is {}", dz[at]);
                }
            }
        }
    }
}

#[test]
fn no_activation_hides_it_in_a_block_of_any_length_f64() {
    no_activation_hides_it_in_a_block_of_any_length::<f64>();
}

#[test]
fn no_activation_hides_it_in_a_block_of_any_length_f32() {
    no_activation_hides_it_in_a_block_of_any_length::<f32>();
}

#[test]
fn activations_and_slopes_of_nan_are_nan() {
    for activation in ACTIVATIONS {
        assert!(activation.value(f64::NAN).is_nan() && activation.value(f32::NAN).is_nan(), "{activation:?}");
        if activation != Activation::Identity {
            assert!(activation.slope(f64::NAN).is_nan() && activation.slope(f32::NAN).is_nan(), "{activation:?}");
        }
    }
    // The limits of the functions themselves.
    assert_eq!(Activation::Relu.value(f64::NEG_INFINITY), 0.0);
    assert_eq!(Activation::Tanh.value(f64::INFINITY), 1.0);
    assert_eq!(Activation::Sigmoid.value(f64::NEG_INFINITY), 0.0);
}

/// Values and gradients of the losses at NaN, alone and in blocks of any length.
#[test]
fn no_loss_hides_a_score_that_is_nan() {
    for row in crate::tables::losses::<f64>() {
        let mut numbers = Numbers::new(3);
        for k in 1..5 {
            let y = numbers.target(row.target, k);
            for at in 0..k {
                let mut z: Vec<f64> = (0..k).map(|_| numbers.within(3.0)).collect();
                z[at] = f64::NAN;
                let mut dz = vec![0.0; k];
                let place = format!("{}, {at} of {k}", row.name);
                assert!(row.loss.value(&z, &y).is_nan(), "{place}");
                assert!(row.loss.gradient(&z, &y, &mut dz).is_nan() && dz[at].is_nan(), "{place}: {dz:?}");
                row.loss.respond(&mut z);
                assert!(z[at].is_nan(), "{place}: {z:?}");
            }
            for (samples, weighted) in [(1, false), (3, true), (9, false), (40, true), (133, false)] {
                let y: Vec<f64> = (0..samples).flat_map(|_| numbers.target(row.target, k)).collect();
                let weights = vec![0.5; samples];
                let weights = weighted.then_some(&weights[..]);
                for _ in 0..20 {
                    let mut z: Vec<f64> = (0..k * samples).map(|_| numbers.within(3.0)).collect();
                    let at = numbers.below(z.len());
                    z[at] = f64::NAN;
                    let mut dz = vec![0.0; z.len()];
                    let place = format!("{}, {at} of {samples} × {k}", row.name);
                    assert!(row.loss.block_value(&z, &y, k, weights).is_nan(), "{place}");
                    assert!(row.loss.block_gradient(&z, &y, k, weights, 1.0, &mut dz).is_nan(), "{place}");
                    assert!(dz[at].is_nan(), "{place}: {}", dz[at]);
                    row.loss.block_respond(&mut z, k);
                    assert!(z[at].is_nan(), "{place}: {}", z[at]);
                }
            }
        }
    }
}

/// Every prediction for these rows, alone and together, is right or an error.
fn right_or_an_error<T: Real, N: Layer<T>, L: Loss<T>>(model: Result<Fitted<T, N, L>>, x: &DMatrix<T>, truth: &[f64]) {
    let model = model.unwrap();
    let check = |found: Result<DMatrix<T>>, truth: &[f64]| {
        let Ok(found) = found else { return false };
        let found: Vec<f64> = found.iter().map(|z| z.to_f64()).collect();
        let right = found.iter().zip(truth).all(|(found, truth)| (found - truth).abs() <= 1e-5 * truth.abs());
        assert!(right, "{found:?} is not {truth:?}");
        true
    };
    check(model.predict(x), truth);
    let k = truth.len() / x.nrows();
    for i in 0..x.nrows() {
        let row: Vec<f64> = (0..k).map(|c| truth[i + c * x.nrows()]).collect();
        check(model.predict(&x.rows(i, 1).into_owned()), &row);
    }
}

/// The second layer sees ∞ − ∞.
#[test]
fn a_rectifier_does_not_hide_infinity_minus_infinity() {
    let relu = |inputs, outputs| Dense::new(inputs, outputs, Activation::Relu);
    let layer = Stack::new(vec![relu(1, 2), relu(2, 1), Dense::new(1, 1, Activation::Identity)]).unwrap();
    let theta = [1e200, 1e200, 0.0, 0.0, 1.0, -0.5, 0.0, 1.0, 3.0].to_vec();
    let model = Fitted::from_params(layer, SquaredError, theta).unwrap();
    let error = model.predict(&dmatrix![1e200]).unwrap_err().to_string();
    assert!(error.contains("prediction"), "{error}");
    assert!((1..40).all(|n| model.predict(&DMatrix::from_element(n, 1, 1e200)).is_err()));
    assert_eq!(model.predict(&dmatrix![1.0]).unwrap()[0], 5e199);
}

/// x · w whose first two terms overflow to +∞ although the sum is −10³⁰⁸.
const FALSE_SIGN: [f64; 4] = [1e154, 1e154, -1.5e154, -1.5e154];

#[test]
fn an_overflow_on_the_way_is_not_saturated() {
    let x = DMatrix::from_element(3, 4, 1e154);
    for (activation, saturated) in [(Activation::Relu, 0.0), (Activation::Tanh, -1.0), (Activation::Sigmoid, 0.0)] {
        for turn in [1.0, -1.0] {
            let layer = (Dense::new(4, 1, activation).without_bias(), Affine::new(1, 1));
            let theta: Vec<f64> = FALSE_SIGN.iter().map(|w| w * turn).chain([1.0, 5.0]).collect();
            let truth = match (activation, turn > 0.0) {
                (_, true) => 5.0 + saturated,
                (Activation::Relu, false) => 1e308,
                (_, false) => 6.0,
            };
            right_or_an_error(Fitted::from_params(layer, SquaredError, theta), &x, &[truth; 3]);
        }
    }
}

#[test]
fn an_overflow_on_the_way_is_no_probability() {
    let x = DMatrix::from_element(3, 4, 1e154);
    for turn in [1.0, -1.0] {
        let theta: Vec<f64> = FALSE_SIGN.iter().map(|w| w * turn).collect();
        let p = if turn > 0.0 { 0.0 } else { 1.0 };
        let affine = Affine::new(4, 1).without_bias();
        right_or_an_error(Fitted::from_params(affine, CrossEntropy, theta.clone()), &x, &[p; 3]);
        right_or_an_error(Fitted::from_params(affine, BinaryCrossEntropy, theta), &x, &[p; 3]);
        // The same beside a score of 0, the classes in both orders.
        for first in [true, false] {
            let w = FALSE_SIGN.iter().flat_map(|w| if first { [w * turn, 0.0] } else { [0.0, w * turn] });
            let truth = if first { [p, p, p, 1.0 - p, 1.0 - p, 1.0 - p] } else { [1.0 - p, 1.0 - p, 1.0 - p, p, p, p] };
            let affine = Affine::new(4, 2).without_bias();
            right_or_an_error(Fitted::from_params(affine, CrossEntropy, w.collect()), &x, &truth);
        }
    }
}

#[test]
fn an_overflow_on_the_way_is_no_maximum() {
    // Two sums of four numbers each, then a window over both.
    let image = Image { channels: 1, height: 1, width: 8 };
    let convolution = Conv2d::new(image, 1, (1, 4)).stride((1, 4)).without_bias();
    for window in [(1, 2), (1, 1)] {
        let pool = MaxPool2d::new(convolution.output(), window);
        // The first sum is 10³⁰⁸ and comes out as −∞, the second is −1e154: what a maximum would show instead.
        let x = DMatrix::from_row_slice(1, 8, &[-1e154, -1e154, -1e154, -1e154, -1.0, 0.0, 0.0, 0.0]);
        let truth: &[f64] = if window.1 == 2 { &[1e308] } else { &[1e308, -1e154] };
        right_or_an_error(Fitted::from_params((convolution, pool), SquaredError, FALSE_SIGN.to_vec()), &x, truth);
    }
}

#[test]
fn an_overflow_on_the_way_is_no_state() {
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let layer = Recurrent::new(cell, Sequence { steps: 1, features: 4 }, 1);
        let gates = match cell {
            Cell::Tanh => 1,
            Cell::Gru => 3,
            Cell::Lstm => 4,
        };
        for turn in [1.0, -1.0] {
            // All gates see the sum.
            let w_ih = FALSE_SIGN.iter().flat_map(|w| std::iter::repeat_n(w * turn, gates));
            let theta = w_ih.chain(std::iter::repeat_n(0.0, 3 * gates)).collect();
            let truth = match (cell, turn > 0.0) {
                (Cell::Tanh, true) => -1.0,
                (Cell::Tanh, false) => 1.0,
                // z = 0, n = −1; z = 1, so that h stays 0.
                (Cell::Gru, true) => -1.0,
                (Cell::Gru, false) => 0.0,
                (Cell::Lstm, true) => 0.0,
                (Cell::Lstm, false) => 1f64.tanh(),
            };
            right_or_an_error(
                Fitted::from_params(layer, SquaredError, theta),
                &DMatrix::from_element(2, 4, 1e154),
                &[truth; 2],
            );
        }
    }
}

/// A length that a layer before computes as NaN.
#[test]
fn an_unknown_length_gives_no_state() {
    let lengths = Recurrent::new(Cell::Tanh, Sequence { steps: 3, features: 1 }, 1).with_lengths();
    for layer in [lengths, lengths.every_step()] {
        for odd in ODD {
            let x = DMatrix::from_column_slice(4, 2, &[odd, 0.1, 0.2, 0.3, 2.0, 0.1, 0.2, 0.3]);
            let mut z = DMatrix::zeros(Layer::<f64>::outputs(&layer), 2);
            layer.forward(&[1.0, 0.5, 0.0, 0.0], &x, &mut z, &mut Default::default());
            assert!(z.column(0).iter().all(|z| z.is_nan()) && z.column(1).iter().all(|z| z.is_finite()), "{odd}: {z}");
        }
    }
}
