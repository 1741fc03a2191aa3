//! Polynomials in one variable without the ill-conditioning of powers.

use super::design::power_for;
use crate::linalg::compensated::Dd;
use crate::{Error, Result};
use nalgebra::DMatrix;

/// Polynomials of one variable on a domain [centre − width, centre + width], in the Chebyshev polynomials of
/// t = (x − centre) / width.
///
/// T₀ = 1, T₁ = t, Tₖ₊₁ = 2 t Tₖ − Tₖ₋₁. On [−1, 1] they are nearly orthogonal, where the powers of x are all but
/// dependent: a fit keeps its digits. [`features`](Polynomial::features) makes columns for any regressor, and
/// [`to_powers`](Polynomial::to_powers) converts its coefficients to those of 1, x, x², ...;
/// [`fit`](Polynomial::fit) is least squares with everything in 32 digits.
///
/// ```
/// use residual::Polynomial;
/// let x: Vec<f64> = (0..50).map(|i| 1000.0 + i as f64).collect();
/// let y: Vec<f64> = x.iter().map(|x| (x - 1000.0).powi(3)).collect();
/// let b = Polynomial::over(&x, 3)?.fit(&x, &y)?;
/// assert_eq!(b, [-1e9, 3e6, -3e3, 1.0]);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Trefethen (2013), Approximation Theory and Approximation Practice, chapter 3.
#[derive(Debug, Clone, PartialEq)]
pub struct Polynomial {
    centre: f64,
    width: f64,
    degree: usize,
}

impl Polynomial {
    /// Polynomials up to `degree` on the range of these numbers.
    ///
    /// # Errors
    /// [`Error::Empty`] without numbers, [`Error::NotFinite`] for NaN or infinity, [`Error::Config`] unless the degree is at
    /// least 1 and the numbers differ.
    pub fn over(x: &[f64], degree: usize) -> Result<Self> {
        if x.is_empty() {
            return Err(Error::Empty { what: "the list of numbers" });
        }
        finite("x", x)?;
        if degree == 0 {
            return Err(Error::Config { name: "degree", needs: "at least 1" });
        }
        let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x), h.max(x)));
        let centre = 0.5 * low + 0.5 * high;
        let width = (high - centre).max(centre - low);
        if !(width > 0.0 && width.is_finite()) {
            return Err(Error::Config { name: "the range of x", needs: "above 0 and finite" });
        }
        Ok(Self { centre, width, degree })
    }

    /// The columns T₁ .. T_degree at these numbers; an intercept stands for T₀.
    #[must_use]
    pub fn features(&self, x: &[f64]) -> DMatrix<f64> {
        let mut columns = DMatrix::zeros(x.len(), self.degree);
        for (i, &x) in x.iter().enumerate() {
            let values = self.values(x);
            (0..self.degree).for_each(|k| columns[(i, k)] = values[k + 1].value());
        }
        columns
    }

    /// The coefficients of 1, x, x², ..., from an intercept and one coefficient per column of
    /// [`features`](Polynomial::features).
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of coefficients, [`Error::NotFinite`] for NaN or infinity, [`Error::Undefined`] if a
    /// result exceeds the range of f64.
    pub fn to_powers(&self, intercept: f64, coefficients: &[f64]) -> Result<Vec<f64>> {
        if coefficients.len() != self.degree {
            let (what, expected) = ("number of coefficients", self.degree);
            return Err(Error::Shape { what, expected, found: coefficients.len() });
        }
        finite("the intercept", &[intercept])?;
        finite("the list of coefficients", coefficients)?;
        let all: Vec<f64> = std::iter::once(intercept).chain(coefficients.iter().copied()).collect();
        // Near the ends of the range the steps on the way would leave it.
        let unit = power_for(all.iter().fold(0.0, |max: f64, c| max.max(c.abs())));
        let all: Vec<Dd> = all.iter().map(|&c| Dd::from(c * unit)).collect();
        self.powers_in(unit, &all)
    }

    /// The coefficients of 1, x, x², ... of the least-squares polynomial, computed in double-double arithmetic: those of
    /// the numbers x as given, without the rounding of their powers.
    ///
    /// # Errors
    /// [`Error::Shape`] if y is not as long as x, [`Error::NotFinite`], and [`Error::Undefined`] if x has no more different
    /// numbers than the degree, or a coefficient exceeds the range of f64.
    pub fn fit(&self, x: &[f64], y: &[f64]) -> Result<Vec<f64>> {
        if x.len() != y.len() {
            return Err(Error::Shape { what: "length of y", expected: x.len(), found: y.len() });
        }
        finite("x", x)?;
        finite("y", y)?;
        let side = self.degree + 1;
        let unit = power_for(y.iter().fold(0.0, |max: f64, y| max.max(y.abs())));
        let mut a = vec![vec![Dd::ZERO; side + 1]; side];
        for (&x, &y) in x.iter().zip(y) {
            let mut values = self.values(x);
            values.push((y * unit).into());
            for r in 0..side {
                (r..=side).for_each(|c| a[r][c] = a[r][c] + values[r] * values[c]);
            }
        }
        let coefficients = eliminate(a).ok_or(Error::Undefined {
            what: "the polynomial",
            why: "there are not enough different numbers for its degree; lower the degree",
        })?;
        self.powers_in(unit, &coefficients)
    }

    /// [`powers`](Polynomial::powers) of coefficients that were multiplied by `unit`.
    fn powers_in(&self, unit: f64, coefficients: &[Dd]) -> Result<Vec<f64>> {
        let powers: Vec<f64> = self.powers(coefficients).into_iter().map(|b| b / unit).collect();
        match powers.iter().all(|b| b.is_finite()) {
            true => Ok(powers),
            false => Err(Error::Undefined { what: "a coefficient", why: "it exceeds the range of f64; rescale x" }),
        }
    }

    /// T₀ .. T_degree at x.
    fn values(&self, x: f64) -> Vec<Dd> {
        let t = (Dd::from(x) - self.centre.into()) / self.width.into();
        let mut values = vec![Dd::from(1.0), t];
        for k in 1..self.degree {
            let next = (t * values[k]).scaled(2.0) - values[k - 1];
            values.push(next);
        }
        values
    }

    /// Σ cₖ Tₖ as coefficients of powers of x, by Clenshaw's recurrence on polynomials:
    /// uₖ = cₖ + 2 t uₖ₊₁ − uₖ₊₂, the sum is c₀ + t u₁ − u₂.
    fn powers(&self, coefficients: &[Dd]) -> Vec<f64> {
        let side = self.degree + 1;
        let (mut u, mut above) = (vec![Dd::ZERO; side], vec![Dd::ZERO; side]);
        for (k, &c) in coefficients.iter().enumerate().rev() {
            let factor = if k == 0 { 1.0 } else { 2.0 };
            let mut next: Vec<Dd> = self.times_t(&u).into_iter().map(|v| v.scaled(factor)).collect();
            next.iter_mut().zip(&above).for_each(|(n, a)| *n = *n - *a);
            next[0] = next[0] + c;
            above = std::mem::replace(&mut u, next);
        }
        u.into_iter().map(Dd::value).collect()
    }

    /// (x − centre) / width times a polynomial in x; the highest coefficient is 0 where this is called.
    fn times_t(&self, u: &[Dd]) -> Vec<Dd> {
        let lower = |k: usize| if k == 0 { Dd::ZERO } else { u[k - 1] };
        (0..u.len()).map(|k| (lower(k) - u[k] * self.centre.into()) / self.width.into()).collect()
    }
}

/// Solves a symmetric positive definite system whose upper triangle and right-hand side are given; `None` where a pivot is
/// lost in rounding.
fn eliminate(mut a: Vec<Vec<Dd>>) -> Option<Vec<Dd>> {
    let side = a.len();
    let sizes: Vec<f64> = (0..side).map(|k| a[k][k].hi).collect();
    for k in 0..side {
        let pivot = a[k][k];
        // Also for NaN.
        if (pivot.hi <= 1e-26 * sizes[k]) || pivot.hi.is_nan() {
            return None;
        }
        for r in k + 1..side {
            let factor = a[k][r] / pivot;
            for c in r..=side {
                a[r][c] = a[r][c] - factor * a[k][c];
            }
        }
    }
    let mut x = vec![Dd::ZERO; side];
    for k in (0..side).rev() {
        let known = (k + 1..side).fold(a[k][side], |rest, c| rest - a[k][c] * x[c]);
        x[k] = known / a[k][k];
    }
    Some(x)
}

fn finite(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(Error::NotFinite { what, row, column: 0 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_and_powers_are_the_same_polynomial() {
        let x = [2.0, 3.5, 5.0, 8.0];
        let basis = Polynomial::over(&x, 4).unwrap();
        let (features, c) = (basis.features(&x), [1.0, -2.0, 0.5, 3.0]);
        let powers = basis.to_powers(0.25, &c).unwrap();
        for (i, x) in x.iter().enumerate() {
            let direct = 0.25 + (0..4).map(|k| c[k] * features[(i, k)]).sum::<f64>();
            let horner = powers.iter().rev().fold(0.0, |sum, b| sum * x + b);
            assert!((direct - horner).abs() < 1e-11, "{direct} {horner}");
        }
    }

    #[test]
    fn too_few_numbers_are_an_error() {
        let x = [1.0, 2.0, 2.0, 1.0, 2.0];
        let basis = Polynomial::over(&x, 2).unwrap();
        assert!(matches!(basis.fit(&x, &[0.0; 5]), Err(Error::Undefined { .. })));
        assert!(Polynomial::over(&[1.0, 1.0], 2).is_err());
        assert!(Polynomial::over(&x, 0).is_err());
    }
}
