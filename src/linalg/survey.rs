//! What one look at a column tells: its range and its sum.

use crate::Real;
use crate::real::vectorize;
use pulp::{Simd, WithSimd};

/// Range and sum of one column, over the rows of positive weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survey {
    /// The least number.
    pub low: f64,
    /// The largest number.
    pub high: f64,
    /// Σ x, or Σ w x; not finite if a number is not, or if the sum is out of range.
    pub sum: f64,
}

/// Numbers of other types are widened so many at a time.
const CHUNK: usize = 1024;

impl Survey {
    /// Looks at x once; without weights all weigh 1.
    pub fn of<T: Real>(x: &[T], weights: Option<&[f64]>) -> Self {
        let mut room = Vec::new();
        let start = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, sum: 0.0 };
        let look = |all: Self, x: &[T], w: Option<&[f64]>, room: &mut Vec<f64>| {
            let more = vectorize(Look { x: T::widened(x, room), w });
            Self { low: all.low.min(more.low), high: all.high.max(more.high), sum: all.sum + more.sum }
        };
        match weights {
            None => x.chunks(CHUNK).fold(start, |all, x| look(all, x, None, &mut room)),
            Some(w) => x.chunks(CHUNK).zip(w.chunks(CHUNK)).fold(start, |all, (x, w)| look(all, x, Some(w), &mut room)),
        }
    }
}

struct Look<'a> {
    x: &'a [f64],
    w: Option<&'a [f64]>,
}

/// Sums under way at a time.
const CHAINS: usize = 4;

impl WithSimd for Look<'_> {
    type Output = Survey;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Survey {
        let (zero, top) = (simd.splat_f64s(0.0), simd.splat_f64s(f64::INFINITY));
        let bottom = simd.splat_f64s(f64::NEG_INFINITY);
        let (mut low, mut high, mut sum) = ([top; CHAINS], [bottom; CHAINS], [zero; CHAINS]);
        let whole = S::as_simd_f64s(self.x).0.as_chunks::<CHAINS>().0;
        let done = size_of_val(whole) / size_of::<f64>();
        match self.w {
            None => {
                for x in whole {
                    for k in 0..CHAINS {
                        low[k] = simd.min_f64s(low[k], x[k]);
                        high[k] = simd.max_f64s(high[k], x[k]);
                        sum[k] = simd.add_f64s(sum[k], x[k]);
                    }
                }
            }
            Some(w) => {
                for (x, w) in whole.iter().zip(S::as_simd_f64s(w).0.as_chunks::<CHAINS>().0) {
                    for k in 0..CHAINS {
                        let inside = simd.greater_than_f64s(w[k], zero);
                        low[k] = simd.min_f64s(low[k], simd.select_f64s(inside, x[k], top));
                        high[k] = simd.max_f64s(high[k], simd.select_f64s(inside, x[k], bottom));
                        sum[k] = simd.mul_add_e_f64s(w[k], x[k], sum[k]);
                    }
                }
            }
        }
        let mut found = Survey { low: f64::INFINITY, high: f64::NEG_INFINITY, sum: 0.0 };
        for k in 0..CHAINS {
            found.low = found.low.min(simd.reduce_min_f64s(low[k]));
            found.high = found.high.max(simd.reduce_max_f64s(high[k]));
            found.sum += simd.reduce_sum_f64s(sum[k]);
        }
        for (i, &x) in self.x.iter().enumerate().skip(done) {
            let w = self.w.map_or(1.0, |w| w[i]);
            if w > 0.0 {
                found = Survey { low: found.low.min(x), high: found.high.max(x), sum: found.sum + w * x };
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_loop(x in prop::collection::vec((-1e3f32..1e3, 0usize..3), 1..3000), weighted: bool) {
            let w: Vec<f64> = x.iter().map(|x| x.1 as f64).collect();
            let x: Vec<f32> = x.iter().map(|x| x.0).collect();
            let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
            let rows = || (0..x.len()).filter(|&i| !weighted || w[i] > 0.0);
            let expected = rows().map(|i| wide[i]).fold((f64::INFINITY, f64::NEG_INFINITY), |a, x| (a.0.min(x), a.1.max(x)));
            let term = |i: usize| if weighted { w[i] * wide[i] } else { wide[i] };
            let (sum, size) = rows().map(term).fold((0.0, 0.0), |a, x| (a.0 + x, a.1 + f64::abs(x)));
            for found in [Survey::of(&x, weighted.then_some(&w)), Survey::of(&wide, weighted.then_some(&w))] {
                prop_assert_eq!((found.low, found.high), expected);
                prop_assert!((found.sum - sum).abs() <= 1e-12 * size);
            }
        }

        #[test]
        fn a_number_that_is_not_finite_is_seen(n in 1usize..2100, at in 0usize..2100, odd in 0usize..3) {
            let mut x = vec![1.0; n];
            x[at % n] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][odd];
            prop_assert!(!Survey::of(&x, None).sum.is_finite());
        }
    }
}
