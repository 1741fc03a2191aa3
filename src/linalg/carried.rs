//! Sums that carry their rounding errors along: a vector of sums, accurate to about twice the precision of T.

use crate::Real;
use crate::real::{Loops, vectorize};

/// Running sums s + c, s rounded and c what rounding lost. Source: Neumaier (1974), ZAMM 54, algorithm KB.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carried<T> {
    sum: Vec<T>,
    lost: Vec<T>,
}

impl<T: Real> Carried<T> {
    /// Starts `len` sums at 0, keeping the memory.
    pub fn reset(&mut self, len: usize) {
        self.sum.clear();
        self.sum.resize(len, T::zero());
        self.lost.clear();
        self.lost.resize(len, T::zero());
    }

    /// Adds one term to each sum.
    pub fn add(&mut self, terms: &[T]) {
        vectorize(Loops(
            #[inline(always)]
            || self.sum.iter_mut().zip(&mut self.lost).zip(terms).for_each(|((sum, lost), &term)| add(sum, lost, term)),
        ));
    }

    /// Adds another vector of sums.
    pub fn merge(&mut self, other: &Self) {
        self.add(&other.sum);
        self.add(&other.lost);
    }

    /// The sums, rounded once.
    pub fn write(&self, out: &mut [T]) {
        for ((out, &sum), &lost) in out.iter_mut().zip(&self.sum).zip(&self.lost) {
            *out = sum + lost;
        }
    }
}

/// One running sum.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum<T> {
    sum: T,
    lost: T,
}

impl<T: Real> Sum<T> {
    /// Adds one term.
    #[inline(always)]
    pub fn add(&mut self, term: T) {
        add(&mut self.sum, &mut self.lost, term);
    }

    /// The sum, rounded once; infinite where it left the range.
    pub fn value(self) -> T {
        // Nothing can be said of what rounding took from infinity.
        if self.lost.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// Knuth's branchless two-sum.
#[inline(always)]
fn add<T: Real>(sum: &mut T, lost: &mut T, term: T) {
    let total = *sum + term;
    let part = total - *sum;
    *lost += (*sum - (total - part)) + (term - part);
    *sum = total;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounding_loses_comes_back() {
        let mut sums = Carried::default();
        sums.reset(1);
        for term in [1e16, 1.0, 1.0, -1e16] {
            sums.add(&[term]);
        }
        let mut out = [0.0];
        sums.write(&mut out);
        assert_eq!(out, [2.0]);
    }

    #[test]
    fn one_sum_keeps_what_rounding_loses() {
        let sum = |terms: &[f32]| {
            let mut sum = Sum::default();
            terms.iter().for_each(|&term| sum.add(term));
            sum.value()
        };
        assert_eq!(sum(&[1e16, 1.0, 1.0, -1e16]), 2.0);
        assert_eq!(sum(&vec![1.0; (1 << 24) + 64]), ((1 << 24) + 64) as f32);
        assert_eq!(sum(&[f32::MAX, f32::MAX, 1.0]), f32::INFINITY);
    }
}
