//! What sockets of all formats have in common, byte by byte where it matters.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::Timestamp;
use chat_protocol::dialect::tndata::TnData;
use chat_server_core::auth::{AuthError, Authenticator, DevelopmentAuth, Principal};
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use futures::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use super::{Socket, open, open_with, operate, ports, start, start_with};
use crate::edge::{ACCEPT, Edge, KEY, command};
use crate::raw::{self, soon};

/// A socket of user 1 in each format; haraj's says in a frame whose it is.
const PLACES: [&str; 5] = [
    "/chat/2/?token=dev-1",
    "/chat/ws",
    "/ws/chats/?token=dev-1",
    "/talk/chat/r/?token=dev-1",
    "/ws/chat/acme/?token=dev-1",
];

/// A socket of user 1 in each format, with its user.
async fn sockets(edge: &Edge) -> Vec<Socket> {
    operate(edge, "PUT /v1/organizations/acme/agents/1", "").await;
    let mut sockets = Vec::new();
    for path in PLACES {
        let mut socket = open(edge, path).await;
        if path == "/chat/ws" {
            socket.say(json!({"auth": {"id": "a", "access_token": "dev-1"}})).await;
            assert_eq!(socket.hear().await["status"], 200);
        }
        sockets.push(socket);
    }
    sockets
}

/// Each is closed with this code, whatever it was told before.
async fn are_closed(sockets: Vec<Socket>, code: u16) {
    for (mut socket, path) in sockets.into_iter().zip(PLACES) {
        let closed = loop {
            match soon(socket.0.next()).await {
                Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
                Some(Ok(_)) => {}
                other => panic!("{path}: an end was expected, not {other:?}"),
            }
        };
        assert_eq!(closed, Some(code), "{path}");
    }
}

/// One client compares them letter by letter.
#[tokio::test]
async fn the_headers_of_an_accepted_upgrade_are_spelled_as_in_the_standard() {
    let edge = start().await;
    operate(&edge, "PUT /v1/organizations/acme/agents/amy", "").await;
    for path in [
        "/v1/ws",
        "/chat/2/?token=dev-1",
        "/chat/ws",
        "/ws/chats/?token=dev-1",
        "/talk/chat/r/?token=dev-1",
        "/ws/chat/acme/?token=dev-amy",
    ] {
        let mut socket = edge.connect().await;
        let offer = if path.starts_with("/ws/chats") { "Sec-WebSocket-Protocol: Bearer\r\n" } else { "" };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\
             Sec-WebSocket-Extensions: permessage-deflate\r\n{offer}\r\n",
            edge.address
        );
        soon(socket.write_all(request.as_bytes())).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(socket.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("HTTP/1.1 101 Switching Protocols"), "{path}");
        for line in [&format!("Sec-WebSocket-Accept: {ACCEPT}"), "Upgrade: websocket", "Connection: Upgrade"]
        {
            assert!(head.lines().any(|found| found == line), "{path}: no {line:?} in\n{head}");
        }
        assert!(!head.to_lowercase().contains("extensions"), "{head}");
        assert_eq!(head.contains("Sec-WebSocket-Protocol: Bearer"), !offer.is_empty(), "{head}");
    }
}

/// The mobile clients of tndata hang up like that.
#[tokio::test]
async fn a_connection_that_is_dropped_has_left_at_once() {
    let edge = start().await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    assert_eq!(ann.hear().await["text"], "1 joined.");
    let bob = open(&edge, "/chat/1/?token=dev-2").await;
    assert_eq!(ann.hear().await["text"], "2 joined.");
    // Not a word of WebSockets: the stream just ends.
    drop(bob.0.into_inner());
    assert_eq!(ann.hear().await["text"], "2 left.");
}

#[tokio::test]
async fn a_socket_that_is_sent_away_has_left() {
    let edge = start().await;
    let room = r#"{"kind":"group","room":"lobby","owner":"1","members":["2"]}"#;
    operate(&edge, "POST /v1/rooms", room).await;
    let mut ann = open(&edge, "/chat/?room=lobby&token=dev-1").await;
    let bob = open(&edge, "/chat/?room=lobby&token=dev-2").await;
    operate(&edge, "DELETE /v1/rooms/lobby/members/2", "").await;
    for text in ["1 joined.", "2 joined.", "2 left."] {
        assert_eq!(ann.hear().await["text"], text);
    }
    drop(bob);
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_closed_with_1009() {
    let edge = start().await;
    operate(&edge, "PUT /v1/organizations/acme/agents/1", "").await;
    for path in PLACES {
        let (mut socket, answer) = edge.upgrade(path, "").await;
        assert_eq!(answer.status, 101, "{answer:?}");
        soon(socket.write_all(&raw::frame(raw::TEXT, "x".repeat(64 * 1024 + 1)))).await.unwrap();
        assert_eq!(soon(raw::close_code(&mut socket)).await, Some(1009), "{path}");
    }
    edge.assert_serving().await;
}

#[tokio::test]
async fn a_frame_of_bytes_that_are_text_is_text() {
    use futures::SinkExt;
    let edge = start().await;
    let mut socket = open(&edge, "/chat/ws").await;
    let auth = json!({"auth": {"id": "a", "access_token": "dev-1"}}).to_string();
    socket.0.send(Message::binary(auth.into_bytes())).await.unwrap();
    assert_eq!(socket.hear().await["status"], 200);
    socket.0.send(Message::binary(vec![0xff, 0xfe])).await.unwrap();
    assert_eq!(socket.hear().await["status"], 400);
}

#[tokio::test]
async fn whoever_does_not_say_who_it_is_is_closed() {
    let port = || Port { auth_timeout: Duration::from_millis(100), ..Port::new(TnData::default()) };
    let edge = start_with(vec![port()]).await;
    // Without haraj its path is a peer's.
    for path in ["/chat/2/", "/chat/2/?token=wrong", "/chat/ws"] {
        assert_eq!(open(&edge, path).await.closed().await, Some(1008), "{path}");
    }
}

#[tokio::test]
async fn a_shutdown_closes_every_socket_with_1001() {
    let edge = start().await;
    let sockets = sockets(&edge).await;
    edge.stop();
    are_closed(sockets, 1001).await;
    edge.stopped().await;
}

/// Every token is good for a moment.
struct Short;

#[async_trait]
impl Authenticator for Short {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let expires_at = Timestamp::from_micros(SystemClock.now().as_micros() + 300_000);
        let principal = DevelopmentAuth.authenticate(token).await?;
        Ok(Principal { expires_at: Some(expires_at), ..principal })
    }
}

#[tokio::test]
async fn a_token_that_expires_closes_every_socket_with_1008() {
    let short = |port: Port| Port { auth: Some(Arc::new(Short)), ..port };
    let edge = start_with(ports().into_iter().map(short).collect()).await;
    are_closed(sockets(&edge).await, 1008).await;
}

#[tokio::test]
async fn a_session_that_is_revoked_closes_every_socket_with_1008() {
    let edge = start().await;
    let sockets = sockets(&edge).await;
    let mut native = edge.login("1").await;
    let revoked = command(&mut native, r#"{"revoke":{"id":"r","others":true}}"#).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    are_closed(sockets, 1008).await;
}

#[tokio::test]
async fn paths_that_no_format_has_are_not_found_and_none_is_redirected() {
    let edge = start().await;
    for path in ["/ws/", "/ws/chats/x/y", "/nowhere", "/chat/%ff/", "//"] {
        let refused = open_with(&edge, path, &[]).await.err().unwrap_or_else(|| panic!("{path} was let in"));
        assert_eq!((refused.status, refused.refusal().as_str()), (404, "ERR_NOT_FOUND"), "{path}");
    }
    // In the words of the format whose paths begin so: haraj has none for what is not there.
    let forbidden = r#""err":"ERR_FORBIDDEN_ACCESS""#;
    for (path, status, body) in [("/talk/chat/", 404, ""), ("/chat/1/2/", 403, forbidden)] {
        let refused = open_with(&edge, path, &[]).await.err().unwrap_or_else(|| panic!("{path} was let in"));
        assert!(refused.status == status && refused.body.contains(body), "{path}: {refused:?}");
        assert_eq!(refused.body.is_empty(), body.is_empty(), "{path}");
    }
    let (_, answer) = edge.upgrade("/v1/ws/", "").await;
    assert_eq!((answer.status, answer.refusal().as_str()), (404, "ERR_NOT_FOUND"));
    let plain = edge.get("/ws/chats/?token=dev-1").await;
    assert_eq!((plain.status, plain.refusal().as_str()), (400, "ERR_BAD_REQUEST"), "it is no upgrade");
}

#[tokio::test]
async fn places_hosts_and_origins_are_checked_as_for_native_sockets() {
    let config = WsConfig { max_connections: 1, local_pages_only: true, ..WsConfig::default() };
    let providers = Providers { dialects: ports(), ..Providers::default() };
    let edge = Edge::start_with(config, providers, ServerConfig::default()).await;
    let socket = open(&edge, "/chat/ws").await;
    let full = edge.get("/healthz").await;
    assert_eq!(full.status, 503, "the one place is taken");
    drop(socket);
    let foreign = loop {
        match open_with(&edge, "/chat/ws", &[("origin", "https://evil.example")]).await.err().unwrap() {
            answer if answer.status == 503 => tokio::task::yield_now().await,
            answer => break answer,
        }
    };
    assert_eq!((foreign.status, foreign.refusal().as_str()), (403, "ERR_ORIGIN_REFUSED"));
}
