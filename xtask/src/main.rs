//! Developer commands of the workspace.
//!
//! `cargo xtask bench idle` measures what an idle connection costs.

mod bench;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of the workspace")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the real server binary
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> Result<(), String> {
    match Cli::parse().command {
        Command::Bench(bench) => bench.run(),
    }
}
