//! Plain requests: pages of history, and every refusal.

use std::sync::Arc;

use chat_protocol::HistoryPage;
use chat_transport_ws::WsConfig;

use crate::edge::{Edge, command};

const OPERATOR: &str = "op-secret";

async fn start() -> Edge {
    let metrics: chat_transport_ws::MetricsText = Arc::new(|| "up 1\n".to_owned());
    let config =
        WsConfig { operator_token: Some(OPERATOR.into()), metrics: Some(metrics), ..WsConfig::default() };
    Edge::start(config).await
}

#[tokio::test]
async fn requests_that_name_nothing_are_refused() {
    let edge = start().await;
    for (line, status, code) in [
        ("GET / HTTP/1.1", 404, "ERR_NOT_FOUND"),
        ("GET /v1 HTTP/1.1", 404, "ERR_NOT_FOUND"),
        ("GET /v1/rooms HTTP/1.1", 405, "ERR_METHOD_NOT_ALLOWED"),
        ("GET /v1/rooms//messages HTTP/1.1", 401, "ERR_NOT_AUTHENTICATED"),
        ("GET /v1/rooms/a/b/messages HTTP/1.1", 404, "ERR_NOT_FOUND"),
        ("GET /healthz/ HTTP/1.1", 404, "ERR_NOT_FOUND"),
        ("POST /healthz HTTP/1.1", 405, "ERR_METHOD_NOT_ALLOWED"),
        ("DELETE /v1/rooms/a/messages HTTP/1.1", 405, "ERR_METHOD_NOT_ALLOWED"),
        ("POST /v1/rooms HTTP/1.1", 401, "ERR_NOT_AUTHENTICATED"),
        ("GET /v1/inbox HTTP/1.1", 401, "ERR_NOT_AUTHENTICATED"),
        ("BREW /metrics HTTP/1.1", 405, "ERR_METHOD_NOT_ALLOWED"),
        ("GET /v1/rooms/a/messages HTTP/1.1", 401, "ERR_NOT_AUTHENTICATED"),
        ("GET /v1/rooms/%00/messages HTTP/1.1", 401, "ERR_NOT_AUTHENTICATED"),
        ("GET /v1/rooms/a/messages?limit=x HTTP/1.1", 401, "ERR_NOT_AUTHENTICATED"),
        ("GET /v1/rooms/a/messages?token=dev-a HTTP/1.1", 401, "ERR_NOT_AUTHENTICATED"),
        ("GET /v1/rooms/a/messages HTTP/1.1\r\nAuthorization: Basic ZGV2LWE=", 401, "ERR_NOT_AUTHENTICATED"),
        ("GET /v1/rooms/a/messages HTTP/1.1\r\nAuthorization: Bearer", 401, "ERR_NOT_AUTHENTICATED"),
        (
            "GET /v1/rooms/a/messages HTTP/1.1\r\nAuthorization: Bearer dev-a\r\nAuthorization: Bearer dev-b",
            401,
            "ERR_NOT_AUTHENTICATED",
        ),
    ] {
        let answer = edge.ask(line).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{line}");
        if status == 405 {
            assert!(answer.header("allow").is_some(), "{line}");
        }
    }
}

#[tokio::test]
async fn health_is_for_everybody() {
    let edge = start().await;
    edge.assert_serving().await;
    let head = edge.ask("HEAD /healthz HTTP/1.1").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("cache-control"), Some("no-store"));
    assert_eq!(head.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_the_operator() {
    let metrics: Option<chat_transport_ws::MetricsText> = Some(Arc::new(|| "up 1\n".to_owned()));
    let open = Edge::start(WsConfig { metrics, ..WsConfig::default() }).await;
    let local = open.get("/metrics").await;
    assert_eq!((local.status, local.body.as_str()), (200, "up 1\n"));
    assert_eq!(local.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));

    let proxied = "GET /metrics HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1";
    assert_eq!(open.ask(proxied).await.refusal(), "ERR_NOT_AUTHENTICATED");
    let edge = start().await;
    assert_eq!(
        edge.get("/metrics").await.refusal(),
        "ERR_NOT_AUTHENTICATED",
        "with a token the token decides"
    );
    let stranger = edge.ask(proxied).await;
    assert_eq!((stranger.status, stranger.refusal().as_str()), (401, "ERR_NOT_AUTHENTICATED"));
    let user = edge.ask(&format!("{proxied}\r\nAuthorization: Bearer dev-a")).await;
    assert_eq!((user.status, user.refusal().as_str()), (401, "ERR_INVALID_ACCESS_TOKEN"));
    let operator = edge.ask(&format!("{proxied}\r\nAuthorization: Bearer {OPERATOR}")).await;
    assert_eq!(operator.status, 200);

    let without = Edge::start(WsConfig::default()).await;
    assert_eq!(without.get("/metrics").await.refusal(), "ERR_NOT_FOUND");
    let empty = Some(String::new());
    let forgotten = Edge::start(WsConfig {
        operator_token: empty,
        metrics: Some(Arc::new(String::new)),
        ..WsConfig::default()
    })
    .await;
    assert_eq!(forgotten.ask(&format!("{proxied}\r\nAuthorization: Bearer ")).await.status, 401);
}

#[tokio::test]
async fn a_page_of_history_is_the_same_as_over_the_socket() {
    let edge = start().await;
    let mut alice = edge.login("alice").await;
    let create = r#"{"create":{"id":"1","room":"a/b c","client_room_id":"c1","kind":"group"}}"#;
    let created = command(&mut alice, create).await;
    assert_eq!(created.status, 200, "{created:?}");
    for n in 1..=5 {
        let send = format!(
            r#"{{"send":{{"id":"{n}","room":"a/b c","client_msg_id":"m{n}","content":{{"type":"text/plain","payload":{{"text":"{n}"}}}}}}}}"#
        );
        assert_eq!(command(&mut alice, &send).await.status, 200);
    }
    let path = "/v1/rooms/a%2Fb%20c/messages";
    for token in ["dev-alice", OPERATOR] {
        for (query, seqs, more) in [
            ("", vec![1, 2, 3, 4, 5], false),
            ("?limit=2", vec![4, 5], true),
            ("?before=4&limit=2", vec![2, 3], true),
            ("?after=3", vec![4, 5], false),
            ("?after=1&limit=2", vec![2, 3], true),
            ("?after=5", vec![], false),
            ("?limit=1&from_the_future=1", vec![5], true),
        ] {
            let answer = edge.get_as(token, &format!("{path}{query}")).await;
            assert_eq!(answer.status, 200, "{query}: {answer:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let page: HistoryPage = serde_json::from_str(&answer.body).unwrap();
            let found: Vec<u64> = page.messages.iter().map(|message| message.seq.get()).collect();
            assert_eq!((found, page.more), (seqs, more), "{query}");
        }
    }
    let too_long = "x".repeat(321);
    for (token, room, query, status, code) in [
        ("dev-bob", "a%2Fb%20c", "", 403, "ERR_FORBIDDEN_ACCESS"),
        ("dev-bob", "never-made", "", 403, "ERR_FORBIDDEN_ACCESS"),
        ("dev-alice", "..%2f..%2fetc", "", 403, "ERR_FORBIDDEN_ACCESS"),
        ("nobody", "a%2Fb%20c", "", 401, "ERR_INVALID_ACCESS_TOKEN"),
        ("op-secret2", "a%2Fb%20c", "", 401, "ERR_INVALID_ACCESS_TOKEN"),
        ("dev-alice", "%00", "", 400, "ERR_BAD_REQUEST"),
        ("dev-alice", "%ff", "", 404, "ERR_NOT_FOUND"),
        ("dev-alice", &too_long, "", 400, "ERR_BAD_REQUEST"),
        ("dev-alice", "a%2Fb%20c", "?limit=0", 400, "ERR_BAD_REQUEST"),
        ("dev-alice", "a%2Fb%20c", "?limit=101", 400, "ERR_BAD_REQUEST"),
        ("dev-alice", "a%2Fb%20c", "?limit=all", 400, "ERR_BAD_REQUEST"),
        ("dev-alice", "a%2Fb%20c", "?before=-1", 400, "ERR_BAD_REQUEST"),
        ("dev-alice", "a%2Fb%20c", "?after=9007199254740992", 400, "ERR_BAD_REQUEST"),
        ("dev-alice", "a%2Fb%20c", "?after=1&after=1", 400, "ERR_BAD_REQUEST"),
    ] {
        let answer = edge.get_as(token, &format!("/v1/rooms/{room}/messages{query}")).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{token} {room} {query}");
    }
}
