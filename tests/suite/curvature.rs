//! Second derivatives of every loss that has them, alone and over an affine layer.

use crate::cases::{Case, MARGIN, Numbers, Worst, for_each_draw, margin};
use crate::tables::{layers, losses};
use residual::nalgebra::DMatrix;
use residual::{Affine, Curvature, Hessian, Loss, Objective, Real, Risk, check};

/// ∂²ℓ/∂z² seen as the Hessian of an objective in z.
struct OfScores<'a, L> {
    loss: &'a L,
    y: &'a [f64],
}

impl<L: Loss<f64>> Objective<f64> for OfScores<'_, L> {
    fn dim(&self) -> usize {
        self.y.len()
    }

    fn value(&mut self, z: &[f64]) -> f64 {
        self.loss.value(z, self.y)
    }

    fn gradient(&mut self, z: &[f64], dz: &mut [f64]) -> f64 {
        self.loss.gradient(z, self.y, dz)
    }
}

impl<L: Curvature<f64>> Hessian<f64> for OfScores<'_, L> {
    fn hessian(&mut self, z: &[f64], h: &mut DMatrix<f64>) {
        self.loss.curvature(z, self.y, h.as_mut_slice());
    }

    fn hessian_product(&mut self, z: &[f64], v: &[f64], hv: &mut [f64]) {
        self.loss.curvature_product(z, self.y, v, hv);
    }
}

#[test]
fn curvature_of_every_loss() {
    let mut worst = Worst::default();
    for row in losses::<f64>() {
        let loss = &row.curvature;
        for_each_draw(100, 1..=5, |draw| {
            let (mut numbers, k) = (Numbers::new(draw.seed), draw.samples);
            let (z, y) = loop {
                let z: Vec<f64> = (0..k).map(|_| numbers.within(6.0)).collect();
                let y = numbers.target(row.target, k);
                if (row.kink)(&z, &y) >= MARGIN {
                    break (z, y);
                }
            };
            let outcome = check::hessian(&mut OfScores { loss, y: &y }, &z);
            assert!(outcome.worst() < 1e-8, "{}: {outcome}", row.name);
            worst.see(outcome.worst(), || row.name.to_owned());
        });
    }
    println!("worst curvature of a loss, f64: {worst}");
}

fn hessian_over_affine<T: Real>(cases: u32, tolerance: f64) -> Worst {
    let mut worst = Worst::default();
    let layers = layers::<T>();
    for loss in losses::<T>() {
        let curvature = &loss.curvature;
        for (row, bias) in [("affine", true), ("affine without bias", false)] {
            let row = layers.iter().find(|r| r.name == row).unwrap();
            for_each_draw(cases, 1..=9, |draw| {
                let any = (row.make)(draw.sizes);
                let case = Case::new(row, &*any, &loss, draw, margin::<T>());
                let affine = Affine::new(draw.sizes.inputs, draw.sizes.outputs);
                let affine = if bias { affine } else { affine.without_bias() };
                for (weighted, l2) in [(false, 0.0), (true, 0.0), (true, 0.4)] {
                    let data = case.data(weighted);
                    let mut risk = Risk::new(&data, &affine, curvature, l2).unwrap();
                    let outcome = check::hessian(&mut risk, &case.theta);
                    assert!(outcome.worst() < tolerance, "{}, {draw:?}: {outcome}", loss.name);
                    worst.see(outcome.worst(), || format!("{}, weights {weighted}, l2 {l2}", loss.name));
                }
            });
        }
    }
    worst
}

#[test]
fn hessian_of_every_loss_over_affine() {
    println!("worst Hessian or product over affine, f64: {}", hessian_over_affine::<f64>(25, 1e-8));
    println!("worst Hessian or product over affine, f32: {}", hessian_over_affine::<f32>(10, 1e-2));
}

/// Over more than one block, the product equals the matrix times the vector, and the matrix is symmetric.
#[test]
fn hessian_product_is_hessian_times_vector() {
    let layers = layers::<f64>();
    let row = layers.iter().find(|row| row.name == "affine").unwrap();
    for loss in losses::<f64>() {
        let curvature = &loss.curvature;
        for_each_draw(2, 600..=1300, |draw| {
            let case = Case::new(row, &*(row.make)(draw.sizes), &loss, draw, 0.0);
            let affine = Affine::new(draw.sizes.inputs, draw.sizes.outputs);
            let data = case.data(true);
            let mut risk = Risk::new(&data, &affine, curvature, 0.2).unwrap();
            let dim = case.theta.len();
            let (mut h, mut hv) = (DMatrix::zeros(dim, dim), vec![0.0; dim]);
            risk.hessian(&case.theta, &mut h);
            assert_eq!(h, h.transpose(), "{}", loss.name);
            let mut numbers = Numbers::new(draw.seed ^ 2);
            let v = DMatrix::from_fn(dim, 1, |_, _| numbers.within(1.0));
            risk.hessian_product(&case.theta, v.as_slice(), &mut hv);
            let distance = (&h * &v - DMatrix::from_column_slice(dim, 1, &hv)).amax();
            assert!(distance < 1e-13 * h.amax().max(1.0), "{}: {distance}", loss.name);
        });
    }
}
