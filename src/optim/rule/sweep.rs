//! The loops over parameters that the rules share, compiled for the widest vectors of the processor.

use super::squares::Squares;
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

/// What a rule with a mean of squares does with one coordinate, N numbers its memory.
///
/// Methods are `#[inline(always)]`, or the wider instructions do not reach them.
pub(super) trait Coordinate<T: Real, const N: usize> {
    /// Which numbers of the memory are means of squares.
    const MEANS: [bool; N];

    /// Whether they are sums, which grow without new gradients being large.
    const GROWS: bool = false;

    /// The bounds of plain squares.
    fn squares(&self) -> &Squares<T>;

    /// Takes g into the memory and returns the direction; `PLAIN` where g [has a plain square](Squares::has_plain) and the
    /// means [are kept](Squares::is_kept) as such.
    fn advance<const PLAIN: bool>(&self, memory: [&mut T; N], g: T) -> T;
}

/// [`turn`] by a rule with a mean of squares; `rooted` says whether any mean is not kept as such.
pub(super) fn turn_adaptive<T: Real, const N: usize>(
    memory: [&mut [T]; N],
    rooted: &mut bool,
    grad: &mut [T],
    rule: impl Coordinate<T, N>,
) {
    let before = std::mem::take(rooted);
    let runs = grad.len().div_ceil(RUN);
    vectorize(
        #[inline(always)]
        || {
            let (mut memory, mut grad) = (memory.map(Runs::new), Runs::new(grad));
            for i in 0..runs {
                let memory = memory.each_mut().map(
                    #[inline(always)]
                    |memory| memory.get(i),
                );
                let to = grad.get(i);
                let g = *to;
                *rooted |= run(memory, &g, &rule, before, |j, d| to[j] = d);
            }
            grad.finish();
            memory.into_iter().for_each(Runs::finish);
        },
    );
}

/// [`step`] by a rule with a mean of squares.
pub(super) fn step_adaptive<T: Real, const N: usize>(
    theta: &mut [T],
    memory: [&mut [T]; N],
    rooted: &mut bool,
    (grad, rate): (&mut [T], T),
    rule: impl Coordinate<T, N>,
) {
    let before = std::mem::take(rooted);
    let runs = theta.len().div_ceil(RUN);
    vectorize(
        #[inline(always)]
        || {
            let (mut theta, mut memory, mut grad) = (Runs::new(theta), memory.map(Runs::new), Runs::new(grad));
            for i in 0..runs {
                let memory = memory.each_mut().map(
                    #[inline(always)]
                    |memory| memory.get(i),
                );
                let (theta, grad) = (theta.get(i), grad.get(i));
                // The compiler compares the addresses of few arrays only, to see whether they lie apart: a copy does.
                let copy = *grad;
                let g = if N > 2 { &copy } else { &*grad };
                *rooted |= run(memory, g, &rule, before, |j, d| theta[j] -= rate * d);
            }
            theta.finish();
            memory.into_iter().for_each(Runs::finish);
        },
    );
}

/// How many parameters are taken together: a second look at them finds them in the nearest cache.
const RUN: usize = 128;

/// Numbers in runs of a length that the compiler knows; the last one, which may be shorter, is a copy filled up with zeros.
struct Runs<'s, T> {
    whole: &'s mut [[T; RUN]],
    rest: &'s mut [T],
    last: [T; RUN],
}

impl<'s, T: Real> Runs<'s, T> {
    #[inline(always)]
    fn new(numbers: &'s mut [T]) -> Self {
        let (whole, rest) = numbers.as_chunks_mut();
        let mut last = [T::zero(); RUN];
        last[..rest.len()].copy_from_slice(rest);
        Self { whole, rest, last }
    }

    #[inline(always)]
    fn get(&mut self, run: usize) -> &mut [T; RUN] {
        self.whole.get_mut(run).unwrap_or(&mut self.last)
    }

    /// Writes the last run back.
    #[inline(always)]
    fn finish(self) {
        self.rest.copy_from_slice(&self.last[..self.rest.len()]);
    }
}

/// Gives `to` the directions of one run of coordinates. Nearly always all of them have plain squares, and one loop without a
/// branch serves; where one has not, each is asked, so that a coordinate does not depend on its neighbours. `before` says
/// whether any mean of the whole memory was not kept as such; returns whether one of these is not now.
#[inline(always)]
fn run<T: Real, R: Coordinate<T, N>, const N: usize>(
    mut memory: [&mut [T; RUN]; N],
    g: &[T; RUN],
    rule: &R,
    before: bool,
    mut to: impl FnMut(usize, T),
) -> bool {
    let plain = rule.squares().have_plain(g) && !(before && are_rooted(&memory, rule));
    if plain {
        for j in 0..RUN {
            to(j, rule.advance::<true>(at(&mut memory, j), g[j]));
        }
    } else {
        for j in 0..RUN {
            let mut plain = rule.squares().has_plain(g[j]);
            for k in 0..N {
                plain &= !R::MEANS[k] || rule.squares().is_kept(memory[k][j]);
            }
            let memory = at(&mut memory, j);
            to(j, if plain { rule.advance::<true>(memory, g[j]) } else { rule.advance::<false>(memory, g[j]) });
        }
    }
    (before || !plain || R::GROWS) && are_rooted(&memory, rule)
}

/// Whether any mean of squares is not kept as such.
#[inline(always)]
fn are_rooted<T: Real, R: Coordinate<T, N>, const N: usize>(memory: &[&mut [T; RUN]; N], rule: &R) -> bool {
    // Loops, here and below: a closure that is not inlined needs the addresses in memory, and nothing becomes vector code.
    let mut rooted = false;
    for k in 0..N {
        rooted |= R::MEANS[k] && !rule.squares().are_kept(&memory[k][..]);
    }
    rooted
}

/// The numbers of coordinate j.
#[inline(always)]
fn at<'m, T: Real, const N: usize>(memory: &'m mut [&mut [T; RUN]; N], j: usize) -> [&'m mut T; N] {
    memory.each_mut().map(
        #[inline(always)]
        |memory| &mut memory[j],
    )
}
