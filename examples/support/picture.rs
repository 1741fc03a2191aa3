//! SVG pictures with plotters.

use super::Outcome;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::path::Path;

pub type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Writes an SVG of this size; `draw` gets a white area.
pub fn save(path: &Path, size: (u32, u32), draw: impl FnOnce(&Panel<'_>) -> Outcome) -> Outcome {
    let write = || -> Outcome {
        let area = SVGBackend::new(path, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        Ok(area.present()?)
    };
    write().map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// The smallest and largest of some numbers, a little wider.
pub fn range(values: impl IntoIterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) = values.into_iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    let margin = 0.04 * (high - low).max(1e-9);
    low - margin..high + margin
}

/// Axes with a title and names.
pub fn axes<'a, 'b>(
    area: &'a Panel<'b>,
    title: &str,
    (x, x_name): (std::ops::Range<f64>, &str),
    (y, y_name): (std::ops::Range<f64>, &str),
) -> Outcome<Chart<'a, 'b>> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(x, y)?;
    chart.configure_mesh().x_desc(x_name).y_desc(y_name).light_line_style(BLACK.mix(0.04)).draw()?;
    Ok(chart)
}

/// A line through points.
pub fn line(chart: &mut Chart<'_, '_>, points: Vec<(f64, f64)>, color: RGBColor, name: &str) -> Outcome {
    let series = chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?;
    if !name.is_empty() {
        series.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    Ok(())
}

/// Dots.
pub fn dots(chart: &mut Chart<'_, '_>, points: Vec<(f64, f64)>, color: RGBColor, name: &str) -> Outcome {
    let series = chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, color.mix(0.7).filled())))?;
    if !name.is_empty() {
        series.label(name).legend(move |(x, y)| Circle::new((x + 8, y), 3, color.filled()));
    }
    Ok(())
}

/// The names of the series, in a box.
pub fn legend<'a, 'b: 'a>(chart: &mut Chart<'a, 'b>) -> Outcome {
    let mut labels = chart.configure_series_labels();
    let labels = labels.position(SeriesLabelPosition::LowerRight);
    Ok(labels.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?)
}

/// A grey image of numbers in 0..=1, row by row, into a square of `size` pixels at `corner`; 1 is black.
pub fn image(
    area: &Panel<'_>,
    pixels: &[f64],
    width: usize,
    (left, top): (i32, i32),
    size: i32,
    caption: &str,
) -> Outcome {
    let cell = size / width as i32;
    for (i, &value) in pixels.iter().enumerate() {
        let (x, y) = (left + cell * (i % width) as i32, top + cell * (i / width) as i32);
        let shade = 255 - (255.0 * value.clamp(0.0, 1.0)) as u8;
        area.draw(&Rectangle::new([(x, y), (x + cell, y + cell)], RGBColor(shade, shade, shade).filled()))?;
    }
    area.draw(&Text::new(caption.to_owned(), (left, top + size + 4), ("sans-serif", 14).into_font()))?;
    Ok(())
}
