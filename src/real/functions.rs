//! exp, ln(1 + x), tanh, σ and Φ over slices, written without branches so that the compiler turns each loop into vector code.
//!
//! Every function is one polynomial after a reduction of its argument; constants are Taylor coefficients or, for Φ, a
//! Chebyshev fit made for this file. Bounds are tested against long arithmetic in the tests below.

use super::{Lanes, finite_or_nan};
use pulp::{Simd, WithSimd};

/// What the functions need to know of a binary format.
pub(crate) trait Binary: Lanes {
    /// 1.5 · 2^(mantissa bits): adding it rounds to an integer and leaves that in the low bits.
    const ROUND: Self;
    const LOG2_E: Self;
    /// ln 2 in two parts, the first with zeros at its end: a product with an exponent is exact.
    const LN_2: [Self; 2];
    /// Beyond ± this exp is 0 or infinite.
    const EXP_END: Self;
    /// q in e^r = 1 + r + r² q(r), |r| ≤ ½ ln 2; highest power first.
    const EXP: &'static [Self];
    /// R in ln((1 + s)/(1 − s)) = 2 s + s³ R(s²); highest power first.
    const LN: &'static [Self];
    /// e^(t²) erfc(t) (1 + 2 t) as a polynomial in (t − 3)/(t + 3), t ≥ 0; highest power first.
    const ERFC: &'static [Self];
    /// ln(1 + x) is x below this.
    const TINY: Self;

    /// 2^n from n + [`ROUND`](Binary::ROUND), for n in the range of normal exponents.
    fn power_of_two(shifted: Self) -> Self;
    /// (k, m) with u = 2^k m, m in [√½, √2), for normal u > 0.
    fn parts(u: Self) -> (Self, Self);
}

impl Binary for f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];
    const EXP_END: f64 = 800.0;
    const EXP: &'static [f64] = &[
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ];
    const LN: &'static [f64] = &[
        2.0 / 23.0,
        2.0 / 21.0,
        2.0 / 19.0,
        2.0 / 17.0,
        2.0 / 15.0,
        2.0 / 13.0,
        2.0 / 11.0,
        2.0 / 9.0,
        2.0 / 7.0,
        2.0 / 5.0,
        2.0 / 3.0,
    ];
    const ERFC: &'static [f64] = &[
        -3.447_020_032_446_085e-11,
        8.393_961_066_811_827e-10,
        1.201_698_984_089_013_2e-9,
        -8.217_730_965_898_85e-9,
        -1.390_541_768_144_049_1e-8,
        4.106_436_947_623_875e-8,
        1.027_788_586_887_326_3e-7,
        -1.404_770_756_171_644_9e-7,
        -6.175_606_815_857_317e-7,
        3.557_613_690_920_098_5e-7,
        3.473_023_467_862_161e-6,
        -7.308_284_575_189_569e-7,
        -2.010_084_279_250_086_5e-5,
        4.949_196_777_046_774e-6,
        1.250_994_354_845_125_6e-4,
        -1.051_597_196_183_713e-4,
        -7.798_322_884_662_452e-4,
        0.001_888_690_345_004_840_4,
        0.002_529_391_818_045_653_5,
        -0.023_770_514_917_171_89,
        0.068_308_027_343_845_27,
        -0.119_273_663_415_386_35,
        0.129_645_158_702_764_75,
        -0.047_562_294_353_449_2,
        -0.135_621_106_124_581_2,
        1.253_008_058_269_729_6,
    ];
    const TINY: f64 = 5.0e-17;

    #[inline(always)]
    fn power_of_two(shifted: f64) -> f64 {
        f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
    }

    #[inline(always)]
    fn parts(u: f64) -> (f64, f64) {
        const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
        let bits = u.to_bits().wrapping_add(1023 << 52).wrapping_sub(ROOT_HALF);
        let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
        (exponent, f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT_HALF))
    }
}

impl Binary for f32 {
    const ROUND: f32 = 12_582_912.0;
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN_2: [f32; 2] = [f32::from_bits(0x3f31_7200), f32::from_bits(0x35bf_be8e)];
    const EXP_END: f32 = 120.0;
    const EXP: &'static [f32] = &[1.0 / 5_040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5];
    const LN: &'static [f32] = &[2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0];
    const ERFC: &'static [f32] = &[
        3.861_849e-6,
        7.731_024_4e-5,
        -1.041_307_1e-4,
        -7.264_536_7e-4,
        0.001_888_112_9,
        0.002_499_116_8,
        -0.023_770_334,
        0.068_316_57,
        -0.119_273_69,
        0.129_644_11,
        -0.047_562_294,
        -0.135_621_07,
        1.253_008,
    ];
    const TINY: f32 = 3.0e-8;

    #[inline(always)]
    fn power_of_two(shifted: f32) -> f32 {
        f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
    }

    #[inline(always)]
    fn parts(u: f32) -> (f32, f32) {
        const ROOT_HALF: u32 = 0x3f35_04f3;
        let bits = u.to_bits().wrapping_add(127 << 23).wrapping_sub(ROOT_HALF);
        let exponent = f32::from_bits((bits >> 23) | 0x4b00_0000) - (8_388_608.0 + 127.0);
        (exponent, f32::from_bits((bits & 0x007f_ffff) + ROOT_HALF))
    }
}

/// a b + c, in one rounding where the processor can.
#[inline(always)]
fn fma<T: Binary, const FUSED: bool>(a: T, b: T, c: T) -> T {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Pairs of neighbours, then pairs of pairs: the terms hardly wait for each other. Source: Estrin (1960), Proc. Western Joint
/// Computer Conference 17, 33.
#[inline(always)]
fn polynomial<T: Binary, const FUSED: bool>(coefficients: &[T], x: T) -> T {
    let mut terms = [T::zero(); 32];
    let (mut len, mut power) = (coefficients.len(), x);
    terms[..len].copy_from_slice(coefficients);
    // Highest first: an odd one out is at the front.
    while len > 1 {
        let odd = len % 2;
        for i in 0..len / 2 {
            terms[odd + i] = fma::<T, FUSED>(terms[odd + 2 * i], power, terms[odd + 2 * i + 1]);
        }
        len = len / 2 + odd;
        power = power * power;
    }
    terms[0]
}

/// `x` kept within ± `end`; NaN stays.
#[inline(always)]
fn within<T: Binary>(x: T, end: T) -> T {
    let x = if x > end { end } else { x };
    if x < -end { -end } else { x }
}

/// (n, r, q) with x = n ln 2 + r, |r| ≤ ½ ln 2, and e^r = 1 + r + r² q.
#[inline(always)]
fn reduced<T: Binary, const FUSED: bool>(x: T) -> (T, T, T) {
    let n = fma::<T, FUSED>(x, T::LOG2_E, T::ROUND) - T::ROUND;
    let r = fma::<T, FUSED>(-n, T::LN_2[1], fma::<T, FUSED>(-n, T::LN_2[0], x));
    (n, r, polynomial::<T, FUSED>(T::EXP, r))
}

/// e^x. The power of two is applied in two halves, so that results below the normal range are rounded, not flushed.
#[inline(always)]
fn exp<T: Binary, const FUSED: bool>(x: T) -> T {
    let (n, r, q) = reduced::<T, FUSED>(within(x, T::EXP_END));
    // What 1 + r loses is carried along: with it the last addition is the only one that rounds by half an ulp.
    let sum = T::one() + r;
    let lost = (T::one() - sum) + r;
    let half = fma::<T, FUSED>(n, T::of(0.5), T::ROUND);
    let rest = n - (half - T::ROUND) + T::ROUND;
    (sum + fma::<T, FUSED>(r * r, q, lost)) * T::power_of_two(half) * T::power_of_two(rest)
}

/// 1 / (1 + e^−x), the small side as e/(1 + e).
#[inline(always)]
fn sigmoid<T: Binary, const FUSED: bool>(x: T) -> T {
    let e = exp::<T, FUSED>(-x.abs());
    let top = if x > T::zero() { T::one() } else { e };
    top / (T::one() + e)
}

/// −t / (2 + t), t = e^(−2|x|) − 1, with the sign of x.
#[inline(always)]
fn tanh<T: Binary, const FUSED: bool>(x: T) -> T {
    // From −60 on, t is −1 and the power of two still normal.
    let (n, r, q) = reduced::<T, FUSED>(within(x.abs() * T::of(-2.0), T::of(60.0)));
    let s = fma::<T, FUSED>(r * r, q, r);
    let scale = T::power_of_two(n + T::ROUND);
    let t = fma::<T, FUSED>(scale, s, scale - T::one());
    (-t / (T::of(2.0) + t)).copysign(x)
}

/// ln(1 + x): what rounding 1 + x loses is divided out at the end.
#[inline(always)]
fn ln_1p<T: Binary, const FUSED: bool>(x: T) -> T {
    let one = T::one();
    let u = one + x;
    let part = u - one;
    let lost = ((one - (u - part)) + (x - part)) / u;
    let (k, m) = T::parts(u);
    let f = m - one;
    let s = f / (T::of(2.0) + f);
    let square = s * s;
    let rest = square * polynomial::<T, FUSED>(T::LN, square);
    let half = T::of(0.5) * f * f;
    let small = fma::<T, FUSED>(k, T::LN_2[1], lost) + s * (half + rest);
    let value = fma::<T, FUSED>(k, T::LN_2[0], f - (half - small));
    // Infinities and NaN; −1 and what lies below it.
    let value = if x.is_finite() { value } else { x };
    let value = if x > -one { value } else { (x + one) / T::zero() * T::zero() };
    let value = if x == -one { -one / T::zero() } else { value };
    if x.abs() < T::TINY { x } else { value }
}

/// Φ(x): ½ erfc(|x|/√2) and its complement. e^(−x²/2) with what the square loses.
#[inline(always)]
fn normal_cdf<T: Binary, const FUSED: bool>(x: T) -> T {
    let size = within(x.abs(), T::of(40.0));
    let square = size * size;
    let lost = if FUSED { fma::<T, FUSED>(size, size, -square) } else { T::zero() };
    let density = exp::<T, FUSED>(square * T::of(-0.5));
    let density = fma::<T, FUSED>(density, lost * T::of(-0.5), density);
    let t = size * T::of(std::f64::consts::FRAC_1_SQRT_2);
    let y = (t - T::of(3.0)) / (t + T::of(3.0));
    let tail = density * T::of(0.5) * polynomial::<T, FUSED>(T::ERFC, y) / fma::<T, FUSED>(t, T::of(2.0), T::one());
    if x > T::zero() { T::one() - tail } else { tail }
}

/// One of the functions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Function {
    Exp,
    Ln1p,
    Tanh,
    Sigmoid,
    NormalCdf,
}

/// A function applied to every number of a slice.
#[derive(Debug)]
pub(crate) struct Each<'a, T>(pub Function, pub &'a mut [T]);

/// Whether `mul_add` is one instruction where the kernels run with vector registers.
const HAS_FMA: bool = cfg!(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"));

impl<T: Binary> WithSimd for Each<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        if HAS_FMA && !S::IS_SCALAR { each::<T, true>(self) } else { each::<T, false>(self) }
    }
}

#[inline(always)]
fn each<T: Binary, const FUSED: bool>(Each(function, x): Each<'_, T>) {
    match function {
        Function::Exp => x.iter_mut().for_each(|x| *x = exp::<T, FUSED>(*x)),
        Function::Ln1p => x.iter_mut().for_each(|x| *x = ln_1p::<T, FUSED>(*x)),
        // These two would hide that a sum overflowed.
        Function::Tanh => x.iter_mut().for_each(|x| *x = tanh::<T, FUSED>(finite_or_nan(*x))),
        Function::Sigmoid => x.iter_mut().for_each(|x| *x = sigmoid::<T, FUSED>(finite_or_nan(*x))),
        Function::NormalCdf => x.iter_mut().for_each(|x| *x = normal_cdf::<T, FUSED>(*x)),
    }
}

#[cfg(test)]
mod tests;
