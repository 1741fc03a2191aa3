//! The training kit: rules, schedules, observers, the trainer, networks, scaling and selection.

mod common;
mod determinism;
mod initialisers;
mod network;
mod reference;
mod resume;
mod rules;
mod scaling;
mod schedules;
mod scores;
mod selection;
mod trainer;
