//! The risk: data, layer and loss seen as one objective.

mod batch;
mod conditioned;
mod hessian;
mod lane;

use crate::data::Dataset;
use crate::layer::Layer;
use crate::layout::{Layout, Role};
use crate::linalg::carried::{Carried, Sum};
use crate::linalg::{Block, threads};
use crate::loss::Loss;
use crate::objective::{Conditioned, Objective};
use crate::{Error, Real, Result};
use batch::Batch;
pub(crate) use conditioned::Scaling;
use lane::{Lane, Task};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// R(θ) = Σᵢ w̄ᵢ ℓ(f(θ, xᵢ), yᵢ) + ½ λ ‖W‖², Σ w̄ᵢ = 1: the one objective of every model.
///
/// w̄ are the data set's weights over their sum (1/n without), f is the layer, ℓ the loss, λ = `l2`, and W the weights of
/// the layer's layout; biases are not penalized. Samples of weight 0 are left out: they may hold targets and features that are
/// not legal.
///
/// A full evaluation goes block by block through the data set, which is read in place; scratch memory is kept from one
/// call to the next.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use residual::{Affine, Dataset, Objective, Risk, SquaredError, check, nalgebra};
/// let (x, y) = (dmatrix![1.0f64; 2.0; 3.0], dvector![1.0, 2.0, 4.0]);
/// let (data, layer) = (Dataset::new(&x, &y)?, Affine::new(1, 1));
/// let mut risk = Risk::new(&data, &layer, &SquaredError, 0.0)?;
/// // w = 1, b = 0 misses the last point by 1: mean of ½ r² = 1/6.
/// assert!((risk.value(&[1.0, 0.0]) - 1.0 / 6.0).abs() < 1e-15);
/// check::gradient(&mut risk, &[0.3, -0.2]).assert_below(1e-9);
/// # Ok::<(), residual::Error>(())
/// ```
pub struct Risk<'a, T: Real, N: Layer<T>, L> {
    data: &'a Dataset<'a, T>,
    layer: &'a N,
    loss: &'a L,
    l2: f64,
    layout: Layout,
    penalized: Vec<Range<usize>>,
    /// y with one sample after the other.
    targets: Cow<'a, [T]>,
    /// Σ w of the relative weights.
    total: T,
    lanes: Vec<Lane<T, N::Tape>>,
    batch: Option<Batch<T, N::Tape>>,
    sums: Carried<T>,
    /// Seed of the random passes of training (dropout), and how many were made.
    randomness: Option<u64>,
    passes: u64,
}

/// Work is cut into at most this many lanes, whatever the number of threads.
const LANES: usize = 16;
/// Squares of parameters are added up so many at a time.
const CHUNK: usize = 128;

impl<'a, T: Real, N: Layer<T>, L: Loss<T>> Risk<'a, T, N, L> {
    /// The risk of `layer` on `data` by `loss`, with the penalty ½ `l2` ‖W‖².
    ///
    /// # Errors
    /// [`Error::Shape`] where the layer's widths do not fit the data or each other, [`Error::Config`] for a setting out of
    /// range, [`Error::Target`] and [`Error::Input`] with the first row that is not legal for the loss or the layer.
    pub fn new(data: &'a Dataset<'_, T>, layer: &'a N, loss: &'a L, l2: f64) -> Result<Self> {
        layer.check()?;
        loss.check()?;
        if !(l2 >= 0.0 && T::of(l2).is_finite()) {
            return Err(Error::Config { name: "l2", needs: "finite and at least 0" });
        }
        if layer.inputs() != data.features() {
            return Err(Error::Shape { what: "inputs of the layer", expected: data.features(), found: layer.inputs() });
        }
        if layer.outputs() != data.outputs() {
            return Err(Error::Shape {
                what: "outputs of the layer",
                expected: data.outputs(),
                found: layer.outputs(),
            });
        }
        let (given, data) = (data, data.without_zero_weights());
        layer.accepts(&Block::new(data.x())).map_err(|error| given.error_as_given(error))?;
        let layout = Layout::of(layer);
        if layout.len() > isize::MAX as usize / size_of::<T>() {
            return Err(Error::Config { name: "number of parameters", needs: "small enough for the memory" });
        }
        // Finding out here is an error, later it is the end of the process.
        if Vec::<T>::new().try_reserve_exact(layout.len()).is_err() {
            return Err(Error::Config { name: "number of parameters", needs: "small enough for the memory" });
        }
        let targets = targets(data);
        for (row, y) in targets.chunks_exact(data.outputs()).enumerate() {
            loss.accepts(y).map_err(|needs| Error::Target { row: given.row_as_given(row), needs })?;
        }
        let weighty = |block: &&crate::layout::Block| block.role() == Role::Weights;
        let penalized = layout.blocks().iter().filter(weighty).map(crate::layout::Block::range).collect();
        let blocks = data.samples().div_ceil(lane::rows(layer));
        let lanes = (0..blocks.min(LANES)).map(|_| Lane::default()).collect();
        Ok(Self {
            data,
            layer,
            loss,
            l2,
            layout,
            penalized,
            targets,
            total: T::of(data.total_weight()),
            lanes,
            batch: None,
            sums: Carried::default(),
            randomness: None,
            passes: 0,
        })
    }

    /// Lets layers that are random in training (dropout) be so in [`batch_gradient`](crate::FiniteSum::batch_gradient).
    #[must_use]
    pub fn randomized(mut self, seed: u64) -> Self {
        self.randomness = Some(seed);
        self
    }

    /// A fresh θ to train from, drawn with `seed`: the layer's [own start](Layout::initialize), and its output at the
    /// [best constant](Loss::best_constant) for these data where the layer has [a bias for it](Layer::output_bias).
    #[must_use]
    pub fn start(&self, seed: u64) -> Vec<T> {
        let mut theta: Vec<T> = self.layout.initialize(seed);
        let mut scores = vec![T::zero(); self.data.outputs()];
        if let Some(bias) = self.layer.output_bias().and_then(|range| theta.get_mut(range)) {
            self.loss.best_constant(&self.targets, self.data.weights(), &mut scores);
            // A mean of the largest numbers there are may overflow.
            if bias.len() == scores.len() && scores.iter().all(|z| z.is_finite()) {
                bias.iter_mut().zip(&scores).for_each(|(bias, &z)| *bias = z);
            }
        }
        theta
    }

    /// The data set, without its rows of weight 0.
    #[must_use]
    pub fn data(&self) -> &'a Dataset<'a, T> {
        self.data
    }

    /// The layer f.
    #[must_use]
    pub fn layer(&self) -> &'a N {
        self.layer
    }

    /// The loss ℓ.
    #[must_use]
    pub fn loss(&self) -> &'a L {
        self.loss
    }

    /// The penalty λ.
    #[must_use]
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// Runs `work` on every lane, on threads where `cost` (in operations) is worth it.
    fn each_lane(&mut self, cost: usize, work: impl Fn(&Task<'_, T, N, L>, usize, &mut Lane<T, N::Tape>) + Sync) {
        let task = Task {
            data: self.data,
            layer: self.layer,
            loss: self.loss,
            columns: Block::new(self.data.y()),
            targets: &self.targets,
            scale: T::one() / self.total,
            rows: lane::rows(self.layer),
            lanes: self.lanes.len(),
        };
        threads::for_each(&mut self.lanes, cost, |i, lane| work(&task, i, lane));
    }

    /// Rough count of operations in one pass, to decide whether threads pay.
    fn cost(&self) -> usize {
        self.layout.len().saturating_add(self.data.outputs()).saturating_mul(4 * self.data.samples())
    }

    /// ½ λ ‖W‖².
    fn penalty(&self, theta: &[T]) -> T {
        if self.l2 == 0.0 {
            return T::zero();
        }
        let mut sum = Sum::default();
        let mut squares = [T::zero(); CHUNK];
        for weights in self.penalized.iter().flat_map(|range| theta[range.clone()].chunks(CHUNK)) {
            squares.iter_mut().zip(weights).for_each(|(square, &w)| *square = w * w);
            sum.add(T::sum(&squares[..weights.len()]));
        }
        sum.value() * T::of(0.5 * self.l2)
    }

    /// out += λ (v restricted to the weights): the penalty's gradient at v, and its Hessian times v.
    fn add_penalty(&self, v: &[T], out: &mut [T]) {
        if self.l2 == 0.0 {
            return;
        }
        let l2 = T::of(self.l2);
        for range in &self.penalized {
            out[range.clone()].iter_mut().zip(&v[range.clone()]).for_each(|(out, &v)| *out += l2 * v);
        }
    }

    /// Adds the lanes' gradients in their order and writes the sum; returns the mean loss.
    fn merge(&mut self, out: &mut [T]) {
        self.sums.reset(out.len());
        for lane in &self.lanes {
            self.sums.merge(&lane.gradient);
        }
        self.sums.write(out);
    }

    /// The weighted mean of the losses, from the lanes' sums.
    fn mean(&mut self) -> T {
        self.sums.reset(1);
        for lane in &self.lanes {
            self.sums.merge(&lane.value);
        }
        let mut sum = [T::zero()];
        self.sums.write(&mut sum);
        sum[0] / self.total
    }
}

/// y sample by sample: the data set's own memory for one output, a copy for more.
fn targets<'a, T: Real>(data: &'a Dataset<'_, T>) -> Cow<'a, [T]> {
    let k = data.outputs();
    if k == 1 {
        return Cow::Borrowed(data.target(0));
    }
    let mut targets = vec![T::zero(); k * data.samples()];
    for c in 0..k {
        targets[c..].iter_mut().step_by(k).zip(data.target(c)).for_each(|(out, &y)| *out = y);
    }
    Cow::Owned(targets)
}

impl<T: Real, N: Layer<T>, L: Loss<T>> Objective<T> for Risk<'_, T, N, L> {
    fn dim(&self) -> usize {
        self.layout.len()
    }

    fn value(&mut self, theta: &[T]) -> T {
        debug_assert_eq!(theta.len(), self.dim());
        self.each_lane(self.cost(), |task, i, lane| lane.value(task, i, theta));
        self.mean() + self.penalty(theta)
    }

    fn gradient(&mut self, theta: &[T], grad: &mut [T]) -> T {
        debug_assert_eq!((theta.len(), grad.len()), (self.dim(), self.dim()));
        self.each_lane(self.cost(), |task, i, lane| lane.gradient(task, i, theta));
        self.merge(grad);
        self.add_penalty(theta, grad);
        self.mean() + self.penalty(theta)
    }

    fn layout(&self) -> Option<&Layout> {
        Some(&self.layout)
    }

    /// Over an affine layer, by a loss that can be had in f64: centred and scaled features, in f64.
    fn conditioned(&mut self) -> Option<Box<dyn Conditioned<T> + '_>> {
        let (layer, loss) = (self.layer.affine()?, self.loss.in_f64()?);
        let risk = conditioned::Conditioned::new(self.data, layer, loss, self.l2);
        Some(Box::new(risk))
    }
}

impl<T: Real, N: Layer<T>, L> fmt::Debug for Risk<'_, T, N, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, p) = self.data.x().shape();
        f.debug_struct("Risk").field("samples", &n).field("features", &p).field("l2", &self.l2).finish_non_exhaustive()
    }
}
