//! Settings that could not do what they say are errors, by the name that the user typed: out of range, lost in the number type
//! of the data, or without effect.

use residual::loss::Huber;
use residual::nalgebra::{DMatrix, DVector, dmatrix, dvector};
use residual::optim::rule::{
    AdaDelta, AdaGrad, AdaMax, Adam, AmsGrad, ClipNorm, ClipValue, Decay, Lion, Momentum, NAdam, Nesterov, Plain,
    RAdam, RmsProp, Rule,
};
use residual::optim::{Auto, EarlyStopping, Every, History, Lbfgs, Newton, Progress, Trainer, schedule};
use residual::{
    Affine, Dataset, Error, LeastSquares, LinearRegression, Mlp, Network, Observer, Real, Regressor, Result, Risk,
    Solver, SquaredError,
};

fn line<T: Real>() -> (DMatrix<T>, DMatrix<T>) {
    let x = dmatrix![0.0, 1.0; 1.0, 0.5; 2.0, -1.0; 3.0, 2.0];
    (x.map(T::of), dmatrix![1.0; 3.0; 5.5; 7.0].map(T::of))
}

fn name<V>(outcome: Result<V>) -> &'static str {
    match outcome.err() {
        Some(Error::Config { name, needs }) => {
            assert!(needs.len() > 3);
            name
        }
        Some(other) => panic!("{other:?} is no Config"),
        None => "",
    }
}

/// What the fit with this rule says in f32, and then in f64.
fn by_type<R: Rule<f32> + Rule<f64> + Clone>(rule: R) -> [&'static str; 2] {
    fn fit<T: Real, R: Rule<T>>(rule: R) -> &'static str {
        let (x, y) = line::<T>();
        name(LinearRegression::new().solver(Trainer::new(rule, 0.01).epochs(2)).fit(&Dataset::new(&x, &y).unwrap()))
    }
    [fit::<f32, R>(rule.clone()), fit::<f64, R>(rule)]
}

#[test]
fn settings_that_vanish_in_the_number_type() {
    let tiny = 1e-60;
    // As a number of f32 it is 1.
    let almost = 1.0 - 1e-12;
    for (setting, found) in [
        ("epsilon", by_type(Adam { epsilon: tiny, ..Adam::default() })),
        ("epsilon", by_type(AmsGrad { epsilon: tiny, ..AmsGrad::default() })),
        ("epsilon", by_type(NAdam { epsilon: tiny, ..NAdam::default() })),
        ("epsilon", by_type(AdaMax { epsilon: tiny, ..AdaMax::default() })),
        ("epsilon", by_type(RAdam { epsilon: tiny, ..RAdam::default() })),
        ("epsilon", by_type(AdaGrad { epsilon: tiny })),
        ("epsilon", by_type(AdaDelta { epsilon: tiny, ..AdaDelta::default() })),
        ("epsilon", by_type(RmsProp { epsilon: tiny, ..RmsProp::default() })),
        ("beta1", by_type(Adam { beta1: tiny, ..Adam::default() })),
        ("beta1", by_type(Lion { beta1: almost, ..Lion::default() })),
        ("beta2", by_type(Adam { beta2: almost, ..Adam::default() })),
        ("rho", by_type(AdaDelta { rho: almost, ..AdaDelta::default() })),
        ("alpha", by_type(RmsProp { alpha: almost, ..RmsProp::default() })),
        ("momentum", by_type(RmsProp { momentum: tiny, ..RmsProp::default() })),
        ("momentum_decay", by_type(NAdam { momentum_decay: tiny, ..NAdam::default() })),
        ("mu", by_type(Momentum { mu: almost, dampening: 0.0 })),
        ("mu", by_type(Nesterov { mu: tiny })),
        ("clip value", by_type(ClipValue(1e-50))),
        ("clip value", by_type((ClipValue(1e50), Plain))),
        ("clip norm", by_type(ClipNorm(1e-50))),
        ("clip norm", by_type((Plain, ClipNorm(1e50)))),
        ("clip norm", by_type(ClipNorm::weights_only(1e-50))),
        ("decay", by_type((Adam::default(), Decay(1e-50)))),
        ("decay", by_type(Decay::weights_only(1e50))),
    ] {
        assert_eq!(found, [setting, ""]);
    }
    assert_eq!(by_type((Adam { beta1: 0.0, ..Adam::default() }, Decay(0.0))), ["", ""]);
    fn others<T: Real>() -> [&'static str; 4] {
        let (x, y) = line::<T>();
        let data = Dataset::new(&x, &y).unwrap();
        let huber = |delta| name(Mlp::regressor([2]).loss(Huber::new(delta)).fit(&data));
        let rate = name(LinearRegression::new().solver(Trainer::gd(1e-50)).fit(&data));
        // A schedule may come to such rates in the end.
        let falling = |step: usize| if step < 5 { 0.01 } else { 1e-50 };
        let falling = name(LinearRegression::new().solver(Trainer::new(Plain, falling)).fit(&data));
        [huber(1e-50), huber(1e50), rate, falling]
    }
    assert_eq!(others::<f32>(), ["delta", "delta", "learning rate", ""]);
    assert_eq!(others::<f64>(), [""; 4]);
}

/// What every solver says to an observer whose settings are out of range, alone and inside of others.
#[test]
fn observers_out_of_range() {
    let (x, y) = line::<f64>();
    let data = Dataset::new(&x, &y).unwrap();
    let stop = |patience, threshold| EarlyStopping::new(patience, |t: &[f64]| t[0]).threshold(threshold);
    let refused = |observer: &mut dyn Observer<f64>| -> &'static str {
        let model = LinearRegression::new();
        let names = [
            name(model.fit_observed(&data, observer)),
            name(model.clone().solver(Newton::default()).fit_observed(&data, observer)),
            name(model.clone().solver(Lbfgs::default()).fit_observed(&data, observer)),
            name(model.clone().solver(Auto).fit_observed(&data, observer)),
            name(model.solver(Trainer::gd(0.01)).fit_observed(&data, observer)),
            name(Mlp::regressor([2]).validation_split(0.5).fit_observed(&data, observer)),
        ];
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
        names[0]
    };
    for threshold in [-0.5, -1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(refused(&mut stop(3, threshold)), "threshold");
        assert_eq!(refused(&mut (History::default(), Every(2, stop(3, threshold)))), "threshold");
        assert_eq!(refused(&mut ((stop(3, threshold), ()), ())), "threshold");
    }
    assert_eq!(refused(&mut stop(0, 0.0)), "patience");
    assert_eq!(refused(&mut Every(0, History::default())), "n of Every");
    let right = LinearRegression::new().solver(Lbfgs::default()).fit_observed(&data, &mut Every(1, stop(3, 0.0)));
    assert!(right.is_ok());
}

#[test]
fn early_stopping_speaks_of_what_was_typed() {
    let (x, y) = line::<f64>();
    let data = Dataset::new(&x, &y).unwrap();
    let network = || Network::new(Affine::new(2, 1), SquaredError);
    for fraction in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
        assert_eq!(name(Mlp::regressor([2]).validation_split(fraction).fit(&data)), "validation_split");
        assert_eq!(name(network().validation_split(fraction).fit(&data)), "validation_split");
    }
    let one = data.select(&[0]).unwrap();
    assert_eq!(name(Mlp::regressor([2]).validation_split(0.5).fit(&one)), "validation_split");
    // Nothing to wait for.
    assert_eq!(name(Mlp::regressor([2]).patience(3).fit(&data)), "patience");
    assert_eq!(name(network().patience(3).fit(&data)), "patience");
    assert_eq!(name(Mlp::regressor([2]).validation_split(0.5).patience(0).fit(&data)), "patience");
    // The trainer's patience is no other name for the model's.
    let trainer = || Trainer::adam(0.01).epochs(3).patience(2);
    let error = Mlp::regressor([2]).validation_split(0.5).solver(trainer()).fit(&data).unwrap_err().to_string();
    assert!(error.contains("patience") && error.contains("tolerance") && error.contains("model"), "{error}");
    let both = Mlp::regressor([2]).validation_split(0.5).patience(2).solver(trainer().tolerance(1e-3)).fit(&data);
    assert!(both.is_ok());
}

/// Two patiences, one meaning: with the same values to watch both end the fit in the same epoch.
#[test]
fn patience_means_the_same_everywhere() {
    let (x, y) = line::<f64>();
    let data = Dataset::new(&x, &y).unwrap();
    let layer = Affine::new(2, 1);
    for patience in [1, 2, 5] {
        // A rate at which the risk falls and rises.
        let mut risk = Risk::new(&data, &layer, &SquaredError, 0.0).unwrap();
        let trainer = Trainer::new(Lion::default(), 0.05).full_batch().epochs(500);
        let own = trainer.clone().tolerance(0.0).patience(patience);
        let own = own.minimize(&mut risk, vec![0.0; 3], &mut ()).unwrap().report.iterations();
        let watch = Risk::new(&data, &layer, &SquaredError, 0.0).unwrap();
        let mut stop = EarlyStopping::on(patience, watch);
        let watched = trainer.minimize(&mut risk, vec![0.0; 3], &mut stop).unwrap().report.iterations();
        assert!(own == watched && own < 500, "{patience}: {own} {watched}");
    }
}

#[test]
fn schedules_that_would_never_lower_the_rate() {
    let plateau = || schedule::Plateau::new(0.1, 0.5, 1).unwrap();
    for floor in [1.0, 2.0, -0.1, f64::NAN] {
        assert_eq!(name(plateau().floor(floor)), "floor");
    }
    assert!(plateau().floor(0.99).is_ok());
}

/// Solvers without a learning rate do not speak of one, whatever makes the numbers overflow.
#[test]
fn no_learning_rate_where_there_is_none() {
    fn test<T: Real>(huge: f64) {
        let (x, y) = line::<T>();
        let (wide, tall) = (x.map(|v| v * T::of(huge)), y.map(|v| v * T::of(huge)));
        let layer = Affine::new(2, 1);
        for (name, data) in
            [("x", Dataset::new(&wide, &y)), ("y", Dataset::new(&x, &tall)), ("plain", Dataset::new(&x, &y))]
        {
            let data = data.unwrap();
            for start in [0.0, f64::NAN, 1.0, huge] {
                let mut risk = Risk::new(&data, &layer, &SquaredError, 0.0).unwrap();
                let start = || vec![T::of(start); 3];
                let errors = [
                    LeastSquares::default().minimize(&mut risk, start(), &mut ()).err(),
                    Newton::default().minimize(&mut risk, start(), &mut ()).err(),
                    Lbfgs::default().minimize(&mut risk, start(), &mut ()).err(),
                    Auto.minimize(&mut risk, start(), &mut ()).err(),
                ];
                for error in errors.into_iter().flatten() {
                    let text = error.to_string();
                    assert!(!text.contains("rate") && !matches!(error, Error::Diverged { .. }), "{name}: {text}");
                }
                // And where no step was made, the rate is not to blame.
                let gd = Trainer::gd(0.0).epochs(3).minimize(&mut risk, start(), &mut ());
                assert!(gd.err().is_none_or(|error| !error.to_string().contains("rate")), "{name}");
                let sgd = Trainer::sgd(0.0).batch_size(1).epochs(1).minimize(&mut risk, start(), &mut ());
                assert!(sgd.err().is_none_or(|error| !matches!(error, Error::Config { name: "learning rate", .. })));
            }
        }
    }
    test::<f64>(1e200);
    test::<f64>(1e160);
    test::<f32>(1e30);
}

/// A tolerance and a number of iterations reach the solver that is chosen.
#[test]
fn auto_takes_what_it_chooses_takes() {
    let fit = |p: usize, auto: Auto| {
        let x = DMatrix::from_fn(400, p, |i, j| ((i * 37 + j * 101) as f64).powi(2).sin());
        let y = DVector::from_fn(400, |i, _| f64::from(u8::from((i * 7919) % 13 > 5)));
        let data = Dataset::new(&x, &y).unwrap();
        residual::LogisticRegression::new().l2(0.01).solver(auto).fit(&data).map(|model| model.report().clone())
    };
    // Newton's method, and L-BFGS.
    for p in [3, 300] {
        let (all, few) = (fit(p, Auto).unwrap(), fit(p, Auto.max_iterations(1)).unwrap());
        assert_eq!((few.iterations(), few.converged(), all.converged()), (1, false, true), "{p}");
        let loose = fit(p, Auto::default().tolerance(1e-2)).unwrap();
        // Newton's method has all digits as soon as it has some.
        let sooner = loose.iterations() < all.iterations() || p == 3;
        assert!(sooner && loose.gradient_norm() <= 1e-2, "{p}: {loose:?} {all:?}");
        assert_eq!(name(fit(p, Auto.tolerance(f64::NAN))), "tolerance");
        assert_eq!(name(fit(p, Auto.max_iterations(0))), "max_iterations");
        assert_eq!(fit(p, Auto::default()).unwrap(), all);
    }
    let mut seen = 0;
    let mut watch = |_: &Progress<'_, f64>| {
        seen += 1;
        std::ops::ControlFlow::Continue(())
    };
    let data = (dmatrix![0.0; 1.0; 2.0], dvector![0.0, 1.0, 2.5]);
    let data = Dataset::new(&data.0, &data.1).unwrap();
    LinearRegression::new().solver(Auto.max_iterations(2)).fit_observed(&data, &mut watch).unwrap();
    assert!(seen > 0 && seen <= 2);
}
