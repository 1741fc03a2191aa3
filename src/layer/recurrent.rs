//! Recurrent layers: one cell over all steps of a sequence.

mod cell;
mod packing;
mod parameters;
mod sequence;
mod single;
mod tape;

pub use cell::Cell;
pub use sequence::Sequence;
pub use single::RecurrentCell;

use super::Layer;
use super::image::{at_least_1, countable};
use crate::linalg::{Block, product, reshape};
use crate::real::zero_or_nan;
use crate::{Describe, Description, Error, Layout, Real, Result};
use cell::{Step, StepBack};
use nalgebra::DMatrix;
use parameters::Parameters;
use tape::{RecurrentTape, part, part_mut};

/// A recurrent network: one cell, step after step, over a sequence.
///
/// h_t = cell(x_t, h_{t−1}) with the equations of [`Cell`], h_0 = 0; z is h at the last step, or at all of them.
///
/// The formula of the fifth model: z = W h_T + b with h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh), an affine map
/// of a state that has seen the whole sequence. Gradients go back through all steps.
///
/// θ is W_ih (gates · hidden × features), W_hh (gates · hidden × hidden), both column-major, b_ih, b_hh. W_ih starts by
/// Glorot's rule for units that `features` + `hidden` numbers feed, every gate's part of W_hh orthogonal, biases at 0 but for
/// the forget gate of `Lstm`, whose part of b_ih is 1 (b_hh stays 0), so that it remembers before it has learnt to.
///
/// Sequences of different lengths: [`with_lengths`](Self::with_lengths).
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Layer, Recurrent, layer::{Cell, Sequence}, nalgebra};
/// let layer = Recurrent::new(Cell::Tanh, Sequence { steps: 2, features: 1 }, 1);
/// let mut z = dmatrix![0.0];
/// layer.forward(&[1.0, 0.5, 0.0, 0.0], &dmatrix![0.3; 0.2], &mut z, &mut Default::default());
/// assert!((z[0] - (0.2 + 0.5 * 0.3f64.tanh()).tanh()).abs() < 1e-15);
/// ```
///
/// Sources: those of [`Cell`]; Saxe, McClelland and Ganguli (2014), ICLR (orthogonal start); Jozefowicz, Zaremba and
/// Sutskever (2015), ICML (forget bias); Werbos (1990), Proceedings of the IEEE 78 (gradients through time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurrent {
    sizes: Parameters,
    steps: usize,
    every_step: bool,
    lengths: bool,
}

impl Recurrent {
    /// `hidden` cells of this kind over sequences of this shape; the output is the state after the last step.
    #[must_use]
    pub fn new(cell: Cell, sequence: Sequence, hidden: usize) -> Self {
        let Sequence { steps, features } = sequence;
        Self { sizes: Parameters { cell, features, hidden }, steps, every_step: false, lengths: false }
    }

    /// The output is the state after every step, step by step: hidden · steps numbers; 0 behind a sequence's end.
    #[must_use]
    pub fn every_step(mut self) -> Self {
        self.every_step = true;
        self
    }

    /// One more number before the sequence says how many of the steps count: a whole number from 1 to `steps`, else the
    /// fit and the prediction are [`Error::Input`]. What follows is ignored: it changes no bit of any output or gradient.
    ///
    /// Behind another layer, where the number is computed, it is rounded to the nearest that is legal and has no gradient;
    /// where it is not finite, the outputs are NaN.
    #[must_use]
    pub fn with_lengths(mut self) -> Self {
        self.lengths = true;
        self
    }

    /// The shape of the output where it is [every step](Self::every_step): a sequence for the next recurrent layer.
    #[must_use]
    pub fn output(&self) -> Sequence {
        Sequence { steps: if self.every_step { self.steps } else { 1 }, features: self.sizes.hidden }
    }

    /// The same cell for one step at a time, with the same θ.
    #[must_use]
    pub fn cell(&self) -> RecurrentCell {
        RecurrentCell::new(self.sizes.cell, self.sizes.features, self.sizes.hidden)
    }

    fn sequence(&self) -> Sequence {
        Sequence { steps: self.steps, features: self.sizes.features }
    }

    /// How many numbers come before the sequence.
    fn lead(&self) -> usize {
        usize::from(self.lengths)
    }

    fn prepare<T: Real>(&self, x: &DMatrix<T>, tape: &mut RecurrentTape<T>) {
        let Parameters { cell, features, hidden } = self.sizes;
        // NaN from a layer before casts to 0.
        let length = |i: usize| (x[(0, i)].to_f64().round() as usize).clamp(1, self.steps);
        tape.packing.sort(x.ncols(), self.steps, |i| if self.lengths { length(i) } else { self.steps });
        let columns = tape.packing.len();
        reshape(&mut tape.x, features, columns);
        tape.packing.pack(x.as_slice(), x.nrows(), self.lead(), tape.x.as_mut_slice(), features);
        reshape(&mut tape.h_before, hidden, columns);
        tape.gates.resize(self.sizes.rows() * columns, T::zero());
        tape.recurrent.resize(self.sizes.rows() * columns, T::zero());
        tape.h.resize(hidden * x.ncols(), T::zero());
        if cell.has_memory() {
            tape.c.resize(hidden * x.ncols(), T::zero());
            tape.c_before.resize(hidden * columns, T::zero());
            tape.tanh_c.resize(hidden * columns, T::zero());
        }
    }

    /// Puts h of step t where it belongs: into the output, and before the next step.
    fn keep<T: Real>(&self, t: usize, z: &mut [T], tape: &mut RecurrentTape<T>) {
        let m = self.sizes.hidden;
        let outputs = self.output().len();
        for ((i, length), h) in tape.packing.columns().zip(tape.h.chunks_exact(m)).take(tape.packing.running(t)) {
            if self.every_step {
                z[i * outputs + t * m..][..m].copy_from_slice(h);
            } else if length == t + 1 {
                z[i * m..][..m].copy_from_slice(h);
            }
        }
        if t + 1 == tape.packing.steps() {
            return;
        }
        let next = tape.packing.range(t + 1, m);
        tape.h_before.as_mut_slice()[next.clone()].copy_from_slice(&tape.h[..next.len()]);
        if self.sizes.cell.has_memory() {
            tape.c_before[next.clone()].copy_from_slice(&tape.c[..next.len()]);
        }
    }

    /// Adds what the output of step t says to ∂R/∂h, which starts at 0 at a sequence's last step.
    fn collect<T: Real>(&self, t: usize, dz: &[T], tape: &mut RecurrentTape<T>) {
        let m = self.sizes.hidden;
        let outputs = self.output().len();
        for ((i, length), dh) in tape.packing.columns().zip(tape.dh.chunks_exact_mut(m)).take(tape.packing.running(t)) {
            let dz = if self.every_step { &dz[i * outputs + t * m..][..m] } else { &dz[i * m..][..m] };
            if length == t + 1 {
                dh.copy_from_slice(dz);
            } else if self.every_step {
                dh.iter_mut().zip(dz).for_each(|(dh, &dz)| *dh += dz);
            }
        }
    }
}

impl<T: Real> Layer<T> for Recurrent {
    type Tape = RecurrentTape<T>;

    fn inputs(&self) -> usize {
        self.sequence().len().saturating_add(self.lead())
    }

    fn outputs(&self) -> usize {
        self.output().len()
    }

    fn layout(&self, layout: &mut Layout) {
        self.sizes.layout(layout);
    }

    fn check(&self) -> Result<()> {
        at_least_1("steps of a sequence", self.steps)?;
        self.sizes.check()?;
        countable("numbers of a sequence", &[self.steps, self.sizes.features])?;
        countable("states of a recurrent layer", &[self.steps, self.sizes.cell.gates(), self.sizes.hidden])
    }

    fn accepts(&self, block: &Block<'_, T>) -> Result<()> {
        if !self.lengths {
            return Ok(());
        }
        let legal = |length: T| {
            let length = length.to_f64();
            length >= 1.0 && length <= self.steps as f64 && length.fract() == 0.0
        };
        match block.column(0).iter().position(|&length| !legal(length)) {
            Some(row) => Err(Error::Input { row, needs: "a whole number from 1 to the number of steps as its length" }),
            None => Ok(()),
        }
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        let Parameters { cell, hidden, .. } = self.sizes;
        let (rows, theta) = (self.sizes.rows(), self.sizes.parts(theta));
        self.prepare(x, tape);
        product::forward(theta.w_ih, theta.b_ih, rows, &tape.x, &mut tape.gates);
        if self.every_step && self.lengths {
            z.fill(T::zero());
        }
        for t in 0..tape.packing.steps() {
            let running = tape.packing.running(t);
            let (gates, states) = (tape.packing.range(t, rows), tape.packing.range(t, hidden));
            let recurrent = &mut tape.recurrent[gates.clone()];
            if t == 0 {
                tape.h_before.as_mut_slice()[states.clone()].fill(T::zero());
                part_mut(&mut tape.c_before, states.clone()).fill(T::zero());
                recurrent.chunks_exact_mut(rows).for_each(|column| column.copy_from_slice(theta.b_hh));
            } else {
                reshape(&mut tape.state, hidden, running);
                tape.state.as_mut_slice().copy_from_slice(&tape.h_before.as_slice()[states.clone()]);
                product::forward(theta.w_hh, theta.b_hh, rows, &tape.state, recurrent);
            }
            cell.forward(Step {
                hidden,
                gates: &mut tape.gates[gates],
                recurrent,
                h_before: &tape.h_before.as_slice()[states.clone()],
                c_before: part(&tape.c_before, states.clone()),
                h: &mut tape.h[..states.len()],
                c: part_mut(&mut tape.c, 0..states.len()),
                tanh_c: part_mut(&mut tape.tanh_c, states),
            });
            self.keep(t, z.as_mut_slice(), tape);
        }
        if self.lengths {
            // Nothing is known of a sequence whose length is not.
            let unknown = |i: usize| !x[(0, i)].is_finite();
            (0..x.ncols()).filter(|&i| unknown(i)).for_each(|i| z.column_mut(i).fill(zero_or_nan(x[(0, i)])));
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
        tape.dgates.resize(tape.gates.len(), T::zero());
        tape.drecurrent.resize(if cell.is_split() { tape.gates.len() } else { 0 }, T::zero());
        tape.dh.resize(hidden * x.ncols(), T::zero());
        tape.dc.clear();
        tape.dc.resize(if cell.has_memory() { hidden * x.ncols() } else { 0 }, T::zero());
        tape.dh_before.resize(hidden * x.ncols(), T::zero());
        for t in (0..tape.packing.steps()).rev() {
            self.collect(t, dz.as_slice(), tape);
            let (gates, states) = (tape.packing.range(t, rows), tape.packing.range(t, hidden));
            cell.backward(StepBack {
                hidden,
                gates: &tape.gates[gates.clone()],
                recurrent: &tape.recurrent[gates.clone()],
                h_before: &tape.h_before.as_slice()[states.clone()],
                c_before: part(&tape.c_before, states.clone()),
                tanh_c: part(&tape.tanh_c, states.clone()),
                dh: &mut tape.dh[..states.len()],
                dc: part_mut(&mut tape.dc, 0..states.len()),
                dgates: &mut tape.dgates[gates.clone()],
                drecurrent: part_mut(&mut tape.drecurrent, gates.clone()),
            });
            if t > 0 {
                let drecurrent = if cell.is_split() { &tape.drecurrent } else { &tape.dgates };
                let dh_before = &mut tape.dh_before[..states.len()];
                product::backward_input(theta.w_hh, rows, &drecurrent[gates], dh_before);
                tape.dh.iter_mut().zip(dh_before).for_each(|(dh, &mut through)| *dh += through);
            }
        }
        let dtheta = self.sizes.parts_mut(dtheta);
        let drecurrent = if cell.is_split() { &tape.drecurrent } else { &tape.dgates };
        product::backward(&tape.dgates, rows, &tape.x, dtheta.w_ih, dtheta.b_ih);
        product::backward(drecurrent, rows, &tape.h_before, dtheta.w_hh, dtheta.b_hh);
        if let Some(dx) = dx {
            tape.dx.resize(features * tape.packing.len(), T::zero());
            product::backward_input(theta.w_ih, rows, &tape.dgates, &mut tape.dx);
            let inputs = x.nrows();
            tape.packing.unpack(&tape.dx, dx.as_mut_slice(), inputs, self.lead(), features);
        }
    }
}

impl Describe for Recurrent {
    fn describe(&self) -> Description {
        Description::of_kind("Recurrent")
            .with("cell", self.sizes.cell.name())
            .with("sequence", self.sequence().describe())
            .with("hidden", self.sizes.hidden)
            .with("every_step", self.every_step)
            .with("lengths", self.lengths)
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("Recurrent")?;
        let sequence = Sequence::from_description(description.field("sequence")?)?;
        let layer = Self::new(Cell::of(description)?, sequence, description.count("hidden")?);
        Ok(Self { every_step: description.flag("every_step")?, lengths: description.flag("lengths")?, ..layer })
    }
}
