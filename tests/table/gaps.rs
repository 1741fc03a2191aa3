//! Gaps, targets, offsets, and what is refused.

use super::designs::read;
use residual::nalgebra::{DMatrix, dmatrix};
use residual::table::Impute;
use residual::{Dataset, Design, Error, LinearRegression, Regressor, Table};

fn design(formula: &str) -> Design {
    Design::new(formula.parse().unwrap())
}

fn table() -> Table {
    Table::new()
        .number("y", [Some(1.0), Some(2.0), None, Some(4.0), Some(5.0)])
        .number("x", [Some(10.0), None, Some(30.0), Some(40.0), Some(0.0)])
        .number("t", [1.0, 2.0, 4.0, 8.0, 16.0])
        .category("g", [Some("b"), Some("a"), Some("a"), None, Some("b")])
        .text("id", ["p", "q", "r", "s", "t"])
}

#[test]
fn a_gap_that_nothing_handles_is_named() {
    for (formula, rule, column, row) in [
        ("~ x", None, "x", 1),
        ("~ g", None, "g", 3),
        ("~ g", Some(Impute::Mean), "g", 3),
        ("~ x", Some(Impute::Level("a".into())), "x", 1),
        ("~ log(t) + I(x * t)", None, "x", 1),
        ("~ poly(x, 2)", None, "x", 1),
        ("~ spline(x, df = 2)", None, "x", 1),
        ("~ C(x)", None, "x", 1),
    ] {
        let design = rule.into_iter().fold(design(formula), Design::impute);
        let error = design.fit(&table()).unwrap_err();
        assert_eq!(error, Error::Gap { column: column.into(), row }, "{formula}");
        assert!(error.to_string().contains("impute"), "{error}");
    }
    let fitted = design("y ~ t").fit(&table()).unwrap();
    assert_eq!(fitted.frame::<f64>(&table()), Err(Error::Gap { column: "y".into(), row: 2 }));
    let fitted = design("~ t + offset(x)").fit(&table()).unwrap();
    assert_eq!(fitted.frame::<f64>(&table()), Err(Error::Gap { column: "x".into(), row: 1 }));
}

#[test]
fn gaps_are_filled_from_the_training_rows_alone() {
    let train = Table::new()
        .number("x", [Some(1.0), Some(2.0), Some(2.0), Some(7.0), None])
        .category("g", [Some("b"), Some("b"), Some("a"), None, Some("c")]);
    let new = Table::new().number("x", [None, Some(100.0)]).category("g", [None, Some("a")]);
    for (rule, value) in
        [(Impute::Mean, 3.0), (Impute::Median, 2.0), (Impute::MostFrequent, 2.0), (Impute::Constant(-1.0), -1.0)]
    {
        let fitted = design("~ x").impute(rule).fit(&train).unwrap();
        assert_eq!(fitted.transform(&new).unwrap(), dmatrix![value; 100.0]);
    }
    let fitted = design("~ g").impute(Impute::MostFrequent).fit(&train).unwrap();
    assert_eq!(fitted.transform(&new).unwrap(), dmatrix![1.0, 0.0; 0.0, 0.0]);
    let fitted = design("~ g").impute(Impute::Level("aa".into())).fit(&train).unwrap();
    assert_eq!(fitted.names(), ["g[aa]", "g[b]", "g[c]"]);
    assert_eq!(fitted.transform(&new).unwrap(), dmatrix![1.0, 0.0, 0.0; 0.0, 0.0, 0.0]);
    // Expressions and bases see the filled column.
    let fitted = design("~ log(x)").impute(Impute::Constant(1.0)).fit(&train).unwrap();
    assert_eq!(fitted.transform(&new).unwrap()[0], 0.0);
    // Numbers as categories.
    let fitted = design("~ C(x)").impute(Impute::Level("none".into())).fit(&train).unwrap();
    assert_eq!(fitted.names(), ["x[2]", "x[7]", "x[none]"]);
    // One rule per column, the last one that fits.
    let fitted = design("~ x + g")
        .impute(Impute::MostFrequent)
        .impute(Impute::Mean)
        .impute_column("x", Impute::Constant(0.5))
        .fit(&train)
        .unwrap();
    assert_eq!(fitted.transform(&new).unwrap(), dmatrix![0.5, 1.0, 0.0; 100.0, 0.0, 0.0]);
}

#[test]
fn rules_that_do_not_fit_are_refused() {
    let none = Table::new().number("x", [None::<f64>, None]).number("t", [1.0, 2.0]);
    let error = design("~ x").impute(Impute::Median).fit(&none).unwrap_err();
    assert!(matches!(&error, Error::Term { term, .. } if term == "x"), "{error}");
    assert!(design("~ x").impute(Impute::Constant(0.0)).fit(&none).is_ok());
    assert!(matches!(design("~ x").impute(Impute::Constant(f64::NAN)).fit(&none), Err(Error::Config { .. })));
    let wrong = design("~ x").impute_column("x", Impute::Level("a".into()));
    assert!(matches!(wrong.fit(&none), Err(Error::Kind { .. })));
    let missing = design("~ t").impute_column("xx", Impute::Mean);
    assert!(matches!(missing.fit(&none), Err(Error::MissingColumn { name, .. }) if name == "xx"));
}

#[test]
fn indicators_say_where_training_had_gaps() {
    let fitted = design("~ x*t + g").impute(Impute::MostFrequent).indicate_gaps().standardize().fit(&table()).unwrap();
    assert_eq!(fitted.names(), ["x", "t", "g[b]", "x:t", "missing(x)", "missing(g)"]);
    let x = fitted.transform(&table()).unwrap();
    assert_eq!(x.column(4).as_slice(), [0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(x.column(5).as_slice(), [0.0, 0.0, 0.0, 1.0, 0.0]);
    assert!(x.column(0).sum().abs() < 1e-14 && (x.column(3).norm_squared() / 5.0 - 1.0).abs() < 1e-14);
    assert_eq!(x.column(2).as_slice(), [1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(fitted.scaling().unwrap()[2], (0.0, 1.0));
}

#[test]
fn rows_with_gaps_are_dropped_and_counted() {
    let fitted = design("y ~ x + g + offset(log(t))").drop_gaps().fit(&table()).unwrap();
    assert_eq!(fitted.dropped(), 3);
    let frame = fitted.frame::<f64>(&table()).unwrap();
    assert_eq!((frame.rows(), frame.dropped()), (vec![0, 4], 3));
    assert_eq!(frame.y().unwrap().as_slice(), [1.0, 5.0]);
    assert_eq!(frame.offset().unwrap().as_slice(), [0.0, 16f64.ln()]);
    assert_eq!(fitted.complete_rows(&table()).unwrap(), [0, 2, 4]);
    // What is filled does not drop a row.
    let fitted = design("y ~ x + g").drop_gaps().impute(Impute::Mean).fit(&table()).unwrap();
    assert_eq!((fitted.dropped(), fitted.frame::<f64>(&table()).unwrap().rows()), (2, vec![0, 1, 4]));
    // Predicting never drops.
    assert!(matches!(fitted.transform(&table()), Err(Error::Gap { row: 3, .. })));
    // Rows of errors are those of the whole table.
    let error = design("y ~ log(x)").drop_gaps().fit(&table()).unwrap_err();
    let needs = "a number above 0";
    assert_eq!(error, Error::Value { column: "log(x)".into(), row: 4, value: 0.0, needs });
    assert_eq!(error.to_string(), "`log(x)` meets 0 at row 4; it needs a number above 0");
    let all = Table::new().number("x", [None::<f64>]).number("y", [1.0]);
    assert!(matches!(design("y ~ x").drop_gaps().fit(&all), Err(Error::Empty { .. })));
    // The penguins, as R's na.omit has it.
    let penguins = read("penguins.csv");
    let fitted = design("body_mass_g ~ sex + bill_length_mm").drop_gaps().fit(&penguins).unwrap();
    assert_eq!((fitted.dropped(), fitted.frame::<f64>(&penguins).unwrap().x().nrows()), (11, 333));
}

#[test]
fn targets_of_every_kind() {
    let fitted = design("y + log(t) ~ x").drop_gaps().fit(&table()).unwrap();
    assert_eq!(fitted.targets(), ["y", "log(t)"]);
    let frame = fitted.frame::<f64>(&table()).unwrap();
    assert_eq!(frame.y().unwrap(), &dmatrix![1.0, 0.0; 4.0, 8f64.ln(); 5.0, 16f64.ln()]);
    assert_eq!(frame.dataset().unwrap().outputs(), 2);
    let fitted = design("g ~ t").drop_gaps().fit(&table()).unwrap();
    assert!(fitted.is_classification());
    let frame = fitted.frame::<f64>(&table()).unwrap();
    assert_eq!(frame.labels().unwrap(), ["b", "a", "a", "b"]);
    assert!(frame.y().is_none() && frame.dataset().is_err());
    let fitted = design("C(t) ~ 1").fit(&table()).unwrap();
    assert_eq!(fitted.frame::<f64>(&table()).unwrap().labels().unwrap()[4], "16");
    let fitted = design("id ~ t").fit(&table()).unwrap();
    assert_eq!(fitted.frame::<f64>(&table()).unwrap().labels().unwrap(), ["p", "q", "r", "s", "t"]);
    assert!(matches!(design("g + y ~ t").fit(&table()), Err(Error::Term { .. })));
    assert!(matches!(design("y ~ t + y").fit(&table()), Err(Error::Term { term, .. }) if term == "y"));
    assert!(matches!(design("C(t) ~ x + t").fit(&table()), Err(Error::Term { term, .. }) if term == "t"));
    assert!(matches!(design("log(t) ~ I(log(t)) + x").fit(&table()), Err(Error::Term { .. })));
    assert!(matches!(design("g ~ t:C(g)").fit(&table()), Err(Error::Term { term, .. }) if term == "C(g)"));
    // A table without the target can be transformed, not made into a frame.
    let new = Table::new().number("t", [3.0]);
    let fitted = design("y ~ t").drop_gaps().fit(&table()).unwrap();
    assert_eq!(fitted.transform(&new).unwrap(), dmatrix![3.0]);
    assert!(matches!(fitted.frame::<f64>(&new), Err(Error::MissingColumn { name, .. }) if name == "y"));
}

#[test]
fn the_rest_leaves_out_targets_offsets_and_text() {
    let filled = |formula: &str| design(formula).drop_gaps().impute(Impute::MostFrequent).fit(&table()).unwrap();
    let fitted = filled("log(y) ~ . + offset(log(t))");
    assert_eq!(fitted.names(), ["x", "g[b]"]);
    let fitted = filled("y ~ id + .");
    assert_eq!(fitted.names(), ["id[q]", "id[s]", "id[t]", "x", "t", "g[b]"]);
    assert_eq!(fitted.inputs(), [("id", true), ("x", false), ("t", false), ("g", true)]);
}

#[test]
fn offsets_add_up() {
    let fitted = design("~ t + offset(log(t)) + offset(2 * t)").fit(&table()).unwrap();
    let offset = fitted.offset::<f64>(&table()).unwrap().unwrap();
    assert!((offset[1] - (2f64.ln() + 4.0)).abs() < 1e-15);
    let none = design("~ t").fit(&table()).unwrap();
    assert_eq!(none.offset::<f64>(&table()).unwrap(), None);
    assert!(fitted.frame::<f64>(&table()).unwrap().dataset().is_err());
}

#[test]
fn what_does_not_fit_a_table_is_named() {
    let refused = |formula: &str| design(formula).fit(&table().select(&[0, 4]).unwrap()).unwrap_err();
    assert!(matches!(refused("y ~ z"), Error::MissingColumn { name, .. } if name == "z"));
    assert!(matches!(refused("y ~ . - z"), Error::MissingColumn { name, .. } if name == "z"));
    assert!(matches!(refused("z ~ x"), Error::MissingColumn { name, .. } if name == "z"));
    assert!(refused("y ~ z").to_string().contains("it has y, x, t, g, id"));
    assert_eq!(refused("y ~ log(g)"), Error::Kind { column: "g".into(), found: "categories", needs: "numbers" });
    assert_eq!(refused("y ~ poly(id, 2)"), Error::Kind { column: "id".into(), found: "text", needs: "numbers" });
    assert!(matches!(refused("y ~ C(g, base = \"c\")"), Error::Term { .. }));
    assert!(matches!(refused("y ~ C(g, sum) + g:x"), Error::Term { .. }));
    assert!(matches!(refused("y ~ poly(x, 2)"), Error::Term { term, .. } if term == "poly(x, 2)"));
    assert!(matches!(refused("y ~ spline(x, df = 9)"), Error::Term { .. }));
    assert!(matches!(refused("y ~ poly(x, 65, raw = true)"), Error::Term { .. }));
    assert!(matches!(refused("y ~ I(1 / x)"), Error::Value { row: 1, value: 0.0, .. }));
    assert!(matches!(refused("y ~ sqrt(0 - t)"), Error::Value { row: 0, value: -1.0, .. }));
    assert!(matches!(refused("y ~ exp(t * 100)"), Error::Value { row: 1, value: 1600.0, .. }));
    assert!(matches!(refused("y ~ I((0 - t)^0.5)"), Error::Value { row: 0, .. }));
    assert!(matches!(design("~ x").fit(&Table::new()), Err(Error::MissingColumn { .. })));
    assert!(matches!(design("~ x").fit(&table().select(&[]).unwrap()), Err(Error::Empty { .. })));
    let twice = Table::new().number("x", [1.0]).number("x", [2.0]);
    assert_eq!(design("~ x").fit(&twice).unwrap_err(), Error::DuplicateName { name: "x".into() });
    let clash = Table::new().category("g", ["a", "b"]).number("g[b]", [1.0, 2.0]);
    assert_eq!(design("~ .").fit(&clash).unwrap_err(), Error::DuplicateName { name: "g[b]".into() });
    // New rows with a column of another kind.
    let fitted = design("~ t").fit(&table()).unwrap();
    assert!(matches!(fitted.transform(&Table::new().category("t", ["1"])), Err(Error::Kind { .. })));
    assert!(matches!(fitted.transform(&table().select(&[9]).unwrap_or_default()), Err(Error::MissingColumn { .. })));
}

/// A category is a category however a file came to hold it: as numbers, text, or with other levels.
#[test]
fn categories_are_read_from_columns_of_any_kind() {
    let train = Table::new().number("year", [2007.0, 2008.0, 2009.5, 2007.0]);
    let fitted = design("~ C(year)").fit(&train).unwrap();
    assert_eq!(fitted.names(), ["year[2008]", "year[2009.5]"]);
    for new in [
        Table::new().number("year", [2008, 2007]),
        Table::new().category("year", ["2008", "2007"]),
        Table::new().text("year", ["2008", "2007"]),
    ] {
        assert_eq!(fitted.transform(&new).unwrap(), dmatrix![1.0, 0.0; 0.0, 0.0]);
    }
    let unseen = fitted.transform(&Table::new().number("year", [2008, 1999])).unwrap_err();
    assert_eq!(unseen, Error::Level { column: "year".into(), row: 1, level: "1999".into() });
    let order = Table::new().number("n", [10, 9, 100]);
    assert_eq!(design("~ C(n)").fit(&order).unwrap().levels("n").unwrap(), ["9", "10", "100"]);
}

#[test]
fn single_precision_is_checked() {
    let wide = Table::new().number("x", [1e300, 1.0]).number("y", [1.0, 2.0]);
    let fitted = design("y ~ x").fit(&wide).unwrap();
    assert!(fitted.frame::<f64>(&wide).is_ok());
    assert!(matches!(fitted.frame::<f32>(&wide), Err(Error::Value { column, row: 0, .. }) if column == "x"));
    let fitted = design("y ~ log(x)").fit(&wide).unwrap();
    assert_eq!(fitted.frame::<f32>(&wide).unwrap().x()[1], 0.0);
}

/// Standardized without an intercept: nothing is subtracted, since the formula has no constant to make up for it; with full
/// dummies there is one.
#[test]
fn standardizing_keeps_what_the_formula_spans() {
    let table = Table::new().number("x", [1.0, 2.0, 6.0]).category("g", ["a", "b", "a"]).number("c", [3.0; 3]);
    let shift = |formula: &str| design(formula).standardize().fit(&table).unwrap().scaling().unwrap()[0].0;
    assert_eq!((shift("~ x"), shift("~ 0 + x"), shift("~ 0 + x + g")), (3.0, 0.0, 3.0));
    let fitted = design("~ c + x").standardize().fit(&table).unwrap();
    assert_eq!(fitted.scaling().unwrap()[0], (3.0, 1.0));
    let huge = Table::new().number("x", [1e300, -1e300, 2e300]);
    let x = design("~ x").standardize().fit(&huge).unwrap().transform(&huge).unwrap();
    assert!((x.norm_squared() - 3.0).abs() < 1e-12 && x.sum().abs() < 1e-12, "{x}");
}

#[test]
fn a_model_from_a_formula_is_the_model_from_its_matrix() {
    let penguins = read("penguins.csv");
    let design = design("body_mass_g ~ flipper_length_mm + species").drop_gaps().fit(&penguins).unwrap();
    let frame = design.frame::<f64>(&penguins).unwrap();
    let fitted = LinearRegression::new().fit(&frame.dataset().unwrap()).unwrap();
    let species: Vec<String> =
        penguins.texts("species").unwrap().into_iter().map(|text| text.unwrap().to_string()).collect();
    let flipper = penguins.numbers("flipper_length_mm").unwrap();
    let mass = penguins.numbers("body_mass_g").unwrap();
    let rows: Vec<usize> = (0..344).filter(|&i| flipper[i].is_some() && mass[i].is_some()).collect();
    let is = |i: usize, name: &str| if species[i] == name { 1.0 } else { 0.0 };
    let x = DMatrix::from_fn(rows.len(), 3, |i, j| match j {
        0 => flipper[rows[i]].unwrap(),
        1 => is(rows[i], "Chinstrap"),
        _ => is(rows[i], "Gentoo"),
    });
    let y = DMatrix::from_fn(rows.len(), 1, |i, _| mass[rows[i]].unwrap());
    let by_hand = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    assert_eq!(fitted.coefficients(), by_hand.coefficients());
}

#[test]
fn categories_of_many_levels() {
    let n = 200_000;
    let table = Table::new().number("id", 0..n).number("x", (0..n).map(|i| f64::from(i % 7)));
    let fitted = design("~ C(id)").fit(&table).unwrap();
    assert_eq!(fitted.names().len(), n as usize - 1);
    let few = fitted.transform(&table.select(&[0, 5]).unwrap()).unwrap();
    assert_eq!((few.sum(), few[(1, 4)]), (1.0, 1.0));
    assert!(matches!(design("~ C(id):C(x)").fit(&table), Err(Error::Config { .. })));
    assert!(matches!(design("~ C(id)*C(x)*x").fit(&table), Err(Error::Config { .. })));
}
