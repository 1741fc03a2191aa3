//! What the examples share: reading the CSV files in `data`, a seeded source of numbers, and pictures.
#![allow(dead_code)] // each example uses some of it

pub mod picture;

use residual::nalgebra::DMatrix;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub type Outcome<V = ()> = Result<V, Box<dyn Error>>;

/// Runs an example: an error is one sentence on the last line, not a backtrace.
pub fn run(example: impl FnOnce() -> Outcome) -> ExitCode {
    match example() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A CSV file: column names and rows of text.
pub struct Table {
    pub names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

/// Reads `data/<name>`.
pub fn read(name: &str) -> Outcome<Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    let fail = |error: csv::Error| format!("cannot read {}: {error}", path.display());
    let mut reader = csv::Reader::from_path(&path).map_err(fail)?;
    let names = reader.headers().map_err(fail)?.iter().map(str::to_owned).collect();
    let rows = reader.records().collect::<Result<_, _>>().map_err(fail)?;
    Ok(Table { names, rows })
}

impl Table {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The numbers of these columns, one row a record.
    pub fn numbers(&self, columns: std::ops::Range<usize>) -> Outcome<DMatrix<f64>> {
        let mut values = Vec::with_capacity(self.len() * columns.len());
        for j in columns.clone() {
            for (i, row) in self.rows.iter().enumerate() {
                let text = row.get(j).unwrap_or("");
                let number = text.trim().parse::<f64>();
                values.push(number.map_err(|_| format!("row {i} of column {}: {text:?} is no number", self.names[j]))?);
            }
        }
        Ok(DMatrix::from_vec(self.len(), columns.len(), values))
    }

    /// The text of one column.
    pub fn text(&self, column: usize) -> Vec<String> {
        self.rows.iter().map(|row| row.get(column).unwrap_or("").to_owned()).collect()
    }
}

/// The rows whose number is not, and those whose number is, a multiple of five: (train, test).
pub fn every_fifth(rows: usize) -> (Vec<usize>, Vec<usize>) {
    (0..rows).partition(|i| i % 5 != 0)
}

/// Numbers u ~ U(0, 1) from a seed.
pub fn uniform(count: usize, seed: u64) -> Vec<f64> {
    use rand::{Rng, SeedableRng};
    let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64).collect()
}

/// Where pictures go: the first argument of the example, or the current folder.
pub fn folder() -> Outcome<PathBuf> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    Ok(folder)
}

/// Scales the columns of both matrices by the mean and standard deviation of the first.
pub fn standardize(train: &mut DMatrix<f64>, test: &mut DMatrix<f64>) {
    for j in 0..train.ncols() {
        let mean = train.column(j).mean();
        let sd = train.column(j).variance().sqrt().max(f64::MIN_POSITIVE);
        for matrix in [&mut *train, &mut *test] {
            matrix.column_mut(j).iter_mut().for_each(|x| *x = (*x - mean) / sd);
        }
    }
}

/// The column of the largest entry of each row.
pub fn largest(p: &DMatrix<f64>) -> Vec<usize> {
    (0..p.nrows()).map(|i| p.row(i).transpose().imax()).collect()
}
