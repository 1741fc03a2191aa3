//! The one door to the processor's vector instructions: plain loops over arrays, compiled once more for what the
//! processor can do at run time.

use super::{Real, vectorize};

/// A loop that is worth compiling for wide vectors and fused multiply-add.
pub trait Kernel {
    /// The work. `FMA` says whether a fused multiply-add is one instruction here; where it is not, it is a slow call.
    /// Implementations and what they call are `#[inline(always)]`, or the wider instructions do not reach them.
    fn run<const FMA: bool>(self);
}

struct Op<K>(K);

impl<K: Kernel> pulp::WithSimd for Op<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        if S::IS_SCALAR { self.0.run::<false>() } else { self.0.run::<true>() }
    }
}

/// Runs the kernel with the widest instructions that this processor has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) {
    vectorize(Op(kernel));
}

/// How a kernel is run.
pub trait Dispatch {
    /// Runs it.
    fn run<K: Kernel>(kernel: K);
}

/// By [`dispatch`].
pub struct Vectors;

/// By plain loops.
pub struct Loops;

impl Dispatch for Vectors {
    fn run<K: Kernel>(kernel: K) {
        dispatch(kernel);
    }
}

impl Dispatch for Loops {
    fn run<K: Kernel>(kernel: K) {
        kernel.run::<false>();
    }
}

/// a x + y, in one rounding where that is one instruction.
#[inline(always)]
pub fn mul_add<T: Real, const FMA: bool>(a: T, x: T, y: T) -> T {
    if FMA { a.mul_add(x, y) } else { a * x + y }
}

/// sum += a x, lane by lane.
#[inline(always)]
pub fn add_scaled<T: Real, const L: usize, const FMA: bool>(sum: &mut [T; L], a: T, x: &[T; L]) {
    for l in 0..L {
        sum[l] = mul_add::<T, FMA>(a, x[l], sum[l]);
    }
}

/// sum += y x, lane by lane.
#[inline(always)]
pub fn add_product<T: Real, const L: usize, const FMA: bool>(sum: &mut [T; L], y: &[T; L], x: &[T; L]) {
    for l in 0..L {
        sum[l] = mul_add::<T, FMA>(y[l], x[l], sum[l]);
    }
}

/// sum += x, lane by lane.
#[inline(always)]
pub fn add<T: Real, const L: usize>(sum: &mut [T; L], x: [T; L]) {
    *sum = std::array::from_fn(|l| sum[l] + x[l]);
}
