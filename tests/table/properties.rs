//! Properties of arbitrary formulas, files and tables.

use proptest::prelude::*;
use residual::table::Impute;
use residual::{Design, Formula, Table};

/// Words of the grammar in any order, and some that are none.
fn scraps() -> impl Strategy<Value = String> {
    let words = [
        "y", "a", "b", "`c d`", ".", "~", "+", "-", "*", "/", ":", "^", "**", "(", ")", ",", "=", "0", "1", "2", "3.5",
        "1e3", "C(", "I(", "poly(", "spline(", "offset(", "log(", "sqrt(", "\"x\"", "'z'", "base", "sum", "full",
        "raw", "df", "true", "`", "\"", "%", "é", "\n",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..24).prop_map(|words| words.join(" "))
}

/// A right side that can be read.
fn terms() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "x",
        "z",
        "g",
        "h",
        "C(k)",
        "C(k, sum)",
        "C(k, full)",
        "I(x^2 + z)",
        "log(z + 9)",
        "poly(x, 2)",
        "spline(z, df = 3)",
        "poly(z, 2, raw = true)",
        ".",
    ])
    .prop_map(String::from);
    leaf.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", ":"]), inner, any::<bool>()).prop_map(
            |(a, operator, b, squared)| match squared {
                false => format!("({a}) {operator} ({b})"),
                true => format!("(({a}) {operator} ({b}))^2"),
            },
        )
    })
    .prop_flat_map(|terms| prop::sample::select(vec![terms.clone(), format!("{terms} - 1"), format!("0 + {terms}")]))
}

fn tables() -> impl Strategy<Value = Table> {
    let gap = |p: f64| prop::bool::weighted(1.0 - p);
    let row = (-3.0..3.0f64, -3.0..3.0f64, 0..3usize, 0..2usize, 0..3i32, gap(0.1), gap(0.1));
    prop::collection::vec(row, 1..40).prop_map(|rows| {
        Table::new()
            .number("x", rows.iter().map(|row| row.5.then_some(row.0)))
            .number("z", rows.iter().map(|row| row.1))
            .category("g", rows.iter().map(|row| row.6.then_some(["u", "v", "w"][row.2])))
            .category("h", rows.iter().map(|row| ["no", "yes"][row.3]))
            .number("k", rows.iter().map(|row| row.4))
            .checked()
            .unwrap()
    })
}

proptest! {
    #[test]
    fn any_text_is_a_formula_or_an_error(text in prop_oneof![scraps(), any::<String>()]) {
        if let Ok(formula) = text.parse::<Formula>() {
            let written = formula.to_string();
            prop_assert_eq!(written.parse::<Formula>().map_err(|error| format!("{written}: {error}")), Ok(formula));
        }
    }

    #[test]
    fn designs_are_finite_or_errors(table in tables(), terms in terms(), fill in any::<bool>(), scale in any::<bool>()) {
        let formula: Formula = format!("~ {terms}").parse().unwrap();
        prop_assert_eq!(formula.to_string().parse::<Formula>().unwrap(), formula.clone());
        let mut design = Design::new(formula).drop_gaps().indicate_gaps();
        if fill {
            design = design.impute(Impute::MostFrequent).impute(Impute::Mean);
        }
        if scale {
            design = design.standardize();
        }
        let Ok(fitted) = design.fit(&table) else { return Ok(()) };
        let frame = fitted.frame::<f64>(&table).unwrap();
        prop_assert_eq!(frame.x().ncols(), fitted.names().len());
        prop_assert!(frame.x().iter().all(|v| v.is_finite()));
        prop_assert_eq!(frame.dropped(), fitted.dropped());
        // The training rows are transformed to what they were in the fit.
        let rows = fitted.complete_rows(&table).unwrap();
        let kept = table.select(&rows).unwrap();
        prop_assert_eq!(&fitted.transform(&kept).unwrap(), frame.x());
        prop_assert_eq!(&design.fit(&kept).unwrap().transform(&kept).unwrap(), frame.x());
        // Selecting and transforming can be done in either order, to the bit.
        let some: Vec<usize> = (0..rows.len()).rev().step_by(2).collect();
        let few = fitted.transform(&kept.select(&some).unwrap()).unwrap();
        prop_assert_eq!(few, frame.x().select_rows(&some));
        prop_assert_eq!(fitted.features::<f32>(&kept).unwrap(), frame.x().map(|v| v as f32));
    }

    /// Without `full` there is no redundant column: dummies of complete crossings have full rank.
    #[test]
    fn categories_are_not_redundant(terms in prop::collection::vec(prop::sample::subsequence(vec!["a", "b", "c"], 1..=3), 1..4), intercept in any::<bool>()) {
        let grid: Vec<(usize, usize, usize)> = (0..12).map(|i| (i % 2, i / 2 % 3, i / 6)).collect();
        let level = |at: usize| ["p", "q", "r"][at];
        let table = Table::new()
            .category("a", grid.iter().map(|row| level(row.0)))
            .category("b", grid.iter().map(|row| level(row.1)))
            .category("c", grid.iter().map(|row| level(row.2)));
        let terms: Vec<String> = terms.iter().map(|term| term.join(":")).collect();
        let formula = format!("~ {} {}", terms.join(" + "), if intercept { "" } else { "- 1" });
        let fitted = Design::new(formula.parse().unwrap()).fit(&table).unwrap();
        let x = fitted.transform(&table).unwrap();
        let x = if intercept { x.insert_column(0, 1.0) } else { x };
        prop_assert!(x.ncols() <= 12);
        let gram = x.transpose() * &x;
        prop_assert!(gram.clone().cholesky().is_some_and(|c| c.l().diagonal().min() > 1e-6), "{formula}: {gram}");
    }

    #[test]
    fn tables_are_put_together_again(table in tables(), at in 0.0..1.0f64) {
        let cut = (at * table.rows() as f64) as usize;
        let (head, tail) = ((0..cut).collect::<Vec<_>>(), (cut..table.rows()).collect::<Vec<_>>());
        let (head, tail) = (table.select(&head).unwrap(), table.select(&tail).unwrap());
        prop_assert_eq!(Table::concat(&[&head, &tail]).unwrap(), table);
    }
}
