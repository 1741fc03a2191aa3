//! Same seed, same bits: again, on any number of threads, and from one version to the next.

use crate::common::{matrix, one_hot, samples, table};
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{Activation, Dataset, Mlp, Real, Regressor};

fn digits<T: Real>(rows: usize) -> (DMatrix<T>, DMatrix<T>) {
    let rows: Vec<Vec<String>> = table("digits.csv").into_iter().take(rows).collect();
    let labels: Vec<&str> = rows.iter().map(|row| row[64].as_str()).collect();
    (matrix(&rows, 0..64, 16.0), one_hot(&labels))
}

fn fits<T: Real>() -> Vec<Vec<T>> {
    let (x, y) = digits::<T>(600);
    let data = Dataset::new(&x, &y).expect("data");
    let trainers = [Trainer::adam(1e-3).epochs(3).batch_size(32), Trainer::adam(1e-3).epochs(10).full_batch()];
    let mlp = Mlp::classifier([50]).dropout(0.2).l2(1e-4).seed(5);
    trainers
        .into_iter()
        .map(|trainer| mlp.clone().solver(trainer).fit(&data).expect("a fit").params().to_vec())
        .collect()
}

#[test]
#[cfg(feature = "parallel")]
fn the_number_of_threads_changes_no_bit() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| (fits::<f64>(), fits::<f32>()))
    };
    let one = on(1);
    for threads in [2, 3, 7] {
        assert_eq!(one, on(threads), "{threads} threads");
    }
}

#[test]
fn another_seed_is_another_fit() {
    let (x, y) = samples::<f64>(50, 4, 1, 1);
    let data = Dataset::new(&x, &y).expect("data");
    let fit = |seed: u64, shuffle: u64| {
        let trainer = Trainer::adam(1e-2).epochs(3).seed(shuffle);
        Mlp::regressor([6]).seed(seed).solver(trainer).fit(&data).expect("a fit").params().to_vec()
    };
    assert_eq!(fit(1, 1), fit(1, 1));
    assert_ne!(fit(1, 1), fit(2, 1));
    assert_ne!(fit(1, 1), fit(1, 2));
}

/// The parameters after three epochs, pinned: a change here is a change of start, order, rule or loss that every user sees,
/// and belongs in the CHANGELOG. Compared to 1e-9, because processors differ in the last bits.
#[test]
fn three_epochs_end_where_they_always_ended() {
    let (x, y) = samples::<f64>(40, 3, 2, 1);
    let data = Dataset::new(&x, &y).expect("data");
    let mlp = Mlp::regressor([4]).activation(Activation::Tanh).dropout(0.25).seed(7);
    let model = mlp.solver(Trainer::adam(0.01).epochs(3).batch_size(8).seed(3)).fit(&data).expect("a fit");
    println!("{:?}, {:?}", model.params(), model.report().value());
    for (ours, pinned) in model.params().iter().zip(PINNED) {
        assert!((ours - pinned).abs() < 1e-9, "{ours:?} {pinned:?}");
    }
    assert!((model.report().value() - VALUE).abs() < 1e-9, "{}", model.report().value());
}

const VALUE: f64 = 0.6690031448779726;
#[rustfmt::skip] // one row a block of θ
const PINNED: [f64; 26] = [
    -0.7270446071712716, -0.7631201877903082, 0.24856634758555118, 0.32389378581349504, 0.24370804391801626, -0.2959976029463567, -0.8115730284820608, 0.7122943982230782, -0.10535928875679436, 0.8665340717970784, -0.4146967471403384, -0.08919597817072002,
    -0.016619882656009655, -0.09819313753065176, 0.007126145472154211, -0.03797311909264579,
    -0.10429238470234208, -0.4913533212966426, -0.27030404875529745, -0.07918465590095608, -0.3172527542041927, -0.7232974585944596, -0.21993636424579385, -0.5005070981728985,
    0.0945636016525674, 0.006890975883033794,
];
