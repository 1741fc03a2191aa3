use super::Windows;
use crate::layer::{Image, Layer};
use crate::{Describe, Description, Layout, Real, Result};
use nalgebra::DMatrix;

/// The mean of every window: z[c, y, x] = Σ_{i, j} image[c, y s + i, x s + j] / (rows · columns).
///
/// Windows and what is dropped as in [`MaxPool2d`](super::MaxPool2d).
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{AvgPool2d, Layer, layer::Image, nalgebra};
/// let layer = AvgPool2d::new(Image { channels: 1, height: 2, width: 4 }, (2, 2));
/// let mut z = dmatrix![0.0; 0.0];
/// layer.forward(&[], &dmatrix![1.0; 2.0; 3.0; 4.0; 8.0; 7.0; 6.0; 5.0], &mut z, &mut ());
/// assert_eq!(z, dmatrix![4.5; 4.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvgPool2d(Windows);

impl AvgPool2d {
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

    fn area<T: Real>(&self) -> T {
        let (rows, columns) = self.0.window();
        T::of((rows * columns) as f64)
    }
}

impl<T: Real> Layer<T> for AvgPool2d {
    type Tape = ();

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

    fn forward(&self, _: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, (): &mut ()) {
        let (width, (rows, columns)) = (self.0.image.width, self.0.window());
        for (x, z) in x.as_slice().chunks_exact(x.nrows()).zip(z.as_mut_slice().chunks_exact_mut(self.output().len())) {
            self.0.each_corner(|o, corner| {
                let window = (0..rows).flat_map(|i| &x[corner + i * width..][..columns]);
                // Divided one by one where the sum would overflow.
                let sum = window.clone().fold(T::zero(), |sum, &value| sum + value);
                z[o] = if sum.is_finite() {
                    sum / self.area()
                } else {
                    window.fold(T::zero(), |sum, &value| sum + value / self.area())
                };
            });
        }
    }

    fn backward(
        &self,
        _: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        (): &mut (),
        _: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let Some(dx) = dx else { return };
        let (width, (rows, columns)) = (self.0.image.width, self.0.window());
        dx.fill(T::zero());
        let outputs = self.output().len();
        for (dx, dz) in dx.as_mut_slice().chunks_exact_mut(x.nrows()).zip(dz.as_slice().chunks_exact(outputs)) {
            self.0.each_corner(|o, corner| {
                let share = dz[o] / self.area();
                for i in 0..rows {
                    dx[corner + i * width..][..columns].iter_mut().for_each(|dx| *dx += share);
                }
            });
        }
    }
}

impl Describe for AvgPool2d {
    fn describe(&self) -> Description {
        self.0.describe("AvgPool2d")
    }

    fn from_description(description: &Description) -> Result<Self> {
        Windows::from_description(description, "AvgPool2d").map(Self)
    }
}
