//! Products, factorizations and the block: everything below the models that touches numbers by the thousand.

pub(crate) mod anchored;
mod block;
pub(crate) mod carried;
pub(crate) mod cholesky;
pub(crate) mod compensated;
pub(crate) mod gram;
pub(crate) mod lanes;
pub(crate) mod power;
pub(crate) mod product;
pub(crate) mod survey;
pub(crate) mod threads;
pub(crate) mod vectors;

pub use block::Block;
pub(crate) use block::{block_rows, packed_rows, packed_stride, reshape};
