//! Cross-validation, learning curves and the grid search against loops written out.

use crate::common::samples;
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{
    Dataset, Error, LinearRegression, Mlp, Predictor, Regressor, Standardized, metrics, ridge_path, select,
};

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

/// Thirty rows of a line, and three of weight 0 far from it, at the front, in the middle and at the end.
fn with_absent_rows() -> (DMatrix<f64>, DMatrix<f64>, Vec<f64>) {
    let (mut x, mut y) = samples::<f64>(30, 2, 1, 8);
    let mut weights = vec![1.0; 30];
    for at in [0, 17, 32] {
        (x, y) = (x.insert_row(at, 1e200), y.insert_row(at, -1e4));
        weights.insert(at, 0.0);
    }
    (x, y, weights)
}

/// Rows of weight 0 change no fold, no fit and no score, whatever they hold.
#[test]
fn rows_of_weight_zero_are_in_no_fold_and_no_score() {
    let (x, y, weights) = with_absent_rows();
    let data = Dataset::new(&x, &y).expect("data").with_weights(&weights).expect("weights");
    let (x, y) = samples::<f64>(30, 2, 1, 8);
    let alone = Dataset::new(&x, &y).expect("data");
    let ridge = |&l2: &f64| LinearRegression::new().l2(l2);
    let score = |y: &DMatrix<f64>, p: &DMatrix<f64>| metrics::mse(y, p).map(|mse| -mse);
    let scores = |data: &Dataset<'_, f64>| select::cross_validate(&ridge(&0.1), data, 5, 2, score).expect("scores");
    assert_eq!(scores(&data), scores(&alone));
    let curve =
        |data: &Dataset<'_, f64>| select::learning_curve(&ridge(&0.1), data, &[5, 24], 5, 2, score).expect("a curve");
    assert_eq!(curve(&data), curve(&alone));
    let too_many = select::learning_curve(&ridge(&0.1), &data, &[25], 5, 2, score);
    assert!(matches!(too_many, Err(Error::Config { .. })), "{too_many:?}");
    let grid = [0.0, 1.0, 1e9];
    let search = |data: &Dataset<'_, f64>| select::grid_search(grid, ridge, data, 5, 2, score).expect("a search");
    assert_eq!(search(&data), search(&alone));
    assert_eq!(search(&data).best(), &0.0);
    let with =
        |data: &Dataset<'_, f64>| select::grid_search_with(grid, ridge, data, 5, 2, &metrics::Rmse).expect("a search");
    assert_eq!((with(&data), with(&data).best()), (with(&alone), &0.0));
    let path = |data: &Dataset<'_, f64>| ridge_path(data, &grid).expect("a path");
    assert_eq!(path(&data), path(&alone));
    assert_eq!((path(&data).l2_by_loo(), path(&data).l2_by_gcv()), (0.0, 0.0));
    let strata = |data: &Dataset<'_, f64>| select::stratified_k_fold(data, 5, 2).expect("folds");
    let kept: Vec<usize> = (0..33).filter(|&i| weights[i] > 0.0).collect();
    let renamed = |rows: Vec<usize>| rows.into_iter().map(|row| kept[row]).collect::<Vec<_>>();
    let expected: Vec<_> = strata(&alone).into_iter().map(|(train, test)| (renamed(train), renamed(test))).collect();
    assert_eq!(strata(&data), expected);
    let few = data.select(&[0, 1, 2, 17]).expect("rows");
    assert!(matches!(select::stratified_k_fold(&few, 3, 0), Err(Error::Config { .. })));
    assert!(matches!(select::cross_validate(&ridge(&0.1), &few, 3, 0, score), Err(Error::Config { .. })));
}

/// A score sees the weights of the samples that it scores, of any size; a closure that cannot see them is refused.
#[test]
fn scores_take_the_weights_of_the_samples_held_out() {
    let (x, y) = samples::<f64>(30, 2, 1, 8);
    for size in [1.0, 1e-305, 1e300] {
        let weights: Vec<f64> = (0..30).map(|i| size * [1.0, 2.0, 3.0][i % 3]).collect();
        let data = Dataset::new(&x, &y).expect("data").with_weights(&weights).expect("weights");
        let found = select::cross_validate_with(&LinearRegression::new(), &data, 5, 2, &metrics::Mse).expect("scores");
        let folds = select::k_fold(30, 5, 2).expect("folds");
        for (score, (train, test)) in found.iter().zip(folds) {
            let model = LinearRegression::new().fit(&data.select(&train).expect("rows")).expect("a fit");
            let repeated: Vec<usize> = test.iter().flat_map(|&row| vec![row; 1 + row % 3]).collect();
            let test = data.select(&repeated).expect("rows");
            let truth = metrics::mse(test.y(), &model.predict(test.x()).expect("a prediction")).expect("a score");
            assert!((score / truth - 1.0).abs() < 1e-12, "{score} {truth}");
        }
        let refused = select::cross_validate(&LinearRegression::new(), &data, 5, 2, |y, p| metrics::mse(y, p));
        assert!(matches!(refused, Err(Error::Config { .. })), "{refused:?}");
        // All alike, whatever their size: there is nothing to see.
        let equal = vec![size; 30];
        let data = Dataset::new(&x, &y).expect("data").with_weights(&equal).expect("weights");
        let found = select::cross_validate(&LinearRegression::new(), &data, 5, 2, |y, p| metrics::mse(y, p));
        let plain = Dataset::new(&x, &y).expect("data");
        let plain = select::cross_validate(&LinearRegression::new(), &plain, 5, 2, |y, p| metrics::mse(y, p));
        for (a, b) in found.expect("scores").iter().zip(plain.expect("scores")) {
            assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
        }
    }
}
