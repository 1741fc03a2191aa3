//! The training kit: rules, schedules, observers, the trainer, networks, scaling and selection.

mod common;
mod rules;
mod schedules;
