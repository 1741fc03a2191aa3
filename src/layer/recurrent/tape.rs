use super::packing::Packing;
use crate::Real;
use nalgebra::DMatrix;

/// What a recurrent layer keeps of every step, packed, and scratch for one step.
#[derive(Debug)]
pub struct RecurrentTape<T: Real> {
    pub(super) packing: Packing,
    pub(super) x: DMatrix<T>,
    pub(super) gates: Vec<T>,
    pub(super) recurrent: Vec<T>,
    pub(super) h_before: DMatrix<T>,
    pub(super) c_before: Vec<T>,
    pub(super) tanh_c: Vec<T>,
    pub(super) h: Vec<T>,
    pub(super) c: Vec<T>,
    pub(super) state: DMatrix<T>,
    pub(super) dgates: Vec<T>,
    pub(super) drecurrent: Vec<T>,
    pub(super) dx: Vec<T>,
    pub(super) dh: Vec<T>,
    pub(super) dc: Vec<T>,
    pub(super) dh_before: Vec<T>,
}

impl<T: Real> Default for RecurrentTape<T> {
    fn default() -> Self {
        let none = || DMatrix::zeros(0, 0);
        Self {
            packing: Packing::default(),
            x: none(),
            gates: Vec::new(),
            recurrent: Vec::new(),
            h_before: none(),
            c_before: Vec::new(),
            tanh_c: Vec::new(),
            h: Vec::new(),
            c: Vec::new(),
            state: none(),
            dgates: Vec::new(),
            drecurrent: Vec::new(),
            dx: Vec::new(),
            dh: Vec::new(),
            dc: Vec::new(),
            dh_before: Vec::new(),
        }
    }
}

/// The range of a packed array that may be empty because the cell has no use for it.
pub(super) fn part<T>(array: &[T], range: std::ops::Range<usize>) -> &[T] {
    array.get(range).unwrap_or_default()
}

pub(super) fn part_mut<T>(array: &mut [T], range: std::ops::Range<usize>) -> &mut [T] {
    array.get_mut(range).unwrap_or_default()
}
