//! The client half of a session, without I/O: frames, commands and time go in; frames, answers and events come out.
//!
//! Nothing in here reads a clock, draws a random number, spawns or awaits, so a test drives it through years of bad
//! network in milliseconds, and another runtime than tokio needs only another driver.

mod backoff;
mod bug;
mod command;
mod exchange;
mod journal;
mod link;
mod outbox;
mod pointers;
mod position;
mod repeated;
mod requests;
mod sending;
mod state;
mod sync;
mod tally;
#[cfg(test)]
mod tests;
mod token;
mod typing;
mod view;
mod watching;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use chat_protocol::reply::Limits;
use chat_protocol::{Command as Wire, ErrorText, Event, Frame, RequestId, UserId, decode_event, encode};

pub use backoff::{Backoff, Loss};
#[cfg(feature = "bugs")]
#[doc(hidden)]
pub use bug::Bug;
pub use command::{Answer, Command, Outgoing, Ticket, Token};
pub use state::Config;

use crate::{ClientEvent, ConnectionState, Error};
use backoff::Jitter;
use journal::{Batch, Journal};
use outbox::Outbox;
use pointers::Pointers;
use position::Positions;
use requests::Requests;
use sending::Acked;
use state::{Account, Awaiting, Phase, Timer, Timers, unknown_limits};
use token::Askers;
use typing::Typing;
use view::Rooms;
use watching::Watching;

/// What the driver does with its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkAction {
    /// Ask the application for a token, then call [`Session::handle_token`]. A connection, if there is one, stays. Asked
    /// again before that: the same answer does for both.
    AskToken,
    /// Open a connection, then call [`Session::handle_connected`], or [`Session::handle_closed`] if it fails.
    Dial,
    /// Drop the connection or the dial under way, without a call back.
    Drop,
    /// Send what frames there are, the last of which is a close frame, then drop the connection. The session is over.
    Finish,
}

/// The state machine of one client.
///
/// ```text
///            dial                     reply to auth              all is told
///  Dialing ---------> Authenticating ---------------> Resuming ---------------> Ready
///   ^  |                   |                             |                        |
///   |  |  failed           |  lost                       |  lost                  |  lost
///   |  v                   v                             v                        v
///  Waiting <----------------------------------------------------------------------'
///
///  with [`Config::ask_token`]: Asking --- handle_token ---> Dialing, at the start and after each Waiting
///
///  any phase --- close, or an error that a new connection would not change ---> Closed
/// ```
///
/// Everything that a caller waits for survives the way through `Waiting`: sends in their order, then unanswered
/// questions, read pointers and watched users.
///
/// # Order of calls
///
/// After each `handle_*` call, in this order: [`poll_link`](Self::poll_link) until it has nothing,
/// [`poll_event`](Self::poll_event) and [`poll_answer`](Self::poll_answer) likewise, so that an application hears of
/// things before more happen; [`poll_store`](Self::poll_store), with a store; [`poll_frame`](Self::poll_frame) while the connection takes frames; then sleep until
/// [`poll_timeout`](Self::poll_timeout) and call [`handle_timeout`](Self::handle_timeout). A late, early or needless
/// call to it does no harm.
///
/// `now` is the time since any fixed moment, the same for all calls, and never runs backwards.
pub struct Session {
    config: Config,
    phase: Phase,
    timers: Timers,
    jitter: Jitter,
    /// Failed attempts since the last stable connection.
    attempt: u32,
    /// Dials in a row whose answers would be final if there were no other address.
    dead_ends: u32,
    /// Whether any connection ever became ready.
    was_ready: bool,
    closing: Option<Vec<Ticket>>,
    account: Option<Account>,
    /// Why the last token was refused, until one is taken.
    refused: Option<ErrorText>,
    /// How often in a row no token could be had in place of the one that ends; `None`: it does not end soon.
    unrefreshed: Option<u32>,
    askers: Askers,
    positions: Positions,
    rooms: Rooms,
    outbox: Outbox,
    acked: Acked,
    journal: Journal,
    /// When it began, by the clock of `now`.
    began: Duration,
    requests: Requests,
    pointers: Pointers,
    listened: BTreeSet<UserId>,
    watching: Watching,
    /// Whether the user said that nobody looks: a new connection does not know.
    away: bool,
    typing: Typing,
    awaiting: BTreeMap<u64, Awaiting>,
    next_id: u64,
    /// Sends that have left once.
    #[cfg(feature = "bugs")]
    left: BTreeSet<outbox::Order>,
    /// Why the last connection ended, for the error of a connect that took too long.
    last_loss: Option<String>,
    link: VecDeque<LinkAction>,
    /// What is to be sent, each with what has to be written down before.
    frames: VecDeque<(Batch, Frame)>,
    events: VecDeque<ClientEvent>,
    answers: VecDeque<(Ticket, Result<Answer, Error>)>,
}

/// Queued frames are not shown: the first of a connection holds the token.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("phase", &self.phase)
            .field("attempt", &self.attempt)
            .field("frames", &self.frames.len())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session that wants its first connection now.
    pub fn new(now: Duration, config: Config) -> Self {
        let mut session = Self {
            phase: Phase::Dialing,
            timers: Timers::default(),
            jitter: Jitter(config.seed),
            attempt: 0,
            dead_ends: 0,
            was_ready: false,
            closing: None,
            account: None,
            refused: None,
            unrefreshed: None,
            askers: Askers::default(),
            positions: Positions::default(),
            rooms: Rooms::default(),
            outbox: Outbox::new(config.max_outbox),
            acked: Acked::new(),
            journal: Journal::new(config.stored.is_some()),
            began: now,
            requests: Requests::new(config.max_requests),
            pointers: Pointers::default(),
            listened: BTreeSet::new(),
            watching: Watching::default(),
            away: false,
            typing: Typing::default(),
            awaiting: BTreeMap::new(),
            next_id: 1,
            #[cfg(feature = "bugs")]
            left: BTreeSet::new(),
            last_loss: None,
            link: VecDeque::new(),
            frames: VecDeque::new(),
            events: VecDeque::new(),
            answers: VecDeque::new(),
            config,
        };
        session
            .timers
            .put(Timer::First, session.config.connect_timeout.map(|limit| now.saturating_add(limit)));
        if let Some(stored) = &mut session.config.stored {
            let sends = std::mem::take(&mut stored.sends);
            session.restore(now, sends);
        }
        session.connect(now);
        session.pump(now);
        session
    }

    /// The connection that was asked for is open.
    pub fn handle_connected(&mut self, now: Duration) {
        if self.phase == Phase::Dialing {
            self.authenticate(now);
        }
    }

    /// The connection ended, or could not be opened.
    pub fn handle_closed(&mut self, now: Duration, loss: Loss) {
        if self.phase == Phase::Dialing || self.phase.connected() {
            self.lose(now, loss);
        }
    }

    /// A frame arrived.
    pub fn handle_frame(&mut self, now: Duration, frame: Frame) {
        if !self.phase.connected() {
            return;
        }
        self.heard(now);
        match frame {
            Frame::Text(text) => match decode_event(text.as_bytes()) {
                Ok(Event::Unknown { kind, .. }) => {
                    tracing::debug!(kind, "a packet of an unknown kind");
                    self.on_unread(now, text.as_str());
                }
                Ok(event) => self.on_event(now, event),
                Err(error) => {
                    tracing::warn!(%error, "a packet cannot be read");
                    self.on_unread(now, text.as_str());
                }
            },
            Frame::Close(close) => {
                self.link.push_back(LinkAction::Drop);
                self.lose(now, Loss::Closed(close));
            }
            Frame::Binary(_) | Frame::Ping | Frame::Pong => {}
        }
        self.pump(now);
    }

    /// The application wants something.
    pub fn handle_command(&mut self, now: Duration, ticket: Ticket, command: Command) {
        if let Phase::Closed(reason) = &self.phase {
            let answer = match (command, reason) {
                (Command::Close, _) => Ok(Answer::Done),
                (_, reason) => Err(reason.clone().unwrap_or(Error::Closed)),
            };
            self.answers.push_back((ticket, answer));
            return;
        }
        match self.accept(now, ticket, command) {
            Ok(None) => {}
            Ok(Some(answer)) => self.answers.push_back((ticket, Ok(answer))),
            Err(error) => self.answers.push_back((ticket, Err(error))),
        }
        self.pump(now);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Dial => self.connect(now),
                Timer::Opening => self.drop_link(now, Loss::Silent),
                Timer::First => {
                    let after = self.config.connect_timeout.unwrap_or_default();
                    let last = self.last_loss.take();
                    self.finish(Some(Error::ConnectTimeout { after, last }));
                }
                Timer::Idle => self.probe(now, self.config.heartbeat_timeout),
                Timer::Dead => self.drop_link(now, Loss::Silent),
                Timer::Refresh => self.refresh_token(),
                Timer::Commands => self.release(now),
                Timer::Pointers => self.tell_pointers(),
                Timer::Typing => self.typing_over(now),
                Timer::Store => self.store_again(),
                Timer::Closing => self.finish(None),
            }
        }
        self.pump(now);
    }

    /// What to do with the connection.
    pub fn poll_link(&mut self) -> Option<LinkAction> {
        self.link.pop_front()
    }

    /// The next event for the application.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        if self.phase == Phase::Resuming && self.bug(bug::Bug::MovesBeforeApplying) {
            return None;
        }
        self.events.pop_front()
    }

    /// The next answer to a command.
    pub fn poll_answer(&mut self) -> Option<(Ticket, Result<Answer, Error>)> {
        self.answers.pop_front()
    }

    /// The next frame to send. Their number is bounded by the server's limit on commands in flight. A message waits until the
    /// store has written down that it leaves.
    pub fn poll_frame(&mut self) -> Option<Frame> {
        let place = self.next_frame()?;
        self.frames.remove(place).map(|(_, frame)| frame)
    }

    /// Whether [`poll_frame`](Self::poll_frame) has something.
    pub fn has_frames(&self) -> bool {
        self.next_frame().is_some()
    }

    /// The place of the next frame. Messages wait for the store, in their order; a store that is slow or stuck holds up nothing else.
    fn next_frame(&self) -> Option<usize> {
        self.frames.iter().position(|(batch, _)| self.journal.is_written(*batch))
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.earliest()
    }

    /// How the session is connected.
    pub fn state(&self) -> ConnectionState {
        self.phase.told()
    }

    /// Who the server says the user is; known once a connection was ready.
    pub fn user_id(&self) -> Option<&UserId> {
        self.account.as_ref().map(|account| &account.user)
    }

    fn push_frame(&mut self, frame: Frame) {
        self.frames.push_back((0, frame));
    }

    /// How many attempts have failed since the last connection that lasted: which of several addresses is to be dialed.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    fn limits(&self) -> Limits {
        self.account.as_ref().map_or_else(unknown_limits, |account| account.limits)
    }
}

fn text(command: &Wire) -> Frame {
    Frame::Text(encode(command))
}

fn request_id(id: u64) -> RequestId {
    RequestId::new(id.to_string()).expect("digits are an id")
}
