//! Developer commands of the workspace.
//!
//! `cargo xtask ci` makes every check that a change must pass. Its last two are `cargo xtask fuzz`, which gives hostile
//! input to the readers of every format, and `cargo xtask instructions`, the instruction counts. `cargo xtask wasm` and
//! `cargo xtask footprint`, the client in a browser and what it costs to build, are among the others. `cargo xtask bench`
//! measures the server beside its floors, `cargo xtask originals` plays clients of existing systems against it.

mod bench;
mod ci;
mod footprint;
mod foreign;
mod fuzz;
mod instructions;
mod originals;
mod tools;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of the workspace")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make every check that a change must pass: format, lints, documentation, tests, foreign validators, the client in a
    /// browser and its footprint, fuzz targets, instruction counts
    Ci,
    /// Check the published files with programs of other languages, installed when missing
    Foreign(foreign::Options),
    /// Play clients of existing systems, whose files are brought along, against the server
    Originals(originals::Options),
    /// Open a page of the client in Chromium against the server, and check that the client compiles for browsers
    Wasm,
    /// Count the crates that the client brings, and measure how long it builds
    Footprint(footprint::Options),
    /// Give hostile input to the readers of every wire format
    Fuzz(fuzz::Options),
    /// Count the instructions of the benches and compare them to the committed baseline
    Instructions(instructions::Options),
    /// Measure the real server binary beside floor programs
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Ci => ci::run(),
        Command::Foreign(options) => foreign::run(&options),
        Command::Originals(options) => options.run(),
        Command::Wasm => wasm::run(),
        Command::Footprint(options) => options.run(),
        Command::Fuzz(options) => options.run(),
        Command::Instructions(options) => options.run(),
        Command::Bench(bench) => bench.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
