//! Ridge regression: reference answers, and the path against fits and deletions one at a time.

use crate::files::{Table, cases, number, numbers, text, texts};
use crate::support::{all_close, close};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use residual::{Dataset, LinearRegression, Predictor, Regressor, ridge_path};

#[test]
fn the_reference_paths() {
    for case in &cases("ridge.json") {
        let id = text(&case["id"]);
        let table = Table::read(text(&case["data"]));
        let (means, sds) = (numbers(&case["x_mean"]), numbers(&case["x_sd"]));
        let raw = table.matrix(&texts(&case["columns"]));
        let x = DMatrix::from_fn(raw.nrows(), raw.ncols(), |i, j| (raw[(i, j)] - means[j]) / sds[j]);
        let y = table.target(text(&case["y"]));
        let n = y.len() as f64;
        let data = Dataset::new(&x, &y).unwrap();
        let fits = case["fits"].as_array().unwrap();
        let l2: Vec<f64> = fits.iter().map(|f| number(&f["alpha"]) / n).collect();
        let path = ridge_path(&data, &l2).unwrap();
        let mut best = (f64::NAN, f64::INFINITY);
        for ((fit, point), &l2) in fits.iter().zip(path.points()).zip(&l2) {
            let what = format!("{id}, alpha {}", fit["alpha"]);
            all_close(&what, point.coefficients.as_slice(), &numbers(&fit["coef"]), 1e-9);
            close(&what, point.intercept[0], number(&fit["intercept"]), 1e-9);
            close(&what, point.mean_square * n, number(&fit["rss"]), 1e-9);
            close(&what, point.effective_df, number(&fit["effective_df"]), 1e-9);
            close(&what, point.gcv, number(&fit["gcv"]), 1e-9);
            close(&what, point.loo, number(&fit["loocv_mse"]), 1e-9);
            let single = LinearRegression::new().l2(l2).fit(&data).unwrap();
            all_close(&what, single.coefficients().as_slice(), &numbers(&fit["coef"]), 1e-9);
            close(&what, single.intercept()[0], number(&fit["intercept"]), 1e-9);
            close(&what, single.report().value() * 2.0 * n, number(&fit["objective"]), 1e-9);
            if number(&fit["loocv_mse"]) < best.1 {
                best = (l2, number(&fit["loocv_mse"]));
            }
        }
        assert_eq!(path.l2_by_loo(), best.0, "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each point is the fit for its penalty, and its leave-one-out error is that of n fits to n − 1 rows.
    #[test]
    fn the_path_is_many_fits(
        n in 4usize..12,
        p in 1usize..5,
        k in 1usize..3,
        weighted: bool,
        l2 in prop::collection::vec(1e-4..10.0f64, 1..4),
        seed in 0usize..10_000,
    ) {
        let value = |i: usize, j: usize| (((i * 37 + j * 101 + seed) * 7919) % 1013) as f64 / 500.0 - 1.0;
        let x = DMatrix::from_fn(n, p, |i, j| if j == 3 { 2.0 * value(i, 0) } else { value(i, j) });
        let y = DMatrix::from_fn(n, k, |i, j| value(i, j + 50) + 10.0);
        let weights: Vec<f64> = (0..n).map(|i| 0.5 + ((i + seed) % 3) as f64).collect();
        let mut data = Dataset::new(&x, &y).unwrap();
        if weighted {
            data = data.with_weights(&weights).unwrap();
        }
        let path = ridge_path(&data, &l2).unwrap();
        let w = |i: usize| if weighted { weights[i] } else { 1.0 };
        let total: f64 = (0..n).map(w).sum();
        for (point, &l2) in path.points().iter().zip(&l2) {
            let model = LinearRegression::new().l2(l2).fit(&data).unwrap();
            prop_assert!((&point.coefficients - model.coefficients()).amax() < 1e-11);
            prop_assert!((&point.intercept - model.intercept()).amax() < 1e-11);
            let mut loo = 0.0;
            for out in 0..n {
                let rows: Vec<usize> = (0..n).filter(|&i| i != out).collect();
                // λ Σw is what the fit without the row has to keep.
                let rest = data.select(&rows).unwrap();
                let l2 = l2 * total / (total - w(out));
                let model = LinearRegression::new().l2(l2).fit(&rest).unwrap();
                let off = model.predict(x.rows(out, 1)).unwrap() - y.rows(out, 1);
                loo += w(out) * off.norm_squared() / total;
            }
            prop_assert!((point.loo / loo - 1.0).abs() < 1e-9, "{} {}", point.loo, loo);
        }
    }
}

#[test]
fn penalty_zero_is_least_squares_and_bad_penalties_are_refused() {
    let x =
        DMatrix::from_fn(
            9,
            3,
            |i, j| if j == 2 { i as f64 * 3.0 } else { ((i * (j + 1)) % 5) as f64 + i as f64 * j as f64 },
        );
    let y = DVector::from_fn(9, |i, _| (i * i % 7) as f64);
    let data = Dataset::new(&x, &y).unwrap();
    let path = ridge_path(&data, &[0.0]).unwrap();
    let model = LinearRegression::new().fit(&data).unwrap();
    assert!((&path.points()[0].coefficients - model.coefficients()).amax() < 1e-12);
    assert!((path.points()[0].effective_df - 1.0 - model.report().rank().unwrap() as f64).abs() < 1e-12);
    for bad in [&[][..], &[-1.0], &[f64::NAN], &[0.1, f64::INFINITY]] {
        assert!(ridge_path(&data, bad).is_err());
    }
}

/// Columns in 1e6 and 1e-6 that depend on each other strongly, in either order: penalties from none to large.
#[test]
fn the_path_keeps_its_digits_in_wild_units() {
    for (n, p) in [(30, 4), (12, 12), (8, 20)] {
        for order in [0, 1] {
            let unit = |j: usize| if (j + order).is_multiple_of(2) { 2f64.powi(20) } else { 2f64.powi(-20) };
            let value = |i: usize, j: usize| {
                ((i * i * 613 + j * j * 211 + i * j * (i + 2 * j + 57)) % 1013) as f64 / 500.0 - 1.0
            };
            let x = DMatrix::from_fn(n, p, |i, j| {
                (value(i, j) + if j % 2 == 1 { 0.75 * value(i, j - 1) } else { 0.0 }) * unit(j)
            });
            let y = DVector::from_fn(n, |i, _| 3.0 + value(i, 0) + value(i, 1) + value(i, 77));
            let data = Dataset::new(&x, &y).unwrap();
            let l2 = [0.0, 1e-14, 1e-10, 1e-3, 1.0];
            let path = ridge_path(&data, &l2[usize::from(n <= p)..]).unwrap();
            for point in path.points() {
                let model = LinearRegression::new().l2(point.l2).fit(&data).unwrap();
                for j in 0..p {
                    let (found, expected) = (point.coefficients[j], model.coefficients()[j]);
                    let size = (j % 2..p).step_by(2).fold(0.0f64, |size, l| size.max(model.coefficients()[l].abs()));
                    let off = (found - expected).abs() / size;
                    assert!(off < 1e-9, "{n}x{p} order {order} l2 {:e}, {j}: {found:e} for {expected:e}", point.l2);
                }
            }
        }
    }
}

/// Fewer samples than features take another way: it must give what fits one at a time give, deletions included.
#[test]
fn wide_designs() {
    for (n, p, weighted, far) in [(6, 6, false, 0.0), (5, 9, true, 100.0), (9, 40, false, 1e4), (9, 40, true, 0.0)] {
        let value =
            |i: usize, j: usize| ((i * i * 613 + j * j * 211 + i * j * (i + 2 * j + 57)) % 1013) as f64 / 500.0 - 1.0;
        // The last sample is the first once more, and a column is constant.
        let x = DMatrix::from_fn(n, p, |i, j| if j == 3 { 7.0 } else { value(i % (n - 1), j) + far });
        let y = DMatrix::from_fn(n, 2, |i, k| value(i, 90 + k) + 10.0);
        let weights: Vec<f64> = (0..n).map(|i| if i == 1 { 0.0 } else { 0.5 + (i % 3) as f64 }).collect();
        let mut data = Dataset::new(&x, &y).unwrap();
        if weighted {
            data = data.with_weights(&weights).unwrap();
        }
        let w = |i: usize| if weighted { weights[i] } else { 1.0 };
        let total: f64 = (0..n).map(w).sum();
        let path = ridge_path(&data, &[0.0, 1e-6, 1e-3, 1.0]).unwrap();
        for point in path.points() {
            let model = LinearRegression::new().l2(point.l2).fit(&data).unwrap();
            let size = model.coefficients().amax();
            assert!((&point.coefficients - model.coefficients()).amax() < 1e-9 * size, "{n}x{p} {:e}", point.l2);
            let off = (&point.intercept - model.intercept()).amax();
            assert!(off < 1e-9 * (model.intercept().amax() + size * far), "{n}x{p} {:e}: {off:e}", point.l2);
            let errors = model.predict(&x).unwrap() - &y;
            let square: f64 = (0..n).map(|i| w(i) * errors.row(i).norm_squared()).sum::<f64>() / total;
            assert!((point.mean_square / square - 1.0).abs() < 1e-7, "{n}x{p} {:e}", point.l2);
            if point.l2 == 0.0 {
                // Pairwise different samples are met exactly, so all but the doubled ones have leverage 1.
                assert!(point.loo.is_infinite());
                let rank = model.report().rank().unwrap() as f64;
                assert!((point.effective_df - 1.0 - rank).abs() < 1e-10, "{} {rank}", point.effective_df);
                continue;
            }
            let mut loo = 0.0;
            for out in (0..n).filter(|&i| w(i) > 0.0) {
                let rest = data.select(&(0..n).filter(|&i| i != out).collect::<Vec<_>>()).unwrap();
                let model = LinearRegression::new().l2(point.l2 * total / (total - w(out))).fit(&rest).unwrap();
                let off = model.predict(x.rows(out, 1)).unwrap() - y.rows(out, 1);
                loo += w(out) * off.norm_squared() / total;
            }
            assert!((point.loo / loo - 1.0).abs() < 1e-8, "{n}x{p} {:e}: {} {loo}", point.l2, point.loo);
        }
    }
}

/// The largest and the smallest numbers, where squares leave the range of f64.
#[test]
fn the_path_at_the_ends_of_the_range() {
    let value =
        |i: usize, j: usize| ((i * i * 613 + j * j * 211 + i * j * (i + 2 * j + 57)) % 1013) as f64 / 500.0 - 1.0;
    for (n, p) in [(20, 3), (4, 6)] {
        let plain = DMatrix::from_fn(n, p, value);
        let y = DVector::from_fn(n, |i, _| value(i, 50));
        let reference = ridge_path(&Dataset::new(&plain, &y).unwrap(), &[0.0, 0.25]).unwrap();
        for power in [-600, -300, 300, 600] {
            let x = &plain * 2f64.powi(power);
            // λ goes with the square of the unit, as far as f64 reaches.
            let path = ridge_path(&Dataset::new(&x, &y).unwrap(), &[0.0]).unwrap();
            let back = &path.points()[0].coefficients * 2f64.powi(power);
            assert!((back - &reference.points()[0].coefficients).amax() < 1e-10, "{n}x{p} 2^{power}");
            if power.abs() < 500 {
                let l2 = 0.25 * 2f64.powi(2 * power);
                let path = ridge_path(&Dataset::new(&x, &y).unwrap(), &[l2]).unwrap();
                let (point, expected) = (&path.points()[0], &reference.points()[1]);
                assert!((&point.coefficients * 2f64.powi(power) - &expected.coefficients).amax() < 1e-10);
                assert!((point.loo / expected.loo - 1.0).abs() < 1e-10);
            }
        }
    }
}
