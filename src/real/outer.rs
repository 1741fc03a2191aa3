//! C = A B: the product of the layers and of the factorizations. Works across the rows of C; every entry of C is one chain
//! of additions in the order of the inner index, whatever else is computed with it, so that a sample's scores do not
//! depend on its batch.

mod pack;
mod tile;

use super::{Lanes, Real};
use pack::{Strip, pack};
use pulp::{Simd, WithSimd};
use tile::{Place, tile};

/// What becomes of C's former values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// C = A B.
    Set,
    /// C += A B.
    Add,
    /// C −= A B.
    Sub,
}

/// A matrix in a slice: entry (i, j) at `i * down + j * right`.
#[derive(Debug, Clone, Copy)]
pub struct Strided<S> {
    /// The slice.
    pub data: S,
    /// From one row to the next.
    pub down: usize,
    /// From one column to the next.
    pub right: usize,
}

impl<S> Strided<S> {
    /// The transpose.
    #[must_use]
    pub fn flipped(self) -> Self {
        Self { data: self.data, down: self.right, right: self.down }
    }
}

/// C = A B, or C ± A B, A m×k, B k×n, C m×n; A and B have one stride that is 1.
#[derive(Debug)]
pub struct Outer<'a, T> {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Columns of B and C.
    pub n: usize,
    /// A.
    pub a: Strided<&'a [T]>,
    /// B.
    pub b: Strided<&'a [T]>,
    /// C.
    pub c: Strided<&'a mut [T]>,
    /// What becomes of C's former values.
    pub into: Into,
}

impl<T: Real> Outer<'_, T> {
    /// The definition, column by column of C, for scalars without vector registers.
    pub(crate) fn plain(self) {
        let (a, b, c) = (self.a, self.b, self.c);
        for j in 0..self.n {
            for i in 0..if self.into == Into::Set { self.m } else { 0 } {
                c.data[i * c.down + j * c.right] = T::zero();
            }
            for t in 0..self.k {
                let b = b.data[t * b.down + j * b.right];
                let b = if self.into == Into::Sub { -b } else { b };
                for i in 0..self.m {
                    c.data[i * c.down + j * c.right] += a.data[i * a.down + t * a.right] * b;
                }
            }
        }
    }
}

impl<T: Lanes> WithSimd for Outer<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::IS_SCALAR {
            return self.plain();
        }
        debug_assert!((self.a.down == 1 || self.a.right == 1) && (self.b.down == 1 || self.b.right == 1));
        product::<S, T>(simd, self);
    }
}

#[inline(always)]
fn product<S: Simd, T: Lanes>(simd: S, mut it: Outer<'_, T>) {
    if it.k == 0 && it.into == Into::Set {
        (0..it.n).for_each(|j| (0..it.m).for_each(|i| it.c.data[i * it.c.down + j * it.c.right] = T::zero()));
    }
    let (step, sub) = (2 * T::lanes(simd), it.into == Into::Sub);
    let mut done = 0;
    if it.a.down == 1 && !sub {
        done = if it.n < 4 { few_columns(simd, &mut it) } else { 0 };
        // In place where the strips are whole and each line of them is read few times.
        let rows = it.m - it.m % step;
        if it.n < 48 && done < rows {
            let set = it.into == Into::Set;
            for i in (done..rows).step_by(step) {
                let panel = Strided { data: &it.a.data[i..], ..it.a };
                let at = Place { offset: i * it.c.down, tall: step, depth: it.k, set };
                row_of_tiles(simd, panel, &it.b, it.n, &mut it.c, at);
            }
            done = rows;
        }
    }
    if done < it.m {
        packed(simd, it, done, sub);
    }
}

/// Rows `done ..`, each strip of A, or of −A, copied side by side first.
#[inline(always)]
fn packed<S: Simd, T: Lanes>(simd: S, mut it: Outer<'_, T>, done: usize, negative: bool) {
    let step = 2 * T::lanes(simd);
    let mut strip = Strip::new();
    let most = strip.0.len() / step;
    for from in (0..it.k).step_by(most) {
        let depth = (it.k - from).min(most);
        let b = Strided { data: &it.b.data[from * it.b.down..], ..it.b };
        for i in (done..it.m).step_by(step) {
            let tall = (it.m - i).min(step);
            let source = Strided { data: &it.a.data[i * it.a.down + from * it.a.right..], ..it.a };
            let at = Place { offset: i * it.c.down, tall, depth, set: it.into == Into::Set && from == 0 };
            let panel = pack(simd, tall, depth, negative, source, &mut strip);
            row_of_tiles(simd, panel, &b, it.n, &mut it.c, at);
        }
    }
}

/// All columns of two registers of rows, in tiles of nearly equal width: narrow ones would wait for their own sums.
#[inline(always)]
fn row_of_tiles<S: Simd, T: Lanes>(
    simd: S,
    a: Strided<&[T]>,
    b: &Strided<&[T]>,
    n: usize,
    c: &mut Strided<&mut [T]>,
    at: Place,
) {
    let tiles = n.div_ceil(6);
    let (mut j, mut wider) = (0, n % tiles);
    let narrow = n / tiles;
    while j < n {
        let b = Strided { data: &b.data[j * b.right..], ..*b };
        let at = Place { offset: at.offset + j * c.right, ..at };
        let wide = narrow + usize::from(wider > 0);
        wider = wider.saturating_sub(1);
        match wide {
            1 => tile::<S, T, 2, 1>(simd, a, b, c, at),
            2 => tile::<S, T, 2, 2>(simd, a, b, c, at),
            3 => tile::<S, T, 2, 3>(simd, a, b, c, at),
            4 => tile::<S, T, 2, 4>(simd, a, b, c, at),
            5 => tile::<S, T, 2, 5>(simd, a, b, c, at),
            _ => tile::<S, T, 2, 6>(simd, a, b, c, at),
        }
        j += wide;
    }
}

/// n < 4: taller tiles, or there would be too few sums under way to hide the latency of one. Returns how many rows are done.
#[inline(always)]
fn few_columns<S: Simd, T: Lanes>(simd: S, it: &mut Outer<'_, T>) -> usize {
    let quad = 4 * T::lanes(simd);
    let mut i = 0;
    while it.m - i >= quad {
        let twice = it.n == 1 && it.m - i >= 2 * quad;
        let a = Strided { data: &it.a.data[i..], ..it.a };
        let tall = if twice { 2 * quad } else { quad };
        let at = Place { offset: i * it.c.down, tall, depth: it.k, set: it.into == Into::Set };
        let (b, c) = (it.b, &mut it.c);
        match it.n {
            1 if twice => tile::<S, T, 8, 1>(simd, a, b, c, at),
            1 => tile::<S, T, 4, 1>(simd, a, b, c, at),
            2 => tile::<S, T, 4, 2>(simd, a, b, c, at),
            _ => tile::<S, T, 4, 3>(simd, a, b, c, at),
        }
        i += tall;
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<T: Lanes>(m: usize, k: usize, n: usize, [a, b, c]: [bool; 3], into: Into, eps: f64) {
        let number = |i: usize| T::of(((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0);
        let strided = |across: bool, rows: usize, columns: usize| if across { (columns + 2, 1) } else { (1, rows + 1) };
        let (ad, bd): (Vec<T>, Vec<T>) =
            ((0..(m + 2) * (k + 2)).map(number).collect(), (0..(k + 2) * (n + 2)).map(|i| number(i + 77)).collect());
        let [a_way, b_way, c_way] = [strided(a, m, k), strided(b, k, n), strided(c, m, n)];
        let product = |a: &[T], b: &[T], into: Into, run: &dyn Fn(Outer<'_, T>)| {
            let mut c = vec![T::one(); (m + 2) * (n + 2)];
            let a = Strided { data: a, down: a_way.0, right: a_way.1 };
            let b = Strided { data: b, down: b_way.0, right: b_way.1 };
            run(Outer { m, k, n, a, b, c: Strided { data: &mut c, down: c_way.0, right: c_way.1 }, into });
            c
        };
        let sizes = |x: &[T]| x.iter().map(|x| x.abs()).collect::<Vec<T>>();
        let (found, expected) = (product(&ad, &bd, into, &T::outer), product(&ad, &bd, into, &|it| it.plain()));
        // Two sums of k + 1 terms. Source: Higham (2002), Accuracy and Stability, 3.1.
        let size = product(&sizes(&ad), &sizes(&bd), Into::Add, &|it| it.plain());
        for (i, ((c, expected), size)) in found.iter().zip(&expected).zip(&size).enumerate() {
            let gap = (*c - *expected).to_f64().abs();
            assert!(gap <= eps * (k + 2) as f64 * size.to_f64(), "{m} {k} {n} entry {i}: {gap:e}");
        }
    }

    proptest! {
        #[test]
        fn equals_the_loop(m in 1usize..70, k in 0usize..150, n in 1usize..20, ways: [bool; 3], into in 0usize..3) {
            let into = [Into::Set, Into::Add, Into::Sub][into];
            check::<f64>(m, k, n, ways, into, f64::EPSILON);
            check::<f32>(m, k, n, ways, into, f64::from(f32::EPSILON));
        }

        /// Whatever the other rows and columns are, an entry has the same bits; also with zeros, NaN and infinities.
        #[test]
        fn an_entry_does_not_depend_on_the_others(m in 1usize..70, k in 1usize..300, n in 1usize..20, odd in 0usize..4) {
            let mut a: Vec<f32> = (0..m * k).map(|i| ((i * 7919 + 13) % 1009) as f32 / 504.5 - 1.0).collect();
            let b: Vec<f32> = (0..k * n).map(|i| ((i * 6007 + 5) % 997) as f32 / 498.5 - 1.0).collect();
            let at = (m * k) / 2;
            a[at] = [0.5, f32::NAN, f32::INFINITY, -0.0][odd];
            let run = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
                let mut c = vec![7.0f32; rows.len() * columns.len()];
                f32::outer(Outer {
                    m: rows.len(),
                    k,
                    n: columns.len(),
                    a: Strided { data: &a[rows.start..], down: 1, right: m },
                    b: Strided { data: &b[columns.start * k..], down: 1, right: k },
                    c: Strided { data: &mut c, down: 1, right: rows.len() },
                    into: Into::Set,
                });
                c
            };
            let all = run(0..m, 0..n);
            for (i, j) in [(0, 0), (m - 1, n - 1), (m / 2, n / 3), (m / 3, n / 2)] {
                prop_assert_eq!(run(i..i + 1, j..j + 1)[0].to_bits(), all[i + j * m].to_bits());
                prop_assert_eq!(run(0..i + 1, j..n)[i].to_bits(), all[i + j * m].to_bits());
            }
        }
    }
}
