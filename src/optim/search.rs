//! The line search of `Newton` and `Lbfgs`.

use super::run::{Point, dot};
use crate::objective::Objective;

/// Looks along a descent direction d for a step t with, φ(t) = R(θ + t d),
///
/// φ(t) ≤ φ(0) + c₁ t φ′(0) and |φ′(t)| ≤ c₂ |φ′(0)|   (strong Wolfe), or, where φ is flat to rounding,
/// φ(t) ≤ φ(0) + ε and (2 c₁ − 1) φ′(0) ≥ φ′(t), |φ′(t)| ≤ c₂ |φ′(0)|   (approximate Wolfe).
///
/// Near a minimum φ(t) − φ(0) drowns in rounding errors of φ long before φ′ does; the second test needs φ′ alone.
/// The bracket is kept by slopes and values and narrowed by cubic interpolation, with bisection as the safeguard, so
/// the search ends for every φ. A trial that is not finite counts as too long.
///
/// Source: Moré and Thuente (1994), ACM TOMS 20; Hager and Zhang (2005), SIAM J. Optim. 16, eq. 2.7 to 2.9.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    /// c₁
    pub decrease: f64,
    /// c₂; infinite where the decrease alone is wanted.
    pub curvature: f64,
    /// ε relative to |φ(0)|.
    pub rounding: f64,
}

#[derive(Debug, Clone, Copy)]
struct Trial {
    t: f64,
    value: f64,
    slope: f64,
}

const TRIALS: usize = 60;

impl Search {
    /// From `from` along `direction`, first with step `t`; writes the point found into `to` and returns its t, or `None`
    /// if no step improves on `from`.
    pub fn run<O: Objective<f64> + ?Sized>(
        &self,
        objective: &mut O,
        from: &Point,
        direction: &[f64],
        mut t: f64,
        to: &mut Point,
    ) -> Option<f64> {
        let start = Trial { t: 0.0, value: from.value, slope: dot(&from.grad, direction) };
        // Sums over many samples round in more than their last digit; the test by slope needs no narrow ε to be safe.
        let noise = 1000.0 * self.rounding * from.value.abs();
        if !(start.slope < 0.0 && start.slope.is_finite()) {
            return None;
        }
        let (mut low, mut high): (Trial, Option<Trial>) = (start, None);
        let mut width = f64::INFINITY;
        for _ in 0..TRIALS {
            let trial = evaluate(objective, from, direction, t, to);
            if self.accepts(start, trial, noise) {
                return Some(t);
            }
            let too_high = trial.value > start.value + self.decrease * t * start.slope + noise
                || trial.value > low.value + noise
                || !trial.value.is_finite()
                || !trial.slope.is_finite();
            let last = (low, width);
            if too_high || trial.slope >= 0.0 {
                high = Some(trial);
            } else {
                low = trial;
            }
            width = high.map_or(f64::INFINITY, |high| high.t - low.t);
            let next = match high {
                None => extrapolate(last.0, low),
                Some(high) if width > 0.5 * last.1 => 0.5 * (low.t + high.t),
                Some(high) => interpolate(low, high),
            };
            if next == t || width <= 1e-14 * low.t || next <= f64::MIN_POSITIVE || !next.is_finite() {
                break;
            }
            t = next;
        }
        // The interval is exhausted: its lower end is still an improvement, only not a Wolfe point.
        if low.t > 0.0 && low.value < start.value {
            evaluate(objective, from, direction, low.t, to);
            return Some(low.t);
        }
        None
    }

    fn accepts(&self, start: Trial, trial: Trial, noise: f64) -> bool {
        if !(trial.value.is_finite() && trial.slope.is_finite()) {
            return false;
        }
        let flat_enough = trial.slope.abs() <= self.curvature * -start.slope;
        let lower = trial.value <= start.value + self.decrease * trial.t * start.slope;
        let lower_by_slope =
            trial.value <= start.value + noise && trial.slope <= (2.0 * self.decrease - 1.0) * start.slope;
        flat_enough && (lower || lower_by_slope)
    }
}

fn evaluate<O: Objective<f64> + ?Sized>(
    objective: &mut O,
    from: &Point,
    direction: &[f64],
    t: f64,
    to: &mut Point,
) -> Trial {
    to.phi.iter_mut().zip(&from.phi).zip(direction).for_each(|((to, from), d)| *to = from + t * d);
    to.value = objective.gradient(&to.phi, &mut to.grad);
    Trial { t, value: to.value, slope: dot(&to.grad, direction) }
}

/// Where the slope would vanish if it went on changing as it did, but between 2 and 10 times as far.
fn extrapolate(last: Trial, low: Trial) -> f64 {
    let change = (low.slope - last.slope) / (low.t - last.t);
    let t = low.t - low.slope / change;
    if change > 0.0 { t.clamp(2.0 * low.t, 10.0 * low.t) } else { 10.0 * low.t }
}

/// The minimum of the cubic through both values and slopes, at least a tenth of the interval away from its ends; the
/// middle where there is no such cubic.
fn interpolate(low: Trial, high: Trial) -> f64 {
    let width = high.t - low.t;
    let (nearest, farthest) = (low.t + 0.1 * width, high.t - 0.1 * width);
    let middle = low.t + 0.5 * width;
    if !(high.value.is_finite() && high.slope.is_finite()) {
        return low.t + 0.1 * width;
    }
    let d1 = low.slope + high.slope - 3.0 * (high.value - low.value) / width;
    let square = d1 * d1 - low.slope * high.slope;
    if square < 0.0 {
        return middle;
    }
    let d2 = square.sqrt();
    let t = high.t - width * (high.slope + d2 - d1) / (high.slope - low.slope + 2.0 * d2);
    if t.is_finite() { t.clamp(nearest, farthest) } else { middle }
}
