//! Exponentials and logarithms of many classes: the softmax and its cross-entropy, sample by sample and in blocks.

use super::block::{CHUNK, Scores};
use crate::Real;
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
/// The most classes of a tile.
const CLASSES: usize = 64;

/// Some samples turned round: number c of sample s at [c][s], so that loops over the samples fill the registers.
type Tile<T> = [[T; SIDE]; CLASSES];

/// Σ w ℓ over a block of k ≥ 2 outputs; scale · w ∂ℓ/∂z into `dz` unless that is empty.
pub(super) fn block<T: Real>(scores: Scores<'_, T>, scale: T, dz: &mut [T]) -> T {
    let k = scores.outputs;
    if k > CLASSES {
        return one_by_one(scores, scale, dz);
    }
    let mut sum = T::zero();
    let (mut z, mut y, mut e) =
        ([[T::zero(); SIDE]; CLASSES], [[T::zero(); SIDE]; CLASSES], [T::zero(); CLASSES * SIDE]);
    for first in (0..scores.z.len() / k).step_by(SIDE) {
        let run = first * k..((first + SIDE) * k).min(scores.z.len());
        turn(&scores.z[run.clone()], k, &mut z);
        turn(&scores.y[run.clone()], k, &mut y);
        let (mut max, mut top) = (z[0], [T::zero(); SIDE]);
        let e = &mut e[..k * SIDE];
        vectorize(Loops(
            #[inline(always)]
            || differences(&z[..k], &mut max, &mut top, e),
        ));
        T::exp_each(e);
        let mut weights = [T::zero(); SIDE];
        match scores.weights {
            Some(w) => weights.iter_mut().zip(&w[first..]).for_each(|(weight, &w)| *weight = w),
            None => weights[..run.len() / k].fill(T::one()),
        }
        let (mut rest, mut linear) = ([T::zero(); SIDE], [T::zero(); SIDE]);
        vectorize(Loops(
            #[inline(always)]
            || {
                sums(&z[..k], &y[..k], &max, &top, e, &mut rest, &mut linear);
                if !dz.is_empty() {
                    slopes(&y[..k], &top, e, &rest, &weights, scale, &mut z[..k]);
                }
            },
        ));
        if let Some(dz) = dz.get_mut(run) {
            for (s, dz) in dz.chunks_exact_mut(k).enumerate() {
                dz.iter_mut().zip(&z).for_each(|(dz, z)| *dz = z[s]);
            }
        }
        T::ln_1p_each(&mut rest);
        for ((&w, &ln), &linear) in weights.iter().zip(&rest).zip(&linear) {
            if w > T::zero() {
                sum += w * (ln + linear);
            }
        }
    }
    sum
}

/// The numbers of at most [`SIDE`] samples of k into a tile; the samples that are missing are 0.
fn turn<T: Real>(numbers: &[T], k: usize, tile: &mut Tile<T>) {
    for (s, sample) in numbers.chunks_exact(k).enumerate() {
        tile.iter_mut().zip(sample).for_each(|(tile, &number)| tile[s] = number);
    }
    for row in &mut tile[..k] {
        row[numbers.len() / k..].fill(T::zero());
    }
}

/// Every sample's largest score and the first class that has it, and how far the scores are from there.
#[inline(always)]
fn differences<T: Real>(z: &[[T; SIDE]], max: &mut [T; SIDE], top: &mut [T; SIDE], e: &mut [T]) {
    let mut class = T::zero();
    for z in &z[1..] {
        class += T::one();
        for s in 0..SIDE {
            let higher = z[s] > max[s];
            top[s] = if higher { class } else { top[s] };
            max[s] = if higher { z[s] } else { max[s] };
        }
    }
    for (e, z) in e.as_chunks_mut::<SIDE>().0.iter_mut().zip(z) {
        (0..SIDE).for_each(|s| e[s] = z[s] - max[s]);
    }
}

/// Σ e^(zⱼ − max) over the classes but the top one into `rest`, Σ yⱼ (max − zⱼ) into `linear`; mends the exponentials and
/// makes that of the top 0.
#[inline(always)]
fn sums<T: Real>(
    z: &[[T; SIDE]],
    y: &[[T; SIDE]],
    max: &[T; SIDE],
    top: &[T; SIDE],
    e: &mut [T],
    rest: &mut [T; SIDE],
    linear: &mut [T; SIDE],
) {
    let (zero, mut class) = (T::zero(), T::zero());
    for ((e, z), y) in e.as_chunks_mut::<SIDE>().0.iter_mut().zip(z).zip(y) {
        for s in 0..SIDE {
            let whole = mended(e[s], z[s], max[s]);
            e[s] = if top[s] == class { zero } else { whole };
            rest[s] += e[s];
            let term = y[s] * (max[s] - z[s]);
            linear[s] += if y[s] > zero { term } else { zero };
        }
        class += T::one();
    }
}

/// scale · w ∂ℓ/∂z from the exponentials, that of the top 0.
#[inline(always)]
fn slopes<T: Real>(
    y: &[[T; SIDE]],
    top: &[T; SIDE],
    e: &[T],
    rest: &[T; SIDE],
    weights: &[T; SIDE],
    scale: T,
    dz: &mut [[T; SIDE]],
) {
    let (zero, one, mut class) = (T::zero(), T::one(), T::zero());
    let mut inverse = [one; SIDE];
    (0..SIDE).for_each(|s| inverse[s] = one / (one + rest[s]));
    for ((dz, e), y) in dz.iter_mut().zip(e.as_chunks::<SIDE>().0).zip(y) {
        for s in 0..SIDE {
            let at_top = top[s] == class;
            let p = if at_top { inverse[s] } else { e[s] * inverse[s] };
            let q = if at_top { rest[s] * inverse[s] } else { one - p };
            let slope = ((one - y[s]) * p - y[s] * q) * (weights[s] * scale);
            dz[s] = if weights[s] > zero { slope } else { zero };
        }
        class += T::one();
    }
}

/// [`block`] for more classes than fit a tile.
fn one_by_one<T: Real>(scores: Scores<'_, T>, scale: T, dz: &mut [T]) -> T {
    let k = scores.outputs;
    let mut sum = T::zero();
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
            sum += w * value(z, y, top, rest);
        }
    }
    sum
}
