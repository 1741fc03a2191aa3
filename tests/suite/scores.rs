//! Metrics of any floats against their definitions in 500 bits: a number that is right, or an error. Never NaN, and never
//! infinite where the definition is a number.

use crate::arbitrary::float;
use crate::cases::Numbers;
use crate::fuzz::fuzz;
use dashu_float::{FBig, round::mode::HalfEven};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use residual::metrics::{
    brier, d2_absolute_error, explained_variance, gamma_deviance, log_loss, mae, mape, max_error,
    median_absolute_error, mse, msle, pinball, poisson_deviance, r2, rmse, weighted_mae, weighted_mse, weighted_r2,
};
use residual::nalgebra::DMatrix;
use residual::{Error, Real, Result};

type Big = FBig<HalfEven, 2>;

fn big(x: f64) -> Big {
    Big::try_from(x).unwrap().with_precision(500).value()
}

fn abs(x: Big) -> Big {
    if x < big(0.0) { -x } else { x }
}

fn sum(values: impl IntoIterator<Item = Big>) -> Big {
    values.into_iter().fold(big(0.0), |sum, value| sum + value)
}

fn mean(values: &[Big]) -> Big {
    sum(values.iter().cloned()) / big(values.len() as f64)
}

/// Σ w v / Σ w.
fn weighted(values: &[Big], w: &[Big]) -> Big {
    sum(values.iter().zip(w).map(|(v, w)| v * w)) / sum(w.iter().cloned())
}

fn square(x: &Big) -> Big {
    x * x
}

fn ln(x: &Big) -> Big {
    // ln of 1 is exactly 0, which has no precision of its own.
    if *x == big(1.0) { big(0.0) } else { x.clone().ln() }
}

/// A definition: what it is, and how large the parts are of which it is a difference.
struct Truth {
    value: Big,
    size: Big,
}

/// A number without cancellation.
fn plain(value: Big) -> Option<Truth> {
    Some(Truth { size: abs(value.clone()), value })
}

/// 1 − part / whole; `None` where the whole is 0.
fn share(part: Big, whole: &Big) -> Option<Truth> {
    if *whole == big(0.0) {
        return None;
    }
    let ratio = part / whole;
    Some(Truth { size: big(1.0) + &ratio, value: big(1.0) - ratio })
}

/// Holds a score against its definition.
fn agree(name: &str, found: Result<f64>, truth: Option<Truth>, context: &str) -> TestCaseResult {
    let Some(Truth { value, size }) = truth else {
        prop_assert!(matches!(found, Err(Error::Undefined { .. })), "{}: {:?} for no value, {}", name, found, context);
        return Ok(());
    };
    let largest = big(f64::MAX);
    // The last digits before the end of the range are nobody's.
    let (inside, outside) = (abs(value.clone()) < &largest * big(0.999), abs(value.clone()) > &largest * big(1.001));
    match found {
        Ok(found) => {
            prop_assert!(
                !outside && found.is_finite(),
                "{}: {} for {:e}, {}",
                name,
                found,
                value.to_f64().value(),
                context
            );
            let off = abs(big(found) - &value);
            let bound = size * big(1e-12) + big(f64::MIN_POSITIVE);
            prop_assert!(off <= bound, "{}: {:e} for {:e}, {}", name, found, value.to_f64().value(), context);
        }
        Err(error) => {
            // What is not 0 but below the smallest f64 is an error, as what is above the largest.
            let vanishes = value != big(0.0) && abs(value.clone()) < big(f64::MIN_POSITIVE);
            prop_assert!(!inside || vanishes, "{}: {} for {:e}, {}", name, error, value.to_f64().value(), context);
        }
    }
    Ok(())
}

/// Numbers of one kind, and predictions that are near at times.
fn drawn<T: Real>(numbers: &mut Numbers, n: usize, draw: impl Fn(&mut Numbers) -> T) -> (DMatrix<T>, DMatrix<T>) {
    let near = numbers.below(3);
    let y = DMatrix::from_fn(n, 1, |_, _| draw(numbers));
    let p = DMatrix::from_fn(n, 1, |i, _| match near {
        0 => draw(numbers),
        1 => y[i] * (T::one() + T::default_epsilon() * T::of(numbers.below(9) as f64)),
        _ => y[i],
    });
    // The product may have left the range.
    let p = p.zip_map(&y, |p, y| if p.is_finite() { p } else { y });
    (y, p)
}

fn any_numbers<T: Real>(cases: u32) {
    fuzz("scores of numbers", cases, &(any::<u64>(), 1usize..=7), |(seed, n)| {
        let mut numbers = Numbers::new(seed);
        let grain = numbers.below(2);
        let mode = numbers.below(8);
        let any = |numbers: &mut Numbers| {
            let mode = if grain == 0 { mode } else { numbers.below(8) };
            float::<T>(numbers, mode, false)
        };
        let (y, p) = drawn(&mut numbers, n, any);
        let weights: Vec<T> = (0..n).map(|_| any(&mut numbers).abs()).collect();
        let wide = |m: &[T]| -> Vec<Big> { m.iter().map(|v| big(v.to_f64())).collect() };
        let (ys, ps, w) = (wide(y.as_slice()), wide(p.as_slice()), wide(&weights));
        let context = format!("y {:?}, prediction {:?}, weights {weights:?}", y.as_slice(), p.as_slice());
        let errors: Vec<Big> = ys.iter().zip(&ps).map(|(y, p)| y - p).collect();
        let sizes: Vec<Big> = errors.iter().cloned().map(abs).collect();
        let squares: Vec<Big> = errors.iter().map(square).collect();
        let spread = |v: &[Big]| {
            let centre = mean(v);
            if v.iter().all(|x| *x == v[0]) { big(0.0) } else { sum(v.iter().map(|x| square(&(x - &centre)))) }
        };
        let median = |v: &[Big]| {
            let mut v = v.to_vec();
            v.sort();
            (&v[(v.len() - 1) / 2] + &v[v.len() / 2]) / big(2.0)
        };
        agree("mse", mse(&y, &p), plain(mean(&squares)), &context)?;
        let root = mean(&squares);
        let root = if root == big(0.0) { root } else { dashu_float::ops::SquareRoot::sqrt(&root) };
        agree("rmse", rmse(&y, &p), plain(root), &context)?;
        agree("mae", mae(&y, &p), plain(mean(&sizes)), &context)?;
        agree("max error", max_error(&y, &p), plain(sizes.iter().max().unwrap().clone()), &context)?;
        agree("median", median_absolute_error(&y, &p), plain(median(&sizes)), &context)?;
        agree("r2", r2(&y, &p), share(sum(squares.iter().cloned()), &spread(&ys)), &context)?;
        agree("explained variance", explained_variance(&y, &p), share(spread(&errors), &spread(&ys)), &context)?;
        let middle = median(&ys);
        let around = sum(ys.iter().map(|y| abs(y - &middle)));
        let constant = ys.iter().all(|y| *y == ys[0]);
        let around = if constant { big(0.0) } else { around };
        agree("d2", d2_absolute_error(&y, &p), share(sum(sizes.iter().cloned()), &around), &context)?;
        let q = numbers.unit();
        let pin = errors.iter().map(|e| if *e >= big(0.0) { big(q) * e } else { (big(q) - big(1.0)) * e });
        agree("pinball", pinball(&y, &p, q), plain(mean(&pin.collect::<Vec<_>>())), &context)?;
        let percent = (!ys.contains(&big(0.0))).then(|| {
            let each: Vec<Big> = sizes.iter().zip(&ys).map(|(e, y)| e / abs(y.clone())).collect();
            mean(&each)
        });
        agree("mape", mape(&y, &p), percent.and_then(plain), &context)?;
        // Weights: all of 0 are refused, like those of another length.
        let total = sum(w.iter().cloned());
        if total > big(0.0) {
            agree("weighted mse", weighted_mse(&y, &p, &weights), plain(weighted(&squares, &w)), &context)?;
            agree("weighted mae", weighted_mae(&y, &p, &weights), plain(weighted(&sizes, &w)), &context)?;
            let kept: Vec<usize> = (0..n).filter(|&i| w[i] > big(0.0)).collect();
            let centre = weighted(&ys, &w);
            let around: Vec<Big> = ys.iter().map(|y| square(&(y - &centre))).collect();
            let same = kept.iter().all(|&i| ys[i] == ys[kept[0]]);
            let whole = if same { big(0.0) } else { weighted(&around, &w) };
            agree("weighted r2", weighted_r2(&y, &p, &weights), share(weighted(&squares, &w), &whole), &context)?;
        } else {
            prop_assert_eq!(weighted_mse(&y, &p, &weights), Err(Error::NoWeight));
        }
        Ok(())
    });
}

#[test]
fn any_numbers_f64() {
    any_numbers::<f64>(1500);
}

#[test]
fn any_numbers_f32() {
    any_numbers::<f32>(1500);
}

/// Deviances of anything above 0, and logarithmic errors of anything above −1: they cancel where y is near p.
fn any_deviances<T: Real>(cases: u32) {
    fuzz("deviances", cases, &(any::<u64>(), 1usize..=5), |(seed, n)| {
        let mut numbers = Numbers::new(seed);
        let mode = numbers.below(8);
        let any = |numbers: &mut Numbers| float::<T>(numbers, mode, false).abs();
        let (y, p) = drawn(&mut numbers, n, any);
        let context = format!("y {:?}, prediction {:?}", y.as_slice(), p.as_slice());
        let pairs: Vec<(Big, Big)> = y.iter().zip(p.iter()).map(|(y, p)| (big(y.to_f64()), big(p.to_f64()))).collect();
        let zero = big(0.0);
        let each =
            |term: &dyn Fn(&Big, &Big) -> Big| plain(mean(&pairs.iter().map(|(y, p)| term(y, p)).collect::<Vec<_>>()));
        let poisson = |y: &Big, p: &Big| {
            let log = if *y > zero { y * ln(&(y / p)) } else { zero.clone() };
            big(2.0) * (log - y + p)
        };
        let legal = pairs.iter().all(|(_, p)| *p > zero);
        let truth = if legal { each(&poisson) } else { None };
        agree("poisson", poisson_deviance(&y, &p), truth, &context)?;
        let gamma = |y: &Big, p: &Big| big(2.0) * (ln(&(p / y)) + y / p - big(1.0));
        let legal = legal && pairs.iter().all(|(y, _)| *y > zero);
        let truth = if legal { each(&gamma) } else { None };
        agree("gamma", gamma_deviance(&y, &p), truth, &context)?;
        // ln(1 + v) is v to 60 digits where 1 + v would round it away.
        let ln_1p = |v: &Big| if *v < big(1e-60) { v.clone() } else { ln(&(big(1.0) + v)) };
        let log = |y: &Big, p: &Big| square(&(ln_1p(y) - ln_1p(p)));
        agree("msle", msle(&y, &p), each(&log), &context)
    });
}

#[test]
fn any_deviances_f64() {
    any_deviances::<f64>(1500);
}

#[test]
fn any_deviances_f32() {
    any_deviances::<f32>(1500);
}

/// Scores of probabilities, from 0 to 1 and every number between.
#[test]
fn any_probabilities() {
    fuzz("probabilities", 1500, &(any::<u64>(), 1usize..=6), |(seed, n)| {
        let mut numbers = Numbers::new(seed);
        let mode = numbers.below(4);
        let any = |numbers: &mut Numbers| match mode {
            0 => numbers.unit(),
            1 => [0.0, 1.0, 1.0 - f64::EPSILON, f64::EPSILON, 5e-324, 0.5][numbers.below(6)],
            2 => float::<f64>(numbers, 2, false).abs().min(1.0),
            _ => 1.0 - float::<f64>(numbers, 2, false).abs().min(1.0),
        };
        let p = DMatrix::from_fn(n, 1, |_, _| any(&mut numbers));
        let y = DMatrix::from_fn(n, 1, |_, _| if mode == 0 { numbers.unit() } else { numbers.below(2) as f64 });
        let context = format!("y {:?}, prediction {:?}", y.as_slice(), p.as_slice());
        let pairs: Vec<(Big, Big)> = y.iter().zip(p.iter()).map(|(&y, &p)| (big(y), big(p))).collect();
        let (zero, one) = (big(0.0), big(1.0));
        let squares: Vec<Big> = pairs.iter().map(|(y, p)| square(&(y - p))).collect();
        agree("brier", brier(&y, &p), plain(mean(&squares)), &context)?;
        let certain = pairs.iter().any(|(y, p)| (*y > zero && *p == zero) || (*y < one && *p == one));
        if certain {
            // What was held for impossible happened: infinitely bad, as documented.
            prop_assert_eq!(log_loss(&y, &p), Ok(f64::INFINITY));
            return Ok(());
        }
        let cost = |y: &Big, p: &Big| if *y > zero { -(y * ln(p)) } else { zero.clone() };
        // −ln(1 − p) is p to 60 digits where 1 − p would round it away.
        let rest = |y: &Big, p: &Big| if *p < big(1e-60) { (&one - y) * p } else { cost(&(&one - y), &(&one - p)) };
        let costs: Vec<Big> = pairs.iter().map(|(y, p)| cost(y, p) + rest(y, p)).collect();
        agree("log loss", log_loss(&y, &p), plain(mean(&costs)), &context)
    });
}
