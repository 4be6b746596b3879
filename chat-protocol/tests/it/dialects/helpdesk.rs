//! The socket of helpdesk: the suite, and its examples key by key.

use chat_protocol::dialect::conformance::{Request, Samples};
use chat_protocol::dialect::helpdesk::{DataForm, Helpdesk};
use chat_protocol::dialect::{
    Asked, Audience, Delivery, DeskFacts, Dialect, Done, Handshake, MessageNews, News, Opening, Place,
    Profile, Right, RoomFacts, Seat, Strangers, What, Zoned,
};
use chat_protocol::dialect_conformance;
use chat_protocol::{Content, ErrorCode, RoomId, Timestamp, UserId, WireError};
use serde_json::{Value, json};

use super::scene::{Scene, at, user};

dialect_conformance!(Helpdesk::default(), samples());

mod with_other_options {
    chat_protocol::dialect_conformance!(super::OPTIONS, super::samples());
}

fn samples() -> Samples {
    Samples {
        requests: vec![
            Request::new("/ws/chat/acme/").query("token", "marker-token-4711"),
            Request::new("/ws/chat/acme").header("authorization", "Token marker-token-4711"),
            Request::new("/ws/chat/ação_2/").header("authorization", "Bearer marker-token-4711"),
            Request::new("/ws/chat/acme/"),
        ],
        frames: vec![
            r#"{"type":"update_helpdesk","data":"{\"uuid\":\"7\"}"}"#,
            r#"{"type":"new_message","data":{"any":["JSON",1.50]}}"#,
            r#"{"type":"update_message"}"#,
        ],
        hands_on_unknown_keys: false,
    }
}

/// The other value of every option.
const OPTIONS: Helpdesk = Helpdesk {
    data: DataForm::Object,
    open: true,
    utc_offset_minutes: 330,
    max_upload: 1,
    auto_reply: false,
};

fn seat<'a>(place: &'a Place, me: Option<&'a UserId>) -> Seat<'a> {
    Seat { place, me }
}

fn acme() -> Place {
    Place::Organization("acme".to_owned())
}

fn open(helpdesk: &Helpdesk, path: &str, query: &[(&str, &str)], header: Option<&str>) -> Option<Opening> {
    let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let query: Vec<_> = query.iter().map(|(name, value)| owned(name, value)).collect();
    let headers: Vec<_> = header.iter().map(|value| owned("authorization", value)).collect();
    helpdesk.open(&Handshake { path, query: &query, headers: &headers })
}

#[test]
fn an_organization_is_a_word_and_its_token_is_in_one_of_two_places() {
    let helpdesk = Helpdesk::default();
    for path in
        ["/ws/chat/", "/ws/chat", "/ws/chats/", "/ws/chat/a-b/", "/ws/chat/a b/", "/ws/chat/a/b/", "/"]
    {
        assert!(open(&helpdesk, path, &[], None).is_none(), "{path}");
    }
    for (query, header, token) in [
        (&[("token", "q")][..], Some("Token h"), Some("q")),
        (&[("token", "")], Some("Token h"), Some("h")),
        (&[], Some("bearer  h"), Some("h")),
        (&[], Some("h"), None),
        (&[], Some("Basic h"), None),
        (&[], Some("Token "), None),
    ] {
        let opening = open(&helpdesk, "/ws/chat/acme/", query, header).unwrap();
        assert_eq!(opening.token.as_ref().map(|token| token.0.as_str()), token, "{query:?} {header:?}");
        assert_eq!((opening.place, opening.protocol), (acme(), None));
    }
    let body = r#"{"detail":"Authentication credentials were not provided."}"#;
    let closed = open(&helpdesk, "/ws/chat/acme/", &[], None).unwrap();
    assert_eq!(closed.strangers, Strangers::Refused { status: 403, body: body.into() });
    assert_eq!(open(&OPTIONS, "/ws/chat/acme/", &[], None).unwrap().strangers, Strangers::Admitted);
    assert_eq!(helpdesk.room(&acme(), &user("1")), None);
}

#[test]
fn agents_tell_all_what_they_like_and_others_nothing() {
    let (place, me) = (acme(), user("1"));
    let (agent, stranger) = (seat(&place, Some(&me)), seat(&place, None));
    for (frame, relayed) in [
        (r#"{"type":"new_message","data":"{…}"}"#, r#"{"type":"new_message","data":"{…}"}"#),
        (
            r#"{ "data" : {"b": 1.50, "a":[ "\u0041" ]} , "x":1, "type" : "update_helpdesk" }"#,
            r#"{"type":"update_helpdesk","data":{"b": 1.50, "a":[ "\u0041" ]}}"#,
        ),
        (r#"{"type":"update_message"}"#, r#"{"type":"update_message","data":null}"#),
    ] {
        let relay = |right| Asked::from(What::Relay { frame: relayed.into(), right });
        // The form of `data` is the server's own affair: what clients say is handed on as it is.
        for (helpdesk, right) in [(Helpdesk::default(), Right::Agent), (OPTIONS, Right::Anyone)] {
            let relay = relay(right);
            assert_eq!(helpdesk.decode(agent, frame.as_bytes(), at()), relay);
            let refused = WireError::from(ErrorCode::RateLimited);
            assert_eq!(helpdesk.answer(agent, &relay, Ok(&Done::Done), at()), None);
            assert_eq!(helpdesk.answer(agent, &relay, Err(&refused), at()), None);
        }
        assert_eq!(Helpdesk::default().decode(stranger, frame.as_bytes(), at()).what, What::Ignored);
        assert_eq!(
            OPTIONS.decode(stranger, frame.as_bytes(), at()),
            relay(Right::Anyone),
            "open to whoever connects"
        );
    }
}

#[test]
fn bad_frames_are_ignored() {
    let (place, me) = (acme(), user("1"));
    for frame in [
        "hello",
        "{}",
        "[]",
        r#"{"data":{}}"#,
        r#"{"type":5}"#,
        r#"{"type":"update_help_desk","data":"{}"}"#,
        r#"{"type":"chat.message","data":"{}"}"#,
        r#"{"type":"new_message","data":nul"#,
    ] {
        for helpdesk in [Helpdesk::default(), OPTIONS] {
            let asked = helpdesk.decode(seat(&place, Some(&me)), frame.as_bytes(), at());
            assert_eq!(asked, Asked::from(What::Ignored), "{frame}");
        }
    }
}

fn time(text: &str) -> Timestamp {
    serde_json::from_str::<Zoned>(&format!("{text:?}")).unwrap().ts
}

/// The desk and the message of the original document: agent 1 answers to client 2.
struct Example {
    scene: Scene,
    client: Profile,
}

impl Example {
    fn new(from: &str) -> Self {
        let mut scene = Scene::in_room(RoomId::new("d").unwrap(), user(from), "teste");
        scene.message.ts = time("2021-06-15T11:57:16.420655-03:00");
        let client = Profile {
            name: Some("Nome do Cliente".to_owned()),
            phone: Some("123".to_owned()),
            ..Profile::nameless(user("2"))
        };
        Self { scene, client }
    }

    fn saying(content: Content) -> Self {
        let mut example = Self::new("1");
        example.scene.message.content = content;
        example
    }

    fn room<'a>(&'a self, last: Option<&'a MessageNews<'a>>) -> RoomFacts<'a> {
        let desk = DeskFacts {
            key: [0x5d; 16],
            client: &self.client,
            client_key: [0xc1; 16],
            client_times: (
                time("2021-06-14T22:04:20.149704-03:00"),
                time("2021-06-14T22:04:20.149734-03:00"),
            ),
            times: (time("2021-06-14T22:10:39.551836-03:00"), time("2021-06-14T22:10:39.551868-03:00")),
            last,
        };
        RoomFacts { desk: Some(desk), ..self.scene.facts() }
    }

    fn news(&self, delivery: Delivery) -> MessageNews<'_> {
        MessageNews { room: self.room(None), delivery, ..self.scene.message() }
    }
}

const SENDING: &str = r#"{"created_at":"2021-06-15T11:57:16.420655-03:00","updated_at":"2021-06-15T11:57:16.420655-03:00","uuid":"09090909-0909-0909-0909-090909090909","message":"teste","file":null,"type":"sent","status":"sending","help_desk":"5d5d5d5d-5d5d-5d5d-5d5d-5d5d5d5d5d5d"}"#;

const SENT: &str = r#"{"created_at":"2021-06-15T11:57:16.420655-03:00","updated_at":"2021-06-15T11:57:19.582823-03:00","uuid":"09090909-0909-0909-0909-090909090909","message":"teste","file":null,"type":"sent","status":"sent","help_desk":"5d5d5d5d-5d5d-5d5d-5d5d-5d5d5d5d5d5d"}"#;

const DESK: &str = r#"{"created_at":"2021-06-14T22:10:39.551836-03:00","updated_at":"2021-06-14T22:10:39.551868-03:00","uuid":"5d5d5d5d-5d5d-5d5d-5d5d-5d5d5d5d5d5d","client":{"uuid":"c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1","created_at":"2021-06-14T22:04:20.149704-03:00","updated_at":"2021-06-14T22:04:20.149734-03:00","name":"Nome do Cliente","phone":"123"},"last_message":LAST}"#;

fn event(kind: &str, object: &str) -> String {
    format!(r#"{{"type":"{kind}","data":{}}}"#, serde_json::to_string(object).unwrap())
}

#[test]
fn events_carry_their_object_as_a_string() {
    let example = Example::new("1");
    let sent = Delivery::Sent(time("2021-06-15T11:57:19.582823-03:00"));
    let last = example.news(sent);
    for (news, frame) in [
        (News::Message(example.news(Delivery::Sending)), event("new_message", SENDING)),
        (News::Edited(last), event("update_message", SENT)),
        (News::Desk(example.room(Some(&last))), event("update_helpdesk", &DESK.replace("LAST", SENT))),
        (News::Desk(example.room(None)), event("update_helpdesk", &DESK.replace("LAST", "{}"))),
    ] {
        let helpdesk = Helpdesk::default();
        assert_eq!(helpdesk.encode(&news).unwrap().as_str(), frame);
        assert_eq!((helpdesk.audience(&news), helpdesk.encode_more(&news)), (Audience::All, vec![]));
    }
}

#[test]
fn options_change_the_form_of_data_and_the_zone_of_times() {
    let example = Example::new("1");
    let news = News::Message(example.news(Delivery::Sending));
    let east = SENDING.replace("2021-06-15T11:57:16.420655-03:00", "2021-06-15T20:27:16.420655+05:30");
    assert_eq!(OPTIONS.encode(&news).unwrap().as_str(), format!(r#"{{"type":"new_message","data":{east}}}"#));
    let only_zone = Helpdesk { utc_offset_minutes: 330, ..Helpdesk::default() };
    assert_eq!(only_zone.encode(&news).unwrap().as_str(), event("new_message", &east));
    assert_eq!(serde_json::from_str::<DataForm>(r#""object""#).unwrap(), OPTIONS.data);
}

#[test]
fn a_delivered_message_is_newer_even_when_it_was_delivered_at_once() {
    let example = Example::new("1");
    let at_once = Delivery::Sent(example.scene.message.ts);
    let message = Helpdesk::default().message(&example.news(at_once)).unwrap();
    assert_eq!(message.updated_at.ts.as_micros(), message.created_at.ts.as_micros() + 1);

    let mut edited = Example::new("1");
    edited.scene.message.edited_at = Some(time("2021-06-15T12:00:00.000000-03:00"));
    let message = Helpdesk::default().message(&edited.news(Delivery::Sending)).unwrap();
    assert_eq!(Some(message.updated_at.ts), edited.scene.message.edited_at);
}

#[test]
fn the_client_of_a_desk_is_received_from() {
    let received = Helpdesk::default().encode(&News::Message(Example::new("2").news(Delivery::Sending)));
    let expected = SENDING.replace(r#""type":"sent""#, r#""type":"received""#);
    assert_eq!(received.unwrap().as_str(), event("new_message", &expected));
}

#[test]
fn a_client_without_a_name_or_number_still_has_both_keys() {
    let mut example = Example::new("1");
    example.client = Profile::nameless(user("2"));
    let desk = Helpdesk::default().desk(&example.room(None)).unwrap();
    assert_eq!((desk.client.name.as_str(), desk.client.phone.as_str()), ("2", ""));
}

#[test]
fn foreign_content_is_shown_by_its_text_and_file() {
    for (kind, payload, shown) in [
        ("text/markdown", json!({ "text": "*Oi*" }), Some((json!("*Oi*"), Value::Null))),
        (
            "image/png",
            json!({ "url": "/media/uploads/a.png" }),
            Some((Value::Null, json!("/media/uploads/a.png"))),
        ),
        ("image/png", json!({ "url": "u", "text": "Oi" }), Some((json!("Oi"), json!("u")))),
        // One that was uploaded in our own format, with and without a name, and beside an empty text.
        (
            "image/png",
            json!({ "url": "/v1/uploads/abababababababababababababababab", "name": "a b.png" }),
            Some((Value::Null, json!("/media/uploads/a_b_abababababababababababababababab.png"))),
        ),
        (
            "text/plain",
            json!({ "text": "", "files": [{ "url": "/v1/uploads/abababababababababababababababab" }] }),
            Some((Value::Null, json!("/media/uploads/file_abababababababababababababababab"))),
        ),
        (
            "text/plain",
            json!({ "text": "Oi", "files": [{ "url": "u" }, { "url": "v" }] }),
            Some((json!("Oi"), json!("u"))),
        ),
        ("application/json", json!({ "body": { "message": "Oi" } }), Some((json!("Oi"), Value::Null))),
        ("application/json", json!({ "x": 1 }), None),
        ("application/x-unknown", json!({}), None),
    ] {
        let example = Example::saying(Content::new(kind, &payload));
        let news = example.news(Delivery::Sending);
        let message =
            Helpdesk::default().message(&news).map(|message| (json!(message.text), json!(message.file)));
        assert_eq!(message, shown, "{kind} {payload}");
        let desk = Helpdesk::default().desk(&example.room(Some(&news))).unwrap();
        assert_eq!(desk.last_message.is_some(), shown.is_some(), "{kind} {payload}");
        assert_eq!(Helpdesk::default().encode(&News::Message(news)).is_some(), shown.is_some());
    }
}

#[test]
fn nothing_else_has_words() {
    let example = Example::new("1");
    let news = example.news(Delivery::Sending);
    let (room, by, named, ts) = (news.room, &news.message.from, news.names, at());
    for silent in [
        News::Deleted { room, message: named },
        News::Read { room, by, named, messages: &[named], ts },
        News::Typing { room, by, stop: false, ts },
        News::Presence { user: by, online: true, ts },
        News::Shown { user: by, online: true, changed: true, ts },
        News::Socket { room, user: news.author, opened: true },
        News::Message(example.scene.message()),
        News::Desk(example.scene.facts()),
    ] {
        assert_eq!(Helpdesk::default().encode(&silent), None, "{silent:?}");
        assert_eq!(Helpdesk::default().encode_more(&silent), []);
    }
}
