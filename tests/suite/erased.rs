//! Losses and layers behind one type each, so that a table can hold them. Every provided method is passed on: a test
//! through these sees the override of the type itself.

use residual::check::{self, Outcome};
use residual::nalgebra::DMatrix;
use residual::{Curvature, Dataset, FiniteSum, Layer, Layout, Loss, Real, Result, Risk};
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A loss behind a pointer.
#[derive(Clone)]
pub struct Erased<P>(pub P);

/// Any loss.
pub type AnyLoss<T> = Erased<Arc<dyn Loss<T>>>;

/// Any loss with second derivatives.
pub type AnyCurvature<T> = Erased<Arc<dyn Curvature<T>>>;

impl<T: Real, P: Deref + Send + Sync> Loss<T> for Erased<P>
where
    P::Target: Loss<T>,
{
    fn value(&self, z: &[T], y: &[T]) -> T {
        self.0.value(z, y)
    }

    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        self.0.gradient(z, y, dz)
    }

    fn respond(&self, z: &mut [T]) {
        self.0.respond(z);
    }

    fn accepts(&self, y: &[T]) -> Result<(), &'static str> {
        self.0.accepts(y)
    }

    fn check(&self) -> Result<()> {
        self.0.check()
    }

    fn best_constant(&self, y: &[T], weights: Option<&[T]>, z: &mut [T]) {
        self.0.best_constant(y, weights, z);
    }

    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        self.0.in_f64()
    }

    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        self.0.block_value(z, y, outputs, weights)
    }

    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        self.0.block_gradient(z, y, outputs, weights, scale, dz)
    }

    fn block_respond(&self, z: &mut [T], outputs: usize) {
        self.0.block_respond(z, outputs);
    }
}

impl<T: Real, P: Deref + Send + Sync> Curvature<T> for Erased<P>
where
    P::Target: Curvature<T>,
{
    fn curvature(&self, z: &[T], y: &[T], h: &mut [T]) {
        self.0.curvature(z, y, h);
    }

    fn curvature_product(&self, z: &[T], y: &[T], v: &[T], hv: &mut [T]) {
        self.0.curvature_product(z, y, v, hv);
    }

    fn ignores_shift(&self, outputs: usize) -> bool {
        self.0.ignores_shift(outputs)
    }
}

/// What the suites ask of a layer, without its tape.
pub trait AnyLayer<T: Real> {
    fn widths(&self) -> (usize, usize);
    fn layout(&self) -> Layout;
    fn output_bias(&self) -> Option<Range<usize>>;
    fn predict(&self, theta: &[T], x: &DMatrix<T>) -> DMatrix<T>;
    fn check(&self, theta: &[T], x: &DMatrix<T>) -> Outcome;
    fn risk<'a>(&'a self, data: &'a Dataset<'a, T>, loss: &'a AnyLoss<T>, l2: f64) -> Box<dyn FiniteSum<T> + 'a>;
}

/// A layer of a type of its own.
pub struct Own<N>(pub N);

impl<T: Real, N: Layer<T>> AnyLayer<T> for Own<N> {
    fn widths(&self) -> (usize, usize) {
        (self.0.inputs(), self.0.outputs())
    }

    fn layout(&self) -> Layout {
        Layout::of(&self.0)
    }

    fn output_bias(&self) -> Option<Range<usize>> {
        self.0.output_bias()
    }

    fn predict(&self, theta: &[T], x: &DMatrix<T>) -> DMatrix<T> {
        let mut z = DMatrix::zeros(self.0.outputs(), x.ncols());
        self.0.forward(theta, x, &mut z, &mut N::Tape::default());
        z
    }

    fn check(&self, theta: &[T], x: &DMatrix<T>) -> Outcome {
        check::layer(&self.0, theta, x)
    }

    fn risk<'a>(&'a self, data: &'a Dataset<'a, T>, loss: &'a AnyLoss<T>, l2: f64) -> Box<dyn FiniteSum<T> + 'a> {
        Box::new(Risk::new(data, &self.0, loss, l2).expect("layer and loss fit the data"))
    }
}
