//! The multilayer perceptron: a convenient front of [`Network`](super::Network).

use super::training::Training;
use super::{Fitted, Regressor};
use crate::data::Dataset;
use crate::layer::{Activation, Dense, Stack};
use crate::loss::{CrossEntropy, Loss, SquaredError};
use crate::optim::rule::Adam;
use crate::optim::{Observer, Solver, Trainer};
use crate::risk::Risk;
use crate::{Error, Init, Real, Result};

/// Multilayer perceptron: x → φ(W₁ x + b₁) → … → W_m h + b_m, the widths of input and output taken from the data.
///
/// Defaults: ReLU, no dropout, no penalty, seed 0, solver `Trainer::adam(1e-3)`; loss [`SquaredError`] for `regressor`,
/// [`CrossEntropy`] for `classifier`, any other by [`loss`](Mlp::loss). Layers start as [`Dense`] says, the bias of the output at
/// the mean of the targets (its log-odds or logarithms for classes), as [`Risk::start`] says. The blocks of θ are `0.weight`, `0.bias`,
/// `1.weight`, ..., read by [`Fitted::block`].
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
    activations: Activations,
    dropout: f64,
    init: Option<Init>,
    loss: L,
    training: Training,
    solver: S,
}

/// φ of the hidden layers.
#[derive(Debug, Clone, PartialEq)]
enum Activations {
    All(Activation),
    Each(Vec<Activation>),
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
        Self {
            hidden,
            activations: Activations::All(Activation::Relu),
            dropout: 0.0,
            init: None,
            loss,
            training: Training::default(),
            solver: Trainer::adam(1e-3),
        }
    }
}

impl<L, S> Mlp<L, S> {
    /// φ of every hidden layer.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activations = Activations::All(activation);
        self
    }

    /// φ of each hidden layer, as many as there are.
    #[must_use]
    pub fn activations(mut self, activations: impl Into<Vec<Activation>>) -> Self {
        self.activations = Activations::Each(activations.into());
        self
    }

    /// Drops each output of a hidden layer with this probability in mini-batch training, as
    /// [`Dropout`](crate::layer::Dropout) does.
    #[must_use]
    pub fn dropout(mut self, rate: f64) -> Self {
        self.dropout = rate;
        self
    }

    /// How the weights of the hidden layers start, instead of by their [activation](Activation::init); their biases then start
    /// at 0.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = Some(init);
        self
    }

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

    /// Another loss.
    #[must_use]
    pub fn loss<L2>(self, loss: L2) -> Mlp<L2, S> {
        let Self { hidden, activations, dropout, init, loss: _, training, solver } = self;
        Mlp { hidden, activations, dropout, init, loss, training, solver }
    }

    /// Another solver.
    #[must_use]
    pub fn solver<S2>(self, solver: S2) -> Mlp<L, S2> {
        let Self { hidden, activations, dropout, init, loss, training, solver: _ } = self;
        Mlp { hidden, activations, dropout, init, loss, training, solver }
    }

    /// The layers for these widths of input and output, to build a [`Risk`] or a [`Fitted`] from parameters.
    ///
    /// # Errors
    /// [`Error::Config`] for a hidden layer of width 0, [`Error::Shape`] for another number of activations than of hidden
    /// layers.
    pub fn layers(&self, inputs: usize, outputs: usize) -> Result<Stack<Dense>> {
        if self.hidden.contains(&0) {
            return Err(Error::Config { name: "width of a hidden layer", needs: "at least 1" });
        }
        let activation = |i: usize| match &self.activations {
            Activations::All(activation) => *activation,
            Activations::Each(each) => each[i],
        };
        if let Activations::Each(each) = &self.activations
            && each.len() != self.hidden.len()
        {
            return Err(Error::Shape { what: "number of activations", expected: self.hidden.len(), found: each.len() });
        }
        let mut layers = Vec::with_capacity(self.hidden.len() + 1);
        let mut from = inputs;
        for (i, &to) in self.hidden.iter().enumerate() {
            let layer = Dense::new(from, to, activation(i)).dropout(self.dropout);
            layers.push(self.init.map_or(layer, |init| layer.init(init)));
            from = to;
        }
        layers.push(Dense::new(from, outputs, Activation::Identity));
        Stack::new(layers)
    }
}

impl<T, L, S> Regressor<T> for Mlp<L, S>
where
    T: Real,
    L: Loss<T> + Clone,
    S: for<'r> Solver<T, Risk<'r, T, Stack<Dense>, L>>,
{
    type Fitted = Fitted<T, Stack<Dense>, L>;

    fn fit_observed(&self, data: &Dataset<'_, T>, observer: &mut dyn Observer<T>) -> Result<Self::Fitted> {
        let layers = self.layers(data.features(), data.outputs())?;
        self.training.fit(data, (layers, self.loss.clone()), &self.solver, observer)
    }
}
