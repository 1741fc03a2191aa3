//! Every number of the reference answers for ordinary and weighted least squares.

use crate::files::{Table, cases, texts};
use crate::keys::Keys;
use crate::support::{all_close, close};
use nalgebra::DMatrix;
use residual::inference::{Covariance, Inference};
use residual::{Dataset, LinearRegression, Regressor};

fn infer(case: &Keys<'_>, table: &Table, covariance: Covariance) -> Inference {
    let features: Vec<&str> = texts(case.get("columns")).into_iter().filter(|c| *c != "intercept").collect();
    let (x, y) = (table.matrix(&features), table.target(case.text("y")));
    let weights = case.get("weights").as_str().map(|rule| table.column(rule));
    let mut data = Dataset::new(&x, &y).unwrap().with_names(&features).unwrap();
    if let Some(w) = &weights {
        data = data.with_weights(w).unwrap();
    }
    let model = LinearRegression::new().intercept(case.get("intercept").as_bool().unwrap()).fit(&data).unwrap();
    let inference = model.inference(&data, covariance).unwrap();
    if covariance == Covariance::Classical {
        println!("{}\n{inference:#}\n", case.text("id"));
    }
    inference
}

fn summary(case: &Keys<'_>, found: &Inference) {
    let id = case.text("id");
    let what = |name: &str| format!("{id} {name}");
    for (name, found) in [("coef", found.coefficients()), ("se", found.standard_errors()), ("t", found.statistics())] {
        all_close(&what(name), found, &case.numbers(name), 1e-9);
    }
    all_close(&what("p_value"), found.p_values(), &case.numbers("p_value"), 1e-8);
    let intervals: Vec<f64> = found.intervals(0.95).unwrap().into_iter().flat_map(|(low, high)| [low, high]).collect();
    all_close(&what("ci95"), &intervals, &case.numbers("ci95"), 1e-8);
    let f = found.f_test().unwrap();
    let n = found.observations() as f64;
    for (name, found) in [
        ("n", n),
        ("p", found.coefficients().len() as f64),
        ("df_resid", found.degrees_of_freedom()),
        ("rss", found.residual_sum_of_squares().unwrap()),
        ("tss", found.total_sum_of_squares().unwrap()),
        ("r2", found.r2().unwrap()),
        ("adj_r2", found.adjusted_r2().unwrap()),
        ("sigma", found.sigma().unwrap()),
        ("f", f.statistic),
        ("loglik", found.log_likelihood()),
        ("aic", found.aic()),
        ("bic", found.bic()),
        // As the docs convert them.
        ("aic_without_sigma", found.aic() - 2.0),
        ("bic_without_sigma", found.bic() - n.ln()),
    ] {
        close(&what(name), found, case.number(name), 1e-9);
    }
    all_close(&what("f_df"), &[f.numerator, f.denominator], &case.numbers("f_df"), 0.0);
    close(&what("f_p_value"), f.p_value, case.number("f_p_value"), 1e-8);
    all_close(&what("vcov"), found.covariance().as_slice(), &case.numbers("vcov"), 1e-9);
    if case.has("vif") {
        all_close(&what("vif"), found.vif(), &case.numbers("vif"), 1e-9);
    }
}

fn diagnostics(case: &Keys<'_>, found: &Inference) {
    let id = case.text("id");
    let what = |name: &str| format!("{id} {name}");
    if case.has("durbin_watson") {
        close(&what("durbin_watson"), found.durbin_watson().unwrap(), case.number("durbin_watson"), 1e-9);
    }
    if case.has("breusch_pagan_koenker") {
        let expected = Keys::new(what("breusch_pagan_koenker"), case.get("breusch_pagan_koenker"));
        let test = found.breusch_pagan().unwrap();
        close(&what("lm"), test.statistic, expected.number("lm"), 1e-9);
        close(&what("df"), test.degrees_of_freedom, expected.number("df"), 0.0);
        close(&what("p_value"), test.p_value, expected.number("p_value"), 1e-8);
        expected.all_read();
    }
    if case.has("jarque_bera_statsmodels") {
        let expected = Keys::new(what("jarque_bera"), case.get("jarque_bera_statsmodels"));
        let test = found.jarque_bera().unwrap();
        close(&what("jb"), test.statistic, expected.number("jb"), 1e-9);
        close(&what("p_value"), test.p_value, expected.number("p_value"), 1e-8);
        close(&what("skew"), test.skewness, expected.number("skew"), 1e-9);
        close(&what("kurtosis"), test.kurtosis, expected.number("kurtosis"), 1e-9);
        expected.all_read();
    }
}

fn influence(case: &Keys<'_>, found: &Inference) {
    for row in case.get("influence").as_array().unwrap() {
        let row = Keys::new(format!("{} influence", case.text("id")), row);
        let i = row.get("row").as_u64().unwrap() as usize;
        for (name, found) in [
            ("fitted", found.fitted_values()),
            ("residual", found.residuals()),
            ("leverage", found.leverage()),
            ("standardized_residual", found.standardized_residuals()),
            ("studentized_residual", found.studentized_residuals()),
            ("cooks_distance", found.cooks_distance()),
            ("dffits", &found.dffits()),
        ] {
            close(&format!("{} row {i} {name}", case.text("id")), found[i], row.number(name), 1e-9);
        }
        row.all_read();
    }
}

fn predictions(case: &Keys<'_>, found: &Inference) {
    let Some(cases) = case.get("predictions").as_array() else { return };
    let first = usize::from(case.get("intercept").as_bool().unwrap());
    for expected in cases {
        let expected = Keys::new(format!("{} predictions", case.text("id")), expected);
        let x = expected.numbers("x");
        let x = DMatrix::from_row_slice(1, x.len() - first, &x[first..]);
        let p = found.predict(&x, 0.95).unwrap()[0];
        let what = |name: &str| format!("{} {name}", case.text("id"));
        close(&what("fit"), p.fit, expected.number("fit"), 1e-9);
        close(&what("se_fit"), p.standard_error, expected.number("se_fit"), 1e-9);
        all_close(&what("conf95"), &[p.mean.0, p.mean.1], &expected.numbers("conf95"), 1e-8);
        all_close(&what("pred95"), &[p.new.0, p.new.1], &expected.numbers("pred95"), 1e-8);
        expected.all_read();
    }
}

#[test]
fn every_number_of_the_reference() {
    for case in &cases("ols.json") {
        let case = Keys::new(case["id"].as_str().unwrap(), case);
        let mut table = Table::read(case.text("data"));
        if let Some(rule) = case.get("rows_used").as_str() {
            let names: Vec<&str> = rule.rsplit(" in ").next().unwrap().split(", ").collect();
            table = table.complete(&names);
        }
        let found = infer(&case, &table, Covariance::Classical);
        summary(&case, &found);
        diagnostics(&case, &found);
        influence(&case, &found);
        predictions(&case, &found);
        let kinds = [Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3];
        for (kind, name) in kinds.into_iter().zip(["hc0_se", "hc1_se", "hc2_se", "hc3_se"]) {
            let robust = infer(&case, &table, kind);
            all_close(&format!("{} {name}", case.text("id")), robust.standard_errors(), &case.numbers(name), 1e-9);
        }
        case.all_read();
    }
}
