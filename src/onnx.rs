//! ONNX files: a fitted model as a graph that ONNX Runtime and other programs run.
//!
//! `fitted.to_onnx(&OnnxOptions::default())` gives the bytes of a file. Its input is `X`, N×p with any number N of rows; its output is
//! `variable`, N×k, what [`predict`](crate::Predictor::predict) gives. A [`FittedClassifier`] has the outputs `label` and
//! `probabilities` instead. These are the names that skl2onnx uses.
//!
//! The graph has the number type of the model unless [`OnnxOptions::precision`] says otherwise. In double precision ONNX Runtime lacks
//! convolutions, recurrent layers and some activations, so graphs are built of what it has in both precisions: places are gathered and
//! multiplied, steps are written one after the other.

mod graph;
mod label;
mod layers;
mod proto;
mod recurrent;

pub use graph::Precision;
pub use label::Label;

use crate::classify::FittedClassifier;
use crate::{Describe, Description, Error, Fitted, FittedStandardized, Layer, Loss, Real, Result};
use graph::Graph;
use layers::Parameters;
use proto::Attribute;

/// How a model is written as an ONNX file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnnxOptions {
    name: String,
    precision: Option<Precision>,
}

impl Default for OnnxOptions {
    fn default() -> Self {
        Self { name: "residual".to_string(), precision: None }
    }
}

impl OnnxOptions {
    /// The name of the graph; `residual` unless set.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_string();
        self
    }

    /// The number type of the graph; that of the model unless set.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = Some(precision);
        self
    }
}

/// A predictor that can be written as part of a graph. Implemented by [`Fitted`] and [`FittedStandardized`].
pub trait OnnxModel<T: Real> {
    /// Adds the model, reading rows of `inputs` numbers from `x`; returns its prediction and how wide it is.
    #[doc(hidden)]
    fn add(&self, graph: &mut Graph, x: String) -> Result<(String, usize)>;

    /// How many numbers a row of X has.
    #[doc(hidden)]
    fn inputs(&self) -> usize;
}

impl<T: Real, N: Layer<T> + Describe, L: Loss<T> + Describe> OnnxModel<T> for Fitted<T, N, L> {
    fn add(&self, graph: &mut Graph, x: String) -> Result<(String, usize)> {
        let theta: Vec<f64> = self.params().iter().map(|t| t.to_f64()).collect();
        let mut parameters = Parameters::new(&theta);
        let z = layers::layer(graph, &self.layer().describe(), x, &mut parameters)?;
        parameters.end()?;
        let width = self.layer().outputs();
        Ok((respond(graph, &self.loss().describe(), z, width)?, width))
    }

    fn inputs(&self) -> usize {
        self.layer().inputs()
    }
}

impl<T: Real, F: OnnxModel<T>> OnnxModel<T> for FittedStandardized<T, F> {
    fn add(&self, graph: &mut Graph, x: String) -> Result<(String, usize)> {
        let wide = |values: &[T]| -> Vec<f64> { values.iter().map(|v| v.to_f64()).collect() };
        let constants = |graph: &mut Graph, values: &[T]| graph.numbers("scaling", &[values.len()], &wide(values));
        let scaler = self.standardizer();
        let (mean, scale) = (constants(graph, scaler.mean()), constants(graph, scaler.scale()));
        let centred = graph.op("Sub", &[&x, &mean]);
        let scaled = graph.op("Div", &[&centred, &scale]);
        let (mut prediction, width) = self.model().add(graph, scaled)?;
        if let Some(targets) = self.target_standardizer() {
            let (mean, scale) = (constants(graph, targets.mean()), constants(graph, targets.scale()));
            let product = graph.op("Mul", &[&prediction, &scale]);
            prediction = graph.op("Add", &[&product, &mean]);
        }
        Ok((prediction, width))
    }

    fn inputs(&self) -> usize {
        self.standardizer().mean().len()
    }
}

/// The prediction that the scores `z` of `width` numbers stand for.
fn respond(graph: &mut Graph, loss: &Description, z: String, width: usize) -> Result<String> {
    Ok(match loss.kind()? {
        "SquaredError" | "Huber" => z,
        "BinaryCrossEntropy" => graph.op("Sigmoid", &[&z]),
        "CrossEntropy" if width == 1 => graph.op("Sigmoid", &[&z]),
        "CrossEntropy" => graph.op_with("Softmax", &[&z], &[Attribute::Int("axis", 1)]),
        _ => {
            let why = "only the losses of this crate can be exported";
            return Err(Error::Undefined { what: "an ONNX graph of this loss", why });
        }
    })
}

/// A graph with the input X of this model.
fn begin<T: Real>(options: &OnnxOptions, inputs: usize) -> Graph {
    let own = if T::default_epsilon().to_f64() > 1e-10 { Precision::Single } else { Precision::Double };
    let mut graph = Graph::new(options.precision.unwrap_or(own));
    graph.input("X", inputs);
    graph
}

fn regressor<T: Real>(model: &impl OnnxModel<T>, options: &OnnxOptions) -> Result<Vec<u8>> {
    let mut graph = begin::<T>(options, model.inputs());
    let (prediction, width) = model.add(&mut graph, "X".to_string())?;
    graph.output(&prediction, "variable", width);
    Ok(graph.finish(&options.name))
}

impl<T: Real, N: Layer<T> + Describe, L: Loss<T> + Describe> Fitted<T, N, L> {
    /// The model as the bytes of an ONNX file: input `X`, output `variable`.
    ///
    /// ```
    /// use residual::{Affine, Fitted, OnnxOptions, SquaredError};
    /// let model = Fitted::from_params(Affine::new(2, 1), SquaredError, vec![1.0, 2.0, 0.5])?;
    /// let file = model.to_onnx(&OnnxOptions::default())?;
    /// assert!(file.len() < 400 && file == model.to_onnx(&OnnxOptions::default())?);
    /// # Ok::<(), residual::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Undefined`] for a layer or loss that is not of this crate, and for `Gelu` in double precision.
    pub fn to_onnx(&self, options: &OnnxOptions) -> Result<Vec<u8>> {
        regressor(self, options)
    }
}

impl<T: Real, F: OnnxModel<T>> FittedStandardized<T, F> {
    /// The scaling and the model as the bytes of an ONNX file: input `X` in the user's units, output `variable`.
    ///
    /// # Errors
    /// As [`Fitted::to_onnx`].
    pub fn to_onnx(&self, options: &OnnxOptions) -> Result<Vec<u8>> {
        regressor(self, options)
    }
}

impl<F, L: Label> FittedClassifier<F, L> {
    /// The classifier as the bytes of an ONNX file: input `X`, outputs `label` and `probabilities` (N×c, columns in the order of the
    /// labels). Labels are texts or whole numbers, as [`Label`] says.
    ///
    /// # Errors
    /// As [`Fitted::to_onnx`].
    pub fn to_onnx<T: Real>(&self, options: &OnnxOptions) -> Result<Vec<u8>>
    where
        F: OnnxModel<T>,
    {
        let mut graph = begin::<T>(options, self.model().inputs());
        let (prediction, width) = self.model().add(&mut graph, "X".to_string())?;
        let labels = self.classes().labels();
        let (number, probabilities) = if width == 1 {
            // The second label where p ≥ ½.
            let (half, one) = (graph.number(0.5), graph.number(1.0));
            let second = graph.op("GreaterOrEqual", &[&prediction, &half]);
            let number = graph.op_with("Cast", &[&second], &[Attribute::Int("to", proto::Elem::I64 as i64)]);
            let first = graph.op("Sub", &[&one, &prediction]);
            let both = graph.op_with("Concat", &[&first, &prediction], &[Attribute::Int("axis", 1)]);
            (graph.reshape(&number, &[-1]), both)
        } else {
            let settings = [Attribute::Int("axis", 1), Attribute::Int("keepdims", 0)];
            (graph.op_with("ArgMax", &[&prediction], &settings), prediction)
        };
        let (constants, text) = label::constants(&mut graph, labels);
        let label = graph.op("Gather", &[&constants, &number]);
        graph.output_labels(&label, "label", text);
        graph.output(&probabilities, "probabilities", labels.len());
        Ok(graph.finish(&options.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Affine, CrossEntropy, Dense, SquaredError};

    #[test]
    fn what_has_no_graph_is_refused_by_its_name() {
        let gelu = Fitted::from_params(Dense::new(1, 1, Activation::Gelu), SquaredError, vec![1.0, 0.0]).unwrap();
        let error = gelu.to_onnx(&OnnxOptions::default()).unwrap_err().to_string();
        assert!(error.contains("Gelu") && error.contains("single precision"), "{error}");
        assert!(gelu.to_onnx(&OnnxOptions::default().precision(Precision::Single)).is_ok());
    }

    /// A loss of somebody else.
    #[derive(Debug)]
    struct Own;

    impl Loss<f64> for Own {
        fn value(&self, z: &[f64], y: &[f64]) -> f64 {
            SquaredError.value(z, y)
        }
        fn gradient(&self, z: &[f64], y: &[f64], dz: &mut [f64]) -> f64 {
            SquaredError.gradient(z, y, dz)
        }
        fn respond(&self, _: &mut [f64]) {}
        fn accepts(&self, _: &[f64]) -> Result<(), &'static str> {
            Ok(())
        }
    }

    impl Describe for Own {
        fn describe(&self) -> Description {
            Description::of_kind("Own")
        }
        fn from_description(_: &Description) -> Result<Self> {
            Ok(Self)
        }
    }

    #[test]
    fn a_loss_of_somebody_else_is_refused() {
        let model = Fitted::from_params(Affine::new(1, 1), Own, vec![1.0, 0.0]).unwrap();
        assert!(matches!(model.to_onnx(&OnnxOptions::default()), Err(Error::Undefined { .. })));
    }

    #[test]
    fn the_number_type_is_the_models_unless_set() {
        let (f64s, f32s) = (
            Fitted::from_params(Affine::new(1, 1), CrossEntropy, vec![0.1f64, 0.25]).unwrap(),
            Fitted::from_params(Affine::new(1, 1), CrossEntropy, vec![0.1f32, 0.25]).unwrap(),
        );
        let holds = |file: &[u8], bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
        let (double, single) = (0.1f64.to_le_bytes(), 0.1f32.to_le_bytes());
        let own = OnnxOptions::default();
        assert!(holds(&f64s.to_onnx(&own).unwrap(), &double) && holds(&f32s.to_onnx(&own).unwrap(), &single));
        let forced = f64s.to_onnx(&own.clone().precision(Precision::Single)).unwrap();
        assert!(holds(&forced, &single) && !holds(&forced, &double));
    }
}
