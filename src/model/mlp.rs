//! The multilayer perceptron: a convenient front of [`Network`].

use super::{Fitted, Network, Regressor};
use crate::data::Dataset;
use crate::layer::{Activation, Dense, Stack};
use crate::loss::{CrossEntropy, Loss, SquaredError};
use crate::optim::rule::Adam;
use crate::optim::{Observer, Solver, Trainer};
use crate::risk::Risk;
use crate::{Error, Real, Result};

/// Multilayer perceptron: x → φ(W₁ x + b₁) → … → W_m h + b_m, the widths of input and output taken from the data.
///
/// Defaults: ReLU, no penalty, seed 0, solver `Trainer::adam(1e-3)`; loss [`SquaredError`] for `regressor`,
/// [`CrossEntropy`] for `classifier`, any other by [`loss`](Mlp::loss).
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Activation, Dataset, Mlp, Predictor, Regressor, nalgebra, optim::Trainer};
/// let x = dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
/// let y = dvector![0.0, 1.0, 1.0, 0.0];
/// let mlp = Mlp::classifier([8]).activation(Activation::Tanh).solver(Trainer::adam(0.05).epochs(500).full_batch());
/// let p = mlp.fit(&Dataset::new(&x, &y)?)?.predict(&x)?;
/// assert!(p[0] < 0.1 && p[1] > 0.9 && p[2] > 0.9 && p[3] < 0.1);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// Source: Goodfellow, Bengio and Courville (2016), Deep Learning, chapter 6.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp<L = SquaredError, S = Trainer<Adam, f64>> {
    hidden: Vec<usize>,
    activation: Activation,
    loss: L,
    l2: f64,
    seed: u64,
    solver: S,
}

impl Mlp<SquaredError> {
    /// Predicts numbers; `hidden` are the widths of the hidden layers (none: a linear model).
    #[must_use]
    pub fn regressor(hidden: impl Into<Vec<usize>>) -> Self {
        Mlp::with_loss(hidden.into(), SquaredError)
    }
}

impl Mlp<CrossEntropy> {
    /// Predicts class probabilities.
    #[must_use]
    pub fn classifier(hidden: impl Into<Vec<usize>>) -> Self {
        Mlp::with_loss(hidden.into(), CrossEntropy)
    }
}

impl<L> Mlp<L> {
    fn with_loss(hidden: Vec<usize>, loss: L) -> Self {
        Self { hidden, activation: Activation::Relu, loss, l2: 0.0, seed: 0, solver: Trainer::adam(1e-3) }
    }
}

impl<L, S> Mlp<L, S> {
    /// φ of the hidden layers.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// The penalty λ of ½ λ ‖W‖² on the mean loss.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// Seed of the initial weights.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Another loss.
    #[must_use]
    pub fn loss<L2>(self, loss: L2) -> Mlp<L2, S> {
        let Self { hidden, activation, loss: _, l2, seed, solver } = self;
        Mlp { hidden, activation, loss, l2, seed, solver }
    }

    /// Another solver.
    #[must_use]
    pub fn solver<S2>(self, solver: S2) -> Mlp<L, S2> {
        let Self { hidden, activation, loss, l2, seed, solver: _ } = self;
        Mlp { hidden, activation, loss, l2, seed, solver }
    }

    /// The layers for these widths of input and output.
    fn layers(&self, inputs: usize, outputs: usize) -> Result<Stack<Dense>> {
        if self.hidden.contains(&0) {
            return Err(Error::Config { name: "width of a hidden layer", needs: "at least 1" });
        }
        let from = std::iter::once(inputs).chain(self.hidden.iter().copied());
        let hidden = from.clone().zip(&self.hidden).map(|(from, &to)| Dense::new(from, to, self.activation));
        let last = Dense::new(from.last().unwrap_or(inputs), outputs, Activation::Identity);
        Stack::new(hidden.chain([last]).collect())
    }
}

impl<T, L, S> Regressor<T> for Mlp<L, S>
where
    T: Real,
    L: Loss<T> + Clone,
    S: for<'r> Solver<T, Risk<'r, T, Stack<Dense>, L>> + Clone,
{
    type Fitted = Fitted<T, Stack<Dense>, L>;

    fn fit_observed(&self, data: &Dataset<'_, T>, observer: &mut dyn Observer<T>) -> Result<Self::Fitted> {
        let layers = self.layers(data.features(), data.outputs())?;
        let network = Network::new(layers, self.loss.clone()).l2(self.l2).seed(self.seed);
        network.solver(self.solver.clone()).fit_observed(data, observer)
    }
}
