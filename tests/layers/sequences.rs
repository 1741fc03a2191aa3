//! Sequences of different lengths, and how the weights of a recurrent layer start.

use crate::support::{Numbers, both, count, forward};
use residual::layer::{Cell, Sequence};
use residual::nalgebra::DMatrix;
use residual::{Block, Error, Layer, Layout, Recurrent};

const CELLS: [Cell; 3] = [Cell::Tanh, Cell::Gru, Cell::Lstm];

/// 7 sequences of 1, 2, ... 6 steps, the rest of the column filled with `rest`.
fn sequences(rest: f64) -> DMatrix<f64> {
    let mut x: DMatrix<f64> = Numbers::new(3).matrix(1 + 6 * 2, 7);
    for s in 0..7 {
        let length = s % 6 + 1;
        x[(0, s)] = length as f64;
        x.view_mut((1 + 2 * length, s), (12 - 2 * length, 1)).fill(rest);
    }
    x
}

#[test]
fn what_lies_behind_the_end_changes_no_bit() {
    for cell in CELLS {
        for every in [false, true] {
            let mut layer = Recurrent::new(cell, Sequence { steps: 6, features: 2 }, 5).with_lengths();
            if every {
                layer = layer.every_step();
            }
            let mut numbers = Numbers::new(5);
            let theta: Vec<f64> = numbers.vector(count::<f64, _>(&layer));
            let upstream = numbers.matrix(Layer::<f64>::outputs(&layer), 7);
            let (z, dtheta, dx) = both(&layer, &theta, &sequences(0.0), &upstream);
            for rest in [1.0, -1e300, f64::INFINITY, f64::NAN] {
                assert_eq!(both(&layer, &theta, &sequences(rest), &upstream), (z.clone(), dtheta.clone(), dx.clone()));
            }
            // And it does not matter what a derivative says about states behind the end.
            if every {
                let mut upstream = upstream.clone();
                upstream.view_mut((5, 0), (25, 1)).fill(1e9);
                assert_eq!(both(&layer, &theta, &sequences(0.0), &upstream), (z, dtheta, dx));
            }
        }
    }
}

#[test]
fn a_full_length_is_no_length() {
    for cell in CELLS {
        let layer = Recurrent::new(cell, Sequence { steps: 4, features: 3 }, 5);
        let mut numbers = Numbers::new(8);
        let theta: Vec<f64> = numbers.vector(count::<f64, _>(&layer));
        let x: DMatrix<f64> = numbers.matrix(12, 6);
        let upstream = numbers.matrix(5, 6);
        let (z, dtheta, dx) = both(&layer, &theta, &x, &upstream);
        let with = both(&layer.with_lengths(), &theta, &x.clone().insert_row(0, 4.0), &upstream);
        assert_eq!(with, (z, dtheta, dx.insert_row(0, 0.0)));
    }
}

#[test]
fn the_last_state_is_the_last_of_every_step() {
    for cell in CELLS {
        let layer = Recurrent::new(cell, Sequence { steps: 4, features: 3 }, 5);
        let mut numbers = Numbers::new(2);
        let theta: Vec<f64> = numbers.vector(count::<f64, _>(&layer));
        let x: DMatrix<f64> = numbers.matrix(12, 6);
        assert_eq!(forward(&layer, &theta, &x), forward(&layer.every_step(), &theta, &x).rows(15, 5));
    }
}

#[test]
fn tapes_carry_nothing_from_one_batch_to_the_next() {
    for cell in CELLS {
        let layer = Recurrent::new(cell, Sequence { steps: 6, features: 2 }, 5).with_lengths().every_step();
        let mut numbers = Numbers::new(9);
        let theta: Vec<f64> = numbers.vector(count::<f64, _>(&layer));
        let x = sequences(0.0);
        let upstream: DMatrix<f64> = numbers.matrix(30, 7);
        let mut tape = Default::default();
        for (from, many) in [(0, 7), (4, 2), (0, 1), (1, 6), (5, 1), (0, 7)] {
            let (x, upstream) = (x.columns(from, many).clone_owned(), upstream.columns(from, many).clone_owned());
            let mut z = DMatrix::from_element(30, many, f64::NAN);
            let (mut dtheta, mut dx) = (vec![0.0; theta.len()], DMatrix::zeros(13, many));
            layer.forward(&theta, &x, &mut z, &mut tape);
            layer.backward(&theta, &x, &mut upstream.clone(), &mut tape, &mut dtheta, Some(&mut dx));
            assert_eq!((z, dtheta, dx), both(&layer, &theta, &x, &upstream));
        }
    }
}

#[test]
fn illegal_lengths_are_named() {
    let layer = Recurrent::new(Cell::Gru, Sequence { steps: 3, features: 1 }, 2).with_lengths();
    for wrong in [0.0, 4.0, 1.5, -1.0] {
        let x = DMatrix::from_fn(4, 4, |i, j| if j == 0 { [1.0, 3.0, wrong, 2.0][i] } else { 1.0 });
        let found = layer.accepts(&Block::new(x.as_view()));
        assert!(matches!(found, Err(Error::Input { row: 2, .. })), "{found:?}");
        assert_eq!(layer.accepts(&Block::new(x.rows(0, 2))), Ok(()));
        // In a pair, the first layer decides.
        assert_eq!((layer, layer).accepts(&Block::new(x.as_view())), found);
    }
}

#[test]
fn the_weights_start_as_documented() {
    let hidden = 6;
    for (cell, gates) in [(Cell::Tanh, 1), (Cell::Gru, 3), (Cell::Lstm, 4)] {
        let layer = Recurrent::new(cell, Sequence { steps: 2, features: 3 }, hidden);
        let layout = Layout::of::<f64, _>(&layer);
        let theta: Vec<f64> = layout.initialize(4);
        let names: Vec<&str> = layout.blocks().iter().map(|block| block.name()).collect();
        assert_eq!(names, ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
        let block = |i: usize| &theta[layout.blocks()[i].range()];
        let w = DMatrix::from_column_slice(gates * hidden, hidden, block(1));
        for gate in 0..gates {
            let part = w.rows(gate * hidden, hidden);
            assert!((part.transpose() * part - DMatrix::identity(hidden, hidden)).amax() < 1e-12);
        }
        for (row, &b) in block(2).iter().enumerate() {
            assert_eq!(b, if cell == Cell::Lstm && row / hidden == 1 { 1.0 } else { 0.0 });
        }
        assert!(block(3).iter().all(|&b| b == 0.0));
        let bound = (6.0 / (3.0 + hidden as f64)).sqrt();
        assert!(block(0).iter().all(|w| w.abs() <= bound));
    }
}

/// One step as ONNX's operators GRU (linear_before_reset = 1) and LSTM define it, from parameters in ONNX's order of gates:
/// W and R with one row per unit and gate, Wb and Rb. Returns h, and c in place.
fn onnx_step(cell: Cell, x: &[f64], h: &[f64], c: &mut [f64], [w, r, wb, rb]: [&DMatrix<f64>; 4]) -> Vec<f64> {
    let m = h.len();
    let sigmoid = |a: f64| 1.0 / (1.0 + (-a).exp());
    let input = |gate: usize, j: usize| {
        let row = gate * m + j;
        x.iter().enumerate().map(|(k, x)| w[(row, k)] * x).sum::<f64>() + wb[row]
    };
    let state = |gate: usize, j: usize| {
        let row = gate * m + j;
        h.iter().enumerate().map(|(k, h)| r[(row, k)] * h).sum::<f64>() + rb[row]
    };
    let both = |gate: usize, j: usize| input(gate, j) + state(gate, j);
    (0..m)
        .map(|j| match cell {
            Cell::Tanh => both(0, j).tanh(),
            Cell::Gru => {
                let (update, reset) = (sigmoid(both(0, j)), sigmoid(both(1, j)));
                let hidden = (input(2, j) + reset * state(2, j)).tanh();
                (1.0 - update) * hidden + update * h[j]
            }
            Cell::Lstm => {
                let [i, o, f] = [0, 1, 2].map(|gate| sigmoid(both(gate, j)));
                c[j] = f * c[j] + i * both(3, j).tanh();
                o * c[j].tanh()
            }
        })
        .collect()
}

/// The order of gates that the doc of [`Cell`] gives for ONNX.
#[test]
fn with_its_gates_reordered_a_cell_is_that_of_onnx() {
    let (features, hidden, steps) = (3, 4, 5);
    // Which gate of ours stands at each place of ONNX's.
    let orders: [(Cell, &[usize]); 3] = [(Cell::Tanh, &[0]), (Cell::Gru, &[1, 0, 2]), (Cell::Lstm, &[0, 3, 1, 2])];
    for (cell, order) in orders {
        let layer = Recurrent::new(cell, Sequence { steps, features }, hidden);
        let (rows, mut numbers) = (order.len() * hidden, Numbers::new(5));
        let theta: Vec<f64> = numbers.vector(rows * (features + hidden + 2));
        let x: DMatrix<f64> = numbers.matrix(steps * features, 1);
        let mut rest = &theta[..];
        let parts = [features, hidden, 1, 1].map(|columns| {
            let (part, tail) = rest.split_at(rows * columns);
            rest = tail;
            let ours = DMatrix::from_column_slice(rows, columns, part);
            DMatrix::from_fn(rows, columns, |i, j| ours[(order[i / hidden] * hidden + i % hidden, j)])
        });
        let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
        for x in x.as_slice().chunks_exact(features) {
            h = onnx_step(cell, x, &h, &mut c, parts.each_ref());
        }
        let z = forward(&layer, &theta, &x);
        assert!(z.iter().zip(&h).all(|(z, h)| (z - h).abs() < 1e-14), "{cell:?}: {z} {h:?}");
    }
}
