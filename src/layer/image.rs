use crate::{Describe, Description, Error, Result};

/// The shape of an image: channels of height × width numbers.
///
/// In a column it lies channel by channel, each channel row by row: number (c, i, j) stands at (c · height + i) · width + j.
///
/// ```
/// use residual::layer::Image;
/// let image = Image { channels: 3, height: 28, width: 28 };
/// assert_eq!(image.len(), 2352);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Image {
    /// How many numbers a pixel has.
    pub channels: usize,
    /// How many rows.
    pub height: usize,
    /// How many columns.
    pub width: usize,
}

impl Image {
    /// channels · height · width; `usize::MAX` stands for more than can be counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.channels.saturating_mul(self.height).saturating_mul(self.width)
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn check(&self) -> Result<()> {
        at_least_1("channels of the image", self.channels)?;
        at_least_1("height of the image", self.height)?;
        at_least_1("width of the image", self.width)?;
        countable("channels × height × width of the image", &[self.channels, self.height, self.width])
    }
}

/// A window that slides along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slide {
    pub window: usize,
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
}

impl Slide {
    /// How far the window reaches: its first to its last number.
    fn reach(&self) -> Option<usize> {
        self.window.checked_sub(1)?.checked_mul(self.dilation)?.checked_add(1)
    }

    /// `size` with its padding on both sides.
    pub fn padded(&self, size: usize) -> usize {
        self.padding.saturating_mul(2).saturating_add(size)
    }

    /// At how many places the window fits; 0 for none.
    pub fn places(&self, size: usize) -> usize {
        let room = self.reach().and_then(|reach| self.padded(size).checked_sub(reach));
        room.and_then(|room| room.checked_div(self.stride)).map_or(0, |steps| steps.saturating_add(1))
    }

    /// Whether there is a place at all, along the axis called `what` (height or width of the padded image).
    pub fn check(&self, size: usize, what: &'static str) -> Result<()> {
        at_least_1("window of a layer", self.window)?;
        at_least_1("stride of a layer", self.stride)?;
        at_least_1("dilation of a layer", self.dilation)?;
        countable("size with padding", &[2, self.padding])?;
        countable("reach of the window", &[self.window, self.dilation])?;
        let (padded, reach) = (self.padded(size), self.reach().unwrap_or(usize::MAX));
        if padded < reach {
            return Err(Error::Shape { what, expected: reach, found: padded });
        }
        Ok(())
    }
}

/// What the two axes are called when a window does not fit.
pub(super) const AXES: [&str; 2] = [
    "height of the padded image, at least the reach of the window,",
    "width of the padded image, at least the reach of the window,",
];

pub(super) fn at_least_1(name: &'static str, value: usize) -> Result<()> {
    if value == 0 { Err(Error::Config { name, needs: "at least 1" }) } else { Ok(()) }
}

/// Whether the product of `factors` is a length that an array of numbers can have.
pub(super) fn countable(name: &'static str, factors: &[usize]) -> Result<()> {
    match factors.iter().try_fold(1, |product: usize, &factor| product.checked_mul(factor)) {
        Some(product) if product as u64 <= most(usize::BITS) => Ok(()),
        _ => Err(Error::Config { name, needs: "small enough to be counted in memory" }),
    }
}

/// Terabytes, or half of what can be addressed at 8 bytes a number: more than any memory, and far from an overflow of
/// addresses.
const fn most(address_bits: u32) -> u64 {
    if address_bits > 44 { 1 << 40 } else { 1 << (address_bits - 4) }
}

impl Describe for Image {
    fn describe(&self) -> Description {
        let fields = [("channels", self.channels), ("height", self.height), ("width", self.width)];
        Description::Fields(fields.map(|(name, size)| (name.to_string(), size.into())).to_vec())
    }

    fn from_description(description: &Description) -> Result<Self> {
        let [channels, height, width] =
            [description.count("channels")?, description.count("height")?, description.count("width")?];
        Ok(Self { channels, height, width })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two such arrays side by side can still be addressed.
    #[test]
    fn what_is_countable_fits_the_addresses_of_any_machine() {
        for bits in [16, 32, 64] {
            let bytes = u128::from(most(bits)) * 8;
            assert!(bytes <= 1 << (bits - 1), "{bits} bits");
        }
        assert_eq!((most(16), most(32), most(64)), (1 << 12, 1 << 28, 1 << 40));
    }

    #[test]
    fn places_are_counted_as_by_trying() {
        for size in 0..9 {
            for window in 1..5 {
                for stride in 1..4 {
                    for padding in 0..3 {
                        for dilation in 1..4 {
                            let slide = Slide { window, stride, padding, dilation };
                            let fits = |start: usize| start + (window - 1) * dilation < size + 2 * padding;
                            let places = (0..40).filter(|p| fits(p * stride)).count();
                            assert_eq!(slide.places(size), places, "{slide:?} on {size}");
                            assert_eq!(slide.check(size, AXES[0]).is_ok(), places > 0);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn absurd_sizes_are_errors() {
        let slide = Slide { window: usize::MAX, stride: 1, padding: usize::MAX, dilation: usize::MAX };
        assert!(slide.check(3, AXES[0]).is_err());
        assert_eq!(Slide { window: 1, stride: 0, padding: 0, dilation: 1 }.places(3), 0);
        assert!(Image { channels: usize::MAX, height: 2, width: 1 }.check().is_err());
        assert!(Image { channels: 1, height: 0, width: 1 }.check().is_err());
        let error = Slide { window: 3, stride: 1, padding: 0, dilation: 2 }.check(4, AXES[1]);
        assert_eq!(error, Err(Error::Shape { what: AXES[1], expected: 5, found: 4 }));
    }
}
