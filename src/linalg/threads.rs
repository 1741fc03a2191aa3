//! The only module that spawns work on threads. How work is cut never depends on how many threads there are, so the bits
//! of a result do not either.

/// Runs `work(i, &mut states[i])` for every i, on rayon's current pool when `cost` (in floating-point operations or
/// bytes, all states together) is worth a fork. Results are to be merged by the caller in the order of the states.
pub fn for_each<S: Send>(states: &mut [S], cost: usize, work: impl Fn(usize, &mut S) + Sync) {
    #[cfg(feature = "parallel")]
    {
        // A fork costs 6 to 20 µs from outside the pool: below some 100 µs of work it does not pay.
        if states.len() > 1 && cost > FORK && rayon::current_num_threads() > 1 {
            fork(states, &work);
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

/// Tasks of one fork at most; more states than that share a task with their neighbours.
#[cfg(feature = "parallel")]
const TASKS: usize = 64;

/// Every task takes its run of states out of a slot of its own, so that rayon's generic code is compiled once, for a plain
/// function of the task's number, and not for every kind of state and work: that was a sixth of all code of a large user.
#[cfg(feature = "parallel")]
fn fork<S: Send>(states: &mut [S], work: &(impl Fn(usize, &mut S) + Sync)) {
    use std::sync::Mutex;
    let (count, tasks) = (states.len(), states.len().min(TASKS));
    let mut rest = states;
    let slots: [Mutex<&mut [S]>; TASKS] = std::array::from_fn(|task| {
        let (start, end) = if task < tasks { run(count, tasks, task) } else { (0, 0) };
        let (own, others) = std::mem::take(&mut rest).split_at_mut(end - start);
        rest = others;
        Mutex::new(own)
    });
    each_task(tasks, &|task| {
        // No slot is locked twice, so none is ever poisoned.
        let Ok(mut own) = slots[task].lock() else { return };
        let (start, _) = run(count, tasks, task);
        own.iter_mut().enumerate().for_each(|(i, state)| work(start + i, state));
    });
}

#[cfg(feature = "parallel")]
fn each_task(tasks: usize, work: &(dyn Fn(usize) + Sync)) {
    use rayon::prelude::*;
    (0..tasks).into_par_iter().with_max_len(1).for_each(work);
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

    #[test]
    fn every_state_is_met_once_by_its_number() {
        for count in [0, 1, 2, 63, 64, 65, 200, 1000] {
            let mut states = vec![0; count];
            for_each(&mut states, usize::MAX, |i, state| *state += i + 1);
            assert!(states.iter().enumerate().all(|(i, &state)| state == i + 1), "{count}");
        }
    }
}
