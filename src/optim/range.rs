//! Bounds of settings.

use crate::{Error, Result};

fn ensure(holds: bool, name: &'static str, needs: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Config { name, needs }) }
}

/// 0 ≤ value < 1.
pub fn fraction(name: &'static str, value: f64) -> Result<()> {
    ensure((0.0..1.0).contains(&value), name, "in [0, 1)")
}

/// 0 < value ≤ 1.
pub fn share(name: &'static str, value: f64) -> Result<()> {
    ensure(value > 0.0 && value <= 1.0, name, "above 0 and at most 1")
}

/// 0 < value < ∞.
pub fn positive(name: &'static str, value: f64) -> Result<()> {
    ensure(value > 0.0 && value.is_finite(), name, "positive and finite")
}

/// 0 ≤ value < ∞.
pub fn nonnegative(name: &'static str, value: f64) -> Result<()> {
    ensure(value >= 0.0 && value.is_finite(), name, "at least 0 and finite")
}

/// 1, 2, ...
pub fn at_least_one(name: &'static str, count: usize) -> Result<()> {
    ensure(count > 0, name, "at least 1")
}
