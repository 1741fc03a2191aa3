//! The vector registers of the processor, one interface for `f32` and `f64`: what the kernels are written in.

use super::Real;
use pulp::Simd;

/// A scalar that the processor holds several of in one register, `V<S>`, for the instruction set `S`.
pub trait Lanes: Real {
    /// One register.
    type V<S: Simd>: Copy;

    /// How many numbers a register holds.
    fn lanes<S: Simd>(simd: S) -> usize;
    /// The whole registers of a slice, and what is left over.
    fn split<S: Simd>(simd: S, x: &[Self]) -> (&[Self::V<S>], &[Self]);
    /// [`split`](Lanes::split) for writing.
    fn split_mut<S: Simd>(simd: S, x: &mut [Self]) -> (&mut [Self::V<S>], &mut [Self]);
    /// The first numbers of a register from a slice shorter than it, the others 0.
    fn load<S: Simd>(simd: S, x: &[Self]) -> Self::V<S>;
    /// The first numbers of a register into a slice shorter than it.
    fn store<S: Simd>(simd: S, x: &mut [Self], v: Self::V<S>);
    /// The same number in every lane.
    fn all<S: Simd>(simd: S, x: Self) -> Self::V<S>;
    /// a b + c, with one rounding where the processor has it.
    fn fma<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>, c: Self::V<S>) -> Self::V<S>;
    /// a + b.
    fn plus<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// a − b.
    fn minus<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// a b.
    fn times<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// a / b.
    fn over<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// Lane by lane, the larger of a and b; either, where one is NaN.
    fn larger<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// Lane by lane, a where x > 0, else b.
    fn where_positive<S: Simd>(simd: S, x: Self::V<S>, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// Four rows turned: in every four lanes of the result stand the numbers of one column. In which order the columns come is
    /// left to the processor.
    fn turn<S: Simd>(simd: S, rows: [Self::V<S>; 4]) -> [Self::V<S>; 4];
    /// The sum over the lanes.
    fn total<S: Simd>(simd: S, a: Self::V<S>) -> Self;
    /// The scalar a b + c, rounded as [`fma`](Lanes::fma) rounds on `S`.
    #[inline(always)]
    fn fma1<S: Simd>(_simd: S, a: Self, b: Self, c: Self) -> Self {
        if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
    }
}

impl Lanes for f32 {
    type V<S: Simd> = S::f32s;

    #[inline(always)]
    fn lanes<S: Simd>(_: S) -> usize {
        size_of::<S::f32s>() / size_of::<f32>()
    }

    #[inline(always)]
    fn split<S: Simd>(_: S, x: &[Self]) -> (&[S::f32s], &[Self]) {
        S::as_simd_f32s(x)
    }

    #[inline(always)]
    fn split_mut<S: Simd>(_: S, x: &mut [Self]) -> (&mut [S::f32s], &mut [Self]) {
        S::as_mut_simd_f32s(x)
    }

    #[inline(always)]
    fn load<S: Simd>(simd: S, x: &[Self]) -> S::f32s {
        simd.partial_load_f32s(x)
    }

    #[inline(always)]
    fn store<S: Simd>(simd: S, x: &mut [Self], v: S::f32s) {
        simd.partial_store_f32s(x, v);
    }

    #[inline(always)]
    fn all<S: Simd>(simd: S, x: Self) -> S::f32s {
        simd.splat_f32s(x)
    }

    #[inline(always)]
    fn fma<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }

    #[inline(always)]
    fn plus<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.add_f32s(a, b)
    }

    #[inline(always)]
    fn minus<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.sub_f32s(a, b)
    }

    #[inline(always)]
    fn times<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.mul_f32s(a, b)
    }

    #[inline(always)]
    fn over<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.div_f32s(a, b)
    }

    #[inline(always)]
    fn larger<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.max_f32s(a, b)
    }

    #[inline(always)]
    fn where_positive<S: Simd>(simd: S, x: S::f32s, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.select_f32s(simd.greater_than_f32s(x, simd.splat_f32s(0.0)), a, b)
    }

    #[inline(always)]
    fn turn<S: Simd>(simd: S, rows: [S::f32s; 4]) -> [S::f32s; 4] {
        simd.interleave_shfl_f32s(rows)
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, a: S::f32s) -> Self {
        simd.reduce_sum_f32s(a)
    }
}

impl Lanes for f64 {
    type V<S: Simd> = S::f64s;

    #[inline(always)]
    fn lanes<S: Simd>(_: S) -> usize {
        size_of::<S::f64s>() / size_of::<f64>()
    }

    #[inline(always)]
    fn split<S: Simd>(_: S, x: &[Self]) -> (&[S::f64s], &[Self]) {
        S::as_simd_f64s(x)
    }

    #[inline(always)]
    fn split_mut<S: Simd>(_: S, x: &mut [Self]) -> (&mut [S::f64s], &mut [Self]) {
        S::as_mut_simd_f64s(x)
    }

    #[inline(always)]
    fn load<S: Simd>(simd: S, x: &[Self]) -> S::f64s {
        simd.partial_load_f64s(x)
    }

    #[inline(always)]
    fn store<S: Simd>(simd: S, x: &mut [Self], v: S::f64s) {
        simd.partial_store_f64s(x, v);
    }

    #[inline(always)]
    fn all<S: Simd>(simd: S, x: Self) -> S::f64s {
        simd.splat_f64s(x)
    }

    #[inline(always)]
    fn fma<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }

    #[inline(always)]
    fn plus<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.add_f64s(a, b)
    }

    #[inline(always)]
    fn minus<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.sub_f64s(a, b)
    }

    #[inline(always)]
    fn times<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.mul_f64s(a, b)
    }

    #[inline(always)]
    fn over<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.div_f64s(a, b)
    }

    #[inline(always)]
    fn larger<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.max_f64s(a, b)
    }

    #[inline(always)]
    fn where_positive<S: Simd>(simd: S, x: S::f64s, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.select_f64s(simd.greater_than_f64s(x, simd.splat_f64s(0.0)), a, b)
    }

    #[inline(always)]
    fn turn<S: Simd>(simd: S, rows: [S::f64s; 4]) -> [S::f64s; 4] {
        simd.interleave_shfl_f64s(rows)
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, a: S::f64s) -> Self {
        simd.reduce_sum_f64s(a)
    }
}
