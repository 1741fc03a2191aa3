//! Elementwise activations and their slopes.

use crate::layout::{Init, Spread};
use crate::real::{self, Gate, Rectify, sigmoid};
use crate::{Description, Real, Result};

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
///
/// NaN gives NaN. An infinity inside a network is a sum that overflowed, and where terms of both signs overflow its sign may
/// be wrong. So layers turn it into NaN where φ would make a finite number of it, and the prediction is an error.
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

/// 1 for a > 0, else `leak`; NaN for NaN.
fn jump<T: Real>(a: T, leak: T) -> T {
    if a > T::zero() {
        T::one()
    } else if a <= T::zero() {
        leak
    } else {
        a
    }
}

impl Activation {
    /// φ(a).
    #[must_use]
    pub fn value<T: Real>(self, a: T) -> T {
        match self {
            Self::Identity => a,
            Self::Relu => {
                if a <= T::zero() {
                    T::zero()
                } else {
                    a
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
            Self::Relu => jump(a, T::zero()),
            Self::LeakyRelu => jump(a, T::of(LEAK)),
            Self::Tanh => {
                let t = a.tanh();
                (one - t) * (one + t)
            }
            Self::Sigmoid => sigmoid(a) * sigmoid(-a),
            Self::Gelu => real::normal_cdf(a) + a * real::normal_density(a),
            Self::Silu => sigmoid(a) * (one + a * sigmoid(-a)),
        }
    }

    /// a ← φ(a) for every entry, NaN where an infinite a would become a finite number.
    pub(crate) fn apply<T: Real>(self, a: &mut [T]) {
        match self {
            Self::Identity => {}
            Self::Tanh => T::tanh_each(a),
            Self::Sigmoid => T::sigmoid_each(a),
            Self::Gelu => times_each(a, T::normal_cdf_each),
            Self::Silu => times_each(a, T::sigmoid_each),
            Self::Relu => T::rectify(Rectify { a, leak: T::zero() }),
            Self::LeakyRelu => T::rectify(Rectify { a, leak: T::of(LEAK) }),
        }
    }

    /// dz ← dz · φ′(a) for every entry, a the values before the activation.
    pub(crate) fn backward<T: Real>(self, a: &[T], dz: &mut [T]) {
        let one = T::one();
        match self {
            Self::Identity => {}
            Self::Relu => T::gate(Gate { a, d: dz, leak: T::zero() }),
            Self::LeakyRelu => T::gate(Gate { a, d: dz, leak: T::of(LEAK) }),
            Self::Tanh => slopes(a, dz, |a, t, _| {
                t.copy_from_slice(a);
                T::tanh_each(t);
                t.iter_mut().for_each(|t| *t = (one - *t) * (one + *t));
            }),
            // σ(a) σ(−a) and its kin: both tails keep their digits.
            Self::Sigmoid | Self::Silu => slopes(a, dz, |a, p, q| {
                p.copy_from_slice(a);
                q.iter_mut().zip(a).for_each(|(q, &a)| *q = -a);
                T::sigmoid_each(p);
                T::sigmoid_each(q);
                let silu = self == Self::Silu;
                for ((p, &q), &a) in p.iter_mut().zip(&*q).zip(a) {
                    *p *= if silu { one + a * q } else { q };
                }
            }),
            Self::Gelu => slopes(a, dz, |a, cdf, density| {
                cdf.copy_from_slice(a);
                T::normal_cdf_each(cdf);
                density.iter_mut().zip(a).for_each(|(density, &a)| *density = -(a * a) * T::of(0.5));
                T::exp_each(density);
                for ((cdf, &density), &a) in cdf.iter_mut().zip(&*density).zip(a) {
                    *cdf += a * density * T::of(real::NORMAL_PEAK);
                }
            }),
        }
    }

    /// How the weights before this activation start: U(±c/√n_in) with c = 1 for the ReLU family, 1.25 for tanh, GELU and SiLU,
    /// 3.5 for the sigmoid, LeCun's rule where there is none.
    ///
    /// The numbers are measured (`cargo bench --bench start`): wider starts fit what is there with less change of the hidden
    /// layers, and come out behind; narrower ones are slow where an activation is nearly linear around 0.
    #[must_use]
    pub fn init(self) -> Init {
        match self {
            Self::Identity => Init::LeCun(Spread::Uniform),
            Self::Relu | Self::LeakyRelu => Init::FanIn(1.0),
            Self::Tanh | Self::Gelu | Self::Silu => Init::FanIn(1.25),
            Self::Sigmoid => Init::FanIn(3.5),
        }
    }

    /// How the bias before this activation starts: U(±1/√n_in), so that the bends of units lie apart; 0 where there is none.
    pub(super) fn bias_init(self) -> Init {
        if self == Self::Identity { Init::Constant(0.0) } else { Init::FanIn(1.0) }
    }
}

/// Numbers taken at a time where a function needs scratch memory.
const CHUNK: usize = 128;

/// a ← a f(a).
fn times_each<T: Real>(a: &mut [T], f: impl Fn(&mut [T])) {
    let mut values = [T::zero(); CHUNK];
    for a in a.chunks_mut(CHUNK) {
        let values = &mut values[..a.len()];
        values.copy_from_slice(a);
        f(values);
        a.iter_mut().zip(&*values).for_each(|(a, &f)| *a *= f);
    }
}

/// dz ← dz · slope, the slopes written by `f` into the first of two scratch slices.
fn slopes<T: Real>(a: &[T], dz: &mut [T], f: impl Fn(&[T], &mut [T], &mut [T])) {
    let (mut slope, mut scratch) = ([T::zero(); CHUNK], [T::zero(); CHUNK]);
    for (a, dz) in a.chunks(CHUNK).zip(dz.chunks_mut(CHUNK)) {
        let slope = &mut slope[..a.len()];
        f(a, slope, &mut scratch[..a.len()]);
        dz.iter_mut().zip(&*slope).for_each(|(dz, &slope)| *dz *= slope);
    }
}

impl Activation {
    /// The name by which model files know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::Relu => "Relu",
            Self::LeakyRelu => "LeakyRelu",
            Self::Tanh => "Tanh",
            Self::Sigmoid => "Sigmoid",
            Self::Gelu => "Gelu",
            Self::Silu => "Silu",
        }
    }

    /// The field `activation` of a description.
    ///
    /// # Errors
    /// [`Error::Description`](crate::Error::Description) if there is none of a known name.
    pub fn of(description: &Description) -> Result<Self> {
        let name = description.text("activation")?;
        Self::from_name(name).ok_or_else(|| description.wrong("activation", "the name of an activation, as Relu"))
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Identity, Self::Relu, Self::LeakyRelu, Self::Tanh, Self::Sigmoid, Self::Gelu, Self::Silu]
            .into_iter()
            .find(|own| own.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The vector code against the scalar functions.
        #[test]
        fn blocks_equal_single_numbers(a in proptest::collection::vec(-30.0..30.0f64, 1..300)) {
            use Activation::{Gelu, Identity, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
            for activation in [Identity, Relu, LeakyRelu, Tanh, Sigmoid, Gelu, Silu] {
                let (mut values, mut slopes) = (a.clone(), vec![1.0; a.len()]);
                activation.apply(&mut values);
                activation.backward(&a, &mut slopes);
                for (i, &a) in a.iter().enumerate() {
                    let (value, slope) = (activation.value(a), activation.slope(a));
                    prop_assert!((values[i] - value).abs() <= 1e-15 * (4.0 + a * a) * value.abs(), "{activation:?} at {a}");
                    prop_assert!((slopes[i] - slope).abs() <= 1e-15 * (4.0 + a * a) * (slope.abs() + 0.1), "{activation:?}′ at {a}");
                }
            }
        }
    }
}
