//! Products Xᵀ W X of the scaled design, block by block: in f64 of the centred columns, and in double-double of the
//! columns themselves.

use super::design::{BLOCK, Column, Design};
use crate::Real;
use crate::linalg::compensated::{self, Dd, Run, Unit};
use crate::linalg::gram::{self, Gram};
use crate::linalg::threads;

/// (Xc, Yc)ᵀ W (Xc, Yc) of centred columns and targets in f64, in the units of the design.
#[derive(Debug)]
pub(super) struct Centred {
    sums: Gram,
    scales: Vec<f64>,
    /// What the means were off by, √Σw times; zeros without an intercept.
    off: Vec<f64>,
}

impl Centred {
    /// Entry (i, j); the targets follow the features.
    #[inline]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.sums.at(i, j) * self.scales[i] * self.scales[j] - self.off[i] * self.off[j]
    }

    /// The lower triangle over the columns `order` (ascending), column-major and factored in place, each column divided by its
    /// `norm`; with its penalty every column has norm 1.
    pub fn lower(self, order: &[usize], norm: &[f64]) -> Vec<f64> {
        let (p, side) = (order.len(), self.scales.len());
        let factors: Vec<f64> = order.iter().zip(norm).map(|(&j, n)| self.scales[j] / n).collect();
        let off: Vec<f64> = order.iter().zip(norm).map(|(&j, n)| self.off[j] / n).collect();
        let mut l = self.sums.into_lower();
        for j in 0..p {
            // What is written lies before what is still to be read.
            let (from, to) = (order[j] * side, j * p);
            for i in j + 1..p {
                l[to + i] = l[from + order[i]] * (factors[i] * factors[j]) - off[i] * off[j];
            }
            l[to + j] = 1.0;
        }
        l.truncate(p * p);
        l
    }
}

/// Gram matrix of the centred columns and targets. What the means were off by is found on the way, corrected in the
/// matrix and stored in the low part of the design's means.
pub(super) fn centred<T: Real>(design: &mut Design<'_, T>) -> Centred {
    let shift = |c: &Column| if design.intercept { c.centre() / c.unit.scale } else { 0.0 };
    let shifts: Vec<f64> = design.x.iter().chain(&design.y).map(shift).collect();
    let mut rooms = vec![Vec::new(); design.outputs()];
    let targets: Vec<&[f64]> = design.targets.iter().zip(&mut rooms).map(|(y, room)| T::widened(y, room)).collect();
    let sums = gram::gram(design.x_view, &targets, &shifts, design.weights.as_deref());
    let scales: Vec<f64> = design.x.iter().chain(&design.y).map(|c| c.unit.scale).collect();
    let mut off = vec![0.0; scales.len()];
    if design.intercept {
        // The totals are Σ w (x − mean): zero but for the rounding of the mean.
        let total = design.total.value();
        for (j, column) in design.x.iter_mut().chain(&mut design.y).enumerate() {
            let mean = sums.total(j) * column.unit.scale / total;
            column.mean = Dd::sum(column.mean.hi, mean);
            off[j] = mean * total.sqrt();
        }
    }
    Centred { sums, scales, off }
}

/// Xᵀ W X in double-double, of the columns in their units (exact numbers), centred afterwards; upper triangle by columns: entry
/// (i, j), i ≤ j, is number i of run j. The means of the design become double-doubles.
pub(super) fn compensated_centred<T: Real>(design: &mut Design<'_, T>) -> Vec<Run> {
    let p = design.features();
    let lanes = design.lanes(most_lanes(p * p * 8));
    let mut states: Vec<(Vec<Run>, Vec<Dd>)> =
        (0..lanes).map(|_| ((0..p).map(|j| Run::zeros(j + 1)).collect(), vec![Dd::ZERO; p])).collect();
    let cost = threads::cost(&[design.rows(), 5, p, p]);
    threads::for_each(&mut states, cost, |lane, (products, sums)| {
        let mut packed = vec![0.0; p * BLOCK];
        let (mut x, mut v) = (Run::default(), Run::default());
        let mut found = vec![Dd::ZERO; p];
        let units = vec![Unit::ONE; p];
        design.blocks(lanes, lane, |start, len| {
            for ((column, c), out) in design.columns.iter().zip(&design.x).zip(packed.chunks_exact_mut(BLOCK)) {
                compensated::shift(&column[start..start + len], c.unit, &mut out[..len]);
            }
            let columns: Vec<&[f64]> = packed.chunks_exact(BLOCK).map(|c| &c[..len]).collect();
            for j in 0..p {
                x.load(columns[j], Unit::ONE);
                match &design.weights {
                    Some(w) => x.times(&w[start..start + len], &mut v),
                    None => std::mem::swap(&mut x, &mut v),
                }
                found[..=j].fill(Dd::ZERO);
                compensated::dots(&columns[..=j], &units, &v, &mut found[..=j]);
                for (i, &found) in found[..=j].iter().enumerate() {
                    let sum = products[j].get(i) + found;
                    products[j].set(i, sum);
                }
                if design.intercept {
                    sums[j] = sums[j] + v.total();
                }
            }
        });
    });
    let mut states = states.into_iter();
    let (mut products, mut sums) = states.next().unwrap_or_default();
    for (more, sum) in states {
        for (run, more) in products.iter_mut().zip(&more) {
            (0..run.hi.len()).for_each(|i| run.set(i, run.get(i) + more.get(i)));
        }
        sums.iter_mut().zip(sum).for_each(|(a, b)| *a = *a + b);
    }
    if design.intercept {
        let means: Vec<Dd> = sums.iter().map(|&s| s / design.total).collect();
        for (j, run) in products.iter_mut().enumerate() {
            (0..=j).for_each(|i| run.set(i, run.get(i) - means[i] * sums[j]));
        }
        for (column, mean) in design.x.iter_mut().zip(&means) {
            column.mean = *mean;
        }
    }
    products
}

/// How many partial sums of this many bytes are kept at once: 16, fewer where they are large.
fn most_lanes(bytes: usize) -> usize {
    ((64 << 20) / bytes.max(1)).clamp(2, 16)
}
