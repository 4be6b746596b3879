//! Measurements of the real server binary, each bounded in time.

mod idle;
mod server;

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Memory of the server per idle, authenticated connection
    Idle(idle::Idle),
}

impl Bench {
    pub(crate) fn run(self) -> Result<(), String> {
        let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
        match self {
            Bench::Idle(idle) => runtime.block_on(idle.run()),
        }
    }
}
