//! What the modules share: files beside the repository, and the table of rules.

use residual::Real;
use residual::optim::rule::{
    AdaDelta, AdaGrad, AdaMax, Adam, AmsGrad, ClipNorm, ClipValue, Decay, Lion, Memory, Momentum, NAdam, Nesterov,
    Plain, RAdam, RmsProp, Rule, Visitor,
};
use std::path::PathBuf;

/// A file of reference answers or data that stands beside the repository; `None`, with a line, where it does not.
pub fn shared(name: &str) -> Option<String> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(_) => {
            println!("skipped: {name} is not here");
            None
        }
    }
}

/// Parsed [`shared`] JSON.
pub fn reference(name: &str) -> Option<serde_json::Value> {
    shared(&format!("reference/{name}")).map(|text| serde_json::from_str(&text).expect("valid JSON"))
}

/// The numbers of a JSON array.
pub fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// A rule with its state, behind one type, so that one suite runs over all rules.
pub trait Running<T: Real> {
    fn step(&mut self, theta: &mut [T], grad: &mut [T], rate: T);
    fn apply(&mut self, theta: &[T], grad: &mut [T]);
    fn visit(&mut self, visitor: &mut dyn Visitor<T>);
    fn duplicate(&self) -> Box<dyn Running<T>>;
}

struct Started<T: Real, R: Rule<T>> {
    rule: R,
    state: R::State,
}

impl<T: Real, R: Rule<T> + Clone + 'static> Running<T> for Started<T, R>
where
    R::State: Memory<T> + Clone,
{
    fn step(&mut self, theta: &mut [T], grad: &mut [T], rate: T) {
        self.rule.step(&mut self.state, theta, grad, rate);
    }

    fn apply(&mut self, theta: &[T], grad: &mut [T]) {
        self.rule.apply(&mut self.state, theta, grad);
    }

    fn visit(&mut self, visitor: &mut dyn Visitor<T>) {
        self.state.visit(visitor);
    }

    fn duplicate(&self) -> Box<dyn Running<T>> {
        Box::new(Self { rule: self.rule.clone(), state: self.state.clone() })
    }
}

type Start<T> = Box<dyn Fn(usize) -> Box<dyn Running<T>>>;

fn row<T: Real, R: Rule<T> + Clone + 'static>(name: &'static str, rate: f64, rule: R) -> (&'static str, f64, Start<T>)
where
    R::State: Memory<T> + Clone,
{
    assert!(rule.check().is_ok(), "{name}");
    let start = move |dim| -> Box<dyn Running<T>> { Box::new(Started { rule: rule.clone(), state: rule.init(dim) }) };
    (name, rate, Box::new(start))
}

/// Every rule with the name, rate and settings of its reference run; after those, rules without one.
pub fn rules<T: Real>() -> Vec<(&'static str, f64, Start<T>)> {
    let adam = Adam::default();
    vec![
        row("gd", 0.1, Plain),
        row("momentum", 0.05, Momentum::default()),
        row("momentum_dampening", 0.05, (Decay(0.01), Momentum { mu: 0.9, dampening: 0.5 })),
        row("nesterov", 0.05, Nesterov::default()),
        row("adagrad", 0.5, AdaGrad::default()),
        row("rmsprop", 0.05, RmsProp::default()),
        row(
            "rmsprop_centered_momentum",
            0.02,
            RmsProp { alpha: 0.95, momentum: 0.5, centered: true, ..RmsProp::default() },
        ),
        row("adadelta", 1.0, AdaDelta::default()),
        row("adam", 0.1, adam),
        row("adam_l2", 0.1, (Decay(0.1), adam)),
        row("adamw", 0.1, (adam, Decay(0.1))),
        row("amsgrad", 0.1, AmsGrad::default()),
        row("nadam", 0.05, NAdam::default()),
        row("adamax", 0.1, AdaMax::default()),
        row("radam", 0.05, RAdam::default()),
        row("lion", 0.01, Lion::default()),
        row("clip_norm", 0.1, (ClipNorm(0.5), adam)),
        row("clip_value", 0.1, (ClipValue(0.3), Momentum::default())),
        row("decay_weights_only", 0.1, (adam, Decay::weights_only(0.1))),
        row("rmsprop_centered", 0.02, RmsProp { centered: true, ..RmsProp::default() }),
    ]
}
