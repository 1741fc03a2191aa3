use super::{Schedule, half_wave, nonnegative, positive, share};
use crate::{Error, Result};

/// One cycle: up from η / 25 to the peak η along half a cosine wave, then down to η / 250 000 along another.
///
/// The peak is at step r = 0.3 K − 1, the end at step K − 1; after that the rate stays.
///
/// ```
/// use residual::{Schedule, optim::schedule::OneCycle};
/// let rate = OneCycle::new(0.1, 10)?;
/// assert!((rate.rate(0) - 0.004).abs() < 1e-15);
/// assert!((rate.rate(2) - 0.1).abs() < 1e-15);
/// assert!((rate.rate(9) - 4e-7).abs() < 1e-15);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Smith and Topin (2019), Super-Convergence, SPIE 11006; the form and its defaults are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    peak: f64,
    steps: usize,
    rise: f64,
    start: f64,
    end: f64,
}

impl OneCycle {
    /// η = `peak` over K = `steps` steps in all.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless peak > 0 and steps ≥ 2.
    pub fn new(peak: f64, steps: usize) -> Result<Self> {
        positive("peak", peak)?;
        if steps < 2 {
            return Err(Error::Config { name: "steps", needs: "at least 2" });
        }
        Ok(Self { peak, steps, rise: 0.3, start: peak / 25.0, end: peak / 250_000.0 })
    }

    /// The share of the steps that rise to the peak; 0.3 unless set.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless 0 < share ≤ 1.
    pub fn rise(mut self, rise: f64) -> Result<Self> {
        share("rise", rise)?;
        self.rise = rise;
        Ok(self)
    }

    /// The first and the last rate; peak / 25 and peak / 250 000 unless set.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless both are at least 0.
    pub fn ends(mut self, first: f64, last: f64) -> Result<Self> {
        nonnegative("first rate", first)?;
        nonnegative("last rate", last)?;
        (self.start, self.end) = (first, last);
        Ok(self)
    }
}

impl Schedule for OneCycle {
    fn rate(&self, step: usize) -> f64 {
        let (k, last) = (step as f64, self.steps as f64 - 1.0);
        // With few steps the rise may have none: then the cycle begins at its peak.
        let peak = (self.rise * self.steps as f64 - 1.0).max(0.0);
        if k < peak {
            return half_wave(self.start, self.peak, k / peak);
        }
        if k >= last {
            return if peak >= last { self.peak } else { self.end };
        }
        half_wave(self.peak, self.end, (k - peak) / (last - peak))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_once_and_falls_once() -> Result<()> {
        let cycle = OneCycle::new(1.0, 100)?.rise(0.4)?.ends(0.1, 0.0)?;
        assert_eq!((cycle.rate(0), cycle.rate(99), cycle.rate(1000)), (0.1, 0.0, 0.0));
        assert!((cycle.rate(39) - 1.0).abs() < 1e-12);
        (0..39).for_each(|k| assert!(cycle.rate(k) < cycle.rate(k + 1)));
        (39..99).for_each(|k| assert!(cycle.rate(k) > cycle.rate(k + 1)));
        Ok(())
    }

    #[test]
    fn every_rate_is_a_number() -> Result<()> {
        for (steps, rise) in [(2, 0.3), (2, 1.0), (3, 0.01), (7, 1.0)] {
            let cycle = OneCycle::new(0.5, steps)?.rise(rise)?;
            (0..10).for_each(|k| assert!((0.0..=0.5).contains(&cycle.rate(k)), "{steps} {rise} {k}"));
        }
        assert!(OneCycle::new(0.5, 1).is_err() && OneCycle::new(0.5, 9)?.rise(0.0).is_err());
        Ok(())
    }
}
