//! Tables from CSV files.

mod column;

use self::column::Reading;
use super::Table;
use super::column::{Column, Kind};
use crate::{Error, Result};
use csv::{ByteRecord, ReaderBuilder, Trim};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How a CSV file is written, and what its columns hold. [`Table::read_csv`] reads with the defaults.
///
/// Fields are separated by commas and may be quoted by `"`; the first line names the columns (one without a name is called
/// `column_1` by its place). Space around a field is not part of it. Empty fields, `NA`, `NaN` and `nan` are gaps. A column in
/// which everything else reads as a number, as `1.5` or `-2e-3`, holds numbers; any other column holds categories, or text if
/// it has 20 values or more of which no two are equal. Every line must have a field for each column.
///
/// The file is read as a stream: memory holds 8 bytes per number, 4 per category, and texts once.
///
/// ```
/// use residual::table::{Csv, Kind};
/// let file = "name;price;zip\n\"Ann; B.\";1,5;01234\nBob;-;04321\n";
/// let table = Csv::new().separator(';').decimal(',').missing(["-"]).category("zip").read(file.as_bytes())?;
/// assert_eq!(table.numbers("price")?, [Some(1.5), None]);
/// assert_eq!(table.kind("zip")?, Kind::Category);
/// assert_eq!(table.texts("name")?[0], Some("Ann; B."));
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Csv {
    separator: char,
    quote: char,
    decimal: char,
    header: bool,
    missing: Vec<String>,
    /// The columns that were named, with their kinds; `None` is a column to pass over.
    kinds: Vec<(String, Option<Kind>)>,
}

impl Default for Csv {
    fn default() -> Self {
        Self::new()
    }
}

impl Csv {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        let missing = ["", "NA", "NaN", "nan"].map(String::from).to_vec();
        Self { separator: ',', quote: '"', decimal: '.', header: true, missing, kinds: Vec::new() }
    }

    /// What separates the fields, one ASCII character: `';'`, `'\t'`. Default `','`.
    #[must_use]
    pub fn separator(self, separator: char) -> Self {
        Self { separator, ..self }
    }

    /// What encloses a field that contains separators, quotes or line breaks, one ASCII character; inside, it stands twice.
    /// Default `'"'`.
    #[must_use]
    pub fn quote(self, quote: char) -> Self {
        Self { quote, ..self }
    }

    /// What separates the whole part of a number from its fraction. Default `'.'`.
    #[must_use]
    pub fn decimal(self, decimal: char) -> Self {
        Self { decimal, ..self }
    }

    /// The first line is data; the columns are called `column_1`, `column_2`, ...
    #[must_use]
    pub fn without_header(self) -> Self {
        Self { header: false, ..self }
    }

    /// The marks of a gap, instead of the defaults. An empty field of a column of numbers is a gap in any case.
    #[must_use]
    pub fn missing(self, marks: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { missing: marks.into_iter().map(Into::into).collect(), ..self }
    }

    /// This column holds numbers; a field that is neither a number nor a gap is an error.
    #[must_use]
    pub fn number(self, name: impl Into<String>) -> Self {
        self.declare(name, Some(Kind::Number))
    }

    /// This column holds categories, as numbers used as names do.
    #[must_use]
    pub fn category(self, name: impl Into<String>) -> Self {
        self.declare(name, Some(Kind::Category))
    }

    /// This column holds text.
    #[must_use]
    pub fn text(self, name: impl Into<String>) -> Self {
        self.declare(name, Some(Kind::Text))
    }

    /// Leaves this column out.
    #[must_use]
    pub fn skip(self, name: impl Into<String>) -> Self {
        self.declare(name, None)
    }

    fn declare(mut self, name: impl Into<String>, kind: Option<Kind>) -> Self {
        self.kinds.push((name.into(), kind));
        self
    }

    /// Reads a file. A column that starts with numbers and goes on with words takes a second pass.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Empty`] for an empty one, [`Error::Fields`] for a line with another
    /// number of fields than the first, [`Error::Field`] for a field that is not UTF-8, no number in a column declared to hold
    /// numbers, or a number that is not finite in any column of numbers, [`Error::MissingColumn`] if a column that was declared
    /// is not there, [`Error::DuplicateName`], [`Error::Config`] for a separator, quote or decimal mark that cannot be one.
    pub fn read_path(&self, path: impl AsRef<Path>) -> Result<Table> {
        let name = path.as_ref().display().to_string();
        let open = || File::open(&path).map_err(|error| Error::Io { path: name.clone(), kind: error.kind() });
        match self.pass(open()?, &name, &[])? {
            Pass::Table(table) => Ok(table),
            Pass::Again(words) => self.pass(open()?, &name, &words)?.finish(&words),
        }
    }

    /// Reads a stream, as bytes or a file that is open. Its first 8 MiB are kept for a second pass.
    ///
    /// # Errors
    /// Those of [`read_path`](Csv::read_path); and [`Error::Field`] if a stream of more than 8 MiB has a column that starts with
    /// numbers and goes on with words: declare it.
    pub fn read(&self, reader: impl Read) -> Result<Table> {
        let mut kept = Kept { reader, bytes: Some(Vec::new()) };
        match self.pass(&mut kept, "the stream", &[])? {
            Pass::Table(table) => Ok(table),
            Pass::Again(words) => match kept.bytes {
                Some(bytes) => self.pass(&bytes[..], "the stream", &words)?.finish(&words),
                None => Pass::Again(words.clone()).finish(&words),
            },
        }
    }

    /// One pass over the file; the columns in `words` hold no numbers.
    fn pass(&self, reader: impl Read, path: &str, words: &[Word]) -> Result<Pass> {
        let failed = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Error::Io { path: path.to_string(), kind: error.kind() },
            _ => Error::Io { path: path.to_string(), kind: std::io::ErrorKind::InvalidData },
        };
        let mut lines = self.lines(reader)?;
        let mut record = ByteRecord::new();
        if !lines.read_byte_record(&mut record).map_err(failed)? {
            return Err(Error::Empty { what: "the CSV file" });
        }
        let mut columns = self.columns(&record, words)?;
        let mut more = if self.header { lines.read_byte_record(&mut record).map_err(failed)? } else { true };
        while more {
            let line = record.position().map_or(0, |position| position.line() as usize);
            if record.len() != columns.len() {
                return Err(Error::Fields { line, expected: columns.len(), found: record.len() });
            }
            for (column, field) in columns.iter_mut().zip(&record) {
                column.push(field, line, &self.missing, self.decimal)?;
            }
            more = lines.read_byte_record(&mut record).map_err(failed)?;
        }
        let words: Vec<Word> = columns.iter().filter_map(|column| column.word.clone()).collect();
        if !words.is_empty() {
            return Ok(Pass::Again(words));
        }
        let add = |table: Table, column: Reading| match column.finish()? {
            Some((name, column)) => Ok(table.with(name, column)),
            None => Ok(table),
        };
        columns.into_iter().try_fold(Table::new(), add)?.checked().map(Pass::Table)
    }

    fn lines<R: Read>(&self, reader: R) -> Result<csv::Reader<R>> {
        let ascii = |name, mark: char| {
            let needs = "one ASCII character and no line break";
            let byte = u8::try_from(mark).ok().filter(|byte| byte.is_ascii() && !b"\r\n".contains(byte));
            byte.ok_or(Error::Config { name, needs })
        };
        let (separator, quote) = (ascii("the separator", self.separator)?, ascii("the quote", self.quote)?);
        if separator == quote || self.decimal == self.separator {
            return Err(Error::Config {
                name: "the separator",
                needs: "different from the quote and the decimal mark",
            });
        }
        if self.decimal.is_ascii_alphanumeric() || "+-".contains(self.decimal) {
            return Err(Error::Config { name: "the decimal mark", needs: "no letter, digit or sign" });
        }
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).trim(Trim::All).delimiter(separator).quote(quote);
        Ok(builder.from_reader(reader))
    }

    /// The columns that the first line names.
    fn columns(&self, first: &ByteRecord, words: &[Word]) -> Result<Vec<Reading>> {
        let name = |(j, field): (usize, &[u8])| match std::str::from_utf8(field) {
            Ok(name) if self.header && !name.is_empty() => Ok(name.to_string()),
            Err(_) if self.header => Err(column::not_text(field, 1, format!("column_{}", j + 1))),
            _ => Ok(format!("column_{}", j + 1)),
        };
        let names: Vec<String> = first.iter().enumerate().map(name).collect::<Result<_>>()?;
        if let Some((name, _)) = self.kinds.iter().find(|(name, _)| !names.contains(name)) {
            return Err(Error::MissingColumn { name: name.clone(), columns: names });
        }
        let column = |name: String| match self.kinds.iter().rev().find(|(own, _)| *own == name) {
            Some((_, kind)) => Reading::declared(name, *kind),
            None => {
                let start = words.iter().any(|word| word.column == name);
                Reading::inferred(name, start)
            }
        };
        Ok(names.into_iter().map(column).collect())
    }
}

impl Table {
    /// Reads a CSV file with a header line; [`Csv`] says what is read how, and changes it.
    ///
    /// # Errors
    /// Those of [`Csv::read_path`].
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Self> {
        Csv::new().read_path(path)
    }
}

/// What one pass over a file gives.
enum Pass {
    Table(Table),
    /// These columns have words after numbers; the texts of the numbers are needed.
    Again(Vec<Word>),
}

impl Pass {
    /// The table; the error of a column that would need one more pass.
    fn finish(self, words: &[Word]) -> Result<Table> {
        match (self, words.first()) {
            (Self::Table(table), _) => Ok(table),
            (_, Some(word)) => Err(Error::Field {
                line: word.line,
                column: word.column.clone(),
                found: word.found.clone(),
                needs: "a number like those above it; declare the column, or the mark of a gap",
            }),
            (_, None) => Err(Error::Empty { what: "the CSV file" }),
        }
    }
}

/// The first word in a column of numbers.
#[derive(Debug, Clone)]
struct Word {
    column: String,
    line: usize,
    found: String,
}

/// A stream whose bytes are kept as long as they are few.
struct Kept<R> {
    reader: R,
    bytes: Option<Vec<u8>>,
}

/// The most bytes that are kept.
const KEPT: usize = 8 << 20;

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(&buffer[..read]);
        }
        self.bytes.take_if(|bytes| bytes.len() > KEPT);
        Ok(read)
    }
}

/// No column of fewer values is taken for text.
const TEXTS: usize = 20;
