use crate::{Describe, Description, Result};

/// The shape of a sequence: `steps` steps of `features` numbers. In a column it lies step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sequence {
    /// How many steps.
    pub steps: usize,
    /// How many numbers a step has.
    pub features: usize,
}

impl Sequence {
    /// steps · features; `usize::MAX` stands for more than can be counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.saturating_mul(self.features)
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Describe for Sequence {
    fn describe(&self) -> Description {
        let fields = [("steps", self.steps), ("features", self.features)];
        Description::Fields(fields.map(|(name, size)| (name.to_string(), size.into())).to_vec())
    }

    fn from_description(description: &Description) -> Result<Self> {
        Ok(Self { steps: description.count("steps")?, features: description.count("features")? })
    }
}
