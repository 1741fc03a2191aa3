//! What the modules share: tables as matrices, and the table of rules.

use crate::files::Table;
use residual::Real;
use residual::nalgebra::DMatrix;
use residual::optim::rule::{
    AdaDelta, AdaGrad, AdaMax, Adam, AmsGrad, ClipNorm, ClipValue, Decay, Lion, Momentum, NAdam, Nesterov, Plain,
    RAdam, RmsProp, Rule, Visitor,
};

/// The rows of a CSV file of `data/`, without the header.
pub fn table(name: &str) -> Vec<Vec<String>> {
    Table::read(name).rows
}

/// Columns `from..to` of a table as numbers, each divided by `unit`.
pub fn matrix<T: Real>(rows: &[Vec<String>], columns: std::ops::Range<usize>, unit: f64) -> DMatrix<T> {
    let number = |i: usize, j: usize| rows[i][columns.start + j].parse::<f64>().expect("a number");
    DMatrix::from_fn(rows.len(), columns.len(), |i, j| T::of(number(i, j) / unit))
}

/// One-hot rows of these classes, numbered by their sorted names; one column (1 = the second) for two.
pub fn one_hot<T: Real>(labels: &[&str]) -> DMatrix<T> {
    let mut classes = labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let of = |hit: bool| if hit { T::one() } else { T::zero() };
    if classes.len() == 2 {
        return DMatrix::from_fn(labels.len(), 1, |i, _| of(labels[i] == classes[1]));
    }
    DMatrix::from_fn(labels.len(), classes.len(), |i, c| of(labels[i] == classes[c]))
}

/// The share of rows whose prediction has its largest entry (one column: its side of ½) where the target has.
pub fn accuracy<T: Real>(y: &DMatrix<T>, p: &DMatrix<T>) -> f64 {
    let class = |m: &DMatrix<T>, i: usize| match m.ncols() {
        1 => usize::from(m[(i, 0)] > T::of(0.5)),
        _ => (0..m.ncols()).fold(0, |best, c| if m[(i, c)] > m[(i, best)] { c } else { best }),
    };
    (0..y.nrows()).filter(|&i| class(y, i) == class(p, i)).count() as f64 / y.nrows() as f64
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
    R::State: Clone,
{
    fn step(&mut self, theta: &mut [T], grad: &mut [T], rate: T) {
        self.rule.step(&mut self.state, theta, grad, rate);
    }

    fn apply(&mut self, theta: &[T], grad: &mut [T]) {
        self.rule.apply(&mut self.state, theta, grad);
    }

    fn visit(&mut self, visitor: &mut dyn Visitor<T>) {
        assert!(self.rule.visit(&mut self.state, visitor));
    }

    fn duplicate(&self) -> Box<dyn Running<T>> {
        Box::new(Self { rule: self.rule.clone(), state: self.state.clone() })
    }
}

type Start<T> = Box<dyn Fn(usize) -> Box<dyn Running<T>>>;

/// Something to do with every rule.
pub trait EachRule<T: Real> {
    fn rule<R: Rule<T> + Clone + 'static>(&mut self, name: &'static str, rate: f64, rule: R)
    where
        R::State: Clone;
}

/// Every rule with the name, rate and settings of its reference run; after those, rules without one.
pub fn each_rule<T: Real>(each: &mut impl EachRule<T>) {
    let adam = Adam::default();
    each.rule("gd", 0.1, Plain);
    each.rule("momentum", 0.05, Momentum::default());
    each.rule("momentum_dampening", 0.05, (Decay(0.01), Momentum { mu: 0.9, dampening: 0.5 }));
    each.rule("nesterov", 0.05, Nesterov::default());
    each.rule("adagrad", 0.5, AdaGrad::default());
    each.rule("rmsprop", 0.05, RmsProp::default());
    let centered = RmsProp { centered: true, ..RmsProp::default() };
    each.rule("rmsprop_centered_momentum", 0.02, RmsProp { alpha: 0.95, momentum: 0.5, ..centered });
    each.rule("adadelta", 1.0, AdaDelta::default());
    each.rule("adam", 0.1, adam);
    each.rule("adam_l2", 0.1, (Decay(0.1), adam));
    each.rule("adamw", 0.1, (adam, Decay(0.1)));
    each.rule("amsgrad", 0.1, AmsGrad::default());
    each.rule("nadam", 0.05, NAdam::default());
    each.rule("adamax", 0.1, AdaMax::default());
    each.rule("radam", 0.05, RAdam::default());
    each.rule("lion", 0.01, Lion::default());
    each.rule("clip_norm", 0.1, (ClipNorm(0.5), adam));
    each.rule("clip_value", 0.1, (ClipValue(0.3), Momentum::default()));
    each.rule("decay_weights_only", 0.1, (adam, Decay::weights_only(0.1)));
    each.rule("rmsprop_centered", 0.02, centered);
}

struct Rows<T>(Vec<(&'static str, f64, Start<T>)>);

impl<T: Real> EachRule<T> for Rows<T> {
    fn rule<R: Rule<T> + Clone + 'static>(&mut self, name: &'static str, rate: f64, rule: R)
    where
        R::State: Clone,
    {
        assert!(rule.check().is_ok(), "{name}");
        let start =
            move |dim| -> Box<dyn Running<T>> { Box::new(Started { rule: rule.clone(), state: rule.init(dim) }) };
        self.0.push((name, rate, Box::new(start)));
    }
}

/// The table of [`each_rule`] as a list.
pub fn rules<T: Real>() -> Vec<(&'static str, f64, Start<T>)> {
    let mut rows = Rows(Vec::new());
    each_rule(&mut rows);
    rows.0
}

/// n samples of p features and k targets that have a pattern. The features are sines of squares: sines of sums would have
/// rank 2.
pub fn samples<T: Real>(n: usize, p: usize, k: usize, seed: usize) -> (DMatrix<T>, DMatrix<T>) {
    let x = DMatrix::from_fn(n, p, |i, j| (((i * 37 + j * 101 + seed * 13 + 1) as f64).powi(2) * 0.37).sin());
    let y = DMatrix::from_fn(n, k, |i, c| {
        let sum: f64 = (0..p).map(|j| x[(i, j)] * ((c + j) as f64).cos()).sum();
        (2.0 * sum).tanh() + 0.1 * ((i * 7 + c) as f64).sin()
    });
    (x.map(T::of), y.map(T::of))
}
