//! Labels of classes as ONNX knows them: texts or whole numbers.

use super::graph::Graph;

/// A label that an ONNX file can hold: as a whole number where [`number`](Label::number) has one for each of the labels, else as a text.
pub trait Label {
    /// The label as a whole number, if it is one.
    fn number(&self) -> Option<i64>;

    /// The label as a text.
    fn text(&self) -> String;
}

/// Implements [`Label`] for types of whole numbers; a generic implementation would forbid those for texts.
macro_rules! whole {
    ($($number:ty),*) => {$(
        impl Label for $number {
            fn number(&self) -> Option<i64> {
                i64::try_from(*self).ok()
            }
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

whole!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Label for bool {
    fn number(&self) -> Option<i64> {
        Some(i64::from(*self))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Label for String {
    fn number(&self) -> Option<i64> {
        None
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl Label for &str {
    fn number(&self) -> Option<i64> {
        None
    }

    fn text(&self) -> String {
        (*self).to_string()
    }
}

impl Label for char {
    fn number(&self) -> Option<i64> {
        None
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// The labels as a constant vector, and whether they are texts.
pub(super) fn constants<L: Label>(graph: &mut Graph, labels: &[L]) -> (String, bool) {
    let numbers: Option<Vec<i64>> = labels.iter().map(Label::number).collect();
    match numbers {
        Some(numbers) => (graph.whole("labels", &[numbers.len()], &numbers), false),
        None => (graph.texts("labels", &labels.iter().map(Label::text).collect::<Vec<_>>()), true),
    }
}
