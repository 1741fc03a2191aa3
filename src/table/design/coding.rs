//! Which factor of a term gets a column for each level, and which one column less.

use crate::{Error, Result};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The most categories that one interaction may have: it has 2^k parts.
const MOST: usize = 8;

/// A term for this purpose: the text of its numeric factors, and its categories by their number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub numeric: String,
    pub categories: Vec<usize>,
}

/// A part of a term: its categories, in the order of the term, and whether each has a column for every level.
pub(super) type Piece = Vec<(usize, bool)>;

/// The parts of every term, so that together they span what the terms span, and no part is redundant; and whether they
/// contain the constant.
///
/// With c(a) the contrasts of a factor a, whose k levels span 1 + c(a), a term a:b spans 1 + c(a) + c(b) + c(a)c(b), all
/// times the product of its numeric factors. What earlier terms with the same numeric factors span is left out. The rest is
/// put together again where that is possible: c(b) + c(a)c(b) = (all levels of a) c(b).
pub(super) fn structure(terms: &[Shape], intercept: bool) -> Result<(Vec<Vec<Piece>>, bool)> {
    let mut spanned: HashMap<&str, HashSet<BTreeSet<usize>>> = HashMap::new();
    if intercept {
        spanned.entry("").or_default().insert(BTreeSet::new());
    }
    let mut pieces = Vec::with_capacity(terms.len());
    for term in terms {
        if term.categories.len() > MOST {
            return Err(Error::Config { name: "the number of categories in one interaction", needs: "at most 8" });
        }
        let known = spanned.entry(&term.numeric).or_default();
        let new = |subset: &Vec<usize>| known.insert(subset.iter().copied().collect());
        let parts: Vec<Vec<usize>> = subsets(&term.categories).into_iter().filter(new).collect();
        pieces.push(put_together(&parts));
    }
    let constant = spanned.get("").is_some_and(|known| known.contains(&BTreeSet::new()));
    Ok((pieces, constant))
}

/// All subsets, the smaller ones first, those of one size in the order of their members.
fn subsets(of: &[usize]) -> Vec<Vec<usize>> {
    let k = of.len();
    let mut members: Vec<Vec<usize>> =
        (0..1usize << k).map(|bits| (0..k).filter(|i| bits >> i & 1 == 1).collect()).collect();
    members.sort_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
    members.into_iter().map(|members| members.into_iter().map(|i| of[i]).collect()).collect()
}

/// Merges a part into one that has one factor more, in contrasts, which thereby gets all its levels.
fn put_together(parts: &[Vec<usize>]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = parts.iter().map(|part| part.iter().map(|&c| (c, false)).collect()).collect();
    while let Some((short, long, factor)) = mergeable(&pieces) {
        pieces[long][factor].1 = true;
        pieces.remove(short);
    }
    pieces
}

/// The first pair that can be merged, and the factor that gets all its levels.
fn mergeable(pieces: &[Piece]) -> Option<(usize, usize, usize)> {
    for (i, short) in pieces.iter().enumerate() {
        for (j, long) in pieces.iter().enumerate().skip(i + 1) {
            if long.len() != short.len() + 1 || !short.iter().all(|factor| long.contains(factor)) {
                continue;
            }
            let extra = long.iter().position(|factor| !short.contains(factor));
            if let Some(extra) = extra.filter(|&extra| !long[extra].1) {
                return Some((i, j, extra));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Terms as `xab`: capital letters for numbers, small ones for categories; the pieces as `a-b+`.
    fn pieces(terms: &[&str], intercept: bool) -> Vec<String> {
        let shape = |term: &&str| Shape {
            numeric: term.chars().filter(char::is_ascii_uppercase).collect(),
            categories: term.bytes().filter(u8::is_ascii_lowercase).map(|c| usize::from(c - b'a')).collect(),
        };
        let shapes: Vec<Shape> = terms.iter().map(shape).collect();
        let factor =
            |&(c, full): &(usize, bool)| format!("{}{}", (b'a' + c as u8) as char, if full { '+' } else { '-' });
        let piece = |piece: &Piece| piece.iter().map(factor).collect::<String>();
        let (pieces, _) = structure(&shapes, intercept).unwrap();
        pieces.iter().map(|pieces| pieces.iter().map(piece).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn no_part_is_redundant() {
        assert_eq!(pieces(&["a", "b", "ab"], true), ["a-", "b-", "a-b-"]);
        assert_eq!(pieces(&["a", "b", "ab"], false), ["a+", "b-", "a-b-"]);
        assert_eq!(pieces(&["a", "ab"], true), ["a-", "a+b-"]);
        assert_eq!(pieces(&["ab"], true), ["b- a-b+"]);
        assert_eq!(pieces(&["ab"], false), ["a+b+"]);
        assert_eq!(pieces(&["X", "Xa", "a"], true), ["", "a-", "a-"]);
        assert_eq!(pieces(&["Xa", "Xb"], true), ["a+", "b-"]);
        assert_eq!(pieces(&["ba", "ca"], true), ["a- b-a+", "c-a+"]);
        assert_eq!(pieces(&["abc"], false), ["a+b+c+"]);
        assert_eq!(pieces(&["abcdefgh"], false), ["a+b+c+d+e+f+g+h+"]);
        let long = Shape { numeric: String::new(), categories: (0..9).collect() };
        assert!(structure(&[long], true).is_err());
    }

    /// With k levels for each factor, the columns are as many as the dimension of what the terms span.
    #[test]
    fn columns_are_as_many_as_dimensions() {
        for terms in [["a", "b", "abc"], ["ab", "bc", "ca"], ["c", "ab", "abc"], ["abcd", "ab", "e"]] {
            for intercept in [false, true] {
                let columns: usize = pieces(&terms, intercept)
                    .iter()
                    .flat_map(|term| term.split(' '))
                    .filter(|piece| !piece.is_empty())
                    .map(|piece| piece.chars().map(|c| [1, 3, 2][usize::from(c == '+') + 2 * usize::from(c == '-')]))
                    .map(|sizes| sizes.product::<usize>())
                    .sum();
                let mut spanned: BTreeSet<BTreeSet<char>> = BTreeSet::new();
                for term in terms {
                    let chars: Vec<char> = term.chars().collect();
                    (0..1usize << chars.len()).for_each(|bits| {
                        spanned.insert((0..chars.len()).filter(|i| bits >> i & 1 == 1).map(|i| chars[i]).collect());
                    });
                }
                let dimension: usize = spanned.iter().map(|subset| 2usize.pow(subset.len() as u32)).sum();
                assert_eq!(columns + usize::from(intercept), dimension, "{terms:?} {intercept}");
            }
        }
    }
}
