//! A run of double-double numbers.

use super::number::{two_product, two_sum};
use super::{Dd, Unit, dispatch};
use crate::Real;
use crate::linalg::{survey::Survey, vectors};

/// A run of double-doubles, highs and lows apart so that loops over them are vector code.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub hi: Vec<f64>,
    pub lo: Vec<f64>,
}

impl Run {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { hi: vec![0.0; len], lo: vec![0.0; len] }
    }

    /// Number i.
    pub fn get(&self, i: usize) -> Dd {
        Dd { hi: self.hi[i], lo: self.lo[i] }
    }

    /// Sets number i.
    pub fn set(&mut self, i: usize, value: Dd) {
        (self.hi[i], self.lo[i]) = (value.hi, value.lo);
    }

    /// Becomes as long as `values`; the numbers are those in these units, with no low part.
    pub fn load<T: Real>(&mut self, values: &[T], unit: Unit) {
        self.hi.resize(values.len(), 0.0);
        super::shift(values, unit, &mut self.hi);
        self.lo.clear();
        self.lo.resize(values.len(), 0.0);
    }

    /// Adds the same number to all.
    pub fn add_scalar(&mut self, value: Dd) {
        dispatch(
            #[inline(always)]
            || {
                for (hi, lo) in self.hi.iter_mut().zip(&mut self.lo) {
                    let (s, e) = two_sum(*hi, value.hi);
                    *hi = s;
                    *lo += e + value.lo;
                }
            },
        );
    }

    /// Multiplies number i by `factors[i]` into `out`, in normal form; 0 where the factor is, whatever the number.
    pub fn times(&self, factors: &[f64], out: &mut Self) {
        let n = self.hi.len();
        out.hi.resize(n, 0.0);
        out.lo.resize(n, 0.0);
        let (h, l, f) = (&self.hi[..n], &self.lo[..n], &factors[..n]);
        let (oh, ol) = (&mut out.hi[..n], &mut out.lo[..n]);
        dispatch(
            #[inline(always)]
            || {
                for i in 0..n {
                    let (p, e) = two_product(h[i], f[i]);
                    let (hi, lo) = two_sum(p, f[i].mul_add(l[i], e));
                    (oh[i], ol[i]) = if f[i] == 0.0 { (0.0, 0.0) } else { (hi, lo) };
                }
            },
        );
    }

    /// The sum of all.
    pub fn total(&self) -> Dd {
        let mut lanes = [Dd::ZERO; 4];
        for (i, (&hi, &lo)) in self.hi.iter().zip(&self.lo).enumerate() {
            let lane = &mut lanes[i % 4];
            let (s, e) = two_sum(lane.hi, hi);
            *lane = Dd { hi: s, lo: lane.lo + (e + lo) };
        }
        lanes.iter().fold(Dd::ZERO, |sum, lane| sum + Dd::sum(lane.hi, lane.lo))
    }

    /// Σᵢ hiᵢ vᵢ over the high parts of both, in f64.
    pub fn dot(&self, v: &Self) -> f64 {
        vectors::dot(&self.hi, &v.hi)
    }

    /// The largest |hiᵢ|.
    pub fn largest(&self) -> f64 {
        let Survey { low, high, .. } = Survey::of(&self.hi, None);
        high.max(-low)
    }
}
