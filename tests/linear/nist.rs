//! Certified values of the NIST Statistical Reference Datasets. In every case the limit is what the f64 numbers of the
//! design allow: powers of x are rounded before any fit sees them.

use crate::exact::Problem;
use crate::files::{Table, case, cases, numbers};
use crate::support::{digits, matrix, worst_digits};
use nalgebra::{DMatrix, DVector};
use residual::inference::Covariance;
use residual::{Dataset, LinearRegression, Polynomial, Regressor};

/// The features, in powers 1 .. `degree`, and y.
fn read(file: &str, features: &[&str], degree: i32) -> (DMatrix<f64>, DVector<f64>) {
    let table = Table::read(file);
    let mut columns = Vec::new();
    for feature in features {
        let x = table.column(feature);
        columns.extend((1..=degree).map(|d| x.iter().map(|x| x.powi(d)).collect::<Vec<f64>>()));
    }
    (matrix(&columns), DVector::from_vec(table.column("y")))
}

struct Reached {
    coefficients: f64,
    standard_errors: f64,
    /// What the exact solution of the f64 design reaches.
    limit: f64,
}

fn reached(x: &DMatrix<f64>, y: &DVector<f64>, intercept: bool, coef: &[f64], se: &[f64]) -> Reached {
    let data = Dataset::new(x, y).unwrap();
    let model = LinearRegression::new().intercept(intercept).fit(&data).unwrap();
    let rotate = |mut v: Vec<f64>| {
        v.rotate_right(usize::from(intercept));
        v
    };
    let problem = Problem { x: x.clone(), y: y.clone(), weights: None, intercept, l2: 0.0 };
    let exact = problem.exact().iter().map(|b| b.to_f64().value()).collect();
    assert!(model.report().converged());
    assert_eq!(model.report().rank(), Some(x.ncols()));
    let inference = model.inference(&data, Covariance::Classical).unwrap();
    Reached {
        coefficients: worst_digits(&rotate(model.params().to_vec()), coef),
        standard_errors: worst_digits(inference.standard_errors(), se),
        limit: worst_digits(&rotate(exact), coef),
    }
}

#[test]
fn the_six_sets_reach_the_limit_of_the_design() {
    for case in cases("nist_linear.json") {
        let intercept = case["intercept"].as_bool().unwrap();
        let (coef, se) = (numbers(&case["certified"]["coef"]), numbers(&case["certified"]["se"]));
        let (x, y) = read(case["data"].as_str().unwrap(), &["x"], coef.len() as i32 - i32::from(intercept));
        let found = reached(&x, &y, intercept, &coef, &se);
        let limit = case["digits_reached_min_over_coefficients"]["exact_f64_design"]["coef"].as_f64().unwrap();
        println!(
            "{}: {:.1} of {limit} digits, standard errors {:.1}",
            case["id"], found.coefficients, found.standard_errors
        );
        assert!(found.coefficients >= limit - 0.4 && found.coefficients >= 13.5 - 0.05, "{}", case["id"]);
        assert!(found.standard_errors >= 12.5, "{}: {}", case["id"], found.standard_errors);
    }
}

#[test]
fn more_sets_of_the_family_do_too() {
    for case in cases("nist_linear_more.json") {
        let (coef, se) = (numbers(&case["coef"]), numbers(&case["se"]));
        let features: Vec<&str> = case["features"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
        let (x, y) = read(case["data"].as_str().unwrap(), &features, case["degree"].as_i64().unwrap() as i32);
        let found = reached(&x, &y, true, &coef, &se);
        println!(
            "{}: {:.1} of {:.1} digits, standard errors {:.1}",
            case["id"], found.coefficients, found.limit, found.standard_errors
        );
        assert!(found.coefficients >= found.limit - 0.4, "{}: {} of {}", case["id"], found.coefficients, found.limit);
        assert!(found.standard_errors >= (found.limit - 2.0).min(12.5), "{}: {}", case["id"], found.standard_errors);
    }
}

/// Where the powers of x are rounded before the fit, Filip's ten powers keep 8 digits at most. `Polynomial` does not round
/// them.
#[test]
fn polynomials_do_not_lose_what_powers_lose() {
    for (file, degree, id) in [("nist/filip.csv", 10, "filip"), ("nist/wampler5.csv", 5, "wampler5")] {
        let table = Table::read(file);
        let case = case("nist_linear_more.json", id);
        let fit =
            Polynomial::over(&table.column("x"), degree).unwrap().fit(&table.column("x"), &table.column("y")).unwrap();
        let found = worst_digits(&fit, &numbers(&case["coef"]));
        println!("{id} by Polynomial: {found:.1} digits");
        assert!(found >= 13.0, "{id}: {found}");
    }
    assert_eq!(digits(1.0, 1.0), 15.0);
}
