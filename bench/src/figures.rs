//! What was measured: repeated figures, their medians, and the files they go to.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::Failure;

/// All repetitions of every figure, by case, program and metric.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Figures(BTreeMap<String, BTreeMap<String, BTreeMap<&'static str, Vec<f64>>>>);

impl Figures {
    /// Notes one repetition.
    pub(crate) fn add(&mut self, case: &str, program: &str, metric: &'static str, value: f64) {
        let programs = self.0.entry(case.to_owned()).or_default();
        programs.entry(program.to_owned()).or_default().entry(metric).or_default().push(value);
    }

    /// The median of a figure, if it was measured.
    pub(crate) fn median(&self, case: &str, program: &str, metric: &str) -> Option<f64> {
        Some(median(self.0.get(case)?.get(program)?.get(metric)?))
    }

    /// One line per case, program and metric: median, smallest, greatest.
    pub(crate) fn print(&self) {
        println!(
            "\n{:<34} {:<7} {:<24} {:>11} {:>11} {:>11}",
            "case", "program", "metric", "median", "min", "max"
        );
        for (case, programs) in &self.0 {
            for (program, metrics) in programs {
                for (metric, values) in metrics {
                    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(least, most), value| {
                        (least.min(*value), most.max(*value))
                    });
                    let median = median(values);
                    println!(
                        "{case:<34} {program:<7} {metric:<24} {median:>11.2} {least:>11.2} {most:>11.2}"
                    );
                }
            }
        }
    }

    /// Writes everything as JSON.
    pub(crate) fn write(&self, path: &Path, targets: &impl Serialize) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct File<'a, T> {
            cores: usize,
            targets: &'a T,
            figures: &'a Figures,
        }
        let cores = std::thread::available_parallelism()?.get();
        let file = serde_json::to_string_pretty(&File { cores, targets, figures: self })?;
        std::fs::write(path, file + "\n").map_err(|error| format!("{}: {error}", path.display()))?;
        println!("\nall repetitions: {}", path.display());
        Ok(())
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + sorted[middle]) / 2.0 } else { sorted[middle] }
}

/// The value below which this many of a thousand lie, in a list that gets sorted.
pub(crate) fn permille(values: &mut [f64], permille: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) * permille / 1_000).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        let mut values: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!((permille(&mut values, 500), permille(&mut values, 990)), (50.0, 99.0));
    }
}
