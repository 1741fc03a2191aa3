//! What `Newton` and `Lbfgs` share: work in f64 coordinates φ, speak of θ to the outside.

use super::ends::{check_start, chosen, out_of_range};
use super::{Observer, Progress, Reason, Report, Solution, range};
use crate::objective::{Coordinates, Hessian, Objective};
use crate::real::Dots;
use crate::{Real, Result};
use nalgebra::DMatrix;
use std::ops::ControlFlow;

/// An objective as it is, seen in f64: φ = θ.
pub(super) struct Plain<'o, T, O> {
    objective: &'o mut O,
    theta: Vec<T>,
    out: Vec<T>,
}

impl<'o, T: Real, O: Objective<T>> Plain<'o, T, O> {
    pub fn new(objective: &'o mut O) -> Self {
        let dim = objective.dim();
        Self { objective, theta: vec![T::zero(); dim], out: vec![T::zero(); dim] }
    }

    fn set(&mut self, phi: &[f64]) {
        self.theta.iter_mut().zip(phi).for_each(|(theta, &phi)| *theta = T::of(phi));
    }
}

impl<T: Real, O: Objective<T>> Objective<f64> for Plain<'_, T, O> {
    fn dim(&self) -> usize {
        self.theta.len()
    }

    fn value(&mut self, phi: &[f64]) -> f64 {
        self.set(phi);
        self.objective.value(&self.theta).to_f64()
    }

    fn gradient(&mut self, phi: &[f64], grad: &mut [f64]) -> f64 {
        self.set(phi);
        let value = self.objective.gradient(&self.theta, &mut self.out).to_f64();
        grad.iter_mut().zip(&self.out).for_each(|(grad, &out)| *grad = out.to_f64());
        value
    }
}

impl<T: Real, O: Hessian<T>> Hessian<f64> for Plain<'_, T, O> {
    fn hessian(&mut self, phi: &[f64], h: &mut DMatrix<f64>) {
        self.set(phi);
        let mut own = DMatrix::zeros(phi.len(), phi.len());
        self.objective.hessian(&self.theta, &mut own);
        h.iter_mut().zip(own.iter()).for_each(|(h, &own)| *h = own.to_f64());
    }

    fn hessian_product(&mut self, phi: &[f64], v: &[f64], hv: &mut [f64]) {
        self.set(phi);
        let v: Vec<T> = v.iter().map(|&v| T::of(v)).collect();
        self.objective.hessian_product(&self.theta, &v, &mut self.out);
        hv.iter_mut().zip(&self.out).for_each(|(hv, &out)| *hv = out.to_f64());
    }
}

impl<T: Real, O> Coordinates<T> for Plain<'_, T, O> {
    fn inward(&self, theta: &[T], phi: &mut [f64]) {
        phi.iter_mut().zip(theta).for_each(|(phi, &theta)| *phi = theta.to_f64());
    }

    fn outward(&self, phi: &[f64], theta: &mut [T]) {
        theta.iter_mut().zip(phi).for_each(|(theta, &phi)| *theta = T::of(phi));
    }

    fn gradient_norm(&self, grad: &[f64]) -> f64 {
        norm_max(grad)
    }

    fn rounding(&self) -> f64 {
        T::default_epsilon().to_f64()
    }
}

/// A point with what is known there.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub phi: Vec<f64>,
    pub grad: Vec<f64>,
    pub value: f64,
}

/// One fit under way.
pub(super) struct Run<'a, T: Real, O: ?Sized> {
    pub objective: &'a mut O,
    observer: &'a mut dyn Observer<T>,
    theta: Vec<T>,
    history: Vec<f64>,
    /// Whether the objective's preconditioner is as good as a Hessian.
    pub primed: bool,
}

impl<'a, T: Real, O: Objective<f64> + Coordinates<T> + ?Sized> Run<'a, T, O> {
    /// The run and its first point.
    pub fn start(objective: &'a mut O, theta: Vec<T>, observer: &'a mut dyn Observer<T>) -> Result<(Self, Point)> {
        let dim = objective.dim();
        check_start(dim, &theta, observer)?;
        let mut point = Point { phi: vec![0.0; dim], grad: vec![0.0; dim], value: 0.0 };
        objective.inward(&theta, &mut point.phi);
        let primed = objective.approach(&mut point.phi);
        point.value = objective.gradient(&point.phi, &mut point.grad);
        if !point.is_finite() {
            return Err(out_of_range("the risk at the start"));
        }
        Ok((Self { objective, observer, theta, history: Vec::new(), primed }, point))
    }

    pub fn iterations(&self) -> usize {
        self.history.len()
    }

    /// The largest |entry| of the gradient in θ.
    pub fn gradient_norm(&self, point: &Point) -> f64 {
        self.objective.gradient_norm(&point.grad)
    }

    /// Counts an iteration that arrived at `point` and shows it to the observer.
    pub fn record(&mut self, point: &Point) -> ControlFlow<()> {
        self.history.push(point.value);
        self.objective.outward(&point.phi, &mut self.theta);
        let norm = self.gradient_norm(point);
        self.observer.observe(&Progress::new(self.history.len(), point.value, Some(norm), &self.theta))
    }

    /// The solution: `point`, or what the observer chose. `tolerance` is that of the gradient; whoever gives
    /// [`Reason::Value`] has seen that what a step promises drowns in rounding.
    pub fn finish(mut self, mut reason: Reason, mut point: Point, tolerance: f64) -> Result<Solution<T>> {
        self.objective.outward(&point.phi, &mut self.theta);
        if let Some(chosen) = chosen(self.theta.len(), self.observer)?.filter(|chosen| *chosen != self.theta) {
            self.theta = chosen;
            self.objective.inward(&self.theta, &mut point.phi);
            point.value = self.objective.gradient(&point.phi, &mut point.grad);
            let met = self.gradient_norm(&point).max(norm_max(&point.grad)) <= tolerance;
            reason = match reason {
                Reason::Gradient | Reason::Value if met => Reason::Gradient,
                Reason::Gradient | Reason::Value => Reason::Stopped,
                other => other,
            };
        } else {
            self.objective.settle(&mut point.phi, &mut point.grad);
            self.objective.outward(&point.phi, &mut self.theta);
        }
        self.objective.fits(&point.phi, &self.theta)?;
        // Parameters of fewer digits are another point: the value is that of them.
        if T::default_epsilon().to_f64() > f64::EPSILON {
            self.objective.inward(&self.theta, &mut point.phi);
            point.value = self.objective.value(&point.phi);
        }
        if !point.is_finite() {
            return Err(out_of_range("the risk at the solution"));
        }
        if self.theta.iter().any(|theta| !theta.is_finite()) {
            return Err(out_of_range("a parameter"));
        }
        let norm = self.gradient_norm(&point);
        let report = Report::new(reason, self.history.len(), point.value, norm).confirmed();
        Ok(Solution { params: self.theta, report: report.with_history(self.history) })
    }
}

impl Point {
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && self.grad.iter().all(|grad| grad.is_finite())
    }
}

/// What the gain of a step d is measured against: R, and what R has fallen since the first point, which counts where the minimum is
/// 0. It does so only for a step that is short beside φ: R may also have fallen because the start was far away.
pub(super) fn scale(direction: &[f64], here: &Point, first: f64, rounding: f64) -> f64 {
    let short = norm_max(direction) <= rounding.cbrt() * norm_max(&here.phi);
    here.value.abs() + if short { (first - here.value).abs() } else { 0.0 }
}

/// Whether what a step promises is rounding: beside R, or beside the square of residuals r ≪ |y|, which carries the error ε |y|
/// of r.
pub(super) fn drowned(promised: f64, scale: f64, here: &Point, rounding: f64) -> bool {
    let (value, fallen) = (here.value.abs(), scale - here.value.abs());
    let noise = rounding * (value + value.sqrt() * fallen.sqrt() + rounding * fallen);
    promised <= 100.0 * noise.max(f64::MIN_POSITIVE)
}

/// The settings that both have: a tolerance and a number of iterations.
pub(super) fn check(tolerance: f64, max_iterations: usize) -> Result<()> {
    range::nonnegative("tolerance", tolerance)?;
    range::at_least_one("max_iterations", max_iterations)
}

pub(super) fn norm_max(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |max, &v| if v.abs() > max || v.is_nan() { v.abs() } else { max })
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = [0.0];
    f64::dots(Dots { columns: &[a], vector: b, out: &mut sum });
    sum[0]
}
