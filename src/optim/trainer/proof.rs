//! Whether a fit that no longer improves is at a minimum: another solver tries.

use crate::objective::Objective;
use crate::optim::{Lbfgs, Progress, Reason, Solver};
use crate::{Real, Result};
use std::ops::ControlFlow;

/// The most iterations that the other solver gets. The first ones see a fit that stands still, the rest the flat directions
/// behind steep ones.
const ITERATIONS: usize = 10;

/// The share of the risk that may be left to gain at a tolerance: its root, since a fit that stops has gained this little in
/// each epoch for a while, but at most 1 %.
pub(super) fn share(tolerance: f64, rounding: f64) -> f64 {
    tolerance.clamp(rounding, 1e-4).sqrt()
}

/// Whether ten iterations of L-BFGS from θ gain no more than `bound` on `value`, the risk there. That depends neither on the
/// rule nor on the rates that led to θ.
pub(super) fn is_minimum<T: Real, O: Objective<T>>(objective: &mut O, theta: &[T], value: f64, bound: f64) -> bool {
    let mut gained = false;
    let mut watch = |progress: &Progress<'_, T>| {
        gained |= value - progress.value() > bound;
        if gained { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let solver = Lbfgs::default().tolerance(0.0).max_iterations(ITERATIONS);
    let found: Result<_> = solver.minimize(objective, theta.to_vec(), &mut watch);
    let ended = found.is_ok_and(|found| found.report.reason() != Reason::LineSearch);
    ended && !gained
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 + ½ Σ cⱼ θⱼ²
    struct Bowl([f64; 3]);

    impl Objective<f64> for Bowl {
        fn dim(&self) -> usize {
            3
        }
        fn value(&mut self, t: &[f64]) -> f64 {
            1.0 + 0.5 * t.iter().zip(&self.0).map(|(t, c)| c * t * t).sum::<f64>()
        }
        fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
            grad.iter_mut().zip(t).zip(&self.0).for_each(|((g, t), c)| *g = c * t);
            self.value(t)
        }
    }

    #[test]
    fn flat_directions_behind_steep_ones_are_seen() {
        // A step along the gradient gains 5e-5 of 0.5: its length is that of the steep direction.
        let (theta, curvatures) = ([1e-5, 0.0, 1.0], [1e6, 1e3, 1.0]);
        let value = Bowl(curvatures).value(&theta);
        assert!(!is_minimum(&mut Bowl(curvatures), &theta, value, 0.01 * value));
        let near = [1e-5, 0.0, 1e-3];
        let value = Bowl(curvatures).value(&near);
        assert!(is_minimum(&mut Bowl(curvatures), &near, value, 1e-3 * value));
        assert!(!is_minimum(&mut Bowl(curvatures), &near, value, 1e-8 * value));
    }

    #[test]
    fn what_cannot_be_tried_is_not_proven() {
        let mut bowl = Bowl([f64::NAN, 1.0, 1.0]);
        assert!(!is_minimum(&mut bowl, &[1.0; 3], 1.0, 1e-3));
    }

    #[test]
    fn a_loose_tolerance_proves_no_more_than_one_hundredth() {
        assert_eq!([0.0, 1e-12, 1e-4, 0.5].map(|tolerance| share(tolerance, 1e-16)), [1e-8, 1e-6, 1e-2, 1e-2]);
    }
}
