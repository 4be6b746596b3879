//! The phases of a session, its timers, its configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::limits;
use chat_protocol::reply::Limits;
use chat_protocol::{DeviceId, SessionId, Timestamp, UserId};

use super::backoff::Backoff;
use super::outbox::Order;
use super::requests::Key;
use crate::store::Stored;
use crate::{ConnectionState, Error};

/// Where a session stands in the life of its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// No connection; the next dial is due when [`Timer::Dial`] says so.
    Waiting { retry_in: Duration },
    /// The application was asked for a token.
    Asking,
    /// The driver was told to dial.
    Dialing,
    /// `auth` is on its way. `synced`: the user log has spoken already, before the reply.
    Authenticating { synced: bool },
    /// What was missed is being told.
    Resuming,
    /// Commands may go.
    Ready { since: Duration },
    /// Ended for good.
    Closed(Option<Error>),
}

impl Phase {
    pub(super) fn connected(&self) -> bool {
        matches!(self, Phase::Authenticating { .. } | Phase::Resuming | Phase::Ready { .. })
    }

    pub(super) fn told(&self) -> ConnectionState {
        match self {
            Phase::Waiting { retry_in } => ConnectionState::Waiting { retry_in: *retry_in },
            Phase::Asking | Phase::Dialing => ConnectionState::Connecting,
            Phase::Authenticating { .. } => ConnectionState::Authenticating,
            Phase::Resuming => ConnectionState::Resuming,
            Phase::Ready { .. } => ConnectionState::Ready,
            Phase::Closed(reason) => ConnectionState::Closed { reason: reason.clone() },
        }
    }
}

/// Everything that a session waits for with a clock in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Dial again.
    Dial,
    /// The dial and the answer to `auth` took too long.
    Opening,
    /// The first connection took too long: give up.
    First,
    /// Nothing was heard for a while: send a ping.
    Idle,
    /// Nothing was heard since the ping: the connection is dead.
    Dead,
    /// The token ends soon: ask for another.
    Refresh,
    /// A delayed command may go again, or one's deadline passes.
    Commands,
    /// Pointers that moved were gathered for long enough.
    Pointers,
    /// Somebody stops writing if nothing more is heard.
    Typing,
    /// What the store could not write is tried again.
    Store,
    /// The time to finish after `Close` is over.
    Closing,
}

/// When each timer goes off, if it is set.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeMap<Timer, Duration>);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Duration) {
        self.0.insert(timer, at);
    }

    /// As [`set`](Self::set), unless it goes off sooner anyway.
    pub(super) fn hasten(&mut self, timer: Timer, at: Duration) {
        let before = self.0.get(&timer).copied().unwrap_or(at);
        self.set(timer, at.min(before));
    }

    pub(super) fn put(&mut self, timer: Timer, at: Option<Duration>) {
        match at {
            Some(at) => self.set(timer, at),
            None => self.stop(timer),
        }
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0.remove(&timer);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn earliest(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }

    /// A timer that has gone off, which is stopped by asking.
    pub(super) fn expired(&mut self, now: Duration) -> Option<Timer> {
        let timer = self.0.iter().find(|(_, at)| **at <= now).map(|(timer, _)| *timer)?;
        self.stop(timer);
        Some(timer)
    }
}

/// What an unanswered request id is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaiting {
    Auth,
    Resume { last: bool },
    Ask(Key),
    Send(Order),
}

/// What the answer to `auth` has told.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) limits: Limits,
}

/// How a session behaves. Times are those of the clock that the `now` of its verbs comes from.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The credential. Never printed.
    pub token: String,
    /// Whether to ask for tokens ([`LinkAction::AskToken`](super::LinkAction::AskToken)): before each connection, also
    /// after the server refused one, and 30 s before one expires, or after half of a life of less than a minute. Default false: `token` is all there is, and the end of
    /// the session when it is refused.
    pub ask_token: bool,
    /// The installation, for a client that receives pushes.
    pub device_id: Option<DeviceId>,
    /// Greatest number of unacknowledged sends. Default 1,000.
    pub max_outbox: usize,
    /// Greatest number of other unanswered commands. Default 256.
    pub max_requests: usize,
    /// Time for a dial and the answer to `auth`. Default 10 s.
    pub open_timeout: Duration,
    /// Time from the start until the first [`Ready`](ConnectionState::Ready); `None`: no limit. Default 30 s.
    pub connect_timeout: Option<Duration>,
    /// Silence before a ping. Default 25 s.
    pub heartbeat_interval: Duration,
    /// Silence after a ping before the connection counts as dead. Default 10 s.
    pub heartbeat_timeout: Duration,
    /// Time for the answer to a command other than a send. Default 30 s.
    pub request_timeout: Duration,
    /// Time that [`Close`](super::Command::Close) leaves to what waits. Default 5 s.
    pub close_timeout: Duration,
    /// Whether messages that arrive in rooms of at most 100 members are told to have arrived. Default true.
    pub delivered_receipts: bool,
    /// How waits grow.
    pub backoff: Backoff,
    /// How long a connection has to be ready before the waits begin anew. Default 5 s.
    pub stable_after: Duration,
    /// How many addresses there are to dial, in turns: an answer that would be final from one is final when all have failed.
    /// Default 1.
    pub addresses: u32,
    /// What an earlier run has left in the store; `None`: there is no store. Default `None`.
    pub stored: Option<Stored>,
    /// The time on the wall when the session begins, for the age of messages. Default: 1970.
    pub began_at: Timestamp,
    /// Seed of all randomness. Different for every client, or their waits are not spread.
    pub seed: u64,
    /// A mistake to make on purpose.
    #[cfg(feature = "bugs")]
    #[doc(hidden)]
    pub bug: Option<super::Bug>,
}

impl Config {
    /// The defaults, with this token and seed.
    pub fn new(token: impl Into<String>, seed: u64) -> Self {
        Self {
            token: token.into(),
            ask_token: false,
            device_id: None,
            max_outbox: 1_000,
            max_requests: 256,
            open_timeout: Duration::from_secs(10),
            connect_timeout: Some(Duration::from_secs(30)),
            heartbeat_interval: Duration::from_secs(25),
            heartbeat_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(5),
            delivered_receipts: true,
            backoff: Backoff::default(),
            stable_after: Duration::from_secs(5),
            addresses: 1,
            stored: None,
            began_at: Timestamp::default(),
            seed,
            #[cfg(feature = "bugs")]
            bug: None,
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("token", &"<redacted>")
            .field("device_id", &self.device_id)
            .field("max_outbox", &self.max_outbox)
            .field("max_requests", &self.max_requests)
            .finish_non_exhaustive()
    }
}

/// What a server takes before it has told.
pub(super) fn unknown_limits() -> Limits {
    Limits {
        max_frame: limits::MAX_FRAME as u64,
        max_content: limits::MAX_CONTENT as u64,
        max_history_page: limits::MAX_HISTORY_PAGE,
        max_rooms_followed: limits::MAX_ROOMS_FOLLOWED as u32,
        max_in_flight: 1,
        typing_ttl_ms: limits::TYPING_TTL.as_millis() as u64,
    }
}
