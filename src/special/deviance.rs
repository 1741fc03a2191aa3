//! Unit deviances without cancellation.

use super::number::Number;
use super::wide::Wide;

/// The unit deviance of a variance function V(t) = tᵖ, as in Tweedie's family:
/// d(y, μ) = 2 ∫_μ^y (y − t) t⁻ᵖ dt ≥ 0, and 0 where y = μ only.
///
/// p = 0 is the square (y − μ)², 1 Poisson's 2 (y ln(y/μ) − y + μ), 2 the gamma distribution's 2 (ln(μ/y) + y/μ − 1), 3 the
/// inverse Gaussian's (y − μ)² / (μ² y).
///
/// With δ = ln(y/μ) and q = 2 − p it is 2 μ^q δ² exp[0, δ, qδ], the last a divided difference of the exponential function:
/// a mean of its values, so that nothing cancels and no power is a special case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Deviance {
    /// p, at most 0 or at least 1.
    pub power: f64,
}

impl Deviance {
    /// d(y, μ), for y and μ that [`allows`](Self::allows) has let pass. In f64 it is NaN or infinite where a part of it is
    /// out of range.
    pub fn unit<N: Number>(self, y: f64, mu: f64) -> N {
        let p = self.power;
        if p == 0.0 {
            let error = N::difference(y, mu);
            return error * error;
        }
        let q = 2.0 - p;
        if y > 0.0 {
            let delta = ln_ratio(y, mu);
            // The largest of 1, y/μ and (y/μ)^q is taken out of the exponentials, so that none overflows.
            let (scale, top) = if q * delta >= delta.max(0.0) {
                (N::power(y, q), q * delta)
            } else if delta > 0.0 {
                (N::power(mu, 1.0 - p) * N::new(y), delta)
            } else {
                (N::power(mu, q), 0.0)
            };
            return scale * N::new(2.0 * delta * delta * mean_exponential([-top, delta - top, q * delta - top]));
        }
        let at_zero = N::power(mu, q) * N::new(2.0 / q);
        if y == 0.0 {
            return at_zero;
        }
        // Below 0, for p < 0 only: a straight line, with terms of one sign.
        at_zero + N::power(mu, 1.0 - p) * N::new(-y) * N::new(2.0 / (1.0 - p))
    }

    /// What is wrong with a target, a prediction or the power itself; all are finite.
    pub fn allows(self, y: f64, mu: f64) -> Result<(), &'static str> {
        let p = self.power;
        if p != 0.0 && mu <= 0.0 {
            return Err("a prediction is not above 0");
        }
        if p >= 2.0 && y <= 0.0 {
            return Err("a target is not above 0");
        }
        if p >= 1.0 && y < 0.0 { Err("a target is below 0") } else { Ok(()) }
    }
}

/// a ln(a/b) − (a − b) ≥ 0 for a ≥ 0, b > 0 and e = a − b, which the caller may know better than by a subtraction. Twice
/// this is Poisson's unit deviance, and the binomial one is twice that of (y, p) and (1 − y, 1 − p) together.
pub(crate) fn binomial_excess(a: f64, b: f64, e: f64) -> f64 {
    if a <= 0.0 {
        return b;
    }
    if b <= 0.0 {
        return f64::INFINITY;
    }
    let delta = if e.abs() <= 0.5 * b { (e / b).ln_1p() } else { ln_ratio(a, b) };
    a.max(b) * delta * delta * mean_exponential([-delta.max(0.0), -(-delta).max(0.0), -(-delta).max(0.0)])
}

/// ln(a/b) for a, b > 0, to the last digits also where they are close.
fn ln_ratio(a: f64, b: f64) -> f64 {
    let ratio = a / b;
    if (0.5..=2.0).contains(&ratio) {
        // Exact: a − b is.
        return ((a - b) / b).ln_1p();
    }
    if ratio.is_normal() { ratio.ln() } else { (Wide::new(a) / Wide::new(b)).ln() }
}

/// The second divided difference exp[a, b, c], for numbers of at most 0 of which one is 0: half the mean of e^t over the
/// simplex of weights on a, b, c.
fn mean_exponential(mut at: [f64; 3]) -> f64 {
    at.sort_by(f64::total_cmp);
    let [low, middle, _] = at;
    if low >= -1.0 {
        // e^low Σₖ hₖ(u, v) / (k + 2)!, hₖ the sum of all products of k factors u = middle − low and v = −low: terms of one sign.
        let (u, v) = (middle - low, -low);
        let (mut sum, mut symmetric, mut power, mut factorial) = (0.0, 1.0, 1.0, 2.0);
        for k in 3..24 {
            sum += symmetric / factorial;
            power *= u;
            symmetric = v * symmetric + power;
            factorial *= f64::from(k);
        }
        return low.exp() * sum;
    }
    (first_difference(middle, 0.0) - first_difference(low, middle)) / -low
}

/// (e^b − e^a) / (b − a) for a ≤ b ≤ 0.
fn first_difference(a: f64, b: f64) -> f64 {
    let gap = a - b;
    if gap == 0.0 { b.exp() } else { b.exp() * (gap.exp_m1() / gap) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dashu_float::{FBig, round::mode::HalfEven};
    use proptest::prelude::*;

    type Big = FBig<HalfEven, 2>;

    fn big(x: f64) -> Big {
        Big::try_from(x).unwrap().with_precision(600).value()
    }

    /// The definition, in 600 bits.
    fn exact(y: f64, mu: f64, p: f64) -> Big {
        let [y, mu, p, one, two] = [y, mu, p, 1.0, 2.0].map(big);
        if p == one {
            return &two * (&y * (&y / &mu).ln() - y + mu);
        }
        if p == two {
            return two * ((&mu / &y).ln() + y / mu - one);
        }
        let (c, q) = (&one - &p, &two - &p);
        two * (y.powf(&q) / (&c * &q) - y * mu.powf(&c) / c + mu.powf(&q) / q)
    }

    const POWERS: [f64; 20] = [
        -30.0,
        -3.0,
        -0.5,
        -1e-9,
        1.0,
        1.0 + f64::EPSILON,
        1.0 + 1e-12,
        1.001,
        1.5,
        1.9999,
        2.0 - 1e-12,
        2.0 - f64::EPSILON,
        2.0,
        2.0 + 1e-12,
        2.001,
        2.5,
        3.0,
        3.0 + 1e-9,
        5.5,
        30.0,
    ];

    proptest! {
        #[test]
        fn every_power_keeps_its_digits_near_and_far(
            size in -8.0..8.0f64, close in 0.0..16.0f64, sign in prop::bool::ANY, far in -30.0..30.0f64, which in 0..20usize,
        ) {
            let power = POWERS[which];
            let mu = 10f64.powf(size);
            let ratio = if sign { 1.0 + 10f64.powf(-close) } else { 1.0 - 10f64.powf(-close - 0.1) };
            for y in [mu * ratio, mu * far.exp(), mu * (0.1 * far).exp()] {
                let found = Deviance { power }.unit::<Wide>(y, mu).value();
                let truth = exact(y, mu, power).to_f64().value();
                if y != mu && !truth.is_normal() {
                    continue;
                }
                let off = if y == mu { found } else { found / truth - 1.0 };
                // A power of a number that is known to 1e-16 is known to |p| 1e-16.
                prop_assert!(off.abs() < 2e-15 * (4.0 + power.abs()), "{y} {mu} {power}: {found:e} {truth:e}, off by {off:e}");
                prop_assert!(found > 0.0 || y == mu);
                let plain: f64 = Deviance { power }.unit(y, mu);
                prop_assert!((plain - found).abs() <= 1e-15 * found || !plain.is_finite());
            }
        }

        #[test]
        fn binomial_deviances_keep_their_digits(a in 1e-12..1.0f64, close in 0.0..16.0f64) {
            for b in [a * (1.0 + 10f64.powf(-close)), a * (1.0 - 0.9 * 10f64.powf(-close)), a * 10f64.powf(close)] {
                let found = 2.0 * binomial_excess(a, b, a - b);
                let truth = exact(a, b, 1.0).to_f64().value();
                let off = if a == b { found } else { found / truth - 1.0 };
                prop_assert!(off.abs() < 1e-14, "{a} {b}: {found:e} {truth:e}");
            }
        }

        /// Degree 2 − p in the unit of y and μ, wherever those lie in the range.
        #[test]
        fn the_unit_does_not_matter(shift in -900..900i32, far in -8.0..8.0f64, which in 0..20usize) {
            let deviance = Deviance { power: POWERS[which] };
            let unit = 2f64.powi(shift);
            let (y, mu) = (1.7 * far.exp(), 1.7);
            let (here, there) = (deviance.unit::<Wide>(y, mu), deviance.unit::<Wide>(y * unit, mu * unit));
            let ratio = (there / here / Wide::power(unit, 2.0 - deviance.power)).value();
            prop_assert!((ratio - 1.0).abs() < 1e-12, "{ratio}");
        }
    }

    #[test]
    fn at_and_below_zero() {
        assert_eq!(Deviance { power: 1.0 }.unit::<f64>(0.0, 3.0), 6.0);
        assert_eq!(Deviance { power: 1.5 }.unit::<f64>(0.0, 4.0), 8.0);
        assert_eq!(Deviance { power: 0.0 }.unit::<f64>(-1.0, 2.0), 9.0);
        // 2 (−y μ² / 2 + μ³ / 3) for p = −1.
        assert_eq!(Deviance { power: -1.0 }.unit::<f64>(-3.0, 1.0), 3.0 + 2.0 / 3.0);
        for power in POWERS {
            assert_eq!(Deviance { power }.unit::<f64>(0.3, 0.3), 0.0);
            // The ends of the range.
            for (y, mu) in [(1e308, 1e-308), (1e-308, 1e308), (5e-324, f64::MAX), (f64::MAX, 5e-324)] {
                let found = Deviance { power }.unit::<Wide>(y, mu);
                assert!(found > Wide::ZERO && found.ln().is_finite(), "{power}");
            }
        }
        assert_eq!(binomial_excess(0.0, 0.3, -0.3), 0.3);
        assert_eq!(binomial_excess(0.3, 0.0, 0.3), f64::INFINITY);
        let (poisson, gamma) = (Deviance { power: 1.0 }, Deviance { power: 2.0 });
        assert!(poisson.allows(0.0, 1.0).is_ok() && poisson.allows(-1.0, 1.0).is_err());
        assert!(gamma.allows(0.0, 1.0).is_err() && gamma.allows(1.0, 0.0).is_err());
        assert!(
            Deviance { power: 0.0 }.allows(-1.0, -1.0).is_ok() && Deviance { power: -1.0 }.allows(-1.0, -1.0).is_err()
        );
    }
}
