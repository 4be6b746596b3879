//! Measures the real server binary beside floor programs that do as little as can be done.
//!
//! Run it as `cargo xtask bench`, which builds the binaries first. Each workload starts the server and its floors,
//! drives them in turns with the same load generator, and reads their processor time and memory from the kernel.

mod figures;
mod load;
mod plot;
mod process;
mod scene;
mod swarm;
mod targets;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

use figures::Figures;
use load::Effort;
use load::fan_out::{self, Case};
use load::growth;
use scene::Place;

/// Whatever went wrong.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Descriptors for the greatest workload: 10,000 connections and what is beside them.
const DESCRIPTORS: u64 = 12_000;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Workload {
    /// One sender, 100 and 1,000 readers: targets 1 and 2
    FanOut,
    /// 500 rooms of two, stored before they are acknowledged: targets 3 and 4
    Pairs,
    /// Memory and processor time of 10,000 idle connections: target 5
    Idle,
    /// 2,000 connections at once: target 6
    Storm,
    /// The newest 50 of 1,000 and 100,000 messages: target 7
    History,
    /// Readers, history, rooms and offline members in ever greater numbers: target 9
    Growth,
    /// 1,000 clients catch up after a restart: target 10
    Resume,
    /// Fan-out with stalled readers, typing, receipts and presence
    Disturbed,
    /// One room followed in all six formats beside our own alone: target 8
    Formats,
}

/// Measures the server beside its floors.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Cli {
    /// Which workloads; all of them when none is named
    workloads: Vec<Workload>,
    /// Fewer and shorter repetitions and smaller numbers: under two minutes in all
    #[arg(long)]
    quick: bool,
    /// Only the server, without its floors: to profile it, or to see quickly what a change did
    #[arg(long)]
    alone: bool,
    /// One case of the fan-out in place of the usual ones: so many readers and, with --window, messages outstanding
    #[arg(long)]
    readers: Option<usize>,
    /// Messages outstanding in the fan-out of --readers
    #[arg(long, default_value_t = 1)]
    window: u64,
    /// How often each program is measured; 5, or 2 with --quick
    #[arg(long)]
    repetitions: Option<usize>,
    /// The server's binary
    #[arg(long)]
    server: PathBuf,
    /// The floor programs' binary
    #[arg(long)]
    floor: PathBuf,
    /// Where databases are made, and the file with all figures
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let granted = rlimit::increase_nofile_limit(DESCRIPTORS)?;
    if granted < DESCRIPTORS {
        return Err(
            format!("{DESCRIPTORS} descriptors are needed, the system grants {granted}: ulimit -Hn").into()
        );
    }
    std::fs::create_dir_all(&cli.out)?;
    let place = Place {
        server: cli.server.clone(),
        floor: (!cli.alone).then(|| cli.floor.clone()),
        data: cli.out.clone(),
        grace: None,
    };
    let repetitions = cli.repetitions.unwrap_or(if cli.quick { 2 } else { 5 });
    let length = Duration::from_millis(if cli.quick { 300 } else { 1_500 });
    let effort = Effort { repetitions, length };
    let chosen: &[Workload] =
        if cli.workloads.is_empty() { Workload::value_variants() } else { &cli.workloads };
    let (mut figures, mut failed) = (Figures::default(), Vec::new());
    for workload in chosen {
        let began = Instant::now();
        eprint!("{workload:?} ... ");
        // One that fails takes nothing of the others with it.
        match perform(*workload, &place, effort, cli, &mut figures) {
            Ok(()) => eprintln!("{:.0} s", began.elapsed().as_secs_f64()),
            Err(error) => {
                eprintln!("failed: {error}");
                failed.push(format!("{workload:?}"));
            }
        }
    }
    figures.print();
    let verdicts = targets::judge(&figures);
    targets::print(&verdicts);
    std::fs::write(cli.out.join("targets.md"), targets::markdown(&verdicts))?;
    plot::draw(&figures, &cli.out.join("growth.svg"))?;
    figures.write(&cli.out.join("bench.json"), &verdicts)?;
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

fn perform(
    workload: Workload,
    place: &Place,
    effort: Effort,
    cli: &Cli,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let quick = cli.quick;
    match workload {
        Workload::FanOut => {
            if let Some(readers) = cli.readers {
                let case = Case::of(readers, cli.window);
                return fan_out::measure(place, case, &["l1", "l0", "l0s", "server"], effort, figures);
            }
            for case in [Case::of(100, 1), Case::of(1_000, 1)] {
                fan_out::measure(place, case, &["l1", "l0s", "server"], effort, figures)?;
            }
            for case in [Case::of(100, 32), Case::of(1_000, 8)] {
                fan_out::measure(place, case, &["l1", "l0", "l0s", "server"], effort, figures)?;
            }
            Ok(())
        }
        Workload::Pairs => load::pairs::measure(place, &["l0s", "l2", "server"], effort, figures),
        Workload::Idle => {
            let connections = if quick { 2_000 } else { 10_000 };
            let programs: &[&str] = if quick { &["server"] } else { &["l0s", "server"] };
            load::idle::measure(place, connections, programs, effort, figures)
        }
        Workload::Storm => load::storm::measure(place, &["l0s", "server"], effort, figures),
        Workload::History => load::history::measure(place, &[1_000, 100_000], effort, figures),
        Workload::Growth => growth_curves(place, effort, quick, figures),
        Workload::Resume => load::resume::measure(place, effort, figures),
        Workload::Formats => load::formats::measure(place, effort, figures),
        Workload::Disturbed => {
            let place = &Place { grace: Some("100ms"), ..place.clone() };
            let all = [Case::of(100, 1), Case::of(1_000, 8), Case::of(100, 32), Case::of(1_000, 1)];
            for case in all.into_iter().take(if quick { 2 } else { all.len() }) {
                let case = Case { stalled: case.readers / 100, ..case };
                fan_out::measure(place, case, &["server"], effort, figures)?;
            }
            Ok(())
        }
    }
}

/// The curves of growth. Each point needs its own server; those of one curve are measured one after the other when
/// they do not fit side by side.
fn growth_curves(place: &Place, effort: Effort, quick: bool, figures: &mut Figures) -> Result<(), Failure> {
    let upto = |counts: &'static [usize], quick_most| -> Vec<usize> {
        counts.iter().copied().filter(|count| !quick || *count <= quick_most).collect()
    };
    for count in upto(growth::READERS, 1_000) {
        fan_out::measure(place, Case::of(count, 8), &["server"], effort, figures)?;
    }
    for offline in upto(growth::OFFLINE, 10_000) {
        let case = Case { offline, ..Case::of(10, 1) };
        fan_out::measure(place, case, &["server"], effort, figures)?;
    }
    load::history::measure(place, &upto(growth::MESSAGES, 10_000), effort, figures)?;
    growth::measure(place, &upto(growth::ROOMS, 1_000), effort, figures)
}
