//! Losses at the end of the range of the float.

use crate::cases::Numbers;
use crate::tables::{Target, losses};
use residual::{Curvature, Loss, Real};

/// Scores from the whole range up to ±`limit`, each with 0 and itself as neighbours.
fn finite_up_to<T: Real>(limit: f64) {
    for row in losses::<T>() {
        // A loss that grows like |z|ᵈ is representable while |z|ᵈ is.
        let value_limit = limit.powf(1.0 / f64::from(row.degree)) / 4.0;
        let mut numbers = Numbers::new(9);
        for case in 0..20_000 {
            let k = 1 + case % 4;
            let z: Vec<f64> = (0..k)
                .map(|_| {
                    let size = match numbers.below(4) {
                        0 => limit,
                        1 => limit.powf(numbers.unit()),
                        2 => 1.0 / limit.powf(numbers.unit()),
                        _ => numbers.unit() * 50.0,
                    };
                    size * [-1.0, 0.0, 1.0, 1.0, -1.0][numbers.below(5)]
                })
                .collect();
            let y = numbers.target(row.target, k);
            let scores: Vec<T> = z.iter().map(|&z| T::of(z)).collect();
            let targets: Vec<T> = y.iter().map(|&y| T::of(y)).collect();
            let place = || format!("{} at {z:?}, {y:?}", row.name);
            let value = row.loss.value(&scores, &targets).to_f64();
            if z.iter().all(|z| z.abs() <= value_limit) {
                assert!(value.is_finite() && value >= 0.0, "{}: {value}", place());
            }
            assert!(!value.is_nan(), "{}", place());
            let mut dz = vec![T::of(f64::NAN); k];
            let with = row.loss.gradient(&scores, &targets, &mut dz).to_f64();
            assert!(dz.iter().all(|d| d.is_finite()), "{}: {dz:?}", place());
            assert!(with == value || (with - value).abs() <= 1e-5 * value.abs(), "{}: {with} {value}", place());
            let (mut h, mut hv) = (vec![T::of(f64::NAN); k * k], vec![T::of(f64::NAN); k]);
            row.curvature.curvature(&scores, &targets, &mut h);
            row.curvature.curvature_product(&scores, &targets, &vec![T::one(); k], &mut hv);
            assert!(h.iter().chain(&hv).all(|h| h.is_finite()), "{}: {h:?} {hv:?}", place());
            assert!((0..k).all(|j| h[j * k + j] >= T::zero()), "{}: {h:?}", place());
            let mut p = scores.clone();
            row.loss.respond(&mut p);
            assert!(p.iter().all(|p| p.is_finite()), "{}: {p:?}", place());
            if row.target != Target::Number {
                assert!(p.iter().all(|&p| p >= T::zero() && p <= T::one()), "{}: {p:?}", place());
            }
            if row.target == Target::Distribution && k > 1 {
                let total: f64 = p.iter().map(|p| p.to_f64()).sum();
                assert!((total - 1.0).abs() < 1e-5, "{}: {p:?}", place());
            }
        }
    }
}

#[test]
fn losses_are_finite_to_1e4_in_f32() {
    finite_up_to::<f32>(1e4);
}

#[test]
fn losses_are_finite_to_1e30_in_f32() {
    finite_up_to::<f32>(1e30);
}

#[test]
fn losses_are_finite_to_1e300_in_f64() {
    finite_up_to::<f64>(1e300);
}

/// f32 agrees with f64 on the same scores, also where e^z would overflow f32.
#[test]
fn f32_agrees_with_f64_out_to_1e4() {
    for (narrow, wide) in losses::<f32>().iter().zip(&losses::<f64>()) {
        let mut numbers = Numbers::new(10);
        for case in 0..4000 {
            let k = 1 + case % 4;
            let scale = [1.0, 10.0, 90.0, 1e4][numbers.below(4)];
            let z: Vec<f32> = (0..k).map(|_| numbers.within(scale) as f32).collect();
            let y: Vec<f32> = numbers.target(wide.target, k).into_iter().map(|y| y as f32).collect();
            let up = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
            let (got, truth) = (f64::from(narrow.loss.value(&z, &y)), wide.loss.value(&up(&z), &up(&y)));
            assert!(
                (got - truth).abs() <= 3e-6 * truth.abs().max(1e-3),
                "{} at {z:?}, {y:?}: {got} {truth}",
                wide.name
            );
        }
    }
}

/// A block of samples is its samples one after the other, with weights and scale.
#[test]
fn blocks_are_sums_over_samples() {
    for row in losses::<f64>() {
        let mut numbers = Numbers::new(11);
        for case in 0..60 {
            let (k, b) = (1 + case % 4, [1, 2, 7, 8, 9, 33, 130][case % 7]);
            let z: Vec<f64> = (0..k * b).map(|_| numbers.within(8.0)).collect();
            let y: Vec<f64> = (0..b).flat_map(|_| numbers.target(row.target, k)).collect();
            let weights: Vec<f64> = (0..b).map(|_| if numbers.below(4) == 0 { 0.0 } else { numbers.unit() }).collect();
            for weights in [None, Some(weights.as_slice())] {
                let scale = 0.37;
                let (mut dz, mut naive, mut one) = (vec![f64::NAN; k * b], vec![0.0; k * b], vec![0.0; k]);
                let mut sum = 0.0;
                for i in 0..b {
                    let (w, part) = (weights.map_or(1.0, |w| w[i]), i * k..(i + 1) * k);
                    sum += w * row.loss.gradient(&z[part.clone()], &y[part.clone()], &mut one);
                    naive[part].iter_mut().zip(&one).for_each(|(n, &d)| *n = scale * w * d);
                }
                let value = row.loss.block_value(&z, &y, k, weights);
                let with = row.loss.block_gradient(&z, &y, k, weights, scale, &mut dz);
                assert!((value - sum).abs() <= 1e-13 * sum.abs(), "{}: {value} {sum}", row.name);
                assert!((with - sum).abs() <= 1e-13 * sum.abs(), "{}: {with} {sum}", row.name);
                for (d, n) in dz.iter().zip(&naive) {
                    assert!((d - n).abs() <= 1e-14 + 1e-13 * n.abs(), "{}: {d} {n}", row.name);
                }
            }
            let (mut block, mut single) = (z.clone(), z.clone());
            row.loss.block_respond(&mut block, k);
            single.chunks_exact_mut(k).for_each(|z| row.loss.respond(z));
            assert!(block.iter().zip(&single).all(|(a, b)| (a - b).abs() <= 1e-14 * b.abs().max(1e-3)), "{}", row.name);
        }
    }
}
