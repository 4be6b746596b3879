//! The conversation of tndata's document, and of its clients.

use std::time::Duration;

use chat_protocol::dialect::tndata::{FromIdForm, TnData};
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, Rate, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::{Value, json};

use super::calls::ask;
use super::{Socket, TEXT, open, open_with, ports, start, start_with};
use crate::edge::{Edge, command};
use crate::raw::soon;

fn joined(name: &str, what: &str, room: &str) -> Value {
    let text = format!("{name} {what}.");
    json!({"from_id": -1, "from": "system", "room": room, "message": text, "text": text})
}

fn said(user: u32, text: &str) -> Value {
    let avatar = "//www.gravatar.com/avatar/0?d=mm&s=30";
    json!({
        "from_id": user, "from": user.to_string(), "message": text, "text": text, "avatar": avatar,
        "digest": TEXT,
    })
}

/// Whether the oldest of the last messages of users 1 and 2 is read.
async fn is_read(edge: &Edge) -> bool {
    let line = "GET /api/chat/history/?room=chat-1-2";
    let history = ask(edge, line, Some("dev-1"), ("", "")).await;
    let history: Value = serde_json::from_str(&history.body).unwrap();
    history["results"].as_array().unwrap().last().unwrap()["read"].as_bool().unwrap()
}

/// The next that is said of a message that was not sent, which has all keys of a system frame.
async fn not_sent(socket: &mut Socket) -> String {
    loop {
        let frame = socket.hear().await;
        let text = frame["text"].as_str().unwrap().to_owned();
        if text.starts_with("Message not sent") {
            let notice =
                json!({"from_id": -1, "from": "system", "room": "chat-1-2", "message": text, "text": text});
            assert_eq!(frame, notice);
            return text;
        }
    }
}

#[tokio::test]
async fn two_talk_and_confirm_what_they_received() {
    let edge = start().await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    ann.hears(joined("1", "joined", "chat-1-2")).await;
    let header = [("authorization", "token dev-2")];
    let (mut bob, _) = open_with(&edge, "/chat/1", &header).await.unwrap();
    bob.hears(joined("2", "joined", "chat-1-2")).await;
    ann.hears(joined("2", "joined", "chat-1-2")).await;

    ann.say(json!({"text": "Hello", "from": 1, "token": "dev-1"})).await;
    let frame = ann.hears(said(1, "Hello")).await;
    assert_eq!(bob.hears(said(1, "Hello")).await["digest"], frame["digest"]);
    let digest = frame["digest"].as_str().unwrap();
    assert!(digest.len() == 32 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{digest}");

    // React confirms at every drawing. There is no answer, and it does not count as messages do.
    for _ in 0..3 {
        bob.say(json!({"received": digest})).await;
    }
    soon(async { while !is_read(&edge).await {} }).await;
    // Who wrote it may be said as a number, as a text, or as somebody else: it is whoever has the socket.
    for from in [json!("2"), json!(2), json!(1)] {
        bob.say(json!({"text": "Hi", "from": from})).await;
        bob.hears(said(2, "Hi")).await;
        ann.hears(said(2, "Hi")).await;
    }
    drop(bob);
    ann.hears(joined("2", "left", "chat-1-2")).await;
}

#[tokio::test]
async fn a_token_may_come_with_the_first_message() {
    let edge = start().await;
    for path in ["/chat/2/", "/chat/2/?token=wrong"] {
        let mut ann = open(&edge, path).await;
        ann.say(json!({"text": "nobody", "from": 1})).await;
        ann.say(json!({"text": "nobody", "from": 1, "token": "wrong"})).await;
        ann.say(json!({"text": "Hello", "from": 1, "token": "dev-1"})).await;
        ann.hears(joined("1", "joined", "chat-1-2")).await;
        ann.hears(said(1, "Hello")).await;
    }
}

#[tokio::test]
async fn a_room_is_found_by_header_query_path_or_is_ones_own() {
    let edge = start().await;
    for (path, header, room) in [
        ("/?token=dev-1&room=chat-2-1", None, "chat-1-2"),
        ("/chat/?token=dev-1&room=chat-1-2", Some("CHAT-1-3"), "chat-1-3"),
        ("/chat/4/?token=dev-1", Some("chat-1-3"), "chat-1-3"),
        ("/chat/10/?token=dev-9", None, "chat-10-9"),
        ("/?token=dev-1", None, "chat-1-unknown"),
        ("/chat?token=dev-1", None, "chat-1-unknown"),
    ] {
        let headers: Vec<_> = header.iter().map(|room| ("x-room", *room)).collect();
        let (mut socket, _) = open_with(&edge, path, &headers).await.unwrap();
        let user = if path.ends_with('9') { "9" } else { "1" };
        socket.hears(joined(user, "joined", room)).await;
        socket.say(json!({"text": "here"})).await;
        assert_eq!(socket.hear().await["text"], "here", "{path}");
    }
}

#[tokio::test]
async fn a_page_is_known_by_its_cookie_before_its_query() {
    let edge = start().await;
    let headers = [("cookie", "theme=dark; sessionid=dev-2")];
    let (mut socket, _) = open_with(&edge, "/chat/1/?token=dev-3", &headers).await.unwrap();
    socket.hears(joined("2", "joined", "chat-1-2")).await;
    // A page of strangers brings the cookie too.
    let headers = [("cookie", "sessionid=dev-2"), ("origin", "https://evil.example")];
    let refused = open_with(&edge, "/chat/1/", &headers).await.err().unwrap();
    assert_eq!((refused.status, refused.refusal().as_str()), (403, "ERR_ORIGIN_REFUSED"));
}

#[tokio::test]
async fn bad_frames_are_passed_over() {
    let edge = start().await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    ann.hears(joined("1", "joined", "chat-1-2")).await;
    for frame in
        ["", "not JSON", "[]", "null", "{}", r#"{"text":1}"#, r#"{"received":7}"#, r#"{"received":"00"}"#]
    {
        ann.say_text(frame).await;
    }
    ann.say(json!({"text": "x".repeat(20_000)})).await;
    let refused = ann.hear().await;
    assert_eq!((&refused["from"], &refused["from_id"]), (&json!("system"), &json!(-1)));
    assert!(refused["text"].as_str().unwrap().starts_with("Message not sent: "), "{refused}");
    ann.say(json!({"text": "still here"})).await;
    ann.hears(said(1, "still here")).await;
}

/// React confirms all that it shows at every drawing.
#[tokio::test]
async fn receipts_delay_nothing_that_is_said_behind_them() {
    // As long as the test may take: whoever waited for one pointer to be stored would be found.
    let core = ServerConfig { pointer_delay: Duration::from_secs(60), ..ServerConfig::default() };
    let providers = Providers { dialects: ports(), ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, core).await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    let mut bob = open(&edge, "/chat/1/?token=dev-2").await;
    ann.say(json!({"text": "Hello"})).await;
    let digest = bob.hear_with("/digest").await["digest"].clone();
    for _ in 0..1_500 {
        bob.say(json!({"received": digest})).await;
    }
    bob.say(json!({"text": "Hi"})).await;
    assert_eq!(bob.hear_with("/digest").await["text"], "Hi");
}

#[tokio::test]
async fn who_writes_too_much_or_to_whom_blocks_it_is_told_so() {
    let rate = Rate { per_second: 1, burst: 20 };
    let core = ServerConfig { connection_rate: rate, user_rate: rate, ..ServerConfig::default() };
    let providers = Providers { dialects: ports(), ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, core).await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    for _ in 0..20 {
        ann.say(json!({"text": "Hello"})).await;
    }
    assert_eq!(not_sent(&mut ann).await, "Message not sent: too many messages.");

    let edge = start().await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    ann.say(json!({"text": "Hello"})).await;
    ann.hear_with("/digest").await;
    let mut bob = edge.login("2").await;
    let block = json!({"block": {"id": "b", "user": "1"}}).to_string();
    assert_eq!(command(&mut bob, &block).await.status, 200);
    ann.say(json!({"text": "Hello?"})).await;
    assert_eq!(not_sent(&mut ann).await, "Message not sent: blocked.");
}

#[tokio::test]
async fn senders_are_texts_where_the_operator_says_so() {
    let edge = start_with(vec![Port::new(TnData::default().from_id(FromIdForm::String))]).await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    ann.hears(joined("1", "joined", "chat-1-2")).await;
    ann.say(json!({"text": "Hello"})).await;
    let mut expected = said(1, "Hello");
    expected["from_id"] = json!("1");
    ann.hears(expected).await;
}
