//! Files of haraj: a place, the bytes, and who reads them.

use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;

use super::super::super::ports;
use super::*;

const GIF: &str = "GIF89a and more";

async fn small() -> Edge {
    let config = ServerConfig { max_upload: 1_000, ..ServerConfig::default() };
    let providers = Providers { dialects: ports(), ..Providers::default() };
    Edge::start_with(WsConfig::default(), providers, config).await
}

async fn ask_for(edge: &Edge, user: u32, kind: &str, size: u64) -> (u16, Value) {
    let upload = json!({"mime_type": kind, "file_size": size});
    call(edge, user, "POST /chat/uploads", upload).await
}

/// A place for a file; its address without the host.
async fn place(edge: &Edge, user: u32, kind: &str, size: usize) -> String {
    let url = data(ask_for(edge, user, kind, size as u64).await);
    let url = url["url"].as_str().unwrap();
    let path = url.strip_prefix("http://chat.example").unwrap_or_else(|| panic!("{url}"));
    assert!(path.starts_with("/chat/uploads/") && path.len() == "/chat/uploads/".len() + 32, "{url}");
    path.to_owned()
}

async fn put(edge: &Edge, path: &str, bytes: &str) -> (u16, Value) {
    read(&ask(edge, &format!("PUT {path}"), None, ("image/gif", bytes)).await)
}

async fn bytes(edge: &Edge, user: u32, path: &str) -> Answer {
    ask(edge, &format!("GET {path}"), Some(&format!("dev-{user}")), ("", "")).await
}

#[tokio::test]
async fn a_file_is_put_once_and_read_by_those_whose_message_names_it() {
    let edge = small().await;
    begin(&edge, 1, 2).await;
    let path = place(&edge, 1, "image/gif", GIF.len()).await;
    assert_eq!(bytes(&edge, 1, &path).await.status, 403, "nothing is there yet");
    let url = format!("http://chat.example{path}");
    assert_eq!(data(put(&edge, &path, GIF).await), json!({"url": url}));
    refused(put(&edge, &path, GIF).await, 403, "ERR_FORBIDDEN_ACCESS");
    assert_eq!((bytes(&edge, 1, &path).await.body.as_str(), bytes(&edge, 2, &path).await.status), (GIF, 403));

    let (mut bob, _) = socket(&edge, "dev-2").await;
    let payload = json!({"url": url, "file_size": GIF.len(), "width": 1, "height": 1});
    let send = json!({"content": {"type": "image/gif", "payload": payload}});
    let sent = data(call(&edge, 1, "POST /chat/users/1/topics/p2p1_2/messages", send).await);
    let heard = bob.hear_with("/message").await;
    assert_eq!(sent["content"], heard["message"]["content"]);
    let named = heard["message"]["content"]["payload"]["url"].as_str().unwrap();
    let shared = named.strip_prefix("http://chat.example").unwrap();
    assert_ne!(shared, path, "what the topic reads is the topic's own");
    for user in [1, 2] {
        let answer = bytes(&edge, user, shared).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, GIF));
        assert_eq!(answer.header("content-type"), Some("image/gif"));
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    }
    refused(read(&bytes(&edge, 3, shared).await), 403, "ERR_FORBIDDEN_ACCESS");
    let nobody = ask(&edge, &format!("GET {shared}"), None, ("", "")).await;
    refused(read(&nobody), 401, "ERR_INVALID_ACCESS_TOKEN");
    assert_eq!(bytes(&edge, 2, &path).await.status, 403, "the first address stays the sender's");
}

#[tokio::test]
async fn another_users_file_is_not_given_away_by_naming_it() {
    let edge = small().await;
    begin(&edge, 2, 3).await;
    let path = place(&edge, 1, "image/gif", GIF.len()).await;
    put(&edge, &path, GIF).await;
    let content = json!({"type": "image/gif", "payload": {"url": path}});
    let send = json!({"content": content});
    let sent = data(call(&edge, 2, "POST /chat/users/2/topics/p2p2_3/messages", send).await);
    assert_eq!(sent["content"], content, "it stays the address that it was");
    for user in [2, 3] {
        assert_eq!(bytes(&edge, user, &path).await.status, 403);
    }
}

#[tokio::test]
async fn what_comes_is_what_was_promised() {
    let edge = small().await;
    for (kind, size, status, err) in [
        ("image/gif", 1_001, 413, "ERR_TOO_LARGE"),
        ("image/gif", 0, 400, "ERR_BAD_REQUEST"),
        ("picture", 10, 400, "ERR_BAD_REQUEST"),
    ] {
        refused(ask_for(&edge, 1, kind, size).await, status, err);
    }
    for (body, status, err) in [
        ("GIF89a and more than that", 413, "ERR_TOO_LARGE"),
        ("GIF89a", 400, "ERR_BAD_REQUEST"),
        ("<!DOCTYPE html>", 400, "ERR_BAD_REQUEST"),
    ] {
        let path = place(&edge, 1, "image/gif", GIF.len()).await;
        refused(put(&edge, &path, body).await, status, err);
        refused(put(&edge, &path, GIF).await, 403, "ERR_FORBIDDEN_ACCESS");
        assert_eq!(bytes(&edge, 1, &path).await.status, 403, "nothing of it is kept");
    }
    for name in ["..%2f..%2fetc%2fpasswd", "x", "00000000000000000000000000000000"] {
        refused(put(&edge, &format!("/chat/uploads/{name}"), GIF).await, 403, "ERR_FORBIDDEN_ACCESS");
    }
    let large = "x".repeat(200_000);
    let path = place(&edge, 1, "text/plain", 10).await;
    let answer = ask(&edge, &format!("PUT {path}"), None, ("", &large)).await;
    assert_eq!(answer.status, 413);
    edge.assert_serving().await;
}

#[tokio::test]
async fn who_asks_for_many_places_has_to_use_them_first() {
    let edge = small().await;
    for _ in 0..20 {
        assert_eq!(ask_for(&edge, 1, "image/gif", 10).await.0, 200);
    }
    refused(ask_for(&edge, 1, "image/gif", 10).await, 429, "ERR_TOO_MANY_REQUESTS");
    assert_eq!(ask_for(&edge, 2, "image/gif", 10).await.0, 200);
}
