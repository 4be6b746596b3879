//! The curves of growth as a picture: what a delivery, a message or a page costs as things become more.

use std::path::Path;

use plotters::prelude::*;

use crate::Failure;
use crate::figures::Figures;
use crate::targets::{Curve, curves};

/// Size of the picture.
const SIZE: (u32, u32) = (860, 460);

/// How much more the targets allow than where a curve begins.
const ALLOWED: f64 = 1.5;

/// Draws every curve that was measured; nothing when none was.
pub(crate) fn draw(figures: &Figures, path: &Path) -> Result<(), Failure> {
    let measured: Vec<(Curve, Vec<(f64, f64)>)> = curves()
        .into_iter()
        .map(|curve| (curve.points(figures), curve))
        .map(|(points, curve)| (curve, points))
        .collect();
    if measured.iter().all(|(_, points)| points.len() < 2) {
        return Ok(());
    }
    let most = measured.iter().flat_map(|(_, points)| points).map(|(_, cost)| *cost).fold(ALLOWED, f64::max);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("CPU per delivery, message or page, relative to where each curve begins", ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(48)
        .build_cartesian_2d((10.0..1_000_000.0).log_scale(), 0.0..most * 1.1)?;
    chart.configure_mesh().x_desc("readers, messages, rooms, offline members").y_desc("times").draw()?;
    let limit = [(10.0, ALLOWED), (1_000_000.0, ALLOWED)];
    chart
        .draw_series(LineSeries::new(limit, BLACK.mix(0.5)))?
        .label("target: at most 1.5")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.mix(0.5)));
    for (index, (curve, points)) in measured.iter().enumerate() {
        let color = Palette99::pick(index).to_rgba();
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)).point_size(3))?
            .label(curve.what)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    println!("curves of growth: {}", path.display());
    Ok(())
}
