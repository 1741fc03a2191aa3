//! Convolution, pooling, recurrence and layer normalization against reference answers, naive loops and differences, and
//! the scores of the networks made of them.

#[path = "../files/mod.rs"]
mod files;
mod gradients;
mod illegal;
#[path = "../../examples/read/jobs.rs"]
mod jobs;
mod models;
mod naive;
#[path = "../../examples/read/mod.rs"]
mod read;
mod reference;
mod scores;
mod sequences;
mod support;
