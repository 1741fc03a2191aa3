//! Initialisers: the scale of a block's first values, and the one generator they come from.

use super::{Block, Layout};
use crate::{Describe, Description, Real, Result};
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

/// The shape of the distribution of initial weights; both have the same variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// U(−a, a) with a = √3 σ.
    Uniform,
    /// N(0, σ²).
    Normal,
}

/// How a block of parameters starts. `n_in` and `n_out` are the block's fans.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// Every number the same.
    Constant(f64),
    /// 0, but `value` in one part of a block made of stacked parts.
    OnePart {
        /// Which part, from 0.
        part: usize,
        /// The number there.
        value: f64,
    },
    /// σ² = 2 / (n_in + n_out). Source: Glorot and Bengio (2010), AISTATS, eq. 16.
    Glorot(Spread),
    /// σ² = 2 / n_in, for ReLU and its relatives. Source: He et al. (2015), ICCV, eq. 10.
    He(Spread),
    /// U(−c/√n_in, c/√n_in), σ² = c² / (3 n_in). With c = 1 the start of PyTorch's layers, of weights and of biases.
    FanIn(f64),
    /// σ² = 1 / n_in. Source: LeCun et al. (1998), Efficient BackProp, eq. 16.
    LeCun(Spread),
    /// Orthonormal rows or columns, whichever are fewer, uniformly distributed. Source: Saxe et al. (2014), ICLR.
    Orthogonal,
}

pub(super) fn initialize<T: Real>(layout: &Layout, seed: u64) -> Vec<T> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut theta = Vec::with_capacity(layout.len());
    for block in layout.blocks() {
        fill(block, &mut rng, &mut theta);
    }
    theta
}

fn fill<T: Real>(block: &Block, rng: &mut ChaCha8Rng, theta: &mut Vec<T>) {
    let (n_in, n_out) = (block.fans.0.max(1) as f64, block.fans.1.max(1) as f64);
    let count = block.rows * block.cols;
    let (sigma, spread) = match block.init {
        Init::Constant(value) => return theta.extend(std::iter::repeat_n(T::of(value), count)),
        Init::OnePart { part, value } => {
            let height = block.rows / block.parts.max(1);
            let of_row = |i: usize| if i / height.max(1) == part { T::of(value) } else { T::zero() };
            return theta.extend((0..count).map(|i| of_row(i % block.rows)));
        }
        Init::Orthogonal => return orthogonal(block, rng, theta),
        Init::Glorot(spread) => ((2.0 / (n_in + n_out)).sqrt(), spread),
        Init::He(spread) => ((2.0 / n_in).sqrt(), spread),
        Init::FanIn(c) => (c / (3.0 * n_in).sqrt(), Spread::Uniform),
        Init::LeCun(spread) => ((1.0 / n_in).sqrt(), spread),
    };
    theta.extend((0..count).map(|_| {
        T::of(match spread {
            Spread::Normal => sigma * normal(rng),
            Spread::Uniform => {
                let u: f64 = StandardUniform.sample(rng);
                sigma * 3f64.sqrt() * (2.0 * u - 1.0)
            }
        })
    }));
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn orthogonal<T: Real>(block: &Block, rng: &mut ChaCha8Rng, theta: &mut Vec<T>) {
    let height = block.rows / block.parts.max(1);
    let parts: Vec<DMatrix<f64>> = (0..block.parts.max(1)).map(|_| orthonormal(height, block.cols, rng)).collect();
    for j in 0..block.cols {
        for part in &parts {
            theta.extend(part.column(j).iter().map(|&value| T::of(value)));
        }
    }
}

/// Q of the QR factorization of a normal matrix, its columns' signs set by R's diagonal (Mezzadri, 2007), is uniform.
fn orthonormal(rows: usize, cols: usize, rng: &mut ChaCha8Rng) -> DMatrix<f64> {
    let (long, short) = (rows.max(cols), rows.min(cols));
    let qr = DMatrix::from_fn(long, short, |_, _| normal(rng)).qr();
    let (mut q, r) = (qr.q(), qr.r());
    for j in 0..short {
        if r[(j, j)] < 0.0 {
            q.column_mut(j).neg_mut();
        }
    }
    if rows < cols { q.transpose() } else { q }
}

impl Describe for Init {
    fn describe(&self) -> Description {
        let spread = |kind, spread: &Spread| Description::of_kind(kind).with("normal", *spread == Spread::Normal);
        match self {
            Self::Constant(value) => Description::of_kind("Constant").with("value", *value),
            Self::OnePart { part, value } => Description::of_kind("OnePart").with("part", *part).with("value", *value),
            Self::Glorot(normal) => spread("Glorot", normal),
            Self::He(normal) => spread("He", normal),
            Self::FanIn(reach) => Description::of_kind("FanIn").with("reach", *reach),
            Self::LeCun(normal) => spread("LeCun", normal),
            Self::Orthogonal => Description::of_kind("Orthogonal"),
        }
    }

    fn from_description(description: &Description) -> Result<Self> {
        let spread = || Ok(if description.flag("normal")? { Spread::Normal } else { Spread::Uniform });
        Ok(match description.kind()? {
            "Constant" => Self::Constant(description.number("value")?),
            "OnePart" => Self::OnePart { part: description.count("part")?, value: description.number("value")? },
            "Glorot" => Self::Glorot(spread()?),
            "He" => Self::He(spread()?),
            "FanIn" => Self::FanIn(description.number("reach")?),
            "LeCun" => Self::LeCun(spread()?),
            "Orthogonal" => Self::Orthogonal,
            _ => return Err(description.wrong("kind", "the name of an initialiser")),
        })
    }
}
