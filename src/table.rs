//! Columns of numbers, categories and text with names and gaps, the [`Table`]; and what is predicted from which of them, the
//! [`Formula`].

#[cfg(feature = "ndarray")]
mod array;
mod build;
mod cell;
mod column;
#[cfg(feature = "csv")]
mod csv;
mod formula;
mod matrix;
mod rows;
mod show;
mod summary;

#[cfg(feature = "csv")]
pub use self::csv::Csv;
pub use build::Table;
pub use cell::{NumberCell, TextCell};
pub use column::Kind;
pub use formula::{Expression, Factor, Formula};
pub use summary::{ColumnSummary, Summary};
