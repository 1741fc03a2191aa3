//! Tables, formulas and designs.

mod formulas;
