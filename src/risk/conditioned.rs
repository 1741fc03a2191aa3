//! The risk over an affine layer in centred, scaled coordinates and in f64: what solvers of linear models work on.

mod lane;
mod preconditioner;
mod sample;
mod scaling;

use crate::data::{Dataset, Moderate, feature_name};
use crate::layer::Affine;
use crate::linalg::power::{decimal_exponent, exponent, times_power};
use crate::linalg::{Block, carried::Carried, gram::Gram, threads};
use crate::loss::Curvature;
use crate::objective::{Coordinates, Hessian, Objective};
use crate::{Error, Real, Result};
use lane::{Lane, Task};
use nalgebra::DMatrix;
use preconditioner::Preconditioner;
pub(crate) use scaling::Scaling;

/// Numbers of the sums that are made at once, a bound on their memory.
const SUMS: usize = 1 << 23;
/// Work is cut into at most this many lanes, whatever the number of threads.
const LANES: usize = 16;

/// R of φ = (V, a) with vⱼ = sⱼ wⱼ and a = b + Σⱼ mⱼ wⱼ, so that W x + b = Σⱼ vⱼ (xⱼ − mⱼ) / sⱼ + a.
///
/// A feature that is constant has sⱼ = 0: it stays out, with wⱼ = 0. Without an intercept mⱼ = 0. All this is of features in
/// [`Moderate`] units; θ is in the user's.
pub(super) struct Conditioned<'r, T: Real> {
    data: Moderate<'r, T>,
    loss: &'r dyn Curvature<f64>,
    /// The targets, where the data have none in f64.
    targets: Option<DMatrix<f64>>,
    weights: Option<Vec<f64>>,
    total: f64,
    l2: f64,
    /// λ of ½ λ ‖V‖², added to the penalty.
    damping: f64,
    bias: bool,
    scaling: Scaling,
    in_place: bool,
    lanes: Vec<Lane>,
    sums: Carried<f64>,
    preconditioner: Option<Preconditioner>,
}

impl<'r, T: Real> Conditioned<'r, T> {
    pub fn new(data: &'r Dataset<'r, T>, layer: &Affine, loss: &'r dyn Curvature<f64>, l2: f64) -> Self {
        let data = Moderate::new(data);
        let mut scaling = Scaling::new(&data, layer.has_bias());
        scaling.penalize(l2, |j| data.power(j));
        Self::scaled(data, layer.has_bias(), loss, l2, scaling)
    }

    fn scaled(data: Moderate<'r, T>, bias: bool, loss: &'r dyn Curvature<f64>, l2: f64, scaling: Scaling) -> Self {
        let targets = if T::in_f64(data.y()).is_none() { Some(data.y().map(|y| y.to_f64())) } else { None };
        let weights = data.relative_weights().map(|weights| weights.iter().map(|w| w.to_f64()).collect());
        let blocks = data.samples().div_ceil(lane::rows(&data));
        let total = data.total_weight();
        let in_place = data.outputs() == 1 && scaling.is_mild() && T::in_f64(data.x()).is_some();
        Self {
            data,
            loss,
            targets,
            weights,
            total,
            l2,
            damping: 0.0,
            bias,
            in_place,
            scaling,
            lanes: (0..blocks.min(LANES)).map(|_| Lane::default()).collect(),
            sums: Carried::default(),
            preconditioner: None,
        }
    }

    fn outputs(&self) -> usize {
        self.data.outputs()
    }

    /// The features and the intercept, if there is one.
    fn columns(&self) -> usize {
        self.data.features() + usize::from(self.bias)
    }

    /// 1 / sⱼ, 1 for the intercept.
    fn inverse(&self, j: usize) -> f64 {
        self.scaling.inverse.get(j).copied().unwrap_or(1.0)
    }

    /// The numbers of W.
    fn weights_len(&self) -> usize {
        self.data.features() * self.outputs()
    }

    fn each_lane(&mut self, cost: usize, work: impl Fn(&Task<'_, T>, usize, &mut Lane) + Sync) {
        let Some(targets) = self.targets.as_ref().map(DMatrix::as_view).or_else(|| T::in_f64(self.data.y())) else {
            return;
        };
        let task = Task {
            data: &self.data,
            loss: self.loss,
            targets: Block::new(targets),
            weights: self.weights.as_deref(),
            share: 1.0 / self.total,
            scaling: &self.scaling,
            in_place: self.in_place,
            lanes: self.lanes.len(),
        };
        threads::for_each(&mut self.lanes, cost, |i, lane| work(&task, i, lane));
    }

    fn cost(&self) -> usize {
        threads::cost(&[4, self.data.samples(), self.dim() + self.outputs()])
    }

    /// V / s, one column a feature, then a: what the lanes multiply x − m with; in place, where they see x, b instead of a.
    fn unscale(&self, phi: &[f64]) -> Vec<f64> {
        let k = self.outputs();
        let mut w = phi.to_vec();
        for (v, inverse) in w.chunks_exact_mut(k).zip(&self.scaling.inverse) {
            v.iter_mut().for_each(|v| *v *= inverse);
        }
        if self.in_place {
            self.recentre(&mut w);
        }
        w
    }

    /// b = a − Σⱼ mⱼ wⱼ.
    fn recentre(&self, w: &mut [f64]) {
        let (w, a) = w.split_at_mut(self.weights_len());
        for (w, shift) in w.chunks_exact(self.outputs()).zip(&self.scaling.shift) {
            a.iter_mut().zip(w).for_each(|(a, w)| *a -= shift * w);
        }
    }

    /// Adds the lanes' gradients in order: dW of features (x − m), to be divided by s, then db.
    fn merge(&mut self, out: &mut [f64]) {
        self.sums.reset(out.len());
        for lane in &self.lanes {
            self.sums.merge(&lane.gradient);
        }
        self.sums.write(out);
        let (dw, da) = out.split_at_mut(self.data.features() * self.data.outputs());
        for (j, dw) in dw.chunks_exact_mut(self.data.outputs()).enumerate() {
            if self.in_place {
                dw.iter_mut().zip(&*da).for_each(|(dw, da)| *dw -= self.scaling.shift[j] * da);
            }
            dw.iter_mut().for_each(|dw| *dw *= self.scaling.inverse[j]);
        }
    }

    /// Calls `use_it` with the sums over all lanes of [`Lane::hessian`] for each of the pairs, in their order.
    fn each_gram(
        &mut self,
        phi: &[f64],
        pairs: &[(usize, usize)],
        mut use_it: impl FnMut(&Self, (usize, usize), &Gram),
    ) {
        let w = self.unscale(phi);
        let size = self.columns();
        for pairs in pairs.chunks((SUMS / threads::cost(&[self.lanes.len().max(1), size, size])).max(1)) {
            let cost = threads::cost(&[pairs.len(), size, size, self.data.samples()]);
            self.each_lane(cost, |task, i, lane| lane.hessian(task, i, &w, pairs));
            let Some((first, others)) = self.lanes.split_first_mut() else { return };
            for (pair, sum) in first.grams.iter_mut().enumerate() {
                others.iter().for_each(|lane| sum.merge(&lane.grams[pair]));
            }
            for (&pair, gram) in pairs.iter().zip(&self.lanes[0].grams) {
                use_it(self, pair, gram);
            }
        }
    }

    fn mean(&mut self) -> f64 {
        self.sums.reset(1);
        for lane in &self.lanes {
            self.sums.merge(&lane.value);
        }
        let mut sum = [0.0];
        self.sums.write(&mut sum);
        sum[0] / self.total
    }

    /// λ / sⱼ², the penalty's curvature in vⱼ.
    fn ridge(&self, j: usize) -> f64 {
        let inverse = times_power(self.scaling.inverse[j], self.data.power(j));
        self.l2 * inverse * inverse + self.damping
    }

    fn is_penalized(&self) -> bool {
        self.l2 + self.damping > 0.0
    }

    fn penalty(&self, phi: &[f64]) -> f64 {
        if !self.is_penalized() {
            return 0.0;
        }
        let v = phi[..self.weights_len()].chunks_exact(self.outputs());
        0.5 * v.enumerate().map(|(j, v)| self.ridge(j) * v.iter().map(|v| v * v).sum::<f64>()).sum::<f64>()
    }

    fn add_penalty(&self, v: &[f64], out: &mut [f64]) {
        if !self.is_penalized() {
            return;
        }
        let k = self.outputs();
        for (j, (out, v)) in out[..self.weights_len()].chunks_exact_mut(k).zip(v.chunks_exact(k)).enumerate() {
            out.iter_mut().zip(v).for_each(|(out, v)| *out += self.ridge(j) * v);
        }
    }

    /// Where ℓ does not change when all scores move together, neither does R along (1, ..., 1) of a column whose penalty, if
    /// any, is below rounding. The gradient is 0 along there, so curvature added there changes no step, but makes the Hessian
    /// definite.
    fn close_the_shift(&self, h: &mut DMatrix<f64>) {
        let k = self.outputs();
        if !self.loss.ignores_shift(k) {
            return;
        }
        for start in (0..h.nrows()).step_by(k) {
            let mean = (start..start + k).map(|i| h[(i, i)]).sum::<f64>() / k as f64;
            if self.l2 > 0.0 && start < self.weights_len() && self.ridge(start / k) > f64::EPSILON * mean {
                continue;
            }
            for (i, j) in (0..k).flat_map(|i| (0..k).map(move |j| (start + i, start + j))) {
                h[(i, j)] += mean;
            }
        }
    }
}

impl<T: Real> Objective<f64> for Conditioned<'_, T> {
    fn dim(&self) -> usize {
        self.weights_len() + if self.bias { self.outputs() } else { 0 }
    }

    fn value(&mut self, phi: &[f64]) -> f64 {
        let w = self.unscale(phi);
        self.each_lane(self.cost(), |task, i, lane| lane.value(task, i, &w));
        self.mean() + self.penalty(phi)
    }

    fn gradient(&mut self, phi: &[f64], grad: &mut [f64]) -> f64 {
        let w = self.unscale(phi);
        self.each_lane(self.cost(), |task, i, lane| lane.gradient(task, i, &w));
        self.merge(grad);
        self.add_penalty(phi, grad);
        self.mean() + self.penalty(phi)
    }
}

impl<T: Real> Hessian<f64> for Conditioned<'_, T> {
    fn hessian(&mut self, phi: &[f64], h: &mut DMatrix<f64>) {
        let (p, k) = (self.data.features(), self.outputs());
        let pairs: Vec<(usize, usize)> = (0..k).flat_map(|c| (c..k).map(move |d| (c, d))).collect();
        self.each_gram(phi, &pairs, |risk, (c, d), gram| {
            let columns = risk.columns();
            for (j, l) in (0..columns).flat_map(|j| (0..columns).map(move |l| (j, l))) {
                let entry = gram.at(j, l) * risk.inverse(j) * risk.inverse(l);
                h[(j * k + c, l * k + d)] = entry;
                h[(l * k + d, j * k + c)] = entry;
            }
        });
        if self.is_penalized() {
            (0..p * k).for_each(|i| h[(i, i)] += self.ridge(i / k));
        }
        self.close_the_shift(h);
    }

    fn hessian_product(&mut self, phi: &[f64], v: &[f64], hv: &mut [f64]) {
        let (w, u) = (self.unscale(phi), self.unscale(v));
        self.each_lane(self.cost(), |task, i, lane| lane.product(task, i, &w, &u));
        self.merge(hv);
        self.add_penalty(v, hv);
    }
}

/// v s 2ᵏ, where v s alone may be out of range.
fn product(v: f64, s: f64, k: i32) -> f64 {
    if k == 0 {
        return v * s;
    }
    let size = exponent(s);
    times_power(v * times_power(s, -size), size + k)
}

impl<T: Real> Coordinates<T> for Conditioned<'_, T> {
    fn inward(&self, theta: &[T], phi: &mut [f64]) {
        let (k, split) = (self.outputs(), self.weights_len());
        phi.iter_mut().zip(theta).for_each(|(phi, theta)| *phi = theta.to_f64());
        let (v, a) = phi.split_at_mut(split);
        for (j, v) in v.chunks_exact_mut(k).enumerate() {
            let power = -self.data.power(j);
            a.iter_mut().zip(v.iter()).for_each(|(a, v)| *a += self.scaling.shift[j] * times_power(*v, power));
            v.iter_mut().for_each(|v| *v = product(*v, self.scaling.scale[j], power));
        }
    }

    fn outward(&self, phi: &[f64], theta: &mut [T]) {
        let mut w = self.unscale(phi);
        if !self.in_place {
            self.recentre(&mut w);
        }
        let (k, split) = (self.outputs(), self.weights_len());
        for (i, (w, v)) in w[..split].iter_mut().zip(phi).enumerate() {
            *w = product(*v, self.scaling.inverse[i / k], self.data.power(i / k));
        }
        theta.iter_mut().zip(&w).for_each(|(theta, &w)| *theta = T::of(w));
    }

    fn fits(&self, phi: &[f64], theta: &[T]) -> Result<()> {
        let out = |i: &usize| phi[*i].is_finite() && !theta[*i].is_finite();
        match (0..self.weights_len()).find(out) {
            None => Ok(()),
            Some(i) => {
                let j = i / self.outputs();
                let exponent = decimal_exponent(phi[i] * self.scaling.inverse[j], self.data.power(j));
                Err(Error::Range { what: "coefficient", of: feature_name(&self.data, j), exponent })
            }
        }
    }

    /// Features so small beside the penalty that no score shows them: v = −(∂R/∂v less the penalty's part) / (λ / s²).
    fn settle(&self, phi: &mut [f64], grad: &mut [f64]) {
        let numbers = phi.iter_mut().zip(grad).take(self.weights_len());
        for (i, (phi, grad)) in numbers.enumerate() {
            if self.scaling.faint[i / self.outputs()] {
                *phi -= *grad / self.ridge(i / self.outputs());
                *grad = 0.0;
            }
        }
    }

    /// ∂R/∂wⱼ = sⱼ ∂R/∂vⱼ + mⱼ ∂R/∂a.
    fn gradient_norm(&self, grad: &[f64]) -> f64 {
        let k = self.outputs();
        let (dv, da) = grad.split_at(self.weights_len());
        let mut norm = da.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        for (j, dv) in dv.chunks_exact(k).enumerate() {
            for (c, dv) in dv.iter().enumerate() {
                let slope = self.scaling.scale[j] * dv + self.scaling.shift[j] * da.get(c).copied().unwrap_or(0.0);
                norm = norm.max(times_power(slope, -self.data.power(j)).abs());
            }
        }
        norm.min(f64::MAX)
    }

    fn rounding(&self) -> f64 {
        f64::EPSILON
    }

    fn approach(&mut self, phi: &mut [f64]) -> bool {
        self.approach_by_sample(phi)
    }

    fn precondition(&mut self, r: &mut [f64]) -> bool {
        if self.preconditioner.is_none() {
            self.preconditioner = Some(self.curvature_at_zero());
        }
        self.preconditioner.as_mut().is_some_and(|preconditioner| preconditioner.apply(r))
    }

    fn renewal_cost(&self) -> f64 {
        self.cost_of_curvature()
    }

    fn renew(&mut self, phi: &[f64]) {
        let renewed = self.curvature_at(phi);
        if !renewed.is_none() {
            self.preconditioner = Some(renewed);
        }
    }

    /// As measured: two gradients for reading and weighing, and the products.
    fn hessian_cost(&self) -> f64 {
        let (p, k) = (self.data.features() as f64, self.outputs() as f64);
        2.0 + p * (k + 1.0) / 50.0
    }
}
