//! What a user should know of a fit that is no error.

use nalgebra::{DMatrix, DVector};
use std::fmt;

/// Something that a user should know of a fit although it is no error.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A feature column is a combination of others (and of the constant, where there is an intercept), on all rows of
    /// positive weight: x_column = constant + Σ c x_j over the pairs (j, c) of `depends_on`.
    RankDeficient {
        /// The dependent column, from 0.
        column: usize,
        /// The columns it depends on and their coefficients, in the units of the features; empty if the column is constant or
        /// zero.
        depends_on: Vec<(usize, f64)>,
        /// The constant of the combination; 0 without an intercept.
        constant: f64,
        /// The names of the column and then of those that it depends on; empty if the data set has no names.
        names: Vec<String>,
    },
    /// A direction in the parameters separates the classes: the likelihood grows along it without end, so it has no
    /// maximum. Add a penalty with `.l2(..)`. With scores z = directionᵀ x + intercept, every sample of class 1 has z ≥ 0 and
    /// every other z ≤ 0; with k > 1 outputs, no score of a sample exceeds that of its own class. Checked on the data.
    Separated {
        /// p×k in the units of the features, as coefficients are.
        direction: DMatrix<f64>,
        /// One number an output; zeros without an intercept.
        intercept: DVector<f64>,
        /// Whether every sample lies strictly on its side; if not, some lie on the boundary.
        complete: bool,
    },
}

impl Warning {
    /// A combination of columns, with their names if there are any.
    pub(crate) fn rank_deficient(
        column: usize,
        depends_on: Vec<(usize, f64)>,
        constant: f64,
        names: Option<&[String]>,
    ) -> Self {
        let columns = std::iter::once(column).chain(depends_on.iter().map(|&(j, _)| j));
        let names = names.map_or_else(Vec::new, |names| columns.filter_map(|j| names.get(j).cloned()).collect());
        Self::RankDeficient { column, depends_on, constant, names }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RankDeficient { column, depends_on, constant, names } => match names.split_first() {
                Some((own, others)) if others.len() == depends_on.len() => {
                    named(f, own, others.iter().zip(depends_on.iter().map(|&(_, c)| c)), *constant)
                }
                _ if depends_on.is_empty() => {
                    write!(f, "feature {column} is constant or zero; its coefficient is not determined")
                }
                _ => {
                    write!(f, "feature {column} is a combination of others:")?;
                    depends_on.iter().try_for_each(|(j, c)| write!(f, " {}·x{j}", signed(*c)))?;
                    if *constant == 0.0 { Ok(()) } else { write!(f, " {}", signed(*constant)) }
                }
            },
            Self::Separated { complete, .. } => write!(
                f,
                "the classes are {} separated, so no finite maximum of the likelihood exists; add a penalty with l2",
                if *complete { "completely" } else { "quasi-completely" }
            ),
        }
    }
}

/// "feature `a` equals 1 - `b` + 2.5·`c`".
fn named<'n>(
    f: &mut fmt::Formatter<'_>,
    own: &str,
    others: impl Iterator<Item = (&'n String, f64)>,
    constant: f64,
) -> fmt::Result {
    let term = |(name, c): (&String, f64)| match plain(c) {
        one if one == "1" => (c, format!("`{name}`")),
        factor => (c, format!("{factor}·`{name}`")),
    };
    let terms = others.map(term);
    let level = (constant != 0.0).then(|| (constant, plain(constant)));
    let terms: Vec<(f64, String)> = level.into_iter().chain(terms).collect();
    if terms.len() == usize::from(constant != 0.0) {
        return write!(f, "feature `{own}` is constant or zero; its coefficient is not determined");
    }
    write!(f, "feature `{own}` equals ")?;
    for (i, (c, text)) in terms.iter().enumerate() {
        let sign = match (i, *c < 0.0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        write!(f, "{sign}{text}")?;
    }
    Ok(())
}

/// |c| with up to six digits, without zeros at the end.
fn plain(c: f64) -> String {
    let c = c.abs();
    let digits = format!("{c:.5e}");
    let (fraction, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let places = 5 - exponent.parse::<i32>().unwrap_or(0);
    let trim = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_string();
    match usize::try_from(places) {
        Ok(0) => format!("{c:.0}"),
        Ok(places) if places < 10 => trim(&format!("{c:.places$}")),
        _ => format!("{}e{exponent}", trim(fraction)),
    }
}

/// With its sign and four decimals, or in powers of ten where that says more.
fn signed(c: f64) -> String {
    if (1e-3..1e7).contains(&c.abs()) { format!("{c:+.4}") } else { format!("{c:+.4e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (453.592, "453.592"),
            (1.0, "1"),
            (-0.25, "0.25"),
            (1e6, "1e6"),
            (123456.0, "123456"),
            (1e-170, "1e-170"),
            (2.5e30, "2.5e30"),
        ];
        for (c, text) in cases {
            assert_eq!(plain(c), text);
        }
        assert_eq!((signed(1.0), signed(-2e-9)), ("+1.0000".to_string(), "-2.0000e-9".to_string()));
    }

    #[test]
    fn combinations_read_as_equations() {
        let names = ["sex[f]", "age", "sex[m]"].map(String::from);
        let text = |column, on: &[(usize, f64)], constant, names| {
            Warning::rank_deficient(column, on.to_vec(), constant, names).to_string()
        };
        let named = Some(&names[..]);
        assert_eq!(text(2, &[(0, -1.0)], 1.0, named), "feature `sex[m]` equals 1 - `sex[f]`");
        assert_eq!(text(1, &[(0, -1.0), (2, 2.5)], 0.0, named), "feature `age` equals -`sex[f]` + 2.5·`sex[m]`");
        assert_eq!(text(1, &[(0, 0.5)], -3.0, named), "feature `age` equals -3 + 0.5·`sex[f]`");
        let constant = "feature `age` is constant or zero; its coefficient is not determined";
        assert_eq!(text(1, &[], 7.0, named), constant);
        assert_eq!(text(2, &[(0, -1.0)], 1.0, None), "feature 2 is a combination of others: -1.0000·x0 +1.0000");
        assert_eq!(text(1, &[], 7.0, None), constant.replace("`age`", "1"));
    }
}
