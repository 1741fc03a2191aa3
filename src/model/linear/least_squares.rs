//! Least squares to the last digit, as a solver.

use super::design::{Column, Design};
use super::factor::{Dependent, Factor};
use super::refine::{Refined, intercept, intercept_growth};
use super::solve::{Solved, basic, least_norm};
use crate::data::{Dataset, feature_name, target_name};
use crate::layer::Affine;
use crate::linalg::compensated::Dd;
use crate::linalg::power::{decimal_exponent, times_power};
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
/// **Units.** Columns and targets may have any size that the number type holds. A risk or a gradient that is larger than the
/// largest f64 is reported as that.
///
/// # Errors
/// [`Error::Range`] with the feature's name if a coefficient is outside the range of the number type.
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
        let (data, names) = (risk.data(), risk.data().names());
        let mut design = Design::new(data, risk.layer().has_bias(), l2)?;
        let factor = Factor::new(&mut design, l2);
        let deficient = !factor.dependent.is_empty();
        let mut solved = basic(&design, factor, l2);
        if deficient {
            solved = least_norm(&design, solved, l2);
        }
        let params = params::<T>(&design, &solved, data)?;
        let report = report(&design, &solved, &params, l2, names);
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

/// θ in the user's units, each number rounded once.
fn params<T: Real>(design: &Design<'_, T>, solved: &Solved, data: &Dataset<'_, T>) -> Result<Vec<T>> {
    let mut params = Vec::with_capacity((design.features() + 1) * design.outputs());
    for j in 0..design.features() {
        for (target, y) in solved.targets.iter().zip(&design.y) {
            let (beta, power) = (target.coefficients.beta[j].value(), design.power(j) - y.power);
            let rounded = T::of(times_power(beta, power));
            if !rounded.is_finite() || vanishes(rounded, beta, (&design.x[j], y)) {
                let exponent = decimal_exponent(beta, power);
                return Err(Error::Range { what: "coefficient", of: feature_name(data, j), exponent });
            }
            params.push(rounded);
        }
    }
    if design.intercept {
        for (c, (target, y)) in solved.targets.iter().zip(&design.y).enumerate() {
            let level = intercept(design, &target.coefficients, c).value();
            let rounded = T::of(times_power(level, -y.power));
            if !rounded.is_finite() {
                let exponent = decimal_exponent(level, -y.power);
                return Err(Error::Range { what: "intercept", of: target_name(c, design.outputs()), exponent });
            }
            params.push(rounded);
        }
    }
    Ok(params)
}

/// Whether a coefficient is too small for its type, so that its rounding shows in the fitted values: by more than the type
/// resolves at the size of the targets, and at all.
pub(in crate::model::linear) fn vanishes<T: Real>(rounded: T, beta: f64, (x, y): (&Column, &Column)) -> bool {
    let unit = 8.0 * T::default_epsilon().to_f64();
    let change = (times_power(rounded.to_f64(), y.power - x.power) - beta).abs();
    let least = if T::default_epsilon().to_f64() > 1e-10 { f64::from(f32::from_bits(1)) } else { f64::from_bits(1) };
    change > unit * beta.abs()
        && change * x.size() > unit * y.size()
        && times_power(change * x.size(), -y.power) > 8.0 * least
}

/// v · 2ᵏ, and where that is too large the largest number.
fn bounded(v: f64, k: i32) -> f64 {
    times_power(v, k).clamp(-f64::MAX, f64::MAX)
}

fn report<T: Real>(design: &Design<'_, T>, solved: &Solved, params: &[T], l2: f64, names: Option<&[String]>) -> Report {
    let k = design.outputs();
    let factor = &solved.factor;
    let (mut value, mut gradient, mut last, mut digits) = (0.0, 0.0_f64, 0.0_f64, f64::INFINITY);
    for (c, target) in solved.targets.iter().enumerate() {
        let rounded: Vec<f64> = params.iter().skip(c).step_by(k).map(|v| v.to_f64()).collect();
        let off = Rounding::new(design, factor, target, c, &rounded);
        let half = (target.objective.max(0.0) + off.objective) / (2.0 * design.total.value());
        value = bounded(value + bounded(half, -2 * design.y[c].power), 0);
        gradient = gradient.max(off.gradient);
        last = last.max(target.last);
        digits = digits.min(correct_digits::<T>(design, factor, target, c, off.relative));
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
            report = report.with_warning(warning(design, factor, dependent, names));
        }
    }
    report
}

/// The dependency in the user's units; what is too small to be told from rounding is left out.
fn warning<T: Real>(
    design: &Design<'_, T>,
    factor: &Factor,
    dependent: &Dependent,
    names: Option<&[String]>,
) -> Warning {
    let column = dependent.column;
    let share = |l: usize| dependent.combination[l].abs() * factor.norm[l];
    let largest = (0..factor.rank()).fold(0.0_f64, |m, l| m.max(share(l)));
    let seen: Vec<usize> = (0..factor.rank()).filter(|&l| share(l) > 1e-9 * largest).collect();
    let mut on: Vec<(usize, f64)> = seen.iter().map(|&l| (factor.order[l], dependent.combination[l])).collect();
    on.sort_by_key(|&(j, _)| j);
    let mut constant = 0.0;
    if design.intercept {
        let part = |j: usize, c: f64| design.x[j].exact_centre() * c.into();
        let sum = on.iter().fold(part(column, 1.0), |sum, &(j, c)| sum - part(j, c));
        // Rounding of the numbers changes the shares by that over the spread of a column, and the constant by its centre times that.
        let size = on.iter().fold(design.x[column].size(), |size, &(j, c)| size + c.abs() * design.x[j].size());
        let reach = |&l: &usize| design.x[factor.order[l]].centre().abs() * factor.growth[l] / factor.norm[l];
        let far = seen.iter().map(reach).sum::<f64>() * design.total.value().sqrt();
        constant = if sum.hi.abs() > 16.0 * f64::EPSILON * size * (1.0 + far) { sum.value() } else { 0.0 };
    }
    let own = design.power(column);
    let depends_on = on.into_iter().map(|(j, c)| (j, bounded(c, design.power(j) - own))).collect();
    Warning::rank_deficient(column, depends_on, bounded(constant, -own), names)
}

/// What rounding the coefficients to the user's type does to the objective and to its gradient.
struct Rounding {
    objective: f64,
    gradient: f64,
    /// The largest relative change of a coefficient.
    relative: f64,
}

impl Rounding {
    fn new<T: Real>(design: &Design<'_, T>, factor: &Factor, target: &Refined, c: usize, rounded: &[f64]) -> Self {
        let (total, beta) = (design.total.value(), &target.coefficients.beta);
        let unit = design.y[c].power;
        let change = |j: usize| (Dd::from(times_power(rounded[j], unit - design.power(j))) - beta[j]).value();
        let relative = |j: usize| if beta[j].hi == 0.0 { 0.0 } else { (change(j) / beta[j].hi).abs() };
        let relative = (0..design.features()).map(relative).fold(0.0, f64::max);
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
            let given = times_power(rounded[design.features()], unit);
            level = (Dd::from(given) - intercept(design, &target.coefficients, c)).value();
            level += (0..design.features()).map(|j| change(j) * design.x[j].centre()).sum::<f64>();
        }
        let mut gradient = bounded(level, -unit).abs();
        let mut take = |j: usize, g: f64| {
            let g = bounded(g / total + design.x[j].centre() * level, -unit - design.power(j));
            gradient = gradient.max(g.abs());
        };
        factor.order.iter().zip(&along).for_each(|(&j, &g)| take(j, g));
        for dependent in &factor.dependent {
            take(dependent.column, super::factor::dot(&dependent.combination, &along));
        }
        Self { objective: super::factor::dot(&rd, &rd) + total * level * level, gradient, relative }
    }
}

/// −log₁₀ of the relative error of the worst coefficient: what refinement leaves, and one rounding, of which `rounding` is
/// known.
fn correct_digits<T: Real>(design: &Design<'_, T>, factor: &Factor, target: &Refined, c: usize, rounding: f64) -> f64 {
    let unit = (T::default_epsilon() * T::of(0.5)).to_f64().max(rounding);
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
