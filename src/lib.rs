//! wip
#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod check;
mod data;
mod error;
pub mod layer;
mod layout;
mod linalg;
pub mod loss;
mod model;
mod objective;
pub mod optim;
mod random;
mod real;
mod risk;

pub use data::Dataset;
pub use error::Error;
pub use layer::{Activation, Affine, Dense, Layer, Stack};
pub use layout::{Init, Layout, Role, Spread};
pub use linalg::Block;
pub use loss::{BinaryCrossEntropy, CrossEntropy, Curvature, Huber, Loss, SquaredError};
pub use model::{Fitted, LeastSquares, LinearRegression, LogisticRegression, Mlp, Network, Predictor, Regressor};
pub use nalgebra;
pub use objective::{FiniteSum, Hessian, Objective};
pub use optim::{Newton, Observer, Progress, Reason, Report, Rule, Schedule, Solution, Solver, Trainer, Warning};
pub use real::Real;
pub use risk::Risk;

/// What can fail in this crate fails with [`Error`].
pub type Result<V, E = Error> = std::result::Result<V, E>;
