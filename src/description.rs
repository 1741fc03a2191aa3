//! Configurations as plain trees of names and numbers: what a model file says of a layer or a loss.

use crate::{Error, Result};

/// A configuration as a tree: what a model file holds of a layer, a loss or a report besides its arrays of numbers.
///
/// ```
/// use residual::{Activation, Dense, Describe, Description};
/// let description = Dense::new(4, 8, Activation::Relu).describe();
/// assert_eq!(description.kind()?, "Dense");
/// assert_eq!(description.count("outputs")?, 8);
/// assert_eq!(Dense::from_description(&description)?, Dense::new(4, 8, Activation::Relu));
/// # Ok::<(), residual::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Description {
    /// Yes or no.
    Flag(bool),
    /// A whole number, at least 0.
    Count(u64),
    /// Any number, NaN and infinity included.
    Number(f64),
    /// A text.
    Text(String),
    /// Parts in order: the layers of a stack or pair, a list of numbers.
    List(Vec<Description>),
    /// Named parts, in the order in which they are written.
    Fields(Vec<(String, Description)>),
}

/// A type that can be written to a model file and read back. A layer or loss of your own takes part with these two methods.
///
/// `from_description` of `describe` is equal to the original. Descriptions do not depend on the number type.
pub trait Describe: Sized {
    /// The configuration as a tree; for layers and losses one with a field `kind`.
    fn describe(&self) -> Description;

    /// The inverse of [`describe`](Describe::describe).
    ///
    /// # Errors
    /// [`Error::Description`] with the field that is missing or wrong.
    fn from_description(description: &Description) -> Result<Self>;
}

impl Description {
    /// Fields, of which the first is `kind`.
    #[must_use]
    pub fn of_kind(kind: &str) -> Self {
        Self::Fields(vec![("kind".to_string(), kind.into())])
    }

    /// With one more field. Anything that is not made of fields is left as it is.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        if let Self::Fields(fields) = &mut self {
            fields.push((name.to_string(), value.into()));
        }
        self
    }

    /// With one more field where there is a value for it.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Self>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The field of this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Fields(fields) => fields.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The field of this name.
    ///
    /// # Errors
    /// [`Error::Description`] if there is none.
    pub fn field(&self, name: &str) -> Result<&Self> {
        self.get(name).ok_or_else(|| self.wrong(name, "a value"))
    }

    /// The field `kind`.
    ///
    /// # Errors
    /// [`Error::Description`] if there is none.
    pub fn kind(&self) -> Result<&str> {
        self.text("kind")
    }

    /// Whether the field `kind` is this one.
    ///
    /// # Errors
    /// [`Error::Description`] with both if it is not.
    pub fn expect_kind(&self, kind: &'static str) -> Result<()> {
        if self.kind()? == kind { Ok(()) } else { Err(self.wrong("kind", kind)) }
    }

    /// A field that is a whole number.
    ///
    /// # Errors
    /// [`Error::Description`] if it is missing or of another type, as for the methods below.
    pub fn count(&self, name: &str) -> Result<usize> {
        match self.field(name)? {
            Self::Count(count) => {
                usize::try_from(*count).map_err(|_| self.wrong(name, "a number that fits this machine"))
            }
            _ => Err(self.wrong(name, "a whole number, at least 0")),
        }
    }

    /// A field that is a number.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn number(&self, name: &str) -> Result<f64> {
        self.field(name)?.as_number().ok_or_else(|| self.wrong(name, "a number"))
    }

    /// A field that is true or false.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.field(name)? {
            Self::Flag(flag) => Ok(*flag),
            _ => Err(self.wrong(name, "true or false")),
        }
    }

    /// A field that is a text.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn text(&self, name: &str) -> Result<&str> {
        match self.field(name)? {
            Self::Text(text) => Ok(text),
            _ => Err(self.wrong(name, "a text")),
        }
    }

    /// A field that is a list.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn list(&self, name: &str) -> Result<&[Self]> {
        match self.field(name)? {
            Self::List(list) => Ok(list),
            _ => Err(self.wrong(name, "a list")),
        }
    }

    /// The parts of a list.
    ///
    /// # Errors
    /// [`Error::Description`] if it is none.
    pub fn parts(&self) -> Result<&[Self]> {
        match self {
            Self::List(list) => Ok(list),
            _ => Err(Error::Description { field: "layers".to_string(), needs: "a list", found: self.shown() }),
        }
    }

    /// A field that is a list of two whole numbers, as (rows, columns).
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn pair(&self, name: &str) -> Result<(usize, usize)> {
        if let Self::List(list) = self.field(name)?
            && let [Self::Count(rows), Self::Count(columns)] = list[..]
            && let (Ok(rows), Ok(columns)) = (usize::try_from(rows), usize::try_from(columns))
        {
            return Ok((rows, columns));
        }
        Err(self.wrong(name, "a list of two whole numbers"))
    }

    /// A field that is a list of numbers.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let numbers: Option<Vec<f64>> = self.list(name)?.iter().map(Self::as_number).collect();
        numbers.ok_or_else(|| self.wrong(name, "a list of numbers"))
    }

    /// A field that is a list of texts.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let text = |part: &Self| if let Self::Text(text) = part { Some(text.clone()) } else { None };
        let texts: Option<Vec<String>> = self.list(name)?.iter().map(text).collect();
        texts.ok_or_else(|| self.wrong(name, "a list of texts"))
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            // Exact up to 2⁵³; what is larger was never written from an f64 as a whole number.
            Self::Count(count) => Some(*count as f64),
            // JSON has no such numbers.
            Self::Text(text) => ["NaN", "inf", "-inf"].contains(&text.as_str()).then(|| text.parse().ok()).flatten(),
            _ => None,
        }
    }

    /// The error that says what a field should be.
    #[must_use]
    pub fn wrong(&self, name: &str, needs: &'static str) -> Error {
        let owner = match self.get("kind") {
            Some(Self::Text(kind)) if name != "kind" => format!("{name} of {kind}"),
            _ => name.to_string(),
        };
        let found = self.get(name).map_or_else(|| "nothing".to_string(), Self::shown);
        Error::Description { field: owner, needs, found }
    }

    /// What it is, shortly.
    fn shown(&self) -> String {
        const MOST: usize = 40;
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) if text.chars().count() <= MOST => format!("{text:?}"),
            Self::Text(text) => format!("{:?}...", text.chars().take(MOST).collect::<String>()),
            Self::List(list) => format!("a list of {}", list.len()),
            Self::Fields(fields) => format!("{} fields", fields.len()),
        }
    }
}

impl From<bool> for Description {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<usize> for Description {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<u64> for Description {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Description {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Description {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<(usize, usize)> for Description {
    fn from((rows, columns): (usize, usize)) -> Self {
        Self::List(vec![rows.into(), columns.into()])
    }
}

impl<V: Into<Description> + Clone> From<&[V]> for Description {
    fn from(list: &[V]) -> Self {
        Self::List(list.iter().cloned().map(Into::into).collect())
    }
}

impl From<String> for Description {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_field_its_owner_and_what_was_found() {
        let dense = Description::of_kind("Dense").with("inputs", "four").with("bias", true);
        let message = |error: Error| error.to_string();
        assert_eq!(
            message(dense.count("inputs").unwrap_err()),
            "inputs of Dense should be a whole number, at least 0, found \"four\""
        );
        assert_eq!(message(dense.count("outputs").unwrap_err()), "outputs of Dense should be a value, found nothing");
        assert_eq!(message(dense.expect_kind("Affine").unwrap_err()), "kind should be Affine, found \"Dense\"");
        assert_eq!(
            message(dense.pair("bias").unwrap_err()),
            "bias of Dense should be a list of two whole numbers, found true"
        );
        assert_eq!(message(Description::Flag(true).kind().unwrap_err()), "kind should be a value, found nothing");
    }

    #[test]
    fn values_come_back() {
        let all = Description::of_kind("all")
            .with("flag", true)
            .with("count", 3usize)
            .with("number", -0.5)
            .with("pair", (2usize, 7usize))
            .with("numbers", &[1.0, f64::NEG_INFINITY][..])
            .with("texts", &["a", "b"][..])
            .with_some("none", None::<f64>);
        assert!(all.flag("flag").unwrap() && all.count("count").unwrap() == 3);
        assert_eq!((all.number("number").unwrap(), all.number("count").unwrap()), (-0.5, 3.0));
        assert_eq!(all.pair("pair").unwrap(), (2, 7));
        assert_eq!(all.numbers("numbers").unwrap(), [1.0, f64::NEG_INFINITY]);
        assert_eq!(all.texts("texts").unwrap(), ["a", "b"]);
        assert!(all.get("none").is_none());
    }
}
