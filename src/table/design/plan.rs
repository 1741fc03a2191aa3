//! How features are computed, run of rows by run of rows.

use super::block::{Block, Chunk};
use super::inputs::{Bound, Input};
use crate::table::Table;
use crate::table::formula::Expression;
use crate::{Error, Result};
use std::ops::Range;

/// The inputs and the blocks of features that are made from them, then one feature for each input with an indicator.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Plan {
    pub inputs: Vec<Input>,
    pub blocks: Vec<Block>,
    /// The names of all features.
    pub names: Vec<String>,
}

/// The most features of a design: a product of categories with many levels is soon out of reach.
const MOST: usize = 1_000_000;

/// Takes the number of a feature, some rows, and its values there.
pub(super) type Put<'p> = dyn FnMut(usize, Range<usize>, &[f64]) -> Result<()> + 'p;

/// Rows at a time: their columns stay in the first cache levels.
pub(super) const ROWS: usize = 1024;

impl Plan {
    /// The names that blocks and inputs give.
    pub(super) fn name(&mut self) -> Result<()> {
        let width =
            |block: &Block| block.parts.iter().fold(1usize, |width, part| width.saturating_mul(part.names.len()));
        if self.blocks.iter().map(width).fold(0, usize::saturating_add) > MOST {
            return Err(Error::Config { name: "the number of features", needs: "at most 1000000" });
        }
        let mut names: Vec<String> = self.blocks.iter().flat_map(Block::names).collect();
        names.extend(self.indicators().map(|input| format!("missing({})", input.column)));
        let mut known = std::collections::HashSet::new();
        if let Some(name) = names.iter().find(|&name| !known.insert(name)) {
            return Err(Error::DuplicateName { name: name.clone() });
        }
        self.names = names;
        Ok(())
    }

    fn indicators(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().filter(|input| input.indicator)
    }

    /// For each feature, whether only numbers are in it.
    pub(super) fn numeric(&self) -> Vec<bool> {
        let block = |block: &Block| std::iter::repeat_n(block.is_numeric(), block.width());
        let mut numeric: Vec<bool> = self.blocks.iter().flat_map(block).collect();
        numeric.resize(self.names.len(), false);
        numeric
    }

    fn bind<'t>(&'t self, table: &'t Table) -> Result<Vec<Bound<'t>>> {
        let index = table.index()?;
        self.inputs.iter().map(|input| input.bind(&index)).collect()
    }

    /// Calls `put` until it has seen every feature in every row.
    pub(super) fn walk(&self, table: &Table, put: &mut Put<'_>) -> Result<()> {
        let bound = self.bind(table)?;
        let mut chunk = Chunk::new(&bound);
        let mut gaps = Vec::new();
        for first in (0..table.rows()).step_by(ROWS) {
            let rows = first..(first + ROWS).min(table.rows());
            chunk.read(rows.clone())?;
            let mut feature = 0;
            let mut next = |column: &[f64]| {
                finite(column, first, || self.names[feature].clone())?;
                feature += 1;
                put(feature - 1, rows.clone(), column)
            };
            for block in &self.blocks {
                block.columns(&chunk, &mut next)?;
            }
            for input in bound.iter().filter(|bound| bound.input.indicator) {
                input.gaps(rows.clone(), &mut gaps);
                next(&gaps)?;
            }
        }
        Ok(())
    }

    /// Refuses training rows that cannot be transformed. Columns that are taken as they are cannot fail once they are read.
    pub(super) fn check(&self, table: &Table) -> Result<()> {
        let bound = self.bind(table)?;
        let mut chunk = Chunk::new(&bound);
        for first in (0..table.rows()).step_by(ROWS) {
            chunk.read(first..(first + ROWS).min(table.rows()))?;
            let mut feature = 0;
            for block in &self.blocks {
                if block.is_plain() {
                    feature += block.width();
                    continue;
                }
                block.columns(&chunk, &mut |column| {
                    feature += 1;
                    finite(column, first, || self.names[feature - 1].clone())
                })?;
            }
        }
        Ok(())
    }

    /// The values of an expression of the inputs in every row.
    pub(super) fn values(&self, table: &Table, of: &Expression) -> Result<Vec<f64>> {
        let bound = self.bind(table)?;
        let mut chunk = Chunk::new(&bound);
        let mut values = Vec::with_capacity(table.rows());
        for first in (0..table.rows()).step_by(ROWS) {
            chunk.read(first..(first + ROWS).min(table.rows()))?;
            values.extend(chunk.values(of)?);
        }
        finite(&values, 0, || of.to_string())?;
        Ok(values)
    }
}

/// Refuses what is not finite: a product or a basis out of range.
pub(super) fn finite(values: &[f64], first: usize, name: impl Fn() -> String) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let needs = "a result within the range of f64";
            Err(Error::Value { column: name(), row: first + i, value: values[i], needs })
        }
    }
}
