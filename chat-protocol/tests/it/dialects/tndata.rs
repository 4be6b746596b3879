//! The socket of tndata: the suite, and its examples key by key.

use chat_protocol::dialect::conformance::{Request, Samples};
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::tndata::{FromIdForm, TnData};
use chat_protocol::dialect::{
    Audience, Dialect, Done, Handshake, MessageName, News, Opening, Place, Profile, RoomName, Seat,
    Strangers, What,
};
use chat_protocol::{Content, ErrorCode, RoomId, Text, Timestamp, UserId, WireError, dialect_conformance};
use serde_json::json;

use super::scene::{Scene, at, user};

dialect_conformance!(TnData::default(), samples());

mod with_texts_as_ids {
    use super::*;
    dialect_conformance!(with_texts(), samples());
}

fn with_texts() -> TnData {
    TnData::default().from_id(FromIdForm::String)
}

fn samples() -> Samples {
    let token = Samples::TOKEN;
    let header = |word: &str| Request::new("/chat/2").header("authorization", &format!("{word} {token}"));
    Samples {
        requests: vec![
            Request::new("/chat/2/").query("token", token),
            header("token"),
            header("Token"),
            header("Bearer"),
            header("Token ").query("version", "2"),
            Request::new("/").query("room", "chat-1-2").query("token", token),
            Request::new("/").header("x-room", "chat-1-2").header("authorization", &format!("JWT {token}")),
            Request::new("/chat/").query("token", "").header("authorization", &format!("Token {token}")),
            Request::new("/chat/2/").query("token", token).header("authorization", "Token another"),
            Request::new("/chat/ann@example.org/"),
            Request::new("/chat"),
            Request::new("/"),
            Request::new(""),
        ],
        frames: vec![
            r#"{"text":"Hello","from":1,"token":"marker-token-4711"}"#,
            r#"{"text":"Hello","from":"1"}"#,
            r#"{"text":"Hello"}"#,
            r#"{"text":"","from":""}"#,
            r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#,
            r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180","text":"x","token":"marker-token-4711"}"#,
        ],
        hands_on_unknown_keys: false,
    }
}

const RECEIPT: &str = r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#;
const KEY: [u8; 16] = 0x584d_0723_5fb9_e4f2_ab2a_2c0c_2414_2180_u128.to_be_bytes();

fn open(path: &str, room: Option<&str>, header: Option<&str>) -> Option<Opening> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let query: Vec<_> = room.map(|room| pair("room", room)).into_iter().collect();
    let headers: Vec<_> = header.map(|room| pair("x-room", room)).into_iter().collect();
    TnData::default().open(&Handshake { path, query: &query, headers: &headers })
}

fn decode(place: &Place, me: Option<&UserId>, frame: &str) -> What {
    let asked = TnData::default().decode(Seat { place, me }, frame.as_bytes(), at());
    assert_eq!(asked.id, None, "frames have no ids here");
    asked.what
}

fn send(room: &RoomId, text: &str) -> What {
    What::Send { room: RoomName::Id(room.clone()), content: Content::plain(text), reply_to: None }
}

#[test]
fn a_place_is_found_by_header_then_query_then_path() {
    let place = |path, room, header| open(path, room, header).unwrap().place;
    let named = |name: &str| Place::Room(name.to_owned());
    assert_eq!(place("/chat/2/", None, None), Place::Peer(user("2")));
    assert_eq!(place("/chat/2/", Some("Lobby"), None), named("Lobby"));
    assert_eq!(place("/chat/2/", Some("Lobby"), Some("CHAT-1-3")), named("chat-1-3"));
    for path in ["", "/", "/chat", "/chat/"] {
        assert_eq!(place(path, None, None), Place::Private);
        assert_eq!(place(path, Some(""), Some(" ")), Place::Private);
    }
    let (no_user, no_room) = (format!("/chat/{}/", "x".repeat(129)), "x".repeat(321));
    assert!(open(&no_user, None, None).is_none());
    assert!(open("/chat/2/", Some(&no_room), None).is_none());
    assert!(open("/chat/2/", None, Some("a\u{1}b")).is_none());
    assert!(open("/chat/2/3/", None, None).is_none());
}

#[test]
fn sockets_are_accepted_whoever_opens_them() {
    let opening = open("/chat/2/", None, None).unwrap();
    assert_eq!((opening.strangers, opening.protocol), (Strangers::Waited, None));
    assert!(TnData::default().takes_cookies(), "the first clients show who they are by a cookie");
    assert!(!Haraj::default().takes_cookies());
}

#[test]
fn a_place_is_a_room_by_its_id() {
    let dialect = TnData::default();
    let (me, named) = (user("1"), |name: &str| Place::Room(name.to_owned()));
    let id = |id: &str| Some(RoomName::Id(RoomId::new(id).unwrap()));
    for (place, room) in [
        (Place::Peer(user("2")), id("~1.1.2")),
        (Place::Peer(user("1")), id("~1.1.1")),
        (named("chat-1-2"), id("~1.1.2")),
        (named("chat-2-1"), id("~1.1.2")),
        (named("chat-1-10"), id("~1.1.10")),
        // Somebody else's pair is a name like any other, and so is a part of one.
        (named("chat-2-3"), id("chat-2-3")),
        (named("chat-11-2"), id("chat-11-2")),
        (named("Lobby"), id("Lobby")),
        (Place::Private, id("~chat-1-unknown")),
        (named("chat-1-unknown"), id("~chat-1-unknown")),
        (named("chat-2-unknown"), id("chat-2-unknown")),
        (Place::Anywhere, None),
        (Place::Organization("x".to_owned()), None),
    ] {
        assert_eq!(dialect.room(&place, &me), room, "{place:?}");
    }
}

#[test]
fn frames_ask_what_the_reference_says() {
    let (place, me) = (Place::Peer(user("2")), user("1"));
    let direct = RoomId::direct(&user("2"), &me);
    let ask = |frame| decode(&place, Some(&me), frame);
    assert_eq!(ask(r#"{"text":"Hello","from":1,"token":"T"}"#), send(&direct, "Hello"));
    assert_eq!(ask(r#"{"text":"Hello","from":"not me","x":[{}]}"#), send(&direct, "Hello"));
    let read = What::Read { room: RoomName::Id(direct.clone()), upto: MessageName::Key(KEY) };
    assert_eq!(ask(RECEIPT), read);
    let both = r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180","text":"Hello"}"#;
    assert_eq!(ask(both), read, "a frame with `received` is always a receipt");
    let lobby = RoomId::new("lobby").unwrap();
    let named = Place::Room("lobby".to_owned());
    assert_eq!(decode(&named, Some(&me), r#"{"text":"Hello"}"#), send(&lobby, "Hello"));
}

#[test]
fn strangers_can_bring_a_token_and_nothing_else() {
    let place = Place::Peer(user("2"));
    let ask = |frame| decode(&place, None, frame);
    for frame in [r#"{"text":"Hello","from":1,"token":"T"}"#, r#"{"received":"none","token":"T"}"#] {
        let What::Auth { token, again: true } = ask(frame) else { panic!("{frame} brings a token") };
        assert_eq!(token.0, "T");
    }
    let without =
        [r#"{"text":"Hello","from":1}"#, r#"{"text":"Hello","token":""}"#, r#"{"token":"T"}"#, RECEIPT];
    for frame in without {
        assert_eq!(ask(frame), What::Ignored, "{frame}");
    }
}

#[test]
fn bad_input_is_ignored() {
    let me = user("1");
    for frame in [
        "not JSON",
        "",
        "{}",
        "5",
        r#"["text"]"#,
        r#"{"message":"Hello"}"#,
        r#"{"text":5}"#,
        r#"{"text":null}"#,
        r#"{"text":"Hello","from":1.5}"#,
        r#"{"text":"Hello","token":5}"#,
        r#"{"received":5,"text":"Hello"}"#,
        r#"{"received":null,"text":"Hello"}"#,
        r#"{"received":"584D07235FB9E4F2AB2A2C0C24142180"}"#,
        r#"{"received":"584d"}"#,
    ] {
        assert_eq!(decode(&Place::Peer(user("2")), Some(&me), frame), What::Ignored, "{frame}");
    }
    assert_eq!(decode(&Place::Anywhere, Some(&me), r#"{"text":"Hello"}"#), What::Ignored);
}

/// What is answered to a frame of user `1`.
fn answer(place: &Place, frame: &str, done: Result<&Done, ErrorCode>) -> Option<Text> {
    let me = user("1");
    let (dialect, seat) = (TnData::default(), Seat { place, me: Some(&me) });
    let asked = dialect.decode(seat, frame.as_bytes(), at());
    let error = done.err().map(|code| WireError::new(code, "for this reason"));
    dialect.answer(seat, &asked, done.map_err(|_| error.as_ref().unwrap()), at())
}

#[test]
fn only_refused_messages_are_answered() {
    let (peer, message) = (Place::Peer(user("10")), r#"{"text":"Hello"}"#);
    let refusal = |room: &str, reason: &str| {
        format!(
            r#"{{"from_id":-1,"from":"system","room":"{room}","message":"Message not sent: {reason}.","text":"Message not sent: {reason}."}}"#
        )
    };
    for (code, reason) in [
        (ErrorCode::RateLimited, "too many messages"),
        (ErrorCode::Forbidden, "blocked"),
        (ErrorCode::TooLarge, "too long"),
        (ErrorCode::StorageUnavailable, "storage trouble"),
        (ErrorCode::Internal, "storage trouble"),
    ] {
        let said = answer(&peer, message, Err(code)).unwrap();
        assert_eq!(said.as_str(), refusal("chat-1-10", reason));
    }
    let lobby = Place::Room("lobby".to_owned());
    let said = answer(&lobby, message, Err(ErrorCode::Forbidden)).unwrap();
    assert_eq!(said.as_str(), refusal("lobby", "blocked"));
    for code in [ErrorCode::NotAuthenticated, ErrorCode::InvalidToken, ErrorCode::SessionRevoked] {
        assert_eq!(answer(&peer, message, Err(code)), None, "strangers are told nothing");
    }
    assert_eq!(answer(&peer, message, Ok(&Done::Done)), None, "the echo is the answer");
    assert_eq!(answer(&peer, RECEIPT, Ok(&Done::Done)), None);
    assert_eq!(answer(&peer, RECEIPT, Err(ErrorCode::MessageNotFound)), None);
    assert_eq!(answer(&peer, "{}", Err(ErrorCode::BadRequest)), None);
    let (dialect, seat) = (TnData::default(), Seat { place: &peer, me: None });
    let asked = dialect.decode(seat, br#"{"text":"Hello","token":"T"}"#, Timestamp::default());
    let error = WireError::from(ErrorCode::InvalidToken);
    assert_eq!(dialect.answer(seat, &asked, Err(&error), at()), None, "nor of their wrong tokens");
}

fn told(news: &News<'_>) -> Option<String> {
    assert_eq!(TnData::default().audience(news), Audience::All);
    TnData::default().encode(news).map(|frame| frame.as_str().to_owned())
}

/// A message of user `42`, as the reference has it.
fn brad() -> Scene {
    let mut scene = Scene::direct("42", "1", "Hi");
    scene.author.name = Some("Brad Montgomery".to_owned());
    scene.author.avatar = Some("https://host/photo.jpg".to_owned());
    scene
}

#[test]
fn messages_are_told_as_documented() {
    let scene = brad();
    let rest = r#""from":"Brad Montgomery","message":"Hi","text":"Hi","avatar":"//host/photo.jpg","digest":"09090909090909090909090909090909"}"#;
    let news = News::Message(scene.message());
    assert_eq!(told(&news), Some(format!(r#"{{"from_id":42,{rest}"#)));
    let with_text = with_texts().encode(&news).unwrap();
    assert_eq!(with_text.as_str(), format!(r#"{{"from_id":"42",{rest}"#));
}

#[test]
fn authors_are_shown_by_what_is_known_of_them() {
    let mut scene = Scene::direct("ann", "1", "Hi");
    scene.author = Profile::nameless(user("ann"));
    let frame = |from: &str| {
        format!(
            r#"{{"from_id":"ann","from":"{from}","message":"Hi","text":"Hi","avatar":"//www.gravatar.com/avatar/0?d=mm&s=30","digest":"09090909090909090909090909090909"}}"#
        )
    };
    assert_eq!(told(&News::Message(scene.message())), Some(frame("ann")));
    scene.author.email = Some("ann@example.org".to_owned());
    assert_eq!(told(&News::Message(scene.message())), Some(frame("ann@example.org")));
    scene.author.first_name = Some("Ann".to_owned());
    scene.author.last_name = Some("Lee".to_owned());
    assert_eq!(told(&News::Message(scene.message())), Some(frame("Ann Lee")));
}

#[test]
fn sockets_come_and_go_in_their_room() {
    let notice = |room: &str, text: &str| {
        format!(r#"{{"from_id":-1,"from":"system","room":"{room}","message":"{text}","text":"{text}"}}"#)
    };
    let socket = |scene: &Scene, opened| {
        told(&News::Socket { room: scene.facts(), user: &scene.author, opened }).unwrap()
    };
    let scene = brad();
    assert_eq!(socket(&scene, true), notice("chat-1-42", "Brad Montgomery joined."));
    assert_eq!(socket(&scene, false), notice("chat-1-42", "Brad Montgomery left."));
    let named = Scene { alias: Some("anything".to_owned()), ..brad() };
    assert_eq!(socket(&named, true), notice("chat-1-42", "Brad Montgomery joined."), "a pair has one name");
    let ten = Scene::direct("9", "10", "Hi");
    assert_eq!(socket(&ten, true), notice("chat-10-9", "abdullah joined."), "in the order of bytes");

    let mut group = Scene::in_room(RoomId::new("r1").unwrap(), user("42"), "Hi");
    assert_eq!(socket(&group, true), notice("r1", "abdullah joined."));
    group.alias = Some("lobby".to_owned());
    assert_eq!(socket(&group, true), notice("lobby", "abdullah joined."));
}

#[test]
fn foreign_content_is_its_text_or_address_or_nothing() {
    for (content, text) in [
        (Content::new("text/markdown", &json!({ "text": "*hi*" })), Some("*hi*")),
        (
            Content::new("image/png", &json!({ "url": "https://x.example/1", "size": 5 })),
            Some("https://x.example/1"),
        ),
        (Content::new("application/json", &json!({ "body": { "message": "hello" } })), Some("hello")),
        (Content::new("application/json", &json!({ "x": 1 })), None),
        (Content::new("application/x-unknown", &json!({})), None),
    ] {
        let mut scene = brad();
        scene.message.content = content;
        let frame = text.map(|text| {
            format!(
                r#"{{"from_id":42,"from":"Brad Montgomery","message":"{text}","text":"{text}","avatar":"//host/photo.jpg","digest":"09090909090909090909090909090909"}}"#
            )
        });
        assert_eq!(told(&News::Message(scene.message())), frame);
    }
}

#[test]
fn the_server_itself_speaks_as_system() {
    let scene = Scene::in_room(RoomId::new("r1").unwrap(), UserId::system(), "Maintenance at noon");
    assert_eq!(
        told(&News::Message(scene.message())).unwrap(),
        r#"{"from_id":-1,"from":"system","room":"r1","message":"Maintenance at noon","text":"Maintenance at noon"}"#
    );
}

#[test]
fn what_has_no_words_is_not_told() {
    let scene = brad();
    let (room, names, by, ts) = (scene.facts(), scene.names(), user("1"), at());
    for silent in [
        News::Edited(scene.message()),
        News::Deleted { room, message: names },
        News::Read { room, by: &by, named: names, messages: &[names], ts },
        News::Typing { room, by: &by, stop: false, ts },
        News::Presence { user: &by, online: true, ts },
        News::Desk(room),
    ] {
        assert_eq!(told(&silent), None, "{silent:?}");
    }
}
