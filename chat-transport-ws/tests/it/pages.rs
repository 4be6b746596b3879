//! What pages of other origins may ask and read, and what a page may that only pretends to be of this machine.

use chat_transport_ws::WsConfig;

use crate::edge::{Answer, Edge};

const ALLOWED: &str = "https://chat.example";

async fn open_to_allowed() -> Edge {
    Edge::start(WsConfig { allowed_origins: vec![ALLOWED.to_owned()], ..WsConfig::default() }).await
}

/// A request of a page.
async fn from_page(edge: &Edge, origin: &str, line: &str) -> Answer {
    edge.ask(&format!("{line} HTTP/1.1\r\nOrigin: {origin}\r\nAuthorization: Bearer dev-a")).await
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_read_every_answer() {
    let edge = open_to_allowed().await;
    for (line, status) in [
        ("GET /v1/inbox", 200),
        ("GET /v1/rooms/nowhere/messages", 403),
        ("GET /v1/uploads/x", 403),
        ("DELETE /v1/inbox", 405),
        ("GET /healthz", 200),
    ] {
        let answer = from_page(&edge, ALLOWED, line).await;
        assert_eq!(answer.status, status, "{line}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(ALLOWED), "{line}");
        assert_eq!(answer.header("vary"), Some("origin"), "{line}");
        assert!(answer.header("access-control-expose-headers").unwrap().contains("retry-after"), "{line}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{line}");
    }
    for origin in ["https://chat.example:444", "http://chat.example", "https://evil.example", "null"] {
        let answer = from_page(&edge, origin, "GET /v1/inbox").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("vary"), Some("origin"), "what is kept for one page is not for another");
    }
    let same = Edge::start(WsConfig::default()).await;
    let answer = from_page(&same, &format!("http://{}", same.address), "GET /v1/inbox").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told_what_an_allowed_page_may() {
    let edge = open_to_allowed().await;
    let asks = |path: &str, origin: &str, method: &str| {
        format!("OPTIONS {path} HTTP/1.1\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: {method}")
    };
    for path in ["/v1/rooms/r/messages", "/v1/events", "/v1/commands", "/v1/uploads", "/v1/users/a"] {
        let answer = edge.ask(&asks(path, ALLOWED, "POST")).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(ALLOWED));
        let told = |name: &str| answer.header(name).unwrap().to_owned();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(told("access-control-allow-methods").contains(method), "{method}");
        }
        for name in ["authorization", "content-type", "range"] {
            assert!(told("access-control-allow-headers").contains(name), "{name}");
        }
        assert_eq!(told("vary"), "origin");
        let foreign = edge.ask(&asks(path, "https://evil.example", "POST")).await;
        assert_eq!((foreign.status, foreign.refusal().as_str()), (405, "ERR_METHOD_NOT_ALLOWED"), "{path}");
        assert_eq!(foreign.header("access-control-allow-origin"), None);
    }
    let plain = edge.ask(&format!("OPTIONS /v1/inbox HTTP/1.1\r\nOrigin: {ALLOWED}")).await;
    assert_eq!(plain.status, 405, "it asks nothing");
    let closed = Edge::start(WsConfig::default()).await;
    assert_eq!(closed.ask(&asks("/v1/inbox", ALLOWED, "GET")).await.status, 405);
}

/// A page whose name was made to point here is of the same origin to its browser: no `Origin` in what it reads.
#[tokio::test]
async fn under_a_name_that_others_can_claim_a_server_for_this_machine_answers_nothing() {
    let edge = Edge::start(WsConfig {
        local_pages_only: true,
        metrics: Some(std::sync::Arc::new(|| "secret 1\n".into())),
        ..WsConfig::default()
    })
    .await;
    let port = edge.address.port();
    let ask = async |host: &str, path: &str| {
        let head = format!(
            "GET {path} HTTP/1.1\r\nAuthorization: Bearer dev-a\r\nConnection: close\r\nHost: {host}"
        );
        edge.one_answer(&format!("{head}\r\n\r\n")).await
    };
    for path in
        ["/v1/inbox", "/v1/events", "/v1/unread", "/v1/users/a", "/metrics", "/v1/uploads/x", "/v1/ws"]
    {
        let answer = ask(&format!("rebound.example:{port}"), path).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (403, "ERR_ORIGIN_REFUSED"), "{path}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(ask(&format!("{host}:{port}"), "/v1/inbox").await.status, 200, "{host}");
    }
    let open = Edge::start(WsConfig::default()).await;
    let named = "GET /v1/inbox HTTP/1.1\r\nAuthorization: Bearer dev-a\r\nHost: chat.example\r\n\r\n";
    assert_eq!(open.one_answer(named).await.status, 200, "elsewhere a server has whatever name it has");
}
