//! Ridge regression in any units: the path, its choosers, and single fits.

use crate::support::close;
use nalgebra::{DMatrix, DVector};
use residual::{Dataset, LinearRegression, Regressor, RidgePath, ridge_path};

fn value(i: usize, j: usize) -> f64 {
    ((i * i * 613 + j * j * 211 + i * j * (i + 2 * j + 57)) % 1013) as f64 / 500.0 - 1.0
}

fn problem(n: usize, p: usize) -> (DMatrix<f64>, DVector<f64>) {
    let x = DMatrix::from_fn(n, p, |i, j| value(i, j) + if j > 0 { 0.5 * value(i, 0) } else { 3.0 });
    let y = DVector::from_fn(n, |i, _| 2.0 + value(i, 0) - 0.5 * value(i, 1) + 0.7 * value(i, 90));
    (x, y)
}

/// v 2ᵏ, also where one factor would overflow.
fn times(v: f64, k: i32) -> f64 {
    v * 2f64.powi(k / 2) * 2f64.powi(k - k / 2)
}

/// W and b by the normal equations of the columns that the penalty lets count; the others by W = xᵀ w r / (λ Σw).
fn expected(x: &DMatrix<f64>, scales: &[i32], y: &DVector<f64>, l2: f64) -> (Vec<f64>, f64) {
    let (n, p) = x.shape();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n as f64;
    let centred = DMatrix::from_fn(n, p, |i, j| x[(i, j)] - mean(x.column(j).as_slice()));
    let (faint, rest): (Vec<usize>, Vec<usize>) = (0..p).partition(|&j| scales[j] < -400 && l2 > 0.0);
    let a = centred.select_columns(&rest);
    let mut gram = a.tr_mul(&a);
    for (l, &j) in rest.iter().enumerate() {
        // λ for a column times 2ᵏ is λ 4⁻ᵏ for the column itself.
        gram[(l, l)] += if scales[j] > 400 || l2 == 0.0 { 0.0 } else { n as f64 * l2 * 4f64.powi(-scales[j]) };
    }
    let off = y.add_scalar(-y.mean());
    let b = if rest.is_empty() { DVector::zeros(0) } else { gram.cholesky().unwrap().solve(&a.tr_mul(&off)) };
    let residual = &off - &a * &b;
    let mut w = vec![0.0; p];
    rest.iter().zip(b.iter()).for_each(|(&j, b)| w[j] = times(*b, -scales[j]));
    faint.iter().for_each(|&j| w[j] = times(centred.column(j).dot(&residual) / (n as f64 * l2), scales[j]));
    let level = y.mean() - rest.iter().zip(b.iter()).map(|(&j, b)| b * mean(x.column(j).as_slice())).sum::<f64>();
    (w, level)
}

/// Columns of 1e-170 and 1e155 beside plain ones, penalties from none to heavy: single fits and the path.
#[test]
fn columns_of_any_size_side_by_side() {
    for scales in
        [[0, -565, 0], [-565, 0, 0], [-565, -565, 0], [0, 515, 0], [515, 0, -565], [-565; 3], [560; 3], [0, -900, 900]]
    {
        for (n, l2) in [(20, 0.0), (20, 1e-3), (20, 0.5), (20, 1e3), (3, 0.5)] {
            if n == 3 && scales.iter().any(|&k| k > 400) {
                // More columns than the samples determine, which the penalty does not reach.
                continue;
            }
            let (x, y) = problem(n, 3);
            let wide = DMatrix::from_fn(n, 3, |i, j| times(x[(i, j)], scales[j]));
            let (w, level) = expected(&x, &scales, &y, l2);
            let data = Dataset::new(&wide, &y).unwrap();
            let what = |name: &str, j: usize| format!("{name} {scales:?} n {n} l2 {l2} x{j}");
            let model = LinearRegression::new().l2(l2).fit(&data).unwrap();
            let path = ridge_path(&data, &[l2]).unwrap();
            for (name, found, b) in [
                ("fit", model.coefficients(), model.intercept()[0]),
                ("path", path.points()[0].coefficients.clone(), path.points()[0].intercept[0]),
            ] {
                for j in 0..3 {
                    close(&what(name, j), found[j], w[j], 1e-11);
                }
                close(&what(name, 9), b, level, 1e-11);
            }
        }
    }
}

fn choices(path: &RidgePath) -> [f64; 3] {
    [path.l2_by_loo(), path.l2_by_loo_refit(), path.l2_by_gcv()]
}

/// The same penalties are chosen whatever the unit of the targets, and with columns that no penalty lets count.
#[test]
fn choices_do_not_depend_on_units() {
    let l2 = [1e-6, 1e-3, 0.03, 0.1, 0.3, 1.0, 3.0];
    for (n, p) in [(20, 3), (6, 9)] {
        let (x, y) = problem(n, p);
        let plain = ridge_path(&Dataset::new(&x, &y).unwrap(), &l2).unwrap();
        assert!(choices(&plain).iter().all(|&choice| choice != l2[0]), "a choice to be missed: {:?}", choices(&plain));
        for unit in [1e-170, 1e-300, 1e160, 1e300] {
            let far = &y * unit;
            let path = ridge_path(&Dataset::new(&x, &far).unwrap(), &l2).unwrap();
            assert_eq!(choices(&path), choices(&plain), "{unit:e}");
            for (point, plain) in path.points().iter().zip(plain.points()) {
                close("df", point.effective_df, plain.effective_df, 1e-12);
                (0..p).for_each(|j| close("W", point.coefficients[j] / unit, plain.coefficients[j], 1e-9));
                let errors = [point.mean_square, point.loo, point.loo_refit, point.gcv];
                // 1e-340 is 0 to f64, and 1e320 the largest number there is.
                let expected = if unit < 1.0 { 0.0 } else { f64::MAX };
                assert_eq!(errors, [expected; 4], "{unit:e}");
            }
            let single = LinearRegression::new().l2(l2[3]).fit(&Dataset::new(&x, &far).unwrap()).unwrap();
            (0..p).for_each(|j| close("fit", single.coefficients()[j] / unit, plain.points()[3].coefficients[j], 1e-9));
            assert_eq!(single.report().value(), if unit < 1.0 { 0.0 } else { f64::MAX });
        }
        // Powers of two, so that the comparison is exact: nothing but the unit differs.
        for k in [-700, 700] {
            let far = y.map(|y| times(y, k));
            let path = ridge_path(&Dataset::new(&x, &far).unwrap(), &l2).unwrap();
            assert_eq!(choices(&path), choices(&plain));
            for (point, plain) in path.points().iter().zip(plain.points()) {
                assert!((0..p).all(|j| point.coefficients[j] == times(plain.coefficients[j], k)));
            }
        }
        let mut beside = x.clone().insert_column(1, 0.0);
        (0..n).for_each(|i| beside[(i, 1)] = 1e-170 * value(i, 70));
        let path = ridge_path(&Dataset::new(&beside, &y).unwrap(), &l2).unwrap();
        assert_eq!(choices(&path), choices(&plain));
        for (point, plain) in path.points().iter().zip(plain.points()) {
            close("loo", point.loo, plain.loo, 1e-9);
            close("refit", point.loo_refit, plain.loo_refit, 1e-9);
            assert!(point.coefficients[1] != 0.0 && point.coefficients[1].abs() < 1e-160);
        }
    }
}

/// The two leave-one-out errors against n fits, one row left out of each: with λ Σw kept, and with λ kept.
#[test]
fn both_deletions_are_what_they_say() {
    for (n, p) in [(12, 3), (6, 9)] {
        let (x, y) = problem(n, p);
        let weights: Vec<f64> = (0..n).map(|i| [1.0, 0.25, 0.0, 3.0, 1.5][i % 5]).collect();
        for weighted in [false, true] {
            let mut data = Dataset::new(&x, &y).unwrap();
            if weighted {
                data = data.with_weights(&weights).unwrap();
            }
            let w = |i: usize| if weighted { weights[i] } else { 1.0 };
            let total: f64 = (0..n).map(w).sum();
            let path = ridge_path(&data, &[1e-3, 0.1, 10.0]).unwrap();
            for point in path.points() {
                let error = |out: usize, l2: f64| {
                    let rows: Vec<usize> = (0..n).filter(|&i| i != out).collect();
                    let model = LinearRegression::new().l2(l2).fit(&data.select(&rows).unwrap()).unwrap();
                    let fitted = x.row(out).transpose().dot(&model.coefficients().column(0)) + model.intercept()[0];
                    w(out) * (y[out] - fitted).powi(2) / total
                };
                let rows = || (0..n).filter(|&i| w(i) > 0.0);
                let same: f64 = rows().map(|i| error(i, point.l2)).sum();
                let kept: f64 = rows().map(|i| error(i, point.l2 * total / (total - w(i)))).sum();
                close("refit", point.loo_refit, same, 1e-9);
                close("loo", point.loo, kept, 1e-9);
                assert!((same / kept - 1.0).abs() > 1e-5, "they differ");
            }
        }
    }
}
