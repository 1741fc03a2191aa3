//! Every number of the reference answers for ordinary and weighted least squares.

use crate::support::{Table, all_close, close, json, matrix, number, numbers, shared};
use nalgebra::DMatrix;
use residual::inference::{Covariance, Inference};
use residual::{Dataset, LinearRegression, Regressor};
use serde_json::Value;

/// A column by its description: a product of factors, a power, a level of a factor.
fn feature(table: &Table, name: &str) -> Vec<f64> {
    if let Some((column, level)) = name.split_once('=') {
        return table.text(column).iter().map(|v| f64::from(u8::from(*v == level))).collect();
    }
    if let Some((a, b)) = name.split_once('*') {
        return feature(table, a).iter().zip(feature(table, b)).map(|(a, b)| a * b).collect();
    }
    if let Some((a, power)) = name.split_once('^') {
        let power: i32 = power.parse().unwrap();
        return feature(table, a).iter().map(|a| a.powi(power)).collect();
    }
    table.column(name)
}

fn weights(table: &Table, rule: &str) -> Vec<f64> {
    let (column, power) =
        rule.strip_prefix("1/").unwrap().split_once('^').map_or((&rule[2..], 1), |(c, p)| (c, p.parse().unwrap()));
    table.column(column).iter().map(|v| 1.0 / v.powi(power)).collect()
}

fn infer(case: &Value, table: &Table, covariance: Covariance) -> Inference {
    let names: Vec<&str> = case["columns"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    let features: Vec<&str> = names.iter().copied().filter(|c| *c != "intercept").collect();
    let x = matrix(&features.iter().map(|c| feature(table, c)).collect::<Vec<_>>());
    let y = matrix(&[table.column(case["y"].as_str().unwrap())]);
    let weights = case["weights"].as_str().map(|rule| weights(table, rule));
    let mut data = Dataset::new(&x, &y).unwrap().with_names(&features).unwrap();
    if let Some(w) = &weights {
        data = data.with_weights(w).unwrap();
    }
    let model = LinearRegression::new().intercept(case["intercept"].as_bool().unwrap()).fit(&data).unwrap();
    let inference = model.inference(&data, covariance).unwrap();
    if covariance == Covariance::Classical {
        println!("{}\n{inference:#}\n", case["id"]);
    }
    inference
}

fn summary(case: &Value, found: &Inference) {
    let id = case["id"].as_str().unwrap();
    let what = |name: &str| format!("{id} {name}");
    for (name, found) in [("coef", found.coefficients()), ("se", found.standard_errors()), ("t", found.statistics())] {
        all_close(&what(name), found, &numbers(&case[name]), 1e-9);
    }
    all_close(&what("p_value"), found.p_values(), &numbers(&case["p_value"]), 1e-8);
    for ((low, high), expected) in found.intervals(0.95).unwrap().into_iter().zip(case["ci95"].as_array().unwrap()) {
        all_close(&what("ci95"), &[low, high], &numbers(expected), 1e-8);
    }
    let f = found.f_test().unwrap();
    for (name, found) in [
        ("r2", found.r2().unwrap()),
        ("adj_r2", found.adjusted_r2().unwrap()),
        ("sigma", found.sigma().unwrap()),
        ("f", f.statistic),
        ("loglik", found.log_likelihood()),
        ("aic", found.aic()),
        ("bic", found.bic()),
        ("df_resid", found.degrees_of_freedom()),
    ] {
        close(&what(name), found, number(&case[name]), 1e-9);
    }
    all_close(&what("f_df"), &[f.numerator, f.denominator], &numbers(&case["f_df"]), 0.0);
    close(&what("f_p_value"), f.p_value, number(&case["f_p_value"]), 1e-8);
    for (i, row) in case["vcov"].as_array().unwrap().iter().enumerate() {
        let found: Vec<f64> = found.covariance().row(i).iter().copied().collect();
        all_close(&what("vcov"), &found, &numbers(row), 1e-9);
    }
    if case["vif"].is_array() {
        all_close(&what("vif"), found.vif(), &numbers(&case["vif"]), 1e-9);
    }
}

fn influence(case: &Value, found: &Inference) {
    for row in case["influence"].as_array().unwrap() {
        let i = row["row"].as_u64().unwrap() as usize;
        let what = |name: &str| format!("{} row {i} {name}", case["id"]);
        close(&what("leverage"), found.leverage()[i], number(&row["leverage"]), 1e-9);
        close(&what("cook"), found.cooks_distance()[i], number(&row["cooks_distance"]), 1e-9);
        close(&what("studentized"), found.studentized_residuals()[i], number(&row["studentized_residual"]), 1e-9);
        let (t, h) = (found.studentized_residuals()[i], found.leverage()[i]);
        close(&what("dffits"), t * (h / (1.0 - h)).sqrt(), number(&row["dffits"]), 1e-9);
    }
}

fn predictions(case: &Value, found: &Inference) {
    let Some(cases) = case["predictions"].as_array() else { return };
    let first = usize::from(case["intercept"].as_bool().unwrap());
    for expected in cases {
        let x = numbers(&expected["x"]);
        let x = DMatrix::from_row_slice(1, x.len() - first, &x[first..]);
        let p = found.predict(&x, 0.95).unwrap()[0];
        let what = |name: &str| format!("{} {name}", case["id"]);
        close(&what("fit"), p.fit, number(&expected["fit"]), 1e-9);
        close(&what("se_fit"), p.standard_error, number(&expected["se_fit"]), 1e-9);
        all_close(&what("conf95"), &[p.mean.0, p.mean.1], &numbers(&expected["conf95"]), 1e-8);
        all_close(&what("pred95"), &[p.new.0, p.new.1], &numbers(&expected["pred95"]), 1e-8);
    }
}

#[test]
fn every_number_of_the_reference() {
    let Some(text) = shared("reference/ols.json") else { return };
    for case in json(&text)["cases"].as_array().unwrap() {
        let Some(data) = shared(&format!("data/{}", case["data"].as_str().unwrap())) else { continue };
        let mut table = Table::parse(&data);
        if let Some(rule) = case["rows_used"].as_str() {
            let names: Vec<&str> = rule.rsplit(" in ").next().unwrap().split(", ").collect();
            table = table.complete(&names);
        }
        let found = infer(case, &table, Covariance::Classical);
        summary(case, &found);
        influence(case, &found);
        predictions(case, &found);
        let kinds = [Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3];
        for (kind, name) in kinds.into_iter().zip(["hc0_se", "hc1_se", "hc2_se", "hc3_se"]) {
            let robust = infer(case, &table, kind);
            all_close(&format!("{} {name}", case["id"]), robust.standard_errors(), &numbers(&case[name]), 1e-9);
        }
    }
}
