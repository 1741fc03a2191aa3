//! Sequences as rows of x, for recurrent layers.

use crate::{Error, Real, Result};
use nalgebra::DMatrix;

/// Sequences of one length as the samples of a data set: row i of the result is sequence i, step by step, as
/// [`Recurrent`](crate::Recurrent) reads it.
///
/// A sequence is a matrix with one step a row and one feature a column.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Dataset, data, nalgebra};
/// let x = data::sequences(&[dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![5.0, 6.0; 7.0, 8.0]])?;
/// assert_eq!(x, dmatrix![1.0, 2.0, 3.0, 4.0; 5.0, 6.0, 7.0, 8.0]);
/// let y = dvector![0.0, 1.0];
/// assert_eq!(Dataset::new(&x, &y)?.samples(), 2);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for no sequence, [`Error::Sequence`] with the first sequence that has no step, no feature, or not as
/// many as the first one, [`Error::NotFinite`] with the sequence as its row.
pub fn sequences<T: Real>(sequences: &[DMatrix<T>]) -> Result<DMatrix<T>> {
    let steps = sequences.first().map_or(0, DMatrix::nrows);
    build(sequences, steps, false)
}

/// Sequences of up to `steps` steps: each row starts with the sequence's length, behind its end stand zeros. For
/// [`Recurrent::with_lengths`](crate::Recurrent::with_lengths).
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{data, nalgebra};
/// let x = data::sequences_with_lengths(&[dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![5.0, 6.0]], 2)?;
/// assert_eq!(x, dmatrix![2.0, 1.0, 2.0, 3.0, 4.0; 1.0, 5.0, 6.0, 0.0, 0.0]);
/// # Ok::<(), residual::Error>(())
/// ```
///
/// # Errors
/// Those of [`sequences`]; [`Error::Sequence`] with the first sequence that is longer than `steps`; [`Error::Config`] for
/// more steps than fit the memory.
pub fn sequences_with_lengths<T: Real>(sequences: &[DMatrix<T>], steps: usize) -> Result<DMatrix<T>> {
    build(sequences, steps, true)
}

fn build<T: Real>(sequences: &[DMatrix<T>], steps: usize, lengths: bool) -> Result<DMatrix<T>> {
    let Some(first) = sequences.first() else {
        return Err(Error::Empty { what: "the list of sequences" });
    };
    let features = first.ncols();
    for (index, sequence) in sequences.iter().enumerate() {
        check(index, sequence, steps, features, lengths)?;
    }
    let lead = usize::from(lengths);
    let width = steps.checked_mul(features).and_then(|width| width.checked_add(lead));
    let len = width.and_then(|width| width.checked_mul(sequences.len()));
    let (Some(width), Some(true)) = (width, len.map(|len| Vec::<T>::new().try_reserve_exact(len).is_ok())) else {
        return Err(Error::Config { name: "number of steps", needs: "small enough for the memory" });
    };
    let mut x = DMatrix::zeros(sequences.len(), width);
    for (i, sequence) in sequences.iter().enumerate() {
        if lengths {
            x[(i, 0)] = T::of(sequence.nrows() as f64);
        }
        for t in 0..sequence.nrows() {
            for j in 0..features {
                x[(i, lead + t * features + j)] = sequence[(t, j)];
            }
        }
    }
    Ok(x)
}

fn check<T: Real>(index: usize, sequence: &DMatrix<T>, steps: usize, features: usize, lengths: bool) -> Result<()> {
    let wrong = |what, expected, found| Err(Error::Sequence { index, what, expected, found });
    let (rows, cols) = sequence.shape();
    if rows == 0 {
        return wrong("number of steps, at least 1,", 1, 0);
    }
    if cols == 0 {
        return wrong("number of features, at least 1,", 1, 0);
    }
    if cols != features {
        return wrong("number of features", features, cols);
    }
    if lengths && rows > steps {
        return wrong("number of steps, at most the longest allowed,", steps, rows);
    }
    if !lengths && rows != steps {
        return wrong("number of steps", steps, rows);
    }
    match sequence.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::NotFinite { what: "a sequence", row: index, column: at % rows * cols + at / rows }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    #[test]
    fn errors_name_the_sequence() {
        let good = dmatrix![1.0, 2.0; 3.0, 4.0];
        let message = |list: &[DMatrix<f64>], lengths: bool| {
            let result = if lengths { sequences_with_lengths(list, 2) } else { sequences(list) };
            result.unwrap_err().to_string()
        };
        assert_eq!(message(&[], false), "the list of sequences is empty; at least one is needed");
        let short = [good.clone(), dmatrix![1.0, 2.0]];
        assert_eq!(message(&short, false), "sequence 1: number of steps should be 2, found 1");
        assert!(sequences_with_lengths(&short, 2).is_ok());
        let long = [good.clone(), DMatrix::zeros(3, 2)];
        assert_eq!(
            message(&long, true),
            "sequence 1: number of steps, at most the longest allowed, should be 2, found 3"
        );
        for steps in [usize::MAX, usize::MAX / 2, usize::MAX / 16] {
            let error = sequences_with_lengths(&short, steps).unwrap_err();
            assert!(matches!(error, Error::Config { name: "number of steps", .. }), "{error}");
        }
        let narrow = [good.clone(), good.clone(), dmatrix![1.0; 2.0]];
        assert_eq!(message(&narrow, true), "sequence 2: number of features should be 2, found 1");
        let empty = [good.clone(), DMatrix::zeros(0, 2)];
        assert_eq!(message(&empty, true), "sequence 1: number of steps, at least 1, should be 1, found 0");
        assert!(sequences(&[DMatrix::<f64>::zeros(2, 0)]).is_err());
        let hole = [good, dmatrix![1.0, 2.0; f64::NAN, 4.0]];
        let error = sequences(&hole).unwrap_err();
        assert_eq!(error, Error::NotFinite { what: "a sequence", row: 1, column: 2 });
    }
}
