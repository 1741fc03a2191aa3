use super::{Schedule, fraction, nonnegative, share};
use crate::Result;

/// Lowers the rate when the value stops falling: any schedule, times γ for every plateau of the epochs' values.
///
/// An epoch counts as better when its value is below the best so far by more than 1e-4 of it. After more than `patience`
/// epochs in a row that are not, the rate is multiplied by γ and the count starts again.
///
/// ```
/// use residual::{Schedule, optim::schedule::Plateau};
/// let rate = Plateau::new(0.1, 0.5, 1)?;
/// assert_eq!(rate.factor(&[3.0, 2.0, 2.0]), 1.0);
/// assert_eq!(rate.factor(&[3.0, 2.0, 2.0, 2.0]), 0.5);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// The values are those of [`Report::history`](crate::Report::history). Rules as PyTorch's ReduceLROnPlateau.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau<S> {
    schedule: S,
    factor: f64,
    patience: usize,
    threshold: f64,
    floor: f64,
}

impl<S: Schedule> Plateau<S> {
    /// `schedule` (a number will do), γ = `factor`, and how many epochs in a row may bring nothing.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless 0 < factor ≤ 1.
    pub fn new(schedule: S, factor: f64, patience: usize) -> Result<Self> {
        share("factor", factor)?;
        Ok(Self { schedule, factor, patience, threshold: 1e-4, floor: 0.0 })
    }

    /// By which share of the best value an epoch must improve on it; 1e-4 unless set.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless at least 0.
    pub fn threshold(mut self, threshold: f64) -> Result<Self> {
        nonnegative("threshold", threshold)?;
        self.threshold = threshold;
        Ok(self)
    }

    /// The smallest factor ever reached; 0 unless set.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) unless in [0, 1): the rate would never be lowered.
    pub fn floor(mut self, floor: f64) -> Result<Self> {
        fraction("floor", floor)?;
        self.floor = floor;
        Ok(self)
    }
}

impl<S: Schedule> Schedule for Plateau<S> {
    fn rate(&self, step: usize) -> f64 {
        self.schedule.rate(step)
    }

    fn factor(&self, values: &[f64]) -> f64 {
        let (mut best, mut idle, mut factor) = (f64::INFINITY, 0, 1.0f64);
        for &value in values {
            // Relative to |best|, so that a negative value (a log density) may improve too.
            if best.is_infinite() || value < best - self.threshold * best.abs() {
                (best, idle) = (value, 0);
                continue;
            }
            idle += 1;
            if idle > self.patience {
                (factor, idle) = ((factor * self.factor).max(self.floor), 0);
            }
        }
        factor * self.schedule.factor(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::schedule::Warmup;

    #[test]
    fn the_count_starts_again_after_each_plateau() -> Result<()> {
        let plateau = Plateau::new(0.1, 0.1, 2)?;
        let values = [5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.0, 3.0];
        let factors: Vec<f64> = (0..=values.len()).map(|n| plateau.factor(&values[..n])).collect();
        let expected = [1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.1 * 0.1, 0.1 * 0.1, 0.1 * 0.1];
        assert_eq!(factors, expected);
        Ok(())
    }

    #[test]
    fn too_small_an_improvement_counts_for_nothing() -> Result<()> {
        let plateau = Plateau::new(0.1, 0.5, 1)?.threshold(0.1)?;
        assert_eq!(plateau.factor(&[1.0, 0.95, 0.91]), 0.5);
        assert_eq!(plateau.factor(&[1.0, 0.95, 0.89]), 1.0);
        assert_eq!(plateau.factor(&[-1.0, -1.05, -1.2]), 1.0);
        Ok(())
    }

    #[test]
    fn the_floor_holds_and_a_warm_up_passes_the_factor_on() -> Result<()> {
        let rate = Warmup::new(3, Plateau::new(0.1, 0.5, 1)?.floor(0.2)?)?;
        assert_eq!(rate.factor(&[1.0; 40]), 0.2);
        Ok(())
    }
}
