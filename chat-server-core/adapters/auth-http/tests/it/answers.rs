//! What each answer means.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION};
use axum::response::Response;
use chat_auth_http::{HttpAuth, HttpConfig, LookupError};
use chat_server_core::auth::Authenticator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::peer::{Outcome, Peer, ask, response, user};

async fn check(status: u16, body: &str, expected: Outcome) {
    let peer = Peer::fixed(status, body).await;
    let (auth, times) = (peer.auth(), 2);
    for _ in 0..times {
        assert_eq!(ask(&auth, "secret-token").await, expected, "{status} {body}");
    }
    // Only a user is remembered.
    assert_eq!(peer.asked(), if matches!(expected, Outcome::User(_)) { 1 } else { times });
}

fn malformed(reason: &'static str) -> Outcome {
    Outcome::Failed(LookupError::Malformed { reason })
}

#[tokio::test]
async fn a_user_is_a_string_or_an_integer() {
    check(200, r#"{"user_id":"alice"}"#, user("alice")).await;
    check(200, r#" { "x": [1], "user_id" : "Ünal @ home", "expires_at":null } "#, user("Ünal @ home")).await;
    check(200, r#"{"user_id":0}"#, user("0")).await;
    check(200, r#"{"user_id":9007199254740991}"#, user("9007199254740991")).await;
    let bad = "whose user_id is neither a valid string nor an integer from 0 to 2^53-1";
    for id in ["9007199254740992", "-1", "1.0", "1e3", "null", "true", "[]", "{}", "\"\"", "\"a\\nb\""] {
        check(200, &format!(r#"{{"user_id":{id}}}"#), malformed(bad)).await;
    }
    check(200, &format!(r#"{{"user_id":"{}"}}"#, "x".repeat(129)), malformed(bad)).await;
}

#[tokio::test]
async fn a_body_that_is_no_answer_is_a_failure() {
    let deep = "[".repeat(10_000);
    for body in ["", "alice", "null", "[]", "{}", "\"alice\"", r#"{"user_id":"alice""#, "{} {}", &deep] {
        check(200, body, malformed("that is no JSON object with a user_id")).await;
    }
    for time in ["\"soon\"", "1900000000", "true", "{}", "\"\""] {
        let body = format!(r#"{{"user_id":"alice","expires_at":{time}}}"#);
        check(200, &body, malformed("whose expires_at is no RFC 3339 time")).await;
    }
}

#[tokio::test]
async fn only_200_401_and_403_are_answers() {
    let body = r#"{"user_id":"alice"}"#;
    check(401, body, Outcome::Invalid).await;
    check(403, body, Outcome::Invalid).await;
    for status in [201, 202, 204, 206, 300, 304, 400, 402, 404, 408, 418, 429, 431, 500, 502, 503, 504, 599] {
        check(status, body, Outcome::Failed(LookupError::Status { status })).await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let target = Peer::fixed(200, r#"{"user_id":"mallory"}"#).await;
        let location = target.url.clone();
        let peer = Peer::new(move |_, _| {
            let redirect = Response::builder().status(status).header("location", &*location);
            std::future::ready(redirect.body(Body::empty()).unwrap())
        })
        .await;
        assert_eq!(ask(&peer.auth(), "t").await, Outcome::Failed(LookupError::Status { status }));
        assert_eq!((peer.asked(), target.asked()), (1, 0));
    }
}

#[tokio::test]
async fn the_token_is_asked_about_as_documented() {
    let peer = Peer::new(|_, request| async move {
        let header =
            |name| request.headers().get_all(name).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri(), "/who?app=chat");
        assert_eq!(header(AUTHORIZATION), ["Bearer a.b-c_d~e+f/g=="]);
        assert_eq!(header(ACCEPT), ["application/json"]);
        response(200, r#"{"user_id":"alice"}"#)
    })
    .await;
    let config = HttpConfig { url: format!("{}?app=chat", peer.url), ..peer.config() };
    assert_eq!(ask(&HttpAuth::new(config).unwrap(), "a.b-c_d~e+f/g==").await, user("alice"));
}

#[tokio::test]
async fn what_cannot_be_a_token_is_not_asked_about() {
    let peer = Peer::fixed(200, r#"{"user_id":"alice"}"#).await;
    let auth = peer.auth();
    let long = "x".repeat(8 * 1024 + 1);
    for token in ["", " ", "a b", "a\r\nX-Admin: 1", "a\n", "a\0", "\u{7f}", "é", &long] {
        assert_eq!(ask(&auth, token).await, Outcome::Invalid, "{token:?}");
    }
    assert_eq!(peer.asked(), 0);
    assert_eq!(ask(&auth, &long[1..]).await, user("alice"));
}

#[tokio::test]
async fn a_body_is_read_up_to_16_kib() {
    let body = |bytes: usize| format!(r#"{{"user_id":"alice"}}{}"#, " ".repeat(bytes - 19));
    let oversized = Outcome::Failed(LookupError::Oversized { max: 16 * 1024 });
    check(200, &body(16 * 1024), user("alice")).await;
    check(200, &body(16 * 1024 + 1), oversized.clone()).await;

    // Without a length, and without an end.
    let peer = Peer::new(|_, _| async {
        let endless = futures::stream::repeat_with(|| Ok::<_, Infallible>(" ".repeat(1000)));
        Response::new(Body::from_stream(endless))
    })
    .await;
    assert_eq!(ask(&peer.auth(), "t").await, oversized);
}

#[tokio::test]
async fn a_slow_answer_is_a_timeout() {
    let timeout = Duration::from_millis(50);
    let expected = Outcome::Failed(LookupError::Timeout { timeout });
    let silent = Peer::new(|_, _| std::future::pending::<Response>()).await;
    let config = HttpConfig { timeout, ..silent.config() };
    assert_eq!(ask(&HttpAuth::new(config).unwrap(), "t").await, expected);
    assert_eq!(silent.asked(), 1);

    // The head alone is no answer.
    let stuck = Peer::new(|_, _| async {
        Response::new(Body::from_stream(futures::stream::pending::<Result<String, Infallible>>()))
    })
    .await;
    let config = HttpConfig { timeout, ..stuck.config() };
    assert_eq!(ask(&HttpAuth::new(config).unwrap(), "t").await, expected);
    assert_eq!(stuck.asked(), 1);
}

/// Reads one request head and writes these bytes, then closes.
async fn raw(bytes: &'static [u8]) -> HttpAuth {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?key=hidden", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).await.unwrap_or(0) > 0 {
                head.push(byte[0]);
            }
            let _ = socket.write_all(bytes).await;
        }
    });
    HttpAuth::new(HttpConfig { timeout: Duration::from_secs(30), ..HttpConfig::new(url) }).unwrap()
}

#[tokio::test]
async fn a_broken_connection_is_a_failure_without_secrets() {
    for bytes in [
        b"".as_slice(),
        b"HTTP/1.1 200",
        b"220 smtp.example.org\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"user_id\":\"alice\"}",
    ] {
        let auth = raw(bytes).await;
        let error = auth.authenticate("secret-token").await.unwrap_err();
        let text = format!("{error} {error:?}");
        let Outcome::Failed(LookupError::Connection { reason }) = crate::peer::outcome(Err(error)) else {
            panic!("{text}")
        };
        assert!(!reason.is_empty());
        for hidden in ["secret-token", "hidden", "alice"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}

#[tokio::test]
async fn an_absent_server_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let auth = HttpAuth::new(HttpConfig::new(format!("http://{address}/?key=hidden"))).unwrap();
    let Outcome::Failed(LookupError::Connection { reason }) = ask(&auth, "t").await else { panic!() };
    assert!(reason.contains("refused") && !reason.contains("hidden"), "{reason}");
}

#[tokio::test]
async fn https_to_a_server_without_tls_is_a_failure() {
    let peer = Peer::fixed(200, r#"{"user_id":"alice"}"#).await;
    let auth = HttpAuth::new(HttpConfig::new(peer.url.replace("http://", "https://"))).unwrap();
    assert!(matches!(ask(&auth, "t").await, Outcome::Failed(LookupError::Connection { .. })));
    assert_eq!(peer.asked(), 0);
}
