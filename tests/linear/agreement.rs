//! Every solver reaches the same minimum of the same risk.

use nalgebra::DMatrix;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use residual::{Affine, Dataset, Lbfgs, LeastSquares, Newton, Observer, Risk, Solution, Solver, SquaredError, Trainer};

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
