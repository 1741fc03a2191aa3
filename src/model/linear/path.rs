//! Ridge regression for many penalties from one factorization.

use super::design::Design;
use super::factor::{Factor, dot, norm};
use super::refine::intercept;
use super::rows::Basis;
use super::solve::basic;
use crate::data::Dataset;
use crate::linalg::threads;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DVector};

/// The fit for one penalty.
#[derive(Debug, Clone, PartialEq)]
pub struct RidgePoint {
    /// λ of ½ λ ‖W‖² on the weighted mean of ½ ‖y − W x − b‖².
    pub l2: f64,
    /// W, p×k: column c holds the coefficients of output c.
    pub coefficients: DMatrix<f64>,
    /// b, one number an output.
    pub intercept: DVector<f64>,
    /// Σ w ‖y − W x − b‖² / Σ w, the weighted mean of the squared residuals, summed over outputs.
    pub mean_square: f64,
    /// Effective degrees of freedom: the trace of the hat matrix, the intercept counted.
    pub effective_df: f64,
    /// Generalized cross-validation, mean square / (1 − df / n)²; infinite for df = n.
    pub gcv: f64,
    /// The weighted mean of ‖e‖² / (1 − h)², the error of predicting each row without it, exactly; infinite if a row of
    /// leverage h = 1 cannot be predicted without itself.
    pub loo: f64,
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

    /// The penalty of the smallest leave-one-out error; of equal ones the first.
    #[must_use]
    pub fn l2_by_loo(&self) -> f64 {
        self.best(|point| point.loo)
    }

    /// The penalty of the smallest generalized cross-validation error; of equal ones the first.
    #[must_use]
    pub fn l2_by_gcv(&self) -> f64 {
        self.best(|point| point.gcv)
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
/// a p×p matrix and one more pass over the data.
///
/// With Xc = Q R centred, R = U S Vᵀ and c = Uᵀ Qᵀ y, the fit for λ is W = Σᵢ vᵢ cᵢ sᵢ / (sᵢ² + λ Σw), and the leverage of row
/// i is wᵢ (1 / Σw + Σₗ qᵢₗ² sₗ² / (sₗ² + λ Σw)), q the rows of Q U. Penalty 0 is least squares (of least norm, where columns
/// depend on each other).
///
/// # Errors
/// [`Error::Empty`] without penalties, [`Error::Config`] for one that is negative or not finite.
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
    let mut design = Design::new(data, true)?;
    let (factor, inverse) = Factor::with_inverse(&mut design);
    let solved = basic(&design, factor, 0.0);
    let inverse: Vec<Vec<f64>> =
        inverse.iter().map(|run| (0..run.hi.len()).map(|j| run.get(j).value()).collect()).collect();
    let spectrum = Spectrum::new(&design, &solved.factor, &inverse);
    let coordinates: Vec<Vec<f64>> = solved
        .targets
        .iter()
        .map(|target| {
            let scaled = |(&j, n): (&usize, &f64)| target.coefficients.beta[j].value() * n;
            let gamma: Vec<f64> = solved.factor.order.iter().zip(&solved.factor.norm).map(scaled).collect();
            spectrum.rotate(&solved.factor.times(&gamma))
        })
        .collect();
    let levels: Vec<f64> = (0..design.outputs())
        .map(|k| {
            let c = &solved.targets[k].coefficients;
            let at_means = |j: usize| c.beta[j].value() * design.x[j].centre();
            intercept(&design, c, k).value() + (0..design.features()).map(at_means).sum::<f64>()
        })
        .collect();
    let errors = errors(&design, &spectrum, &coordinates, &levels, l2);
    let point = |(&l2, (square, loo)): (&f64, &(f64, f64))| {
        spectrum.point(&design, &coordinates, &levels, l2, square / design.total.value(), loo / design.total.value())
    };
    Ok(RidgePath { points: l2.iter().zip(&errors).map(point).collect() })
}

/// Singular values and vectors of the centred design in the user's units.
struct Spectrum {
    /// sᵢ, in the user's units.
    values: Vec<f64>,
    /// vᵢ sᵢ: what a unit of coordinate i adds to Xᵀ times something.
    directions: Vec<Vec<f64>>,
    /// U, by columns.
    u: Vec<Vec<f64>>,
    order: Vec<usize>,
    /// R⁻¹ U by rows.
    basis: Vec<Vec<f64>>,
}

impl Spectrum {
    fn new<T: Real>(design: &Design<'_, T>, factor: &Factor, inverse: &[Vec<f64>]) -> Self {
        let (r, p) = (factor.rank(), design.features());
        // Row l of R over all columns of the design, in the user's units; the dependent ones are combinations.
        let mut rows = vec![vec![0.0; p]; r];
        for (position, (&j, n)) in factor.order.iter().zip(&factor.norm).enumerate() {
            for l in 0..=position {
                rows[l][j] = factor.r[position][l] * n / design.scale(j);
            }
        }
        for dependent in &factor.dependent {
            for (l, row) in rows.iter_mut().enumerate() {
                let parts = (l..r).map(|i| factor.r[i][l] * factor.norm[i] * dependent.combination[i]);
                row[dependent.column] = parts.sum::<f64>() / design.scale(dependent.column);
            }
        }
        let u = jacobi(&mut rows);
        let rotate = |row: &Vec<f64>| u.iter().map(|u| dot(row, u)).collect();
        let basis = inverse.iter().map(rotate).collect();
        Self { values: rows.iter().map(|v| norm(v)).collect(), directions: rows, u, order: factor.order.clone(), basis }
    }

    /// Uᵀ v.
    fn rotate(&self, v: &[f64]) -> Vec<f64> {
        self.u.iter().map(|u| dot(u, v)).collect()
    }

    /// s² / (s² + λ Σw), one a direction.
    fn shrink<T: Real>(&self, design: &Design<'_, T>, l2: f64) -> Vec<f64> {
        // λ Σw over the scale of the weights, which the singular values carry.
        let penalty = l2 * design.total.value();
        self.values.iter().map(|s| if penalty == 0.0 { 1.0 } else { s * s / (s * s + penalty) }).collect()
    }

    fn point<T: Real>(
        &self,
        design: &Design<'_, T>,
        coordinates: &[Vec<f64>],
        levels: &[f64],
        l2: f64,
        mean_square: f64,
        loo: f64,
    ) -> RidgePoint {
        let shrink = self.shrink(design, l2);
        let (p, k) = (design.features(), coordinates.len());
        let mut coefficients = DMatrix::zeros(p, k);
        let mut intercept = DVector::zeros(k);
        for (c, (coordinates, level)) in coordinates.iter().zip(levels).enumerate() {
            let t = design.y[c].unit.scale;
            for (((direction, s), shrink), coordinate) in
                self.directions.iter().zip(&self.values).zip(&shrink).zip(coordinates)
            {
                let factor = if *s > 0.0 { shrink * coordinate / (s * s) / t } else { 0.0 };
                (0..p).for_each(|j| coefficients[(j, c)] += direction[j] * factor);
            }
            let at_means = (0..p).map(|j| coefficients[(j, c)] * design.x[j].centre() / design.scale(j)).sum::<f64>();
            intercept[c] = level / t - at_means;
        }
        let n = design.positive as f64;
        let effective_df = 1.0 + shrink.iter().sum::<f64>();
        let left = 1.0 - effective_df / n;
        let gcv = if left > 1e-12 { mean_square / (left * left) } else { f64::INFINITY };
        RidgePoint { l2, coefficients, intercept, mean_square, effective_df, gcv, loo }
    }
}

/// Σ w ‖e‖² and Σ w ‖e‖² / (1 − h)² for every penalty, in the user's units of the targets, in one pass.
fn errors<T: Real>(
    design: &Design<'_, T>,
    spectrum: &Spectrum,
    coordinates: &[Vec<f64>],
    levels: &[f64],
    l2: &[f64],
) -> Vec<(f64, f64)> {
    let lanes = design.lanes(16);
    let mut states = vec![vec![(0.0, 0.0); l2.len()]; lanes];
    let rank = spectrum.values.len();
    let shrinks: Vec<Vec<f64>> = l2.iter().map(|&l2| spectrum.shrink(design, l2)).collect();
    let cost = design.rows().saturating_mul(rank * (rank + 2 * l2.len()));
    threads::for_each(&mut states, cost, |lane, sums| {
        let mut basis = Basis::new(rank);
        design.blocks(lanes, lane, |start, len| {
            basis.fill(design, &spectrum.order, &spectrum.basis, start, len);
            for i in 0..len {
                let w = design.weights.as_ref().map_or(1.0, |w| w[start + i]);
                if w == 0.0 {
                    continue;
                }
                let q: Vec<f64> = basis.row(i).collect();
                for (shrink, sums) in shrinks.iter().zip(sums.iter_mut()) {
                    let h: f64 = q.iter().zip(shrink).map(|(q, s)| q * q * s).sum();
                    let left = 1.0 - w * (h + 1.0 / design.total.value());
                    for (k, (coordinates, level)) in coordinates.iter().zip(levels).enumerate() {
                        let y = design.y[k];
                        let parts = q.iter().zip(shrink).zip(coordinates);
                        let fitted: f64 = parts.map(|((q, s), c)| q * s * c).sum();
                        // y less its shift first: exact.
                        let off = y.unit.of(design.targets[k][start + i]) - (level - y.unit.shift);
                        let e = (off - fitted) / y.unit.scale;
                        sums.0 += w * e * e;
                        sums.1 += if left > 1e-12 { w * (e / left).powi(2) } else { f64::INFINITY };
                    }
                }
            }
        });
    });
    let mut total = vec![(0.0, 0.0); l2.len()];
    for state in states {
        total.iter_mut().zip(state).for_each(|(a, b)| *a = (a.0 + b.0, a.1 + b.1));
    }
    total
}

/// One-sided Jacobi: turns the rows of `a` until they are orthogonal; returns the U with a = Uᵀ a₀ by columns, so that
/// a₀ = U a and the norms of the rows are the singular values, each to its own relative precision.
///
/// Source: Golub and Van Loan (2013), section 8.6.3; Demmel and Veselić (1992), SIAM Journal on Matrix Analysis 13.
fn jacobi(a: &mut [Vec<f64>]) -> Vec<Vec<f64>> {
    let r = a.len();
    let mut u: Vec<Vec<f64>> = (0..r).map(|i| (0..r).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..60 {
        let mut turned = false;
        for i in 0..r {
            for j in i + 1..r {
                let (x, y, xy) = (dot(&a[i], &a[i]), dot(&a[j], &a[j]), dot(&a[i], &a[j]));
                if xy.abs() <= 4.0 * f64::EPSILON * (x * y).sqrt() || xy == 0.0 {
                    continue;
                }
                turned = true;
                let zeta = (y - x) / (2.0 * xy);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let c = t.hypot(1.0).recip();
                for m in [&mut *a, &mut u] {
                    let (head, tail) = m.split_at_mut(j);
                    for (x, y) in head[i].iter_mut().zip(&mut tail[0]) {
                        (*x, *y) = (c * (*x - t * *y), c * (t * *x + *y));
                    }
                }
            }
        }
        if !turned {
            break;
        }
    }
    u
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jacobi_gives_orthogonal_rows_that_make_the_matrix_again() {
        let a0: Vec<Vec<f64>> =
            (0..4).map(|i| (0..6).map(|j| ((i * 31 + j * 17) % 13) as f64 - 5.0 + 1e-3 * i as f64).collect()).collect();
        let mut a = a0.clone();
        let u = jacobi(&mut a);
        for i in 0..4 {
            for j in 0..i {
                assert!(dot(&a[i], &a[j]).abs() < 1e-14 * norm(&a[i]) * norm(&a[j]));
                assert!(dot(&u[i], &u[j]).abs() < 1e-14);
            }
            for j in 0..6 {
                let again: f64 = (0..4).map(|l| u[l][i] * a[l][j]).sum();
                assert!((again - a0[i][j]).abs() < 1e-13);
            }
        }
    }
}
