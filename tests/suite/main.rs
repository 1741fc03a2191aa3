//! The generic suites: one table a kind (`tables.rs`), and everything that a row of it buys.

mod arbitrary;
mod cases;
mod checkpoints;
mod claims;
mod contract;
mod controls;
mod curvature;
mod dual;
mod erased;
mod exact;
mod extremes;
mod fuzz;
mod gradient_scales;
mod gradients;
mod hostile;
mod models;
mod naive;
mod not_finite;
mod pieces;
mod rules;
mod scores;
mod settings;
mod solvers;
mod starts;
mod tables;
mod weights;
