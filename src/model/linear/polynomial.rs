//! Polynomials in one variable without the ill-conditioning of powers.

use crate::linalg::compensated::Dd;
use crate::linalg::power::{exponent, times_power};
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
    /// [`Error::Shape`] for another number of coefficients, [`Error::NotFinite`] for NaN or infinity among them (row 0 is the
    /// intercept), [`Error::Undefined`] if a coefficient that is not negligible is outside the range of f64.
    pub fn to_powers(&self, intercept: f64, coefficients: &[f64]) -> Result<Vec<f64>> {
        if coefficients.len() != self.degree {
            let (what, expected) = ("number of coefficients", self.degree);
            return Err(Error::Shape { what, expected, found: coefficients.len() });
        }
        finite("the intercept", &[intercept])?;
        finite("the list of coefficients", coefficients)?;
        let all: Vec<f64> = std::iter::once(intercept).chain(coefficients.iter().copied()).collect();
        let unit = unit_of(&all);
        let all: Vec<Dd> = all.into_iter().map(|c| times_power(c, unit).into()).collect();
        self.powers(&all, unit)
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
        let (side, unit) = (self.degree + 1, unit_of(y));
        let mut a = vec![vec![Dd::ZERO; side + 1]; side];
        for (&x, &y) in x.iter().zip(y) {
            let mut values = self.values(x);
            values.push(times_power(y, unit).into());
            for r in 0..side {
                (r..=side).for_each(|c| a[r][c] = a[r][c] + values[r] * values[c]);
            }
        }
        let coefficients = eliminate(a).ok_or(Error::Undefined {
            what: "the polynomial",
            why: "there are not enough different numbers for its degree; lower the degree",
        })?;
        self.powers(&coefficients, unit)
    }

    /// The exponent of a power of two that brings the width to about 1.
    fn unit(&self) -> i32 {
        -exponent(self.width)
    }

    /// T₀ .. T_degree at x.
    fn values(&self, x: f64) -> Vec<Dd> {
        // In a unit in which no part of a double-double is lost; x so far outside that it has none there is out of range itself.
        let [x, centre, width] = [x, self.centre, self.width].map(|v| Dd::from(times_power(v, self.unit())));
        let t = (x - centre) / width;
        let mut values = vec![Dd::from(1.0), t];
        for k in 1..self.degree {
            let next = (t * values[k]).scaled(2.0) - values[k - 1];
            values.push(next);
        }
        values
    }

    /// Σ cₖ Tₖ as coefficients of powers of x, by Clenshaw's recurrence on polynomials:
    /// uₖ = cₖ + 2 t uₖ₊₁ − uₖ₊₂, the sum is c₀ + t u₁ − u₂. The cₖ come times 2 to the power `unit`.
    fn powers(&self, coefficients: &[Dd], unit: i32) -> Result<Vec<f64>> {
        let side = self.degree + 1;
        let (mut u, mut above) = (vec![Dd::ZERO; side], vec![Dd::ZERO; side]);
        for (k, &c) in coefficients.iter().enumerate().rev() {
            let factor = if k == 0 { 1.0 } else { 2.0 };
            let mut next: Vec<Dd> = self.times_t(&u).into_iter().map(|v| v.scaled(factor)).collect();
            next.iter_mut().zip(&above).for_each(|(n, a)| *n = *n - *a);
            next[0] = next[0] + c;
            above = std::mem::replace(&mut u, next);
        }
        // In powers of x times 2^size, all |x| up to 1.
        let largest = self.centre.abs().max(self.width);
        let size = -exponent(largest) - 1;
        let back = size - self.unit();
        let own: Vec<f64> = u.into_iter().enumerate().map(|(k, v)| times_power(v.value(), -back * k as i32)).collect();
        let most = own.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        let powers = own.iter().enumerate().map(|(k, &v)| {
            let power = size * k as i32 - unit;
            let outward = times_power(v, power);
            let lost = (times_power(outward, -power) - v).abs();
            let holds = outward.is_finite() && (lost <= 4.0 * f64::EPSILON * v.abs() || lost <= f64::EPSILON * most);
            holds.then_some(outward)
        });
        powers.collect::<Option<Vec<f64>>>().ok_or(Error::Undefined {
            what: "a coefficient",
            why: "it is outside the range of f64; change the unit of x",
        })
    }

    /// (x − centre) / width times a polynomial in x, in powers of x times 2^[`unit`](Self::unit); the highest coefficient is 0
    /// where this is called.
    fn times_t(&self, u: &[Dd]) -> Vec<Dd> {
        let [centre, width] = [self.centre, self.width].map(|v| Dd::from(times_power(v, self.unit())));
        let lower = |k: usize| if k == 0 { Dd::ZERO } else { u[k - 1] };
        (0..u.len()).map(|k| (lower(k) - u[k] * centre) / width).collect()
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

/// The exponent of a power of two that brings the largest of these numbers to about 1.
fn unit_of(values: &[f64]) -> i32 {
    -exponent(values.iter().fold(0.0_f64, |size, v| size.max(v.abs())))
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

    /// In any unit of x and y, as far as the powers have numbers; else an error.
    #[test]
    fn units_do_not_matter() {
        let x: Vec<f64> = (0..12).map(|i| 3.0 + ((i * 5) % 12) as f64 / 8.0).collect();
        let y: Vec<f64> = x.iter().map(|x| 2.0 - x + 0.5 * x * x + (x * 7.0).sin()).collect();
        let plain = Polynomial::over(&x, 3).unwrap().fit(&x, &y).unwrap();
        let scaled = |v: &[f64], k: i32| v.iter().map(|&v| times_power(v, k)).collect::<Vec<f64>>();
        for (k, l) in
            [(300, 0), (-300, 0), (0, 900), (0, -900), (330, 500), (-330, -900), (-1020, -3), (600, 900), (600, -100)]
        {
            let (far, tall) = (scaled(&x, k), scaled(&y, l));
            let basis = Polynomial::over(&far, 3).unwrap();
            let holds = (0..4).all(|j: i32| (l - k * j).abs() < 1000);
            match basis.fit(&far, &tall) {
                Ok(found) => {
                    assert!(holds, "{k} {l}");
                    (0..4).for_each(|j| assert_eq!(found[j], times_power(plain[j], l - k * j as i32), "{k} {l} {j}"));
                }
                Err(error) => assert!(!holds && matches!(error, Error::Undefined { .. }), "{k} {l}: {error}"),
            }
            let (near, features) = (Polynomial::over(&x, 3).unwrap().features(&x), basis.features(&far));
            assert_eq!(near, features);
        }
    }

    #[test]
    fn coefficients_that_are_no_numbers_are_refused() {
        let basis = Polynomial::over(&[0.0, 1.0], 2).unwrap();
        assert!(matches!(basis.to_powers(f64::NAN, &[0.0; 2]), Err(Error::NotFinite { row: 0, .. })));
        assert!(matches!(basis.to_powers(0.0, &[0.0, f64::INFINITY]), Err(Error::NotFinite { row: 1, .. })));
        assert!(matches!(basis.to_powers(1e308, &[1e308, 1e308]), Err(Error::Undefined { .. })));
        assert!(basis.to_powers(1e307, &[1e307, -1e306]).is_ok());
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
