//! Bounds of the rules' settings, which have to hold for the number type that computes with them too.

use crate::optim::range;
use crate::{Error, Real, Result};

/// 0 ≤ value < 1.
pub(super) fn fraction<T: Real>(name: &'static str, value: f64) -> Result<()> {
    range::fraction(name, value)?;
    range::held::<T>(name, value)?;
    if T::of(value) < T::one() {
        return Ok(());
    }
    Err(Error::Config { name, needs: "smaller: in the number type of the data it becomes 1" })
}

/// 0 < value < ∞.
pub(super) fn positive<T: Real>(name: &'static str, value: f64) -> Result<()> {
    range::positive(name, value)?;
    range::held::<T>(name, value)
}

/// 0 ≤ value < ∞.
pub(super) fn nonnegative<T: Real>(name: &'static str, value: f64) -> Result<()> {
    range::nonnegative(name, value)?;
    range::held::<T>(name, value)
}
