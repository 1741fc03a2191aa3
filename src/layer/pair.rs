use super::Layer;
use crate::linalg::{Block, reshape};
use crate::{Describe, Description, Error, Layout, Real, Result, random};
use nalgebra::DMatrix;
use std::ops::Range;

/// What a pair of layers keeps between its two passes.
#[derive(Debug)]
pub struct PairTape<T: Real, A, B> {
    first: A,
    second: B,
    hidden: DMatrix<T>,
    dhidden: DMatrix<T>,
    /// How many parameters the first layer has; counted once.
    split: Option<usize>,
}

impl<T: Real, A: Default, B: Default> Default for PairTape<T, A, B> {
    fn default() -> Self {
        let (first, second) = Default::default();
        Self { first, second, hidden: DMatrix::zeros(0, 0), dhidden: DMatrix::zeros(0, 0), split: None }
    }
}

/// The second layer after the first: f₂(θ₂, f₁(θ₁, x)). θ is θ₁, then θ₂; block names start with `0.` and `1.`.
impl<T: Real, A: Layer<T>, B: Layer<T>> Layer<T> for (A, B) {
    type Tape = PairTape<T, A::Tape, B::Tape>;

    fn inputs(&self) -> usize {
        self.0.inputs()
    }

    fn outputs(&self) -> usize {
        self.1.outputs()
    }

    fn layout(&self, layout: &mut Layout) {
        layout.scope("0", |layout| self.0.layout(layout));
        layout.scope("1", |layout| self.1.layout(layout));
    }

    fn check(&self) -> Result<()> {
        self.0.check()?;
        self.1.check()?;
        meet(self.0.outputs(), self.1.inputs())
    }

    fn output_bias(&self) -> Option<Range<usize>> {
        let first = Layout::of(&self.0).len();
        self.1.output_bias().map(|bias| first.saturating_add(bias.start)..first.saturating_add(bias.end))
    }

    fn accepts(&self, block: &Block<'_, T>) -> Result<()> {
        self.0.accepts(block)
    }

    fn randomize(&self, tape: &mut Self::Tape, seed: u64) {
        self.0.randomize(&mut tape.first, random::derive(seed, 0));
        self.1.randomize(&mut tape.second, random::derive(seed, 1));
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        let split = *tape.split.get_or_insert_with(|| Layout::of(&self.0).len());
        reshape(&mut tape.hidden, self.0.outputs(), x.ncols());
        self.0.forward(&theta[..split], x, &mut tape.hidden, &mut tape.first);
        self.1.forward(&theta[split..], &tape.hidden, z, &mut tape.second);
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
        let split = tape.split.unwrap_or(0);
        self.backward_second(&theta[split..], dz, tape, &mut dtheta[split..]);
        self.0.backward(&theta[..split], x, &mut tape.dhidden, &mut tape.first, &mut dtheta[..split], dx);
    }

    fn forward_block(
        &self,
        theta: &[T],
        block: &Block<'_, T>,
        x: &mut DMatrix<T>,
        z: &mut DMatrix<T>,
        tape: &mut Self::Tape,
    ) {
        let split = *tape.split.get_or_insert_with(|| Layout::of(&self.0).len());
        reshape(&mut tape.hidden, self.0.outputs(), block.len());
        self.0.forward_block(&theta[..split], block, x, &mut tape.hidden, &mut tape.first);
        self.1.forward(&theta[split..], &tape.hidden, z, &mut tape.second);
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
        let split = tape.split.unwrap_or(0);
        self.backward_second(&theta[split..], dz, tape, &mut dtheta[split..]);
        self.0.backward_block(&theta[..split], block, x, &mut tape.dhidden, &mut tape.first, &mut dtheta[..split]);
    }
}

/// The half of the backward pass that a gathered and an in-place block share.
trait Second<T: Real>: Layer<T> {
    fn backward_second(&self, theta: &[T], dz: &mut DMatrix<T>, tape: &mut Self::Tape, dtheta: &mut [T]);
}

impl<T: Real, A: Layer<T>, B: Layer<T>> Second<T> for (A, B) {
    fn backward_second(&self, theta: &[T], dz: &mut DMatrix<T>, tape: &mut Self::Tape, dtheta: &mut [T]) {
        reshape(&mut tape.dhidden, self.0.outputs(), dz.ncols());
        self.1.backward(theta, &tape.hidden, dz, &mut tape.second, dtheta, Some(&mut tape.dhidden));
    }
}

/// Two layers meet where one's outputs are the other's inputs.
pub(super) fn meet(outputs: usize, inputs: usize) -> Result<()> {
    if outputs == inputs {
        return Ok(());
    }
    Err(Error::Shape { what: "inputs of the next layer", expected: outputs, found: inputs })
}

/// A list of the two.
impl<A: Describe, B: Describe> Describe for (A, B) {
    fn describe(&self) -> Description {
        Description::List(vec![self.0.describe(), self.1.describe()])
    }

    fn from_description(description: &Description) -> Result<Self> {
        match description.parts()? {
            [first, second] => Ok((A::from_description(first)?, B::from_description(second)?)),
            other => Err(Error::Shape { what: "number of layers in a pair", expected: 2, found: other.len() }),
        }
    }
}
