//! Least squares to the last digit, as a solver.

use super::design::Design;
use super::factor::{Dependent, Factor};
use super::refine::{Refined, intercept, intercept_growth};
use super::solve::{Solved, basic, least_norm};
use crate::layer::Affine;
use crate::linalg::compensated::Dd;
use crate::loss::SquaredError;
use crate::objective::Objective;
use crate::optim::ends::{check_start, chosen, largest, out_of_range};
use crate::optim::{Observer, Progress, Reason, Report, Solution, Solver, Warning};
use crate::risk::Risk;
use crate::{Error, Real, Result};

/// Least squares, with or without a penalty, to the last digit that the data determine.
///
/// Minimizes Σᵢ w̄ᵢ ½ ‖W xᵢ + b − yᵢ‖² + ½ λ ‖W‖² directly, for any number of outputs:
///
/// 1. The columns are scaled by powers of two (exactly) and centred, where there is an intercept.
/// 2. A triangular factor R of the centred design comes from the Cholesky factorization of its Gram matrix: in f64 where
///    the estimated condition is below 3·10⁵, in double-double (32 digits) with pivoting otherwise.
/// 3. The coefficients are corrected by Rᵀ R d = Xᵀ r, with the residual r and the product Xᵀ r in double-double, until a
///    correction is too small to matter.
///
/// X is read in place, block by block, twice in the common case (weights cost one more time); memory beside it is O(p²). `f32` data are
/// widened as they are read, and the answer is rounded once.
///
/// **Rank.** A column counts as dependent on others (and on the constant, where there is an intercept) if relative changes
/// of 8 ε √p in the numbers of the design, ε = 2.2·10⁻¹⁶, could make it so. Then the answer is the one of least ‖W‖, the
/// intercept free: the limit of ridge as λ → 0. The report counts the independent columns in
/// [`rank`](Report::rank) and names each dependent one, with the combination, in a [`Warning::RankDeficient`]. With λ > 0
/// nothing is dependent.
///
/// **How good.** [`Report::condition`] is the estimated 2-norm condition of the centred design with columns of norm 1,
/// [`Report::last_correction`] the relative size of the last correction, and [`Report::correct_digits`] an estimate, on the
/// safe side, of the correct digits of the worst coefficient.
///
/// # Errors
/// [`Error::Undefined`] if a coefficient exceeds the range of the number type.
///
/// ```
/// use nalgebra::{DMatrix, dvector};
/// use residual::{Dataset, LinearRegression, Regressor, nalgebra};
/// // The powers 1 .. 5 of 0 .. 20: a QR factorization in f64 leaves 9 correct digits of these coefficients.
/// let x = DMatrix::from_fn(21, 5, |i, j| (i as f64).powi(j as i32 + 1));
/// let y = x.column_sum().add_scalar(1.0);
/// let model = LinearRegression::new().fit(&Dataset::new(&x, &y)?)?;
/// assert_eq!(model.params(), [1.0; 6]);
/// assert!(model.report().correct_digits() > Some(15.0));
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Sources: Björck (1996), Numerical Methods for Least Squares Problems, section 2.9; Golub and Van Loan (2013), Matrix
/// Computations, 4th ed., sections 5.3 and 5.5.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LeastSquares {
    _private: (),
}

impl<'r, T: Real> Solver<T, Risk<'r, T, Affine, SquaredError>> for LeastSquares {
    fn minimize(
        &self,
        risk: &mut Risk<'r, T, Affine, SquaredError>,
        start: Vec<T>,
        observer: &mut dyn Observer<T>,
    ) -> Result<Solution<T>> {
        check_start(risk.dim(), &start, observer)?;
        let l2 = risk.l2();
        let mut design = Design::new(risk.data(), risk.layer().has_bias())?;
        let factor = Factor::new(&mut design, l2);
        let deficient = !factor.dependent.is_empty();
        let mut solved = basic(&design, factor, l2);
        if deficient {
            solved = least_norm(&design, solved, l2);
        }
        let params = params::<T>(&design, &solved)?;
        let report = report(&design, &solved, &params, l2);
        let progress = Progress::new(1, report.value(), Some(report.gradient_norm()), &params);
        let _ = observer.observe(&progress);
        match chosen(params.len(), observer)? {
            Some(chosen) if chosen != params => given(risk, chosen, &report),
            _ => Ok(Solution { params, report }),
        }
    }
}

/// Parameters that the observer prefers to the solution.
fn given<T: Real>(
    risk: &mut Risk<'_, T, Affine, SquaredError>,
    params: Vec<T>,
    report: &Report,
) -> Result<Solution<T>> {
    let mut grad = vec![T::zero(); params.len()];
    let value = risk.gradient(&params, &mut grad).to_f64();
    let norm = largest(&grad);
    if !(value.is_finite() && norm.is_finite()) {
        return Err(out_of_range("the risk at the observer's choice"));
    }
    let report = Report::new(Reason::Stopped, 1, value, norm).with_history(report.history().to_vec());
    Ok(Solution { params, report })
}

/// v · 2ᵃ · 2ᵇ, given the powers; safe where one of them alone leaves the range.
fn scale(v: f64, a: f64, b: f64) -> f64 {
    let both = a * b;
    if both.is_normal() { v * both } else { v * a * b }
}

/// θ in the user's units, each number rounded once.
fn params<T: Real>(design: &Design<'_, T>, solved: &Solved) -> Result<Vec<T>> {
    let mut params = Vec::with_capacity((design.features() + 1) * design.outputs());
    for j in 0..design.features() {
        for (target, y) in solved.targets.iter().zip(&design.y) {
            params.push(T::of(scale(target.coefficients.beta[j].value(), design.scale(j), 1.0 / y.unit.scale)));
        }
    }
    if design.intercept {
        for (c, (target, y)) in solved.targets.iter().zip(&design.y).enumerate() {
            params.push(T::of(intercept(design, &target.coefficients, c).value() / y.unit.scale));
        }
    }
    match params.iter().all(|v| v.is_finite()) {
        true => Ok(params),
        false => Err(Error::Undefined {
            what: "a coefficient",
            why: "it exceeds the range of the numbers; rescale the features or the targets",
        }),
    }
}

fn report<T: Real>(design: &Design<'_, T>, solved: &Solved, params: &[T], l2: f64) -> Report {
    let k = design.outputs();
    let factor = &solved.factor;
    let (mut value, mut gradient, mut last, mut digits) = (0.0, 0.0_f64, 0.0_f64, f64::INFINITY);
    for (c, target) in solved.targets.iter().enumerate() {
        let rounded: Vec<f64> = params.iter().skip(c).step_by(k).map(|v| v.to_f64()).collect();
        let off = Rounding::new(design, factor, target, c, &rounded);
        let t = design.y[c].unit.scale;
        value += (target.objective.max(0.0) + off.objective) / (2.0 * design.total.value()) / t / t;
        gradient = gradient.max(off.gradient);
        last = last.max(target.last);
        digits = digits.min(correct_digits(design, factor, target, c));
    }
    let rank = if l2 > 0.0 { design.features() } else { factor.rank() };
    let mut report = Report::new(Reason::Direct, 1, value, gradient)
        .with_history(vec![value])
        .with_rank(rank)
        .with_condition(factor.condition)
        .with_last_correction(last)
        .with_correct_digits(digits);
    if l2 == 0.0 {
        for dependent in &factor.dependent {
            report = report.with_warning(warning(design, factor, dependent));
        }
    }
    report
}

/// The dependency in the user's units; shares too small to be told from rounding are left out.
pub(super) fn warning<T: Real>(design: &Design<'_, T>, factor: &Factor, dependent: &Dependent) -> Warning {
    let share = |l: usize| dependent.combination[l].abs() * factor.norm[l];
    let largest = (0..factor.rank()).fold(0.0_f64, |m, l| m.max(share(l)));
    let own = design.scale(dependent.column);
    let depends_on = (0..factor.rank()).filter(|&l| share(l) > 1e-9 * largest).map(|l| {
        let j = factor.order[l];
        (j, scale(dependent.combination[l], design.scale(j), 1.0 / own))
    });
    let mut depends_on: Vec<(usize, f64)> = depends_on.collect();
    depends_on.sort_by_key(|&(j, _)| j);
    Warning::RankDeficient { column: dependent.column, depends_on }
}

/// What rounding the coefficients to the user's type does to the objective and to its gradient.
struct Rounding {
    objective: f64,
    gradient: f64,
}

impl Rounding {
    fn new<T: Real>(design: &Design<'_, T>, factor: &Factor, target: &Refined, c: usize, rounded: &[f64]) -> Self {
        let t = design.y[c].unit.scale;
        let total = design.total.value();
        let change =
            |j: usize| (Dd::from(scale(rounded[j], 1.0 / design.scale(j), t)) - target.coefficients.beta[j]).value();
        let mut d: Vec<f64> = factor.order.iter().zip(&factor.norm).map(|(&j, n)| change(j) * n).collect();
        for dependent in &factor.dependent {
            let change = change(dependent.column);
            for ((d, c), n) in d.iter_mut().zip(&dependent.combination).zip(&factor.norm) {
                *d += c * change * n;
            }
        }
        let rd = factor.times(&d);
        let along: Vec<f64> = factor.r.iter().zip(&factor.norm).map(|(r, n)| super::factor::dot(r, &rd) * n).collect();
        let mut level = 0.0;
        if design.intercept {
            level = (Dd::from(rounded[design.features()] * t) - intercept(design, &target.coefficients, c)).value();
            level += (0..design.features()).map(|j| change(j) * design.x[j].centre()).sum::<f64>();
        }
        let mut gradient = (level / t).abs();
        let mut take = |j: usize, g: f64| {
            let g = (g / total + design.x[j].centre() * level) / t / design.scale(j);
            gradient = gradient.max(g.abs());
        };
        factor.order.iter().zip(&along).for_each(|(&j, &g)| take(j, g));
        for dependent in &factor.dependent {
            take(dependent.column, super::factor::dot(&dependent.combination, &along));
        }
        Self { objective: super::factor::dot(&rd, &rd) + total * level * level, gradient }
    }
}

/// −log₁₀ of the relative error of the worst coefficient: what refinement leaves, and one rounding.
fn correct_digits<T: Real>(design: &Design<'_, T>, factor: &Factor, target: &Refined, c: usize) -> f64 {
    let unit = (T::default_epsilon() * T::of(0.5)).to_f64();
    let coefficients = &target.coefficients;
    let mut errors = vec![0.0; design.features()];
    for ((&j, n), growth) in factor.order.iter().zip(&factor.norm).zip(&factor.growth) {
        errors[j] = (target.error * growth + target.sharing) / n;
    }
    for dependent in factor.dependent.iter().filter(|d| d.combination.iter().any(|&c| c != 0.0)) {
        // ‖x_D‖ ≤ Σ |cₗ| ‖xₗ‖
        let norm: f64 = dependent.combination.iter().zip(&factor.norm).map(|(c, n)| c.abs() * n).sum();
        errors[dependent.column] = (target.error / factor.smallest + target.sharing) / norm;
    }
    let relative = |error: f64, value: Dd| if error == 0.0 { 0.0 } else { error / value.hi.abs() };
    let mut worst = coefficients.beta.iter().zip(errors).fold(0.0_f64, |worst, (&b, e)| worst.max(relative(e, b)));
    if design.intercept {
        let error = target.error * intercept_growth(design, factor)
            + target.sharing
                * factor.order.iter().zip(&factor.norm).map(|(&j, n)| design.x[j].centre().abs() / n).sum::<f64>();
        worst = worst.max(relative(error, intercept(design, coefficients, c)));
    }
    (-(worst + unit).log10()).max(0.0)
}
