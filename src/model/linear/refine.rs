//! Corrected semi-normal equations: Rᵀ R d = Xᵀ W r − Λ β, with the residual r and the right-hand side in double-double, until
//! the correction no longer matters or no longer shrinks.
//!
//! Source: Björck (1996), Numerical Methods for Least Squares Problems, sections 2.9.2 and 2.9.3.

use super::design::Design;
use super::factor::{Factor, norm};
use super::residual::{Arithmetic, Residual, pass};
use crate::Real;
use crate::linalg::compensated::Dd;

/// The solution in the design's units, one per target: y = b + Σ βⱼ xⱼ.
#[derive(Debug, Clone)]
pub(super) struct Coefficients {
    pub intercept: Dd,
    pub beta: Vec<Dd>,
}

/// The end of a refinement of one target.
#[derive(Debug, Clone)]
pub(super) struct Refined {
    pub coefficients: Coefficients,
    /// Σ w r² + Σ Λ β².
    pub objective: f64,
    /// Size of the last correction over that of the coefficients, in units of the column norms.
    pub last: f64,
    /// Length of the error that is left in the fitted values.
    pub error: f64,
    /// Error of a coefficient of a column of norm 1 that leaves the fitted values alone (solutions of least norm).
    pub sharing: f64,
    /// Corrections made.
    pub passes: usize,
}

const MOST_PASSES: usize = 40;

/// Refines the coefficients of every target, starting from what the Gram matrix gave, or from `start`. Only the
/// coefficients of the factor's columns move.
pub(super) fn refine<T: Real>(
    design: &Design<'_, T>,
    factor: &Factor,
    l2: f64,
    start: Option<Vec<Coefficients>>,
) -> Vec<Refined> {
    let start = start.unwrap_or_else(|| (0..design.outputs()).map(|k| first(design, factor, k)).collect());
    let mut targets: Vec<Target> = start.into_iter().enumerate().map(Target::new).collect();
    // Where the f64 Gram matrix serves, so does the faster arithmetic, unless its noise turns out to be seen.
    let mut arithmetic = if factor.first.is_some() { Arithmetic::Anchored } else { Arithmetic::Double };
    for _ in 0..MOST_PASSES {
        let at: Vec<&Coefficients> = targets.iter().map(|t| &t.refined.coefficients).collect();
        let residuals = pass(design, &at, arithmetic);
        for (target, residual) in targets.iter_mut().zip(residuals) {
            if !target.done {
                target.correct(design, factor, l2, residual);
            }
        }
        if targets.iter().any(|t| !t.done && t.noisy) {
            arithmetic = Arithmetic::Double;
        }
        if targets.iter().all(|t| t.done) {
            break;
        }
    }
    targets.into_iter().map(|t| t.refined).collect()
}

/// Coefficients from the Gram matrix, or zeros.
fn first<T: Real>(design: &Design<'_, T>, factor: &Factor, k: usize) -> Coefficients {
    let mut beta = vec![Dd::ZERO; design.features()];
    if let Some(first) = &factor.first {
        for ((&j, c), n) in factor.order.iter().zip(&first[k]).zip(&factor.norm) {
            beta[j] = Dd::from(c / n);
        }
    }
    let mut intercept = design.y[k].mean;
    for (b, c) in beta.iter().zip(&design.x) {
        intercept = intercept - *b * c.mean;
    }
    Coefficients { intercept: if design.intercept { intercept } else { Dd::ZERO }, beta }
}

struct Target {
    output: usize,
    refined: Refined,
    step: f64,
    done: bool,
    /// Whether the noise of the arithmetic is what keeps it from being done.
    noisy: bool,
}

impl Target {
    fn new((output, coefficients): (usize, Coefficients)) -> Self {
        let refined =
            Refined { coefficients, objective: 0.0, last: 0.0, error: f64::INFINITY, sharing: 0.0, passes: 0 };
        Self { output, refined, step: f64::INFINITY, done: false, noisy: false }
    }

    /// One correction from the residual at the present coefficients.
    fn correct<T: Real>(&mut self, design: &Design<'_, T>, factor: &Factor, l2: f64, residual: Residual) {
        let penalty = |j: usize, b: Dd| design.penalty(j) * b;
        let at = &self.refined.coefficients;
        let right = |&j: &usize| {
            let centred = residual.products[j] - design.x[j].mean * residual.sum;
            if l2 > 0.0 { centred - penalty(j, at.beta[j]) } else { centred }
        };
        let right: Vec<Dd> = factor.order.iter().map(right).collect();
        let g: Vec<f64> = right.iter().zip(&factor.norm).map(|(g, n)| g.value() / n).collect();
        let mut d = g;
        factor.solve_transposed(&mut d);
        let half = norm(&d);
        factor.solve_upper(&mut d);
        let shift = if design.intercept { residual.sum.value() / design.total.value() } else { 0.0 };
        // ‖W½ (X d + shift)‖, the length of the correction in the space of the fitted values.
        let step = (half.powi(2) + design.total.value() * shift * shift).sqrt();
        let noise = self.noise(design, factor, &residual);
        let penalties =
            if l2 > 0.0 { at.beta.iter().enumerate().map(|(j, &b)| (penalty(j, b) * b).value()).sum() } else { 0.0 };
        let size = self.size(factor);
        self.refined.objective = residual.square + penalties;
        // From the second pass on the steps show what a step leaves; before, the factor's bound has to do.
        let observed = step / self.step;
        let improved = observed < 0.5 || self.refined.passes == 0;
        if !step.is_finite() || !improved {
            self.refined.error = step.max(noise);
            self.done = true;
            return;
        }
        self.apply(design, factor, &d, shift);
        self.refined.objective -= step * step;
        self.refined.passes += 1;
        let contraction = if self.step.is_finite() {
            observed.max(factor.contraction.min(observed * 10.0))
        } else {
            factor.contraction
        };
        self.step = step;
        self.refined.last = if size > 0.0 { norm(&d) / size } else { f64::from(u8::from(norm(&d) > 0.0)) };
        self.refined.error = (contraction.min(0.5) * step).max(noise);
        let allowed = self.allowed(design, factor) * 2.0_f64.powi(-56);
        self.noisy = noise > allowed;
        self.done = step == 0.0 || self.refined.error <= allowed;
    }

    /// ‖γ‖ of the coefficients in units of the column norms.
    fn size(&self, factor: &Factor) -> f64 {
        let beta = &self.refined.coefficients.beta;
        norm(&factor.order.iter().zip(&factor.norm).map(|(&j, n)| beta[j].hi * n).collect::<Vec<_>>())
    }

    /// The largest error of the fitted values that no coefficient sees, relative to itself.
    fn allowed<T: Real>(&self, design: &Design<'_, T>, factor: &Factor) -> f64 {
        let c = &self.refined.coefficients;
        let parts = factor.order.iter().zip(&factor.norm).zip(&factor.growth);
        let allowed = parts.fold(f64::INFINITY, |m, ((&j, n), growth)| m.min(c.beta[j].hi.abs() * n / growth));
        match design.intercept {
            true => allowed.min(intercept(design, c, self.output).hi.abs() / intercept_growth(design, factor)),
            false => allowed,
        }
    }

    /// What rounding in double-double leaves, as an error of the fitted values.
    fn noise<T: Real>(&self, design: &Design<'_, T>, factor: &Factor, residual: &Residual) -> f64 {
        let c = &self.refined.coefficients;
        let total = design.total.value();
        // ‖x‖, not centred, and ‖y‖ + Σ ‖xⱼ βⱼ‖ + ‖b‖, out of which the residual comes.
        let raw = |j: usize, n: f64| (n * n + total * design.x[j].mean.hi.powi(2)).sqrt();
        let sizes: Vec<f64> = factor.order.iter().zip(&factor.norm).map(|(&j, &n)| raw(j, n)).collect();
        let sum: f64 = factor.order.iter().zip(&sizes).map(|(&j, s)| c.beta[j].hi.abs() * s).sum::<f64>()
            + c.intercept.hi.abs() * total.sqrt();
        let cancellation = sizes.iter().zip(&factor.norm).fold(1.0_f64, |m, (s, n)| m.max(s / n));
        // The error of r acts as it is, that of Xᵀ r through R⁻ᵀ.
        let length = residual.square.sqrt();
        let double = 2.0_f64.powi(-103) * (sum + length + cancellation * length / factor.smallest);
        let products = factor
            .order
            .iter()
            .zip(&factor.norm)
            .fold(0.0_f64, |m, (&j, n)| m.max(residual.product_error(design, j) / n));
        double + residual.row_error * total.sqrt() + products * (factor.order.len() as f64).sqrt() / factor.smallest
    }

    fn apply<T: Real>(&mut self, design: &Design<'_, T>, factor: &Factor, d: &[f64], shift: f64) {
        let c = &mut self.refined.coefficients;
        let mut intercept = c.intercept + shift.into();
        for ((&j, &d), n) in factor.order.iter().zip(d).zip(&factor.norm) {
            let d = d / n;
            c.beta[j] = c.beta[j] + d.into();
            intercept = intercept - design.x[j].mean * d.into();
        }
        if design.intercept {
            c.intercept = intercept;
        }
    }
}

/// The intercept of target k at the user's origin, in units of the scaled target.
pub(super) fn intercept<T: Real>(design: &Design<'_, T>, c: &Coefficients, k: usize) -> Dd {
    let start = c.intercept + design.y[k].unit.shift.into();
    c.beta.iter().zip(&design.units).fold(start, |b, (&beta, unit)| b - beta * unit.shift.into())
}

/// How much an error of length 1 in the fitted values can do to the intercept at the user's origin: by the level itself,
/// and by ‖R⁻ᵀ m‖ for means m of columns of norm 1.
pub(super) fn intercept_growth<T: Real>(design: &Design<'_, T>, factor: &Factor) -> f64 {
    let mut means: Vec<f64> = factor.order.iter().zip(&factor.norm).map(|(&j, n)| design.x[j].centre() / n).collect();
    factor.solve_transposed(&mut means);
    norm(&means) + design.total.value().sqrt().recip()
}
