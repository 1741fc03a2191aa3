//! Features of formulas on the data sets, column by column beside those of formulaic and R's natural splines.

use crate::data::{self, numbers, texts};
use residual::table::Impute;
use residual::{Design, Table};
use serde_json::Value;

/// A file of `data/`: a column in which everything reads as a number holds numbers.
pub fn read(name: &str) -> Table {
    let file = data::Table::read(name);
    let add = |table: Table, name: &str| {
        let texts = file.text(name);
        let present = texts.iter().map(|text| (!text.is_empty()).then_some(*text));
        match present.clone().flatten().map(str::parse::<f64>).all(|number| number.is_ok()) {
            true => table.number(name, present.map(|text| text.and_then(|text| text.parse::<f64>().ok()))),
            false => table.category(name, present),
        }
    };
    file.names().fold(Table::new(), add).checked().unwrap()
}

/// The rows without any gap.
pub fn complete(table: &Table) -> Table {
    let every: String = table.names().iter().map(|name| format!("C(`{name}`)")).collect::<Vec<_>>().join(" + ");
    let design = Design::new(format!("~ {every}").parse().unwrap()).drop_gaps().fit(table).unwrap();
    table.select(&design.complete_rows(table).unwrap()).unwrap()
}

#[test]
fn features_are_those_of_formulaic_and_r() {
    let reference = data::json("designs.json");
    let step = reference["step"].as_u64().unwrap() as usize;
    let cases = reference["cases"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let formula = case["formula"].as_str().unwrap();
        let imputed = case["impute"] == Value::Bool(true);
        let table = read(case["data"].as_str().unwrap());
        let table = if imputed { table } else { complete(&table) };
        let every = case["train_step"].as_u64().unwrap_or(1) as usize;
        let train = table.select(&(0..table.rows()).step_by(every).collect::<Vec<_>>()).unwrap();
        let mut design = Design::new(formula.parse().unwrap());
        if imputed {
            design = design.impute(Impute::MostFrequent).impute(Impute::Median);
        }
        if case["standardize"] == Value::Bool(true) {
            design = design.standardize();
        }
        let design = design.fit(&train).unwrap_or_else(|error| panic!("{formula}: {error}"));
        let names = texts(&case["names"]);
        assert_eq!(design.names(), names, "{formula}");
        assert_eq!(Value::Bool(design.intercept()), case["intercept"], "{formula}");
        let x = design.transform(&table).unwrap();
        let rows: Vec<Vec<f64>> = case["values"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(rows.len(), table.rows().div_ceil(step), "{formula}");
        for (j, (name, sum)) in names.iter().zip(numbers(&case["sums"])).enumerate() {
            let size = x.column(j).amax();
            let close = |a: f64, b: f64, scale: f64| (a - b).abs() <= 1e-11 * scale;
            assert!(close(x.column(j).sum(), sum, size * table.rows() as f64), "{formula}, {name}: sum");
            for (i, row) in rows.iter().enumerate() {
                let (ours, theirs) = (x[(i * step, j)], row[j]);
                assert!(close(ours, theirs, size), "{formula}, {name}, row {}: {ours} and {theirs}", i * step);
            }
        }
    }
}

/// Where R's rule gives independent columns, they are these; its names put the level behind the column.
#[test]
fn unusual_formulas_have_the_columns_of_r() {
    let table = complete(&read("penguins.csv"));
    for (formula, names) in [
        ("~ sex", &["sex[male]"][..]),
        ("~ 0 + year + sex", &["year", "sex[female]", "sex[male]"]),
        ("~ (sex - 1)", &["sex[female]", "sex[male]"]),
        ("~ C(sex, full)", &["sex[female]", "sex[male]"]),
        ("~ 0 + C(sex, full) + C(year)", &["sex[female]", "sex[male]", "year[2008]", "year[2009]"]),
        ("~ sex + C(sex)", &["sex[male]"]),
        ("~ year + I(year)", &["year"]),
        ("~ sex:sex", &["sex[male]"]),
        ("~ 1", &[]),
        ("~ 0", &[]),
        ("~ . - island - sex - species - body_mass_g - flipper_length_mm - year", &["bill_length_mm", "bill_depth_mm"]),
    ] {
        let design = Design::new(formula.parse().unwrap()).fit(&table).unwrap();
        assert_eq!(design.names(), names, "{formula}");
        assert_eq!(design.transform(&table).unwrap().shape(), (table.rows(), names.len()));
    }
}

#[test]
fn a_level_that_no_training_row_has_gets_no_column() {
    let table = read("penguins.csv");
    let train = table.select(&(0..150).collect::<Vec<_>>()).unwrap();
    let design = Design::new("~ species".parse().unwrap()).fit(&train).unwrap();
    assert_eq!(design.levels("species"), Some(&["Adelie".to_string()][..]));
    assert!(design.names().is_empty());
    let error = design.transform(&table).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `species` holds `Gentoo` at row 152, which no training row has; \
         add such rows to the training data or drop this one"
    );
}
