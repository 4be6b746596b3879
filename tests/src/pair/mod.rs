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
//!
//! # How to run it
//!
//! ```text
//! cargo test -p chat-tests --test it pair::                     the 300 runs of every day, all cuts, all deliberate bugs
//! PAIR_RUNS=10000 cargo test --release -p chat-tests --test it pair::random::many -- --ignored --nocapture
//! PAIR_SEED=7 cargo test -p chat-tests --test it pair::random::replay -- --ignored --nocapture
//! ```
//!
//! A run that fails prints its seed, a number of its trace, and the command that replays it with every frame and event shown.
//! `PAIR_BUG=DropsInFlight` before either of the last two makes all clients make that mistake, `PAIR_MISTAKES=1` has the server
//! lose and repeat events. `PAIR_FROM=10000` begins the many runs at another seed than 0.

mod check;
mod client;
mod clock;
mod codec;
mod drawer;
mod fault;
mod lane;
mod link;
mod panics;
mod plan;
mod refused;
mod sent;
mod server;
mod steps;
mod trace;
mod truth;
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

/// The environment variable that is set when the server makes mistakes too: see [`Options::mistakes`].
pub const MISTAKES_VARIABLE: &str = "PAIR_MISTAKES";

/// The environment variable that names the mistake which all clients make, a [`Bug`].
pub const BUG_VARIABLE: &str = "PAIR_BUG";

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
    /// Whether the clients have a store for their messages; `None`: as the seed says.
    pub kept: Option<bool>,
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
    /// Clients that made messages.
    pub clients: usize,
    /// Rooms that they were made in.
    pub rooms: usize,
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
    /// Whether the server made mistakes.
    pub mistakes: bool,
    /// The mistake that all clients made.
    pub bug: Option<Bug>,
    /// What is wrong.
    pub what: String,
    /// As in a [`Report`], up to where it failed.
    pub trace: u64,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, trace {:016x}: {}", self.seed, self.trace, self.what)?;
        write!(f, "replay: {SEED_VARIABLE}={} ", self.seed)?;
        if self.mistakes {
            write!(f, "{MISTAKES_VARIABLE}=1 ")?;
        }
        if let Some(bug) = self.bug {
            write!(f, "{BUG_VARIABLE}={bug:?} ")?;
        }
        f.write_str("cargo test -p chat-tests --test it pair::random::replay -- --ignored --nocapture")
    }
}

/// Does one run.
///
/// # Errors
/// What is not as it should be, among it a panic in any part of the run.
///
/// # Panics
/// Never, unless a run cannot even begin.
pub fn run(seed: u64, options: &Options) -> Result<Report, Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("it needs no I/O");
    let world = runtime.block_on(World::new(seed, options));
    let shared = world.shared.clone();
    let done = panics::caught(|| runtime.block_on(world.run()));
    done.and_then(|report| report).map_err(|what| Failure {
        seed,
        mistakes: options.mistakes,
        bug: options.bug,
        what,
        trace: shared.trace.number(),
    })
}
