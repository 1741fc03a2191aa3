//! Products, factorizations and the block: everything below the models that touches numbers by the thousand.

mod block;
pub(crate) mod carried;
pub(crate) mod compensated;
pub(crate) mod packed;
pub(crate) mod product;
pub(crate) mod threads;

pub use block::Block;
pub(crate) use block::{block_rows, reshape};
