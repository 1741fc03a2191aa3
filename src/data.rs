//! The border: what comes in is checked here, once.

mod dataset;
mod sequences;
mod split;

pub use dataset::Dataset;
pub(crate) use dataset::all_finite;
pub use sequences::{sequences, sequences_with_lengths};
