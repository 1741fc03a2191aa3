//! Textbook formulas in plain loops, for the tables to compare with: none of them calls the library.

use residual::layer::Image;

pub fn squared_error(z: &[f64], y: &[f64]) -> f64 {
    z.iter().zip(y).map(|(z, y)| (z - y).powi(2) / 2.0).sum()
}

pub fn huber(z: &[f64], y: &[f64], delta: f64) -> f64 {
    let one = |r: f64| if r <= delta { r * r / 2.0 } else { delta * (r - delta / 2.0) };
    z.iter().zip(y).map(|(z, y)| one((z - y).abs())).sum()
}

pub fn huber_kink(z: &[f64], y: &[f64], delta: f64) -> f64 {
    z.iter().zip(y).fold(f64::INFINITY, |m, (z, y)| m.min(((z - y).abs() - delta).abs()))
}

pub fn bernoulli(z: &[f64], y: &[f64]) -> f64 {
    let one = |z: f64, y: f64| y * (1.0 + (-z).exp()).ln() + (1.0 - y) * (1.0 + z.exp()).ln();
    z.iter().zip(y).map(|(&z, &y)| one(z, y)).sum()
}

pub fn cross_entropy(z: &[f64], y: &[f64]) -> f64 {
    if z.len() == 1 {
        return bernoulli(z, y);
    }
    let total: f64 = z.iter().map(|z| z.exp()).sum();
    z.iter().zip(y).map(|(z, y)| -y * (z.exp() / total).ln()).sum()
}

/// W x + b, W column-major with `outputs` rows, b behind it.
pub fn affine(theta: &[f64], x: &[f64], outputs: usize) -> Vec<f64> {
    let bias = &theta[outputs * x.len()..];
    (0..outputs).map(|i| bias[i] + x.iter().enumerate().map(|(j, x)| theta[i + j * outputs] * x).sum::<f64>()).collect()
}

/// The standard deviation.
pub fn spread(x: &[f64]) -> f64 {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt()
}

/// The smallest difference of two numbers in one window, over all windows at stride 1.
pub fn gap_in_windows(x: &[f64], image: Image, (kh, kw): (usize, usize)) -> f64 {
    let mut gap = f64::INFINITY;
    for c in 0..image.channels {
        for (i, j) in (0..=image.height - kh).flat_map(|i| (0..=image.width - kw).map(move |j| (i, j))) {
            let at = |k: usize| x[(c * image.height + i + k / kw) * image.width + j + k % kw];
            for (a, b) in (0..kh * kw).flat_map(|a| (0..a).map(move |b| (a, b))) {
                gap = gap.min((at(a) - at(b)).abs());
            }
        }
    }
    gap
}

/// Replaces numbers by their ranks, 0.13 apart, around 0.
pub fn space_out(x: &mut [f64]) {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    for (rank, &i) in order.iter().enumerate() {
        x[i] = 0.13 * (rank as f64 - x.len() as f64 / 2.0);
    }
}
