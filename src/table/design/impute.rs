//! How gaps are filled.

use super::inputs::{Use, Values};
use crate::table::Kind;
use crate::table::column::{Column, GAP, number_text};
use crate::table::summary::{mean, quantile};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// What fills the gaps of a column: a value learned from the training rows, or a constant.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Impute {
    /// The mean of the training rows; for numbers.
    Mean,
    /// The median of the training rows; for numbers.
    Median,
    /// The most frequent value of the training rows, the smallest if several are; for numbers and categories.
    MostFrequent,
    /// This number; for numbers.
    Constant(f64),
    /// This level, which need not come in the training rows; for categories.
    Level(String),
}

impl Impute {
    pub(super) fn fits(&self, used: Use) -> bool {
        match self {
            Self::Mean | Self::Median | Self::Constant(_) => used == Use::Number,
            Self::MostFrequent => true,
            Self::Level(_) => used == Use::Category,
        }
    }

    /// What it learns from numbers, gaps as NaN.
    pub(super) fn number(&self, values: &[f64], column: &str) -> Result<f64> {
        if let Self::Constant(value) = self {
            let needs = Error::Config { name: "the constant that fills gaps", needs: "a finite number" };
            return if value.is_finite() { Ok(*value) } else { Err(needs) };
        }
        let mut present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        if present.is_empty() {
            return Err(nothing(column));
        }
        if matches!(self, Self::Mean) {
            return Ok(mean(&present));
        }
        present.sort_unstable_by(f64::total_cmp);
        Ok(match self {
            Self::Median => quantile(&present, 0.5),
            _ => {
                // Runs of equal numbers; the first of the longest ones.
                let runs = present.chunk_by(|a, b| a == b);
                runs.fold(&present[..0], |best, run| if run.len() > best.len() { run } else { best })[0]
            }
        })
    }

    /// What it learns from how often each level comes, in their order.
    pub(super) fn level(&self, counts: &[(String, usize)], column: &str) -> Result<String> {
        if let Self::Level(level) = self {
            return Ok(level.clone());
        }
        let most = counts.iter().map(|(_, count)| *count).max().ok_or_else(|| nothing(column))?;
        let level = counts.iter().find(|(_, count)| *count == most);
        level.map(|(level, _)| level.clone()).ok_or_else(|| nothing(column))
    }
}

fn nothing(column: &str) -> Error {
    Error::Term { term: column.to_string(), needs: "a training row without a gap to fill the gaps from" }
}

/// The levels of a column in its training rows, sorted (numbers by size), and what fills its gaps.
pub(super) fn categories(column: &Column, name: &str, rule: Option<&Impute>) -> Result<Values> {
    let mut counts = counts(column);
    let fill = rule.map(|rule| rule.level(&counts, name)).transpose()?;
    if let Some(fill) = fill.as_ref().filter(|fill| !counts.iter().any(|(level, _)| level == *fill)) {
        counts.push((fill.clone(), 0));
        if column.kind() != Kind::Number {
            counts.sort();
        }
    }
    let levels: Vec<String> = counts.into_iter().map(|(level, _)| level).collect();
    let fill = fill.and_then(|fill| levels.iter().position(|level| *level == fill)).map(|at| at as u32);
    Ok(Values::Category { levels, fill })
}

/// Each level that comes, and how often.
fn counts(column: &Column) -> Vec<(String, usize)> {
    match column {
        Column::Number(values) => {
            let mut present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            present.sort_by(f64::total_cmp);
            present.chunk_by(|a, b| a == b).map(|run| (number_text(run[0]), run.len())).collect()
        }
        Column::Category { codes, levels } => {
            let mut counts = vec![0; levels.len()];
            for &code in codes.iter().filter(|&&code| code != GAP) {
                counts[code as usize] += 1;
            }
            levels.iter().cloned().zip(counts).filter(|(_, count)| *count > 0).collect()
        }
        Column::Text(texts) => {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            texts.iter().flatten().for_each(|text| *counts.entry(text).or_insert(0) += 1);
            counts.into_iter().map(|(text, count)| (text.to_string(), count)).collect()
        }
    }
}
