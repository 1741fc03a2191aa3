//! What it means that a direction separates: margins of samples along it.

use crate::Real;
use crate::data::{Dataset, Moderate};
use crate::linalg::power::times_power;

/// A direction in the parameters of a logistic model, in the units of its data: V (k×p, column-major) and a (k, or empty).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Direction {
    pub weights: Vec<f64>,
    pub intercept: Vec<f64>,
}

impl Direction {
    /// From θ in the user's units.
    pub fn new<T: Real>(data: &Moderate<'_, T>, theta: &[T]) -> Self {
        let k = data.outputs();
        let (w, b) = theta.split_at(data.features() * k);
        let weights = w.iter().enumerate().map(|(i, w)| times_power(w.to_f64(), -data.power(i / k))).collect();
        Self { weights, intercept: b.iter().map(|b| b.to_f64()).collect() }
    }
}

/// (c, d) stands for z_c ≥ z_d, and `None` for the class 0 of one output, whose score is 0.
pub(super) type Pair = (Option<usize>, Option<usize>);

/// Which scores must not exceed which, for a target y. A sample that is partly of several classes must have them equal.
pub(super) fn constraints(y: &[f64]) -> impl Iterator<Item = Pair> + '_ {
    let k = y.len();
    let one = [(y[0] > 0.0, (Some(0), None)), (y[0] < 1.0, (None, Some(0)))];
    let binary = one.into_iter().filter(move |(holds, _)| k == 1 && *holds).map(|(_, pair)| pair);
    let classes = (0..if k == 1 { 0 } else { k }).filter(|&c| y[c] > 0.0);
    let more = classes.flat_map(move |c| (0..k).filter(move |&d| d != c).map(move |d| (Some(c), Some(d))));
    binary.chain(more)
}

/// z_c − z_d.
pub(super) fn margin(z: &[f64], (above, below): Pair) -> f64 {
    above.map_or(0.0, |c| z[c]) - below.map_or(0.0, |d| z[d])
}

/// Scores of every sample along a direction, and the sums of their absolute terms, k numbers a sample.
pub(super) fn scores<T: Real>(data: &Dataset<'_, T>, direction: &Direction) -> (Vec<f64>, Vec<f64>) {
    let (n, k) = (data.samples(), data.outputs());
    let (mut z, mut size) = (vec![0.0; n * k], vec![0.0; n * k]);
    for (z, size) in z.chunks_exact_mut(k).zip(size.chunks_exact_mut(k)) {
        for (c, a) in direction.intercept.iter().enumerate() {
            (z[c], size[c]) = (*a, a.abs());
        }
    }
    for (j, v) in direction.weights.chunks_exact(k).enumerate() {
        if v.iter().all(|&v| v == 0.0) {
            continue;
        }
        let samples = z.chunks_exact_mut(k).zip(size.chunks_exact_mut(k)).zip(data.feature(j));
        for ((z, size), x) in samples {
            for (c, v) in v.iter().enumerate() {
                let term = v * x.to_f64();
                z[c] += term;
                size[c] += term.abs();
            }
        }
    }
    (z, size)
}

/// y of sample i, and whether the sample counts.
pub(super) fn target<T: Real>(data: &Dataset<'_, T>, i: usize, y: &mut [f64]) -> bool {
    for (c, y) in y.iter_mut().enumerate() {
        *y = data.target(c)[i].to_f64();
    }
    data.weights().is_none_or(|w| w[i] > T::zero())
}

/// What rounding may have done to a margin, from what it may have done to the scores.
pub(super) fn rounding(error: &[f64], (above, below): Pair) -> f64 {
    above.map_or(0.0, |c| error[c]) + below.map_or(0.0, |d| error[d])
}

/// Scores and their rounding errors, in the sum and in the direction itself, which is known to some digits of its typical
/// scores: a sample at the origin has smaller ones.
pub(super) fn rounded_scores<T: Real>(data: &Dataset<'_, T>, direction: &Direction) -> (Vec<f64>, Vec<f64>) {
    let (z, mut size) = scores(data, direction);
    let unit = 4.0 * (data.features() + 2) as f64 * f64::EPSILON;
    let typical = size.iter().sum::<f64>() / size.len() as f64;
    size.iter_mut().for_each(|size| *size = unit * (*size + typical));
    (z, size)
}

/// Whether the direction separates: no margin is negative and some is positive, each beyond rounding. `Some(true)` if all
/// are positive.
pub(super) fn separates<T: Real>(data: &Dataset<'_, T>, direction: &Direction) -> Option<bool> {
    let k = data.outputs();
    let (z, error) = rounded_scores(data, direction);
    let (mut some, mut all, mut y) = (false, true, vec![0.0; k]);
    for (i, (z, error)) in z.chunks_exact(k).zip(error.chunks_exact(k)).enumerate() {
        if !target(data, i, &mut y) {
            continue;
        }
        for pair in constraints(&y) {
            let (margin, rounding) = (margin(z, pair), rounding(error, pair));
            if !(margin >= -rounding && rounding.is_finite()) {
                return None;
            }
            some |= margin > rounding;
            all &= margin > rounding;
        }
    }
    some.then_some(all)
}
