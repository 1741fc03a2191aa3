use super::{Layer, pair::meet};
use crate::linalg::{Block, reshape};
use crate::{Describe, Description, Error, Layout, Real, Result, random};
use nalgebra::DMatrix;
use std::ops::Range;

/// Layers of one type, one after the other: f_m(… f₂(f₁(x))). Block names start with the layer's number.
///
/// ```
/// use residual::{Activation::*, Dense, Layout, Stack};
/// let stack = Stack::new(vec![Dense::new(4, 8, Relu), Dense::new(8, 1, Identity)])?;
/// let layout = Layout::of::<f64, _>(&stack);
/// assert_eq!((layout.len(), layout.blocks()[2].name()), (49, "1.weight"));
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Stack<L> {
    layers: Vec<L>,
}

impl<L> Stack<L> {
    /// These layers in order; whether their widths meet is checked when the stack meets data.
    ///
    /// # Errors
    /// [`Error::Empty`] for no layer.
    pub fn new(layers: Vec<L>) -> Result<Self> {
        if layers.is_empty() {
            return Err(Error::Empty { what: "the stack of layers" });
        }
        Ok(Self { layers })
    }

    /// The layers in order.
    #[must_use]
    pub fn layers(&self) -> &[L] {
        &self.layers
    }
}

/// What a stack keeps between its passes: per layer its tape, the end of its parameters, and the value after it.
#[derive(Debug)]
pub struct StackTape<T: Real, A> {
    tapes: Vec<A>,
    ends: Vec<usize>,
    hidden: Vec<DMatrix<T>>,
    dhidden: [DMatrix<T>; 2],
}

impl<T: Real, A> Default for StackTape<T, A> {
    fn default() -> Self {
        let none = || DMatrix::zeros(0, 0);
        Self { tapes: Vec::new(), ends: Vec::new(), hidden: Vec::new(), dhidden: [none(), none()] }
    }
}

impl<L> Stack<L> {
    /// Counts parameters and makes the tapes, once.
    fn prepare<T: Real>(&self, tape: &mut StackTape<T, L::Tape>)
    where
        L: Layer<T>,
    {
        if tape.tapes.len() == self.layers.len() {
            return;
        }
        let mut layout = Layout::new();
        for layer in &self.layers {
            layer.layout(&mut layout);
            tape.ends.push(layout.len());
            tape.tapes.push(L::Tape::default());
            tape.hidden.push(DMatrix::zeros(0, 0));
        }
    }

    /// Layers 1, 2, ... on what the first one left.
    fn forward_rest<T: Real>(&self, theta: &[T], z: &mut DMatrix<T>, tape: &mut StackTape<T, L::Tape>)
    where
        L: Layer<T>,
    {
        let last = self.layers.len() - 1;
        for (i, layer) in self.layers.iter().enumerate().skip(1) {
            let (before, after) = tape.hidden.split_at_mut(i);
            let x = &before[i - 1];
            let out = if i == last { &mut *z } else { &mut after[0] };
            if i != last {
                reshape(out, layer.outputs(), x.ncols());
            }
            layer.forward(&theta[tape.ends[i - 1]..tape.ends[i]], x, out, &mut tape.tapes[i]);
        }
    }

    /// Backward through all layers but the first; ∂R/∂(output of the first) ends in `tape.dhidden[0]`.
    fn backward_rest<T: Real>(
        &self,
        theta: &[T],
        dz: &mut DMatrix<T>,
        tape: &mut StackTape<T, L::Tape>,
        dtheta: &mut [T],
    ) where
        L: Layer<T>,
    {
        for i in (1..self.layers.len()).rev() {
            let part = tape.ends[i - 1]..tape.ends[i];
            let x = &tape.hidden[i - 1];
            let [dx, dz_inner] = &mut tape.dhidden;
            std::mem::swap(dx, dz_inner);
            let dz = if i + 1 == self.layers.len() { &mut *dz } else { dz_inner };
            reshape(dx, self.layers[i].inputs(), x.ncols());
            self.layers[i].backward(&theta[part.clone()], x, dz, &mut tape.tapes[i], &mut dtheta[part], Some(dx));
        }
    }
}

impl<T: Real, L: Layer<T>> Layer<T> for Stack<L> {
    type Tape = StackTape<T, L::Tape>;

    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, L::inputs)
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, L::outputs)
    }

    fn layout(&self, layout: &mut Layout) {
        for (i, layer) in self.layers.iter().enumerate() {
            layout.scope(&i.to_string(), |layout| layer.layout(layout));
        }
    }

    fn check(&self) -> Result<()> {
        self.layers.iter().try_for_each(L::check)?;
        self.layers.windows(2).try_for_each(|pair| meet(pair[0].outputs(), pair[1].inputs()))
    }

    fn output_bias(&self) -> Option<Range<usize>> {
        let (last, others) = self.layers.split_last()?;
        let before = others.iter().fold(0usize, |sum, layer| sum.saturating_add(Layout::of(layer).len()));
        last.output_bias().map(|bias| before.saturating_add(bias.start)..before.saturating_add(bias.end))
    }

    fn accepts(&self, block: &Block<'_, T>) -> Result<()> {
        self.layers.first().map_or(Ok(()), |first| first.accepts(block))
    }

    fn randomize(&self, tape: &mut Self::Tape, seed: u64) {
        self.prepare(tape);
        for (i, (layer, tape)) in self.layers.iter().zip(&mut tape.tapes).enumerate() {
            layer.randomize(tape, random::derive(seed, i as u64));
        }
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        self.prepare(tape);
        let first = &self.layers[0];
        if self.layers.len() == 1 {
            return first.forward(theta, x, z, &mut tape.tapes[0]);
        }
        reshape(&mut tape.hidden[0], first.outputs(), x.ncols());
        first.forward(&theta[..tape.ends[0]], x, &mut tape.hidden[0], &mut tape.tapes[0]);
        self.forward_rest(theta, z, tape);
    }

    fn backward(
        &self,
        theta: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        dtheta: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        self.backward_rest(theta, dz, tape, dtheta);
        let dz = if self.layers.len() == 1 { dz } else { &mut tape.dhidden[0] };
        let end = tape.ends[0];
        self.layers[0].backward(&theta[..end], x, dz, &mut tape.tapes[0], &mut dtheta[..end], dx);
    }

    fn forward_block(
        &self,
        theta: &[T],
        block: &Block<'_, T>,
        x: &mut DMatrix<T>,
        z: &mut DMatrix<T>,
        tape: &mut Self::Tape,
    ) {
        self.prepare(tape);
        let first = &self.layers[0];
        if self.layers.len() == 1 {
            return first.forward_block(theta, block, x, z, &mut tape.tapes[0]);
        }
        reshape(&mut tape.hidden[0], first.outputs(), block.len());
        first.forward_block(&theta[..tape.ends[0]], block, x, &mut tape.hidden[0], &mut tape.tapes[0]);
        self.forward_rest(theta, z, tape);
    }

    fn backward_block(
        &self,
        theta: &[T],
        block: &Block<'_, T>,
        x: &mut DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        dtheta: &mut [T],
    ) {
        self.backward_rest(theta, dz, tape, dtheta);
        let dz = if self.layers.len() == 1 { dz } else { &mut tape.dhidden[0] };
        let end = tape.ends[0];
        self.layers[0].backward_block(&theta[..end], block, x, dz, &mut tape.tapes[0], &mut dtheta[..end]);
    }
}

/// A list of the layers.
impl<L: Describe> Describe for Stack<L> {
    fn describe(&self) -> Description {
        Description::List(self.layers.iter().map(L::describe).collect())
    }

    fn from_description(description: &Description) -> Result<Self> {
        Self::new(description.parts()?.iter().map(L::from_description).collect::<Result<_>>()?)
    }
}
