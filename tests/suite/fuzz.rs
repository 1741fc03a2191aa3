//! Drawn inputs, for a moment or for hours.
//!
//! `cargo test` draws a fixed number of cases from a fixed seed. With `RESIDUAL_FUZZ_SECONDS=3600` every target that goes
//! through [`fuzz`] draws others for that long, from a seed that is printed with a failure and that `RESIDUAL_FUZZ_SEED`
//! sets: `RESIDUAL_FUZZ_SECONDS=3600 cargo test --release --test suite floats -- --nocapture`.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

fn run<S: Strategy>(
    seed: u64,
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> TestCaseResult,
) -> Result<(), String> {
    let config = Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).map_err(|failure| failure.to_string())
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}")))
}

/// Tests `cases` drawn values; or, where `RESIDUAL_FUZZ_SECONDS` is set, as many as go into that time.
pub fn fuzz<S: Strategy>(name: &str, cases: u32, strategy: &S, test: impl Fn(S::Value) -> TestCaseResult) {
    let Some(seconds) = variable("RESIDUAL_FUZZ_SECONDS") else {
        return run(20_261, cases, strategy, test).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    };
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let first = variable("RESIDUAL_FUZZ_SEED").unwrap_or_else(clock);
    let (start, mut rounds) = (Instant::now(), 0);
    while rounds == 0 || start.elapsed().as_secs() < seconds {
        let seed = first.wrapping_add(rounds);
        if let Err(failure) = run(seed, cases, strategy, &test) {
            panic!("{name}, RESIDUAL_FUZZ_SEED={seed}: {failure}");
        }
        rounds += 1;
    }
    println!("{name}: {} cases in {} s", rounds * u64::from(cases), start.elapsed().as_secs());
}

/// A fault in one case of a hundred is found.
#[test]
fn a_fault_is_found() {
    let test = |x: u32| {
        prop_assert!(x % 100 != 7);
        Ok(())
    };
    let found = run(1, 2000, &any::<u32>(), test);
    assert!(found.is_err_and(|text| text.contains("x % 100")));
}
