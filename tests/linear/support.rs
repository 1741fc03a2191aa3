//! Reading data and reference answers.

use nalgebra::{DMatrix, DVector};
use serde_json::Value;

/// A file of the repository.
pub fn repository(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file that is not shipped with the repository; prints a line where it is absent.
pub fn shared(path: &str) -> Option<String> {
    let path = format!("{}/../shared/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {path} is not here");
    }
    text
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("valid JSON")
}

/// A number; "NaN", "NA" and "Inf" stand for themselves.
pub fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("Inf" | "Infinity") => f64::INFINITY,
        Some("-Inf") => f64::NEG_INFINITY,
        Some(_) => f64::NAN,
        None => value.as_f64().unwrap_or(f64::NAN),
    }
}

pub fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(values) => values.iter().map(number).collect(),
        None => vec![number(value)],
    }
}

/// A table of text fields with a header.
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn parse(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").iter().map(String::from).collect();
        let rows = reader.records().map(|r| r.expect("a row").iter().map(String::from).collect()).collect();
        Self { header, rows }
    }

    fn index(&self, name: &str) -> usize {
        self.header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// A column of text.
    pub fn text(&self, name: &str) -> Vec<&str> {
        let j = self.index(name);
        self.rows.iter().map(|r| r[j].as_str()).collect()
    }

    /// A column of numbers.
    pub fn column(&self, name: &str) -> Vec<f64> {
        self.text(name).iter().map(|v| v.parse().expect("a number")).collect()
    }

    /// Only the rows in which none of these columns is missing.
    pub fn complete(mut self, names: &[&str]) -> Self {
        let columns: Vec<usize> = names.iter().map(|n| self.index(n)).collect();
        self.rows.retain(|r| columns.iter().all(|&j| !r[j].is_empty()));
        self
    }
}

pub fn matrix(columns: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_columns(&columns.iter().map(|c| DVector::from_column_slice(c)).collect::<Vec<_>>())
}

/// −log₁₀ of the relative error, capped at 15 as NIST's own tables are; of the absolute one where the answer is 0.
pub fn digits(found: f64, certified: f64) -> f64 {
    let error = if certified == 0.0 { found.abs() } else { ((found - certified) / certified).abs() };
    if error == 0.0 { 15.0 } else { (-error.log10()).clamp(0.0, 15.0) }
}

pub fn worst_digits(found: &[f64], certified: &[f64]) -> f64 {
    assert_eq!(found.len(), certified.len());
    found.iter().zip(certified).map(|(f, c)| digits(*f, *c)).fold(15.0, f64::min)
}

/// |found − expected| ≤ tolerance · max(1, |expected|), or both NaN.
#[track_caller]
pub fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let fine = (found.is_nan() && expected.is_nan()) || (found - expected).abs() <= tolerance * expected.abs();
    assert!(fine, "{what}: found {found:e}, expected {expected:e}, relative {:e}", (found / expected - 1.0).abs());
}

#[track_caller]
pub fn all_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        close(&format!("{what}[{i}]"), *f, *e, tolerance);
    }
}
