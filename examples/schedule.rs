//! Pictures of all schedules: `cargo run --release --example schedule [folder]`

mod support;

use plotters::prelude::{BLUE, ChartBuilder};
use residual::Schedule;
use residual::optim::schedule::{Cosine, Exponential, InverseTime, OneCycle, Plateau, Polynomial, Staircase, Warmup};
use std::process::ExitCode;
use support::{Outcome, picture};

const STEPS: usize = 200;

fn main() -> ExitCode {
    support::run(schedules)
}

fn schedules() -> Outcome {
    let folder = support::folder()?;
    let all: [(&str, Box<dyn Schedule>); 9] = [
        ("a number", Box::new(0.1)),
        ("Staircase", Box::new(Staircase::new(0.1, 50, 0.5)?)),
        ("Exponential", Box::new(Exponential::new(0.1, 0.98)?)),
        ("Cosine", Box::new(Cosine::new(0.1, 180, 0.01)?)),
        ("Polynomial", Box::new(Polynomial::new(0.1, 180, 0.0, 2.0)?)),
        ("InverseTime", Box::new(InverseTime::new(0.1, 0.05)?)),
        ("Warmup into Cosine", Box::new(Warmup::new(30, Cosine::new(0.1, 170, 0.0)?)?)),
        ("OneCycle", Box::new(OneCycle::new(0.1, STEPS)?)),
        ("a closure", Box::new(|step: usize| 0.05 + 0.05 * (step as f64 / 12.0).cos())),
    ];
    // A plateau depends on what it observes: here values that fall, rest, fall and rest, one step an epoch.
    let plateau = Plateau::new(0.1, 0.5, 15)?;
    let values: Vec<f64> =
        (0..STEPS).map(|i| if i < 60 || (100..130).contains(&i) { 1.0 - 0.005 * i as f64 } else { 0.7 }).collect();

    picture::save(&folder.join("schedules.svg"), (1200, 760), |area| {
        let panels = area.split_evenly((2, 5));
        let draw = |panel: &picture::Panel<'_>, name: &str, rates: Vec<f64>| -> Outcome {
            // Narrow panels: fewer labels than the other pictures have.
            let mut chart = ChartBuilder::on(panel)
                .caption(name, ("sans-serif", 18))
                .margin(8)
                .x_label_area_size(36)
                .y_label_area_size(40)
                .build_cartesian_2d(0.0..STEPS as f64, 0.0..0.105)?;
            let step = |step: &f64| format!("{step:.0}");
            chart
                .configure_mesh()
                .disable_mesh()
                .x_labels(3)
                .y_labels(6)
                .x_desc("step")
                .x_label_formatter(&step)
                .draw()?;
            picture::line(&mut chart, rates.into_iter().enumerate().map(|(k, r)| (k as f64, r)).collect(), BLUE, "")
        };
        for (panel, (name, schedule)) in panels.iter().zip(&all) {
            draw(panel, name, (0..STEPS).map(|step| schedule.rate(step)).collect())?;
            println!(
                "{name:20} {:.4} {:.4} {:.4}",
                schedule.rate(0),
                schedule.rate(STEPS / 2),
                schedule.rate(STEPS - 1)
            );
        }
        let rates = (0..STEPS).map(|step| plateau.rate(step) * plateau.factor(&values[..step])).collect();
        draw(&panels[9], "Plateau", rates)
    })
}
