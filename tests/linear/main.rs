//! Linear models: digits, rank, penalties, inference.

mod agreement;
mod edge_cases;
mod exact;
mod nist;
mod ols;
mod rank;
mod ridge;
mod support;
mod wrong_answers;
