//! What must not change the answer, and what must give the same one.

use crate::support::digits;
use nalgebra::DMatrix;
use proptest::prelude::*;
use residual::{Affine, CrossEntropy, Dataset, Fitted, Lbfgs, LogisticRegression, Regressor, Trainer};

/// Overlapping classes: every sample has a small share of every class.
#[derive(Debug, Clone)]
struct Case {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
    l2: f64,
}

fn cases() -> impl Strategy<Value = Case> {
    (1usize..5, prop::sample::select(vec![1usize, 3]), 8usize..60, any::<u64>(), prop::sample::select(vec![0.0, 0.01]))
        .prop_map(|(p, k, n, seed, l2)| {
            let mut state = seed | 1;
            let mut unit = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / (1u64 << 53) as f64
            };
            let x = DMatrix::from_fn(n + p + 1, p, |_, _| 4.0 * unit() - 2.0);
            let mut y = DMatrix::from_fn(n + p + 1, k, |_, _| 0.05 + unit().powi(3));
            if k > 1 {
                y.row_iter_mut().for_each(|mut row| row /= row.sum());
            } else {
                y.iter_mut().for_each(|y| *y = y.min(0.95));
            }
            Case { x, y, l2 }
        })
}

type Model = Fitted<f64, Affine, CrossEntropy>;

fn fit(x: &DMatrix<f64>, y: &DMatrix<f64>, weights: Option<&[f64]>, l2: f64) -> Model {
    let data = Dataset::new(x, y).unwrap();
    let data = if let Some(w) = weights { data.with_weights(w).unwrap() } else { data };
    let model = LogisticRegression::new().l2(l2).fit(&data).unwrap();
    model.report().ensure_converged().unwrap();
    model
}

/// The largest difference, relative to the largest parameter.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let size = a.iter().fold(1.0, |max: f64, a| max.max(a.abs()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / size
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_weight_is_a_repetition(case in cases(), seed in 0usize..100) {
        let weights: Vec<f64> = (0..case.x.nrows()).map(|i| ((i * 7 + seed) % 4) as f64).collect();
        prop_assume!(weights.iter().filter(|&&w| w > 0.0).count() > case.x.ncols() + 3);
        let rows: Vec<usize> = (0..weights.len()).flat_map(|i| vec![i; weights[i] as usize]).collect();
        let weighted = fit(&case.x, &case.y, Some(&weights), case.l2);
        let repeated = fit(&case.x.select_rows(&rows), &case.y.select_rows(&rows), None, case.l2);
        prop_assert!(apart(weighted.params(), repeated.params()) < 1e-11, "{weighted:?} {repeated:?}");
        // Whatever a row of weight 0 holds.
        let mut x = case.x.clone();
        for i in (0..weights.len()).filter(|&i| weights[i] == 0.0) {
            x.row_mut(i).fill(1e100);
        }
        let wild = fit(&x, &case.y, Some(&weights), case.l2);
        prop_assert!(apart(weighted.params(), wild.params()) < 1e-11, "{weighted:?} {wild:?}");
    }

    #[test]
    fn the_order_of_rows_is_rounding(case in cases()) {
        let backwards: Vec<usize> = (0..case.x.nrows()).rev().collect();
        let a = fit(&case.x, &case.y, None, case.l2);
        let b = fit(&case.x.select_rows(&backwards), &case.y.select_rows(&backwards), None, case.l2);
        prop_assert!(apart(a.params(), b.params()) < 1e-11);
    }

    #[test]
    fn units_do_not_matter(case in cases()) {
        // One column in 1e6 and far from 0, the next in 1e-6: exact powers of two.
        let scale = |j: usize| if j.is_multiple_of(2) { 2f64.powi(20) } else { 2f64.powi(-20) };
        let shift = |j: usize| if j.is_multiple_of(2) { 64.0 } else { 0.0 };
        let x = DMatrix::from_fn(case.x.nrows(), case.x.ncols(), |i, j| {
            // Few digits, so that shifting loses none.
            ((case.x[(i, j)] * 1e6).round() / 1048576.0 + shift(j)) * scale(j)
        });
        let plain = DMatrix::from_fn(case.x.nrows(), case.x.ncols(), |i, j| (case.x[(i, j)] * 1e6).round() / 1048576.0);
        let a = fit(&plain, &case.y, None, 0.0);
        let b = fit(&x, &case.y, None, 0.0);
        let back = DMatrix::from_fn(x.ncols(), case.y.ncols(), |j, c| b.coefficients()[(j, c)] * scale(j));
        prop_assert!(apart(a.coefficients().as_slice(), back.as_slice()) < 1e-11, "{a:?} {b:?}");
        // The tolerance is on ∂R/∂θ, and in such units it is below rounding: other steps show that nothing is left to gain.
        prop_assert!(b.report().iterations() <= a.report().iterations() + 2);
    }

    #[test]
    fn single_precision_gives_the_same_to_its_accuracy(case in cases()) {
        let (x, y) = (case.x.map(|x| x as f32), case.y.map(|y| y as f32));
        let y = if y.ncols() == 1 { y } else { y.map(|y| (y * 64.0).round() / 64.0) };
        let sums: Vec<f32> = y.row_iter().map(|row| row.sum()).collect();
        prop_assume!(y.ncols() == 1 || sums.iter().all(|&sum| sum == 1.0));
        let narrow = LogisticRegression::new().l2(case.l2).fit(&Dataset::new(&x, &y).unwrap()).unwrap();
        narrow.report().ensure_converged().unwrap();
        let wide = fit(&x.map(f64::from), &y.map(f64::from), None, case.l2);
        let narrow: Vec<f64> = narrow.params().iter().map(|&v| f64::from(v)).collect();
        prop_assert!(apart(wide.params(), &narrow) < 2e-7, "{wide:?} {narrow:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn all_solvers_reach_the_same_minimum(case in cases(), weighted: bool) {
        let weights: Vec<f64> = (0..case.x.nrows()).map(|i| 0.5 + (i % 3) as f64).collect();
        let data = Dataset::new(&case.x, &case.y).unwrap();
        let data = if weighted { data.with_weights(&weights).unwrap() } else { data };
        let model = LogisticRegression::new().l2(case.l2);
        let newton = model.fit(&data).unwrap();
        let lbfgs = model.clone().solver(Lbfgs::default().tolerance(1e-10)).fit(&data).unwrap();
        let trainer = model.solver(Trainer::gd(0.5).epochs(3000)).fit(&data).unwrap();
        prop_assert!(newton.report().converged() && lbfgs.report().converged());
        prop_assert!(apart(newton.params(), lbfgs.params()) < 1e-7);
        prop_assert!(trainer.report().value() - newton.report().value() < 1e-5);
        prop_assert!(trainer.report().value() >= newton.report().value() * (1.0 - 1e-13));
    }
}

/// A column in 1e6 with a mean a million times its spread: eight digits of it are the same in every row.
#[test]
fn a_mean_far_from_zero_costs_no_more_digits_than_the_data_lost() {
    let n = 400;
    let x = DMatrix::from_fn(n, 2, |i, j| if j == 0 { ((i * 37) % 101) as f64 / 64.0 } else { ((i * 53) % 97) as f64 });
    let y = DMatrix::from_fn(n, 1, |i, _| f64::from(u8::from((i * i + i / 7) % 5 < 2)));
    let far = DMatrix::from_fn(n, 2, |i, j| if j == 0 { x[(i, 0)] + 1048576.0 } else { x[(i, 1)] });
    let (near, far) = (fit(&x, &y, None, 0.0), fit(&far, &y, None, 0.0));
    let right = digits(far.coefficients().as_slice(), near.coefficients().as_slice());
    println!("{right:.1} digits");
    assert!(right > 12.0);
}
