//! Nothing allocates per step or per prediction once warm.

use super::{labels, noise, one_hot};
use allocation_counter::measure;
use nalgebra::DMatrix;
use residual::optim::Trainer;
use residual::{
    Affine, CrossEntropy, Dataset, FiniteSum, Fitted, Mlp, Objective, Predictor, Real, Regressor, Risk, SquaredError,
};

fn predictions<T: Real>(model: &impl Predictor<T>, what: &str) {
    for rows in [1, 3, 700] {
        let x = noise::<T>(rows, model.features(), 4);
        let mut out = DMatrix::zeros(rows, model.outputs());
        model.predict_into(x.as_view(), &mut out).unwrap();
        let info = measure(|| model.predict_into(x.as_view(), &mut out).unwrap());
        assert_eq!(info.count_total, 0, "{what}: {rows} rows");
    }
}

#[test]
fn warm_predictions_allocate_nothing() {
    let x = noise::<f32>(50, 20, 1);
    let solver = Trainer::adam(1e-2).epochs(1);
    let data = Dataset::new(&x, &x).unwrap();
    predictions(&Mlp::regressor([64, 64]).solver(solver).fit(&data).unwrap(), "network");
    for k in [1, 5] {
        let theta = noise::<f64>(21 * k, 1, 2).as_slice().to_vec();
        predictions(&Fitted::from_params(Affine::new(20, k), SquaredError, theta.clone()).unwrap(), "linear");
        predictions(&Fitted::from_params(Affine::new(20, k), CrossEntropy, theta).unwrap(), "logistic");
    }
}

#[test]
fn warm_evaluations_allocate_nothing() {
    let x = noise::<f64>(600, 9, 1);
    let (y, classes) = (labels(&x, 2), one_hot::<f64>(600, 4));
    for (y, k) in [(&y, 1), (&classes, 4)] {
        let (data, layer) = (Dataset::new(&x, y).unwrap(), Affine::new(9, k));
        let mut risk = Risk::new(&data, &layer, &CrossEntropy, 0.1).unwrap();
        let (theta, mut gradient) = (vec![0.1; 10 * k], vec![0.0; 10 * k]);
        let terms: Vec<usize> = (0..32).collect();
        let mut step = || {
            risk.gradient(&theta, &mut gradient)
                + risk.value(&theta)
                + risk.batch_gradient(&terms, &theta, &mut gradient)
        };
        step();
        let info = measure(|| {
            std::hint::black_box(step());
        });
        assert_eq!(info.count_total, 0, "{k} outputs");
    }
}

/// Sixteen times as many steps allocate no more.
#[test]
fn training_steps_allocate_nothing() {
    let x = noise::<f32>(640, 9, 1);
    let y = noise::<f32>(640, 1, 2);
    let data = Dataset::new(&x, &y).unwrap();
    let fit = |batch: usize| {
        let network = Mlp::regressor([8, 8]).solver(Trainer::adam(1e-3).epochs(4).batch_size(batch));
        measure(|| drop(network.fit(&data).unwrap())).count_total
    };
    // 4 epochs of 10 or of 160 steps.
    let (few, many) = (fit(64), fit(4));
    assert!(many <= few, "{few} allocations for 40 steps, {many} for 640");
}
