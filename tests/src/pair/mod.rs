//! The pair harness: the real server, several client sessions, and links that fail, under virtual time.
//!
//! A run follows from its seed alone. Three users with four clients talk in five rooms while connections are cut between and
//! within frames, swallow everything, come late, are refused; servers stop and come back; applications are killed. Then
//! nothing goes wrong any more, and all has to settle: every message is stored once, in the order in which its sender made
//! it; every client was told every entry of every log, once and in order, but for what a snapshot stands for; and what the
//! clients know of the rooms is what the server knows.
//!
//! Everything runs in one thread of one runtime whose clock stands still while there is work. The server is the real one,
//! with its in-memory store, which has no threads. Each link draws from its own randomness, so that it does not show which of
//! several connections the server tells first of one thing in one moment.

mod check;
mod client;
mod clock;
mod codec;
mod drawer;
mod fault;
mod lane;
mod link;
mod plan;
mod sent;
mod server;
mod steps;
mod trace;
mod view;
mod world;

use std::fmt;
use std::time::Duration;

pub use chat_client::session::Bug;
pub use fault::{Fault, Histogram};
pub use lane::{On, Spring, Trap};
pub use link::Way;

use world::World;

/// The environment variable that names one seed to run, with everything shown that passes.
pub const SEED_VARIABLE: &str = "PAIR_SEED";

/// A cut that is given beside those of the plan.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Index of the client.
    pub client: usize,
    /// Number of its connection, from 0.
    pub connection: u64,
    /// Which direction.
    pub way: Way,
    /// At which frame, and how.
    pub trap: Trap,
}

/// What is done besides what the seed says.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The one short conversation in which nothing goes wrong by itself, instead of the plan of the seed.
    pub scripted: bool,
    /// What is cut.
    pub cuts: Vec<Cut>,
    /// A mistake that all clients make.
    pub bug: Option<Bug>,
    /// The server makes mistakes: it loses an event now and then, or tells one again. Clients are told of every room anew when
    /// nothing goes wrong any more, by new connections.
    pub mistakes: bool,
    /// Print every frame and event.
    pub shown: bool,
}

/// What a run that went well has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The faults that happened.
    pub hits: Histogram,
    /// A number of all frames that were read: the same for the same seed.
    pub trace: u64,
    /// Messages that were made.
    pub sends: usize,
    /// How long it took, in virtual time.
    pub lasted: Duration,
}

/// A run that showed a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.what)?;
        write!(
            f,
            "replay: {SEED_VARIABLE}={} cargo test -p chat-tests --test it pair::random::replay -- --nocapture",
            self.seed
        )
    }
}

/// Does one run.
///
/// # Errors
/// What is not as it should be.
///
/// # Panics
/// Never, unless a run cannot even begin.
pub fn run(seed: u64, options: &Options) -> Result<Report, Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("it needs no I/O");
    let run = async { World::new(seed, options).await.run().await };
    runtime.block_on(run).map_err(|what| Failure { seed, what })
}
