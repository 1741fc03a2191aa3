//! The border: what comes in is checked here, once.

mod class_weights;
mod dataset;
mod scaling;
mod sequences;
mod split;

pub use dataset::Dataset;
pub(crate) use dataset::all_finite;
pub use scaling::{MinMax, Standardizer};
pub use sequences::{sequences, sequences_with_lengths};
