//! How the cost grows: `cargo bench --bench growth` prints, for every job and every size it depends on, the times over a decade,
//! the exponent fitted to them and the one to be expected.
//!
//! A fitted exponent below the expected one means that something of lower order still counts at the small end, one above it that
//! the large end has left a cache.

mod support;

use nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::*;
use std::hint::black_box;
use support::{binary, classes, curved, linear, time};

/// Least-squares slope of ln t over ln s.
fn exponent(points: &[(usize, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|&(s, t)| ((s as f64).ln(), t.ln())).collect();
    let n = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |m, l| (m.0 + l.0 / n, m.1 + l.1 / n));
    let (above, below) = logs.iter().fold((0.0, 0.0), |s, l| (s.0 + (l.0 - x) * (l.1 - y), s.1 + (l.0 - x).powi(2)));
    above / below
}

/// One line of the table: the median of five runs at every size.
fn row<D>(job: &str, size: &str, expected: f64, sizes: &[usize], data: impl Fn(usize) -> D, run: impl Fn(&D, usize)) {
    let point = |&s: &usize| {
        let data = data(s);
        (s, time(5, || run(&data, s))[0])
    };
    let points: Vec<(usize, f64)> = sizes.iter().map(point).collect();
    let times: Vec<String> = points.iter().map(|(s, t)| format!("{s}: {:.3}", t * 1e3)).collect();
    println!("| {job} | {size} | {} | {:.2} | {expected} |", times.join(", "), exponent(&points));
}

type Data = (DMatrix<f64>, DMatrix<f64>);

fn set(data: &Data) -> Dataset<'_, f64> {
    Dataset::new(&data.0, &data.1).unwrap()
}

fn ols(data: &Data, _: usize) {
    black_box(LinearRegression::new().fit(&set(data)).unwrap());
}

/// A fixed number of steps: what a step costs, not how many are needed.
fn logit(data: &Data, _: usize) {
    let solver = Newton::default().max_iterations(3);
    black_box(LogisticRegression::new().l2(1e-3).solver(solver).fit(&set(data)).unwrap());
}

fn gradient(data: &Data, _: usize) {
    let (data, p) = (set(data), data.0.ncols());
    let layer = Affine::new(p, 1);
    let (theta, mut g) = (vec![0.01; p + 1], vec![0.0; p + 1]);
    black_box(Risk::new(&data, &layer, &CrossEntropy, 1e-3).unwrap().gradient(&theta, &mut g));
}

fn predict(data: &Data, _: usize) {
    let p = data.0.ncols();
    let model = Fitted::from_params(Affine::new(p, 1), SquaredError, vec![0.01; p + 1]).unwrap();
    black_box(model.predict(&data.0).unwrap());
}

fn epoch(data: &(DMatrix<f32>, DMatrix<f32>), batch: usize) {
    let data = Dataset::new(&data.0, &data.1).unwrap();
    let trainer = Trainer::adam(1e-3).epochs(2).batch_size(batch);
    black_box(Mlp::regressor([64, 64]).solver(trainer).fit(&data).unwrap());
}

fn softmax(data: &Data, k: usize) {
    let (data, p) = (set(data), data.0.ncols());
    let layer = Affine::new(p, k);
    let (theta, mut g) = (vec![0.01; (p + 1) * k], vec![0.0; (p + 1) * k]);
    black_box(Risk::new(&data, &layer, &CrossEntropy, 1e-3).unwrap().gradient(&theta, &mut g));
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        println!("| job | size | median ms, one thread | exponent | expected |\n|---|---|---|---|---|");
        let rows = [20_000, 40_000, 80_000, 200_000];
        let columns = [20, 40, 80, 200];
        row("least squares, p = 20", "n", 1.0, &rows, |n| linear(n, 20), ols);
        row("least squares, n = 10000", "p", 2.0, &columns, |p| linear(10_000, p), ols);
        row("3 Newton steps, p = 20", "n", 1.0, &rows, |n| binary(n, 20), logit);
        row("3 Newton steps, n = 10000", "p", 2.0, &columns, |p| binary(10_000, p), logit);
        row("gradient, logistic, p = 20", "n", 1.0, &rows, |n| binary(n, 20), gradient);
        row("gradient, logistic, n = 20000", "p", 1.0, &columns, |p| binary(20_000, p), gradient);
        row("gradient, softmax, 10000x64", "classes", 1.0, &[3, 6, 12, 30], |k| classes(10_000, 64, k), softmax);
        row("prediction, linear, p = 20", "n", 1.0, &rows, |n| linear(n, 20), predict);
        row(
            "2 epochs, 20-64-64-1, batch 32",
            "n",
            1.0,
            &[1000, 2000, 4000, 10_000],
            |n| curved(n, 20),
            |d, _| epoch(d, 32),
        );
        // The work of an epoch does not depend on the batch; what a step costs beside it does.
        row("2 epochs, 20-64-64-1, n = 4000", "batch", 0.0, &[20, 40, 80, 200], |_| curved(4000, 20), epoch);
    });
}
