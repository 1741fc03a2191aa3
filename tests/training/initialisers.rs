//! Statistics of the initialisers: moments, range, orthogonality; what layers and fits start with.

use residual::layer::Image;
use residual::nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{Activation, Affine, Conv2d, Dataset, Dense, Init, Layout, Mlp, Regressor, Spread};

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
        (|_| Init::FanIn(2.0), 4.0 / 900.0),
    ] {
        for (spread, kurtosis) in [(Spread::Uniform, 1.8), (Spread::Normal, 3.0)] {
            // `FanIn` has one shape.
            let spread = if init(spread) == Init::FanIn(2.0) { Spread::Uniform } else { spread };
            let kurtosis = if spread == Spread::Uniform { 1.8 } else { kurtosis };
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
    use Activation::{Gelu, Identity, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
    let he = Init::He(Spread::Uniform);
    assert_eq!(drawn(he, 4, 5, 1), drawn(he, 4, 5, 1));
    assert_ne!(drawn(he, 4, 5, 1), drawn(he, 4, 5, 2));
    let start = |layer: Dense| Layout::of::<f64, _>(&layer).initialize::<f64>(5);
    let chosen = [(Relu, 1.0), (LeakyRelu, 1.0), (Tanh, 1.25), (Gelu, 1.25), (Silu, 1.25), (Sigmoid, 3.5)];
    for (activation, c) in chosen {
        let theta = start(Dense::new(6, 3, activation));
        assert_eq!(theta[..18], drawn(Init::FanIn(c), 3, 6, 5), "{activation:?}");
        // The bias has the fan-in of the weights, and its own numbers.
        let bound = 1.0 / 6f64.sqrt();
        assert!(theta[18..].iter().all(|b| b.abs() <= bound && *b != 0.0), "{activation:?}");
    }
    let output = start(Dense::new(6, 3, Identity));
    assert_eq!(output[..18], drawn(Init::LeCun(Spread::Uniform), 3, 6, 5));
    assert_eq!(output[18..], [0.0; 3]);
    assert_eq!(output, Layout::of::<f64, _>(&Affine::new(6, 3)).initialize::<f64>(5));
    // What the user says replaces both: the literature's rules have biases of 0.
    let own = Init::LeCun(Spread::Normal);
    let theta = start(Dense::new(6, 3, Tanh).init(own));
    assert_eq!(theta[..18], drawn(own, 3, 6, 5));
    assert_eq!(theta[18..], [0.0; 3]);
}

/// Biases fill their range too: U(−1/√n_in, 1/√n_in), also of a convolution, whose fan-in is a kernel's numbers.
#[test]
fn biases_spread_by_the_fan_in_of_their_weights() {
    let image = Image { channels: 2, height: 5, width: 5 };
    let layers: [(Layout, f64); 2] = [
        (Layout::of::<f64, _>(&Dense::new(100, 2000, Activation::Relu)), 100.0),
        (Layout::of::<f64, _>(&Conv2d::new(image, 2000, (3, 3)).activation(Activation::Relu)), 18.0),
    ];
    for (layout, fan_in) in layers {
        let theta: Vec<f64> = layout.initialize(3);
        let bias = &theta[layout.blocks()[1].range()];
        let bound = 1.0 / fan_in.sqrt();
        let largest = bias.iter().fold(0.0, |most: f64, b| most.max(b.abs()));
        assert!(largest <= bound && largest > 0.99 * bound, "{largest} of {bound}");
        let variance = bias.iter().map(|b| b * b).sum::<f64>() / bias.len() as f64;
        assert!((variance * 3.0 * fan_in - 1.0).abs() < 0.1, "{variance}");
    }
}

/// Targets far from 0 cost no epochs: the fit begins at their mean, in the training part alone where some are kept apart.
#[test]
fn a_fit_begins_at_the_mean_of_the_targets() {
    let x = DMatrix::from_fn(200, 3, |i, j| ((i * 7 + j * 13) as f64).sin());
    let y = DMatrix::from_fn(200, 1, |i, _| 1e4 + 10.0 * x[(i, 0)]);
    let data = Dataset::new(&x, &y).expect("data");
    let mlp = Mlp::regressor([16]).solver(Trainer::adam(1e-3).epochs(1));
    let value = mlp.fit(&data).expect("a fit").report().value();
    assert!(value < 100.0, "{value}");
    // Rows of weight 0 are far away and do not move it.
    let far = DMatrix::from_fn(200, 1, |i, _| if i % 2 == 0 { -1e9 } else { y[i] });
    let weights: Vec<f64> = (0..200).map(|i| f64::from(u8::from(i % 2 == 1))).collect();
    let weighted = Dataset::new(&x, &far).expect("data").with_weights(&weights).expect("weights");
    let value = mlp.fit(&weighted).expect("a fit").report().value();
    assert!(value < 100.0, "{value}");
    let kept = mlp.validation_split(0.25).fit(&data).expect("a fit");
    assert!(kept.report().validation()[0] < 100.0, "{:?}", kept.report().validation());
}
