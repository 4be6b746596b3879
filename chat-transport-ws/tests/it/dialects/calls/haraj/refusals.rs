//! What haraj refuses, and in which words.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::UserId;
use chat_server_core::auth::{AuthError, DevelopmentAuth, Issued, Login, TokenIssuer};
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;

use super::super::super::ports;
use super::*;

#[tokio::test]
async fn a_topic_that_was_never_started_takes_no_message() {
    let edge = start().await;
    let send = json!({"content": text("x")});
    let to = |topic: &str| format!("POST /chat/users/1/topics/{topic}/messages");
    refused(call(&edge, 1, &to("p2p1_2"), send.clone()).await, 409, "ERR_MISSING_SUBSCRIPTION");
    for topic in ["p2p2_3", "grp7", "lobby", "p2p"] {
        refused(call(&edge, 1, &to(topic), send.clone()).await, 403, "ERR_FORBIDDEN_ACCESS");
    }
    begin(&edge, 2, 1).await;
    assert_eq!(call(&edge, 1, &to("p2p1_2"), send).await.0, 200, "whoever started it");
}

#[tokio::test]
async fn only_so_many_are_asked_for_at_once() {
    let edge = start().await;
    begin(&edge, 1, 2).await;
    let reads =
        call(&edge, 1, "PUT /chat/users/1/topics/p2p1_2/messages", json!({"seq_ids": [1, 2, 3]})).await;
    refused(reads, 409, "ERR_MAX_CONFIRMATION_REACHED");
    let topics = call(&edge, 1, "GET /chat/topics?topic_ids=a,b,c,d,e", Value::Null).await;
    refused(topics, 409, "ERR_MAX_RESOLVE_TOPICS_REACHED");
    let users = call(&edge, 1, "GET /chat/users?usernames=a,b,c,d", Value::Null).await;
    refused(users, 409, "ERR_MAX_FIND_REACHED");
}

#[tokio::test]
async fn who_asks_is_known_and_asks_for_itself() {
    let edge = start().await;
    begin(&edge, 1, 2).await;
    for line in [
        "GET /chat/users/1/topics",
        "GET /chat/users/1/topics/p2p1_2/messages",
        "DELETE /chat/users/1/topics/p2p1_2",
        "PUT /chat/users/1",
        "PUT /chat/sessions/1",
        "PUT /sessions/1",
        "POST /chat/users/1/topics",
    ] {
        refused(call(&edge, 2, line, Value::Null).await, 403, "ERR_FORBIDDEN_ACCESS");
        for token in [None, Some("wrong"), Some("")] {
            let answer = ask(&edge, line, token, ("", "")).await;
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            refused(read(&answer), 401, "ERR_INVALID_ACCESS_TOKEN");
        }
    }
    let other = "/chat/users/3/topics/p2p1_2";
    for (line, body) in [
        (format!("GET {other}/messages"), Value::Null),
        (format!("POST {other}/messages"), json!({"content": text("x")})),
        (format!("PUT {other}/messages"), json!({"seq_ids": [1]})),
        (format!("DELETE {other}/messages/1"), Value::Null),
        (format!("POST {other}"), json!({"what": "typing", "start": true})),
    ] {
        refused(call(&edge, 3, &line, body).await, 403, "ERR_FORBIDDEN_ACCESS");
    }
    let hide = call(&edge, 3, &format!("DELETE {other}"), Value::Null).await;
    refused(hide, 409, "ERR_TOPIC_NOT_FOUND");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_bad_request() {
    let edge = start().await;
    begin(&edge, 1, 2).await;
    say(&edge, 2, "p2p1_2", "hello").await;
    let topic = "/chat/users/1/topics/p2p1_2";
    for (line, body) in [
        ("POST /chat/users/1/topics".to_owned(), "no JSON"),
        ("POST /chat/users/1/topics".to_owned(), r#"{"type":"grp","with_id":2}"#),
        ("POST /chat/users/1/topics".to_owned(), r#"{"type":"p2p","with_id":1.5}"#),
        (format!("POST {topic}"), r#"{"what":"dancing","start":true}"#),
        (format!("POST {topic}"), r#"{"what":"typing"}"#),
        (format!("POST {topic}/messages"), r#"{"text":"hi"}"#),
        (format!("POST {topic}/messages"), ""),
        (format!("PUT {topic}/messages"), r#"{"seq_ids":["1"]}"#),
        (format!("PUT {topic}/messages"), r#"{"seq_ids":[9007199254740993]}"#),
        (format!("GET {topic}/messages?limit=many"), ""),
        (format!("GET {topic}/messages?last_key=abc"), ""),
        ("GET /chat/users/1/topics?last_key=abc".to_owned(), ""),
        (format!("DELETE {topic}/messages/first"), ""),
        (format!("DELETE {topic}/messages/-1"), ""),
        ("GET /chat/users".to_owned(), ""),
        ("GET /chat/topics".to_owned(), ""),
        (
            "PUT /chat/users/1".to_owned(),
            r#"{"what":"update_device","device":{"token":"F","platform":"Palm"}}"#,
        ),
        ("POST /chat/sessions".to_owned(), r#"{"auth_type":"magic"}"#),
        ("POST /chat/sessions".to_owned(), r#"{"auth_type":"basic","username":"1"}"#),
    ] {
        let answer = ask(&edge, &line, Some("dev-1"), ("application/json", body)).await;
        refused(read(&answer), 400, "ERR_BAD_REQUEST");
    }
    for seq in ["2", "1", "99999999999999"] {
        let deleted = call(&edge, 1, &format!("DELETE {topic}/messages/{seq}"), Value::Null).await;
        refused(deleted, 409, "ERR_MESSAGE_NOT_FOUND");
    }
    let long = json!({"content": text(&"x".repeat(20_000))});
    refused(call(&edge, 1, &format!("POST {topic}/messages"), long).await, 413, "ERR_TOO_LARGE");
    let longer = json!({"content": text(&"x".repeat(100_000))});
    refused(call(&edge, 1, &format!("POST {topic}/messages"), longer).await, 413, "ERR_TOO_LARGE");
    let brew = ask(&edge, &format!("PATCH {topic}"), Some("dev-1"), ("", "")).await;
    assert_eq!(brew.header("allow"), Some("POST, DELETE"));
    refused(read(&brew), 405, "ERR_METHOD_NOT_ALLOWED");
    edge.assert_serving().await;
}

#[tokio::test]
async fn who_is_blocked_is_refused_and_learns_nothing_else() {
    let edge = start().await;
    begin(&edge, 1, 2).await;
    let mut bob = edge.login("2").await;
    let block = json!({"block": {"id": "b", "user": "1"}}).to_string();
    assert_eq!(crate::edge::command(&mut bob, &block).await.status, 200);
    let send = json!({"content": text("x")});
    let answer = call(&edge, 1, "POST /chat/users/1/topics/p2p1_2/messages", send).await;
    refused(answer, 403, "ERR_FORBIDDEN_ACCESS");
}

#[tokio::test]
async fn who_guesses_passwords_has_to_wait_and_who_knows_one_does_not() {
    let edge = start().await;
    for _ in 0..40 {
        assert_eq!(log_in(&edge, "1").await.0, 200);
    }
    let wrong = "x".repeat(200);
    for _ in 0..30 {
        refused(log_in(&edge, &wrong).await, 409, "ERR_MISMATCH_CREDENTIALS");
    }
    refused(log_in(&edge, &wrong).await, 429, "ERR_TOO_MANY_REQUESTS");
}

async fn log_in(edge: &Edge, name: &str) -> (u16, Value) {
    let login = json!({"auth_type": "basic", "username": name, "password": "x"}).to_string();
    read(&ask(edge, "POST /chat/sessions", None, ("application/json", &login)).await)
}

#[tokio::test]
async fn behind_a_proxy_an_address_may_be_wrong_any_number_of_times() {
    let wrong = "x".repeat(200);
    for (max, allowed) in [(2, 2), (0, 40)] {
        let providers = Providers { dialects: ports(), ..Providers::default() };
        let config = WsConfig { max_wrong_logins_per_address: max, ..WsConfig::default() };
        let edge = Edge::start_with(config, providers, ServerConfig::default()).await;
        for _ in 0..allowed {
            refused(log_in(&edge, &wrong).await, 409, "ERR_MISMATCH_CREDENTIALS");
        }
        let next = log_in(&edge, &wrong).await;
        assert_eq!(next.0, if max == 0 { 409 } else { 429 }, "{next:?}");
    }
}

/// Knows nobody before it was asked often enough.
struct Down(AtomicU32);

#[async_trait]
impl TokenIssuer for Down {
    async fn log_in(&self, login: Login<'_>) -> Result<Issued, AuthError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0..20 => Err(AuthError::Unavailable("it is down".into())),
            20..40 => Err(AuthError::TooOften(Duration::from_secs(1))),
            _ => DevelopmentAuth.log_in(login).await,
        }
    }

    async fn renew(&self, _: &UserId) -> Result<Issued, AuthError> {
        Err(AuthError::Invalid)
    }
}

#[tokio::test]
async fn what_nobody_could_look_at_was_no_guess() {
    let issuer = Arc::new(Down(AtomicU32::new(0)));
    let edge = start_with(vec![Port { issuer: Some(issuer), ..Port::new(Haraj::default()) }]).await;
    for _ in 0..20 {
        assert_eq!(log_in(&edge, "1").await.0, 503);
    }
    for _ in 20..40 {
        refused(log_in(&edge, "1").await, 429, "ERR_TOO_MANY_REQUESTS");
    }
    assert_eq!(log_in(&edge, "1").await.0, 200, "nobody has been wrong");
}

#[tokio::test]
async fn a_server_that_gives_out_no_tokens_says_so() {
    let edge = start_with(vec![Port::new(Haraj::default())]).await;
    let login = json!({"auth_type": "haraj_session", "session_value": "1"}).to_string();
    let answer = ask(&edge, "POST /chat/sessions", None, ("application/json", &login)).await;
    refused(read(&answer), 501, "ERR_NOT_SUPPORTED");
    refused(call(&edge, 1, "PUT /chat/sessions/1", Value::Null).await, 501, "ERR_NOT_SUPPORTED");
}

/// What nobody but the one who logs in is ever told.
#[tokio::test]
async fn a_token_is_in_no_answer_but_that_of_the_login() {
    let edge = start().await;
    let (mark, session) = ("dev-marker", "s-marker");
    let topic = "/chat/users/marker/topics/p2p1_marker";
    let mut all = String::new();
    let (mut bob, _) = socket(&edge, "dev-1").await;
    for (line, body) in [
        ("POST /chat/users/marker/topics".to_owned(), json!({"type": "p2p", "with_id": 1})),
        (format!("POST {topic}/messages"), json!({"content": text("x"), "session_id": session})),
        (format!("GET {topic}/messages"), Value::Null),
        (format!("PUT {topic}/messages"), json!({"seq_ids": [1]})),
        (format!("POST {topic}"), json!({"what": "typing", "start": true})),
        (format!("DELETE {topic}/messages/1"), Value::Null),
        ("GET /chat/users/marker/topics".to_owned(), Value::Null),
        ("GET /chat/topics?topic_ids=p2p1_marker".to_owned(), Value::Null),
        ("GET /chat/users?usernames=1".to_owned(), Value::Null),
        ("GET /chat/users/1".to_owned(), Value::Null),
        ("PUT /chat/users/marker".to_owned(), json!({"what": "nothing"})),
        ("POST /chat/uploads".to_owned(), json!({"mime_type": "text/plain", "file_size": 3})),
        (format!("DELETE {topic}"), Value::Null),
    ] {
        let body = body.to_string();
        let answer = ask(&edge, &line, Some(mark), ("application/json", &body)).await;
        assert_ne!(answer.status, 401, "{line}");
        all += &format!("{answer:?}");
    }
    all += &bob.hear_with("/message").await.to_string();
    assert!(!all.contains(mark) && !all.contains(session), "{all}");
}
