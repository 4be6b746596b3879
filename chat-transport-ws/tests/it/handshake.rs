//! Who may become a WebSocket, and what the others are told.

use chat_transport_ws::WsConfig;

use crate::edge::{ACCEPT, Edge, KEY};

async fn accepted(edge: &Edge, path: &str, headers: &str, protocol: Option<&str>) {
    let (_, answer) = edge.upgrade(path, headers).await;
    assert_eq!(answer.status, 101, "{headers:?}: {answer:?}");
    assert_eq!(answer.header("sec-websocket-accept"), Some(ACCEPT));
    assert_eq!(answer.header("upgrade").map(str::to_ascii_lowercase).as_deref(), Some("websocket"));
    assert_eq!(answer.header("sec-websocket-protocol"), protocol, "{headers:?}");
}

async fn refused(edge: &Edge, headers: &str, status: u16, code: &str) {
    let (_, answer) = edge.upgrade("/v1/ws", headers).await;
    assert_eq!(answer.status, status, "{headers:?}: {answer:?}");
    assert_eq!(answer.refusal(), code, "{headers:?}");
}

#[tokio::test]
async fn subprotocols_are_negotiated_and_tokens_never_echoed() {
    let edge = Edge::start(WsConfig::default()).await;
    for (headers, protocol) in [
        ("", None),
        ("Sec-WebSocket-Protocol: chat.v1\r\n", Some("chat.v1")),
        ("Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n", Some("chat.v1")),
        ("Sec-WebSocket-Protocol: bearer.dev-a, chat.v1\r\n", Some("chat.v1")),
        ("Sec-WebSocket-Protocol: bearer.dev-a\r\nSec-WebSocket-Protocol: chat.v1\r\n", Some("chat.v1")),
        ("Sec-WebSocket-Protocol: bearer.dev-a\r\n", None),
        ("Authorization: Bearer dev-a\r\n", None),
    ] {
        accepted(&edge, "/v1/ws", headers, protocol).await;
    }
    refused(&edge, "Sec-WebSocket-Protocol: chat.v2\r\n", 400, "ERR_UNSUPPORTED_VERSION").await;
    refused(&edge, "Sec-WebSocket-Protocol: graphql-ws, mqtt\r\n", 400, "ERR_UNSUPPORTED_VERSION").await;
}

/// F37. What is compressed may be a bomb, and tells by its length what stands beside a secret: it is never agreed on.
#[tokio::test]
async fn no_extension_is_ever_agreed_on() {
    let edge = Edge::start(WsConfig::default()).await;
    for offer in ["permessage-deflate", "permessage-deflate; client_max_window_bits, x-webkit-deflate-frame"]
    {
        let (_, answer) = edge.upgrade("/v1/ws", &format!("Sec-WebSocket-Extensions: {offer}\r\n")).await;
        assert_eq!((answer.status, answer.header("sec-websocket-extensions")), (101, None), "{offer}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let edge = Edge::start(WsConfig::default()).await;
    let same = format!("Origin: http://{}\r\n", edge.address);
    accepted(&edge, "/v1/ws", &same, None).await;
    refused(&edge, "Origin: http://127.0.0.1:1\r\n", 403, "ERR_ORIGIN_REFUSED").await;
    refused(&edge, "Origin: https://evil.example\r\n", 403, "ERR_ORIGIN_REFUSED").await;
    refused(&edge, "Origin: null\r\n", 403, "ERR_ORIGIN_REFUSED").await;
    refused(&edge, &same.repeat(2), 403, "ERR_ORIGIN_REFUSED").await;

    let allowed_origins = vec!["https://chat.example".to_owned()];
    let edge = Edge::start(WsConfig { allowed_origins, ..WsConfig::default() }).await;
    accepted(&edge, "/v1/ws", "", None).await;
    accepted(&edge, "/v1/ws", "Origin: https://chat.example\r\n", None).await;
    refused(&edge, "Origin: https://chat.example:444\r\n", 403, "ERR_ORIGIN_REFUSED").await;
    refused(&edge, "Origin: http://chat.example\r\n", 403, "ERR_ORIGIN_REFUSED").await;
    refused(&edge, &format!("Origin: http://{}\r\n", edge.address), 403, "ERR_ORIGIN_REFUSED").await;
}

/// F55.
#[tokio::test]
async fn a_request_that_is_no_upgrade_is_told_what_is_missing() {
    let edge = Edge::start(WsConfig::default()).await;
    let good = [
        "Upgrade: websocket".to_owned(),
        "Connection: Upgrade".to_owned(),
        "Sec-WebSocket-Version: 13".to_owned(),
        format!("Sec-WebSocket-Key: {KEY}"),
    ];
    let bad = (400, "ERR_BAD_REQUEST");
    let version = (400, "ERR_UNSUPPORTED_VERSION");
    for (index, replacement, (status, code)) in [
        (0, "X: 1", bad),
        (0, "Upgrade: h2c", bad),
        (1, "X: 1", bad),
        (1, "Connection: keep-alive", bad),
        (2, "X: 1", version),
        (2, "Sec-WebSocket-Version: 8", version),
        (2, "Sec-WebSocket-Version: 13, 8", version),
        (3, "X: 1", bad),
        (3, "Sec-WebSocket-Key: short", bad),
        (3, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=", bad),
        (3, "Sec-WebSocket-Key: ========================", bad),
        (
            3,
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            bad,
        ),
    ] {
        let mut headers = good.clone();
        headers[index] = replacement.to_owned();
        let host = edge.address;
        let request = format!("GET /v1/ws HTTP/1.1\r\nHost: {host}\r\n{}\r\n\r\n", headers.join("\r\n"));
        let answer = edge.one_answer(&request).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{replacement}");
        if code == "ERR_UNSUPPORTED_VERSION" {
            assert_eq!(answer.header("sec-websocket-version"), Some("13"));
        }
    }
    let all = good.join("\r\n");
    for (line, status, code) in [
        ("POST /v1/ws HTTP/1.1", 405, "ERR_METHOD_NOT_ALLOWED"),
        ("OPTIONS /v1/ws HTTP/1.1", 405, "ERR_METHOD_NOT_ALLOWED"),
        ("CONNECT /v1/ws HTTP/1.1", 405, "ERR_METHOD_NOT_ALLOWED"),
        ("GET /v1/ws HTTP/1.0", 400, "ERR_BAD_REQUEST"),
        ("GET /v1/ws/ HTTP/1.1", 404, "ERR_NOT_FOUND"),
        ("GET /v2/ws HTTP/1.1", 404, "ERR_NOT_FOUND"),
    ] {
        let answer = edge.one_answer(&format!("{line}\r\nHost: {}\r\n{all}\r\n\r\n", edge.address)).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{line}");
    }
    edge.assert_serving().await;
}
