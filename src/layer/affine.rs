use super::Layer;
use crate::linalg::{Block, packed_stride, product};
use crate::{Describe, Description, Error, Layout, Real, Result};
use nalgebra::{DMatrix, DMatrixView};
use std::ops::Range;

/// z = W x + b: every linear model, and the last layer of most networks.
///
/// θ is W column-major (outputs × inputs), then b (outputs). W starts by LeCun's rule, b at 0. dW = dz xᵀ, db = dz 1, dx = Wᵀ dz.
///
/// The formulas of the first two models: linear regression predicts ŷ = W x + b, the loss is
/// [`SquaredError`](crate::SquaredError); logistic regression predicts p = σ(W x + b), σ(z) = 1 / (1 + e^−z) for two classes
/// and softmax(z)ᵢ = e^zᵢ / Σⱼ e^zⱼ for more, the loss is [`CrossEntropy`](crate::CrossEntropy).
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Affine, Layer, nalgebra};
/// let mut z = dmatrix![0.0, 0.0];
/// Affine::new(2, 1).forward(&[3.0, 4.0, 0.5], &dmatrix![1.0, 0.0; 0.0, 1.0], &mut z, &mut ());
/// assert_eq!(z, dmatrix![3.5, 4.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affine {
    inputs: usize,
    outputs: usize,
    bias: bool,
}

impl Affine {
    /// `inputs` numbers to `outputs` numbers, with a bias.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, bias: true }
    }

    /// Without b: θ is W alone.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = false;
        self
    }

    /// Whether there is a bias.
    #[must_use]
    pub fn has_bias(&self) -> bool {
        self.bias
    }

    /// W and b of θ; b is empty without a bias.
    pub(crate) fn parts<'t, T>(&self, theta: &'t [T]) -> (&'t [T], &'t [T]) {
        theta.split_at(self.inputs * self.outputs)
    }

    /// z = W x + b for one sample, the row `x`: no scratch memory, and the bits of a block.
    pub(crate) fn forward_row<T: Real>(&self, theta: &[T], x: &DMatrixView<'_, T>, z: &mut [T]) {
        let (w, b) = self.parts(theta);
        product::forward_row(w, b, x, z);
    }
}

impl<T: Real> Layer<T> for Affine {
    type Tape = ();

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn layout(&self, layout: &mut Layout) {
        layout.weights(self.outputs, self.inputs);
        if self.bias {
            layout.bias(self.outputs);
        }
    }

    fn output_bias(&self) -> Option<Range<usize>> {
        let weights = self.inputs.saturating_mul(self.outputs);
        self.bias.then(|| weights..weights.saturating_add(self.outputs))
    }

    fn affine(&self) -> Option<&Affine> {
        Some(self)
    }

    fn check(&self) -> Result<()> {
        if self.inputs == 0 {
            return Err(Error::Config { name: "inputs of a layer", needs: "at least 1" });
        }
        if self.outputs == 0 {
            return Err(Error::Config { name: "outputs of a layer", needs: "at least 1" });
        }
        Ok(())
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, (): &mut ()) {
        let (w, b) = self.parts(theta);
        product::forward(w, b, self.outputs, x, z.as_mut_slice());
    }

    fn backward(
        &self,
        theta: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        (): &mut (),
        dtheta: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let (dw, db) = dtheta.split_at_mut(self.inputs * self.outputs);
        product::backward(dz.as_slice(), self.outputs, x, dw, db);
        if let Some(dx) = dx {
            product::backward_input(self.parts(theta).0, self.outputs, dz.as_slice(), dx.as_mut_slice());
        }
    }

    fn forward_block(&self, theta: &[T], block: &Block<'_, T>, x: &mut DMatrix<T>, z: &mut DMatrix<T>, (): &mut ()) {
        let (w, b) = self.parts(theta);
        let z = z.as_mut_slice();
        if self.outputs == 1 {
            product::forward_block(w, b, 1, block, z);
        } else if block.len() < FEW {
            block.gather(x);
            product::forward(w, b, self.outputs, x, z);
        } else {
            block.pack(self.outputs, x);
            product::forward_block(w, b, self.outputs, &Block::packed(x, block.len(), self.inputs), z);
        }
    }

    fn backward_block(
        &self,
        _: &[T],
        block: &Block<'_, T>,
        x: &mut DMatrix<T>,
        dz: &mut DMatrix<T>,
        (): &mut (),
        dtheta: &mut [T],
    ) {
        let (dw, db) = dtheta.split_at_mut(self.inputs * self.outputs);
        let (k, dz) = (self.outputs, dz.as_slice());
        if k == 1 {
            product::backward_block(dz, block, dw, db);
        } else if block.len() < FEW {
            product::backward(dz, k, x, dw, db);
        } else {
            // dz behind the columns, output by output.
            let stride = packed_stride(block.len());
            let (x, columns) = x.as_mut_slice().split_at_mut(stride * self.inputs);
            for (c, column) in columns.chunks_exact_mut(stride).enumerate() {
                column.iter_mut().zip(dz[c..].iter().step_by(k)).for_each(|(to, &dz)| *to = dz);
            }
            product::backward_columns(columns, block.len(), x, &[], dw, db);
        }
    }
}

/// Fewer samples than this do not fill the registers that run along feature columns; their scores have the same bits.
const FEW: usize = 8;

impl Describe for Affine {
    fn describe(&self) -> Description {
        let widths = Description::of_kind("Affine").with("inputs", self.inputs).with("outputs", self.outputs);
        widths.with("bias", self.bias)
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("Affine")?;
        let [inputs, outputs] = [description.count("inputs")?, description.count("outputs")?];
        Ok(Self { inputs, outputs, bias: description.flag("bias")? })
    }
}
