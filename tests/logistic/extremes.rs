//! The logistic losses and their gradients against 200 bits, and far out where the answer has a closed form.

use dashu_float::{FBig, round::mode::HalfEven};
use proptest::prelude::*;
use residual::loss::{BinaryCrossEntropy, CrossEntropy};
use residual::{Curvature, Loss, Real};

type Big = FBig<HalfEven, 2>;

fn big(x: f64) -> Big {
    Big::try_from(x).unwrap().with_precision(200).value()
}

/// The largest error allowed, in units of the last place.
const ULPS: f64 = 4.0;

/// The loss, its gradient, and p(1 − y) + y(1 − p), the size of the two terms whose difference each gradient is.
struct Truth<N> {
    value: N,
    gradient: Vec<N>,
    size: Vec<N>,
}

impl Truth<Big> {
    /// Softmax over two or more scores, Σ y = 1.
    fn softmax(z: &[f64], y: &[f64]) -> Self {
        let top = (0..z.len()).fold(0, |top, j| if z[j] > z[top] { j } else { top });
        let below: Vec<Big> = z.iter().map(|&s| big(z[top]) - big(s)).collect();
        let e: Vec<Big> = below.iter().map(|d| (-d.clone()).exp()).collect();
        let others = |j: usize| (0..z.len()).filter(|&i| i != j).fold(big(0.0), |sum, i| sum + &e[i]);
        let total = big(1.0) + others(top);
        let value = below.iter().zip(y).fold(others(top).ln_1p(), |sum, (d, &y)| sum + big(y) * d);
        let parts = |j: usize| ((big(1.0) - big(y[j])) * &e[j] / &total, big(y[j]) * others(j) / &total);
        let (up, down): (Vec<Big>, Vec<Big>) = (0..z.len()).map(parts).unzip();
        Self {
            value,
            gradient: up.iter().zip(&down).map(|(up, down)| up - down).collect(),
            size: up.iter().zip(&down).map(|(up, down)| up + down).collect(),
        }
    }

    /// One score: a softmax of it and 0.
    fn bernoulli(z: f64, y: f64) -> Self {
        let mut truth = Self::softmax(&[z, 0.0], &[y, 1.0 - y]);
        truth.gradient.truncate(1);
        truth.size.truncate(1);
        truth
    }
}

/// Softmax of two or more scores.
fn softmax(z: &[f64]) -> Vec<Big> {
    let max = z.iter().fold(f64::NEG_INFINITY, |max, &s| max.max(s));
    let e: Vec<Big> = z.iter().map(|&s| (big(s) - big(max)).exp()).collect();
    let total = e.iter().fold(big(0.0), |sum, e| sum + e);
    e.iter().map(|e| e / &total).collect()
}

/// Softmax and diag(p) − p pᵀ, one minus p as the sum of the others.
fn probabilities(z: &[f64]) -> (Vec<Big>, Vec<Big>) {
    let p = softmax(z);
    let entry = |i: usize, j: usize| {
        let others = (0..p.len()).filter(|&l| l != i).fold(big(0.0), |sum, l| sum + &p[l]);
        if i == j { &p[i] * others } else { -(&p[i] * &p[j]) }
    };
    let h = (0..z.len()).flat_map(|i| (0..z.len()).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
    (p, h)
}

/// Holds predictions, one by one and as a block of three samples, and second derivatives against the truth.
fn check_probabilities<T: Real, L: Curvature<T>>(
    loss: &L,
    z: &[f64],
    p: &[Big],
    h: &[Big],
) -> Result<(), TestCaseError> {
    let scores: Vec<T> = z.iter().map(|&z| T::of(z)).collect();
    let (mut alone, mut block, mut curvature) = (scores.clone(), scores.repeat(3), vec![T::of(f64::NAN); h.len()]);
    loss.respond(&mut alone);
    loss.block_respond(&mut block, z.len());
    loss.curvature(&scores, &scores, &mut curvature);
    let predictions = alone.iter().zip(p).chain(block.iter().zip(p.iter().cycle())).map(|(p, truth)| (p, truth, ULPS));
    // A second derivative is a product of two probabilities.
    for (&got, truth, ulps) in predictions.chain(curvature.iter().zip(h).map(|(h, truth)| (h, truth, 2.0 * ULPS))) {
        let off = truth.distance(got.to_f64()) / ulp::<T>(truth.rounded());
        prop_assert!(off <= ulps, "{got} is off by {off} ulps at {z:?}");
    }
    Ok(())
}

/// A number that an error can be measured from.
trait Exact {
    fn rounded(&self) -> f64;
    fn distance(&self, from: f64) -> f64;
}

impl Exact for Big {
    fn rounded(&self) -> f64 {
        self.to_f64().value()
    }
    fn distance(&self, from: f64) -> f64 {
        (big(from) - self).to_f64().value().abs()
    }
}

impl Exact for f64 {
    fn rounded(&self) -> f64 {
        *self
    }
    fn distance(&self, from: f64) -> f64 {
        (from - self).abs()
    }
}

/// The unit of the last place of T at x.
fn ulp<T: Real>(x: f64) -> f64 {
    T::default_epsilon().to_f64() * x.abs().log2().floor().exp2()
}

/// What the four methods of one sample say: the values, and the gradients.
fn answers<T: Real>(loss: &dyn Loss<T>, z: &[f64], y: &[f64]) -> ([f64; 4], [Vec<f64>; 2]) {
    let k = z.len();
    let (z, y): (Vec<T>, Vec<T>) = z.iter().zip(y).map(|(&z, &y)| (T::of(z), T::of(y))).unzip();
    let (mut alone, mut block) = (vec![T::of(f64::NAN); k], vec![T::of(f64::NAN); k]);
    let values = [
        loss.value(&z, &y),
        loss.gradient(&z, &y, &mut alone),
        loss.block_value(&z, &y, k, None),
        loss.block_gradient(&z, &y, k, None, T::one(), &mut block),
    ];
    (values.map(T::to_f64), [alone, block].map(|dz| dz.into_iter().map(T::to_f64).collect()))
}

/// Holds the four methods against the truth.
///
/// A gradient is measured in ulps of its own size where targets are 0 or 1. Between them p − y cancels, down to 0 at
/// p = y: no method that rounds p can be right relative to that, and the error is measured in ulps of
/// p(1 − y) + y(1 − p) instead.
fn check<T: Real, N: Exact>(loss: &dyn Loss<T>, z: &[f64], y: &[f64], truth: &Truth<N>) -> Result<(), TestCaseError> {
    let (values, gradients) = answers(loss, z, y);
    let hard = y.iter().all(|&y| y == 0.0 || y == 1.0);
    for value in values {
        let off = truth.value.distance(value) / ulp::<T>(truth.value.rounded());
        prop_assert!(off <= ULPS, "value off by {off} ulps at {z:?}, {y:?}");
    }
    let sizes = if hard { &truth.gradient } else { &truth.size };
    for dz in gradients {
        for ((dz, truth), size) in dz.into_iter().zip(&truth.gradient).zip(sizes) {
            let off = truth.distance(dz) / ulp::<T>(size.rounded());
            prop_assert!(off <= ULPS, "gradient off by {off} ulps at {z:?}, {y:?}");
        }
    }
    Ok(())
}

/// The same loss in double precision, for single precision to be held against.
fn in_f64(loss: &dyn Loss<f64>, z: &[f64], y: &[f64]) -> Truth<f64> {
    let mut gradient = vec![f64::NAN; z.len()];
    let value = loss.gradient(z, y, &mut gradient);
    let mut p = z.to_vec();
    loss.respond(&mut p);
    let size = p.iter().zip(y).map(|(&p, &y)| p * (1.0 - y) + y * (1.0 - p)).collect();
    Truth { value, gradient, size }
}

/// Scores of one magnitude, or of several at once: from nearly equal to the far tails.
fn scores(outputs: std::ops::Range<usize>, limit: f64) -> impl Strategy<Value = Vec<f64>> {
    let sizes = [1e-9, 1e-3, 1.0, 8.0, limit.min(40.0), limit];
    let score = (0usize..6, -1.0..1.0f64);
    (prop::collection::vec(score, outputs), prop::option::of(0usize..6)).prop_map(move |(parts, same)| {
        parts.into_iter().map(|(size, unit)| sizes[same.unwrap_or(size)] * unit).collect()
    })
}

/// One-hot targets, or multiples of 1/1024 that add up to exactly 1.
fn targets(k: usize, hard: bool, seed: u64) -> Vec<f64> {
    let mut y = vec![0.0; k];
    let first = (seed >> 10) as usize % k;
    if hard {
        y[first] = 1.0;
        return y;
    }
    // The first takes any share, the others what is left, by turns of a generator.
    let mut state = seed | 1;
    for i in 0..1024 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let j = if i < seed % 1024 { first } else { (state >> 33) as usize % k };
        y[j] += 1.0 / 1024.0;
    }
    y
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn bernoulli_in_f64(z in scores(1..2, 700.0), hard: bool, seed: u64) {
        let y = [targets(2, hard, seed)[0]];
        let truth = Truth::bernoulli(z[0], y[0]);
        check::<f64, _>(&BinaryCrossEntropy, &z, &y, &truth)?;
        check::<f64, _>(&CrossEntropy, &z, &y, &truth)?;
    }

    #[test]
    fn softmax_in_f64(z in scores(2..7, 350.0), hard: bool, seed: u64) {
        let y = targets(z.len(), hard, seed);
        check::<f64, _>(&CrossEntropy, &z, &y, &Truth::softmax(&z, &y))?;
    }

    #[test]
    fn probabilities_and_curvature(z in scores(1..7, 150.0)) {
        // No entry of the second derivatives underflows at these sizes.
        let alone = z.len() == 1;
        let limit = |size: f64| move |&z: &f64| f64::from(z.clamp(-size, size) as f32);
        let single: Vec<f64> = z.iter().map(limit(if alone { 40.0 } else { 15.0 })).collect();
        // One score is a softmax of it and 0.
        let (p, h) = probabilities(&if alone { vec![z[0], 0.0] } else { z.clone() });
        let (p, h) = (&p[..z.len()], &h[..z.len() * z.len()]);
        check_probabilities::<f64, _>(&CrossEntropy, &z, p, h)?;
        if alone {
            check_probabilities::<f64, _>(&BinaryCrossEntropy, &z, p, h)?;
        }
        let (p, h) = probabilities(&if alone { vec![single[0], 0.0] } else { single.clone() });
        check_probabilities::<f32, _>(&CrossEntropy, &single, &p[..z.len()], &h[..z.len() * z.len()])?;
    }

    #[test]
    fn bernoulli_in_f32(z in scores(1..2, 80.0), hard: bool, seed: u64) {
        let z = [f64::from(z[0] as f32)];
        let y = [targets(2, hard, seed)[0]];
        check::<f32, _>(&BinaryCrossEntropy, &z, &y, &in_f64(&BinaryCrossEntropy, &z, &y))?;
        check::<f32, _>(&CrossEntropy, &z, &y, &in_f64(&CrossEntropy, &z, &y))?;
    }

    #[test]
    fn softmax_in_f32(z in scores(2..7, 40.0), hard: bool, seed: u64) {
        let z: Vec<f64> = z.iter().map(|&z| f64::from(z as f32)).collect();
        let y = targets(z.len(), hard, seed);
        check::<f32, _>(&CrossEntropy, &z, &y, &in_f64(&CrossEntropy, &z, &y))?;
    }
}

/// All four methods give exactly this.
fn same<T: Real>(loss: &dyn Loss<T>, z: &[f64], y: &[f64], value: f64, gradient: &[f64]) {
    let (values, gradients) = answers(loss, z, y);
    assert_eq!(values, [T::of(value).to_f64(); 4], "{z:?} {y:?}");
    assert_eq!(gradients, [gradient, gradient], "{z:?} {y:?}");
}

/// Where every exponential is exactly 0: ℓ = Σ yⱼ (max − zⱼ), and p is 1 at the largest score.
fn far<T: Real>(size: f64) {
    for loss in [&BinaryCrossEntropy as &dyn Loss<T>, &CrossEntropy] {
        for y in [0.0, 0.25, 1.0] {
            same(loss, &[size], &[y], (1.0 - y) * size, &[1.0 - y]);
            same(loss, &[-size], &[y], y * size, &[-y]);
        }
    }
    for k in 2..7 {
        for (top, hit) in (0..k).flat_map(|top| (0..k).map(move |hit| (top, hit))) {
            let at = |place: usize| move |j: usize| f64::from(u8::from(j == place));
            let z: Vec<f64> = (0..k).map(|j| if j == top { size } else { -size }).collect();
            // All of the target on one class, and half of it where the prediction is.
            for share in [1.0, 0.5] {
                let y: Vec<f64> = (0..k).map(|j| share * at(hit)(j) + (1.0 - share) * at(top)(j)).collect();
                let gradient: Vec<f64> = (0..k).map(|j| at(top)(j) - y[j]).collect();
                same::<T>(&CrossEntropy, &z, &y, if hit == top { 0.0 } else { share * 2.0 * size }, &gradient);
            }
        }
    }
}

/// Small probabilities beside one that is nearly 1, which a sum that starts with it would round away one by one.
#[test]
fn one_near_certain_class() {
    let z = [33.30829584818663, -0.7370668925496218, 0.0, -0.00019480292504990747, 0.0];
    let (p, h) = probabilities(&z);
    check_probabilities::<f64, _>(&CrossEntropy, &z, &p, &h).unwrap();
}

/// More classes than are taken together, in parts.
#[test]
fn many_classes() {
    let z: Vec<f64> = (0..300).map(|j| f64::from((j * 7919) % 311) / 3.0 + 1e-9 * f64::from(j)).collect();
    let p = softmax(&z);
    let (mut block, mut alone) = (z.repeat(2), z.clone());
    CrossEntropy.block_respond(&mut block, 300);
    CrossEntropy.respond(&mut alone);
    for (&got, truth) in block.iter().chain(&alone).zip(p.iter().cycle()) {
        let off = truth.distance(got) / ulp::<f64>(truth.rounded());
        assert!(off <= ULPS, "{got} is off by {off} ulps");
    }
}

#[test]
fn far_out_in_closed_form() {
    far::<f32>(1e4);
    far::<f64>(1e4);
    far::<f64>(1e300);
}
