//! A lane of the conditioned risk: a fixed run of blocks with scratch of its own.

use super::scaling::Scaling;
use crate::Real;
use crate::data::Dataset;
use crate::linalg::{Block, block_rows, carried::Carried, gram::Gram, product, reshape, threads};
use crate::loss::Curvature;
use nalgebra::DMatrix;
use std::ops::Range;

/// What all lanes of a pass read.
pub(super) struct Task<'r, T: Real> {
    pub data: &'r Dataset<'r, T>,
    pub loss: &'r dyn Curvature<f64>,
    pub targets: &'r [f64],
    pub weights: Option<&'r [f64]>,
    /// 1 / Σ w.
    pub share: f64,
    pub scaling: &'r Scaling,
    pub lanes: usize,
}

impl<T: Real> Task<'_, T> {
    fn runs(&self, i: usize) -> impl Iterator<Item = Range<usize>> + use<T> {
        let (n, rows) = (self.data.samples(), block_rows(self.data.features()));
        let (first, end) = threads::run(n.div_ceil(rows), self.lanes, i);
        (first..end).map(move |block| block * rows..((block + 1) * rows).min(n))
    }

    fn targets(&self, rows: &Range<usize>) -> &[f64] {
        let k = self.data.outputs();
        &self.targets[k * rows.start..k * rows.end]
    }

    fn weights(&self, rows: &Range<usize>) -> Option<&[f64]> {
        self.weights.map(|w| &w[rows.clone()])
    }
}

/// Scratch of one lane, and the sums it ends with.
pub(super) struct Lane<T: Real> {
    /// The block at hand as x − m, in f64.
    centred: DMatrix<f64>,
    z: Vec<f64>,
    dz: Vec<f64>,
    u: Vec<f64>,
    part: Vec<f64>,
    pub gradient: Carried<f64>,
    pub value: Carried<f64>,
    /// One a pair of outputs c ≤ d.
    pub grams: Vec<Gram>,
    kind: std::marker::PhantomData<T>,
}

impl<T: Real> Default for Lane<T> {
    fn default() -> Self {
        Self {
            centred: DMatrix::zeros(0, 0),
            z: Vec::new(),
            dz: Vec::new(),
            u: Vec::new(),
            part: Vec::new(),
            gradient: Carried::default(),
            value: Carried::default(),
            grams: Vec::new(),
            kind: std::marker::PhantomData,
        }
    }
}

impl<T: Real> Lane<T> {
    fn load(&mut self, task: &Task<'_, T>, rows: &Range<usize>) {
        let p = task.data.features();
        reshape(&mut self.centred, rows.len(), p);
        for (j, out) in self.centred.as_mut_slice().chunks_exact_mut(rows.len()).enumerate() {
            let m = task.scaling.shift[j];
            out.iter_mut().zip(&task.data.feature(j)[rows.clone()]).for_each(|(out, &x)| *out = x.to_f64() - m);
        }
    }

    fn scores(&mut self, task: &Task<'_, T>, w: &[f64]) {
        let k = task.data.outputs();
        let (w, a) = w.split_at(k * task.data.features());
        self.z.resize(k * self.centred.nrows(), 0.0);
        product::forward_block(w, a, k, &Block::new(self.centred.as_view()), &mut self.z);
    }

    fn backward(&mut self, task: &Task<'_, T>) {
        let k = task.data.outputs();
        self.part.fill(0.0);
        let (dw, da) = self.part.split_at_mut(k * task.data.features());
        product::backward_block(&self.dz, k, &Block::new(self.centred.as_view()), dw, da);
        self.gradient.add(&self.part);
    }

    pub fn value(&mut self, task: &Task<'_, T>, i: usize, w: &[f64]) {
        self.value.reset(1);
        for rows in task.runs(i) {
            self.load(task, &rows);
            self.scores(task, w);
            let sum = task.loss.block_value(&self.z, task.targets(&rows), task.data.outputs(), task.weights(&rows));
            self.value.add(&[sum]);
        }
    }

    fn start(&mut self, dim: usize) {
        self.value.reset(1);
        self.gradient.reset(dim);
        self.part.resize(dim, 0.0);
    }

    pub fn gradient(&mut self, task: &Task<'_, T>, i: usize, w: &[f64]) {
        let k = task.data.outputs();
        self.start(w.len());
        for rows in task.runs(i) {
            self.load(task, &rows);
            self.scores(task, w);
            self.dz.resize(self.z.len(), 0.0);
            let (y, weights) = (task.targets(&rows), task.weights(&rows));
            let sum = task.loss.block_gradient(&self.z, y, k, weights, task.share, &mut self.dz);
            self.value.add(&[sum]);
            self.backward(task);
        }
    }

    /// Σ w̄ ∂²ℓ/∂z_c∂z_d (x − m)(x − m)ᵀ for every pair c ≤ d.
    pub fn hessian(&mut self, task: &Task<'_, T>, i: usize, w: &[f64]) {
        let (p, k) = (task.data.features(), task.data.outputs());
        let extras = usize::from(w.len() > p * k);
        self.grams.resize_with(k * (k + 1) / 2, || Gram::new(p, extras));
        self.grams.iter_mut().for_each(Gram::clear);
        let mut curvature = vec![0.0; k * k];
        let (mut shares, mut ones) = (Vec::new(), Vec::new());
        for rows in task.runs(i) {
            self.load(task, &rows);
            self.scores(task, w);
            let b = rows.len();
            shares.clear();
            shares.resize(b * self.grams.len(), 0.0);
            ones.resize(b, 1.0);
            let samples = self.z.chunks_exact(k).zip(task.targets(&rows).chunks_exact(k));
            for (i, (z, y)) in samples.enumerate() {
                let weight = task.weights(&rows).map_or(task.share, |w| w[i] * task.share);
                if weight > 0.0 {
                    task.loss.curvature(z, y, &mut curvature);
                    let upper = (0..k).flat_map(|c| (c..k).map(move |d| c * k + d));
                    upper.enumerate().for_each(|(pair, cd)| shares[pair * b + i] = weight * curvature[cd]);
                }
            }
            let block = Block::new(self.centred.as_view());
            for (gram, shares) in self.grams.iter_mut().zip(shares.chunks_exact(b)) {
                gram.add(&block, &[ones.as_slice()][..extras], &[], Some(shares));
            }
        }
    }

    /// Σ w̄ Jᵀ ∂²ℓ J u.
    pub fn product(&mut self, task: &Task<'_, T>, i: usize, w: &[f64], u: &[f64]) {
        let k = task.data.outputs();
        self.start(w.len());
        for rows in task.runs(i) {
            self.load(task, &rows);
            self.scores(task, u);
            std::mem::swap(&mut self.u, &mut self.z);
            self.scores(task, w);
            self.dz.clear();
            self.dz.resize(self.z.len(), 0.0);
            let samples = self.z.chunks_exact(k).zip(task.targets(&rows).chunks_exact(k)).zip(self.u.chunks_exact(k));
            for (i, (((z, y), u), dz)) in samples.zip(self.dz.chunks_exact_mut(k)).enumerate() {
                let weight = task.weights(&rows).map_or(task.share, |w| w[i] * task.share);
                if weight > 0.0 {
                    task.loss.curvature_product(z, y, u, dz);
                    dz.iter_mut().for_each(|dz| *dz *= weight);
                }
            }
            self.backward(task);
        }
    }
}
