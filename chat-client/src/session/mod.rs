//! The client half of a session, without I/O: frames, commands and time go in; frames, answers and events come out.
//!
//! Nothing in here reads a clock, draws a random number, spawns or awaits, so a test drives it through years of bad
//! network in milliseconds, and another runtime than tokio needs only another driver.

mod backoff;
mod command;
mod link;
mod outbox;
mod position;
mod requests;
mod state;
mod sync;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::reply::Limits;
use chat_protocol::{
    Action, Command as Wire, ErrorCode, Event, Frame, Reply, RequestId, RoomId, UserId, decode, encode,
};

pub use backoff::{Backoff, Loss};
pub use command::{Answer, Command, Outgoing, Ticket};
pub use state::Config;

use crate::{ClientEvent, ConnectionState, Error};
use backoff::Jitter;
use outbox::Outbox;
use position::Positions;
use requests::{Ask, Requests};
use state::{Account, Awaiting, Phase, Timer, Timers, unknown_limits};
use view::Rooms;

/// Commands in flight when the server allows more: enough to fill a connection with a round trip of 300 ms at 200
/// messages a second, and few enough to be sent again after a cut.
const MAX_IN_FLIGHT: usize = 64;

/// A typing notice is repeated at most this often; it holds twice as long.
const TYPING_EVERY: Duration = Duration::from_secs(3);

/// What the driver does with its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkAction {
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
/// things before more happen; [`poll_frame`](Self::poll_frame) while the connection takes frames; then sleep until
/// [`poll_timeout`](Self::poll_timeout) and call [`handle_timeout`](Self::handle_timeout). A late, early or needless
/// call to it does no harm.
///
/// `now` is the time since any fixed moment, the same for all calls, and never runs backwards.
#[derive(Debug)]
pub struct Session {
    config: Config,
    phase: Phase,
    timers: Timers,
    jitter: Jitter,
    /// Failed attempts since the last stable connection.
    attempt: u32,
    /// Whether any connection ever became ready.
    was_ready: bool,
    closing: Option<Vec<Ticket>>,
    account: Option<Account>,
    positions: Positions,
    rooms: Rooms,
    outbox: Outbox,
    requests: Requests,
    listened: BTreeSet<UserId>,
    typing: BTreeMap<RoomId, Duration>,
    awaiting: BTreeMap<u64, Awaiting>,
    next_id: u64,
    /// Why the last connection ended, for the error of a connect that took too long.
    last_loss: Option<String>,
    link: VecDeque<LinkAction>,
    frames: VecDeque<Frame>,
    events: VecDeque<ClientEvent>,
    answers: VecDeque<(Ticket, Result<Answer, Error>)>,
}

impl Session {
    /// A session that wants its first connection now.
    pub fn new(now: Duration, config: Config) -> Self {
        let mut session = Self {
            phase: Phase::Dialing,
            timers: Timers::default(),
            jitter: Jitter(config.seed),
            attempt: 0,
            was_ready: false,
            closing: None,
            account: None,
            positions: Positions::default(),
            rooms: Rooms::default(),
            outbox: Outbox::new(config.max_outbox),
            requests: Requests::new(config.max_requests),
            listened: BTreeSet::new(),
            typing: BTreeMap::new(),
            awaiting: BTreeMap::new(),
            next_id: 1,
            last_loss: None,
            link: VecDeque::new(),
            frames: VecDeque::new(),
            events: VecDeque::new(),
            answers: VecDeque::new(),
            config,
        };
        session.timers.put(Timer::First, session.config.connect_timeout.map(|limit| now + limit));
        session.dial(now);
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
            Frame::Text(text) => match decode::<Event>(text.as_bytes()) {
                Ok(event) => self.on_event(now, event),
                // A newer server may say things that this version cannot read. If it was an event of a log, the next
                // one shows the gap.
                Err(error) => tracing::warn!(%error, "a packet cannot be read"),
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
                Timer::Dial => self.dial(now),
                Timer::Opening => self.drop_link(now, Loss::Silent),
                Timer::First => {
                    let after = self.config.connect_timeout.unwrap_or_default();
                    let last = self.last_loss.take();
                    self.finish(Some(Error::ConnectTimeout { after, last }));
                }
                Timer::Idle => {
                    self.frames.push_back(text(&Wire::Ping(wire::Ping::default())));
                    self.timers.set(Timer::Dead, now + self.config.heartbeat_timeout);
                }
                Timer::Dead => self.drop_link(now, Loss::Silent),
                Timer::Commands => self.release(now),
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
        self.events.pop_front()
    }

    /// The next answer to a command.
    pub fn poll_answer(&mut self) -> Option<(Ticket, Result<Answer, Error>)> {
        self.answers.pop_front()
    }

    /// The next frame to send. Their number is bounded by the server's limit on commands in flight.
    pub fn poll_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// Whether [`poll_frame`](Self::poll_frame) has something.
    pub fn has_frames(&self) -> bool {
        !self.frames.is_empty()
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

    /// Takes a command on. `Ok(None)`: it is answered later.
    fn accept(&mut self, now: Duration, ticket: Ticket, command: Command) -> Result<Option<Answer>, Error> {
        if self.closing.is_some() && !matches!(command, Command::Close | Command::Rooms | Command::Room(_)) {
            return Err(Error::Closed);
        }
        let ask = match command {
            Command::Send(send) => {
                send.content.check(usize::try_from(self.limits().max_content).unwrap_or(usize::MAX))?;
                self.typing.remove(&send.room);
                return self.outbox.push(ticket, send).map(|()| None);
            }
            Command::Rooms => return Ok(Some(Answer::Rooms(self.rooms.all()))),
            Command::Room(room) => {
                return Ok(Some(Answer::Rooms(self.rooms.get(&room).cloned().into_iter().collect())));
            }
            Command::Read { room, seq } => {
                self.requests.mark_read(&room, seq);
                self.read(&room, seq);
                return Ok(Some(Answer::Done));
            }
            Command::Typing { room, stop } => {
                self.tell_typing(now, room, stop);
                return Ok(Some(Answer::Done));
            }
            Command::Close => {
                self.closing.get_or_insert_default().push(ticket);
                self.timers.set(Timer::Closing, now + self.config.close_timeout);
                return Ok(None);
            }
            Command::Create(create) => Ask::Create(create),
            Command::Join(room) => Ask::Join(room),
            Command::Leave(room) => Ask::Leave(room),
            Command::History { room, query } => Ask::History { room, query },
            Command::Listen(user) => Ask::Listen(user),
            Command::Unlisten(user) => {
                self.listened.remove(&user);
                Ask::Unlisten(user)
            }
        };
        self.requests.push(ticket, ask, now + self.config.request_timeout).map(|()| None)
    }

    /// Sends what may be sent: questions first, because they are few, then messages in their order.
    fn pump(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Ready { .. }) {
            let window = (self.limits().max_in_flight as usize).clamp(1, MAX_IN_FLIGHT);
            while self.awaiting.len() < window && self.send_one() {}
        }
        let due = self.requests.due().into_iter().chain(self.outbox.due()).min();
        if !matches!(self.phase, Phase::Closed(_)) {
            self.timers.put(Timer::Commands, due);
            if self.closing.is_some() && self.outbox.is_empty() && self.requests.is_empty() {
                tracing::debug!(?now, "nothing waits any more, closing");
                self.finish(None);
            }
        }
    }

    fn send_one(&mut self) -> bool {
        let id = self.next_id;
        let (about, command) = if let Some(key) = self.requests.next() {
            (Awaiting::Ask(key), self.requests.command(key, request_id(id), &self.positions))
        } else if let Some(order) = self.outbox.next() {
            (Awaiting::Send(order), self.outbox.command(order, request_id(id)).map(Wire::from))
        } else {
            return false;
        };
        let Some(command) = command else { return true };
        self.next_id += 1;
        self.awaiting.insert(id, about);
        self.frames.push_back(text(&command));
        true
    }

    /// A reply arrived.
    fn on_reply(&mut self, now: Duration, reply: Reply) {
        let about = reply.id.as_ref().and_then(|id| id.as_str().parse().ok());
        let Some(about) = about.and_then(|id: u64| self.awaiting.remove(&id)) else {
            tracing::debug!(error = ?reply.error().map(|error| error.code), "a reply to nothing that was asked");
            return;
        };
        match (about, reply.error()) {
            (Awaiting::Auth | Awaiting::Resume { .. }, Some(error)) => {
                if about != Awaiting::Auth && error.action == Action::Stop {
                    // The positions are not to the server's taste. Without them every answer is a snapshot, which
                    // is less than a replay and more than a client that never comes back.
                    self.positions.clear();
                    return self.drop_link(now, Loss::Violation("resume was refused"));
                }
                self.drop_link(now, Loss::Refused(error));
            }
            (Awaiting::Ask(_) | Awaiting::Send(_), Some(error))
                if matches!(error.action, Action::Reconnect | Action::Refresh) =>
            {
                self.drop_link(now, Loss::Refused(error));
            }
            (Awaiting::Auth, None) => self.on_auth(now, &reply),
            (Awaiting::Resume { last }, None) if last => self.ready(now),
            (Awaiting::Resume { .. }, None) => {}
            (Awaiting::Ask(key), error) => self.on_answer(now, key, &reply, error),
            (Awaiting::Send(order), error) => self.on_ack(now, order, &reply, error),
        }
    }

    fn release(&mut self, now: Duration) {
        self.outbox.release(now);
        for late in self.requests.release(now) {
            let error = Error::Timeout { after: self.config.request_timeout };
            self.answers.extend(late.ticket.map(|ticket| (ticket, Err(error))));
        }
    }

    fn tell_typing(&mut self, now: Duration, room: RoomId, stop: bool) {
        let fresh = self.typing.get(&room).is_some_and(|last| now < *last + TYPING_EVERY);
        let known = if stop { self.typing.remove(&room).is_some() } else { !fresh };
        if !known || !matches!(self.phase, Phase::Ready { .. }) {
            return;
        }
        if !stop {
            // What is older than its effect says nothing: only rooms of the last seconds are kept.
            self.typing.retain(|_, last| now < *last + 2 * TYPING_EVERY);
            self.typing.insert(room.clone(), now);
        }
        self.frames.push_back(text(&Wire::Typing(wire::Typing { id: None, room, stop })));
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

/// The same name for two messages, found before the server had to say so.
fn conflict() -> Error {
    Error::Refused { code: ErrorCode::Conflict.into(), action: Action::Stop, detail: None }
}
