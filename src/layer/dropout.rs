use super::Layer;
use crate::{Describe, Description, Error, Layout, Real, Result, random};
use nalgebra::DMatrix;
use rand::Rng;

/// Inverted dropout: in training each number is set to 0 with probability p and divided by 1 − p otherwise; in prediction
/// nothing happens.
///
/// Training: z = m ∘ x, m = 0 with probability p, else 1 / (1 − p), so that E m = 1;  dx = m ∘ dz.
///
/// Random only on a tape that [`Layer::randomize`] has prepared, as mini-batch training does; the mask follows from the
/// seed. Has no parameters. Full-batch training does not drop anything.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Layer, layer::Dropout, nalgebra};
/// let (layer, x) = (Dropout::new(4, 0.5), dmatrix![1.0; 2.0; 3.0; 4.0]);
/// let (mut z, mut tape) = (x.clone(), Default::default());
/// layer.forward(&[], &x, &mut z, &mut tape);
/// assert_eq!(z, x);
/// layer.randomize(&mut tape, 0);
/// layer.forward(&[], &x, &mut z, &mut tape);
/// assert!(z.iter().zip(&x).all(|(z, x)| *z == 0.0 || *z == 2.0 * x));
/// ```
///
/// Source: Srivastava et al. (2014), Journal of Machine Learning Research 15; the scaling in training is section 10's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    width: usize,
    rate: f64,
}

impl Dropout {
    /// On `width` numbers, each dropped with probability p = `rate`, in [0, 1).
    #[must_use]
    pub fn new(width: usize, rate: f64) -> Self {
        Self { width, rate }
    }
}

/// The mask of one random pass; empty on a tape that was not prepared.
#[derive(Debug, Clone)]
pub struct Mask<T> {
    seed: Option<u64>,
    factors: Vec<T>,
}

impl<T> Default for Mask<T> {
    fn default() -> Self {
        Self { seed: None, factors: Vec::new() }
    }
}

/// Each number is dropped or kept by one of so many random draws.
const DRAWS: f64 = 4_294_967_296.0;

pub(super) fn check(rate: f64) -> Result<()> {
    if !(0.0..1.0).contains(&rate) {
        return Err(Error::Config { name: "dropout rate", needs: "at least 0 and below 1" });
    }
    if rate == 0.0 || rate * DRAWS >= 1.0 {
        return Ok(());
    }
    Err(Error::Config { name: "dropout rate", needs: "0 or at least 2⁻³²: nothing would ever be dropped" })
}

impl<T: Real> Mask<T> {
    /// The next pass drops by this seed.
    pub(super) fn prepare(&mut self, seed: u64) {
        self.seed = Some(seed);
    }

    /// z ← m ∘ z, with a fresh m.
    pub(super) fn forward(&mut self, rate: f64, z: &mut [T]) {
        self.factors.clear();
        let Some(seed) = self.seed.filter(|_| rate > 0.0) else { return };
        let mut rng = random::generator(seed, 0);
        // 32 random bits per number: dropped below this bound.
        let bound = (rate * DRAWS) as u32;
        let kept = T::of(1.0 / (1.0 - rate));
        self.factors.extend(z.iter().map(|_| if rng.next_u32() < bound { T::zero() } else { kept }));
        self.backward(z);
    }

    /// dz ← m ∘ dz, with the mask of the last forward pass.
    pub(super) fn backward(&self, dz: &mut [T]) {
        dz.iter_mut().zip(&self.factors).for_each(|(d, &m)| *d *= m);
    }
}

impl<T: Real> Layer<T> for Dropout {
    type Tape = Mask<T>;

    fn inputs(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn layout(&self, _: &mut Layout) {}

    fn check(&self) -> Result<()> {
        if self.width == 0 {
            return Err(Error::Config { name: "width of the dropout", needs: "at least 1" });
        }
        check(self.rate)
    }

    fn randomize(&self, tape: &mut Self::Tape, seed: u64) {
        tape.prepare(seed);
    }

    fn forward(&self, _: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        z.as_mut_slice().copy_from_slice(x.as_slice());
        tape.forward(self.rate, z.as_mut_slice());
    }

    fn backward(
        &self,
        _: &[T],
        _: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        _: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        if let Some(dx) = dx {
            tape.backward(dz.as_mut_slice());
            dx.as_mut_slice().copy_from_slice(dz.as_slice());
        }
    }
}

impl Describe for Dropout {
    fn describe(&self) -> Description {
        Description::of_kind("Dropout").with("width", self.width).with("rate", self.rate)
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("Dropout")?;
        Ok(Self::new(description.count("width")?, description.number("rate")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(rate: f64, seed: u64, count: usize) -> Vec<f64> {
        let (mut mask, mut z) = (Mask::default(), vec![1.0; count]);
        mask.prepare(seed);
        mask.forward(rate, &mut z);
        z
    }

    #[test]
    fn the_share_dropped_and_the_mean_are_right() {
        for rate in [0.1, 0.5, 0.9] {
            let z = masked(rate, 3, 100_000);
            let dropped = z.iter().filter(|&&z| z == 0.0).count() as f64 / 1e5;
            // Five standard deviations of a binomial share.
            let bound = 5.0 * (rate * (1.0 - rate) / 1e5).sqrt();
            assert!((dropped - rate).abs() < bound, "{rate}: {dropped}");
            let mean = z.iter().sum::<f64>() / 1e5;
            assert!((mean - 1.0).abs() < bound / (1.0 - rate), "{rate}: {mean}");
        }
    }

    #[test]
    fn the_mask_follows_from_the_seed() {
        assert_eq!(masked(0.5, 1, 50), masked(0.5, 1, 50));
        assert_ne!(masked(0.5, 1, 50), masked(0.5, 2, 50));
        assert_eq!(masked(0.0, 1, 50), [1.0; 50]);
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        for rate in [-0.1, 1.0, f64::NAN, 1e-10, 1e-300] {
            assert!(Layer::<f64>::check(&Dropout::new(3, rate)).is_err());
        }
        assert!(Layer::<f64>::check(&Dropout::new(0, 0.5)).is_err());
        assert!(Layer::<f64>::check(&Dropout::new(3, 0.5)).is_ok());
    }
}
