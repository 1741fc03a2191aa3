//! Cross-correlation on lanes: L samples side by side, so that each number of an image is one vector of the processor.
//!
//! A sample's number i stands at `[i][lane]`. Then channels, stride, dilation and padding are two tables of offsets and
//! nothing else: output spot p of filter f is z[f][p] = Σₖ w[f, k] x[taps[k] + spots[p]], whatever the geometry. No
//! patches are laid out (they would be as many bytes as the product has multiply-adds per filter), and every lane sees
//! the same operations in the same order, so a sample's result does not depend on its neighbours.
//!
//! The tiles are 12 vectors of sums: with three operands and one more, taken one by one, they just fit 16 registers.

use super::simd::Dispatch;
use super::{Real, simd};

/// Where the numbers lie: tap k of the kernel on spot p reads `taps[k] + spots[p]`.
#[derive(Debug, Clone, Copy)]
pub struct Geometry<'a> {
    pub filters: usize,
    pub taps: &'a [usize],
    pub spots: &'a [usize],
}

/// A product of a convolution on lanes; numbers that stand as `[i][lane]` come as one slice.
#[derive(Debug)]
pub enum Convolve<'a, T> {
    /// z[f][p] = Σₖ w[f, k] x[taps[k] + spots[p]] + b[f]. w is filters × taps column-major, b has one number per filter or none.
    Forward { at: Geometry<'a>, w: &'a [T], bias: &'a [T], x: &'a [T], z: &'a mut [T] },
    /// dw[f, k] += Σₚ dz[f][p] x[taps[k] + spots[p]], lane by lane.
    Backward { at: Geometry<'a>, dz: &'a [T], x: &'a [T], dw: &'a mut [T] },
    /// dx[taps[k] + spots[p]] += Σ_f w[f, k] dz[f][p].
    BackwardInput { at: Geometry<'a>, w: &'a [T], dz: &'a [T], dx: &'a mut [T] },
}

impl<T: Real> Convolve<'_, T> {
    /// In vectors of `L` numbers, or by plain loops, as `D` says.
    pub(super) fn run<const L: usize, D: Dispatch>(self) {
        match self {
            Self::Forward { at, w, bias, x, z } => {
                D::run(Forward::<T, L> { at, w, bias, x: x.as_chunks().0, z: z.as_chunks_mut().0 });
            }
            Self::Backward { at, dz, x, dw } => {
                D::run(Backward::<T, L> { at, dz: dz.as_chunks().0, x: x.as_chunks().0, dw: dw.as_chunks_mut().0 });
            }
            Self::BackwardInput { at, w, dz, dx } => {
                D::run(BackwardInput::<T, L> { at, w, dz: dz.as_chunks().0, dx: dx.as_chunks_mut().0 });
            }
        }
    }
}

/// How many of `left` rows the next tile takes: four, but 6 = 3 + 3 and 5 = 3 + 2, because low tiles waste registers.
#[inline(always)]
fn tall(left: usize) -> usize {
    match left {
        1..=4 => left,
        5 | 6 => 3,
        _ => 4,
    }
}

/// Whether these places follow each other: then one check of bounds serves them all.
#[inline(always)]
fn side_by_side(at: &[usize]) -> bool {
    at.iter().zip(at[0]..).all(|(&at, expected)| at == expected)
}

/// The vectors at P places, which stand side by side if `BESIDE` says so.
#[inline(always)]
fn pick<T: Real, const L: usize, const BESIDE: bool, const P: usize>(x: &[[T; L]], at: [usize; P]) -> [[T; L]; P] {
    if BESIDE {
        let x = &x[at[0]..][..P];
        std::array::from_fn(|q| x[q])
    } else {
        std::array::from_fn(|q| x[at[q]])
    }
}

struct Forward<'a, T, const L: usize> {
    at: Geometry<'a>,
    w: &'a [T],
    bias: &'a [T],
    x: &'a [[T; L]],
    z: &'a mut [[T; L]],
}

impl<T: Real, const L: usize> simd::Kernel for Forward<'_, T, L> {
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let filters = self.at.filters;
        let mut f = 0;
        while f < filters {
            let many = tall(filters - f);
            match many {
                4 => self.rows::<FMA, 4, 3>(f),
                3 => self.rows::<FMA, 3, 3>(f),
                2 => self.rows::<FMA, 2, 5>(f),
                _ => self.rows::<FMA, 1, 8>(f),
            }
            f += many;
        }
    }
}

impl<T: Real, const L: usize> Forward<'_, T, L> {
    #[inline(always)]
    fn rows<const FMA: bool, const F: usize, const P: usize>(&mut self, f: usize) {
        let spots = self.at.spots.len();
        let mut p = 0;
        while p + P <= spots {
            if side_by_side(&self.at.spots[p..p + P]) {
                self.tile::<FMA, true, F, P>(f, p);
            } else {
                self.tile::<FMA, false, F, P>(f, p);
            }
            p += P;
        }
        while p < spots {
            self.tile::<FMA, true, F, 1>(f, p);
            p += 1;
        }
    }

    #[inline(always)]
    fn tile<const FMA: bool, const BESIDE: bool, const F: usize, const P: usize>(&mut self, f: usize, p: usize) {
        let Geometry { filters, taps, spots } = self.at;
        let at: [usize; P] = std::array::from_fn(|q| spots[p + q]);
        let mut sum = [[[T::zero(); L]; P]; F];
        for (&tap, w) in taps.iter().zip(self.w.chunks_exact(filters)) {
            let w = &w[f..f + F];
            let x = pick::<T, L, BESIDE, P>(&self.x[tap..], at);
            for g in 0..F {
                for q in 0..P {
                    simd::add_scaled::<T, L, FMA>(&mut sum[g][q], w[g], &x[q]);
                }
            }
        }
        let sum = sum;
        for g in 0..F {
            let b = self.bias.get(f + g).copied().unwrap_or_else(T::zero);
            for q in 0..P {
                self.z[(f + g) * spots.len() + p + q] = sum[g][q].map(|sum| sum + b);
            }
        }
    }
}

struct Backward<'a, T, const L: usize> {
    at: Geometry<'a>,
    dz: &'a [[T; L]],
    x: &'a [[T; L]],
    dw: &'a mut [[T; L]],
}

impl<T: Real, const L: usize> simd::Kernel for Backward<'_, T, L> {
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let filters = self.at.filters;
        let mut f = 0;
        while f < filters {
            let many = tall(filters - f);
            match many {
                4 => self.rows::<FMA, 4, 3>(f),
                3 => self.rows::<FMA, 3, 3>(f),
                2 => self.rows::<FMA, 2, 5>(f),
                _ => self.rows::<FMA, 1, 8>(f),
            }
            f += many;
        }
    }
}

impl<T: Real, const L: usize> Backward<'_, T, L> {
    #[inline(always)]
    fn rows<const FMA: bool, const F: usize, const K: usize>(&mut self, f: usize) {
        let taps = self.at.taps.len();
        let mut k = 0;
        while k + K <= taps {
            if side_by_side(&self.at.taps[k..k + K]) {
                self.tile::<FMA, true, F, K>(f, k);
            } else {
                self.tile::<FMA, false, F, K>(f, k);
            }
            k += K;
        }
        while k < taps {
            self.tile::<FMA, true, F, 1>(f, k);
            k += 1;
        }
    }

    #[inline(always)]
    fn tile<const FMA: bool, const BESIDE: bool, const F: usize, const K: usize>(&mut self, f: usize, k: usize) {
        let Geometry { filters, taps, spots } = self.at;
        let at: [usize; K] = std::array::from_fn(|q| taps[k + q]);
        let dz: [&[[T; L]]; F] = std::array::from_fn(|g| &self.dz[(f + g) * spots.len()..][..spots.len()]);
        let mut sum = [[[T::zero(); L]; K]; F];
        for (p, &spot) in spots.iter().enumerate() {
            let x = pick::<T, L, BESIDE, K>(&self.x[spot..], at);
            for g in 0..F {
                let dz = dz[g][p];
                for q in 0..K {
                    simd::add_product::<T, L, FMA>(&mut sum[g][q], &dz, &x[q]);
                }
            }
        }
        for q in 0..K {
            for g in 0..F {
                simd::add(&mut self.dw[(k + q) * filters + f + g], sum[g][q]);
            }
        }
    }
}

struct BackwardInput<'a, T, const L: usize> {
    at: Geometry<'a>,
    w: &'a [T],
    dz: &'a [[T; L]],
    dx: &'a mut [[T; L]],
}

impl<T: Real, const L: usize> simd::Kernel for BackwardInput<'_, T, L> {
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let taps = self.at.taps.len();
        let mut k = 0;
        while k < taps {
            let many = tall(taps - k);
            match many {
                4 => self.rows::<FMA, 4, 3>(k),
                3 => self.rows::<FMA, 3, 3>(k),
                2 => self.rows::<FMA, 2, 5>(k),
                _ => self.rows::<FMA, 1, 8>(k),
            }
            k += many;
        }
    }
}

impl<T: Real, const L: usize> BackwardInput<'_, T, L> {
    #[inline(always)]
    fn rows<const FMA: bool, const K: usize, const P: usize>(&mut self, k: usize) {
        let spots = self.at.spots.len();
        let mut p = 0;
        while p + P <= spots {
            self.tile::<FMA, K, P>(k, p);
            p += P;
        }
        while p < spots {
            self.tile::<FMA, K, 1>(k, p);
            p += 1;
        }
    }

    #[inline(always)]
    fn tile<const FMA: bool, const K: usize, const P: usize>(&mut self, k: usize, p: usize) {
        let Geometry { filters, taps, spots } = self.at;
        let w: [&[T]; K] = std::array::from_fn(|q| &self.w[(k + q) * filters..][..filters]);
        let mut sum = [[[T::zero(); L]; P]; K];
        for (f, dz) in self.dz.chunks_exact(spots.len()).enumerate().take(filters) {
            let dz = &dz[p..p + P];
            for q in 0..K {
                let w = w[q][f];
                for r in 0..P {
                    simd::add_scaled::<T, L, FMA>(&mut sum[q][r], w, &dz[r]);
                }
            }
        }
        for q in 0..K {
            for r in 0..P {
                simd::add(&mut self.dx[taps[k + q] + spots[p + r]], sum[q][r]);
            }
        }
    }
}
