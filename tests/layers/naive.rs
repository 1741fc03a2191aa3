//! Against loops that are the definitions, over random shapes; and every column alone as in its batch, to the bit.

use crate::support::{Numbers, both, count, forward};
use proptest::prelude::*;
use residual::layer::{Cell, Image, Sequence};
use residual::nalgebra::DMatrix;
use residual::{Activation, AvgPool2d, Conv2d, Layer, LayerNorm, MaxPool2d, Real, Recurrent};

#[derive(Debug, Clone, Copy)]
struct Case {
    image: Image,
    filters: usize,
    kernel: (usize, usize),
    stride: (usize, usize),
    padding: (usize, usize),
    dilation: (usize, usize),
    batch: usize,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let pair = |from, to| (from..to, from..to);
    (1..4usize, 1..8usize, 1..20usize, 1..8usize, pair(1, 4usize), pair(1, 4usize), pair(0, 3usize), pair(1, 3usize))
        .prop_flat_map(|shape| (Just(shape), 1..20usize, any::<u64>()))
        .prop_map(|((channels, height, width, filters, kernel, stride, padding, dilation), batch, seed)| Case {
            image: Image { channels, height, width },
            filters,
            kernel,
            stride,
            padding,
            dilation,
            batch,
            seed,
        })
}

/// Σ over channels, rows and columns of the kernel, the definition.
fn convolve(case: &Case, output: Image, theta: &[f64], x: &[f64]) -> Vec<f64> {
    let Case { image, filters, kernel, stride, padding, dilation, .. } = *case;
    let mut z = Vec::new();
    for f in 0..filters {
        for y in 0..output.height {
            for column in 0..output.width {
                let mut sum = theta[filters * image.channels * kernel.0 * kernel.1 + f];
                for c in 0..image.channels {
                    for i in 0..kernel.0 {
                        for j in 0..kernel.1 {
                            let (row, col) = (y * stride.0 + i * dilation.0, column * stride.1 + j * dilation.1);
                            let inside = row >= padding.0
                                && col >= padding.1
                                && row - padding.0 < image.height
                                && col - padding.1 < image.width;
                            if inside {
                                let at = (c * image.height + row - padding.0) * image.width + col - padding.1;
                                let k = (c * kernel.0 + i) * kernel.1 + j;
                                sum += theta[f + filters * k] * x[at];
                            }
                        }
                    }
                }
                z.push(sum);
            }
        }
    }
    z
}

fn same_alone<T: Real, L: Layer<T>>(layer: &L, theta: &[T], x: &DMatrix<T>, upstream: &DMatrix<T>) {
    let (z, _, dx) = both(layer, theta, x, upstream);
    for i in 0..x.ncols() {
        let one = |m: &DMatrix<T>| m.columns(i, 1).clone_owned();
        let (alone, _, dx_alone) = both(layer, theta, &one(x), &one(upstream));
        assert_eq!((alone, dx_alone), (one(&z), one(&dx)), "column {i} of {}", x.ncols());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn convolution_is_its_definition(case in case()) {
        let layer = Conv2d::new(case.image, case.filters, case.kernel)
            .stride(case.stride).padding(case.padding).dilation(case.dilation);
        let fits = |size: usize, kernel: usize, padding: usize, dilation: usize| {
            size + 2 * padding > (kernel - 1) * dilation
        };
        let legal = fits(case.image.height, case.kernel.0, case.padding.0, case.dilation.0)
            && fits(case.image.width, case.kernel.1, case.padding.1, case.dilation.1);
        prop_assert_eq!(Layer::<f64>::check(&layer).is_ok(), legal);
        prop_assume!(legal);

        let mut numbers = Numbers::new(case.seed);
        let theta: Vec<f64> = numbers.vector(count::<f64, _>(&layer));
        let x: DMatrix<f64> = numbers.matrix(case.image.len(), case.batch);
        let upstream: DMatrix<f64> = numbers.matrix(layer.output().len(), case.batch);
        let (z, dtheta, dx) = both(&layer, &theta, &x, &upstream);
        for i in 0..case.batch {
            let naive = convolve(&case, layer.output(), &theta, x.column(i).as_slice());
            for (&found, expected) in z.column(i).iter().zip(naive) {
                prop_assert!((found - expected).abs() < 1e-13 * 50.0);
            }
        }
        // The map is linear in W and in x, so ⟨dz, z(v)⟩ = ⟨gradient, v⟩ for any v is the whole gradient's definition.
        let of = |theta: &[f64], x: &DMatrix<f64>| -> f64 {
            (0..case.batch)
                .map(|i| {
                    let z = convolve(&case, layer.output(), theta, x.column(i).as_slice());
                    z.iter().zip(upstream.column(i).iter()).map(|(z, dz)| z * dz).sum::<f64>()
                })
                .sum()
        };
        let zero = vec![0.0; theta.len()];
        for _ in 0..3 {
            let v: Vec<f64> = numbers.vector(theta.len());
            let along: f64 = v.iter().zip(&dtheta).map(|(v, d)| v * d).sum();
            prop_assert!((along - of(&v, &x)).abs() < 1e-10);
            let u: DMatrix<f64> = numbers.matrix(case.image.len(), case.batch);
            prop_assert!((u.dot(&dx) - (of(&theta, &u) - of(&theta, &(&u * 0.0)))).abs() < 1e-10);
        }
        prop_assert_eq!(of(&zero, &x), 0.0);
        same_alone(&layer.activation(Activation::Tanh), &theta, &x, &upstream);
        let (theta, x, upstream) = (theta.iter().map(|&v| v as f32).collect::<Vec<_>>(), x.cast(), upstream.cast());
        same_alone::<f32, _>(&layer, &theta, &x, &upstream);
    }

    #[test]
    fn pooling_is_its_definition(case in case(), beside: bool) {
        let case = if beside { Case { stride: case.kernel, ..case } } else { case };
        let (max, mean) = (MaxPool2d::new(case.image, case.kernel), AvgPool2d::new(case.image, case.kernel));
        let (max, mean) = (max.stride(case.stride), mean.stride(case.stride));
        let legal = case.kernel.0 <= case.image.height && case.kernel.1 <= case.image.width;
        prop_assert_eq!(Layer::<f64>::check(&max).is_ok(), legal);
        prop_assert_eq!(Layer::<f64>::check(&mean).is_ok(), legal);
        prop_assume!(legal);
        let output = max.output();
        prop_assert_eq!(output, mean.output());
        prop_assert_eq!(output.height, (case.image.height - case.kernel.0) / case.stride.0 + 1);

        let mut numbers = Numbers::new(case.seed);
        // Few different values, so that ties are common.
        let x: DMatrix<f64> = numbers.matrix(case.image.len(), case.batch).map(|v: f64| (v * 3.0).round());
        let upstream: DMatrix<f64> = numbers.matrix(output.len(), case.batch);
        let (z_max, _, dx_max) = both(&max, &[], &x, &upstream);
        let (z_mean, _, dx_mean) = both(&mean, &[], &x, &upstream);
        let mut expected_max = DMatrix::zeros(x.nrows(), case.batch);
        let mut expected_mean = expected_max.clone();
        for s in 0..case.batch {
            for o in 0..output.len() {
                let (c, rest) = (o / (output.height * output.width), o % (output.height * output.width));
                let (y, column) = (rest / output.width * case.stride.0, rest % output.width * case.stride.1);
                let window: Vec<usize> = (0..case.kernel.0 * case.kernel.1)
                    .map(|k| (k / case.kernel.1, k % case.kernel.1))
                    .map(|(i, j)| (c * case.image.height + y + i) * case.image.width + column + j)
                    .collect();
                let largest = window.iter().map(|&at| x[(at, s)]).fold(f64::NEG_INFINITY, f64::max);
                let first = window.iter().find(|&&at| x[(at, s)] == largest).unwrap();
                prop_assert_eq!(z_max[(o, s)], largest);
                expected_max[(*first, s)] += upstream[(o, s)];
                let area = window.len() as f64;
                let sum: f64 = window.iter().map(|&at| x[(at, s)]).sum();
                prop_assert!((z_mean[(o, s)] - sum / area).abs() < 1e-14);
                window.iter().for_each(|&at| expected_mean[(at, s)] += upstream[(o, s)] / area);
            }
        }
        prop_assert_eq!(dx_max, expected_max);
        prop_assert!((dx_mean - expected_mean).amax() < 1e-14);
        same_alone(&max, &[], &x, &upstream);
        same_alone(&mean, &[], &x, &upstream);
    }

    #[test]
    fn normalization_is_its_definition(width in 1..40usize, batch in 1..9usize, seed: u64, offset in -1e3..1e3f64) {
        let layer = LayerNorm::new(width);
        let mut numbers = Numbers::new(seed);
        let theta: Vec<f64> = numbers.vector(2 * width);
        let x: DMatrix<f64> = numbers.matrix(width, batch).add_scalar(offset);
        let z = forward(&layer, &theta, &x);
        for s in 0..batch {
            let mean = x.column(s).mean();
            let variance = x.column(s).iter().map(|v| (v - mean).powi(2)).sum::<f64>() / width as f64;
            for j in 0..width {
                let expected = theta[j] * (x[(j, s)] - mean) / (variance + 1e-5).sqrt() + theta[width + j];
                prop_assert!((z[(j, s)] - expected).abs() < 1e-9);
            }
        }
        let upstream = numbers.matrix(width, batch);
        same_alone(&layer, &theta, &x, &upstream);
    }

    #[test]
    fn recurrence_is_its_definition(
        cell in prop_oneof![Just(Cell::Tanh), Just(Cell::Gru), Just(Cell::Lstm)],
        (steps, features, hidden, batch) in (1..7usize, 1..5usize, 1..7usize, 1..12usize),
        every: bool, seed: u64,
    ) {
        let mut layer = Recurrent::new(cell, Sequence { steps, features }, hidden).with_lengths();
        if every {
            layer = layer.every_step();
        }
        let mut numbers = Numbers::new(seed);
        let theta: Vec<f64> = numbers.vector(count::<f64, _>(&layer));
        let mut x: DMatrix<f64> = numbers.matrix(1 + steps * features, batch);
        for s in 0..batch {
            x[(0, s)] = ((numbers.next() + 1.0) * 0.5 * steps as f64).floor() + 1.0;
        }
        let z = forward(&layer, &theta, &x);
        for s in 0..batch {
            let states = unroll(cell, features, hidden, &theta, &x.as_slice()[s * x.nrows()..][..x.nrows()]);
            let expected: Vec<f64> = if every {
                let mut all = states.concat();
                all.resize(steps * hidden, 0.0);
                all
            } else {
                states.last().unwrap().clone()
            };
            for (found, expected) in z.column(s).iter().zip(&expected) {
                prop_assert!((found - expected).abs() < 1e-13, "{} for {}", found, expected);
            }
        }
        let upstream = numbers.matrix(layer.outputs_of(), batch);
        same_alone(&layer, &theta, &x, &upstream);
        let narrow: Vec<f32> = theta.iter().map(|&v| v as f32).collect();
        same_alone::<f32, _>(&layer, &narrow, &x.cast(), &upstream.cast());
    }
}

trait Outputs {
    fn outputs_of(&self) -> usize;
}

impl Outputs for Recurrent {
    fn outputs_of(&self) -> usize {
        Layer::<f64>::outputs(self)
    }
}

/// h after every step that counts, by the equations, one number at a time.
fn unroll(cell: Cell, features: usize, m: usize, theta: &[f64], column: &[f64]) -> Vec<Vec<f64>> {
    let gates = match cell {
        Cell::Tanh => 1,
        Cell::Gru => 3,
        Cell::Lstm => 4,
    };
    let rows = gates * m;
    let (w_ih, rest) = theta.split_at(rows * features);
    let (w_hh, rest) = rest.split_at(rows * m);
    let (b_ih, b_hh) = rest.split_at(rows);
    let sigmoid = |a: f64| 1.0 / (1.0 + (-a).exp());
    let (mut h, mut c) = (vec![0.0; m], vec![0.0; m]);
    let mut states = Vec::new();
    for t in 0..column[0] as usize {
        let x = &column[1 + t * features..][..features];
        let input = |r: usize| b_ih[r] + (0..features).map(|j| w_ih[r + rows * j] * x[j]).sum::<f64>();
        let state = |r: usize| b_hh[r] + (0..m).map(|j| w_hh[r + rows * j] * h[j]).sum::<f64>();
        let sum = |r: usize| input(r) + state(r);
        let (mut next_h, mut next_c) = (vec![0.0; m], vec![0.0; m]);
        for j in 0..m {
            match cell {
                Cell::Tanh => next_h[j] = sum(j).tanh(),
                Cell::Gru => {
                    let (r, z) = (sigmoid(sum(j)), sigmoid(sum(m + j)));
                    let n = (input(2 * m + j) + r * state(2 * m + j)).tanh();
                    next_h[j] = (1.0 - z) * n + z * h[j];
                }
                Cell::Lstm => {
                    let (i, f, o) = (sigmoid(sum(j)), sigmoid(sum(m + j)), sigmoid(sum(3 * m + j)));
                    next_c[j] = f * c[j] + i * sum(2 * m + j).tanh();
                    next_h[j] = o * next_c[j].tanh();
                }
            }
        }
        (h, c) = (next_h, next_c);
        states.push(h.clone());
    }
    states
}
