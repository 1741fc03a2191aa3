//! Pooling: one number for every window of an image.

mod average;
mod largest;

pub use average::AvgPool2d;
pub use largest::MaxPool2d;

use super::Image;
use super::image::{AXES, Slide, at_least_1, countable};
use crate::{Describe, Description, Result};

/// Windows over an image: what the two kinds of pooling share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Windows {
    image: Image,
    slides: [Slide; 2],
}

impl Windows {
    fn new(image: Image, window: (usize, usize)) -> Self {
        let slide = |window| Slide { window, stride: window, padding: 0, dilation: 1 };
        Self { image, slides: [slide(window.0), slide(window.1)] }
    }

    fn stride(mut self, stride: (usize, usize)) -> Self {
        (self.slides[0].stride, self.slides[1].stride) = stride;
        self
    }

    fn output(&self) -> Image {
        let [rows, columns] = &self.slides;
        let (height, width) = (rows.places(self.image.height), columns.places(self.image.width));
        Image { height, width, ..self.image }
    }

    fn check(&self) -> Result<()> {
        self.image.check()?;
        self.slides[0].check(self.image.height, AXES[0])?;
        self.slides[1].check(self.image.width, AXES[1])?;
        at_least_1("window of a layer", self.slides[0].window.min(self.slides[1].window))?;
        countable("numbers in a window", &[self.slides[0].window, self.slides[1].window])
    }

    /// For every output of a column, in order: its place, and that of its window's first number in the input column.
    #[inline(always)]
    fn each_corner(&self, mut visit: impl FnMut(usize, usize)) {
        let Image { channels, height, width } = self.output();
        let [rows, columns] = &self.slides;
        let mut o = 0;
        for c in 0..channels {
            for y in 0..height {
                let row = (c * self.image.height + y * rows.stride) * self.image.width;
                for x in 0..width {
                    visit(o, row + x * columns.stride);
                    o += 1;
                }
            }
        }
    }

    fn window(&self) -> (usize, usize) {
        (self.slides[0].window, self.slides[1].window)
    }
}

impl Windows {
    fn describe(&self, kind: &str) -> Description {
        let [rows, columns] = &self.slides;
        Description::of_kind(kind)
            .with("image", self.image.describe())
            .with("window", self.window())
            .with("stride", (rows.stride, columns.stride))
    }

    fn from_description(description: &Description, kind: &'static str) -> Result<Self> {
        description.expect_kind(kind)?;
        let image = Image::from_description(description.field("image")?)?;
        Ok(Self::new(image, description.pair("window")?).stride(description.pair("stride")?))
    }
}
