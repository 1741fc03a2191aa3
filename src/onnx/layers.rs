//! Layers as operations: each takes rows of numbers and leaves rows of numbers.

use super::graph::{Graph, Precision};
use super::proto::Attribute;
use super::recurrent;
use crate::layer::{Activation, Image};
use crate::{Describe, Description, Error, Result};

/// The parameters of a layer after the other, as they lie in θ.
#[derive(Debug)]
pub(super) struct Parameters<'t> {
    rest: &'t [f64],
}

impl<'t> Parameters<'t> {
    pub fn new(theta: &'t [f64]) -> Self {
        Self { rest: theta }
    }

    /// The next `count` numbers.
    pub fn take(&mut self, count: usize) -> Result<&'t [f64]> {
        let found = self.rest.len();
        let Some((own, rest)) = self.rest.split_at_checked(count) else {
            return Err(Error::Shape { what: "parameters left for a layer", expected: count, found });
        };
        self.rest = rest;
        Ok(own)
    }

    /// Whether all have been taken.
    pub fn end(&self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            found => Err(Error::Shape { what: "parameters behind the last layer", expected: 0, found }),
        }
    }
}

/// Adds a layer, or the layers of a list, that reads `x`; returns what it leaves.
pub(super) fn layer(
    graph: &mut Graph,
    description: &Description,
    x: String,
    theta: &mut Parameters<'_>,
) -> Result<String> {
    if let Description::List(parts) = description {
        return parts.iter().try_fold(x, |x, part| layer(graph, part, x, theta));
    }
    match description.kind()? {
        "Affine" => affine(graph, description, &x, theta),
        "Dense" => {
            let a = affine(graph, description, &x, theta)?;
            activate(graph, &Activation::of(description)?, a)
        }
        "Conv2d" => convolution(graph, description, &x, theta),
        "MaxPool2d" => max_pool(graph, description, &x),
        "AvgPool2d" => mean_pool(graph, description, &x),
        "LayerNorm" => layer_norm(graph, description, &x, theta),
        "Dropout" => Ok(x),
        "Recurrent" => recurrent::sequence(graph, description, &x, theta),
        "RecurrentCell" => recurrent::step(graph, description, &x, theta),
        _ => Err(Error::Undefined {
            what: "an ONNX graph of this layer",
            why: "only the layers of this crate, their stacks and pairs can be exported",
        }),
    }
}

/// Z = X Wᵀ + b. Column-major k×p lies in memory as p×k does row by row.
fn affine(graph: &mut Graph, description: &Description, x: &str, theta: &mut Parameters<'_>) -> Result<String> {
    let [p, k] = [description.count("inputs")?, description.count("outputs")?];
    let weight = graph.numbers("weight", &[p, k], theta.take(p * k)?);
    if !description.flag("bias")? {
        return Ok(graph.op("MatMul", &[x, &weight]));
    }
    let bias = graph.numbers("bias", &[k], theta.take(k)?);
    Ok(graph.op("Gemm", &[x, &weight, &bias]))
}

/// φ of every number.
pub(super) fn activate(graph: &mut Graph, activation: &Activation, a: String) -> Result<String> {
    Ok(match activation {
        Activation::Identity => a,
        Activation::Relu => graph.op("Relu", &[&a]),
        Activation::LeakyRelu => {
            // ONNX Runtime has LeakyRelu for single precision alone.
            let (zero, leak) = (graph.number(0.0), graph.number(0.01));
            let (above, below) = (graph.op("Greater", &[&a, &zero]), graph.op("Mul", &[&a, &leak]));
            graph.op("Where", &[&above, &a, &below])
        }
        Activation::Tanh => graph.op("Tanh", &[&a]),
        Activation::Sigmoid => graph.op("Sigmoid", &[&a]),
        Activation::Silu => {
            let gate = graph.op("Sigmoid", &[&a]);
            graph.op("Mul", &[&a, &gate])
        }
        Activation::Gelu if graph.precision() == Precision::Single => {
            let (root, one, half) = (graph.number(0.5_f64.sqrt()), graph.number(1.0), graph.number(0.5));
            let scaled = graph.op("Mul", &[&a, &root]);
            let erf = graph.op("Erf", &[&scaled]);
            let twice = graph.op("Add", &[&erf, &one]);
            let gate = graph.op("Mul", &[&twice, &half]);
            graph.op("Mul", &[&a, &gate])
        }
        Activation::Gelu => {
            return Err(Error::Undefined {
                what: "an ONNX graph of Gelu in double precision",
                why: "ONNX Runtime has no error function for doubles; export in single precision",
            });
        }
    })
}

/// Gathers the numbers under every place of the kernel: N × places × taps, then one product.
fn convolution(graph: &mut Graph, description: &Description, x: &str, theta: &mut Parameters<'_>) -> Result<String> {
    let image = Image::from_description(description.field("image")?)?;
    let pair = |name| description.pair(name);
    let (filters, kernel, stride) = (description.count("filters")?, pair("kernel")?, pair("stride")?);
    let (padding, dilation) = (pair("padding")?, pair("dilation")?);
    let places = |size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize| {
        (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
    };
    let height = places(image.height, kernel.0, stride.0, padding.0, dilation.0);
    let width = places(image.width, kernel.1, stride.1, padding.1, dilation.1);
    let taps = image.channels * kernel.0 * kernel.1;
    let (mut at, mut inside) = (Vec::new(), Vec::new());
    for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
        for (c, i, j) in
            (0..image.channels).flat_map(|c| (0..kernel.0).flat_map(move |i| (0..kernel.1).map(move |j| (c, i, j))))
        {
            let y = (row * stride.0 + i * dilation.0).checked_sub(padding.0).filter(|&y| y < image.height);
            let x = (column * stride.1 + j * dilation.1).checked_sub(padding.1).filter(|&x| x < image.width);
            let place = y.zip(x).map(|(y, x)| (c * image.height + y) * image.width + x);
            at.push(place.unwrap_or(0));
            inside.push(place.is_some());
        }
    }
    let spots = height * width;
    let mut patches = graph.gather(x, &[spots, taps], &at);
    if inside.contains(&false) {
        let mask: Vec<f64> = inside.iter().map(|&inside| f64::from(inside)).collect();
        let mask = graph.numbers("inside", &[spots, taps], &mask);
        patches = graph.op("Mul", &[&patches, &mask]);
    }
    let weight = graph.numbers("weight", &[taps, filters], theta.take(taps * filters)?);
    let mut z = graph.op("MatMul", &[&patches, &weight]);
    if description.flag("bias")? {
        let bias = graph.numbers("bias", &[filters], theta.take(filters)?);
        z = graph.op("Add", &[&z, &bias]);
    }
    let z = graph.op_with("Transpose", &[&z], &[Attribute::Ints("perm", &[0, 2, 1])]);
    let z = graph.reshape(&z, &[-1, (filters * spots) as i64]);
    activate(graph, &Activation::of(description)?, z)
}

/// What both kinds of pooling have: image, window, stride, and the height and width of the output.
fn windows(description: &Description) -> Result<(Image, [(usize, usize); 3])> {
    let image = Image::from_description(description.field("image")?)?;
    let (window, stride) = (description.pair("window")?, description.pair("stride")?);
    let places = ((image.height - window.0) / stride.0 + 1, (image.width - window.1) / stride.1 + 1);
    Ok((image, [window, stride, places]))
}

fn max_pool(graph: &mut Graph, description: &Description, x: &str) -> Result<String> {
    let (image, [window, stride, places]) = windows(description)?;
    let whole = |(rows, columns): (usize, usize)| [rows as i64, columns as i64];
    let images = graph.reshape(x, &[-1, image.channels as i64, image.height as i64, image.width as i64]);
    let settings = [Attribute::Ints("kernel_shape", &whole(window)), Attribute::Ints("strides", &whole(stride))];
    let z = graph.op_with("MaxPool", &[&images], &settings);
    Ok(graph.reshape(&z, &[-1, (image.channels * places.0 * places.1) as i64]))
}

fn mean_pool(graph: &mut Graph, description: &Description, x: &str) -> Result<String> {
    let (image, [window, stride, places]) = windows(description)?;
    let mut at = Vec::new();
    for c in 0..image.channels {
        for (row, column) in (0..places.0).flat_map(|row| (0..places.1).map(move |column| (row, column))) {
            for i in 0..window.0 {
                let first = (c * image.height + row * stride.0 + i) * image.width + column * stride.1;
                at.extend(first..first + window.1);
            }
        }
    }
    let (area, spots) = (window.0 * window.1, image.channels * places.0 * places.1);
    let patches = graph.gather(x, &[spots, area], &at);
    let ones = graph.numbers("ones", &[area, 1], &vec![1.0; area]);
    let (sums, area) = (graph.op("MatMul", &[&patches, &ones]), graph.number(area as f64));
    let z = graph.op("Div", &[&sums, &area]);
    Ok(graph.reshape(&z, &[-1, spots as i64]))
}

/// Not ONNX's LayerNormalization, whose ε is a number of 32 bits.
fn layer_norm(graph: &mut Graph, description: &Description, x: &str, theta: &mut Parameters<'_>) -> Result<String> {
    let width = description.count("width")?;
    let scale = graph.numbers("scale", &[width], theta.take(width)?);
    let shift = graph.numbers("shift", &[width], theta.take(width)?);
    let epsilon = graph.number(description.number("epsilon")?);
    let last = [Attribute::Ints("axes", &[-1])];
    let mean = graph.op_with("ReduceMean", &[x], &last);
    let centred = graph.op("Sub", &[x, &mean]);
    let squares = graph.op("Mul", &[&centred, &centred]);
    let variance = graph.op_with("ReduceMean", &[&squares], &last);
    let raised = graph.op("Add", &[&variance, &epsilon]);
    let deviation = graph.op("Sqrt", &[&raised]);
    let u = graph.op("Div", &[&centred, &deviation]);
    let scaled = graph.op("Mul", &[&u, &scale]);
    Ok(graph.op("Add", &[&scaled, &shift]))
}
