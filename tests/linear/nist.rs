//! Certified values of the NIST Statistical Reference Datasets.

use crate::support::{Table, json, matrix, numbers, repository, worst_digits};
use nalgebra::{DMatrix, DVector};
use residual::{Dataset, LinearRegression, Regressor};

/// y and the powers 1 .. `degree` of x.
fn read(file: &str, degree: i32) -> (DMatrix<f64>, DVector<f64>) {
    let table = Table::parse(&repository(&format!("data/{file}")));
    let x = table.column("x");
    let powers: Vec<Vec<f64>> = (1..=degree).map(|d| x.iter().map(|x| x.powi(d)).collect()).collect();
    (matrix(&powers), DVector::from_vec(table.column("y")))
}

#[test]
fn coefficients_reach_the_limit_of_the_design() {
    for case in json(&repository("data/reference/nist_linear.json"))["cases"].as_array().unwrap() {
        let intercept = case["intercept"].as_bool().unwrap();
        let certified = numbers(&case["certified"]["coef"]);
        let degree = certified.len() as i32 - i32::from(intercept);
        let (x, y) = read(case["data"].as_str().unwrap(), degree);
        let model = LinearRegression::new().intercept(intercept).fit(&Dataset::new(&x, &y).unwrap()).unwrap();
        let mut found: Vec<f64> = model.coefficients().as_slice().to_vec();
        if intercept {
            found.insert(0, model.intercept()[0]);
        }
        let reached = worst_digits(&found, &certified);
        let limit = case["digits_reached_min_over_coefficients"]["exact_f64_design"]["coef"].as_f64().unwrap();
        println!("{}: {reached:.1} of {limit} digits, {:?}", case["id"], model.report());
        assert!(reached >= limit - 0.4, "{}: {reached} of {limit} digits", case["id"]);
        assert!(model.report().converged());
        assert_eq!(model.report().rank(), Some(degree as usize));
    }
}
