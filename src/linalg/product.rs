//! The products of the layers. The order of each sum depends on its own length alone, so an entry of a product does not
//! depend on which other rows and columns are computed with it.

use super::Block;
use crate::Real;
use nalgebra::DMatrix;

/// z = W x + b 1ᵀ. W is k×p column-major, b has k numbers or none, x is p×b, z k×b.
pub fn forward<T: Real>(w: &[T], bias: &[T], outputs: usize, x: &DMatrix<T>, z: &mut [T]) {
    for (z, x) in z.chunks_exact_mut(outputs).zip(x.as_slice().chunks_exact(x.nrows())) {
        z.fill(T::zero());
        for (w, &x) in w.chunks_exact(outputs).zip(x) {
            z.iter_mut().zip(w).for_each(|(z, &w)| *z += w * x);
        }
        z.iter_mut().zip(bias).for_each(|(z, &b)| *z += b);
    }
}

/// dW += dz xᵀ, db += dz 1.
pub fn backward<T: Real>(dz: &[T], outputs: usize, x: &DMatrix<T>, dw: &mut [T], db: &mut [T]) {
    for (dz, x) in dz.chunks_exact(outputs).zip(x.as_slice().chunks_exact(x.nrows())) {
        for (dw, &x) in dw.chunks_exact_mut(outputs).zip(x) {
            dw.iter_mut().zip(dz).for_each(|(dw, &dz)| *dw += dz * x);
        }
        db.iter_mut().zip(dz).for_each(|(db, &dz)| *db += dz);
    }
}

/// dx = Wᵀ dz.
pub fn backward_input<T: Real>(w: &[T], outputs: usize, dz: &[T], dx: &mut [T]) {
    let inputs = w.len() / outputs;
    for (dx, dz) in dx.chunks_exact_mut(inputs).zip(dz.chunks_exact(outputs)) {
        for (dx, w) in dx.iter_mut().zip(w.chunks_exact(outputs)) {
            *dx = w.iter().zip(dz).fold(T::zero(), |sum, (&w, &dz)| sum + w * dz);
        }
    }
}

/// [`forward`] on feature columns.
pub fn forward_block<T: Real>(w: &[T], bias: &[T], outputs: usize, block: &Block<'_, T>, z: &mut [T]) {
    z.fill(T::zero());
    for (j, w) in w.chunks_exact(outputs).enumerate() {
        for (z, &x) in z.chunks_exact_mut(outputs).zip(block.column(j)) {
            z.iter_mut().zip(w).for_each(|(z, &w)| *z += w * x);
        }
    }
    for z in z.chunks_exact_mut(outputs) {
        z.iter_mut().zip(bias).for_each(|(z, &b)| *z += b);
    }
}

/// [`backward`] on feature columns.
pub fn backward_block<T: Real>(dz: &[T], outputs: usize, block: &Block<'_, T>, dw: &mut [T], db: &mut [T]) {
    for (j, dw) in dw.chunks_exact_mut(outputs).enumerate() {
        for (dz, &x) in dz.chunks_exact(outputs).zip(block.column(j)) {
            dw.iter_mut().zip(dz).for_each(|(dw, &dz)| *dw += dz * x);
        }
    }
    for dz in dz.chunks_exact(outputs) {
        db.iter_mut().zip(dz).for_each(|(db, &dz)| *db += dz);
    }
}
