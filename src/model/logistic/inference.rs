//! Inference for logistic regression.

use super::columns::Columns;
use super::likelihood::{Likelihood, Row, rows, weight_power};
use super::margins::{Direction, scores};
use crate::data::{Dataset, Moderate};
use crate::layer::Affine;
use crate::linalg::power::power;
use crate::loss::{CrossEntropy, Loss};
use crate::model::Fitted;
use crate::model::inference::{Alias, Covariance, Inference, Influence, Link, Parts, Residuals, Units, counting};
use crate::model::linear::inference::names;
use crate::risk::Scaling;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DVector};

impl<T: Real> Fitted<T, Affine, CrossEntropy> {
    /// Standard errors, z tests, Wald intervals, odds ratios, deviance and influence for a logistic regression with one
    /// output, from the data that it was fitted to.
    ///
    /// Weights are numbers of trials, as in R: grouped data have the share of successes as target and the number of trials as
    /// weight; n counts the rows of positive weight. The covariance is the inverse of the information
    /// Σ wᵢ pᵢ (1 − pᵢ) xᵢ xᵢᵀ, or robust. Where every weight and every number of successes w y is whole, the log-likelihood
    /// counts the ways in which they can come about, ln(w over w y), as R and statsmodels do. Features that depend on earlier
    /// ones are aliased. Before anything is computed the estimates are brought to the last digit in f64.
    ///
    /// Cook's distance uses standardized Pearson residuals, the studentized residuals are those of R's `rstudent`.
    ///
    /// # Errors
    /// [`Error::Shape`] for data of another shape or more than one output, [`Error::Config`] for weights whose sum is not
    /// between 10⁻²⁰⁰ and 10²⁰⁰. [`Error::Undefined`] if the fit was penalized, and if the parameters are not the maximum of the likelihood of these data (no convergence, separated classes, other data).
    pub fn inference(&self, data: &Dataset<'_, T>, covariance: Covariance) -> Result<Inference> {
        let bias = self.layer().has_bias();
        if data.outputs() != 1 {
            return Err(Error::Shape { what: "outputs of the data for inference", expected: 1, found: data.outputs() });
        }
        let expected = self.params().len() - usize::from(bias);
        if data.features() != expected {
            return Err(Error::Shape { what: "features of the data", expected, found: data.features() });
        }
        if self.report().is_penalized() {
            return Err(Error::Undefined {
                what: "inference",
                why: "the fit was penalized, so its coefficients are shrunk and have no such standard errors; use l2 0",
            });
        }
        let work = Work::new(counting(data)?, bias, self.params())?;
        Inference::new(work.parts(covariance)?.for_all_rows(data))
    }
}

/// How far, in the standard errors of rows that weigh 1 on average, the parameters may be from the maximum, squared.
const DISTANCE: f64 = 1e-6;

/// The same per row: what a converged fit leaves however large n is.
const SHARE: f64 = 1e-12;

/// Or how far their scores may be from those of the maximum, beside the terms that they are sums of: where weights are large,
/// no parameters are a fraction of a standard error from it.
const SCORES: f64 = 1e-9;

/// What the numbers are computed from: the maximum, and the information there in scaled features.
struct Work<'w, T: Real> {
    /// With parameters and scaling in the units of these.
    data: Moderate<'w, T>,
    bias: bool,
    /// The exponent of the unit of the rows' weights.
    power: i32,
    scaling: Scaling,
    /// θ with the dependent features left out.
    theta: Direction,
    rows: Vec<Row>,
    columns: Columns,
}

impl<'w, T: Real> Work<'w, T> {
    fn new(data: &'w Dataset<'_, T>, bias: bool, params: &[T]) -> Result<Self> {
        let power = weight_power(data);
        let data = Moderate::new(data);
        let scaling = Scaling::new(&data, bias);
        let theta = Direction::new(&data, params);
        let rows = rows(&data, &theta, power);
        let columns = information(&data, &scaling, bias, &rows);
        let mut work = Self { data, bias, power, scaling, theta, rows, columns };
        let not_maximum = Error::Undefined {
            what: "inference",
            why: "the parameters are not the maximum of the likelihood of these data; fit them without a penalty and to convergence",
        };
        if !work.columns.confirmed {
            return Err(not_maximum);
        }
        let allowed = work.allowed(SCORES.max(4.0 * T::default_epsilon().to_f64()));
        work.leave_out_dependent();
        let n = work.rows.len() as f64;
        // What large weights make small is the unit of the distance and not the distance.
        let mean = work.rows.iter().map(|row| row.w).sum::<f64>() / n;
        for step in 0..4 {
            let gradient = work.gradient();
            let distance = work.columns.inverse_form(&gradient) / mean;
            if step == 0 && (distance.is_nan() || distance > DISTANCE.max(SHARE * n).max(allowed / mean)) {
                return Err(not_maximum);
            }
            if distance <= 1e-28 {
                break;
            }
            work.step(gradient);
        }
        Ok(work)
    }

    /// How far from the maximum the parameters may be, where every score may be off by this share of its terms.
    fn allowed(&self, share: f64) -> f64 {
        let (_, size) = scores(&self.data, &self.theta);
        let part = |row: &Row| row.w * row.p * row.q * (share * (1.0 + size[row.index])).powi(2);
        self.rows.iter().map(part).sum()
    }

    /// The same scores from the independent features alone.
    fn leave_out_dependent(&mut self) {
        for dependent in &self.columns.dependent {
            let j = dependent.column;
            let w = std::mem::take(&mut self.theta.weights[j]);
            let scale = if self.scaling.inverse[j] > 0.0 { self.scaling.scale[j] } else { 0.0 };
            // xⱼ = mⱼ + sⱼ (constant + Σ c (x_l − m_l) / s_l)
            let mut level = self.scaling.shift[j] + scale * dependent.constant;
            for &(l, c) in &dependent.on {
                let share = scale * c * self.scaling.inverse[l];
                self.theta.weights[l] += w * share;
                level -= share * self.scaling.shift[l];
            }
            if let Some(b) = self.theta.intercept.first_mut() {
                *b += w * level;
            }
        }
    }

    /// ∂(log-likelihood) over (1, independent features), scaled.
    fn gradient(&self) -> Vec<f64> {
        let rest = |row: &Row| row.w * row.residual();
        let mut gradient: Vec<f64> = if self.bias { vec![self.rows.iter().map(rest).sum()] } else { Vec::new() };
        gradient.extend(
            self.columns
                .independent
                .iter()
                .map(|&j| self.rows.iter().map(|row| rest(row) * self.scaled(j, row.index)).sum::<f64>()),
        );
        gradient
    }

    fn scaled(&self, j: usize, i: usize) -> f64 {
        (self.data.feature(j)[i].to_f64() - self.scaling.shift[j]) * self.scaling.inverse[j]
    }

    /// A Newton step.
    fn step(&mut self, mut gradient: Vec<f64>) {
        self.columns.solve(&mut gradient, true);
        let first = usize::from(self.bias);
        let mut level = if self.bias { gradient[0] } else { 0.0 };
        for (&j, d) in self.columns.independent.iter().zip(&gradient[first..]) {
            let d = d * self.scaling.inverse[j];
            self.theta.weights[j] += d;
            level -= d * self.scaling.shift[j];
        }
        if let Some(b) = self.theta.intercept.first_mut() {
            *b += level;
        }
        self.rows = rows(&self.data, &self.theta, self.power);
        self.columns = information(&self.data, &self.scaling, self.bias, &self.rows);
    }

    /// The scaled row (1, independent features).
    fn design(&self, i: usize) -> DVector<f64> {
        let features = self.columns.independent.iter().map(|&j| self.scaled(j, i));
        DVector::from_vec(self.bias.then_some(1.0).into_iter().chain(features).collect())
    }

    /// A root of the covariance in scaled features: L⁻ᵀ, or B Q Λ^½ with Q Λ Qᵀ the meat of the sandwich.
    fn root(&self, inverse_root: &DMatrix<f64>, leverage: &[f64], kind: Covariance) -> DMatrix<f64> {
        if kind == Covariance::Classical {
            // The sandwich has no unit of weights.
            return inverse_root * power(self.power / 2);
        }
        let (n, m) = (self.rows.len() as f64, inverse_root.nrows());
        let mut meat = DMatrix::zeros(m, m);
        for row in &self.rows {
            let d = (row.w * row.residual()).powi(2) * kind.stretch(n, n - m as f64, leverage[row.index]);
            let x = self.design(row.index);
            meat.ger(d, &x, &x, 1.0);
        }
        let eigen = meat.symmetric_eigen();
        let mut root = inverse_root * inverse_root.transpose() * eigen.eigenvectors;
        for (mut column, value) in root.column_iter_mut().zip(eigen.eigenvalues.iter()) {
            column *= value.max(0.0).sqrt();
        }
        root
    }

    /// A root in scaled features as one in those of the data, with a row for every coefficient. With `centred` the intercept is
    /// that at the shift of the features.
    fn outward(&self, root: &DMatrix<f64>, centred: bool) -> DMatrix<f64> {
        let first = usize::from(self.bias);
        let mut out = DMatrix::from_element(first + self.data.features(), root.ncols(), f64::NAN);
        if self.bias {
            out.row_mut(0).copy_from(&root.row(0));
        }
        for (position, &j) in self.columns.independent.iter().enumerate() {
            let row = root.row(first + position) * self.scaling.inverse[j];
            if self.bias && !centred {
                let mut level = out.row_mut(0);
                level -= &row * self.scaling.shift[j];
            }
            out.row_mut(first + j).copy_from(&row);
        }
        out
    }

    fn parts(&self, kind: Covariance) -> Result<Parts> {
        let (first, m) = (usize::from(self.bias), self.columns.len());
        let inverse_root = self.columns.inverse_root();
        let mut leverage = vec![0.0; self.data.samples()];
        for row in &self.rows {
            leverage[row.index] = row.w * row.p * row.q * inverse_root.tr_mul(&self.design(row.index)).norm_squared();
        }
        let degrees_of_freedom = self.rows.len() as f64 - m as f64;
        kind.defined(&leverage, degrees_of_freedom)?;
        let root = self.root(&inverse_root, &leverage, kind);
        let fit = Likelihood::new(&self.rows, self.power);
        let null = Likelihood::new(&self.null(), self.power);
        if ![fit.log_likelihood, fit.deviance, null.log_likelihood, null.deviance].iter().all(|v| v.is_finite()) {
            let why = "with weights of this size it is outside the range of f64; divide all weights by one number";
            return Err(Error::Undefined { what: "the likelihood", why });
        }
        let mut coefficients = self.theta.intercept.clone();
        coefficients.extend(&self.theta.weights);
        self.columns.dependent.iter().for_each(|dependent| coefficients[first + dependent.column] = f64::NAN);
        // ±√(d² + h r²).
        let without = |_, r: f64, d: f64, h: f64| d.hypot(r * h.sqrt()).copysign(d);
        let residuals = self.residuals();
        let relative = residuals.pearson.clone();
        let influence = Influence::new(residuals, leverage, (&relative, m as f64), without);
        Ok(Parts {
            title: "logistic regression",
            link: Link::Logit,
            kind,
            intercept: self.bias,
            names: names(&self.data, self.bias),
            units: Units { score: 0, features: (0..self.data.features()).map(|j| self.data.power(j)).collect() },
            coefficients,
            root: self.outward(&root, false),
            centre: self.scaling.shift.clone(),
            centred_root: self.outward(&root, true),
            aliased: self.aliases(),
            observations: self.rows.len(),
            degrees_of_freedom,
            parameters: m,
            sigma: None,
            squares: [None, None],
            r2: (null.log_likelihood < 0.0).then_some(1.0 - fit.log_likelihood / null.log_likelihood),
            adjusted_r2: None,
            f_statistic: None,
            deviance: Some(fit.deviance),
            null_deviance: Some(null.deviance),
            log_likelihood: fit.log_likelihood,
            influence,
            diagnostics: None,
            vif: self.columns.inflation(&inverse_root, self.bias, self.data.features()),
            condition: self.columns.condition(self.bias),
            perfect: false,
        })
    }

    /// Row by row.
    fn residuals(&self) -> Residuals {
        let (mut fitted, _) = scores(&self.data, &self.theta);
        CrossEntropy.block_respond(&mut fitted, 1);
        let residuals = fitted.iter().zip(self.data.target(0)).map(|(p, y)| y.to_f64() - p).collect();
        let zeros = vec![0.0; fitted.len()];
        let mut all = Residuals { fitted, residuals, pearson: zeros.clone(), deviance: zeros };
        for row in &self.rows {
            let unit = power(-self.power / 2);
            all.residuals[row.index] = row.residual();
            all.pearson[row.index] = row.pearson() * unit;
            all.deviance[row.index] = (row.deviance().sqrt() * unit).copysign(row.residual());
        }
        all
    }

    /// The rows with the probabilities of the model without features: the share of successes, or ½ without an intercept.
    fn null(&self) -> Vec<Row> {
        let (successes, trials) = self.rows.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.w * row.y, sum.1 + row.w));
        let p = if self.bias { successes / trials } else { 0.5 };
        self.rows.iter().map(|row| Row { p, q: 1.0 - p, ..*row }).collect()
    }

    fn aliases(&self) -> Vec<Alias> {
        let alias = |dependent: &super::columns::Dependent| {
            let (shares, constant, _) = dependent.combination(&self.scaling);
            let j = dependent.column;
            let tolerance = self.scaling.scale[j] + self.scaling.shift[j].abs();
            Alias { feature: j, constant, shares, tolerance }
        };
        self.columns.dependent.iter().map(alias).collect()
    }
}

fn information<T: Real>(data: &Dataset<'_, T>, scaling: &Scaling, bias: bool, rows: &[Row]) -> Columns {
    let mut weights = vec![0.0; data.samples()];
    rows.iter().for_each(|row| weights[row.index] = row.w * row.p * row.q);
    Columns::new(data, scaling, bias, &weights)
}
