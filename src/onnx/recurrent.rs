//! Recurrent layers, step after step: ONNX Runtime has its own RNN, GRU and LSTM for single precision alone, and none of them
//! ends at a length of each row's own.

use super::graph::Graph;
use super::layers::Parameters;
use crate::layer::{Cell, Sequence};
use crate::{Describe, Description, Result};

/// The parameters of one gate: W_ih (features × hidden), W_hh (hidden × hidden), b_ih, b_hh.
#[derive(Debug)]
struct Gate {
    input: String,
    state: String,
    input_bias: String,
    state_bias: String,
}

/// The gates of a cell, in the order of θ.
fn gates(
    graph: &mut Graph,
    cell: Cell,
    features: usize,
    hidden: usize,
    theta: &mut Parameters<'_>,
) -> Result<Vec<Gate>> {
    let count = match cell {
        Cell::Tanh => 1,
        Cell::Gru => 3,
        Cell::Lstm => 4,
    };
    let rows = count * hidden;
    let [w_ih, w_hh] = [theta.take(rows * features)?, theta.take(rows * hidden)?];
    let [b_ih, b_hh] = [theta.take(rows)?, theta.take(rows)?];
    // The rows of one gate, every column after the other.
    let part = |w: &[f64], gate: usize| -> Vec<f64> {
        w.chunks_exact(rows).flat_map(|column| column[gate * hidden..(gate + 1) * hidden].to_vec()).collect()
    };
    let gates = (0..count).map(|gate| Gate {
        input: graph.numbers("weight_ih", &[features, hidden], &part(w_ih, gate)),
        state: graph.numbers("weight_hh", &[hidden, hidden], &part(w_hh, gate)),
        input_bias: graph.numbers("bias_ih", &[hidden], &part(b_ih, gate)),
        state_bias: graph.numbers("bias_hh", &[1, hidden], &part(b_hh, gate)),
    });
    Ok(gates.collect())
}

/// The state between steps; nothing before the first, where it is 0.
#[derive(Debug, Clone, Default)]
struct State {
    h: Option<String>,
    c: Option<String>,
}

impl Gate {
    /// W_ih x + b_ih.
    fn of_input(&self, graph: &mut Graph, x: &str) -> String {
        graph.op("Gemm", &[x, &self.input, &self.input_bias])
    }

    /// W_hh h + b_hh.
    fn of_state(&self, graph: &mut Graph, state: &State) -> String {
        match &state.h {
            Some(h) => {
                let product = graph.op("MatMul", &[h, &self.state]);
                graph.op("Add", &[&product, &self.state_bias])
            }
            None => self.state_bias.clone(),
        }
    }

    fn sum(&self, graph: &mut Graph, x: &str, state: &State) -> String {
        let (a, b) = (self.of_input(graph, x), self.of_state(graph, state));
        graph.op("Add", &[&a, &b])
    }

    fn through(&self, graph: &mut Graph, op: &str, x: &str, state: &State) -> String {
        let sum = self.sum(graph, x, state);
        graph.op(op, &[&sum])
    }
}

/// One step, by the equations of [`Cell`].
fn advance(graph: &mut Graph, cell: Cell, gates: &[Gate], x: &str, state: &State) -> State {
    match (cell, gates) {
        (Cell::Gru, [r, z, n]) => {
            let (r, z) = (r.through(graph, "Sigmoid", x, state), z.through(graph, "Sigmoid", x, state));
            let (own, before) = (n.of_input(graph, x), n.of_state(graph, state));
            let reset = graph.op("Mul", &[&r, &before]);
            let sum = graph.op("Add", &[&own, &reset]);
            let n = graph.op("Tanh", &[&sum]);
            let one = graph.number(1.0);
            let fresh = graph.op("Sub", &[&one, &z]);
            let fresh = graph.op("Mul", &[&fresh, &n]);
            let h = match &state.h {
                Some(h) => {
                    let kept = graph.op("Mul", &[&z, h]);
                    graph.op("Add", &[&fresh, &kept])
                }
                None => fresh,
            };
            State { h: Some(h), c: None }
        }
        (Cell::Lstm, [i, f, g, o]) => {
            let (i, g) = (i.through(graph, "Sigmoid", x, state), g.through(graph, "Tanh", x, state));
            let mut c = graph.op("Mul", &[&i, &g]);
            if let Some(before) = &state.c {
                let f = f.through(graph, "Sigmoid", x, state);
                let kept = graph.op("Mul", &[&f, before]);
                c = graph.op("Add", &[&kept, &c]);
            }
            let (o, tanh) = (o.through(graph, "Sigmoid", x, state), graph.op("Tanh", &[&c]));
            State { h: Some(graph.op("Mul", &[&o, &tanh])), c: Some(c) }
        }
        (_, gates) => State { h: gates.first().map(|gate| gate.through(graph, "Tanh", x, state)), c: None },
    }
}

/// `fresh` in the rows that still run, `old` in the others.
fn choose(graph: &mut Graph, runs: &str, fresh: Option<String>, old: Option<String>) -> Option<String> {
    let (Some(fresh), Some(old)) = (&fresh, &old) else { return fresh };
    Some(graph.op("Where", &[runs, fresh, old]))
}

/// All steps of a sequence.
pub(super) fn sequence(
    graph: &mut Graph,
    description: &Description,
    x: &str,
    theta: &mut Parameters<'_>,
) -> Result<String> {
    let Sequence { steps, features } = Sequence::from_description(description.field("sequence")?)?;
    let (cell, hidden) = (Cell::of(description)?, description.count("hidden")?);
    let (every_step, lengths) = (description.flag("every_step")?, description.flag("lengths")?);
    let gates = gates(graph, cell, features, hidden, theta)?;
    let length = if lengths { Some(graph.gather(x, &[1], &[0])) } else { None };
    let (mut state, mut seen) = (State::default(), Vec::new());
    for t in 0..steps {
        let first = usize::from(lengths) + t * features;
        let places: Vec<usize> = (first..first + features).collect();
        let own = graph.gather(x, &[features], &places);
        let mut next = advance(graph, cell, &gates, &own, &state);
        let mut shown = next.h.clone();
        if let Some(length) = length.as_ref().filter(|_| t > 0) {
            // Step t counts where the length, rounded, is at least t + 1.
            let bound = graph.number(t as f64 + 0.5);
            let runs = graph.op("GreaterOrEqual", &[length, &bound]);
            if every_step {
                let zero = graph.number(0.0);
                shown = choose(graph, &runs, shown, Some(zero));
            }
            next.h = choose(graph, &runs, next.h, state.h.take());
            next.c = choose(graph, &runs, next.c, state.c.take());
        }
        state = next;
        seen.extend(shown.filter(|_| every_step));
    }
    if every_step {
        let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
        return Ok(graph.op_with("Concat", &seen, &[super::proto::Attribute::Int("axis", 1)]));
    }
    Ok(state.h.unwrap_or_default())
}

/// One step whose state comes with the input.
pub(super) fn step(
    graph: &mut Graph,
    description: &Description,
    x: &str,
    theta: &mut Parameters<'_>,
) -> Result<String> {
    let (features, hidden) = (description.count("features")?, description.count("hidden")?);
    let cell = Cell::of(description)?;
    let gates = gates(graph, cell, features, hidden, theta)?;
    let mut part = |first: usize, count: usize| {
        let places: Vec<usize> = (first..first + count).collect();
        graph.gather(x, &[count], &places)
    };
    let (own, h) = (part(0, features), part(features, hidden));
    let c = (cell == Cell::Lstm).then(|| part(features + hidden, hidden));
    let next = advance(graph, cell, &gates, &own, &State { h: Some(h), c });
    let parts: Vec<&str> = [&next.h, &next.c].into_iter().flatten().map(String::as_str).collect();
    Ok(graph.op_with("Concat", &parts, &[super::proto::Attribute::Int("axis", 1)]))
}
