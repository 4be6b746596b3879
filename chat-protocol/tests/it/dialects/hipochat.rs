//! The socket of hipochat: the suite, and its examples key by key.

use chat_protocol::dialect::conformance::{Request, Samples};
use chat_protocol::dialect::hipochat::Hipochat;
use chat_protocol::dialect::{
    Audience, Dialect, Done, Handshake, News, Opening, Place, Profile, RoomName, Seat, Strangers, What,
};
use chat_protocol::{Content, ErrorCode, RoomId, Text, Timestamp, WireError, dialect_conformance, limits};
use serde_json::{Value, json};

use super::scene::{Scene, at, user};

dialect_conformance!(Hipochat::default(), samples());

mod with_bodies {
    use super::*;
    dialect_conformance!(with_bodies(), samples());
}

fn with_bodies() -> Hipochat {
    Hipochat::default().item_body(true)
}

const ROOM: &str = "e598c2a9-317a-4577-8cbd-7fd5f0cddbdf";

fn samples() -> Samples {
    let (token, path) = (Samples::TOKEN, "/talk/chat/e598c2a9-317a-4577-8cbd-7fd5f0cddbdf/");
    Samples {
        requests: vec![
            Request::new(path).query("token", token),
            Request::new("/talk/chat/A-z_0.9:,").query("token", token).query("version", "2"),
            Request::new(path).header("authorization", &format!("Token {token}")),
            Request::new(path).header("authorization", &format!("token  {token}")),
            Request::new(path).query("token", "").header("authorization", &format!("Token {token}")),
            Request::new(path).query("token", token).header("authorization", "Token another"),
            Request::new(path).header("authorization", "Bearer another"),
            Request::new(path),
        ],
        frames: vec![
            r#"{"message":"hello","author":"ann"}"#,
            r#"{"body":{"message":"hello"},"type":"message","clientId":"c1","status":"connected","email":"a@b.c"}"#,
            r#"{"token":"marker-token-4711","message":"hello"}"#,
            r#"{"injected":{"message":"foobar"}}"#,
            "{}",
        ],
        hands_on_unknown_keys: true,
    }
}

fn open(path: &str) -> Option<Opening> {
    Hipochat::default().open(&Handshake { path, query: &[], headers: &[] })
}

fn place() -> Place {
    Place::Room(ROOM.to_owned())
}

fn decode(frame: &str) -> What {
    let (me, place) = (user("1"), place());
    let asked = Hipochat::default().decode(Seat { place: &place, me: Some(&me) }, frame.as_bytes(), at());
    assert_eq!(asked.id, None, "frames have no ids here");
    asked.what
}

/// The content that a frame asks to store.
fn sent(frame: &str) -> Content {
    let What::Send { room, content, reply_to: None } = decode(frame) else { panic!("{frame} is a message") };
    assert_eq!(room, RoomName::Alias(ROOM.to_owned()));
    assert_eq!(content.kind, "application/json");
    content
}

/// A message of user `1` in a room of sockets.
fn scene(content: Content) -> Scene {
    let mut scene = Scene::in_room(RoomId::new("r").unwrap(), user("1"), "");
    scene.alias = Some(ROOM.to_owned());
    scene.author.name = Some("Ann Lee".to_owned());
    scene.message.content = content;
    scene.message.ts = Timestamp::from_micros(1_414_768_486_196_569);
    scene
}

fn told_by(dialect: &Hipochat, scene: &Scene) -> Option<String> {
    let news = News::Message(scene.message());
    assert_eq!(dialect.audience(&news), Audience::All);
    dialect.encode(&news).map(|frame| frame.as_str().to_owned())
}

fn told(scene: &Scene) -> Option<String> {
    told_by(&Hipochat::default(), scene)
}

#[test]
fn a_socket_is_opened_with_a_room_token() {
    assert_eq!(open("/talk/chat/A-z_0.9:,/").unwrap().place, Place::Room("A-z_0.9:,".to_owned()));
    let longest = format!("/talk/chat/{}/", "x".repeat(321));
    for path in
        ["/talk/chat/", "/talk/chat", "/talk/chat/a@b/", "/talk/chat/a b/", "/talk/chat/a/b/", &longest]
    {
        assert!(open(path).is_none(), "{path}");
    }
    let opening = open("/talk/chat/r1/").unwrap();
    let told = Text::from(r#"{"ERROR":"authentication error"}"#);
    assert_eq!((opening.strangers, opening.protocol), (Strangers::Told(told), None));
    assert!(!Hipochat::default().takes_cookies());
}

#[test]
fn a_token_is_an_alias_of_a_room_of_any_kind() {
    let (dialect, me) = (Hipochat::default(), user("1"));
    for token in [ROOM, "chat-1-2", "~"] {
        let place = Place::Room(token.to_owned());
        assert_eq!(dialect.room(&place, &me), Some(RoomName::Alias(token.to_owned())));
    }
    for place in [Place::Anywhere, Place::Private, Place::Peer(user("2"))] {
        assert_eq!(dialect.room(&place, &me), None);
    }
}

#[test]
fn what_a_client_sends_comes_back_with_time_author_and_token() {
    for (frame, back) in [
        (
            r#"{"message":"hello","author":"ann"}"#,
            r#"{"message":"hello","author":"ann","timestamp":1414768486.196569,"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}"#,
        ),
        (
            r#"{"body":{"message":"hello"},"type":"message","clientId":"c1","status":"connected","email":"a@b.c"}"#,
            r#"{"body":{"message":"hello"},"type":"message","clientId":"c1","status":"connected","email":"a@b.c","author":{"user_id":1,"name":"Ann Lee"},"timestamp":1414768486.196569,"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}"#,
        ),
        (
            r#"{"token":"a secret","timestamp":"mine","n":1.00,"big":1e999,"author":null}"#,
            r#"{"timestamp":"mine","n":1.00,"big":1e999,"author":null,"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}"#,
        ),
        (
            r#"{"ERROR":"mine","injected":{"x":1}}"#,
            r#"{"ERROR":"mine","injected":{"x":1},"author":{"user_id":1,"name":"Ann Lee"},"timestamp":1414768486.196569,"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}"#,
        ),
        (
            "{}",
            r#"{"author":{"user_id":1,"name":"Ann Lee"},"timestamp":1414768486.196569,"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}"#,
        ),
    ] {
        assert_eq!(told(&scene(sent(frame))).unwrap(), back);
    }
}

#[test]
fn an_object_is_stored_as_it_came_but_for_its_token() {
    for (frame, stored) in [
        (r#"{"message":"hello","author":"ann"}"#, r#"{"message":"hello","author":"ann"}"#),
        (
            r#"{"z":[1, 2.50],"token":"a secret","a":{"token":"kept"}}"#,
            r#"{"z":[1, 2.50],"a":{"token":"kept"}}"#,
        ),
        (r#"{"token":"a secret"}"#, "{}"),
        (r#"{"token":"a secret","to\u006ben":"another"}"#, "{}"),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"b":2,"a":3}"#),
    ] {
        assert_eq!(sent(frame).payload.get(), stored, "{frame}");
    }
}

#[test]
fn bad_input_is_ignored_and_what_breaks_a_limit_refused() {
    for frame in ["not JSON", "", "5", "null", r#""text""#, r#"["message"]"#, r#"{"message":"#, "{}{}"] {
        assert_eq!(decode(frame), What::Ignored, "{frame}");
    }
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(64), "]".repeat(64));
    let text = Text::from(r#"{"ERROR":"arrays and objects nest deeper than 64"}"#);
    assert_eq!(decode(&deep), What::Refused(text));
    assert!(matches!(
        decode(&format!(r#"{{"a":{}1{}}}"#, "[".repeat(63), "]".repeat(63))),
        What::Send { .. }
    ));

    let (place, me) = (place(), user("1"));
    let decode = |seat| Hipochat::default().decode(seat, br#"{"message":"hello"}"#, at()).what;
    assert_eq!(decode(Seat { place: &place, me: None }), What::Ignored, "strangers ask nothing");
    assert_eq!(decode(Seat { place: &Place::Anywhere, me: Some(&me) }), What::Ignored);
}

#[test]
fn only_refusals_are_answered() {
    let (dialect, place, me) = (Hipochat::default(), place(), user("1"));
    let seat = Seat { place: &place, me: Some(&me) };
    let answer = |frame: &[u8], done: Result<&Done, &WireError>| {
        let asked = dialect.decode(seat, frame, at());
        dialect.answer(seat, &asked, done, at()).map(|text| text.as_str().to_owned())
    };
    for (error, reason) in [
        (WireError::new(ErrorCode::TooLarge, "content is 20000 bytes"), "content is 20000 bytes"),
        (ErrorCode::TooLarge.into(), "message too large"),
        (ErrorCode::RateLimited.into(), "too many messages"),
        (ErrorCode::Forbidden.into(), "not allowed in this room"),
        (ErrorCode::StorageUnavailable.into(), "message not stored, try again later"),
        (WireError::new(ErrorCode::InvalidToken, "expired"), "authentication error"),
    ] {
        let text = answer(b"{}", Err(&error)).unwrap();
        assert_eq!(text, format!(r#"{{"ERROR":"{reason}"}}"#));
        assert_eq!(answer(b"[]", Err(&error)), None);
    }
    assert_eq!(answer(b"{}", Ok(&Done::Done)), None, "the echo is the answer");
}

#[test]
fn items_are_told_as_documented() {
    let injected = r#"{"message":"foobar","user":"johndoe"}"#;
    let mut item = scene(sent(injected));
    item.message.injected = true;
    item.message.ts = Timestamp::from_micros(1_414_773_038_058_612);
    let start = format!(r#"{{"timestamp":1414773038.058612,"token":"{ROOM}","injected":{injected}"#);
    assert_eq!(told(&item), Some(format!("{start}}}")));
    let rest = format!(r#""type":"item","author":{{"user_id":1,"name":"Ann Lee"}},"body":{injected}}}"#);
    assert_eq!(told_by(&with_bodies(), &item), Some(format!("{start},{rest}")));
    item.message.injected = false;
    assert_eq!(told_by(&with_bodies(), &item), told(&item), "messages have one form");
}

#[test]
fn foreign_content_is_its_text_or_address_or_nothing() {
    for (content, text) in [
        (Content::plain("hi"), Some("hi")),
        (Content::new("text/markdown", &json!({ "text": "*hi*" })), Some("*hi*")),
        (
            Content::new("image/png", &json!({ "url": "https://x.example/1", "size": 5 })),
            Some("https://x.example/1"),
        ),
        (Content::new("application/x-unknown", &json!({})), None),
    ] {
        let frame = text.map(|text| {
            format!(
                r#"{{"type":"message","message":"{text}","body":{{"message":"{text}"}},"author":{{"user_id":1,"name":"Ann Lee"}},"timestamp":1414768486.196569,"token":"{ROOM}"}}"#
            )
        });
        let mut scene = scene(content);
        assert_eq!(told(&scene), frame);
        // A backend's text is a message too: only objects can be items.
        scene.message.injected = true;
        assert_eq!(told(&scene), frame);
    }
}

#[test]
fn an_author_is_the_directorys_profile_without_its_token() {
    let mut scene = scene(sent(r#"{"message":"hello"}"#));
    let author = |scene: &Scene| {
        let frame: Value = serde_json::from_str(&told(scene).unwrap()).unwrap();
        frame["author"].clone()
    };
    scene.author.more =
        serde_json::from_str(r#"{"user_id":"other","name":"Ann","surname":"Lee","token":"secret","n":1}"#)
            .unwrap();
    assert_eq!(author(&scene), json!({ "user_id": 1, "name": "Ann", "surname": "Lee", "n": 1 }));
    scene.author = Profile { email: Some("a@b.c".to_owned()), ..Profile::nameless(user("ann")) };
    assert_eq!(author(&scene), json!({ "user_id": "ann" }));
    scene.author.more.insert("life".to_owned(), Value::from("x".repeat(limits::MAX_FRAME)));
    assert_eq!(author(&scene), json!({ "user_id": "ann" }), "what fits no frame is left out");
}

#[test]
fn what_has_no_words_is_not_told() {
    let object = scene(sent("{}"));
    let (room, names, by, ts) = (object.facts(), object.names(), user("1"), at());
    for silent in [
        News::Edited(object.message()),
        News::Deleted { room, message: names },
        News::Read { room, by: &by, named: names, messages: &[names], ts },
        News::Typing { room, by: &by, stop: false, ts },
        News::Presence { user: &by, online: true, ts },
        News::Socket { room, user: &object.author, opened: true },
        News::Desk(room),
    ] {
        assert_eq!(Hipochat::default().encode(&silent), None, "{silent:?}");
    }
    for alias in [None, Some("no token".to_owned())] {
        assert_eq!(told(&Scene { alias, ..scene(sent("{}")) }), None, "a room needs a token");
    }
    assert!(told(&Scene { room: RoomId::direct(&user("1"), &user("2")), ..object }).is_some());
}

#[test]
fn other_dialects_show_the_text_of_an_object() {
    use chat_protocol::dialect::tndata::TnData;
    let shown = |frame: &str| {
        let scene = scene(sent(frame));
        let frame = TnData::default().encode(&News::Message(scene.message()))?;
        let frame: Value = serde_json::from_str(frame.as_str()).unwrap();
        Some(frame["text"].as_str().unwrap().to_owned())
    };
    for (frame, text) in [
        (r#"{"text":"d","body":"b","message":"a"}"#, Some("a")),
        (r#"{"text":"d","body":"b"}"#, Some("b")),
        (r#"{"text":"d","body":{"message":"c"}}"#, Some("c")),
        (r#"{"text":"d","body":5}"#, Some("d")),
        (r#"{"x":1e999,"text":"d"}"#, Some("d")),
        (r#"{"x":"a"}"#, None),
    ] {
        assert_eq!(shown(frame).as_deref(), text, "{frame}");
    }
}
