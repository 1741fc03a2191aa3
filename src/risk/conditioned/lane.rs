//! A lane of the conditioned risk: a fixed run of blocks with scratch of its own.

use super::scaling::Scaling;
use crate::Real;
use crate::data::Dataset;
use crate::linalg::{
    Block, block_rows,
    carried::Carried,
    gram::{Gram, Packing},
    packed_rows, packed_stride, product, reshape, threads,
};
use crate::loss::Curvature;
use crate::real::Ahead;
use nalgebra::DMatrix;
use std::ops::Range;

/// What all lanes of a pass read.
pub(super) struct Task<'r, T: Real> {
    pub data: &'r Dataset<'r, T>,
    pub loss: &'r dyn Curvature<f64>,
    pub targets: Block<'r, f64>,
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
        let (n, rows) = (self.data.samples(), rows(self.data));
        let (first, end) = threads::run(n.div_ceil(rows), self.lanes, i);
        (first..end).map(move |block| block * rows..((block + 1) * rows).min(n))
    }

    /// The data of these rows, where passes read them in place.
    fn as_they_lie(&self, rows: &Range<usize>) -> Option<Block<'_, f64>> {
        self.in_place.then(|| T::in_f64(self.data.rows(rows.clone()))).flatten().map(Block::new)
    }

    /// The target of sample i.
    fn target(&self, i: usize, y: &mut [f64]) {
        y.iter_mut().enumerate().for_each(|(c, y)| *y = self.targets.column(c)[i]);
    }

    /// Σ w ℓ of these rows by their scores; with a scale those become its slopes.
    fn loss(&self, z: &mut [f64], rows: &Range<usize>, scale: Option<f64>) -> f64 {
        let (stride, weights) = (packed_stride(rows.len()), self.weights(rows));
        self.loss.block_columns(z, stride, &self.targets.run(rows.clone()), weights, scale)
    }

    fn weights(&self, rows: &Range<usize>) -> Option<&[f64]> {
        self.weights.map(|w| &w[rows.clone()])
    }
}

/// How many samples a block has.
pub(super) fn rows<T: Real>(data: &Dataset<'_, T>) -> usize {
    if data.outputs() > 1 { packed_rows(data.features()) } else { block_rows(data.features()) }
}

/// Scratch of one lane, and the sums it ends with.
#[derive(Default)]
pub(super) struct Lane {
    /// The block at hand as x − m, in f64, [packed](Block::packed).
    centred: DMatrix<f64>,
    /// Its scores and then their slopes, output by output, each in the room of a packed column.
    z: Vec<f64>,
    u: Vec<f64>,
    part: Vec<f64>,
    ahead: Vec<Ahead>,
    pub gradient: Carried<f64>,
    pub value: Carried<f64>,
    /// One a pair of outputs c ≤ d.
    pub grams: Vec<Gram>,
    packing: Packing,
}

impl Lane {
    /// The block of these rows that scores are taken of: where the task says so the data themselves, else x − m.
    fn load<'l, T: Real>(centred: &'l mut DMatrix<f64>, task: &'l Task<'_, T>, rows: &Range<usize>) -> Block<'l, f64> {
        if let Some(block) = task.as_they_lie(rows) {
            return block;
        }
        let (b, p, stride) = (rows.len(), task.data.features(), packed_stride(rows.len()));
        reshape(centred, stride, p);
        for (j, out) in centred.as_mut_slice().chunks_exact_mut(stride).enumerate() {
            let m = task.scaling.shift[j];
            out.iter_mut().zip(&task.data.feature(j)[rows.clone()]).for_each(|(out, &x)| *out = x.to_f64() - m);
        }
        Block::packed(centred, b, p)
    }

    /// Loads a block and takes its scores by w and a, into columns.
    fn scores<'l, T: Real>(
        centred: &'l mut DMatrix<f64>,
        task: &'l Task<'_, T>,
        rows: &Range<usize>,
        w: &[f64],
        z: &mut Vec<f64>,
    ) -> Block<'l, f64> {
        let (k, stride) = (task.data.outputs(), packed_stride(rows.len()));
        let block = Self::load(centred, task, rows);
        let (w, a) = w.split_at(k * block.features());
        z.resize(k * stride, 0.0);
        product::forward_columns(w, a, k, &block, z, stride);
        block
    }

    pub fn value<T: Real>(&mut self, task: &Task<'_, T>, i: usize, w: &[f64]) {
        self.value.reset(1);
        for rows in task.runs(i) {
            Self::scores(&mut self.centred, task, &rows, w, &mut self.z);
            let sum = task.loss(&mut self.z, &rows, None);
            self.value.add(&[sum]);
        }
    }

    fn start(&mut self, dim: usize) {
        self.value.reset(1);
        self.gradient.reset(dim);
        self.part.resize(dim, 0.0);
    }

    pub fn gradient<T: Real>(&mut self, task: &Task<'_, T>, i: usize, w: &[f64]) {
        self.start(w.len());
        for rows in task.runs(i) {
            Self::scores(&mut self.centred, task, &rows, w, &mut self.z);
            let sum = task.loss(&mut self.z, &rows, Some(task.share));
            self.value.add(&[sum]);
            self.backward(task, &rows);
        }
    }

    /// Adds Jᵀ dz of a block that is loaded, dz in place of its scores.
    fn backward<T: Real>(&mut self, task: &Task<'_, T>, rows: &Range<usize>) {
        self.part.fill(0.0);
        let (dw, da) = self.part.split_at_mut(task.data.outputs() * task.data.features());
        match task.as_they_lie(rows) {
            Some(block) => product::backward_block(&self.z[..rows.len()], &block, dw, da),
            None => {
                task.data.ahead(rows.end, &mut self.ahead);
                product::backward_columns(&self.z, rows.len(), self.centred.as_slice(), &self.ahead, dw, da);
            }
        }
        self.gradient.add(&self.part);
    }

    /// Σ w̄ ∂²ℓ/∂z_c∂z_d (x − m)(x − m)ᵀ for every one of the pairs (c, d).
    pub fn hessian<T: Real>(&mut self, task: &Task<'_, T>, i: usize, w: &[f64], pairs: &[(usize, usize)]) {
        let (p, k) = (task.data.features(), task.data.outputs());
        let extras = usize::from(w.len() > p * k);
        self.grams.resize_with(pairs.len(), || Gram::new(p, extras));
        self.grams.iter_mut().for_each(Gram::clear);
        let (mut z, mut y, mut curvature) = (vec![0.0; k], vec![0.0; k], vec![0.0; k * k]);
        let (mut shares, mut ones) = (Vec::new(), Vec::new());
        let shift = if task.in_place { &task.scaling.shift[..] } else { &[] };
        for rows in task.runs(i) {
            let block = Self::scores(&mut self.centred, task, &rows, w, &mut self.z);
            let (b, stride) = (rows.len(), packed_stride(rows.len()));
            shares.clear();
            shares.resize(b * pairs.len(), 0.0);
            ones.resize(b, 1.0);
            for i in 0..b {
                let weight = task.weights(&rows).map_or(task.share, |w| w[i] * task.share);
                if weight > 0.0 {
                    z.iter_mut().zip(self.z[i..].iter().step_by(stride)).for_each(|(to, z)| *to = *z);
                    task.target(rows.start + i, &mut y);
                    task.loss.curvature(&z, &y, &mut curvature);
                    let entries = pairs.iter().map(|&(c, d)| curvature[c * k + d]).enumerate();
                    entries.for_each(|(pair, entry)| shares[pair * b + i] = weight * entry);
                }
            }
            let ones = &[ones.as_slice()][..extras];
            Gram::add(&mut self.grams, &mut self.packing, &block, ones, shift, Some(&shares));
        }
    }

    /// Σ w̄ Jᵀ ∂²ℓ J u.
    pub fn product<T: Real>(&mut self, task: &Task<'_, T>, i: usize, w: &[f64], u: &[f64]) {
        let k = task.data.outputs();
        self.start(w.len());
        let mut room = vec![0.0; 4 * k];
        for rows in task.runs(i) {
            let stride = packed_stride(rows.len());
            Self::scores(&mut self.centred, task, &rows, u, &mut self.u);
            Self::scores(&mut self.centred, task, &rows, w, &mut self.z);
            for i in 0..rows.len() {
                let weight = task.weights(&rows).map_or(task.share, |w| w[i] * task.share);
                let (z, room) = room.split_at_mut(k);
                let (y, room) = room.split_at_mut(k);
                let (u, hu) = room.split_at_mut(k);
                z.iter_mut().zip(self.z[i..].iter().step_by(stride)).for_each(|(to, z)| *to = *z);
                u.iter_mut().zip(self.u[i..].iter().step_by(stride)).for_each(|(to, u)| *to = *u);
                task.target(rows.start + i, y);
                task.loss.curvature_product(z, y, u, hu);
                let dz = self.z[i..].iter_mut().step_by(stride);
                dz.zip(hu).for_each(|(dz, hu)| *dz = if weight > 0.0 { *hu * weight } else { 0.0 });
            }
            self.backward(task, &rows);
        }
    }
}
