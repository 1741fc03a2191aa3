//! The only module that spawns work on threads. How work is cut never depends on how many threads there are, so the bits
//! of a result do not either.

/// Runs `work(i, &mut states[i])` for every i, on rayon's current pool when `cost` (in floating-point operations or
/// bytes, all states together) is worth a fork. Results are to be merged by the caller in the order of the states.
pub fn for_each<S: Send>(states: &mut [S], cost: usize, work: impl Fn(usize, &mut S) + Sync) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        // A fork costs 6 to 20 µs from outside the pool: below some 100 µs of work it does not pay.
        if states.len() > 1 && cost > FORK && rayon::current_num_threads() > 1 {
            states.par_iter_mut().enumerate().with_max_len(1).for_each(|(i, state)| work(i, state));
            return;
        }
    }
    let _ = cost;
    states.iter_mut().enumerate().for_each(|(i, state)| work(i, state));
}

#[cfg(feature = "parallel")]
const FORK: usize = 1_000_000;

/// Cuts `items` into at most `parts` runs of nearly equal length, in order: (start, end) of run `i`.
pub fn run(items: usize, parts: usize, i: usize) -> (usize, usize) {
    (items * i / parts, items * (i + 1) / parts)
}
