//! The committed counts: `bench/instructions.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Counts;
use crate::tools::output;

/// How many reasons are kept; older ones are in the history of the file.
const MAX_REASONS: usize = 50;

/// The committed counts, what they were made with, and why they are what they are.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Baseline {
    #[serde(flatten)]
    pub(super) machine: Machine,
    pub(super) instructions: Counts,
    /// Why the baseline moved, newest first.
    pub(super) reasons: Vec<String>,
}

/// What instruction counts depend on beside the code.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) rustc: String,
    pub(super) target: String,
    pub(super) valgrind: String,
}

impl Baseline {
    /// `None` when there is none yet.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        let error = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|cause| error(&cause)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(error(&cause)),
        }
    }

    /// The next baseline.
    pub(super) fn moved(
        before: Option<Self>,
        machine: Machine,
        instructions: Counts,
        reason: String,
    ) -> Self {
        let mut reasons = vec![reason];
        reasons.extend(before.map(|before| before.reasons).unwrap_or_default());
        reasons.truncate(MAX_REASONS);
        Self { machine, instructions, reasons }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).expect("texts and numbers are plain JSON");
        std::fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Machine {
    /// What this one has.
    pub(super) fn this() -> Result<Self, String> {
        let verbose = output("rustc", &["-vV"])?;
        let line =
            |prefix: &str| verbose.lines().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned);
        Ok(Self {
            rustc: verbose.lines().next().unwrap_or_default().to_owned(),
            target: line("host: ").ok_or("rustc -vV: no host")?,
            valgrind: output("valgrind", &["--version"])?.trim().to_owned(),
        })
    }

    /// What differs between the one of the baseline and `now`.
    pub(super) fn differences(&self, now: &Self) -> Vec<String> {
        let pairs = [(&self.rustc, &now.rustc), (&self.target, &now.target), (&self.valgrind, &now.valgrind)];
        let different = pairs.into_iter().filter(|(was, is)| was != is);
        different.map(|(was, is)| format!("the baseline was made with {was}, this is {is}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_kept_newest_first_up_to_a_bound() {
        let machine = || Machine { rustc: "r".to_owned(), target: "t".to_owned(), valgrind: "v".to_owned() };
        let mut baseline = None;
        for number in 0..=MAX_REASONS {
            baseline = Some(Baseline::moved(baseline, machine(), Counts::new(), number.to_string()));
        }
        let reasons = baseline.unwrap().reasons;
        assert_eq!((reasons.len(), reasons[0].as_str()), (MAX_REASONS, "50"));
    }
}
