//! The socket of haraj: the suite, and its examples key by key.

use chat_protocol::dialect::conformance::{Request, Samples};
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::{Asked, Audience, Dialect, Done, News, Place, Seat, What};
use chat_protocol::dialect_conformance;
use chat_protocol::{ErrorCode, SessionId, Timestamp, UserId, WireError};

use super::scene::{Scene, at, user};

dialect_conformance!(
    Haraj::default(),
    Samples {
        requests: vec![Request::new("/chat/ws"), Request::new("/chat/ws/")],
        frames: vec![
            r#"{"auth":{"id":"authenticate socket","access_token":"marker-token-4711"}}"#,
            r#"{"listen":{"id":"listen peer 2","peer_id":2}}"#,
            r#"{"unlisten":{"id":"unlisten peer 2","peer_id":"ann"}}"#,
        ],
        hands_on_unknown_keys: false,
    }
);

fn seat(me: &UserId) -> Seat<'_> {
    Seat { place: &Place::Anywhere, me: Some(me) }
}

/// 2018-02-02T08:30:39.789Z.
fn now() -> Timestamp {
    Timestamp::from_micros(1_517_560_239_789_000)
}

fn decode(me: Option<&UserId>, frame: &str) -> Asked {
    Haraj::default().decode(Seat { place: &Place::Anywhere, me }, frame.as_bytes(), now())
}

#[test]
fn commands_are_answered_as_documented() {
    let me = user("1");
    let session_id = SessionId::new("s-7f3a").unwrap();
    let authenticated = Done::Authenticated { user: me.clone(), session_id };
    for (frame, done, answer) in [
        (
            r#"{"auth":{"id":"authenticate socket","access_token":"T"}}"#,
            authenticated,
            r#"{"id":"authenticate socket","status":200,"data":{"user_id":1,"session_id":"s-7f3a"},"ts":"2018-02-02T08:30:39.789Z"}"#,
        ),
        (
            r#"{"listen":{"id":"listen peer 2","peer_id":2}}"#,
            Done::Listening { online: true },
            r#"{"id":"listen peer 2","status":200,"data":{"user_id":1,"peer_id":2,"is_online":true},"ts":"2018-02-02T08:30:39.789Z"}"#,
        ),
        (
            r#"{"unlisten":{"id":"unlisten peer 2","peer_id":"2"}}"#,
            Done::Done,
            r#"{"id":"unlisten peer 2","status":200,"data":{"user_id":1,"peer_id":2},"ts":"2018-02-02T08:30:39.789Z"}"#,
        ),
    ] {
        let asked = decode(Some(&me), frame);
        assert_eq!(Haraj::default().answer(seat(&me), &asked, Ok(&done), now()).unwrap().as_str(), answer);
    }
}

#[test]
fn refusals_have_the_texts_of_the_socket() {
    let me = user("1");
    let listen = decode(Some(&me), r#"{"listen":{"id":"l","peer_id":2}}"#);
    for (code, status, err) in [
        (ErrorCode::Forbidden, 403, "ERR_FORBIDDEN_ACCESS"),
        (ErrorCode::InvalidToken, 401, "ERR_INVALID_ACCESS_TOKEN"),
        (ErrorCode::RateLimited, 429, "ERR_TOO_MANY_REQUESTS"),
        (ErrorCode::StorageUnavailable, 500, "ERR_SERVER_INTERNAL_ERROR"),
    ] {
        let answer = Haraj::default().answer(seat(&me), &listen, Err(&WireError::from(code)), now()).unwrap();
        let expected =
            format!(r#"{{"id":"l","status":{status},"err":"{err}","ts":"2018-02-02T08:30:39.789Z"}}"#);
        assert_eq!(answer.as_str(), expected);
    }
}

#[test]
fn bad_frames_get_the_generic_answer_without_an_id() {
    let me = user("1");
    let bad = r#"{"status":400,"err":"ERR_BAD_REQUEST","ts":"2018-02-02T08:30:39.789Z"}"#;
    for frame in [
        "not JSON",
        "{}",
        r#"{"dance":{"id":"1"}}"#,
        r#"{"listen":{"id":"1"}}"#,
        r#"{"listen":{"id":"1","peer_id":2.5}}"#,
        r#"{"listen":{"id":"1","peer_id":2},"unlisten":{"id":"2","peer_id":2}}"#,
    ] {
        assert_eq!(decode(Some(&me), frame).what, What::Refused(bad.into()), "{frame}");
    }
    let early = decode(None, r#"{"listen":{"id":"1","peer_id":2}}"#);
    let stranger = r#"{"status":401,"err":"ERR_INVALID_ACCESS_TOKEN","ts":"2018-02-02T08:30:39.789Z"}"#;
    assert_eq!(early.what, What::Refused(stranger.into()));
}

#[test]
fn news_are_told_as_documented() {
    let scene = Scene::direct("2", "1", "hello!");
    let message = scene.message();
    let ts = at();
    let (names, by) = ([message.names], user("2"));
    let room = message.room;
    for (news, audience, frame) in [
        (
            News::Message(message),
            Audience::ButSession,
            r#"{"message":{"topic_id":"p2p1_2","seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":"hello!"}},"status":{"1":false},"ts":"2018-10-08T08:30:39.657Z"}}"#,
        ),
        (
            News::Read { room, by: &by, named: names[0], messages: &names, ts },
            Audience::Others,
            r#"{"reads":{"from_id":2,"topic_id":"p2p1_2","seq_ids":[41],"ts":"2018-10-08T08:30:39.657Z"}}"#,
        ),
        (
            News::Typing { room, by: &by, stop: true, ts },
            Audience::Others,
            r#"{"pres":{"what":"stop_typing","from_id":2,"topic_id":"p2p1_2","ts":"2018-10-08T08:30:39.657Z"}}"#,
        ),
        (
            News::Presence { user: &by, online: false, ts },
            Audience::Listeners,
            r#"{"pres":{"what":"offline","from_id":2,"ts":"2018-10-08T08:30:39.657Z"}}"#,
        ),
        (
            News::Shown { user: &by, online: true, changed: true, ts },
            Audience::Listeners,
            r#"{"pres":{"what":"online","from_id":2,"ts":"2018-10-08T08:30:39.657Z"}}"#,
        ),
    ] {
        assert_eq!(Haraj::default().encode(&news).unwrap().as_str(), frame);
        assert_eq!(Haraj::default().audience(&news), audience, "{frame}");
    }
    for silent in [
        News::Edited(message),
        News::Deleted { room, message: names[0] },
        News::Read { room, by: &by, named: names[0], messages: &[], ts },
        News::Shown { user: &by, online: true, changed: false, ts },
    ] {
        assert_eq!(Haraj::default().encode(&silent), None);
    }
}
