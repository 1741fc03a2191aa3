/// Counts the epochs in a row that did not improve on the best value.
pub(super) struct Improvement {
    tolerance: Option<f64>,
    patience: usize,
    /// Below this size of the best value, improvements are measured against it.
    floor: f64,
    best: f64,
    poor: usize,
}

impl Improvement {
    /// From a first `value`, in numbers that round by `rounding`: a value that falls towards 0 is as good as 0 when it is
    /// that part of the first.
    pub(super) fn new(tolerance: Option<f64>, patience: usize, value: f64, rounding: f64) -> Self {
        Self { tolerance, patience, floor: rounding * value.abs(), best: value, poor: 0 }
    }

    pub(super) fn record(&mut self, value: f64) {
        let Some(tolerance) = self.tolerance else { return };
        let better = self.best - value > tolerance * self.scale(self.best);
        self.poor = if better { 0 } else { self.poor + 1 };
        self.best = self.best.min(value);
    }

    pub(super) fn stalled(&self) -> bool {
        self.poor >= self.patience
    }

    /// What differences of a value of this size are measured against.
    pub(super) fn scale(&self, value: f64) -> f64 {
        value.abs().max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_so_many_poor_epochs_in_a_row() {
        let mut progress = Improvement::new(Some(0.1), 5, 100.0, 1e-16);
        let mut poor = |values: &[f64]| {
            values.iter().for_each(|&value| progress.record(value));
            progress.stalled()
        };
        assert!(!poor(&[99.0; 4]));
        assert!(!poor(&[50.0]));
        assert!(!poor(&[49.0; 4]));
        assert!(poor(&[49.0]));
    }

    #[test]
    fn without_a_tolerance_nothing_stalls() {
        let mut progress = Improvement::new(None, 1, 1.0, 1e-16);
        progress.record(2.0);
        assert!(!progress.stalled());
    }

    /// A value that halves for ever improves by half of itself, but not by a millionth of the rounding of the first.
    #[test]
    fn a_value_that_falls_towards_0_ends() {
        for first in [1e-200, 1.0, 1e200] {
            let mut progress = Improvement::new(Some(1e-6), 5, first, 1e-16);
            let halves = (1..).map(|k: i32| first * 0.5f64.powi(k));
            let count = halves.take_while(|&value| {
                progress.record(value);
                !progress.stalled()
            });
            let count = count.count();
            assert!((70..85).contains(&count), "{first}: {count}");
        }
    }
}
