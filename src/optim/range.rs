//! Bounds of settings.

use crate::{Error, Real, Result};

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

/// A finite number that neither vanishes nor overflows as a number of T.
pub fn held<T: Real>(name: &'static str, value: f64) -> Result<()> {
    let held = T::of(value);
    ensure(value == 0.0 || held != T::zero(), name, "larger: in the number type of the data it becomes 0")?;
    ensure(held.is_finite(), name, "smaller: in the number type of the data it becomes infinite")
}
