//! Special functions: tail probabilities with their logarithms.
//!
//! Everything here keeps about 13 digits, however far out and however close the arguments are. Tails are computed
//! directly and never as 1 − p, and no difference of close numbers is taken after they were rounded.

mod beta;
mod fraction;
mod gamma;
mod logarithm;
mod stirling;
mod tails;

pub(crate) use tails::{Probability, Sides, chi_square, f_ratio, normal, student};
