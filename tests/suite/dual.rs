//! A third scalar: dual numbers a + b ε with ε² = 0, whose arithmetic carries a derivative along. They prove every analytic
//! gradient a second time, to the last digits, and that the crate takes a scalar it has no vector code for.

use approx::{AbsDiffEq, RelativeEq, UlpsEq};
use num_traits::{FromPrimitive, Num, One, Signed, Zero};
use residual::Real;
use residual::nalgebra::{ComplexField, Field, RealField, SimdValue};
use simba::scalar::SubsetOf;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

/// value + slope ε. Compared by the value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dual {
    pub value: f64,
    pub slope: f64,
}

impl Dual {
    pub fn new(value: f64, slope: f64) -> Self {
        Self { value, slope }
    }

    fn constant(value: f64) -> Self {
        Self::new(value, 0.0)
    }

    /// f(self) for a function with this value and this derivative there.
    fn chain(self, value: f64, derivative: f64) -> Self {
        Self::new(value, derivative * self.slope)
    }
}

impl Real for Dual {
    fn of(x: f64) -> Self {
        Self::constant(x)
    }

    fn to_f64(self) -> f64 {
        self.value
    }
}

impl PartialEq for Dual {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialOrd for Dual {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl fmt::Display for Dual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} + {} ε", self.value, self.slope)
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.value, -self.slope)
    }
}

macro_rules! operator {
    ($Op:ident $op:ident, $Assign:ident $assign:ident, |$a:ident, $b:ident| $result:expr) => {
        impl $Op for Dual {
            type Output = Self;
            fn $op(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                let (value, slope) = $result;
                Self::new(value, slope)
            }
        }
        impl $Assign for Dual {
            fn $assign(&mut self, other: Self) {
                *self = $Op::$op(*self, other);
            }
        }
    };
}

operator!(Add add, AddAssign add_assign, |a, b| (a.value + b.value, a.slope + b.slope));
operator!(Sub sub, SubAssign sub_assign, |a, b| (a.value - b.value, a.slope - b.slope));
operator!(Mul mul, MulAssign mul_assign, |a, b| (a.value * b.value, a.slope * b.value + a.value * b.slope));
operator!(Div div, DivAssign div_assign, |a, b| {
    let quotient = a.value / b.value;
    (quotient, (a.slope - quotient * b.slope) / b.value)
});
operator!(Rem rem, RemAssign rem_assign, |a, b| (a.value % b.value, a.slope - (a.value / b.value).trunc() * b.slope));

impl Zero for Dual {
    fn zero() -> Self {
        Self::constant(0.0)
    }
    fn is_zero(&self) -> bool {
        self.value == 0.0
    }
}

impl One for Dual {
    fn one() -> Self {
        Self::constant(1.0)
    }
}

impl Num for Dual {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Self::constant)
    }
}

impl FromPrimitive for Dual {
    fn from_i64(n: i64) -> Option<Self> {
        f64::from_i64(n).map(Self::constant)
    }
    fn from_u64(n: u64) -> Option<Self> {
        f64::from_u64(n).map(Self::constant)
    }
    fn from_f64(n: f64) -> Option<Self> {
        Some(Self::constant(n))
    }
}

impl Signed for Dual {
    fn abs(&self) -> Self {
        if self.value < 0.0 { -*self } else { *self }
    }
    fn abs_sub(&self, other: &Self) -> Self {
        if self <= other { Self::zero() } else { *self - *other }
    }
    fn signum(&self) -> Self {
        Self::constant(self.value.signum())
    }
    fn is_positive(&self) -> bool {
        self.value > 0.0
    }
    fn is_negative(&self) -> bool {
        self.value < 0.0
    }
}

impl AbsDiffEq for Dual {
    type Epsilon = Self;
    fn default_epsilon() -> Self {
        Self::constant(f64::EPSILON)
    }
    fn abs_diff_eq(&self, other: &Self, epsilon: Self) -> bool {
        self.value.abs_diff_eq(&other.value, epsilon.value)
    }
}

impl RelativeEq for Dual {
    fn default_max_relative() -> Self {
        Self::constant(f64::EPSILON)
    }
    fn relative_eq(&self, other: &Self, epsilon: Self, max_relative: Self) -> bool {
        self.value.relative_eq(&other.value, epsilon.value, max_relative.value)
    }
}

impl UlpsEq for Dual {
    fn default_max_ulps() -> u32 {
        4
    }
    fn ulps_eq(&self, other: &Self, epsilon: Self, max_ulps: u32) -> bool {
        self.value.ulps_eq(&other.value, epsilon.value, max_ulps)
    }
}

impl SubsetOf<Dual> for Dual {
    fn to_superset(&self) -> Dual {
        *self
    }
    fn from_superset_unchecked(element: &Dual) -> Self {
        *element
    }
    fn is_in_subset(_: &Dual) -> bool {
        true
    }
}

macro_rules! subset {
    ($($T:ident)*) => {$(
        impl SubsetOf<Dual> for $T {
            fn to_superset(&self) -> Dual {
                Dual::constant(f64::from(*self))
            }
            fn from_superset_unchecked(element: &Dual) -> Self {
                element.value as $T
            }
            fn is_in_subset(_: &Dual) -> bool {
                true
            }
        }
    )*};
}
subset!(f32 f64);

// The trait has two functions that are unsafe to call; these are not.
#[allow(unsafe_code)]
impl SimdValue for Dual {
    const LANES: usize = 1;
    type Element = Self;
    type SimdBool = bool;
    fn splat(value: Self) -> Self {
        value
    }
    fn extract(&self, _: usize) -> Self {
        *self
    }
    unsafe fn extract_unchecked(&self, _: usize) -> Self {
        *self
    }
    fn replace(&mut self, _: usize, value: Self) {
        *self = value;
    }
    unsafe fn replace_unchecked(&mut self, _: usize, value: Self) {
        *self = value;
    }
    fn select(self, condition: bool, other: Self) -> Self {
        if condition { self } else { other }
    }
}

impl Field for Dual {}

/// A function of one number by its own name and its derivative: `sin(x) => x.cos()`.
macro_rules! functions {
    ($($name:ident($x:ident) => $derivative:expr;)*) => {$(
        fn $name(self) -> Self {
            let $x = self.value;
            self.chain(f64::$name($x), $derivative)
        }
    )*};
}

impl ComplexField for Dual {
    type RealField = Self;

    functions! {
        floor(_x) => 0.0;
        ceil(_x) => 0.0;
        round(_x) => 0.0;
        trunc(_x) => 0.0;
        fract(_x) => 1.0;
        abs(x) => if x < 0.0 { -1.0 } else { 1.0 };
        recip(x) => -1.0 / (x * x);
        sin(x) => x.cos();
        cos(x) => -x.sin();
        tan(x) => 1.0 + x.tan() * x.tan();
        asin(x) => 1.0 / (1.0 - x * x).sqrt();
        acos(x) => -1.0 / (1.0 - x * x).sqrt();
        atan(x) => 1.0 / (1.0 + x * x);
        sinh(x) => x.cosh();
        cosh(x) => x.sinh();
        tanh(x) => (1.0 - x.tanh()) * (1.0 + x.tanh());
        asinh(x) => 1.0 / (x * x + 1.0).sqrt();
        acosh(x) => 1.0 / (x * x - 1.0).sqrt();
        atanh(x) => 1.0 / (1.0 - x * x);
        log2(x) => 1.0 / (x * std::f64::consts::LN_2);
        log10(x) => 1.0 / (x * std::f64::consts::LN_10);
        ln(x) => 1.0 / x;
        ln_1p(x) => 1.0 / (1.0 + x);
        sqrt(x) => 0.5 / x.sqrt();
        exp(x) => x.exp();
        exp2(x) => x.exp2() * std::f64::consts::LN_2;
        exp_m1(x) => x.exp();
        cbrt(x) => 1.0 / (3.0 * x.cbrt() * x.cbrt());
    }

    fn from_real(re: Self) -> Self {
        re
    }
    fn real(self) -> Self {
        self
    }
    fn imaginary(self) -> Self {
        Self::zero()
    }
    fn modulus(self) -> Self {
        ComplexField::abs(self)
    }
    fn modulus_squared(self) -> Self {
        self * self
    }
    fn argument(self) -> Self {
        if self.value < 0.0 { Self::pi() } else { Self::zero() }
    }
    fn norm1(self) -> Self {
        ComplexField::abs(self)
    }
    fn scale(self, factor: Self) -> Self {
        self * factor
    }
    fn unscale(self, factor: Self) -> Self {
        self / factor
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    fn hypot(self, other: Self) -> Self {
        (self * self + other * other).sqrt()
    }
    fn conjugate(self) -> Self {
        self
    }
    fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }
    fn log(self, base: Self) -> Self {
        self.ln() / base.ln()
    }
    fn powi(self, n: i32) -> Self {
        self.chain(self.value.powi(n), f64::from(n) * self.value.powi(n - 1))
    }
    fn powf(self, n: Self) -> Self {
        (n * self.ln()).exp()
    }
    fn powc(self, n: Self) -> Self {
        self.powf(n)
    }
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.slope.is_finite()
    }
    fn try_sqrt(self) -> Option<Self> {
        (self.value >= 0.0).then(|| self.sqrt())
    }
}

macro_rules! constants {
    ($($name:ident)*) => {$(
        fn $name() -> Self {
            Self::constant(<f64 as RealField>::$name())
        }
    )*};
}

impl RealField for Dual {
    constants!(pi two_pi frac_pi_2 frac_pi_3 frac_pi_4 frac_pi_6 frac_pi_8 frac_1_pi frac_2_pi frac_2_sqrt_pi);
    constants!(e log2_e log10_e ln_2 ln_10);

    fn is_sign_positive(&self) -> bool {
        self.value.is_sign_positive()
    }
    fn is_sign_negative(&self) -> bool {
        self.value.is_sign_negative()
    }
    fn copysign(self, sign: Self) -> Self {
        if self.value.is_sign_negative() == sign.value.is_sign_negative() { self } else { -self }
    }
    fn max(self, other: Self) -> Self {
        if self.value < other.value { other } else { self }
    }
    fn min(self, other: Self) -> Self {
        if other.value < self.value { other } else { self }
    }
    fn clamp(self, min: Self, max: Self) -> Self {
        RealField::min(RealField::max(self, min), max)
    }
    fn atan2(self, other: Self) -> Self {
        let square = self.value * self.value + other.value * other.value;
        let slope = (self.slope * other.value - self.value * other.slope) / square;
        Self::new(self.value.atan2(other.value), slope)
    }
    fn min_value() -> Option<Self> {
        Some(Self::constant(f64::MIN))
    }
    fn max_value() -> Option<Self> {
        Some(Self::constant(f64::MAX))
    }
}
