//! The loops over parameters that the rules share, compiled for the widest vectors of the processor.

use crate::Real;
use crate::real::{Loops, vectorize};

/// g ← direction(a, g) for each parameter, a its memory.
pub(super) fn turn<T: Real>(a: &mut [T], grad: &mut [T], direction: impl Fn(&mut T, T) -> T) {
    vectorize(
        #[inline(always)]
        || a.iter_mut().zip(grad).for_each(|(a, g)| *g = direction(a, *g)),
    );
}

/// θ −= rate · direction(a, g): each number is read and written once.
pub(super) fn step<T: Real>(theta: &mut [T], a: &mut [T], grad: &[T], rate: T, direction: impl Fn(&mut T, T) -> T) {
    vectorize(
        #[inline(always)]
        || theta.iter_mut().zip(a).zip(grad).for_each(|((theta, a), &g)| *theta -= rate * direction(a, g)),
    );
}

/// [`turn`] with two memories.
pub(super) fn turn_two<T: Real>(
    (a, b): (&mut [T], &mut [T]),
    grad: &mut [T],
    direction: impl Fn(&mut T, &mut T, T) -> T,
) {
    vectorize(
        #[inline(always)]
        || a.iter_mut().zip(b).zip(grad).for_each(|((a, b), g)| *g = direction(a, b, *g)),
    );
}

/// [`step`] with two memories.
pub(super) fn step_two<T: Real>(
    theta: &mut [T],
    (a, b): (&mut [T], &mut [T]),
    grad: &[T],
    rate: T,
    direction: impl Fn(&mut T, &mut T, T) -> T,
) {
    vectorize(
        #[inline(always)]
        || {
            let all = theta.iter_mut().zip(a).zip(b).zip(grad);
            all.for_each(|(((theta, a), b), &g)| *theta -= rate * direction(a, b, g));
        },
    );
}

/// What a rule with a mean of squares does with one coordinate, N numbers its memory.
///
/// Methods are `#[inline(always)]`, or the wider instructions do not reach them.
pub(super) trait Coordinate<T: Real, const N: usize> {
    /// Whether the squares of the gradient and of the memory are in range.
    fn is_plain(&self, memory: [T; N], g: T) -> bool;

    /// Takes g into the memory and returns the direction; `PLAIN` says that [`is_plain`](Self::is_plain) holds.
    fn advance<const PLAIN: bool>(&self, memory: [&mut T; N], g: T) -> T;
}

/// How many parameters are taken together: a second look at them finds them in the nearest cache.
const RUN: usize = 64;

/// [`turn`] by a rule with a mean of squares.
pub(super) fn turn_adaptive<T: Real, const N: usize>(
    mut memory: [&mut [T]; N],
    grad: &mut [T],
    rule: impl Coordinate<T, N>,
) {
    vectorize(Loops(
        #[inline(always)]
        || {
            for (run, grad) in grad.chunks_mut(RUN).enumerate() {
                let d = directions(&mut memory, run * RUN, grad, &rule);
                grad.copy_from_slice(&d[..grad.len()]);
            }
        },
    ));
}

/// [`step`] by a rule with a mean of squares.
pub(super) fn step_adaptive<T: Real, const N: usize>(
    theta: &mut [T],
    mut memory: [&mut [T]; N],
    grad: &[T],
    rate: T,
    rule: impl Coordinate<T, N>,
) {
    vectorize(Loops(
        #[inline(always)]
        || {
            for (run, (theta, grad)) in theta.chunks_mut(RUN).zip(grad.chunks(RUN)).enumerate() {
                let d = directions(&mut memory, run * RUN, grad, &rule);
                theta.iter_mut().zip(&d).for_each(|(theta, &d)| *theta -= rate * d);
            }
        },
    ));
}

/// The directions of the coordinates from `from` on. Nearly always all of them have plain squares, and one loop without a
/// branch serves; where one has not, each is asked, so that a coordinate does not depend on its neighbours.
#[inline(always)]
fn directions<T: Real, const N: usize>(
    memory: &mut [&mut [T]; N],
    from: usize,
    grad: &[T],
    rule: &impl Coordinate<T, N>,
) -> [T; RUN] {
    let mut d = [T::zero(); RUN];
    let mut memory = memory.each_mut().map(
        #[inline(always)]
        |memory| &mut memory[from..from + grad.len()],
    );
    let mut plain = true;
    for i in 0..grad.len() {
        plain &= rule.is_plain(at(&memory, i), grad[i]);
    }
    let each = d.iter_mut().zip(grad).enumerate();
    if plain {
        each.for_each(|(i, (d, &g))| *d = rule.advance::<true>(at_mut(&mut memory, i), g));
    } else {
        each.for_each(|(i, (d, &g))| {
            *d = match rule.is_plain(at(&memory, i), g) {
                true => rule.advance::<true>(at_mut(&mut memory, i), g),
                false => rule.advance::<false>(at_mut(&mut memory, i), g),
            }
        });
    }
    d
}

/// The numbers of coordinate i.
#[inline(always)]
fn at<T: Real, const N: usize>(memory: &[&mut [T]; N], i: usize) -> [T; N] {
    std::array::from_fn(
        #[inline(always)]
        |k| memory[k][i],
    )
}

#[inline(always)]
fn at_mut<'m, T: Real, const N: usize>(memory: &'m mut [&mut [T]; N], i: usize) -> [&'m mut T; N] {
    memory.each_mut().map(
        #[inline(always)]
        |memory| &mut memory[i],
    )
}
