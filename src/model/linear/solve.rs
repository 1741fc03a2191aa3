//! From a design to coefficients: factor, refine, and where columns depend on each other the solution of least norm.

use super::design::Design;
use super::factor::{Dependent, Factor, norm};
use super::refine::{Coefficients, Refined, refine};
use crate::Real;
use crate::linalg::compensated::Dd;
use crate::linalg::power::power;

/// Everything that is known of a solved problem, in scaled units.
#[derive(Debug)]
pub(super) struct Solved {
    pub factor: Factor,
    pub targets: Vec<Refined>,
}

/// Minimizes over the factor's columns; the coefficients of dependent ones stay 0.
pub(super) fn basic<T: Real>(design: &Design<'_, T>, factor: Factor, l2: f64) -> Solved {
    let targets = refine(design, &factor, l2, None);
    Solved { factor, targets }
}

/// Moves every solution to the one of least norm ‖W‖ in the user's units, the intercept free: the limit of ridge as the
/// penalty goes to 0. The fitted values stay, to the last digit: the independent coefficients are refined again.
pub(super) fn least_norm<T: Real>(design: &Design<'_, T>, solved: Solved, l2: f64) -> Solved {
    let Solved { factor, targets } = solved;
    let moved: Vec<&Dependent> = factor.dependent.iter().filter(|d| d.combination.iter().any(|&c| c != 0.0)).collect();
    let Some(shares) = Shares::new(design, &factor, &moved) else {
        return Solved { factor, targets };
    };
    let mut start = Vec::with_capacity(targets.len());
    for target in &targets {
        let Coefficients { mut intercept, mut beta } = target.coefficients.clone();
        let basic: Vec<f64> = factor.order.iter().map(|&j| beta[j].hi * power(shares.powers[j])).collect();
        for (d, w) in moved.iter().zip(shares.of(&basic)) {
            let share = Dd::from(w * power(-shares.powers[d.column]));
            beta[d.column] = share;
            intercept = intercept - share * design.x[d.column].mean;
            for (&j, &c) in factor.order.iter().zip(&d.combination) {
                let moved = share * c.into();
                beta[j] = beta[j] - moved;
                intercept = intercept + moved * design.x[j].mean;
            }
        }
        start.push(Coefficients { intercept: if design.intercept { intercept } else { Dd::ZERO }, beta });
    }
    let mut again = refine(design, &factor, l2, Some(start));
    for (new, old) in again.iter_mut().zip(&targets) {
        let size = norm(
            &factor.order.iter().zip(&factor.norm).map(|(&j, n)| old.coefficients.beta[j].hi * n).collect::<Vec<_>>(),
        );
        // How the coefficients are shared out is known to the precision of f64 alone.
        new.sharing = 16.0 * f64::EPSILON * factor.condition * shares.condition * size;
        new.passes += old.passes;
    }
    Solved { factor, targets: again }
}

/// The coefficients of dependent columns in the solution of least norm, from the basic solution u: with x_D = x_I C it is
/// W_D = Cᵀ (I + C Cᵀ)⁻¹ u = (I + Cᵀ C)⁻¹ Cᵀ u, of which the smaller system is solved.
struct Shares {
    /// The exponents of the units of the columns, the largest 0. Those of very large columns, whose coefficients add nothing to
    /// the norm, are raised to keep squares in range.
    powers: Vec<i32>,
    /// C by dependent column, in these units.
    c: Vec<Vec<f64>>,
    /// Cholesky factor of the system, by columns.
    r: Vec<Vec<f64>>,
    inner: bool,
    condition: f64,
}

impl Shares {
    fn new<T: Real>(design: &Design<'_, T>, factor: &Factor, moved: &[&Dependent]) -> Option<Self> {
        if moved.is_empty() {
            return None;
        }
        let largest = (0..design.features()).map(|j| design.power(j)).max().unwrap_or(0);
        let powers: Vec<i32> = (0..design.features()).map(|j| (design.power(j) - largest).max(-400)).collect();
        let column = |d: &&Dependent| {
            let pairs = d.combination.iter().zip(&factor.order);
            pairs.map(|(c, &l)| c * power(powers[l] - powers[d.column])).collect()
        };
        let c: Vec<Vec<f64>> = moved.iter().map(column).collect();
        let (m, r) = (c.len(), factor.rank());
        let inner = m <= r;
        let row = |i: usize| -> Vec<f64> { c.iter().map(|c| c[i]).collect() };
        let vectors: Vec<Vec<f64>> = if inner { c.clone() } else { (0..r).map(row).collect() };
        let size = 1.0 + vectors.iter().map(|v| super::factor::dot(v, v)).sum::<f64>();
        let r =
            cholesky(vectors.len(), |i, j| super::factor::dot(&vectors[i], &vectors[j]) + f64::from(u8::from(i == j)))?;
        size.is_finite().then_some(Self { powers, c, r, inner, condition: size.sqrt() })
    }

    fn of(&self, u: &[f64]) -> Vec<f64> {
        let times = |u: &[f64]| -> Vec<f64> { self.c.iter().map(|c| super::factor::dot(c, u)).collect() };
        if self.inner {
            let mut w = times(u);
            solve(&self.r, &mut w);
            return w;
        }
        let mut a = u.to_vec();
        solve(&self.r, &mut a);
        times(&a)
    }
}

/// Cholesky factor by columns of a positive definite matrix; `None` where it is not.
fn cholesky(side: usize, entry: impl Fn(usize, usize) -> f64) -> Option<Vec<Vec<f64>>> {
    let mut r: Vec<Vec<f64>> = Vec::with_capacity(side);
    for j in 0..side {
        let mut next: Vec<f64> = (0..j).map(|i| entry(i, j)).collect();
        for i in 0..j {
            next[i] = (next[i] - super::factor::dot(&r[i][..i], &next[..i])) / r[i][i];
        }
        let rest = entry(j, j) - super::factor::dot(&next, &next);
        if !(rest > 0.0 && rest.is_finite()) {
            return None;
        }
        next.push(rest.sqrt());
        r.push(next);
    }
    Some(r)
}

fn solve(r: &[Vec<f64>], v: &mut [f64]) {
    for j in 0..v.len() {
        v[j] = (v[j] - super::factor::dot(&r[j][..j], &v[..j])) / r[j][j];
    }
    for j in (0..v.len()).rev() {
        v[j] /= r[j][j];
        let (above, rest) = v.split_at_mut(j);
        above.iter_mut().zip(&r[j]).for_each(|(v, r)| *v -= r * rest[0]);
    }
}
