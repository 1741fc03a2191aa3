//! A lane: a fixed run of blocks, evaluated one after the other with scratch memory of its own.

use crate::Real;
use crate::data::Dataset;
use crate::layer::{Affine, Layer};
use crate::linalg::{Block, block_rows, carried::Carried, packed_rows, packed_stride, product, reshape, threads};
use crate::loss::Loss;
use crate::real::Ahead;
use nalgebra::DMatrix;
use std::ops::Range;

/// What all lanes of a pass read.
pub(super) struct Task<'r, T: Real, N, L> {
    pub data: &'r Dataset<'r, T>,
    pub layer: &'r N,
    pub loss: &'r L,
    /// y.
    pub columns: Block<'r, T>,
    /// y, one sample after the other.
    pub targets: &'r [T],
    /// 1 / Σ w.
    pub scale: T,
    /// Samples of a block.
    pub rows: usize,
    pub lanes: usize,
}

/// One block of a pass with its targets, output by output and sample by sample, and weights.
pub(super) struct Piece<'r, T: Real> {
    pub block: Block<'r, T>,
    pub columns: Block<'r, T>,
    pub y: &'r [T],
    pub weights: Option<&'r [T]>,
    /// The number of the first sample after it.
    pub end: usize,
}

impl<T: Real, N, L> Task<'_, T, N, L> {
    /// The pieces of lane i, in order.
    pub fn pieces(&self, i: usize) -> impl Iterator<Item = Piece<'_, T>> {
        let (n, rows) = (self.data.samples(), self.rows);
        let (first, end) = threads::run(n.div_ceil(rows), self.lanes, i);
        (first..end).map(move |block| self.piece(block * rows..((block + 1) * rows).min(n)))
    }

    fn piece(&self, rows: Range<usize>) -> Piece<'_, T> {
        let k = self.data.outputs();
        Piece {
            block: Block::new(self.data.rows(rows.clone())),
            columns: self.columns.run(rows.clone()),
            y: &self.targets[k * rows.start..k * rows.end],
            end: rows.end,
            weights: self.data.relative_weights().map(|w| &w[rows]),
        }
    }
}

/// Scratch of one lane, and the sums it ends with.
pub(super) struct Lane<T: Real, A> {
    pub tape: A,
    pub x: DMatrix<T>,
    pub z: DMatrix<T>,
    pub dz: DMatrix<T>,
    pub part: Vec<T>,
    ahead: Vec<Ahead>,
    /// Σ over the lane of w̄ ∂ℓ/∂θ, or of another vector.
    pub gradient: Carried<T>,
    /// Σ over the lane of w ℓ.
    pub value: Carried<T>,
}

impl<T: Real, A: Default> Default for Lane<T, A> {
    fn default() -> Self {
        let none = || DMatrix::zeros(0, 0);
        Self {
            tape: A::default(),
            x: none(),
            z: none(),
            dz: none(),
            part: Vec::new(),
            ahead: Vec::new(),
            gradient: Carried::default(),
            value: Carried::default(),
        }
    }
}

impl<T: Real, A> Lane<T, A> {
    /// Empties the sums.
    pub fn start(&mut self, dim: usize) {
        self.value.reset(1);
        self.gradient.reset(dim);
        self.part.resize(dim, T::zero());
    }

    /// z = f(θ, x) for one piece.
    pub fn forward<N: Layer<T, Tape = A>>(&mut self, layer: &N, theta: &[T], piece: &Piece<'_, T>) {
        reshape(&mut self.z, layer.outputs(), piece.block.len());
        layer.forward_block(theta, &piece.block, &mut self.x, &mut self.z, &mut self.tape);
    }

    /// Adds dθ of `self.dz` for one piece to the lane's gradient.
    pub fn backward<N: Layer<T, Tape = A>>(&mut self, layer: &N, theta: &[T], piece: &Piece<'_, T>) {
        self.part.fill(T::zero());
        layer.backward_block(theta, &piece.block, &mut self.x, &mut self.dz, &mut self.tape, &mut self.part);
        self.gradient.add(&self.part);
    }

    /// Σ w ℓ over lane i.
    pub fn value<N: Layer<T, Tape = A>, L: Loss<T>>(&mut self, task: &Task<'_, T, N, L>, i: usize, theta: &[T]) {
        self.value.reset(1);
        for piece in task.pieces(i) {
            if let Some(layer) = linear(task.layer) {
                self.columns(layer, task, &piece, theta, None);
                continue;
            }
            self.forward(task.layer, theta, &piece);
            let sum = task.loss.block_value(self.z.as_slice(), piece.y, task.data.outputs(), piece.weights);
            self.value.add(&[sum]);
        }
    }

    /// Σ w ℓ and Σ w̄ ∂ℓ/∂θ over lane i: forward, loss and backward on a block while it is in cache.
    pub fn gradient<N: Layer<T, Tape = A>, L: Loss<T>>(&mut self, task: &Task<'_, T, N, L>, i: usize, theta: &[T]) {
        self.start(theta.len());
        for piece in task.pieces(i) {
            if let Some(layer) = linear(task.layer) {
                self.columns(layer, task, &piece, theta, Some(task.scale));
                continue;
            }
            self.forward(task.layer, theta, &piece);
            reshape(&mut self.dz, self.z.nrows(), self.z.ncols());
            let (z, dz) = (self.z.as_slice(), self.dz.as_mut_slice());
            let sum = task.loss.block_gradient(z, piece.y, task.data.outputs(), piece.weights, task.scale, dz);
            self.value.add(&[sum]);
            self.backward(task.layer, theta, &piece);
        }
    }

    /// The same for one piece of a linear model, with scores that lie output by output beside the features, as those do.
    fn columns<N, L: Loss<T>>(
        &mut self,
        layer: &Affine,
        task: &Task<'_, T, N, L>,
        piece: &Piece<'_, T>,
        theta: &[T],
        scale: Option<T>,
    ) {
        let (k, p, b) = (task.data.outputs(), piece.block.features(), piece.block.len());
        let (stride, (w, bias)) = (packed_stride(b), layer.parts(theta));
        piece.block.pack(0, &mut self.x);
        reshape(&mut self.z, stride, k);
        let z = self.z.as_mut_slice();
        product::forward_columns(w, bias, k, &Block::packed(&self.x, b, p), z, stride);
        let sum = task.loss.block_columns(z, stride, &piece.columns, piece.weights, scale);
        self.value.add(&[sum]);
        if scale.is_some() {
            self.part.fill(T::zero());
            let (dw, db) = self.part.split_at_mut(w.len());
            task.data.ahead(piece.end, &mut self.ahead);
            product::backward_columns(z, b, self.x.as_slice(), &self.ahead, dw, db);
            self.gradient.add(&self.part);
        }
    }
}

/// How many samples a block has.
pub(super) fn rows<T: Real, N: Layer<T>>(layer: &N) -> usize {
    if linear(layer).is_some() { packed_rows(layer.inputs()) } else { block_rows(layer.inputs()) }
}

/// A linear model of several outputs.
fn linear<T: Real, N: Layer<T>>(layer: &N) -> Option<&Affine> {
    layer.affine().filter(|_| layer.outputs() > 1)
}
