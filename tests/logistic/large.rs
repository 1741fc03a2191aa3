//! Fits of so many samples that they start from a part of them: the answer must not depend on what the part is like.

use crate::files::Table;
use nalgebra::DMatrix;
use residual::optim::Auto;
use residual::{
    Affine, CrossEntropy, Dataset, Lbfgs, LogisticRegression, Newton, Objective, Real, Regressor, Risk, Solver, Warning,
};

const N: usize = 20_000;

fn unit(i: usize, j: usize) -> f64 {
    let mut h = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (j as u64 + 1).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    for _ in 0..3 {
        h = (h ^ (h >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
    ((h >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// Features about 0 and targets of k outputs by a softmax model.
fn problem<T: Real>(p: usize, k: usize) -> (DMatrix<T>, DMatrix<T>) {
    let x = DMatrix::from_fn(N, p, |i, j| 3.4 * (unit(i, j) + unit(i, j + 100) - 1.0));
    let mut y = DMatrix::zeros(N, k);
    for i in 0..N {
        let score = |c: usize| (0..p).map(|j| x[(i, j)] * (unit(c, j + 500) - 0.5)).sum::<f64>();
        let noisy = |c: usize| score(c) - (-unit(i, c + 200).ln()).ln();
        let best = (0..k.max(2)).max_by(|&a, &b| noisy(a).total_cmp(&noisy(b))).unwrap();
        if k == 1 {
            y[(i, 0)] = best as f64;
        } else {
            y[(i, best)] = 1.0;
        }
    }
    (x.map(T::of), y.map(T::of))
}

/// The minimum by Newton from a start that is not 0, and so without a sample.
fn whole<T: Real>(data: &Dataset<'_, T>, l2: f64) -> Vec<f64> {
    let layer = Affine::new(data.features(), data.outputs());
    let mut risk = Risk::new(data, &layer, &CrossEntropy, l2).unwrap();
    // With several outputs the sum over them stays 0: the intercepts' sum is not determined.
    let mut start = vec![T::zero(); risk.dim()];
    start[0] = T::of(1e-3);
    if data.outputs() > 1 {
        start[1] = T::of(-1e-3);
    }
    let found = Newton::default().minimize(&mut risk, start, &mut ()).unwrap();
    assert!(found.report.converged());
    found.params.iter().map(|p| p.to_f64()).collect()
}

fn by<T: Real, S: for<'r> Solver<T, Risk<'r, T, Affine, CrossEntropy>>>(
    data: &Dataset<'_, T>,
    l2: f64,
    solver: S,
) -> (Vec<f64>, usize) {
    let model = LogisticRegression::new().l2(l2).solver(solver).fit(data).unwrap();
    assert!(model.report().converged(), "{:?}", model.report());
    (model.params().iter().map(|p| p.to_f64()).collect(), model.report().iterations())
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max)
}

fn check<T: Real>(data: &Dataset<'_, T>, l2: f64, digits: f64) -> [usize; 2] {
    let expected = whole(data, l2);
    let (newton, steps) = by(data, l2, Newton::default());
    let (lbfgs, passes) = by(data, l2, Lbfgs::default().tolerance(1e-10));
    let (auto, _) = by(data, l2, Auto);
    for found in [newton, auto] {
        assert!(gap(&found, &expected) < digits, "{:e}", gap(&found, &expected));
    }
    // A gradient of 1e-10 leaves that much along a feature which is hardly ever there.
    assert!(gap(&lbfgs, &expected) < 1e-7f64.max(digits), "{:e}", gap(&lbfgs, &expected));
    [steps, passes]
}

#[test]
fn the_answer_is_that_of_the_whole_and_the_passes_are_few() {
    for (p, k) in [(3, 1), (25, 1), (6, 3)] {
        let (x, y) = problem::<f64>(p, k);
        let [steps, passes] = check(&Dataset::new(&x, &y).unwrap(), if k == 1 { 0.0 } else { 1e-4 }, 1e-12);
        println!("{p} features, {k} outputs: {steps} iterations of Newton, {passes} of L-BFGS");
        // A logistic fit of this kind takes plain L-BFGS 10 to 30.
        assert!(passes <= if k == 1 { 9 } else { 16 }, "{passes}");
    }
    let (x, y) = problem::<f32>(5, 1);
    check(&Dataset::new(&x, &y).unwrap(), 1e-3, 1e-6);
}

#[test]
fn sorted_rare_far_and_weightless_samples() {
    let (mut x, y) = problem::<f64>(4, 1);
    // Sorted by class, so that runs of neighbours know one class each.
    let mut order: Vec<usize> = (0..N).collect();
    order.sort_by_key(|&i| y[i] as usize);
    let data = Dataset::new(&x, &y).unwrap();
    check(&data.select(&order).unwrap(), 0.0, 1e-12);
    // Almost all of the second class left out: in a part of the rows the classes are separable.
    let few: Vec<usize> = (0..N).filter(|&i| y[i] == 0.0 || i % 800 == 0).collect();
    assert!(few.iter().filter(|&&i| y[i] == 1.0).count() < 30);
    check(&data.select(&few).unwrap(), 0.0, 1e-11);
    // Only the last rows weigh, and only a few rows of a feature are not 0; another lies far from 0, beside its spread.
    let weights: Vec<f64> = (0..N).map(|i| if i < N - 2000 { 0.0 } else { 1.0 + (i % 3) as f64 }).collect();
    let features = x.clone();
    x.column_mut(1).add_scalar_mut(1e4);
    (0..N).filter(|i| i % 97 != 0).for_each(|i| x[(i, 2)] = 0.0);
    let data = Dataset::new(&x, &y).unwrap();
    check(&data.clone().with_weights(&weights).unwrap(), 0.0, 1e-11);
    check(&data, 0.0, 1e-11);
    // The intercept takes up a shift of the features, whether they are centred for the passes or not.
    let near = whole(&Dataset::new(&features, &y).unwrap(), 0.0);
    let mut moved = features.clone();
    (0..4).for_each(|j| moved.column_mut(j).add_scalar_mut(1.5));
    let (moved, _) = by(&Dataset::new(&moved, &y).unwrap(), 0.0, Newton::default());
    assert!(gap(&moved[..4], &near[..4]) < 1e-12);
    let intercept = near[4] - 1.5 * near[..4].iter().sum::<f64>();
    assert!((moved[4] - intercept).abs() < 1e-12);
}

#[test]
fn separable_classes_are_named_however_many_samples() {
    let (x, _) = problem::<f64>(3, 1);
    let y = DMatrix::from_fn(N, 1, |i, _| f64::from(u8::from(x[(i, 0)] - 0.5 * x[(i, 1)] > 0.3)));
    let data = Dataset::new(&x, &y).unwrap();
    let model = LogisticRegression::new().fit(&data).unwrap();
    assert!(!model.report().converged());
    assert!(model.report().warnings().iter().any(|w| matches!(w, Warning::Separated { .. })));
    assert!(model.params().iter().all(|p| p.is_finite()));
    let (_, steps) = by(&data, 1e-3, Auto);
    assert!(steps < 30, "{steps}");
}

#[test]
fn many_classes_and_features_go_by_lbfgs_to_as_many_digits() {
    let (x, y) = problem::<f64>(50, 10);
    let data = Dataset::new(&x, &y).unwrap().select(&(0..800).collect::<Vec<_>>()).unwrap();
    let (newton, few) = by(&data, 1e-2, Newton::default());
    let (auto, many) = by(&data, 1e-2, Auto);
    assert!(gap(&auto, &newton) < 1e-10, "{:e}", gap(&auto, &newton));
    assert!(many > few, "{many} iterations, Newton {few}");
}

/// Raw pixels and hardly a penalty: the curvature where the classes part has little to do with that at 0.
#[test]
fn digits_as_they_are_take_few_iterations() {
    let digits = Table::read("digits.csv");
    let x = digits.matrix(&digits.names().filter(|name| *name != "digit").collect::<Vec<_>>());
    let labels = digits.column("digit");
    let y = DMatrix::from_fn(x.nrows(), 10, |i, c| f64::from(u8::from(labels[i] == c as f64)));
    let data = Dataset::new(&x, &y).unwrap();
    for (penalty, most) in [(1.0, 90), (1e-3, 140)] {
        let (_, iterations) = by(&data, penalty / x.nrows() as f64, Lbfgs::default().tolerance(1e-9));
        assert!(iterations < most, "{iterations} iterations with a penalty of {penalty}");
    }
}

/// Ten sums of 301×301 for each of 16 lanes are more than is made at a time.
#[test]
fn hessians_made_in_turns_agree_with_their_products() {
    let (n, p, k) = (1100, 300, 4);
    let x = DMatrix::from_fn(n, p, |i, j| unit(i, j) - 0.5);
    let y = DMatrix::from_fn(n, k, |i, c| f64::from(u8::from(i % k == c)));
    let data = Dataset::new(&x, &y).unwrap();
    let layer = Affine::new(p, k);
    let mut risk = Risk::new(&data, &layer, &CrossEntropy, 0.0).unwrap();
    let mut conditioned = risk.conditioned().unwrap();
    let dim = conditioned.dim();
    let numbers = |seed: usize| (0..dim).map(|i| unit(i, seed) - 0.5).collect::<Vec<_>>();
    let (phi, mut v, mut hv, mut h) = (numbers(1000), numbers(1001), vec![0.0; dim], DMatrix::zeros(dim, dim));
    // The curvature that is added along a common shift of all scores does not count.
    for v in v.chunks_exact_mut(k) {
        let mean = v.iter().sum::<f64>() / k as f64;
        v.iter_mut().for_each(|v| *v -= mean);
    }
    conditioned.hessian(&phi, &mut h);
    conditioned.hessian_product(&phi, &v, &mut hv);
    let expected = h * nalgebra::DVector::from_vec(v);
    let size = expected.amax();
    assert!(expected.iter().zip(&hv).all(|(a, b)| (a - b).abs() <= 1e-12 * size), "{size}");
}
