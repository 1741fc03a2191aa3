//! θ of a recurrent layer and of its single step: W_ih, W_hh, b_ih, b_hh.

use super::Cell;
use crate::layer::image::{at_least_1, countable};
use crate::layout::{Init, Spread};
use crate::{Layout, Result};

/// How wide the parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    pub cell: Cell,
    pub features: usize,
    pub hidden: usize,
}

/// The four parts of θ, or of its gradient.
pub(super) struct Parts<S> {
    pub w_ih: S,
    pub w_hh: S,
    pub b_ih: S,
    pub b_hh: S,
}

impl Parameters {
    /// Rows of the weights: hidden units times gates.
    pub fn rows(&self) -> usize {
        self.cell.gates().saturating_mul(self.hidden)
    }

    pub fn layout(&self, layout: &mut Layout) {
        let (rows, gates) = (self.rows(), self.cell.gates());
        // A unit sums over the step and over the state: both are its fan-in.
        let input = Init::Glorot(Spread::Uniform);
        let fan_in = self.features.saturating_add(self.hidden);
        layout.weights(rows, self.features).named("weight_ih").init(input).fans(fan_in, self.hidden);
        layout.weights(rows, self.hidden).named("weight_hh").init(Init::Orthogonal).stacked(gates);
        let bias = layout.bias(rows).named("bias_ih").stacked(gates);
        if self.cell == Cell::Lstm {
            bias.init(Init::OnePart { part: 1, value: 1.0 });
        }
        layout.bias(rows).named("bias_hh");
    }

    pub fn check(&self) -> Result<()> {
        at_least_1("features of a sequence", self.features)?;
        at_least_1("hidden units of a recurrent layer", self.hidden)?;
        countable("weights of a recurrent layer", &[self.cell.gates(), self.hidden, self.features])?;
        countable("weights of a recurrent layer", &[self.cell.gates(), self.hidden, self.hidden])
    }

    pub fn parts<'t, T>(&self, theta: &'t [T]) -> Parts<&'t [T]> {
        let rows = self.rows();
        let (w_ih, rest) = theta.split_at(rows * self.features);
        let (w_hh, rest) = rest.split_at(rows * self.hidden);
        let (b_ih, b_hh) = rest.split_at(rows);
        Parts { w_ih, w_hh, b_ih, b_hh }
    }

    pub fn parts_mut<'t, T>(&self, theta: &'t mut [T]) -> Parts<&'t mut [T]> {
        let rows = self.rows();
        let (w_ih, rest) = theta.split_at_mut(rows * self.features);
        let (w_hh, rest) = rest.split_at_mut(rows * self.hidden);
        let (b_ih, b_hh) = rest.split_at_mut(rows);
        Parts { w_ih, w_hh, b_ih, b_hh }
    }
}
