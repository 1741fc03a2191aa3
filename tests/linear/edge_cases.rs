//! The edge cases of the reference answers, and what has no answer: each matches, or is an error or a warning.

use crate::files::{self, Table, number, numbers, text, texts};
use crate::support::{all_close, close};
use nalgebra::{DMatrix, DVector};
use residual::inference::Covariance;
use residual::{Dataset, Error, LinearRegression, Predictor, Regressor, Warning};
use serde_json::Value;

struct Case {
    expected: Value,
    minimum_norm: Value,
    x: DMatrix<f64>,
    y: DVector<f64>,
    weights: Option<Vec<f64>>,
}

impl Case {
    fn read(id: &str) -> Self {
        let mut case = files::case("edge_cases.json", id);
        let mut table = Table::read(text(&case["data"]));
        if !case["complete"].is_null() {
            table = table.complete(&texts(&case["complete"]));
        }
        if let Some(rows) = case["first_rows"].as_u64() {
            table.rows.truncate(rows as usize);
        }
        let column = |name: &str| -> Vec<f64> {
            match name.split_once(' ') {
                Some((factor, name)) => {
                    let factor: f64 = factor.parse().unwrap();
                    table.column(name).into_iter().map(|v| factor * v).collect()
                }
                None if name == "one" => vec![1.0; table.rows.len()],
                None => table.column(name),
            }
        };
        let names = texts(&case["columns"]);
        let x = DMatrix::from_vec(table.rows.len(), names.len(), names.iter().flat_map(|name| column(name)).collect());
        let y = table.target(text(&case["y"]));
        let weights = case["zero_weights"].as_u64().map(|zeros| {
            let weight = |i: usize| f64::from(u8::from(i >= zeros as usize));
            (0..y.len()).map(weight).collect()
        });
        Self { expected: case["exact"].take(), minimum_norm: case["minimum_norm"].take(), x, y, weights }
    }

    fn data(&self) -> Dataset<'_, f64> {
        let data = Dataset::new(&self.x, &self.y).unwrap();
        match &self.weights {
            Some(weights) => data.with_weights(weights).unwrap(),
            None => data,
        }
    }

    /// The coefficients of least norm, or the only ones.
    fn check_fit(&self) -> residual::Fitted<f64, residual::Affine, residual::SquaredError> {
        let e = &self.expected;
        let model = LinearRegression::new().fit(&self.data()).unwrap();
        assert_eq!(model.report().rank(), Some(number(&e["rank"]) as usize - 1));
        let dependent = numbers(&e["coef"]).iter().filter(|c| c.is_nan()).count();
        assert_eq!(model.report().warnings().len(), dependent);
        let shortest = match &self.minimum_norm {
            Value::Null => numbers(&e["coef"])[1..].to_vec(),
            shortest => numbers(shortest),
        };
        all_close("W", model.coefficients().as_slice(), &shortest, 1e-9);
        let fitted = model.predict(&self.x).unwrap();
        let first = numbers(&e["fitted_first5"]);
        all_close("fitted", &fitted.as_slice()[..first.len()], &first, 1e-12);
        model
    }

    /// Estimates, rank, fitted values and everything else that R prints; aliased coefficients where R has NA.
    fn check(&self) {
        let e = &self.expected;
        let model = self.check_fit();
        let found = model.inference(&self.data(), Covariance::Classical).unwrap();
        all_close("coef", found.coefficients(), &numbers(&e["coef"]), 1e-10);
        let aliased: Vec<usize> = (0..found.names().len()).filter(|&i| numbers(&e["coef"])[i].is_nan()).collect();
        assert_eq!(found.aliased(), aliased);
        let estimable = |v: &[f64]| -> Vec<f64> { v.iter().copied().filter(|v| !v.is_nan()).collect() };
        all_close("se", &estimable(found.standard_errors()), &numbers(&e["se_of_estimable"]), 1e-10);
        all_close("t", &estimable(found.statistics()), &numbers(&e["t_of_estimable"]), 1e-10);
        all_close("p", &estimable(found.p_values()), &numbers(&e["p_of_estimable"]), 1e-8);
        close("df", found.degrees_of_freedom(), number(&e["df_resid"]), 0.0);
        close("rss", found.residual_sum_of_squares().unwrap(), number(&e["rss"]), 1e-10);
        close("sigma", found.sigma().unwrap(), number(&e["sigma"]), 1e-11);
        close("r2", found.r2().unwrap(), number(&e["r2"]), 1e-10);
        close("adj_r2", found.adjusted_r2().unwrap(), number(&e["adj_r2"]), 1e-10);
        let f = found.f_test().unwrap();
        all_close("f", &[f.statistic, f.numerator, f.denominator], &numbers(&e["f"]), 1e-10);
    }
}

#[test]
fn duplicate_column() {
    let case = Case::read("duplicate_column");
    case.check();
    let data = case.data();
    let model = LinearRegression::new().fit(&data).unwrap();
    let Warning::RankDeficient { column, depends_on, .. } = &model.report().warnings()[0] else { panic!() };
    assert_eq!((*column, depends_on.len(), depends_on[0].0), (1, 1, 0));
    close("share", depends_on[0].1, 453.592, 1e-12);
    // An aliased feature that keeps to its combination predicts; another value has no answer.
    let inference = model.inference(&data, Covariance::Classical).unwrap();
    assert!(inference.predict(&case.x.rows(0, 1).into_owned(), 0.95).is_ok());
    let strange = DMatrix::from_row_slice(1, 3, &[60.0, 1.0, 20.0]);
    assert!(matches!(inference.predict(&strange, 0.95), Err(Error::Undefined { .. })));
    assert!(inference.to_string().contains("aliased"));
}

#[test]
fn dummy_trap() {
    Case::read("dummy_trap").check();
}

#[test]
fn constant_column() {
    Case::read("constant_column").check();
}

#[test]
fn zero_weights() {
    Case::read("zero_weights").check();
}

#[test]
fn missing_rows() {
    Case::read("missing_rows").check();
}

#[test]
fn no_degrees_of_freedom() {
    for id in ["saturated", "more_columns_than_rows"] {
        let case = Case::read(id);
        let model = case.check_fit();
        assert!(matches!(model.inference(&case.data(), Covariance::Classical), Err(Error::Undefined { .. })));
    }
}

fn lengths() -> DMatrix<f64> {
    Table::read("iris.csv").matrix(&["petal_length"])
}

#[test]
fn constant_target_has_no_r2() {
    let (x, y) = (lengths(), DVector::from_element(150, 5.0));
    let data = Dataset::new(&x, &y).unwrap();
    let model = LinearRegression::new().fit(&data).unwrap();
    assert_eq!(model.params(), [0.0, 5.0]);
    let found = model.inference(&data, Covariance::Classical).unwrap();
    assert!(found.perfect_fit() && found.r2().is_none() && found.f_test().is_none());
}

#[test]
fn intercept_only() {
    let case = Case::read("intercept_only");
    // A data set has a feature; a constant one leaves the intercept alone.
    let x = DMatrix::from_element(case.y.len(), 1, 1.0);
    let data = Dataset::new(&x, &case.y).unwrap();
    let found = LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
    let e = &case.expected;
    close("coef", found.coefficients()[0], numbers(&e["coef"])[0], 1e-14);
    close("se", found.standard_errors()[0], numbers(&e["se_of_estimable"])[0], 1e-13);
    close("p", found.p_values()[0], numbers(&e["p_of_estimable"])[0], 1e-8);
    close("sigma", found.sigma().unwrap(), number(&e["sigma"]), 1e-13);
    assert!(found.f_test().is_none());
}

#[test]
fn perfect_fit_is_flagged() {
    let x = lengths();
    let y = x.column(0).map(|w| 1.0 + 2.0 * w);
    let data = Dataset::new(&x, &y).unwrap();
    let model = LinearRegression::new().fit(&data).unwrap();
    all_close("coef", model.params(), &[2.0, 1.0], 1e-15);
    let found = model.inference(&data, Covariance::Classical).unwrap();
    assert!(found.perfect_fit() && found.to_string().contains("perfect"));
}

#[test]
fn inference_refuses_another_fit() {
    let x = DMatrix::from_fn(12, 2, |i, j| ((i * (j + 3) * 7) % 11) as f64);
    let y = DVector::from_fn(12, |i, _| ((i * 5) % 7) as f64);
    let data = Dataset::new(&x, &y).unwrap();
    let refused = |model: residual::Fitted<f64, residual::Affine, residual::SquaredError>, data: &Dataset<'_, f64>| {
        matches!(model.inference(data, Covariance::Hc3), Err(Error::Undefined { what: "inference", .. }))
    };
    assert!(refused(LinearRegression::new().l2(1.0).fit(&data).unwrap(), &data));
    let other = y.map(|v| v * 2.0);
    assert!(refused(LinearRegression::new().fit(&data).unwrap(), &Dataset::new(&x, &other).unwrap()));
    let row = DMatrix::from_fn(12, 1, |i, _| f64::from(u8::from(i == 0)));
    let data = Dataset::new(&row, &y).unwrap();
    let model = LinearRegression::new().fit(&data).unwrap();
    let error = model.inference(&data, Covariance::Hc3).err();
    assert!(matches!(error, Some(Error::Undefined { what: "this robust covariance", .. })), "{error:?}");
    assert!(model.inference(&data, Covariance::Hc1).is_ok());
}
