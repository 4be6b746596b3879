//! Tokens: asked for, refused, replaced before they end.

use super::super::Token;
use super::*;
use crate::TokenError;
use chat_protocol::ErrorText;

/// A session whose tokens are `tok-1`, `tok-2` and so on: the last one that was given.
struct Asked {
    bench: Bench,
    given: u32,
}

impl Asked {
    fn new() -> Self {
        Self { bench: Bench::with(|config| config.ask_token = true), given: 0 }
    }

    /// A session that is ready with `tok-1`, which lives for `seconds` by the server's clock.
    fn ready(seconds: Option<i64>) -> Self {
        let mut asked = Self::new();
        asked.give();
        let auth = asked.open();
        asked.accept(&auth, seconds);
        asked.bench.snapshot("r", 5);
        asked.bench.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e1", "user_offset": 1}}));
        assert_eq!(asked.bench.session.state(), ConnectionState::Ready);
        asked.bench.events();
        asked
    }

    /// Whether a token is asked for and nothing else is to be done.
    fn asks(&mut self) -> bool {
        self.bench.links().ends_with(&[LinkAction::AskToken])
    }

    fn give(&mut self) {
        assert!(self.asks());
        self.given += 1;
        self.bench.session.handle_token(self.bench.now, Ok(format!("tok-{}", self.given)));
    }

    /// Opens the connection that is wanted, with the token that was given last.
    fn open(&mut self) -> wire::Auth {
        self.bench.open();
        self.auth()
    }

    fn auth(&mut self) -> wire::Auth {
        let auth = self.bench.auth();
        assert_eq!(auth.token, Some(format!("tok-{}", self.given)));
        auth
    }

    fn accept(&mut self, auth: &wire::Auth, seconds: Option<i64>) {
        let ts: chat_protocol::Timestamp = serde_json::from_value(json!(TS)).unwrap();
        let ends = seconds
            .map(|seconds| chat_protocol::Timestamp::from_micros(ts.as_micros() + seconds * 1_000_000));
        self.bench.say(json!({"reply": {"id": auth.id, "status": 200, "ts": TS, "data": {
            "user_id": "me", "session_id": "s1", "epoch": "e1", "user_offset": 1, "limits": self.bench.limits,
            "expires_at": ends,
        }}}));
    }

    fn finish_resume(&mut self) {
        let sent = self.bench.sent();
        let [Wire::Resume(resume)] = sent.as_slice() else { panic!("not one resume: {sent:?}") };
        self.bench.finish_resume(std::slice::from_ref(resume));
    }
}

#[test]
fn a_token_is_asked_for_before_each_connection() {
    let mut asked = Asked::ready(Some(32));
    asked.bench.cut();
    assert!(asked.bench.links().is_empty(), "not before it is needed");
    asked.bench.jump();
    assert_eq!(asked.bench.session.token_refused(), None);
    asked.give();
    let auth = asked.open();
    assert!(!auth.follow);
    asked.bench.pass(Duration::from_secs(5));
    assert!(!asked.asks(), "the end of the old token is nobody's concern any more");
}

#[test]
fn a_refused_token_is_replaced_and_nothing_is_lost() {
    let mut asked = Asked::ready(None);
    let ticket = asked.bench.send("r", "c1");
    asked.bench.sends();
    let close = Close { code: ErrorCode::TokenExpired.close_code(), reason: String::new() };
    asked.bench.session.handle_frame(asked.bench.now, Frame::Close(close));
    assert!(matches!(asked.bench.session.state(), ConnectionState::Waiting { .. }));
    assert_eq!(asked.bench.session.token_refused(), Some(&ErrorCode::TokenExpired.into()));
    asked.bench.jump();
    asked.give();
    let auth = asked.open();
    asked.accept(&auth, None);
    assert_eq!(asked.bench.session.token_refused(), None);
    asked.finish_resume();
    let sends = asked.bench.sends();
    asked.bench.ack(&sends[0], 6);
    assert_eq!(asked.bench.seq_of(ticket), 6);
}

#[test]
fn two_refused_tokens_in_a_row_are_final() {
    let mut asked = Asked::new();
    for _ in 0..2 {
        if !matches!(asked.bench.session.state(), ConnectionState::Connecting) {
            asked.bench.jump();
        }
        asked.give();
        let auth = asked.open();
        asked.bench.refuse(&auth.id, ErrorCode::InvalidToken, None);
    }
    let reason = Some(Error::Unauthenticated { code: ErrorCode::InvalidToken.into() });
    assert_eq!(asked.bench.session.state(), ConnectionState::Closed { reason });
}

#[test]
fn a_token_is_replaced_on_the_open_connection_before_it_ends() {
    let mut asked = Asked::ready(Some(600));
    asked.bench.pass_quietly(Duration::from_secs(569));
    assert!(!asked.asks());
    asked.bench.pass_quietly(Duration::from_secs(2));
    asked.give();
    let auth = asked.auth();
    assert_eq!(asked.bench.session.state(), ConnectionState::Ready);
    asked.accept(&auth, Some(1200));
    assert!(asked.bench.sent().is_empty(), "there is nothing to resume");
    asked.bench.message("r", 6, "you");
    let events = asked.bench.events();
    assert!(matches!(events.as_slice(), [ClientEvent::Message(_), ClientEvent::Unread(_)]), "{events:?}");
    asked.bench.pass_quietly(Duration::from_secs(1171));
    assert!(asked.asks(), "each token has its own end");
}

#[test]
fn a_token_with_a_short_life_is_replaced_after_half_of_it() {
    let mut asked = Asked::ready(Some(20));
    asked.bench.pass_quietly(Duration::from_secs(9));
    assert!(!asked.asks());
    asked.bench.pass_quietly(Duration::from_secs(2));
    assert!(asked.asks());
}

#[test]
fn a_source_that_gives_the_same_token_again_is_not_asked_for_ever() {
    let mut asked = Asked::ready(Some(600));
    asked.bench.pass_quietly(Duration::from_secs(570));
    let end = asked.bench.now + Duration::from_secs(30);
    let mut times = 0;
    while asked.asks() {
        times += 1;
        asked.bench.session.handle_token(asked.bench.now, Ok("tok-1".to_owned()));
        let auth = asked.bench.auth();
        let left = i64::try_from(end.saturating_sub(asked.bench.now).as_secs()).unwrap();
        asked.accept(&auth, Some(left));
        asked.bench.pass_quietly(Duration::from_secs(15).min(end.saturating_sub(asked.bench.now) / 2));
    }
    assert_eq!(times, 5, "each time half of what is left has passed");
}

#[test]
fn a_source_that_has_nothing_in_time_is_asked_until_it_has() {
    let mut asked = Asked::ready(Some(600));
    asked.bench.pass_quietly(Duration::from_secs(570));
    let began = asked.bench.now;
    for _ in 0..6 {
        assert!(asked.asks());
        let error = TokenError::Unavailable("no network".to_owned());
        asked.bench.session.handle_token(asked.bench.now, Err(error));
        assert!(asked.bench.links().is_empty(), "not at once");
        asked.bench.jump();
    }
    let waited = asked.bench.now - began;
    assert!(
        waited < Duration::from_secs(16),
        "six waits that double from 250 ms, of which {waited:?} were drawn"
    );
    asked.give();
    let auth = asked.auth();
    asked.accept(&auth, Some(1200));
    assert_eq!(asked.bench.session.state(), ConnectionState::Ready);
    assert!(asked.bench.events().is_empty(), "the application need not know");
}

#[test]
fn an_open_connection_outlives_a_source_and_a_server_that_cannot_now() {
    let mut asked = Asked::ready(Some(600));
    asked.bench.pass_quietly(Duration::from_secs(571));
    for error in [TokenError::Unavailable("no network".to_owned()), TokenError::SignedOut] {
        asked.bench.session.handle_token(asked.bench.now, Err(error));
        assert_eq!(asked.bench.session.state(), ConnectionState::Ready);
    }
    asked.give();
    let auth = asked.auth();
    asked.bench.refuse(&auth.id, ErrorCode::StorageUnavailable, Some(1000));
    assert_eq!(asked.bench.session.state(), ConnectionState::Ready);
}

#[test]
fn a_refused_replacement_is_replaced_in_its_turn() {
    let mut asked = Asked::ready(Some(600));
    asked.bench.pass_quietly(Duration::from_secs(571));
    asked.give();
    let auth = asked.auth();
    asked.bench.refuse(&auth.id, ErrorCode::InvalidToken, None);
    asked.bench.jump();
    assert_eq!(asked.bench.session.token_refused(), Some(&ErrorCode::InvalidToken.into()));
    asked.give();
    let auth = asked.open();
    asked.accept(&auth, None);
    asked.finish_resume();
}

#[test]
fn a_source_that_cannot_now_is_asked_again() {
    let mut asked = Asked::new();
    assert!(asked.asks());
    asked.bench.session.handle_token(asked.bench.now, Err(TokenError::Unavailable("no network".to_owned())));
    let events = asked.bench.events();
    assert!(
        matches!(events.as_slice(), [ClientEvent::Disconnected { reason, .. }] if reason.contains("no network"))
    );
    asked.bench.jump();
    asked.give();
    asked.open();
}

#[test]
fn a_user_who_has_signed_out_ends_the_session() {
    let mut asked = Asked::ready(None);
    let close = Close { code: ErrorCode::SessionRevoked.close_code(), reason: String::new() };
    asked.bench.session.handle_frame(asked.bench.now, Frame::Close(close));
    asked.bench.jump();
    assert!(asked.asks());
    asked.bench.session.handle_token(asked.bench.now, Err(TokenError::SignedOut));
    let reason = Some(Error::Unauthenticated { code: ErrorCode::SessionRevoked.into() });
    assert_eq!(asked.bench.session.state(), ConnectionState::Closed { reason });
}

#[test]
fn a_fixed_token_that_ends_is_asked_for_from_nobody() {
    let mut bench = Bench::new();
    bench.open();
    let auth = bench.auth();
    bench.refuse(&auth.id, ErrorCode::InvalidToken, None);
    let reason = Some(Error::Unauthenticated { code: ErrorCode::InvalidToken.into() });
    assert_eq!(bench.session.state(), ConnectionState::Closed { reason });
    assert!(!bench.links().contains(&LinkAction::AskToken));
}

impl Asked {
    /// Wants a token for a request beside the connection.
    fn want(&mut self, refused: Option<&str>) -> Ticket {
        let refused = refused.map(|token| (Token(token.to_owned()), ErrorCode::InvalidToken.into()));
        self.bench.order(Command::Token { refused })
    }

    /// What came of it.
    fn got(&mut self, ticket: Ticket) -> Option<Result<String, Error>> {
        self.bench.answer(ticket).map(|answer| {
            answer.map(|answer| match answer {
                Answer::Token(token) => token.0,
                other => panic!("no token: {other:?}"),
            })
        })
    }
}

#[test]
fn requests_beside_the_connection_have_its_token() {
    let bench = Bench::with(|config| (config.ask_token, config.token) = (true, String::new()));
    let mut asked = Asked { bench, given: 0 };
    let early = asked.want(None);
    assert_eq!(asked.got(early), None, "there is none yet");
    asked.give();
    assert_eq!(asked.got(early), Some(Ok("tok-1".to_owned())));
    let mut asked = Asked::ready(None);
    let ticket = asked.want(None);
    assert_eq!(asked.got(ticket), Some(Ok("tok-1".to_owned())));
    assert!(!asked.asks());
}

#[test]
fn a_token_that_is_refused_beside_the_connection_is_replaced_there_too() {
    let mut asked = Asked::ready(None);
    let both = [asked.want(Some("tok-1")), asked.want(Some("tok-1"))];
    assert_eq!(asked.bench.session.token_refused(), Some(&ErrorCode::InvalidToken.into()));
    asked.give();
    for ticket in both {
        assert_eq!(asked.got(ticket), Some(Ok("tok-2".to_owned())));
    }
    assert_eq!(asked.bench.session.token_refused(), None);
    let auth = asked.auth();
    asked.accept(&auth, None);
    let late = asked.want(Some("tok-1"));
    assert_eq!(asked.got(late), Some(Ok("tok-2".to_owned())), "it has been replaced since");
    assert!(!asked.asks());
}

#[test]
fn whoever_wants_a_token_is_told_that_there_is_none() {
    let mut asked = Asked::ready(None);
    let ticket = asked.want(Some("tok-1"));
    let unavailable = TokenError::Unavailable("no network".to_owned());
    asked.bench.session.handle_token(asked.bench.now, Err(unavailable.clone()));
    assert_eq!(asked.got(ticket), Some(Err(Error::Token(unavailable))));
    let ticket = asked.want(Some("tok-1"));
    asked.bench.session.handle_token(asked.bench.now, Err(TokenError::SignedOut));
    let signed_out = Error::Unauthenticated { code: ErrorCode::InvalidToken.into() };
    assert_eq!(asked.got(ticket), Some(Err(signed_out)));
    assert_eq!(asked.bench.session.state(), ConnectionState::Ready, "the connection has its own word");
    let ticket = asked.want(Some("tok-1"));
    asked.bench.order(Command::Close);
    assert_eq!(asked.got(ticket), Some(Err(Error::Closed)));
}

#[test]
fn a_fixed_token_that_is_refused_beside_the_connection_is_the_end_of_that_request() {
    let mut bench = Bench::ready(&[("r", 5)]);
    let Some(Ok(Answer::Token(token))) = ({
        let ticket = bench.order(Command::Token { refused: None });
        bench.answer(ticket)
    }) else {
        panic!("a fixed token is there from the beginning")
    };
    assert!(!format!("{token:?}").contains(&token.0));
    let code: ErrorText = ErrorCode::InvalidToken.into();
    let ticket = bench.order(Command::Token { refused: Some((token, code.clone())) });
    assert_eq!(bench.error(ticket), Error::Unauthenticated { code });
    assert_eq!(bench.session.state(), ConnectionState::Ready);
}
