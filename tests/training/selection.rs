//! Cross-validation, learning curves and the grid search against loops written out.

use crate::common::samples;
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{Dataset, Error, LinearRegression, Mlp, Predictor, Regressor, Standardized, metrics, select};

#[test]
fn cross_validation_is_a_loop_over_folds() {
    let (x, y) = samples::<f64>(31, 3, 1, 8);
    let data = Dataset::new(&x, &y).expect("data");
    let scores = select::cross_validate(&LinearRegression::new(), &data, 5, 11, |y, p| metrics::mse(y, p));
    let by_hand: Vec<f64> = select::k_fold(31, 5, 11)
        .expect("folds")
        .into_iter()
        .map(|(train, test)| {
            let model = LinearRegression::new().fit(&data.select(&train).expect("rows")).expect("a fit");
            let test = data.select(&test).expect("rows");
            metrics::mse(test.y(), &model.predict(test.x()).expect("a prediction")).expect("a score")
        })
        .collect();
    assert_eq!(scores, Ok(by_hand));
    // Anything that is a regressor.
    let mlp = Standardized::new(Mlp::regressor([4]).solver(Trainer::adam(0.05).epochs(30)));
    assert_eq!(select::cross_validate(&mlp, &data, 3, 0, |y, p| metrics::r2(y, p)).expect("scores").len(), 3);
    assert!(select::cross_validate(&mlp, &data, 1, 0, |_, _| Ok(0.0)).is_err());
}

#[test]
fn a_learning_curve_trains_on_the_first_rows_of_each_fold() {
    let (x, y) = samples::<f64>(40, 2, 1, 8);
    let data = Dataset::new(&x, &y).expect("data");
    let curve = select::learning_curve(&LinearRegression::new(), &data, &[6, 30], 4, 2, |y, p| metrics::mse(y, p));
    let curve = curve.expect("a curve");
    assert_eq!(curve.iter().map(|point| point.samples).collect::<Vec<_>>(), [6, 30]);
    let whole = select::cross_validate(&LinearRegression::new(), &data, 4, 2, |y, p| metrics::mse(y, p));
    assert_eq!(curve[1].test, whole.expect("scores"));
    assert!(curve[0].train.iter().zip(&curve[0].test).filter(|(train, test)| train < test).count() >= 3);
    for wrong in [0, 31] {
        let curve = select::learning_curve(&LinearRegression::new(), &data, &[wrong], 4, 2, |_, _| Ok(0.0));
        assert!(matches!(curve, Err(Error::Config { .. })));
    }
}

#[test]
fn the_grid_search_finds_the_best_of_any_candidates() {
    let (x, y) = samples::<f64>(40, 2, 1, 8);
    let noisy = DMatrix::from_fn(40, 12, |i, j| if j < 2 { x[(i, j)] } else { ((i * 7919 + j * j * 31) as f64).sin() });
    let data = Dataset::new(&noisy, &y).expect("data");
    let grid: Vec<(f64, bool)> = [0.0, 0.01, 1e6].into_iter().flat_map(|l2| [(l2, true), (l2, false)]).collect();
    let build = |&(l2, intercept): &(f64, bool)| LinearRegression::new().l2(l2).intercept(intercept);
    let score = |y: &DMatrix<f64>, p: &DMatrix<f64>| metrics::mse(y, p).map(|mse| -mse);
    let search = select::grid_search(grid.clone(), build, &data, 5, 3, score).expect("a search");
    assert_eq!(search.candidates().len(), 6);
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    for (candidate, scores) in search.candidates() {
        assert_eq!(scores, &select::cross_validate(&build(candidate), &data, 5, 3, score).expect("scores"));
        assert!(mean(scores) <= search.best_score());
    }
    assert_ne!(search.best().0, 1e6);
    assert_eq!(select::grid_search(grid, build, &data, 5, 3, score).expect("a search"), search);
    let none = select::grid_search(Vec::<f64>::new(), |&l2| LinearRegression::new().l2(l2), &data, 5, 3, score);
    assert!(matches!(none, Err(Error::Empty { .. })));
    let nan = select::grid_search([1.0], |&l2| LinearRegression::new().l2(l2), &data, 5, 3, |_, _| Ok(f64::NAN));
    assert!(matches!(nan, Err(Error::Undefined { .. })));
}
