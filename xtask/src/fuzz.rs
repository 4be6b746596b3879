//! Gives hostile input to the readers of every wire format: `cargo xtask fuzz`. See `docs/fuzzing.md`.
//!
//! The targets are those of `chat-protocol/fuzz`. Each starts with the committed corpus and with [`seeds`], and goes on
//! with what it makes of them: a number of inputs that are the same whenever the code is the same. First long inputs, and
//! few of them, because each takes a hundred times as long as a short one; then short ones.

mod corpus;
mod seeds;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use clap::Args;

use crate::tools;

const CARGO_FUZZ: &str = "0.13.2";

/// The crate of the targets.
const FOLDER: &str = "chat-protocol/fuzz";

/// Short inputs of a target when nothing else is asked for: seconds for most of them.
const RUNS: u64 = 100_000;

/// The same for the target that reads each of them as fifty types.
const RUNS_OF_BODIES: u64 = 20_000;

/// Greatest short input: some times the longest example.
const SHORT_BYTES: usize = 4 * 1024;

/// Long inputs of a target.
const LONG_RUNS: u64 = 1_000;

/// Greatest long input: a little more than the greatest frame, so that too long ones are among them.
const LONG_BYTES: usize = 64 * 1024 + 1024;

/// An input takes milliseconds; ten seconds are for machines that do much else.
const TIMEOUT_SECONDS: u32 = 10;

/// What a process may take, the fuzzer's own tables included: they take some 100 MiB. How much one input may take is
/// asserted by the targets themselves, to the byte.
const PROCESS_MIB: u32 = 512;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// The targets; all of them if none is named
    targets: Vec<String>,
    /// Stop each target after this many short inputs
    #[arg(long)]
    runs: Option<u64>,
    /// Stop each target after this many seconds instead; every time with other inputs
    #[arg(long, conflicts_with = "runs")]
    seconds: Option<u64>,
    /// Then add to the committed corpus what reaches code that it does not reach yet
    #[arg(long, conflicts_with = "input")]
    keep: bool,
    /// Give this file to the one named target, and nothing else: how a failure is looked into
    #[arg(long, requires = "targets", conflicts_with_all = ["runs", "seconds"])]
    input: Option<PathBuf>,
}

/// Where things are.
struct Places {
    root: PathBuf,
    programs: PathBuf,
    /// Of one run, for each target a folder.
    work: PathBuf,
}

impl Options {
    pub(crate) fn run(self) -> Result<(), String> {
        let places = build(tools::root()?)?;
        let targets = self.targets(&places)?;
        if let Some(input) = &self.input {
            return done(Command::new(places.programs.join(&targets[0])).arg(input), &targets[0]);
        }
        write_seeds(&places)?;
        let failures = side_by_side(&targets, |target| self.fuzz(&places, target));
        if !failures.is_empty() {
            return Err(failures.join("\n"));
        }
        if self.keep {
            let failures = side_by_side(&targets, |target| corpus::keep(&places, target));
            return if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) };
        }
        Ok(())
    }

    /// Those that were asked for, of those that there are.
    fn targets(&self, places: &Places) -> Result<Vec<String>, String> {
        let known = targets(&places.root)?;
        if let Some(unknown) = self.targets.iter().find(|target| !known.contains(target)) {
            return Err(format!("there is no target {unknown}, only {}", known.join(", ")));
        }
        if self.input.is_some() && self.targets.len() != 1 {
            return Err("--input is for one target".to_owned());
        }
        Ok(if self.targets.is_empty() { known } else { self.targets.clone() })
    }

    /// Runs one target until its inputs are used up, or one of them fails.
    fn fuzz(&self, places: &Places, target: &str) -> Result<(), String> {
        let work = places.work.join(target);
        recreate(&work)?;
        // A new target has no corpus yet.
        create(&places.corpus(target))?;
        let long = [format!("-max_len={LONG_BYTES}"), format!("-runs={LONG_RUNS}"), "-seed=1".to_owned()];
        run(places, target, &long, &[&work.join("long"), &places.long_seeds()])?;
        let mut short = vec![format!("-max_len={SHORT_BYTES}")];
        match self.seconds {
            Some(seconds) => short.push(format!("-max_total_time={seconds}")),
            None => {
                let usual = if target == "http_bodies" { RUNS_OF_BODIES } else { RUNS };
                short.extend([format!("-runs={}", self.runs.unwrap_or(usual)), "-seed=1".to_owned()]);
            }
        }
        run(places, target, &short, &[&work.join("short"), &places.corpus(target), &places.seeds()])
    }
}

/// Runs one target over the inputs in `folders` and what it makes of them. What it finds goes to the first folder.
fn run(places: &Places, target: &str, options: &[String], folders: &[&Path]) -> Result<(), String> {
    let (work, found) = (places.work.join(target), folders[0]);
    create(found)?;
    let mut command = Command::new(places.programs.join(target));
    command.args(options).args(folders).args([
        format!("-timeout={TIMEOUT_SECONDS}"),
        format!("-rss_limit_mb={PROCESS_MIB}"),
        format!("-artifact_prefix={}/", work.display()),
        "-print_final_stats=1".to_owned(),
    ]);
    let path = found.with_extension("txt");
    let log = logged(&mut command, &path)?;
    println!("== {target}, {}: {}", found.file_name().unwrap_or_default().display(), summary(&log.text));
    if log.success { Ok(()) } else { Err(failure(places, target, &path, &log.text)) }
}

impl Places {
    fn corpus(&self, target: &str) -> PathBuf {
        self.root.join(FOLDER).join("corpus").join(target)
    }

    fn seeds(&self) -> PathBuf {
        self.work.join("seeds")
    }

    fn long_seeds(&self) -> PathBuf {
        self.work.join("long-seeds")
    }
}

/// Checks the code of the targets, which is no member of the workspace, and runs them.
pub(crate) fn ci() -> Result<(), String> {
    tools::program("c++", "g++")?;
    let root = tools::root()?;
    cargo(&root, "fmt", &["--all", "--check"])?;
    cargo(&root, "clippy", &["--all-targets", "--target-dir", "../../target/fuzz", "--", "-D", "warnings"])?;
    cargo(&root, "test", &["--lib", "--test", "worst", "--target-dir", "../../target/fuzz"])?;
    Options::default().run()
}

/// A cargo command in the folder of the targets.
fn cargo(root: &Path, name: &str, args: &[&str]) -> Result<(), String> {
    let mut command = Command::new(tools::cargo());
    done(command.current_dir(root.join(FOLDER)).arg(name).args(args), &format!("cargo {name}"))
}

/// Builds all targets with the compiler that builds everything else: it has the instructions that count edges, and a
/// sanitizer, which only unreleased compilers have, finds nothing in code without `unsafe`.
fn build(root: PathBuf) -> Result<Places, String> {
    tools::program("c++", "g++")?;
    let cargo_fuzz = tools::cargo_tool(&root, "cargo-fuzz", CARGO_FUZZ)?;
    let host = tools::output("rustc", &["-vV"])?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc -vV: no host")?;
    let folder = root.join("target/fuzz");
    let mut command = Command::new(cargo_fuzz);
    command.current_dir(root.join(FOLDER)).args([
        "fuzz",
        "build",
        "--sanitizer",
        "none",
        "--codegen-units",
        "16",
    ]);
    done(command.args(["--target", host, "--target-dir"]).arg(&folder), "cargo fuzz build")?;
    Ok(Places { programs: folder.join(host).join("release"), work: folder.join("work"), root })
}

/// Runs a command that must succeed.
fn done(command: &mut Command, name: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// The names of all targets, which are those of their files.
fn targets(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join(FOLDER).join("fuzz_targets");
    let files = corpus::files(&folder)?;
    let names =
        files.iter().filter_map(|file| Some(file.file_name()?.to_str()?.strip_suffix(".rs")?.to_owned()));
    Ok(names.collect())
}

fn write_seeds(places: &Places) -> Result<(), String> {
    recreate(&places.seeds())?;
    recreate(&places.long_seeds())?;
    let seeds = seeds::of(&places.root)?;
    for (number, input) in seeds.iter().enumerate() {
        let folder = if input.len() > SHORT_BYTES { places.long_seeds() } else { places.seeds() };
        write(&folder.join(format!("{number:05}")), input)?;
    }
    println!("== {} seeds", seeds.len());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// An empty folder.
fn recreate(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {error}", folder.display()));
        }
        _ => {}
    }
    create(folder)
}

fn create(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Does `work` for each target, as many at once as there are processors. What failed.
fn side_by_side(targets: &[String], work: impl Fn(&str) -> Result<(), String> + Sync) -> Vec<String> {
    let waiting = Mutex::new(targets.iter().collect::<VecDeque<_>>());
    let failures = Mutex::new(Vec::new());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let worker = || {
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        while let Some(target) = next() {
            if let Err(failure) = work(target) {
                failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..processors.min(targets.len()) {
            scope.spawn(worker);
        }
    });
    failures.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What a program wrote, and whether it was content.
struct Log {
    text: String,
    success: bool,
}

fn logged(command: &mut Command, path: &Path) -> Result<Log, String> {
    let error = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = std::fs::File::create(path).map_err(error)?;
    let status = command.stdout(Stdio::null()).stderr(file).status();
    let status = status.map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let text = String::from_utf8_lossy(&std::fs::read(path).map_err(error)?).into_owned();
    Ok(Log { text, success: status.success() })
}

/// How many inputs there were, and how much code they reached.
fn summary(log: &str) -> String {
    let number = |name: &str| {
        let line = log.lines().rev().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches([':', ' ']).split_whitespace().next().map(str::to_owned)
    };
    let inputs = number("stat::number_of_executed_units").unwrap_or_else(|| "?".to_owned());
    let edges = log.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split_whitespace().next());
    format!("{inputs} inputs, {} edges", edges.unwrap_or("?"))
}

/// What to tell about an input that failed: what the target said, where the input is, and how to go on.
fn failure(places: &Places, target: &str, path: &Path, log: &str) -> String {
    let begins = ["panicked at", "memory allocation of", "ERROR: libFuzzer"];
    let said = log.lines().skip_while(|line| !begins.iter().any(|words| line.contains(words)));
    let said = said.take_while(|line| !line.contains("stack backtrace"));
    let said: Vec<String> = said.take(4).map(|line| format!("   {line:.400}")).collect();
    let input = log.lines().rev().find_map(|line| line.rsplit_once("Test unit written to "));
    let Some(input) = input.map(|(_, input)| Path::new(input)) else {
        return format!("{target} stopped, see {}\n{}", path.display(), said.join("\n"));
    };
    let input = input.strip_prefix(&places.root).unwrap_or(input).display();
    format!(
        "{target} fails on {input}\n{}\n   once more: cargo xtask fuzz {target} --input {input}\n   when it is mended, \
         move the file to {FOLDER}/corpus/{target}, under a name that says what it was",
        said.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "#7\tINITED cov: 12 ft: 3\n#9 DONE   cov: 345 ft: 6 corp: 1/1b\nthread '<unnamed>' panicked at src/x.rs:1:2:\nboom\nArtifact_prefix='x'; Test unit written to /r/target/fuzz/work/chats/crash-1\nstat::number_of_executed_units: 9\n";

    #[test]
    fn a_log_is_told_in_one_line() {
        assert_eq!(summary(LOG), "9 inputs, 345 edges");
        assert_eq!(summary(""), "? inputs, ? edges");
    }

    #[test]
    fn a_failure_says_how_to_go_on() {
        let [root, work, programs] = ["/r", "/r/target/fuzz/work", "/r/target/fuzz/x"].map(PathBuf::from);
        let places = Places { root, work, programs };
        let told = failure(&places, "chats", Path::new("/r/x.txt"), LOG);
        assert!(told.starts_with("chats fails on target/fuzz/work/chats/crash-1\n"), "{told}");
        assert!(told.contains("   boom\n"), "{told}");
        assert!(told.contains("cargo xtask fuzz chats --input target/fuzz/work/chats/crash-1\n"), "{told}");
        let killed = failure(&places, "chats", Path::new("/r/x.txt"), "");
        assert!(killed.starts_with("chats stopped, see /r/x.txt"), "{killed}");
    }

    #[test]
    fn every_target_is_run_and_every_failure_told() {
        let targets: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let mut failures = side_by_side(&targets, |target| match target.len() {
            1 => Ok(()),
            _ => Err(target.to_owned()),
        });
        failures.sort();
        assert_eq!(failures, targets[10..]);
    }
}
