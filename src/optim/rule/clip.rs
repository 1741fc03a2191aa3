use super::squares::range;
use super::{Rule, WeightsOnly, positive};
use crate::real::{Loops, vectorize};
use crate::{Real, Result};

/// Clips the gradient to a norm: g ← g · min(1, c / ‖g‖), ‖·‖ Euclidean over all parameters together.
///
/// ```
/// use residual::optim::rule::{ClipNorm, Rule};
/// let mut g = [30.0, 40.0];
/// ClipNorm(5.0).apply(&mut (), &[0.0; 2], &mut g);
/// assert_eq!(g, [3.0, 4.0]);
/// ```
///
/// Source: Pascanu, Mikolov and Bengio (2013), ICML, algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipNorm(
    /// c, positive.
    pub f64,
);

impl ClipNorm {
    /// Clips the weights alone, by their own norm; biases are left as they are.
    #[must_use]
    pub fn weights_only(norm: f64) -> WeightsOnly<Self> {
        WeightsOnly(Self(norm))
    }
}

/// (n, u) with ‖g‖ = n u in f64: a plain sum of squares in sixteen lanes and 1, or, where that overflows or vanishes, of the
/// entries over u, a power of two near the largest. ‖g‖ itself may be more than a number can be.
fn norm<T: Real>(g: &[T]) -> (f64, f64) {
    let squares = |scale: f64| {
        vectorize(Loops(
            #[inline(always)]
            || {
                let mut lanes = [0.0; 16];
                let chunks = g.chunks_exact(16);
                let rest: f64 = chunks.remainder().iter().map(|g| (g.to_f64() * scale).powi(2)).sum();
                for chunk in chunks {
                    for (lane, g) in lanes.iter_mut().zip(chunk) {
                        let g = g.to_f64() * scale;
                        *lane += g * g;
                    }
                }
                lanes.iter().sum::<f64>() + rest
            },
        ))
    };
    let plain = squares(1.0);
    if (f64::MIN_POSITIVE / f64::EPSILON..f64::MAX).contains(&plain) || plain.is_nan() {
        return (plain.sqrt(), 1.0);
    }
    let largest = g.iter().fold(0.0, |largest: f64, g| largest.max(g.to_f64().abs()));
    if largest == 0.0 || largest.is_infinite() {
        return (largest, 1.0);
    }
    // 1 / largest itself overflows for a subnormal.
    let exponent = (largest.log2().floor() as i32).clamp(-1022, 1022);
    (squares(2f64.powi(-exponent)).sqrt(), 2f64.powi(exponent))
}

impl<T: Real> Rule<T> for ClipNorm {
    type State = ();

    fn init(&self, _: usize) {}

    fn apply(&self, (): &mut (), _: &[T], grad: &mut [T]) {
        let (norm, unit) = norm(grad);
        if norm * unit > self.0 {
            let factor = T::of(self.0 / norm / unit);
            if factor.to_f64() >= range::<T>()[0] {
                grad.iter_mut().for_each(|g| *g *= factor);
            } else {
                // The factor has lost its digits, but what it makes of the gradient has not.
                grad.iter_mut().for_each(|g| *g = T::of(g.to_f64() / unit / norm * self.0));
            }
        }
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        positive::<T>("clip norm", self.0)
    }
}

/// Clips each entry of the gradient: g ← min(max(g, −c), c).
///
/// ```
/// use residual::optim::rule::{ClipValue, Rule};
/// let mut g = [-7.0, 0.5];
/// ClipValue(1.0).apply(&mut (), &[0.0; 2], &mut g);
/// assert_eq!(g, [-1.0, 0.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipValue(
    /// c, positive.
    pub f64,
);

impl ClipValue {
    /// Clips the weights alone; biases are left as they are.
    #[must_use]
    pub fn weights_only(bound: f64) -> WeightsOnly<Self> {
        WeightsOnly(Self(bound))
    }
}

impl<T: Real> Rule<T> for ClipValue {
    type State = ();

    fn init(&self, _: usize) {}

    fn apply(&self, (): &mut (), _: &[T], grad: &mut [T]) {
        let bound = T::of(self.0);
        // Comparisons, not min and max: NaN stays NaN.
        let clip = |g: T| if g > bound { bound } else { g };
        vectorize(Loops(
            #[inline(always)]
            || grad.iter_mut().for_each(|g| *g = -clip(-clip(*g))),
        ));
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<()> {
        positive::<T>("clip value", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_norm_survives_the_extremes() {
        fn norm<T: Real>(g: &[T]) -> f64 {
            let (norm, unit) = super::norm(g);
            norm * unit
        }
        for size in [1e-310, 1e-200, 1e-160, 1.0, 1e160, 1e300] {
            let ratio = norm(&[3.0 * size, -4.0 * size]) / (5.0 * size);
            assert!((ratio - 1.0).abs() < 1e-12, "{size}: {ratio}");
        }
        assert!((norm(&[3e30f32, 4e30]) / 5e30 - 1.0).abs() < 1e-6);
        assert_eq!(norm::<f64>(&[]), 0.0);
        assert_eq!(norm(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(norm(&[f64::NAN, 1.0]).is_nan());
    }

    #[test]
    fn a_short_gradient_is_left_alone() {
        let mut g = [0.3, 0.4];
        ClipNorm(0.5).apply(&mut (), &[0.0; 2], &mut g);
        assert_eq!(g, [0.3, 0.4]);
    }

    #[test]
    fn nan_shows() {
        let (mut a, mut b) = ([f64::NAN, 1.0], [f64::NAN]);
        ClipNorm(0.5).apply(&mut (), &[0.0; 2], &mut a);
        ClipValue(0.5).apply(&mut (), &[0.0], &mut b);
        assert!(a[0].is_nan() && b[0].is_nan());
    }

    #[test]
    fn bounds_must_be_positive() {
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Rule::<f64>::check(&ClipNorm(wrong)).is_err() && Rule::<f64>::check(&ClipValue(wrong)).is_err());
        }
    }
}
