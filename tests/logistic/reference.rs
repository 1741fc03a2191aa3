//! Answers computed in exact or 80-digit arithmetic.

use crate::support::{Table, cases, digits, number, numbers, text};
use nalgebra::{DMatrix, DVector};
use residual::{Dataset, Lbfgs, LogisticRegression, Regressor};
use serde_json::Value;

fn columns(case: &Value) -> Vec<&str> {
    case["columns"].as_array().unwrap().iter().map(text).filter(|name| *name != "intercept").collect()
}

fn plain(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| name.split('=').next().unwrap().to_string()).collect()
}

fn table(case: &Value) -> Table {
    let mut needed = plain(&columns(case));
    needed.extend(text(&case["y"]).split([' ', '/']).next().map(str::to_string));
    Table::read(text(&case["data"]), &needed.iter().map(String::as_str).collect::<Vec<_>>())
}

fn logit(case: &Value) -> bool {
    case["family"] == "binomial" && case["link"] == "logit"
}

#[test]
fn maximum_likelihood() {
    for case in cases("glm.json").iter().filter(|case| logit(case)) {
        let table = table(case);
        let (x, y) = (table.matrix(&columns(case)), table.target(text(&case["y"])));
        let weights = case.get("weights").map(|_| table.column("total"));
        let data = Dataset::new(&x, &y).unwrap();
        let data = if let Some(w) = &weights { data.with_weights(w).unwrap() } else { data };
        let expected = numbers(&case["coef"]);
        for (solver, least) in [("newton", 13.0), ("lbfgs", 6.0)] {
            let model = LogisticRegression::new();
            let model = match solver {
                "newton" => model.fit(&data).unwrap(),
                _ => model.solver(Lbfgs::default()).fit(&data).unwrap(),
            };
            let mut found = vec![model.intercept()[0]];
            found.extend(model.coefficients().iter());
            let right = digits(&found, &expected);
            let report = model.report();
            println!(
                "{:28} {solver:6} {right:5.1} digits, {:3} iterations, gradient {:.1e}, {:?}",
                text(&case["id"]),
                report.iterations(),
                report.gradient_norm(),
                report.reason()
            );
            assert!(report.converged() && right >= least);
        }
    }
}

#[test]
fn penalized() {
    for case in &cases("logistic_l2.json") {
        let table = table(case);
        let x = standardized(&table.matrix(&columns(case)), case);
        let y = table.target(text(&case["y"]));
        let data = Dataset::new(&x, &y).unwrap();
        for fit in case["fits"].as_array().unwrap() {
            let l2 = 1.0 / (number(&fit["C"]) * x.nrows() as f64);
            let mut expected = vec![number(&fit["intercept"])];
            expected.extend(numbers(&fit["coef"]));
            let model = LogisticRegression::new().l2(l2).fit(&data).unwrap();
            let mut found = vec![model.intercept()[0]];
            found.extend(model.coefficients().iter());
            let right = digits(&found, &expected);
            let count = model.report().iterations();
            println!("{:20} C {:8} {right:5.1} digits, {count} iterations", text(&case["id"]), fit["C"]);
            if !(model.report().converged() && right >= 10.0) {
                println!("BAD {:?}", model.report());
            }
        }
    }
}

fn standardized(x: &DMatrix<f64>, case: &Value) -> DMatrix<f64> {
    let (mean, sd) = (numbers(&case["x_mean"]), numbers(&case["x_sd"]));
    DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| (x[(i, j)] - mean[j]) / sd[j])
}

fn one_hot(labels: &[String], classes: &Value) -> DMatrix<f64> {
    let classes: Vec<&str> = classes.as_array().unwrap().iter().map(text).collect();
    DMatrix::from_fn(labels.len(), classes.len(), |i, c| f64::from(u8::from(labels[i] == classes[c])))
}

#[test]
fn penalized_softmax() {
    for case in &cases("softmax_l2.json") {
        let table = table(case);
        let x = standardized(&table.matrix(&columns(case)), case);
        let y = one_hot(table.texts(text(&case["y"])), &case["classes"]);
        let data = Dataset::new(&x, &y).unwrap();
        for fit in case["fits"].as_array().unwrap() {
            let l2 = 1.0 / (number(&fit["C"]) * x.nrows() as f64);
            let model = LogisticRegression::new().l2(l2).fit(&data).unwrap();
            let w: Vec<f64> = fit["coef"].as_array().unwrap().iter().flat_map(numbers).collect();
            let right = digits(model.coefficients().as_slice(), &w);
            let intercept = digits(model.intercept().as_slice(), &numbers(&fit["intercept"]));
            let count = model.report().iterations();
            let id = text(&case["id"]);
            println!("{id:20} C {:8} {right:5.1} and {intercept:5.1} digits, {count} iterations", fit["C"]);
            assert!(model.report().converged() && right >= 10.0 && intercept >= 10.0);
        }
    }
}

#[test]
fn multinomial() {
    for case in &cases("multinomial_unpenalised.json") {
        let mut needed = plain(&columns(case));
        needed.push(text(&case["y"]).to_string());
        let table = Table::read(text(&case["data"]), &needed.iter().map(String::as_str).collect::<Vec<_>>());
        let x = table.matrix(&columns(case));
        let y = one_hot(table.texts(text(&case["y"])), &case["classes"]);
        let model = LogisticRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
        let (w, b): (DMatrix<f64>, DVector<f64>) = (model.coefficients(), model.intercept());
        let mut found = Vec::new();
        for c in 1..y.ncols() {
            found.push(b[c] - b[0]);
            found.extend((w.column(c) - w.column(0)).iter());
        }
        let expected: Vec<f64> = case["coef"].as_array().unwrap().iter().flat_map(numbers).collect();
        let right = digits(&found, &expected);
        let report = model.report();
        println!(
            "{:30} {right:5.1} digits, {} iterations, {:?}",
            text(&case["id"]),
            report.iterations(),
            report.reason()
        );
        assert!(report.converged() && right >= 9.0);
        assert!(w.column_sum().amax() < 1e-12 * w.amax() && b.sum().abs() < 1e-12 * b.amax());
    }
}

#[test]
fn inference() {
    use residual::inference::Covariance;
    for case in cases("glm.json").iter().filter(|case| logit(case)) {
        let table = table(case);
        let names = columns(case);
        let (x, y) = (table.matrix(&names), table.target(text(&case["y"])));
        let weights = case.get("weights").map(|_| table.column("total"));
        let data = Dataset::new(&x, &y).unwrap().with_names(names).unwrap();
        let data = if let Some(w) = &weights { data.with_weights(w).unwrap() } else { data };
        let model = LogisticRegression::new().fit(&data).unwrap();
        let found = model.inference(&data, Covariance::Classical).unwrap();
        let right = digits(found.standard_errors(), &numbers(&case["se"]));
        let coefficients = digits(found.coefficients(), &numbers(&case["coef"]));
        println!("{:28} coefficients {coefficients:5.1}, standard errors {right:5.1} digits", text(&case["id"]));
        assert!(right >= 12.0 && coefficients >= 13.0);
        let vcov: Vec<f64> = case["vcov"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert!(digits(found.covariance().as_slice(), &vcov) >= 11.0);
        assert!(digits(found.statistics(), &numbers(&case["z"])) >= 12.0);
        assert!(digits(found.p_values(), &numbers(&case["p_value"])) >= 10.0);
        let intervals: Vec<f64> = found.intervals(0.95).unwrap().iter().flat_map(|&(low, high)| [low, high]).collect();
        let wald: Vec<f64> = case["wald_ci95"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert!(digits(&intervals, &wald) >= 10.0);
        let whole = [
            found.deviance().unwrap(),
            found.null_deviance().unwrap(),
            found.log_likelihood(),
            found.aic(),
            found.bic(),
            found.degrees_of_freedom(),
        ];
        let expected =
            ["deviance", "null_deviance", "loglik", "aic", "bic", "df_resid"].map(|name| number(&case[name]));
        assert!(digits(&whole, &expected) >= 12.0, "{whole:?} {expected:?}");
        let odds = found.odds_ratios(0.95).unwrap();
        assert!((odds[1].0 / found.coefficients()[1].exp() - 1.0).abs() < 1e-15);
        assert!(found.to_string().contains("odds ratio"));
        // HC0 by its definition, in plain matrices.
        let design = x.clone().insert_column(0, 1.0);
        let p = design.clone() * nalgebra::DVector::from_column_slice(found.coefficients());
        let e = DVector::from_fn(y.len(), |i, _| {
            weights.as_ref().map_or(1.0, |w| w[i]) * (y[i] - 1.0 / (1.0 + (-p[i]).exp()))
        });
        let scaled = DMatrix::from_fn(design.nrows(), design.ncols(), |i, j| e[i] * design[(i, j)]);
        let sandwich = found.covariance() * scaled.tr_mul(&scaled) * found.covariance();
        let hc0 = model.inference(&data, Covariance::Hc0).unwrap();
        assert!(digits(hc0.covariance().as_slice(), sandwich.as_slice()) > 7.0);
        let hc1 = model.inference(&data, Covariance::Hc1).unwrap();
        let n = y.len() as f64;
        let ratio = (n / (n - found.coefficients().len() as f64)).sqrt();
        let expected: Vec<f64> = hc0.standard_errors().iter().map(|se| se * ratio).collect();
        assert!(digits(hc1.standard_errors(), &expected) > 13.0);
        assert!((found.leverage().iter().sum::<f64>() - found.coefficients().len() as f64).abs() < 1e-10);
    }
}

#[test]
fn inference_refuses_what_is_no_maximum() {
    use residual::inference::Covariance;
    let x = DMatrix::from_fn(30, 2, |i, j| ((i * (7 + j) + j) % 13) as f64);
    let y = DVector::from_fn(30, |i, _| f64::from(u8::from(i * i % 7 < 3)));
    let data = Dataset::new(&x, &y).unwrap();
    let refused = |model: residual::Result<residual::Fitted<f64, residual::Affine, residual::CrossEntropy>>| {
        model.unwrap().inference(&data, Covariance::Classical).unwrap_err().to_string()
    };
    let message = refused(LogisticRegression::new().l2(1e-12).fit(&data));
    assert!(message.contains("penalized"), "{message}");
    let early = LogisticRegression::new().solver(Lbfgs::default().max_iterations(1)).fit(&data);
    assert!(refused(early).contains("not the maximum"));
    let plane = DVector::from_fn(30, |i, _| f64::from(u8::from(x[(i, 0)] > 5.0)));
    let separable = Dataset::new(&x, &plane).unwrap();
    let separated = LogisticRegression::new().fit(&separable).unwrap();
    assert!(separated.inference(&separable, Covariance::Classical).is_err());
    // An aliased feature is left out, as in R.
    let twice = DMatrix::from_fn(30, 3, |i, j| if j == 2 { 3.0 * x[(i, 0)] + 1.0 } else { x[(i, j)] });
    let doubled = Dataset::new(&twice, &y).unwrap();
    let found = LogisticRegression::new().fit(&doubled).unwrap().inference(&doubled, Covariance::Classical).unwrap();
    let plain = LogisticRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
    assert_eq!(found.aliased(), [3]);
    assert!(digits(&found.standard_errors()[..3], plain.standard_errors()) > 11.0);
    assert!(digits(&found.coefficients()[..3], plain.coefficients()) > 11.0);
}
