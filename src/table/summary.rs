//! What stands in the columns of a table.

use super::Table;
use super::column::{Column, Kind, number_text};
use crate::linalg::survey::Survey;
use crate::{Error, Result};
use std::collections::HashMap;
use std::fmt;

/// What [`Table::describe`] finds, one [`ColumnSummary`] per column; displayed as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    rows: usize,
    columns: Vec<ColumnSummary>,
}

/// Counts and numbers of one column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ColumnSummary {
    /// The name of the column.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// How many rows have a gap.
    pub gaps: usize,
    /// Mean of the numbers.
    pub mean: Option<f64>,
    /// Standard deviation of the numbers, with divisor n − 1; none for a single number or beyond the range of f64.
    pub deviation: Option<f64>,
    /// Minimum, lower quartile, median, upper quartile and maximum of the numbers. Quartiles lie between the two nearest
    /// numbers in proportion, as R's type 7.
    pub quartiles: Option<[f64; 5]>,
    /// How many different texts there are.
    pub levels: Option<usize>,
    /// The most frequent text, the first in order if several are, and how often it comes.
    pub top: Option<(String, usize)>,
}

impl Table {
    /// Counts, gaps, means, quartiles and frequent levels, column by column.
    ///
    /// ```
    /// use residual::Table;
    /// let table = Table::new().number("x", [Some(1.0), None, Some(4.0)]).category("g", ["u", "v", "v"]);
    /// let summary = table.describe();
    /// assert_eq!((summary.column("x")?.mean, summary.column("x")?.gaps), (Some(2.5), 1));
    /// assert_eq!(summary.column("g")?.top, Some(("v".to_string(), 2)));
    /// println!("{summary}");
    /// # Ok::<(), residual::Error>(())
    /// ```
    #[must_use]
    pub fn describe(&self) -> Summary {
        let columns = self.names().iter().zip(&self.columns).map(|(name, column)| describe(name, column)).collect();
        Summary { rows: self.rows(), columns }
    }
}

impl Summary {
    /// All columns in the order of the table.
    #[must_use]
    pub fn columns(&self) -> &[ColumnSummary] {
        &self.columns
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`Error::MissingColumn`].
    pub fn column(&self, name: &str) -> Result<&ColumnSummary> {
        let names = || self.columns.iter().map(|column| column.name.clone()).collect();
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| Error::MissingColumn { name: name.to_string(), columns: names() })
    }
}

fn describe(name: &str, column: &Column) -> ColumnSummary {
    let mut summary = ColumnSummary {
        name: name.to_string(),
        kind: column.kind(),
        gaps: column.gaps(),
        mean: None,
        deviation: None,
        quartiles: None,
        levels: None,
        top: None,
    };
    match column {
        Column::Number(values) => {
            let mut present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            present.sort_by(f64::total_cmp);
            if !present.is_empty() {
                let mean = mean(&present);
                summary.mean = Some(mean);
                summary.deviation = deviation(&present, mean);
                summary.quartiles = Some([0.0, 0.25, 0.5, 0.75, 1.0].map(|at| quantile(&present, at)));
            }
        }
        _ => {
            let mut counts: HashMap<&str, usize> = HashMap::new();
            (0..column.len()).filter_map(|row| column.text(row)).for_each(|text| *counts.entry(text).or_insert(0) += 1);
            summary.levels = Some(counts.len());
            let top = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)));
            summary.top = top.map(|(text, count)| (text.to_string(), count));
        }
    }
    summary
}

/// The mean of at least one finite number, corrected by the mean of what is left.
pub(super) fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let survey = Survey::of(values, None);
    let rough = if survey.sum.is_finite() { survey.sum / n } else { values.iter().map(|v| v / n).sum() };
    let rest = values.iter().map(|v| (v - rough) / n).sum::<f64>();
    if rest.is_finite() { (rough + rest).clamp(survey.low, survey.high) } else { rough }
}

/// The standard deviation with divisor n − 1, in halves and scaled so that no square overflows.
fn deviation(sorted: &[f64], mean: f64) -> Option<f64> {
    let n = sorted.len();
    let half = |v: f64| 0.5 * v - 0.5 * mean;
    let width = half(*sorted.last()?).max(-half(*sorted.first()?));
    let squares: f64 = sorted.iter().map(|&v| (half(v) / width).powi(2)).sum();
    match width {
        _ if n < 2 => None,
        0.0 => Some(0.0),
        _ => Some(2.0 * width * (squares / (n - 1) as f64).sqrt()).filter(|deviation| deviation.is_finite()),
    }
}

/// The quantile of sorted numbers, at least one: between the two nearest in proportion (type 7 of Hyndman and Fan, 1996,
/// The American Statistician 50).
pub(super) fn quantile(sorted: &[f64], at: f64) -> f64 {
    let place = at * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let (low, high) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    if part == 0.0 || low == high { low } else { low * (1.0 - part) + high * part }
}

/// One line per column.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["column", "holds", "gaps", "mean", "std. dev.", "min", "25 %", "median", "75 %", "max", "levels"];
        let mut lines = vec![head.map(String::from).to_vec()];
        lines.extend(self.columns.iter().map(line));
        let width = |c: usize| lines.iter().map(|line| line[c].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        for line in &lines {
            let mut text = format!("{:<a$}  {:<b$}", line[0], line[1], a = widths[0], b = widths[1]);
            for (c, cell) in line.iter().enumerate().skip(2) {
                match c {
                    10 => text.push_str(&format!("  {cell}")),
                    _ => text.push_str(&format!("  {cell:>width$}", width = widths[c])),
                }
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        write!(f, "{} rows", self.rows)
    }
}

fn line(column: &ColumnSummary) -> Vec<String> {
    let number = |value: Option<f64>| value.map(rounded).unwrap_or_default();
    let mut cells = vec![column.name.clone(), column.kind.to_string(), column.gaps.to_string()];
    cells.extend([number(column.mean), number(column.deviation)]);
    cells.extend((0..5).map(|q| number(column.quartiles.map(|quartiles| quartiles[q]))));
    cells.push(match (column.levels, &column.top) {
        (Some(levels), Some((top, count))) => format!("{levels}, most often {top:?} ({count})"),
        (Some(levels), None) => levels.to_string(),
        _ => String::new(),
    });
    cells
}

/// Six digits.
fn rounded(value: f64) -> String {
    let text = format!("{value:.5e}");
    text.parse().map_or(text, number_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size() {
        let table = Table::new().number("x", [f64::MAX, f64::MAX, -f64::MAX]).number("one", [Some(3.0), None, None]);
        let summary = table.describe();
        let x = &summary.columns()[0];
        assert!(x.mean.is_some_and(f64::is_finite) && x.deviation.is_none(), "{x:?}");
        let spread = Table::new().number("x", [1e308, -1e308, 0.0]).describe().columns()[0].clone();
        assert_eq!((spread.mean, spread.deviation), (Some(0.0), Some(1e308)));
        let one = &summary.columns()[1];
        assert_eq!((one.mean, one.deviation, one.quartiles), (Some(3.0), None, Some([3.0; 5])));
        let none = Table::new().number("x", [None::<f64>; 2]).describe();
        assert_eq!((none.columns()[0].mean, none.columns()[0].gaps), (None, 2));
        assert!(none.column("y").is_err() && none.to_string().ends_with("2 rows"));
    }

    #[test]
    fn quartiles_are_those_of_type_7() {
        assert_eq!([0.25, 0.5, 0.75].map(|at| quantile(&[1.0, 2.0, 4.0, 8.0], at)), [1.75, 3.0, 5.0]);
    }
}
