//! What an unpenalized fit has to say besides its parameters: separation, rank, and which of many equal answers it is.

use super::columns::{Columns, Dependent};
use super::margins::{self, Direction, constraints, scores, target};
use super::separation::{self, Space, Verdict};
use crate::data::{Dataset, Moderate, feature_name};
use crate::linalg::cholesky;
use crate::linalg::power::{decimal_exponent, exponent, power, times_power};
use crate::loss::{CrossEntropy, Loss};
use crate::optim::{Observer, Progress, Reason, Solution, Warning};
use crate::risk::Scaling;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DVector};
use std::ops::ControlFlow;

/// Looks at the iterates of an unpenalized fit, stops it when it runs away for good reason, and judges its end.
pub(super) struct Judge<'d, 'o, T: Real> {
    data: Moderate<'d, T>,
    bias: bool,
    scaling: Scaling,
    observer: &'o mut dyn Observer<T>,
    verdict: Option<Verdict>,
    stopped: bool,
}

/// Scores this far apart (odds of 3 million) call for a look at separation while the fit is under way.
const FAR: f64 = 15.0;

impl<T: Real> Observer<T> for Judge<'_, '_, T> {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        self.observer.observe(progress)?;
        let due = progress.iteration().is_multiple_of(if progress.iteration() > 128 { 128 } else { 8 });
        if due && self.verdict.is_none() && self.is_far(progress.params()) {
            let verdict = self.search(&self.varying());
            self.stopped = matches!(verdict, Verdict::Separated(..));
            self.verdict = Some(verdict);
        }
        if self.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        self.observer.choose()
    }

    fn check(&self) -> Result<()> {
        self.observer.check()
    }

    /// The verdict follows from the data alone.
    fn is_stateless(&self) -> bool {
        self.observer.is_stateless()
    }

    fn save(&self) -> Option<Vec<f64>> {
        self.observer.save()
    }

    fn restore(&mut self, state: &[f64]) -> Result<ControlFlow<()>> {
        self.observer.restore(state)
    }
}

impl<'d, 'o, T: Real> Judge<'d, 'o, T> {
    pub fn new(data: &'d Dataset<'d, T>, bias: bool, observer: &'o mut dyn Observer<T>) -> Self {
        let data = Moderate::new(data);
        let scaling = Scaling::new(&data, bias);
        Self { data, bias, scaling, observer, verdict: None, stopped: false }
    }

    fn varying(&self) -> Vec<usize> {
        (0..self.data.features()).filter(|&j| self.scaling.inverse[j] > 0.0).collect()
    }

    fn search(&self, features: &[usize]) -> Verdict {
        separation::search(&Space { data: &self.data, scaling: &self.scaling, features, bias: self.bias })
    }

    /// θ, which has the layout of a direction, in the units of the data here.
    fn direction(&self, theta: &[T]) -> Direction {
        Direction::new(&self.data, theta)
    }

    fn is_far(&self, theta: &[T]) -> bool {
        let (z, _) = scores(&self.data, &self.direction(theta));
        let k = self.data.outputs();
        z.chunks_exact(k).any(|z| {
            let zero = if k == 1 { 0.0 } else { z[0] };
            let (low, high) = z.iter().fold((zero, zero), |(low, high), &z| (z.min(low), z.max(high)));
            high - low > FAR
        })
    }

    /// The solution with its warnings: of several equal ones that with the smallest ‖W‖.
    pub fn conclude(mut self, mut solution: Solution<T>) -> Result<Solution<T>> {
        let mut theta = self.direction(&solution.params);
        if self.data.outputs() > 1 {
            centre(&mut theta.weights, self.data.outputs());
            centre(&mut theta.intercept, self.data.outputs());
        }
        let open = !matches!(self.verdict, Some(Verdict::Overlap | Verdict::Separated(..)));
        if open && let Some(complete) = margins::separates(&self.data, &theta) {
            self.verdict = Some(Verdict::Separated(theta.clone(), complete));
        }
        let separated = matches!(self.verdict, Some(Verdict::Separated(..)));
        let columns = if separated { None } else { self.analyse(&theta) };
        match self.verdict {
            Some(Verdict::Separated(direction, complete)) => {
                let warning = separated_by(direction, &self.data, complete);
                let by_user = solution.report.reason() == Reason::Stopped && !self.stopped;
                solution.report = solution.report.with_warning(warning);
                if !by_user {
                    solution.report = solution.report.with_reason(Reason::Unbounded);
                }
            }
            _ => {
                if let Some(columns) = columns.filter(|columns| columns.confirmed) {
                    solution.report = solution.report.with_rank(columns.independent.len());
                    for dependent in &columns.dependent {
                        let warning = dependent_on(dependent, &self.scaling, &self.data);
                        solution.report = solution.report.with_warning(warning);
                    }
                    shorten(&mut theta, &columns.dependent, &self.scaling, &self.data);
                }
            }
        }
        let k = self.data.outputs();
        let powers = (0..theta.weights.len()).map(|i| self.data.power(i / k));
        let numbers = theta.weights.iter().zip(powers).chain(theta.intercept.iter().map(|a| (a, 0)));
        for (i, (out, (&v, power))) in solution.params.iter_mut().zip(numbers).enumerate() {
            *out = T::of(times_power(v, power));
            if v.is_finite() && !out.is_finite() && i < theta.weights.len() {
                let (of, exponent) = (feature_name(&self.data, i / k), decimal_exponent(v, power));
                return Err(Error::Range { what: "coefficient", of, exponent });
            }
        }
        Ok(solution)
    }

    /// The rank of the features, and the verdict if there is none yet.
    ///
    /// At θ let qᵢ be the probability of what did not happen to sample i. If some direction d separated, then with
    /// mᵢ ≥ 0 its margins, −∇R·d = Σ w̄ᵢ qᵢ mᵢ and dᵀ∇²R d ≤ Σ w̄ᵢ qᵢ mᵢ², so by Cauchy and Schwarz
    /// Σ w̄ᵢ qᵢ mᵢ ≤ λ² max m, λ² = ∇Rᵀ(∇²R)⁻¹∇R. So λ² < min w̄ᵢ qᵢ proves that none does. For a softmax, ∇²R is bounded from
    /// below by Σ w̄ᵢ min_c p_ic x xᵀ in every column.
    fn analyse(&mut self, theta: &Direction) -> Option<Columns> {
        let (n, k) = (self.data.samples(), self.data.outputs());
        let (z, _) = scores(&self.data, theta);
        let (total, relative) = (self.data.total_weight(), self.data.relative_weights());
        let (mut slopes, mut weights) = (vec![0.0; n * k], vec![0.0; n]);
        let (mut least, mut y, mut p) = (f64::INFINITY, vec![0.0; k], vec![0.0; k]);
        for (i, (z, slopes)) in z.chunks_exact(k).zip(slopes.chunks_exact_mut(k)).enumerate() {
            if !target(&self.data, i, &mut y) {
                continue;
            }
            let share = relative.map_or(1.0, |w| w[i].to_f64()) / total;
            CrossEntropy.gradient(z, &y, slopes);
            slopes.iter_mut().for_each(|slope| *slope *= share);
            p.copy_from_slice(z);
            CrossEntropy.respond(&mut p);
            let other = if k == 1 { sigmoid(-z[0]) } else { 1.0 };
            weights[i] = share * p.iter().fold(1.0, |min: f64, &p| min.min(p)) * other;
            for (_, below) in constraints(&y) {
                // Against one output stands class 0, of probability 1 − p.
                least = least.min(share * below.map_or(if k == 1 { other } else { 1.0 }, |d| p[d]));
            }
        }
        let columns = Columns::new(&self.data, &self.scaling, self.bias, &weights);
        let varying = self.varying();
        if self.verdict.is_none() {
            let decrement: f64 = (0..k).map(|c| columns.inverse_form(&self.gradient(&columns, &slopes, c))).sum();
            let certain = columns.confirmed && (0.0..0.01 * least).contains(&decrement);
            self.verdict = Some(if certain {
                Verdict::Overlap
            } else {
                self.search(if columns.confirmed { &columns.independent } else { &varying })
            });
        }
        Some(columns)
    }

    /// Σ w̄ᵢ ∂ℓᵢ/∂z_c over (1, independent features).
    fn gradient(&self, columns: &Columns, slopes: &[f64], c: usize) -> Vec<f64> {
        let slopes = || slopes.iter().skip(c).step_by(self.data.outputs());
        let mut gradient: Vec<f64> = if self.bias { vec![slopes().sum()] } else { Vec::new() };
        gradient.extend(columns.independent.iter().map(|&j| {
            let terms = slopes().zip(self.data.feature(j));
            self.scaling.inverse[j] * terms.map(|(s, x)| s * (x.to_f64() - self.scaling.shift[j])).sum::<f64>()
        }));
        gradient
    }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Takes the mean out of every run of k numbers.
fn centre(v: &mut [f64], k: usize) {
    for v in v.chunks_exact_mut(k) {
        let mean = v.iter().sum::<f64>() / k as f64;
        v.iter_mut().for_each(|v| *v -= mean);
    }
}

/// The direction in the user's units, as a whole in the middle of the range where its numbers are extreme.
fn separated_by<T: Real>(direction: Direction, data: &Moderate<'_, T>, complete: bool) -> Warning {
    let (k, Direction { mut weights, intercept: own }) = (data.outputs(), direction);
    let powers: Vec<i32> = (0..weights.len()).map(|i| data.power(i / k)).collect();
    let sizes = weights.iter().zip(&powers).filter(|(v, _)| **v != 0.0).map(|(&v, power)| exponent(v) + power);
    let (low, high) = sizes.fold((0, 0), |(low, high), size| (low.min(size), high.max(size)));
    let middle = if low < -960 || high > 960 { -(low + high) / 2 } else { 0 };
    weights.iter_mut().zip(&powers).for_each(|(v, power)| *v = times_power(*v, power + middle));
    let mut intercept = DVector::zeros(k);
    intercept.iter_mut().zip(&own).for_each(|(out, a)| *out = times_power(*a, middle));
    Warning::Separated { direction: DMatrix::from_row_slice(weights.len() / k, k, &weights), intercept, complete }
}

/// The dependency in the user's units; a constant that is too small to be told from rounding is left out.
fn dependent_on<T: Real>(dependent: &Dependent, scaling: &Scaling, data: &Moderate<'_, T>) -> Warning {
    let (column, own) = (dependent.column, data.power(dependent.column));
    let bounded = |v: f64, k: i32| times_power(v, k).clamp(-f64::MAX, f64::MAX);
    let (shares, constant, rounding) = dependent.combination(scaling);
    let constant = if constant.abs() > rounding { bounded(constant, -own) } else { 0.0 };
    let depends_on = shares.into_iter().map(|(l, c)| (l, bounded(c, data.power(l) - own))).collect();
    Warning::rank_deficient(column, depends_on, constant, data.names())
}

/// Moves W along the directions in which no score changes, to the smallest ‖W‖ in the user's units; the intercept makes up
/// for it.
fn shorten<T: Real>(theta: &mut Direction, dependent: &[Dependent], scaling: &Scaling, data: &Moderate<'_, T>) {
    let (p, k, q) = (data.features(), data.outputs(), dependent.len());
    if q == 0 {
        return;
    }
    // Lengths are those of the user's coefficients, the largest unit 1; what is far smaller adds nothing to them.
    let largest = (0..p).map(|j| data.power(j)).max().unwrap_or(0);
    let units: Vec<f64> = (0..p).map(|j| power((data.power(j) - largest).max(-400))).collect();
    // Column d of `null`: Σⱼ nⱼ xⱼ is the same number for every sample.
    let (mut null, mut constants) = (DMatrix::<f64>::zeros(p, q), vec![0.0; q]);
    for (d, dependent) in dependent.iter().enumerate() {
        let j = dependent.column;
        null[(j, d)] = 1.0;
        if scaling.inverse[j] == 0.0 {
            constants[d] = scaling.shift[j];
            continue;
        }
        dependent.on.iter().for_each(|&(l, c)| null[(l, d)] = -c * scaling.inverse[l] * scaling.scale[j]);
        constants[d] = dependent.constant * scaling.scale[j]
            + null.column(d).iter().zip(&scaling.shift).map(|(n, m)| n * m).sum::<f64>();
    }
    let mut lengths = null.clone();
    lengths.row_iter_mut().zip(&units).for_each(|(mut row, unit)| row *= *unit);
    // Each of length 1: the columns may be as different as the units.
    let inverse: Vec<f64> = lengths.column_iter().map(|column| 1.0 / column.norm()).collect();
    lengths.column_iter_mut().zip(&inverse).for_each(|(mut column, inverse)| column *= *inverse);
    let mut lower = lengths.tr_mul(&lengths);
    if cholesky::factor(lower.as_mut_slice(), q).is_err() {
        return;
    }
    for c in 0..k {
        let along = |d: usize| (0..p).map(|j| lengths[(j, d)] * (theta.weights[j * k + c] * units[j])).sum();
        let mut t: Vec<f64> = (0..q).map(along).collect();
        cholesky::solve(lower.as_slice(), q, &mut t);
        for (d, (t, inverse)) in t.iter().zip(&inverse).enumerate() {
            let t = t * inverse;
            (0..p).for_each(|j| theta.weights[j * k + c] -= t * null[(j, d)]);
            if let Some(a) = theta.intercept.get_mut(c) {
                *a += t * constants[d];
            }
        }
    }
}
