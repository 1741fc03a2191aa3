//! The generic suites: one table a kind (`tables.rs`), and everything that a row of it buys.

mod cases;
mod controls;
mod curvature;
mod erased;
mod extremes;
mod gradients;
mod naive;
mod tables;
