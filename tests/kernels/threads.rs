//! The same bits on 1, 2, 3 and 8 threads, and without the feature `parallel`.

use super::{labels, noise, one_hot};
use nalgebra::DMatrix;
use residual::optim::{Lbfgs, Trainer};
use residual::{Dataset, LinearRegression, LogisticRegression, Mlp, Predictor, Real, Regressor, Standardized};
use std::fmt::Write;

/// Feeds the bits of numbers to FNV-1a.
fn hash<T: Real>(hash: &mut u64, numbers: &[T]) {
    for x in numbers {
        for byte in x.to_f64().to_bits().to_le_bytes() {
            *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn fit<T: Real>(name: &str, regressor: &impl Regressor<T>, x: &DMatrix<T>, y: &DMatrix<T>, lines: &mut String) {
    let weights: Vec<T> = (0..x.nrows()).map(|i| T::of(1.0 + (i % 3) as f64)).collect();
    for weighted in [false, true] {
        let data = Dataset::new(x, y).unwrap();
        let data = if weighted { data.with_weights(&weights).unwrap() } else { data };
        let mut bits = 0xcbf2_9ce4_8422_2325;
        // Predictions move with every bit of the parameters.
        hash(&mut bits, regressor.fit(&data).unwrap().predict(x).unwrap().as_slice());
        writeln!(lines, "{name} weighted={weighted} {bits:016x}").unwrap();
    }
}

/// One line with a hash for every regressor.
fn hashes<T: Real>() -> String {
    let mut lines = String::new();
    // Large enough for every part to fork.
    let x = noise::<T>(30_000, 12, 1);
    let y = DMatrix::from_columns(&[x.column(0) + noise::<T>(30_000, 1, 2).column(0), x.column(1) * T::of(2.0)]);
    let (binary, classes) = (labels(&x, 3), one_hot(30_000, 3));
    fit("least squares", &LinearRegression::new(), &x, &y, &mut lines);
    fit("ridge", &LinearRegression::new().l2(0.1), &x, &y, &mut lines);
    fit("gradient descent", &LinearRegression::new().solver(Trainer::gd(0.3).epochs(5)), &x, &y, &mut lines);
    fit("linear by lbfgs", &LinearRegression::new().solver(Lbfgs::default()), &x, &y, &mut lines);
    fit("logistic", &LogisticRegression::new().l2(1e-3), &x, &binary, &mut lines);
    fit("logistic by lbfgs", &LogisticRegression::new().l2(1e-3).solver(Lbfgs::default()), &x, &binary, &mut lines);
    fit("softmax", &LogisticRegression::new().l2(1e-3), &x, &classes, &mut lines);
    fit("standardized", &Standardized::new(LogisticRegression::new().l2(1e-3)), &x, &binary, &mut lines);
    let trainer = Trainer::adam(1e-2).epochs(2);
    fit("network", &Mlp::regressor([16]).solver(trainer.clone().batch_size(1000)), &x, &y, &mut lines);
    fit("network, full batch", &Mlp::classifier([16]).solver(trainer.full_batch()), &x, &classes, &mut lines);
    lines
}

#[cfg(feature = "parallel")]
fn on(threads: usize, work: impl FnOnce() -> String + Send) -> String {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// On one machine the lines of this test are also the same with `--no-default-features`: it prints them for `diff`.
#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let (double, single) = (hashes::<f64>(), hashes::<f32>());
    println!("{double}{single}");
    #[cfg(feature = "parallel")]
    for threads in [1, 2, 3, 8] {
        assert_eq!(on(threads, hashes::<f64>), double, "{threads} threads");
        assert_eq!(on(threads, hashes::<f32>), single, "{threads} threads, f32");
    }
}
