use super::cell::{Cell, Step, StepBack};
use super::parameters::Parameters;
use crate::layer::Layer;
use crate::linalg::{product, reshape};
use crate::{Describe, Description, Layout, Real, Result};
use nalgebra::DMatrix;

/// One step of a recurrent network as a layer of its own: (x, state before) to state after.
///
/// The state is h, for `Lstm` h and then c. A column holds the `features` numbers of x, then the state; the output is the
/// state. θ is that of [`Recurrent`](super::Recurrent), whose steps these are: feed a sequence as it arrives and carry the
/// state, or start from a state other than 0.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Layer, layer::{Cell, RecurrentCell}, nalgebra};
/// let (cell, theta) = (RecurrentCell::new(Cell::Tanh, 1, 1), [1.0, 0.5, 0.0, 0.0]);
/// let mut h = dmatrix![0.0];
/// for x in [0.3, 0.2] {
///     let input = dmatrix![x; h[0]];
///     cell.forward(&theta, &input, &mut h, &mut Default::default());
/// }
/// assert!((h[0] - (0.2 + 0.5 * 0.3f64.tanh()).tanh()).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecurrentCell {
    sizes: Parameters,
}

impl RecurrentCell {
    /// `hidden` cells that read `features` numbers.
    #[must_use]
    pub fn new(cell: Cell, features: usize, hidden: usize) -> Self {
        Self { sizes: Parameters { cell, features, hidden } }
    }

    /// How many numbers the state has.
    #[must_use]
    pub fn state(&self) -> usize {
        self.sizes.hidden.saturating_mul(if self.sizes.cell.has_memory() { 2 } else { 1 })
    }

    /// Splits each column of x into input, hidden state and cell state.
    fn prepare<T: Real>(&self, x: &DMatrix<T>, tape: &mut RecurrentCellTape<T>) {
        let Parameters { features, hidden, .. } = self.sizes;
        reshape(&mut tape.x, features, x.ncols());
        reshape(&mut tape.h_before, hidden, x.ncols());
        tape.c_before.clear();
        for (i, x) in x.as_slice().chunks_exact(x.nrows()).enumerate() {
            let (x, state) = x.split_at(features);
            let (h, c) = state.split_at(hidden);
            tape.x.as_mut_slice()[i * features..][..features].copy_from_slice(x);
            tape.h_before.as_mut_slice()[i * hidden..][..hidden].copy_from_slice(h);
            tape.c_before.extend_from_slice(c);
        }
        tape.gates.resize(self.sizes.rows() * x.ncols(), T::zero());
        tape.recurrent.resize(self.sizes.rows() * x.ncols(), T::zero());
        tape.h.resize(hidden * x.ncols(), T::zero());
        tape.c.resize(tape.c_before.len(), T::zero());
        tape.tanh_c.resize(tape.c_before.len(), T::zero());
    }
}

/// The parts of a step, apart.
#[derive(Debug)]
pub struct RecurrentCellTape<T: Real> {
    x: DMatrix<T>,
    h_before: DMatrix<T>,
    c_before: Vec<T>,
    gates: Vec<T>,
    recurrent: Vec<T>,
    /// h and c after the step; on the way back their derivatives.
    h: Vec<T>,
    c: Vec<T>,
    tanh_c: Vec<T>,
    dgates: Vec<T>,
    drecurrent: Vec<T>,
    dx: Vec<T>,
    dh_before: Vec<T>,
}

impl<T: Real> Default for RecurrentCellTape<T> {
    fn default() -> Self {
        let none = || DMatrix::zeros(0, 0);
        let empty = Vec::new;
        Self {
            x: none(),
            h_before: none(),
            c_before: empty(),
            gates: empty(),
            recurrent: empty(),
            h: empty(),
            c: empty(),
            tanh_c: empty(),
            dgates: empty(),
            drecurrent: empty(),
            dx: empty(),
            dh_before: empty(),
        }
    }
}

impl<T: Real> Layer<T> for RecurrentCell {
    type Tape = RecurrentCellTape<T>;

    fn inputs(&self) -> usize {
        self.sizes.features.saturating_add(self.state())
    }

    fn outputs(&self) -> usize {
        self.state()
    }

    fn layout(&self, layout: &mut Layout) {
        self.sizes.layout(layout);
    }

    fn check(&self) -> Result<()> {
        self.sizes.check()
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        let (rows, theta, hidden) = (self.sizes.rows(), self.sizes.parts(theta), self.sizes.hidden);
        self.prepare(x, tape);
        product::forward(theta.w_ih, theta.b_ih, rows, &tape.x, &mut tape.gates);
        product::forward(theta.w_hh, theta.b_hh, rows, &tape.h_before, &mut tape.recurrent);
        self.sizes.cell.forward(Step {
            hidden,
            gates: &mut tape.gates,
            recurrent: &tape.recurrent,
            h_before: tape.h_before.as_slice(),
            c_before: &tape.c_before,
            h: &mut tape.h,
            c: &mut tape.c,
            tanh_c: &mut tape.tanh_c,
        });
        for (i, z) in z.as_mut_slice().chunks_exact_mut(self.state()).enumerate() {
            let (h, c) = z.split_at_mut(hidden);
            h.copy_from_slice(&tape.h[i * hidden..][..hidden]);
            if !c.is_empty() {
                c.copy_from_slice(&tape.c[i * hidden..][..hidden]);
            }
        }
    }

    fn backward(
        &self,
        theta: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        dtheta: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let Parameters { cell, features, hidden } = self.sizes;
        let (rows, theta) = (self.sizes.rows(), self.sizes.parts(theta));
        for (i, dz) in dz.as_slice().chunks_exact(self.state()).enumerate() {
            let (dh, dc) = dz.split_at(hidden);
            tape.h[i * hidden..][..hidden].copy_from_slice(dh);
            if !dc.is_empty() {
                tape.c[i * hidden..][..hidden].copy_from_slice(dc);
            }
        }
        tape.dgates.resize(tape.gates.len(), T::zero());
        tape.drecurrent.resize(if cell.is_split() { tape.gates.len() } else { 0 }, T::zero());
        cell.backward(StepBack {
            hidden,
            gates: &tape.gates,
            recurrent: &tape.recurrent,
            h_before: tape.h_before.as_slice(),
            c_before: &tape.c_before,
            tanh_c: &tape.tanh_c,
            dh: &mut tape.h,
            dc: &mut tape.c,
            dgates: &mut tape.dgates,
            drecurrent: &mut tape.drecurrent,
        });
        let drecurrent = if cell.is_split() { &tape.drecurrent } else { &tape.dgates };
        let dtheta = self.sizes.parts_mut(dtheta);
        product::backward(&tape.dgates, rows, &tape.x, dtheta.w_ih, dtheta.b_ih);
        product::backward(drecurrent, rows, &tape.h_before, dtheta.w_hh, dtheta.b_hh);
        let Some(dx) = dx else { return };
        tape.dx.resize(features * x.ncols(), T::zero());
        tape.dh_before.resize(hidden * x.ncols(), T::zero());
        product::backward_input(theta.w_ih, rows, &tape.dgates, &mut tape.dx);
        product::backward_input(theta.w_hh, rows, drecurrent, &mut tape.dh_before);
        for (i, dx) in dx.as_mut_slice().chunks_exact_mut(x.nrows()).enumerate() {
            let (dx, dstate) = dx.split_at_mut(features);
            let (dh, dc) = dstate.split_at_mut(hidden);
            dx.copy_from_slice(&tape.dx[i * features..][..features]);
            for (j, dh) in dh.iter_mut().enumerate() {
                *dh = tape.h[i * hidden + j] + tape.dh_before[i * hidden + j];
            }
            if !dc.is_empty() {
                dc.copy_from_slice(&tape.c[i * hidden..][..hidden]);
            }
        }
    }
}

impl Describe for RecurrentCell {
    fn describe(&self) -> Description {
        let Parameters { cell, features, hidden } = self.sizes;
        Description::of_kind("RecurrentCell")
            .with("cell", cell.name())
            .with("features", features)
            .with("hidden", hidden)
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("RecurrentCell")?;
        Ok(Self::new(Cell::of(description)?, description.count("features")?, description.count("hidden")?))
    }
}
