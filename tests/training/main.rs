//! The training kit: rules, schedules, observers, the trainer, networks, scaling and selection.

mod common;
mod resume;
mod rules;
mod schedules;
mod trainer;
