//! Logistic regression against reference answers, and the properties that it promises.

mod extremes;
mod metrics;
mod properties;
mod reference;
mod separation;
mod support;
