//! The three cells: what happens to the gates of one step, forward and backward, element by element.

use crate::layer::Activation::{Sigmoid, Tanh};
use crate::{Description, Real, Result};

/// The kind of a recurrent cell. Equations, parameters and the order of gates are PyTorch's. ⊙ is elementwise, σ the logistic
/// function, h′ and c′ the state one step before.
///
/// | | gates, in order | state |
/// |---|---|---|
/// | `Tanh` | none | h = tanh(W_ih x + b_ih + W_hh h′ + b_hh) |
/// | `Gru` | r, z = σ(W_ih x + b_ih + W_hh h′ + b_hh); n = tanh(W_in x + b_in + r ⊙ (W_hn h′ + b_hn)) | h = (1 − z) ⊙ n + z ⊙ h′ |
/// | `Lstm` | i, f, o = σ(W_ih x + b_ih + W_hh h′ + b_hh); g = tanh(...) between f and o | c = f ⊙ c′ + i ⊙ g; h = o ⊙ tanh c |
///
/// ONNX has the same equations (its `GRU` with `linear_before_reset` = 1) with the gates in another order: z, r, h for `Gru`,
/// where h is n, and i, o, f, c for `Lstm`, where c is g. To go from one to the other, reorder the rows of W_ih and W_hh and
/// the biases, `hidden` rows to a gate.
///
/// Sources: Elman (1990), Cognitive Science 14; Cho et al. (2014), EMNLP, eq. 5 to 8; Hochreiter and Schmidhuber (1997),
/// Neural Computation 9, with the forget gate of Gers, Schmidhuber and Cummins (2000), Neural Computation 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// One tanh.
    Tanh,
    /// Gated recurrent unit: gates r, z, n (ONNX: z, r, h).
    Gru,
    /// Long short-term memory: gates i, f, g, o (ONNX: i, o, f, c).
    Lstm,
}

/// One step of a run of sequences: every slice holds one column a sequence, `hidden` numbers each, or `hidden` a gate.
#[derive(Debug)]
pub(super) struct Step<'a, T> {
    pub hidden: usize,
    /// Before: W_ih x + b_ih. After: the gates.
    pub gates: &'a mut [T],
    /// W_hh h′ + b_hh.
    pub recurrent: &'a [T],
    pub h_before: &'a [T],
    pub c_before: &'a [T],
    pub h: &'a mut [T],
    /// c and tanh c; empty but for `Lstm`.
    pub c: &'a mut [T],
    pub tanh_c: &'a mut [T],
}

/// The way back through one step.
#[derive(Debug)]
pub(super) struct StepBack<'a, T> {
    pub hidden: usize,
    pub gates: &'a [T],
    pub recurrent: &'a [T],
    pub h_before: &'a [T],
    pub c_before: &'a [T],
    pub tanh_c: &'a [T],
    /// Before: ∂R/∂h. After: the part of ∂R/∂h′ that does not go through W_hh.
    pub dh: &'a mut [T],
    /// Before: ∂R/∂c. After: ∂R/∂c′.
    pub dc: &'a mut [T],
    /// ∂R/∂(W_ih x + b_ih).
    pub dgates: &'a mut [T],
    /// ∂R/∂(W_hh h′ + b_hh), where that differs (`Gru`); else empty.
    pub drecurrent: &'a mut [T],
}

impl Cell {
    /// How many numbers a hidden unit has in the gates.
    pub(super) fn gates(self) -> usize {
        match self {
            Self::Tanh => 1,
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }

    /// Whether there is a c beside h.
    pub(super) fn has_memory(self) -> bool {
        self == Self::Lstm
    }

    /// Whether the gates see W_hh h′ + b_hh otherwise than as a term of a sum.
    pub(super) fn is_split(self) -> bool {
        self == Self::Gru
    }

    pub(super) fn forward<T: Real>(self, step: Step<'_, T>) {
        match self {
            Self::Tanh => step.tanh(),
            Self::Gru => step.gru(),
            Self::Lstm => step.lstm(),
        }
    }

    pub(super) fn backward<T: Real>(self, step: StepBack<'_, T>) {
        match self {
            Self::Tanh => step.tanh(),
            Self::Gru => step.gru(),
            Self::Lstm => step.lstm(),
        }
    }
}

impl<T: Real> Step<'_, T> {
    fn tanh(self) {
        add(self.gates, self.recurrent);
        Tanh.apply(self.gates);
        self.h.copy_from_slice(self.gates);
    }

    fn gru(self) {
        let m = self.hidden;
        let columns = self.gates.chunks_exact_mut(3 * m).zip(self.recurrent.chunks_exact(3 * m));
        for ((gates, recurrent), (h, before)) in
            columns.zip(self.h.chunks_exact_mut(m).zip(self.h_before.chunks_exact(m)))
        {
            let (rz, n) = gates.split_at_mut(2 * m);
            add(rz, &recurrent[..2 * m]);
            Sigmoid.apply(rz);
            let (r, z) = rz.split_at(m);
            for ((n, &r), &recurrent) in n.iter_mut().zip(r).zip(&recurrent[2 * m..]) {
                *n += r * recurrent;
            }
            Tanh.apply(n);
            for (((h, &n), &z), &before) in h.iter_mut().zip(&*n).zip(z).zip(before) {
                *h = (T::one() - z) * n + z * before;
            }
        }
    }

    fn lstm(self) {
        let m = self.hidden;
        add(self.gates, self.recurrent);
        let states = self.c.chunks_exact_mut(m).zip(self.c_before.chunks_exact(m));
        for (gates, (c, before)) in self.gates.chunks_exact_mut(4 * m).zip(states) {
            Sigmoid.apply(&mut gates[..2 * m]);
            Tanh.apply(&mut gates[2 * m..3 * m]);
            Sigmoid.apply(&mut gates[3 * m..]);
            let (i, rest) = gates.split_at(m);
            let (f, g) = rest.split_at(m);
            for ((((c, &before), &i), &f), &g) in c.iter_mut().zip(before).zip(i).zip(f).zip(g) {
                *c = f * before + i * g;
            }
        }
        self.tanh_c.copy_from_slice(self.c);
        Tanh.apply(self.tanh_c);
        let states = self.h.chunks_exact_mut(m).zip(self.tanh_c.chunks_exact(m));
        for (gates, (h, tanh_c)) in self.gates.chunks_exact(4 * m).zip(states) {
            for ((h, &o), &tanh_c) in h.iter_mut().zip(&gates[3 * m..]).zip(tanh_c) {
                *h = o * tanh_c;
            }
        }
    }
}

impl<T: Real> StepBack<'_, T> {
    fn tanh(self) {
        for ((dgate, dh), &h) in self.dgates.iter_mut().zip(self.dh).zip(self.gates) {
            *dgate = *dh * tanh_slope(h);
            *dh = T::zero();
        }
    }

    fn gru(self) {
        let m = self.hidden;
        let given = self.gates.chunks_exact(3 * m).zip(self.recurrent.chunks_exact(3 * m));
        let made = self.dgates.chunks_exact_mut(3 * m).zip(self.drecurrent.chunks_exact_mut(3 * m));
        let states = self.dh.chunks_exact_mut(m).zip(self.h_before.chunks_exact(m));
        for (((gates, recurrent), (dgates, drecurrent)), (dh, before)) in given.zip(made).zip(states) {
            let [r, z, n] = thirds(gates, m);
            let recurrent = &recurrent[2 * m..3 * m];
            let (dr, rest) = dgates.split_at_mut(m);
            let (dz, dn) = rest.split_at_mut(m);
            let (dn, dn_recurrent) = (&mut dn[..m], &mut drecurrent[2 * m..3 * m]);
            let (dh, before) = (&mut dh[..m], &before[..m]);
            let (dr, dz) = (&mut dr[..m], &mut dz[..m]);
            for j in 0..m {
                dn[j] = dh[j] * (T::one() - z[j]) * tanh_slope(n[j]);
                dn_recurrent[j] = dn[j] * r[j];
                dz[j] = dh[j] * (before[j] - n[j]) * sigmoid_slope(z[j]);
                dr[j] = dn[j] * recurrent[j] * sigmoid_slope(r[j]);
                dh[j] *= z[j];
            }
            drecurrent[..2 * m].copy_from_slice(&dgates[..2 * m]);
        }
    }

    fn lstm(self) {
        let m = self.hidden;
        let gates = self.gates.chunks_exact(4 * m).zip(self.dgates.chunks_exact_mut(4 * m));
        let dstates = self.dh.chunks_exact_mut(m).zip(self.dc.chunks_exact_mut(m));
        let states = self.c_before.chunks_exact(m).zip(self.tanh_c.chunks_exact(m));
        for (((gates, dgates), (dh, dc)), (before, tanh_c)) in gates.zip(dstates).zip(states) {
            let ([i, f, g], o) = (thirds(gates, m), &gates[3 * m..4 * m]);
            let (di, rest) = dgates.split_at_mut(m);
            let (df, rest) = rest.split_at_mut(m);
            let (dg, d_o) = rest.split_at_mut(m);
            let (dh, dc, before, tanh_c) = (&mut dh[..m], &mut dc[..m], &before[..m], &tanh_c[..m]);
            let (di, df, dg, d_o) = (&mut di[..m], &mut df[..m], &mut dg[..m], &mut d_o[..m]);
            for j in 0..m {
                d_o[j] = dh[j] * tanh_c[j] * sigmoid_slope(o[j]);
                let through = dc[j] + dh[j] * o[j] * tanh_slope(tanh_c[j]);
                di[j] = through * g[j] * sigmoid_slope(i[j]);
                df[j] = through * before[j] * sigmoid_slope(f[j]);
                dg[j] = through * i[j] * tanh_slope(g[j]);
                dc[j] = through * f[j];
                dh[j] = T::zero();
            }
        }
    }
}

fn add<T: Real>(sum: &mut [T], terms: &[T]) {
    sum.iter_mut().zip(terms).for_each(|(sum, &term)| *sum += term);
}

/// The first three gates of a column.
fn thirds<T>(column: &[T], m: usize) -> [&[T]; 3] {
    [&column[..m], &column[m..2 * m], &column[2 * m..3 * m]]
}

/// tanh′ where tanh is t.
fn tanh_slope<T: Real>(t: T) -> T {
    (T::one() - t) * (T::one() + t)
}

/// σ′ where σ is s.
fn sigmoid_slope<T: Real>(s: T) -> T {
    s * (T::one() - s)
}

impl Cell {
    /// The name by which model files know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tanh => "Tanh",
            Self::Gru => "Gru",
            Self::Lstm => "Lstm",
        }
    }

    /// The field `cell` of a description.
    ///
    /// # Errors
    /// [`Error::Description`](crate::Error::Description) if there is none of a known name.
    pub fn of(description: &Description) -> Result<Self> {
        let name = description.text("cell")?;
        Self::from_name(name).ok_or_else(|| description.wrong("cell", "Tanh, Gru or Lstm"))
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Tanh, Self::Gru, Self::Lstm].into_iter().find(|own| own.name() == name)
    }
}
