//! Regression over [`nalgebra`] matrices: linear and logistic models and small neural networks, in pure Rust.
//!
//! Everything here minimizes one function, the risk of a layer f on weighted samples (xᵢ, yᵢ):
//!
//! R(θ) = Σᵢ w̄ᵢ ℓ(f(θ, xᵢ), yᵢ) + ½ λ ‖W‖²,  Σᵢ w̄ᵢ = 1.
//!
//! # Example: a straight line
//!
//! ```
//! use residual::nalgebra::{dmatrix, dvector};
//! use residual::{Dataset, LinearRegression, Predictor, Regressor};
//!
//! let x = dmatrix![1.0; 2.0; 4.0]; // one sample a row
//! let y = dvector![5.0f64, 7.0, 11.0];
//! let model = LinearRegression::new().fit(&Dataset::new(&x, &y)?)?;
//! assert!((model.coefficients()[0] - 2.0).abs() < 1e-14);
//! assert!((model.predict(&dmatrix![10.0])?[0] - 23.0).abs() < 1e-13);
//! # Ok::<(), residual::Error>(())
//! ```
//!
//! # What is where
//!
//! * Data: [`Dataset`], checked once at the border; [`data`] for sequences, [`Polynomial`] features.
//! * Tables: [`Table`] of named columns, [`Formula`], [`Design`]; [`table`] for all of it.
//! * Models: [`LinearRegression`], [`LogisticRegression`], [`Mlp`], [`Network`] are [`Regressor`]s, and so is each inside
//!   [`Standardized`]; what they fit is a [`Fitted`] [`Predictor`], whose [`Report`] says how the fit ended.
//! * Parts: a [`Layer`] f ([`layer`]: affine, dense, convolution, pooling, recurrence), a [`Loss`] ℓ ([`loss`]), a [`Risk`]
//!   of both on data.
//! * Solvers ([`optim`]): [`LeastSquares`], [`Newton`], [`Lbfgs`], and [`Trainer`] with any [`Rule`] ([`optim::rule`]) and
//!   [`Schedule`]. An [`Observer`] watches and may stop them.
//! * Around the models: [`inference`] for standard errors and tests, [`classify`] for labels, [`metrics`], [`select`] for
//!   folds and grids.
//! * Proof: [`check`] compares derivatives with differences, for your own losses, layers and objectives too.
//!
//! A loss, rule, schedule, observer, layer or solver of your own is one `impl` of its trait away.
//!
//! # Conventions
//!
//! One sample is one row of x and y. Fits are deterministic: the same input gives the same bits, whatever the number of
//! threads. No input makes anything here panic or return NaN inside `Ok`; not converging is a [`Reason`] in the report, and
//! [`Report::ensure_converged`] makes it an error. The examples write matrices with `dmatrix!`, which needs nalgebra's
//! feature `macros`.
//!
//! # Versions
//!
//! [`nalgebra`] is re-exported: use it through this crate and the matrices fit. A new 0.x of nalgebra is a new 0.x here.
#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod check;
pub mod classify;
pub mod data;
mod description;
mod error;
pub mod layer;
mod layout;
mod linalg;
pub mod loss;
pub mod metrics;
mod model;
mod objective;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod optim;
mod random;
mod real;
mod risk;
pub mod select;
mod special;
pub mod table;

pub use data::{Dataset, MinMax, Standardizer};
pub use description::{Describe, Description};
pub use error::Error;
pub use layer::{Activation, Affine, AvgPool2d, Conv2d, Dense, Layer, LayerNorm, MaxPool2d, Recurrent, Stack};
pub use layout::{Init, Layout, Role, Spread};
pub use linalg::Block;
pub use loss::{BinaryCrossEntropy, CrossEntropy, Curvature, Huber, Loss, SquaredError};
pub use metrics::Score;
pub use model::inference;
pub use model::{
    Fitted, FittedStandardized, LeastSquares, LinearRegression, LogisticRegression, Mlp, Network, Predictor, Regressor,
    Standardized,
};
pub use model::{Polynomial, RidgePath, RidgePoint, ridge_path};
pub use nalgebra;
pub use objective::{Conditioned, Coordinates, FiniteSum, Hessian, Objective};
#[cfg(feature = "onnx")]
pub use onnx::OnnxOptions;
pub use optim::{
    Lbfgs, Newton, Observer, Progress, Reason, Report, Rule, Schedule, Solution, Solver, Trainer, Warning,
};
pub use real::Real;
pub use risk::Risk;
pub use table::{Design, FittedDesign, Formula, Table};

/// What can fail in this crate fails with [`Error`].
pub type Result<V, E = Error> = std::result::Result<V, E>;
