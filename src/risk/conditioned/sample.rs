//! What a sample of the rows tells of the whole: where the minimum is, about, and how R curves there.

use super::Conditioned;
use super::preconditioner::{Preconditioner, take_out_shift};
use crate::Real;
use crate::data::Dataset;
use crate::linalg::threads;
use crate::objective::Objective;
use crate::optim::{Lbfgs, Newton, Solver};

/// The most features; a factor takes their cube.
const FEATURES: usize = 1000;
/// Rows a feature, so that the sample's spectrum is that of the whole within a factor of about 2.
const ROWS: usize = 20;
/// The least rows of a sample.
const LEAST: usize = 1024;
/// The most rows a feature: by then a step gains a digit and a half.
const ENOUGH: usize = 500;
/// At least about so many runs of neighbours, so that a sample of sorted data is still one.
const RUNS: usize = 32;
/// A sample is taken of at least so many times its least rows.
const MANY: usize = 4;
/// A sample is this part of the whole where that is more: a pass over it costs little beside one over the whole.
const PART: usize = 8;

impl<T: Real> Conditioned<'_, T> {
    /// How many rows tell enough of all: all, where a sample would not be much less.
    fn part(&self) -> usize {
        let (n, [least, most]) =
            (self.data.samples(), [ROWS, ENOUGH].map(|rows: usize| rows.saturating_mul(self.columns()).max(LEAST)));
        if n < least.saturating_mul(MANY) { n } else { (n / PART).clamp(least, most) }
    }

    /// About `most` of more rows, in runs of neighbours, evenly spread.
    fn sample(&self, most: usize) -> Option<Dataset<'static, T>> {
        let n = self.data.samples();
        let len = (most / RUNS).clamp(16, 512);
        let runs = most.div_ceil(len);
        let start = |i: usize| threads::start(n - len, runs, i);
        let rows: Vec<usize> = (0..runs).flat_map(|i| start(i)..start(i) + len).collect();
        self.data.select(&rows).ok()
    }

    /// The risk of some of the rows, in the same coordinates.
    fn of<'d>(&'d self, data: &'d Dataset<'d, T>) -> Conditioned<'d, T> {
        Conditioned::scaled(self.data.part(data), self.bias, self.loss, self.l2, self.scaling.clone())
    }

    /// From φ = 0, where there are many rows, to about the minimum for a part of them; the curvature there is kept as the
    /// preconditioner. Returns whether it is that of R within a few tenths.
    pub(super) fn approach_by_sample(&mut self, phi: &mut [f64]) -> bool {
        let (part, cold) = (self.part(), phi.iter().all(|&phi| phi == 0.0));
        if !cold || self.data.features() > FEATURES || part == self.data.samples() {
            return false;
        }
        let Some(data) = self.sample(part) else { return false };
        let mut part = self.of(&data);
        // The classes of a sample may be separable though those of the whole are not.
        part.damping = 1.0 / data.samples() as f64;
        let preconditioner = if self.outputs() > 1 { part.roughly(phi) } else { part.by_newton(phi) };
        drop(part);
        let one = self.outputs() == 1;
        self.preconditioner = preconditioner;
        one && self.preconditioner.is_some()
    }

    /// φ ← about the minimum, with one output: from that of a part of the part, one step of Newton's.
    fn by_newton(&mut self, phi: &mut [f64]) -> Option<Preconditioner> {
        if !self.approach_by_sample(phi) {
            let rough = Newton::default().max_iterations(4);
            phi.copy_from_slice(&rough.minimize(self, phi.to_vec(), &mut ()).ok()?.params);
        }
        let mut preconditioner = Preconditioner::new(self, phi);
        let (mut next, mut step) = (phi.to_vec(), vec![0.0; phi.len()]);
        let value = self.gradient(phi, &mut step);
        if !preconditioner.apply(&mut step) {
            return None;
        }
        next.iter_mut().zip(&step).for_each(|(next, step)| *next -= step);
        if self.value(&next) < value {
            phi.copy_from_slice(&next);
        }
        Some(preconditioner)
    }

    /// φ ← about the minimum, with several outputs, for which a Hessian would cost more than all the rest.
    fn roughly(&mut self, phi: &mut [f64]) -> Option<Preconditioner> {
        let rough = Lbfgs::default().tolerance(1e-3).max_iterations(20);
        phi.copy_from_slice(&rough.minimize(self, phi.to_vec(), &mut ()).ok()?.params);
        if self.loss.ignores_shift(self.outputs()) {
            // The answer is the one whose outputs sum to 0; the steps from here on keep to that, those to here do not.
            take_out_shift(phi, self.outputs());
        }
        Some(Preconditioner::new(self, phi))
    }

    /// The curvature at φ = 0 of a sample, or of all rows where they are no more.
    pub(super) fn curvature_at_zero(&mut self) -> Preconditioner {
        self.of_part(ROWS.saturating_mul(self.columns()).max(LEAST), |part| Preconditioner::at_zero(part))
    }

    /// What [`curvature_at`](Self::curvature_at) costs, in gradients, as measured: the products and the factors.
    pub(super) fn cost_of_curvature(&self) -> f64 {
        if self.data.features() > FEATURES {
            return f64::INFINITY;
        }
        let [n, part, columns] = [self.data.samples(), self.part(), self.columns()].map(|count| count as f64);
        2.0 + columns * (0.2 * part + columns / 12.0) / n
    }

    /// The same at φ.
    pub(super) fn curvature_at(&mut self, phi: &[f64]) -> Preconditioner {
        self.of_part(self.part(), |part| Preconditioner::new(part, phi))
    }

    fn of_part(&mut self, most: usize, make: impl FnOnce(&mut Conditioned<'_, T>) -> Preconditioner) -> Preconditioner {
        if self.data.features() > FEATURES {
            return Preconditioner::none();
        }
        if self.data.samples() <= most {
            return make(self);
        }
        let Some(data) = self.sample(most) else { return Preconditioner::none() };
        make(&mut self.of(&data))
    }
}
