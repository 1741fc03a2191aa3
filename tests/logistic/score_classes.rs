//! Scores of class probabilities look at what the matrices hold, not only at their shape.

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use residual::metrics::{
    accuracy, average_precision, brier, log_loss, pr_auc, roc_auc, roc_auc_one_vs_one, top_accuracy,
};
use residual::{BinaryCrossEntropy, CrossEntropy, Error, LinearRegression, Loss, Real, Result, classify::Classifier};

type Score = fn(&DMatrix<f64>, &DMatrix<f64>) -> Result<f64>;

const PROBABILITIES: [(&str, Score); 2] = [("log_loss", |y, p| log_loss(y, p)), ("brier", |y, p| brier(y, p))];
const ONE_HOT: [(&str, Score); 3] = [
    ("one vs one", |y, p| roc_auc_one_vs_one(y, p)),
    ("top 1", |y, p| top_accuracy(y, p, 1)),
    ("top 2", |y, p| top_accuracy(y, p, 2)),
];

#[test]
fn targets_that_are_no_classes_are_refused_as_by_the_loss() {
    let p = dmatrix![0.25, 0.75; 0.5, 0.5; 0.6, 0.4];
    for bad in [[1.0, 1.0], [0.0, 0.0], [0.9, 0.9], [-0.5, 1.5], [2.0, -1.0], [0.5, 0.4999], [1e300, 0.0]] {
        let y = dmatrix![1.0, 0.0; 0.0, 1.0; bad[0], bad[1]];
        let needs = CrossEntropy.accepts(&bad).unwrap_err();
        for (name, score) in PROBABILITIES.iter().chain(&ONE_HOT) {
            assert_eq!(score(&y, &p), Err(Error::Target { row: 2, needs }), "{name} {bad:?}");
        }
    }
    // Shares of classes are legal where a likelihood is meant, and not where one class is.
    let y = dmatrix![1.0, 0.0; 0.0, 1.0; 0.5, 0.5];
    CrossEntropy.accepts(&[0.5, 0.5]).unwrap();
    for (name, score) in PROBABILITIES {
        assert!(score(&y, &p).is_ok(), "{name}");
    }
    for (name, score) in ONE_HOT {
        assert!(matches!(score(&y, &p), Err(Error::Target { row: 2, .. })), "{name}");
    }
    let binary = dmatrix![0.25; 0.5];
    for bad in [-1.0, 2.0, 1.0 + 1e-9] {
        let needs = BinaryCrossEntropy.accepts(&[bad]).unwrap_err();
        for (name, score) in PROBABILITIES {
            assert_eq!(score(&dmatrix![0.0; bad], &binary), Err(Error::Target { row: 1, needs }), "{name} {bad}");
        }
        assert_eq!(top_accuracy(&dmatrix![0.0; bad], &binary, 1), Err(Error::Target { row: 1, needs }));
    }
    assert!(matches!(top_accuracy(&dmatrix![0.5], &dmatrix![0.5], 1), Err(Error::Target { row: 0, .. })));
}

#[test]
fn predictions_that_are_no_probabilities_are_refused_with_their_place() {
    let y = dmatrix![1.0, 0.0; 0.0, 1.0];
    for (name, score) in PROBABILITIES {
        for (bad, sum) in [([0.9, 0.9], 1.8), ([0.5, 0.4], 0.9), ([0.0, 0.0], 0.0), ([0.5, 0.501], 1.001)] {
            let found = score(&y, &dmatrix![0.5, 0.5; bad[0], bad[1]]);
            let Err(Error::ProbabilitySum { row: 1, sum: told }) = found else { panic!("{name} {bad:?}: {found:?}") };
            assert!((told - sum).abs() < 1e-12);
        }
        for (bad, column, value) in
            [([1.2, -0.2], 0, 1.2), ([1.0, 1.0 + 1e-9], 1, 1.0 + 1e-9), ([0.5, -1e-9], 1, -1e-9)]
        {
            let found = score(&y, &dmatrix![0.5, 0.5; bad[0], bad[1]]);
            assert_eq!(found, Err(Error::Probability { row: 1, column, value }), "{name}");
        }
        // Raw scores in place of probabilities.
        let found = score(&dmatrix![1.0; 0.0], &dmatrix![3.0; -2.0]);
        assert_eq!(found, Err(Error::Probability { row: 0, column: 0, value: 3.0 }), "{name}");
    }
    let error = Error::Probability { row: 3, column: 1, value: 1.5 };
    assert_eq!(error.to_string(), "the prediction at row 3, column 1 is 1.5; pass probabilities, from 0 to 1");
    let error = Error::ProbabilitySum { row: 2, sum: 1.8 };
    assert_eq!(
        error.to_string(),
        "the class probabilities of row 2 sum to 1.8; pass probabilities whose rows sum to 1"
    );
}

fn rounding<T: Real>() {
    let ulp = T::default_epsilon();
    let vector = |v: [T; 2]| DVector::from_row_slice(&v);
    let y = vector([T::one(), T::zero()]);
    for units in [1.0, 2.0, 8.0] {
        let off = T::of(units) * ulp;
        let p = vector([T::one() + off, -off]);
        assert_eq!((log_loss(&y, &p), brier(&y, &p)), (Ok(0.0), Ok(0.0)), "{units}");
        // What was said to be certain and did not happen.
        let wrong = vector([-off, T::zero()]);
        assert_eq!(log_loss(&y, &wrong), Ok(f64::INFINITY));
        let wrong = vector([T::one(), T::one() + off]);
        assert_eq!(log_loss(&y, &wrong), Ok(f64::INFINITY));
        let y = DMatrix::from_row_slice(1, 3, &[T::zero(), T::one(), T::zero()]);
        let p = DMatrix::from_row_slice(1, 3, &[-off, T::one() + off, T::zero()]);
        assert_eq!((log_loss(&y, &p), brier(&y, &p)), (Ok(0.0), Ok(0.0)), "{units}");
    }
    let p = vector([T::one() + T::of(16.0) * ulp, T::zero()]);
    assert!(matches!(log_loss(&y, &p), Err(Error::Probability { row: 0, column: 0, .. })));
    // What a model predicts, for few and many classes.
    for classes in [2, 3, 10, 1000, 20_000] {
        let mut row: Vec<T> = (0..classes).map(|c| T::of(f64::from(c % 17) * 0.1)).collect();
        CrossEntropy.respond(&mut row);
        let y = DMatrix::from_fn(1, row.len(), |_, c| if c == 1 { T::one() } else { T::zero() });
        let p = DMatrix::from_row_slice(1, row.len(), &row);
        let expected = -row[1].to_f64().ln();
        assert!((log_loss(&y, &p).unwrap() / expected - 1.0).abs() < 1e-15, "{classes}");
        assert!(brier(&y, &p).is_ok());
    }
}

#[test]
fn what_rounding_leaves_outside_is_taken_as_0_and_1() {
    rounding::<f64>();
    rounding::<f32>();
}

#[test]
fn one_column_of_two_classes_is_ranked_as_two_columns_are() {
    let y = dvector![1.0, 0.0, 1.0, 0.0, 1.0];
    let p = dvector![0.9, 0.8, 0.3, 0.1, 0.5];
    let labels = |v: &DVector<f64>| -> Vec<bool> { v.iter().map(|&v| v >= 0.5).collect() };
    let found = top_accuracy(&y, &p, 1).unwrap();
    assert_eq!(found, accuracy(&labels(&y), &labels(&p)).unwrap());
    assert_eq!(found, 0.6);
    assert_eq!((top_accuracy(&y, &p, 2), top_accuracy(&y, &p, usize::MAX)), (Ok(1.0), Ok(1.0)));
    let both = |v: &DVector<f64>| DMatrix::from_fn(4, 2, |i, c| if c == 1 { v[i] } else { 1.0 - v[i] });
    let first = |v: &DVector<f64>| v.rows(0, 4).into_owned();
    assert_eq!(top_accuracy(&both(&y), &both(&p), 1), top_accuracy(&first(&y), &first(&p), 1));
    // Raw scores have no middle.
    let error = Error::Probability { row: 1, column: 0, value: -3.0 };
    assert_eq!(top_accuracy(&dvector![1.0, 0.0], &dvector![0.5, -3.0], 1), Err(error));
    // Ranking needs no probabilities.
    assert_eq!(top_accuracy(&dmatrix![1.0, 0.0; 0.0, 1.0], &dmatrix![3.0, -1e300; 7.0, 5.0], 1), Ok(0.5));
    assert!(matches!(roc_auc_one_vs_one(&y, &p), Err(Error::Shape { expected: 2, found: 1, .. })));
}

/// Several labels at once are what these are documented for: the mean over the columns.
#[test]
fn several_labels_of_a_sample_are_scored_column_by_column() {
    let y = dmatrix![1.0, 1.0; 0.0, 1.0; 1.0, 0.0; 0.0, 0.0];
    let p = dmatrix![0.9, 0.9; 0.2, 0.1; 0.1, 0.3; 0.4, 0.2];
    let column = |m: &DMatrix<f64>, c: usize| DVector::from_column_slice(m.column(c).as_slice());
    let scores: [Score; 3] = [|y, p| roc_auc(y, p), |y, p| average_precision(y, p), |y, p| pr_auc(y, p)];
    for score in scores {
        let one = |c: usize| {
            let (y, p) = (column(&y, c), column(&p, c));
            score(&DMatrix::from_column_slice(4, 1, y.as_slice()), &DMatrix::from_column_slice(4, 1, p.as_slice()))
                .unwrap()
        };
        assert_eq!(score(&y, &p), Ok((one(0) + one(1)) / 2.0));
    }
}

#[test]
fn a_classifier_gives_probabilities_or_says_that_it_has_none() {
    let x = dmatrix![0.0; 1.0; 2.0; 3.0; 40.0];
    let model = Classifier::new(LinearRegression::new()).fit(&x, &[false, false, true, true, true]).unwrap();
    assert_eq!(model.predict(&dmatrix![0.0; 90.0]).unwrap(), [false, true]);
    let found = model.probabilities(&dmatrix![0.0; 90.0]);
    assert!(matches!(found, Err(Error::Probability { row: 1, column: 0, value }) if value > 1.0), "{found:?}");
    let model = Classifier::new(LinearRegression::new()).fit(&x, &['a', 'b', 'c', 'b', 'a']).unwrap();
    assert!(model.probabilities(&dmatrix![900.0]).is_err());
}
