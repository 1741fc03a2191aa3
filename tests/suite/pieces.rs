//! Any settings and any floats for what stands around a fit: an error, or what the documentation promises. Never a panic.

use crate::arbitrary::{float, matrix};
use crate::cases::Numbers;
use crate::fuzz::fuzz;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use residual::data::{sequences, sequences_with_lengths};
use residual::nalgebra::DMatrix;
use residual::optim::schedule::{
    Cosine, Exponential, InverseTime, OneCycle, Plateau, Polynomial as PolynomialDecay, Staircase, Warmup,
};
use residual::select::{Fold, k_fold, stratified_k_fold};
use residual::{Dataset, Polynomial, Real, Result, Schedule, ridge_path};

/// A number that a setting might be: mostly of a sensible size.
fn setting(numbers: &mut Numbers) -> f64 {
    let mode = numbers.below(8);
    match numbers.below(3) {
        0 => float::<f64>(numbers, mode, true),
        1 => numbers.unit(),
        _ => [0.0, 0.5, 1.0, 1e-3, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.1][numbers.below(9)],
    }
}

fn count(numbers: &mut Numbers) -> usize {
    match numbers.below(3) {
        0 => numbers.below(20),
        1 => numbers.word() as usize,
        _ => [0, 1, 2, 3, 1000, usize::MAX, usize::MAX - 1, 1 << 31, (1 << 53) + 1][numbers.below(9)],
    }
}

fn schedule(numbers: &mut Numbers) -> Result<Box<dyn Schedule>> {
    let (a, b, c, steps) = (setting(numbers), setting(numbers), setting(numbers), count(numbers));
    Ok(match numbers.below(8) {
        0 => Box::new(Staircase::new(a, steps, b)?),
        1 => Box::new(Exponential::new(a, b)?),
        2 => Box::new(Cosine::new(a, steps, b)?),
        3 => Box::new(PolynomialDecay::new(a, steps, b, c)?),
        4 => Box::new(InverseTime::new(a, b)?),
        5 => Box::new(OneCycle::new(a, steps)?.rise(b)?),
        6 => Box::new(OneCycle::new(a, steps)?.ends(b, c)?),
        _ => {
            let (steps, patience) = (count(numbers), count(numbers));
            let cosine = Cosine::new(a, steps, b)?;
            Box::new(Warmup::new(steps, Plateau::new(cosine, c, patience)?.floor(b)?)?)
        }
    })
}

/// Whatever its settings, a schedule that was made gives rates that a trainer takes.
#[test]
fn every_schedule_gives_rates() {
    let (made, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    fuzz("schedules", 5000, &any::<u64>(), |seed| {
        let mut numbers = Numbers::new(seed);
        let Ok(schedule) = schedule(&mut numbers) else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        made.set(made.get() + 1);
        for step in (0..4).chain((0..8).map(|_| count(&mut numbers))) {
            let rate = schedule.rate(step);
            prop_assert!(rate >= 0.0 && rate.is_finite(), "{} at step {}", rate, step);
        }
        let values: Vec<f64> = (0..numbers.below(12)).map(|_| float(&mut numbers, 3, false)).collect();
        let factor = schedule.factor(&values);
        prop_assert!((0.0..=1.0).contains(&factor), "factor {} after {:?}", factor, values);
        Ok(())
    });
    assert!(made.get() > 500 && refused.get() > 500, "{} made, {} refused", made.get(), refused.get());
}

fn partition(n: usize, folds: usize, found: &[Fold]) -> TestCaseResult {
    prop_assert_eq!(found.len(), folds);
    let mut tested = vec![0; n];
    for (train, test) in found {
        let mut all = [&train[..], test].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
        prop_assert!(test.len() == n / folds || test.len() == n.div_ceil(folds), "{} of {}", test.len(), n);
        test.iter().for_each(|&row| tested[row] += 1);
    }
    prop_assert!(tested.iter().all(|&times| times == 1));
    Ok(())
}

/// Folds and splits of any number of rows, any targets, any number of folds, any fraction.
#[test]
fn any_folds_and_splits() {
    fuzz("folds", 1500, &(any::<u64>(), 1usize..40), |(seed, n)| {
        let mut numbers = Numbers::new(seed);
        let folds = if numbers.below(4) == 0 { count(&mut numbers) } else { numbers.below(12) };
        let legal = (2..=n).contains(&folds);
        let found = k_fold(n, folds, seed);
        prop_assert_eq!(found.is_ok(), legal);
        found.map_or(Ok(()), |found| partition(n, folds, &found))?;
        let classes = 1 + numbers.below(5);
        let y = DMatrix::from_fn(n, 1, |_, _| numbers.below(classes) as f64);
        let x = DMatrix::from_fn(n, 1, |i, _| i as f64);
        let data = Dataset::new(&x, &y).unwrap();
        let found = stratified_k_fold(&data, folds, seed);
        prop_assert_eq!(found.is_ok(), legal);
        if let Ok(found) = found {
            partition(n, folds, &found)?;
            for class in 0..classes {
                let members = |rows: &[usize]| rows.iter().filter(|&&row| y[row] == class as f64).count();
                let each: Vec<usize> = found.iter().map(|(_, test)| members(test)).collect();
                let (least, most) = (each.iter().min().unwrap(), each.iter().max().unwrap());
                prop_assert!(most - least <= 1, "class {} is dealt {:?}", class, each);
            }
        }
        let fraction = setting(&mut numbers);
        for split in [data.split(fraction, seed), data.split_stratified(fraction, seed)] {
            prop_assert_eq!(split.is_ok(), n > 1 && fraction > 0.0 && fraction < 1.0);
            if let Ok((train, test)) = split {
                let mut rows: Vec<f64> = train.x().iter().chain(test.x().iter()).copied().collect();
                rows.sort_by(f64::total_cmp);
                prop_assert_eq!(&rows[..], x.as_slice());
                prop_assert!((test.samples() as f64 - n as f64 * fraction).abs() <= 1.0);
            }
        }
        Ok(())
    });
}

/// Sequences of any shapes, of any longest length.
#[test]
fn any_sequences() {
    fuzz("sequences", 1000, &any::<u64>(), |seed| {
        let mut numbers = Numbers::new(seed);
        let (wild, same) = (numbers.below(8) == 0, numbers.below(2) == 0);
        let (rows, cols) = (1 + numbers.below(4), 1 + numbers.below(3));
        let list: Vec<DMatrix<f64>> = (0..numbers.below(5))
            .map(|_| {
                let rows = if same { rows } else { numbers.below(5) };
                let cols = if numbers.below(8) > 0 { cols } else { numbers.below(4) };
                matrix(&mut numbers, rows, cols, wild)
            })
            .collect();
        let steps = if numbers.below(3) == 0 { count(&mut numbers) } else { numbers.below(6) };
        // What fits no memory is refused, what fits is not tried here.
        let steps = if steps > 1 << 20 { usize::MAX - steps % 4 } else { steps };
        if let Ok(x) = sequences(&list) {
            prop_assert_eq!(x.shape(), (list.len(), list[0].len()));
            prop_assert!(x.iter().all(|v| v.is_finite()));
        }
        if let Ok(x) = sequences_with_lengths(&list, steps) {
            prop_assert_eq!(x.shape(), (list.len(), 1 + steps * list[0].ncols()));
            for (i, sequence) in list.iter().enumerate() {
                let (len, cols) = (sequence.nrows(), sequence.ncols());
                prop_assert_eq!(x[(i, 0)], len as f64);
                let value = |t: usize, j: usize| if t < len { sequence[(t, j)] } else { 0.0 };
                prop_assert!((0..steps * cols).all(|at| x[(i, 1 + at)] == value(at / cols, at % cols)));
            }
        }
        Ok(())
    });
}

/// A path of ridge fits: the numbers of each point are finite, save errors that are infinite by definition, and the choosers
/// take a point with the least error.
fn any_floats_along_a_ridge_path<T: Real>(cases: u32) {
    let made = std::cell::Cell::new(0);
    fuzz("ridge paths", cases, &(any::<u64>(), 1usize..=8, 1usize..=4, 1usize..=2), |(seed, n, p, k)| {
        let mut numbers = Numbers::new(seed);
        let (x, y) = (matrix::<T>(&mut numbers, n, p, false), matrix::<T>(&mut numbers, n, k, false));
        let weights: Vec<T> = matrix::<T>(&mut numbers, n, 1, false).iter().map(|w| w.abs()).collect();
        let l2: Vec<f64> =
            (0..1 + numbers.below(3)).map(|_| [0.0, 1e-3, 1.0, 1e200, 1e-200][numbers.below(5)]).collect();
        let checked = Dataset::new(&x, &y);
        let checked =
            if numbers.below(2) == 0 { checked } else { checked.and_then(|data| data.with_weights(&weights)) };
        let Ok(path) = checked.and_then(|data| ridge_path(&data, &l2)) else { return Ok(()) };
        made.set(made.get() + 1);
        for (point, &l2) in path.points().iter().zip(&l2) {
            prop_assert_eq!(point.l2, l2);
            prop_assert!(point.coefficients.iter().chain(&point.intercept).all(|v| v.is_finite()), "{:?}", point);
            prop_assert!(point.mean_square >= 0.0 && point.mean_square.is_finite(), "{:?}", point);
            let most = (1 + p.min(n)) as f64;
            prop_assert!(point.effective_df >= 0.0 && point.effective_df <= most + 1e-6, "{:?}", point);
            prop_assert!(point.gcv >= 0.0 && point.loo >= 0.0, "{:?}", point);
        }
        for (chosen, error) in [
            (path.l2_by_loo(), (|point| point.loo) as fn(&residual::RidgePoint) -> f64),
            (path.l2_by_gcv(), |point| point.gcv),
        ] {
            let least = path.points().iter().map(error).fold(f64::INFINITY, f64::min);
            let point = path.points().iter().find(|point| point.l2 == chosen && error(point) == least);
            prop_assert!(point.is_some(), "{} of {:?}", chosen, path);
        }
        Ok(())
    });
    assert!(made.get() > cases / 5, "{} of {cases} made", made.get());
}

#[test]
fn any_floats_along_a_ridge_path_f64() {
    any_floats_along_a_ridge_path::<f64>(1000);
}

#[test]
fn any_floats_along_a_ridge_path_f32() {
    any_floats_along_a_ridge_path::<f32>(1000);
}

/// A polynomial over any numbers: an error, or coefficients.
#[test]
fn any_floats_under_a_polynomial() {
    fuzz("polynomials", 1500, &(any::<u64>(), 0usize..=8, 0usize..=6), |(seed, n, degree)| {
        let mut numbers = Numbers::new(seed);
        let wild = numbers.below(6) == 0;
        let x = matrix::<f64>(&mut numbers, n, 1, wild);
        let y = matrix::<f64>(&mut numbers, n, 1, wild);
        let Ok(basis) = Polynomial::over(x.as_slice(), degree) else { return Ok(()) };
        let features = basis.features(x.as_slice());
        // What rounds the ends of the interval comes out larger by the slope there, the square of the degree.
        let most = 1.0 + f64::EPSILON * (1 + degree * degree) as f64;
        prop_assert!(features.iter().all(|v| v.abs() <= most), "{}", features);
        if let Ok(b) = basis.fit(x.as_slice(), y.as_slice()) {
            prop_assert!(b.len() == degree + 1 && b.iter().all(|v| v.is_finite()), "{:?}", b);
        }
        let c: Vec<f64> = (0..degree).map(|_| float(&mut numbers, 1, wild)).collect();
        if let Ok(b) = basis.to_powers(float(&mut numbers, 1, wild), &c) {
            prop_assert!(b.iter().all(|v| v.is_finite()), "{:?}", b);
        }
        Ok(())
    });
}
