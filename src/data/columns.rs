//! Columns shifted and scaled, each in a unit that keeps its numbers in range.

use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView};

/// z = ((x u − shift) − rest) / scale, where u is a power of two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Column<T> {
    /// u: 1, unless the column is of extreme size.
    unit: T,
    /// The shift in that unit, and what rounding took from it.
    shift: T,
    rest: T,
    /// The scale in that unit.
    scale: T,
}

impl<T: Real> Column<T> {
    /// A shift hi + lo and a scale, given times a power of two `unit` that brings the column's largest number near 1.
    pub fn new(unit: f64, (hi, lo): (f64, f64), scale: f64) -> Self {
        let own = if moderate::<T>(unit) { 1.0 } else { unit };
        let [hi, lo, scale] = [hi, lo, scale].map(|v| v * (own / unit));
        let shift = T::of(hi);
        Self { unit: T::of(own), shift, rest: T::of((hi - shift.to_f64()) + lo), scale: positive(T::of(scale)) }
    }

    /// From the smallest number to the largest; a constant column has scale 1.
    pub fn of_range(low: T, high: T) -> Self {
        if low == high {
            return Self::constant(low);
        }
        let size = unit_for::<T>(low.to_f64().abs().max(high.to_f64().abs()));
        let unit = if moderate::<T>(size) { T::one() } else { T::of(size) };
        Self { unit, shift: low * unit, rest: T::zero(), scale: high * unit - low * unit }
    }

    /// A column in which every number is this one.
    pub fn constant(value: T) -> Self {
        Self { unit: T::one(), shift: value, rest: T::zero(), scale: T::one() }
    }

    /// The shift over the scale.
    pub fn ratio(&self) -> f64 {
        self.shift.to_f64() / self.scale.to_f64() + self.rest.to_f64() / self.scale.to_f64()
    }

    /// shift + scale z.
    pub fn outward(&self, z: f64) -> T {
        let sum = self.shift.to_f64() + (self.rest.to_f64() + self.scale.to_f64() * z);
        T::of(sum / self.unit.to_f64())
    }

    /// w · scale / `by.scale`, in f64 where T could leave its range on the way.
    pub fn scaled(&self, w: T, by: &Self) -> T {
        let single = T::default_epsilon().to_f64() > 1e-10;
        if self.unit == by.unit && !single {
            return w * self.scale / by.scale;
        }
        let [w, own, by_scale] = [w, self.scale, by.scale].map(T::to_f64);
        let (value, up, down) = (w * own / by_scale, by.unit.to_f64(), self.unit.to_f64());
        // Where the quotient of the units is out of range, both go the same way.
        T::of(if (up / down).is_normal() { value * (up / down) } else { value * up / down })
    }
}

/// The power of two that brings `size` into [½, 1), as far as T and its inverse allow.
pub(super) fn unit_for<T: Real>(size: f64) -> f64 {
    let most = if T::of(1e300).is_finite() { 1022 } else { 126 };
    2f64.powi((-exponent(size)).clamp(-most, most))
}

/// e with 2^(e−1) ≤ size < 2^e, for a positive number.
fn exponent(size: f64) -> i32 {
    let field = |v: f64| ((v.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    if size < f64::MIN_POSITIVE { field(size * 2f64.powi(100)) - 100 } else { field(size) }
}

/// Whether numbers of size 1 / unit are far from both ends of the range of T.
fn moderate<T: Real>(unit: f64) -> bool {
    let bound = if T::of(1e300).is_finite() { 2f64.powi(500) } else { 2f64.powi(60) };
    (1.0 / bound..=bound).contains(&unit)
}

/// The number, or the smallest of T where rounding made it 0.
fn positive<T: Real>(scale: T) -> T {
    [scale, T::of(5e-324), T::of(1e-45)].into_iter().find(|&scale| scale > T::zero()).unwrap_or_else(T::one)
}

/// One [`Column`] per column of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Columns<T> {
    columns: Vec<Column<T>>,
    /// Shifts and scales in the user's units, rounded.
    shift: Vec<T>,
    scale: Vec<T>,
}

impl<T: Real> Columns<T> {
    pub fn new(columns: impl Iterator<Item = Column<T>>) -> Self {
        let columns: Vec<Column<T>> = columns.collect();
        let shift = columns.iter().map(|c| (c.shift + c.rest) / c.unit).collect();
        let largest = T::max_value();
        let within = |scale: T| if scale.is_finite() { scale } else { largest.unwrap_or(scale) };
        let scale = columns.iter().map(|c| positive(within(c.scale / c.unit))).collect();
        Self { columns, shift, scale }
    }

    pub fn shift(&self) -> &[T] {
        &self.shift
    }

    pub fn scale(&self) -> &[T] {
        &self.scale
    }

    pub fn column(&self, j: usize) -> &Column<T> {
        &self.columns[j]
    }

    fn check(&self, x: DMatrixView<'_, T>) -> Result<()> {
        let (expected, found) = (self.columns.len(), x.ncols());
        if expected == found { Ok(()) } else { Err(Error::Shape { what: "columns of x", expected, found }) }
    }

    pub fn transform(&self, x: DMatrixView<'_, T>) -> Result<DMatrix<T>> {
        let mut out = DMatrix::zeros(x.nrows(), x.ncols());
        self.transform_into(x, &mut out)?;
        Ok(out)
    }

    /// (x − shift) / scale into `out`, which has the size of x.
    pub fn transform_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()> {
        self.check(x)?;
        let scaled = |c: &Column<T>, x: T| ((x * c.unit - c.shift) - c.rest) / c.scale;
        self.each(x, out, ["x", "the scaled x"], scaled)
    }

    pub fn inverse(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>> {
        self.check(z)?;
        let mut out = DMatrix::zeros(z.nrows(), z.ncols());
        self.each(z, &mut out, ["z", "the inverse of z"], |c, z| (c.shift + (c.rest + c.scale * z)) / c.unit)?;
        Ok(out)
    }

    /// shift + scale · z in place, finite or not.
    pub fn inverse_in_place(&self, z: &mut DMatrix<T>) {
        for (c, mut z) in self.columns.iter().zip(z.column_iter_mut()) {
            z.iter_mut().for_each(|z| *z = (c.shift + (c.rest + c.scale * *z)) / c.unit);
        }
    }

    /// Maps every number; the error is that of the input where it is to blame.
    fn each(
        &self,
        x: DMatrixView<'_, T>,
        out: &mut DMatrix<T>,
        [input, output]: [&'static str; 2],
        map: impl Fn(&Column<T>, T) -> T,
    ) -> Result<()> {
        for (j, c) in self.columns.iter().enumerate() {
            let (column, mut out) = (x.column(j), out.column_mut(j));
            out.iter_mut().zip(column.iter()).for_each(|(out, &x)| *out = map(c, x));
        }
        super::all_finite(output, out.as_view()).map_err(|error| super::all_finite(input, x).err().unwrap_or(error))
    }
}
