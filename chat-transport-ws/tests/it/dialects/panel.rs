//! The debug panel: who may look, what is shown of each format, and what is not.

use std::panic::Location;

use chat_protocol::dialect::tndata::TnData;
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::{DebugPanel, WsConfig};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::{OPERATOR, PATIENCE, open, open_with, operate, ports};
use crate::edge::{Edge, command};
use crate::raw::{self, soon};
use crate::stream::{Events, Stream};

async fn start(panel: DebugPanel) -> Edge {
    let config = WsConfig {
        operator_token: Some(OPERATOR.to_owned()),
        debug_panel: Some(panel),
        query_token: true,
        ..WsConfig::default()
    };
    let providers = Providers { dialects: ports(), ..Providers::default() };
    Edge::start_with(config, providers, ServerConfig::default()).await
}

fn all() -> DebugPanel {
    DebugPanel { bodies: true, ..DebugPanel::default() }
}

async fn ask(edge: &Edge, token: &str) -> Response {
    let request = Client::new().get(format!("http://{}/chat/debug/events", edge.address)).bearer_auth(token);
    soon(request.send()).await.unwrap()
}

/// A page that looks.
struct Page(Stream);

impl Page {
    async fn open(edge: &Edge) -> Self {
        let response = ask(edge, OPERATOR).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut page = Self(Stream::new(response));
        assert_eq!(page.0.next().await.unwrap().0.as_deref(), Some("panel"));
        page
    }

    /// The next entry that fits.
    #[track_caller]
    fn until(&mut self, fits: impl Fn(&Value) -> bool) -> impl Future<Output = Value> {
        let caller = Location::caller();
        async move {
            let mut passed = Vec::new();
            let seeing = async {
                loop {
                    let (name, data) = self.0.next().await.expect("the stream goes on");
                    let entry: Value = serde_json::from_str(&data).unwrap();
                    if name.as_deref() == Some("entry") && fits(&entry) {
                        return entry;
                    }
                    passed.push(data);
                }
            };
            let seen = tokio::time::timeout(PATIENCE, seeing).await;
            seen.unwrap_or_else(|_| panic!("{caller}: not shown, but {passed:#?}"))
        }
    }

    /// The next entry of this format that goes this way and is of this kind: whose it is, its room, and its body.
    #[track_caller]
    fn sees(&mut self, format: &str, dir: &str, kind: &str) -> impl Future<Output = (Value, Value, Value)> {
        let seeing = self.until(move |it| it["format"] == format && it["dir"] == dir && it["kind"] == kind);
        async {
            let entry = seeing.await;
            let body = entry["body"].as_str().map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
            (entry["user"].clone(), entry["room"].clone(), body)
        }
    }
}

#[tokio::test]
async fn only_the_operator_looks_and_only_where_the_panel_is_on() {
    let off =
        Edge::start(WsConfig { operator_token: Some(OPERATOR.to_owned()), ..WsConfig::default() }).await;
    for path in ["/chat/debug/", "/chat/debug", "/chat/debug/events"] {
        assert_eq!(off.get_as(OPERATOR, path).await.status, 404, "{path}");
    }
    // With a format that has sockets at such paths as well.
    let off = super::start_with(vec![Port::new(TnData::default())]).await;
    for path in ["/chat/debug/", "/chat/debug", "/chat/debug/events", "/chat/debug/events/"] {
        assert_eq!(off.get_as(OPERATOR, path).await.refusal(), "ERR_NOT_FOUND", "{path}");
    }
    open(&off, "/chat/debug/?token=dev-1").await;
    let edge = start(all()).await;
    assert_eq!(edge.get("/chat/debug/events/").await.refusal(), "ERR_NOT_AUTHENTICATED");
    let page = edge.get("/chat/debug/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'; "), "{page:?}");
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(edge.get("/chat/debug/events").await.refusal(), "ERR_NOT_AUTHENTICATED");
    let of_a_user = edge.get_as("dev-1", "/chat/debug/events").await;
    assert_eq!(of_a_user.refusal(), "ERR_INVALID_ACCESS_TOKEN");
    let foreign = format!(
        "GET /chat/debug/events HTTP/1.1\r\nOrigin: https://evil.example\r\nAuthorization: Bearer {OPERATOR}"
    );
    assert_eq!(edge.ask(&foreign).await.refusal(), "ERR_ORIGIN_REFUSED");
    Page::open(&edge).await;
    // A user of that name is still somebody to talk to.
    open(&edge, "/chat/debug/?token=dev-1").await;
}

#[tokio::test]
async fn guessing_is_slow_and_without_an_operator_nobody_looks() {
    let edge = start(all()).await;
    for _ in 0..5 {
        assert_eq!(ask(&edge, "guess").await.status(), 401);
    }
    let refused = ask(&edge, OPERATOR).await;
    assert_eq!(refused.status(), 429, "the right one is refused as well");
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    let config = WsConfig { debug_panel: Some(all()), ..WsConfig::default() };
    let nobody = Edge::start(config).await;
    assert_eq!(nobody.get_as("", "/chat/debug/events").await.status, 401);
    assert_eq!(nobody.get_as("anything", "/chat/debug/events").await.status, 401);
}

#[tokio::test]
async fn what_every_socket_says_and_is_told_is_shown_with_whose_it_is() {
    let edge = start(all()).await;
    let mut page = Page::open(&edge).await;
    let user = |id: &str| json!(id);

    let mut tndata = open(&edge, "/chat/2/?token=dev-1").await;
    let opened = page.until(|entry| entry["dir"] == "open").await;
    assert_eq!(opened["format"], "tndata");
    assert!(opened["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{opened}");
    tndata.say(json!({"text": "Hello", "from": 1, "token": "dev-1"})).await;
    let (who, room, body) = page.sees("tndata", "in", "text").await;
    assert_eq!((who, body), (user("1"), json!({"text": "Hello", "from": 1, "token": "•••"})));
    let direct = room.as_str().unwrap().to_owned();
    let (_, room, body) = page.sees("tndata", "out", "message").await;
    assert_eq!((room, &body["text"]), (json!(direct), &json!("Hello")));

    let mut chats =
        open_with(&edge, "/ws/chat/", &[("sec-websocket-protocol", "Bearer, dev-2")]).await.unwrap().0;
    let content =
        json!({"chat_type": "direct", "chat_id": "1_2", "text": "hi", "reply_to": null, "file_urls": []});
    chats.say(json!({"type": "new_message", "content": content})).await;
    let (who, room, body) = page.sees("chats", "in", "new_message").await;
    assert_eq!(
        (who, room, body),
        (user("2"), json!("1_2"), json!({"type": "new_message", "content": content}))
    );
    assert_eq!(page.sees("chats", "out", "new_message").await.2["content"]["text"], "hi");

    let mut haraj = open(&edge, "/chat/ws").await;
    haraj.say(json!({"auth": {"id": "a", "access_token": "dev-2"}})).await;
    let (_, _, body) = page.sees("haraj", "in", "auth").await;
    assert_eq!(body, json!({"auth": {"id": "a", "access_token": "•••"}}));
    assert_eq!(page.sees("haraj", "out", "status").await.0, "2", "whose it is once that is known");

    let mut hipochat = open(&edge, "/talk/chat/the-room-token/?token=dev-1").await;
    hipochat.say(json!({"message": "hey", "author": "ann", "token": "dev-1"})).await;
    let (_, room, body) = page.sees("hipochat", "out", "message").await;
    assert_eq!((&body["message"], &body["token"]), (&json!("hey"), &json!("•••")));
    assert!(room.as_str().is_some_and(|room| room != "the-room-token"), "{room}");

    operate(&edge, "PUT /v1/organizations/acme/agents/amy", "").await;
    let mut helpdesk = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    helpdesk.say(json!({"type": "new_message", "data": "{\"token\":\"x\"}"})).await;
    let (who, _, body) = page.sees("helpdesk", "out", "new_message").await;
    assert_eq!((who, &body["data"]), (user("amy"), &json!("{\"token\":\"•••\"}")));

    let mut native = edge.login("1").await;
    let (_, _, body) = page.sees("native", "in", "auth").await;
    assert_eq!(body, json!({"auth": {"id": "auth", "token": "•••", "follow": false}}));
    assert_eq!(command(&mut native, r#"{"inbox":{"id":"i"}}"#).await.status, 200);
    assert_eq!(page.sees("native", "out", "reply").await.0, "1");
    let events = Events::open(&format!("http://{}", edge.address), "1", "?follow=false").await;
    assert_eq!(page.sees("native events", "in", "auth").await.2["auth"]["token"], "•••");
    assert_eq!(events.post(r#"{"ping":{"id":"p"}}"#).await.0, 200);
    assert_eq!(page.sees("native events", "out", "pong").await.0, "1");

    native.write_all(&raw::close(1000)).await.unwrap();
    assert_eq!(page.until(|entry| entry["kind"] == "close 1000").await["dir"], "in");
    assert_eq!(page.until(|entry| entry["dir"] == "end").await["format"], "native");
}

/// A message to many readers goes past their tasks, and past nobody's eyes.
#[tokio::test]
async fn what_is_written_without_a_connections_task_is_shown_as_well() {
    let edge = start(all()).await;
    let ann = Events::open(&format!("http://{}", edge.address), "ann", "").await;
    let create = r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#;
    assert_eq!(ann.post(create).await.0, 200);
    let mut bob = edge.login("bob").await;
    assert_eq!(command(&mut bob, r#"{"join":{"id":"j","room":"r"}}"#).await.status, 200);
    assert_eq!(command(&mut bob, r#"{"follow":{"id":"f","room":"r"}}"#).await.status, 200);
    let mut page = Page::open(&edge).await;
    let content = json!({"type": "text/plain", "payload": {"text": "to all"}});
    let send = json!({"send": {"id": "s", "room": "r", "client_msg_id": "1", "content": content}});
    assert_eq!(ann.post(&send.to_string()).await.0, 200);
    let (who, room, body) = page.sees("native", "out", "message").await;
    assert_eq!((who, room, &body["message"]["content"]), (json!("bob"), json!("r"), &content));
}

#[tokio::test]
async fn bodies_are_hidden_unless_the_operator_says_otherwise() {
    let edge = start(DebugPanel::default()).await;
    let mut page = Page::open(&edge).await;
    let mut socket = open(&edge, "/chat/2/?token=dev-1").await;
    let frame = json!({"text": "for bob alone"});
    socket.say(frame.clone()).await;
    let entry = page.until(|entry| entry["kind"] == "text").await;
    assert_eq!((&entry["body"], &entry["size"]), (&Value::Null, &json!(frame.to_string().len())));
}

/// Masked once for each that it could hide, such a frame would take seconds, and all who look would wait for it.
#[tokio::test]
async fn a_frame_that_seems_full_of_tokens_delays_nobody() {
    for bodies in [true, false] {
        let edge = start(DebugPanel { bodies, ..DebugPanel::default() }).await;
        let mut socket = open(&edge, "/chat/2/?token=dev-1").await;
        let many = "token=&".repeat(9_000);
        for _ in 0..16 {
            socket.say(json!({"received": many})).await;
        }
        socket.say(json!({"text": "last"})).await;
        socket.hear_with("/digest").await;
        let begun = std::time::Instant::now();
        let mut page = Page::open(&edge).await;
        page.until(|entry| entry["kind"] == "text").await;
        assert!(begun.elapsed() < std::time::Duration::from_secs(8), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn few_look_at_once_and_who_comes_late_sees_what_is_kept() {
    let edge = start(DebugPanel { max_viewers: 1, max_entries: 3, ..all() }).await;
    let mut socket = open(&edge, "/chat/2/?token=dev-1").await;
    for number in 0..5 {
        socket.say(json!({"text": number.to_string()})).await;
        socket.hear_with("/digest").await;
    }
    let mut page = Page::open(&edge).await;
    let first = page.until(|_| true).await;
    assert_eq!(first["n"], 9, "of an opening, one who joined, five texts and their echoes the last three");
    assert_eq!(ask(&edge, OPERATOR).await.status(), 409);
    drop(page);
    while ask(&edge, OPERATOR).await.status() != 200 {
        tokio::task::yield_now().await;
    }
    edge.stop();
    edge.stopped().await;
}
