//! One column while its file is read.

use super::super::column::Levels;
use super::{Column, Kind, TEXTS, Word};
use crate::{Error, Result};

/// A column under way.
pub(super) struct Reading {
    name: String,
    /// Whether the kind may still change.
    open: bool,
    values: Values,
    /// The first number that is not finite; no error yet, since it may be a word.
    bad: Option<(usize, String)>,
    /// The first word after numbers, whose texts are gone.
    pub(super) word: Option<Word>,
}

enum Values {
    Number(Vec<f64>),
    Category(Levels),
    Text(Vec<Option<Box<str>>>),
    Skipped,
}

impl Reading {
    pub(super) fn declared(name: String, kind: Option<Kind>) -> Self {
        let values = match kind {
            Some(Kind::Number) => Values::Number(Vec::new()),
            Some(Kind::Category) => Values::Category(Levels::default()),
            Some(Kind::Text) => Values::Text(Vec::new()),
            None => Values::Skipped,
        };
        Self { name, open: false, values, bad: None, word: None }
    }

    /// A column of numbers until something else is found; of words from the start if that is known.
    pub(super) fn inferred(name: String, words: bool) -> Self {
        let values = if words { Values::Category(Levels::default()) } else { Values::Number(Vec::new()) };
        Self { name, open: true, values, bad: None, word: None }
    }

    pub(super) fn push(&mut self, field: &[u8], line: usize, missing: &[String], decimal: char) -> Result<()> {
        if matches!(self.values, Values::Skipped) || self.word.is_some() {
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(field) else { return Err(not_text(field, line, self.name.clone())) };
        let present = (!missing.iter().any(|mark| mark == text)).then_some(text);
        if matches!(self.values, Values::Number(_)) {
            return self.push_number(present.filter(|text| !text.is_empty()), line, decimal);
        }
        match &mut self.values {
            Values::Category(levels) => levels.push(present),
            Values::Text(texts) => texts.push(present.map(Into::into)),
            Values::Number(_) | Values::Skipped => {}
        }
        Ok(())
    }

    fn push_number(&mut self, present: Option<&str>, line: usize, decimal: char) -> Result<()> {
        let Values::Number(values) = &mut self.values else { return Ok(()) };
        let value = match present {
            None => f64::NAN,
            Some(text) => match parse(text, decimal) {
                Some(value) if value.is_finite() => value,
                Some(_) => {
                    self.bad.get_or_insert_with(|| (line, text.to_string()));
                    f64::NAN
                }
                None if !self.open => return Err(self.error(line, text, "a number")),
                None if self.bad.is_none() && values.iter().all(|v| v.is_nan()) => {
                    // Nothing but gaps so far.
                    let mut levels = Levels::default();
                    values.iter().for_each(|_| levels.push(None));
                    levels.push(Some(text));
                    self.values = Values::Category(levels);
                    return Ok(());
                }
                None => {
                    self.word = Some(Word { column: self.name.clone(), line, found: text.to_string() });
                    *values = Vec::new();
                    return Ok(());
                }
            },
        };
        values.push(value);
        Ok(())
    }

    fn error(&self, line: usize, found: &str, needs: &'static str) -> Error {
        Error::Field { line, column: self.name.clone(), found: found.to_string(), needs }
    }

    /// The column with its name; `None` if it was passed over.
    pub(super) fn finish(self) -> Result<Option<(String, Column)>> {
        if let (Values::Number(_), Some((line, found))) = (&self.values, &self.bad) {
            return Err(self.error(*line, found, "a finite number; marks of gaps are declared"));
        }
        let column = match self.values {
            Values::Skipped => return Ok(None),
            Values::Number(mut values) => {
                values.shrink_to_fit();
                Column::Number(values)
            }
            Values::Text(texts) => Column::Text(texts),
            Values::Category(levels) => {
                let (different, present) = levels.counts();
                if self.open && different == present && present >= TEXTS { levels.into_text() } else { levels.finish() }
            }
        };
        Ok(Some((self.name, column)))
    }
}

/// A number, its decimal mark replaced by a point; not finite for `inf` and beyond the range of f64.
fn parse(text: &str, decimal: char) -> Option<f64> {
    if decimal == '.' {
        return text.parse().ok();
    }
    if text.contains('.') {
        return None;
    }
    text.replace(decimal, ".").parse().ok()
}

pub(super) fn not_text(field: &[u8], line: usize, column: String) -> Error {
    Error::Field { line, column, found: String::from_utf8_lossy(field).into_owned(), needs: "text in UTF-8" }
}
