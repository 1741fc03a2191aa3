use super::dropout::{self, Mask};
use super::{Activation, Affine, Layer};
use crate::linalg::{Block, reshape};
use crate::{Describe, Description, Init, Layout, Real, Result};
use nalgebra::DMatrix;
use std::ops::Range;

/// z = φ(W x + b): one layer of a perceptron, the activation fused in.
///
/// The formula of the third model: a multilayer perceptron is z = W_m φ(… φ(W₂ φ(W₁ x + b₁) + b₂) …) + b_m, affine maps
/// with a bend between them, in code a [`Stack`](super::Stack) of these, the last one with the identity.
///
/// θ as in [`Affine`]. W and b start as U(±c/√n_in), c for W by the activation ([`Activation::init`]) and 1 for b; with the
/// identity W by LeCun's rule and b at 0. [`init`](Dense::init) says otherwise. With [`dropout`](Dense::dropout) the outputs go through a [`Dropout`](super::Dropout).
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Activation, Dense, Layer, nalgebra};
/// let mut z = dmatrix![0.0, 0.0];
/// let layer = Dense::new(1, 1, Activation::Relu);
/// layer.forward(&[2.0, 1.0], &dmatrix![3.0, -3.0], &mut z, &mut Default::default());
/// assert_eq!(z, dmatrix![7.0, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dense {
    affine: Affine,
    activation: Activation,
    init: Option<Init>,
    dropout: f64,
}

/// The values before the activation, and what was dropped after it.
#[derive(Debug)]
pub struct DenseTape<T: Real> {
    a: DMatrix<T>,
    mask: Mask<T>,
}

impl<T: Real> Default for DenseTape<T> {
    fn default() -> Self {
        Self { a: DMatrix::zeros(0, 0), mask: Mask::default() }
    }
}

impl Dense {
    /// `inputs` numbers to `outputs` numbers through φ.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, activation: Activation) -> Self {
        Self { affine: Affine::new(inputs, outputs), activation, init: None, dropout: 0.0 }
    }

    /// Without b.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.affine = self.affine.without_bias();
        self
    }

    /// How W starts; b then starts at 0.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = Some(init);
        self
    }

    /// Drops each output with this probability in training, as [`Dropout`](super::Dropout) does.
    #[must_use]
    pub fn dropout(mut self, rate: f64) -> Self {
        self.dropout = rate;
        self
    }

    /// φ.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// z holds a = W x + b: keeps it for `backward` and turns it into φ(a).
    fn activate<T: Real>(&self, z: &mut DMatrix<T>, tape: &mut DenseTape<T>) {
        if self.activation != Activation::Identity {
            reshape(&mut tape.a, z.nrows(), z.ncols());
            tape.a.as_mut_slice().copy_from_slice(z.as_slice());
            self.activation.apply(z.as_mut_slice());
        }
        tape.mask.forward(self.dropout, z.as_mut_slice());
    }

    /// dz ← ∂R/∂a.
    fn deactivate<T: Real>(&self, dz: &mut DMatrix<T>, tape: &DenseTape<T>) {
        tape.mask.backward(dz.as_mut_slice());
        self.activation.backward(tape.a.as_slice(), dz.as_mut_slice());
    }
}

impl<T: Real> Layer<T> for Dense {
    type Tape = DenseTape<T>;

    fn inputs(&self) -> usize {
        Layer::<T>::inputs(&self.affine)
    }

    fn outputs(&self) -> usize {
        Layer::<T>::outputs(&self.affine)
    }

    fn layout(&self, layout: &mut Layout) {
        layout
            .weights(Layer::<T>::outputs(self), Layer::<T>::inputs(self))
            .init(self.init.unwrap_or_else(|| self.activation.init()));
        if self.affine.has_bias() {
            let init = self.init.map_or_else(|| self.activation.bias_init(), |_| Init::Constant(0.0));
            let (inputs, outputs) = (Layer::<T>::inputs(self), Layer::<T>::outputs(self));
            layout.bias(outputs).init(init).fans(inputs, outputs);
        }
    }

    fn output_bias(&self) -> Option<Range<usize>> {
        let linear = self.activation == Activation::Identity && self.dropout == 0.0;
        if linear { Layer::<T>::output_bias(&self.affine) } else { None }
    }

    fn check(&self) -> Result<()> {
        Layer::<T>::check(&self.affine)?;
        dropout::check(self.dropout)
    }

    fn randomize(&self, tape: &mut Self::Tape, seed: u64) {
        tape.mask.prepare(seed);
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        self.affine.forward(theta, x, z, &mut ());
        self.activate(z, tape);
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
        self.deactivate(dz, tape);
        self.affine.backward(theta, x, dz, &mut (), dtheta, dx);
    }

    fn forward_block(
        &self,
        theta: &[T],
        block: &Block<'_, T>,
        x: &mut DMatrix<T>,
        z: &mut DMatrix<T>,
        tape: &mut Self::Tape,
    ) {
        self.affine.forward_block(theta, block, x, z, &mut ());
        self.activate(z, tape);
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
        self.deactivate(dz, tape);
        self.affine.backward_block(theta, block, x, dz, &mut (), dtheta);
    }
}

impl Describe for Dense {
    fn describe(&self) -> Description {
        let Self { affine, activation, init, dropout } = self;
        let Description::Fields(mut fields) = affine.describe() else { return affine.describe() };
        fields[0].1 = "Dense".into();
        fields.insert(3, ("activation".to_string(), activation.name().into()));
        let description = Description::Fields(fields).with_some("init", init.map(|init| init.describe()));
        description.with_some("dropout", (*dropout > 0.0).then_some(*dropout))
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("Dense")?;
        let [inputs, outputs] = [description.count("inputs")?, description.count("outputs")?];
        let mut dense = Self::new(inputs, outputs, Activation::of(description)?);
        if !description.flag("bias")? {
            dense = dense.without_bias();
        }
        dense.init = description.get("init").map(Init::from_description).transpose()?;
        dense.dropout = if description.get("dropout").is_some() { description.number("dropout")? } else { 0.0 };
        Ok(dense)
    }
}
