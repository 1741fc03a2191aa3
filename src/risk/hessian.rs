//! Second derivatives over an affine layer: z is linear in θ, so ∇²R = Σᵢ w̄ᵢ Jᵢᵀ (∂²ℓ/∂z²)ᵢ Jᵢ exactly.

use super::Risk;
use super::lane::{Lane, Piece, Task};
use crate::Real;
use crate::layer::Affine;
use crate::linalg::reshape;
use crate::loss::Curvature;
use crate::objective::Hessian;
use nalgebra::DMatrix;

impl<T: Real, L: Curvature<T>> Hessian<T> for Risk<'_, T, Affine, L> {
    fn hessian(&mut self, theta: &[T], h: &mut DMatrix<T>) {
        let dim = self.layout.len();
        debug_assert_eq!((theta.len(), h.shape()), (dim, (dim, dim)));
        let cost = dim.saturating_mul(dim).saturating_mul(self.data.samples());
        self.each_lane(cost, |task, i, lane| lane_hessian(lane, task, i, theta));
        self.merge(h.as_mut_slice());
        for j in 0..dim {
            for i in 0..j {
                h[(j, i)] = h[(i, j)];
            }
        }
        for j in self.penalized.iter().cloned().flatten() {
            h[(j, j)] += T::of(self.l2);
        }
    }

    fn hessian_product(&mut self, theta: &[T], v: &[T], hv: &mut [T]) {
        debug_assert_eq!((theta.len(), v.len(), hv.len()), (self.layout.len(), self.layout.len(), self.layout.len()));
        self.each_lane(self.cost(), |task, i, lane| lane_product(lane, task, i, theta, v));
        self.merge(hv);
        self.add_penalty(v, hv);
    }
}

/// Weight of sample i in the mean; 0 where it counts as absent.
fn share<T: Real>(piece: &Piece<'_, T>, i: usize, scale: T) -> T {
    piece.weights.map_or(scale, |w| w[i] * scale)
}

/// The upper triangle of Σ w̄ Jᵀ ∂²ℓ J over a lane, into the lane's gradient sums (dim² of them).
fn lane_hessian<T: Real, L: Curvature<T>>(
    lane: &mut Lane<T, ()>,
    task: &Task<'_, T, Affine, L>,
    i: usize,
    theta: &[T],
) {
    let (p, k, dim) = (task.data.features(), task.data.outputs(), theta.len());
    lane.start(dim * dim);
    let mut curvature = vec![T::zero(); k * k];
    let (mut shares, mut scaled) = (Vec::new(), Vec::new());
    for piece in task.pieces(i) {
        lane.forward(task.layer, theta, &piece);
        let b = piece.block.len();
        // shares[c, d][i] = w̄ᵢ ∂²ℓᵢ/∂z_c∂z_d
        shares.clear();
        shares.resize(k * k * b, T::zero());
        for (i, (z, y)) in lane.z.as_slice().chunks_exact(k).zip(piece.y.chunks_exact(k)).enumerate() {
            let w = share(&piece, i, task.scale);
            if w > T::zero() {
                task.loss.curvature(z, y, &mut curvature);
                curvature.iter().enumerate().for_each(|(cd, &h)| shares[cd * b + i] = w * h);
            }
        }
        lane.part.fill(T::zero());
        let columns = p + usize::from(task.layer.has_bias());
        for (c, d) in (0..k).flat_map(|c| (c..k).map(move |d| (c, d))) {
            let s = &shares[(c * k + d) * b..][..b];
            for j in 0..columns {
                scaled.clear();
                if j < p {
                    scaled.extend(s.iter().zip(piece.block.column(j)).map(|(&s, &x)| s * x));
                } else {
                    scaled.extend_from_slice(s);
                }
                for l in j..columns {
                    let sum = if l < p { dot(&scaled, piece.block.column(l)) } else { T::sum(&scaled) };
                    // Row (j, c), column (l, d), and by symmetry row (j, d), column (l, c).
                    lane.part[(j * k + c) + dim * (l * k + d)] = sum;
                    lane.part[(j * k + d) + dim * (l * k + c)] = sum;
                }
            }
        }
        lane.gradient.add(&lane.part);
    }
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let mut lanes = [T::zero(); 8];
    let (chunks, others) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = chunks.remainder().iter().zip(others.remainder()).fold(T::zero(), |sum, (&a, &b)| sum + a * b);
    for (a, b) in chunks.zip(others) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (&a, &b))| *lane += a * b);
    }
    lanes.iter().fold(rest, |sum, &lane| sum + lane)
}

/// Σ w̄ Jᵀ ∂²ℓ J v over a lane: forward with v gives J v, backward applies Jᵀ.
fn lane_product<T: Real, L: Curvature<T>>(
    lane: &mut Lane<T, ()>,
    task: &Task<'_, T, Affine, L>,
    i: usize,
    theta: &[T],
    v: &[T],
) {
    let k = task.data.outputs();
    lane.start(theta.len());
    let mut u = DMatrix::zeros(0, 0);
    for piece in task.pieces(i) {
        lane.forward(task.layer, v, &piece);
        std::mem::swap(&mut u, &mut lane.z);
        lane.forward(task.layer, theta, &piece);
        reshape(&mut lane.dz, k, piece.block.len());
        let samples = lane.z.as_slice().chunks_exact(k).zip(piece.y.chunks_exact(k)).zip(u.as_slice().chunks_exact(k));
        for (i, (((z, y), u), dz)) in samples.zip(lane.dz.as_mut_slice().chunks_exact_mut(k)).enumerate() {
            let w = share(&piece, i, task.scale);
            if w > T::zero() {
                task.loss.curvature_product(z, y, u, dz);
                dz.iter_mut().for_each(|d| *d *= w);
            } else {
                dz.fill(T::zero());
            }
        }
        lane.backward(task.layer, theta, &piece);
    }
}
