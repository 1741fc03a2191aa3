//! Elementwise activations and their slopes.

use crate::layout::{Init, Spread};
use crate::{Real, real};

/// An elementwise activation.
///
/// | | φ(a) |
/// |---|---|
/// | `Identity` | a |
/// | `Relu` | max(a, 0); slope 0 at 0 |
/// | `LeakyRelu` | a if a > 0, else 0.01 a |
/// | `Tanh` | tanh a |
/// | `Sigmoid` | 1 / (1 + e^−a) |
/// | `Gelu` | a Φ(a), Φ the normal distribution function. Source: Hendrycks and Gimpel (2016) |
/// | `Silu` | a σ(a). Source: Elfwing, Uchibe and Doya (2018) |
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activation {
    /// a.
    Identity,
    /// max(a, 0).
    #[default]
    Relu,
    /// a if a > 0, else 0.01 a.
    LeakyRelu,
    /// tanh a.
    Tanh,
    /// 1 / (1 + e^−a).
    Sigmoid,
    /// a Φ(a).
    Gelu,
    /// a σ(a).
    Silu,
}

const LEAK: f64 = 0.01;

fn sigmoid<T: Real>(a: T) -> T {
    let e = (-a.abs()).exp();
    if a > T::zero() { T::one() / (T::one() + e) } else { e / (T::one() + e) }
}

impl Activation {
    /// φ(a).
    #[must_use]
    pub fn value<T: Real>(self, a: T) -> T {
        match self {
            Self::Identity => a,
            Self::Relu => {
                if a > T::zero() {
                    a
                } else {
                    T::zero()
                }
            }
            Self::LeakyRelu => {
                if a > T::zero() {
                    a
                } else {
                    a * T::of(LEAK)
                }
            }
            Self::Tanh => a.tanh(),
            Self::Sigmoid => sigmoid(a),
            Self::Gelu => a * real::normal_cdf(a),
            Self::Silu => a * sigmoid(a),
        }
    }

    /// φ′(a).
    #[must_use]
    pub fn slope<T: Real>(self, a: T) -> T {
        let one = T::one();
        match self {
            Self::Identity => one,
            Self::Relu => {
                if a > T::zero() {
                    one
                } else {
                    T::zero()
                }
            }
            Self::LeakyRelu => {
                if a > T::zero() {
                    one
                } else {
                    T::of(LEAK)
                }
            }
            Self::Tanh => {
                let t = a.tanh();
                (one - t) * (one + t)
            }
            Self::Sigmoid => sigmoid(a) * sigmoid(-a),
            Self::Gelu => real::normal_cdf(a) + a * real::normal_density(a),
            Self::Silu => sigmoid(a) * (one + a * sigmoid(-a)),
        }
    }

    /// a ← φ(a) for every entry.
    pub(crate) fn apply<T: Real>(self, a: &mut [T]) {
        if self != Self::Identity {
            a.iter_mut().for_each(|a| *a = self.value(*a));
        }
    }

    /// dz ← dz · φ′(a) for every entry, a the values before the activation.
    pub(crate) fn backward<T: Real>(self, a: &[T], dz: &mut [T]) {
        match self {
            Self::Identity => {}
            // By itself, because the compiler makes it vector code; nine in ten networks train through it.
            Self::Relu => dz.iter_mut().zip(a).for_each(|(dz, &a)| *dz = if a > T::zero() { *dz } else { T::zero() }),
            _ => dz.iter_mut().zip(a).for_each(|(dz, &a)| *dz *= self.slope(a)),
        }
    }

    /// He for the ReLU family, GELU and SiLU, Glorot for the others.
    #[must_use]
    pub fn init(self) -> Init {
        match self {
            Self::Relu | Self::LeakyRelu | Self::Gelu | Self::Silu => Init::He(Spread::Uniform),
            Self::Identity | Self::Tanh | Self::Sigmoid => Init::Glorot(Spread::Uniform),
        }
    }
}
