//! What can happen to a run, counted when it has really happened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that went wrong in a run, and was felt: a fault that is planned and finds nothing to hurt does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection ended between two frames of the client.
    CutUpBetweenFrames,
    /// The connection ended between two frames of the server.
    CutDownBetweenFrames,
    /// The connection ended within a frame of the client, and the server saw its beginning.
    CutUpWithinFrame,
    /// The connection ended within a frame of the server, and the client saw its beginning.
    CutDownWithinFrame,
    /// The server saw a part of a frame, and the end.
    PartSeenByServer,
    /// The client saw a part of a frame, and the end.
    PartSeenByClient,
    /// A message was stored, and the connection ended before its sender knew.
    AckLost,
    /// A call was given up before its answer came.
    ReplyTooLate,
    /// A connection in which one direction or both swallow everything was given up by the client.
    HalfOpenNoticedByClient,
    /// The same, noticed by the server.
    HalfOpenNoticedByServer,
    /// A dial was refused.
    DialRefused,
    /// A dial was answered by somebody else, with a status.
    DialStatus,
    /// A dial was not answered, and given up.
    DialHung,
    /// The connection was closed with 1001: the server goes away.
    Close1001,
    /// The connection was closed with 4411: the client reads too slowly.
    Close4411,
    /// The server itself found that the client reads too slowly.
    SlowReader,
    /// The connection was closed with 4412: the server heard nothing.
    Close4412,
    /// The connection was closed with 4503: the store takes nothing.
    Close4503,
    /// The client was told that its connection is gone, and the server went on to read what was under way.
    Stranded,
    /// The server read a frame of a connection after the client had opened the next one.
    StaleReadAfterOpen,
    /// The server read a frame of a connection after it had let the same user in over the next one.
    StaleReadAfterAuth,
    /// The server stopped in good order and came back with its store.
    RestartGraceful,
    /// The server stopped at once and came back with its store.
    RestartCrash,
    /// The server came back with a store whose logs begin a new life.
    RestartNewEpoch,
    /// The server took the token no more, once.
    TokenRefused,
    /// The application had no token for a while.
    TokenUnavailable,
    /// The application heard that the network is another one.
    NetworkChanged,
    /// The application was killed and came back with its queue.
    AppRestart,
    /// The server lost an event, or told one again.
    ServerMistook,
    /// The client's own store failed.
    OwnStoreFailed,
    /// A frame was under way for more than a second.
    Late,
    /// The client read nothing for a while, and the server could not write.
    Stalled,
    /// The store failed, and a message was refused with "later".
    StoreFailed,
}

/// How often a fault has happened, and in how many runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    times: u64,
    runs: u64,
}

/// How often each fault has happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<Fault, Count>);

impl Histogram {
    /// Adds that of other runs.
    pub fn add(&mut self, other: &Histogram) {
        for (fault, count) in &other.0 {
            let sum = self.0.entry(*fault).or_default();
            *sum = Count { times: sum.times + count.times, runs: sum.runs + count.runs };
        }
    }

    /// How often one fault has happened.
    pub fn count(&self, fault: Fault) -> u64 {
        self.0.get(&fault).map_or(0, |count| count.times)
    }

    /// In how many runs one fault has happened.
    pub fn runs(&self, fault: Fault) -> u64 {
        self.0.get(&fault).map_or(0, |count| count.runs)
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (fault, Count { times, runs }) in &self.0 {
            writeln!(f, "{:<26} {times:>8} in {runs:>6} runs", format!("{fault:?}"))?;
        }
        Ok(())
    }
}

/// The faults of one run, counted by whoever sees them happen.
#[derive(Debug, Default)]
pub(super) struct Hits(Mutex<Histogram>);

impl Hits {
    fn all(&self) -> MutexGuard<'_, Histogram> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hit(&self, fault: Fault) {
        let mut all = self.all();
        let count = all.0.entry(fault).or_default();
        *count = Count { times: count.times + 1, runs: 1 };
    }

    pub(super) fn histogram(&self) -> Histogram {
        self.all().clone()
    }
}
