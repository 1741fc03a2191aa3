//! Answers computed in exact or 80-digit arithmetic.

use crate::files::{Table, cases, number, numbers, text, texts};
use crate::support::digits;
use nalgebra::{DMatrix, DVector};
use residual::{Dataset, Lbfgs, LogisticRegression, Regressor};
use serde_json::Value;

pub fn columns(case: &Value) -> Vec<&str> {
    texts(&case["columns"]).into_iter().filter(|name| *name != "intercept").collect()
}

pub fn table(case: &Value) -> Table {
    let mut needed = columns(case);
    needed.extend(text(&case["y"]).split([' ', '/']).next());
    Table::read(text(&case["data"])).complete(&needed)
}

pub fn logit(case: &Value) -> bool {
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
            assert!(model.report().converged() && right >= 10.0, "{:?}", model.report());
        }
    }
}

fn standardized(x: &DMatrix<f64>, case: &Value) -> DMatrix<f64> {
    let (mean, sd) = (numbers(&case["x_mean"]), numbers(&case["x_sd"]));
    DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| (x[(i, j)] - mean[j]) / sd[j])
}

fn one_hot(labels: &[&str], classes: &Value) -> DMatrix<f64> {
    let classes = texts(classes);
    DMatrix::from_fn(labels.len(), classes.len(), |i, c| f64::from(u8::from(labels[i] == classes[c])))
}

#[test]
fn penalized_softmax() {
    for case in &cases("softmax_l2.json") {
        let table = table(case);
        let x = standardized(&table.matrix(&columns(case)), case);
        let y = one_hot(&table.text(text(&case["y"])), &case["classes"]);
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
        let table = table(case);
        let x = table.matrix(&columns(case));
        let y = one_hot(&table.text(text(&case["y"])), &case["classes"]);
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
