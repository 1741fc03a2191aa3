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

    /// Whether the mean of s and g² can be taken as such.
    #[inline(always)]
    pub fn are_plain(&self, s: T, g: T) -> bool {
        let size = g.abs();
        self.is_plain(s) & (size <= self.most) & ((size >= self.least) | (size == T::zero()))
    }

    /// Whether s is a mean of squares, not a root.
    #[inline(always)]
    pub fn is_plain(&self, s: T) -> bool {
        (s >= T::zero()) & (s <= self.limit)
    }

    /// s ← b s + c g²; returns √s. `PLAIN` says that [`are_plain`](Self::are_plain) holds.
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
