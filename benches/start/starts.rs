//! The starts that are compared.

use residual::{Init, Layer, Layout, Loss, Risk, Role, Spread};

/// What the layers start with, but for the output's bias.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Layers {
    /// What the library draws.
    Default,
    /// U(±1/√n_in) for weights and biases; in recurrent layers n_in is the number of hidden units.
    PyTorch,
    /// This initialiser for weights, 0 for biases. Recurrent layers start as the library draws them.
    Weights(Init),
    /// The same with a tenth of it in the last layer.
    SmallLast(Init),
}

#[derive(Debug, Clone, Copy)]
pub struct Start {
    pub name: &'static str,
    pub layers: Layers,
    /// Whether the output's bias starts at the best constant for the targets.
    pub constant: bool,
}

const fn start(name: &'static str, layers: Layers, constant: bool) -> Start {
    Start { name, layers, constant }
}

use Layers::{PyTorch, SmallLast, Weights};
use Spread::Uniform;

pub const STARTS: &[Start] = &[
    start("default", Layers::Default, true),
    start("PyTorch's", PyTorch, false),
    start("PyTorch's, constant", PyTorch, true),
    start("He", Weights(Init::He(Uniform)), false),
    start("He, constant", Weights(Init::He(Uniform)), true),
    start("He, small last", SmallLast(Init::He(Uniform)), false),
    start("He, small last, constant", SmallLast(Init::He(Uniform)), true),
    start("Glorot", Weights(Init::Glorot(Uniform)), false),
    start("Glorot, constant", Weights(Init::Glorot(Uniform)), true),
    start("LeCun", Weights(Init::LeCun(Uniform)), false),
    start("LeCun, constant", Weights(Init::LeCun(Uniform)), true),
];

impl Start {
    /// θ for the layer of this risk.
    pub fn draw<N: Layer<f32>, L: Loss<f32>>(&self, risk: &Risk<'_, f32, N, L>, seed: u64) -> Vec<f32> {
        let own = risk.start(seed);
        let layout = Layout::of::<f32, N>(risk.layer());
        let mut theta = match self.layers {
            Layers::Default => own.clone(),
            layers => drawn(layers, &layout, &own, seed),
        };
        if let Some(bias) = risk.layer().output_bias() {
            if self.constant {
                theta[bias.clone()].copy_from_slice(&own[bias]);
            } else if self.layers != PyTorch {
                theta[bias].fill(0.0);
            }
        }
        theta
    }
}

/// θ block by block; what recurrent layers start with from `own`.
fn drawn(layers: Layers, layout: &Layout, own: &[f32], seed: u64) -> Vec<f32> {
    let recurrent = |name: &str| name.contains("_ih") || name.contains("_hh");
    let hidden = layout.blocks().iter().find(|block| block.name().contains("weight_hh")).map(|block| block.shape().1);
    let mut drawn = Layout::new();
    let mut fan_in = 1;
    for block in layout.blocks() {
        let (rows, columns) = block.shape();
        if block.role() == Role::Weights {
            fan_in = columns;
        }
        if recurrent(block.name()) {
            fan_in = hidden.unwrap_or(fan_in);
        }
        let new = match block.role() {
            Role::Weights => drawn.weights(rows, columns),
            Role::Bias => drawn.bias(rows),
        };
        match (layers, block.role()) {
            (PyTorch, _) => new.init(Init::FanIn(1.0)),
            (Weights(init) | SmallLast(init), Role::Weights) => new.init(init),
            _ => new.init(Init::Constant(0.0)),
        };
        new.fans(fan_in, block.fan_out());
    }
    let mut theta: Vec<f32> = drawn.initialize(seed);
    let last = layout.blocks().iter().rev().find(|block| block.role() == Role::Weights);
    if let (SmallLast(_), Some(last)) = (layers, last) {
        theta[last.range()].iter_mut().for_each(|w| *w *= 0.1);
    }
    for block in layout.blocks().iter().filter(|block| layers != PyTorch && recurrent(block.name())) {
        theta[block.range()].copy_from_slice(&own[block.range()]);
    }
    theta
}
