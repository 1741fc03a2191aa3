//! exp, ln(1 + x), tanh, σ and Φ over slices, written without branches so that the compiler turns each loop into vector code.
//!
//! Every function is one polynomial after a reduction of its argument; constants are Taylor coefficients or, for Φ, a
//! Chebyshev fit made for this file. Bounds are tested against long arithmetic in the tests below.

use super::Lanes;
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

/// Even and odd powers by themselves: two chains take half the time of one.
#[inline(always)]
fn polynomial<T: Binary, const FUSED: bool>(coefficients: &[T], x: T) -> T {
    let square = x * x;
    let (mut same, mut other) = (coefficients[0], coefficients[1]);
    for (i, &c) in coefficients.iter().enumerate().skip(2) {
        let sum = if i % 2 == 0 { &mut same } else { &mut other };
        *sum = fma::<T, FUSED>(*sum, square, c);
    }
    if coefficients.len().is_multiple_of(2) { fma::<T, FUSED>(same, x, other) } else { fma::<T, FUSED>(other, x, same) }
}

/// `x` kept within ± `end`; NaN stays.
#[inline(always)]
fn within<T: Binary>(x: T, end: T) -> T {
    let x = if x > end { end } else { x };
    if x < -end { -end } else { x }
}

/// (n, e^r − 1) with x = n ln 2 + r, |r| ≤ ½ ln 2.
#[inline(always)]
fn reduced<T: Binary, const FUSED: bool>(x: T) -> (T, T) {
    let n = fma::<T, FUSED>(x, T::LOG2_E, T::ROUND) - T::ROUND;
    let r = fma::<T, FUSED>(-n, T::LN_2[1], fma::<T, FUSED>(-n, T::LN_2[0], x));
    (n, fma::<T, FUSED>(r * r, polynomial::<T, FUSED>(T::EXP, r), r))
}

/// e^x. The power of two is applied in two halves, so that results below the normal range are rounded, not flushed.
#[inline(always)]
fn exp<T: Binary, const FUSED: bool>(x: T) -> T {
    let (n, s) = reduced::<T, FUSED>(within(x, T::EXP_END));
    let half = fma::<T, FUSED>(n, T::of(0.5), T::ROUND);
    let rest = n - (half - T::ROUND) + T::ROUND;
    (T::one() + s) * T::power_of_two(half) * T::power_of_two(rest)
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
    let (n, s) = reduced::<T, FUSED>(within(x.abs() * T::of(-2.0), T::of(60.0)));
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
        Function::Tanh => x.iter_mut().for_each(|x| *x = tanh::<T, FUSED>(*x)),
        Function::Sigmoid => x.iter_mut().for_each(|x| *x = sigmoid::<T, FUSED>(*x)),
        Function::NormalCdf => x.iter_mut().for_each(|x| *x = normal_cdf::<T, FUSED>(*x)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An unevaluated sum of two f64, some 106 bits. Source: Dekker (1971), Numerische Mathematik 18.
    #[derive(Clone, Copy)]
    struct Long(f64, f64);

    impl Long {
        fn sum(a: f64, b: f64) -> Self {
            let s = a + b;
            let part = s - a;
            Self(s, (a - (s - part)) + (b - part))
        }
        fn add(self, other: Self) -> Self {
            let s = Self::sum(self.0, other.0);
            Self::sum(s.0, s.1 + self.1 + other.1)
        }
        fn times(self, other: Self) -> Self {
            let p = self.0 * other.0;
            Self::sum(p, self.0.mul_add(other.0, -p) + self.0 * other.1 + self.1 * other.0)
        }
        fn over(self, other: Self) -> Self {
            let q = self.0 / other.0;
            let rest = self.add(other.times(Self(-q, 0.0)));
            Self::sum(q, (rest.0 + rest.1) / other.0)
        }
        /// e^x − 1 for |x| ≤ 40, by Taylor on x/1024 and (1 + t)² − 1 = t (2 + t), ten times.
        fn exp_m1(self) -> Self {
            let x = Self(self.0 / 1024.0, self.1 / 1024.0);
            let mut t = Self(0.0, 0.0);
            for k in (1..16).rev() {
                t = t.add(Self(1.0, 0.0)).times(x).over(Self(f64::from(k), 0.0));
            }
            (0..10).fold(t, |t, _| t.times(t.add(Self(2.0, 0.0))))
        }
        /// How many units in the last place of the truth `value` is off.
        fn ulps(self, value: f64) -> f64 {
            let ulp = (self.0.abs().next_up() - self.0.abs()).max(f64::from_bits(1));
            (((value - self.0) - self.1) / ulp).abs()
        }
    }

    fn call(function: Function, x: f64) -> f64 {
        let mut x = [x];
        crate::real::vectorize(Each(function, &mut x));
        x[0]
    }

    fn ulps32(function: Function, x: f32, truth: f64) -> f64 {
        let mut out = [x];
        crate::real::vectorize(Each(function, &mut out));
        let size = (truth as f32).abs();
        if size.is_infinite() {
            return if out[0] == truth as f32 { 0.0 } else { f64::INFINITY };
        }
        let ulp = f64::from(size.next_up() - size).max(f64::from(f32::from_bits(1)));
        (f64::from(out[0]) - truth).abs() / ulp
    }

    fn sigma(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn exp_within_one_ulp(x in -40.0..40.0f64) {
            let truth = Long(x.abs(), 0.0).exp_m1().add(Long(1.0, 0.0));
            let truth = if x < 0.0 { Long(1.0, 0.0).over(truth) } else { truth };
            prop_assert!(truth.ulps(call(Function::Exp, x)) <= 1.0, "{x} {}", truth.ulps(call(Function::Exp, x)));
        }

        /// Far out as a product of e^40 and the like; below the normal range too.
        #[test]
        fn exp_within_one_ulp_far_out(x in -745.0..709.0f64) {
            let parts = (x.abs() / 30.0).ceil().max(1.0);
            let part = Long(x.abs(), 0.0).over(Long(parts, 0.0)).exp_m1().add(Long(1.0, 0.0));
            let part = if x < 0.0 { Long(1.0, 0.0).over(part) } else { part };
            let truth = (1..parts as usize).fold(part, |product, _| product.times(part));
            if truth.0 > 1e-290 {
                prop_assert!(truth.ulps(call(Function::Exp, x)) <= 1.0, "{x} {}", truth.ulps(call(Function::Exp, x)));
            } else {
                prop_assert!((call(Function::Exp, x) - x.exp()).abs() <= 1.01 * (x.exp().next_up() - x.exp()));
            }
        }

        #[test]
        fn tanh_and_sigmoid_within_three_ulps(x in -30.0..30.0f64, small in -300i32..1) {
            for x in [x, x * 10f64.powi(small)] {
                let t = Long(-2.0 * x.abs(), 0.0).exp_m1();
                let t = Long(-t.0, -t.1).over(t.add(Long(2.0, 0.0)));
                let tanh = if x < 0.0 { Long(-t.0, -t.1) } else { t };
                prop_assert!(tanh.ulps(call(Function::Tanh, x)) <= 3.0, "tanh {x} {}", tanh.ulps(call(Function::Tanh, x)));
                let e = Long(-x, 0.0).exp_m1().add(Long(2.0, 0.0));
                let sigmoid = Long(1.0, 0.0).over(e);
                let off = sigmoid.ulps(call(Function::Sigmoid, x));
                prop_assert!(off <= 3.0, "sigmoid {x} {off}");
            }
        }

        #[test]
        fn ln_1p_within_two_ulps(size in -300.0..300.0f64, sign: bool) {
            let x = 10f64.powf(size);
            let x = if sign { -x.min(1.0 / x) } else { x };
            prop_assume!(x > -1.0);
            // One step of Newton on the library's value: y + (1 + x) e^−y − 1.
            let y = x.ln_1p();
            let truth = if y.abs() < 35.0 {
                let back = Long(-y, 0.0).exp_m1();
                let rest = back.add(Long(x, 0.0)).add(back.times(Long(x, 0.0)));
                Long(y, 0.0).add(rest)
            } else {
                Long(y, 0.0)
            };
            let off = truth.ulps(call(Function::Ln1p, x));
            prop_assert!(off <= 2.0, "{x} {off}");
        }

        #[test]
        fn single_precision(x in -105.0..90.0f32, far in -11.0..11.0f32) {
            prop_assert!(ulps32(Function::Exp, x, f64::from(x).exp()) <= 1.0, "exp {x}");
            for x in [x, far, x * 1e-30, far * 1e-3] {
                prop_assert!(ulps32(Function::Tanh, x, f64::from(x).tanh()) <= 3.0, "tanh {x}");
                prop_assert!(ulps32(Function::Sigmoid, x, sigma(f64::from(x))) <= 3.0, "sigmoid {x}");
                prop_assert!(ulps32(Function::NormalCdf, x, normal(f64::from(x))) <= 8.0, "Φ {x}");
                if x > -1.0 {
                    prop_assert!(ulps32(Function::Ln1p, x, f64::from(x).ln_1p()) <= 2.0, "ln_1p {x}");
                }
            }
        }

        #[test]
        fn normal_cdf_agrees_with_the_series(x in -37.0..9.0f64) {
            let (value, truth) = (call(Function::NormalCdf, x), crate::real::normal_cdf(x));
            // The scalar function loses the digits of x² far out.
            prop_assert!((value / truth - 1.0).abs() <= 1e-15 * (4.0 + x * x), "{x} {value} {truth}");
        }

        /// Position and length do not matter, not even for vector and remainder.
        #[test]
        fn place_does_not_matter(x in proptest::collection::vec(-20.0..20.0f32, 1..70)) {
            for function in [Function::Exp, Function::Ln1p, Function::Tanh, Function::Sigmoid, Function::NormalCdf] {
                let mut all = x.clone();
                crate::real::vectorize(Each(function, &mut all));
                for (&x, all) in x.iter().zip(&all) {
                    let mut alone = [x];
                    crate::real::vectorize(Each(function, &mut alone));
                    prop_assert_eq!(alone[0].to_bits(), all.to_bits());
                }
            }
        }
    }

    fn normal(x: f64) -> f64 {
        call(Function::NormalCdf, x)
    }

    fn nan<T: Binary>(x: T) -> bool {
        x.to_f64().is_nan()
    }

    fn extremes<T: Binary>(tiny: T, huge: T) {
        let (inf, undefined, zero, one) = (T::one() / T::zero(), T::zero() / T::zero(), T::zero(), T::one());
        let at = |function: Function, x: T| {
            let mut x = [x; 19];
            crate::real::vectorize(Each(function, &mut x));
            assert!(x.iter().all(|y| *y == x[0] || nan(*y)));
            x[18]
        };
        for function in [Function::Exp, Function::Ln1p, Function::Tanh, Function::Sigmoid, Function::NormalCdf] {
            let y = at(function, undefined);
            assert!(nan(y), "{function:?} of NaN");
        }
        let cases: [(Function, &[(T, T)]); 5] = [
            (
                Function::Exp,
                &[(inf, inf), (-inf, zero), (zero, one), (-zero, one), (huge, inf), (-huge, zero), (tiny, one)],
            ),
            (
                Function::Tanh,
                &[(inf, one), (-inf, -one), (zero, zero), (tiny, tiny), (-tiny, -tiny), (huge, one), (-huge, -one)],
            ),
            (
                Function::Sigmoid,
                &[
                    (inf, one),
                    (-inf, zero),
                    (huge, one),
                    (-huge, zero),
                    (tiny, T::of(0.5)),
                    (zero, T::of(0.5)),
                    (-tiny, T::of(0.5)),
                ],
            ),
            (
                Function::Ln1p,
                &[
                    (inf, inf),
                    (-one, -inf),
                    (zero, zero),
                    (tiny, tiny),
                    (-tiny, -tiny),
                    (huge, huge.ln()),
                    (one, T::of(std::f64::consts::LN_2)),
                ],
            ),
            (Function::NormalCdf, &[(inf, one), (-inf, zero), (huge, one), (-huge, zero)]),
        ];
        for (function, cases) in cases {
            for &(x, y) in cases {
                assert!(at(function, x) == y, "{function:?} of {x} is {}", at(function, x));
            }
        }
        assert!(at(Function::Tanh, -zero).is_sign_negative() && at(Function::Ln1p, -zero).is_sign_negative());
        for x in [zero, tiny, -tiny] {
            assert!((at(Function::NormalCdf, x) - T::of(0.5)).abs() <= T::default_epsilon());
        }
        let below = at(Function::Ln1p, -T::of(1.5));
        assert!(nan(below));
    }

    #[test]
    fn ends_of_the_range() {
        extremes::<f64>(f64::from_bits(3), 1e300);
        extremes::<f32>(f32::from_bits(3), 1e38);
        assert_eq!(call(Function::Exp, -745.0), f64::from_bits(1));
        assert_eq!(call(Function::Exp, 709.782712893384), 709.782712893384f64.exp());
    }
}
