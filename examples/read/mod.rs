//! The real data of the examples, benches and tests of images and sequences, read and split as the reference scores are.
#![allow(dead_code)] // each user needs a part of it

use residual::nalgebra::DMatrix;
use std::collections::BTreeMap;

/// Samples a row, one label each.
pub struct Part<X> {
    pub x: X,
    pub labels: Vec<usize>,
}

pub type Split<X> = (Part<X>, Part<X>);

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/");

/// The rows of a CSV file without its header.
fn rows(name: &str) -> Result<Vec<Vec<f32>>, String> {
    let path = format!("{HERE}{name}");
    let mut reader = csv::Reader::from_path(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let record = |(i, record): (usize, Result<csv::StringRecord, csv::Error>)| {
        let record = record.map_err(|error| format!("{path}: {error}"))?;
        let number = |field: &str| field.parse().map_err(|_| format!("{path}, row {i}: {field:?} is not a number"));
        record.iter().map(number).collect()
    };
    reader.records().enumerate().map(record).collect()
}

/// Digits of 8×8 pixels from 0 to 1; every fifth is for the test.
/// Optical recognition of handwritten digits, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0.
pub fn digits() -> Result<Split<DMatrix<f32>>, String> {
    let rows = rows("digits.csv")?;
    let part = |test: bool| {
        let rows: Vec<&Vec<f32>> = (0..rows.len()).filter(|i| (i % 5 == 0) == test).map(|i| &rows[i]).collect();
        Part {
            x: DMatrix::from_fn(rows.len(), 64, |i, j| rows[i][j] / 16.0),
            labels: rows.iter().map(|row| row[64] as usize).collect(),
        }
    };
    Ok((part(false), part(true)))
}

/// The first 1000 digits, each enlarged to 20×20 pixels by linear interpolation, in the middle of 28×28, as the images of
/// MNIST are; 700 to train, 300 to test.
pub fn large_digits() -> Result<Split<DMatrix<f32>>, String> {
    const SMALL: usize = 8;
    const LARGE: usize = 20;
    const SIDE: usize = 28;
    let rows = rows("digits.csv")?;
    // Where a large pixel lies among the small ones: (first, share of the second).
    let place = |at: usize| {
        let at = (at * (SMALL - 1)) as f32 / (LARGE - 1) as f32;
        let first = (at as usize).min(SMALL - 2);
        (first, at - first as f32)
    };
    let pixel = |row: &[f32], at: usize| {
        let margin = (SIDE - LARGE) / 2;
        let inside = margin..margin + LARGE;
        let (top, left) = (at / SIDE, at % SIDE);
        if !inside.contains(&top) || !inside.contains(&left) {
            return 0.0;
        }
        let ((i, down), (j, right)) = (place(top - margin), place(left - margin));
        let along = |i: usize| (1.0 - right) * row[SMALL * i + j] + right * row[SMALL * i + j + 1];
        ((1.0 - down) * along(i) + down * along(i + 1)) / 16.0
    };
    let part = |rows: &[Vec<f32>]| Part {
        x: DMatrix::from_fn(rows.len(), SIDE * SIDE, |i, at| pixel(&rows[i], at)),
        labels: rows.iter().map(|row| row[64] as usize).collect(),
    };
    Ok((part(&rows[..700]), part(&rows[700..1000])))
}

/// Utterances of a vowel by nine speakers (0..9): 12 coefficients a step, standardized over all steps for training.
/// Japanese Vowels, UCI Machine Learning Repository, doi 10.24432/C5NS47, CC BY 4.0.
pub fn vowels() -> Result<Split<Vec<DMatrix<f32>>>, String> {
    let (train, test) = (rows("japanese_vowels_train.csv")?, rows("japanese_vowels_test.csv")?);
    let n = train.len() as f32;
    let mean: Vec<f32> = (2..14).map(|j| train.iter().map(|row| row[j]).sum::<f32>() / n).collect();
    let deviation: Vec<f32> =
        (2..14).map(|j| (train.iter().map(|row| (row[j] - mean[j - 2]).powi(2)).sum::<f32>() / n).sqrt()).collect();
    let part = |rows: &[Vec<f32>]| {
        let mut series: BTreeMap<usize, Vec<&Vec<f32>>> = BTreeMap::new();
        rows.iter().for_each(|row| series.entry(row[0] as usize).or_default().push(row));
        let scaled = |row: &[f32], j: usize| (row[j + 2] - mean[j]) / deviation[j];
        Part {
            x: series.values().map(|rows| DMatrix::from_fn(rows.len(), 12, |t, j| scaled(rows[t], j))).collect(),
            labels: series.values().map(|rows| rows[0][1] as usize - 1).collect(),
        }
    };
    Ok((part(&train), part(&test)))
}

/// Years and yearly mean sunspot numbers, 1700 to 2008. NOAA National Geophysical Data Center, public domain.
pub fn sunspots() -> Result<Vec<(f32, f32)>, String> {
    Ok(rows("sunspots.csv")?.iter().map(|row| (row[0], row[1])).collect())
}

/// 1 in the column of the label.
pub fn one_hot(labels: &[usize], classes: usize) -> DMatrix<f32> {
    DMatrix::from_fn(labels.len(), classes, |i, c| if labels[i] == c { 1.0 } else { 0.0 })
}

/// The share of rows whose largest probability stands at their label.
pub fn accuracy(probabilities: &DMatrix<f32>, labels: &[usize]) -> f64 {
    let right = labels.iter().enumerate().filter(|&(i, &label)| probabilities.row(i).transpose().imax() == label);
    right.count() as f64 / labels.len() as f64
}

/// √(mean (p − y)²).
pub fn rmse(prediction: &DMatrix<f32>, y: &DMatrix<f32>) -> f64 {
    f64::from((prediction - y).norm()) / (y.len() as f64).sqrt()
}
