//! Requests that no honest client sends. Each is answered or cut, and everyone else is served meanwhile.

use chat_transport_ws::WsConfig;

use crate::edge::{Answer, Edge};

/// The status of the first answer; 0 when the socket was closed without one.
async fn status(edge: &Edge, request: impl AsRef<[u8]>) -> u16 {
    let answer = edge.raw(request).await;
    Answer::parse(&answer[..answer.len().min(500)]).status
}

/// F51. A reset may overtake the answer, because the rest of the request is not read.
#[tokio::test]
async fn heads_beyond_the_limits_are_refused_at_once() {
    let edge = Edge::start(WsConfig::default()).await;
    let head = |line: &str, headers: &str| format!("{line}\r\nHost: x\r\n{headers}\r\n");
    let many: String = (0..5_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let few: String = (0..70).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (name, request, expected) in [
        ("20 MB header", head("GET /healthz HTTP/1.1", &format!("X: {}\r\n", "x".repeat(20_000_000))), 431),
        ("17 KB header", head("GET /healthz HTTP/1.1", &format!("X: {}\r\n", "x".repeat(17 * 1024))), 431),
        ("5,000 headers", head("GET /healthz HTTP/1.1", &many), 431),
        ("70 headers", head("GET /healthz HTTP/1.1", &few), 431),
        ("100 KB URI", head(&format!("GET /{} HTTP/1.1", "x".repeat(100_000)), ""), 431),
        ("header without end", "GET /healthz HTTP/1.1\r\nX: ".to_owned() + &"x".repeat(1_000_000), 431),
    ] {
        let status = status(&edge, request).await;
        assert!(status == expected || status == 0, "{name}: {status}");
        edge.assert_serving().await;
    }
    // A head within the limits passes, so that the cases above are about the limits.
    let usual = format!("X: {}\r\nConnection: close\r\n", "x".repeat(8 * 1024));
    assert_eq!(status(&edge, head("GET /healthz HTTP/1.1", &usual)).await, 200);
}

/// F52. Whichever length a proxy in front believes, it must not find a second answer here.
#[tokio::test]
async fn a_request_of_two_lengths_hides_no_second_one() {
    let edge = Edge::start(WsConfig::default()).await;
    let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for lengths in [
        "Content-Length: 0\r\nContent-Length: 4".to_owned(),
        "Content-Length: 0, 4".to_owned(),
        "Content-Length: +0".to_owned(),
        "Content-Length: -1".to_owned(),
        "Content-Length: 0x1".to_owned(),
        "Content-Length: 18446744073709551616".to_owned(),
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked", hidden.len() + 5),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}", hidden.len() + 5),
        "Transfer-Encoding: chunked, identity".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
        "Transfer-Encoding : chunked".to_owned(),
    ] {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{lengths}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = String::from_utf8(edge.raw(request).await).unwrap();
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{lengths}: {answer}");
        edge.assert_serving().await;
    }
}

/// F53.
#[tokio::test]
async fn other_protocols_on_this_port_are_cut() {
    let edge = Edge::start(WsConfig::default()).await;
    let tls_hello = [&[0x16, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3][..], &[7; 54]].concat();
    for (name, bytes) in [
        ("TLS hello", tls_hello),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        ("HTTP/0.9", b"GET /healthz\r\n\r\n".to_vec()),
        ("HTTP/9.9", b"GET /healthz HTTP/9.9\r\n\r\n".to_vec()),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        ("NUL", vec![0; 64]),
        ("header with NUL", b"GET /healthz HTTP/1.1\r\nX: a\0b\r\n\r\n".to_vec()),
        ("bare line feeds in a folded header", b"GET /healthz HTTP/1.1\nHost: x\n folded\n\n".to_vec()),
    ] {
        let status = status(&edge, bytes).await;
        assert!(status == 0 || (400..500).contains(&status), "{name}: {status}");
        edge.assert_serving().await;
    }
}

/// F54. Nothing here reads files; a path is a key of a table, and these are not in it.
#[tokio::test]
async fn no_spelling_of_a_traversal_is_a_path() {
    let edge = Edge::start(WsConfig {
        metrics: Some(std::sync::Arc::new(|| "secret 1\n".into())),
        ..WsConfig::default()
    })
    .await;
    for path in [
        "/../etc/passwd",
        "/../../../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%2e%2e%2fetc%2fpasswd",
        "/%252e%252e%252fetc%252fpasswd",
        "/..%252f..%252fetc/passwd",
        "/..;/etc/passwd",
        "/..\\..\\etc\\passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/%c0%ae%c0%ae/etc/passwd",
        "/%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
        "/%uff0e%uff0e/etc/passwd",
        "/....//....//etc/passwd",
        "/./metrics",
        "//metrics",
        "/v1/../metrics",
        "/v1/%2e%2e/metrics",
        "/v1/ws/../../metrics",
        "/metrics/.",
        "/metrics%00",
        "/metrics%2f",
        "/metrics;x=1",
        "/METRICS",
        "/file:///etc/passwd",
    ] {
        let answer = edge.get(path).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (404, "ERR_NOT_FOUND"), "{path}");
    }
    for room in ["..%2f..%2fetc%2fpasswd", "%2e%2e", "..", "%00", "%ff"] {
        let answer = edge.get(&format!("/v1/rooms/{room}/messages")).await;
        assert_eq!(answer.status, 401, "{room}: a stranger learns nothing");
    }
    edge.assert_serving().await;
}
