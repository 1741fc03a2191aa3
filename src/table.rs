//! From a table to numbers: columns with names, categories and gaps, formulas, and designs that are fitted on training rows.
//!
//! A [`Table`] holds columns; a [`Formula`] says which of them are targets and which features, and how; a [`Design`] learns
//! from training rows what the formula leaves open (levels, how gaps are filled, scales, polynomial and spline bases), and
//! the [`FittedDesign`] applies exactly that to other rows.
//!
//! ```
//! use residual::{Design, LinearRegression, Regressor, Table};
//! use residual::table::Impute;
//! let cars = Table::new()
//!     .number("mpg", [21.0, 22.8, 21.4, 18.7, 18.1, 14.3])
//!     .number("wt", [Some(2.62), Some(2.32), None, Some(3.44), Some(3.46), Some(3.57)])
//!     .category("gear", ["four", "four", "three", "three", "three", "three"]);
//! let design = Design::new("mpg ~ wt + gear".parse()?).impute(Impute::Median).fit(&cars)?;
//! assert_eq!(design.names(), ["wt", "gear[three]"]);
//! let frame = design.frame::<f64>(&cars)?;
//! let model = LinearRegression::new().fit(&frame.dataset()?)?;
//! assert_eq!(model.coefficients().nrows(), 2);
//!
//! let car = Table::new().number("wt", [2.9]).category("gear", ["two"]);
//! let error = design.transform(&car).unwrap_err();
//! assert!(error.to_string().starts_with("column `gear` holds `two` at row 0, which no training row has"));
//! # Ok::<(), residual::Error>(())
//! ```

#[cfg(feature = "ndarray")]
mod array;
mod build;
mod cell;
mod column;
#[cfg(feature = "csv")]
mod csv;
mod design;
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
pub use design::{Design, FittedDesign, Frame, Impute};
pub use formula::{Expression, Factor, Formula};
pub use summary::{ColumnSummary, Summary};
