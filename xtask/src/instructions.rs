//! Counts the instructions of the benches and compares them to the committed baseline: `cargo xtask instructions`.
//!
//! The counts are callgrind's, of the benches named `instructions`. They do not depend on what else the machine does,
//! so that a change of a few percent is a fact. See `docs/instruction-counts.md`.

mod baseline;
mod runner;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::Value;

use crate::tools;
use baseline::{Baseline, Machine};

/// How much more than the baseline is a failure, and how much less a hint. What the same code counts when its
/// neighbours are compiled differently stays well below it.
const TOLERANCE_PERCENT: u64 = 5;

/// Benches whose cost must not grow with what their names say, within the same tolerance: the history of a room costs
/// nobody who only wants a number.
const FLAT: &[(&str, &str)] = &[(
    "chat-server-core::unread_counts::unread::behind_32_of_100",
    "chat-server-core::unread_counts::unread::behind_32_of_10000",
)];

/// Instructions by bench.
type Counts = BTreeMap<String, u64>;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Make what is counted now the baseline
    #[arg(long, requires = "reason")]
    update: bool,
    /// Why the baseline moves; kept with it
    #[arg(long, requires = "update", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: Option<String>,
}

impl Options {
    pub(crate) fn run(self) -> Result<(), String> {
        let root = tools::root()?;
        tools::program("valgrind", "valgrind")?;
        let runner = runner::installed(&root)?;
        let machine = Machine::this()?;
        let counts = count(&root, &runner)?;
        let path = root.join("bench/instructions.json");
        let before = Baseline::read(&path)?;
        print_table(before.as_ref(), &machine, &counts);
        if let Some(reason) = self.reason {
            check_flat(&counts)?;
            Baseline::moved(before, machine, counts, reason).write(&path)?;
            println!("== the baseline moved: commit bench/instructions.json with the change that moved it");
            return Ok(());
        }
        let before =
            before.ok_or("bench/instructions.json is missing: make it with --update --reason \"...\"")?;
        judge(&before, &machine, &counts)
    }
}

/// Runs the benches.
fn count(root: &Path, runner: &Path) -> Result<Counts, String> {
    let mut path = runner.parent().map(|folder| vec![folder.to_owned()]).unwrap_or_default();
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(path).map_err(|error| format!("PATH: {error}"))?;
    let output = Command::new(tools::cargo())
        .current_dir(root)
        .args([
            "bench",
            "--package",
            "chat-protocol",
            "--package",
            "chat-server-core",
            "--bench",
            "instructions",
        ])
        .args(["--features", "chat-server-core/bench-internals"])
        .env("PATH", path)
        .env("GUNGRAUN_OUTPUT_FORMAT", "json")
        .stderr(Stdio::inherit())
        .output();
    let output = output.map_err(|error| format!("cargo bench: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo bench: {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut counts = Counts::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let (id, instructions) = read_summary(line).ok_or_else(|| format!("no count in: {line}"))?;
        if counts.insert(id.clone(), instructions).is_some() {
            return Err(format!("two benches are called {id}"));
        }
    }
    if counts.is_empty() {
        return Err("cargo bench ran no benches".to_owned());
    }
    Ok(counts)
}

/// The id and the instructions of one bench, from its summary as the runner prints it (one JSON object per line,
/// gungraun's `summary` schema).
fn read_summary(line: &str) -> Option<(String, u64)> {
    let summary: Value = serde_json::from_str(line).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let package = Path::new(summary["package_dir"].as_str()?).file_name()?.to_str()?;
    let (group, function) = (text(&summary["group"])?, text(&summary["function_name"])?);
    let name = text(&summary["id"]).map(|id| format!("::{id}")).unwrap_or_default();
    let profiles = summary["profiles"].as_array()?;
    let callgrind = profiles.iter().find(|profile| profile["tool"] == "Callgrind")?;
    let instructions = callgrind.pointer("/data/total/metrics/Ir/values/new")?.as_u64()?;
    Some((format!("{package}::{group}::{function}{name}"), instructions))
}

fn print_table(before: Option<&Baseline>, machine: &Machine, counts: &Counts) {
    if let Some(before) = before {
        for difference in before.machine.differences(machine) {
            println!("!! {difference}: counts may differ for that alone");
        }
    }
    let width = counts.keys().map(String::len).max().unwrap_or(0);
    println!("{:width$} {:>12} {:>12} {:>9}", "bench", "baseline", "now", "change");
    for (id, now) in counts {
        match before.and_then(|before| before.instructions.get(id)) {
            Some(was) => println!("{id:width$} {was:>12} {now:>12} {:>+8.2}%", percent(*was, *now)),
            None => println!("{id:width$} {:>12} {now:>12} {:>9}", "-", "new"),
        }
    }
}

fn percent(was: u64, now: u64) -> f64 {
    (now as f64 / was as f64 - 1.0) * 100.0
}

/// Whether `more` exceeds `less` by more than the tolerance; in whole numbers, because the limit itself is allowed.
fn exceeds(more: u64, less: u64) -> bool {
    more.saturating_mul(100) > less.saturating_mul(100 + TOLERANCE_PERCENT)
}

/// Fails for what costs more than before, and for what is not compared at all.
fn judge(before: &Baseline, machine: &Machine, counts: &Counts) -> Result<(), String> {
    let mut faults = Vec::new();
    for (id, now) in counts {
        match before.instructions.get(id) {
            None => faults.push(format!("{id} has no baseline")),
            Some(was) if exceeds(*now, *was) => {
                let more = percent(*was, *now);
                faults.push(format!("{id} takes {now} instructions instead of {was}: {more:+.2}%"));
            }
            Some(was) if exceeds(*was, *now) => {
                println!("== {id} got cheaper: move the baseline, so that it stays so");
            }
            Some(_) => {}
        }
    }
    let vanished = before.instructions.keys().filter(|id| !counts.contains_key(*id));
    faults.extend(vanished.map(|id| format!("{id} is in the baseline, but no such bench ran")));
    faults.extend(check_flat(counts).err());
    if faults.is_empty() {
        println!("== {} benches, none more than {TOLERANCE_PERCENT}% above its baseline", counts.len());
        return Ok(());
    }
    if machine.target != before.machine.target {
        println!("== not judged, for another target than the baseline's:\n   {}", faults.join("\n   "));
        return Ok(());
    }
    Err(format!(
        "instruction counts (at most +{TOLERANCE_PERCENT}%):\n   {}\nmake it cheaper, or move the baseline in the \
         same commit: cargo xtask instructions --update --reason \"why it has to cost that\"",
        faults.join("\n   ")
    ))
}

fn check_flat(counts: &Counts) -> Result<(), String> {
    for (small, large) in FLAT {
        let (Some(few), Some(many)) = (counts.get(*small), counts.get(*large)) else { continue };
        if exceeds(*many, *few) {
            return Err(format!("{large} must cost what {small} costs: {many} instructions against {few}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine { rustc: "rustc 1".to_owned(), target: "t".to_owned(), valgrind: "v".to_owned() }
    }

    fn counts(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect()
    }

    fn judged(before: &[(&str, u64)], now: &[(&str, u64)]) -> Result<(), String> {
        let before = Baseline::moved(None, machine(), counts(before), "first".to_owned());
        judge(&before, &machine(), &counts(now))
    }

    #[test]
    fn more_than_the_tolerance_and_what_is_not_compared_fail() {
        assert_eq!(judged(&[("a", 1_000)], &[("a", 1_050)]), Ok(()));
        assert_eq!(judged(&[("a", 1_000)], &[("a", 10)]), Ok(()));
        assert!(judged(&[("a", 1_000)], &[("a", 1_051)]).unwrap_err().contains("1051"));
        assert!(judged(&[("a", 1)], &[("a", 1), ("b", 1)]).unwrap_err().contains("b has no baseline"));
        assert!(judged(&[("a", 1), ("b", 1)], &[("a", 1)]).unwrap_err().contains("no such bench"));
    }

    #[test]
    fn what_must_be_flat_is_compared_with_itself() {
        let (small, large) = FLAT[0];
        let now = [(small, 1_000), (large, 1_100)];
        assert!(judged(&now, &now).unwrap_err().contains("must cost what"));
        assert_eq!(judged(&[(small, 1_000), (large, 1_040)], &[(small, 1_000), (large, 1_040)]), Ok(()));
    }

    #[test]
    fn a_summary_gives_the_id_and_the_instructions() {
        let line = r#"{"package_dir":"chat-protocol","group":"g","function_name":"f","id":"i","profiles":[{"tool":"Callgrind","data":{"total":{"metrics":{"Ir":{"values":{"new":7,"old":8}}}}}}]}"#;
        assert_eq!(read_summary(line), Some(("chat-protocol::g::f::i".to_owned(), 7)));
        assert_eq!(read_summary("{}"), None);
    }
}
