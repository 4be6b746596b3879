//! What clients of existing systems ask over HTTP, key by key.

mod all;
mod chats;
mod haraj;
mod helpdesk;
mod hipochat;
mod tndata;

use serde_json::Value;

use super::alike;
use crate::edge::{Answer, Edge};

pub(super) async fn ask(edge: &Edge, line: &str, token: Option<&str>, body: (&str, &str)) -> Answer {
    let bearer = line.contains(" /chat") || line.contains(" /sessions");
    let scheme = if bearer { "Bearer" } else { "Token" };
    let token = token.map(|token| format!("Authorization: {scheme} {token}\r\n")).unwrap_or_default();
    let (kind, body) = body;
    let request = format!(
        "{line} HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n{token}Content-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Answer::parse(&edge.raw(request).await)
}

/// A request of user 1, or of whom the query names; the body of its answer.
async fn get(edge: &Edge, path: &str) -> Value {
    let token = if path.contains("token=") { None } else { Some("dev-1") };
    let answer = ask(edge, &format!("GET {path}"), token, ("", "")).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json")),
        "{path}: {answer:?}"
    );
    serde_json::from_str(&answer.body).unwrap()
}

fn refused(answer: &Answer, status: u16, body: Value) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, Some("application/json")),
        "{answer:?}"
    );
    assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), body);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
}

#[track_caller]
fn same(found: &Value, expected: &Value) {
    assert!(alike(found, expected), "expected {expected}\nand found {found}");
}
