//! Row by row: residuals, and how much a row decides.

use super::Inference;
use super::covariance::DECIDED;

/// One number a row in each; Pearson residuals and all that is made of them are 0 for rows of weight 0.
#[derive(Debug, Clone)]
pub(crate) struct Influence {
    pub fitted: Vec<f64>,
    /// y less the fitted value.
    pub residuals: Vec<f64>,
    pub pearson: Vec<f64>,
    pub deviance: Vec<f64>,
    pub leverage: Vec<f64>,
    standardized: Vec<f64>,
    studentized: Vec<f64>,
    cooks: Vec<f64>,
}

/// The parts of [`Influence`] that a model computes itself.
#[derive(Debug)]
pub(crate) struct Residuals {
    pub fitted: Vec<f64>,
    pub residuals: Vec<f64>,
    pub pearson: Vec<f64>,
    pub deviance: Vec<f64>,
}

impl Influence {
    /// `relative` has the Pearson residuals over their standard deviation σ, NaN where that is not known, and p is the number of
    /// coefficients. `without` is the studentized residual of a row from the standardized one, the deviance residual and the
    /// leverage.
    pub fn new(
        Residuals { fitted, residuals, pearson, deviance }: Residuals,
        leverage: Vec<f64>,
        (relative, p): (&[f64], f64),
        without: impl Fn(usize, f64, f64, f64) -> f64,
    ) -> Self {
        let standardize = |(&e, &h): (&f64, &f64)| match h > DECIDED {
            true => f64::NAN,
            false if e == 0.0 => 0.0,
            false => e / (1.0 - h).sqrt(),
        };
        let standardized: Vec<f64> = relative.iter().zip(&leverage).map(standardize).collect();
        let cooks = standardized.iter().zip(&leverage).map(|(r, h)| r * r * h / ((1.0 - h) * p)).collect();
        let each = (0..standardized.len()).map(|i| without(i, standardized[i], deviance[i], leverage[i]));
        let studentized = each.collect();
        Self { fitted, residuals, pearson, deviance, leverage, standardized, studentized, cooks }
    }

    /// From one number for each of these rows to one for each of n, 0 for the others.
    pub(super) fn spread(&mut self, rows: &[usize], n: usize) {
        let Self { fitted, residuals, pearson, deviance, leverage, standardized, studentized, cooks } = self;
        for values in [fitted, residuals, pearson, deviance, leverage, standardized, studentized, cooks] {
            let mut all = vec![0.0; n];
            rows.iter().zip(values.iter()).for_each(|(&row, &value)| all[row] = value);
            *values = all;
        }
    }
}

impl Inference {
    /// The fitted values ŷ: the estimated mean, or probability, of each row.
    #[must_use]
    pub fn fitted_values(&self) -> &[f64] {
        &self.parts.influence.fitted
    }

    /// e = y − ŷ.
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.parts.influence.residuals
    }

    /// Residuals of equal variance where the model holds: √w e, for a logistic model √w e / √(ŷ (1 − ŷ)).
    #[must_use]
    pub fn pearson_residuals(&self) -> &[f64] {
        &self.parts.influence.pearson
    }

    /// The root of each row's part of the deviance, with the sign of the residual; √w e for a linear model.
    #[must_use]
    pub fn deviance_residuals(&self) -> &[f64] {
        &self.parts.influence.deviance
    }

    /// hᵢ, how far row i draws the fit to itself: the derivative of its fitted value in its target; 0 for weight 0. For a
    /// logistic model that of the weighted regression of the last step, w ŷ (1 − ŷ) x' B x.
    #[must_use]
    pub fn leverage(&self) -> &[f64] {
        &self.parts.influence.leverage
    }

    /// r = Pearson residual / (σ √(1 − h)), with σ = 1 for a logistic model.
    ///
    /// NaN where it is undefined: h = 1, and in a linear model for all rows if σ = 0.
    #[must_use]
    pub fn standardized_residuals(&self) -> &[f64] {
        &self.parts.influence.standardized
    }

    /// Residuals over their standard deviation, with σ from a fit without the row itself. For a logistic model ±√(d² + h r²), d
    /// the deviance residual: nearly the root of what the row's absence takes from the deviance.
    ///
    /// NaN where it is undefined: h = 1, and in a linear model where no σ is left without the row, since there is one degree of
    /// freedom alone or all other rows lie on the fit.
    ///
    /// Source: R's `rstudent`; Williams (1987), Applied Statistics 36.
    #[must_use]
    pub fn studentized_residuals(&self) -> &[f64] {
        &self.parts.influence.studentized
    }

    /// Cook's distance r² h / ((1 − h) p), r the standardized residual; NaN where that is.
    ///
    /// Source: Cook (1977), Technometrics 19; for a logistic model R's `cooks.distance`.
    #[must_use]
    pub fn cooks_distance(&self) -> &[f64] {
        &self.parts.influence.cooks
    }

    /// DFFITS, t √(h / (1 − h)) with t the studentized residual: by how many standard errors a row's own fitted value moves
    /// when the row is left out; NaN where t is.
    #[must_use]
    pub fn dffits(&self) -> Vec<f64> {
        let parts = &self.parts.influence;
        parts.studentized.iter().zip(&parts.leverage).map(|(t, h)| t * (h / (1.0 - h)).sqrt()).collect()
    }
}
