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

/// The product of these factors, or as much as can be counted.
pub fn cost(factors: &[usize]) -> usize {
    factors.iter().fold(1, |cost: usize, &factor| cost.saturating_mul(factor))
}

/// Cuts `items` into at most `parts` runs of nearly equal length, in order: (start, end) of run `i`.
pub fn run(items: usize, parts: usize, i: usize) -> (usize, usize) {
    (start(items, parts, i), start(items, parts, i + 1))
}

/// ⌊items · i / parts⌋ for i ≤ parts: where run `i` starts.
pub fn start(items: usize, parts: usize, i: usize) -> usize {
    // The product need not be an address.
    (items as u128 * i as u128 / parts as u128) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_nearly_equal_and_leave_nothing_out() {
        for items in [0, 1, 7, 100, 65_536, usize::MAX / 2, usize::MAX] {
            for parts in [1, 2, 3, 64, 65_537] {
                assert_eq!((start(items, parts, 0), start(items, parts, parts)), (0, items));
                for i in [0, parts / 3, parts - 1] {
                    let (from, to) = run(items, parts, i);
                    assert!(to - from == items / parts || to - from == items.div_ceil(parts), "{items} / {parts}");
                }
            }
        }
    }

    #[test]
    fn no_cost_overflows() {
        assert_eq!((cost(&[2, 3, 5]), cost(&[])), (30, 1));
        assert_eq!(cost(&[usize::MAX, 5, 2]), usize::MAX);
    }
}
