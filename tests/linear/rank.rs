//! Columns that depend on each other: rank, warnings, the solution of least norm, fitted values.

use nalgebra::{DMatrix, DVector};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use residual::{Dataset, LinearRegression, Predictor, Regressor, Warning};

const DRAWS: u64 = 300;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// The fit of `x`, checked: rank, fitted values equal to those of the independent columns alone, least norm, warnings
/// that are true of the data.
fn check(x: &DMatrix<f64>, independent: &DMatrix<f64>, y: &DMatrix<f64>, intercept: bool, what: &str) {
    let rank = independent.ncols();
    let data = Dataset::new(x, y).unwrap();
    let model = LinearRegression::new().intercept(intercept).fit(&data).unwrap();
    let report = model.report();
    assert_eq!(report.rank(), Some(rank), "{what}");
    assert_eq!(report.warnings().len(), x.ncols() - rank, "{what}");
    let fitted = model.predict(x).unwrap();
    let size = y.amax() + 1e-300;
    let reference = match rank {
        0 => DMatrix::from_fn(y.nrows(), y.ncols(), |_, c| if intercept { y.column(c).mean() } else { 0.0 }),
        _ => {
            let reduced = Dataset::new(independent, y).unwrap();
            let reduced = LinearRegression::new().intercept(intercept).fit(&reduced).unwrap();
            assert_eq!(reduced.report().rank(), Some(rank), "{what}: the generator");
            reduced.predict(independent).unwrap()
        }
    };
    assert!((&fitted - &reference).amax() < 1e-9 * size, "{what}: off by {:e}", (&fitted - &reference).amax() / size);

    let w = model.coefficients();
    for warning in report.warnings() {
        let Warning::RankDeficient { column, depends_on, constant, .. } = warning else { panic!("{warning}") };
        let mut rest = x.column(*column).into_owned();
        for (j, c) in depends_on {
            assert!(j != column);
            rest -= x.column(*j) * *c;
        }
        // Least norm: nothing of W lies along what the design does not see.
        let mut unseen = DMatrix::zeros(x.ncols(), 1);
        unseen[*column] = 1.0;
        depends_on.iter().for_each(|(j, c)| unseen[*j] = -c);
        let along = (w.transpose() * &unseen).amax() / unseen.norm();
        assert!(along <= 1e-12 * w.norm(), "{what}: {along:e} of {:e}", w.norm());
        rest.add_scalar_mut(-constant);
        assert!(intercept || *constant == 0.0, "{what}");
        let scale =
            depends_on.iter().map(|(j, c)| c.abs() * x.column(*j).amax()).fold(x.column(*column).amax(), f64::max);
        assert!(rest.amax() <= 1e-8 * scale, "{what}: column {column} is not {depends_on:?}");
    }
}

fn targets(rng: &mut ChaCha8Rng, n: usize) -> DMatrix<f64> {
    let k = rng.random_range(1..3);
    DMatrix::from_fn(n, k, |_, c| 3.0 * normal(rng) + c as f64)
}

fn each(draw: impl Fn(&mut ChaCha8Rng, &str)) {
    for seed in 0..DRAWS {
        draw(&mut ChaCha8Rng::seed_from_u64(seed), &format!("draw {seed}"));
    }
}

/// `x` with more columns behind it.
fn with(x: &DMatrix<f64>, more: &[DVector<f64>]) -> DMatrix<f64> {
    let columns: Vec<DVector<f64>> = x.column_iter().map(|c| c.into_owned()).chain(more.iter().cloned()).collect();
    DMatrix::from_columns(&columns)
}

#[test]
fn duplicated_columns_and_combinations() {
    each(|rng, what| {
        let (p, intercept) = (rng.random_range(1..6), rng.random_bool(0.5));
        let n = p + rng.random_range(3..30);
        let far = if rng.random_bool(0.3) { 100.0 } else { 0.0 };
        let x = DMatrix::from_fn(n, p, |_, _| normal(rng) + far);
        let mut more = vec![x.column(0) * 10f64.powf(rng.random_range(-3.0..3.0))];
        if p > 1 {
            more.push(x.column(0) * normal(rng) + x.column(1) * normal(rng));
        }
        let y = targets(rng, n);
        check(&with(&x, &more), &x, &y, intercept, what);
    });
}

#[test]
fn constant_and_zero_columns() {
    each(|rng, what| {
        let (n, p) = (rng.random_range(6..30), rng.random_range(1..4));
        let x = DMatrix::from_fn(n, p, |_, _| normal(rng));
        let y = targets(rng, n);
        let constant = DVector::from_element(n, 10f64.powf(rng.random_range(-5.0..5.0)) + 0.1);
        let zero = DVector::zeros(n);
        check(&with(&x, &[constant.clone(), zero.clone()]), &x, &y, true, what);
        check(&with(&x, &[constant, zero.clone()]), &with(&x, &[DVector::from_element(n, 1.0)]), &y, false, what);
        check(&DMatrix::from_columns(&[zero.clone(), zero]), &DMatrix::zeros(n, 0), &y, rng.random_bool(0.5), what);
    });
}

#[test]
fn all_dummies_beside_an_intercept() {
    each(|rng, what| {
        let (levels, n) = (rng.random_range(2..6), rng.random_range(12..40));
        let level: Vec<usize> = (0..n).map(|i| if i < levels { i } else { rng.random_range(0..levels) }).collect();
        let dummies = DMatrix::from_fn(n, levels, |i, j| f64::from(u8::from(level[i] == j)));
        let other = DVector::from_fn(n, |_, _| normal(rng));
        let y = targets(rng, n);
        let x = with(&dummies, std::slice::from_ref(&other));
        let independent = with(&dummies.columns(0, levels - 1).into_owned(), &[other]);
        check(&x, &independent, &y, true, what);
        check(&x, &x, &y, false, what);
    });
}

#[test]
fn more_columns_than_samples() {
    each(|rng, what| {
        let (n, intercept) = (rng.random_range(1..8), rng.random_bool(0.5));
        let p = n + rng.random_range(0..12);
        let x = DMatrix::from_fn(n, p, |_, _| normal(rng));
        let y = targets(rng, n);
        let data = Dataset::new(&x, &y).unwrap();
        let model = LinearRegression::new().intercept(intercept).fit(&data).unwrap();
        let rank = n - usize::from(intercept);
        assert_eq!(model.report().rank(), Some(rank.min(p)), "{what}");
        // As many coefficients as samples: the fit passes through every one.
        let fitted = model.predict(&x).unwrap();
        if rank <= p {
            assert!((&fitted - &y).amax() < 1e-9 * y.amax(), "{what}: {:e}", (&fitted - &y).amax());
        }
        // W in the span of the (centred) samples: nothing of it is left when they are projected out.
        let mut rows = x.clone();
        if intercept {
            rows.column_iter_mut().for_each(|mut c| c.add_scalar_mut(-c.mean()));
        }
        let w = model.coefficients();
        let gram = (&rows * rows.transpose()).symmetric_eigen();
        let mut rest = w.clone();
        for (value, u) in gram.eigenvalues.iter().zip(gram.eigenvectors.column_iter()) {
            if *value > 1e-10 * gram.eigenvalues.max() {
                let v = rows.transpose() * u / value.sqrt();
                rest -= &v * (v.transpose() * &rest);
            }
        }
        assert!(rest.amax() < 1e-7 * (w.amax() + 1e-300), "{what}: {:e}", rest.amax() / w.amax());
    });
}

#[test]
fn products_of_low_rank() {
    each(|rng, what| {
        let (r, p) = (rng.random_range(1..5), rng.random_range(5..9));
        let n = rng.random_range(12..40);
        let (a, b) = (DMatrix::from_fn(n, r, |_, _| normal(rng)), DMatrix::from_fn(r, p, |_, _| normal(rng)));
        let y = targets(rng, n);
        check(&(&a * b), &a, &y, rng.random_bool(0.5), what);
    });
}

#[test]
fn with_a_penalty_nothing_is_dependent() {
    each(|rng, what| {
        let n = rng.random_range(2..10);
        let x = DMatrix::from_fn(n, 3, |_, _| normal(rng));
        let x = with(&x, &[x.column(0) * 2.0, DVector::from_element(n, 1.0)]);
        let y = targets(rng, n);
        let model = LinearRegression::new().l2(1e-3).fit(&Dataset::new(&x, &y).unwrap()).unwrap();
        assert_eq!((model.report().rank(), model.report().warnings().len()), (Some(5), 0), "{what}");
        // Equal shares of a column and its double: the coefficients are as 1 to 2.
        let w = model.coefficients();
        assert!((w[3] - 2.0 * w[0]).abs() < 1e-12 * w.amax() && w[4] == 0.0, "{what}: {w}");
    });
}

/// A combination is told in the user's names and units, the constant included.
#[test]
fn warnings_speak_of_names_and_of_the_constant() {
    let sex: Vec<f64> = (0..12).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let pounds: Vec<f64> = (0..12).map(|i| 100.0 + ((i * 7) % 11) as f64).collect();
    let x = DMatrix::from_fn(12, 5, |i, j| match j {
        0 => pounds[i],
        1 => sex[i],
        2 => 1.0 - sex[i],
        3 => 0.453592 * pounds[i] + 20.0 * sex[i] - 7.0,
        _ => 3.0,
    });
    let y = DVector::from_fn(12, |i, _| ((i * 5) % 7) as f64);
    let data = Dataset::new(&x, &y).unwrap();
    let named = Dataset::new(&x, &y).unwrap().with_names(["lb", "sex[f]", "sex[m]", "index", "three"]).unwrap();
    let texts = |data: &Dataset<'_, f64>, intercept: bool| -> Vec<String> {
        let model = LinearRegression::new().intercept(intercept).fit(data).unwrap();
        model.report().warnings().iter().map(Warning::to_string).collect()
    };
    assert_eq!(
        texts(&named, true),
        [
            "feature `sex[m]` equals 1 - `sex[f]`",
            "feature `index` equals -7 + 0.453592·`lb` + 20·`sex[f]`",
            "feature `three` is constant or zero; its coefficient is not determined",
        ]
    );
    assert_eq!(
        texts(&data, true),
        [
            "feature 2 is a combination of others: -1.0000·x1 +1.0000",
            "feature 3 is a combination of others: +0.4536·x0 +20.0000·x1 -7.0000",
            "feature 4 is constant or zero; its coefficient is not determined",
        ]
    );
    // Without an intercept the columns of the two sexes make the constant themselves.
    let without = texts(&named, false);
    assert!(without.iter().any(|text| text == "feature `three` equals 3·`sex[f]` + 3·`sex[m]`"), "{without:?}");
    // A constant that is rounding is none.
    let far = DMatrix::from_fn(12, 2, |i, j| (1e6 + 0.1 * (i * i) as f64) * [1.0, 0.7][j]);
    let model = LinearRegression::new().fit(&Dataset::new(&far, &y).unwrap()).unwrap();
    let [Warning::RankDeficient { column: 1, constant: 0.0, .. }] = model.report().warnings() else {
        panic!("{:?}", model.report().warnings())
    };
}
