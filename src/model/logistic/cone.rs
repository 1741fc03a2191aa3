//! Whether a direction with only margins of at least 0 exists: non-negative least squares.

use super::margins::{Pair, margin};

/// Samples in scaled features (with a 1 for the intercept) and their constraints: every row a of the matrix A below.
pub(super) struct Cone {
    /// Numbers a sample.
    columns: usize,
    /// Scores that are free: all but the last of k, whose score may be taken as 0.
    blocks: usize,
    x: Vec<f64>,
    /// (sample, z_c ≥ z_d).
    rows: Vec<(usize, Pair)>,
}

/// What is known of a cone.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// A v ≥ 0, A v ≠ 0, to rounding.
    Direction(Vec<f64>),
    /// A v ≥ 0 only if A v = 0. The flag says that moreover v = 0, which adding rows cannot change.
    Nothing(bool),
    /// The iterations ran out.
    Unknown,
}

/// A margin this far below 0, relative to |a| |v|, is negative.
const NEGATIVE: f64 = 1e-10;

impl Cone {
    pub fn new(columns: usize, outputs: usize) -> Self {
        Self { columns, blocks: outputs.saturating_sub(1).max(1), x: Vec::new(), rows: Vec::new() }
    }

    pub fn push(&mut self, x: impl Iterator<Item = f64>, constraints: &[Pair]) {
        let sample = self.x.len() / self.columns;
        self.x.extend(x);
        // The last of k scores is 0.
        let free = |c: Option<usize>| c.filter(|&c| c < self.blocks);
        self.rows.extend(constraints.iter().map(|&(c, d)| (sample, (free(c), free(d)))));
    }

    /// Row a of a constraint, blocks of `columns` numbers.
    fn row(&self, index: usize, a: &mut [f64]) {
        let (sample, (above, below)) = self.rows[index];
        let x = &self.x[sample * self.columns..][..self.columns];
        a.fill(0.0);
        for (block, sign) in [(above, 1.0), (below, -1.0)] {
            if let Some(block) = block {
                a[block * self.columns..][..self.columns].iter_mut().zip(x).for_each(|(a, x)| *a += sign * x);
            }
        }
    }

    /// The constraint that v violates most, relative to the size of its row, if any beyond `NEGATIVE`.
    fn worst(&self, v: &[f64]) -> Option<usize> {
        let norm = dot(v, v).sqrt();
        let (mut worst, mut found) = (-NEGATIVE * norm, None);
        let (mut sample, mut z, mut size) = (usize::MAX, vec![0.0; self.blocks], 0.0);
        for (index, &(of, pair)) in self.rows.iter().enumerate() {
            if of != sample {
                sample = of;
                let x = &self.x[sample * self.columns..][..self.columns];
                size = dot(x, x).sqrt().max(f64::MIN_POSITIVE);
                z.iter_mut().zip(v.chunks_exact(self.columns)).for_each(|(z, v)| *z = dot(v, x));
            }
            let relative = margin(&z, pair) / size;
            if relative < worst {
                (worst, found) = (relative, Some(index));
            }
        }
        found
    }

    /// min ‖Aᵀu‖ over u ≥ 1/m. At the minimum v = Aᵀu has A v ≥ 0, with equality where u > 1/m, and ‖v‖² = uᵀA v: so v = 0
    /// says that no v separates, and otherwise v does, with the samples on the boundary exactly those where u > 1/m.
    ///
    /// Source: Stiemke's lemma; Lawson and Hanson, Solving Least Squares Problems, chapter 23.
    pub fn search(&self) -> Found {
        let dim = self.columns * self.blocks;
        let (mut a, mut b) = (vec![0.0; dim], vec![0.0; dim]);
        for index in 0..self.rows.len() {
            self.row(index, &mut a);
            b.iter_mut().zip(&a).for_each(|(b, a)| *b += a / self.rows.len() as f64);
        }
        let size = (self.x.iter().map(|x| x * x).sum::<f64>() / self.rows.len().max(1) as f64).sqrt();
        let mut active = Active::default();
        let mut v = b.clone();
        for _ in 0..10 * dim + 100 {
            if active.rows.len() == dim || dot(&v, &v).sqrt() <= 1e-13 * size {
                return Found::Nothing(active.rows.len() == dim);
            }
            let Some(index) = self.worst(&v) else {
                // What rounding left along the boundary is small beside v, and the smaller the closer it is looked at.
                let norm = dot(&v, &v).sqrt();
                v.iter_mut().for_each(|v| *v /= norm);
                active.basis.project(&mut v);
                return Found::Direction(v);
            };
            self.row(index, &mut a);
            if !active.enter(index, &a, &b) {
                return Found::Unknown;
            }
            v.copy_from_slice(&b);
            active.basis.project(&mut v);
        }
        Found::Unknown
    }
}

/// The rows with u > 1/m, their u − 1/m, and an orthonormal basis of them.
#[derive(Default)]
struct Active {
    rows: Vec<(usize, Vec<f64>)>,
    excess: Vec<f64>,
    basis: Basis,
}

impl Active {
    /// Adds a row and solves again, leaving out the rows whose excess would become negative. False if the row depends on
    /// the others, or nothing changes any more.
    fn enter(&mut self, index: usize, a: &[f64], b: &[f64]) -> bool {
        if self.rows.iter().any(|(known, _)| *known == index) || !self.basis.push(a) {
            return false;
        }
        self.rows.push((index, a.to_vec()));
        self.excess.push(0.0);
        loop {
            let target = self.basis.solve(b);
            let step = self.excess.iter().zip(&target).filter(|(_, t)| **t <= 0.0).map(|(e, t)| e / (e - t));
            let step = step.fold(1.0, f64::min);
            self.excess.iter_mut().zip(&target).for_each(|(e, t)| *e += step * (t - *e));
            if step >= 1.0 {
                return true;
            }
            let gone: Vec<usize> =
                (0..target.len()).filter(|&i| target[i] <= 0.0 && self.excess[i] <= 1e-14 * target[i].abs()).collect();
            if gone.is_empty() {
                return false;
            }
            for &i in gone.iter().rev() {
                self.rows.remove(i);
                self.excess.remove(i);
            }
            self.basis = Basis::default();
            if !self.rows.iter().all(|(_, a)| self.basis.push(a)) {
                return false;
            }
        }
    }
}

/// Orthonormal q₁ ... q_r of the rows pushed, a_i = Σ_j r_ji q_j.
#[derive(Default)]
struct Basis {
    q: Vec<Vec<f64>>,
    r: Vec<Vec<f64>>,
}

impl Basis {
    /// Gram-Schmidt, twice for orthogonality to rounding. False for a row in the span of the others.
    fn push(&mut self, a: &[f64]) -> bool {
        let mut rest = a.to_vec();
        let mut r = vec![0.0; self.q.len()];
        for _ in 0..2 {
            for (q, r) in self.q.iter().zip(&mut r) {
                let along = dot(q, &rest);
                *r += along;
                rest.iter_mut().zip(q).for_each(|(rest, q)| *rest -= along * q);
            }
        }
        let norm = dot(&rest, &rest).sqrt();
        if norm <= 1e-12 * dot(a, a).sqrt() {
            return false;
        }
        rest.iter_mut().for_each(|rest| *rest /= norm);
        r.push(norm);
        self.q.push(rest);
        self.r.push(r);
        true
    }

    /// Takes out of v what lies in the span.
    fn project(&self, v: &mut [f64]) {
        for _ in 0..2 {
            for q in &self.q {
                let along = dot(q, v);
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= along * q);
            }
        }
    }

    /// w that minimizes ‖b + Σ wᵢ aᵢ‖.
    fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut w: Vec<f64> = self.q.iter().map(|q| -dot(q, b)).collect();
        for i in (0..w.len()).rev() {
            w[i] /= self.r[i][i];
            for j in 0..i {
                w[j] -= self.r[i][j] * w[i];
            }
        }
        w
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
