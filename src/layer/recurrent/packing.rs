//! Sequences of different lengths, packed: step by step, the sequences that are still running side by side, the longest
//! first. So every step is one matrix without holes, and what lies behind a sequence's end is never read.

use crate::Real;

/// Where everything lies.
#[derive(Debug, Default)]
pub(super) struct Packing {
    /// The sample that stands in column c of every step.
    order: Vec<usize>,
    /// The length of the sequence in column c.
    lengths: Vec<usize>,
    /// How many sequences run at step t; one more entry, 0, behind the last step.
    running: Vec<usize>,
    /// How many columns come before step t.
    starts: Vec<usize>,
}

impl Packing {
    /// Sorts `samples` sequences by their length (1..=steps), longest first and else in order.
    pub fn sort(&mut self, samples: usize, steps: usize, length: impl Fn(usize) -> usize) {
        self.running.clear();
        self.running.resize(steps + 1, 0);
        for i in 0..samples {
            self.running[length(i) - 1] += 1;
        }
        for t in (0..steps).rev() {
            self.running[t] += self.running[t + 1];
        }
        // Those of length l follow the ones that run at step l.
        self.starts.clear();
        self.starts.extend_from_slice(&self.running);
        self.order.resize(samples, 0);
        self.lengths.resize(samples, 0);
        for i in 0..samples {
            let l = length(i);
            let place = &mut self.starts[l];
            (self.order[*place], self.lengths[*place]) = (i, l);
            *place += 1;
        }
        let mut before = 0;
        for (start, &running) in self.starts.iter_mut().zip(&self.running) {
            (*start, before) = (before, before + running);
        }
    }

    /// How many steps the longest sequence has.
    pub fn steps(&self) -> usize {
        self.lengths.first().copied().unwrap_or(0)
    }

    /// How many sequences run at step t.
    pub fn running(&self, t: usize) -> usize {
        self.running[t]
    }

    /// How many columns there are in all.
    pub fn len(&self) -> usize {
        self.starts[self.steps()]
    }

    /// Where step t lies in a packed array of `height` numbers a column.
    pub fn range(&self, t: usize, height: usize) -> std::ops::Range<usize> {
        self.starts[t] * height..(self.starts[t] + self.running[t]) * height
    }

    /// Sample and length of the sequence in each column of a step.
    pub fn columns(&self) -> impl Iterator<Item = (usize, usize)> {
        self.order.iter().copied().zip(self.lengths.iter().copied())
    }

    /// Copies the steps of all sequences, which start `lead` numbers into columns of `inputs` numbers, into `packed`.
    pub fn pack<T: Real>(&self, x: &[T], inputs: usize, lead: usize, packed: &mut [T], features: usize) {
        for (c, (i, length)) in self.columns().enumerate() {
            let x = &x[i * inputs + lead..(i + 1) * inputs];
            for (t, x) in x.chunks_exact(features).enumerate().take(length) {
                packed[(self.starts[t] + c) * features..][..features].copy_from_slice(x);
            }
        }
    }

    /// The way back; whatever is no step of a sequence becomes 0.
    pub fn unpack<T: Real>(&self, packed: &[T], x: &mut [T], inputs: usize, lead: usize, features: usize) {
        for (c, (i, length)) in self.columns().enumerate() {
            let x = &mut x[i * inputs..(i + 1) * inputs];
            x[..lead].fill(T::zero());
            x[lead + length * features..].fill(T::zero());
            for (t, x) in x[lead..].chunks_exact_mut(features).enumerate().take(length) {
                x.copy_from_slice(&packed[(self.starts[t] + c) * features..][..features]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_first_and_back() {
        let lengths = [2, 4, 1, 4, 2];
        let mut packing = Packing::default();
        packing.sort(5, 6, |i| lengths[i]);
        assert_eq!(packing.columns().collect::<Vec<_>>(), [(1, 4), (3, 4), (0, 2), (4, 2), (2, 1)]);
        assert_eq!((packing.steps(), packing.len()), (4, 13));
        assert_eq!((0..4).map(|t| packing.running(t)).collect::<Vec<_>>(), [5, 4, 2, 2]);
        assert_eq!(packing.range(1, 3), 15..27);
        // One leading number, six steps of two features.
        let x: Vec<f64> = (0..65).map(f64::from).collect();
        let mut packed = vec![0.0; 26];
        packing.pack(&x, 13, 1, &mut packed, 2);
        assert_eq!(packed[..4], [14.0, 15.0, 40.0, 41.0]);
        let mut back = vec![-1.0; 65];
        packing.unpack(&packed, &mut back, 13, 1, 2);
        for (at, &value) in back.iter().enumerate() {
            let (i, row) = (at / 13, at % 13);
            let inside = row >= 1 && row < 1 + 2 * lengths[i];
            assert_eq!(value, if inside { x[at] } else { 0.0 });
        }
    }
}
