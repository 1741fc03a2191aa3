//! Linear models: digits, rank, penalties, inference.

mod exact;
mod nist;
mod support;
