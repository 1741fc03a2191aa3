//! G += Aᵀ A for a packed block A.

use pulp::Arch;

/// Adds the upper triangle of AᵀA to `sum` (side × side, column-major); A is `rows` × `side`, column after column, `rows` a
/// multiple of 8.
pub fn accumulate(a: &[f64], rows: usize, side: usize, sum: &mut [f64]) {
    debug_assert!(rows.is_multiple_of(8) && a.len() >= rows * side && sum.len() == side * side);
    let column = |j: usize| &a[j * rows..(j + 1) * rows];
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for j in (0..side).step_by(2) {
                let last = (j + 1).min(side - 1);
                for i in (0..=last).step_by(4) {
                    let rest = side - 1;
                    let left = [column(i), column((i + 1).min(rest)), column((i + 2).min(rest)), column((i + 3).min(rest))];
                    let tile = tile(left, [column(j), column(last)]);
                    for (dj, tile) in tile.iter().enumerate().take(last - j + 1) {
                        for (di, &value) in tile.iter().enumerate() {
                            if i + di <= j + dj {
                                sum[i + di + (j + dj) * side] += value;
                            }
                        }
                    }
                }
            }
        },
    );
}

/// The eight products of four columns with two.
#[inline(always)]
fn tile(left: [&[f64]; 4], right: [&[f64]; 2]) -> [[f64; 4]; 2] {
    let mut sums = [[[0.0_f64; 4]; 4]; 2];
    let rows = right[0].len();
    let left = left.map(|l| &l[..rows]);
    let right = right.map(|r| &r[..rows]);
    let mut row = 0;
    while row + 4 <= rows {
        for d in 0..2 {
            for c in 0..4 {
                for lane in 0..4 {
                    sums[d][c][lane] = left[c][row + lane].mul_add(right[d][row + lane], sums[d][c][lane]);
                }
            }
        }
        row += 4;
    }
    sums.map(|s| s.map(|lanes| (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])))
}
