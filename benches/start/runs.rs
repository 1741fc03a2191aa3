//! One job from every start, five seeds each, and its lines of the table.

use crate::starts::STARTS;
use residual::nalgebra::DMatrix;
use residual::optim::{Observer, Progress, Trainer};
use residual::{Dataset, Layer, Loss, Objective, Risk, Solver};
use std::ops::ControlFlow;

/// Features and targets.
pub type Part = (DMatrix<f32>, DMatrix<f32>);

#[derive(Debug, Clone, Copy)]
pub enum Recipe {
    /// Adam at 1e-3.
    Adam,
    /// Momentum of 0.9 at 1e-2.
    Momentum,
}

#[derive(Debug, Clone)]
pub struct Job {
    name: String,
    batch: usize,
    recipe: Recipe,
}

impl Job {
    /// Batches of 32, Adam.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_string(), batch: 32, recipe: Recipe::Adam }
    }

    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    pub fn recipe(mut self, recipe: Recipe) -> Self {
        self.recipe = recipe;
        self
    }

    fn fit<N: Layer<f32>, L: Loss<f32>>(
        &self,
        risk: &mut Risk<'_, f32, N, L>,
        (start, seed): (Vec<f32>, u64),
        observer: &mut dyn Observer<f32>,
    ) {
        let epochs = if timed() { EPOCHS[EPOCHS.len() - 1] } else { 1 };
        let end = match self.recipe {
            Recipe::Adam => {
                Trainer::adam(1e-3).epochs(epochs).batch_size(self.batch).seed(seed).minimize(risk, start, observer)
            }
            Recipe::Momentum => {
                let trainer = Trainer::momentum(1e-2, 0.9).epochs(epochs).batch_size(self.batch).seed(seed);
                trainer.minimize(risk, start, observer)
            }
        };
        end.expect("a fit");
    }
}

const EPOCHS: [usize; 4] = [1, 3, 10, 30];

fn arguments() -> impl Iterator<Item = String> {
    std::env::args().skip(1)
}

/// `cargo test` passes no `--bench`: one epoch of one seed on a few rows.
fn timed() -> bool {
    arguments().any(|argument| argument == "--bench")
}

fn raw() -> bool {
    arguments().any(|argument| argument == "--raw")
}

fn wanted(job: &str) -> bool {
    let words: Vec<String> = arguments().filter(|argument| !argument.starts_with("--")).collect();
    words.is_empty() || words.iter().any(|word| job.contains(word))
}

pub fn header() {
    if raw() {
        return;
    }
    println!("Test loss, geometric mean of the seeds ± its standard error in per cent.\n");
    let names: Vec<&str> = STARTS.iter().map(|start| start.name).collect();
    println!("| job | epoch | {} |\n|{}", names.join(" | "), "---|".repeat(names.len() + 2));
}

/// (epoch, training loss, test loss) of one fit.
type Trace = Vec<(usize, f64, f64)>;

pub fn run<N: Layer<f32>, L: Loss<f32>>(job: Job, layer: &N, loss: &L, parts: &[Part; 2]) {
    if !wanted(&job.name) {
        return;
    }
    let sets = parts.each_ref().map(|(x, y)| Dataset::new(x, y).expect("finite numbers"));
    let few: Vec<usize> = (0..40).collect();
    let sets = if timed() { sets } else { sets.map(|set| set.select(&few).expect("rows")) };
    let risk = |i: usize| Risk::new(&sets[i], layer, loss, 0.0).expect("the layer fits");
    let (mut train, mut seen, mut unseen) = (risk(0), risk(0), risk(1));
    let traces: Vec<Vec<Trace>> = STARTS
        .iter()
        .map(|start| {
            let mut trace = |seed: u64| {
                let mut trace = Trace::new();
                let mut note = |progress: &Progress<'_, f32>| {
                    if EPOCHS.contains(&progress.iteration()) {
                        let at = |risk: &mut Risk<'_, f32, N, L>| f64::from(risk.value(progress.params()));
                        trace.push((progress.iteration(), at(&mut seen), at(&mut unseen)));
                    }
                    ControlFlow::Continue(())
                };
                job.fit(&mut train, (start.draw(&risk(0), seed), seed), &mut note);
                trace
            };
            let traces: Vec<Trace> = (0..if timed() { 5 } else { 1 }).map(&mut trace).collect();
            if raw() {
                print(&job.name, start.name, &traces);
            }
            traces
        })
        .collect();
    if !raw() {
        table(&job.name, &traces);
    }
}

fn print(job: &str, start: &str, traces: &[Trace]) {
    for (seed, trace) in traces.iter().enumerate() {
        for (epoch, train, test) in trace {
            println!("{job}\t{start}\t{seed}\t{epoch}\t{train:e}\t{test:e}");
        }
    }
}

/// One line for each epoch.
fn table(job: &str, traces: &[Vec<Trace>]) {
    for i in 0..traces[0][0].len() {
        let cells = traces.iter().map(|seeds| {
            let logs: Vec<f64> = seeds.iter().map(|trace| trace[i].2.ln()).collect();
            let n = logs.len() as f64;
            let mean = logs.iter().sum::<f64>() / n;
            let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
            format!("{:.3e} ± {:.0}", mean.exp(), 100.0 * (variance / n).sqrt())
        });
        println!("| {job} | {} | {} |", traces[0][0][i].0, cells.collect::<Vec<_>>().join(" | "));
    }
}
