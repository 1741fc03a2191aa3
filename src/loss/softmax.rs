//! Exponentials and logarithms of many classes: the softmax and its cross-entropy, sample by sample and in blocks.

use super::block::{CHUNK, Scores};
use crate::Real;
use crate::linalg::{Block, carried::Sum};
use crate::real::{Loops, vectorize};

/// The index of the largest score.
#[inline(always)]
pub(super) fn top<T: Real>(z: &[T]) -> usize {
    let mut top = 0;
    for (j, &score) in z.iter().enumerate() {
        if score > z[top] {
            top = j;
        }
    }
    top
}

/// e^(score − max) from `e`, the exponential of the rounded difference: what rounding took from the difference d, found
/// exactly, is worth up to |d| / 2 units of the last place of e.
#[inline(always)]
pub(super) fn mended<T: Real>(e: T, score: T, max: T) -> T {
    let difference = score - max;
    let back = difference - score;
    let lost = (score - (difference - back)) - (max + back);
    // At 0 the difference may be infinite, and `lost` NaN.
    if e > T::zero() { e + e * lost } else { e }
}

/// e^(score − max).
pub(super) fn below<T: Real>(score: T, max: T) -> T {
    mended((score - max).exp(), score, max)
}

/// z ← e^(z − max) for runs of `run` numbers, whose maximum is `max` of the run; `e` is scratch, as long as z at least.
pub(super) fn exponentials<T: Real>(z: &mut [T], run: usize, max: impl Fn(&[T]) -> T, e: &mut [T]) {
    let e = &mut e[..z.len()];
    for (e, z) in e.chunks_exact_mut(run).zip(z.chunks_exact(run)) {
        let max = max(z);
        e.iter_mut().zip(z).for_each(|(e, &score)| *e = score - max);
    }
    T::exp_each(e);
    for (e, z) in e.chunks_exact(run).zip(z.chunks_exact_mut(run)) {
        let max = max(z);
        e.iter().zip(z).for_each(|(&e, score)| *score = mended(e, *score, max));
    }
}

/// The index of the largest score and Σ e^(zⱼ − max) over the others.
pub(super) fn normalizer<T: Real>(z: &[T]) -> (usize, T) {
    let top = top(z);
    let others = z.iter().enumerate().filter(|&(j, _)| j != top);
    (top, others.fold(T::zero(), |sum, (_, &score)| sum + below(score, z[top])))
}

pub(super) fn value<T: Real>(z: &[T], y: &[T], top: usize, rest: T) -> T {
    z.iter().zip(y).fold(rest.ln_1p(), |sum, (&score, &y)| if y > T::zero() { sum + y * (z[top] - score) } else { sum })
}

/// Samples side by side in a tile.
const SIDE: usize = 16;
/// The most classes whose exponentials are taken together.
const CLASSES: usize = 64;

/// Σ w ℓ over a block of k ≥ 2 outputs; scale · w ∂ℓ/∂z into `dz` unless that is empty.
pub(super) fn block<T: Real>(scores: Scores<'_, T>, scale: T, dz: &mut [T]) -> T {
    let k = scores.outputs;
    if k > CLASSES {
        return one_by_one(scores, scale, dz);
    }
    let mut sum = Sum::default();
    let (mut z, mut y, mut room) =
        ([T::zero(); CLASSES * SIDE], [T::zero(); CLASSES * SIDE], [T::zero(); CLASSES * SIDE]);
    for first in (0..scores.z.len() / k).step_by(SIDE) {
        let run = first * k..((first + SIDE) * k).min(scores.z.len());
        turn(&scores.z[run.clone()], k, &mut z);
        turn(&scores.y[run.clone()], k, &mut y);
        let weights = weights(scores.weights, first, run.len() / k);
        let scale = (!dz.is_empty()).then_some(scale);
        let (z, y) = (&mut z, &y);
        sum.add(vectorize(Loops(
            #[inline(always)]
            || tile(&mut z[..], SIDE, k, |c| side(&y[c * SIDE..]), &weights, scale, &mut room),
        )));
        if let Some(dz) = dz.get_mut(run) {
            for (s, dz) in dz.chunks_exact_mut(k).enumerate() {
                dz.iter_mut().zip(z[s..].iter().step_by(SIDE)).for_each(|(dz, z)| *dz = *z);
            }
        }
    }
    sum.value()
}

/// [`block`] where the numbers of an output lie together, those of z from c · stride on, with room for whole tiles; z becomes
/// scale · w ∂ℓ/∂z where there is a scale.
pub(super) fn columns<T: Real>(
    z: &mut [T],
    stride: usize,
    y: &Block<'_, T>,
    weighed: Option<&[T]>,
    scale: Option<T>,
) -> T {
    let (k, mut sum, mut room) = (y.features(), Sum::default(), [T::zero(); CLASSES * SIDE]);
    for first in (0..y.len()).step_by(SIDE) {
        let weights = weights(weighed, first, y.len() - first);
        let z = &mut z[first..];
        sum.add(vectorize(Loops(
            #[inline(always)]
            || tile(&mut *z, stride, k, |c| side(&y.column(c)[first..]), &weights, scale, &mut room),
        )));
    }
    sum.value()
}

/// The weights of a tile: 0 for the samples beyond the last.
fn weights<T: Real>(weights: Option<&[T]>, first: usize, left: usize) -> [T; SIDE] {
    let mut tile = [T::zero(); SIDE];
    match weights {
        Some(w) => tile.iter_mut().zip(&w[first..]).for_each(|(weight, &w)| *weight = w),
        None => tile[..left.min(SIDE)].fill(T::one()),
    }
    tile
}

/// The first numbers of a column, filled up.
#[inline(always)]
fn side<T: Real>(column: &[T]) -> [T; SIDE] {
    column.first_chunk().copied().unwrap_or_else(|| {
        let mut tile = [T::zero(); SIDE];
        tile[..column.len()].copy_from_slice(column);
        tile
    })
}

/// The numbers of at most [`SIDE`] samples of k into a tile; the samples that are missing are 0.
fn turn<T: Real>(numbers: &[T], k: usize, tile: &mut [T]) {
    for (s, sample) in numbers.chunks_exact(k).enumerate() {
        tile[s..].iter_mut().step_by(SIDE).zip(sample).for_each(|(tile, &number)| *tile = number);
    }
    for row in tile.chunks_exact_mut(SIDE).take(k) {
        row[numbers.len() / k..].fill(T::zero());
    }
}

/// Σ w ℓ over the samples of a tile, class c of z at c · stride, of y from a function; z becomes scale · w ∂ℓ/∂z where there
/// is a scale. What is in `room` does not matter.
#[inline(always)]
fn tile<T: Real>(
    z: &mut [T],
    stride: usize,
    k: usize,
    y: impl Fn(usize) -> [T; SIDE],
    weights: &[T; SIDE],
    scale: Option<T>,
    room: &mut [T; CLASSES * SIDE],
) -> T {
    let zero = T::zero();
    // Every sample's largest score, and the first class that has it.
    let (mut max, mut top, mut class) = (side(z), [zero; SIDE], zero);
    for c in 1..k {
        let z = &z[c * stride..][..SIDE];
        class += T::one();
        for s in 0..SIDE {
            let higher = z[s] > max[s];
            top[s] = if higher { class } else { top[s] };
            max[s] = if higher { z[s] } else { max[s] };
        }
    }
    // Σ e^(zⱼ − max) over the classes but the top one, and Σ yⱼ (max − zⱼ).
    let (mut rest, mut linear) = ([zero; SIDE], [zero; SIDE]);
    let mut class = zero;
    for from in (0..k).step_by(CLASSES) {
        let e = &mut room[..CLASSES.min(k - from) * SIDE];
        for (c, e) in e.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
            let z = &z[(from + c) * stride..][..SIDE];
            (0..SIDE).for_each(|s| e[s] = z[s] - max[s]);
        }
        T::exp_each(e);
        for (c, e) in e.as_chunks::<SIDE>().0.iter().enumerate() {
            let (z, y) = (&mut z[(from + c) * stride..][..SIDE], y(from + c));
            for s in 0..SIDE {
                let term = y[s] * (max[s] - z[s]);
                linear[s] += if y[s] > zero { term } else { zero };
                let whole = mended(e[s], z[s], max[s]);
                let other = if top[s] == class { zero } else { whole };
                rest[s] += other;
                z[s] = if scale.is_some() { other } else { z[s] };
            }
            class += T::one();
        }
    }
    if let Some(scale) = scale {
        let (one, mut inverse, mut class) = (T::one(), [zero; SIDE], zero);
        (0..SIDE).for_each(|s| inverse[s] = one / (one + rest[s]));
        for c in 0..k {
            let (e, y) = (&mut z[c * stride..][..SIDE], y(c));
            for s in 0..SIDE {
                let at_top = top[s] == class;
                let p = if at_top { inverse[s] } else { e[s] * inverse[s] };
                let q = if at_top { rest[s] * inverse[s] } else { one - p };
                let slope = ((one - y[s]) * p - y[s] * q) * (weights[s] * scale);
                e[s] = if weights[s] > zero { slope } else { zero };
            }
            class += one;
        }
    }
    T::ln_1p_each(&mut rest);
    let terms = weights.iter().zip(&rest).zip(&linear);
    terms.fold(zero, |sum, ((&w, &ln), &linear)| if w > zero { sum + w * (ln + linear) } else { sum })
}

/// [`block`] for more classes than fit a tile.
fn one_by_one<T: Real>(scores: Scores<'_, T>, scale: T, dz: &mut [T]) -> T {
    let k = scores.outputs;
    let mut sum = Sum::default();
    for (i, (z, y)) in scores.z.chunks_exact(k).zip(scores.y.chunks_exact(k)).enumerate() {
        let w = scores.weights.map_or(T::one(), |w| w[i]);
        let top = top(z);
        let rest;
        if let Some(dz) = dz.get_mut(i * k..(i + 1) * k) {
            dz.iter_mut().zip(z).for_each(|(dz, &s)| *dz = s - z[top]);
            T::exp_each(dz);
            dz.iter_mut().zip(z).for_each(|(e, &score)| *e = mended(*e, score, z[top]));
            dz[top] = T::zero();
            rest = dz.iter().fold(T::zero(), |sum, &e| sum + e);
            let (one, factor) = (T::one(), if w > T::zero() { w * scale } else { T::zero() });
            let inverse = one / (one + rest);
            for (dz, &y) in dz.iter_mut().zip(y) {
                let p = *dz * inverse;
                *dz = ((one - y) * p - y * (one - p)) * factor;
            }
            dz[top] = ((one - y[top]) * inverse - y[top] * (rest * inverse)) * factor;
        } else {
            // By the same exponentials in the same order as above, so that the value does not depend on who asks.
            let mut e = [T::zero(); CHUNK];
            rest = z.chunks(CHUNK).enumerate().fold(T::zero(), |sum, (c, part)| {
                let e = &mut e[..part.len()];
                e.iter_mut().zip(part).for_each(|(e, &s)| *e = s - z[top]);
                T::exp_each(e);
                e.iter_mut().zip(part).for_each(|(e, &score)| *e = mended(*e, score, z[top]));
                let others = e.iter().enumerate().filter(|&(j, _)| c * CHUNK + j != top);
                others.fold(sum, |sum, (_, &e)| sum + e)
            });
        }
        if w > T::zero() {
            sum.add(w * value(z, y, top, rest));
        }
    }
    sum.value()
}
