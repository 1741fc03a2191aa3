//! What all solvers check alike: where a fit starts, and what an observer wants it to end with.

use super::Observer;
use crate::{Error, Real, Result};

/// Before the first step: the start is a finite vector of `dim` numbers, and the observer's settings are in range.
pub(crate) fn check_start<T: Real>(dim: usize, start: &[T], observer: &dyn Observer<T>) -> Result<()> {
    observer.check()?;
    check(dim, start, ("length of the starting point", "the starting point"))
}

/// After the last step: the parameters that the observer chose, if it did.
pub(crate) fn chosen<T: Real>(dim: usize, observer: &mut dyn Observer<T>) -> Result<Option<Vec<T>>> {
    let chosen = observer.choose();
    if let Some(params) = &chosen {
        check(dim, params, ("number of parameters that the observer chose", "the observer's choice of parameters"))?;
    }
    Ok(chosen)
}

fn check<T: Real>(dim: usize, params: &[T], (length, name): (&'static str, &'static str)) -> Result<()> {
    if params.len() != dim {
        return Err(Error::Shape { what: length, expected: dim, found: params.len() });
    }
    if params.iter().all(|p| p.is_finite()) {
        return Ok(());
    }
    Err(Error::Config { name, needs: "finite" })
}

/// The objective is not finite where a solver without a learning rate has to know it.
pub(crate) fn out_of_range(what: &'static str) -> Error {
    Error::Undefined { what, why: "it is NaN or infinite; scale the features and the targets, or start elsewhere" }
}

/// The largest absolute entry; NaN if any entry is.
pub(crate) fn largest<T: Real>(values: &[T]) -> f64 {
    values.iter().fold(0.0, |max, &v| {
        let size = v.to_f64().abs();
        if size > max || size.is_nan() { size } else { max }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_keeps_nan() {
        assert_eq!(largest(&[1.0, -3.0, 2.0]), 3.0);
        assert!(largest(&[1.0, f64::NAN, 2.0]).is_nan());
    }
}
