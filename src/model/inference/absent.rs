//! Weights at the border of inference: which it takes, and what it says of rows of weight 0.

use super::parts::{Link, Parts};
use crate::data::Dataset;
use crate::linalg::compensated::Dd;
use crate::linalg::power::times_power;
use crate::real::sigmoid;
use crate::{Error, Real, Result};

/// Sums of weights are between 1 over this and this: they are precisions or numbers of trials, and their size matters.
const SIZE: f64 = 1e200;

/// The rows of positive weight, of which everything is computed.
///
/// # Errors
/// [`Error::Config`] for weights of a size that leaves no room for the sums.
pub(crate) fn counting<'d, 'a, T: Real>(data: &'d Dataset<'a, T>) -> Result<&'d Dataset<'a, T>> {
    let total: f64 = data.weights().map_or(1.0, |w| w.iter().map(|w| w.to_f64()).sum());
    if (1.0 / SIZE..=SIZE).contains(&total) {
        return Ok(data.without_zero_weights());
    }
    Err(Error::Config { name: "the sum of the weights", needs: "between 1e-200 and 1e200 for inference; rescale them" })
}

impl Parts {
    /// From one number per row of positive weight to one per row of `data`: a row of weight 0 has a fitted value and a
    /// residual, and 0 in everything else.
    pub(crate) fn for_all_rows<T: Real>(mut self, data: &Dataset<'_, T>) -> Self {
        let Some(rows) = data.positive_rows() else { return self };
        self.influence.spread(&rows, data.samples());
        let mut counts = rows.into_iter().peekable();
        for i in 0..data.samples() {
            if counts.next_if_eq(&i).is_none() {
                let fitted = self.fitted(data, i);
                self.influence.fitted[i] = fitted;
                self.influence.residuals[i] = nearest(data.target(0)[i].to_f64() - fitted);
            }
        }
        self
    }

    /// The fitted value of row i; the nearest number where it is out of range.
    fn fitted<T: Real>(&self, data: &Dataset<'_, T>, i: usize) -> f64 {
        let row: Vec<f64> = (0..data.features()).map(|j| data.feature(j)[i].to_f64()).collect();
        let point = self.point(&row);
        let (level, slopes) = self.coefficients.split_at(usize::from(self.intercept));
        let level = level.first().map_or(0.0, |&level| times_power(level, -point.power));
        // A feature that depends on others stays out.
        let terms = slopes.iter().zip(&point.x).filter(|(slope, _)| !slope.is_nan());
        let sum = terms.fold(Dd::from(level), |sum, (&slope, &x)| sum + Dd::product(slope, x)).value();
        let score = nearest(times_power(sum, self.units.score + point.power));
        match self.link {
            Link::Identity => score,
            Link::Logit => sigmoid(score),
        }
    }
}

/// The nearest finite number.
fn nearest(x: f64) -> f64 {
    x.clamp(f64::MIN, f64::MAX)
}
