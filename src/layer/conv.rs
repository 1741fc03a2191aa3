use super::image::{AXES, Slide, at_least_1, countable};
use super::{Activation, Image, Layer};
use crate::linalg::lanes::{self, NARROW, Runs, WIDE};
use crate::real::{Convolve, Geometry, simd};
use crate::{Describe, Description, Layout, Real, Result};
use nalgebra::DMatrix;
use std::ops::Range;

/// Convolution of images, as networks mean it (cross-correlation), with the activation fused in.
///
/// z[f, y, x] = φ(b_f + Σ_{c, i, j} W[f, (c, i, j)] · image[c, y s + i d − p, x s + j d − p]), 0 outside the image.
///
/// The formula of the fourth model: a convolutional network is z = f_m(… φ(W₂ ∗ φ(W₁ ∗ x + b₁) + b₂) …), affine maps
/// whose weights are the same at every place of the image.
///
/// s is the stride (1), p the padding with zeros on every side (0), d the dilation (1), each for rows and for columns.
/// Inputs and outputs are images as [`Image`] lays them out; the output has `filters` channels and
/// ⌊(height + 2p − d (kh − 1) − 1) / s⌋ + 1 rows. θ is W, filters × (channels · kh · kw) column-major with the kernel's
/// numbers channel by channel and row by row, then b (filters). Both start as those of [`Dense`](super::Dense), n_in the
/// numbers of a kernel. φ is the identity unless set.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Conv2d, Layer, layer::Image, nalgebra};
/// // Differences of neighbours in a row of four.
/// let layer = Conv2d::new(Image { channels: 1, height: 1, width: 4 }, 1, (1, 2)).without_bias();
/// let mut z = dmatrix![0.0; 0.0; 0.0];
/// layer.forward(&[-1.0, 1.0], &dmatrix![1.0; 4.0; 9.0; 16.0], &mut z, &mut Default::default());
/// assert_eq!(z, dmatrix![3.0; 5.0; 7.0]);
/// assert_eq!(layer.output(), Image { channels: 1, height: 1, width: 3 });
/// ```
///
/// Source: LeCun et al. (1998), Proceedings of the IEEE 86, section II.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    image: Image,
    filters: usize,
    slides: [Slide; 2],
    activation: Activation,
    bias: bool,
}

impl Conv2d {
    /// `filters` kernels of `kernel` (rows, columns) over every place of the image.
    #[must_use]
    pub fn new(image: Image, filters: usize, kernel: (usize, usize)) -> Self {
        let slide = |window| Slide { window, stride: 1, padding: 0, dilation: 1 };
        let slides = [slide(kernel.0), slide(kernel.1)];
        Self { image, filters, slides, activation: Activation::Identity, bias: true }
    }

    /// One-dimensional convolution: the case of height 1. A column holds `channels` series of `length` numbers one after
    /// the other; set stride, padding and dilation as (1, s), (0, p), (1, d).
    #[must_use]
    pub fn new_1d(channels: usize, length: usize, filters: usize, kernel: usize) -> Self {
        Self::new(Image { channels, height: 1, width: length }, filters, (1, kernel))
    }

    /// Sets how far apart neighbouring outputs look, in rows and columns.
    #[must_use]
    pub fn stride(mut self, stride: (usize, usize)) -> Self {
        (self.slides[0].stride, self.slides[1].stride) = stride;
        self
    }

    /// Sets how many rows of zeros stand above and below, how many columns left and right.
    #[must_use]
    pub fn padding(mut self, padding: (usize, usize)) -> Self {
        (self.slides[0].padding, self.slides[1].padding) = padding;
        self
    }

    /// Sets how far apart the numbers lie that one kernel looks at, in rows and columns.
    #[must_use]
    pub fn dilation(mut self, dilation: (usize, usize)) -> Self {
        (self.slides[0].dilation, self.slides[1].dilation) = dilation;
        self
    }

    /// Sets φ.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Without b: θ is W alone.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = false;
        self
    }

    /// The shape of what comes in.
    #[must_use]
    pub fn image(&self) -> Image {
        self.image
    }

    /// The shape of what comes out; 0 rows or columns where the kernel does not fit.
    #[must_use]
    pub fn output(&self) -> Image {
        let [rows, columns] = &self.slides;
        let (height, width) = (rows.places(self.image.height), columns.places(self.image.width));
        Image { channels: self.filters, height, width }
    }

    /// The image with its padding.
    fn padded(&self) -> Image {
        let [rows, columns] = &self.slides;
        let (height, width) = (rows.padded(self.image.height), columns.padded(self.image.width));
        Image { height, width, ..self.image }
    }

    /// Numbers of one kernel.
    fn taps(&self) -> usize {
        self.image.channels.saturating_mul(self.slides[0].window).saturating_mul(self.slides[1].window)
    }

    /// Offsets in the padded image, and where the image itself lies in it.
    fn prepare<T: Real>(&self, tape: &mut ConvTape<T>) {
        if !tape.taps.is_empty() {
            return;
        }
        let (output, Image { channels, height, width }) = (self.output(), self.padded());
        let [rows, columns] = &self.slides;
        for c in 0..channels {
            for i in 0..rows.window {
                let row = (c * height + i * rows.dilation) * width;
                tape.taps.extend((0..columns.window).map(|j| row + j * columns.dilation));
            }
        }
        for y in 0..output.height {
            tape.spots.extend((0..output.width).map(|x| y * rows.stride * width + x * columns.stride));
        }
    }

    /// How the rows of an image lie in the padded image.
    fn runs(&self) -> Runs {
        let [rows, columns] = &self.slides;
        if rows.padding == 0 && columns.padding == 0 {
            return Runs::whole(self.image.len());
        }
        let Image { channels, height, width } = self.image;
        let padded = self.padded();
        Runs {
            count: channels * height,
            len: width,
            rows: height,
            first: rows.padding * padded.width + columns.padding,
            gap: padded.width,
            page: padded.height * padded.width,
        }
    }

    fn forward_lanes<T: Real, const L: usize>(&self, theta: &[T], x: &[T], z: &mut [T], tape: &mut ConvTape<T>) {
        let (p, k) = (self.image.len(), self.output().len());
        let (w, b) = theta.split_at(self.filters * tape.taps.len());
        let at = Geometry { filters: self.filters, taps: &tape.taps, spots: &tape.spots };
        resize::<T, L>(&mut tape.x, self.padded().len());
        resize::<T, L>(&mut tape.z, k);
        for (x, z) in x.chunks(L * p).zip(z.chunks_mut(L * k)) {
            lanes::load::<T, L>(x, p, self.runs(), tape.x.as_chunks_mut().0);
            T::convolve(Convolve::Forward { at, w, bias: b, x: &tape.x, z: &mut tape.z });
            lanes::store::<T, L>(tape.z.as_chunks().0, Runs::whole(k), z, k);
        }
    }

    fn backward_lanes<T: Real, const L: usize>(
        &self,
        theta: &[T],
        x: &[T],
        dz: &[T],
        tape: &mut ConvTape<T>,
        dtheta: &mut [T],
        mut dx: Option<&mut [T]>,
    ) {
        let (p, k, taps) = (self.image.len(), self.output().len(), tape.taps.len());
        let at = Geometry { filters: self.filters, taps: &tape.taps, spots: &tape.spots };
        tape.dtheta.clear();
        resize::<T, L>(&mut tape.dtheta, dtheta.len());
        if dx.is_some() {
            resize::<T, L>(&mut tape.dx, self.padded().len());
        }
        let w = &theta[..self.filters * taps];
        for (g, (x, dz)) in x.chunks(L * p).zip(dz.chunks(L * k)).enumerate() {
            lanes::load::<T, L>(x, p, self.runs(), tape.x.as_chunks_mut().0);
            lanes::load::<T, L>(dz, k, Runs::whole(k), tape.z.as_chunks_mut().0);
            let (dw, db) = tape.dtheta.split_at_mut(L * w.len());
            T::convolve(Convolve::Backward { at, dz: &tape.z, x: &tape.x, dw });
            let (dz, _) = tape.z.as_chunks::<L>();
            for (db, dz) in db.as_chunks_mut::<L>().0.iter_mut().zip(dz.chunks_exact(at.spots.len())) {
                dz.iter().for_each(|&dz| simd::add(db, dz));
            }
            if let Some(dx) = &mut dx {
                tape.dx.fill(T::zero());
                T::convolve(Convolve::BackwardInput { at, w, dz: &tape.z, dx: &mut tape.dx });
                let end = dx.len().min((g + 1) * L * p);
                lanes::store::<T, L>(tape.dx.as_chunks().0, self.runs(), &mut dx[g * L * p..end], p);
            }
        }
        for (dtheta, lanes) in dtheta.iter_mut().zip(tape.dtheta.as_chunks::<L>().0) {
            *dtheta += lanes.iter().fold(T::zero(), |sum, &lane| sum + lane);
        }
    }
}

/// What a convolution keeps: the values before the activation, and scratch for L samples at a time.
#[derive(Debug, Default)]
pub struct ConvTape<T> {
    a: Vec<T>,
    taps: Vec<usize>,
    spots: Vec<usize>,
    x: Vec<T>,
    z: Vec<T>,
    dtheta: Vec<T>,
    dx: Vec<T>,
}

/// Room for `len` vectors. What was there before stays: the padding is written once.
fn resize<T: Real, const L: usize>(buffer: &mut Vec<T>, len: usize) {
    buffer.resize(len * L, T::zero());
}

impl<T: Real> Layer<T> for Conv2d {
    type Tape = ConvTape<T>;

    fn inputs(&self) -> usize {
        self.image.len()
    }

    fn outputs(&self) -> usize {
        self.output().len()
    }

    fn layout(&self, layout: &mut Layout) {
        let [rows, columns] = &self.slides;
        let fan_out = self.filters.saturating_mul(rows.window).saturating_mul(columns.window);
        layout.weights(self.filters, self.taps()).init(self.activation.init()).fans(self.taps(), fan_out);
        if self.bias {
            layout.bias(self.filters).init(self.activation.bias_init()).fans(self.taps(), fan_out);
        }
    }

    /// Where the output is one place of the image.
    fn output_bias(&self) -> Option<Range<usize>> {
        let (weights, output) = (self.filters.saturating_mul(self.taps()), self.output());
        let added = self.bias && self.activation == Activation::Identity && (output.height, output.width) == (1, 1);
        added.then(|| weights..weights.saturating_add(self.filters))
    }

    fn check(&self) -> Result<()> {
        self.image.check()?;
        at_least_1("filters of a convolution", self.filters)?;
        self.slides[0].check(self.image.height, AXES[0])?;
        self.slides[1].check(self.image.width, AXES[1])?;
        let (output, padded) = (self.output(), self.padded());
        countable("size of the padded image", &[padded.channels, padded.height, padded.width])?;
        countable("outputs of a convolution", &[output.channels, output.height, output.width])?;
        let [rows, columns] = &self.slides;
        countable("weights of a convolution", &[self.filters, self.image.channels, rows.window, columns.window])
    }

    fn forward(&self, theta: &[T], x: &DMatrix<T>, z: &mut DMatrix<T>, tape: &mut Self::Tape) {
        self.prepare(tape);
        if T::VECTOR == WIDE {
            self.forward_lanes::<T, WIDE>(theta, x.as_slice(), z.as_mut_slice(), tape);
        } else {
            self.forward_lanes::<T, NARROW>(theta, x.as_slice(), z.as_mut_slice(), tape);
        }
        if self.activation != Activation::Identity {
            tape.a.clear();
            tape.a.extend_from_slice(z.as_slice());
            self.activation.apply(z.as_mut_slice());
        }
    }

    fn backward(
        &self,
        theta: &[T],
        x: &DMatrix<T>,
        dz: &mut DMatrix<T>,
        tape: &mut Self::Tape,
        dtheta: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        self.activation.backward(&tape.a, dz.as_mut_slice());
        let (x, dz, dx) = (x.as_slice(), dz.as_slice(), dx.map(DMatrix::as_mut_slice));
        if T::VECTOR == WIDE {
            self.backward_lanes::<T, WIDE>(theta, x, dz, tape, dtheta, dx);
        } else {
            self.backward_lanes::<T, NARROW>(theta, x, dz, tape, dtheta, dx);
        }
    }
}

impl Describe for Conv2d {
    fn describe(&self) -> Description {
        let of = |part: fn(&Slide) -> usize| (part(&self.slides[0]), part(&self.slides[1]));
        Description::of_kind("Conv2d")
            .with("image", self.image.describe())
            .with("filters", self.filters)
            .with("kernel", of(|slide| slide.window))
            .with("stride", of(|slide| slide.stride))
            .with("padding", of(|slide| slide.padding))
            .with("dilation", of(|slide| slide.dilation))
            .with("activation", self.activation.name())
            .with("bias", self.bias)
    }

    fn from_description(description: &Description) -> Result<Self> {
        description.expect_kind("Conv2d")?;
        let image = Image::from_description(description.field("image")?)?;
        let conv = Self::new(image, description.count("filters")?, description.pair("kernel")?)
            .stride(description.pair("stride")?)
            .padding(description.pair("padding")?)
            .dilation(description.pair("dilation")?)
            .activation(Activation::of(description)?);
        Ok(if description.flag("bias")? { conv } else { conv.without_bias() })
    }
}
