use super::{Activation, Affine, Layer};
use crate::linalg::{Block, reshape};
use crate::{Layout, Real, Result};
use nalgebra::DMatrix;

/// z = φ(W x + b): one layer of a perceptron, the activation fused in.
///
/// θ as in [`Affine`]. W starts by He's rule for the ReLU family, by Glorot's for the others; b at 0.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Activation, Dense, Layer, nalgebra};
/// let mut z = dmatrix![0.0, 0.0];
/// let layer = Dense::new(1, 1, Activation::Relu);
/// layer.forward(&[2.0, 1.0], &dmatrix![3.0, -3.0], &mut z, &mut Default::default());
/// assert_eq!(z, dmatrix![7.0, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    affine: Affine,
    activation: Activation,
}

/// The values before the activation.
#[derive(Debug)]
pub struct DenseTape<T: Real> {
    a: DMatrix<T>,
}

impl<T: Real> Default for DenseTape<T> {
    fn default() -> Self {
        Self { a: DMatrix::zeros(0, 0) }
    }
}

impl Dense {
    /// `inputs` numbers to `outputs` numbers through φ.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, activation: Activation) -> Self {
        Self { affine: Affine::new(inputs, outputs), activation }
    }

    /// Without b.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.affine = self.affine.without_bias();
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
        layout.weights(Layer::<T>::outputs(self), Layer::<T>::inputs(self)).init(self.activation.init());
        if self.affine.has_bias() {
            layout.bias(Layer::<T>::outputs(self));
        }
    }

    fn check(&self) -> Result<()> {
        Layer::<T>::check(&self.affine)
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
        self.activation.backward(tape.a.as_slice(), dz.as_mut_slice());
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
        self.activation.backward(tape.a.as_slice(), dz.as_mut_slice());
        self.affine.backward_block(theta, block, x, dz, &mut (), dtheta);
    }
}
