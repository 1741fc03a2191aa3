//! Every solver reaches the same minimum of the same risk.

use nalgebra::DMatrix;
use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use residual::{
    Affine, Dataset, Lbfgs, LeastSquares, Newton, Observer, Risk, Solution, Solver, SquaredError, Trainer, Warning,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn least_squares_newton_lbfgs_and_descent(
        n in 8usize..40,
        p in 1usize..5,
        k in 1usize..4,
        weighted: bool,
        intercept: bool,
        l2 in prop_oneof![Just(0.0), 1e-3..1.0f64],
        seed in 0usize..10_000,
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed as u64);
        let x = DMatrix::from_fn(n, p, |_, _| rng.random_range(-1.0..1.0));
        let y = DMatrix::from_fn(n, k, |_, _| rng.random_range(-0.5..1.5));
        let weights: Vec<f64> = (0..n).map(|i| ((i + seed) % 4) as f64 + 0.25).collect();
        let mut data = Dataset::new(&x, &y).unwrap();
        if weighted {
            data = data.with_weights(&weights).unwrap();
        }
        let layer = if intercept { Affine::new(p, k) } else { Affine::new(p, k).without_bias() };
        let mut risk = Risk::new(&data, &layer, &SquaredError, l2).unwrap();
        let start = vec![0.1; p * k + if intercept { k } else { 0 }];
        let none: &mut dyn Observer<f64> = &mut ();
        let direct = LeastSquares::default().minimize(&mut risk, start.clone(), none).unwrap();
        prop_assume!(direct.report.condition().unwrap() < 20.0);
        let solvers: [(&str, Solution<f64>); 3] = [
            ("newton", Newton::default().minimize(&mut risk, start.clone(), none).unwrap()),
            ("lbfgs", Lbfgs::default().tolerance(1e-11).minimize(&mut risk, start.clone(), none).unwrap()),
            ("descent", Trainer::gd(0.3).epochs(60_000).tolerance(1e-15).minimize(&mut risk, start, none).unwrap()),
        ];
        for (name, found) in solvers {
            let tolerance = if name == "descent" { 1e-4 } else { 1e-9 };
            for (a, b) in found.params.iter().zip(&direct.params) {
                prop_assert!((a - b).abs() <= tolerance, "{name}: {a} and {b}, {:?}", found.report);
            }
            let off = found.report.value() - direct.report.value();
            // No solver finds less, and all find the same.
            prop_assert!((-1e-13..tolerance * tolerance + 1e-12).contains(&off), "{name}: {off:e}");
        }
    }
}

/// Where a congruence makes one column another plus a constant, the minimum is a line of coefficients: solvers may differ in
/// them, not in fitted values, and least squares says so.
#[test]
fn a_hidden_dependence_is_no_disagreement() {
    let (n, p, seed) = (8, 3, 762);
    let whole = |i: usize, j: usize| (((i * 37 + j * 101 + seed) * 7919 + i * i * 13) % 1013) as i64;
    // Exactly, in whole numbers; divided by 500 only the last digits differ.
    assert!((0..n).all(|i| whole(i, 2) - whole(i, 0) == 111) && whole(0, 1) - whole(0, 0) != whole(1, 1) - whole(1, 0));
    let value = |i: usize, j: usize| whole(i, j) as f64 / 500.0 - 1.0;
    let (x, y) = (DMatrix::from_fn(n, p, value), DMatrix::from_fn(n, 1, |i, _| value(i, 50)));
    let data = Dataset::new(&x, &y).unwrap();
    let layer = Affine::new(p, 1);
    let mut risk = Risk::new(&data, &layer, &SquaredError, 0.0).unwrap();
    let none: &mut dyn Observer<f64> = &mut ();
    let direct = LeastSquares::default().minimize(&mut risk, vec![0.1; p + 1], none).unwrap();
    assert_eq!(direct.report.rank(), Some(2));
    let [Warning::RankDeficient { column: 2, depends_on, .. }] = direct.report.warnings() else {
        panic!("{:?}", direct.report)
    };
    assert!(depends_on.len() == 1 && depends_on[0].0 == 0 && (depends_on[0].1 - 1.0).abs() < 1e-12, "{depends_on:?}");
    // Least norm shares the coefficient equally.
    assert!((direct.params[0] - direct.params[2]).abs() < 1e-12);
    let newton = Newton::default().minimize(&mut risk, vec![0.1; p + 1], none).unwrap();
    let lbfgs = Lbfgs::default().tolerance(1e-11).minimize(&mut risk, vec![0.1; p + 1], none).unwrap();
    for found in [newton, lbfgs] {
        assert!(found.report.converged());
        for i in 0..n {
            let fit = |w: &[f64]| (0..p).fold(w[p], |sum, j| sum + w[j] * x[(i, j)]);
            assert!((fit(&found.params) - fit(&direct.params)).abs() < 1e-9, "{:?} {:?}", found, direct);
        }
    }
}
