//! Separation is detected, not guessed, and never seen where there is none.

use crate::files::{self, Table, numbers};
use nalgebra::{DMatrix, DVector};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use residual::{
    Affine, CrossEntropy, Dataset, Error, Fitted, Lbfgs, LogisticRegression, Objective, Predictor, Reason, Regressor,
    Risk, Trainer, Warning,
};

type Model = Fitted<f64, Affine, CrossEntropy>;

struct Draws(ChaCha8Rng);

impl Draws {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// In (−1, 1).
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() / 2.0
    }

    /// In 0..most.
    fn below(&mut self, most: usize) -> usize {
        (self.0.next_u64() % most as u64) as usize
    }

    /// −4 ..= 4.
    fn integer(&mut self) -> f64 {
        self.below(9) as f64 - 4.0
    }
}

fn fit(x: &DMatrix<f64>, y: &DMatrix<f64>) -> Model {
    LogisticRegression::new().fit(&Dataset::new(x, y).unwrap()).unwrap()
}

fn separated(model: &Model) -> Option<(&DMatrix<f64>, &DVector<f64>, bool)> {
    model.report().warnings().iter().find_map(|warning| match warning {
        Warning::Separated { direction, intercept, complete } => Some((direction, intercept, *complete)),
        _ => None,
    })
}

/// Checks what a separated fit promises; returns whether the direction separates by this test's own arithmetic.
fn confirm(model: &Model, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Option<bool> {
    let report = model.report();
    let (direction, intercept, complete) = separated(model)?;
    assert!(!report.converged() && report.reason() == Reason::Unbounded);
    let message = report.ensure_converged().unwrap_err().to_string();
    assert!(message.contains("penalty"), "{message}");
    assert!(model.params().iter().all(|p| p.is_finite()));
    let z = x * direction;
    let (mut some, k) = (false, y.ncols());
    for i in 0..x.nrows() {
        let score = |c: usize| z[(i, c)] + intercept[c];
        let mut margin = |m: f64| {
            assert!(m > -1e-9, "{m}");
            assert!(!complete || m > 0.0);
            some |= m > 1e-9;
        };
        if k == 1 {
            margin(if y[(i, 0)] > 0.5 { score(0) } else { -score(0) });
        } else {
            let own = (0..k).find(|&c| y[(i, c)] == 1.0).unwrap();
            (0..k).filter(|&c| c != own).for_each(|c| margin(score(own) - score(c)));
        }
    }
    assert!(some);
    Some(complete)
}

#[test]
fn no_false_alarm_where_classes_overlap() {
    let mut alarms = 0;
    for seed in 0..1000 {
        let mut draws = Draws::new(seed);
        let (p, k) = (1 + draws.below(6), 1 + 2 * (draws.below(4) / 3));
        let scale: Vec<f64> = (0..p).map(|_| 10f64.powi(draws.below(13) as i32 - 6)).collect();
        let shift: Vec<f64> = (0..p).map(|_| 100.0 * draws.unit()).collect();
        let (x, y) = if seed % 2 == 0 || k > 1 { crossed(&mut draws, p, k) } else { barely(&mut draws, p) };
        let x = DMatrix::from_fn(x.nrows(), p, |i, j| (x[(i, j)] + shift[j]) * scale[j]);
        let model = fit(&x, &y);
        if separated(&model).is_some() {
            println!("false alarm at seed {seed}: {:?}", model.report());
            alarms += 1;
        }
        assert!(model.report().converged(), "{seed}: {:?}", model.report());
    }
    println!("{alarms} false alarms on 1000 overlapping data sets");
    assert_eq!(alarms, 0);
}

/// Random samples by a steep model, and p + 2 of them again with every other class: whoever separates must have margin 0 on
/// those, which span all directions.
fn crossed(draws: &mut Draws, p: usize, k: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let n = 20 + draws.below(100);
    let classes = k.max(2);
    let w: Vec<f64> = (0..p * classes).map(|_| 5.0 * draws.normal()).collect();
    let (mut rows, mut labels): (Vec<Vec<f64>>, Vec<usize>) = (Vec::new(), Vec::new());
    for i in 0..n {
        let x: Vec<f64> = (0..p).map(|_| draws.normal()).collect();
        let score = |c: usize| (0..p).map(|j| w[c * p + j] * x[j]).sum::<f64>();
        let label = (0..classes).max_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap();
        let copies = if i < p + 2 { 0..classes } else { label..label + 1 };
        for label in copies {
            rows.push(x.clone());
            labels.push(label);
        }
    }
    matrices(&rows, &labels, k)
}

/// As few samples as can overlap: the rows ±(1, x) have one positive combination that is zero, and no other.
fn barely(draws: &mut Draws, p: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    loop {
        let (mut rows, mut labels, mut sum) = (Vec::new(), Vec::new(), vec![0.0; p + 1]);
        for _ in 0..p + 1 {
            let x: Vec<f64> = (0..p).map(|_| draws.normal()).collect();
            let (u, label) = (0.2 + draws.unit().abs(), draws.below(2));
            let sign = if label == 1 { u } else { -u };
            sum[p] += sign;
            sum.iter_mut().zip(&x).for_each(|(sum, x)| *sum += sign * x);
            rows.push(x);
            labels.push(label);
        }
        // The last row closes the sum; its sign is that of what is missing in the intercept.
        if sum[p].abs() > 0.1 {
            rows.push((0..p).map(|j| sum[j] / sum[p]).collect());
            labels.push(usize::from(sum[p] < 0.0));
            return matrices(&rows, &labels, 1);
        }
    }
}

fn matrices(rows: &[Vec<f64>], labels: &[usize], k: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let x = DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j]);
    let hit = |i: usize, c: usize| if k == 1 { labels[i] == 1 } else { labels[i] == c };
    let y = DMatrix::from_fn(rows.len(), k, |i, c| f64::from(u8::from(hit(i, c))));
    (x, y)
}

/// Small whole numbers, labels by a plane in whole numbers: margins are exact. Ties go both ways if `quasi`, or are left out.
fn by_a_plane(draws: &mut Draws, quasi: bool) -> Option<(DMatrix<f64>, DMatrix<f64>)> {
    let (p, k) = (1 + draws.below(5), 1 + 2 * (draws.below(4) / 3));
    let classes = k.max(2);
    let w: Vec<f64> = (0..(p + 1) * classes).map(|_| draws.integer()).collect();
    let (mut rows, mut labels, mut ties, mut apart) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..10 + draws.below(80) {
        let x: Vec<f64> = (0..p).map(|_| draws.integer()).collect();
        let score = |c: usize| w[c * (p + 1) + p] + (0..p).map(|j| w[c * (p + 1) + j] * x[j]).sum::<f64>();
        let top = (0..classes).map(score).fold(f64::NEG_INFINITY, f64::max);
        let best: Vec<usize> = (0..classes).filter(|&c| score(c) == top).collect();
        apart += usize::from((0..classes).any(|c| score(c) < top));
        if best.len() > 1 && !quasi {
            continue;
        }
        ties += usize::from(best.len() > 1);
        for label in best {
            rows.push(x.clone());
            labels.push(label);
        }
    }
    let usable = rows.len() > 3 && apart > 0 && (ties > 0) == quasi;
    usable.then(|| {
        let (x, y) = matrices(&rows, &labels, k);
        let scale: Vec<f64> = (0..p).map(|_| 2f64.powi(draws.below(41) as i32 - 20)).collect();
        (DMatrix::from_fn(x.nrows(), p, |i, j| x[(i, j)] * scale[j]), y)
    })
}

#[test]
fn every_separation_is_found() {
    for quasi in [false, true] {
        let (mut cases, mut found, mut seed) = (0, 0, 0);
        while cases < 500 {
            seed += 1;
            let Some((x, y)) = by_a_plane(&mut Draws::new(seed), quasi) else { continue };
            cases += 1;
            let model = fit(&x, &y);
            match confirm(&model, &x, &y) {
                Some(complete) => {
                    found += 1;
                    assert_eq!(complete, !quasi, "{seed}");
                }
                None => println!("missed: seed {seed}, quasi {quasi}: {:?}", model.report()),
            }
        }
        println!("{} separation: {found} of {cases} found", if quasi { "quasi-complete" } else { "complete" });
        assert_eq!(found, cases);
    }
}

#[test]
fn every_solver_says_so() {
    let (x, y) = (0..).find_map(|seed| by_a_plane(&mut Draws::new(seed), false)).unwrap();
    let data = Dataset::new(&x, &y).unwrap();
    let newton = LogisticRegression::new().fit(&data).unwrap();
    let lbfgs = LogisticRegression::new().solver(Lbfgs::default()).fit(&data).unwrap();
    let trainer = LogisticRegression::new().solver(Trainer::gd(0.01).epochs(50)).fit(&data).unwrap();
    for model in [newton, lbfgs, trainer] {
        assert_eq!(confirm(&model, &x, &y), Some(true));
    }
    let penalized = LogisticRegression::new().l2(1e-3).fit(&data).unwrap();
    assert!(penalized.report().converged() && penalized.report().warnings().is_empty());
}

#[test]
fn textbook_cases() {
    let x = DMatrix::from_column_slice(10, 1, &[1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let y = DMatrix::from_fn(10, 1, |i, _| f64::from(u8::from(i > 4)));
    let model = fit(&x, &y);
    assert_eq!(confirm(&model, &x, &y), Some(false));
    let (direction, intercept, _) = separated(&model).unwrap();
    assert!((intercept[0] / direction[0] + 5.0).abs() < 1e-12);
    // The deviance tends to 4 ln 2.
    assert!((20.0 * model.report().value() - 4.0 * 2f64.ln()).abs() < 1e-2);

    let iris = Table::read("iris.csv");
    let (x, y) = (iris.matrix(&["petal_length", "petal_width"]), iris.column("species=setosa"));
    let y = DMatrix::from_vec(150, 1, y);
    assert_eq!(confirm(&fit(&x, &y), &x, &y), Some(true));

    let cancer = Table::read("breast_cancer.csv");
    let x = cancer.matrix(&cancer.names().filter(|name| *name != "diagnosis").collect::<Vec<_>>());
    let y = DMatrix::from_vec(569, 1, cancer.column("diagnosis=malignant"));
    assert_eq!(confirm(&fit(&x, &y), &x, &y), Some(true));
}

#[test]
fn one_class_only_has_no_maximum() {
    let x = DMatrix::from_fn(12, 2, |i, j| ((i * 7 + j * 5) % 11) as f64);
    for class in [0.0, 1.0] {
        let y = DMatrix::from_element(12, 1, class);
        let model = fit(&x, &y);
        assert_eq!(confirm(&model, &x, &y), Some(true));
        let p = model.predict(&x).unwrap();
        assert!(p.iter().all(|p| (p - class).abs() < 1e-3));
    }
    // Softmax with a class that never occurs: its intercept runs to −∞.
    let y = DMatrix::from_fn(12, 3, |i, c| f64::from(u8::from(c == i * i % 2)));
    assert!(confirm(&fit(&x, &y), &x, &y).is_some());
}

#[test]
fn features_that_are_all_equal_have_no_coefficient() {
    let x = DMatrix::from_fn(12, 2, |i, j| if j == 0 { 0.1 } else { i as f64 });
    let y = DMatrix::from_fn(12, 1, |i, _| f64::from(u8::from(i * i % 3 == 1)));
    let model = fit(&x, &y);
    let alone = fit(&x.columns(1, 1).into_owned(), &y);
    assert!(model.report().converged());
    assert_eq!((model.report().rank(), model.coefficients()[0]), (Some(1), 0.0));
    let [Warning::RankDeficient { column: 0, depends_on, constant: 0.1, .. }] = model.report().warnings() else {
        panic!()
    };
    assert!(depends_on.is_empty());
    assert!((model.coefficients()[1] - alone.coefficients()[0]).abs() < 1e-12);
    let constant = DMatrix::from_element(12, 1, 3.0);
    let model = fit(&constant, &y);
    let share = y.sum() / 12.0;
    assert!((model.intercept()[0] - (share / (1.0 - share)).ln()).abs() < 1e-14);
}

/// Where a fit ends far out, every probability is 0 or 1 and the curvature vanishes: that makes no column a combination of
/// others, and the report speaks of the parameters that are returned.
#[test]
fn saturated_scores_say_nothing_about_columns() {
    let mut draws = Draws::new(8);
    for (k, unit) in [(1, 1.0), (3, 1.0), (1, 1e100), (3, 1e100)] {
        let x = DMatrix::from_fn(20, 3, |_, _| draws.normal() * unit);
        let y = DMatrix::from_fn(20, k, |i, c| f64::from(u8::from(if k == 1 { i % 2 == 1 } else { i % k == c })));
        let data = Dataset::new(&x, &y).unwrap();
        let rate = 1e6 / unit;
        for epochs in [1, 5] {
            let model = LogisticRegression::new().solver(Trainer::gd(rate).epochs(epochs)).fit(&data).unwrap();
            let report = model.report();
            assert!(report.rank() != Some(0) && report.warnings().is_empty(), "{k}, {unit:e}: {report:?}");
            let value = Risk::new(&data, model.layer(), model.loss(), 0.0).unwrap().value(model.params());
            assert!((report.value() / value - 1.0).abs() < 1e-12, "{k}, {unit:e}: {value:e} {report:?}");
        }
    }
}

#[test]
fn collinear_features_get_the_shortest_coefficients() {
    let case = files::case("glm.json", "penguins_sex_one_logit");
    let penguins = Table::read("penguins.csv").complete(&["sex", "bill_depth_mm"]);
    let (depth, male) = (penguins.column("bill_depth_mm"), penguins.column("sex=male"));
    let n = male.len();
    let x = DMatrix::from_fn(n, 2, |i, j| if j == 0 { depth[i] } else { depth[i] * 453.592 });
    let y = DMatrix::from_vec(n, 1, male);
    for lbfgs in [false, true] {
        let data = Dataset::new(&x, &y).unwrap();
        let model = LogisticRegression::new();
        let model = if lbfgs { model.solver(Lbfgs::default()).fit(&data) } else { model.fit(&data) }.unwrap();
        let report = model.report();
        assert!(report.converged() && report.rank() == Some(1), "{report:?}");
        let [Warning::RankDeficient { column: 1, depends_on, .. }] = report.warnings() else { panic!("{report:?}") };
        assert!(depends_on.len() == 1 && (depends_on[0].1 - 453.592).abs() < 1e-9);
        // Deviance and coefficient of the first column alone; of b₀ + 453.592 b₁ = β the shortest is β (1, 453.592) / 1 + 453.592².
        let deviance = numbers(&case["deviance"])[0];
        assert!((2.0 * n as f64 * report.value() / deviance - 1.0).abs() < 1e-13);
        let [intercept, beta] = numbers(&case["coef"])[..] else { panic!("two coefficients") };
        let w = model.coefficients();
        let norm = 1.0 + 453.592f64.powi(2);
        assert!(
            (w[0] / (beta / norm) - 1.0).abs() < 1e-8 && (w[1] / (453.592 * beta / norm) - 1.0).abs() < 1e-8,
            "{w}"
        );
        assert!((model.intercept()[0] / intercept - 1.0).abs() < 1e-8);
    }
}

#[test]
fn more_features_than_samples_separate_or_share_the_weight() {
    let mut draws = Draws::new(3);
    let x = DMatrix::from_fn(8, 20, |_, _| draws.normal());
    let y = DMatrix::from_fn(8, 1, |i, _| f64::from(u8::from(i % 3 == 0)));
    assert_eq!(confirm(&fit(&x, &y), &x, &y), Some(true));
    // Shares instead of classes: scores are determined, and of the coefficients the shortest are returned.
    let y = DMatrix::from_fn(8, 1, |i, _| 0.1 + 0.1 * i as f64);
    let model = fit(&x, &y);
    assert!(model.report().converged() && model.report().rank() == Some(7), "{:?}", model.report());
    assert!((model.predict(&x).unwrap() - &y).amax() < 1e-12);
    // The shortest W is a combination of the centred rows.
    let centred = DMatrix::from_fn(8, 20, |i, j| x[(i, j)] - x.column(j).mean());
    let w = model.coefficients();
    let u = centred.transpose().svd(true, true).solve(&w, 1e-10).unwrap();
    assert!((centred.transpose() * u - &w).amax() < 1e-10 * w.amax());
}

#[test]
fn rows_of_weight_zero_neither_separate_nor_overlap() {
    let x = DMatrix::from_column_slice(6, 1, &[1.0, 2.0, 3.0, 4.0, 5.0, 0.0]);
    let y = DMatrix::from_column_slice(6, 1, &[0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    assert!(separated(&fit(&x, &y)).is_none());
    let weights = [1.0, 2.0, 1.0, 1.0, 1.0, 0.0];
    let data = Dataset::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let model = LogisticRegression::new().fit(&data).unwrap();
    assert!(separated(&model).is_some_and(|(_, _, complete)| complete));
    assert!(matches!(model.report().ensure_converged(), Err(Error::NotConverged { reason: Reason::Unbounded, .. })));
}

/// A combination is told in the user's names and units, the constant included.
#[test]
fn warnings_speak_of_names_and_of_the_constant() {
    let sex: Vec<f64> = (0..24).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let x = DMatrix::from_fn(24, 4, |i, j| match j {
        0 => 150.0 + ((i * 7) % 11) as f64,
        1 => sex[i],
        2 => 1.0 - sex[i],
        _ => 0.5 * (150.0 + ((i * 7) % 11) as f64) + 20.0 * sex[i] - 7.0,
    });
    let y = DMatrix::from_fn(24, 1, |i, _| f64::from(u8::from((i * i) % 5 < 2)));
    let data = Dataset::new(&x, &y).unwrap().with_names(["cm", "sex[f]", "sex[m]", "index"]).unwrap();
    let model = LogisticRegression::new().fit(&data).unwrap();
    let texts: Vec<String> = model.report().warnings().iter().map(Warning::to_string).collect();
    assert_eq!(texts, ["feature `sex[m]` equals 1 - `sex[f]`", "feature `index` equals -7 + 0.5·`cm` + 20·`sex[f]`"]);
    let unnamed = fit(&x, &y);
    assert_eq!(unnamed.report().warnings()[0].to_string(), "feature 2 is a combination of others: -1.0000·x1 +1.0000");
}
