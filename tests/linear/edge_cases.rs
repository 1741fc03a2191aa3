//! The edge cases of the reference answers: each matches, or is an error or a warning as its note says.

use crate::support::{Table, all_close, close, json, matrix, number, numbers, shared};
use nalgebra::{DMatrix, DVector};
use residual::inference::Covariance;
use residual::{Dataset, Error, LinearRegression, Predictor, Regressor, Warning};
use serde_json::Value;

struct Case {
    expected: Value,
    mtcars: Table,
}

impl Case {
    fn read(id: &str) -> Option<Self> {
        let (text, data) = (shared("reference/edge_cases.json")?, shared("data/mtcars.csv")?);
        let cases = json(&text);
        let expected = cases["cases"].as_array().unwrap().iter().find(|c| c["id"] == id).unwrap()["R"].clone();
        Some(Self { expected, mtcars: Table::parse(&data) })
    }

    fn column(&self, name: &str) -> Vec<f64> {
        self.mtcars.column(name)
    }

    /// Estimates, rank, fitted values and everything else that R prints; aliased coefficients where R has NA.
    fn check(&self, x: &DMatrix<f64>, y: &DVector<f64>, weights: Option<&[f64]>) {
        let e = &self.expected;
        let mut data = Dataset::new(x, y).unwrap();
        if let Some(w) = weights {
            data = data.with_weights(w).unwrap();
        }
        let model = LinearRegression::new().fit(&data).unwrap();
        assert_eq!(model.report().rank(), Some(number(&e["rank"]) as usize - 1));
        let dependent = numbers(&e["coef"]).iter().filter(|c| c.is_nan()).count();
        assert_eq!(model.report().warnings().len(), dependent);
        let fitted = model.predict(x).unwrap();
        all_close("fitted", &fitted.as_slice()[..5], &numbers(&e["fitted_first5"]), 1e-12);

        let found = model.inference(&data, Covariance::Classical).unwrap();
        all_close("coef", found.coefficients(), &numbers(&e["coef"]), 1e-10);
        let aliased: Vec<usize> = (0..found.names().len()).filter(|&i| numbers(&e["coef"])[i].is_nan()).collect();
        assert_eq!(found.aliased(), aliased);
        let estimable = |v: &[f64]| -> Vec<f64> { v.iter().copied().filter(|v| !v.is_nan()).collect() };
        all_close("se", &estimable(found.standard_errors()), &numbers(&e["se_of_estimable"]), 1e-10);
        all_close("t", &estimable(found.statistics()), &numbers(&e["t_of_estimable"]), 1e-10);
        all_close("p", &estimable(found.p_values()), &numbers(&e["p_of_estimable"]), 1e-8);
        close("df", found.degrees_of_freedom(), number(&e["df_resid"]), 0.0);
        close("sigma", found.sigma().unwrap(), number(&e["sigma"]), 1e-11);
        close("r2", found.r2().unwrap(), number(&e["r2"]), 1e-10);
        close("adj_r2", found.adjusted_r2().unwrap(), number(&e["adj_r2"]), 1e-10);
        let f = found.f_test().unwrap();
        all_close("f", &[f.statistic, f.numerator, f.denominator], &numbers(&e["f"]), 1e-10);
    }
}

#[test]
fn duplicate_column() {
    let Some(case) = Case::read("duplicate_column") else { return };
    let wt = case.column("wt");
    let kg: Vec<f64> = wt.iter().map(|w| w * 453.592).collect();
    let (x, y) = (matrix(&[wt, kg, case.column("hp")]), DVector::from_vec(case.column("mpg")));
    case.check(&x, &y, None);
    let model = LinearRegression::new().fit(&Dataset::new(&x, &y).unwrap()).unwrap();
    // The reference's solution of least norm, to its own accuracy.
    all_close("W", &model.params()[1..3], &[-0.008549118800244419, -0.03177294698183097], 1e-9);
    let Warning::RankDeficient { column, depends_on } = &model.report().warnings()[0] else { panic!() };
    assert_eq!((*column, depends_on.len(), depends_on[0].0), (1, 1, 0));
    close("share", depends_on[0].1, 453.592, 1e-12);
    // An aliased feature that keeps to its combination predicts; another value has no answer.
    let data = Dataset::new(&x, &y).unwrap();
    let inference = model.inference(&data, Covariance::Classical).unwrap();
    assert!(inference.predict(&x.rows(0, 1).into_owned(), 0.95).is_ok());
    let strange = DMatrix::from_row_slice(1, 3, &[3.0, 1.0, 100.0]);
    assert!(matches!(inference.predict(&strange, 0.95), Err(Error::Undefined { .. })));
    assert!(inference.to_string().contains("aliased"));
}

#[test]
fn dummy_trap() {
    let Some(case) = Case::read("dummy_trap") else { return };
    let cyl = case.column("cyl");
    let dummy = |level: f64| cyl.iter().map(|c| f64::from(u8::from(*c == level))).collect::<Vec<f64>>();
    let x = matrix(&[dummy(4.0), dummy(6.0), dummy(8.0)]);
    case.check(&x, &DVector::from_vec(case.column("mpg")), None);
}

#[test]
fn constant_column() {
    let Some(case) = Case::read("constant_column") else { return };
    let x = matrix(&[vec![1.0; 32], case.column("wt")]);
    case.check(&x, &DVector::from_vec(case.column("mpg")), None);
}

#[test]
fn zero_weights() {
    let Some(case) = Case::read("zero_weights") else { return };
    let weights: Vec<f64> = (0..32).map(|i| f64::from(u8::from(i >= 5))).collect();
    case.check(&matrix(&[case.column("wt")]), &DVector::from_vec(case.column("mpg")), Some(&weights));
}

#[test]
fn missing_rows() {
    let (Some(case), Some(air)) = (Case::read("missing_rows"), shared("data/airquality.csv")) else { return };
    let air = Table::parse(&air).complete(&["ozone", "wind", "temp"]);
    let x = matrix(&[air.column("wind"), air.column("temp")]);
    case.check(&x, &DVector::from_vec(air.column("ozone")), None);
}

#[test]
fn no_degrees_of_freedom() {
    for (id, columns, rows) in
        [("saturated", &["wt", "hp"][..], 3), ("more_columns_than_rows", &["wt", "hp", "qsec", "drat", "disp"], 4)]
    {
        let Some(case) = Case::read(id) else { return };
        let x = matrix(&columns.iter().map(|c| case.column(c)[..rows].to_vec()).collect::<Vec<_>>());
        let y = DVector::from_vec(case.column("mpg")[..rows].to_vec());
        let data = Dataset::new(&x, &y).unwrap();
        let model = LinearRegression::new().fit(&data).unwrap();
        assert_eq!(model.report().rank(), Some(number(&case.expected["rank"]) as usize - 1));
        let fitted = model.predict(&x).unwrap();
        all_close(id, fitted.as_slice(), y.as_slice(), 1e-12);
        assert!(matches!(model.inference(&data, Covariance::Classical), Err(Error::Undefined { .. })));
    }
}

#[test]
fn constant_target_has_no_r2() {
    let Some(case) = Case::read("constant_y") else { return };
    let (x, y) = (matrix(&[case.column("wt")]), DVector::from_element(32, 5.0));
    let data = Dataset::new(&x, &y).unwrap();
    let model = LinearRegression::new().fit(&data).unwrap();
    assert_eq!(model.params(), [0.0, 5.0]);
    let found = model.inference(&data, Covariance::Classical).unwrap();
    assert!(found.perfect_fit() && found.r2().is_none() && found.f_test().is_none());
}

#[test]
fn intercept_only() {
    let Some(case) = Case::read("intercept_only") else { return };
    // A data set has a feature; a constant one leaves the intercept alone.
    let (x, y) = (DMatrix::from_element(32, 1, 1.0), DVector::from_vec(case.column("mpg")));
    let data = Dataset::new(&x, &y).unwrap();
    let found = LinearRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
    let e = &case.expected;
    close("coef", found.coefficients()[0], number(&e["coef"]), 1e-14);
    close("se", found.standard_errors()[0], number(&e["se_of_estimable"]), 1e-13);
    close("p", found.p_values()[0], number(&e["p_of_estimable"]), 1e-8);
    close("sigma", found.sigma().unwrap(), number(&e["sigma"]), 1e-13);
    assert!(found.f_test().is_none());
}

#[test]
fn perfect_fit_is_flagged() {
    let Some(case) = Case::read("perfect_fit") else { return };
    let x = matrix(&[case.column("wt")]);
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
