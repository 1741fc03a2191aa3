//! Products, factorizations and the block: everything below the models that touches numbers by the thousand.

mod block;
pub(crate) mod cholesky;
pub(crate) mod gram;
pub(crate) mod product;
pub(crate) mod threads;

pub use block::Block;
pub(crate) use block::reshape;
