//! A loss and a layer seen as objectives.

use crate::layer::Layer;
use crate::loss::Loss;
use crate::objective::Objective;
use crate::{Layout, Real};
use nalgebra::DMatrix;

/// ℓ(·, y) as a function of the scores.
pub(super) struct LossOf<'a, T, L: ?Sized> {
    pub loss: &'a L,
    pub y: &'a [T],
}

impl<T: Real, L: Loss<T> + ?Sized> Objective<T> for LossOf<'_, T, L> {
    fn dim(&self) -> usize {
        self.y.len()
    }

    fn value(&mut self, z: &[T]) -> T {
        self.loss.value(z, self.y)
    }

    fn gradient(&mut self, z: &[T], dz: &mut [T]) -> T {
        self.loss.gradient(z, self.y, dz)
    }
}

/// Σ u ∘ f(θ, x) as a function of θ and x together.
pub(super) struct LayerSum<'a, T: Real, N: Layer<T>> {
    layer: &'a N,
    parameters: usize,
    layout: Layout,
    tape: N::Tape,
    x: DMatrix<T>,
    z: DMatrix<T>,
    upstream: DMatrix<T>,
}

impl<'a, T: Real, N: Layer<T>> LayerSum<'a, T, N> {
    pub fn new(layer: &'a N, (p, b): (usize, usize), parameters: usize, layout: Layout, tape: N::Tape) -> Self {
        let k = layer.outputs();
        // No two alike, no sign preferred: the fractions of multiples of the golden ratio.
        let upstream = DMatrix::from_fn(k, b, |i, j| T::of(((i + j * k + 1) as f64 * 0.618_033_988_75).fract() - 0.45));
        Self { layer, parameters, layout, tape, x: DMatrix::zeros(p, b), z: DMatrix::zeros(k, b), upstream }
    }
}

impl<T: Real, N: Layer<T>> Objective<T> for LayerSum<'_, T, N> {
    fn dim(&self) -> usize {
        self.layout.len()
    }

    fn value(&mut self, point: &[T]) -> T {
        let (theta, x) = point.split_at(self.parameters);
        self.x.as_mut_slice().copy_from_slice(x);
        self.layer.forward(theta, &self.x, &mut self.z, &mut self.tape);
        self.z.iter().zip(&self.upstream).fold(T::zero(), |sum, (&z, &u)| sum + z * u)
    }

    fn gradient(&mut self, point: &[T], grad: &mut [T]) -> T {
        let value = self.value(point);
        let (theta, _) = point.split_at(self.parameters);
        let mut dz = self.upstream.clone();
        let mut dx = self.x.clone();
        // Starts at 1, not 0: `backward` must add.
        let mut dtheta = vec![T::one(); self.parameters];
        self.layer.backward(theta, &self.x, &mut dz, &mut self.tape, &mut dtheta, Some(&mut dx));
        dtheta.iter_mut().for_each(|d| *d -= T::one());
        let (dtheta_out, dx_out) = grad.split_at_mut(self.parameters);
        dtheta_out.copy_from_slice(&dtheta);
        dx_out.copy_from_slice(dx.as_slice());
        value
    }

    fn layout(&self) -> Option<&Layout> {
        Some(&self.layout)
    }
}
