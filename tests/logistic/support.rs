//! Reading the data sets and the reference answers that stand beside the repository.

use nalgebra::{DMatrix, DVector};
use serde_json::Value;
use std::collections::BTreeMap;

/// A CSV file by columns, as text.
pub struct Table {
    columns: BTreeMap<String, Vec<String>>,
    rows: usize,
}

fn shared(path: &str) -> Option<String> {
    let path = format!("{}/../shared/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {path} is not there");
    }
    text
}

/// The cases of a file of reference answers; none if it is absent.
pub fn cases(file: &str) -> Vec<Value> {
    json(file).map_or_else(Vec::new, |json| json["cases"].as_array().unwrap().clone())
}

pub fn json(file: &str) -> Option<Value> {
    shared(&format!("reference/{file}")).map(|text| serde_json::from_str(&text).unwrap())
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

impl Table {
    /// The data set of this name, without the rows in which one of these columns is empty.
    pub fn read(name: &str, needed: &[&str]) -> Self {
        let text = shared(&format!("data/{name}")).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let at = |name: &str| names.iter().position(|n| n == name).unwrap();
        let kept: Vec<_> = records.iter().filter(|r| needed.iter().all(|c| !r[at(c)].is_empty())).collect();
        let columns = names
            .iter()
            .enumerate()
            .map(|(j, name)| (name.clone(), kept.iter().map(|r| r[j].to_string()).collect()))
            .collect();
        Self { columns, rows: kept.len() }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    pub fn texts(&self, name: &str) -> &[String] {
        &self.columns[name]
    }

    /// A numeric column, or for `factor=level` whether each row has that level.
    pub fn column(&self, name: &str) -> Vec<f64> {
        match name.split_once('=') {
            Some((factor, level)) => self.columns[factor].iter().map(|v| f64::from(u8::from(v == level))).collect(),
            None => self.columns[name].iter().map(|v| v.parse().unwrap()).collect(),
        }
    }

    pub fn matrix(&self, names: &[&str]) -> DMatrix<f64> {
        let values = names.iter().flat_map(|name| self.column(name)).collect();
        DMatrix::from_vec(self.rows, names.len(), values)
    }

    /// `a`, `a == "level"` or `a/b`, as the reference answers write targets.
    pub fn target(&self, formula: &str) -> DVector<f64> {
        let values = if let Some((name, level)) = formula.split_once(" == ") {
            self.column(&format!("{name}={}", level.trim_matches('"')))
        } else if let Some((a, b)) = formula.split_once('/') {
            self.column(a).iter().zip(self.column(b)).map(|(a, b)| a / b).collect()
        } else {
            self.column(formula)
        };
        DVector::from_vec(values)
    }
}

/// Correct digits of the worst number: −log₁₀ of the relative error, at most 17.
pub fn digits(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let error = found.iter().zip(expected).map(|(f, e)| if e == &0.0 { f.abs() } else { (f / e - 1.0).abs() });
    -error.fold(1e-17, f64::max).log10()
}
