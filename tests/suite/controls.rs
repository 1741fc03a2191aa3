//! Negative controls: what the checks must refuse. A check that lets one of these pass proves nothing.

use crate::cases::{Case, MARGIN, for_each_draw};
use crate::tables::{layers, losses};
use residual::nalgebra::DMatrix;
use residual::{Activation, Affine, Dense, FiniteSum, Hessian, Layer, Layout, Loss, Objective, Risk, check};
use residual::{Real, SquaredError};

/// How a gradient is wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    /// The sign of one entry.
    Flipped,
    /// The whole gradient by a factor 1 + 1e-4.
    Scaled,
    /// One entry by a factor 1 + 1e-4.
    ScaledOne,
    /// Entry j stands at j + 1.
    Shifted,
    /// One entry is 0.
    Forgotten,
    /// One entry is NaN.
    NotANumber,
    /// The value that comes with the gradient is another.
    Value,
}

/// An objective with a fault in its gradient.
struct Faulty<'a, T> {
    inner: &'a mut dyn FiniteSum<T>,
    fault: Fault,
}

impl<T: Real> Objective<T> for Faulty<'_, T> {
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn value(&mut self, theta: &[T]) -> T {
        self.inner.value(theta)
    }

    fn gradient(&mut self, theta: &[T], grad: &mut [T]) -> T {
        let value = self.inner.gradient(theta, grad);
        let largest = (0..grad.len()).fold(0, |top, j| if grad[j].abs() > grad[top].abs() { j } else { top });
        let factor = T::of(1.0 + 1e-4);
        match self.fault {
            Fault::None => {}
            Fault::Flipped => grad[largest] = -grad[largest],
            Fault::Scaled => grad.iter_mut().for_each(|g| *g *= factor),
            Fault::ScaledOne => grad[largest] *= factor,
            Fault::Shifted => grad.rotate_right(1),
            Fault::Forgotten => grad[largest] = T::zero(),
            Fault::NotANumber => grad[0] = T::of(f64::NAN),
            Fault::Value => return value * T::of(1.0 + 1e-6),
        }
        value
    }

    fn layout(&self) -> Option<&Layout> {
        self.inner.layout()
    }
}

/// Every loss over every layer: the right gradient passes, each fault is refused.
#[test]
fn each_fault_is_refused_everywhere() {
    use Fault::{Flipped, Forgotten, None, NotANumber, Scaled, ScaledOne, Shifted, Value};
    for loss in losses::<f64>() {
        for row in layers::<f64>() {
            for_each_draw(1, 2..=5, |draw| {
                let layer = (row.make)(draw.sizes);
                let case = Case::new(&row, &*layer, &loss, draw, MARGIN);
                let data = case.data(true);
                let mut risk = layer.risk(&data, &loss.loss, 0.3);
                let mut worst = |fault| check::gradient(&mut Faulty { inner: &mut *risk, fault }, &case.theta).worst();
                assert!(worst(None) < 1e-8);
                for fault in [Flipped, Scaled, ScaledOne, Forgotten, NotANumber, Value] {
                    assert!(worst(fault) > 9e-7, "{fault:?} passes: {} over {}", loss.name, row.name);
                }
                if case.theta.len() > 1 {
                    assert!(worst(Shifted) > 1e-6, "shifted passes: {} over {}", loss.name, row.name);
                }
            });
        }
    }
}

/// The penalty belongs to the gradient: value with it, gradient without.
#[test]
fn a_dropped_penalty_is_refused() {
    struct Dropped<'a>(Box<dyn FiniteSum<f64> + 'a>, Box<dyn FiniteSum<f64> + 'a>);
    impl Objective<f64> for Dropped<'_> {
        fn dim(&self) -> usize {
            self.0.dim()
        }
        fn value(&mut self, theta: &[f64]) -> f64 {
            self.0.value(theta)
        }
        fn gradient(&mut self, theta: &[f64], grad: &mut [f64]) -> f64 {
            self.1.gradient(theta, grad);
            self.0.value(theta)
        }
    }
    for loss in losses::<f64>() {
        for row in layers::<f64>() {
            for_each_draw(1, 3..=5, |draw| {
                let layer = (row.make)(draw.sizes);
                let case = Case::new(&row, &*layer, &loss, draw, MARGIN);
                let data = case.data(false);
                let risks = (layer.risk(&data, &loss.loss, 1e-2), layer.risk(&data, &loss.loss, 0.0));
                let outcome = check::gradient(&mut Dropped(risks.0, risks.1), &case.theta);
                assert!(outcome.worst() > 1e-6, "{} over {}: {outcome}", loss.name, row.name);
            });
        }
    }
}

/// The outcome says which coordinate and which block.
#[test]
fn the_fault_is_named() {
    let x = DMatrix::from_fn(6, 3, |i, j| ((i * 3 + j) as f64).sin());
    let y = DMatrix::from_fn(6, 1, |i, _| (i as f64).cos());
    let data = residual::Dataset::new(&x, &y).unwrap();
    let layer = (Dense::new(3, 4, Activation::Tanh), Affine::new(4, 1));
    let theta: Vec<f64> = Layout::of::<f64, _>(&layer).initialize(1);
    let mut risk = Risk::new(&data, &layer, &SquaredError, 0.0).unwrap();
    struct At<'a>(&'a mut dyn FiniteSum<f64>, usize);
    impl Objective<f64> for At<'_> {
        fn dim(&self) -> usize {
            self.0.dim()
        }
        fn value(&mut self, theta: &[f64]) -> f64 {
            self.0.value(theta)
        }
        fn gradient(&mut self, theta: &[f64], grad: &mut [f64]) -> f64 {
            let value = self.0.gradient(theta, grad);
            grad[self.1] += 0.1;
            value
        }
        fn layout(&self) -> Option<&Layout> {
            self.0.layout()
        }
    }
    for (coordinate, block) in [(0, "0.weight"), (11, "0.weight"), (13, "0.bias"), (18, "1.weight"), (20, "1.bias")] {
        let outcome = check::gradient(&mut At(&mut risk, coordinate), &theta);
        assert_eq!((outcome.coordinate(), outcome.block()), (coordinate, Some(block)));
        assert!((outcome.analytic() - outcome.numeric() - 0.1).abs() < 1e-9);
        let message = std::panic::catch_unwind(|| outcome.assert_below(1e-8)).unwrap_err();
        let message = message.downcast_ref::<String>().unwrap();
        assert!(message.contains(block) && message.contains(&format!("coordinate {coordinate}")), "{message}");
    }
}

/// An affine layer with a fault in its backward pass.
struct FaultyLayer(usize);

impl Layer<f64> for FaultyLayer {
    type Tape = ();
    fn inputs(&self) -> usize {
        2
    }
    fn outputs(&self) -> usize {
        2
    }
    fn layout(&self, layout: &mut Layout) {
        Layer::<f64>::layout(&Affine::new(2, 2), layout);
    }
    fn forward(&self, theta: &[f64], x: &DMatrix<f64>, z: &mut DMatrix<f64>, tape: &mut ()) {
        Affine::new(2, 2).forward(theta, x, z, tape);
    }
    fn backward(
        &self,
        theta: &[f64],
        x: &DMatrix<f64>,
        dz: &mut DMatrix<f64>,
        tape: &mut (),
        dtheta: &mut [f64],
        mut dx: Option<&mut DMatrix<f64>>,
    ) {
        if self.0 == 1 {
            dtheta.fill(0.0);
        }
        let before = dx.as_ref().map(|dx| (**dx).clone());
        Affine::new(2, 2).backward(theta, x, dz, tape, dtheta, dx.as_deref_mut());
        if let (Some(dx), Some(before)) = (dx, before) {
            match self.0 {
                2 => *dx += before,
                3 => dx.fill(0.0),
                4 => *dx *= 1.0 + 1e-4,
                _ => {}
            }
        }
        if self.0 == 5 {
            dtheta.swap(0, 1);
        }
    }
}

#[test]
fn a_faulty_backward_is_refused() {
    let theta = [0.3, -0.8, 0.5, 1.1, -0.2, 0.4];
    let x = DMatrix::from_row_slice(2, 3, &[0.5, -1.0, 0.7, 0.2, 0.9, -0.6]);
    assert!(check::layer(&FaultyLayer(0), &theta, &x).worst() < 1e-9);
    for (fault, block) in [(1, "bias weight"), (2, "input"), (3, "input"), (4, "input"), (5, "weight")] {
        let outcome = check::layer(&FaultyLayer(fault), &theta, &x);
        assert!(outcome.worst() > 1e-6, "fault {fault} passes: {outcome}");
        assert!(outcome.block().is_some_and(|name| block.contains(name)), "fault {fault}: {outcome}");
    }
}

/// Squared error with a slope that is off.
struct FaultyLoss(f64);

impl Loss<f64> for FaultyLoss {
    fn value(&self, z: &[f64], y: &[f64]) -> f64 {
        SquaredError.value(z, y)
    }
    fn gradient(&self, z: &[f64], y: &[f64], dz: &mut [f64]) -> f64 {
        let value = SquaredError.gradient(z, y, dz);
        dz.iter_mut().for_each(|d| *d *= self.0);
        value
    }
    fn respond(&self, _: &mut [f64]) {}
    fn accepts(&self, _: &[f64]) -> Result<(), &'static str> {
        Ok(())
    }
}

#[test]
fn a_faulty_loss_is_refused() {
    let (z, y) = ([0.4, -2.0], [1.0, 0.5]);
    assert!(check::loss(&FaultyLoss(1.0), &z, &y).worst() < 1e-9);
    for factor in [-1.0, 0.0, 1.0 + 1e-4, 2.0] {
        assert!(check::loss(&FaultyLoss(factor), &z, &y).worst() > 9e-5, "{factor}");
    }
}

/// R(θ) = ½ θᵀA θ with a Hessian or a product that is off.
struct FaultyHessian {
    matrix: f64,
    product: f64,
    transposed: bool,
}

const A: [[f64; 2]; 2] = [[2.0, -0.5], [-0.5, 1.0]];

impl Objective<f64> for FaultyHessian {
    fn dim(&self) -> usize {
        2
    }
    fn value(&mut self, t: &[f64]) -> f64 {
        0.5 * (0..2).flat_map(|i| (0..2).map(move |j| (i, j))).map(|(i, j)| t[i] * A[i][j] * t[j]).sum::<f64>()
    }
    fn gradient(&mut self, t: &[f64], grad: &mut [f64]) -> f64 {
        (0..2).for_each(|i| grad[i] = A[i][0] * t[0] + A[i][1] * t[1]);
        self.value(t)
    }
}

impl Hessian<f64> for FaultyHessian {
    fn hessian(&mut self, _: &[f64], h: &mut DMatrix<f64>) {
        *h = DMatrix::from_fn(2, 2, |i, j| A[i][j] * self.matrix);
        if self.transposed {
            h[(0, 1)] = 0.0;
        }
    }
    fn hessian_product(&mut self, _: &[f64], v: &[f64], hv: &mut [f64]) {
        (0..2).for_each(|i| hv[i] = self.product * (A[i][0] * v[0] + A[i][1] * v[1]));
    }
}

#[test]
fn a_faulty_hessian_is_refused() {
    let worst = |matrix, product, transposed| {
        check::hessian(&mut FaultyHessian { matrix, product, transposed }, &[0.7, -0.4]).worst()
    };
    assert!(worst(1.0, 1.0, false) < 1e-9);
    for wrong in [-1.0, 0.0, 1.0 + 1e-4] {
        assert!(worst(wrong, 1.0, false) > 9e-5, "matrix times {wrong}");
        assert!(worst(1.0, wrong, false) > 9e-5, "product times {wrong}");
    }
    assert!(worst(1.0, 1.0, true) > 9e-5, "half a matrix");
}

/// On a kink the check does not agree: what the generator avoids is there.
#[test]
fn a_kink_is_noticed() {
    let relu = Dense::new(1, 1, Activation::Relu);
    let outcome = check::layer(&relu, &[1.0, 0.0], &DMatrix::from_element(1, 1, 0.0));
    assert!(outcome.worst() > 1e-3, "{outcome}");
}
