//! Products Xᵀ W X of the scaled design, block by block: in f64 of the centred columns, and in double-double of the
//! columns themselves.

use super::design::{BLOCK, Design};
use crate::Real;
use crate::linalg::compensated::{self, Dd, Run, Unit};
use crate::linalg::{packed, threads};

/// (Xc, Yc)ᵀ W (Xc, Yc) of centred columns in f64, upper triangle in a square column-major matrix of side p + k.
#[derive(Debug)]
pub(super) struct Gram {
    pub side: usize,
    pub values: Vec<f64>,
}

impl Gram {
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i + j * self.side]
    }
}

/// Gram matrix of the centred columns and targets; what the means were off by is found on the way, corrected in the
/// matrix and stored in the low part of the design's means.
pub(super) fn centred<T: Real>(design: &mut Design<'_, T>) -> Gram {
    let side = design.features() + design.outputs();
    let wide = side + usize::from(design.intercept);
    let root: Option<Vec<f64>> = design.weights.as_ref().map(|w| w.iter().map(|w| w.sqrt()).collect());
    let lanes = design.lanes(most_lanes(wide * wide * 8));
    let mut states: Vec<Vec<f64>> = vec![vec![0.0; wide * wide]; lanes];
    let cost = design.rows().saturating_mul(wide * wide);
    threads::for_each(&mut states, cost, |lane, sum| {
        let mut block = vec![0.0; wide * BLOCK];
        design.blocks(lanes, lane, |start, len| {
            pack(design, root.as_deref(), start, len, &mut block);
            packed::accumulate(&block, BLOCK, wide, sum);
        });
    });
    let sum = merge(states);
    if !design.intercept {
        return Gram { side, values: sum };
    }
    // The last column holds Σ w (x − mean): zero but for the rounding of the mean.
    let total = design.total.value();
    let off: Vec<f64> = (0..side).map(|j| sum[j + side * wide] / total).collect();
    let mut values = vec![0.0; side * side];
    for j in 0..side {
        for i in 0..=j {
            values[i + j * side] = sum[i + j * wide] - total * off[i] * off[j];
        }
    }
    for (column, off) in design.x.iter_mut().chain(&mut design.y).zip(off) {
        column.mean = Dd::sum(column.mean.hi, off);
    }
    Gram { side, values }
}

/// A block of √w (x scale − mean), column after column, and √w itself at the end where there is an intercept; rows past
/// `len` are 0.
fn pack<T: Real>(design: &Design<'_, T>, root: Option<&[f64]>, start: usize, len: usize, packed: &mut [f64]) {
    let root = root.map(|r| &r[start..start + len]);
    let columns = design.columns.iter().zip(&design.x).chain(design.targets.iter().zip(&design.y));
    let mut out = packed.chunks_exact_mut(BLOCK);
    for ((column, c), out) in columns.zip(&mut out) {
        let (out, rest) = out.split_at_mut(len);
        rest.fill(0.0);
        let unit = Unit { scale: c.unit.scale, shift: c.centre() };
        compensated::shift(&column[start..start + len], unit, root, out);
    }
    if let (true, Some(out)) = (design.intercept, out.next()) {
        let (out, rest) = out.split_at_mut(len);
        rest.fill(0.0);
        match root {
            Some(root) => out.copy_from_slice(root),
            None => out.fill(1.0),
        }
    }
}

/// Xᵀ W X in double-double, of the columns in their units (exact numbers), centred afterwards; upper triangle by columns: entry
/// (i, j), i ≤ j, is number i of run j. The means of the design become double-doubles.
pub(super) fn compensated_centred<T: Real>(design: &mut Design<'_, T>) -> Vec<Run> {
    let p = design.features();
    let lanes = design.lanes(most_lanes(p * p * 8));
    let mut states: Vec<(Vec<Run>, Vec<Dd>)> =
        (0..lanes).map(|_| ((0..p).map(|j| Run::zeros(j + 1)).collect(), vec![Dd::ZERO; p])).collect();
    let cost = design.rows().saturating_mul(5 * p * p);
    threads::for_each(&mut states, cost, |lane, (products, sums)| {
        let mut packed = vec![0.0; p * BLOCK];
        let (mut x, mut v) = (Run::default(), Run::default());
        let mut found = vec![Dd::ZERO; p];
        let units = vec![Unit::ONE; p];
        design.blocks(lanes, lane, |start, len| {
            for ((column, c), out) in design.columns.iter().zip(&design.x).zip(packed.chunks_exact_mut(BLOCK)) {
                compensated::shift(&column[start..start + len], c.unit, None, &mut out[..len]);
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

fn merge(states: Vec<Vec<f64>>) -> Vec<f64> {
    let mut states = states.into_iter();
    let mut sum = states.next().unwrap_or_default();
    for more in states {
        sum.iter_mut().zip(more).for_each(|(a, b)| *a += b);
    }
    sum
}
