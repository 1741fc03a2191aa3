//! A lane of the conditioned risk: a fixed run of blocks with scratch of its own.

use super::scaling::Scaling;
use crate::Real;
use crate::data::Dataset;
use crate::linalg::{Block, PADDING, block_rows, carried::Carried, gram::Gram, product, reshape, threads};
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
    /// Whether passes read the data as they lie, without a centred copy.
    pub in_place: bool,
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
    /// The block at hand as x − m, in f64, [packed](Block::packed).
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
    /// The block of these rows that scores are taken of: where the task says so the data themselves, else x − m.
    fn load<'l>(centred: &'l mut DMatrix<f64>, task: &'l Task<'_, T>, rows: &Range<usize>) -> Block<'l, f64> {
        if let Some(x) = task.in_place.then(|| T::in_f64(task.data.rows(rows.clone()))).flatten() {
            return Block::new(x);
        }
        let (b, p) = (rows.len(), task.data.features());
        reshape(centred, b + PADDING, p);
        for (j, out) in centred.as_mut_slice().chunks_exact_mut(b + PADDING).enumerate() {
            let m = task.scaling.shift[j];
            out.iter_mut().zip(&task.data.feature(j)[rows.clone()]).for_each(|(out, &x)| *out = x.to_f64() - m);
        }
        Block::packed(centred, b)
    }

    pub fn value(&mut self, task: &Task<'_, T>, i: usize, w: &[f64]) {
        self.value.reset(1);
        for rows in task.runs(i) {
            let block = Self::load(&mut self.centred, task, &rows);
            scores(&block, w, task.data.outputs(), &mut self.z);
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
            let block = Self::load(&mut self.centred, task, &rows);
            scores(&block, w, k, &mut self.z);
            self.dz.resize(self.z.len(), 0.0);
            let (y, weights) = (task.targets(&rows), task.weights(&rows));
            let sum = task.loss.block_gradient(&self.z, y, k, weights, task.share, &mut self.dz);
            self.value.add(&[sum]);
            backward(&block, &self.dz, k, &mut self.part, &mut self.gradient);
        }
    }

    /// Σ w̄ ∂²ℓ/∂z_c∂z_d (x − m)(x − m)ᵀ for every one of the pairs (c, d).
    pub fn hessian(&mut self, task: &Task<'_, T>, i: usize, w: &[f64], pairs: &[(usize, usize)]) {
        let (p, k) = (task.data.features(), task.data.outputs());
        let extras = usize::from(w.len() > p * k);
        self.grams.resize_with(pairs.len(), || Gram::new(p, extras));
        self.grams.iter_mut().for_each(Gram::clear);
        let mut curvature = vec![0.0; k * k];
        let (mut shares, mut ones) = (Vec::new(), Vec::new());
        let shift = if task.in_place { &task.scaling.shift[..] } else { &[] };
        for rows in task.runs(i) {
            let block = Self::load(&mut self.centred, task, &rows);
            scores(&block, w, k, &mut self.z);
            let b = rows.len();
            shares.clear();
            shares.resize(b * pairs.len(), 0.0);
            ones.resize(b, 1.0);
            let samples = self.z.chunks_exact(k).zip(task.targets(&rows).chunks_exact(k));
            for (i, (z, y)) in samples.enumerate() {
                let weight = task.weights(&rows).map_or(task.share, |w| w[i] * task.share);
                if weight > 0.0 {
                    task.loss.curvature(z, y, &mut curvature);
                    let entries = pairs.iter().map(|&(c, d)| curvature[c * k + d]).enumerate();
                    entries.for_each(|(pair, entry)| shares[pair * b + i] = weight * entry);
                }
            }
            for (gram, shares) in self.grams.iter_mut().zip(shares.chunks_exact(b)) {
                gram.add(&block, &[ones.as_slice()][..extras], shift, Some(shares));
            }
        }
    }

    /// Σ w̄ Jᵀ ∂²ℓ J u.
    pub fn product(&mut self, task: &Task<'_, T>, i: usize, w: &[f64], u: &[f64]) {
        let k = task.data.outputs();
        self.start(w.len());
        for rows in task.runs(i) {
            let block = Self::load(&mut self.centred, task, &rows);
            scores(&block, u, k, &mut self.u);
            scores(&block, w, k, &mut self.z);
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
            backward(&block, &self.dz, k, &mut self.part, &mut self.gradient);
        }
    }
}

fn scores(block: &Block<'_, f64>, w: &[f64], k: usize, z: &mut Vec<f64>) {
    let (w, a) = w.split_at(k * block.features());
    z.resize(k * block.len(), 0.0);
    product::forward_block(w, a, k, block, z);
}

fn backward(block: &Block<'_, f64>, dz: &[f64], k: usize, part: &mut [f64], gradient: &mut Carried<f64>) {
    part.fill(0.0);
    let (dw, da) = part.split_at_mut(k * block.features());
    product::backward_block(dz, k, block, dw, da);
    gradient.add(part);
}
