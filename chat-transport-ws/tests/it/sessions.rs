//! Whole sessions: tokens of the handshake, close codes of broken rules, the drain.

use std::time::{Duration, Instant};

use chat_transport_ws::WsConfig;
use tokio::io::AsyncWriteExt;

use crate::edge::{Edge, command};
use crate::raw::{self, soon};

const AUTH: &str = r#"{"auth":{"id":"1","follow":false}}"#;

#[tokio::test]
async fn a_token_of_the_handshake_counts_for_an_auth_that_carries_none() {
    let edge = Edge::start(WsConfig { query_token: true, ..WsConfig::default() }).await;
    for (path, headers) in [
        ("/v1/ws", "Authorization: Bearer dev-a\r\n"),
        ("/v1/ws", "Sec-WebSocket-Protocol: chat.v1, bearer.dev-a\r\n"),
        ("/v1/ws?token=dev-a", ""),
    ] {
        let (mut socket, _) = edge.upgrade(path, headers).await;
        let reply = command(&mut socket, AUTH).await;
        assert_eq!(reply.status, 200, "{path} {headers:?} {reply:?}");
    }
    let strict = Edge::start(WsConfig::default()).await;
    let (mut socket, _) = strict.upgrade("/v1/ws?token=dev-a", "").await;
    assert_eq!(command(&mut socket, AUTH).await.status, 401);
}

/// F31, F32, F35, F37. The table of all rules is in the unit tests of the connection.
#[tokio::test]
async fn a_broken_rule_closes_the_session_with_its_code_and_nobody_else_s() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut other = edge.login("other").await;
    for (name, bytes, code) in [
        ("1 MiB", raw::frame(raw::TEXT, vec![b'x'; 1024 * 1024]), 1009),
        ("2^64-1", raw::header(raw::TEXT, u64::MAX), 1009),
        ("invalid UTF-8", raw::frame(raw::TEXT, [0xff]), 1007),
        ("reserved opcode", raw::frame(0x83, "x"), 1002),
        ("RSV1", raw::frame(0xc1, "x"), 1002),
        ("unmasked", raw::unmasked(raw::TEXT, "x"), 1002),
        ("fragmented ping", raw::frame(0x09, "x"), 1002),
    ] {
        for mut socket in [edge.socket().await, edge.login("a").await] {
            soon(socket.write_all(&bytes)).await.unwrap();
            assert_eq!(soon(raw::close_code(&mut socket)).await, Some(code), "{name}");
        }
        assert_eq!(command(&mut other, r#"{"follow":{"id":"1","room":"none"}}"#).await.status, 403);
    }
}

/// F33. They are nobody's message until the last one, and hold nothing up.
#[tokio::test]
async fn a_hundred_thousand_empty_fragments_are_one_message() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut other = edge.login("other").await;
    let mut socket = edge.login("a").await;
    let ping = r#"{"ping":{"id":"1"}}"#;
    let begin = [raw::frame(0x01, &ping[..5]), raw::frame(0x00, "").repeat(100_000)].concat();
    soon(socket.write_all(&begin)).await.unwrap();
    assert_eq!(command(&mut other, r#"{"follow":{"id":"1","room":"none"}}"#).await.status, 403);
    soon(socket.write_all(&raw::frame(0x80, &ping[5..]))).await.unwrap();
    let (first, pong) = soon(raw::read_frame(&mut socket)).await.unwrap();
    assert!(first == raw::TEXT && pong.starts_with(br#"{"pong":{"id":"1""#));
}

/// F36.
#[tokio::test]
async fn a_close_is_answered_and_the_socket_ends() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut socket = edge.login("a").await;
    soon(socket.write_all(&[raw::close(1000), raw::frame(raw::TEXT, "late")].concat())).await.unwrap();
    assert_eq!(soon(raw::close_code(&mut socket)).await, Some(1000));
    assert_eq!(soon(raw::read_frame(&mut socket)).await, None);
    soon(async {
        while edge.server.connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// F3.
#[tokio::test]
async fn a_shutdown_tells_every_session_and_waits_for_it() {
    let close_timeout = Duration::from_secs(1);
    let edge = Edge::start(WsConfig { close_timeout, ..WsConfig::default() }).await;
    let mut polite = edge.login("polite").await;
    let mut unauthenticated = edge.socket().await;
    let mut rude = edge.login("rude").await;
    let started = Instant::now();
    edge.stop();
    for socket in [&mut polite, &mut unauthenticated, &mut rude] {
        assert_eq!(soon(raw::close_code(socket)).await, Some(1001));
    }
    for mut socket in [polite, unauthenticated] {
        soon(socket.write_all(&raw::close(1001))).await.unwrap();
    }
    // The rude one never answers the close. It delays the end by `close_timeout`, no less and not much more.
    edge.stopped().await;
    let took = started.elapsed();
    assert!((close_timeout..Duration::from_secs(8)).contains(&took), "{took:?}");
    assert_eq!(soon(raw::read_frame(&mut rude)).await, None);
}

/// As in an app of somebody else's, which goes on answering while the chat in it goes away.
#[tokio::test]
async fn nothing_begins_while_the_server_drains() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut open = edge.login("a").await;
    let server = edge.server.clone();
    let draining = tokio::spawn(async move { server.shutdown(Duration::from_secs(5)).await });
    assert_eq!(soon(raw::close_code(&mut open)).await, Some(1001));
    let (_, socket) = edge.upgrade("/v1/ws", "").await;
    let stream = edge.get_as("dev-a", "/v1/events").await;
    for answer in [socket, stream] {
        assert_eq!((answer.status, answer.refusal().as_str()), (503, "ERR_SHUTTING_DOWN"));
    }
    soon(draining).await.unwrap();
}

#[tokio::test]
async fn whoever_does_not_leave_in_time_is_cut() {
    let (close_timeout, shutdown_timeout) = (Duration::from_secs(60), Duration::from_millis(300));
    let edge = Edge::start(WsConfig { close_timeout, shutdown_timeout, ..WsConfig::default() }).await;
    let mut rude = edge.login("rude").await;
    edge.stop();
    assert_eq!(soon(raw::close_code(&mut rude)).await, Some(1001));
    edge.stopped().await;
    assert_eq!(soon(raw::read_frame(&mut rude)).await, None);
}
