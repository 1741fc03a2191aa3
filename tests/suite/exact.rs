//! Every analytic gradient against the one that dual numbers carry through the same value: no step, no truncation.

use crate::cases::{Case, MARGIN, Worst, for_each_draw};
use crate::dual::Dual;
use crate::tables::{LayerRow, LossRow, layers, losses};
use residual::nalgebra::{DMatrix, RealField};
use residual::optim::Trainer;
use residual::{CrossEntropy, Dataset, LinearRegression, LogisticRegression, Mlp, Predictor, Real, Regressor, Risk};

fn dual(numbers: &DMatrix<f64>) -> DMatrix<Dual> {
    numbers.map(Dual::of)
}

/// The largest error of the f64 gradient relative to its largest entry (at least 1), by dual numbers; and of the gradient that
/// dual numbers themselves are given, which must carry the same values through the plain loops.
fn gap(
    (row, loss): (&LayerRow<f64>, &LossRow<f64>),
    (dual_row, dual_loss): (&LayerRow<Dual>, &LossRow<Dual>),
    draw: crate::cases::Draw,
    (weighted, l2): (bool, f64),
) -> f64 {
    let (layer, twin) = ((row.make)(draw.sizes), (dual_row.make)(draw.sizes));
    let case = Case::new(row, &*layer, loss, draw, MARGIN);
    let data = case.data(weighted);
    let mut gradient = vec![0.0; case.theta.len()];
    let value = layer.risk(&data, &loss.loss, l2).gradient(&case.theta, &mut gradient);

    let (x, y) = (dual(&case.x), dual(&case.y));
    let weights: Vec<Dual> = case.weights.iter().map(|&w| Dual::of(w)).collect();
    let data = Dataset::new(&x, &y).unwrap();
    let data = if weighted { data.with_weights(&weights).unwrap() } else { data };
    let mut risk = twin.risk(&data, &dual_loss.loss, l2);
    let mut theta: Vec<Dual> = case.theta.iter().map(|&t| Dual::of(t)).collect();
    let mut plain = vec![Dual::default(); theta.len()];
    risk.gradient(&theta, &mut plain);
    let scale = gradient.iter().fold(1.0f64, |m, g| m.max(g.abs()));
    let mut worst = 0.0f64;
    for j in 0..theta.len() {
        theta[j].slope = 1.0;
        let exact = risk.value(&theta);
        theta[j].slope = 0.0;
        let errors =
            [exact.slope - gradient[j], plain[j].value - gradient[j], (exact.value - value) / value.abs().max(1.0)];
        worst = errors.iter().fold(worst, |m, e| if e.is_nan() { f64::NAN } else { m.max(e.abs() / scale) });
    }
    worst
}

#[test]
fn gradients_equal_those_of_dual_numbers() {
    let (rows, twins) = (layers::<f64>(), layers::<Dual>());
    let mut all = Worst::default();
    for (row, twin) in rows.iter().zip(&twins) {
        let mut worst = Worst::default();
        for (loss, dual_loss) in losses::<f64>().iter().zip(&losses::<Dual>()) {
            for_each_draw(4, 1..=7, |draw| {
                for settings in [(false, 0.0), (true, 0.4)] {
                    let gap = gap((row, loss), (twin, dual_loss), draw, settings);
                    assert!(gap <= 1e-13, "{} over {}, {settings:?}, {draw:?}: {gap:e}", loss.name, row.name);
                    worst.see(gap, || format!("{} over {}", loss.name, row.name));
                }
            });
        }
        println!("{}: {worst}", row.name);
        all.see(worst.error, || worst.place.clone());
    }
    // The comparison has digits to see: no gradient is compared with itself.
    assert!(all.error > 0.0);
}

/// A gradient that is wrong in one part in 10¹⁰ is seen: differences could not.
#[test]
fn a_slightly_wrong_gradient_is_seen() {
    let (x, y) = (DMatrix::from_fn(5, 1, |i, _| i as f64 - 1.5), DMatrix::from_fn(5, 1, |i, _| (i % 2) as f64));
    let (x, y) = (dual(&x), dual(&y));
    let (data, layer) = (Dataset::new(&x, &y).unwrap(), residual::Affine::new(1, 1));
    let mut risk = Risk::new(&data, &layer, &CrossEntropy, 0.0).unwrap();
    use residual::Objective;
    let exact = risk.value(&[Dual::new(0.3, 1.0), Dual::of(-0.2)]).slope;
    let mut gradient = [Dual::default(); 2];
    risk.gradient(&[Dual::of(0.3), Dual::of(-0.2)], &mut gradient);
    assert!((exact - gradient[0].value).abs() < 1e-15);
    assert!((exact - gradient[0].value * (1.0 + 1e-10)).abs() > 1e-13);
}

/// All models fit and predict on a scalar that the crate does not know, to the digits of f64.
#[test]
fn models_take_a_third_scalar() {
    fn check<R: Regressor<f64> + Regressor<Dual>>(regressor: &R, x: &DMatrix<f64>, y: &DMatrix<f64>, tolerance: f64) {
        let known = Regressor::<f64>::fit(regressor, &Dataset::new(x, y).unwrap()).unwrap().predict(x).unwrap();
        let (x, y) = (dual(x), dual(y));
        let third = Regressor::<Dual>::fit(regressor, &Dataset::new(&x, &y).unwrap()).unwrap().predict(&x).unwrap();
        let gap = known.zip_map(&third, |a, b| (a - b.value).abs()).amax();
        assert!(gap <= tolerance, "{gap:e}");
    }
    let x = DMatrix::from_fn(60, 3, |i, j| ((i * (7 + 4 * j) + j) % 23) as f64 / 11.0 - 1.0);
    let noise = |i: usize| ((i * 31) % 17) as f64 / 17.0 - 0.5;
    let y = DMatrix::from_fn(60, 1, |i, _| x[(i, 0)] - 0.5 * x[(i, 1)] + noise(i));
    let labels = y.map(|y| f64::from(y > 0.0));
    check(&LinearRegression::new(), &x, &y, 1e-12);
    check(&LogisticRegression::new().l2(0.01), &x, &labels, 1e-9);
    check(&Mlp::regressor([4]).solver(Trainer::adam(0.01).epochs(3)), &x, &y, 1e-10);
    assert!(RealField::max(Dual::of(1.0), Dual::of(2.0)) == Dual::of(2.0));
}
