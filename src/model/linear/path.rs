//! Ridge regression for many penalties from one factorization.

mod metric;
mod shared;
mod spectrum;

use super::design::Design;
use crate::data::Dataset;
use crate::{Error, Real, Result};
use metric::{Metric, Turned};
use nalgebra::{DMatrix, DVector};
use shared::Shared;

/// The fit for one penalty.
///
/// Errors are in squared units of the targets. One that is larger than the largest f64 is given as that; an infinite one does not
/// exist. [`RidgePath`] compares them in a unit of their own, so its choices hold for targets of any size.
#[derive(Debug, Clone, PartialEq)]
pub struct RidgePoint {
    /// λ of ½ λ ‖W‖² on the weighted mean of ½ ‖y − W x − b‖².
    pub l2: f64,
    /// W, p×k: column c holds the coefficients of output c.
    pub coefficients: DMatrix<f64>,
    /// b, one number per output.
    pub intercept: DVector<f64>,
    /// Σ w ‖y − W x − b‖² / Σ w, the weighted mean of the squared residuals, summed over outputs.
    pub mean_square: f64,
    /// Effective degrees of freedom: the trace of the hat matrix, the intercept counted.
    pub effective_df: f64,
    /// Generalized cross-validation, mean square / (1 − df / n)²; infinite for df = n.
    pub gcv: f64,
    /// The weighted mean of ‖e‖² / (1 − h)²: the error of predicting each row by the fit to the others with the same penalty on
    /// the sum of squares, λ Σw ‖W‖² with the Σw of all rows. That is exact, and what α ‖W‖² with a fixed α means; a fit with
    /// the same `l2` has a penalty that is smaller by λ w, see [`loo_refit`](RidgePoint::loo_refit). Infinite if a row of
    /// leverage h = 1 cannot be predicted without itself.
    pub loo: f64,
    /// The weighted mean of the squared errors of predicting each row by the fit to the others with the same `l2`, which is the
    /// penalty λ (Σw − w) ‖W‖² on their sum of squares: what fitting n times with [`LinearRegression`](crate::LinearRegression)
    /// gives. Exact too, and infinite where `loo` is; for penalty 0 both are the same.
    pub loo_refit: f64,
    /// `gcv`, `loo` and `loo_refit` in a unit that all points of a path share.
    relative: [f64; 3],
}

/// Ridge fits along a list of penalties; made by [`ridge_path`].
#[derive(Debug, Clone, PartialEq)]
pub struct RidgePath {
    points: Vec<RidgePoint>,
}

impl RidgePath {
    /// The fits, in the order of the penalties given.
    #[must_use]
    pub fn points(&self) -> &[RidgePoint] {
        &self.points
    }

    /// The penalty of the smallest leave-one-out error [`loo`](RidgePoint::loo); of equal ones the first.
    #[must_use]
    pub fn l2_by_loo(&self) -> f64 {
        self.best(|point| point.relative[1])
    }

    /// The penalty of the smallest leave-one-out error with the same `l2`, [`loo_refit`](RidgePoint::loo_refit); of equal ones
    /// the first.
    #[must_use]
    pub fn l2_by_loo_refit(&self) -> f64 {
        self.best(|point| point.relative[2])
    }

    /// The penalty of the smallest generalized cross-validation error; of equal ones the first.
    #[must_use]
    pub fn l2_by_gcv(&self) -> f64 {
        self.best(|point| point.relative[0])
    }

    fn best(&self, error: impl Fn(&RidgePoint) -> f64) -> f64 {
        self.points
            .iter()
            .fold((f64::NAN, f64::INFINITY), |best, point| {
                if error(point) < best.1 || best.0.is_nan() { (point.l2, error(point)) } else { best }
            })
            .0
    }
}

/// Linear regression with an intercept for every penalty in `l2`, at the cost of one fit, one singular value decomposition of
/// a p×p matrix and one more pass over the data; with at least as many features as samples, of one of an n×p matrix alone.
///
/// With Xc = Q R centred, R = U S Vᵀ and c = Uᵀ Qᵀ y, the fit for λ is W = Σᵢ vᵢ cᵢ sᵢ / (sᵢ² + λ Σw), and the leverage of row
/// i is wᵢ (1 / Σw + Σₗ qᵢₗ² sₗ² / (sₗ² + λ Σw)), q the rows of Q U. Penalty 0 is least squares (of least norm, where columns
/// depend on each other).
///
/// # Errors
/// [`Error::Empty`] without penalties, [`Error::Config`] for one that is negative or not finite, [`Error::Range`] with the
/// feature's name for a coefficient that f64 cannot hold.
///
/// ```
/// use nalgebra::{DMatrix, DVector};
/// use residual::{Dataset, LinearRegression, Regressor, nalgebra, ridge_path};
/// let x = DMatrix::from_fn(30, 3, |i, j| ((i * (j + 2)) % 7) as f64);
/// let y = DVector::from_fn(30, |i, _| x[(i, 0)] + ((i * 5) % 3) as f64);
/// let data = Dataset::new(&x, &y)?;
/// let path = ridge_path(&data, &[0.0, 0.01, 0.1, 1.0, 10.0])?;
/// let l2 = path.l2_by_loo();
/// let model = LinearRegression::new().l2(l2).fit(&data)?;
/// let point = path.points().iter().find(|point| point.l2 == l2).unwrap();
/// assert!((point.coefficients[0] - model.coefficients()[0]).abs() < 1e-13);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Golub, Heath and Wahba (1979), Technometrics 21; Hastie, Tibshirani and Friedman (2009), section 3.4.1.
pub fn ridge_path<T: Real>(data: &Dataset<'_, T>, l2: &[f64]) -> Result<RidgePath> {
    if l2.is_empty() {
        return Err(Error::Empty { what: "the list of penalties" });
    }
    if !l2.iter().all(|&l2| l2 >= 0.0 && l2.is_finite()) {
        return Err(Error::Config { name: "l2", needs: "finite and at least 0" });
    }
    let mut design = Design::new(data.without_zero_weights(), true, 0.0)?;
    let shared = if design.positive > design.features() {
        Shared::by_features(&mut design)
    } else {
        Shared::by_samples(&mut design)
    };
    let metrics: Vec<(Metric, i32)> = l2.iter().map(|&l2| Metric::new(&design, &shared, l2)).collect();
    let mut points: Vec<Option<RidgePoint>> = vec![None; l2.len()];
    while let Some(first) = points.iter().position(Option::is_none) {
        // As a rule these are all.
        let alike: Vec<usize> = (first..l2.len()).filter(|&i| metrics[i].0 == metrics[first].0).collect();
        let turned = Turned::new(&shared, metrics[first].clone());
        let own: Vec<f64> = alike.iter().map(|&i| l2[i]).collect();
        for ((i, l2), errors) in alike.into_iter().zip(&own).zip(turned.errors(&design, &own)) {
            points[i] = Some(turned.point(&design, data, *l2, errors)?);
        }
    }
    Ok(RidgePath { points: points.into_iter().flatten().collect() })
}
