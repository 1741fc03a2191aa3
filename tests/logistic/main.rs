//! Logistic regression against reference answers, and the properties that it promises.

mod reference;
mod support;
