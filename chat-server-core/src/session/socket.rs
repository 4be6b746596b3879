//! The server's half of a session with a client of an existing system, as a state machine without I/O.
//!
//! Its frames are the format's ([`Dialect`]): what one asks is performed by somebody else, and what comes of it is written by
//! the format. One thing at a time, in the order of the frames: these clients know no ids by which answers could overtake
//! each other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_protocol::dialect::{Asked, Dialect, Done, Place, Seat, Secret, What};
use chat_protocol::{Close, ErrorCode, Frame, RoomId, SessionId, Text, Timestamp, UserId, WireError};

use super::timers::{Timer, Timers};
use super::{Now, SessionConfig};
use crate::auth::Principal;

/// Work that the session cannot do itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SocketAction {
    /// Find out who a token belongs to, and whether that user may be in the place; answer with
    /// [`SocketSession::handle_authenticated`].
    Authenticate(Secret),
    /// Do what a frame asks; answer with [`SocketSession::handle_done`].
    Perform(What),
}

/// A user who may be in the place.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    /// Who it is.
    pub(crate) user: UserId,
    /// The one room that the place is.
    pub(crate) room: Option<RoomId>,
    /// The session.
    pub(crate) session: SessionId,
    /// When the token stops being valid.
    pub(crate) expires_at: Option<Timestamp>,
}

/// ```text
///   frame            done
///  Idle ───► Busy ─────────► Idle        a deadline, 16 refused tokens, a token that expired, draining: Closing
/// ```
#[derive(Debug)]
enum State {
    Idle,
    /// What is under way; a frame that only brought a token for what it asks is read again after that.
    Busy {
        asked: Asked,
        again: Option<Vec<u8>>,
    },
    Closing,
}

/// The server's half of such a session. Polled like a [`Session`](super::Session).
#[derive(Debug)]
pub(crate) struct SocketSession {
    config: SessionConfig,
    dialect: Arc<dyn Dialect>,
    place: Place,
    me: Option<UserId>,
    /// How many tokens were refused while it had no user.
    strange: u32,
    state: State,
    timers: Timers,
    heard: Instant,
    /// Nothing was heard since the last probe.
    probed: bool,
    frames: VecDeque<Frame>,
    action: Option<SocketAction>,
}

impl SocketSession {
    /// A session in a place, which has its user, or waits for one, or needs none.
    pub(crate) fn new(
        config: SessionConfig,
        dialect: Arc<dyn Dialect>,
        place: Place,
        user: Option<&Principal>,
        waits: bool,
        now: Now,
    ) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Probe, now.at + config.ping_interval);
        if waits {
            timers.set(Timer::Auth, now.at + config.auth_timeout);
        }
        let mut session = Self {
            config,
            dialect,
            place,
            me: user.map(|principal| principal.user.clone()),
            strange: 0,
            state: State::Idle,
            timers,
            heard: now.at,
            probed: false,
            frames: VecDeque::new(),
            action: None,
        };
        session.expire_at(now, user.and_then(|principal| principal.expires_at));
        session
    }

    /// Whether it takes another frame now.
    pub(crate) fn wants_frame(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Whether it has ended; only frames are left to be taken.
    pub(crate) fn is_closing(&self) -> bool {
        matches!(self.state, State::Closing)
    }

    /// A frame arrived.
    pub(crate) fn handle_frame(&mut self, now: Now, frame: Frame) {
        self.heard = now.at;
        self.probed = false;
        match frame {
            Frame::Text(text) => self.read(now, text.as_bytes()),
            // Text in a binary frame is text; anything else is bad input like any other.
            Frame::Binary(bytes) => self.read(now, &bytes),
            Frame::Ping | Frame::Pong => {}
            Frame::Close(_) => self.end(),
        }
    }

    fn seat(&self) -> Seat<'_> {
        Seat { place: &self.place, me: self.me.as_ref() }
    }

    fn read(&mut self, now: Now, bytes: &[u8]) {
        let asked = self.dialect.decode(self.seat(), bytes, now.ts);
        let mut again = None;
        let action = match &asked.what {
            What::Ignored => return,
            What::Refused(text) => return self.say(text.clone()),
            What::Auth { token, again: wanted } => {
                again = wanted.then(|| bytes.to_vec());
                SocketAction::Authenticate(token.clone())
            }
            what => SocketAction::Perform(what.clone()),
        };
        self.state = State::Busy { asked, again };
        self.action = Some(action);
    }

    /// A [`SocketAction::Authenticate`] came back.
    pub(crate) fn handle_authenticated(&mut self, now: Now, result: Result<Granted, WireError>) {
        let State::Busy { asked, again } = std::mem::replace(&mut self.state, State::Idle) else {
            return self.end();
        };
        match result {
            Ok(Granted { user, session, expires_at, .. }) => {
                self.me = Some(user.clone());
                self.timers.clear(Timer::Auth);
                self.expire_at(now, expires_at);
                self.answer(now, &asked, Ok(&Done::Authenticated { user, session_id: session }));
                if let Some(frame) = again {
                    self.read(now, &frame);
                }
            }
            Err(error) => {
                self.answer(now, &asked, Err(&error));
                self.count_stranger();
            }
        }
    }

    /// Each token costs a look at the authenticator, which may be another server: whoever has no user tries a few.
    fn count_stranger(&mut self) {
        if self.me.is_none() {
            self.strange += 1;
            if self.strange >= self.config.max_refused_frames {
                self.close(ErrorCode::NotAuthenticated);
            }
        }
    }

    /// A [`SocketAction::Perform`] came back.
    pub(crate) fn handle_done(&mut self, now: Now, result: Result<Done, WireError>) {
        let State::Busy { asked, .. } = std::mem::replace(&mut self.state, State::Idle) else {
            return self.end();
        };
        self.answer(now, &asked, result.as_ref());
    }

    fn answer(&mut self, now: Now, asked: &Asked, done: Result<&Done, &WireError>) {
        if let Err(error) = done {
            let dialect = self.dialect.name();
            metrics::counter!("chat_refused_total", "code" => error.code.text(), "dialect" => dialect)
                .increment(1);
        }
        if let Some(text) = self.dialect.answer(self.seat(), asked, done, now.ts) {
            self.say(text);
        }
    }

    fn say(&mut self, text: Text) {
        self.frames.push_back(Frame::Text(text));
    }

    fn expire_at(&mut self, now: Now, expires_at: Option<Timestamp>) {
        self.timers.clear(Timer::Expiry);
        if let Some(expires_at) = expires_at {
            let left = expires_at.as_micros().saturating_sub(now.ts.as_micros());
            self.timers.set(Timer::Expiry, now.at + Duration::from_micros(u64::try_from(left).unwrap_or(0)));
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come; harmless earlier.
    pub(crate) fn handle_timeout(&mut self, now: Now) {
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
    pub(crate) fn spare(&mut self, now: Now) {
        self.heard = now.at;
        self.probed = false;
    }

    /// Probes a silent peer.
    fn probe(&mut self, at: Instant) {
        let silent_at = self.heard + self.config.ping_interval;
        if at < silent_at {
            return self.timers.set(Timer::Probe, silent_at);
        }
        self.frames.push_back(Frame::Ping);
        if !std::mem::replace(&mut self.probed, true) {
            self.timers.set(Timer::Answer, at + self.config.pong_timeout);
        }
        self.timers.set(Timer::Probe, at + self.config.ping_interval);
    }

    /// Ends the session with a close frame that says why.
    pub(crate) fn close(&mut self, code: ErrorCode) {
        if !self.is_closing() {
            self.end();
            self.frames.push_back(Frame::Close(close_of(code)));
        }
    }

    /// The connection is gone.
    pub(crate) fn end(&mut self) {
        self.state = State::Closing;
        self.timers = Timers::default();
        self.action = None;
    }

    /// The next frame to send.
    pub(crate) fn poll_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// The next work to do.
    pub(crate) fn poll_action(&mut self) -> Option<SocketAction> {
        self.action.take()
    }

    /// When it wants [`handle_timeout`](Self::handle_timeout), if nothing else happens before.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.earliest()
    }
}

/// Why a socket of an existing system is closed, in the three codes that these clients may know (RFC 6455 section 7.4.1;
/// dialect reference, section 1).
pub(crate) fn close_of(code: ErrorCode) -> Close {
    let number = match code {
        ErrorCode::ShuttingDown => 1001,
        ErrorCode::TooLarge => 1009,
        _ => 1008,
    };
    Close { code: number, reason: code.text().to_owned() }
}

#[cfg(test)]
mod tests {
    use chat_protocol::dialect::haraj::Haraj;
    use chat_protocol::dialect::tndata::TnData;

    use super::*;

    const CONFIG: SessionConfig = SessionConfig {
        auth_timeout: Duration::from_secs(15),
        ping_interval: Duration::from_secs(25),
        pong_timeout: Duration::from_secs(10),
        max_in_flight: 1,
        max_refused_frames: 16,
    };

    fn now(start: Instant, seconds: u64) -> Now {
        let micros = i64::try_from(seconds * 1_000_000).unwrap();
        Now { at: start + Duration::from_secs(seconds), ts: Timestamp::from_micros(micros) }
    }

    fn granted(user: &str, expires_at: Option<i64>) -> Granted {
        Granted {
            room: None,
            user: UserId::new(user).unwrap(),
            session: SessionId::new("s1").unwrap(),
            expires_at: expires_at.map(|seconds| Timestamp::from_micros(seconds * 1_000_000)),
        }
    }

    fn waiting(dialect: impl Dialect + 'static, place: Place, at: Now) -> SocketSession {
        SocketSession::new(CONFIG, Arc::new(dialect), place, None, true, at)
    }

    fn hear(session: &mut SocketSession, at: Now, text: &str) {
        assert!(session.wants_frame());
        session.handle_frame(at, Frame::Text(Text::from(text.to_owned())));
    }

    fn said(session: &mut SocketSession) -> Vec<Frame> {
        std::iter::from_fn(|| session.poll_frame()).collect()
    }

    #[test]
    fn a_frame_with_a_token_is_read_again_once_its_user_is_known() {
        let start = Instant::now();
        let peer = Place::Peer(UserId::new("2").unwrap());
        let mut session = waiting(TnData::default(), peer, now(start, 0));
        hear(&mut session, now(start, 1), r#"{"text":"hi","token":"T"}"#);
        assert_eq!(session.poll_action(), Some(SocketAction::Authenticate(Secret("T".to_owned()))));
        assert!(!session.wants_frame(), "what is behind it waits");
        session.handle_authenticated(now(start, 1), Ok(granted("1", None)));
        let Some(SocketAction::Perform(What::Send { content, .. })) = session.poll_action() else { panic!() };
        assert_eq!(content.text().unwrap(), "hi");
        session.handle_done(now(start, 1), Err(ErrorCode::RateLimited.into()));
        assert!(matches!(&said(&mut session)[..], [Frame::Text(text)] if text.as_str().contains("not sent")));
        assert!(session.wants_frame());
    }

    #[test]
    fn whoever_does_not_say_who_it_is_is_closed() {
        let start = Instant::now();
        let mut session = waiting(Haraj::default(), Place::Anywhere, now(start, 0));
        hear(&mut session, now(start, 14), r#"{"listen":{"id":"l","peer_id":2}}"#);
        assert!(matches!(&said(&mut session)[..], [Frame::Text(text)] if text.as_str().contains("401")));
        assert_eq!(session.poll_timeout(), Some(now(start, 15).at));
        session.handle_timeout(now(start, 15));
        assert!(matches!(&said(&mut session)[..], [Frame::Close(close)] if close.code == 1008));
        assert!(session.is_closing());
    }

    #[test]
    fn whoever_tries_tokens_is_closed_after_a_few() {
        let (start, refused) = (Instant::now(), || Err(ErrorCode::InvalidToken.into()));
        let mut session = waiting(Haraj::default(), Place::Anywhere, now(start, 0));
        let auth = r#"{"auth":{"id":"a","access_token":"T"}}"#;
        for left in (0..CONFIG.max_refused_frames).rev() {
            hear(&mut session, now(start, 1), auth);
            assert!(session.poll_action().is_some());
            session.handle_authenticated(now(start, 1), refused());
            assert!(matches!(session.poll_frame(), Some(Frame::Text(text)) if text.as_str().contains("401")));
            assert_eq!(session.is_closing(), left == 0, "{left} tries are left");
        }
        assert!(matches!(&said(&mut session)[..], [Frame::Close(close)] if close.code == 1008));

        let mut session = waiting(Haraj::default(), Place::Anywhere, now(start, 0));
        hear(&mut session, now(start, 1), auth);
        session.handle_authenticated(now(start, 1), Ok(granted("1", None)));
        for _ in 0..=CONFIG.max_refused_frames {
            hear(&mut session, now(start, 1), auth);
            session.handle_authenticated(now(start, 1), refused());
        }
        assert!(!session.is_closing(), "who has its user keeps it");
    }

    #[test]
    fn a_token_that_expires_closes_unless_it_is_renewed() {
        let start = Instant::now();
        let mut session = waiting(Haraj::default(), Place::Anywhere, now(start, 0));
        let auth = r#"{"auth":{"id":"a","access_token":"T"}}"#;
        for (at, expires_at) in [(1, 20), (18, 22)] {
            hear(&mut session, now(start, at), auth);
            assert!(session.poll_action().is_some());
            session.handle_authenticated(now(start, at), Ok(granted("1", Some(expires_at))));
            assert!(
                matches!(&said(&mut session)[..], [Frame::Text(text)] if text.as_str().contains("\"s1\""))
            );
        }
        session.handle_timeout(now(start, 20));
        assert!(!session.is_closing(), "the newer token holds");
        session.handle_timeout(now(start, 22));
        assert!(matches!(&said(&mut session)[..], [Frame::Close(close)] if close.code == 1008));
    }

    #[test]
    fn a_silent_peer_is_probed_and_cut() {
        let start = Instant::now();
        let user = Principal { user: UserId::new("1").unwrap(), expires_at: None };
        let mut session = SocketSession::new(
            CONFIG,
            Arc::new(Haraj::default()),
            Place::Anywhere,
            Some(&user),
            false,
            now(start, 0),
        );
        session.handle_timeout(now(start, 25));
        assert!(matches!(said(&mut session)[..], [Frame::Ping]));
        session.handle_frame(now(start, 26), Frame::Pong);
        session.handle_timeout(now(start, 35));
        assert!(!session.is_closing());
        session.handle_timeout(now(start, 51));
        session.handle_timeout(now(start, 61));
        assert!(session.is_closing());
        assert_eq!(close_of(ErrorCode::ShuttingDown).code, 1001);
        assert_eq!(close_of(ErrorCode::TooLarge).code, 1009);
    }
}
