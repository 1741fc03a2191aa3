//! How the one flat parameter vector θ is laid out: named blocks, and how each is initialised.

mod init;

pub use init::{Init, Spread};

use crate::Real;
use std::ops::Range;

/// What a block of θ is to the risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A matrix of weights: the penalty falls on it.
    Weights,
    /// An intercept or bias (or a scale): never penalized.
    Bias,
}

/// One named block of θ: a column-major matrix of weights, or a vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    name: String,
    role: Role,
    rows: usize,
    cols: usize,
    start: usize,
    init: Init,
    fans: (usize, usize),
    parts: usize,
}

impl Block {
    /// Replaces the last part of the name.
    pub fn named(&mut self, name: &str) -> &mut Self {
        let stem = self.name.rfind('.').map_or(0, |dot| dot + 1);
        self.name.truncate(stem);
        self.name.push_str(name);
        self
    }

    /// Sets how the block is initialised.
    pub fn init(&mut self, init: Init) -> &mut Self {
        self.init = init;
        self
    }

    /// Sets how many inputs feed one output and how many outputs one input feeds, where that is not `cols` and `rows`.
    pub fn fans(&mut self, fan_in: usize, fan_out: usize) -> &mut Self {
        self.fans = (fan_in, fan_out);
        self
    }

    /// Says that the rows are `parts` matrices of equal height, one above the other (the gates of a recurrent cell), each
    /// initialised by itself.
    pub fn stacked(&mut self, parts: usize) -> &mut Self {
        self.parts = parts;
        self
    }

    /// The name, as in `0.weight`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the penalty falls on the block.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Rows and columns; a vector has one column.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// How many inputs feed one output.
    #[must_use]
    pub fn fan_in(&self) -> usize {
        self.fans.0
    }

    /// How many outputs one input feeds.
    #[must_use]
    pub fn fan_out(&self) -> usize {
        self.fans.1
    }

    /// Where the block lies in θ.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.start.saturating_add(self.rows.saturating_mul(self.cols))
    }
}

/// The blocks of θ in order. A [`Layer`](crate::Layer) writes itself into one.
///
/// ```
/// use residual::{Affine, Layer, Layout};
/// let mut layout = Layout::new();
/// Layer::<f64>::layout(&Affine::new(3, 2), &mut layout);
/// assert_eq!(layout.len(), 8);
/// assert_eq!(layout.blocks()[0].shape(), (2, 3));
/// assert_eq!(layout.blocks()[1].name(), "bias");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    blocks: Vec<Block>,
    prefix: String,
    len: usize,
}

impl Layout {
    /// No parameters yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rows × cols matrix of weights, column-major, `cols` inputs wide, which starts by LeCun's rule.
    pub fn weights(&mut self, rows: usize, cols: usize) -> &mut Block {
        self.push("weight", Role::Weights, rows, cols, Init::LeCun(Spread::Uniform))
    }

    /// Adds a vector that is not penalized and starts at 0.
    pub fn bias(&mut self, len: usize) -> &mut Block {
        self.push("bias", Role::Bias, len, 1, Init::Constant(0.0))
    }

    /// Lets `fill` add blocks whose names start with `name.`.
    pub fn scope(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        fill(self);
        self.prefix.truncate(outer);
    }

    /// How many numbers θ has; `usize::MAX` stands for more than can be counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether θ is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The blocks in order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The block that coordinate `index` of θ lies in.
    #[must_use]
    pub fn block_of(&self, index: usize) -> Option<&Block> {
        self.blocks.iter().find(|block| block.range().contains(&index))
    }

    /// A fresh θ: each block by its initialiser, from one stream of random numbers.
    #[must_use]
    pub fn initialize<T: Real>(&self, seed: u64) -> Vec<T> {
        init::initialize(self, seed)
    }

    fn push(&mut self, name: &str, role: Role, rows: usize, cols: usize, init: Init) -> &mut Block {
        let name = format!("{}{name}", self.prefix);
        let block = Block { name, role, rows, cols, start: self.len, init, fans: (cols, rows), parts: 1 };
        self.len = self.len.saturating_add(rows.saturating_mul(cols));
        let last = self.blocks.len();
        self.blocks.push(block);
        &mut self.blocks[last]
    }
}
