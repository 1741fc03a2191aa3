//! Coefficients against exact arithmetic: every number of the data is taken as it is, in 700 bits.

use dashu_float::{FBig, round::mode::HalfEven};
use nalgebra::{DMatrix, DVector};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use residual::{Dataset, LinearRegression, Regressor};

type Big = FBig<HalfEven, 2>;

fn big(x: f64) -> Big {
    Big::try_from(x).unwrap().with_precision(700).value()
}

/// A problem and its exact solution: the coefficients, then the intercept.
pub struct Problem {
    pub x: DMatrix<f64>,
    pub y: DVector<f64>,
    pub weights: Option<Vec<f64>>,
    pub intercept: bool,
    pub l2: f64,
}

impl Problem {
    pub fn exact(&self) -> Vec<Big> {
        let (n, p) = self.x.shape();
        let side = p + usize::from(self.intercept);
        let entry = |i: usize, j: usize| if j < p { big(self.x[(i, j)]) } else { big(1.0) };
        let rows: Vec<Vec<Big>> = (0..n).map(|i| (0..side).map(|j| entry(i, j)).collect()).collect();
        let weight = |i: usize| big(self.weights.as_ref().map_or(1.0, |w| w[i]));
        let total: Big = (0..n).map(weight).fold(big(0.0), |a, b| a + b);
        let mut a = vec![vec![big(0.0); side + 1]; side];
        for i in 0..n {
            for r in 0..side {
                let wx = weight(i) * &rows[i][r];
                for c in r..side {
                    a[r][c] += &wx * &rows[i][c];
                }
                a[r][side] += wx * big(self.y[i]);
            }
        }
        for r in 0..side {
            for c in 0..r {
                a[r][c] = a[c][r].clone();
            }
            if r < p {
                a[r][r] += big(self.l2) * &total;
            }
        }
        // Gaussian elimination; positive definite, so no pivots are needed.
        for k in 0..side {
            for r in k + 1..side {
                let f = &a[r][k] / &a[k][k];
                for c in k..=side {
                    let t = &f * &a[k][c];
                    a[r][c] -= t;
                }
            }
        }
        let mut b = vec![big(0.0); side];
        for k in (0..side).rev() {
            let mut s = a[k][side].clone();
            for c in k + 1..side {
                s -= &a[k][c] * &b[c];
            }
            b[k] = s / &a[k][k];
        }
        b
    }

    /// −log₁₀ of the relative error of the worst coefficient.
    pub fn digits(&self, found: &[f64]) -> f64 {
        let exact = self.exact();
        let error = |(e, &f): (&Big, &f64)| {
            let off = (big(f) - e).to_f64().value().abs();
            if off == 0.0 { 0.0 } else { off / e.to_f64().value().abs() }
        };
        -exact.iter().zip(found).map(error).fold(0.0, f64::max).log10()
    }

    pub fn fit(&self) -> residual::Fitted<f64, residual::Affine, residual::SquaredError> {
        let mut data = Dataset::new(&self.x, &self.y).unwrap();
        if let Some(w) = &self.weights {
            data = data.with_weights(w).unwrap();
        }
        LinearRegression::new().intercept(self.intercept).l2(self.l2).fit(&data).unwrap()
    }
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A random design whose last columns are the first ones' combinations but for a share of 10^−`hardness`.
pub fn random(rng: &mut ChaCha8Rng, n: usize, p: usize, hardness: f64) -> Problem {
    let intercept = rng.random_bool(0.7);
    let far = if rng.random_bool(0.3) { 10f64.powf(rng.random_range(0.0..4.0)) } else { 0.0 };
    let mut x = DMatrix::from_fn(n, p, |_, _| normal(rng));
    for j in 1..p {
        if rng.random_bool(0.6) {
            let c: Vec<f64> = (0..j).map(|_| normal(rng)).collect();
            let share = 10f64.powf(-rng.random_range(0.0..=hardness));
            for i in 0..n {
                let combined: f64 = (0..j).map(|l| c[l] * x[(i, l)]).sum();
                x[(i, j)] = combined + share * x[(i, j)];
            }
        }
    }
    for j in 0..p {
        let unit = 10f64.powf(rng.random_range(-6.0..6.0));
        x.column_mut(j).iter_mut().for_each(|v| *v = (*v + far) * unit);
    }
    let noise = 10f64.powf(rng.random_range(-8.0..2.0));
    let b: Vec<f64> = (0..p).map(|_| normal(rng)).collect();
    let size: Vec<f64> = (0..p).map(|j| x.column(j).amax()).collect();
    let y =
        DVector::from_fn(n, |i, _| (0..p).map(|j| b[j] * x[(i, j)] / size[j]).sum::<f64>() + noise * normal(rng) + far);
    let weights = rng.random_bool(0.3).then(|| (0..n).map(|_| 10f64.powf(rng.random_range(-3.0..3.0))).collect());
    let l2 = if rng.random_bool(0.2) { 10f64.powf(rng.random_range(-8.0..1.0)) } else { 0.0 };
    Problem { x, y, weights, intercept, l2 }
}

#[test]
fn ill_conditioned_designs_come_out_to_the_last_digit() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut worst, mut counted): ((f64, f64), u32) = ((16.0, 0.0), 0);
    for _ in 0..400 {
        let (n, p) = (rng.random_range(10..40), rng.random_range(2..7));
        let mut problem = random(&mut rng, n, p, 10.0);
        problem.l2 = 0.0;
        let model = problem.fit();
        let digits = problem.digits(model.params());
        let condition = model.report().condition().unwrap();
        if condition < 1e10 && model.report().rank() == Some(p) {
            counted += 1;
            if digits < worst.0 {
                worst = (digits, condition);
            }
            assert!(digits > 15.0, "{digits} digits at condition {condition:e}: {:?}", model.report());
        }
    }
    println!("worst of {counted}: {:.2} digits, at condition {:.1e}", worst.0, worst.1);
    assert!(counted > 350);
}

#[test]
fn correct_digits_never_promise_more_than_one_too_many() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut most, mut least, mut below) = (f64::NEG_INFINITY, f64::INFINITY, 0);
    let mut hist = [0; 16];
    for case in 0..10_000 {
        let (n, p) = (rng.random_range(6..14), rng.random_range(1..5));
        let problem = random(&mut rng, n, p, 13.0);
        let model = problem.fit();
        // Deficient to the tolerance: the limit of ridge is another problem than the exact one.
        if model.report().rank() != Some(p) {
            continue;
        }
        let promised = model.report().correct_digits().unwrap();
        let digits = problem.digits(model.params());
        assert!(promised <= digits + 1.0, "case {case}: promised {promised}, true {digits}, {:?}", model.report());
        most = most.max(promised - digits);
        least = least.min(promised);
        hist[(digits - promised).clamp(0.0, 15.0) as usize] += 1;
        below += usize::from(digits < 15.0);
    }
    println!("hist {hist:?}");
    println!("promised minus true at most {most:.2}; least promised {least:.1}; {below} answers below 15 digits");
}
