//! The public contract: every fixed name and signature, used as a program outside the project would. This file changes
//! only with the contract; where a line stops to compile, the library is wrong.

use residual::nalgebra::{DMatrix, DMatrixView, DVector, dmatrix, dvector};
use residual::{Dataset, Error, Result};
use std::ops::ControlFlow;

fn near(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} is not {b} to {tolerance}");
}

fn line() -> (DMatrix<f64>, DVector<f64>) {
    (dmatrix![0.0; 1.0; 2.0; 3.0], dvector![1.0, 3.0, 5.0, 7.0])
}

#[test]
fn reals() {
    fn needs<T: residual::nalgebra::RealField + Copy + Default>() {}
    fn generic<T: residual::Real>(x: T) -> f64 {
        needs::<T>();
        (T::of(0.5) * x + T::default()).to_f64()
    }
    assert_eq!((generic(3.0f32), generic(3.0f64)), (1.5, 1.5));
    let _: fn() -> Result<()> = || Err(Error::NoWeight);
    let _: fn() -> Result<(), String> = || Ok(());
}

#[test]
fn data_sets() -> Result<()> {
    let (x, y) = line();
    let weights = vec![1.0, 2.0, 0.5, 1.0];
    let data: Dataset<'_, f64> = Dataset::new(&x, &y)?.with_weights(&weights)?.with_names(["slope"])?;
    let views: (DMatrixView<'_, f64>, DMatrixView<'_, f64>) = (data.x(), data.y());
    assert_eq!((views.0.shape(), views.1.shape()), ((4, 1), (4, 1)));
    assert_eq!((data.samples(), data.features(), data.outputs()), (4, 1, 1));
    let w: Option<&[f64]> = data.weights();
    assert_eq!(w, Some(weights.as_slice()));
    let chosen: Dataset<'static, f64> = data.select(&[3, 0, 3])?;
    assert_eq!(chosen.x(), dmatrix![3.0; 0.0; 3.0]);
    let (train, test): (Dataset<'static, f64>, Dataset<'static, f64>) = data.split(0.25, 7)?;
    assert_eq!((train.samples(), test.samples()), (3, 1));
    let copy = data.clone();
    assert!(format!("{copy:?}").contains("Dataset"));
    // Matrices, vectors and views all go in.
    Dataset::new(&x, &x)?;
    Dataset::new(&y, &y)?;
    Dataset::new(x.rows(1, 2), y.view((1, 0), (2, 1)))?;
    Dataset::new(x.as_view::<residual::nalgebra::Dyn, residual::nalgebra::Dyn, _, _>(), &y)?;
    Ok(())
}

#[test]
fn losses() {
    use residual::loss::{BinaryCrossEntropy, CrossEntropy, Huber, SquaredError};
    use residual::{Curvature, Loss};
    fn all<L: Loss<f64> + Curvature<f64>>(loss: L, y: &[f64]) -> f64 {
        let mut dz = vec![0.0; y.len()];
        let z = vec![0.4; y.len()];
        let value: f64 = loss.gradient(&z, y, &mut dz);
        near(value, loss.value(&z, y), 1e-15);
        let mut p = z.clone();
        loss.respond(&mut p);
        let accepted: Result<(), &'static str> = loss.accepts(y);
        assert!(accepted.is_ok());
        loss.check().unwrap();
        value
    }
    near(all(SquaredError, &[1.4]), 0.5, 1e-15);
    near(all(Huber { delta: 0.5 }, &[1.4]), 0.375, 1e-15);
    near(all(BinaryCrossEntropy, &[1.0, 1.0]), 2.0 * (1.0 + (-0.4f64).exp()).ln(), 1e-15);
    near(all(CrossEntropy, &[1.0]), (1.0 + (-0.4f64).exp()).ln(), 1e-15);
    near(all(CrossEntropy, &[0.0, 1.0]), 2f64.ln(), 1e-15);
    // At the root too.
    let _: (residual::SquaredError, residual::Huber) = (residual::SquaredError, residual::Huber::default());
    let _: (residual::BinaryCrossEntropy, residual::CrossEntropy) =
        (residual::BinaryCrossEntropy, residual::CrossEntropy);
}

/// A layer of a user's, by the required methods only: z = θ x, one number.
struct Gain;

impl residual::Layer<f64> for Gain {
    type Tape = ();
    fn inputs(&self) -> usize {
        1
    }
    fn outputs(&self) -> usize {
        1
    }
    fn layout(&self, layout: &mut residual::Layout) {
        layout.weights(1, 1);
    }
    fn forward(&self, theta: &[f64], x: &DMatrix<f64>, z: &mut DMatrix<f64>, _: &mut ()) {
        z.copy_from(&(x * theta[0]));
    }
    fn backward(
        &self,
        theta: &[f64],
        x: &DMatrix<f64>,
        dz: &mut DMatrix<f64>,
        _: &mut (),
        dtheta: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        dtheta[0] += dz.dot(x);
        if let Some(dx) = dx {
            dx.copy_from(&(&*dz * theta[0]));
        }
    }
}

#[test]
fn layers() -> Result<()> {
    use residual::{Activation, Affine, Dense, Layer, Layout, Stack, check};
    fn widths<N: Layer<f64>>(layer: &N) -> (usize, usize, usize) {
        let mut layout = Layout::default();
        layer.layout(&mut layout);
        (layer.inputs(), layer.outputs(), layout.len())
    }
    assert_eq!(widths(&Affine::new(3, 2)), (3, 2, 8));
    assert_eq!(widths(&Affine::new(3, 2).without_bias()), (3, 2, 6));
    assert_eq!(widths(&Dense::new(3, 2, Activation::Relu)), (3, 2, 8));
    let all = [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Gelu,
        Activation::Silu,
    ];
    let stack = Stack::new(all.map(|phi| Dense::new(2, 2, phi)).to_vec())?;
    assert_eq!(widths(&stack), (2, 2, 42));
    assert_eq!(widths(&(Dense::new(2, 3, Activation::Tanh), (Gain3, Affine::new(3, 1)))), (2, 1, 13));
    check::layer(&Gain, &[0.7], &dmatrix![1.0, -2.0]).assert_below(1e-9);
    // θ of Affine: W column-major, then b.
    let mut z = dmatrix![0.0; 0.0];
    let theta = [1.0, 2.0, 3.0, 4.0, 0.5, 0.25];
    Affine::new(2, 2).forward(&theta, &dmatrix![10.0; 100.0], &mut z, &mut ());
    assert_eq!(z, dmatrix![310.5; 420.25]);
    Ok(())
}

/// The identity on three numbers, without parameters.
struct Gain3;

impl residual::Layer<f64> for Gain3 {
    type Tape = Option<u8>;
    fn inputs(&self) -> usize {
        3
    }
    fn outputs(&self) -> usize {
        3
    }
    fn layout(&self, _: &mut residual::Layout) {}
    fn forward(&self, _: &[f64], x: &DMatrix<f64>, z: &mut DMatrix<f64>, _: &mut Option<u8>) {
        z.copy_from(x);
    }
    fn backward(
        &self,
        _: &[f64],
        _: &DMatrix<f64>,
        dz: &mut DMatrix<f64>,
        _: &mut Option<u8>,
        _: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        if let Some(dx) = dx {
            dx.copy_from(dz);
        }
    }
}

#[test]
fn images_and_sequences() -> Result<()> {
    use residual::layer::{Cell, Image, Sequence};
    use residual::{Activation, Affine, AvgPool2d, Conv2d, Layer, MaxPool2d, Network, Predictor, Recurrent, Regressor};
    let image = Image { channels: 1, height: 5, width: 4 };
    let conv =
        Conv2d::new(image, 2, (2, 3)).stride((1, 1)).padding((1, 0)).dilation((1, 1)).activation(Activation::Relu);
    assert_eq!(conv.output(), Image { channels: 2, height: 6, width: 2 });
    let _ = conv.without_bias();
    let (max, mean) = (MaxPool2d::new(conv.output(), (2, 2)), AvgPool2d::new(conv.output(), (3, 1)).stride((1, 1)));
    assert_eq!(max.output(), Image { channels: 2, height: 3, width: 1 });
    assert_eq!(mean.output(), Image { channels: 2, height: 4, width: 2 });
    let x = DMatrix::from_fn(6, 20, |i, j| ((i * 20 + j) as f64).sin());
    let y = DMatrix::from_fn(6, 1, |i, _| i as f64);
    let network = Network::new((conv, (max, Affine::new(6, 1))), residual::SquaredError);
    assert_eq!(network.fit(&Dataset::new(&x, &y)?)?.predict(&x)?.shape(), (6, 1));
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let layer = Recurrent::new(cell, Sequence { steps: 5, features: 4 }, 3);
        assert_eq!(Layer::<f64>::outputs(&layer), 3);
        assert_eq!(Layer::<f64>::outputs(&layer.every_step()), 15);
        assert_eq!(Layer::<f64>::inputs(&layer.with_lengths()), 21);
        let gates = [1, 3, 4][cell as usize];
        assert_eq!(residual::Layout::of::<f64, _>(&layer).len(), gates * 3 * (4 + 3 + 2));
        Network::new((layer, Affine::new(3, 1)), residual::SquaredError).fit(&Dataset::new(&x, &y)?)?;
    }
    Ok(())
}

/// ½ Σ aⱼ (θⱼ − 1)², as every kind of objective.
struct Bowl([f64; 2]);

impl residual::Objective<f64> for Bowl {
    fn dim(&self) -> usize {
        2
    }
    fn value(&mut self, theta: &[f64]) -> f64 {
        (0..2).map(|j| 0.5 * self.0[j] * (theta[j] - 1.0).powi(2)).sum()
    }
    fn gradient(&mut self, theta: &[f64], grad: &mut [f64]) -> f64 {
        (0..2).for_each(|j| grad[j] = self.0[j] * (theta[j] - 1.0));
        self.value(theta)
    }
}

impl residual::FiniteSum<f64> for Bowl {
    fn terms(&self) -> usize {
        2
    }
    fn batch_gradient(&mut self, terms: &[usize], theta: &[f64], grad: &mut [f64]) -> f64 {
        grad.fill(0.0);
        let share = 2.0 / terms.len() as f64;
        terms.iter().for_each(|&j| grad[j] += share * self.0[j] * (theta[j] - 1.0));
        terms.iter().map(|&j| share * 0.5 * self.0[j] * (theta[j] - 1.0).powi(2)).sum()
    }
}

impl residual::Hessian<f64> for Bowl {
    fn hessian(&mut self, _: &[f64], h: &mut DMatrix<f64>) {
        *h = DMatrix::from_diagonal(&DVector::from_column_slice(&self.0));
    }
    fn hessian_product(&mut self, _: &[f64], v: &[f64], hv: &mut [f64]) {
        (0..2).for_each(|j| hv[j] = self.0[j] * v[j]);
    }
}

#[test]
fn objectives_and_solvers() -> Result<()> {
    use residual::optim::{Lbfgs, Newton, Trainer};
    use residual::{Affine, FiniteSum, Hessian, Objective, Observer, Risk, Solution, Solver, SquaredError};
    fn run<O, S: Solver<f64, O>>(solver: S, mut objective: O) -> Solution<f64> {
        let watcher: &mut dyn Observer<f64> = &mut ();
        let outcome: Result<Solution<f64>> = solver.minimize(&mut objective, vec![0.0, 3.0], watcher);
        outcome.unwrap()
    }
    for solution in [
        run(Newton::default().tolerance(1e-9).max_iterations(50), Bowl([1.0, 10.0])),
        run(Lbfgs::default().tolerance(1e-9).max_iterations(50).memory(4), Bowl([1.0, 10.0])),
        run(Trainer::gd(0.1).epochs(300).loss_target(1e-13), Bowl([1.0, 10.0])),
    ] {
        assert!(solution.report.converged(), "{:?}", solution.report);
        solution.params.iter().for_each(|&t| near(t, 1.0, 1e-6));
    }
    // A solver of one's own, for objectives that have values only.
    struct Probe;
    impl<O: Objective<f64>> Solver<f64, O> for Probe {
        fn minimize(&self, o: &mut O, start: Vec<f64>, _: &mut dyn Observer<f64>) -> Result<Solution<f64>> {
            let report = residual::Report::new(residual::Reason::Stopped, 0, o.value(&start), f64::MAX);
            Ok(Solution { params: start, report })
        }
    }
    assert!(!run(Probe, Bowl([1.0, 1.0])).report.converged());
    let (x, y) = line();
    let (data, layer) = (Dataset::new(&x, &y)?, Affine::new(1, 1));
    let mut risk: Risk<'_, f64, Affine, SquaredError> = Risk::new(&data, &layer, &SquaredError, 0.0)?;
    let mut grad = vec![0.0; risk.dim()];
    near(risk.gradient(&[2.0, 1.0], &mut grad), 0.0, 1e-15);
    near(risk.batch_gradient(&[1, 2], &[2.0, 0.0], &mut grad), 0.5, 1e-15);
    assert_eq!(risk.terms(), 4);
    let mut h = DMatrix::zeros(2, 2);
    risk.hessian(&[0.0, 0.0], &mut h);
    assert_eq!(h, dmatrix![3.5, 1.5; 1.5, 1.0]);
    risk.hessian_product(&[0.0, 0.0], &[1.0, -1.0], &mut grad);
    assert_eq!(grad, [2.0, 0.5]);
    Ok(())
}

#[test]
fn rules() {
    use residual::optim::rule::{
        AdaDelta, AdaGrad, AdaMax, Adam, AmsGrad, ClipNorm, ClipValue, Decay, Lion, Momentum, NAdam, Nesterov, Plain,
        RmsProp,
    };
    use residual::optim::{Rule, Trainer};
    use residual::{LinearRegression, Regressor};
    fn fits<R: Rule<f64> + Default>() -> f64 {
        let rule = R::default();
        let mut state: R::State = rule.init(1);
        let mut grad = [0.5];
        rule.apply(&mut state, &[1.0], &mut grad);
        let mut theta = [1.0];
        rule.step(&mut state, &mut theta, &mut [0.5], 0.01);
        let (x, y) = line();
        let trainer = Trainer::new(R::default(), 1e-3).epochs(3);
        LinearRegression::new().solver(trainer).fit(&Dataset::new(&x, &y).unwrap()).unwrap();
        grad[0]
    }
    near(fits::<Plain>(), 0.5, 0.0);
    near(fits::<Momentum>(), 0.5, 0.0);
    near(fits::<Nesterov>(), 0.95, 1e-15);
    near(fits::<AdaGrad>(), 1.0, 1e-9);
    near(fits::<RmsProp>(), 10.0, 1e-5);
    fits::<AdaDelta>();
    near(fits::<Adam>(), 1.0, 1e-7);
    near(fits::<AmsGrad>(), 1.0, 1e-7);
    fits::<NAdam>();
    near(fits::<AdaMax>(), 1.0, 1e-7);
    near(fits::<Lion>(), 1.0, 0.0);
    let Momentum { mu, dampening } = Momentum::default();
    assert_eq!((mu, dampening, Nesterov::default().mu), (0.9, 0.0, 0.9));
    let Adam { beta1, beta2, epsilon } = Adam::default();
    assert_eq!((beta1, beta2, epsilon), (0.9, 0.999, 1e-8));
    let RmsProp { alpha, epsilon, momentum, centered } = RmsProp::default();
    assert_eq!((alpha, epsilon, momentum, centered), (0.99, 1e-8, 0.0, false));
    assert_eq!(NAdam { momentum_decay: 4e-3, ..NAdam::default() }, NAdam::default());
    // AdamW, and L2 in the gradient; clipping first.
    let mut g = [3.0, 4.0];
    let chain = (ClipNorm(1.0), (ClipValue(0.7), (Plain, Decay(0.1))));
    let mut state = Rule::<f64>::init(&chain, 2);
    chain.apply(&mut state, &[1.0, 2.0], &mut g);
    near(g[0], 0.7, 1e-12);
    near(g[1], 0.9, 1e-12);
    let _ = (Trainer::new((Adam::default(), Decay(0.01)), 1e-3), Trainer::new((Decay(0.01), Adam::default()), 1e-3));
}

#[test]
fn trainers_and_schedules() -> Result<()> {
    use residual::optim::rule::Plain;
    use residual::optim::{Progress, Reason, Schedule, Trainer};
    use residual::{LinearRegression, Regressor};
    let _: (Trainer<_, f64>, Trainer<_, f64>) = (Trainer::sgd(0.1), Trainer::gd(0.1));
    let _: (Trainer<_, f64>, Trainer<_, f64>) = (Trainer::momentum(0.1, 0.9), Trainer::adam(0.1));
    fn at(schedule: &impl Schedule, step: usize) -> f64 {
        schedule.rate(step)
    }
    let halving = |step: usize| 0.1 * 0.5f64.powi(step as i32);
    assert_eq!((at(&0.3, 5), at(&halving, 1)), (0.3, 0.05));
    let (x, y) = line();
    let data = Dataset::new(&x, &y)?;
    let trainer = Trainer::new(Plain, halving).epochs(4).batch_size(2).seed(1).shuffle(true);
    let mut seen = Vec::new();
    let mut watch = |progress: &Progress<'_, f64>| {
        let value: f64 = progress.value();
        let norm: Option<f64> = progress.gradient_norm();
        seen.push((progress.iteration(), value, norm, progress.params().to_vec()));
        ControlFlow::Continue(())
    };
    let model = LinearRegression::new().solver(trainer).fit_observed(&data, &mut watch)?;
    assert_eq!(seen.iter().map(|s| s.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(seen[3].3, model.params());
    assert_eq!(model.report().reason(), Reason::MaxIterations);
    assert_eq!(model.report().history(), seen.iter().map(|s| s.1).collect::<Vec<_>>());
    // Two observers; the first one stops.
    let mut count = 0;
    let mut stop = |progress: &Progress<'_, f64>| {
        if progress.iteration() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut counter = |_: &Progress<'_, f64>| {
        count += 1;
        ControlFlow::Continue(())
    };
    let gd = LinearRegression::new().solver(Trainer::gd(0.1));
    let model = gd.fit_observed(&data, &mut (&mut stop, &mut counter))?;
    assert_eq!((model.report().reason(), model.report().iterations(), count), (Reason::Stopped, 3, 3));
    let target = LinearRegression::new().solver(Trainer::gd(0.2).epochs(5000).loss_target(1e-6)).fit(&data)?;
    assert_eq!(target.report().reason(), Reason::Target);
    assert!(target.report().value() <= 1e-6);
    let slow = LinearRegression::new().solver(Trainer::gd(1e-9).full_batch().tolerance(1e-3)).fit(&data)?;
    assert_eq!((slow.report().reason(), slow.report().iterations()), (Reason::Value, 5));
    Ok(())
}

#[test]
fn reports() -> Result<()> {
    use residual::{LinearRegression, Reason, Regressor, Report, Warning, optim};
    let (x, y) = line();
    let model = LinearRegression::new().fit(&Dataset::new(&x, &y)?)?;
    let report: &Report = model.report();
    let (reason, converged, iterations): (Reason, bool, usize) =
        (report.reason(), report.converged(), report.iterations());
    assert_eq!((reason, converged), (Reason::Direct, true));
    assert!(iterations <= 5);
    near(report.value(), 0.0, 1e-20);
    near(report.gradient_norm(), 0.0, 1e-12);
    let (_, rank, warnings): (&[f64], Option<usize>, &[Warning]) = (report.history(), report.rank(), report.warnings());
    assert_eq!((rank, warnings), (Some(1), [].as_slice()));
    report.ensure_converged()?;
    for reason in [Reason::Direct, Reason::Gradient, Reason::Value, Reason::Target] {
        assert!(Report::new(reason, 1, 0.0, 0.0).converged());
    }
    for reason in [Reason::MaxIterations, Reason::LineSearch, Reason::Stopped] {
        let error = Report::new(reason, 3, 0.0, 0.0).ensure_converged().err();
        assert_eq!(error, Some(Error::NotConverged { reason, iterations: 3 }));
    }
    let _: Option<(optim::Report, optim::Reason, optim::Solution<f64>)> = None;
    Ok(())
}

#[test]
fn observers() -> Result<()> {
    use residual::{LinearRegression, LogisticRegression, Observer, Progress, Reason, Regressor, optim};
    use std::ops::ControlFlow;
    struct Third(Vec<f64>);
    impl Observer<f64> for Third {
        fn observe(&mut self, progress: &Progress<'_, f64>) -> ControlFlow<()> {
            let (gradient, params): (Option<f64>, &[f64]) = (progress.gradient_norm(), progress.params());
            assert!(params.len() == 2 && gradient.is_none_or(|g| g >= 0.0));
            self.0.push(progress.value());
            if progress.iteration() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let (x, y) = line();
    let data = Dataset::new(&x, &y)?;
    let gd = LinearRegression::new().solver(optim::Trainer::gd(0.01).epochs(9));
    let mut third = Third(Vec::new());
    let model = gd.fit_observed(&data, &mut third)?;
    assert_eq!((third.0.len(), model.report().reason()), (3, Reason::Stopped));
    let mut seen = 0;
    let mut count = |progress: &Progress<'_, f64>| {
        seen = progress.iteration();
        ControlFlow::Continue(())
    };
    let mut both = (&mut count, Third(Vec::new()));
    let observer: &mut dyn Observer<f64> = &mut both;
    gd.fit_observed(&data, observer)?;
    assert_eq!(seen, 3);
    let labels = y.map(|y| f64::from(u8::from(y > y.floor() + 10.0)));
    LogisticRegression::new().l2(1.0).fit_observed(&Dataset::new(&x, &labels)?, &mut ())?;
    Ok(())
}

#[test]
fn models() -> Result<()> {
    use residual::optim::{Lbfgs, Newton, Trainer};
    use residual::{
        Activation, Affine, CrossEntropy, Fitted, LeastSquares, LinearRegression, LogisticRegression, Mlp, Network,
        Predictor, Regressor, SquaredError,
    };
    let (x, y) = line();
    let data = Dataset::new(&x, &y)?;
    let model: Fitted<f64, Affine, SquaredError> = LinearRegression::new().l2(0.0).intercept(true).fit(&data)?;
    let (slope, intercept): (DMatrix<f64>, DVector<f64>) = (model.coefficients(), model.intercept());
    near(slope[(0, 0)], 2.0, 1e-12);
    near(intercept[0], 1.0, 1e-12);
    let (layer, _): (&Affine, &SquaredError) = (model.layer(), model.loss());
    assert_eq!(*layer, Affine::new(1, 1));
    let again: Fitted<f64, Affine, SquaredError> = Fitted::from_params(*layer, SquaredError, model.params().to_vec())?;
    assert_eq!((again.features(), again.outputs()), (1, 1));
    let prediction: DMatrix<f64> = again.predict(&x)?;
    let mut out = DMatrix::zeros(4, 1);
    again.predict_into(x.as_view(), &mut out)?;
    assert_eq!(prediction, out);
    again.predict(x.rows(0, 2))?;
    again.predict(&y)?;
    let origin = LinearRegression::new().intercept(false).solver(LeastSquares::default()).fit(&data)?;
    assert_eq!((origin.params().len(), origin.intercept()[0]), (1, 0.0));
    LinearRegression::new().solver(Newton::default()).fit(&data)?;
    LinearRegression::new().solver(Lbfgs::default()).fit(&data)?;

    let labels = dvector![0.0, 1.0, 0.0, 1.0];
    let binary = Dataset::new(&x, &labels)?;
    let model: Fitted<f64, Affine, CrossEntropy> = LogisticRegression::new().l2(0.1).intercept(true).fit(&binary)?;
    model.report().ensure_converged()?;
    let logistic: LogisticRegression<Trainer<_, f64>> = LogisticRegression::new().solver(Trainer::adam(0.1));
    logistic.fit(&binary)?;
    let many = dmatrix![1.0, 0.0, 0.0; 0.0, 1.0, 0.0; 0.0, 0.0, 1.0; 1.0, 0.0, 0.0];
    let p = LogisticRegression::new().l2(0.1).fit(&Dataset::new(&x, &many)?)?.predict(&x)?;
    (0..4).for_each(|i| near(p.row(i).sum(), 1.0, 1e-14));

    let mlp =
        Mlp::regressor([64, 64]).activation(Activation::Tanh).l2(1e-4).seed(3).solver(Trainer::adam(1e-2).epochs(2));
    assert_eq!(mlp.fit(&data)?.predict(&x)?.shape(), (4, 1));
    Mlp::classifier([8]).loss(CrossEntropy).fit(&binary)?;
    let network = Network::new(Gain1, SquaredError).l2(0.0).seed(1).solver(Lbfgs::default());
    near(network.fit(&data)?.params()[0], 34.0 / 14.0, 1e-7);
    Ok(())
}

/// [`Gain`] as a layer that can be cloned.
#[derive(Clone)]
struct Gain1;

impl residual::Layer<f64> for Gain1 {
    type Tape = ();
    fn inputs(&self) -> usize {
        1
    }
    fn outputs(&self) -> usize {
        1
    }
    fn layout(&self, layout: &mut residual::Layout) {
        layout.weights(1, 1);
    }
    fn forward(&self, theta: &[f64], x: &DMatrix<f64>, z: &mut DMatrix<f64>, tape: &mut ()) {
        Gain.forward(theta, x, z, tape);
    }
    fn backward(
        &self,
        theta: &[f64],
        x: &DMatrix<f64>,
        dz: &mut DMatrix<f64>,
        tape: &mut (),
        dtheta: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        Gain.backward(theta, x, dz, tape, dtheta, dx);
    }
}

/// Generic code over any regressor, as a user's library would have it.
#[test]
fn generic_code() -> Result<()> {
    use residual::{LinearRegression, Predictor, Real, Regressor};
    fn mean_error<T: Real, R: Regressor<T>>(regressor: &R, data: &Dataset<'_, T>) -> Result<f64> {
        let model = regressor.fit(data)?;
        let prediction = model.predict(data.x())?;
        Ok((prediction - data.y()).iter().map(|r| r.to_f64().abs()).sum::<f64>() / data.samples() as f64)
    }
    let (x, y) = line();
    near(mean_error(&LinearRegression::new(), &Dataset::new(&x, &y)?)?, 0.0, 1e-12);
    let (x, y): (DMatrix<f32>, DVector<f32>) = (x.cast(), y.cast());
    near(mean_error(&LinearRegression::new(), &Dataset::new(&x, &y)?)?, 0.0, 1e-5);
    Ok(())
}

#[test]
fn metrics() -> Result<()> {
    use residual::metrics::{
        Confusion, accuracy, average_precision, brier, confusion_matrix, f1, log_loss, mae, mse, precision, r2, recall,
        rmse, roc_auc,
    };
    let (y, z) = (dvector![1.0, 2.0, 3.0], dvector![1.0, 2.0, 5.0]);
    near(mse(&y, &z)?, 4.0 / 3.0, 1e-15);
    near(rmse(&y, &z)?, (4.0f64 / 3.0).sqrt(), 1e-15);
    near(mae(&y, &z)?, 2.0 / 3.0, 1e-15);
    near(r2(&y, &z)?, -1.0, 1e-15);
    near(mse(&y.rows(0, 2), &z.rows(0, 2))?, 0.0, 0.0);
    let (y, p) = (dvector![0.0, 1.0, 1.0, 0.0], dvector![0.25, 0.75, 0.5, 0.5]);
    near(log_loss(&y, &p)?, (4.0f64 / 3.0).ln() / 2.0 + 2f64.ln() / 2.0, 1e-15);
    near(brier(&y, &p)?, 0.15625, 1e-15);
    near(roc_auc(&y, &p)?, 0.875, 1e-15);
    near(average_precision(&y, &p)?, 0.5 + 1.0 / 3.0, 1e-15);
    let (y, g) = (["a", "b", "b", "c"], ["a", "b", "c", "c"]);
    near(accuracy(&y, &g)?, 0.75, 0.0);
    near(precision(&y, &g, &"b")?, 1.0, 0.0);
    near(recall(&y, &g, &"b")?, 0.5, 0.0);
    near(f1(&y, &g, &"b")?, 2.0 / 3.0, 1e-15);
    let confusion: Confusion<&str> = confusion_matrix(&y, &g)?;
    let labels: &[&str] = confusion.labels();
    let counts: &DMatrix<usize> = confusion.counts();
    assert_eq!((labels, counts), (["a", "b", "c"].as_slice(), &dmatrix![1, 0, 0; 0, 1, 1; 0, 0, 1]));
    Ok(())
}

#[test]
fn checks() {
    use residual::check::{self, Outcome};
    let outcome: Outcome = check::gradient(&mut Bowl([1.0, 5.0]), &[0.2, 0.4]);
    let (worst, _): (f64, usize) = (outcome.worst(), outcome.coordinate());
    assert!(worst < 1e-9);
    outcome.assert_below(1e-9);
    check::hessian(&mut Bowl([1.0, 5.0]), &[0.2, 0.4]).assert_below(1e-9);
    check::loss(&residual::SquaredError, &[0.2], &[0.4]).assert_below(1e-9);
}

#[test]
fn layouts() {
    let mut layout = residual::Layout::default();
    layout.weights(2, 3);
    layout.bias(2);
    assert_eq!(layout.len(), 8);
}

#[test]
fn classifiers() -> Result<()> {
    use residual::classify::{Classes, Classifier, FittedClassifier};
    use residual::{Affine, CrossEntropy, Fitted, LogisticRegression, Mlp};
    let two: Classes<&str> = Classes::new(&["yes", "no", "yes"])?;
    let labels: &[&str] = two.labels();
    assert_eq!(labels, ["no", "yes"]);
    let encoded: DMatrix<f64> = two.encode::<f64>(&["yes", "no"])?;
    assert_eq!(encoded, dmatrix![1.0; 0.0]);
    let decoded: Vec<&str> = two.decode::<f64>(&dmatrix![0.2; 0.8]);
    assert_eq!(decoded, ["no", "yes"]);
    assert_eq!(two.encode::<f32>(&["no", "maybe"]).err(), Some(Error::Label { row: 1 }));
    assert_eq!(Classes::new(&["no", "no"]).err(), Some(Error::Classes { found: 1 }));
    let three = Classes::new(&[7, 3, 5])?;
    assert_eq!(three.encode::<f32>(&[3, 7])?, dmatrix![1.0, 0.0, 0.0; 0.0, 0.0, 1.0]);
    assert_eq!(three.decode(&dmatrix![0.2, 0.5, 0.3]), [5]);
    let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0; 5.0];
    let species = ["b", "b", "a", "b", "a", "a"];
    let fitted: FittedClassifier<Fitted<f64, Affine, CrossEntropy>, &str> =
        Classifier::new(LogisticRegression::new().l2(0.01)).fit(&x, &species)?;
    let (labels, p): (Vec<&str>, DMatrix<f64>) = (fitted.predict(&x)?, fitted.probabilities(&x)?);
    assert_eq!((labels[0], labels[5], p.shape()), ("b", "a", (6, 2)));
    assert!(p[(0, 0)] < 0.5 && p[(5, 0)] > 0.5);
    let (classes, model): (&Classes<&str>, &Fitted<f64, Affine, CrossEntropy>) = (fitted.classes(), fitted.model());
    assert_eq!((classes.labels(), model.coefficients().nrows()), (["a", "b"].as_slice(), 1));
    let owned: Vec<String> = ["x", "y", "z", "x", "y", "z"].map(String::from).to_vec();
    let fitted = Classifier::new(Mlp::classifier([4])).fit(&x, &owned)?;
    assert_eq!(fitted.probabilities(&x)?.shape(), (6, 3));
    Ok(())
}

#[test]
fn standardized_models() -> Result<()> {
    use residual::{
        Affine, Fitted, LinearRegression, LogisticRegression, Predictor, Regressor, Report, SquaredError, Standardized,
    };
    let x = dmatrix![1.0, 1e6; 2.0, 3e6; 3.0, 2e6; 4.0, 5e6; 5.0, 1e6];
    let y = DMatrix::from_fn(5, 1, |i, _| 2.0 * x[(i, 0)] - 3e-6 * x[(i, 1)] + 4.0);
    let weights = [1.0, 2.0, 1.0, 0.0, 1.0];
    let data = Dataset::new(&x, &y)?.with_weights(&weights)?;
    let fitted = Standardized::new(LinearRegression::new()).fit(&data)?;
    let inner: &Fitted<f64, Affine, SquaredError> = fitted.model();
    let (report, coefficients, intercept): (&Report, DMatrix<f64>, DVector<f64>) =
        (fitted.report(), fitted.coefficients(), fitted.intercept());
    assert!(report.converged());
    near(coefficients[0], 2.0, 1e-12);
    near(coefficients[1], -3e-6, 1e-18);
    near(intercept[0], 4.0, 1e-11);
    // The inner model speaks of (x - mean) / sd, both weighted, divisor the sum of the weights.
    let mean = (1.0 + 2.0 * 2.0 + 3.0 + 5.0) / 5.0;
    let variance: f64 = [1.0f64, 2.0, 2.0, 3.0, 5.0].iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 5.0;
    near(inner.coefficients()[0], 2.0 * variance.sqrt(), 1e-12);
    near(fitted.predict(&x)?[(3, 0)], y[(3, 0)], 1e-11);
    let labels = dvector![0.0, 1.0, 0.0, 1.0, 1.0];
    let logistic = Standardized::new(LogisticRegression::new().l2(0.1)).fit(&Dataset::new(&x, &labels)?)?;
    assert_eq!(logistic.coefficients().shape(), (2, 1));
    Ok(())
}

#[test]
fn selection() -> Result<()> {
    use residual::{LinearRegression, metrics, select};
    let folds: Vec<(Vec<usize>, Vec<usize>)> = select::k_fold(7, 3, 1)?;
    let mut tested: Vec<usize> = folds.iter().flat_map(|(_, test)| test.clone()).collect();
    tested.sort_unstable();
    assert_eq!(tested, (0..7).collect::<Vec<_>>());
    assert!(folds.iter().all(|(train, test)| train.len() + test.len() == 7));
    assert!(select::k_fold(2, 3, 0).is_err() && select::k_fold(5, 1, 0).is_err() && select::k_fold(0, 2, 0).is_err());
    let x = DMatrix::from_fn(20, 1, |i, _| i as f64);
    let y = DVector::from_fn(20, |i, _| 3.0 * i as f64 - 1.0);
    let data = Dataset::new(&x, &y)?;
    let scores: Vec<f64> = select::cross_validate(&LinearRegression::new(), &data, 4, 0, |y, p| metrics::mse(y, p))?;
    assert!(scores.len() == 4 && scores.iter().all(|&mse| mse < 1e-20), "{scores:?}");
    Ok(())
}

#[test]
fn inferences() -> Result<()> {
    use residual::inference::{Covariance, Inference, Prediction};
    use residual::{LinearRegression, Regressor};
    // y = 3 + 2 x + e with e orthogonal to 1 and x: the estimates are exactly 3 and 2, with an RSS of 6.
    let x = dmatrix![-2.0; -1.0; 0.0; 1.0; 2.0; 0.0];
    let e = dvector![1.0, -1.0, 1.0, -1.0, 1.0, -1.0];
    let y = DVector::from_fn(6, |i, _| 3.0 + 2.0 * x[i] + e[i]);
    let data = Dataset::new(&x, &y)?.with_names(["dose"])?;
    let model = LinearRegression::new().fit(&data)?;
    let i: Inference = model.inference(&data, Covariance::Classical)?;
    let names: &[String] = i.names();
    let (b, se): (&[f64], &[f64]) = (i.coefficients(), i.standard_errors());
    let (t, p): (&[f64], &[f64]) = (i.statistics(), i.p_values());
    assert_eq!(names[1], "dose");
    assert_eq!((names.len(), t.len()), (2, 2));
    near(b[0], 3.0, 1e-14);
    near(b[1], 2.0, 1e-14);
    near(se[1], (1.5f64 / 10.0).sqrt(), 1e-14);
    near(t[1], 2.0 / 0.15f64.sqrt(), 1e-12);
    // Two-sided, Student with four degrees of freedom: 1 - s (3 - s²) / 2 with s = t / √(t² + 4).
    let s = t[1] / (t[1] * t[1] + 4.0).sqrt();
    near(p[1], 1.0 - s * (3.0 - s * s) / 2.0, 1e-13);
    let intervals: Vec<(f64, f64)> = i.intervals(0.95)?;
    near(intervals[1].1 - 2.0, 2.776_445_105_197_8 * se[1], 1e-11);
    let (covariance, likelihood, aic, bic): (&DMatrix<f64>, f64, f64, f64) =
        (i.covariance(), i.log_likelihood(), i.aic(), i.bic());
    near(covariance[(1, 1)], 0.15, 1e-15);
    near(likelihood, -3.0 * ((2.0 * std::f64::consts::PI).ln() + 1.0), 1e-13);
    near(aic, 6.0 - 2.0 * likelihood, 1e-13);
    near(bic, 3.0 * 6f64.ln() - 2.0 * likelihood, 1e-13);
    let df: f64 = i.degrees_of_freedom();
    near(df, 4.0, 0.0);
    near(i.sigma().unwrap(), 1.5f64.sqrt(), 1e-14);
    near(i.r2().unwrap(), 1.0 - 6.0 / 46.0, 1e-14);
    near(i.adjusted_r2().unwrap(), 1.0 - (6.0 / 4.0) / (46.0 / 5.0), 1e-14);
    assert!(i.f_test().is_some() && i.deviance().is_none() && i.null_deviance().is_none());
    let (leverage, cooks, studentized): (&[f64], &[f64], &[f64]) =
        (i.leverage(), i.cooks_distance(), i.studentized_residuals());
    near(leverage[0], 1.0 / 6.0 + 4.0 / 10.0, 1e-14);
    assert_eq!((cooks.len(), studentized.len()), (6, 6));
    let prediction: Vec<Prediction> = i.predict(&dmatrix![1.0], 0.9)?;
    let Prediction { fit, standard_error, mean: (low, high), new: (lower, higher), .. } = prediction[0];
    near(fit, 5.0, 1e-14);
    near(standard_error, (1.5f64 * (1.0 / 6.0 + 0.1)).sqrt(), 1e-14);
    assert!(lower < low && low < fit && fit < high && high < higher);
    assert!(i.to_string().contains("dose"));
    for kind in [Covariance::Hc0, Covariance::Hc1, Covariance::Hc2, Covariance::Hc3] {
        assert!(model.inference(&data, kind)?.standard_errors()[1] > 0.0);
    }
    assert!(i.intervals(1.0).is_err() && i.predict(&dmatrix![1.0, 2.0], 0.9).is_err());
    Ok(())
}

#[test]
fn inferences_of_logistic_models() -> Result<()> {
    use residual::inference::{Covariance, Inference, Prediction};
    use residual::{Affine, CrossEntropy, Fitted, LogisticRegression, Regressor};
    // Two groups, of 8 and 12 trials with 2 and 9 successes: logits ln(1/3) and ln 3.
    let (x, y, trials) = (dmatrix![0.0; 1.0], dvector![0.25, 0.75], [8.0, 12.0]);
    let data = Dataset::new(&x, &y)?.with_weights(&trials)?.with_names(["dose"])?;
    let model: Fitted<f64, Affine, CrossEntropy> = LogisticRegression::new().fit(&data)?;
    let i: Inference = model.inference(&data, Covariance::Classical)?;
    let (b, se, z, p): (&[f64], &[f64], &[f64], &[f64]) =
        (i.coefficients(), i.standard_errors(), i.statistics(), i.p_values());
    assert_eq!(i.names(), ["(intercept)", "dose"]);
    near(b[0], -(3f64.ln()), 1e-14);
    near(b[1], 9f64.ln(), 1e-14);
    // Variances of logits: 1/successes + 1/failures.
    let variance: f64 = 1.0 / 2.0 + 1.0 / 6.0 + 1.0 / 9.0 + 1.0 / 3.0;
    near(se[1], variance.sqrt(), 1e-14);
    near(z[1], 9f64.ln() / variance.sqrt(), 1e-13);
    // erfc(z / √2) with z = 2.0844702585849713.
    near(p[1], 0.037_117_412_811_084_14, 1e-14);
    let intervals: Vec<(f64, f64)> = i.intervals(0.95)?;
    near(intervals[1].0, b[1] - 1.959_963_984_540_054 * se[1], 1e-13);
    near(i.covariance()[(0, 1)], -(1.0 / 2.0 + 1.0 / 6.0), 1e-14);
    near(i.degrees_of_freedom(), 0.0, 0.0);
    near(i.deviance().unwrap(), 0.0, 1e-13);
    let share: f64 = 11.0 / 20.0;
    let part = |successes: f64, n: f64| {
        2.0 * (successes * (successes / n / share).ln()
            + (n - successes) * ((1.0 - successes / n) / (1.0 - share)).ln())
    };
    near(i.null_deviance().unwrap(), part(2.0, 8.0) + part(9.0, 12.0), 1e-13);
    // 28 and 220 ways to choose.
    let ln = |successes: f64, n: f64, ways: f64| {
        ways.ln() + successes * (successes / n).ln() + (n - successes) * (1.0 - successes / n).ln()
    };
    let likelihood: f64 = ln(2.0, 8.0, 28.0) + ln(9.0, 12.0, 220.0);
    near(i.log_likelihood(), likelihood, 1e-13);
    near(i.aic(), 4.0 - 2.0 * likelihood, 1e-13);
    near(i.bic(), 2.0 * 2f64.ln() - 2.0 * likelihood, 1e-13);
    assert!(i.sigma().is_none() && i.adjusted_r2().is_none() && i.f_test().is_none() && i.r2().is_some());
    near(i.leverage()[0], 1.0, 1e-12);
    assert_eq!((i.cooks_distance().len(), i.studentized_residuals().len()), (2, 2));
    let prediction: Vec<Prediction> = i.predict(&dmatrix![0.0; 1.0], 0.95)?;
    near(prediction[1].fit, 0.75, 1e-14);
    near(prediction[1].standard_error, 0.1875 * (1.0 / 9.0 + 1.0 / 3.0f64).sqrt(), 1e-14);
    assert!(prediction[1].mean.0 > 0.4 && prediction[1].mean.1 < 1.0 && i.to_string().contains("odds ratio"));
    assert!(model.inference(&data, Covariance::Hc0).is_ok() && i.intervals(0.0).is_err());
    Ok(())
}
