//! A graph under way: operations on named values, constants, inputs and outputs.

use super::proto::{Attribute, Elem, Message, node, tensor, texts, value};

/// Version of the operators that graphs are written in; with it came LayerNormalization.
const OPSET: i64 = 17;
/// Version of the file format that goes with it.
const FORMAT: i64 = 8;

/// The number type of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Numbers of 32 bits.
    Single,
    /// Numbers of 64 bits.
    Double,
}

/// Rows of numbers that go through a graph: every value is N × width unless said otherwise.
#[doc(hidden)]
#[derive(Debug)]
pub struct Graph {
    precision: Precision,
    nodes: Vec<Message>,
    constants: Vec<Message>,
    outputs: Vec<Message>,
    inputs: Vec<Message>,
    values: usize,
}

impl Graph {
    pub(super) fn new(precision: Precision) -> Self {
        let (nodes, constants, outputs, inputs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { precision, nodes, constants, outputs, inputs, values: 0 }
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    fn elem(&self) -> Elem {
        match self.precision {
            Precision::Single => Elem::F32,
            Precision::Double => Elem::F64,
        }
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.values += 1;
        format!("{stem}_{}", self.values)
    }

    /// The result of an operation with one output.
    pub(super) fn op(&mut self, op: &str, inputs: &[&str]) -> String {
        self.op_with(op, inputs, &[])
    }

    pub(super) fn op_with(&mut self, op: &str, inputs: &[&str], attributes: &[Attribute<'_>]) -> String {
        let output = self.fresh(&op.to_lowercase());
        self.nodes.push(node(op, inputs, &[&output], attributes));
        output
    }

    /// The same under a name of the caller's.
    pub(super) fn op_named(&mut self, op: &str, inputs: &[&str], output: &str) {
        self.nodes.push(node(op, inputs, &[output], &[]));
    }

    /// Constants of the graph's number type, row by row.
    pub(super) fn numbers(&mut self, stem: &str, shape: &[usize], numbers: &[f64]) -> String {
        debug_assert_eq!(shape.iter().product::<usize>(), numbers.len());
        let raw: Vec<u8> = match self.precision {
            Precision::Single => numbers.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect(),
            Precision::Double => numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
        };
        let name = self.fresh(stem);
        self.constants.push(tensor(&name, self.elem(), shape, &raw));
        name
    }

    /// One constant.
    pub(super) fn number(&mut self, number: f64) -> String {
        self.numbers("constant", &[], &[number])
    }

    /// Whole constants: places, shapes.
    pub(super) fn whole(&mut self, stem: &str, shape: &[usize], numbers: &[i64]) -> String {
        let raw: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let name = self.fresh(stem);
        self.constants.push(tensor(&name, Elem::I64, shape, &raw));
        name
    }

    /// Constant texts.
    pub(super) fn texts(&mut self, stem: &str, values: &[String]) -> String {
        let name = self.fresh(stem);
        self.constants.push(texts(&name, values));
        name
    }

    pub(super) fn reshape(&mut self, x: &str, shape: &[i64]) -> String {
        let shape = self.whole("shape", &[shape.len()], shape);
        self.op("Reshape", &[x, &shape])
    }

    /// The numbers of each row at these places.
    pub(super) fn gather(&mut self, x: &str, shape: &[usize], places: &[usize]) -> String {
        let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
        let places = self.whole("places", shape, &places);
        self.op_with("Gather", &[x, &places], &[Attribute::Int("axis", 1)])
    }

    pub(super) fn input(&mut self, name: &str, width: usize) {
        let message = value(name, self.elem(), Some(width));
        self.inputs.push(message);
    }

    /// Declares a value as an output of the graph: numbers of its type.
    pub(super) fn output(&mut self, from: &str, name: &str, width: usize) {
        self.op_named("Identity", &[from], name);
        self.outputs.push(value(name, self.elem(), Some(width)));
    }

    /// An output of one label per row.
    pub(super) fn output_labels(&mut self, from: &str, name: &str, text: bool) {
        self.op_named("Identity", &[from], name);
        self.outputs.push(value(name, if text { Elem::Text } else { Elem::I64 }, None));
    }

    /// The bytes of the model.
    pub(super) fn finish(self, name: &str) -> Vec<u8> {
        let version = env!("CARGO_PKG_VERSION");
        let add = |message: Message, field, part: &Message| message.message(field, part);
        let graph = Message::default().each(1, &self.nodes, add).text(2, name).each(5, &self.constants, add);
        let graph = graph.each(11, &self.inputs, add).each(12, &self.outputs, add);
        let operators = Message::default().text(1, "").int(2, OPSET);
        let model = Message::default().int(1, FORMAT).text(2, "residual").text(3, version).message(7, &graph);
        model.message(8, &operators).into_bytes()
    }
}
