//! A regressor on standardized columns.

use super::{Fitted, Predictor, Regressor};
use crate::data::{Column, Dataset, Standardizer};
use crate::layer::{Affine, Layer};
use crate::linalg::carried::Sum;
use crate::optim::{Observer, Report};
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView, DVector};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Standardizes the features inside and speaks to the outside in the user's units.
///
/// The features are fitted as (x − μ) / σ with a [`Standardizer`] of the training data (weighted, divisor Σw), and so are the
/// rows to predict. Penalties and step sizes then treat columns of different units alike; an observer sees the parameters for
/// standardized features. With [`targets`](Standardized::targets) the targets are standardized too.
///
/// ```
/// use residual::nalgebra::dmatrix;
/// use residual::{Dataset, LinearRegression, Predictor, Regressor, Standardized};
/// let (x, y) = (dmatrix![1e6f64; 3e6; 5e6], dmatrix![1.0; 2.0; 3.0]);
/// let model = Standardized::new(LinearRegression::new()).fit(&Dataset::new(&x, &y)?)?;
/// assert!((model.coefficients()[0] - 5e-7).abs() < 1e-18);
/// assert!((model.intercept()[0] - 0.5).abs() < 1e-12);
/// assert!((model.predict(&dmatrix![7e6])?[0] - 4.0).abs() < 1e-12);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Standardized<R> {
    regressor: R,
    targets: bool,
}

impl<R> Standardized<R> {
    /// `regressor` on standardized features.
    #[must_use]
    pub fn new(regressor: R) -> Self {
        Self { regressor, targets: false }
    }

    /// Standardizes the targets as well, for losses of numbers; predictions come back in the user's units. The report then
    /// speaks of standardized targets.
    #[must_use]
    pub fn targets(mut self) -> Self {
        self.targets = true;
        self
    }
}

impl<T: Real, R: Regressor<T>> Regressor<T> for Standardized<R> {
    type Fitted = FittedStandardized<T, R::Fitted>;

    fn fit_observed(&self, data: &Dataset<'_, T>, observer: &mut dyn Observer<T>) -> Result<Self::Fitted> {
        let (given, data) = (data, data.without_zero_weights());
        let features = Standardizer::fit(data);
        let targets = self.targets.then(|| Standardizer::fit_targets(data));
        let x = features.transform(data.x())?;
        let y = targets.as_ref().map(|targets| targets.transform(data.y())).transpose()?;
        let model = self.regressor.fit_observed(&data.replaced(Some(x), y)?, observer);
        let model = model.map_err(|error| given.error_as_given(error))?;
        Ok(FittedStandardized { features, targets, model, pool: Mutex::new(Vec::new()) })
    }
}

/// What [`Standardized`] fits: the inner model and how its columns were scaled.
pub struct FittedStandardized<T: Real, F> {
    features: Standardizer<T>,
    targets: Option<Standardizer<T>>,
    model: F,
    /// Scratch for standardized rows.
    pool: Mutex<Vec<DMatrix<T>>>,
}

impl<T: Real, F> FittedStandardized<T, F> {
    /// The inner model, in standardized columns.
    #[must_use]
    pub fn model(&self) -> &F {
        &self.model
    }

    /// μ and σ of the features.
    #[must_use]
    pub fn standardizer(&self) -> &Standardizer<T> {
        &self.features
    }

    /// μ and σ of the targets, where those were scaled too.
    #[must_use]
    pub fn target_standardizer(&self) -> Option<&Standardizer<T>> {
        self.targets.as_ref()
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<DMatrix<T>>> {
        // Scratch memory cannot be left in a bad state: every use overwrites it.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Real, N: Layer<T>, L> FittedStandardized<T, Fitted<T, N, L>> {
    /// How the fit ended.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.model.report()
    }
}

impl<T: Real, L> FittedStandardized<T, Fitted<T, Affine, L>> {
    /// The coefficients in the user's units, p×k: σ_y W / σ; infinite where that exceeds the range of T.
    #[must_use]
    pub fn coefficients(&self) -> DMatrix<T> {
        let mut coefficients = self.model.coefficients();
        for ((j, c), w) in indexed(&mut coefficients) {
            *w = self.target(c).scaled(*w, self.features.columns().column(j));
        }
        coefficients
    }

    /// The intercept of each output in the user's units: μ_y + σ_y (b − Σⱼ Wⱼ μⱼ / σⱼ), the sum carried in f64; infinite where
    /// it exceeds the range of T.
    #[must_use]
    pub fn intercept(&self) -> DVector<T> {
        let (inner, own) = (self.model.coefficients(), self.model.intercept());
        let ratios: Vec<f64> = (0..inner.nrows()).map(|j| self.features.columns().column(j).ratio()).collect();
        DVector::from_fn(own.len(), |c, _| {
            let mut level = Sum::default();
            level.add(own[c].to_f64());
            inner.column(c).iter().zip(&ratios).for_each(|(w, ratio)| level.add(-w.to_f64() * ratio));
            self.target(c).outward(level.value())
        })
    }

    /// How target c was scaled: by 1 and a shift of 0 where targets were left alone.
    fn target(&self, c: usize) -> Column<T> {
        self.targets.as_ref().map_or_else(|| Column::constant(T::zero()), |targets| *targets.columns().column(c))
    }
}

fn indexed<T: Real>(m: &mut DMatrix<T>) -> impl Iterator<Item = ((usize, usize), &mut T)> {
    let rows = m.nrows().max(1);
    m.iter_mut().enumerate().map(move |(i, value)| ((i % rows, i / rows), value))
}

impl<T: Real, F: Predictor<T>> Predictor<T> for FittedStandardized<T, F> {
    fn features(&self) -> usize {
        self.model.features()
    }

    fn outputs(&self) -> usize {
        self.model.outputs()
    }

    fn predict_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()> {
        let (expected, found) = (self.features(), x.ncols());
        if expected != found {
            return Err(Error::Shape { what: "columns of x", expected, found });
        }
        let scratch = self.pool().pop();
        let mut scaled = scratch.unwrap_or_else(|| DMatrix::zeros(0, 0));
        crate::linalg::reshape(&mut scaled, x.nrows(), x.ncols());
        let done = self.features.columns().transform_into(x, &mut scaled).map_err(|error| match error {
            Error::NotFinite { what, row, .. } if what != "x" => {
                Error::NotFinite { what: "the prediction", row, column: 0 }
            }
            other => other,
        });
        let done = done.and_then(|()| self.model.predict_into(scaled.as_view(), out));
        self.pool().push(scaled);
        done?;
        if let Some(targets) = &self.targets {
            targets.columns().inverse_in_place(out);
            crate::data::all_finite("the prediction", out.as_view())?;
        }
        Ok(())
    }
}

impl<T: Real, F: Clone> Clone for FittedStandardized<T, F> {
    fn clone(&self) -> Self {
        let (features, targets, model) = (self.features.clone(), self.targets.clone(), self.model.clone());
        Self { features, targets, model, pool: Mutex::new(Vec::new()) }
    }
}

impl<T: Real, F: fmt::Debug> fmt::Debug for FittedStandardized<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FittedStandardized")
            .field("features", &self.features)
            .field("targets", &self.targets)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}
