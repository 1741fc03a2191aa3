/// Counts the epochs in a row that did not improve on the best value.
pub(super) struct Improvement {
    tolerance: Option<f64>,
    patience: usize,
    best: f64,
    poor: usize,
}

impl Improvement {
    pub(super) fn new(tolerance: Option<f64>, patience: usize, value: f64) -> Self {
        Self { tolerance, patience, best: value, poor: 0 }
    }

    pub(super) fn record(&mut self, value: f64) {
        let Some(tolerance) = self.tolerance else { return };
        self.poor = if self.best - value > tolerance * self.best.abs() { 0 } else { self.poor + 1 };
        self.best = self.best.min(value);
    }

    pub(super) fn stalled(&self) -> bool {
        self.poor >= self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_so_many_poor_epochs_in_a_row() {
        let mut progress = Improvement::new(Some(0.1), 5, 100.0);
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
        let mut progress = Improvement::new(None, 1, 1.0);
        progress.record(2.0);
        assert!(!progress.stalled());
    }
}
