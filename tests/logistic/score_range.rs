//! Scores of numbers of any size: they keep their digits, or say that no f64 holds the answer.

use dashu_float::{FBig, round::mode::HalfEven};
use nalgebra::{DMatrix, DVector, dvector};
use proptest::prelude::*;
use residual::metrics::{
    brier, d2_absolute_error, explained_variance, gamma_deviance, log_loss, mae, mape, max_error,
    median_absolute_error, mse, msle, pinball, poisson_deviance, r2, rmse, tweedie_deviance, weighted_mae,
    weighted_mse, weighted_r2,
};
use residual::{Error, Real, Result};

type Score<T> = fn(&DVector<T>, &DVector<T>) -> Result<f64>;

/// Scores of positive numbers, and with which power of the unit each grows.
fn scores<T: Real>() -> Vec<(&'static str, i32, Score<T>)> {
    vec![
        ("mse", 2, |y, p| mse(y, p)),
        ("rmse", 1, |y, p| rmse(y, p)),
        ("mae", 1, |y, p| mae(y, p)),
        ("r2", 0, |y, p| r2(y, p)),
        ("median", 1, |y, p| median_absolute_error(y, p)),
        ("max", 1, |y, p| max_error(y, p)),
        ("mape", 0, |y, p| mape(y, p)),
        ("pinball", 1, |y, p| pinball(y, p, 0.9)),
        ("explained variance", 0, |y, p| explained_variance(y, p)),
        ("d2", 0, |y, p| d2_absolute_error(y, p)),
        ("poisson", 1, |y, p| poisson_deviance(y, p)),
        ("gamma", 0, |y, p| gamma_deviance(y, p)),
        ("inverse gaussian", -1, |y, p| tweedie_deviance(y, p, 3.0)),
        ("tweedie -1", 3, |y, p| tweedie_deviance(y, p, -1.0)),
        ("weighted mse", 2, |y, p| weighted_mse(y, p, &weights(y.len()))),
        ("weighted mae", 1, |y, p| weighted_mae(y, p, &weights(y.len()))),
        ("weighted r2", 0, |y, p| weighted_r2(y, p, &weights(y.len()))),
    ]
}

fn weights<T: Real>(n: usize) -> Vec<T> {
    (0..n).map(|i| T::of([1.0, 2.0, 0.0, 0.5][i % 4])).collect()
}

/// x · 2ᵏ in steps that stay in the range.
fn shifted<T: Real>(x: f64, k: i32) -> T {
    T::of(x * 2f64.powi(k / 2) * 2f64.powi(k - k / 2))
}

fn in_any_unit<T: Real>(shifts: &[i32]) {
    // Few bits each, so that every shift is exact, also below the normal numbers.
    let y = [1.0, 2.5, 4.0, 8.25, 3.0, 5.5];
    let p = [1.5, 2.0, 4.5, 7.0, 3.25, 5.5];
    let vector = |v: &[f64], k: i32| DVector::from_iterator(v.len(), v.iter().map(|&x| shifted::<T>(x, k)));
    for (name, degree, score) in scores::<T>() {
        let here = score(&vector(&y, 0), &vector(&p, 0)).unwrap();
        for &k in shifts {
            let found = score(&vector(&y, k), &vector(&p, k));
            let expected: f64 = shifted(here, (k * degree).clamp(-2200, 2200));
            if expected.is_infinite() || expected == 0.0 {
                assert!(matches!(found, Err(Error::Undefined { .. })), "{name} at 2^{k}: {found:?}");
                continue;
            }
            // Below the normal numbers half a unit in the last place is more.
            let room = 1e-14 * expected.abs() + if expected.is_normal() { 0.0 } else { 5e-324 };
            assert!((found.clone().unwrap() - expected).abs() <= room, "{name} at 2^{k}: {found:?} for {expected:e}");
        }
    }
}

#[test]
fn a_unit_of_any_size_scales_every_score() {
    in_any_unit::<f64>(&[-1070, -1060, -1000, -665, -530, -300, 300, 500, 520, 665, 1000, 1020]);
    in_any_unit::<f32>(&[-140, -120, -80, -60, 60, 80, 120, 124]);
}

#[test]
fn the_largest_numbers_of_both_signs() {
    let (y, p) = (dvector![1.5e308, -1.5e308, 1.0], dvector![1.5e308, 1.5e308, 0.0]);
    assert!((r2(&y, &p).unwrap() + 1.0).abs() < 1e-15);
    // Errors 0, 3e308, 1.
    assert!((explained_variance(&y, &p).unwrap() - (1.0 - 4.0 / 3.0)).abs() < 1e-15);
    assert!((rmse(&y, &p).unwrap() / (3f64.sqrt() * 1e308) - 1.0).abs() < 1e-15);
    assert_eq!(median_absolute_error(&y, &p), Ok(1.0));
    assert_eq!(mae(&y, &p), Ok(1e308));
    assert_eq!(d2_absolute_error(&y, &p), Ok(0.0));
    for score in [max_error, mse] {
        assert!(matches!(score(&y, &p), Err(Error::Undefined { .. })));
    }
    // The differences of two smallest numbers, of which half is no f64.
    let tiny = dvector![5e-324, 5e-324];
    assert_eq!(median_absolute_error(&tiny, &dvector![0.0, 0.0]), Ok(5e-324));
    assert_eq!(rmse(&tiny, &dvector![0.0, 0.0]), Ok(5e-324));
    // One sample of 1e200 does not hide that another, or its error, is as small.
    assert!((rmse(&dvector![1e200, 3e-200], &dvector![1e200, 0.0]).unwrap() / 4.5f64.sqrt() - 1e-200).abs() < 1e-215);
}

#[test]
fn weights_of_any_size_count_by_their_ratios() {
    let (y, p) = (dvector![1.0, 2.5, 4.0, 8.25], dvector![1.5, 2.0, 4.5, 7.0]);
    let scores =
        |w: &[f64]| [weighted_mse(&y, &p, w), weighted_mae(&y, &p, w), weighted_r2(&y, &p, w)].map(Result::unwrap);
    let expected = scores(&[1.0, 2.0, 0.0, 0.5]);
    for k in [-1072, -1030, -700, 700, 1022] {
        let w: Vec<f64> = [1.0, 2.0, 0.0, 0.5].iter().map(|&w| shifted(w, k)).collect();
        assert_eq!(scores(&w), expected, "2^{k}");
    }
    // All but one next to nothing: the small ones still decide how the targets vary.
    let w = [1e-320, 1.0, 1e-320, 1e-320];
    let square = |at: [f64; 4], to: [f64; 4]| (0..4).filter(|&i| i != 1).map(|i| (at[i] - to[i]).powi(2)).sum::<f64>();
    let y = [1.0, 2.5, 4.0, 8.25];
    let expected = 1.0 - square(y, [1.5, 2.5, 4.5, 7.0]) / square(y, [2.5; 4]);
    let found = weighted_r2(&DVector::from_row_slice(&y), &dvector![1.5, 2.5, 4.5, 7.0], &w).unwrap();
    assert!((found - expected).abs() < 1e-14, "{found} {expected}");
}

/// Targets that differ by some units in the last place, one of them with nearly all of the weight: a mean that is off by one
/// unit must not count.
#[test]
fn a_heavy_weight_does_not_make_much_of_rounding() {
    let (far, ulp) = (5_691_732.0, 2f64.powi(-30));
    for steps in [1.0, 55.0] {
        for heavy in [1e3, 1e8, 1e16, 1e30] {
            let (y, w) = (dvector![far, far + steps * ulp, far + 3.0 * ulp], [1.0, 1.0, heavy]);
            let [a, b] = [3.0, 3.0 - steps].map(|d: f64| d * ulp);
            let shift = (a + b) / (heavy + 2.0);
            let spread = (a - shift).powi(2) + (b - shift).powi(2) + heavy * shift * shift;
            let found = weighted_r2(&y, &y.add_scalar(1.0), &w).unwrap();
            let ratio = (heavy + 2.0) / spread;
            assert!((found + ratio - 1.0).abs() < 1e-14 * ratio, "{steps} {heavy}: {found:e} {ratio:e}");
        }
    }
}

/// Whatever stands in it.
#[test]
fn a_row_of_weight_0_counts_for_nothing() {
    let (y, p, w) = (dvector![1.0, 2.5, 4.0], dvector![1.5, 2.0, 4.5], [0.5, 1.0, 2.0]);
    for at in [0, 1, 3] {
        let (y2, p2) = (y.clone().insert_row(at, 1e300), p.clone().insert_row(at, -1e300));
        let mut w2 = w.to_vec();
        w2.insert(at, 0.0);
        assert_eq!(weighted_mse(&y2, &p2, &w2), weighted_mse(&y, &p, &w));
        assert_eq!(weighted_mae(&y2, &p2, &w2), weighted_mae(&y, &p, &w));
        assert_eq!(weighted_r2(&y2, &p2, &w2), weighted_r2(&y, &p, &w));
    }
}

#[test]
fn a_million_rows_in_single_precision() {
    let n = 1_000_000;
    let (y, p) = (DVector::<f32>::zeros(n), DVector::from_element(n, 0.1f32));
    let (error, ones) = (f64::from(0.1f32), vec![0.1f32; n]);
    let near = |found: Result<f64>, expected: f64| {
        let found = found.unwrap();
        assert!((found / expected - 1.0).abs() < 1e-15, "{found} {expected}");
    };
    near(mse(&y, &p), error * error);
    near(rmse(&y, &p), error);
    near(mae(&y, &p), error);
    near(weighted_mse(&y, &p, &ones), error * error);
    near(weighted_mae(&y, &p, &ones), error);
    near(brier(&y, &p), error * error);
    near(log_loss(&y, &p), -(-error).ln_1p());
    near(poisson_deviance(&y, &p), 2.0 * error);
    // 2²⁴ and 2²⁴ + 2, whose mean no f32 holds.
    let far = DVector::from_fn(n, |i, _| 16_777_216f32 + if i % 2 == 0 { 0.0 } else { 2.0 });
    assert_eq!(r2(&far, &DVector::from_element(n, 16_777_216f32)), Ok(-1.0));
    assert_eq!(explained_variance(&far, &DVector::from_element(n, 16_777_216f32)), Ok(0.0));
    assert_eq!(weighted_r2(&far, &DVector::from_element(n, 16_777_216f32), &ones), Ok(-1.0));
}

type Big = FBig<HalfEven, 2>;

fn big(x: f64) -> Big {
    Big::try_from(x).unwrap().with_precision(2500).value()
}

/// Σ w (v − v̄)².
fn spread(w: &[Big], v: &[Big]) -> Big {
    let total = |terms: Vec<Big>| terms.into_iter().fold(big(0.0), |a, b| a + b);
    let mean = total(w.iter().zip(v).map(|(w, v)| w * v).collect()) / total(w.to_vec());
    total(w.iter().zip(v).map(|(w, v)| w * (v - &mean) * (v - &mean)).collect())
}

proptest! {
    /// Targets far from 0 that hardly vary, and predictions far from both.
    #[test]
    fn shares_of_the_variance_are_those_of_exact_arithmetic(
        rows in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64, 0.0..1.0f64), 2..20),
        offset in -3.0..14.0f64, spread_of_y in -9.0..4.0f64, error in -9.0..4.0f64, bias in -9.0..14.0f64, unit in -290.0..290.0f64,
        far_weights in 0.0..30.0f64,
    ) {
        let ten = |x: f64| 10f64.powf(x);
        let y: Vec<f64> = rows.iter().map(|r| (ten(offset) + ten(spread_of_y) * r.0) * ten(unit)).collect();
        let p: Vec<f64> = rows.iter().zip(&y).map(|(r, y)| y + (ten(error) * r.1 + ten(bias)) * ten(unit)).collect();
        let w: Vec<f64> = rows.iter().map(|r| ten(far_weights * r.2)).collect();
        let (by, bp): (Vec<Big>, Vec<Big>) = (y.iter().map(|&y| big(y)).collect(), p.iter().map(|&p| big(p)).collect());
        let errors: Vec<Big> = by.iter().zip(&bp).map(|(y, p)| y - p).collect();
        let squares = |w: &[Big]| errors.iter().zip(w).fold(big(0.0), |sum, (e, w)| sum + w * e * e);
        let (ones, weights): (Vec<Big>, Vec<Big>) = (vec![big(1.0); y.len()], w.iter().map(|&w| big(w)).collect());
        let (vy, vp) = (DVector::from_row_slice(&y), DVector::from_row_slice(&p));
        let plain = spread(&ones, &by);
        if plain == big(0.0) {
            prop_assert!(r2(&vy, &vp).is_err() && explained_variance(&vy, &vp).is_err());
            return Ok(());
        }
        for (name, found, part, whole) in [
            ("r2", r2(&vy, &vp), squares(&ones), plain.clone()),
            ("explained variance", explained_variance(&vy, &vp), spread(&ones, &errors), plain),
            ("weighted r2", weighted_r2(&vy, &vp, &w), squares(&weights), spread(&weights, &by)),
        ] {
            let ratio = (part / whole).to_f64().value();
            let off = (found.clone().unwrap() - (1.0 - ratio)).abs();
            prop_assert!(off <= 4e-15 * (1.0 + ratio), "{name}: {found:?} for 1 - {ratio:e}");
        }
        let square = (squares(&ones) / big(y.len() as f64)).to_f64().value();
        let root = rmse(&vy, &vp).unwrap();
        if square.is_normal() {
            prop_assert!((mse(&vy, &vp).unwrap() / square - 1.0).abs() < 2e-15);
            prop_assert!((root / square.sqrt() - 1.0).abs() < 2e-15);
        }
        let size = errors.iter().fold(big(0.0), |sum, e| if *e < big(0.0) { sum - e } else { sum + e });
        let size = (size / big(y.len() as f64)).to_f64().value();
        prop_assert!((mae(&vy, &vp).unwrap() - size).abs() <= 2e-15 * size);
    }

    #[test]
    fn logarithmic_errors_keep_their_digits(y in -12.0..12.0f64, close in 0.0..16.0f64, near_minus_one in prop::bool::ANY) {
        let y = if near_minus_one { 10f64.powf(-y.abs()) - 1.0 } else { 10f64.powf(y) };
        let p = y + (1.0 + y) * 10f64.powf(-close);
        let log = ((big(1.0) + big(y)) / (big(1.0) + big(p))).with_precision(300).value().ln();
        let truth = (&log * &log).to_f64().value();
        let found = msle(&dvector![y], &dvector![p]).unwrap();
        prop_assert!((found - truth).abs() <= 1e-14 * truth, "{y} {p}: {found:e} {truth:e}");
    }

    /// Any finite numbers: a finite score that is not negative, or an error.
    #[test]
    fn no_numbers_make_a_score_that_is_none(
        rows in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 1..6), positive in prop::bool::ANY, near in prop::bool::ANY,
    ) {
        let number = |bits: u64| Some(f64::from_bits(bits)).filter(|x| x.is_finite()).unwrap_or(0.5);
        let sign = |x: f64| if positive { x.abs() } else { x };
        let y = DVector::from_iterator(rows.len(), rows.iter().map(|r| sign(number(r.0))));
        let beside = |bits: u64| number(bits.wrapping_add(1) & !(1 << 63 | 1));
        let p = rows.iter().map(|r| sign(number(r.1)));
        let p = if near { y.map(|y| beside(y.to_bits())) } else { DVector::from_iterator(rows.len(), p) };
        let w: Vec<f64> = rows.iter().map(|r| number(r.2).abs()).collect();
        let mut all = scores::<f64>();
        all.push(("msle", 0, |y, p| msle(y, p)));
        all.push(("tweedie 1.5", 0, |y, p| tweedie_deviance(y, p, 1.5)));
        all.push(("tweedie 0", 0, |y, p| tweedie_deviance(y, p, 0.0)));
        all.push(("tweedie 300", 0, |y, p| tweedie_deviance(y, p, 300.0)));
        let share = |name: &str| name.ends_with("r2") || ["explained variance", "d2"].contains(&name);
        // A median error of 0 says that half of the errors are, and a weight of 0 hides an error.
        let strict = |name: &str| name != "median" && !name.starts_with("weighted");
        for (name, _, score) in all {
            match score(&y, &p) {
                Ok(found) if share(name) => prop_assert!(found.is_finite() && found <= 1.0, "{name}: {found}"),
                Ok(found) => {
                    prop_assert!(found.is_finite() && found >= 0.0, "{name}: {found}");
                    prop_assert!(if y == p { found == 0.0 } else { found > 0.0 || !strict(name) }, "{name}: {found}");
                }
                Err(error) => prop_assert!(matches!(error, Error::Undefined { .. }), "{name}: {error}"),
            }
        }
        for found in [weighted_mse(&y, &p, &w), weighted_mae(&y, &p, &w), weighted_r2(&y, &p, &w)] {
            match found {
                Ok(found) => prop_assert!(found.is_finite()),
                Err(error) => prop_assert!(matches!(error, Error::Undefined { .. } | Error::NoWeight), "{error}"),
            }
        }
    }
}

#[test]
fn deviances_that_cancel() {
    let (poisson, gamma): (Score<f64>, Score<f64>) = (|y, p| poisson_deviance(y, p), |y, p| gamma_deviance(y, p));
    let cases = [
        (poisson, 1e8, 1e8 + 1.0, 9.999_999_933_333_334e-9),
        (poisson, 66113.18000000001, 66113.17993388683, 6.611_317_611_642_684e-14),
        (gamma, 1e8, 1e8 + 1.0, 9.999_999_866_666_667e-17),
    ];
    for (score, y, p, truth) in cases {
        let found = score(&dvector![y], &dvector![p]).unwrap();
        assert!((found / truth - 1.0).abs() < 1e-14, "{found:e} {truth:e}");
        assert_eq!(score(&dvector![y], &dvector![y]), Ok(0.0));
    }
    for power in [0.5, 1e-300, f64::NAN, f64::INFINITY, 1e4] {
        assert!(matches!(
            tweedie_deviance(&dvector![1.0], &dvector![1.0], power),
            Err(Error::Config { name: "power", .. })
        ));
    }
    assert_eq!(tweedie_deviance(&dvector![1.0, -2.0], &dvector![2.0, 2.0], 0.0), Ok(8.5));
    let y = DMatrix::from_row_slice(2, 2, &[0.0, 1.0, 2.0, 3.0]);
    let p = DMatrix::from_row_slice(2, 2, &[0.5, 1.5, 2.5, 3.5]);
    assert_eq!(tweedie_deviance(&y, &p, 1.0), poisson_deviance(&y, &p));
}
