//! Same seed, same bits: again, on any number of threads, and from one version to the next.

use crate::common::samples;
use residual::optim::Trainer;
use residual::{Activation, Dataset, Mlp, Regressor};

#[cfg(feature = "parallel")]
mod threads {
    use crate::common::{matrix, one_hot, table};
    use residual::nalgebra::DMatrix;
    use residual::optim::Trainer;
    use residual::{Dataset, Mlp, Real, Regressor};

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

const VALUE: f64 = 0.275910920555814;
#[rustfmt::skip] // one row per block of θ
const PINNED: [f64; 26] = [
    -0.5639085247961138, -0.5527884380308232, 0.20116355279752388, 0.19772411544043783, 0.020774569502200458, -0.2969486914596372, -0.5057816101891218, 0.40851662367777897, -0.0691803796461589, 0.8279167559515731, -0.5523936380145458, -0.05313737395955738,
    0.09326961997668216, -0.19773767038721402, -0.11588844299340775, 0.08906127759674316,
    -0.4771756243313212, -0.613446429905083, -0.433553218300635, -0.6162956060595576, -0.08942241814966595, 0.5736015423999484, -0.6907289614616904, -0.6276849427287314,
    0.14659910225941597, -0.04314583364933582,
];
