//! The loops over parameters that the rules share, compiled for the widest vectors of the processor.

use crate::Real;
use crate::real::vectorize;

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
