//! Data made by arithmetic alone, so that `benches/peers/data.py` makes the same: the networks' jobs beside other libraries.
#![allow(dead_code)] // each bench uses its part

use nalgebra::DMatrix;
use std::f64::consts::{PI, TAU};

/// Rows to train, then rows to test.
#[derive(Clone)]
pub struct Made {
    pub x: DMatrix<f32>,
    pub y: DMatrix<f32>,
    pub train: usize,
}

impl Made {
    pub fn parts(&self) -> [(DMatrix<f32>, DMatrix<f32>); 2] {
        let rows = |from: usize, n: usize| (self.x.rows(from, n).into_owned(), self.y.rows(from, n).into_owned());
        [rows(0, self.train), rows(self.train, self.x.nrows() - self.train)]
    }
}

/// Number `i` of stream `seed`, uniform in [0, 1): SplitMix64. Source: Steele, Lea and Flood (2014), OOPSLA, figure 17.
fn uniform(seed: u64, i: usize) -> f64 {
    let mut z = (seed << 32).wrapping_add((i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Standard normal numbers, row by row, by Box and Muller's cosine.
fn normal(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |i, j| {
        let at = 2 * (i * columns + j);
        (-2.0 * (1.0 - uniform(seed, at)).ln()).sqrt() * (TAU * uniform(seed, at + 1)).cos()
    })
}

/// sin(2 a·x) + (b·x)² − 1, a and b with entries of N(0, 1) / √p.
fn bent(x: &DMatrix<f64>, seed: u64) -> DMatrix<f64> {
    let z = x * normal(x.ncols(), 2, seed) / (x.ncols() as f64).sqrt();
    DMatrix::from_fn(x.nrows(), 1, |i, _| (2.0 * z[(i, 0)]).sin() + z[(i, 1)].powi(2) - 1.0)
}

/// A bent function of `p` normal features.
pub fn regression(train: usize, p: usize) -> Made {
    let x = normal(train + 2000, p, 1);
    let y = bent(&x, 2);
    Made { x: x.cast(), y: y.cast(), train }
}

/// Targets of mean 150 and a deviation of 30 to 50; with `inputs`, features of scales from 0.01 to 100 and means as large.
pub fn raw(train: usize, p: usize, inputs: bool) -> Made {
    let x = normal(train + 2000, p, 3);
    let y = bent(&x, 4).map(|y| 150.0 + 30.0 * y);
    let scale = |j: usize| 10f64.powf(4.0 * j as f64 / (p - 1) as f64 - 2.0);
    let x = if inputs { DMatrix::from_fn(x.nrows(), p, |i, j| scale(j) * (x[(i, j)] + 1.0)) } else { x };
    Made { x: x.cast(), y: y.cast(), train }
}

/// sin(6 x) + x for x in (−1, 1), with noise of 0.1.
pub fn wave(train: usize) -> Made {
    let noise = normal(train + 1000, 1, 6);
    let x = DMatrix::from_fn(noise.nrows(), 1, |i, _| 2.0 * uniform(5, i) - 1.0);
    let y = x.zip_map(&noise, |x, noise| (6.0 * x).sin() + x + 0.1 * noise);
    Made { x: x.cast(), y: y.cast(), train }
}

/// Two classes, one of them rare: a draw with the log-odds 2 (bent function) − 4.5.
pub fn rare(train: usize, p: usize) -> Made {
    let x = normal(train + 5000, p, 7);
    let z = bent(&x, 8);
    let y = DMatrix::from_fn(x.nrows(), 1, |i, _| {
        f32::from(u8::from(uniform(9, i) < 1.0 / (1.0 + (4.5 - 2.0 * z[i]).exp())))
    });
    Made { x: x.cast(), y, train }
}

/// Two spirals of one and a half turns with noise of 0.05.
pub fn spirals(train: usize) -> Made {
    let noise = normal(train + 1000, 2, 10);
    let x = DMatrix::from_fn(noise.nrows(), 2, |i, j| {
        let t = (0.05 + 0.95 * uniform(11, i)).sqrt();
        let at = if i % 2 == 0 { t } else { -t };
        at * if j == 0 { (3.0 * PI * t).cos() } else { (3.0 * PI * t).sin() } + 0.05 * noise[(i, j)]
    });
    let y = DMatrix::from_fn(x.nrows(), 1, |i, _| (i % 2) as f32);
    Made { x: x.cast(), y, train }
}

/// `mean` + Σₜ 0.8^(T − 1 − t) uₜ vₜ over sequences of T = `steps` steps of two normal numbers.
pub fn series(train: usize, steps: usize, mean: f64) -> Made {
    let x = normal(train + 1000, 2 * steps, 12);
    let y = DMatrix::from_fn(x.nrows(), 1, |i, _| {
        let term = |t: usize| 0.8f64.powi((steps - 1 - t) as i32) * x[(i, 2 * t)] * x[(i, 2 * t + 1)];
        mean + (0..steps).map(term).sum::<f64>()
    });
    Made { x: x.cast(), y: y.cast(), train }
}

/// Images of `pixels` numbers in [0, 1], ten classes: 0.2 of the class's own image and 0.8 of noise.
pub fn images(train: usize, pixels: usize) -> Made {
    let class = |i: usize| (10.0 * uniform(13, i)) as usize;
    let x = DMatrix::from_fn(train, pixels, |i, j| {
        0.2 * uniform(14, class(i) * pixels + j) + 0.8 * uniform(15, i * pixels + j)
    });
    let y = DMatrix::from_fn(train, 10, |i, c| f32::from(u8::from(class(i) == c)));
    Made { x: x.cast(), y, train }
}
