//! One forward and one backward pass; a stream of test numbers; derivatives by differences.

use residual::nalgebra::DMatrix;
use residual::{Layer, Layout, Real};

/// z of one forward pass.
pub fn forward<T: Real, L: Layer<T>>(layer: &L, theta: &[T], x: &DMatrix<T>) -> DMatrix<T> {
    let mut z = DMatrix::from_element(layer.outputs(), x.ncols(), T::of(f64::NAN));
    layer.forward(theta, x, &mut z, &mut L::Tape::default());
    z
}

/// z, ∂L/∂θ and ∂L/∂x of L = Σ z ⊙ upstream.
pub fn both<T: Real, L: Layer<T>>(
    layer: &L,
    theta: &[T],
    x: &DMatrix<T>,
    upstream: &DMatrix<T>,
) -> (DMatrix<T>, Vec<T>, DMatrix<T>) {
    let mut tape = L::Tape::default();
    let mut z = DMatrix::from_element(layer.outputs(), x.ncols(), T::of(f64::NAN));
    layer.forward(theta, x, &mut z, &mut tape);
    let mut dtheta = vec![T::zero(); theta.len()];
    let mut dx = DMatrix::from_element(x.nrows(), x.ncols(), T::of(f64::NAN));
    layer.backward(theta, x, &mut upstream.clone(), &mut tape, &mut dtheta, Some(&mut dx));
    (z, dtheta, dx)
}

/// A stream of numbers in (−1, 1) that is the same everywhere: a linear congruence, its upper bits.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub fn vector<T: Real>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| T::of(self.next())).collect()
    }

    pub fn matrix<T: Real>(&mut self, rows: usize, cols: usize) -> DMatrix<T> {
        DMatrix::from_vec(rows, cols, self.vector(rows * cols))
    }
}

/// How many parameters.
pub fn count<T: Real, L: Layer<T>>(layer: &L) -> usize {
    Layout::of::<T, L>(layer).len()
}

/// The worst error of the gradients with respect to θ and x against central differences with one step of Richardson's
/// extrapolation, relative to the largest derivative.
pub fn worst_gradient<L: Layer<f64>>(layer: &L, theta: &[f64], x: &DMatrix<f64>, upstream: &DMatrix<f64>) -> f64 {
    let (_, dtheta, dx) = both(layer, theta, x, upstream);
    let value = |theta: &[f64], x: &DMatrix<f64>| forward(layer, theta, x).component_mul(upstream).sum();
    let mut worst = 0.0f64;
    let scale = dtheta.iter().chain(dx.iter()).fold(1e-3, |m: f64, d| m.max(d.abs()));
    let richardson = |f: &dyn Fn(f64) -> f64| {
        let h = 1e-3;
        let d = |h: f64| (f(h) - f(-h)) / (2.0 * h);
        let (one, two, four) = (d(h), d(h / 2.0), d(h / 4.0));
        let (a, b) = ((4.0 * two - one) / 3.0, (4.0 * four - two) / 3.0);
        (16.0 * b - a) / 15.0
    };
    for i in 0..theta.len() {
        let numeric = richardson(&|h| {
            let mut theta = theta.to_vec();
            theta[i] += h;
            value(&theta, x)
        });
        worst = worst.max((dtheta[i] - numeric).abs() / scale);
    }
    for i in 0..x.len() {
        let numeric = richardson(&|h| {
            let mut x = x.clone();
            x[i] += h;
            value(theta, &x)
        });
        worst = worst.max((dx[i] - numeric).abs() / scale);
    }
    worst
}
