//! What sockets of all formats have in common, byte by byte where it matters.

use std::time::Duration;

use chat_protocol::dialect::tndata::TnData;
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use super::{open, open_with, operate, ports, start, start_with};
use crate::edge::{ACCEPT, Edge, KEY};
use crate::raw::{self, soon};

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
async fn a_frame_that_is_too_large_is_closed_with_1009() {
    let edge = start().await;
    for path in ["/chat/2/?token=dev-1", "/chat/ws", "/ws/chats/?token=dev-1", "/talk/chat/r/?token=dev-1"] {
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
    let mut sockets = Vec::new();
    for path in ["/chat/ws", "/ws/chats/?token=dev-1", "/talk/chat/r/?token=dev-1"] {
        sockets.push(open(&edge, path).await);
    }
    edge.stop();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, Some(1001));
    }
    edge.stopped().await;
}

#[tokio::test]
async fn paths_that_no_format_has_are_not_found_and_none_is_redirected() {
    let edge = start().await;
    for path in ["/ws/", "/ws/chats/x/y", "/talk/chat/", "/chat/1/2/", "/nowhere", "/chat/%ff/", "//"] {
        let refused = open_with(&edge, path, &[]).await.err().unwrap_or_else(|| panic!("{path} was let in"));
        assert_eq!((refused.status, refused.refusal().as_str()), (404, "ERR_NOT_FOUND"), "{path}");
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
