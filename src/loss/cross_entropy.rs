use super::block::{CHUNK, Scores};
use super::{BinaryCrossEntropy, Curvature, Loss, bernoulli};
use crate::Real;
use crate::real::vectorize;

/// Cross-entropy of a distribution over classes: Bernoulli for one output, softmax for more.
///
/// One output: y in [0, 1] is the probability of class 1, see [`BinaryCrossEntropy`].
/// k ≥ 2 outputs: y ≥ 0 with Σ y = 1 (one-hot, as a rule), p = softmax(z), pⱼ = e^zⱼ / Σᵢ e^zᵢ,
/// ℓ(z, y) = −Σⱼ yⱼ ln pⱼ. Prediction is p.
///
/// The largest score is taken out first, so nothing overflows; the rest of the sum goes through ln(1 + ·), and 1 − p of
/// the largest class is summed from the other classes, so that the tails keep their relative accuracy.
///
/// ```
/// use residual::{Loss, loss::CrossEntropy};
/// let mut p = [0.0, 3f64.ln()];
/// CrossEntropy.respond(&mut p);
/// assert!((p[0] - 0.25).abs() < 1e-15 && (p[1] - 0.75).abs() < 1e-15);
/// assert!((CrossEntropy.value(&[0.0, 3f64.ln()], &[0.0, 1.0]) - (4.0f64 / 3.0).ln()).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CrossEntropy;

/// The index of the largest score.
#[inline(always)]
fn top<T: Real>(z: &[T]) -> usize {
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
fn mended<T: Real>(e: T, score: T, max: T) -> T {
    let difference = score - max;
    let back = difference - score;
    let lost = (score - (difference - back)) - (max + back);
    // At 0 the difference may be infinite, and `lost` NaN.
    if e > T::zero() { e + e * lost } else { e }
}

/// e^(score − max).
fn below<T: Real>(score: T, max: T) -> T {
    mended((score - max).exp(), score, max)
}

/// z ← e^(z − max) for runs of `run` numbers, whose maximum is `max` of the run; `e` is scratch, as long as z at least.
fn exponentials<T: Real>(z: &mut [T], run: usize, max: impl Fn(&[T]) -> T, e: &mut [T]) {
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
fn normalizer<T: Real>(z: &[T]) -> (usize, T) {
    let top = top(z);
    let others = z.iter().enumerate().filter(|&(j, _)| j != top);
    (top, others.fold(T::zero(), |sum, (_, &score)| sum + below(score, z[top])))
}

fn value<T: Real>(z: &[T], y: &[T], top: usize, rest: T) -> T {
    z.iter().zip(y).fold(rest.ln_1p(), |sum, (&score, &y)| if y > T::zero() { sum + y * (z[top] - score) } else { sum })
}

/// Σ w ℓ over a block of k ≥ 2 outputs; scale · w ∂ℓ/∂z into `dz` unless that is empty. The exponentials, and then the
/// logarithms, of some samples are taken together.
fn block<T: Real>(scores: Scores<'_, T>, scale: T, dz: &mut [T]) -> T {
    let k = scores.outputs;
    let samples = CHUNK / k;
    if samples == 0 {
        return one_by_one(scores, scale, dz);
    }
    let mut sum = T::zero();
    let (mut e, mut rests) = ([T::zero(); CHUNK], [T::zero(); CHUNK / 2]);
    for (c, (z, y)) in scores.z.chunks(samples * k).zip(scores.y.chunks(samples * k)).enumerate() {
        let (first, count) = (c * samples, z.len() / k);
        let (e, rests) = (&mut e[..z.len()], &mut rests[..count]);
        for (e, z) in e.chunks_exact_mut(k).zip(z.chunks_exact(k)) {
            let max = z[top(z)];
            e.iter_mut().zip(z).for_each(|(e, &z)| *e = z - max);
        }
        T::exp_each(e);
        let weight = |i: usize| scores.weights.map_or(T::one(), |w| w[first + i]);
        vectorize(
            #[inline(always)]
            || {
                for (i, (z, y)) in z.chunks_exact(k).zip(y.chunks_exact(k)).enumerate() {
                    let (top, e) = (top(z), &mut e[i * k..][..k]);
                    e.iter_mut().zip(z).for_each(|(e, &score)| *e = mended(*e, score, z[top]));
                    e[top] = T::zero();
                    rests[i] = e.iter().fold(T::zero(), |sum, &e| sum + e);
                    if let Some(dz) = dz.get_mut((first + i) * k..(first + i + 1) * k) {
                        sample_gradient(y, e, top, rests[i], weight(i), scale, dz);
                    }
                    if weight(i) > T::zero() {
                        let terms =
                            z.iter().zip(y).map(|(&s, &y)| if y > T::zero() { y * (z[top] - s) } else { T::zero() });
                        sum += weight(i) * terms.fold(T::zero(), |sum, term| sum + term);
                    }
                }
            },
        );
        T::ln_1p_each(rests);
        for (i, &ln) in rests.iter().enumerate() {
            if weight(i) > T::zero() {
                sum += weight(i) * ln;
            }
        }
    }
    sum
}

/// scale · w ∂ℓ/∂z of one sample from its exponentials, that of the largest score left out.
#[inline(always)]
fn sample_gradient<T: Real>(y: &[T], e: &[T], top: usize, rest: T, weight: T, scale: T, dz: &mut [T]) {
    if weight <= T::zero() {
        dz.fill(T::zero());
        return;
    }
    let one = T::one();
    let (inverse, factor) = (one / (one + rest), weight * scale);
    for ((dz, &e), &y) in dz.iter_mut().zip(e).zip(y) {
        let p = e * inverse;
        *dz = ((one - y) * p - y * (one - p)) * factor;
    }
    dz[top] = ((one - y[top]) * inverse - y[top] * (rest * inverse)) * factor;
}

/// [`block`] for more classes than fit a chunk.
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

impl<T: Real> Loss<T> for CrossEntropy {
    fn in_f64(&self) -> Option<&dyn Curvature<f64>> {
        Some(self)
    }

    fn value(&self, z: &[T], y: &[T]) -> T {
        if z.len() == 1 {
            return bernoulli::value(z[0], y[0]);
        }
        let (top, rest) = normalizer(z);
        value(z, y, top, rest)
    }

    fn gradient(&self, z: &[T], y: &[T], dz: &mut [T]) -> T {
        if z.len() == 1 {
            dz[0] = bernoulli::slope(z[0], y[0]);
            return bernoulli::value(z[0], y[0]);
        }
        let (top, rest) = normalizer(z);
        let one = T::one();
        let total = one + rest;
        for (j, dz) in dz.iter_mut().enumerate() {
            let p = below(z[j], z[top]) / total;
            let q = if j == top { rest / total } else { one - p };
            *dz = (one - y[j]) * p - y[j] * q;
        }
        value(z, y, top, rest)
    }

    fn respond(&self, z: &mut [T]) {
        if z.len() == 1 {
            return BinaryCrossEntropy.respond(z);
        }
        let (top, rest) = normalizer(z);
        let max = z[top];
        z.iter_mut().for_each(|z| *z = below(*z, max) / (T::one() + rest));
    }

    fn accepts(&self, y: &[T]) -> Result<(), &'static str> {
        if y.len() == 1 {
            return BinaryCrossEntropy.accepts(y);
        }
        let sum = y.iter().fold(T::zero(), |sum, &y| sum + y);
        let legal = y.iter().all(|&y| y >= T::zero()) && (sum - T::one()).abs() <= T::of(1e-5);
        if legal { Ok(()) } else { Err("numbers of at least 0 with sum 1, as one-hot rows are") }
    }

    fn block_value(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>) -> T {
        if outputs == 1 {
            return bernoulli::block(Scores { z, y, outputs, weights }, T::one(), &mut []);
        }
        block(Scores { z, y, outputs, weights }, T::one(), &mut [])
    }

    fn block_gradient(&self, z: &[T], y: &[T], outputs: usize, weights: Option<&[T]>, scale: T, dz: &mut [T]) -> T {
        if outputs == 1 {
            return bernoulli::block(Scores { z, y, outputs, weights }, scale, dz);
        }
        block(Scores { z, y, outputs, weights }, scale, dz)
    }

    fn block_respond(&self, z: &mut [T], outputs: usize) {
        if outputs == 1 {
            return T::sigmoid_each(z);
        }
        let mut e = [T::zero(); CHUNK];
        for z in z.chunks_mut(CHUNK.max(outputs) / outputs * outputs) {
            // Some samples together, or one that is longer than a chunk in parts.
            if outputs > CHUNK {
                let max = z[top(z)];
                for z in z.chunks_mut(CHUNK) {
                    exponentials(z, z.len(), |_| max, &mut e);
                }
            } else {
                exponentials(z, outputs, |z| z[top(z)], &mut e);
            }
            for e in z.chunks_exact_mut(outputs) {
                let total = e.iter().fold(T::zero(), |sum, &e| sum + e);
                e.iter_mut().for_each(|e| *e /= total);
            }
        }
    }
}

impl<T: Real> Curvature<T> for CrossEntropy {
    fn ignores_shift(&self, outputs: usize) -> bool {
        outputs > 1
    }

    /// diag(p) − p pᵀ.
    fn curvature(&self, z: &[T], _: &[T], h: &mut [T]) {
        let k = z.len();
        if k == 1 {
            h[0] = bernoulli::curvature(z[0]);
            return;
        }
        let (top, rest) = normalizer(z);
        let total = T::one() + rest;
        for i in 0..k {
            let p = below(z[i], z[top]) / total;
            for j in 0..k {
                let q = below(z[j], z[top]) / total;
                h[i * k + j] = if i != j { -(p * q) } else { p * if i == top { rest / total } else { T::one() - p } };
            }
        }
    }

    /// p ∘ (v − pᵀv).
    fn curvature_product(&self, z: &[T], _: &[T], v: &[T], hv: &mut [T]) {
        if z.len() == 1 {
            hv[0] = bernoulli::curvature(z[0]) * v[0];
            return;
        }
        hv.copy_from_slice(z);
        self.respond(hv);
        let mean = hv.iter().zip(v).fold(T::zero(), |sum, (&p, &v)| sum + p * v);
        hv.iter_mut().zip(v).for_each(|(p, &v)| *p *= v - mean);
    }
}
