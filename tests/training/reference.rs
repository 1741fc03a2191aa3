//! Activations, losses and a ten-step network run against reference values.

use crate::common::{matrix, one_hot, table};
use crate::files::{json, numbers};
use residual::nalgebra::DMatrix;
use residual::optim::{Every, Progress, Trainer};
use residual::{
    Activation, BinaryCrossEntropy, CrossEntropy, Dataset, Huber, Layout, Loss, Mlp, Objective, Risk, Solver,
    SquaredError,
};
use std::ops::ControlFlow;

fn near(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() <= 1e-12 * b.abs().max(1e-12), "{what}: {a:e} {b:e}");
}

#[test]
fn activations_and_their_slopes() {
    let reference = json("layers.json");
    let x = numbers(&reference["activations"]["x"]);
    let own = [
        ("sigmoid", Activation::Sigmoid),
        ("tanh", Activation::Tanh),
        ("relu", Activation::Relu),
        ("leaky_relu_0.01", Activation::LeakyRelu),
        ("silu", Activation::Silu),
        ("gelu_exact", Activation::Gelu),
    ];
    for (name, activation) in own {
        let results = reference["activations"]["results"].as_array().expect("results");
        let result = results.iter().find(|result| result["activation"] == name).expect("a result");
        for ((&x, value), slope) in x.iter().zip(numbers(&result["value"])).zip(numbers(&result["derivative"])) {
            near(activation.value(x), value, &format!("{name}({x})"));
            // The reference computes slopes as differences from 1, which costs it up to one rounding there; where a slope is
            // small, as σ′(30) = 9.3576e-14, ours has more digits.
            let bound = 1e-12 * slope.abs() + f64::EPSILON;
            assert!((activation.slope(x) - slope).abs() <= bound, "{name}′({x})");
        }
    }
}

/// The mean over rows of `loss`, and its gradient, row after row.
fn mean<L: Loss<f64>>(loss: &L, z: &[Vec<f64>], y: &[Vec<f64>], weights: &[f64]) -> (f64, Vec<f64>) {
    let total: f64 = weights.iter().sum();
    let (mut sum, mut gradient) = (0.0, Vec::new());
    for ((z, y), w) in z.iter().zip(y).zip(weights) {
        let mut dz = vec![0.0; z.len()];
        sum += w / total * loss.gradient(z, y, &mut dz);
        gradient.extend(dz.into_iter().map(|d| w / total * d));
    }
    (sum, gradient)
}

#[test]
fn losses_and_their_gradients() {
    let reference = json("layers.json");
    let case = |id: &str| {
        let losses = reference["losses"].as_array().expect("losses");
        losses.iter().find(|loss| loss["id"] == id).expect("a case").clone()
    };
    let compare = |id: &str, (value, gradient): (f64, Vec<f64>), factor: f64| {
        let case = case(id);
        near(factor * value, case["loss"].as_f64().expect("a number"), id);
        let expected: Vec<f64> = match case["grad"][0].is_array() {
            true => case["grad"].as_array().expect("rows").iter().flat_map(numbers).collect(),
            false => numbers(&case["grad"]),
        };
        gradient.iter().zip(expected).for_each(|(g, e)| near(factor * g, e, id));
    };
    let single = |values: &serde_json::Value| numbers(values).into_iter().map(|v| vec![v]).collect::<Vec<_>>();
    let (z, y) = (single(&case("mse")["pred"]), single(&case("mse")["target"]));
    compare("mse", mean(&SquaredError, &z, &y, &[1.0; 4]), 2.0); // ours has ½
    compare("huber_1", mean(&Huber { delta: 1.0 }, &z, &y, &[1.0; 4]), 1.0);
    let (z, y) = (single(&case("bce_logits")["logits"]), single(&case("bce_logits")["target"]));
    compare("bce_logits", mean(&BinaryCrossEntropy, &z, &y, &[1.0; 5]), 1.0);
    compare("bce_logits", mean(&CrossEntropy, &z, &y, &[1.0; 5]), 1.0);
    let z: Vec<Vec<f64>> = case("cross_entropy")["logits"].as_array().expect("rows").iter().map(numbers).collect();
    let mixed = |share: f64| {
        let row = |c: usize| (0..3).map(|j| share * f64::from(u8::from(j == c)) + (1.0 - share) / 3.0).collect();
        [2, 1, 0].into_iter().map(row).collect::<Vec<Vec<f64>>>()
    };
    compare("cross_entropy", mean(&CrossEntropy, &z, &mixed(1.0), &[1.0; 3]), 1.0);
    compare("cross_entropy_smoothing_0.1", mean(&CrossEntropy, &z, &mixed(0.9), &[1.0; 3]), 1.0);
    // Class weights 1, 2, ½ of the classes 2, 1, 0 of the three rows, through the data set's own.
    let x = DMatrix::from_row_slice(3, 3, &z.concat());
    let y = DMatrix::from_row_slice(3, 3, &mixed(1.0).concat());
    let data = Dataset::new(&x, &y).expect("data").with_class_weights(&[1.0, 2.0, 0.5]).expect("weights");
    compare("cross_entropy_class_weights", mean(&CrossEntropy, &z, &mixed(1.0), data.weights().expect("weights")), 1.0);
}

/// logits = W₂ tanh(W₁ x + b₁) + b₂ on iris, full batch: the gradient at the start, the loss before each of 11 steps and the
/// parameters after 10, by gradient descent and by Adam.
#[test]
fn ten_steps_of_a_network() {
    let reference = json("layers.json");
    let run = &reference["mlp_training"];
    let rows = table("iris.csv");
    let mut x: DMatrix<f64> = matrix(&rows, 0..4, 1.0);
    for (j, centre) in [5.8, 3.0, 3.7, 1.2].into_iter().enumerate() {
        x.column_mut(j).add_scalar_mut(-centre);
    }
    let labels: Vec<&str> = rows.iter().map(|row| row[4].as_str()).collect();
    let data = Dataset::new(&x, &one_hot(&labels)).map(drop);
    assert!(data.is_ok());
    let y = one_hot(&labels);
    let data = Dataset::new(&x, &y).expect("data");
    let net = Mlp::classifier([5]).activation(Activation::Tanh).layers(4, 3).expect("layers");
    // θ of a JSON object with row-major matrices.
    let theta = |object: &serde_json::Value| -> Vec<f64> {
        let columns = |name: &str| {
            let rows: Vec<Vec<f64>> = object[name].as_array().expect("rows").iter().map(numbers).collect();
            (0..rows[0].len()).flat_map(|j| rows.iter().map(|row| row[j]).collect::<Vec<_>>()).collect::<Vec<f64>>()
        };
        [columns("W1"), numbers(&object["b1"]), columns("W2"), numbers(&object["b2"])].concat()
    };
    let start = theta(&run["start"]);
    assert_eq!(start.len(), Layout::of::<f64, _>(&net).len());
    let mut risk = Risk::new(&data, &net, &CrossEntropy, 0.0).expect("a risk");
    let mut grad = vec![0.0; start.len()];
    risk.gradient(&start, &mut grad);
    let largest = |values: &[f64]| values.iter().fold(0.0, |max: f64, v| max.max(v.abs()));
    let compare = |ours: &[f64], theirs: &[f64], what: &str| {
        let scale = largest(theirs);
        ours.iter().zip(theirs).for_each(|(a, b)| assert!((a - b).abs() < 1e-12 * scale, "{what}: {a:e} {b:e}"));
    };
    compare(&grad, &theta(&run["gradient_at_start"]), "gradient");
    let [gd, adam] = [&run["runs"][0], &run["runs"][1]];
    for full_batch in [true, false] {
        for (expected, which) in [(gd, "gd"), (adam, "adam")] {
            let mut losses = vec![risk.value(&start)];
            let mut watch = Every(1, |progress: &Progress<'_, f64>| {
                losses.push(progress.value());
                ControlFlow::Continue(())
            });
            // One batch of everything is the same step as the full batch.
            let batch = |trainer: Trainer<_, f64>| trainer.epochs(10).batch_size(150).loss_target(0.0);
            let solution = match (which, full_batch) {
                ("gd", true) => Trainer::gd(0.5).epochs(10).minimize(&mut risk, start.clone(), &mut watch),
                ("gd", false) => batch(Trainer::sgd(0.5)).minimize(&mut risk, start.clone(), &mut watch),
                (_, true) => Trainer::adam(0.05).full_batch().epochs(10).minimize(&mut risk, start.clone(), &mut watch),
                (_, false) => {
                    let adam = Trainer::adam(0.05).epochs(10).batch_size(150).loss_target(0.0);
                    adam.minimize(&mut risk, start.clone(), &mut watch)
                }
            };
            let solution = solution.expect("a fit");
            compare(&losses, &numbers(&expected["loss_before_step_1_to_11"]), which);
            compare(&solution.params, &theta(&expected["final"]), which);
        }
    }
}
