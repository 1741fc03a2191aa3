//! Writes fitted models as ONNX files, with inputs and predictions beside them, for `examples/check_onnx.py` to compare with ONNX Runtime.
//!
//! `cargo run --release --features onnx --example onnx -- FOLDER && python examples/check_onnx.py FOLDER`
//!
//! For a model `name`: `name.f64.onnx` and `name.f32.onnx`, `name.f64.x.csv` and `name.f64.z.csv` (and f32) with 17 digits; for classifiers
//! `name.f64.label.csv` too. There is one of every kind of layer with drawn parameters, and models fitted to real data.

use residual::classify::Classifier;
use residual::layer::{Cell, Image, RecurrentCell, Sequence};
use residual::nalgebra::DMatrix;
use residual::onnx::OnnxOptions;
use residual::{
    Activation, Affine, AvgPool2d, Conv2d, CrossEntropy, Dataset, Dense, Describe, Fitted, Huber, Layer, LayerNorm,
    Layout, LinearRegression, LogisticRegression, Loss, MaxPool2d, Predictor, Real, Recurrent, Regressor, SquaredError,
    Stack, Standardized,
};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

type Result<V = ()> = std::result::Result<V, Box<dyn Error>>;

fn main() -> Result {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/onnx".to_string()));
    fs::create_dir_all(&folder)?;
    layers::<f64>(&folder)?;
    layers::<f32>(&folder)?;
    fitted::<f64>(&folder)?;
    fitted::<f32>(&folder)?;
    println!("{} files in {}", fs::read_dir(&folder)?.count(), folder.display());
    Ok(())
}

/// What the files of numbers and labels end in.
const CSV: &str = "csv";

/// A number in [−1, 1) that is the same everywhere.
fn drawn<T: Real>(i: usize, reach: f64) -> T {
    T::of(reach * (((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0))
}

fn number_type<T>() -> &'static str {
    if size_of::<T>() == 4 { "f32" } else { "f64" }
}

/// A matrix as text, one row per line, every number so that it reads back.
fn csv<T: Real>(m: &DMatrix<T>) -> String {
    let row = |i: usize| (0..m.ncols()).map(|j| format!("{:.17e}", m[(i, j)].to_f64())).collect::<Vec<_>>().join(",");
    (0..m.nrows()).map(|i| row(i) + "\n").collect()
}

fn write<T: Real>(folder: &Path, name: &str, file: &[u8], x: &DMatrix<T>, z: &DMatrix<T>) -> Result {
    let at = |part: &str, ending: &str| folder.join(format!("{name}.{}{part}.{ending}", number_type::<T>()));
    fs::write(at("", "onnx"), file)?;
    fs::write(at(".x", CSV), csv(x))?;
    Ok(fs::write(at(".z", CSV), csv(z))?)
}

/// One layer with drawn parameters under one loss. `steps` is given for layers whose first input is a length.
fn layer<T: Real, N: Layer<T> + Describe, L: Loss<T> + Describe>(
    folder: &Path,
    name: &str,
    (layer, loss): (N, L),
    steps: Option<usize>,
) -> Result {
    let count = Layout::of::<T, _>(&layer).len();
    let model = Fitted::from_params(layer, loss, (0..count).map(|i| drawn(i + 5, 0.7)).collect())?;
    let x = DMatrix::from_fn(7, model.features(), |i, j| match steps {
        Some(steps) if j == 0 => T::of((1 + i % steps) as f64),
        _ => drawn(i * 31 + j * 7, 1.5),
    });
    write(folder, name, &model.to_onnx(&OnnxOptions::default().name(name))?, &x, &model.predict(&x)?)
}

fn layers<T: Real>(folder: &Path) -> Result {
    use Activation::{Gelu, Identity, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
    layer::<T, _, _>(folder, "affine", (Affine::new(5, 3), CrossEntropy), None)?;
    layer::<T, _, _>(folder, "affine_without_bias", (Affine::new(5, 1).without_bias(), CrossEntropy), None)?;
    for activation in [Identity, Relu, LeakyRelu, Tanh, Sigmoid, Silu] {
        let dense = Dense::new(4, 3, activation);
        layer::<T, _, _>(folder, &format!("dense_{}", activation.name()), (dense, SquaredError), None)?;
    }
    if size_of::<T>() == 4 {
        layer::<T, _, _>(folder, "dense_Gelu", (Dense::new(4, 3, Gelu), SquaredError), None)?;
    }
    let stack = vec![Dense::new(4, 6, Relu), Dense::new(6, 5, Tanh).dropout(0.2), Dense::new(5, 2, Identity)];
    layer::<T, _, _>(folder, "stack", (Stack::new(stack)?, Huber::new(1.0)), None)?;
    let image = Image { channels: 2, height: 6, width: 5 };
    let conv = Conv2d::new(image, 3, (2, 3)).activation(Relu);
    let pool = MaxPool2d::new(conv.output(), (2, 2));
    let network = (conv, (pool, Affine::new(pool.output().len(), 2)));
    layer::<T, _, _>(folder, "convolution_and_max_pooling", (network, CrossEntropy), None)?;
    let conv =
        Conv2d::new(image, 3, (2, 2)).stride((2, 1)).padding((1, 2)).dilation((2, 1)).without_bias().activation(Silu);
    let pool = AvgPool2d::new(conv.output(), (2, 3)).stride((1, 2));
    layer::<T, _, _>(folder, "padded_convolution_and_mean_pooling", ((conv, pool), SquaredError), None)?;
    layer::<T, _, _>(folder, "layer_norm", ((LayerNorm::new(4), Affine::new(4, 2)), SquaredError), None)?;
    let sequence = Sequence { steps: 4, features: 3 };
    for cell in [Cell::Tanh, Cell::Gru, Cell::Lstm] {
        let (name, recurrent) = (cell.name(), Recurrent::new(cell, sequence, 5));
        layer::<T, _, _>(folder, &format!("recurrent_{name}"), ((recurrent, Affine::new(5, 2)), SquaredError), None)?;
        layer::<T, _, _>(folder, &format!("every_step_{name}"), (recurrent.every_step(), SquaredError), None)?;
        layer::<T, _, _>(folder, &format!("lengths_{name}"), (recurrent.with_lengths(), SquaredError), Some(4))?;
        let both = recurrent.with_lengths().every_step();
        layer::<T, _, _>(folder, &format!("lengths_every_step_{name}"), (both, SquaredError), Some(4))?;
        layer::<T, _, _>(folder, &format!("cell_{name}"), (RecurrentCell::new(cell, 3, 4), SquaredError), None)?;
    }
    Ok(())
}

/// Fisher's irises: four measurements and a species.
fn irises<T: Real>() -> Result<(DMatrix<T>, Vec<String>)> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/iris.csv"))?;
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut x = DMatrix::zeros(rows.len(), 4);
    for (i, row) in rows.iter().enumerate() {
        for (j, field) in row.iter().take(4).enumerate() {
            x[(i, j)] = T::of(field.parse()?);
        }
    }
    Ok((x, rows.iter().map(|row| row[4].to_string()).collect()))
}

fn fitted<T: Real>(folder: &Path) -> Result {
    let (x, species) = irises::<T>()?;
    let options = OnnxOptions::default();
    let (sepals, petals) = (x.columns(0, 2).into_owned(), x.columns(2, 2).into_owned());
    let data = Dataset::new(&sepals, &petals)?;
    let linear = LinearRegression::new().fit(&data)?;
    write(folder, "iris_linear", &linear.to_onnx(&options)?, &sepals, &linear.predict(&sepals)?)?;
    let scaled = Standardized::new(LinearRegression::new().l2(0.1)).fit(&data)?;
    write(folder, "iris_standardized", &scaled.to_onnx(&options)?, &sepals, &scaled.predict(&sepals)?)?;
    let label = |name: &str, labels: Vec<String>| {
        fs::write(folder.join(format!("{name}.{}.label.{CSV}", number_type::<T>())), labels.join("\n") + "\n")
    };

    let three = Classifier::new(Standardized::new(LogisticRegression::new().l2(0.01))).fit(&x, &species)?;
    write(folder, "iris_species", &three.to_onnx::<T>(&options)?, &x, &three.probabilities(&x)?)?;
    label("iris_species", three.predict(&x)?)?;
    let virginica: Vec<u8> = species.iter().map(|species| u8::from(species == "virginica")).collect();
    let two = Classifier::new(LogisticRegression::new().l2(0.01)).fit(&x, &virginica)?;
    write(folder, "iris_virginica", &two.to_onnx::<T>(&options)?, &x, &two.probabilities(&x)?)?;
    label("iris_virginica", two.predict(&x)?.iter().map(u8::to_string).collect())?;
    Ok(())
}
