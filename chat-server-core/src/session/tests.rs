//! Every transition of the session, under a clock that the test moves.

use chat_protocol::{Epoch, SessionId, UserOffset};

use super::*;

struct Bench {
    session: Session,
    now: Now,
}

const CONFIG: SessionConfig = SessionConfig {
    auth_timeout: Duration::from_secs(15),
    ping_interval: Duration::from_secs(25),
    pong_timeout: Duration::from_secs(10),
    max_in_flight: 2,
    max_refused_frames: 16,
};

impl Bench {
    fn new() -> Self {
        let now = Now { at: Instant::now(), ts: Timestamp::from_micros(1_000_000) };
        Self { session: Session::new(CONFIG, now), now }
    }

    fn ready() -> Self {
        let mut bench = Self::new();
        bench.text(r#"{"auth":{"id":"a","token":"t","follow":false}}"#);
        bench.authenticate(Ok("1"), None);
        assert!(bench.said()[0].contains(r#""session_id":"s""#));
        bench
    }

    fn text(&mut self, json: &str) {
        assert!(self.session.wants_frame());
        self.session.handle_frame(self.now, Frame::Text(Text::from(json.to_owned())));
    }

    fn authenticate(&mut self, user: Result<&str, ErrorCode>, expires_at: Option<Timestamp>) {
        let Some(Action::Authenticate { action, .. }) = self.session.poll_action() else { panic!("no auth") };
        let result = user.map_err(WireError::from).map(|user| Authenticated {
            data: AuthData {
                user_id: UserId::new(user).unwrap(),
                session_id: SessionId::new("s").unwrap(),
                epoch: Epoch::new("e").unwrap(),
                user_offset: UserOffset::ZERO,
                expires_at,
                limits: chat_protocol::reply::Limits {
                    max_frame: 1,
                    max_content: 1,
                    max_history_page: 1,
                    max_rooms_followed: 1,
                    max_in_flight: 1,
                    typing_ttl_ms: 6_000,
                },
            },
        });
        self.session.handle_authenticated(self.now, action, result);
    }

    fn pass(&mut self, seconds: u64) {
        self.now.at += Duration::from_secs(seconds);
        self.session.handle_timeout(self.now);
    }

    /// Everything it wants to send: text as it is, control frames by name.
    fn said(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_frame())
            .map(|frame| match frame {
                Frame::Text(text) => text.as_str().to_owned(),
                Frame::Close(close) => format!("close {} {}", close.code, close.reason),
                other => format!("{other:?}"),
            })
            .collect()
    }
}

use chat_protocol::Text;

#[test]
fn nothing_but_auth_and_ping_is_done_before_authentication() {
    let mut bench = Bench::new();
    bench.text(r#"{"ping":{"id":"p"}}"#);
    assert!(bench.said()[0].starts_with(r#"{"pong":{"id":"p""#));
    bench.text(r#"{"join":{"id":"j","room":"r"}}"#);
    assert!(
        bench.said()[0].contains(r#""id":"j","status":401,"err":"ERR_NOT_AUTHENTICATED","action":"refresh""#)
    );
    assert!(bench.session.poll_action().is_none());
}

#[test]
fn commands_behind_an_auth_wait_for_it() {
    let mut bench = Bench::new();
    bench.text(r#"{"auth":{"id":"a","token":"t"}}"#);
    assert!(!bench.session.wants_frame());
    bench.authenticate(Ok("1"), None);
    assert!(bench.session.wants_frame());
    assert!(matches!(bench.session.poll_action(), Some(Action::FollowAll)));
}

#[test]
fn a_wrong_token_may_be_corrected_until_the_deadline() {
    let mut bench = Bench::new();
    bench.text(r#"{"auth":{"id":"a","token":"wrong"}}"#);
    bench.authenticate(Err(ErrorCode::InvalidToken), None);
    assert!(bench.said()[0].contains("ERR_INVALID_ACCESS_TOKEN"));
    bench.pass(14);
    assert_eq!(bench.said(), [] as [&str; 0]);
    bench.pass(1);
    assert_eq!(bench.said(), ["close 4408 ERR_AUTH_TIMEOUT"]);
}

#[test]
fn a_peer_that_only_talks_nonsense_is_closed() {
    let mut bench = Bench::new();
    for _ in 0..CONFIG.max_refused_frames {
        bench.text("nonsense");
    }
    let said = bench.said();
    assert_eq!(said.len(), CONFIG.max_refused_frames as usize + 1);
    assert_eq!(said.last().unwrap(), "close 4401 ERR_NOT_AUTHENTICATED");
    assert!(!bench.session.wants_frame());
}

#[test]
fn bad_frames_are_answered_and_the_session_goes_on() {
    let mut bench = Bench::ready();
    for (json, code) in [
        (r#"{"join":{"id":"1","room":7}}"#, r#""id":"1","status":400,"err":"ERR_BAD_REQUEST""#),
        (r#"{"dance":{"id":"2"}}"#, r#""id":"2","status":400,"err":"ERR_UNKNOWN_COMMAND""#),
        (r#"{"join":"#, r#""status":400,"err":"ERR_INVALID_JSON""#),
    ] {
        bench.text(json);
        let said = bench.said();
        assert!(said[0].contains(code), "{json}: {}", said[0]);
    }
    bench.session.handle_frame(bench.now, Frame::Binary(Default::default()));
    assert!(bench.said()[0].contains("ERR_UNSUPPORTED_FRAME"));
    bench.text(r#"{"join":{"id":"3","room":"r"}}"#);
    assert!(matches!(bench.session.poll_action(), Some(Action::Execute { .. })));
}

#[test]
fn a_full_window_stops_reading_and_results_come_in_any_order_once() {
    let mut bench = Bench::ready();
    bench.text(r#"{"join":{"id":"1","room":"r"}}"#);
    bench.text(r#"{"read":{"room":"r","seq":1}}"#);
    assert!(!bench.session.wants_frame());
    let actions: Vec<ActionId> = std::iter::from_fn(|| bench.session.poll_action())
        .map(|action| match action {
            Action::Execute { action, .. } => action,
            other => panic!("{other:?}"),
        })
        .collect();
    bench.session.handle_done(bench.now, actions[1], Ok(None));
    assert_eq!(bench.said(), [] as [&str; 0], "a command without id succeeds silently");
    bench.session.handle_done(bench.now, actions[0], Ok(None));
    bench.session.handle_done(bench.now, actions[0], Ok(None));
    assert_eq!(bench.said().len(), 1);
    assert!(bench.session.is_idle());
}

#[test]
fn a_token_is_refreshed_by_its_user_and_expires() {
    let mut bench = Bench::ready();
    bench.text(r#"{"auth":{"id":"b","token":"t2"}}"#);
    bench.authenticate(Ok("1"), Some(Timestamp::from_micros(1_000_000 + 5_000_000)));
    assert!(bench.said()[0].contains(r#""id":"b","status":200"#));
    bench.text(r#"{"auth":{"id":"c","token":"of another user"}}"#);
    bench.authenticate(Err(ErrorCode::Forbidden), None);
    assert!(bench.said()[0].contains(r#""id":"c","status":403"#));
    bench.pass(4);
    assert_eq!(bench.said(), [] as [&str; 0]);
    bench.pass(1);
    assert_eq!(bench.said(), ["close 4402 ERR_TOKEN_EXPIRED"]);
}

#[test]
fn a_silent_peer_is_probed_then_closed_and_one_that_answers_is_kept() {
    let mut bench = Bench::ready();
    bench.pass(20);
    bench.session.handle_frame(bench.now, Frame::Pong);
    bench.pass(5);
    assert_eq!(bench.said(), [] as [&str; 0], "heard 5 s ago");
    bench.pass(20);
    assert_eq!(bench.said(), ["Ping"]);
    bench.pass(9);
    bench.session.handle_frame(bench.now, Frame::Pong);
    bench.pass(1);
    assert_eq!(bench.said(), [] as [&str; 0]);
    bench.pass(24);
    assert_eq!(bench.said(), ["Ping"]);
    bench.pass(10);
    assert_eq!(bench.said(), ["close 4412 ERR_HEARTBEAT_TIMEOUT"]);
}

#[test]
fn an_answer_in_the_same_instant_is_an_answer() {
    let mut bench = Bench::ready();
    bench.pass(25);
    assert_eq!(bench.said(), ["Ping"]);
    bench.session.handle_frame(bench.now, Frame::Pong);
    bench.pass(10);
    assert_eq!(bench.said(), [] as [&str; 0], "a peer that is near answers at once");
}

#[test]
fn draining_says_so_and_closes_once() {
    let mut bench = Bench::ready();
    bench.session.handle_drain(bench.now);
    bench.session.handle_drain(bench.now);
    let said = bench.said();
    assert!(said[0].contains("draining"));
    assert_eq!(said[1..], ["close 1001 ERR_SHUTTING_DOWN"]);
}

#[test]
fn after_a_close_late_results_are_ignored() {
    let mut bench = Bench::ready();
    bench.text(r#"{"join":{"id":"1","room":"r"}}"#);
    let Some(Action::Execute { action, .. }) = bench.session.poll_action() else { panic!() };
    bench.session.handle_closed();
    bench.session.handle_authenticated(bench.now, 99, Err(ErrorCode::Internal.into()));
    assert!(bench.session.poll_timeout().is_none());
    bench.session.handle_done(bench.now, action, Ok(None));
    assert!(bench.session.is_idle());
}

#[test]
fn a_peer_that_says_nothing_that_can_be_read_is_closed() {
    let mut bench = Bench::ready();
    for _ in 1..CONFIG.max_refused_frames {
        bench.text("no json");
    }
    bench.text(r#"{"dance":{}}"#);
    assert!(bench.said().pop().unwrap().contains("ERR_UNKNOWN_COMMAND"), "what is only newer is read");
    for _ in 1..CONFIG.max_refused_frames {
        bench.session.handle_frame(bench.now, Frame::Binary(Vec::new().into()));
    }
    assert!(!bench.session.is_closing());
    bench.text("{");
    assert_eq!(bench.said().pop().unwrap(), "close 4400 ERR_INVALID_JSON");
}

#[test]
fn a_refresh_with_a_token_that_is_not_taken_closes_and_one_that_cannot_be_checked_does_not() {
    let mut bench = Bench::ready();
    bench.text(r#"{"auth":{"id":"b","token":"t"}}"#);
    bench.authenticate(Err(ErrorCode::StorageUnavailable), None);
    assert!(bench.said()[0].contains(r#""id":"b","status":503"#) && !bench.session.is_closing());
    bench.text(r#"{"auth":{"id":"c","token":"t"}}"#);
    bench.authenticate(Err(ErrorCode::InvalidToken), None);
    let said = bench.said();
    assert!(said[0].contains(r#""id":"c","status":401"#));
    assert_eq!(said[1..], ["close 4401 ERR_INVALID_ACCESS_TOKEN"]);
}
