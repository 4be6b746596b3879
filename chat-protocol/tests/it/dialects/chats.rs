//! The socket of chats: the suite, and what its clients ask.

mod news;

use chat_protocol::dialect::chats::{Chats, PresenceScope};
use chat_protocol::dialect::conformance::{Request, Samples};
use chat_protocol::dialect::{
    Asked, Dialect, Done, Handshake, MAX_FILES, MessageName, NOT_AUTHOR, Opening, Place, RoomName, Seat,
    Strangers, What,
};
use chat_protocol::dialect_conformance;
use chat_protocol::{Command, Content, ErrorCode, RequestId, RoomId, RoomNumber, Seq, UserId, WireError};
use serde_json::{Value, json};

use super::scene::{at, user};

const CHATS: Chats = Chats { presence_scope: PresenceScope::All };

dialect_conformance!(
    CHATS,
    Samples {
        requests: vec![
            Request::new("/ws/chats/").header("sec-websocket-protocol", "Bearer, marker-token-4711"),
            Request::new("/ws/chat").header("sec-websocket-protocol", "Bearer,Bearer marker-token-4711"),
            Request::new("/ws/chat/").query("token", "marker-token-4711"),
            Request::new("/ws/chats").query("token", "Bearer marker-token-4711"),
            Request::new("/ws/chats/").header("authorization", "marker-token-4711"),
            Request::new("/ws/chats/").header("authorization", "Bearer marker-token-4711"),
            Request::new("/ws/chats/"),
        ],
        frames: vec![
            r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"hi","reply_to":null,"file_urls":[]}}"#,
            r#"{"type":"new_message","content":{"chat_type":"project","chat_id":"10","message":"hi","reply_to":9}}"#,
            r#"{"type":"user_typing","content":{"chat_type":"direct","chat_id":"2_1"}}"#,
            r#"{"type":"typing","content":{"chat_type":"project","chat_id":10}}"#,
            r#"{"type":"message_read","content":{"chat_type":"direct","chat_id":"1_2","message_id":17}}"#,
            r#"{"type":"delete_message","content":{"chat_type":"direct","chat_id":"1_2","message_id":17}}"#,
            r#"{"type":"edit_message","content":{"chat_type":"direct","chat_id":"1_2","message_id":17,"text":"ho"}}"#,
            r#"{"type":"set_online","content":{}}"#,
            r#"{"type":"set_offline"}"#,
        ],
        hands_on_unknown_keys: false,
    }
);

fn seat(me: &UserId) -> Seat<'_> {
    Seat { place: &Place::Anywhere, me: Some(me) }
}

fn decode(me: &str, frame: &str) -> What {
    let asked = CHATS.decode(seat(&user(me)), frame.as_bytes(), at());
    assert_eq!(asked.id, None);
    asked.what
}

fn direct(a: &str, b: &str) -> RoomName {
    RoomName::Id(RoomId::direct(&user(a), &user(b)))
}

fn project(number: u64) -> RoomName {
    RoomName::Number(RoomNumber::new(number).unwrap())
}

fn open(path: &str, query: &[(&str, &str)], headers: &[(&str, &str)]) -> Option<Opening> {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    CHATS.open(&Handshake { path, query: &owned(query), headers: &owned(headers) })
}

#[test]
fn the_newest_place_of_a_token_wins_and_empty_ones_do_not_count() {
    let offered = |header| ("sec-websocket-protocol", header);
    for (query, headers, token, protocol) in [
        (
            &[("token", "q")][..],
            &[offered("Bearer, p"), ("authorization", "h")][..],
            Some("p"),
            Some("Bearer"),
        ),
        (&[("token", "q")], &[("authorization", "h")], Some("q"), None),
        (&[("token", "")], &[("authorization", "Bearer h")], Some("h"), None),
        (&[("token", "q")], &[offered("Bearer")], Some("q"), Some("Bearer")),
        (&[("token", "q")], &[offered("bearer, p")], Some("p"), Some("bearer")),
        (&[("token", "q")], &[offered("chat.v1")], Some("q"), None),
        (&[], &[("authorization", "Bearer ")], None, None),
    ] {
        let opening = open("/ws/chats/", query, headers).unwrap();
        let found = opening.token.as_ref().map(|token| token.0.as_str());
        assert_eq!((found, opening.protocol), (token, protocol), "{query:?} {headers:?}");
        assert_eq!(opening.place, Place::Anywhere);
    }
    for path in ["/ws/chat/acme/", "/ws", "/ws/chats/1", "/chats/", "/"] {
        assert!(open(path, &[], &[]).is_none(), "{path}");
    }
}

#[test]
fn strangers_are_refused_with_a_detail() {
    for (query, body) in [
        (&[][..], r#"{"detail":"Authentication credentials were not provided."}"#),
        (&[("token", "old")], r#"{"detail":"You do not have permission to perform this action."}"#),
    ] {
        let opening = open("/ws/chat/", query, &[]).unwrap();
        assert_eq!(opening.strangers, Strangers::Refused { status: 403, body: body.into() });
    }
    // They never get as far as a frame.
    let seat = Seat { place: &Place::Anywhere, me: None };
    let asked = CHATS.decode(seat, br#"{"type":"set_online"}"#, at());
    assert_eq!(asked, Asked::from(What::Ignored));
}

#[test]
fn every_command_asks_what_it_says() {
    let num = MessageName::Num;
    let send = |room, reply_to| What::Send { room, content: Content::plain("hi"), reply_to };
    for (frame, what) in [
        (
            r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"hi","reply_to":null,"file_urls":[]}}"#,
            send(direct("1", "2"), None),
        ),
        (
            r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"2_1","message":"hi","reply_to":9}}"#,
            send(direct("1", "2"), Some(num(9))),
        ),
        (
            r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_1","text":"hi"}}"#,
            send(direct("1", "1"), None),
        ),
        (
            r#"{"type":"new_message","content":{"chat_type":"project","chat_id":"10","text":"hi"}}"#,
            send(project(10), None),
        ),
        (
            r#"{"type":"user_typing","content":{"chat_type":"direct","chat_id":"1_b@c.d"}}"#,
            What::Typing { room: direct("1", "b@c.d"), stop: false },
        ),
        (
            r#"{"type":"typing","content":{"chat_type":"project","chat_id":10}}"#,
            What::Typing { room: project(10), stop: false },
        ),
        (
            r#"{"type":"message_read","content":{"chat_type":"direct","chat_id":"1_2","message_id":17}}"#,
            What::Read { room: direct("1", "2"), upto: num(17) },
        ),
        (
            r#"{"type":"delete_message","content":{"chat_type":"project","chat_id":10,"message_id":17}}"#,
            What::Delete { room: project(10), message: num(17) },
        ),
        (
            r#"{"type":"edit_message","content":{"chat_type":"direct","chat_id":"1_2","message_id":17,"message":"ho"}}"#,
            What::Rewrite { room: direct("1", "2"), message: num(17), text: "ho".to_owned() },
        ),
        (r#"{"type":"set_online","content":{}}"#, What::Show { online: true }),
        (r#"{"type":"set_offline","content":null}"#, What::Show { online: false }),
        (r#"{"type":"dance","content":5}"#, What::Ignored),
    ] {
        let asked = decode("1", frame);
        assert_eq!(asked, what, "{frame}");
        assert_eq!(CHATS.answer(seat(&user("1")), &asked.into(), Ok(&Done::Done), at()), None, "{frame}");
    }
}

#[test]
fn an_edit_leaves_the_files() {
    let rewrite = decode(
        "1",
        r#"{"type":"edit_message","content":{"chat_type":"direct","chat_id":"1_2","message_id":17,"text":"ho"}}"#,
    );
    let (id, room) = (RequestId::new("r").unwrap(), RoomId::direct(&user("1"), &user("2")));
    assert_eq!((rewrite.room(), rewrite.message()), (Some(&direct("1", "2")), Some(MessageName::Num(17))));
    let early = rewrite.clone().command(id.clone(), room.clone(), Seq::new(3));
    assert!(early.is_none(), "of what, is not known yet");
    let image = |text: Value| Content::new("image/png", &json!({ "url": "https://x/i.png", "text": text }));
    let edit = rewrite.rewriting(&image(json!("hi"))).command(id, room, Seq::new(3));
    let Some(Command::Edit(edit)) = edit else { panic!("{edit:?}") };
    assert_eq!((edit.seq.get(), edit.content), (3, image(json!("ho"))));
}

#[test]
fn bad_input_is_told_to_the_sender() {
    let typing =
        |id: &str| format!(r#"{{"type":"user_typing","content":{{"chat_type":"direct","chat_id":{id}}}}}"#);
    let files = json!({
        "type": "new_message",
        "content": { "chat_type": "direct", "chat_id": "1_3", "text": "", "file_urls": vec!["u"; MAX_FILES + 1] },
    });
    for (frame, error) in [
        (typing(r#""1_2""#), "User 3 is not a member of chat 1_2"),
        (typing(r#""13_2""#), "User 3 is not a member of chat 13_2"),
        (
            typing(r#""x""#),
            r#"Chat id \"x\" is not in the format of <user1_id>_<user2_id>, where user1_id < user2_id"#,
        ),
        (typing("5"), "Invalid value: 'chat_id'"),
        (
            r#"{"type":"typing","content":{"chat_type":"direct","chat_id":"1_3","message_id":17}}"#
                .to_owned(),
            "Event type 'typing' does not take message_id: use message_read or delete_message",
        ),
        (
            r#"{"type":"user_typing","content":{"chat_type":"direct"}}"#.to_owned(),
            "Missing key (might be backend's fault, but most likely you are missing this field): 'chat_id'",
        ),
        (
            r#"{"type":"user_typing","content":{"chat_type":"group","chat_id":"1_3"}}"#.to_owned(),
            "Chat type is not supported",
        ),
        ("hello".to_owned(), "Invalid JSON"),
        (files.to_string(), "11 files are too many, at most 10 are allowed"),
    ] {
        assert_eq!(decode("3", &frame), What::Refused(format!(r#"{{"error":"{error}"}}"#).into()), "{frame}");
    }
    // However long the id is that was given.
    let What::Refused(answer) = decode("3", &typing(&format!("{:?}", "x".repeat(65_400)))) else {
        panic!("asked")
    };
    assert!(answer.len() < 500 && answer.as_str().starts_with(r#"{"error":"Chat id \"xxx"#), "{answer:?}");
}

#[test]
fn refusals_have_the_texts_of_the_reference() {
    let content = |chat: &str, rest: &str| format!(r#"{{"chat_type":{chat}{rest}}}"#);
    let frame = |kind: &str, content: String| format!(r#"{{"type":"{kind}","content":{content}}}"#);
    let (pair, ten) = (r#""direct","chat_id":"3_1""#, r#""project","chat_id":"10""#);
    let says = r#","text":"hi","reply_to":9"#;
    let named = r#","text":"hi","message_id":17"#;
    let bare = WireError::from;
    let others = WireError::new(ErrorCode::Forbidden, NOT_AUTHOR);
    let barred = WireError::new(ErrorCode::Forbidden, "you block the other user");
    let wrong_ids = "Some of chat/message ids are wrong, you can't access this message";
    for (frame, error, text) in [
        (
            frame("new_message", content(pair, says)),
            bare(ErrorCode::Forbidden),
            "User 3 is not a member of chat 1_3",
        ),
        (
            frame("user_typing", content(ten, "")),
            bare(ErrorCode::Forbidden),
            "User 3 is not in project chat 10",
        ),
        (
            frame("delete_message", content(ten, named)),
            bare(ErrorCode::Forbidden),
            "User 3 is not in project chat 10",
        ),
        (
            frame("new_message", content(pair, says)),
            bare(ErrorCode::NotFound),
            "One or both users do not exist",
        ),
        (frame("message_read", content(pair, named)), bare(ErrorCode::MessageNotFound), wrong_ids),
        (frame("edit_message", content(ten, named)), bare(ErrorCode::MessageNotFound), wrong_ids),
        (frame("delete_message", content(ten, named)), bare(ErrorCode::MessageNotFound), wrong_ids),
        (frame("edit_message", content(pair, named)), others.clone(), "User 3 is not author of message 17"),
        (frame("delete_message", content(ten, named)), others, "User 3 is not author 17"),
        (frame("edit_message", content(pair, named)), barred.clone(), "you block the other user"),
        (frame("delete_message", content(pair, named)), barred.clone(), "you block the other user"),
        (
            frame("new_message", content(pair, says)),
            bare(ErrorCode::MessageNotFound),
            "Message 9 is not in chat 1_3",
        ),
        (
            frame("new_message", content(ten, says)),
            bare(ErrorCode::MessageNotFound),
            "Message 9 is not in chat 10",
        ),
        (frame("new_message", content(ten, says)), barred, "you block the other user"),
        (
            frame("set_online", "{}".to_owned()),
            bare(ErrorCode::RateLimited),
            "Too much at once; wait `retry_after_ms`.",
        ),
    ] {
        let asked = Asked::from(decode("3", &frame));
        let answer = CHATS.answer(seat(&user("3")), &asked, Err(&error), at());
        assert_eq!(answer.unwrap().as_str(), format!(r#"{{"error":"{text}"}}"#), "{frame} {error}");
    }
}
