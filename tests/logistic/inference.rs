//! Inference for logistic regression: every number of the reference answers, and what they lack against its definition in
//! plain loops.

use crate::files::{case, cases, numbers, text};
use crate::keys::Keys;
use crate::reference::{columns, logit, table};
use crate::support::digits;
use nalgebra::{DMatrix, DVector};
use residual::inference::Covariance;
use residual::{Affine, CrossEntropy, Dataset, Fitted, Lbfgs, LogisticRegression, Regressor};
use serde_json::Value;

/// A problem of a reference answer.
struct Problem {
    x: DMatrix<f64>,
    y: DVector<f64>,
    weights: Option<Vec<f64>>,
}

impl Problem {
    fn new(case: &Value) -> Self {
        let table = table(case);
        let weights = case.get("weights").map(|_| table.column("total"));
        Self { x: table.matrix(&columns(case)), y: table.target(text(&case["y"])), weights }
    }

    fn data(&self) -> Dataset<'_, f64> {
        let data = Dataset::new(&self.x, &self.y).unwrap();
        if let Some(w) = &self.weights { data.with_weights(w).unwrap() } else { data }
    }

    fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |w| w[i])
    }

    /// The row (1, x).
    fn row(&self, i: usize) -> DVector<f64> {
        DVector::from_fn(self.x.ncols() + 1, |j, _| if j == 0 { 1.0 } else { self.x[(i, j - 1)] })
    }
}

fn logistic_cases() -> Vec<Value> {
    cases("glm.json").into_iter().filter(logit).collect()
}

#[track_caller]
fn agree(what: &str, found: &[f64], expected: &[f64], least: f64) {
    let right = digits(found, expected);
    let worst = found.iter().zip(expected).max_by(|a, b| (a.0 / a.1 - 1.0).abs().total_cmp(&(b.0 / b.1 - 1.0).abs()));
    assert!(right >= least, "{what}: {right} digits, {worst:?}");
}

#[test]
fn every_number_of_the_reference() {
    for case in &logistic_cases() {
        let problem = Problem::new(case);
        let id = text(&case["id"]);
        let case = Keys::new(id, case);
        let data = problem.data().with_names(columns_of(&case)).unwrap();
        let found = LogisticRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
        let test = found.likelihood_ratio_test().unwrap();
        let intervals: Vec<f64> = found.intervals(0.95).unwrap().iter().flat_map(|&(low, high)| [low, high]).collect();
        let pearson: f64 = found.pearson_residuals().iter().map(|r| r * r).sum();
        println!("{id:28} standard errors {:5.1} digits", digits(found.standard_errors(), &case.numbers("se")));
        for (name, found, least) in [
            ("n", &[found.observations() as f64][..], 16.0),
            ("p", &[found.coefficients().len() as f64], 16.0),
            ("coef", found.coefficients(), 13.0),
            ("se", found.standard_errors(), 12.0),
            ("vcov", found.covariance().as_slice(), 11.0),
            ("z", found.statistics(), 12.0),
            ("p_value", found.p_values(), 10.0),
            ("wald_ci95", &intervals, 10.0),
            ("deviance", &[found.deviance().unwrap()], 12.0),
            ("null_deviance", &[found.null_deviance().unwrap()], 12.0),
            ("loglik", &[found.log_likelihood()], 12.0),
            ("aic", &[found.aic()], 12.0),
            ("bic", &[found.bic()], 12.0),
            ("df_resid", &[found.degrees_of_freedom()], 16.0),
            ("df_null", &[found.degrees_of_freedom() + test.degrees_of_freedom], 16.0),
            ("pearson_chi2", &[pearson], 11.0),
            ("fitted_first5", &found.fitted_values()[..5], 11.0),
            ("pearson_residuals_first5", &found.pearson_residuals()[..5], 11.0),
            ("deviance_residuals_first5", &found.deviance_residuals()[..5], 10.0),
        ] {
            agree(&format!("{id} {name}"), found, &case.numbers(name), least);
        }
        let expected = Keys::new(format!("{id} lr_test"), case.get("lr_test_vs_null"));
        agree("chi2", &[test.statistic], &[expected.number("chi2")], 12.0);
        agree("df", &[test.degrees_of_freedom], &[expected.number("df")], 16.0);
        agree("p_value", &[test.p_value], &[expected.number("p_value")], 10.0);
        expected.all_read();
        for chosen in ["id", "data", "y", "columns", "family", "link", "weights", "rows_used"] {
            case.get(chosen);
        }
        // Binomial: no dispersion is estimated; and how R got there is no promise of ours.
        assert_eq!(case.number("dispersion"), 1.0);
        case.get("R_iterations_epsilon_1e-15");

        let odds = found.odds_ratios(0.95).unwrap();
        assert!((odds[1].0 / found.coefficients()[1].exp() - 1.0).abs() < 1e-15);
        assert!(found.to_string().contains("odds ratio"));
        assert!(found.sigma().is_none() && found.f_test().is_none() && found.adjusted_r2().is_none());
        assert!(found.durbin_watson().is_none() && found.breusch_pagan().is_none() && found.jarque_bera().is_none());
        let null = case.number("loglik") - 0.5 * test.statistic;
        agree("McFadden", &[found.r2().unwrap()], &[1.0 - case.number("loglik") / null], 12.0);
        case.all_read();
    }
}

fn columns_of<'a>(case: &Keys<'a>) -> Vec<&'a str> {
    case.get("columns").as_array().unwrap().iter().map(text).filter(|name| *name != "intercept").collect()
}

/// The information and what follows from it, by loops over the rows.
struct Naive<'a> {
    problem: &'a Problem,
    p: Vec<f64>,
    /// 1 − p.
    q: Vec<f64>,
    /// (Σ w p (1 − p) x xᵀ)⁻¹.
    b: DMatrix<f64>,
}

impl<'a> Naive<'a> {
    /// At the reference's coefficients and covariance.
    fn new(problem: &'a Problem, case: &Keys<'_>) -> Self {
        let theta = DVector::from_vec(case.numbers("coef"));
        let odds: Vec<f64> = (0..problem.y.len()).map(|i| problem.row(i).dot(&theta).exp()).collect();
        let (p, q) = odds.iter().map(|odds| (odds / (1.0 + odds), 1.0 / (1.0 + odds))).unzip();
        Self { problem, p, q, b: DMatrix::from_vec(theta.len(), theta.len(), case.numbers("vcov")) }
    }

    fn each(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.p.len()).map(value).collect()
    }

    fn variance(&self, i: usize) -> f64 {
        self.problem.weight(i) * self.p[i] * self.q[i]
    }

    fn residual(&self, i: usize) -> f64 {
        self.problem.y[i] * self.q[i] - (1.0 - self.problem.y[i]) * self.p[i]
    }

    fn score(&self, i: usize) -> f64 {
        self.problem.weight(i) * self.residual(i)
    }

    fn leverage(&self, i: usize) -> f64 {
        let x = self.problem.row(i);
        self.variance(i) * (&self.b * &x).dot(&x)
    }

    fn pearson(&self, i: usize) -> f64 {
        self.score(i) / self.variance(i).sqrt()
    }

    fn deviance(&self, i: usize) -> f64 {
        // For a label the logarithm of 1 − small, for a share the plain one.
        let part = |y: f64, p: f64, q: f64| match y {
            0.0 => 0.0,
            1.0 => -(-q).ln_1p(),
            y => y * (y / p).ln(),
        };
        let (y, p, q) = (self.problem.y[i], self.p[i], self.q[i]);
        let square = 2.0 * self.problem.weight(i) * (part(y, p, q) + part(1.0 - y, q, p));
        square.sqrt().copysign(y - p)
    }

    /// Standard errors of B (Σ d x xᵀ) B.
    fn sandwich(&self, d: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut meat = DMatrix::zeros(self.b.nrows(), self.b.nrows());
        for i in 0..self.p.len() {
            let x = self.problem.row(i);
            meat += &x * x.transpose() * d(i);
        }
        let v = &self.b * meat * &self.b;
        v.diagonal().iter().map(|v| v.sqrt()).collect()
    }

    /// The step from the maximum to the weighted regression without row i.
    fn step_without(&self, i: usize) -> DVector<f64> {
        let side = self.b.nrows();
        let (mut information, mut gradient) = (DMatrix::zeros(side, side), DVector::zeros(side));
        for l in (0..self.p.len()).filter(|&l| l != i) {
            let x = self.problem.row(l);
            information += &x * x.transpose() * self.variance(l);
            gradient += &x * self.score(l);
        }
        let scale = DMatrix::from_diagonal(&information.diagonal().map(|v: f64| 1.0 / v.sqrt()));
        &scale * (&scale * information * &scale).cholesky().unwrap().solve(&(&scale * gradient))
    }
}

#[test]
fn influence_is_what_its_definitions_say() {
    for case in &logistic_cases() {
        let problem = Problem::new(case);
        let case = Keys::new(text(&case["id"]), case);
        let naive = Naive::new(&problem, &case);
        let data = problem.data();
        let found = LogisticRegression::new().fit(&data).unwrap().inference(&data, Covariance::Classical).unwrap();
        let (h, side) = (naive.each(|i| naive.leverage(i)), naive.b.nrows() as f64);
        let r = naive.each(|i| naive.pearson(i) / (1.0 - h[i]).sqrt());
        // As R's rstudent and cooks.distance of a glm.
        let studentized = naive.each(|i| {
            let d = naive.deviance(i);
            (d * d + h[i] * naive.pearson(i).powi(2) / (1.0 - h[i])).sqrt().copysign(d)
        });
        let cooks = naive.each(|i| (naive.pearson(i) / (1.0 - h[i])).powi(2) * h[i] / side);
        for (name, found, expected) in [
            ("leverage", found.leverage(), &h),
            ("fitted", found.fitted_values(), &naive.p),
            ("residuals", found.residuals(), &naive.each(|i| naive.residual(i))),
            ("pearson", found.pearson_residuals(), &naive.each(|i| naive.pearson(i))),
            ("deviance", found.deviance_residuals(), &naive.each(|i| naive.deviance(i))),
            ("standardized", found.standardized_residuals(), &r),
            ("studentized", found.studentized_residuals(), &studentized),
            ("cooks", found.cooks_distance(), &cooks),
            ("dffits", &found.dffits(), &naive.each(|i| studentized[i] * (h[i] / (1.0 - h[i])).sqrt())),
        ] {
            agree(&format!("{} {name}", case.text("id")), found, expected, 8.0);
        }
        assert!((h.iter().sum::<f64>() - side).abs() < 1e-8, "the reference's own covariance and p");
        // Cook's distance: how far the step goes that leaves the row out, in the metric of the information.
        for i in (0..problem.y.len()).step_by(1 + problem.y.len() / 40) {
            let step = naive.step_without(i);
            let moved = naive.b.clone().cholesky().unwrap().solve(&step).dot(&step) / side;
            agree(&format!("{} Cook {i}", case.text("id")), &[found.cooks_distance()[i]], &[moved], 6.0);
        }
    }
}

#[test]
fn robust_errors_are_what_their_definitions_say() {
    for case in &logistic_cases() {
        let problem = Problem::new(case);
        let case = Keys::new(text(&case["id"]), case);
        let naive = Naive::new(&problem, &case);
        let (n, side) = (problem.y.len() as f64, naive.b.nrows());
        let data = problem.data();
        let model = LogisticRegression::new().fit(&data).unwrap();
        for (kind, stretch) in [
            (Covariance::Hc0, Box::new(|_| 1.0) as Box<dyn Fn(usize) -> f64>),
            (Covariance::Hc1, Box::new(|_| n / (n - side as f64))),
            (Covariance::Hc2, Box::new(|i| 1.0 / (1.0 - naive.leverage(i)))),
            (Covariance::Hc3, Box::new(|i| 1.0 / (1.0 - naive.leverage(i)).powi(2))),
        ] {
            let found = model.inference(&data, kind).unwrap();
            let expected = naive.sandwich(|i| naive.score(i).powi(2) * stretch(i));
            agree(&format!("{} {kind:?}", case.text("id")), found.standard_errors(), &expected, 8.0);
            let diagonal: Vec<f64> = found.covariance().diagonal().iter().map(|v| v.sqrt()).collect();
            agree("diagonal", &diagonal, found.standard_errors(), 14.0);
            // Tests use them.
            let z: Vec<f64> = found.coefficients().iter().zip(&expected).map(|(b, se)| b / se).collect();
            agree("z", found.statistics(), &z, 8.0);
        }
        // VIF: Vⱼⱼ (V⁻¹)ⱼⱼ by the correlations of the features' estimates, as R's car::vif.
        let v = naive.b.view((1, 1), (side - 1, side - 1));
        let scale = DMatrix::from_diagonal(&v.diagonal().map(|v| 1.0 / v.sqrt()));
        let inverse = (&scale * v * &scale).cholesky().unwrap().inverse();
        let found = model.inference(&data, Covariance::Hc2).unwrap();
        agree(&format!("{} VIF", case.text("id")), found.vif(), inverse.diagonal().as_slice(), 8.0);
    }
}

/// statsmodels' `GLM(...).fit(tol=1e-15).get_influence()`, and `fit(cov_type="HC0")`.
#[test]
fn influence_of_other_software() {
    for expected in &cases("influence.json") {
        let problem = Problem::new(&case("glm.json", text(&expected["id"])));
        let data = problem.data();
        let model = LogisticRegression::new().fit(&data).unwrap();
        let found = model.inference(&data, Covariance::Hc0).unwrap();
        for (name, found) in [
            ("leverage", &found.leverage()[..5]),
            ("standardized_residual", &found.standardized_residuals()[..5]),
            ("cooks_distance", &found.cooks_distance()[..5]),
            ("hc0_se", found.standard_errors()),
        ] {
            agree(&format!("{} {name}", expected["id"]), found, &numbers(&expected[name]), 10.0);
        }
    }
}

/// The square of a studentized residual is what the deviance loses with its row, in an approximation of second order.
#[test]
fn studentized_residuals_tell_what_leaving_a_row_out_does() {
    for case in logistic_cases().iter().filter(|case| case["n"].as_u64() > Some(300)) {
        let problem = Problem::new(case);
        let data = problem.data();
        let fit = |data: &Dataset<'_, f64>| {
            LogisticRegression::new().fit(data).unwrap().inference(data, Covariance::Classical).unwrap()
        };
        let found = fit(&data);
        let n = problem.y.len();
        for i in (0..n).step_by(n / 12) {
            let without = fit(&data.select(&(0..n).filter(|&l| l != i).collect::<Vec<_>>()).unwrap());
            let lost = found.deviance().unwrap() - without.deviance().unwrap();
            let t = found.studentized_residuals()[i];
            assert!((t * t / lost - 1.0).abs() < 0.02, "{} row {i}: {} for {lost}", case["id"], t * t);
        }
    }
}

/// Rows of weight 0 have a fitted value and count for nothing else; f32 data that are the same numbers give the same answer.
#[test]
fn absent_rows_and_single_precision() {
    let x = DMatrix::from_fn(40, 2, |i, j| ((i * (7 + 4 * j) + j) % 17) as f64 / 4.0);
    let y = DVector::from_fn(40, |i, _| f64::from(u8::from(i * i % 11 < 5)));
    let weights: Vec<f64> = (0..40).map(|i| [1.0, 2.0, 0.0][i % 3]).collect();
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let kept: Vec<usize> = (0..40).filter(|i| i % 3 != 2).collect();
    let fewer = data.select(&kept).unwrap();
    let (narrow, labels) = (x.map(|v| v as f32), y.map(|v| v as f32));
    let narrow_weights: Vec<f32> = weights.iter().map(|&w| w as f32).collect();
    let singles = Dataset::new(&narrow, &labels).unwrap().with_weights(&narrow_weights).unwrap();
    for kind in [Covariance::Classical, Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3] {
        let all = LogisticRegression::new().fit(&data).unwrap().inference(&data, kind).unwrap();
        let some = LogisticRegression::new().fit(&fewer).unwrap().inference(&fewer, kind).unwrap();
        agree("errors", all.standard_errors(), some.standard_errors(), 12.0);
        agree("criteria", &[all.aic(), all.bic()], &[some.aic(), some.bic()], 12.0);
        let only = |values: &[f64]| -> Vec<f64> { kept.iter().map(|&i| values[i]).collect() };
        agree("cooks", &only(all.cooks_distance()), some.cooks_distance(), 11.0);
        agree("studentized", &only(all.studentized_residuals()), some.studentized_residuals(), 11.0);
        agree("fitted", &only(all.fitted_values()), some.fitted_values(), 11.0);
        for i in (0..40).filter(|i| i % 3 == 2) {
            assert!(all.fitted_values()[i] > 0.0 && (y[i] - all.fitted_values()[i] - all.residuals()[i]).abs() < 1e-15);
            assert_eq!([all.leverage()[i], all.cooks_distance()[i], all.studentized_residuals()[i]], [0.0; 3]);
        }
        let single = LogisticRegression::new().fit(&singles).unwrap().inference(&singles, kind).unwrap();
        agree("single precision", single.standard_errors(), all.standard_errors(), 11.0);
    }
}

/// As many groups as coefficients: every leverage is 1, residuals are 0, and what divides by 1 − h is refused.
#[test]
fn saturated() {
    let x = DMatrix::from_fn(3, 2, |i, j| f64::from(u8::from(i == j + 1)));
    let y = DVector::from_column_slice(&[0.25, 0.5, 0.75]);
    let trials = [8.0, 10.0, 12.0];
    let data = Dataset::new(&x, &y).unwrap().with_weights(&trials).unwrap();
    let model = LogisticRegression::new().fit(&data).unwrap();
    let found = model.inference(&data, Covariance::Classical).unwrap();
    agree("leverage", found.leverage(), &[1.0; 3], 12.0);
    assert!(found.cooks_distance().iter().chain(found.standardized_residuals()).all(|v| v.is_nan()));
    assert!(found.studentized_residuals().iter().chain(&found.dffits()).all(|v| v.is_nan()));
    // The intercept is the first group's logit, of variance 1/2 + 1/6.
    agree("error", &found.standard_errors()[..1], &[(2.0f64 / 3.0).sqrt()], 12.0);
    for kind in [Covariance::Hc1, Covariance::Hc2, Covariance::Hc3] {
        let message = model.inference(&data, kind).unwrap_err().to_string();
        assert!(message.contains("robust covariance"), "{message}");
    }
    assert!(model.inference(&data, Covariance::Hc0).is_ok());
}

#[test]
fn inference_refuses_what_is_no_maximum() {
    let x = DMatrix::from_fn(30, 2, |i, j| ((i * (7 + j) + j) % 13) as f64);
    let y = DVector::from_fn(30, |i, _| f64::from(u8::from(i * i % 7 < 3)));
    let data = Dataset::new(&x, &y).unwrap();
    let refused = |model: residual::Result<Fitted<f64, Affine, CrossEntropy>>| {
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
