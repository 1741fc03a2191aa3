//! Learning a design from training rows.

use super::block::{Basis, Block, Part};
use super::coding::{Shape, structure};
use super::frame::{complete_rows, in_rows, part_of};
use super::inputs::{Input, Use, Values};
use super::orthogonal::Orthogonal;
use super::plan::Plan;
use super::resolve::{Resolved, Targets, named};
use super::scaling::scaling;
use super::spline::Spline;
use super::{Design, FittedDesign};
use crate::table::Table;
use crate::table::formula::{Coding, Expression, ExpressionNode, Factor, Part as Written};
use crate::{Error, Result};
use std::collections::HashMap;

/// The highest power of `poly(x, degree, raw = true)`.
const POWERS: usize = 64;

pub(super) fn fit(design: &Design, table: &Table) -> Result<FittedDesign> {
    table.check()?;
    for name in design.rules.iter().filter_map(|(name, _)| name.as_ref()) {
        table.column(name)?;
    }
    let resolved = Resolved::of(&design.formula, table)?;
    let mut unfilled = resolved.targets.columns();
    unfilled.extend(named(&resolved.offsets));
    for (name, used) in &resolved.uses {
        if design.rule(name, *used)?.is_none() {
            unfilled.push(name);
        }
    }
    let kept = if design.drop { Some(complete_rows(table, &unfilled)?) } else { None };
    let columns = resolved.uses.iter().map(|(name, _)| name.as_str());
    let part = part_of(table, columns, kept.as_deref())?;
    if part.rows() == 0 {
        let what = if table.rows() > 0 { "the table without the rows that have gaps" } else { "the table" };
        return Err(Error::Empty { what });
    }
    let dropped = table.rows() - part.rows();
    learn(design, resolved, &part, dropped).map_err(|error| in_rows(error, kept.as_deref()))
}

fn learn(design: &Design, resolved: Resolved, table: &Table, dropped: usize) -> Result<FittedDesign> {
    let mut plan = Plan::default();
    let index = table.index()?;
    for (name, used) in &resolved.uses {
        let rule = design.rule(name, *used)?;
        let first = !plan.inputs.iter().any(|input| input.column == *name);
        let indicate = design.indicate && rule.is_some() && first;
        plan.inputs.push(Input::fit(&index, name, *used, rule, indicate)?);
    }
    let shapes: Vec<Shape> = resolved.terms.iter().map(|term| shape(term, &plan)).collect();
    let (pieces, constant) = structure(&shapes, resolved.intercept)?;
    let mut bases: HashMap<String, Part> = HashMap::new();
    let mut blocks = Vec::new();
    for (term, pieces) in resolved.terms.iter().zip(&pieces) {
        for piece in pieces {
            let mut parts = Vec::new();
            for factor in term {
                match category(factor, &plan) {
                    Some((input, coding)) => {
                        if let Some((_, full)) = piece.iter().find(|(own, _)| *own == input) {
                            parts.push(coded(factor, &plan.inputs[input], input, coding, *full)?);
                        }
                    }
                    None => parts.push(numeric(factor, &plan, table, &mut bases)?),
                }
            }
            blocks.push(Block { parts });
        }
    }
    plan.blocks = blocks;
    plan.name()?;
    let scaling = if design.standardize { Some(scaling(&plan, table, constant)?) } else { None };
    if scaling.is_none() {
        plan.check(table)?;
    }
    let target_names = match &resolved.targets {
        Targets::Labels(column) => vec![column.clone()],
        Targets::Numbers(_) => design.formula.targets.iter().map(target_name).collect(),
    };
    Ok(FittedDesign {
        formula: design.formula.clone(),
        plan,
        targets: resolved.targets,
        target_names,
        offsets: resolved.offsets,
        intercept: resolved.intercept,
        scaling,
        drop: design.drop,
        dropped,
    })
}

/// The name of a column as it is, and anything else as the formula writes it.
fn target_name(target: &Factor) -> String {
    match &target.0 {
        Written::Column(name) => name.clone(),
        _ => target.to_string(),
    }
}

/// The input and the coding of a factor that is a category.
fn category<'f>(factor: &'f Factor, plan: &Plan) -> Option<(usize, &'f Coding)> {
    let Written::Category { column, coding } = &factor.0 else { return None };
    let own = |input: &Input| input.column == *column && input.used() == Use::Category;
    plan.inputs.iter().position(own).map(|input| (input, coding))
}

fn shape(term: &[Factor], plan: &Plan) -> Shape {
    let categories = term.iter().filter_map(|factor| category(factor, plan).map(|(input, _)| input)).collect();
    let mut numeric: Vec<String> =
        term.iter().filter(|factor| category(factor, plan).is_none()).map(Factor::to_string).collect();
    numeric.sort();
    Shape { numeric: numeric.join("\0"), categories }
}

/// The columns of a category.
fn coded(factor: &Factor, input: &Input, place: usize, coding: &Coding, full: bool) -> Result<Part> {
    let Values::Category { levels, .. } = &input.values else {
        return Err(Error::Kind { column: input.column.clone(), found: "numbers", needs: "categories" });
    };
    let last = levels.len().saturating_sub(1) as u32;
    let base = match coding {
        Coding::Treatment(Some(base)) => levels.iter().position(|level| level == base).ok_or_else(|| Error::Term {
            term: factor.to_string(),
            needs: "a base that is a level of the training rows",
        })?,
        _ => 0,
    } as u32;
    let (hidden, omitted, mark) = match coding {
        _ if full => (None, None, ""),
        Coding::Full => (None, None, ""),
        Coding::Treatment(_) => (Some(base), None, ""),
        Coding::Sum => (Some(last), Some(last), "S."),
    };
    let shown: Vec<u32> = (0..levels.len() as u32).filter(|&level| Some(level) != hidden).collect();
    let name = |&level: &u32| format!("{}[{mark}{}]", input.column, levels[level as usize]);
    Ok(Part { names: shown.iter().map(name).collect(), basis: Basis::Category(place, shown, omitted) })
}

/// The columns of a factor of numbers; a basis is learned once for all terms it is in.
fn numeric(factor: &Factor, plan: &Plan, table: &Table, bases: &mut HashMap<String, Part>) -> Result<Part> {
    let text = factor.to_string();
    if let Some(part) = bases.get(&text) {
        return Ok(part.clone());
    }
    let wrong = |needs| Error::Term { term: text.clone(), needs };
    let numbered = |count: usize| (1..=count).map(|k| format!("{text}[{k}]")).collect::<Vec<_>>();
    let value = |of: &Expression| match &of.0 {
        ExpressionNode::Column(name) => number(name, plan),
        _ => Basis::Value(of.clone()),
    };
    let part = match &factor.0 {
        Written::Column(name) | Written::Category { column: name, .. } => {
            Part { names: vec![name.clone()], basis: number(name, plan) }
        }
        Written::Number(of) => Part { names: vec![text.clone()], basis: value(of) },
        Written::Polynomial { of, degree, raw: true } => {
            if !(1..=POWERS).contains(degree) {
                return Err(wrong("a degree from 1 to 64"));
            }
            Part { names: numbered(*degree), basis: Basis::Powers(of.clone(), *degree) }
        }
        Written::Polynomial { of, degree, raw: false } => {
            let basis = Orthogonal::fit(&plan.values(table, of)?, *degree).map_err(wrong)?;
            Part { names: numbered(*degree), basis: Basis::Orthogonal(of.clone(), basis) }
        }
        Written::Spline { of, df } => {
            let basis = Spline::fit(&plan.values(table, of)?, *df).map_err(wrong)?;
            Part { names: numbered(*df), basis: Basis::Spline(of.clone(), basis) }
        }
    };
    bases.insert(text, part.clone());
    Ok(part)
}

fn number(name: &str, plan: &Plan) -> Basis {
    let own = |input: &Input| input.column == name && input.used() == Use::Number;
    plan.inputs.iter().position(own).map_or_else(|| Basis::Value(Expression::column(name)), Basis::Number)
}
