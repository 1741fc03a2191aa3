use super::Windows;
use crate::layer::{Image, Layer};
use crate::real::{simd, zero_or_nan};
use crate::{Describe, Description, Layout, Real, Result};
use nalgebra::DMatrix;

/// The largest number of every window: z[c, y, x] = max_{i, j} image[c, y s + i, x s + j].
///
/// Windows stand side by side (the stride is the window) unless [`stride`](Self::stride) says otherwise; rows and columns
/// that do not fill a window are dropped. Where several numbers are largest, the first (row by row) takes the gradient.
/// A window with NaN or an infinity (a sum that overflowed) gives NaN.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Layer, MaxPool2d, layer::Image, nalgebra};
/// let layer = MaxPool2d::new(Image { channels: 1, height: 2, width: 4 }, (2, 2));
/// let mut z = dmatrix![0.0; 0.0];
/// layer.forward(&[], &dmatrix![1.0; 2.0; 3.0; 4.0; 8.0; 7.0; 6.0; 5.0], &mut z, &mut Default::default());
/// assert_eq!(z, dmatrix![8.0; 6.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2d(Windows);

/// Which input each output of the block was taken from, by its place in the column.
#[derive(Debug, Default)]
pub struct MaxPoolTape {
    from: Vec<usize>,
}

impl MaxPool2d {
    /// Windows of (rows, columns).
    #[must_use]
    pub fn new(image: Image, window: (usize, usize)) -> Self {
        Self(Windows::new(image, window))
    }

    /// Sets how far apart neighbouring windows start, in rows and columns.
    #[must_use]
    pub fn stride(self, stride: (usize, usize)) -> Self {
        Self(self.0.stride(stride))
    }

    /// The shape of what comes out; 0 rows or columns where the window does not fit.
    #[must_use]
    pub fn output(&self) -> Image {
        self.0.output()
    }

    /// Windows that the compiler knows, side by side.
    fn forward_fixed<T: Real, const R: usize, const C: usize>(
        &self,
        x: &DMatrix<T>,
        z: &mut DMatrix<T>,
        tape: &mut MaxPoolTape,
    ) {
        simd::dispatch(Side::<T, R, C> {
            windows: &self.0,
            x: x.as_slice(),
            z: z.as_mut_slice(),
            from: &mut tape.from,
        });
    }

    /// Any windows.
    fn forward_any<T: Real>(&self, x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut MaxPoolTape) {
        let (width, (rows, columns)) = (self.0.image.width, self.0.window());
        let outputs = self.output().len();
        let samples = x.as_slice().chunks_exact(x.nrows()).zip(z.as_mut_slice().chunks_exact_mut(outputs));
        for ((x, z), from) in samples.zip(tape.from.chunks_exact_mut(outputs)) {
            self.0.each_corner(|o, corner| {
                let mut lost = T::zero();
                (z[o], from[o]) = (x[corner], corner);
                for i in 0..rows {
                    let start = corner + i * width;
                    for (j, &value) in x[start..start + columns].iter().enumerate() {
                        lost += zero_or_nan(value);
                        if value > z[o] {
                            (z[o], from[o]) = (value, start + j);
                        }
                    }
                }
                z[o] += lost;
            });
        }
    }
}

/// Windows of R × C side by side, several at a time without a branch.
struct Side<'a, T, const R: usize, const C: usize> {
    windows: &'a Windows,
    x: &'a [T],
    z: &'a mut [T],
    from: &'a mut [usize],
}

impl<T: Real, const R: usize, const C: usize> simd::Kernel for Side<'_, T, R, C> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (image, output) = (self.windows.image, self.windows.output());
        let samples = self.x.chunks_exact(image.len()).zip(self.z.chunks_exact_mut(output.len()));
        for ((x, z), from) in samples.zip(self.from.chunks_exact_mut(output.len())) {
            let rows = z.chunks_exact_mut(output.width).zip(from.chunks_exact_mut(output.width));
            for (r, (z, from)) in rows.enumerate() {
                let row = (r / output.height * image.height + r % output.height * R) * image.width;
                let mut o = 0;
                while o + 8 <= z.len() {
                    several::<T, R, C, 8>(x, row, image.width, z, from, o);
                    o += 8;
                }
                if o + 4 <= z.len() {
                    several::<T, R, C, 4>(x, row, image.width, z, from, o);
                    o += 4;
                }
                while o < z.len() {
                    several::<T, R, C, 1>(x, row, image.width, z, from, o);
                    o += 1;
                }
            }
        }
    }
}

/// N outputs from `o` on of the row of windows that starts at `row` of x.
#[inline(always)]
fn several<T: Real, const R: usize, const C: usize, const N: usize>(
    x: &[T],
    row: usize,
    width: usize,
    z: &mut [T],
    from: &mut [usize],
    o: usize,
) {
    let corner = row + o * C;
    let first = &x[corner..][..N * C];
    let (mut largest, mut tap): ([T; N], [u32; N]) = (std::array::from_fn(|l| first[l * C]), [0; N]);
    let mut lost = [T::zero(); N];
    for i in 0..R {
        let values = &x[corner + i * width..][..N * C];
        for j in 0..C {
            for l in 0..N {
                let value = values[l * C + j];
                lost[l] += zero_or_nan(value);
                let larger = value > largest[l];
                largest[l] = if larger { value } else { largest[l] };
                tap[l] = if larger { (i * C + j) as u32 } else { tap[l] };
            }
        }
    }
    (0..N).for_each(|l| z[o + l] = largest[l] + lost[l]);
    for (l, from) in from[o..o + N].iter_mut().enumerate() {
        let tap = tap[l] as usize;
        *from = corner + l * C + tap / C * width + tap % C;
    }
}

impl<T: Real> Layer<T> for MaxPool2d {
    type Tape = MaxPoolTape;

    fn inputs(&self) -> usize {
        self.0.image.len()
    }

    fn outputs(&self) -> usize {
        self.output().len()
    }

    fn layout(&self, _: &mut Layout) {}

    fn check(&self) -> Result<()> {
        self.0.check()
    }

    fn forward(&self, _: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        tape.from.resize(z.len(), 0);
        let [rows, columns] = &self.0.slides;
        let beside = rows.stride == rows.window && columns.stride == columns.window;
        match self.0.window() {
            (1, 2) if beside => self.forward_fixed::<T, 1, 2>(x, z, tape),
            (2, 2) if beside => self.forward_fixed::<T, 2, 2>(x, z, tape),
            (3, 3) if beside => self.forward_fixed::<T, 3, 3>(x, z, tape),
            _ => self.forward_any(x, z, tape),
        }
    }

    fn backward(
        &self,
        _: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        _: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let Some(dx) = dx else { return };
        let outputs = self.output().len();
        dx.fill(T::zero());
        let columns = dx.as_mut_slice().chunks_exact_mut(x.nrows()).zip(dz.as_slice().chunks_exact(outputs));
        for ((dx, dz), from) in columns.zip(tape.from.chunks_exact(outputs)) {
            dz.iter().zip(from).for_each(|(&dz, &from)| dx[from] += dz);
        }
    }
}

impl Describe for MaxPool2d {
    fn describe(&self) -> Description {
        self.0.describe("MaxPool2d")
    }

    fn from_description(description: &Description) -> Result<Self> {
        Windows::from_description(description, "MaxPool2d").map(Self)
    }
}
