//! The cases of `layers.json`: forward values and gradients computed elsewhere.

use crate::files::json;
use crate::support::{both, forward};
use residual::layer::{Cell, Image, RecurrentCell, Sequence};
use residual::nalgebra::DMatrix;
use residual::{AvgPool2d, Conv2d, Layer, LayerNorm, MaxPool2d, Recurrent};
use serde_json::Value;

fn reference(id: &str) -> Value {
    let all = json("layers.json");
    let case = all["layers"].as_array().unwrap().iter().find(|case| case["id"] == id);
    case.unwrap_or_else(|| panic!("layers.json has no {id}")).clone()
}

/// All numbers in order, and the sizes of the axes.
fn flat(value: &Value) -> (Vec<f64>, Vec<usize>) {
    let mut sizes = Vec::new();
    let mut inner = value;
    while let Some(list) = inner.as_array() {
        sizes.push(list.len());
        inner = &list[0];
    }
    let mut numbers = Vec::new();
    collect(value, &mut numbers);
    (numbers, sizes)
}

fn collect(value: &Value, numbers: &mut Vec<f64>) {
    match value.as_array() {
        Some(list) => list.iter().for_each(|value| collect(value, numbers)),
        None => numbers.push(value.as_f64().unwrap()),
    }
}

/// Samples of the first axis as columns.
fn columns(value: &Value) -> DMatrix<f64> {
    let (numbers, sizes) = flat(value);
    DMatrix::from_vec(numbers.len() / sizes[0], sizes[0], numbers)
}

/// A matrix whose rows are the first axis, column-major.
fn column_major(value: &Value) -> Vec<f64> {
    columns(value).transpose().as_slice().to_vec()
}

fn image(value: &Value) -> Image {
    match flat(value).1[..] {
        [_, channels, height, width] => Image { channels, height, width },
        [_, channels, width] => Image { channels, height: 1, width },
        _ => unreachable!(),
    }
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{what}[{i}]: {found} for {expected}");
    }
}

fn compare<L: Layer<f64>>(case: &Value, layer: &L, theta: &[f64], gradient: Vec<f64>) {
    assert_eq!(layer.check(), Ok(()));
    let x = columns(&case["inputs"]["x"]);
    let (z, dtheta, dx) = both(layer, theta, &x, &columns(&case["upstream"]));
    close("output", z.as_slice(), columns(&case["output"]).as_slice());
    close("gradient of θ", &dtheta, &gradient);
    close("gradient of x", dx.as_slice(), columns(&case["grad"]["x"]).as_slice());
}

fn convolution(id: &str, build: impl Fn(Conv2d) -> Conv2d) {
    let case = reference(id);
    let (inputs, grad) = (&case["inputs"], &case["grad"]);
    let sizes = flat(&inputs["W"]).1;
    let kernel = if sizes.len() == 4 { (sizes[2], sizes[3]) } else { (1, sizes[2]) };
    let layer = build(Conv2d::new(image(&inputs["x"]), sizes[0], kernel));
    let output = image(&case["output"]);
    assert_eq!(layer.output(), output);
    let theta = [column_major(&inputs["W"]), flat(&inputs["b"]).0].concat();
    compare(&case, &layer, &theta, [column_major(&grad["W"]), flat(&grad["b"]).0].concat());
}

#[test]
fn conv2d() {
    convolution("conv2d", |layer| layer);
}

#[test]
fn conv2d_stride_pad() {
    let case = reference("conv2d_stride_pad");
    let pair = |name: &str| {
        let list = flat(&case[name]).0;
        (list[0] as usize, list[1] as usize)
    };
    convolution("conv2d_stride_pad", |layer| layer.stride(pair("stride")).padding(pair("padding")));
}

#[test]
fn conv2d_dilation() {
    convolution("conv2d_dilation", |layer| layer.dilation((2, 2)));
}

#[test]
fn conv1d() {
    convolution("conv1d", |layer| {
        let Image { channels, width, .. } = layer.image();
        let one = Conv2d::new_1d(channels, width, 2, 3);
        assert_eq!(one, layer);
        one.padding((0, 1))
    });
}

#[test]
fn max_pooling() {
    for (id, size, stride) in [("maxpool2d", (2, 2), (2, 2)), ("maxpool2d_overlap", (3, 3), (1, 1))] {
        let case = reference(id);
        let pool = MaxPool2d::new(image(&case["inputs"]["x"]), size);
        // Unless it is set, the stride is the window.
        let pool = if stride == size { pool } else { pool.stride(stride) };
        compare(&case, &pool, &[], Vec::new());
    }
}

#[test]
fn average_pooling() {
    let case = reference("avgpool2d");
    compare(&case, &AvgPool2d::new(image(&case["inputs"]["x"]), (2, 2)), &[], Vec::new());
}

#[test]
fn layer_norm() {
    let case = reference("layernorm");
    let (inputs, grad) = (&case["inputs"], &case["grad"]);
    let theta = [flat(&inputs["gamma"]).0, flat(&inputs["beta"]).0].concat();
    compare(&case, &LayerNorm::new(4), &theta, [flat(&grad["gamma"]).0, flat(&grad["beta"]).0].concat());
}

fn theta_of(of: &Value) -> Vec<f64> {
    [column_major(&of["W_ih"]), column_major(&of["W_hh"]), flat(&of["b_ih"]).0, flat(&of["b_hh"]).0].concat()
}

/// From a given state, step by step through the cell's own step and back.
fn recurrence(id: &str, cell: Cell) {
    let case = reference(id);
    let (inputs, grad) = (&case["inputs"], &case["grad"]);
    let sizes = flat(&inputs["x"]).1;
    let (steps, batch, features) = (sizes[0], sizes[1], sizes[2]);
    let hidden = flat(&inputs["h0"]).1[1];
    let step = RecurrentCell::new(cell, features, hidden);
    let theta = theta_of(inputs);
    let at = |value: &Value, t: usize| columns(&value[t]);
    let stack = |parts: &[&DMatrix<f64>]| {
        let rows = parts.iter().map(|part| part.nrows()).sum();
        let column = |i: usize| parts.iter().flat_map(move |part| part.column(i).iter().copied().collect::<Vec<_>>());
        DMatrix::from_vec(rows, batch, (0..batch).flat_map(column).collect())
    };

    let none = DMatrix::zeros(0, batch);
    let memory = |key: &Value| if key.is_null() { none.clone() } else { columns(key) };
    let mut state = stack(&[&columns(&inputs["h0"]), &memory(&inputs["c0"])]);
    let mut seen = Vec::new();
    for t in 0..steps {
        let x = stack(&[&at(&inputs["x"], t), &state]);
        state = forward(&step, &theta, &x);
        close("h", state.rows(0, hidden).clone_owned().as_slice(), at(&case["output"], t).as_slice());
        seen.push(x);
    }
    if cell == Cell::Lstm {
        close("c", state.rows(hidden, hidden).clone_owned().as_slice(), columns(&case["cT"]).as_slice());
    }

    let mut dtheta = vec![0.0; theta.len()];
    let mut dstate = DMatrix::zeros(step.state(), batch);
    for t in (0..steps).rev() {
        let mut upstream = dstate.clone();
        let mut h = upstream.rows_mut(0, hidden);
        h += at(&case["upstream"], t);
        let (_, more, dx) = both(&step, &theta, &seen[t], &upstream);
        dtheta.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        close("dx", dx.rows(0, features).clone_owned().as_slice(), at(&grad["x"], t).as_slice());
        dstate = dx.rows(features, step.state()).clone_owned();
    }
    close("gradient of θ", &dtheta, &theta_of(grad));
    close("gradient of h0", dstate.rows(0, hidden).clone_owned().as_slice(), columns(&grad["h0"]).as_slice());
    if cell == Cell::Lstm {
        let dc0 = dstate.rows(hidden, hidden).clone_owned();
        close("gradient of c0", dc0.as_slice(), columns(&grad["c0"]).as_slice());
    }

    // The layer over all steps does the same from the state 0.
    let series =
        DMatrix::from_fn(steps * features, batch, |row, i| at(&inputs["x"], row / features)[(row % features, i)]);
    let layer = Recurrent::new(cell, Sequence { steps, features }, hidden).every_step();
    let z = forward(&layer, &theta, &series);
    let mut state = DMatrix::zeros(step.state(), batch);
    for t in 0..steps {
        state = forward(&step, &theta, &stack(&[&at(&inputs["x"], t), &state]));
        close("h", z.rows(t * hidden, hidden).clone_owned().as_slice(), state.rows(0, hidden).clone_owned().as_slice());
    }
}

#[test]
fn rnn_tanh() {
    recurrence("rnn_tanh", Cell::Tanh);
}

#[test]
fn gru() {
    recurrence("gru", Cell::Gru);
}

#[test]
fn lstm() {
    recurrence("lstm", Cell::Lstm);
}
