//! The mean of squares that the adaptive rules divide by, for gradients of any size.

use crate::Real;
use crate::real::finite_or_nan;

/// How s ← b s + c g² is taken, and √s.
///
/// s is kept as it is as long as squares have all their digits, which is nearly always. Where g² would overflow (in f64 beyond
/// 10¹⁵⁴, in f32 beyond 10¹⁹), or vanish beside a tiny ε, it is kept as −√s, and the mean is taken of the roots. The sign
/// tells the two forms apart; each coordinate changes between them as its gradients do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Squares<T> {
    keep: T,
    add: T,
    /// √b and √c.
    roots: [T; 2],
    /// |g| whose squares are taken, unless g is 0.
    least: T,
    most: T,
    /// √s that is kept as s.
    low: T,
    /// The largest s that another square can be added to.
    limit: T,
}

/// The smallest normal number of a type, and the largest.
pub(super) fn range<T: Real>() -> [f64; 2] {
    let largest = T::max_value().map_or(f64::MAX, |largest| largest.to_f64());
    [4.0 / largest, largest]
}

/// Whether any of these means may be kept as a root, or be too large for another square, for any rule.
pub(super) fn are_rooted<T: Real>(s: &[T]) -> bool {
    !Squares::<T>::new(1.0, 1.0, 1.0).are_kept(s)
}

/// Comparisons under way at a time.
const LANES: usize = 32;

/// Whether none of the numbers is so: counted in T, which stays in the registers that the numbers are compared in.
#[inline(always)]
fn none<T: Real>(numbers: &[T], so: impl Fn(T) -> bool) -> bool {
    let mut counts = [T::zero(); LANES];
    let (chunks, rest) = numbers.as_chunks::<LANES>();
    for x in chunks {
        for l in 0..LANES {
            counts[l] += if so(x[l]) { T::one() } else { T::zero() };
        }
    }
    for half in [16, 8, 4, 2, 1] {
        for l in 0..half {
            counts[l] += counts[l + half];
        }
    }
    counts[0] == T::zero() && !rest.iter().any(|&x| so(x))
}

impl<T: Real> Squares<T> {
    /// For b, c and what is added to √s.
    pub fn new(keep: f64, add: f64, epsilon: f64) -> Self {
        let ([normal, largest], unit) = (range::<T>(), T::default_epsilon().to_f64());
        // What a lost square takes from √s is below the last digit of an ε above this.
        let covered = (normal * unit).sqrt() / unit;
        let low = if epsilon < covered { 2.0 * normal.sqrt() } else { 0.0 };
        Self {
            keep: T::of(keep),
            add: T::of(add),
            roots: [T::of(keep.sqrt()), T::of(add.sqrt())],
            least: T::of(low / add.sqrt()),
            most: T::of(largest.sqrt() / 2.0),
            low: T::of(low),
            limit: T::of(largest / 4.0),
        }
    }

    /// The same, but for gradients below `least` by the roots, too.
    pub fn from(self, least: f64) -> Self {
        let least = T::of(least);
        Self { least: if least > self.least { least } else { self.least }, ..self }
    }

    /// Whether the square of g can be taken as such; NaN is as good as any.
    #[inline(always)]
    pub fn has_plain(&self, g: T) -> bool {
        let size = g.abs();
        !(size > self.most || size < self.least && size > T::zero())
    }

    /// [`has_plain`](Self::has_plain) for all of them.
    #[inline(always)]
    pub fn have_plain(&self, g: &[T]) -> bool {
        if self.least > T::zero() {
            return g.iter().all(|&g| self.has_plain(g));
        }
        none(
            g,
            #[inline(always)]
            |g| g.abs() > self.most,
        )
    }

    /// Whether s is kept as a mean of squares that another can be added to, not as a root; NaN is as good as any.
    #[inline(always)]
    pub fn is_kept(&self, s: T) -> bool {
        !(s < T::zero() || s > self.limit)
    }

    /// [`is_kept`](Self::is_kept) for all of them.
    #[inline(always)]
    pub fn are_kept(&self, s: &[T]) -> bool {
        none(
            s,
            #[inline(always)]
            |s| (s < T::zero()) | (s > self.limit),
        )
    }

    /// s ← b s + c g²; returns √s. `PLAIN` where g [has a plain square](Self::has_plain) and
    /// s [is kept](Self::is_kept) as one.
    #[inline(always)]
    pub fn advance<const PLAIN: bool>(&self, s: &mut T, g: T) -> T {
        if PLAIN {
            *s = self.keep * *s + self.add * g * g;
            return s.sqrt();
        }
        let root = (self.roots[0] * self.root(*s)).hypot(self.roots[1] * g);
        *s = self.kept(root);
        // Infinite: the state is lost, and must not look like one that divides everything to 0.
        finite_or_nan(root)
    }

    /// √s from either form.
    pub fn root(&self, s: T) -> T {
        if s < T::zero() { -s } else { s.sqrt() }
    }

    /// s from √s, in its form.
    pub fn kept(&self, root: T) -> T {
        if root >= self.low && root <= self.most { root * root } else { -root }
    }
}

/// Numbers of the size of √s over `root`, and what is left of it: a direction, which does not depend on their common size,
/// is then taken of numbers near 1. Nothing where the squares are plain.
#[inline(always)]
pub(super) fn leveled<T: Real, const N: usize, const PLAIN: bool>(numbers: [T; N], root: T) -> ([T; N], T) {
    if PLAIN { (numbers, root) } else { (numbers.map(|x| x / root), T::one()) }
}
