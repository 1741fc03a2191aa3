//! Linear models: digits, rank, penalties, inference.

mod agreement;
mod diagnostics;
mod edge_cases;
mod exact;
#[path = "../files/mod.rs"]
mod files;
mod keys;
mod nist;
mod ols;
mod prediction;
mod rank;
mod ridge;
mod ridge_units;
mod support;
mod tails;
mod units;
mod wrong_answers;
