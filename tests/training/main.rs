//! The training kit: rules, schedules, observers, the trainer, networks, scaling and selection.

mod claims;
mod common;
mod determinism;
#[path = "../files/mod.rs"]
mod files;
mod initialisers;
mod network;
#[path = "../../examples/read/mod.rs"]
mod read;
mod reference;
mod resume;
mod resume_observers;
mod rules;
mod scaling;
mod schedules;
mod scores;
mod selection;
mod trainer;
