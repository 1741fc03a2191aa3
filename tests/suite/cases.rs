//! Drawn cases: data, weights and parameters of any row of the tables, away from the points without derivative.

use crate::erased::AnyLayer;
use crate::tables::{LayerRow, LossRow, Sizes, Target};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use residual::nalgebra::DMatrix;
use residual::{Dataset, Real};

/// No case is nearer than this to a point without derivative; the steps of the differences end well below it.
pub const MARGIN: f64 = 0.03;

/// The same for a type: the steps in f32 are ten times as long.
pub fn margin<T: Real>() -> f64 {
    if T::default_epsilon().to_f64() > 1e-10 { 4.0 * MARGIN } else { MARGIN }
}

/// A runner with a fixed seed: the same cases on every run and machine.
pub fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, rng_seed: RngSeed::Fixed(20_261), failure_persistence: None, ..Config::default() })
}

/// A stream of numbers that is the same everywhere: SplitMix64.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// In [−a, a).
    pub fn within(&mut self, a: f64) -> f64 {
        a * (2.0 * self.unit() - 1.0)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.unit() * bound as f64) as usize
    }

    pub fn target(&mut self, target: Target, outputs: usize) -> Vec<f64> {
        match target {
            Target::Number => (0..outputs).map(|_| self.within(2.0)).collect(),
            Target::Distribution if outputs > 1 => {
                let parts: Vec<f64> = (0..outputs).map(|_| self.unit() + 0.01).collect();
                let total: f64 = parts.iter().sum();
                let one = self.below(outputs);
                // Half of them one-hot.
                let hot = self.unit() < 0.5;
                (0..outputs).map(|j| if hot { f64::from(u8::from(j == one)) } else { parts[j] / total }).collect()
            }
            Target::Share | Target::Distribution => (0..outputs)
                .map(|_| match self.below(4) {
                    0 => 0.0,
                    1 => 1.0,
                    _ => self.unit(),
                })
                .collect(),
        }
    }
}

/// What a case is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    pub seed: u64,
    pub samples: usize,
    pub sizes: Sizes,
}

pub fn draws(samples: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Draw> {
    let sizes = (1usize..=4, 1usize..=3, 1usize..=3, 0usize..=2, 0usize..=2);
    (any::<u64>(), samples, sizes).prop_map(|(seed, samples, (inputs, outputs, hidden, height, width))| Draw {
        seed,
        samples,
        sizes: Sizes { inputs, outputs, hidden, height, width },
    })
}

/// Visits drawn cases; a failure is shrunk to the smallest sizes that still fail.
pub fn for_each_draw(cases: u32, samples: std::ops::RangeInclusive<usize>, visit: impl FnMut(Draw)) {
    let visit = std::cell::RefCell::new(visit);
    let test = |draw| {
        (visit.borrow_mut())(draw);
        Ok(())
    };
    runner(cases).run(&draws(samples), test).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Numbers for one layer under one loss.
pub struct Case<T: Real> {
    pub x: DMatrix<T>,
    pub y: DMatrix<T>,
    pub weights: Vec<T>,
    pub theta: Vec<T>,
    /// How far the nearest point without derivative is.
    pub margin: f64,
}

impl<T: Real> Case<T> {
    /// Draws samples until each keeps `margin` from the kinks of layer and loss; weights are 0 in a third of the rows.
    pub fn new(
        row: &LayerRow<T>,
        layer: &dyn AnyLayer<T>,
        loss: &LossRow<T>,
        Draw { seed, samples, sizes }: Draw,
        margin: f64,
    ) -> Self {
        let mut numbers = Numbers::new(seed);
        let (p, k) = layer.widths();
        let theta: Vec<T> = (0..layer.layout().len()).map(|_| T::of(numbers.within(1.2))).collect();
        let wide: Vec<f64> = theta.iter().map(|t| t.to_f64()).collect();
        let (mut x, mut y) = (DMatrix::zeros(samples, p), DMatrix::zeros(samples, k));
        let mut nearest = f64::INFINITY;
        for i in 0..samples {
            let mut tries = 0;
            loop {
                let mut sample: Vec<f64> = (0..p).map(|_| numbers.within(1.5)).collect();
                (row.legalize)(sizes, &mut sample);
                let column = DMatrix::from_fn(p, 1, |j, _| T::of(sample[j]));
                let target: Vec<T> = numbers.target(loss.target, k).into_iter().map(T::of).collect();
                let z: Vec<f64> = layer.predict(&theta, &column).iter().map(|z| z.to_f64()).collect();
                let seen: Vec<f64> = column.iter().map(|x| x.to_f64()).collect();
                let y64: Vec<f64> = target.iter().map(|y| y.to_f64()).collect();
                let distance = (row.kink)(sizes, &wide, &seen).min((loss.kink)(&z, &y64));
                if distance >= margin {
                    x.row_mut(i).iter_mut().zip(column.iter()).for_each(|(x, &v)| *x = v);
                    y.row_mut(i).iter_mut().zip(target).for_each(|(y, v)| *y = v);
                    nearest = nearest.min(distance);
                    break;
                }
                tries += 1;
                assert!(tries < 10_000, "{} with {}: no sample keeps its distance", row.name, loss.name);
            }
        }
        let mut weights: Vec<T> =
            (0..samples).map(|_| T::of(if numbers.below(3) == 0 { 0.0 } else { numbers.unit() + 0.2 })).collect();
        weights[numbers.below(samples)] = T::of(1.5);
        Self { x, y, weights, theta, margin: nearest }
    }

    pub fn data(&self, weighted: bool) -> Dataset<'_, T> {
        let data = Dataset::new(&self.x, &self.y).unwrap();
        if weighted { data.with_weights(&self.weights).unwrap() } else { data }
    }
}

/// The worst number that a suite saw, and where.
#[derive(Default)]
pub struct Worst {
    pub error: f64,
    pub place: String,
}

impl Worst {
    pub fn see(&mut self, error: f64, place: impl FnOnce() -> String) {
        if error > self.error || error.is_nan() {
            (self.error, self.place) = (error, place());
        }
    }
}

impl std::fmt::Display for Worst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1e} ({})", self.error, self.place)
    }
}

/// |a − b| relative to the larger and to `floor`.
pub fn relative(a: f64, b: f64, floor: f64) -> f64 {
    (a - b).abs() / a.abs().max(b.abs()).max(floor)
}

/// Every layer under every loss keeps the margin, and without it some draws come near enough to hurt.
#[test]
fn the_generator_avoids_the_points_without_derivative() {
    for loss in crate::tables::losses::<f64>() {
        for row in crate::tables::layers::<f64>() {
            let mut strict = f64::INFINITY;
            let mut loose = f64::INFINITY;
            for_each_draw(20, 1..=6, |draw| {
                let layer = (row.make)(draw.sizes);
                let case = Case::new(&row, &*layer, &loss, draw, MARGIN);
                let wide = &case.theta;
                for i in 0..draw.samples {
                    let x: Vec<f64> = case.x.row(i).iter().copied().collect();
                    let y: Vec<f64> = case.y.row(i).iter().copied().collect();
                    let z = layer.predict(wide, &DMatrix::from_column_slice(x.len(), 1, &x));
                    strict = strict.min((row.kink)(draw.sizes, wide, &x)).min((loss.kink)(z.as_slice(), &y));
                }
                loose = loose.min(Case::new(&row, &*layer, &loss, draw, 0.0).margin);
            });
            assert!(strict >= MARGIN, "{} with {}: {strict}", row.name, loss.name);
            // Two rows are kept away by what their inputs are made of, or nearly never come near.
            let by_chance = loose.is_finite() && !["layer norm", "max pooling"].contains(&row.name);
            if by_chance {
                assert!(loose < MARGIN, "{} with {}: the margin was never tested", row.name, loss.name);
            }
        }
    }
}
