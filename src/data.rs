//! The border: what comes in is checked here, once.

mod class_weights;
mod columns;
mod dataset;
mod moderate;
mod moments;
mod names;
mod scaling;
mod sequences;
mod split;
mod weights;

pub(crate) use columns::Column;
pub use dataset::Dataset;
pub(crate) use dataset::all_finite;
pub(crate) use moderate::Moderate;
pub(crate) use names::{feature_name, target_name};
pub use scaling::{MinMax, Standardizer};
pub use sequences::{sequences, sequences_with_lengths};
pub(crate) use split::test_rows;
