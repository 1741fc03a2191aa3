//! A formula on a table: which terms it has there, and what it makes of each column.

use super::inputs::Use;
use crate::table::Table;
use crate::table::build::Index;
use crate::table::column::Kind;
use crate::table::formula::{Coding, Columns, Expression, Factor, Formula, Part};
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};

/// The targets of a formula on a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Targets {
    Numbers(Vec<Expression>),
    /// The levels of a column, as labels.
    Labels(String),
}

impl Targets {
    pub(super) fn columns(&self) -> Vec<&str> {
        match self {
            Self::Labels(column) => vec![column],
            Self::Numbers(all) => named(all),
        }
    }
}

/// Every column of expressions, each once, in order.
pub(super) fn named(expressions: &[Expression]) -> Vec<&str> {
    let mut names = Vec::new();
    expressions.iter().for_each(|of| {
        of.columns(&mut |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        });
    });
    names
}

/// A formula multiplied out on a table.
#[derive(Debug)]
pub(super) struct Resolved {
    pub terms: Vec<Vec<Factor>>,
    pub intercept: bool,
    pub targets: Targets,
    pub offsets: Vec<Expression>,
    /// The columns that features are made from, each once for each use.
    pub uses: Vec<(String, Use)>,
}

impl Resolved {
    pub(super) fn of(formula: &Formula, table: &Table) -> Result<Self> {
        let index = table.index()?;
        let is = |name: &str, kind: Kind| index.column(name).is_ok_and(|column| column.kind() == kind);
        let normal = |factor: &Factor| match &factor.0 {
            // A column of categories and C(column) are the same factor.
            Part::Column(name) if is(name, Kind::Category) || is(name, Kind::Text) => Factor::category(name),
            _ => factor.clone(),
        };
        let mentioned = Mentioned::of(formula);
        for name in mentioned.left.iter().chain(&mentioned.right).chain(&mentioned.offsets) {
            index.column(name)?;
        }
        let taken: HashSet<&&str> = mentioned.left.iter().chain(&mentioned.offsets).collect();
        let is_rest = |name: &&String| !is(name, Kind::Text) && !taken.contains(&name.as_str());
        let rest = table.names().iter().filter(is_rest).map(Factor::column).collect();
        let expanded = formula.expand(&Columns { rest, normal: &normal })?;
        let own: Vec<Factor> = formula.targets.iter().map(normal).collect();
        let is_target = |factor: &&Factor| {
            own.iter()
                .any(|target| target == *factor || single(target).is_some_and(|name| single(factor) == Some(name)))
        };
        if let Some(factor) = expanded.terms.iter().flatten().find(is_target) {
            return Err(Error::Term { term: factor.to_string(), needs: "a feature that is not the target" });
        }
        one_coding_each(&expanded.terms)?;
        let resolved = Self {
            uses: uses(&expanded.terms),
            targets: targets(&own)?,
            terms: expanded.terms,
            intercept: expanded.intercept,
            offsets: expanded.offsets,
        };
        resolved.check_numbers(&index)?;
        Ok(resolved)
    }

    /// Every column whose numbers are needed must hold numbers.
    fn check_numbers(&self, index: &Index<'_>) -> Result<()> {
        let features = self.uses.iter().filter(|(_, used)| *used == Use::Number).map(|(name, _)| name.as_str());
        let targets = if let Targets::Numbers(all) = &self.targets { named(all) } else { Vec::new() };
        features.chain(targets).chain(named(&self.offsets)).try_for_each(|name| index.numbers(name).map(|_| ()))
    }
}

/// The columns that a formula names.
#[derive(Default)]
struct Mentioned<'f> {
    left: Vec<&'f str>,
    right: Vec<&'f str>,
    offsets: Vec<&'f str>,
}

impl<'f> Mentioned<'f> {
    fn of(formula: &'f Formula) -> Self {
        let mut all = Self::default();
        formula.targets.iter().for_each(|target| target.columns(&mut |name| all.left.push(name)));
        let (right, offsets) = (&mut all.right, &mut all.offsets);
        formula.visit(&mut |factor| factor.columns(&mut |name| right.push(name)), &mut |offset| {
            offset.columns(&mut |name| offsets.push(name))
        });
        all
    }
}

/// The column that a factor is, as numbers or as categories.
fn single(factor: &Factor) -> Option<&str> {
    match &factor.0 {
        Part::Column(name) | Part::Category { column: name, .. } => Some(name),
        _ => None,
    }
}

fn targets(factors: &[Factor]) -> Result<Targets> {
    let number = |factor: &Factor| match &factor.0 {
        Part::Column(name) => Ok(Expression::column(name)),
        Part::Number(of) => Ok(of.clone()),
        _ => Err(Error::Term { term: factor.to_string(), needs: "to be the only target, or to be numbers" }),
    };
    match factors {
        [Factor(Part::Category { column, .. })] => Ok(Targets::Labels(column.clone())),
        _ => factors.iter().map(number).collect::<Result<_>>().map(Targets::Numbers),
    }
}

fn uses(terms: &[Vec<Factor>]) -> Vec<(String, Use)> {
    let (mut uses, mut known) = (Vec::new(), HashSet::new());
    for factor in terms.iter().flatten() {
        let used = if matches!(factor.0, Part::Category { .. }) { Use::Category } else { Use::Number };
        factor.columns(&mut |name| {
            if known.insert((name, used == Use::Category)) {
                uses.push((name.to_string(), used));
            }
        });
    }
    uses
}

/// Refuses a column that is coded in two ways: its codings span the same.
fn one_coding_each(terms: &[Vec<Factor>]) -> Result<()> {
    let mut codings: HashMap<&str, &Coding> = HashMap::new();
    for factor in terms.iter().flatten() {
        if let Part::Category { column, coding } = &factor.0
            && *codings.entry(column).or_insert(coding) != coding
        {
            return Err(Error::Term { term: factor.to_string(), needs: "the same coding of the column everywhere" });
        }
    }
    Ok(())
}
