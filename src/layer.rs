//! Layers: differentiable maps z = f(θ, x). A layer holds no numbers; it says how θ is laid out.
//!
//! Five models are five layers in the one risk, R(θ) = Σᵢ w̄ᵢ ℓ(f(θ, xᵢ), yᵢ) + ½ λ ‖W‖²:
//!
//! | model | z = f(θ, x) | layer |
//! |---|---|---|
//! | linear regression | W x + b | [`Affine`] |
//! | logistic regression | W x + b, and p = σ(z) | [`Affine`] |
//! | multilayer perceptron | W_m φ(… φ(W₁ x + b₁) …) + b_m | [`Stack`] of [`Dense`] |
//! | convolutional network | the same with W₁ ∗ x, the same weights at every place | [`Conv2d`], [`MaxPool2d`], ... in pairs |
//! | recurrent network | W h_T + b with h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh), or a gated cell | ([`Recurrent`], [`Affine`]) |
//!
//! Pairs compose layers of different types, `(a, (b, c))`; [`Stack`] composes layers of one type.

mod activation;
mod affine;
mod conv;
mod dense;
mod dropout;
mod image;
mod layer_norm;
mod pair;
mod pool;
mod recurrent;
mod stack;

pub use activation::Activation;
pub use affine::Affine;
pub use conv::Conv2d;
pub use dense::Dense;
pub use dropout::Dropout;
pub use image::Image;
pub use layer_norm::LayerNorm;
pub use pool::{AvgPool2d, MaxPool2d};
pub use recurrent::{Cell, Recurrent, RecurrentCell, Sequence};
pub use stack::Stack;

use crate::linalg::Block;
use crate::{Layout, Real, Result};
use nalgebra::DMatrix;
use std::ops::Range;

/// A differentiable map from `inputs` to `outputs` numbers, with parameters θ that live outside it.
///
/// In every matrix one sample is one column: x is inputs×b, z is outputs×b, both contiguous, z arrives in its size.
pub trait Layer<T: Real>: Send + Sync {
    /// What `forward` leaves for `backward`, reused from one call to the next.
    type Tape: Default + Send;

    /// How many numbers a sample comes with.
    fn inputs(&self) -> usize;

    /// How many numbers a sample leaves with.
    fn outputs(&self) -> usize;

    /// Adds the layer's blocks of parameters, in the order in which they lie in θ.
    fn layout(&self, layout: &mut Layout);

    /// z = f(θ, x).
    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape);

    /// Given dz = ∂R/∂z after a `forward` with the same θ and x: adds ∂R/∂θ to `dtheta`, writes ∂R/∂x into `dx` where it
    /// is asked for (it arrives inputs×b). May overwrite dz.
    fn backward(
        &self,
        theta: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        dtheta: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    );

    /// Whether the layer's own numbers make sense: no width 0, parts that meet.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) or [`Error::Config`](crate::Error::Config).
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The layer as an affine map, if that is all it is: solvers and predictions then use what they know of linear models.
    fn affine(&self) -> Option<&Affine> {
        None
    }

    /// Where in the layer's θ the numbers lie that are only added to the outputs, one per output: f(θ, x) = g(θ, x) + b. A
    /// network starts with b at the [best constant](crate::Loss::best_constant). `None`, the default: no such numbers.
    fn output_bias(&self) -> Option<Range<usize>> {
        None
    }

    /// Whether every sample of the block is a legal input; asked once at a fit and at a prediction. Most layers take any
    /// finite numbers, and this default reads none.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) with the first row of the block that is not.
    fn accepts(&self, _block: &Block<'_, T>) -> Result<()> {
        Ok(())
    }

    /// Prepares the tape for one random pass of training (a dropout mask); a tape that was not prepared predicts.
    fn randomize(&self, _tape: &mut Self::Tape, _seed: u64) {}

    /// `forward` on a block that still lies in the data set as feature columns. `x` is scratch: the default gathers the
    /// block into it, a layer that can read the columns in place leaves it alone.
    fn forward_block(
        &self,
        theta: &[T],
        block: &Block<'_, T>,
        x: &mut DMatrix<T>,
        z: &mut DMatrix<T>,
        tape: &mut Self::Tape,
    ) {
        block.gather(x);
        self.forward(theta, x, z, tape);
    }

    /// `backward` after [`forward_block`](Layer::forward_block), with the same `block` and `x`.
    fn backward_block(
        &self,
        theta: &[T],
        _block: &Block<'_, T>,
        x: &mut DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        dtheta: &mut [T],
    ) {
        self.backward(theta, x, dz, tape, dtheta, None);
    }
}

impl Layout {
    /// The layout of one layer.
    #[must_use]
    pub fn of<T: Real, N: Layer<T> + ?Sized>(layer: &N) -> Self {
        let mut layout = Self::new();
        layer.layout(&mut layout);
        layout
    }
}
