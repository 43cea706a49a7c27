//! Throughput as pictures: against the number of clients, and against the size of the data.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::report::Report;
use crate::work::Operation;

/// A line of a picture: its name and its points.
type Line = (String, Vec<(f64, f64)>);

const SIZE: (u32, u32) = (760, 420);
const COLOURS: [RGBColor; 5] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
];

/// How much of its bound each of the writing operations reaches, by clients.
pub(crate) fn by_clients(report: &Report, to: &Path) -> Result<()> {
    let mut lines: BTreeMap<Operation, Vec<(f64, f64)>> = BTreeMap::new();
    for row in &report.rows {
        if matches!(
            row.operation,
            Operation::Create | Operation::Accept | Operation::Delete | Operation::Pair
        ) {
            lines.entry(row.operation).or_default().push(((row.clients as f64).log2(), row.ratio));
        }
    }
    let lines = lines.into_iter().map(|(operation, points)| (operation.word(), points));
    draw(to, "Rate over its bound, by clients", &lines.collect::<Vec<_>>(), |power| {
        format!("{:.0}", power.exp2())
    })
}

/// The rate as a part of that in the smallest file, by disks.
pub(crate) fn by_size(report: &Report, to: &Path) -> Result<()> {
    let mut lines: BTreeMap<Operation, Vec<(f64, f64)>> = BTreeMap::new();
    for grown in &report.growth {
        let point = ((grown.disks as f64).log10(), grown.ratio);
        lines.entry(grown.operation).or_default().push(point);
    }
    let lines = lines.into_iter().map(|(operation, points)| (operation.word(), points));
    draw(to, "Rate over that with 1000 disks, by disks", &lines.collect::<Vec<_>>(), |power| {
        format!("{:.0}", 10_f64.powf(power))
    })
}

fn draw(to: &Path, title: &str, lines: &[Line], label: impl Fn(f64) -> String) -> Result<()> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::NEG_INFINITY, f64::max);
    let least = points().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let (right, top) = (most(|point| point.0), most(|point| point.1).max(1.0) * 1.1);
    if points().count() < 2 {
        return Ok(());
    }
    let wrong = |why: &dyn std::fmt::Display| anyhow!("the picture: {why}");
    let root = SVGBackend::new(to, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(|why| wrong(&why))?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .caption(title, ("sans-serif", 18))
        .x_label_area_size(32)
        .y_label_area_size(48)
        .build_cartesian_2d(least..right, 0.0..top)
        .map_err(|why| wrong(&why))?;
    chart
        .configure_mesh()
        .x_labels(8)
        .x_label_formatter(&|power| label(*power))
        .y_label_formatter(&|ratio| format!("{ratio:.1}"))
        .draw()
        .map_err(|why| wrong(&why))?;
    for ((name, points), colour) in lines.iter().zip(COLOURS) {
        let series = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(series)
            .map_err(|why| wrong(&why))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(|why| wrong(&why))?;
    root.present().map_err(|why| wrong(&why))
}
