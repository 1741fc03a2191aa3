//! Products, factorizations and the block: everything below the models that touches numbers by the thousand.

mod block;
pub(crate) mod convolution;
pub(crate) mod lanes;
pub(crate) mod product;
pub(crate) mod simd;
pub(crate) mod threads;

pub use block::Block;
pub(crate) use block::reshape;
