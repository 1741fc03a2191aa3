//! Where networks start: the output's bias of every layer, the best constant of every loss, and both in a risk.

use crate::cases::{Numbers, runner};
use crate::tables::{LossRow, Sizes, Target, layers, losses};
use proptest::prelude::*;
use residual::layer::{Dropout, Image};
use residual::nalgebra::DMatrix;
use residual::{
    Activation, Affine, Conv2d, CrossEntropy, Dataset, Dense, Huber, Layer, LayerNorm, Layout, Loss, Mlp, Real, Risk,
    SquaredError, check,
};

/// z shifts by what is added to the output's bias, whatever θ and x are, and by nothing else.
#[test]
fn an_output_bias_only_shifts_the_outputs() {
    let sizes = Sizes { inputs: 3, outputs: 2, hidden: 2, height: 1, width: 2 };
    let mut numbers = Numbers::new(1);
    let mut biased = Vec::new();
    for row in layers::<f64>() {
        let layer = (row.make)(sizes);
        let Some(bias) = layer.output_bias() else { continue };
        biased.push(row.name);
        let (inputs, outputs) = layer.widths();
        assert_eq!(bias.len(), outputs, "{}", row.name);
        let mut x = DMatrix::from_fn(inputs, 4, |_, _| numbers.within(2.0));
        x.as_mut_slice().chunks_exact_mut(inputs).for_each(|x| (row.legalize)(sizes, x));
        let mut theta: Vec<f64> = (0..layer.layout().len()).map(|_| numbers.within(1.0)).collect();
        let before = layer.predict(&theta, &x);
        let shifts: Vec<f64> = bias.clone().map(|_| numbers.within(5.0)).collect();
        theta[bias].iter_mut().zip(&shifts).for_each(|(b, shift)| *b += shift);
        let after = layer.predict(&theta, &x);
        for (c, shift) in shifts.iter().enumerate() {
            let wrong = (after.row(c) - before.row(c)).add_scalar(-shift).amax();
            assert!(wrong < 1e-14, "{}: {wrong}", row.name);
        }
    }
    let expected = ["affine", "dense identity", "pair", "stack of three, tanh", "stack of three, relu", "layer norm"];
    assert!(expected.iter().all(|name| biased.contains(name)), "{biased:?}");
}

#[test]
fn layers_that_have_no_output_bias_say_so() {
    let none = |layer: &dyn Fn() -> Option<std::ops::Range<usize>>| assert_eq!(layer(), None);
    none(&|| Layer::<f64>::output_bias(&Affine::new(3, 2).without_bias()));
    none(&|| Layer::<f64>::output_bias(&Dense::new(3, 2, Activation::Identity).without_bias()));
    none(&|| Layer::<f64>::output_bias(&Dense::new(3, 2, Activation::Relu)));
    none(&|| Layer::<f64>::output_bias(&Dense::new(3, 2, Activation::Identity).dropout(0.5)));
    none(&|| Layer::<f64>::output_bias(&(Affine::new(3, 2), Dropout::new(2, 0.5))));
    let whole = Conv2d::new(Image { channels: 2, height: 2, width: 3 }, 4, (2, 3));
    assert_eq!(Layer::<f64>::output_bias(&whole), Some(48..52));
    none(&|| Layer::<f64>::output_bias(&whole.padding((1, 0))));
    none(&|| Layer::<f64>::output_bias(&whole.activation(Activation::Tanh)));
    assert_eq!(Layer::<f64>::output_bias(&(Affine::new(3, 2), LayerNorm::new(2))), Some(10..12));
}

/// Σ w ∂ℓ/∂z over all samples at the constant scores z, over Σ w.
fn slope<T: Real>(row: &LossRow<T>, y: &[T], weights: &[T], z: &[T]) -> Vec<f64> {
    let (mut sum, mut dz) = (vec![0.0; z.len()], vec![T::zero(); z.len()]);
    let total: f64 = weights.iter().map(|w| w.to_f64()).sum();
    for (y, w) in y.chunks_exact(z.len()).zip(weights) {
        row.loss.gradient(z, y, &mut dz);
        sum.iter_mut().zip(&dz).for_each(|(sum, dz)| *sum += w.to_f64() / total * dz.to_f64());
    }
    sum
}

fn best_constants<T: Real>(tolerance: f64) {
    for row in losses::<T>() {
        let delta = match row.name {
            "huber" => Some(1.0),
            "huber 0.3" => Some(0.3),
            _ => None,
        };
        let test = |(seed, n, k, scale): (u64, usize, usize, i32)| {
            let mut numbers = Numbers::new(seed);
            let y: Vec<T> = (0..n).flat_map(|_| numbers.target(row.target, k)).map(T::of).collect();
            // Whole numbers, so that a weight is a number of repetitions; the first is positive.
            let times: Vec<usize> = (0..n).map(|i| if i == 0 { 2 } else { numbers.below(4) }).collect();
            let weights: Vec<T> = times.iter().map(|&w| T::of(w as f64 * 2f64.powi(scale))).collect();
            let mut z = vec![T::zero(); k];
            row.loss.best_constant(&y, Some(&weights), &mut z);
            let at = |z: &[T]| slope(&row, &y, &weights, z);
            if let Some(delta) = delta {
                // The median is within δ of the minimum.
                let moved = |by: f64| -> Vec<T> { z.iter().map(|&z| z + T::of(by)).collect() };
                prop_assert!(at(&moved(delta)).iter().all(|&slope| slope >= -tolerance), "{:?}", z);
                prop_assert!(at(&moved(-delta)).iter().all(|&slope| slope <= tolerance), "{:?}", z);
            } else {
                // No probability below 1e-4: what that leaves is at most as much.
                let slope = at(&z);
                prop_assert!(slope.iter().all(|slope| slope.abs() <= 1.1e-4 * k as f64 + tolerance), "{:?}", slope);
                let total: f64 = weights.iter().map(|w| w.to_f64()).sum();
                let mean =
                    |c: usize| -> f64 { (0..n).map(|i| weights[i].to_f64() / total * y[i * k + c].to_f64()).sum() };
                let free = row.target == Target::Number || (0..k).all(|c| (1e-4..=1.0 - 1e-4).contains(&mean(c)));
                prop_assert!(!free || slope.iter().all(|slope| slope.abs() <= tolerance), "{:?}", slope);
            }
            // A weight is a number of repetitions; without weights each sample counts once.
            let repeated: Vec<T> = y.chunks_exact(k).zip(&times).flat_map(|(y, &times)| y.repeat(times)).collect();
            let mut same = vec![T::zero(); k];
            row.loss.best_constant(&repeated, None, &mut same);
            for (a, b) in z.iter().zip(&same) {
                prop_assert!((a.to_f64() - b.to_f64()).abs() <= tolerance * (1.0 + b.to_f64().abs()), "{} {}", a, b);
            }
            Ok(())
        };
        let cases = (any::<u64>(), 1..9usize, 1..4usize, prop_oneof![Just(0), Just(-100), Just(100)]);
        runner(200).run(&cases, test).unwrap_or_else(|error| panic!("{}: {error}", row.name));
    }
}

#[test]
fn constants_are_where_the_mean_loss_has_no_slope() {
    best_constants::<f64>(1e-12);
    best_constants::<f32>(1e-5);
}

/// The whole of a start: the layer's own numbers, and the constant where the output's bias lies.
#[test]
fn a_risk_starts_at_the_constant() {
    let x = DMatrix::from_fn(4, 2, |i, j| (i + j) as f64);
    let y = DMatrix::from_row_slice(4, 2, &[100.0, -3.0, 200.0, -3.0, 300.0, -3.0, 1e9, 1e9]);
    let weights = [1.0, 2.0, 1.0, 0.0];
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let net = Mlp::regressor([5]).layers(2, 2).unwrap();
    let own: Vec<f64> = Layout::of::<f64, _>(&net).initialize(7);
    let start = Risk::new(&data, &net, &SquaredError, 0.0).unwrap().start(7);
    assert_eq!(start[..own.len() - 2], own[..own.len() - 2]);
    assert_eq!(start[own.len() - 2..], [200.0, -3.0]);
    // A layer without an output bias, and a loss that says nothing, leave the layer's own start.
    let relu = Dense::new(2, 2, Activation::Relu);
    let own: Vec<f64> = Layout::of::<f64, _>(&relu).initialize(7);
    assert_eq!(Risk::new(&data, &relu, &SquaredError, 0.0).unwrap().start(7), own);
    struct Quiet;
    impl Loss<f64> for Quiet {
        fn value(&self, z: &[f64], y: &[f64]) -> f64 {
            SquaredError.value(z, y)
        }
        fn gradient(&self, z: &[f64], y: &[f64], dz: &mut [f64]) -> f64 {
            SquaredError.gradient(z, y, dz)
        }
        fn respond(&self, _: &mut [f64]) {}
        fn accepts(&self, _: &[f64]) -> Result<(), &'static str> {
            Ok(())
        }
    }
    check::loss(&Quiet, &[1.0, 2.0], &[0.5, 0.0]).assert_below(1e-8);
    let affine = Affine::new(2, 2);
    let start = Risk::new(&data, &affine, &Quiet, 0.0).unwrap().start(7);
    assert_eq!(start[4..], [0.0, 0.0]);
}

/// Numbers at the ends of the range, classes that are not there, outliers: the start is finite, and sensible.
#[test]
fn starts_at_the_extremes_are_finite() {
    fn start<T: Real>(y: &[f64], loss: &impl Loss<T>) -> Vec<f64> {
        let (x, y) = (DMatrix::from_element(y.len(), 1, T::one()), DMatrix::from_fn(y.len(), 1, |i, _| T::of(y[i])));
        let (data, layer) = (Dataset::new(&x, &y).unwrap(), Affine::new(1, 1));
        let start = Risk::new(&data, &layer, loss, 0.0).unwrap().start(0);
        start.into_iter().map(|t| t.to_f64()).collect()
    }
    for y in [[f64::MAX; 3], [f64::MAX, -f64::MAX, f64::MAX], [5e-324, 5e-324, 0.0], [1e200, -1e200, 1e-200]] {
        assert!(start::<f64>(&y, &SquaredError).iter().all(|t| t.is_finite()), "{y:?}");
        assert!(start::<f64>(&y, &Huber::default()).iter().all(|t| t.is_finite()), "{y:?}");
    }
    let single = f64::from(f32::MAX);
    assert!(start::<f32>(&[single; 3], &SquaredError).iter().all(|t| t.is_finite()));
    assert_eq!(start::<f64>(&[1.0, 3.0, 1e30], &Huber::default())[1], 3.0);
    // One class only: likely, not certain.
    let sure = start::<f64>(&[1.0; 3], &CrossEntropy)[1];
    assert!(sure > 5.0 && sure < 10.0, "{sure}");
    let x = DMatrix::from_element(2, 1, 1.0);
    let y = DMatrix::from_row_slice(2, 3, &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    let (data, layer) = (Dataset::new(&x, &y).unwrap(), Affine::new(1, 3));
    let start: Vec<f64> = Risk::new(&data, &layer, &CrossEntropy, 0.0).unwrap().start(0);
    let mut p = start[3..].to_vec();
    CrossEntropy.respond(&mut p);
    assert!((p[0] - 0.5).abs() < 1e-3 && p[0] == p[1] && p[2] > 5e-5, "{p:?}");
}
