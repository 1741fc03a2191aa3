//! The one fitted model: a layer, a loss, parameters, and how they were found.

use super::Predictor;
use crate::layer::{Affine, Layer};
use crate::layout::Layout;
use crate::linalg::{Block, block_rows, reshape};
use crate::loss::Loss;
use crate::optim::ends::out_of_range;
use crate::optim::{Reason, Report, Solution};
use crate::real::finite_or_nan;
use crate::{Error, Real, Result};
use nalgebra::{DMatrix, DMatrixView, DVector};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A fitted model: `layer` with parameters θ, predicting as `loss` says.
///
/// ```
/// use nalgebra::dmatrix;
/// use residual::{Affine, CrossEntropy, Fitted, Predictor, nalgebra};
/// let model = Fitted::from_params(Affine::new(1, 1), CrossEntropy, vec![1.0, 0.0])?;
/// let p = model.predict(&dmatrix![0.0; 3f64.ln()])?;
/// assert!((p[0] - 0.5).abs() < 1e-15 && (p[1] - 0.75).abs() < 1e-15);
/// # Ok::<(), residual::Error>(())
/// ```
pub struct Fitted<T: Real, N: Layer<T>, L> {
    layer: N,
    loss: L,
    params: Vec<T>,
    report: Report,
    pool: Mutex<Vec<Scratch<T, N::Tape>>>,
}

/// What one prediction under way needs.
struct Scratch<T: Real, A> {
    x: DMatrix<T>,
    z: DMatrix<T>,
    tape: A,
}

impl<T: Real, N: Layer<T>, L: Loss<T>> Fitted<T, N, L> {
    /// A model with parameters from elsewhere. Its report says [`Reason::Given`].
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are as many parameters as the layer's [`Layout`] counts, [`Error::NotFinite`] for NaN
    /// or infinity among them, and those of the layer's and the loss's own checks.
    pub fn from_params(layer: N, loss: L, params: Vec<T>) -> Result<Self> {
        layer.check()?;
        loss.check()?;
        let expected = Layout::of(&layer).len();
        if params.len() != expected {
            return Err(Error::Shape { what: "number of parameters", expected, found: params.len() });
        }
        if let Some(row) = params.iter().position(|p| !p.is_finite()) {
            return Err(Error::NotFinite { what: "the parameter vector", row, column: 0 });
        }
        Self::new(layer, loss, Solution { params, report: Report::new(Reason::Given, 0, f64::NAN, f64::NAN) })
    }

    pub(super) fn new(layer: N, loss: L, Solution { params, report }: Solution<T>) -> Result<Self> {
        if params.iter().any(|p| !p.is_finite()) {
            return Err(out_of_range("a parameter"));
        }
        let known = report.value().is_finite() && report.gradient_norm().is_finite();
        if !known && report.reason() != Reason::Given {
            let why = "it overflows at the solution; scale the features and the targets";
            return Err(Error::Undefined { what: "the risk", why });
        }
        Ok(Self { layer, loss, params, report, pool: Mutex::new(Vec::new()) })
    }
}

impl<T: Real, N: Layer<T>, L> Fitted<T, N, L> {
    /// θ, laid out as the layer's [`Layout`] says.
    #[must_use]
    pub fn params(&self) -> &[T] {
        &self.params
    }

    /// The names and shapes of the blocks of θ.
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout::of(&self.layer)
    }

    /// One block of θ by its name, as `0.weight` (outputs × inputs) or `0.bias`.
    #[must_use]
    pub fn block(&self, name: &str) -> Option<DMatrixView<'_, T>> {
        let layout = self.layout();
        let block = layout.blocks().iter().find(|block| block.name() == name)?;
        let (rows, cols) = block.shape();
        Some(DMatrixView::from_slice(&self.params[block.range()], rows, cols))
    }

    pub(super) fn with_validation(mut self, values: &[f64]) -> Self {
        self.report = self.report.with_validation(values.to_vec());
        self
    }

    /// How the fit ended.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The layer.
    #[must_use]
    pub fn layer(&self) -> &N {
        &self.layer
    }

    /// The loss.
    #[must_use]
    pub fn loss(&self) -> &L {
        &self.loss
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Scratch<T, N::Tape>>> {
        // Scratch memory cannot be left in a bad state: every use overwrites it.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Real, L> Fitted<T, Affine, L> {
    /// The coefficients, p×k: column c holds those of output c.
    #[must_use]
    pub fn coefficients(&self) -> DMatrix<T> {
        let k = Layer::<T>::outputs(&self.layer);
        DMatrix::from_row_slice(Layer::<T>::inputs(&self.layer), k, self.layer.parts(&self.params).0)
    }

    /// The intercept of each output; zeros without one.
    #[must_use]
    pub fn intercept(&self) -> DVector<T> {
        let b = self.layer.parts(&self.params).1;
        DVector::from_fn(Layer::<T>::outputs(&self.layer), |c, _| b.get(c).copied().unwrap_or_else(T::zero))
    }
}

impl<T: Real, N: Layer<T>, L: Loss<T>> Predictor<T> for Fitted<T, N, L> {
    fn features(&self) -> usize {
        self.layer.inputs()
    }

    fn outputs(&self) -> usize {
        self.layer.outputs()
    }

    fn predict_into(&self, x: DMatrixView<'_, T>, out: &mut DMatrix<T>) -> Result<()> {
        let (n, p, k) = (x.nrows(), self.features(), self.outputs());
        if x.ncols() != p {
            return Err(Error::Shape { what: "columns of x", expected: p, found: x.ncols() });
        }
        if out.nrows() != n {
            return Err(Error::Shape { what: "rows of the output", expected: n, found: out.nrows() });
        }
        if out.ncols() != k {
            return Err(Error::Shape { what: "columns of the output", expected: k, found: out.ncols() });
        }
        if n == 1 && self.predict_one(&x, out.as_mut_slice()) {
            return Ok(());
        }
        crate::data::all_finite("x", x)?;
        self.layer.accepts(&Block::new(x))?;
        let scratch = self.pool().pop();
        let mut scratch = scratch.unwrap_or_else(|| Scratch {
            x: DMatrix::zeros(0, 0),
            z: DMatrix::zeros(0, 0),
            tape: N::Tape::default(),
        });
        let rows = block_rows(p);
        let out = out.as_mut_slice();
        for first in (0..n).step_by(rows) {
            let len = rows.min(n - first);
            reshape(&mut scratch.z, k, len);
            let block = Block::new(x.rows(first, len));
            self.layer.forward_block(&self.params, &block, &mut scratch.x, &mut scratch.z, &mut scratch.tape);
            // A probability is finite whatever the score.
            scratch.z.iter_mut().for_each(|z| *z = finite_or_nan(*z));
            self.loss.block_respond(scratch.z.as_mut_slice(), k);
            for c in 0..k {
                let column = scratch.z.as_slice()[c..].iter().step_by(k);
                out[c * n + first..][..len].iter_mut().zip(column).for_each(|(out, &z)| *out = z);
            }
        }
        self.pool().push(scratch);
        finite(out, n)
    }
}

impl<T: Real, N: Layer<T>, L: Loss<T>> Fitted<T, N, L> {
    /// One row by an affine layer, where the copies, checks and locks of the general way would take most of the time. Returns
    /// whether `out` is the prediction; where it is not, the general way knows why.
    fn predict_one(&self, x: &DMatrixView<'_, T>, out: &mut [T]) -> bool {
        let Some(layer) = self.layer.affine() else { return false };
        layer.forward_row(&self.params, x, out);
        // No multiple of NaN or infinity is finite, nor a sum with one.
        if !out.iter().all(|z| z.is_finite()) || self.layer.accepts(&Block::new(*x)).is_err() {
            return false;
        }
        self.loss.block_respond(out, out.len());
        out.iter().all(|z| z.is_finite())
    }
}

/// Finite parameters and features can still overflow on the way.
fn finite<T: Real>(out: &[T], n: usize) -> Result<()> {
    match out.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(Error::NotFinite { what: "the prediction", row: i % n, column: i / n }),
        None => Ok(()),
    }
}

impl<T: Real, N: Layer<T> + Clone, L: Clone> Clone for Fitted<T, N, L> {
    fn clone(&self) -> Self {
        Self {
            layer: self.layer.clone(),
            loss: self.loss.clone(),
            params: self.params.clone(),
            report: self.report.clone(),
            pool: Mutex::new(Vec::new()),
        }
    }
}

impl<T: Real, N: Layer<T> + fmt::Debug, L: fmt::Debug> fmt::Debug for Fitted<T, N, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fitted")
            .field("layer", &self.layer)
            .field("loss", &self.loss)
            .field("params", &self.params)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}
