//! The few messages of ONNX's protocol buffers that a model needs, written field by field.
//!
//! Source: onnx.proto of ONNX 1.12 (field numbers), the encoding page of Protocol Buffers.

/// A message under way: fields in the order in which they are added.
#[derive(Debug, Clone, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field << 3 | wire));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A whole number; negative ones in two's complement, as int64 has them.
    #[must_use]
    pub fn int(mut self, field: u32, value: i64) -> Self {
        self.key(field, 0);
        self.varint(value as u64);
        self
    }

    #[must_use]
    pub fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    #[must_use]
    pub fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    #[must_use]
    pub fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// One field for each of these.
    #[must_use]
    pub fn each<V>(self, field: u32, values: &[V], add: impl Fn(Self, u32, &V) -> Self) -> Self {
        values.iter().fold(self, |message, value| add(message, field, value))
    }

    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The type of the numbers of a tensor, by ONNX's number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elem {
    F32 = 1,
    I64 = 7,
    Text = 8,
    F64 = 11,
}

/// A tensor of constants.
pub(super) fn tensor(name: &str, elem: Elem, shape: &[usize], raw: &[u8]) -> Message {
    let dims = Message::default().each(1, shape, |message, field, &side| message.int(field, side as i64));
    dims.int(2, elem as i64).text(8, name).bytes(9, raw)
}

/// A vector of texts.
pub(super) fn texts(name: &str, values: &[String]) -> Message {
    let typed = Message::default().int(1, values.len() as i64).int(2, Elem::Text as i64);
    typed.each(6, values, |message, field, text| message.text(field, text)).text(8, name)
}

/// An input or output of the graph: N rows of `width` numbers, or N numbers.
pub(super) fn value(name: &str, elem: Elem, width: Option<usize>) -> Message {
    let rows = Message::default().text(2, "N");
    let mut shape = Message::default().message(1, &rows);
    if let Some(width) = width {
        shape = shape.message(1, &Message::default().int(1, width as i64));
    }
    let tensor = Message::default().int(1, elem as i64).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}

/// A setting of a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attribute<'a> {
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
}

impl Attribute<'_> {
    fn message(&self) -> Message {
        match *self {
            Self::Int(name, value) => Message::default().text(1, name).int(3, value).int(20, 2),
            Self::Ints(name, values) => {
                let named = Message::default().text(1, name);
                named.each(8, values, |message, field, &value| message.int(field, value)).int(20, 7)
            }
        }
    }
}

/// One operation.
pub(super) fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[Attribute<'_>]) -> Message {
    let texts = |message: Message, field, text: &&str| message.text(field, text);
    let ports = Message::default().each(1, inputs, texts).each(2, outputs, texts);
    let named = ports.text(3, outputs.first().copied().unwrap_or(op)).text(4, op);
    named.each(5, attributes, |message, field, attribute| message.message(field, &attribute.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the encoding page of Protocol Buffers: 150 in field 1, "testing" in field 2, −2 as int64.
    #[test]
    fn fields_are_encoded_as_documented() {
        assert_eq!(Message::default().int(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "testing").into_bytes(), b"\x12\x07testing");
        let minus_two = Message::default().int(1, -2).into_bytes();
        assert_eq!(minus_two, [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        let inner = Message::default().int(1, 150);
        assert_eq!(Message::default().message(3, &inner).into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
    }
}
