//! The right side of a formula multiplied out.

use super::{Crossing, Expression, Factor, Formula, Sign, Term};
use crate::{Error, Result};
use std::collections::HashSet;
use std::rc::Rc;

/// The most terms that a formula may have.
pub(super) const MOST: usize = 100_000;

/// What a table says about its columns.
pub(crate) struct Columns<'t> {
    /// What `.` stands for.
    pub rest: Vec<Factor>,
    /// The factor in the form in which equal ones are equal.
    pub normal: &'t dyn Fn(&Factor) -> Factor,
}

/// The terms of a formula, each the product of its factors, in order of their number of factors.
#[derive(Debug)]
pub(crate) struct Expanded {
    pub terms: Vec<Vec<Factor>>,
    pub intercept: bool,
    pub offsets: Vec<Expression>,
}

impl Formula {
    /// The terms on a table.
    pub(crate) fn expand(&self, columns: &Columns<'_>) -> Result<Expanded> {
        let mut constants = Constants { intercept: true, offsets: Vec::new() };
        let set = columns.sum(&self.features, &mut constants)?;
        let mut terms: Vec<Vec<Factor>> =
            set.list.iter().map(|item| item.factors.iter().map(|factor| factor.1.clone()).collect()).collect();
        terms.sort_by_key(Vec::len);
        Ok(Expanded { terms, intercept: constants.intercept, offsets: constants.offsets })
    }

    /// Calls `each` for every factor on the right side, also for those that are taken out, and `offset` for every offset.
    pub(crate) fn visit<'f>(&'f self, each: &mut dyn FnMut(&'f Factor), offset: &mut dyn FnMut(&'f Expression)) {
        self.features.iter().for_each(|(_, term)| term.visit(each, offset));
    }
}

impl Term {
    fn visit<'f>(&'f self, each: &mut dyn FnMut(&'f Factor), offset: &mut dyn FnMut(&'f Expression)) {
        match self {
            Self::One | Self::Zero | Self::Rest => {}
            Self::Factor(factor) => each(factor),
            Self::Offset(of) => offset(of),
            Self::Sum(terms) => terms.iter().for_each(|(_, term)| term.visit(each, offset)),
            Self::Interaction(terms) => terms.iter().for_each(|term| term.visit(each, offset)),
            Self::Power(base, _) => base.visit(each, offset),
            Self::Product(first, others) => {
                first.visit(each, offset);
                others.iter().for_each(|(_, term)| term.visit(each, offset));
            }
        }
    }
}

/// Whether an intercept or an offset stands in a term.
pub(super) fn has_constants(term: &Term) -> bool {
    match term {
        Term::One | Term::Zero | Term::Offset(_) => true,
        Term::Rest | Term::Factor(_) => false,
        Term::Sum(terms) => terms.iter().any(|(_, term)| has_constants(term)),
        // Their parts were looked at when they were read.
        Term::Interaction(_) | Term::Power(..) | Term::Product(..) => false,
    }
}

/// Whether a formula has too many terms, `.` counted as one.
pub(super) fn is_too_long(formula: &Formula) -> bool {
    formula.expand(&Columns { rest: vec![Factor::column(".")], normal: &Factor::clone }).is_err()
}

struct Constants {
    intercept: bool,
    offsets: Vec<Expression>,
}

/// A factor with its text, by which factors are compared.
type Keyed = Rc<(String, Factor)>;

#[derive(Clone)]
struct Item {
    factors: Vec<Keyed>,
    /// The texts of the factors, sorted.
    key: String,
}

impl Item {
    fn of(factors: Vec<Keyed>) -> Self {
        let mut texts: Vec<&str> = factors.iter().map(|factor| factor.0.as_str()).collect();
        texts.sort_unstable();
        let key = texts.join("\0");
        Self { factors, key }
    }

    /// The product, in which each factor comes once.
    fn times(&self, other: &Self) -> Self {
        let mut factors = self.factors.clone();
        let new = |factor: &&Keyed| !self.factors.iter().any(|own| own.0 == factor.0);
        factors.extend(other.factors.iter().filter(new).cloned());
        Self::of(factors)
    }
}

/// Terms in the order in which they come, each once.
#[derive(Clone, Default)]
struct Set {
    list: Vec<Item>,
    known: HashSet<String>,
}

impl Set {
    fn insert(&mut self, item: Item) -> Result<()> {
        if self.known.insert(item.key.clone()) {
            self.list.push(item);
        }
        match self.list.len() > MOST {
            true => Err(Error::Config { name: "the number of terms of a formula", needs: "at most 100000" }),
            false => Ok(()),
        }
    }

    fn add(&mut self, other: Self) -> Result<()> {
        other.list.into_iter().try_for_each(|item| self.insert(item))
    }

    fn remove(&mut self, other: &Self) {
        self.list.retain(|item| !other.known.contains(&item.key));
        self.known.retain(|key| !other.known.contains(key));
    }

    /// Adds the product of each term on the left with each on the right.
    fn add_products(&mut self, left: &Self, right: &Self) -> Result<()> {
        left.list.iter().try_for_each(|a| right.list.iter().try_for_each(|b| self.insert(a.times(b))))
    }
}

impl Columns<'_> {
    fn sum(&self, terms: &[(Sign, Term)], constants: &mut Constants) -> Result<Set> {
        let mut set = Set::default();
        for (sign, term) in terms {
            match (sign, term) {
                (Sign::Plus, Term::One) | (Sign::Minus, Term::Zero) => constants.intercept = true,
                (Sign::Plus, Term::Zero) | (Sign::Minus, Term::One) => constants.intercept = false,
                (Sign::Plus, Term::Offset(of)) => constants.offsets.push(of.clone()),
                (Sign::Plus, term) => set.add(self.term(term, constants)?)?,
                (Sign::Minus, term) => set.remove(&self.term(term, constants)?),
            }
        }
        Ok(set)
    }

    fn term(&self, term: &Term, constants: &mut Constants) -> Result<Set> {
        let mut set = Set::default();
        match term {
            // These stand only in sums.
            Term::One | Term::Zero | Term::Offset(_) => {}
            Term::Rest => self.rest.iter().try_for_each(|factor| set.insert(self.single(factor)))?,
            Term::Factor(factor) => set.insert(self.single(factor))?,
            Term::Sum(terms) => set = self.sum(terms, constants)?,
            Term::Interaction(terms) => {
                let mut parts =
                    terms.iter().map(|term| self.term(term, &mut *constants)).collect::<Result<Vec<_>>>()?;
                set = parts.remove(0);
                for part in parts {
                    let mut products = Set::default();
                    products.add_products(&set, &part)?;
                    set = products;
                }
            }
            Term::Product(first, others) => {
                set = self.term(first, constants)?;
                for (crossing, other) in others {
                    let other = self.term(other, constants)?;
                    set = product(set, *crossing, other)?;
                }
            }
            Term::Power(base, exponent) => {
                let base = self.term(base, constants)?;
                set = base.clone();
                for _ in 1..*exponent {
                    let before = set.clone();
                    set.add_products(&before, &base)?;
                    if set.list.len() == before.list.len() {
                        break;
                    }
                }
            }
        }
        Ok(set)
    }

    fn single(&self, factor: &Factor) -> Item {
        let factor = (self.normal)(factor);
        Item::of(vec![Rc::new((factor.to_string(), factor))])
    }
}

/// a*b = a + b + a:b; a/b = a + (all factors of a):b.
fn product(left: Set, crossing: Crossing, right: Set) -> Result<Set> {
    let mut set = left.clone();
    match crossing {
        Crossing::Crossed => {
            set.add(right.clone())?;
            set.add_products(&left, &right)?;
        }
        Crossing::Nested => {
            let all = left.list.iter().fold(Item::of(Vec::new()), |all, item| all.times(item));
            let all = Set { known: HashSet::from([all.key.clone()]), list: vec![all] };
            set.add_products(&all, &right)?;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(formula: &str) -> String {
        let formula: Formula = formula.parse().unwrap();
        let rest = ["x", "z"].map(Factor::column).to_vec();
        let expanded = formula.expand(&Columns { rest, normal: &Factor::clone }).unwrap();
        let term = |term: &Vec<Factor>| term.iter().map(Factor::to_string).collect::<Vec<_>>().join(":");
        let constant = if expanded.intercept { vec!["1".to_string()] } else { Vec::new() };
        constant.into_iter().chain(expanded.terms.iter().map(term)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_algebra_of_terms() {
        for (formula, expected) in [
            ("~ a + b + a", "1 a b"),
            ("~ a*b", "1 a b a:b"),
            ("~ a:b + b:a + b", "1 b a:b"),
            ("~ (a + b + c)^2", "1 a b c a:b a:c b:c"),
            ("~ (a + b)^9", "1 a b a:b"),
            ("~ a*b*c - a:b:c", "1 a b c a:b a:c b:c"),
            ("~ a*b - (a + b)", "1 a:b"),
            ("~ a/b", "1 a a:b"),
            ("~ (a + b)/c", "1 a b a:b:c"),
            ("~ a/(b + c)", "1 a a:b a:c"),
            ("~ 0 + a", "a"),
            ("~ a - 1", "a"),
            ("~ -1 + a", "a"),
            ("~ a + -1", "a"),
            ("~ a - 1 + 1", "1 a"),
            ("~ a - 0", "1 a"),
            ("~ (a - 1)", "a"),
            ("~ .", "1 x z"),
            ("~ . - x", "1 z"),
            ("~ .^2", "1 x z x:z"),
            ("~ a:.", "1 a:x a:z"),
            ("~ a:a", "1 a"),
            ("~ 1", "1"),
            ("~ (a - a):b", "1"),
            ("~ log(a) + I(a ^ 2) + log( a )", "1 log(a) I(a^2)"),
            ("~ a*b:c", "1 a b:c a:b:c"),
        ] {
            assert_eq!(terms(formula), expected, "{formula}");
        }
    }

    #[test]
    fn too_many_terms_are_refused_in_time() {
        let many: Vec<String> = (0..40).map(|i| format!("v{i}")).collect();
        assert!(format!("~ {}", many.join(" * ")).parse::<Formula>().is_err());
        assert!(format!("~ ({})^30", many.join(" + ")).parse::<Formula>().is_err());
        assert!(format!("~ ({})^2", many.join(" + ")).parse::<Formula>().is_ok());
    }
}
