//! Orthogonal polynomials on the training rows.

use crate::table::summary::mean;

/// Polynomials p₁ .. p_d of one variable, orthonormal to each other and to 1 on the numbers they were fitted to, with positive
/// leading coefficients.
///
/// On t = (x − centre) / scale, with ⟨f, g⟩ = Σᵢ f(tᵢ) g(tᵢ):
/// q₀ = 1, qₖ₊₁ = (t − αₖ) qₖ − (νₖ / νₖ₋₁) qₖ₋₁, αₖ = ⟨t qₖ, qₖ⟩ / νₖ, νₖ = ⟨qₖ, qₖ⟩, pₖ = qₖ / √νₖ.
///
/// Source: Forsythe (1957), Journal of the Society for Industrial and Applied Mathematics 5.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Orthogonal {
    pub centre: f64,
    pub scale: f64,
    /// α₀ .. α_{d−1}.
    pub alpha: Vec<f64>,
    /// ν₀ .. ν_d.
    pub norms: Vec<f64>,
}

/// How far from orthogonal the polynomials may be on the training rows.
const TOLERANCE: f64 = 1e-9;

impl Orthogonal {
    /// The polynomials on these finite numbers, or what is needed for them to exist.
    pub(super) fn fit(x: &[f64], degree: usize) -> Result<Self, &'static str> {
        let mut sorted = x.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        if degree == 0 || sorted.len() <= degree {
            return Err("a degree of at least 1 and below the number of different values in the training rows");
        }
        let centre = mean(x);
        let scale = x.iter().fold(0.0f64, |size, x| size.max((x - centre).abs()));
        if !scale.is_finite() {
            return Err("values whose range is within that of f64");
        }
        let mut basis = Self { centre, scale, alpha: Vec::new(), norms: vec![x.len() as f64] };
        let t: Vec<f64> = x.iter().map(|x| (x - centre) / scale).collect();
        let (mut before, mut q) = (vec![0.0; t.len()], vec![1.0; t.len()]);
        for k in 0..degree {
            let norm = basis.norms[k];
            let alpha = t.iter().zip(&q).map(|(t, q)| t * q * q).sum::<f64>() / norm;
            let ratio = if k == 0 { 0.0 } else { norm / basis.norms[k - 1] };
            for ((t, q), before) in t.iter().zip(&mut q).zip(&mut before) {
                (*before, *q) = (*q, (t - alpha) * *q - ratio * *before);
            }
            basis.alpha.push(alpha);
            basis.norms.push(q.iter().map(|q| q * q).sum());
        }
        match basis.is_orthonormal_on(x) {
            true => Ok(basis),
            false => Err("a lower degree, at which the polynomials can be told apart in f64"),
        }
    }

    fn is_orthonormal_on(&self, x: &[f64]) -> bool {
        let columns = self.columns(x);
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let close = |value: f64, expected: f64| (value - expected).abs() <= TOLERANCE;
        columns.iter().enumerate().all(|(j, a)| {
            let constant = a.iter().sum::<f64>() / (x.len() as f64).sqrt();
            let others = columns[..j].iter().all(|b| close(product(a, b), 0.0));
            close(constant, 0.0) && others && close(product(a, a), 1.0)
        })
    }

    /// p₁ .. p_d at these numbers.
    pub(super) fn columns(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let degree = self.alpha.len();
        let mut columns = vec![vec![0.0; x.len()]; degree];
        let roots: Vec<f64> = self.norms.iter().map(|norm| norm.sqrt()).collect();
        for (i, x) in x.iter().enumerate() {
            let t = (x - self.centre) / self.scale;
            let (mut before, mut q) = (0.0, 1.0);
            for k in 0..degree {
                let ratio = if k == 0 { 0.0 } else { self.norms[k] / self.norms[k - 1] };
                (before, q) = (q, (t - self.alpha[k]) * q - ratio * before);
                columns[k][i] = q / roots[k + 1];
            }
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_and_a_parabola() {
        let basis = Orthogonal::fit(&[1.0, 2.0, 3.0], 2).unwrap();
        let columns = basis.columns(&[1.0, 2.0, 3.0, 5.0]);
        let (a, b) = (0.5f64.sqrt(), 1.0 / 6f64.sqrt());
        for (column, expected) in columns.iter().zip([[-a, 0.0, a, 3.0 * a], [b, -2.0 * b, b, 25.0 * b]]) {
            column.iter().zip(expected).for_each(|(v, e)| assert!((v - e).abs() < 1e-14, "{columns:?}"));
        }
    }

    #[test]
    fn high_degrees_are_orthonormal_or_refused() {
        let x: Vec<f64> = (0..200).map(|i| 1e6 + f64::from(i * i % 97)).collect();
        assert!((1..25).all(|degree| Orthogonal::fit(&x, degree).is_ok()));
        assert!(Orthogonal::fit(&x, 200).is_err() && Orthogonal::fit(&[2.0; 5], 1).is_err());
        // Refused where it can no longer be told apart, never wrong.
        let _ = (25..48).map(|degree| Orthogonal::fit(&x, degree)).collect::<Vec<_>>();
        for size in [1e-300, 1e150, 1e300] {
            assert!(Orthogonal::fit(&x.iter().map(|x| x * size / 1e6).collect::<Vec<_>>(), 3).is_ok(), "{size}");
        }
    }
}
