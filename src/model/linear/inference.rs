//! Inference for least squares.

use super::design::Design;
use super::diagnostics::koenker;
use super::factor::{Dependent, Factor, dot};
use super::refine::{Coefficients, intercept};
use super::rows::{Rows, rows, weight};
use super::solve::basic;
use crate::data::Dataset;
use crate::layer::Affine;
use crate::linalg::compensated::{Dd, Run};
use crate::loss::SquaredError;
use crate::model::Fitted;
use crate::model::inference::{Alias, Covariance, Diagnostics, Inference, Influence, Link, Parts, Residuals, counting};
use crate::{Error, Real, Result};
use nalgebra::DMatrix;

impl<T: Real> Fitted<T, Affine, SquaredError> {
    /// Standard errors, tests, intervals and influence for a linear regression with one output, from the data that it was
    /// fitted to.
    ///
    /// Everything is computed from the data anew, in f64 with double-double where digits would be lost: the covariance from
    /// an R factor in 32 digits, the residuals likewise. Weights are precisions, as in R: a row of weight 0 does not count
    /// in n. A feature that depends on earlier ones is aliased, as in R, where the fit itself has the solution of least norm;
    /// the fitted values are the same.
    ///
    /// # Errors
    /// [`Error::Shape`] for data of another shape or more than one output, [`Error::Config`] for weights whose sum is not
    /// between 10⁻²⁰⁰ and 10²⁰⁰. [`Error::Undefined`] if no degrees of freedom are left, if the parameters are not the
    /// least-squares solution of these data (the fit was penalised, did not converge, or had other data), or if
    /// [`Hc2`](Covariance::Hc2) and [`Hc3`](Covariance::Hc3) meet a row of leverage 1.
    pub fn inference(&self, data: &Dataset<'_, T>, covariance: Covariance) -> Result<Inference> {
        if data.outputs() != 1 || self.params().len() != data.features() + usize::from(self.layer().has_bias()) {
            let expected = self.params().len() - usize::from(self.layer().has_bias());
            let (what, expected, found) = match data.outputs() {
                1 => ("features of the data", expected, data.features()),
                found => ("outputs of the data for inference", 1, found),
            };
            return Err(Error::Shape { what, expected, found });
        }
        let counted = counting(data)?;
        let mut design = Design::new(counted, self.layer().has_bias())?;
        let (factor, inverse) = Factor::with_inverse(&mut design);
        let solved = basic(&design, factor, 0.0);
        let work = Work::new(&design, &solved.factor, &inverse, &solved.targets[0].coefficients)?;
        work.same_fit(self.params())?;
        Ok(Inference::new(work.parts(counted, covariance)?.for_all_rows(data)))
    }
}

/// What the numbers are computed from. In the units of the design; "positions" are 0 for the level where there is an
/// intercept, then the independent columns.
struct Work<'w, 'd, T: Real> {
    design: &'w Design<'d, T>,
    factor: &'w Factor,
    coefficients: &'w Coefficients,
    /// R⁻¹ by rows; column j of the orthonormal basis is Σᵢ xᵢ vᵢⱼ.
    v: Vec<Vec<f64>>,
    /// Σ v means: what the intercept at the user's origin takes from each basis column.
    shift: Vec<f64>,
    rows: Rows,
    degrees_of_freedom: f64,
}

impl<'w, 'd, T: Real> Work<'w, 'd, T> {
    fn new(
        design: &'w Design<'d, T>,
        factor: &'w Factor,
        inverse: &[Run],
        coefficients: &'w Coefficients,
    ) -> Result<Self> {
        let used = factor.rank() + usize::from(design.intercept);
        if design.positive <= used {
            return Err(Error::Undefined {
                what: "inference",
                why: "there are as many coefficients as samples, so no degrees of freedom are left for sigma",
            });
        }
        let v: Vec<Vec<f64>> =
            inverse.iter().map(|run| (0..run.hi.len()).map(|j| run.get(j).value()).collect()).collect();
        let mut shift = vec![Dd::ZERO; factor.rank()];
        for (&j, row) in factor.order.iter().zip(inverse) {
            let centre = design.x[j].mean + design.x[j].unit.shift.into();
            shift.iter_mut().enumerate().for_each(|(l, s)| *s = *s + centre * row.get(l));
        }
        let rows = rows(design, factor, coefficients, &v);
        let degrees_of_freedom = (design.positive - used) as f64;
        let shift = shift.into_iter().map(Dd::value).collect();
        Ok(Self { design, factor, coefficients, v, shift, rows, degrees_of_freedom })
    }

    fn first(&self) -> usize {
        usize::from(self.design.intercept)
    }

    /// How many coefficients are estimated.
    fn used(&self) -> usize {
        self.factor.rank() + self.first()
    }

    /// The parameters must give the fitted values of least squares, up to a thousandth of sigma or the rounding of their type.
    fn same_fit(&self, params: &[T]) -> Result<()> {
        let t = self.design.y[0].unit.scale;
        let c = self.coefficients;
        let change = |j: usize| params[j].to_f64() * t / self.design.scale(j) - c.beta[j].value();
        let mut d: Vec<f64> = self.factor.order.iter().zip(&self.factor.norm).map(|(&j, n)| change(j) * n).collect();
        let mut level = 0.0;
        if self.design.intercept {
            level = params[params.len() - 1].to_f64() * t - intercept(self.design, c, 0).value();
            level += (0..self.design.features()).map(|j| change(j) * self.design.x[j].centre()).sum::<f64>();
        }
        for dependent in &self.factor.dependent {
            let change = change(dependent.column);
            for ((d, c), n) in d.iter_mut().zip(&dependent.combination).zip(&self.factor.norm) {
                *d += c * change * n;
            }
        }
        let rd = self.factor.times(&d);
        let off = dot(&rd, &rd) + self.design.total.value() * level * level;
        let unit = T::default_epsilon().to_f64();
        let size: f64 = self.factor.order.iter().zip(&self.factor.norm).map(|(&j, n)| c.beta[j].hi.abs() * n).sum();
        let raw = self.rows.raw.sqrt() + size + self.design.total.value().sqrt() * self.largest_level();
        if off <= 1e-6 * self.rows.square + (64.0 * unit * raw).powi(2) {
            return Ok(());
        }
        Err(Error::Undefined {
            what: "inference",
            why: "the parameters are not the least-squares solution of these data; fit without a penalty, to convergence, and \
                  pass the same data",
        })
    }

    /// The largest share of a coefficient in the intercept, or the intercept itself.
    fn largest_level(&self) -> f64 {
        let shares =
            (0..self.design.features()).map(|j| (self.coefficients.beta[j].hi * self.design.x[j].centre()).abs());
        shares.fold(intercept(self.design, self.coefficients, 0).hi.abs(), f64::max)
    }

    fn parts(&self, data: &Dataset<'_, T>, kind: Covariance) -> Result<Parts> {
        let (n, df, p) = (self.design.positive as f64, self.degrees_of_freedom, self.used() as f64);
        let t = self.design.y[0].unit.scale;
        let variance = self.rows.square / df;
        // In the basis the covariance is σ² I, or the meat of the sandwich; half is a root of it.
        let meat = match kind {
            Covariance::Classical => DMatrix::from_diagonal_element(self.used(), self.used(), variance),
            _ => self.rows.meat(self.design, kind, n, df)?,
        };
        let half = cholesky_root(&meat);
        let sigma = (variance / self.design.weight_scale).sqrt() / t;
        let total = self.rows.total / self.design.weight_scale / t / t;
        let square = self.rows.square / self.design.weight_scale / t / t;
        let r2 = (total > 0.0).then(|| 1.0 - square / total);
        let degrees_total = n - self.first() as f64;
        let adjusted_r2 = r2.map(|_| 1.0 - (square / df) / (total / degrees_total));
        let log_weights =
            data.weights().map_or(0.0, |w| w.iter().map(|w| w.to_f64()).filter(|&w| w > 0.0).map(f64::ln).sum());
        let log_likelihood = 0.5 * (log_weights - n * ((2.0 * std::f64::consts::PI).ln() + (square / n).ln() + 1.0));
        let residuals = self.residuals();
        let diagnostics = self.diagnostics();
        // With σ from the other rows.
        let without = |r: f64, _, _| if r == 0.0 { 0.0 } else { r * ((df - 1.0) / (df - r * r)).sqrt() };
        let centre = (0..self.design.features()).map(|j| self.design.x[j].centre() / self.design.scale(j)).collect();
        Ok(Parts {
            title: "least squares",
            link: Link::Identity,
            kind,
            intercept: self.design.intercept,
            names: names(data, self.design.intercept),
            coefficients: self.estimates(t),
            root: self.basis(&self.shift, t) * &half,
            centre,
            centred_root: self.basis(&vec![0.0; self.shift.len()], t) * &half,
            aliased: self.factor.dependent.iter().map(|d| self.alias(d)).collect(),
            observations: self.design.positive,
            degrees_of_freedom: df,
            parameters: self.used() + 1,
            sigma: Some(sigma),
            squares: Some((square, total)),
            r2,
            adjusted_r2,
            f_statistic: self.f_statistic(kind, &meat),
            deviance: None,
            null_deviance: None,
            log_likelihood,
            influence: Influence::new(residuals, self.rows.leverage.clone(), (sigma, p), without),
            diagnostics,
            vif: self.vif(),
            condition: self.factor.condition,
            perfect: self.rows.square <= self.rows.raw * (8.0 * T::default_epsilon().to_f64()).powi(2),
        })
    }

    /// √wᵢ eᵢ in the units of the design.
    fn pearson(&self, i: usize) -> f64 {
        weight(self.design, i).sqrt() * self.rows.residuals[i]
    }

    /// Row by row in the user's units.
    fn residuals(&self) -> Residuals {
        let t = self.design.y[0].unit.scale;
        let residuals: Vec<f64> = self.rows.residuals.iter().map(|e| e / t).collect();
        let root = self.design.weight_scale.sqrt();
        let pearson: Vec<f64> = (0..residuals.len()).map(|i| self.pearson(i) / t / root).collect();
        let fitted = self.design.targets[0].iter().zip(&residuals).map(|(y, e)| y.to_f64() - e).collect();
        Residuals { fitted, residuals, deviance: pearson.clone(), pearson }
    }

    fn diagnostics(&self) -> Option<Diagnostics> {
        let u: Vec<f64> = (0..self.design.rows()).map(|i| self.pearson(i)).collect();
        let koenker = koenker(self.design, &self.rows, &u);
        let counting: Vec<f64> = (0..u.len()).filter(|&i| weight(self.design, i) > 0.0).map(|i| u[i]).collect();
        Diagnostics::new(&counting, koenker)
    }

    /// Estimates in the user's units, the intercept first, NaN where aliased.
    fn estimates(&self, t: f64) -> Vec<f64> {
        let level = intercept(self.design, self.coefficients, 0).value() / t;
        let mut estimates = vec![f64::NAN; self.first() + self.design.features()];
        if self.design.intercept {
            estimates[0] = level;
        }
        for &j in &self.factor.order {
            estimates[self.first() + j] = self.coefficients.beta[j].value() * self.design.scale(j) / t;
        }
        estimates
    }

    /// The coefficients as combinations of the orthonormal basis, for an intercept that is `shift` of the basis away from the
    /// level, in the user's units; NaN for aliased ones.
    fn basis(&self, shift: &[f64], t: f64) -> DMatrix<f64> {
        let first = self.first();
        let mut a = DMatrix::zeros(first + self.design.features(), self.used());
        if self.design.intercept {
            a[(0, 0)] = 1.0 / self.design.total.value().sqrt() / t;
            shift.iter().enumerate().for_each(|(l, s)| a[(0, 1 + l)] = -s / t);
        }
        for (&j, row) in self.factor.order.iter().zip(&self.v) {
            let unit = self.design.scale(j) / t;
            row.iter().enumerate().for_each(|(l, v)| a[(first + j, first + l)] = v * unit);
        }
        for dependent in &self.factor.dependent {
            a.row_mut(first + dependent.column).fill(f64::NAN);
        }
        a
    }

    /// Wald's F of all coefficients but the intercept, and how many they are: with the coordinates u of the fit in the
    /// orthonormal basis it is uᵀ M⁻¹ u / q.
    fn f_statistic(&self, kind: Covariance, meat: &DMatrix<f64>) -> Option<(f64, f64)> {
        let (first, q) = (self.first(), self.factor.rank());
        if q == 0 || self.rows.total <= 0.0 {
            return None;
        }
        let gamma: Vec<f64> = self
            .factor
            .order
            .iter()
            .zip(&self.factor.norm)
            .map(|(&j, n)| self.coefficients.beta[j].value() * n)
            .collect();
        let u = nalgebra::DVector::from_vec(self.factor.times(&gamma));
        let value = match kind {
            Covariance::Classical => u.norm_squared() / meat[(first, first)],
            _ => meat.view((first, first), (q, q)).into_owned().cholesky()?.solve(&u).dot(&u),
        };
        Some((value / q as f64, q as f64))
    }

    /// (X'X)⁻¹ⱼⱼ ‖xⱼ‖².
    fn vif(&self) -> Vec<f64> {
        let mut vif = vec![f64::NAN; self.design.features()];
        for ((&j, row), n) in self.factor.order.iter().zip(&self.v).zip(&self.factor.norm) {
            vif[j] = dot(row, row) * n * n;
        }
        vif
    }

    fn alias(&self, dependent: &Dependent) -> Alias {
        let own = self.design.scale(dependent.column);
        let pairs = self.factor.order.iter().zip(&dependent.combination);
        let shares: Vec<(usize, f64)> =
            pairs.filter(|(_, c)| **c != 0.0).map(|(&j, c)| (j, c * self.design.scale(j) / own)).collect();
        let user = |j: usize| self.design.x[j].centre() / self.design.scale(j);
        let constant = shares.iter().fold(user(dependent.column), |sum, &(j, c)| sum - c * user(j));
        let constant = if self.design.intercept { constant } else { 0.0 };
        Alias { feature: dependent.column, constant, shares, tolerance: user(dependent.column).abs() }
    }
}

/// A root of a positive semidefinite matrix: L of L Lᵀ, a column that vanishes staying 0.
fn cholesky_root(m: &DMatrix<f64>) -> DMatrix<f64> {
    let side = m.nrows();
    let mut l: DMatrix<f64> = DMatrix::zeros(side, side);
    for j in 0..side {
        let rest = m[(j, j)] - (0..j).map(|t| l[(j, t)] * l[(j, t)]).sum::<f64>();
        if rest <= 0.0 {
            continue;
        }
        l[(j, j)] = rest.sqrt();
        for i in j + 1..side {
            l[(i, j)] = (m[(i, j)] - (0..j).map(|t| l[(i, t)] * l[(j, t)]).sum::<f64>()) / l[(j, j)];
        }
    }
    l
}

/// `(intercept)`, then the names of the features, or `x0`, `x1`, ...
pub(crate) fn names<T: Real>(data: &Dataset<'_, T>, intercept: bool) -> Vec<String> {
    let mut names: Vec<String> = if intercept { vec!["(intercept)".to_string()] } else { Vec::new() };
    match data.names() {
        Some(given) => names.extend(given.iter().cloned()),
        None => names.extend((0..data.features()).map(|j| format!("x{j}"))),
    }
    names
}
