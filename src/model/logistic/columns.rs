//! Which features are combinations of others.

use crate::Real;
use crate::data::Dataset;
use crate::linalg::gram;
use crate::risk::Scaling;
use nalgebra::DMatrix;

/// The features in order, each independent of those before it or a combination of them.
pub(super) struct Columns {
    pub independent: Vec<usize>,
    pub dependent: Vec<Dependent>,
    /// Whether the data confirm it: every dependent feature is a combination to rounding, and none was close to one.
    pub confirmed: bool,
    /// L of the weighted Gram matrix of (1, independent features), column by column; 1 only with an intercept.
    lower: Vec<Vec<f64>>,
    bias: bool,
}

/// x̃ⱼ = Σ cₗ x̃ₗ + constant, in scaled features; an empty list for a constant.
pub(super) struct Dependent {
    pub column: usize,
    pub on: Vec<(usize, f64)>,
    pub constant: f64,
}

impl Dependent {
    /// xⱼ = constant + Σ share xₗ in the units of the data: the shares, the constant, and the size of its rounding.
    pub fn combination(&self, scaling: &Scaling) -> (Vec<(usize, f64)>, f64, f64) {
        let own = scaling.scale[self.column];
        let shares: Vec<(usize, f64)> = self.on.iter().map(|&(l, c)| (l, c * own * scaling.inverse[l])).collect();
        let level = scaling.shift[self.column] + own * self.constant;
        let constant = shares.iter().fold(level, |sum, &(l, c)| sum - c * scaling.shift[l]);
        let size = scaling.shift[self.column].abs() + own;
        let size = shares.iter().fold(size, |size, &(l, c)| size + (c * scaling.shift[l]).abs());
        let far: f64 = shares.iter().map(|&(l, _)| (scaling.shift[l] * scaling.inverse[l]).abs()).sum();
        (shares, constant, ROUNDING * size * (1.0 + far))
    }
}

/// A combination is one if the data differ from it by at most this, relatively.
const ROUNDING: f64 = 1e-12;

/// Below this share of its square a column's part that others do not explain may be rounding.
const SUSPECT: f64 = 1e-11;

impl Columns {
    /// Weighted by `weights`, one per sample.
    pub fn new<T: Real>(data: &Dataset<'_, T>, scaling: &Scaling, bias: bool, weights: &[f64]) -> Self {
        let p = data.features();
        let ones = vec![1.0; if bias { data.samples() } else { 0 }];
        let extras = [ones.as_slice()];
        let gram = gram::gram(data.x(), &extras[..usize::from(bias)], &scaling.shift, Some(weights));
        let inverse = |j: usize| scaling.inverse.get(j).copied().unwrap_or(1.0);
        let entry = |i: usize, j: usize| gram.at(i, j) * inverse(i) * inverse(j);
        let mut columns =
            Self { independent: Vec::new(), dependent: Vec::new(), confirmed: true, lower: Vec::new(), bias };
        // The intercept is independent of nothing before it; its index in the Gram matrix is p.
        let mut kept = Vec::new();
        for j in bias.then_some(p).into_iter().chain(0..p) {
            let square = entry(j, j);
            if j < p && scaling.inverse[j] == 0.0 {
                columns.dependent.push(Dependent { column: j, on: Vec::new(), constant: 0.0 });
                continue;
            }
            // l = L⁻¹ g, one column of Lᵀ more.
            let mut l: Vec<f64> = Vec::with_capacity(kept.len() + 1);
            for (row, &i) in columns.lower.iter().zip(&kept) {
                let sum: f64 = row.iter().zip(&l).map(|(a, b)| a * b).sum();
                l.push((entry(i, j) - sum) / row[l.len()]);
            }
            let pivot = square - l.iter().map(|l| l * l).sum::<f64>();
            if j < p && pivot <= SUSPECT * square {
                match columns.combination(data, scaling, weights, j, &l) {
                    Some(dependent) => {
                        columns.dependent.push(dependent);
                        continue;
                    }
                    None => columns.confirmed = false,
                }
            }
            if !(pivot > 0.0 && pivot.is_finite()) {
                columns.confirmed = false;
            }
            l.push(pivot.max(f64::EPSILON * square).max(f64::MIN_POSITIVE).sqrt());
            columns.lower.push(l);
            kept.push(j);
            if j < p {
                columns.independent.push(j);
            }
        }
        columns
    }

    /// c with Lᵀ c = l, and L Lᵀ c = r for `from_the_left`.
    pub fn solve(&self, r: &mut [f64], from_the_left: bool) {
        let m = r.len();
        if from_the_left {
            for i in 0..m {
                let sum: f64 = self.lower[i].iter().zip(r.iter()).take(i).map(|(a, b)| a * b).sum();
                r[i] = (r[i] - sum) / self.lower[i][i];
            }
        }
        for i in (0..m).rev() {
            let sum: f64 = (i + 1..m).map(|row| self.lower[row][i] * r[row]).sum();
            r[i] = (r[i] - sum) / self.lower[i][i];
        }
    }

    /// rᵀ G⁻¹ r for r over (1, independent features).
    pub fn inverse_form(&self, r: &[f64]) -> f64 {
        let mut x = r.to_vec();
        self.solve(&mut x, true);
        x.iter().zip(r).map(|(x, r)| x * r).sum()
    }

    /// How many coefficients: independent features, and the intercept.
    pub fn len(&self) -> usize {
        self.lower.len()
    }

    /// L⁻ᵀ, whose product with its transpose is G⁻¹.
    pub fn inverse_root(&self) -> DMatrix<f64> {
        let m = self.len();
        let mut root = DMatrix::identity(m, m);
        root.column_iter_mut().for_each(|mut column| self.solve(column.as_mut_slice(), false));
        root
    }

    /// How much the other features inflate the variance of each; NaN for dependent ones.
    pub fn inflation(&self, inverse_root: &DMatrix<f64>, bias: bool, features: usize) -> Vec<f64> {
        let first = usize::from(bias);
        let mut inflation = vec![f64::NAN; features];
        for (position, &j) in self.independent.iter().enumerate() {
            // Row of L without the part that the intercept explains.
            let own: f64 = self.lower[first + position][first..].iter().map(|l| l * l).sum();
            inflation[j] = own * inverse_root.row(first + position).norm_squared();
        }
        inflation
    }

    /// The condition of the weighted features, each of norm 1 and centred if there is an intercept.
    pub fn condition(&self, bias: bool) -> f64 {
        let first = usize::from(bias);
        let rows: Vec<&[f64]> = self.lower[first..].iter().map(|row| &row[first..]).collect();
        let lower = DMatrix::from_fn(rows.len(), rows.len(), |i, j| {
            rows[i].get(j).map_or(0.0, |l| l / rows[i].iter().map(|l| l * l).sum::<f64>().sqrt())
        });
        let values = lower.singular_values();
        if values.is_empty() { 1.0 } else { values.max() / values.min() }
    }

    /// Column j as the combination that `l` says, improved once, if the data confirm it.
    fn combination<T: Real>(
        &self,
        data: &Dataset<'_, T>,
        scaling: &Scaling,
        weights: &[f64],
        j: usize,
        l: &[f64],
    ) -> Option<Dependent> {
        let mut c = l.to_vec();
        self.solve(&mut c, false);
        let scaled = |j: usize, i: usize| (data.feature(j)[i].to_f64() - scaling.shift[j]) * scaling.inverse[j];
        let first = usize::from(self.bias);
        // `weights` may have vanished where a probability is 0 or 1; such a row says as much about the columns as any other.
        let counts = |i: usize| data.weights().is_none_or(|w| w[i] > T::zero());
        for pass in 0..3 {
            let (mut rest, mut size) = (vec![0.0; data.samples()], 0.0f64);
            for (i, rest) in rest.iter_mut().enumerate().filter(|(i, _)| counts(*i)) {
                let (mut sum, mut terms) = (scaled(j, i), scaled(j, i).abs());
                for (&column, c) in self.independent.iter().zip(&c[first..]) {
                    sum -= c * scaled(column, i);
                    terms += (c * scaled(column, i)).abs();
                }
                *rest = if self.bias { sum - c[0] } else { sum };
                size = size.max(terms);
            }
            if rest.iter().all(|rest| rest.abs() <= ROUNDING * size) {
                let on = self.independent.iter().copied().zip(c[first..].iter().copied());
                let on = on.filter(|(_, c)| c.abs() > ROUNDING).collect();
                return Some(Dependent { column: j, on, constant: if self.bias { c[0] } else { 0.0 } });
            }
            if pass == 2 {
                return None;
            }
            let weighted: Vec<f64> = rest.iter().zip(weights).map(|(rest, w)| rest * w).collect();
            let mut r: Vec<f64> = if self.bias { vec![weighted.iter().sum()] } else { Vec::new() };
            r.extend(self.independent.iter().map(|&column| {
                weighted.iter().enumerate().filter(|(_, w)| **w != 0.0).map(|(i, w)| w * scaled(column, i)).sum::<f64>()
            }));
            self.solve(&mut r, true);
            c.iter_mut().zip(&r).for_each(|(c, r)| *c += r);
        }
        None
    }
}
