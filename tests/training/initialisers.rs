//! Statistics of the initialisers: moments, range, orthogonality.

use residual::nalgebra::DMatrix;
use residual::{Activation, Dense, Init, Layout, Spread};

/// A block of `rows` × `cols` started by `init`.
fn drawn(init: Init, rows: usize, cols: usize, seed: u64) -> Vec<f64> {
    let mut layout = Layout::new();
    layout.weights(rows, cols).init(init);
    layout.initialize(seed)
}

/// Mean, variance and kurtosis of 200×300 weights are those of the distribution, within five standard errors.
#[test]
fn moments_are_those_of_the_distribution() {
    let (rows, cols) = (200, 300);
    let n = (rows * cols) as f64;
    for (init, sigma2) in [
        (Init::Glorot as fn(Spread) -> Init, 2.0 / 500.0),
        (Init::He as fn(Spread) -> Init, 2.0 / 300.0),
        (Init::LeCun as fn(Spread) -> Init, 1.0 / 300.0),
    ] {
        for (spread, kurtosis) in [(Spread::Uniform, 1.8), (Spread::Normal, 3.0)] {
            let w = drawn(init(spread), rows, cols, 7);
            let moment = |k: i32| w.iter().map(|w| w.powi(k)).sum::<f64>() / n;
            assert!(moment(1).abs() < 5.0 * (sigma2 / n).sqrt(), "{:?}", init(spread));
            let variance_error = ((kurtosis - 1.0) / n).sqrt();
            assert!((moment(2) / sigma2 - 1.0).abs() < 5.0 * variance_error, "{:?}", init(spread));
            assert!((moment(4) / moment(2).powi(2) - kurtosis).abs() < 0.15, "{:?}", init(spread));
            if spread == Spread::Uniform {
                let largest = w.iter().fold(0.0, |max: f64, w| max.max(w.abs()));
                let bound = (3.0 * sigma2).sqrt();
                assert!(largest <= bound && largest > 0.999 * bound);
            }
        }
    }
}

#[test]
fn orthogonal_blocks_have_orthonormal_rows_or_columns() {
    for (rows, cols) in [(20, 20), (30, 12), (12, 30), (1, 5), (5, 1)] {
        let q = DMatrix::from_vec(rows, cols, drawn(Init::Orthogonal, rows, cols, 3));
        let gram = if rows >= cols { q.tr_mul(&q) } else { &q * q.transpose() };
        assert!((&gram - DMatrix::identity(gram.nrows(), gram.nrows())).amax() < 1e-13, "{rows}×{cols}");
    }
    // Uniformly distributed: the mean over many draws of any entry is 0 and of its square 1 / n.
    let draws: Vec<f64> = (0..4000).map(|seed| drawn(Init::Orthogonal, 3, 3, seed)[4]).collect();
    let mean = draws.iter().sum::<f64>() / 4000.0;
    let square = draws.iter().map(|q| q * q).sum::<f64>() / 4000.0;
    assert!(mean.abs() < 0.05 && (square - 1.0 / 3.0).abs() < 0.03, "{mean} {square}");
}

#[test]
fn a_seed_is_a_start_and_activations_choose() {
    let he = Init::He(Spread::Uniform);
    assert_eq!(drawn(he, 4, 5, 1), drawn(he, 4, 5, 1));
    assert_ne!(drawn(he, 4, 5, 1), drawn(he, 4, 5, 2));
    let start = |layer: Dense| Layout::of::<f64, _>(&layer).initialize::<f64>(5);
    let relu = start(Dense::new(6, 3, Activation::Relu));
    assert_eq!(relu[..18], drawn(he, 3, 6, 5));
    assert_eq!(relu[18..], [0.0; 3]);
    assert_eq!(start(Dense::new(6, 3, Activation::Tanh))[..18], drawn(Init::Glorot(Spread::Uniform), 3, 6, 5));
    let own = Init::LeCun(Spread::Normal);
    assert_eq!(start(Dense::new(6, 3, Activation::Tanh).init(own))[..18], drawn(own, 3, 6, 5));
}
