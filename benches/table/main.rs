//! Prints the tables of BENCHMARKS.md: `cargo bench --bench table [-- job ...]`. The jobs of networks come from
//! `networks.rs`; `benches/peers/networks.py` does the same with PyTorch and scikit-learn.

#[path = "../../examples/read/jobs.rs"]
mod jobs;
#[path = "../support/made.rs"]
mod made;
mod networks;
#[path = "../../examples/read/mod.rs"]
mod read;
#[path = "../support/mod.rs"]
mod support;

use nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::*;
use std::hint::black_box;
use support::*;

fn wanted(job: &str) -> bool {
    let mut args = std::env::args().skip(1).filter(|a| !a.starts_with("--")).peekable();
    args.peek().is_none() || args.any(|a| job.contains(&a))
}

fn row(job: &str, threads: usize, floor: Option<f64>, f: impl FnMut()) {
    let [median, least, most] = time(9, f);
    let ratio = floor.map_or(String::new(), |floor| format!("{:.2}", median / floor));
    println!("| {job} | {threads} | {:.6} | {:.6} to {:.6} | {ratio} |", median * 1e3, least * 1e3, most * 1e3);
}

fn main() {
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| all(threads, peak() * threads as f64));
    }
}

fn all(threads: usize, peak: f64) {
    let read = read_80_mb();
    println!("\n{threads} threads: {:.1} GFLOP/s in f64, 80 MB read in {:.2} ms\n", peak / 1e9, read * 1e3);
    println!("| job | threads | median ms | range | times floor |\n|---|---|---|---|---|");
    if wanted("gradient") {
        for (n, p) in [(100_000, 100), (1_000_000, 20)] {
            let (x, y) = binary(n, p);
            let (data, layer) = (Dataset::new(&x, &y).unwrap(), Affine::new(p, 1));
            let (theta, mut g) = (vec![0.01; p + 1], vec![0.0; p + 1]);
            let floor = Some(read * (n * p) as f64 / 1e7);
            let mut risk = Risk::new(&data, &layer, &SquaredError, 1e-3).unwrap();
            row(&format!("gradient, linear {n}x{p}"), threads, floor, || {
                black_box(risk.gradient(&theta, &mut g));
            });
            let mut risk = Risk::new(&data, &layer, &CrossEntropy, 1e-3).unwrap();
            row(&format!("gradient, logistic {n}x{p}"), threads, floor, || {
                black_box(risk.gradient(&theta, &mut g));
            });
        }
        let (x, y) = classes(20_000, 64, 10);
        let (data, layer) = (Dataset::new(&x, &y).unwrap(), Affine::new(64, 10));
        let (theta, mut g) = (vec![0.01; 650], vec![0.0; 650]);
        let mut risk = Risk::new(&data, &layer, &CrossEntropy, 1e-3).unwrap();
        row("gradient, softmax 20000x64x10", threads, Some(4.0 * 12.8e6 / peak), || {
            black_box(risk.gradient(&theta, &mut g));
        });
    }
    if wanted("ols") {
        for (n, p) in [(100_000, 100), (1_000_000, 20), (2000, 1000)] {
            let (x, y) = linear(n, p);
            let data = Dataset::new(&x, &y).unwrap();
            // The upper triangle of the Gram matrix, or one read of X where that takes longer.
            let floor = (((n * p * (p + 1)) as f64) / peak).max(read * (n * p) as f64 / 1e7);
            row(&format!("ols {n}x{p}, fit"), threads, Some(floor), || {
                black_box(LinearRegression::new().fit(&data).unwrap());
            });
        }
    }
    if wanted("logit") {
        for (n, p) in [(100_000, 100), (1_000_000, 20)] {
            let (x, y) = binary(n, p);
            let data = Dataset::new(&x, &y).unwrap();
            let (floor, model) =
                (Some(11.0 * read * (n * p) as f64 / 1e7), LogisticRegression::new().l2(1.0 / n as f64));
            row(&format!("logit L2 {n}x{p}, all digits"), threads, floor, || {
                black_box(model.fit(&data).unwrap());
            });
            let model = model.clone().solver(Lbfgs::default().tolerance(1e-9));
            row(&format!("logit L2 {n}x{p}, to 1e-9"), threads, floor, || {
                black_box(model.fit(&data).unwrap());
            });
        }
    }
    if wanted("softmax fit") {
        let (pixels, digit) = digits();
        let jobs = [
            ("20000x64, 10 classes", classes(20_000, 64, 10)),
            ("1797x64, 10 classes", classes(1797, 64, 10)),
            ("digits / 16", (&pixels / 16.0, digit.clone())),
            ("raw digits", (pixels, digit)),
        ];
        for (name, (x, y)) in &jobs {
            let n = x.nrows();
            let data = Dataset::new(x, y).unwrap();
            let (floor, model) =
                (Some(11.0 * 4.0 * (n * 640) as f64 / peak), LogisticRegression::new().l2(1.0 / n as f64));
            row(&format!("softmax fit {name}, to 1e-12"), threads, floor, || {
                black_box(model.fit(&data).unwrap());
            });
            let model = model.clone().solver(Lbfgs::default().tolerance(1e-9));
            row(&format!("softmax fit {name}, to 1e-9"), threads, floor, || {
                black_box(model.fit(&data).unwrap());
            });
        }
    }
    networks::all(threads, peak);
    if wanted("predict") && threads == 1 {
        predict();
    }
    if wanted("products") && threads == 1 {
        for shape in [[64, 20, 32], [64, 64, 200], [100, 64, 200], [10, 100, 200], [128, 784, 256]] {
            products::<f32>("f32", shape, 2.0 * peak);
            products::<f64>("f64", shape, peak);
        }
    }
}

/// A layer's product, W (m×k) times n samples, beside nalgebra's.
fn products<T: Real>(name: &str, [m, k, n]: [usize; 3], peak: f64) {
    let floor = Some((2 * m * k * n) as f64 / peak);
    let (w, x) = (normal(m, k, 4).map(T::of), normal(k, n, 5).map(T::of));
    let mut z = DMatrix::zeros(m, n);
    let layer = Affine::new(k, m).without_bias();
    row(&format!("products, {m}x{k}x{n} {name}"), 1, floor, || {
        layer.forward(black_box(w.as_slice()), &x, &mut z, &mut ());
    });
    row(&format!("products, {m}x{k}x{n} {name}, nalgebra"), 1, floor, || black_box(&w).mul_to(&x, &mut z));
}

fn predict() {
    let x = DMatrix::from_fn(1, 20, |_, j| j as f64 * 0.1 - 1.0);
    let mut out = DMatrix::zeros(1, 1);
    let theta: Vec<f64> = (0..21).map(|j| 0.01 * j as f64).collect();
    let linear = Fitted::from_params(Affine::new(20, 1), SquaredError, theta.clone()).unwrap();
    row("predict one row, linear p=20", 1, None, || linear.predict_into(black_box(x.as_view()), &mut out).unwrap());
    let logistic = Fitted::from_params(Affine::new(20, 1), CrossEntropy, theta).unwrap();
    row("predict one row, logistic p=20", 1, None, || logistic.predict_into(black_box(x.as_view()), &mut out).unwrap());
    let (x32, y32) = curved(100, 20);
    let data = Dataset::new(&x32, &y32).unwrap();
    let net = Mlp::regressor([64, 64]).solver(Trainer::adam(1e-3).epochs(1)).fit(&data).unwrap();
    let (x, mut out) = (x32.rows(0, 1).into_owned(), DMatrix::zeros(1, 1));
    row("predict one row, network 20-64-64-1 f32", 1, None, || {
        net.predict_into(black_box(x.as_view()), &mut out).unwrap()
    });
}
