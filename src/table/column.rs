//! One column in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Finite numbers and gaps, 8 bytes per row.
    Number,
    /// One of a few texts, the levels, or a gap; 4 bytes per row, each level once.
    Category,
    /// Any text, as names and remarks, or a gap.
    Text,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Category => "categories",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The code of a gap in a column of categories.
pub(crate) const GAP: u32 = u32::MAX;

#[derive(Debug, Clone)]
pub(crate) enum Column {
    /// A gap is NaN; no other value is NaN or infinite.
    Number(Vec<f64>),
    /// Positions in the levels, or [`GAP`]; the levels are sorted and differ.
    Category {
        codes: Vec<u32>,
        levels: Arc<[String]>,
    },
    Text(Vec<Option<Box<str>>>),
}

impl Column {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Category { .. } => Kind::Category,
            Self::Text(_) => Kind::Text,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Category { codes, .. } => codes.len(),
            Self::Text(texts) => texts.len(),
        }
    }

    pub(crate) fn is_gap(&self, row: usize) -> bool {
        match self {
            Self::Number(values) => values[row].is_nan(),
            Self::Category { codes, .. } => codes[row] == GAP,
            Self::Text(texts) => texts[row].is_none(),
        }
    }

    pub(super) fn gaps(&self) -> usize {
        (0..self.len()).filter(|&row| self.is_gap(row)).count()
    }

    /// The text at a row of a column of categories or text; `None` for a gap and for numbers.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::Category { codes, levels } => levels.get(codes[row] as usize).map(String::as_str),
            Self::Text(texts) => texts[row].as_deref(),
        }
    }

    /// What a reader sees at a row; empty for a gap.
    pub(super) fn shown(&self, row: usize) -> String {
        match self {
            Self::Number(values) if values[row].is_nan() => String::new(),
            Self::Number(values) => number_text(values[row]),
            _ => self.text(row).unwrap_or_default().to_string(),
        }
    }

    /// The rows listed, which exist.
    pub(super) fn gather(&self, rows: &[usize]) -> Self {
        match self {
            Self::Number(values) => Self::Number(rows.iter().map(|&i| values[i]).collect()),
            Self::Category { codes, levels } => {
                Self::Category { codes: rows.iter().map(|&i| codes[i]).collect(), levels: Arc::clone(levels) }
            }
            Self::Text(texts) => Self::Text(rows.iter().map(|&i| texts[i].clone()).collect()),
        }
    }
}

/// Equal kinds and equal entries; levels that no row has do not count.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        let rows = self.len();
        if self.kind() != other.kind() || rows != other.len() {
            return false;
        }
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())),
            _ => (0..rows).all(|row| self.text(row) == other.text(row)),
        }
    }
}

/// A number as a level and in print: the shortest text that reads back, whole numbers without a point.
pub(crate) fn number_text(value: f64) -> String {
    match value.abs() {
        // 0 without a sign.
        0.0 => "0".to_string(),
        size if (1e-5..1e16).contains(&size) => format!("{value}"),
        _ => format!("{value:e}"),
    }
}

/// Levels in the order in which they come, each once, and the code of every row.
#[derive(Debug, Default)]
pub(super) struct Levels {
    codes: Vec<u32>,
    known: HashMap<String, u32>,
}

impl Levels {
    pub(super) fn push(&mut self, text: Option<&str>) {
        let code = match text {
            None => GAP,
            Some(text) => match self.known.get(text) {
                Some(&code) => code,
                None => {
                    let code = self.known.len() as u32;
                    self.known.insert(text.to_string(), code);
                    code
                }
            },
        };
        self.codes.push(code);
    }

    /// Number of levels, and of rows that are no gap.
    #[cfg(any(feature = "csv", test))]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.known.len(), self.codes.iter().filter(|&&code| code != GAP).count())
    }

    /// The column, its levels sorted.
    pub(super) fn finish(self) -> Column {
        let mut levels: Vec<(String, u32)> = self.known.into_iter().collect();
        levels.sort();
        let mut place = vec![GAP; levels.len()];
        for (code, (_, first)) in (0..).zip(&levels) {
            place[*first as usize] = code;
        }
        let mut codes = self.codes;
        codes.shrink_to_fit();
        codes.iter_mut().filter(|code| **code != GAP).for_each(|code| *code = place[*code as usize]);
        Column::Category { codes, levels: levels.into_iter().map(|(level, _)| level).collect() }
    }

    /// The same rows as a column of text.
    #[cfg(feature = "csv")]
    pub(super) fn into_text(self) -> Column {
        let mut levels = vec![""; self.known.len()];
        self.known.iter().for_each(|(level, &code)| levels[code as usize] = level);
        Column::Text(self.codes.iter().map(|&code| levels.get(code as usize).map(|&level| level.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_sorted_and_gaps_stay() {
        let mut levels = Levels::default();
        [Some("pear"), None, Some("apple"), Some("pear")].into_iter().for_each(|text| levels.push(text));
        assert_eq!(levels.counts(), (2, 3));
        let column = levels.finish();
        let Column::Category { codes, levels } = &column else { panic!("{column:?}") };
        assert_eq!((codes.as_slice(), &levels[..]), (&[1, GAP, 0, 1][..], &["apple".to_string(), "pear".into()][..]));
        assert_eq!(column.text(1), None);
        assert_eq!(column.gather(&[2, 2]).text(1), Some("apple"));
    }

    #[test]
    fn numbers_read_back() {
        for value in [0.0, 1.0, -2.5, 1e300, 5e-324, 0.1 + 0.2, 123_456_789.0, 1e-5, 9.99e15] {
            assert_eq!(number_text(value).parse::<f64>(), Ok(value), "{}", number_text(value));
        }
        assert_eq!([number_text(-0.0), number_text(3.0), number_text(1e16)], ["0", "3", "1e16"]);
    }
}
