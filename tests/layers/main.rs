//! Convolution, pooling, recurrence and layer normalization against reference answers, naive loops and differences.

mod gradients;
mod illegal;
mod naive;
mod reference;
mod sequences;
mod support;
