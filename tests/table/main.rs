//! Tables, formulas and designs.

#[cfg(feature = "csv")]
mod csv;
#[path = "../files/mod.rs"]
mod data;
mod designs;
mod formulas;
mod gaps;
mod properties;
mod tables;
