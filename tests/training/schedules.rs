//! Schedules against reference values, and numbers and closures as schedules.

use crate::files::{json, numbers};
use residual::Schedule;
use residual::optim::schedule::{Cosine, Exponential, Staircase};

#[test]
fn schedules_equal_the_reference() {
    let reference = json("optimizers.json");
    let cases = reference["schedules_lr0_0.1"].as_array().expect("cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let field = |name: &str| case[name].as_f64().expect("a number");
        let schedule: Box<dyn Schedule> = match case["schedule"].as_str() {
            Some("step") => {
                Box::new(Staircase::new(0.1, field("step_size") as usize, field("gamma")).expect("a schedule"))
            }
            Some("exponential") => Box::new(Exponential::new(0.1, field("gamma")).expect("a schedule")),
            Some("cosine") => {
                Box::new(Cosine::new(0.1, field("t_max") as usize, field("eta_min")).expect("a schedule"))
            }
            other => panic!("no schedule {other:?}"),
        };
        for (step, rate) in numbers(&case["lr"]).into_iter().enumerate() {
            assert!((schedule.rate(step) - rate).abs() < 1e-14 * rate, "{case:?} at {step}");
        }
    }
}

/// PyTorch's OneCycleLR(max_lr = 0.1, total_steps = 10) from its formula: cosine from 0.004 to 0.1 over 2 steps, then to
/// 4e-7 over 7.
#[test]
fn one_cycle_is_two_half_waves() {
    let cycle = residual::optim::schedule::OneCycle::new(0.1, 10).expect("a schedule");
    let wave = |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share).cos());
    for k in 0..10 {
        let expected = if k <= 2 { wave(0.004, 0.1, k as f64 / 2.0) } else { wave(0.1, 4e-7, (k as f64 - 2.0) / 7.0) };
        assert!((cycle.rate(k) - expected).abs() < 1e-15, "{k}");
    }
}
