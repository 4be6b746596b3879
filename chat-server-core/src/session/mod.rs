//! The server's half of a session, as a state machine without I/O.
//!
//! It sees commands, replies and control frames only; events of rooms go past it straight into the connection's
//! queue. Somebody else, the driver, moves its frames, performs its actions and tells it the time.

pub(crate) mod socket;
mod timers;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chat_protocol::command::Auth;
use chat_protocol::event::{Pong, System, SystemKind};
use chat_protocol::reply::AuthData;
use chat_protocol::{
    Close, Command, ErrorCode, Event, Frame, Reply, RequestId, Timestamp, UserId, WireError, decode, encode,
    salvage_id,
};
use serde_json::value::RawValue;

use timers::{Timer, Timers};

/// What the driver tells of the time with every input: the monotonic clock for deadlines, the wall clock for people.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Monotonic.
    pub at: Instant,
    /// For people.
    pub ts: Timestamp,
}

/// Bounds and times of a session.
#[derive(Debug, Clone, Copy)]
pub struct SessionConfig {
    /// How long it may stay unauthenticated.
    pub auth_timeout: Duration,
    /// Silence after which the peer is probed.
    pub ping_interval: Duration,
    /// How long the answer to a probe may take.
    pub pong_timeout: Duration,
    /// Greatest number of unanswered commands.
    pub max_in_flight: usize,
    /// Greatest number of frames in a row that cannot be read; before authentication, of refused ones at all.
    pub max_refused_frames: u32,
}

/// Names one action, so that its result finds back.
pub type ActionId = u64;

/// Work that the session cannot do itself.
#[derive(Debug)]
pub enum Action {
    /// Find out who a token belongs to; answer with [`Session::handle_authenticated`].
    Authenticate {
        /// Names it.
        action: ActionId,
        /// What the client said.
        auth: Auth,
        /// Who the session belongs to already: another user is refused.
        present: Option<UserId>,
    },
    /// Perform a command; answer with [`Session::handle_done`].
    Execute {
        /// Names it.
        action: ActionId,
        /// What the client asks.
        command: Command,
    },
    /// The session is authenticated and asked for all rooms: follow them.
    FollowAll,
}

/// A successful authentication.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// What the client is told.
    pub data: AuthData,
}

/// ```text
///            auth                  accepted
///  Waiting ───────► Authenticating ────────► Ready ──┐ auth again: refreshed, stays Ready
///     ▲                   │                    │ ▲───┘
///     └──── refused ──────┘                    │ token expired or withdrawn, silence, draining,
///     │ auth deadline, 16 refused frames       │ 16 frames in a row that cannot be read
///     └───────────────────► Closing ◄──────────┘
/// ```
#[derive(Debug)]
enum State {
    Waiting { strange: u32 },
    Authenticating { id: RequestId, follow: bool, strange: u32 },
    Ready { user: UserId },
    Closing,
}

/// The server's half of a session.
///
/// After every input, take all of [`poll_frame`](Self::poll_frame), then all of [`poll_action`](Self::poll_action),
/// then wait until [`poll_timeout`](Self::poll_timeout) or the next input. Feed frames only while
/// [`wants_frame`](Self::wants_frame). Results of actions may come late and in any order.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    state: State,
    timers: Timers,
    heard: Instant,
    /// Nothing was heard since the last probe.
    probed: bool,
    frames: VecDeque<Frame>,
    actions: VecDeque<Action>,
    pending: Vec<(ActionId, Pending)>,
    next_action: ActionId,
    /// How many frames in a row could not be read.
    unread: u32,
}

/// Who waits for an action's result.
#[derive(Debug)]
enum Pending {
    Command(Option<RequestId>),
    Refresh(RequestId),
}

impl Session {
    /// A session whose connection was opened now.
    pub fn new(config: SessionConfig, now: Now) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Auth, now.at + config.auth_timeout);
        timers.set(Timer::Probe, now.at + config.ping_interval);
        Self {
            config,
            state: State::Waiting { strange: 0 },
            timers,
            heard: now.at,
            probed: false,
            frames: VecDeque::new(),
            actions: VecDeque::new(),
            pending: Vec::new(),
            next_action: 0,
            unread: 0,
        }
    }

    /// Whether it takes another frame now. While it does not, leave frames where they are: the peer notices by its
    /// full link.
    pub fn wants_frame(&self) -> bool {
        match self.state {
            State::Waiting { .. } => true,
            // What was sent behind an `auth` waits for its result.
            State::Authenticating { .. } | State::Closing => false,
            State::Ready { .. } => self.pending.len() < self.config.max_in_flight,
        }
    }

    /// A frame arrived.
    pub fn handle_frame(&mut self, now: Now, frame: Frame) {
        self.heard = now.at;
        self.probed = false;
        match frame {
            Frame::Text(text) => match decode::<Command>(text.as_bytes()) {
                Ok(command) => {
                    self.unread = 0;
                    match command.check() {
                        Ok(()) => self.handle_command(now, command),
                        Err(error) => self.refuse(now, command.id().cloned(), &error),
                    }
                }
                Err(error) => self.refuse_unread(now, salvage_id(text.as_bytes()), &error),
            },
            Frame::Binary(_) => self.refuse_unread(now, None, &ErrorCode::UnsupportedFrame.into()),
            Frame::Ping | Frame::Pong => {}
            Frame::Close(_) => self.handle_closed(),
        }
    }

    /// A command was read.
    fn handle_command(&mut self, now: Now, command: Command) {
        match (command, &self.state) {
            (Command::Ping(ping), _) => self.say(&Event::Pong(Pong { id: ping.id, ts: now.ts })),
            (Command::Unknown { raw, .. }, _) => {
                let known = Command::KINDS.join(", ");
                let error = WireError::new(ErrorCode::UnknownCommand, format!("known commands: {known}"));
                self.refuse(now, id_within(&raw), &error);
            }
            (Command::Auth(auth), State::Waiting { strange }) => {
                let strange = *strange;
                self.state = State::Authenticating { id: auth.id.clone(), follow: auth.follow, strange };
                let action = self.next_action();
                self.actions.push_back(Action::Authenticate { action, auth, present: None });
            }
            (Command::Auth(auth), State::Ready { user }) => {
                let present = Some(user.clone());
                let action = self.next_action();
                self.pending.push((action, Pending::Refresh(auth.id.clone())));
                self.actions.push_back(Action::Authenticate { action, auth, present });
            }
            (command, State::Ready { .. }) => {
                let action = self.next_action();
                self.pending.push((action, Pending::Command(command.id().cloned())));
                self.actions.push_back(Action::Execute { action, command });
            }
            (command, _) => self.refuse(now, command.id().cloned(), &ErrorCode::NotAuthenticated.into()),
        }
    }

    /// An [`Action::Authenticate`] came back.
    pub fn handle_authenticated(
        &mut self,
        now: Now,
        action: ActionId,
        result: Result<Authenticated, WireError>,
    ) {
        if let State::Authenticating { id, follow, strange } = &self.state {
            let (id, follow, strange) = (id.clone(), *follow, *strange);
            match result {
                Ok(authenticated) => self.become_ready(now, id, follow, authenticated.data),
                Err(error) => {
                    self.state = State::Waiting { strange };
                    self.refuse(now, Some(id), &error);
                }
            }
        } else if let Some(Pending::Refresh(id)) = self.take_pending(action) {
            match result {
                Ok(authenticated) => {
                    self.expire_at(now, authenticated.data.expires_at);
                    self.say(&Event::Reply(Reply::ok(Some(id), &authenticated.data, now.ts)));
                }
                Err(error) => {
                    self.refuse(now, Some(id), &error);
                    // It may be the token that the connection lives by, which was withdrawn in between.
                    if error.code == ErrorCode::InvalidToken {
                        self.close(error.code);
                    }
                }
            }
        }
    }

    fn become_ready(&mut self, now: Now, id: RequestId, follow: bool, data: AuthData) {
        self.state = State::Ready { user: data.user_id.clone() };
        self.timers.clear(Timer::Auth);
        self.expire_at(now, data.expires_at);
        self.say(&Event::Reply(Reply::ok(Some(id), &data, now.ts)));
        if follow {
            self.actions.push_back(Action::FollowAll);
        }
    }

    fn expire_at(&mut self, now: Now, expires_at: Option<Timestamp>) {
        self.timers.clear(Timer::Expiry);
        if let Some(expires_at) = expires_at {
            let left = expires_at.as_micros().saturating_sub(now.ts.as_micros());
            self.timers.set(Timer::Expiry, now.at + Duration::from_micros(u64::try_from(left).unwrap_or(0)));
        }
    }

    /// An [`Action::Execute`] came back; unknown and repeated results are ignored.
    pub fn handle_done(
        &mut self,
        now: Now,
        action: ActionId,
        result: Result<Option<Box<RawValue>>, WireError>,
    ) {
        let Some(Pending::Command(id)) = self.take_pending(action) else { return };
        match result {
            Ok(data) if id.is_some() => {
                let reply = Reply { data, ..Reply::done(id, now.ts) };
                self.say(&Event::Reply(reply));
            }
            Ok(_) => {}
            Err(error) => self.refuse(now, id, &error),
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come; harmless earlier.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.due(now.at) {
            match timer {
                Timer::Auth => self.close(ErrorCode::AuthTimeout),
                Timer::Expiry => self.close(ErrorCode::TokenExpired),
                Timer::Probe => self.probe(now.at),
                Timer::Answer if self.probed => self.close(ErrorCode::HeartbeatTimeout),
                Timer::Answer => {}
            }
        }
    }

    /// The peer could not be heard until now: its silence begins anew.
    pub fn spare(&mut self, now: Now) {
        self.heard = now.at;
        self.probed = false;
    }

    /// Probes a silent peer. The timer is moved only here and not by every frame: a busy connection pays nothing.
    fn probe(&mut self, at: Instant) {
        let silent_at = self.heard + self.config.ping_interval;
        if at < silent_at {
            self.timers.set(Timer::Probe, silent_at);
            return;
        }
        self.frames.push_back(Frame::Ping);
        // The first one without an answer counts.
        if !std::mem::replace(&mut self.probed, true) {
            self.timers.set(Timer::Answer, at + self.config.pong_timeout);
        }
        self.timers.set(Timer::Probe, at + self.config.ping_interval);
    }

    /// The server goes away: say so and close.
    pub fn handle_drain(&mut self, now: Now) {
        if !self.is_closing() {
            self.say(&Event::System(System::new(SystemKind::Draining, now.ts)));
            self.close(ErrorCode::ShuttingDown);
        }
    }

    /// The connection is gone.
    pub fn handle_closed(&mut self) {
        self.state = State::Closing;
        self.timers = Timers::default();
        self.actions.clear();
    }

    /// Ends the session with a close frame that says why.
    pub fn close(&mut self, code: ErrorCode) {
        if !self.is_closing() {
            self.handle_closed();
            let reason = code.text().to_owned();
            self.frames.push_back(Frame::Close(Close { code: code.close_code(), reason }));
        }
    }

    /// Whether it has ended; only frames are left to be taken.
    pub fn is_closing(&self) -> bool {
        matches!(self.state, State::Closing)
    }

    /// Whether commands are under way.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// The next frame to send.
    pub fn poll_frame(&mut self) -> Option<Frame> {
        take(&mut self.frames)
    }

    /// The next work to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        take(&mut self.actions)
    }

    /// When it wants [`handle_timeout`](Self::handle_timeout), if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.earliest()
    }

    fn say(&mut self, event: &Event) {
        self.frames.push_back(Frame::Text(encode(event)));
    }

    fn refuse(&mut self, now: Now, id: Option<RequestId>, error: &WireError) {
        metrics::counter!("chat_refused_total", "code" => error.code.text()).increment(1);
        self.say(&Event::Reply(Reply::refused(id, error, now.ts)));
        if let State::Waiting { strange } = &mut self.state {
            *strange += 1;
            if *strange >= self.config.max_refused_frames {
                self.close(ErrorCode::NotAuthenticated);
            }
        }
    }

    /// Refuses what is no command at all. A peer that says nothing else costs work and learns nothing.
    fn refuse_unread(&mut self, now: Now, id: Option<RequestId>, error: &WireError) {
        self.refuse(now, id, error);
        self.unread += 1;
        if self.unread >= self.config.max_refused_frames {
            self.close(error.code);
        }
    }

    fn next_action(&mut self) -> ActionId {
        self.next_action += 1;
        self.next_action
    }

    fn take_pending(&mut self, action: ActionId) -> Option<Pending> {
        let index = self.pending.iter().position(|(pending, _)| *pending == action)?;
        let (_, pending) = self.pending.swap_remove(index);
        if self.pending.is_empty() {
            self.pending = Vec::new();
        }
        Some(pending)
    }
}

/// Takes the first of a queue; an empty queue gives its memory back, since most connections are idle most of the time.
fn take<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let first = queue.pop_front();
    if queue.is_empty() {
        *queue = VecDeque::new();
    }
    first
}

/// The `id` in the body of a packet that is not known otherwise.
fn id_within(raw: &RawValue) -> Option<RequestId> {
    #[derive(serde::Deserialize)]
    struct WithId {
        id: RequestId,
    }
    serde_json::from_str::<WithId>(raw.get()).ok().map(|with| with.id)
}

#[cfg(test)]
mod tests;
