//! The files of `data/`: tables, and the reference answers of `data/reference`. Nothing is optional: a file, a case or a
//! column that is not there fails the test with its name.
#![allow(dead_code)] // each test binary needs a part of it

use residual::nalgebra::{DMatrix, DVector};
use serde_json::Value;

/// The text of a file of `data/`.
pub fn read(name: &str) -> String {
    let path = format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of reference answers.
pub fn json(name: &str) -> Value {
    serde_json::from_str(&read(&format!("reference/{name}"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The cases of a file of reference answers; at least one.
pub fn cases(name: &str) -> Vec<Value> {
    let cases = json(name)["cases"].as_array().unwrap_or_else(|| panic!("{name} has no cases")).clone();
    assert!(!cases.is_empty(), "{name} has no cases");
    cases
}

/// One case by its id.
pub fn case(name: &str, id: &str) -> Value {
    cases(name).into_iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("{name} has no case {id}"))
}

/// A number; "NaN", "NA" and "Inf" stand for themselves.
pub fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("NaN" | "NA") => f64::NAN,
        Some("Inf") => f64::INFINITY,
        Some("-Inf") => f64::NEG_INFINITY,
        _ => value.as_f64().unwrap_or_else(|| panic!("{value} is no number")),
    }
}

/// The numbers of a list, or the only one.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(values) => values.iter().map(number).collect(),
        None => vec![number(value)],
    }
}

/// The texts of a list.
pub fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// A CSV file of `data/`: text fields under a header.
pub struct Table {
    header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn read(name: &str) -> Self {
        let text = read(name);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap_or_else(|error| panic!("{name}: {error}")).iter().map(String::from);
        let header = header.collect();
        let row = |row: Result<csv::StringRecord, csv::Error>| {
            row.unwrap_or_else(|error| panic!("{name}: {error}")).iter().map(String::from).collect()
        };
        Self { header, rows: reader.records().map(row).collect() }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.iter().map(String::as_str)
    }

    fn index(&self, name: &str) -> usize {
        self.header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name:?} in {:?}", self.header))
    }

    /// Without the rows in which one of these columns is missing; `factor=level` needs the factor.
    pub fn complete(mut self, names: &[&str]) -> Self {
        let plain = |name: &&str| name.split('=').next().unwrap_or(name).to_owned();
        let columns: Vec<usize> = names.iter().map(|name| self.index(&plain(name))).collect();
        self.rows.retain(|row| columns.iter().all(|&j| !row[j].is_empty()));
        self
    }

    /// A column of text.
    pub fn text(&self, name: &str) -> Vec<&str> {
        let j = self.index(name);
        self.rows.iter().map(|row| row[j].as_str()).collect()
    }

    /// A column of numbers by its description: a name, a level of a factor (`f=level`) as 0 and 1, a product (`a*b`), a
    /// power (`a^2`), a reciprocal (`1/a`), a ratio (`a/b`).
    pub fn column(&self, name: &str) -> Vec<f64> {
        if let Some((factor, level)) = name.split_once('=') {
            return self.text(factor).iter().map(|v| f64::from(u8::from(*v == level))).collect();
        }
        if let Some(below) = name.strip_prefix("1/") {
            return self.column(below).iter().map(|v| 1.0 / v).collect();
        }
        for (sign, combine) in [('*', (|a, b| a * b) as fn(f64, f64) -> f64), ('/', |a, b| a / b)] {
            if let Some((a, b)) = name.split_once(sign) {
                return self.column(a).into_iter().zip(self.column(b)).map(|(a, b)| combine(a, b)).collect();
            }
        }
        if let Some((a, power)) = name.split_once('^') {
            let power = power.parse().unwrap_or_else(|_| panic!("{name}: no whole power"));
            return self.column(a).iter().map(|a| a.powi(power)).collect();
        }
        let number = |v: &str| v.parse().unwrap_or_else(|_| panic!("{name}: {v:?} is no number"));
        self.text(name).into_iter().map(number).collect()
    }

    /// Columns by their descriptions.
    pub fn matrix(&self, names: &[&str]) -> DMatrix<f64> {
        DMatrix::from_vec(self.rows.len(), names.len(), names.iter().flat_map(|name| self.column(name)).collect())
    }

    /// `a`, `a == "level"` or `a/b`, as the reference answers write targets.
    pub fn target(&self, formula: &str) -> DVector<f64> {
        DVector::from_vec(match formula.split_once(" == ") {
            Some((name, level)) => self.column(&format!("{name}={}", level.trim_matches('"'))),
            None => self.column(formula),
        })
    }
}
