//! A strip of A side by side, as the tiles read it.

use super::Strided;
use crate::Real;
use crate::real::Lanes;
use pulp::Simd;

/// Room for a strip of A, some 100 inner indices of two registers: it stays in the first-level cache. The sums of the next
/// strip go on where the last ones stopped.
#[repr(align(64))]
pub(super) struct Strip<T>(pub [T; 2048]);

impl<T: Real> Strip<T> {
    #[inline(always)]
    pub fn new() -> Self {
        Self([T::zero(); 2048])
    }
}

/// Copies `tall` rows of A, or of −A, side by side, two registers a column; the missing rows are not used.
#[inline(always)]
pub(super) fn pack<'p, S: Simd, T: Lanes>(
    simd: S,
    tall: usize,
    depth: usize,
    negative: bool,
    a: Strided<&[T]>,
    strip: &'p mut Strip<T>,
) -> Strided<&'p [T]> {
    let step = 2 * T::lanes(simd);
    let strip = &mut strip.0[..depth * step];
    if a.down == 1 {
        // Rows beyond `tall` are not used: what follows in memory will do for them, as long as something follows.
        let whole = a.data.len().checked_sub(step).map_or(0, |last| (last / a.right.max(1) + 1).min(depth));
        let to = T::split_mut(simd, &mut *strip).0;
        for (t, to) in to.chunks_exact_mut(2).take(whole).enumerate() {
            let from = T::split(simd, &a.data[t * a.right..][..step]).0;
            to[0] = from[0];
            to[1] = from[1];
        }
        for (t, to) in strip.chunks_exact_mut(step).enumerate().skip(whole) {
            to[..tall].copy_from_slice(&a.data[t * a.right..][..tall]);
            to[tall..].fill(T::zero());
        }
    } else {
        turned(simd, tall, depth, a, strip);
    }
    if negative {
        strip.iter_mut().for_each(|x| *x = -*x);
    }
    Strided { data: strip, down: 1, right: step }
}

/// Copies `tall` rows of A, each of which lies together, side by side; the missing rows become 0.
#[inline(always)]
fn turned<S: Simd, T: Lanes>(simd: S, tall: usize, depth: usize, a: Strided<&[T]>, strip: &mut [T]) {
    let (lanes, step) = (T::lanes(simd), 2 * T::lanes(simd));
    if tall < step {
        strip.fill(T::zero());
    }
    let (fours, whole) = (tall - tall % 4, depth - depth % lanes);
    // In which order the columns of four turned rows come, asked of the numbers 0, 1, 2, ...
    let (mut numbers, mut turned) = ([T::zero(); 16], [T::zero(); 64]);
    (1..lanes).for_each(|t| numbers[t] = numbers[t - 1] + T::one());
    let numbers = T::split(simd, &numbers).0[0];
    T::split_mut(simd, &mut turned).0[..4].copy_from_slice(&T::turn(simd, [numbers; 4]));
    let mut order = [0; 16];
    (0..lanes).for_each(|c| order[c] = turned[4 * c].to_f64() as usize);
    for r in (0..fours).step_by(4) {
        let mut rows = [a.data; 4];
        for q in 0..4 {
            rows[q] = &a.data[(r + q) * a.down..][..depth];
        }
        for t in (0..whole).step_by(lanes) {
            // Not the array above, or the compiler would take both apart number by number.
            let mut turned = [T::zero(); 64];
            let mut registers = [numbers; 4];
            for q in 0..4 {
                registers[q] = T::split(simd, &rows[q][t..t + lanes]).0[0];
            }
            T::split_mut(simd, &mut turned).0[..4].copy_from_slice(&T::turn(simd, registers));
            let to = &mut strip[t * step..(t + lanes) * step];
            for (column, c) in turned.as_chunks::<4>().0[..lanes].iter().zip(order) {
                to[c * step + r..][..4].copy_from_slice(column);
            }
        }
    }
    for r in 0..tall {
        for t in if r < fours { whole } else { 0 }..depth {
            strip[t * step + r] = a.data[r * a.down + t];
        }
    }
}
