//! The residual at given coefficients and its products with the columns, in one pass over the data.

use super::design::Design;
use super::refine::Coefficients;
use crate::Real;
use crate::linalg::compensated::{self, Dd, Run};
use crate::linalg::{anchored, threads};

/// What one pass over the data finds for one target.
#[derive(Debug, Clone)]
pub(super) struct Residual {
    /// Σ w r x, one per column.
    pub products: Vec<Dd>,
    /// Σ w r.
    pub sum: Dd,
    /// Σ w r².
    pub square: f64,
    /// How far a residual may be off beyond double-double rounding.
    pub row_error: f64,
    /// The largest |w r|, where the products may be off by more than double-double rounding; else 0.
    largest: f64,
}

/// How the sums are carried; both keep about 30 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    /// Relative to a bound known beforehand, at half the cost.
    Anchored,
    /// Relative to each number.
    Double,
}

impl Residual {
    /// How far product j may be off beyond double-double rounding.
    pub fn product_error<T: Real>(&self, design: &Design<'_, T>, j: usize) -> f64 {
        anchored::dots_error(design.rows(), rows(design.features()), design.x[j].reach, self.largest)
    }
}

/// How many rows are worked on while they are in the second-level cache.
fn rows(features: usize) -> usize {
    ((1 << 15) / features.max(1)).next_power_of_two().clamp(256, 1024)
}

/// Residual and its products for every target.
pub(super) fn pass<T: Real>(design: &Design<'_, T>, at: &[&Coefficients], arithmetic: Arithmetic) -> Vec<Residual> {
    let p = design.features();
    let bounds: Vec<f64> = at.iter().enumerate().map(|(k, c)| bound(design, k, c)).collect();
    let empty = |bound: &f64| Residual {
        products: vec![Dd::ZERO; p],
        sum: Dd::ZERO,
        square: 0.0,
        row_error: if arithmetic == Arithmetic::Anchored { anchored::subtract_error(p, *bound) } else { 0.0 },
        largest: 0.0,
    };
    let rows = rows(p);
    let lanes = design.lanes(16).min(design.rows().div_ceil(rows));
    let mut states: Vec<Vec<Residual>> = vec![bounds.iter().map(empty).collect(); lanes];
    let cost = threads::cost(&[design.rows(), 20, p, at.len()]);
    threads::for_each(&mut states, cost, |lane, found| {
        let mut kernel = Kernel::new(design, at, &bounds, arithmetic, rows);
        design.blocks_of(rows, lanes, lane, |start, len| kernel.add(start, len, found));
        kernel.scale(found);
    });
    let mut states = states.into_iter();
    let mut sum = states.next().unwrap_or_default();
    for more in states {
        for (sum, more) in sum.iter_mut().zip(more) {
            sum.products.iter_mut().zip(more.products).for_each(|(a, b)| *a = *a + b);
            sum.sum = sum.sum + more.sum;
            sum.square += more.square;
            sum.largest = sum.largest.max(more.largest);
        }
    }
    sum
}

/// A bound of |y − b| + Σ |xⱼ βⱼ| over the rows of positive weight.
fn bound<T: Real>(design: &Design<'_, T>, k: usize, at: &Coefficients) -> f64 {
    let start = design.y[k].reach + at.intercept.hi.abs();
    let sum = design.x.iter().zip(&at.beta).fold(start, |sum, (x, b)| sum + x.reach * b.hi.abs());
    // The sum itself is rounded, and so are the numbers.
    sum * 1.001
}

/// One lane's work.
struct Kernel<'k, 'd, T: Real> {
    design: &'k Design<'d, T>,
    at: &'k [&'k Coefficients],
    bounds: &'k [f64],
    arithmetic: Arithmetic,
    /// The columns are read in the user's units; these are the coefficients and shifts for them.
    beta: Vec<Vec<Dd>>,
    shifts: Vec<f64>,
    reach: Vec<f64>,
    ones: Vec<f64>,
    rooms: Vec<Vec<f64>>,
    r: Run,
    v: Run,
    products: Vec<Dd>,
}

impl<'k, 'd, T: Real> Kernel<'k, 'd, T> {
    fn new(
        design: &'k Design<'d, T>,
        at: &'k [&'k Coefficients],
        bounds: &'k [f64],
        arithmetic: Arithmetic,
        rows: usize,
    ) -> Self {
        let p = design.features();
        let user = |c: &&Coefficients| c.beta.iter().zip(&design.units).map(|(b, u)| b.scaled(u.scale)).collect();
        let mut shifts: Vec<f64> = design.units.iter().map(|u| u.shift / u.scale).collect();
        let mut reach: Vec<f64> = design.x.iter().map(|c| c.reach / c.unit.scale).collect();
        // Last a column of ones, for the sum of the residuals.
        shifts.push(0.0);
        reach.push(1.0);
        Self {
            design,
            at,
            bounds,
            arithmetic,
            beta: at.iter().map(user).collect(),
            shifts,
            reach,
            ones: vec![1.0; rows],
            rooms: vec![Vec::new(); p],
            r: Run::default(),
            v: Run::default(),
            products: Vec::new(),
        }
    }

    fn add(&mut self, start: usize, len: usize, found: &mut [Residual]) {
        match self.arithmetic {
            Arithmetic::Anchored => self.anchored(start, len, found),
            Arithmetic::Double => self.double(start, len, found),
        }
    }

    /// y − b, without the columns.
    fn start(&mut self, k: usize, start: usize, len: usize) {
        self.r.load(&self.design.targets[k][start..start + len], self.design.y[k].unit);
        self.r.add_scalar(-self.at[k].intercept);
    }

    /// v = w r; adds to Σ w r².
    fn weigh(&mut self, start: usize, len: usize, found: &mut Residual) {
        match &self.design.weights {
            Some(w) => {
                self.r.times(&w[start..start + len], &mut self.v);
                found.square += self.r.dot(&self.v);
            }
            None => {
                found.square += self.r.dot(&self.r);
                std::mem::swap(&mut self.r, &mut self.v);
            }
        }
    }

    fn anchored(&mut self, start: usize, len: usize, found: &mut [Residual]) {
        let p = self.design.features();
        let mut rooms = std::mem::take(&mut self.rooms);
        let ones = std::mem::take(&mut self.ones);
        let columns =
            self.design.columns.iter().zip(&mut rooms).map(|(c, room)| T::widened(&c[start..start + len], room));
        let columns: Vec<&[f64]> = columns.chain([&ones[..len]]).collect();
        for (k, found) in found.iter_mut().enumerate() {
            self.start(k, start, len);
            anchored::subtract_product(&columns[..p], &self.shifts[..p], &self.beta[k], self.bounds[k], &mut self.r);
            self.weigh(start, len, found);
            let largest = self.v.largest();
            self.products.clear();
            self.products.resize(p + 1, Dd::ZERO);
            anchored::dots(&columns, &self.shifts, &self.reach, &self.v, largest, &mut self.products);
            found.products.iter_mut().zip(&self.products).for_each(|(sum, &more)| *sum = *sum + more);
            found.sum = found.sum + self.products[p];
            found.largest = found.largest.max(largest);
        }
        drop(columns);
        (self.rooms, self.ones) = (rooms, ones);
    }

    fn double(&mut self, start: usize, len: usize, found: &mut [Residual]) {
        let design = self.design;
        let columns: Vec<&[T]> = design.columns.iter().map(|c| &c[start..start + len]).collect();
        for (k, found) in found.iter_mut().enumerate() {
            self.start(k, start, len);
            compensated::subtract_product(&columns, &design.units, &self.at[k].beta, &mut self.r);
            self.weigh(start, len, found);
            found.sum = found.sum + self.v.total();
            compensated::dots(&columns, &design.units, &self.v, &mut found.products);
        }
    }

    /// Products in the units of the design.
    fn scale(&self, found: &mut [Residual]) {
        if self.arithmetic == Arithmetic::Anchored {
            for found in found {
                let units = &self.design.units;
                found.products.iter_mut().zip(units).for_each(|(sum, unit)| *sum = sum.scaled(unit.scale));
            }
        }
    }
}
