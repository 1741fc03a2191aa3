//! Reference answers that notice when nobody reads them.

use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A JSON object that remembers which of its keys were read.
pub struct Keys<'a> {
    name: String,
    object: &'a Map<String, Value>,
    read: RefCell<BTreeSet<&'a str>>,
}

impl<'a> Keys<'a> {
    pub fn new(name: impl Into<String>, value: &'a Value) -> Self {
        let name = name.into();
        let object = value.as_object().unwrap_or_else(|| panic!("{name} is no object"));
        Self { name, object, read: RefCell::default() }
    }

    pub fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    /// The value of a key, null where there is none.
    pub fn get(&self, key: &str) -> &'a Value {
        let Some((key, value)) = self.object.get_key_value(key) else { return &Value::Null };
        self.read.borrow_mut().insert(key);
        value
    }

    pub fn number(&self, key: &str) -> f64 {
        self.get(key).as_f64().unwrap_or_else(|| panic!("{}: {key} is no number", self.name))
    }

    /// The numbers of a list, or of a list of lists one after the other.
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        fn flat(value: &Value, out: &mut Vec<f64>) {
            match value.as_array() {
                Some(values) => values.iter().for_each(|value| flat(value, out)),
                None => out.extend(value.as_f64()),
            }
        }
        let mut out = Vec::new();
        flat(self.get(key), &mut out);
        out
    }

    pub fn text(&self, key: &str) -> &'a str {
        self.get(key).as_str().unwrap_or_else(|| panic!("{}: {key} is no text", self.name))
    }

    /// Fails if a key was read by nobody.
    #[track_caller]
    pub fn all_read(self) {
        let read = self.read.into_inner();
        let unread: Vec<&String> = self.object.keys().filter(|key| !read.contains(key.as_str())).collect();
        assert!(unread.is_empty(), "{}: no test reads {unread:?}", self.name);
    }
}

#[test]
fn an_unread_key_is_noticed() {
    let value = serde_json::json!({ "a": 1, "b": [[2, 3], [4]] });
    let keys = Keys::new("case", &value);
    assert_eq!(keys.number("a"), 1.0);
    assert!(std::panic::catch_unwind(|| Keys::new("case", &value).all_read()).is_err());
    assert_eq!(keys.numbers("b"), [2.0, 3.0, 4.0]);
    assert!(keys.get("c").is_null() && !keys.has("c"));
    keys.all_read();
}
