//! The best constant model of some targets, from which a network's output starts.

use crate::Real;

/// The weights of `n` samples, in f64 and at most 1, so that no sum of them overflows.
fn shares<T: Real>(n: usize, weights: Option<&[T]>) -> impl Fn(usize) -> f64 + '_ {
    let largest = weights.map_or(1.0, |weights| weights.iter().fold(0.0, |most: f64, w| most.max(w.to_f64())));
    let share = move |i: usize| weights.map_or(1.0, |weights| weights[i].to_f64() / largest);
    let total: f64 = (0..n).map(&share).sum();
    move |i| share(i) / total
}

/// Writes `score(mean)` for the weighted mean of every output.
pub(super) fn of_means<T: Real>(y: &[T], weights: Option<&[T]>, z: &mut [T], score: impl Fn(f64) -> f64) {
    let k = z.len();
    let share = shares(y.len() / k, weights);
    for (c, z) in z.iter_mut().enumerate() {
        let mean: f64 = y[c..].iter().step_by(k).enumerate().map(|(i, y)| share(i) * y.to_f64()).sum();
        *z = T::of(score(mean));
    }
}

/// Writes the weighted median of every output: the least target that, with those below it, has half of the weight.
pub(super) fn medians<T: Real>(y: &[T], weights: Option<&[T]>, z: &mut [T]) {
    let k = z.len();
    let share = shares(y.len() / k, weights);
    for (c, z) in z.iter_mut().enumerate() {
        let targets = y[c..].iter().step_by(k).enumerate().map(|(i, &y)| (y, share(i)));
        let mut sorted: Vec<(T, f64)> = targets.filter(|&(_, share)| share > 0.0).collect();
        sorted.sort_unstable_by(|a, b| a.0.to_f64().total_cmp(&b.0.to_f64()));
        // A half, less the rounding of the weights and of a sum of shares.
        let half = 0.5 - (8.0 * T::default_epsilon().to_f64()).max(1e-12);
        let mut below = 0.0;
        let middle = sorted.iter().find(|(_, share)| {
            below += share;
            below >= half
        });
        if let Some(&(median, _)) = middle.or(sorted.last()) {
            *z = median;
        }
    }
}

/// The least probability of a class that a network starts with: a class that the samples lack stays possible.
const RAREST: f64 = 1e-4;

/// ln(p / (1 − p)), p at least `RAREST` away from 0 and 1.
pub(super) fn logit(p: f64) -> f64 {
    let p = p.clamp(RAREST, 1.0 - RAREST);
    (p / (1.0 - p)).ln()
}

/// ln p, p at least `RAREST`.
pub(super) fn log(p: f64) -> f64 {
    p.max(RAREST).ln()
}
