//! Logistic regression against reference answers, and the properties that it promises.

mod extremes;
#[path = "../files/mod.rs"]
mod files;
mod inference;
#[path = "../linear/keys.rs"]
mod keys;
mod large;
mod metrics;
mod properties;
mod reference;
mod score_classes;
mod score_range;
mod separation;
mod support;
mod units;
