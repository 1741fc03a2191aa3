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
mod rank;
mod ridge;
mod support;
mod tails;
mod wrong_answers;
