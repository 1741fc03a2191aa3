//! Samples side by side: the columns of a block, L at a time, one number of all L as one vector.

use crate::Real;

/// Lanes for a vector of 32 bytes.
pub const WIDE: usize = 8;
/// The same for numbers of 8 bytes.
pub const NARROW: usize = 4;

/// Runs of numbers that lie together in a column and, with a gap (the padding) between them, in the lanes:
/// run r starts at `r · len` in the column, at `first + (r % rows) · gap + (r / rows) · page` in the lanes.
#[derive(Debug, Clone, Copy)]
pub struct Runs {
    pub count: usize,
    pub len: usize,
    pub rows: usize,
    pub first: usize,
    pub gap: usize,
    pub page: usize,
}

impl Runs {
    /// Everything in one run.
    pub fn whole(len: usize) -> Self {
        Self { count: 1, len, rows: 1, first: 0, gap: 0, page: 0 }
    }

    fn target(&self, r: usize) -> usize {
        self.first + (r % self.rows) * self.gap + (r / self.rows) * self.page
    }
}

/// Columns of `height` numbers into lanes; lanes without a column become 0.
pub fn load<T: Real, const L: usize>(columns: &[T], height: usize, runs: Runs, lanes: &mut [[T; L]]) {
    let many = columns.len() / height;
    let column = |l: usize| if l < many { &columns[l * height..(l + 1) * height] } else { &[] };
    for r in 0..runs.count {
        let (from, to) = (r * runs.len, runs.target(r));
        let target = &mut lanes[to..to + runs.len];
        if many >= L {
            let columns: [&[T]; L] = std::array::from_fn(|l| &column(l)[from..from + runs.len]);
            let chunks = runs.len / L * L;
            for (i, target) in (0..chunks).step_by(L).zip(target.chunks_exact_mut(L)) {
                transpose(std::array::from_fn(|l| &columns[l][i..i + L]), target);
            }
            for (i, target) in target.iter_mut().enumerate().skip(chunks) {
                *target = std::array::from_fn(|l| columns[l][i]);
            }
        } else {
            for (i, target) in target.iter_mut().enumerate() {
                *target = std::array::from_fn(|l| column(l).get(from + i).copied().unwrap_or_else(T::zero));
            }
        }
    }
}

#[inline(always)]
fn transpose<T: Real, const L: usize>(columns: [&[T]; L], lanes: &mut [[T; L]]) {
    for (i, lanes) in lanes.iter_mut().enumerate() {
        for l in 0..L {
            lanes[l] = columns[l][i];
        }
    }
}

/// Lanes back into columns of `height` numbers; lanes without a column are left out.
pub fn store<T: Real, const L: usize>(lanes: &[[T; L]], runs: Runs, columns: &mut [T], height: usize) {
    for (l, column) in columns.chunks_exact_mut(height).enumerate() {
        for (r, column) in column.chunks_exact_mut(runs.len).enumerate() {
            let from = runs.target(r);
            for (value, lanes) in column.iter_mut().zip(&lanes[from..]) {
                *value = lanes[l];
            }
        }
    }
}
