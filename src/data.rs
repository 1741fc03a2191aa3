//! The border: what comes in is checked here, once.

mod dataset;
mod split;

pub use dataset::Dataset;
pub(crate) use dataset::all_finite;
