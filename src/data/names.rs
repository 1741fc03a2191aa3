//! What the user calls a column.

use super::Dataset;
use crate::Real;

/// The name of feature j, or `x0`, `x1`, ...
pub(crate) fn feature_name<T: Real>(data: &Dataset<'_, T>, j: usize) -> String {
    data.names().and_then(|names| names.get(j).cloned()).unwrap_or_else(|| format!("x{j}"))
}

/// `y`, or `y0`, `y1`, ... where there are several targets.
pub(crate) fn target_name(c: usize, outputs: usize) -> String {
    if outputs == 1 { "y".to_string() } else { format!("y{c}") }
}
