//! Any layer as a regressor.

use super::training::Training;
use super::{Fitted, Regressor};
use crate::data::Dataset;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::rule::Adam;
use crate::optim::{Observer, Solver, Trainer};
use crate::risk::Risk;
use crate::{Real, Result};

/// Any layer with any loss as a regressor.
///
/// Starts from the layer's own initialisation, drawn with `seed` (0), with the output at the best constant where the layer has a
/// bias for it ([`Risk::start`]), and minimizes the mean loss + ½ λ ‖W‖² with
/// `Trainer::adam(1e-3)` unless another solver is given.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Activation::*, Affine, Dataset, Dense, Network, Predictor, Regressor, SquaredError, nalgebra};
/// use residual::optim::Trainer;
/// let (x, y) = (dmatrix![-1.0; 0.0; 1.0], dvector![1.0, 0.0, 1.0]);
/// let layer = (Dense::new(1, 8, Tanh), Affine::new(8, 1));
/// let trainer = Trainer::adam(0.02).epochs(2000).full_batch();
/// let model = Network::new(layer, SquaredError).solver(trainer).fit(&Dataset::new(&x, &y)?)?;
/// assert!((model.predict(&x)? - dmatrix![1.0; 0.0; 1.0]).amax() < 1e-2);
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Network<N, L, S = Trainer<Adam, f64>> {
    layer: N,
    loss: L,
    training: Training,
    solver: S,
}

impl<N, L> Network<N, L> {
    /// No penalty, seed 0, `Trainer::adam(1e-3)`.
    #[must_use]
    pub fn new(layer: N, loss: L) -> Self {
        Self { layer, loss, training: Training::default(), solver: Trainer::adam(1e-3) }
    }
}

impl<N, L, S> Network<N, L, S> {
    /// The penalty λ of ½ λ ‖W‖² on the mean loss.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.training.l2 = l2;
        self
    }

    /// Seed of the initial parameters, of what is random inside layers, and of the validation split.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.training.seed = seed;
        self
    }

    /// One weight per class, as [`Dataset::with_class_weights`] says.
    #[must_use]
    pub fn class_weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        self.training.class_weights = Some(weights.into());
        self
    }

    /// Keeps this share of the samples apart, above 0 and below 1, stops when the risk on them (without penalty) has not fallen for
    /// [`patience`](Self::patience) iterations, and returns the best parameters seen. The values on them are in
    /// [`Report::validation`](crate::Report::validation).
    #[must_use]
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.training.validation = Some(fraction);
        self
    }

    /// After how many iterations in a row without a new best validation risk the fit ends, at least 1; 10 unless set. It needs a
    /// [`validation_split`](Self::validation_split). The [patience of a `Trainer`](Trainer::patience) counts in the same way,
    /// but watches the training risk; the fit ends when either has run out.
    #[must_use]
    pub fn patience(mut self, iterations: usize) -> Self {
        self.training.patience = Some(iterations);
        self
    }

    /// Another solver.
    #[must_use]
    pub fn solver<S2>(self, solver: S2) -> Network<N, L, S2> {
        Network { layer: self.layer, loss: self.loss, training: self.training, solver }
    }
}

impl<T, N, L, S> Regressor<T> for Network<N, L, S>
where
    T: Real,
    N: Layer<T> + Clone,
    L: Loss<T> + Clone,
    S: for<'r> Solver<T, Risk<'r, T, N, L>>,
{
    type Fitted = Fitted<T, N, L>;

    fn fit_observed(&self, data: &Dataset<'_, T>, observer: &mut dyn Observer<T>) -> Result<Self::Fitted> {
        self.training.fit(data, (self.layer.clone(), self.loss.clone()), &self.solver, observer)
    }
}
