//! Every loss × layer × weights or none × penalty or none × outputs against differences of the value itself.

use crate::cases::{Case, Draw, MARGIN, Numbers, Worst, for_each_draw, margin, relative};
use crate::tables::{LayerRow, LossRow, layers, losses};
use residual::nalgebra::DMatrix;
use residual::{Real, check};

/// Runs over every loss and layer.
fn pairs<T: Real>(mut visit: impl FnMut(&LossRow<T>, &LayerRow<T>)) {
    for loss in losses::<T>() {
        for layer in layers::<T>() {
            visit(&loss, &layer);
        }
    }
}

fn gradient_of_the_risk<T: Real>(cases: u32, tolerance: f64) -> Worst {
    let mut worst = Worst::default();
    pairs::<T>(|loss, row| {
        for_each_draw(cases, 1..=7, |draw| {
            let layer = (row.make)(draw.sizes);
            let case = Case::new(row, &*layer, loss, draw, margin::<T>());
            for (weighted, l2) in [(false, 0.0), (true, 0.0), (false, 0.3), (true, 0.7)] {
                let data = case.data(weighted);
                let mut risk = layer.risk(&data, &loss.loss, l2);
                let outcome = check::gradient(&mut *risk, &case.theta);
                let place = || format!("{} over {}, weights {weighted}, l2 {l2}, {draw:?}", loss.name, row.name);
                assert!(outcome.worst() < tolerance, "{}: {outcome}", place());
                worst.see(outcome.worst(), place);
            }
        });
    });
    worst
}

#[test]
fn gradient_of_every_risk_f64() {
    println!("worst gradient of a risk, f64: {}", gradient_of_the_risk::<f64>(10, 1e-8));
}

#[test]
fn gradient_of_every_risk_f32() {
    println!("worst gradient of a risk, f32: {}", gradient_of_the_risk::<f32>(6, 1e-2));
}

/// More samples than a block holds, and than a run of blocks.
#[test]
fn gradient_across_blocks() {
    let mut worst = Worst::default();
    let (losses, layers) = (losses::<f64>(), layers::<f64>());
    for (loss, name) in losses.iter().zip(["affine", "pair", "dense relu", "stack of three, tanh", "convolution"]) {
        let row = layers.iter().find(|row| row.name == name).unwrap();
        for_each_draw(2, 513..=1600, |draw| {
            let layer = (row.make)(draw.sizes);
            let case = Case::new(row, &*layer, loss, draw, MARGIN);
            let data = case.data(true);
            let outcome = check::gradient(&mut *layer.risk(&data, &loss.loss, 0.1), &case.theta);
            assert!(outcome.worst() < 1e-8, "{} over {}: {outcome}", loss.name, row.name);
            worst.see(outcome.worst(), || format!("{} over {}", loss.name, row.name));
        });
    }
    println!("worst gradient across blocks, f64: {worst}");
}

fn gradient_of_the_losses<T: Real>(tolerance: f64) -> Worst {
    let mut worst = Worst::default();
    for row in losses::<T>() {
        for_each_draw(100, 1..=5, |draw| {
            let (mut numbers, k) = (Numbers::new(draw.seed), draw.samples);
            let (z, y) = loop {
                let z: Vec<T> = (0..k).map(|_| T::of(numbers.within(6.0))).collect();
                let y: Vec<T> = numbers.target(row.target, k).into_iter().map(T::of).collect();
                let wide = |v: &[T]| v.iter().map(|v| v.to_f64()).collect::<Vec<_>>();
                if (row.kink)(&wide(&z), &wide(&y)) >= margin::<T>() {
                    break (z, y);
                }
            };
            let outcome = check::loss(&row.loss, &z, &y);
            assert!(outcome.worst() < tolerance, "{}: {outcome}", row.name);
            worst.see(outcome.worst(), || format!("{} at {z:?}, {y:?}", row.name));
        });
    }
    worst
}

#[test]
fn gradient_of_every_loss() {
    println!("worst gradient of a loss, f64: {}", gradient_of_the_losses::<f64>(1e-8));
    println!("worst gradient of a loss, f32: {}", gradient_of_the_losses::<f32>(1e-2));
}

fn gradient_of_the_layers<T: Real>(tolerance: f64) -> Worst {
    let mut worst = Worst::default();
    // Any loss will do: only its targets and kinks enter the case.
    let loss = &losses::<T>()[0];
    for row in layers::<T>() {
        for_each_draw(12, 1..=5, |draw| {
            let layer = (row.make)(draw.sizes);
            let case = Case::new(&row, &*layer, loss, draw, margin::<T>());
            let outcome = layer.check(&case.theta, &case.x.transpose());
            assert!(outcome.worst() < tolerance, "{} {draw:?}: {outcome}", row.name);
            worst.see(outcome.worst(), || format!("{}, {draw:?}", row.name));
        });
    }
    worst
}

#[test]
fn gradient_of_every_layer() {
    println!("worst gradient of a layer, f64: {}", gradient_of_the_layers::<f64>(1e-8));
    println!("worst gradient of a layer, f32: {}", gradient_of_the_layers::<f32>(1e-2));
}

/// The loss of one sample is the textbook's formula, and gradient and value return the same.
#[test]
fn value_of_every_loss_is_the_naive_formula() {
    for row in losses::<f64>() {
        let mut numbers = Numbers::new(4);
        for case in 0..400 {
            let k = 1 + case % 5;
            let z: Vec<f64> = (0..k).map(|_| numbers.within(12.0)).collect();
            let y = numbers.target(row.target, k);
            use residual::Loss;
            let (value, naive) = (row.loss.value(&z, &y), (row.naive)(&z, &y));
            assert!(relative(value, naive, 1e-3) < 1e-11, "{} at {z:?}, {y:?}: {value} for {naive}", row.name);
            let mut dz = vec![0.0; k];
            assert!(relative(row.loss.gradient(&z, &y, &mut dz), value, 1e-300) < 1e-14, "{}", row.name);
        }
    }
}

/// The risk is the weighted mean of the naive losses of what the layer predicts, plus the penalty of the weights.
#[test]
fn value_of_every_risk_is_its_definition() {
    pairs::<f64>(|loss, row| {
        for_each_draw(3, 1..=7, |draw| {
            let layer = (row.make)(draw.sizes);
            let case = Case::new(row, &*layer, loss, draw, 0.0);
            let z = layer.predict(&case.theta, &case.x.transpose());
            let losses: Vec<f64> = (0..draw.samples)
                .map(|i| {
                    let y: Vec<f64> = case.y.row(i).iter().copied().collect();
                    (loss.naive)(z.column(i).as_slice(), &y)
                })
                .collect();
            let weights = residual::Role::Weights;
            let layout = layer.layout();
            let blocks = layout.blocks().iter().filter(|block| block.role() == weights);
            let squares: f64 = blocks.flat_map(|block| &case.theta[block.range()]).map(|w| w * w).sum();
            for weighted in [false, true] {
                let w = if weighted { case.weights.clone() } else { vec![1.0; draw.samples] };
                let mean = losses.iter().zip(&w).map(|(l, w)| l * w).sum::<f64>() / w.iter().sum::<f64>();
                let data = case.data(weighted);
                let value = layer.risk(&data, &loss.loss, 0.4).value(&case.theta);
                let expected = mean + 0.2 * squares;
                assert!(relative(value, expected, 1e-6) < 1e-11, "{}, {}: {value}", loss.name, row.name);
            }
        });
    });
}

/// Σ (bᵢ / n) gᵢ over the batches of a partition is the full gradient, whatever the batch sizes.
#[test]
fn batch_gradients_average_to_the_full_one() {
    let mut worst = Worst::default();
    pairs::<f64>(|loss, row| {
        for_each_draw(3, 1..=9, |draw| {
            let layer = (row.make)(draw.sizes);
            let case = Case::new(row, &*layer, loss, draw, 0.0);
            for (weighted, l2) in [(false, 0.0), (true, 0.3)] {
                let data = case.data(weighted);
                let mut risk = layer.risk(&data, &loss.loss, l2);
                let positive = case.weights.iter().filter(|&&w| !weighted || w > 0.0).count();
                assert_eq!(risk.terms(), positive, "a row of weight 0 is no term");
                let mut full = vec![0.0; case.theta.len()];
                let value = risk.gradient(&case.theta, &mut full);
                for size in [1, 2, 3, positive] {
                    let mut order: Vec<usize> = (0..positive).collect();
                    let mut numbers = Numbers::new(draw.seed ^ 1);
                    order.sort_by_key(|_| numbers.word());
                    let (mut mean, mut mean_value) = (vec![0.0; full.len()], 0.0);
                    let mut part = vec![f64::NAN; full.len()];
                    for batch in order.chunks(size) {
                        let share = batch.len() as f64 / positive as f64;
                        mean_value += share * risk.batch_gradient(batch, &case.theta, &mut part);
                        mean.iter_mut().zip(&part).for_each(|(m, g)| *m += share * g);
                    }
                    let scale = full.iter().fold(1e-3, |m: f64, g| m.max(g.abs()));
                    let errors = mean.iter().zip(&full).map(|(m, g)| (m - g).abs() / scale);
                    let error = errors.fold(relative(mean_value, value, 1e-3), f64::max);
                    assert!(error < 1e-12, "{} over {}, batches of {size}: {error}", loss.name, row.name);
                    worst.see(error, || format!("{} over {}", loss.name, row.name));
                }
            }
        });
    });
    println!("worst difference of averaged batches, f64: {worst}");
}

/// The layout names every parameter once, and a fresh θ has its length and is finite.
#[test]
fn layouts_cover_theta() {
    let sizes = crate::tables::Sizes { inputs: 3, outputs: 2, hidden: 2, height: 1, width: 2 };
    for row in layers::<f64>() {
        let layout = (row.make)(sizes).layout();
        let mut end = 0;
        for block in layout.blocks() {
            assert_eq!(block.range().start, end, "{}", row.name);
            end = block.range().end;
        }
        assert_eq!(end, layout.len(), "{}", row.name);
        let mut names: Vec<&str> = layout.blocks().iter().map(|block| block.name()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{}: {names:?}", row.name);
        let (a, b): (Vec<f64>, Vec<f64>) = (layout.initialize(7), layout.initialize(7));
        assert_eq!(a, b);
        assert!(a.len() == end && a.iter().all(|v| v.is_finite()), "{}", row.name);
    }
}

/// A layer's answer for one column does not depend on the others, and a pass on a stale tape equals one on a fresh.
#[test]
fn samples_are_independent() {
    for row in layers::<f64>() {
        let draw = Draw {
            seed: 3,
            samples: 9,
            sizes: crate::tables::Sizes { inputs: 3, outputs: 2, hidden: 2, height: 1, width: 2 },
        };
        let layer = (row.make)(draw.sizes);
        let case = Case::new(&row, &*layer, &losses::<f64>()[0], draw, 0.0);
        let all = layer.predict(&case.theta, &case.x.transpose());
        for i in 0..draw.samples {
            let x: DMatrix<f64> = case.x.rows(i, 1).transpose();
            let alone = layer.predict(&case.theta, &x);
            let distance = (alone.column(0) - all.column(i)).amax();
            assert!(distance <= 1e-14, "{}: {distance}", row.name);
        }
    }
}
