//! Features of extreme size in units of their own.

use super::Dataset;
use crate::Real;
use crate::linalg::power::{exponent, times_power};
use crate::linalg::survey::Survey;
use std::borrow::Cow;
use std::ops::Deref;

/// The samples of a data set, with features of extreme size multiplied by powers of two, so that squares of all are in range.
///
/// As a rule no feature is extreme, and the data are borrowed; otherwise X is copied. A power of two changes no digit, so what
/// is computed from these numbers is what the user's give, as far as those could be computed with.
#[derive(Debug, Clone)]
pub(crate) struct Moderate<'d, T: Real> {
    data: Cow<'d, Dataset<'d, T>>,
    /// Feature j is the user's times 2 to this power; empty if all are the user's.
    powers: Vec<i32>,
}

/// The largest number of a feature is between 2^−128 and 2^128, or 0: that of any feature in single precision.
const FAR: i32 = 128;

impl<'d, T: Real> Moderate<'d, T> {
    pub fn new(data: &'d Dataset<'d, T>) -> Self {
        let powers: Vec<i32> = (0..data.features()).map(|j| far(data, j)).collect();
        if powers.iter().all(|&power| power == 0) {
            return Self { data: Cow::Borrowed(data), powers: Vec::new() };
        }
        let mut x = data.x().clone_owned();
        for (mut column, &power) in x.column_iter_mut().zip(&powers).filter(|(_, power)| **power != 0) {
            // What does not fit belongs to rows of weight 0.
            let scaled = |x: T| T::of(times_power(x.to_f64(), power).clamp(-f64::MAX, f64::MAX));
            column.iter_mut().for_each(|x| *x = scaled(*x));
        }
        match data.replaced(Some(x), None) {
            Ok(data) => Self { data: Cow::Owned(data), powers },
            Err(_) => Self { data: Cow::Borrowed(data), powers: Vec::new() },
        }
    }

    /// Some of the samples, in the same units.
    pub fn part<'p>(&self, data: &'p Dataset<'p, T>) -> Moderate<'p, T> {
        Moderate { data: Cow::Borrowed(data), powers: self.powers.clone() }
    }

    /// The exponent of the unit of feature j: the user's coefficient is that for these numbers times 2 to this power.
    pub fn power(&self, j: usize) -> i32 {
        self.powers.get(j).copied().unwrap_or(0)
    }
}

impl<'d, T: Real> Deref for Moderate<'d, T> {
    type Target = Dataset<'d, T>;

    fn deref(&self) -> &Self::Target {
        &self.data
    }
}

/// The power of two that a feature needs, 0 for none. Rows of weight 0 do not count.
fn far<T: Real>(data: &Dataset<'_, T>, j: usize) -> i32 {
    let size = |survey: &Survey| exponent(survey.low.abs().max(survey.high.abs()));
    let absent = |w: &&[T]| w.iter().any(|&w| w <= T::zero());
    let size = match data.weights().filter(absent) {
        None => size(&data.surveys()[j]),
        Some(w) => {
            let counted = data.feature(j).iter().zip(w).filter(|(_, w)| **w > T::zero());
            exponent(counted.fold(0.0_f64, |size, (x, _)| size.max(x.to_f64().abs())))
        }
    };
    if size.abs() > FAR { -size } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nalgebra::{DMatrix, DVector};

    #[test]
    fn extreme_columns_alone_change_and_by_powers_of_two() {
        let x = DMatrix::from_fn(4, 3, |i, j| [1e-170, 1.0, 1e300][j] * (1.0 + i as f64));
        let y = DVector::zeros(4);
        let data = Dataset::new(&x, &y).unwrap();
        let found = Moderate::new(&data);
        for j in 0..3 {
            let back = |i: usize| times_power(found.feature(j)[i], -found.power(j));
            assert!((0..4).all(|i| back(i) == x[(i, j)]));
            assert!(found.feature(j).iter().all(|v| (0.1..8.0).contains(v)));
        }
        assert_eq!(found.power(1), 0);
        assert!(Moderate::new(&Dataset::new(x.columns(1, 1), &y).unwrap()).powers.is_empty());
    }

    #[test]
    fn rows_of_weight_zero_do_not_decide() {
        let x = DMatrix::<f64>::from_column_slice(3, 1, &[1e-200, 1.0, 3e-200]);
        let y = DVector::<f64>::zeros(3);
        let weights = [1.0, 0.0, 2.0];
        let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        let found = Moderate::new(&data);
        assert!(found.power(0) > 600 && found.feature(0).iter().all(|v| v.is_finite()));
        let x = DMatrix::from_column_slice(3, 1, &[1.0, 1e300, 3.0]);
        let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        assert_eq!(Moderate::new(&data).power(0), 0);
    }
}
