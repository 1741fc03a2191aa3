//! The float bound of the whole crate.

mod ahead;
mod columns;
mod convolution;
mod functions;
mod gate;
mod inner;
mod lanes;
mod logits;
mod outer;
mod scalar;
mod several;
pub(crate) mod simd;
mod sums;

pub(crate) use ahead::Ahead;
pub(crate) use columns::CHAIN;
pub use columns::{Combine, Dots, Scores};
pub use convolution::{Convolve, Geometry};
pub use gate::{Gate, Rectify};
pub(crate) use inner::Inner;
pub(crate) use lanes::Lanes;
pub use logits::Logits;
pub use outer::{Into, Outer, Strided};
pub(crate) use scalar::{NORMAL_PEAK, finite_or_nan, normal_cdf, normal_density, sigmoid, zero_or_nan};
pub(crate) use several::DEPTH;
pub use several::{Blend, Cross};

use functions::{Each, Function};
use nalgebra::{DMatrixView, RealField};
use pulp::{Arch, Simd, WithSimd};
use sums::{Ln1pSum, Sum};

/// A real scalar: `f32`, `f64`, or a type of the user's (a dual number, an interval).
///
/// Only [`of`](Real::of) and [`to_f64`](Real::to_f64) are required. The other methods are the kernels that the hot loops
/// call; their defaults are plain loops over the scalar functions, and `f32` and `f64` override them with vector code.
pub trait Real: RealField + Copy + Default {
    /// The nearest value to `x`.
    fn of(x: f64) -> Self;

    /// The nearest `f64`.
    fn to_f64(self) -> f64;

    /// The same numbers, if they are `f64`.
    #[doc(hidden)]
    fn in_f64(_: DMatrixView<'_, Self>) -> Option<DMatrixView<'_, f64>> {
        None
    }

    /// These numbers as `f64`: in place where they are that already, else copied into `room`.
    #[doc(hidden)]
    fn widened<'a>(x: &'a [Self], room: &'a mut Vec<f64>) -> &'a [f64] {
        room.clear();
        room.extend(x.iter().map(|x| x.to_f64()));
        room
    }

    /// How many samples of a convolution stand side by side: one vector of the processor.
    #[doc(hidden)]
    const VECTOR: usize = 4;

    /// A product of a convolution on [`VECTOR`](Real::VECTOR) samples. Here, and not where it is called, so that its tiles are
    /// compiled once with this crate and not again by everyone who has a convolution.
    #[doc(hidden)]
    fn convolve(product: Convolve<'_, Self>) {
        product.run::<4, simd::Loops>();
    }

    /// C = A B, or C ± A B.
    #[doc(hidden)]
    fn outer(product: Outer<'_, Self>) {
        product.plain();
    }

    /// z = X w, a few columns at a time.
    #[doc(hidden)]
    fn combine(product: Combine<'_, Self>) {
        product.plain();
    }

    /// Xᵀ v, a few columns at a time.
    #[doc(hidden)]
    fn dots(product: Dots<'_, Self>) {
        product.plain();
    }

    /// Z = W X on feature columns, for several outputs.
    #[doc(hidden)]
    fn blend(product: Blend<'_, Self>) {
        product.plain();
    }

    /// dW = dZ Xᵀ on packed columns, for several outputs.
    #[doc(hidden)]
    fn cross(product: Cross<'_, Self>) {
        product.one_by_one();
    }

    /// Σ xᵢ, in lanes.
    #[doc(hidden)]
    fn sum(x: &[Self]) -> Self {
        let mut lanes = [Self::zero(); 16];
        let (chunks, rest) = x.as_chunks::<16>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane += x);
        }
        rest.iter().chain(&lanes).fold(Self::zero(), |sum, &x| sum + x)
    }

    /// Σ ln(1 + xᵢ) for 0 ≤ xᵢ ≤ 1: the logarithm of the product, 64 factors at a time.
    #[doc(hidden)]
    fn ln_1p_sum(x: &[Self]) -> Self {
        let product = |x: &[Self]| x.iter().fold(Self::zero(), |product, &x| product + (x + product * x));
        x.chunks(64).fold(Self::zero(), |sum, x| sum + product(x).ln_1p())
    }

    /// z = X w, sample by sample.
    #[doc(hidden)]
    fn scores(product: Scores<'_, Self>) {
        product.plain();
    }

    /// The rectifier.
    #[doc(hidden)]
    fn rectify(numbers: Rectify<'_, Self>) {
        numbers.plain();
    }

    /// The Bernoulli loss.
    #[doc(hidden)]
    fn logits(numbers: Logits<'_, Self>) {
        numbers.plain();
    }

    /// The slope of the rectifier.
    #[doc(hidden)]
    fn gate(numbers: Gate<'_, Self>) {
        numbers.plain();
    }

    /// x ← e^x for every number.
    #[doc(hidden)]
    fn exp_each(x: &mut [Self]) {
        x.iter_mut().for_each(|x| *x = x.exp());
    }

    /// x ← ln(1 + x) for every number.
    #[doc(hidden)]
    fn ln_1p_each(x: &mut [Self]) {
        x.iter_mut().for_each(|x| *x = x.ln_1p());
    }

    /// x ← tanh x for every number, NaN for an infinity: a sum that overflowed should be seen.
    #[doc(hidden)]
    fn tanh_each(x: &mut [Self]) {
        x.iter_mut().for_each(|x| *x = finite_or_nan(*x).tanh());
    }

    /// x ← 1 / (1 + e^−x) for every number, NaN for an infinity.
    #[doc(hidden)]
    fn sigmoid_each(x: &mut [Self]) {
        x.iter_mut().for_each(|x| *x = sigmoid(finite_or_nan(*x)));
    }

    /// x ← Φ(x) for every number, Φ the standard normal distribution function.
    #[doc(hidden)]
    fn normal_cdf_each(x: &mut [Self]) {
        x.iter_mut().for_each(|x| *x = normal_cdf(*x));
    }
}

/// Runs `work` compiled for the processor at hand, so that plain loops over slices become its widest vector code (AVX2 and
/// fused multiply-add where there is any). A closure must be `#[inline(always)]`, written at the call, and use up what it
/// captures; one that does not comes in [`Loops`]. The kernels made of tiles return to their plain loops where the registers hold one
/// number: a second copy of every tile, for processors that hardly anybody has, would double the time that the crate takes to build.
pub(crate) fn vectorize<K: WithSimd>(work: K) -> K::Output {
    Arch::new().dispatch(work)
}

/// A closure that could be called again. What the compiler makes of such a closure to call it once is a function that it need
/// not inline, and then the loops are compiled for the oldest processor.
pub(crate) struct Loops<F>(pub F);

impl<R, F: FnMut() -> R> WithSimd for Loops<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> R {
        (self.0)()
    }
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    const VECTOR: usize = 8;

    fn convolve(product: Convolve<'_, Self>) {
        product.run::<8, simd::Vectors>();
    }

    fn outer(product: Outer<'_, Self>) {
        vectorize(product);
    }

    fn combine(product: Combine<'_, Self>) {
        vectorize(product);
    }

    fn dots(product: Dots<'_, Self>) {
        vectorize(product);
    }

    fn scores(product: Scores<'_, Self>) {
        vectorize(product);
    }

    fn blend(product: Blend<'_, Self>) {
        vectorize(product);
    }

    fn rectify(numbers: Rectify<'_, Self>) {
        vectorize(numbers);
    }

    fn logits(numbers: Logits<'_, Self>) {
        vectorize(numbers);
    }

    fn gate(numbers: Gate<'_, Self>) {
        vectorize(numbers);
    }

    fn sum(x: &[Self]) -> Self {
        vectorize(Sum(x))
    }

    fn ln_1p_sum(x: &[Self]) -> Self {
        vectorize(Ln1pSum(x))
    }

    fn exp_each(x: &mut [Self]) {
        vectorize(Each(Function::Exp, x));
    }

    fn ln_1p_each(x: &mut [Self]) {
        vectorize(Each(Function::Ln1p, x));
    }

    fn tanh_each(x: &mut [Self]) {
        vectorize(Each(Function::Tanh, x));
    }

    fn sigmoid_each(x: &mut [Self]) {
        vectorize(Each(Function::Sigmoid, x));
    }

    fn normal_cdf_each(x: &mut [Self]) {
        vectorize(Each(Function::NormalCdf, x));
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    fn in_f64(x: DMatrixView<'_, Self>) -> Option<DMatrixView<'_, f64>> {
        Some(x)
    }

    fn widened<'a>(x: &'a [Self], _: &'a mut Vec<f64>) -> &'a [f64] {
        x
    }

    fn convolve(product: Convolve<'_, Self>) {
        product.run::<4, simd::Vectors>();
    }

    fn outer(product: Outer<'_, Self>) {
        vectorize(product);
    }

    fn combine(product: Combine<'_, Self>) {
        vectorize(product);
    }

    fn dots(product: Dots<'_, Self>) {
        vectorize(product);
    }

    fn scores(product: Scores<'_, Self>) {
        vectorize(product);
    }

    fn blend(product: Blend<'_, Self>) {
        vectorize(product);
    }

    fn cross(product: Cross<'_, Self>) {
        vectorize(product.product());
    }

    fn rectify(numbers: Rectify<'_, Self>) {
        vectorize(numbers);
    }

    fn logits(numbers: Logits<'_, Self>) {
        vectorize(numbers);
    }

    fn gate(numbers: Gate<'_, Self>) {
        vectorize(numbers);
    }

    fn sum(x: &[Self]) -> Self {
        vectorize(Sum(x))
    }

    fn ln_1p_sum(x: &[Self]) -> Self {
        vectorize(Ln1pSum(x))
    }

    fn exp_each(x: &mut [Self]) {
        vectorize(Each(Function::Exp, x));
    }

    fn ln_1p_each(x: &mut [Self]) {
        vectorize(Each(Function::Ln1p, x));
    }

    fn tanh_each(x: &mut [Self]) {
        vectorize(Each(Function::Tanh, x));
    }

    fn sigmoid_each(x: &mut [Self]) {
        vectorize(Each(Function::Sigmoid, x));
    }

    fn normal_cdf_each(x: &mut [Self]) {
        vectorize(Each(Function::NormalCdf, x));
    }
}
