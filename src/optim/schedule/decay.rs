use super::{Schedule, at_least_one, half_wave, nonnegative, positive, share};
use crate::Result;

/// A staircase: η γ^⌊k / s⌋ at step k.
///
/// ```
/// use residual::{Schedule, optim::schedule::Staircase};
/// let rate = Staircase::new(0.1, 3, 0.5)?;
/// assert_eq!([rate.rate(2), rate.rate(3), rate.rate(6)], [0.1, 0.05, 0.025]);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Staircase {
    rate: f64,
    every: usize,
    factor: f64,
}

impl Staircase {
    /// η = `rate`, multiplied by γ = `factor` every s = `every` steps.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless rate > 0, every ≥ 1 and 0 < factor ≤ 1.
    pub fn new(rate: f64, every: usize, factor: f64) -> Result<Self> {
        positive("rate", rate)?;
        at_least_one("every", every)?;
        share("factor", factor)?;
        Ok(Self { rate, every, factor })
    }
}

impl Schedule for Staircase {
    fn rate(&self, step: usize) -> f64 {
        self.rate * power(self.factor, step / self.every)
    }
}

/// Exponential decay: η γᵏ at step k.
///
/// ```
/// use residual::{Schedule, optim::schedule::Exponential};
/// let rate = Exponential::new(0.5, 0.5)?;
/// assert_eq!([rate.rate(0), rate.rate(1), rate.rate(4)], [0.5, 0.25, 0.03125]);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    rate: f64,
    factor: f64,
}

impl Exponential {
    /// η = `rate`, γ = `factor`.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless rate > 0 and 0 < factor ≤ 1.
    pub fn new(rate: f64, factor: f64) -> Result<Self> {
        positive("rate", rate)?;
        share("factor", factor)?;
        Ok(Self { rate, factor })
    }
}

impl Schedule for Exponential {
    fn rate(&self, step: usize) -> f64 {
        self.rate * power(self.factor, step)
    }
}

fn power(factor: f64, exponent: usize) -> f64 {
    factor.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

/// Half a cosine wave: η₁ + (η − η₁)(1 + cos(π k / K)) / 2 at step k ≤ K, η₁ after.
///
/// ```
/// use residual::{Schedule, optim::schedule::Cosine};
/// let rate = Cosine::new(0.1, 8, 0.01)?;
/// assert!((rate.rate(4) - 0.055).abs() < 1e-15);
/// assert_eq!(rate.rate(100), 0.01);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Loshchilov and Hutter (2017), ICLR, eq. 5, one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cosine {
    rate: f64,
    steps: usize,
    end: f64,
}

impl Cosine {
    /// From η = `rate` to η₁ = `end` in K = `steps` steps.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless rate > 0, steps ≥ 1 and end ≥ 0.
    pub fn new(rate: f64, steps: usize, end: f64) -> Result<Self> {
        positive("rate", rate)?;
        at_least_one("steps", steps)?;
        nonnegative("end", end)?;
        Ok(Self { rate, steps, end })
    }
}

impl Schedule for Cosine {
    fn rate(&self, step: usize) -> f64 {
        if step >= self.steps {
            return self.end;
        }
        half_wave(self.rate, self.end, step as f64 / self.steps as f64)
    }
}

/// Polynomial decay: η₁ + (η − η₁)(1 − k / K)^q at step k ≤ K, η₁ after; q = 1 is a straight line.
///
/// ```
/// use residual::{Schedule, optim::schedule::Polynomial};
/// let rate = Polynomial::new(1.0, 4, 0.0, 2.0)?;
/// assert_eq!([rate.rate(0), rate.rate(2), rate.rate(9)], [1.0, 0.25, 0.0]);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Polynomial {
    rate: f64,
    steps: usize,
    end: f64,
    power: f64,
}

impl Polynomial {
    /// From η = `rate` to η₁ = `end` in K = `steps` steps, with exponent q = `power`.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless rate > 0, steps ≥ 1, end ≥ 0 and power > 0.
    pub fn new(rate: f64, steps: usize, end: f64, power: f64) -> Result<Self> {
        positive("rate", rate)?;
        at_least_one("steps", steps)?;
        nonnegative("end", end)?;
        positive("power", power)?;
        Ok(Self { rate, steps, end, power })
    }
}

impl Schedule for Polynomial {
    fn rate(&self, step: usize) -> f64 {
        if step >= self.steps {
            return self.end;
        }
        let left = 1.0 - step as f64 / self.steps as f64;
        self.end + (self.rate - self.end) * left.powf(self.power)
    }
}

/// Inverse time: η / (1 + δ k) at step k, the decay under which stochastic gradients converge.
///
/// ```
/// use residual::{Schedule, optim::schedule::InverseTime};
/// let rate = InverseTime::new(1.0, 0.5)?;
/// assert_eq!([rate.rate(0), rate.rate(2), rate.rate(6)], [1.0, 0.5, 0.25]);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Robbins and Monro (1951), Annals of Mathematical Statistics 22, section 5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InverseTime {
    rate: f64,
    decay: f64,
}

impl InverseTime {
    /// η = `rate`, δ = `decay`.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless rate > 0 and decay ≥ 0.
    pub fn new(rate: f64, decay: f64) -> Result<Self> {
        positive("rate", rate)?;
        nonnegative("decay", decay)?;
        Ok(Self { rate, decay })
    }
}

impl Schedule for InverseTime {
    fn rate(&self, step: usize) -> f64 {
        self.rate / (1.0 + self.decay * step as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decays_fall_from_the_rate_to_the_end_and_stay() -> Result<()> {
        let schedules: [(&dyn Schedule, f64); 5] = [
            (&Staircase::new(0.3, 7, 0.5)?, 0.0),
            (&Exponential::new(0.3, 0.97)?, 0.0),
            (&Cosine::new(0.3, 200, 0.02)?, 0.02),
            (&Polynomial::new(0.3, 200, 0.02, 1.7)?, 0.02),
            (&InverseTime::new(0.3, 0.1)?, 0.0),
        ];
        for (schedule, end) in schedules {
            assert_eq!(schedule.rate(0), 0.3);
            for step in 0..500 {
                let (now, next) = (schedule.rate(step), schedule.rate(step + 1));
                assert!(next <= now && next >= end);
            }
            assert!(schedule.rate(usize::MAX) - end < 1e-12);
            assert_eq!(schedule.factor(&[1.0, 2.0]), 1.0);
        }
        Ok(())
    }

    #[test]
    fn numbers_that_make_no_schedule_are_refused() {
        for rate in [0.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(Staircase::new(rate, 1, 0.5).is_err() && Exponential::new(rate, 0.5).is_err());
            assert!(Cosine::new(rate, 1, 0.0).is_err() && Polynomial::new(rate, 1, 0.0, 1.0).is_err());
            assert!(InverseTime::new(rate, 0.0).is_err());
        }
        assert!(Staircase::new(0.1, 0, 0.5).is_err() && Staircase::new(0.1, 1, 1.5).is_err());
        assert!(Exponential::new(0.1, 0.0).is_err());
        assert!(Cosine::new(0.1, 0, 0.0).is_err() && Cosine::new(0.1, 1, -1.0).is_err());
        assert!(Polynomial::new(0.1, 1, 0.0, 0.0).is_err());
        assert!(InverseTime::new(0.1, -1.0).is_err());
    }
}
