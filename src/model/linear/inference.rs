//! Inference for least squares.

use super::design::{Column, Design};
use super::diagnostics::koenker;
use super::factor::{Dependent, Factor, dot};
use super::refine::{Coefficients, intercept};
use super::rows::{Rows, rows, weight};
use super::solve::basic;
use crate::data::{Dataset, feature_name};
use crate::layer::Affine;
use crate::linalg::compensated::{Dd, Run};
use crate::linalg::power::{root, times_power};
use crate::loss::SquaredError;
use crate::model::Fitted;
use crate::model::inference::{
    Alias, Covariance, Diagnostics, Inference, Influence, Link, Parts, Residuals, Units, counting,
};
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
        let mut design = Design::new(counted, self.layer().has_bias(), 0.0)?;
        let (factor, inverse) = Factor::with_inverse(&mut design);
        let solved = basic(&design, factor, 0.0);
        let work = Work::new(&design, &solved.factor, &inverse, &solved.targets[0].coefficients)?;
        work.same_fit(self.params())?;
        Inference::new(work.parts(counted, covariance)?.for_all_rows(data))
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
            let centre = design.x[j].exact_centre();
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
        let (unit, c) = (self.design.y[0].power, self.coefficients);
        let change = |j: usize| times_power(params[j].to_f64(), unit - self.design.power(j)) - c.beta[j].value();
        let mut d: Vec<f64> = self.factor.order.iter().zip(&self.factor.norm).map(|(&j, n)| change(j) * n).collect();
        let mut level = 0.0;
        if self.design.intercept {
            level = times_power(params[params.len() - 1].to_f64(), unit) - intercept(self.design, c, 0).value();
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
        let (square, total, unit) = (self.rows.square, self.rows.total, self.design.y[0].power);
        let variance = square / df;
        // In the basis the covariance is σ² I, or the meat of the sandwich; half is a root of it.
        let meat = match kind {
            Covariance::Classical => DMatrix::from_diagonal_element(self.used(), self.used(), variance),
            _ => self.rows.meat(self.design, kind, n, df)?,
        };
        let half = cholesky_root(&meat);
        let (sigma, power) = root(variance, -self.design.weight_power);
        let r2 = (total > 0.0).then(|| 1.0 - square / total);
        let degrees_total = n - self.first() as f64;
        let adjusted_r2 = r2.map(|_| 1.0 - (square / df) / (total / degrees_total));
        let log_weights =
            data.weights().map_or(0.0, |w| w.iter().map(|w| w.to_f64()).filter(|&w| w > 0.0).map(f64::ln).sum());
        // Squares in the user's units are these times 2 to this power.
        let squares = -self.design.weight_power - 2 * unit;
        let log_square = (square / n).ln() + f64::from(squares) * std::f64::consts::LN_2;
        let log_likelihood = 0.5 * (log_weights - n * ((2.0 * std::f64::consts::PI).ln() + log_square + 1.0));
        Ok(Parts {
            title: "least squares",
            link: Link::Identity,
            kind,
            intercept: self.design.intercept,
            names: names(data, self.design.intercept),
            units: Units {
                score: -unit,
                features: (0..self.design.features()).map(|j| self.design.power(j)).collect(),
            },
            coefficients: self.estimates(),
            root: self.basis(&self.shift) * &half,
            centre: self.design.x.iter().map(Column::centre).collect(),
            centred_root: self.basis(&vec![0.0; self.shift.len()]) * &half,
            aliased: self.factor.dependent.iter().map(|d| self.alias(d)).collect(),
            observations: self.design.positive,
            degrees_of_freedom: df,
            parameters: self.used() + 1,
            sigma: Some(times_power(sigma, power)),
            squares: [square, total].map(|v| representable(v, squares)),
            r2,
            adjusted_r2,
            f_statistic: self.f_statistic(kind, &meat),
            deviance: None,
            null_deviance: None,
            log_likelihood,
            influence: self.influence(variance.sqrt(), p),
            diagnostics: self.diagnostics(),
            vif: self.vif(),
            condition: self.factor.condition,
            perfect: square <= self.rows.raw * (8.0 * T::default_epsilon().to_f64()).powi(2),
        })
    }

    /// √wᵢ eᵢ in the units of the design.
    fn pearson(&self, i: usize) -> f64 {
        weight(self.design, i).sqrt() * self.rows.residuals[i]
    }

    /// With σ in the units of the design and the number of coefficients.
    fn influence(&self, sigma: f64, p: f64) -> Influence {
        let (n, df) = (self.design.rows(), self.degrees_of_freedom);
        let counts = |i: usize| weight(self.design, i) > 0.0;
        // 0 / 0 is undefined where the fit is perfect.
        let relative: Vec<f64> = (0..n).map(|i| if counts(i) { self.pearson(i) / sigma } else { 0.0 }).collect();
        // With σ from the other rows; what is left of its square for them is below rounding where they lie on the fit.
        let without = |i: usize, r: f64, _, _| match 1.0 - r * r / df {
            _ if !counts(i) => 0.0,
            left if df > 1.0 && left > 64.0 * f64::EPSILON => r * ((df - 1.0) / (df * left)).sqrt(),
            _ => f64::NAN,
        };
        Influence::new(self.residuals(), self.rows.leverage.clone(), (&relative, p), without)
    }

    /// Row by row in the user's units.
    fn residuals(&self) -> Residuals {
        let unit = self.design.y[0].power;
        let residuals: Vec<f64> = self.rows.residuals.iter().map(|e| times_power(*e, -unit)).collect();
        let pearson = |i: usize| {
            let (scale, power) = root(1.0, -self.design.weight_power);
            times_power(self.pearson(i) * scale, power - unit)
        };
        let pearson: Vec<f64> = (0..residuals.len()).map(pearson).collect();
        let fitted = self.design.targets[0].iter().zip(&residuals).map(|(y, e)| y.to_f64() - e).collect();
        Residuals { fitted, residuals, deviance: pearson.clone(), pearson }
    }

    fn diagnostics(&self) -> Option<Diagnostics> {
        let u: Vec<f64> = (0..self.design.rows()).map(|i| self.pearson(i)).collect();
        let koenker = koenker(self.design, &self.rows, &u);
        let counting: Vec<f64> = (0..u.len()).filter(|&i| weight(self.design, i) > 0.0).map(|i| u[i]).collect();
        Diagnostics::new(&counting, koenker)
    }

    /// Estimates in the units of the design, the intercept first, NaN where aliased.
    fn estimates(&self) -> Vec<f64> {
        let mut estimates = vec![f64::NAN; self.first() + self.design.features()];
        if self.design.intercept {
            estimates[0] = intercept(self.design, self.coefficients, 0).value();
        }
        for &j in &self.factor.order {
            estimates[self.first() + j] = self.coefficients.beta[j].value();
        }
        estimates
    }

    /// The coefficients as combinations of the orthonormal basis, for an intercept that is `shift` of the basis away from the
    /// level; NaN for aliased ones.
    fn basis(&self, shift: &[f64]) -> DMatrix<f64> {
        let first = self.first();
        let mut a = DMatrix::zeros(first + self.design.features(), self.used());
        if self.design.intercept {
            a[(0, 0)] = 1.0 / self.design.total.value().sqrt();
            shift.iter().enumerate().for_each(|(l, s)| a[(0, 1 + l)] = -s);
        }
        for (&j, row) in self.factor.order.iter().zip(&self.v) {
            row.iter().enumerate().for_each(|(l, &v)| a[(first + j, first + l)] = v);
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
        let column = dependent.column;
        let pairs = self.factor.order.iter().zip(&dependent.combination);
        let shares: Vec<(usize, f64)> = pairs.filter(|(_, c)| **c != 0.0).map(|(&j, &c)| (j, c)).collect();
        let centre = |j: usize| self.design.x[j].centre();
        let constant = shares.iter().fold(centre(column), |sum, &(j, c)| sum - c * centre(j));
        let constant = if self.design.intercept { constant } else { 0.0 };
        Alias { feature: column, constant, shares, tolerance: centre(column).abs() }
    }
}

/// v · 2ᵏ, if f64 can hold it.
fn representable(v: f64, k: i32) -> Option<f64> {
    let scaled = times_power(v, k);
    (v == 0.0 || (scaled != 0.0 && scaled.is_finite())).then_some(scaled)
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
    let level = intercept.then(|| "(intercept)".to_string());
    level.into_iter().chain((0..data.features()).map(|j| feature_name(data, j))).collect()
}
