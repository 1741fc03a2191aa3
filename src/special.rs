//! Special functions: tail probabilities with their logarithms, and unit deviances.
//!
//! Everything here keeps about 13 digits, however far out and however close the arguments are. Tails are computed
//! directly and never as 1 − p, and no difference of close numbers is taken after they were rounded.

mod beta;
mod deviance;
mod fraction;
mod gamma;
mod logarithm;
mod number;
mod stirling;
mod tails;
mod wide;

pub(crate) use deviance::{Deviance, binomial_excess};
pub(crate) use number::Number;
pub(crate) use tails::{Probability, Sides, chi_square, f_ratio, normal, student};
pub(crate) use wide::Wide;
