use super::Layer;
use super::image::{at_least_1, countable};
use crate::{Describe, Description, Init, Layout, Real, Result};
use nalgebra::DMatrix;
use std::ops::Range;

/// Layer normalization: every sample's numbers brought to mean 0 and variance 1, then scaled and shifted.
///
/// z = γ ⊙ u + β,  u = (x − m) / √(v + ε),  m and v the mean and the variance (divisor p) of the p numbers of one sample.
///
/// θ is γ (`scale`, starts at 1), then β (`shift`, starts at 0), p numbers each; neither is penalized. ε is 1e-5.
/// With g = γ ⊙ dz: dγ = dz ⊙ u, dβ = dz, dx = (g − mean g − u mean(g ⊙ u)) / √(v + ε).
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Layer, LayerNorm, nalgebra};
/// let mut z = dmatrix![0.0; 0.0];
/// LayerNorm::new(2).forward(&[1.0, 1.0, 0.0, 0.5], &dmatrix![3.0; 7.0], &mut z, &mut Default::default());
/// assert!((z - dmatrix![-1.0; 1.5]).norm() < 1e-5);
/// ```
///
/// Source: Ba, Kiros and Hinton (2016), arXiv:1607.06450, eq. 4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerNorm {
    width: usize,
}

const EPSILON: f64 = 1e-5;

/// u of every sample, and 1 / √(v + ε).
#[derive(Debug, Default)]
pub struct LayerNormTape<T> {
    u: Vec<T>,
    r: Vec<T>,
}

impl LayerNorm {
    /// Over samples of `width` numbers.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width }
    }
}

/// u = (x − m) / √(v + ε); returns 1 / √(v + ε).
fn normalize<T: Real>(x: &[T], u: &mut [T], epsilon: T) -> T {
    let n = T::of(x.len() as f64);
    let mean = x.iter().fold(T::zero(), |sum, &x| sum + x) / n;
    u.iter_mut().zip(x).for_each(|(u, &x)| *u = x - mean);
    // The mean's own rounding is what is left in the deviations: taken out too, or a large offset would show.
    let rest = u.iter().fold(T::zero(), |sum, &u| sum + u) / n;
    u.iter_mut().for_each(|u| *u -= rest);
    let variance = u.iter().fold(T::zero(), |sum, &u| sum + u * u) / n;
    let r = T::one() / (variance + epsilon).sqrt();
    u.iter_mut().for_each(|u| *u *= r);
    r
}

/// The same where squares or sums overflow: x / s with ε / s² has the same u.
fn normalize_large<T: Real>(x: &[T], u: &mut [T]) -> T {
    let largest = x.iter().fold(T::zero(), |largest, &x| largest.max(x.abs()));
    let n = T::of(x.len() as f64);
    // Squares of numbers below 1 / n cannot add up to more than 1.
    let s = T::one() / largest / n;
    let mean = x.iter().fold(T::zero(), |sum, &x| sum + x * s) / n;
    u.iter_mut().zip(x).for_each(|(u, &x)| *u = x * s - mean);
    let variance = u.iter().fold(T::zero(), |sum, &u| sum + u * u) / n;
    let r = T::one() / (variance + T::of(EPSILON) * s * s).sqrt();
    u.iter_mut().for_each(|u| *u *= r);
    r * s
}

impl<T: Real> Layer<T> for LayerNorm {
    type Tape = LayerNormTape<T>;

    fn inputs(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn layout(&self, layout: &mut Layout) {
        layout.bias(self.width).named("scale").init(Init::Constant(1.0));
        layout.bias(self.width).named("shift");
    }

    fn output_bias(&self) -> Option<Range<usize>> {
        Some(self.width..self.width.saturating_mul(2))
    }

    fn check(&self) -> Result<()> {
        at_least_1("width of a layer", self.width)?;
        countable("parameters of a layer", &[2, self.width])
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        let (scale, shift) = theta.split_at(self.width);
        tape.u.resize(x.len(), T::zero());
        tape.r.resize(x.ncols(), T::zero());
        let columns = x.as_slice().chunks_exact(self.width).zip(z.as_mut_slice().chunks_exact_mut(self.width));
        for (((x, z), u), r) in columns.zip(tape.u.chunks_exact_mut(self.width)).zip(&mut tape.r) {
            *r = normalize(x, u, T::of(EPSILON));
            if !(*r > T::zero() && u.iter().all(|u| u.is_finite())) {
                *r = normalize_large(x, u);
            }
            for (j, z) in z.iter_mut().enumerate() {
                *z = scale[j] * u[j] + shift[j];
            }
        }
    }

    fn backward(
        &self,
        theta: &[T],
        _: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        dtheta: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let scale = &theta[..self.width];
        let (dscale, dshift) = dtheta.split_at_mut(self.width);
        for (dz, u) in dz.as_slice().chunks_exact(self.width).zip(tape.u.chunks_exact(self.width)) {
            for j in 0..self.width {
                dscale[j] += dz[j] * u[j];
                dshift[j] += dz[j];
            }
        }
        let Some(dx) = dx else { return };
        let n = T::of(self.width as f64);
        let columns = dx.as_mut_slice().chunks_exact_mut(self.width).zip(dz.as_slice().chunks_exact(self.width));
        for (((dx, dz), u), &r) in columns.zip(tape.u.chunks_exact(self.width)).zip(&tape.r) {
            let (mut mean, mut along) = (T::zero(), T::zero());
            for j in 0..self.width {
                dx[j] = scale[j] * dz[j];
                mean += dx[j];
                along += dx[j] * u[j];
            }
            (mean, along) = (mean / n, along / n);
            for j in 0..self.width {
                dx[j] = (dx[j] - mean - u[j] * along) * r;
            }
        }
    }
}

impl Describe for LayerNorm {
    fn describe(&self) -> Description {
        Description::of_kind("LayerNorm").with("width", self.width).with("epsilon", EPSILON)
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("LayerNorm")?;
        if description.number("epsilon")? != EPSILON {
            return Err(description.wrong("epsilon", "0.00001"));
        }
        Ok(Self::new(description.count("width")?))
    }
}
